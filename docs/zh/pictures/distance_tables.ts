/** What the picture of three schemes says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Three lower triangles of numbers, a row for each query and a column for each key.":
    "三个下三角的数表，每个查询一行，每个键一列。",
  "ALiBi: penalty": "ALiBi：惩罚",
  "T5: bucket": "T5：桶",
  "Shaw: distance": "Shaw：距离",
};
