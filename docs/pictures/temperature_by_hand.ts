/**
 * # One row of logits at three temperatures
 *
 * The probabilities of the three words of the example, as bars, at a low temperature, at 1 and at a high one.
 *
 * @module
 */

import { toProbabilities } from "../../core/07_generation/sampling.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { el, label, px, tint } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["sat", "ran", "sang"], LOGITS = [2, 1, 0], TEMPERATURES = [0.5, 1, 2];

/** Probabilities by temperature. */
type Rows = readonly (readonly number[])[];

/** The picture. */
export const picture: Picture<Rows> = {
  alternative: (rows, say) =>
    TEMPERATURES.map((temperature, i) =>
      `${say("Temperature")} ${temperature}: ${
        WORDS.map((word, w) => `${word} ${rows[i]![w]!.toFixed(3)}`).join(", ")
      }.`
    ).join(" "),
  measure: () =>
    TEMPERATURES.map((temperature) => [
      ...toProbabilities(temperatureRule(temperature).onHost(Float64Array.from(LOGITS), { tokens: [] })),
    ]),
  draw: (canvas, rows) => {
    const { width } = canvas, isNarrow = width < 500, names = 42, row = 28, top = 30, gap = isNarrow ? 42 : 50;
    const group = (width - names - 3 * gap) / 3, parts: string[] = [];
    WORDS.forEach((word, i) =>
      parts.push(label(word, { class: "ink", x: names - 8, y: top + (i + 0.5) * row + 4, "text-anchor": "end" }))
    );
    rows.forEach((values, g) => {
      const start = names + g * (group + gap);
      parts.push(
        el("g", tint(canvas, "\\tau", g), label(`τ = ${TEMPERATURES[g]}`, { class: "name", x: start, y: 14 })),
        el("path", { class: "rule", d: `M${px(start)} ${px(top)}V${px(top + WORDS.length * row)}` }),
      );
      values.forEach((value, i) => {
        const y = top + i * row + 6, long = value / rows[0]![0]! * group;
        parts.push(
          el("rect", { class: "bar", x: start, y, width: Math.max(1, long), height: 15 }),
          label(value.toFixed(3), { class: "value", x: start + long + 5, y: y + 12 }),
        );
      });
    });
    return { width, height: top + WORDS.length * row + 4, parts };
  },
};
