/**
 * # Three draws
 *
 * One row for each token of the example: the probabilities side by side, a random number below them, and the token whose part it hits.
 *
 * @module
 */

import { el, label, px, textWidth } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["sat", "ran", "away", "END"];
const DRAWS: readonly { readonly before: string; readonly row: readonly number[]; readonly uniform: number }[] = [
  { before: "The cat", row: [0.5, 0.4, 0.1, 0], uniform: 0.62 },
  { before: "The cat ran", row: [0, 0.02, 0.48, 0.5], uniform: 0.31 },
  { before: "The cat ran away", row: [0, 0, 0.2, 0.8], uniform: 0.74 },
];

/** What is drawn, for each token. */
interface Draw {
  readonly before: string;
  readonly uniform: number;
  readonly parts: readonly { readonly word: string; readonly from: number; readonly to: number }[];
  readonly chosen: string;
}

/** The picture. */
export const picture: Picture<readonly Draw[]> = {
  alternative: (draws, say) =>
    draws.map(({ before, uniform, parts, chosen }) =>
      `${before}: ${parts.map(({ word, from, to }) => `${word} ${from.toFixed(2)}–${to.toFixed(2)}`).join(", ")}; ${
        say("drawn")
      } ${uniform}: ${chosen}.`
    ).join(" "),
  measure: () =>
    DRAWS.map(({ before, row, uniform }) => {
      let sum = 0;
      const parts = row.map((probability, i) => {
        const from = sum;
        return { word: WORDS[i]!, from, to: sum += probability };
      }).filter(({ from, to }) => to > from);
      return { before, uniform, parts, chosen: parts.find(({ to }) => uniform < to)!.word };
    }),
  draw: ({ width, say }, draws) => {
    const wide = Math.min(width, 520) - 2, scale = (x: number): number => 1 + x * wide, tall = 24, row = 100;
    const parts: string[] = [];
    draws.forEach(({ before, uniform, parts: tokens, chosen }, i) => {
      const y = 12 + i * row, top = y + 22, under = top + tall, x = scale(uniform);
      parts.push(label(`${before} …`, { class: "ink", x: 0, y }));
      for (const { word, from, to } of tokens) {
        const left = scale(from),
          size = Math.max(2, scale(to) - left - 2),
          text = `${word} ${Number((to - from).toFixed(2))}`;
        // A name that has no room in its part stands above.
        const fits = textWidth(text) + 8 < size, isLast = from > 0.5;
        parts.push(
          el("rect", { class: "cell", x: left, y: top, width: size, height: tall }),
          word === chosen ? el("rect", { class: "cell on", x: left, y: under - 3, width: size, height: 3 }) : "",
          label(text, {
            class: fits ? "ink" : "small",
            x: fits ? left + 6 : isLast ? left + size : left,
            y: fits ? top + 16 : top - 4,
            "text-anchor": isLast && !fits ? "end" : "start",
          }),
        );
      }
      const says = `u = ${uniform}: ${chosen}`, half = textWidth(says) / 2;
      parts.push(
        el("path", { class: "flow", d: `M${px(x)} ${px(under + 16)}V${px(under + 3)}m-4 5l4 -5l4 5` }),
        label(says, { class: "ink", x: Math.min(x, scale(1) - half), y: under + 30, "text-anchor": "middle" }),
        label("0", { class: "axis", x: 0, y: under + 13 }),
        label("1", { class: "axis", x: scale(1), y: under + 13, "text-anchor": "end" }),
      );
    });
    parts.push(
      label(say("u is drawn uniformly between 0 and 1."), { class: "small", x: 0, y: 12 + draws.length * row - 4 }),
    );
    return { width: wide + 2, height: 12 + draws.length * row + 2, parts };
  },
};
