/**
 * # The table of texts under rules
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { TextsRun } from "./texts_under_rules.ts";

/** A row for each setting, and one for the plays. */
export function tableOf(
  { rows, plays, before, texts, length, prompt, gram, vocabSize, order, trainingTokens }: TextsRun,
): Figure {
  return {
    kind: "table",
    caption:
      `${number(texts)} texts of ${number(length)} tokens for each row, after ${
        number(prompt)
      } tokens of plays that the model never saw. The first of them goes on with “${before}”; a stroke stands for a line break. Surprisal: nats for each token, as the model says without any rule. Repeated: ${gram}-grams that have ` +
      `stood in the same text before. Different: tokens of a text. The model is a table of ${order}-grams over ${
        number(vocabSize)
      } sub-words, counted in ${number(trainingTokens)} tokens.`,
    columns: ["rule", "surprisal", "repeated", "different", "the first text"],
    rows: [{ name: "the plays", ...plays }, ...rows].map(({ name, surprisal, repeated, different, text }) => [
      name,
      fixed(surprisal, 2),
      percent(repeated, 1),
      fixed(different, 0),
      text,
    ]),
  };
}
