/** What the picture of RoPE's scores says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Scores of RoPE by distance": "RoPE 的分数随距离的变化",
  distance: "距离",
  "over the value at distance 0": "与距离 0 处之比",
  bound: "上界",
  "equal vectors": "相同的向量",
  "random vectors": "随机向量",
};
