/** What the picture of the rescaled frequencies says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "What is left of each frequency": "每个频率还剩多少",
  "pair i": "第 i 对",
  "frequency / unscaled": "频率 / 不缩放时",
  linear: "线性",
};
