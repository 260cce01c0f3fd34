/**
 * # What each rule keeps
 *
 * The words of the example with their probabilities as bars, and a column for each rule: a filled square where it keeps the word.
 *
 * @module
 */

import type { LogitsRule } from "../../core/07_generation/rules.ts";
import {
  epsilonRule,
  etaRule,
  minPRule,
  topKRule,
  topNSigmaRule,
  topPRule,
  typicalRule,
} from "../../core/07_generation/truncation.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["sat", "ran", "slept", "ate", "flew", "sang"], PROBABILITIES = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];
const RULES: readonly { readonly name: string; readonly short: string; readonly rule: LogitsRule }[] = [
  { name: "top-k 3", short: "k", rule: topKRule(3) },
  { name: "top-p 0.75", short: "p", rule: topPRule(0.75) },
  { name: "epsilon 0.2", short: "ε", rule: epsilonRule(0.2) },
  { name: "eta 0.2", short: "η", rule: etaRule(0.2) },
  { name: "min-p 0.2", short: "min", rule: minPRule(0.2) },
  { name: "top-nσ 1", short: "nσ", rule: topNSigmaRule(1) },
  { name: "typical 0.4", short: "typ", rule: typicalRule(0.4) },
];

/** By rule, which words it keeps. */
type Kept = readonly (readonly boolean[])[];

/** The picture. */
export const picture: Picture<Kept> = {
  alternative: (kept, say) =>
    RULES.map(({ name }, i) => `${name} ${say("keeps")} ${WORDS.filter((_, w) => kept[i]![w]).join(", ")}.`).join(" "),
  measure: () =>
    RULES.map(({ rule }) =>
      Array.from(
        rule.onHost(Float64Array.from(PROBABILITIES, Math.log), { tokens: [] }),
        (logit) => logit > -Infinity,
      )
    ),
  draw: ({ width }, kept) => {
    const isNarrow = width < 500, names = 44, row = 27, top = isNarrow ? 30 : 40, cell = isNarrow ? 20 : 44;
    const bars = Math.min(120, width - names - 52 - RULES.length * cell), left = names + bars + 48;
    const parts: string[] = [label("p", { class: "name", x: names, y: top - 10 })];
    WORDS.forEach((word, w) => {
      const y = top + w * row, long = PROBABILITIES[w]! / PROBABILITIES[0]! * bars;
      parts.push(
        label(word, { class: "ink", x: names - 8, y: y + 17, "text-anchor": "end" }),
        el("rect", { class: "bar", x: names, y: y + 5, width: long, height: 14 }),
        label(String(PROBABILITIES[w]), { class: "value", x: names + long + 5, y: y + 17 }),
      );
      RULES.forEach((_, i) =>
        parts.push(
          el("rect", {
            class: kept[i]![w] ? "cell on" : "cell",
            x: left + i * cell + (isNarrow ? 1 : 12),
            y: y + 4,
            width: isNarrow ? 17 : 20,
            height: 18,
          }),
        )
      );
    });
    RULES.forEach(({ name, short }, i) => {
      const x = left + i * cell + (isNarrow ? 9.5 : 22), [word, setting] = name.split(" ");
      if (isNarrow) parts.push(label(short, { class: "small", x, y: top - 10, "text-anchor": "middle" }));
      else {
        parts.push(
          label(word!, { class: "small", x, y: top - 22, "text-anchor": "middle" }),
          label(setting!, { class: "small", x, y: top - 8, "text-anchor": "middle" }),
        );
      }
    });
    parts.push(el("path", { class: "rule", d: `M${px(names)} ${px(top)}V${px(top + WORDS.length * row)}` }));
    return { width: left + RULES.length * cell + 2, height: top + WORDS.length * row + 4, parts };
  },
};
