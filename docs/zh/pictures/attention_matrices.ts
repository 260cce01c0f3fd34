/** What the picture of the matrices says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Two lines of matrices: queries times keys give scores, weights times values give the output.":
    "两行矩阵：查询乘键得到分数，权重乘值得到输出。",
};
