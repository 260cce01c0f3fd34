/**
 * # A banned phrase
 *
 * The probabilities of four texts of two tokens: as the model has them, under the rule that bans one of them, and among the texts
 * of the model that are not that one.
 *
 * @module
 */

import { bannedWordsRule } from "../../core/07_generation/forbidden_and_forced.ts";
import { toProbabilities } from "../../core/07_generation/sampling.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** Two tokens of each kind: the first ones, and what follows. */
const FIRST = ["A", "B"], SECOND = ["x", "y"], TEXTS = FIRST.flatMap((a) => SECOND.map((b) => a + b));
const HEADS = [0.6, 0.4], TAILS = [[0.9, 0.1], [0.5, 0.5]];

/** By text: of the model, under the rule, of the model given that the phrase does not occur. */
interface Found {
  readonly model: readonly number[];
  readonly ruled: readonly number[];
  readonly given: readonly number[];
}

const logits = (probabilities: readonly number[]): Float64Array => Float64Array.from(probabilities, Math.log);

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ model, ruled, given }, say) =>
    `${say("Bars of four texts: model, rule, model without Ax.")} ` +
    TEXTS.map((text, i) => `${text}: ${[model, ruled, given].map((p) => p[i]!.toFixed(2)).join(", ")}.`).join(" "),
  measure() {
    const rule = bannedWordsRule([[0, 2]]);
    const model = HEADS.flatMap((p, a) => TAILS[a]!.map((q) => p * q));
    const ruled = HEADS.flatMap((p, a) => [
      ...toProbabilities(rule.onHost(logits([0, 0, ...TAILS[a]!]), { tokens: [a] })).slice(2).map((q) => p * q),
    ]);
    const left = 1 - model[0]!;
    return { model, ruled, given: model.map((p, i) => i === 0 ? 0 : p / left) };
  },
  draw: ({ width, say }, { model, ruled, given }) => {
    const isNarrow = width < 500, names = 30, row = 26, top = 30, gap = isNarrow ? 34 : 46;
    const group = (width - names - 3 * gap) / 3, parts: string[] = [];
    TEXTS.forEach((text, i) =>
      parts.push(label(text, { class: "ink", x: names - 8, y: top + (i + 0.5) * row + 4, "text-anchor": "end" }))
    );
    const groups: [string, readonly number[]][] = [
      [say("model"), model],
      [say("rule"), ruled],
      [isNarrow ? say("without Ax") : say("model without Ax"), given],
    ];
    groups.forEach(([title, values], g) => {
      const start = names + g * (group + gap);
      parts.push(
        label(title, { class: "name", x: start, y: 14 }),
        el("path", { class: "rule", d: `M${px(start)} ${px(top)}V${px(top + TEXTS.length * row)}` }),
      );
      values.forEach((value, i) => {
        const y = top + i * row + 6, long = value / 0.6 * group;
        parts.push(
          el(
            "g",
            { class: `c${g + 1}` },
            el("rect", { class: "bar", x: start, y, width: Math.max(1, long), height: 14 }),
            label(value.toFixed(2), { class: "value", x: start + long + 5, y: y + 11 }),
          ),
        );
      });
    });
    return { width, height: top + TEXTS.length * row + 4, parts };
  },
};
