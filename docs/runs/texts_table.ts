/**
 * # The table of texts under rules
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { Measures, TextsRun, TriedRow } from "./texts_under_rules.ts";

/** What a row of the table is made of; the plays have no ranges. */
type Row = Measures & Pick<TriedRow, "name" | "text"> & Partial<Pick<TriedRow, "ranges">>;

/** A mean, and behind it the lowest and highest of a seed where there are several. */
function withRange(
  { ranges, ...row }: Row,
  which: keyof Measures,
  written: (value: number) => string,
): string {
  const value = written(row[which]), [low, high] = (ranges?.[which] ?? [0, 0]).map(written);
  return low === high ? value : `${value} (${low}–${high})`;
}

/** A row for each setting, and one for the plays. */
export function tableOf({ rows, plays, before, texts, length, prompt, gram, seeds }: TextsRun): Figure {
  return {
    kind: "table",
    isWide: true,
    caption:
      `${number(texts)} texts of ${number(length)} tokens for each row and each of ${number(seeds)} seeds, after ${
        number(prompt)
      } tokens of plays that the model never saw: the mean, and in brackets the lowest and the highest of a seed. The first text goes on with “${before}”; a stroke stands for a line break. Surprisal: nats for each token, as the model says without any rule. Repeated: ${gram}-grams that have ` +
      "stood in the same text before. Different: tokens of a text. Unknown: words that occur nowhere in what the model has learned from.",
    columns: ["rule", "surprisal", "repeated", "different", "unknown words", "the first text"],
    rows: [{ name: "the plays", ...plays }, ...rows].map((row) => [
      row.name,
      withRange(row, "surprisal", (value) => fixed(value, 2)),
      withRange(row, "repeated", (value) => percent(value, 1)),
      withRange(row, "different", (value) => fixed(value, 0)),
      withRange(row, "unknown", (value) => percent(value, 1)),
      row.text,
    ]),
  };
}

/** The model, in a sentence. */
export function modelOf({ weights, vocabSize }: Pick<TextsRun, "weights" | "vocabSize">): string {
  return `The model is a small Transformer of ${number(weights)} weights over ${
    number(vocabSize)
  } sub-words, trained for some minutes: a larger one writes better under every rule.`;
}
