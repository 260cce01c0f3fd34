/**
 * # The controls of the playground
 *
 * **Question.** Which options can be set, between which ends, and at which stage do they show?
 *
 * **Idea.** The table of [decoding options](../../core/07_generation/options.ts) says it: an option whose row has a slider is
 * offered as one, a rule that takes words as a field. Rules shape the distribution of the next word, everything else the search.
 *
 * @module
 */

import { DECODING, type DecodingOption, type RuleOption } from "../../core/07_generation/options.ts";
import { isText } from "../../core/cli/token_options.ts";
import { type Control, type Field, labelOf, type NumberOption, type WordOption } from "./settings.ts";

/** The sliders, in the order of the table. */
export const CONTROLS: readonly Control[] = Object.entries(DECODING).flatMap(([name, option]) => {
  const { slider, help = "", rule } = option as DecodingOption<number> & Partial<RuleOption<number>>;
  if (!slider) return [];
  const stage = rule ? "softmax" : "beams";
  return [{ ...slider, name: name as NumberOption, label: labelOf(name), help, stage }];
});

/** The fields, in the order of the table: words of rules, and not those of a search. */
export const FIELDS: readonly Field[] = Object.entries(DECODING).flatMap(([name, row]) =>
  "rule" in row && isText(name) ? [{ name: name as WordOption, label: labelOf(name), help: row.help ?? "" }] : []
);
