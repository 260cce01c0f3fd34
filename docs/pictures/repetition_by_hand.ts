/**
 * # What each rule does to the logits
 *
 * The words of the example, how often each has occurred, its logit, and what each rule makes of it; the highest of each column is marked.
 *
 * @module
 */

import {
  dryRule,
  frequencyRule,
  noRepeatNgramRule,
  presenceRule,
  repetitionRule,
} from "../../core/07_generation/repetition.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import { el, label } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["the", "cat", "sat", "on", "mat"], TOKENS = [0, 1, 2, 3, 0, 1], LOGITS = [1, -1, 3, 0.5, 2];
const RULES: readonly { readonly name: string; readonly rule?: LogitsRule }[] = [
  { name: "logit" },
  { name: "penalty 2", rule: repetitionRule(2) },
  { name: "frequency 0.5", rule: frequencyRule(0.5) },
  { name: "presence 0.5", rule: presenceRule(0.5) },
  { name: "no 3-gram", rule: noRepeatNgramRule(3) },
  { name: "DRY 0.8", rule: dryRule({ multiplier: 0.8 }) },
];

/** Logits by rule. */
type Rows = readonly (readonly number[])[];

const shown = (logit: number): string =>
  logit === -Infinity ? "−∞" : String(Number(logit.toFixed(2))).replace("-", "−");

/** The picture. */
export const picture: Picture<Rows> = {
  alternative: (rows) =>
    RULES.map(({ name }, i) => `${name}: ${WORDS.map((word, w) => `${word} ${shown(rows[i]![w]!)}`).join(", ")}.`).join(
      " ",
    ),
  measure: () =>
    RULES.map(({ rule }) =>
      rule ? [...rule.onHost(Float64Array.from(LOGITS), { tokens: TOKENS, promptLength: 0 })] : LOGITS
    ),
  draw: ({ width, say }, rows) => {
    const isNarrow = width < 500, names = 40, row = 27, top = 40;
    const cell = Math.min(78, (width - names) / RULES.length), parts: string[] = [];
    WORDS.forEach((word, w) =>
      parts.push(label(word, { class: "ink", x: names - 8, y: top + w * row + 17, "text-anchor": "end" }))
    );
    RULES.forEach(({ name }, i) => {
      const left = names + i * cell, [first, second] = say(name).split(" "), best = Math.max(...rows[i]!);
      const short = isNarrow ? (first ?? "").slice(0, 5) : first!;
      parts.push(
        label(short, { class: "small", x: left + cell / 2, y: top - 20, "text-anchor": "middle" }),
        second ? label(second, { class: "small", x: left + cell / 2, y: top - 7, "text-anchor": "middle" }) : "",
      );
      WORDS.forEach((_, w) => {
        const y = top + w * row, value = rows[i]![w]!, isSame = value === LOGITS[w] && i > 0;
        parts.push(
          el("rect", { class: isSame ? "frame" : "cell", x: left + 2, y, width: cell - 4, height: row - 4 }),
          value === best
            ? el("rect", { class: "cell on", x: left + 2, y: y + row - 7, width: cell - 4, height: 3 })
            : "",
          label(shown(value), {
            class: isSame ? "small" : "ink",
            x: left + cell / 2,
            y: y + 16,
            "text-anchor": "middle",
          }),
        );
      });
    });
    return { width: names + RULES.length * cell, height: top + WORDS.length * row + 2, parts };
  },
};
