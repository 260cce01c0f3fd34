/**
 * # One row of logits through three rules
 *
 * The probabilities of four words before any rule, and after each of three, as bars.
 *
 * @module
 */

import { frequencyRule } from "../../core/07_generation/repetition.ts";
import { toProbabilities } from "../../core/07_generation/sampling.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { topPRule } from "../../core/07_generation/truncation.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["sat", "ran", "slept", "sang"], LOGITS = [3, 2, 1, 0], TOKENS = [0, 0];
const RULES = [frequencyRule(0.5), temperatureRule(2), topPRule(0.7)];
const NAMES = ["model", "frequency 0.5", "temperature 2", "top-p 0.7"], SHORT = ["model", "freq.", "temp.", "top-p"];

/** Probabilities before any rule, and after each. */
type Rows = readonly (readonly number[])[];

/** The picture. */
export const picture: Picture<Rows> = {
  alternative: (rows) =>
    NAMES.map((name, i) => `${name}: ${WORDS.map((word, w) => `${word} ${rows[i]![w]!.toFixed(2)}`).join(", ")}.`)
      .join(" "),
  measure: () => {
    let row: Float64Array = Float64Array.from(LOGITS);
    const rows = [[...toProbabilities(row)]];
    for (const rule of RULES) {
      row = rule.onHost(row, { tokens: TOKENS });
      rows.push([...toProbabilities(row)]);
    }
    return rows;
  },
  draw: ({ width, say }, rows) => {
    const isNarrow = width < 500, names = 42, row = 26, top = 30, gap = isNarrow ? 30 : 42;
    const group = (width - names - rows.length * gap) / rows.length, parts: string[] = [];
    WORDS.forEach((word, i) =>
      parts.push(label(word, { class: "ink", x: names - 8, y: top + (i + 0.5) * row + 4, "text-anchor": "end" }))
    );
    rows.forEach((values, g) => {
      const start = names + g * (group + gap);
      parts.push(
        label(say((isNarrow ? SHORT : NAMES)[g]!), { class: "axis", x: start, y: 14 }),
        el("path", { class: "rule", d: `M${px(start)} ${px(top)}V${px(top + WORDS.length * row)}` }),
      );
      values.forEach((value, i) => {
        const y = top + i * row + 6, long = value / rows[0]![0]! * group;
        parts.push(
          value > 0 ? el("rect", { class: "bar", x: start, y, width: Math.max(1, long), height: 14 }) : "",
          label(value > 0 ? value.toFixed(2) : "0", { class: "value", x: start + long + 4, y: y + 11 }),
        );
      });
    });
    return { width, height: top + WORDS.length * row + 4, parts };
  },
};
