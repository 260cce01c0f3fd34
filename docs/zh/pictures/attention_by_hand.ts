/** What the picture of attention by hand says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "A query and three keys as arrows, their scores and weights, and three values with the output between them.":
    "一个查询和三个键画成箭头，它们的分数和权重，以及三个值和落在其间的输出。",
  "query and keys": "查询和键",
  score: "分数",
  weight: "权重",
  "values and output": "值和输出",
  output: "输出",
};
