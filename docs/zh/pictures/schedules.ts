/** What the picture of schedules says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Learning rate by step, with a peak of 1.": "学习率随步数的变化，峰值为 1。",
  constant: "常数",
  "inverse square root": "平方根倒数",
  cosine: "余弦",
  linear: "直线",
  "in the middle": "（中间）",
  "at the end": "（最后）",
  step: "步数",
  "learning rate, peak = 1": "学习率，峰值 = 1",
};
