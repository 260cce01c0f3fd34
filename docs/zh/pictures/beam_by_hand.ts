/** What the picture of a beam that prunes says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "greedy search, W = 1": "贪心搜索，W = 1",
  "beam search": "束搜索",
  "Beams:": "束宽：",
  Step: "第几步：",
  best: "最好",
  result: "最好",
  kept: "保留",
  pruned: "剪去",
};
