/** What the picture of three ways down a valley says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Three paths through a valley that is steep across and flat along, from the same start.":
    "同一起点出发的三条路径，穿过一条横向陡、沿谷平的山谷。",
  SGD: "SGD",
  momentum: "动量",
  Adam: "Adam",
  "at most": "离最小值最多",
  "from the minimum in the last ten of": "（最后十步）；共",
  steps: "步",
  rate: "学习率",
  "learning rate": "学习率",
  "last ten steps within": "最后十步不超过",
};
