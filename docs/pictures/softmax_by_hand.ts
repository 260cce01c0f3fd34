/**
 * # A softmax, worked by hand
 *
 * Three scores, their exponentials with the maximum subtracted, and their probabilities, as bars.
 *
 * @module
 */

import { softmax } from "../../core/02_words/softmax.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px, tint } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const CLASSES = ["good", "fair", "bad"], SCORES = [2, 1, -1];

/** What the library finds. */
interface Found {
  readonly exponentials: readonly number[];
  readonly probabilities: readonly number[];
}

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ exponentials, probabilities }, say) =>
    `${say("Three groups of bars: scores, exponentials and probabilities of three classes.")} ` +
    CLASSES.map((name, i) =>
      `${say(name)}: ${SCORES[i]}, ${exponentials[i]!.toFixed(3)}, ${probabilities[i]!.toFixed(3)}.`
    ).join(" "),
  measure: async () => {
    const scores = tensor(SCORES);
    return {
      exponentials: [...await scores.sub(Math.max(...SCORES)).exp().read()],
      probabilities: [...await softmax(scores).read()],
    };
  },
  draw: (canvas, { exponentials, probabilities }) => {
    const { width, say } = canvas, isNarrow = width < 500, names = isNarrow ? 38 : 46, row = 30, top = 34;
    const gap = isNarrow ? 46 : 52, group = (width - names - 3 * gap) / 3, zero = group / 3;
    const parts: string[] = [];
    CLASSES.forEach((name, i) =>
      parts.push(label(say(name), { class: "ink", x: names - 8, y: top + (i + 0.5) * row + 4, "text-anchor": "end" }))
    );
    const bars = (
      index: number,
      title: string,
      symbol: string,
      values: readonly number[],
      unit: number,
      origin: number,
      write: (value: number) => string,
    ): void => {
      const left = names + index * (group + gap), start = left + origin;
      parts.push(
        el("g", tint(canvas, symbol, index), label(title, { class: "name", x: left, y: 14 })),
        el("path", { class: "rule", d: `M${px(start)} ${px(top)}V${px(top + CLASSES.length * row)}` }),
      );
      values.forEach((value, i) => {
        const y = top + i * row + 7, long = Math.abs(value) * unit, x = value < 0 ? start - long : start;
        parts.push(
          el(
            "g",
            tint(canvas, symbol, index),
            el("rect", { class: "bar", x, y, width: Math.max(1, long), height: 15 }),
            label(write(value), { class: "value", x: start + Math.max(0, value) * unit + 5, y: y + 12 }),
          ),
        );
      });
    };
    bars(
      0,
      isNarrow ? "z" : `${say("scores")} z`,
      "z",
      SCORES,
      (group - zero) / 2,
      zero,
      (value) => String(value).replace("-", "\u2212"),
    );
    bars(
      1,
      isNarrow ? "exp(z − m)" : "exp(z − m), m = 2",
      "e^{z - m}",
      exponentials,
      group,
      0,
      (value) => value.toFixed(3),
    );
    bars(2, isNarrow ? "p" : `${say("probabilities")} p`, "p", probabilities, group, 0, (value) => value.toFixed(3));
    return { width, height: top + CLASSES.length * row + 4, parts };
  },
};
