/** What the picture of a turning query and key says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Three circles, each with a query and a key as arrows that turn with their positions.":
    "三个圆，每个里面有一个查询和一个键，画成箭头，随位置旋转。",
  "q at": "q 在",
  "k at": "k 在",
  distance: "距离",
  score: "分数",
};
