/** What the picture of Adam's corrections says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Four curves over the step. Both averages rise to 1, the root of the second far later.":
    "随步数变化的四条曲线。两个平均都升到 1，后一个的平方根要晚得多。",
  "Their quotient": "它们的商",
  "at step": "，在步",
  "With corrections": "有修正",
  step: "步数",
  "for a gradient of 1": "梯度为 1 时",
  "quotient, uncorrected": "商，未修正",
  "quotient, corrected": "商，已修正",
  "first average": "梯度的平均",
  "root of the second": "平方的平均的平方根",
};
