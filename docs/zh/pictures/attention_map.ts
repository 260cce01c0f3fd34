/** What the picture of the weights says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "A table of weights: a row for each step of the translation, a column for each token of the sentence.":
    "一张权重表：翻译的每一步一行，句子的每个词元一列。",
  "query of a step": "每一步的查询",
  "keys of the sentence": "句子的各个键",
};
