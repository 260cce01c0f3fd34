/**
 * # Clocks that ring
 *
 * The draw of the example as waiting times: the words of the first step, the children of one of them as drawn freely, and the same moved so
 * that the first of them rings when its parent does.
 *
 * @module
 */

import { el, label, px, textWidth } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** Uniform numbers and probabilities of the first step, and of the children of *ran*. */
const FIRST = { words: ["sat", "ran", "away"], probabilities: [0.5, 0.4, 0.1], uniforms: [0.2, 0.7, 0.9] };
const SECOND = { words: ["ran END", "ran away"], probabilities: [0.2, 0.192], uniforms: [0.6, 0.3] };

/** What rings when. */
interface Line {
  readonly title: string;
  readonly rings: readonly { readonly word: string; readonly time: number; readonly kept: boolean }[];
}

const timesOf = ({ probabilities, uniforms }: typeof FIRST): number[] =>
  uniforms.map((u, i) => -Math.log(u) / probabilities[i]!);

/** The picture. */
export const picture: Picture<readonly Line[]> = {
  alternative: (lines, say) =>
    lines.map(({ title, rings }) =>
      `${say(title)}: ${rings.map(({ word, time }) => `${word} ${time.toFixed(2)}`).join(", ")}.`
    ).join(" "),
  measure: () => {
    const first = timesOf(FIRST), free = timesOf(SECOND), parent = first[1]!, least = Math.min(...free);
    const kept = first.toSorted((a, b) => a - b)[1]!;
    return [
      {
        title: "first step, each word a clock",
        rings: first.map((time, i) => ({ word: FIRST.words[i]!, time, kept: time <= kept })),
      },
      {
        title: "children of ran, drawn freely",
        rings: free.map((time, i) => ({ word: SECOND.words[i]!, time, kept: false })),
      },
      {
        title: "the same, the first one when ran rings",
        rings: free.map((time, i) => ({ word: SECOND.words[i]!, time: time - least + parent, kept: time === least })),
      },
    ];
  },
  draw: ({ width, say }, lines) => {
    const wide = Math.min(width, 520), row = 76, scale = (time: number): number => 2 + time / 6.6 * (wide - 50);
    const parts: string[] = [];
    lines.forEach(({ title, rings }, i) => {
      const y = 12 + i * row, base = y + 40;
      parts.push(
        label(say(title), { class: "axis", x: 0, y }),
        el("path", { class: "flow", d: `M2 ${px(base)}H${px(wide - 4)}m-5 -4l5 4l-5 4` }),
      );
      let lastEnd = -Infinity;
      for (const { word, time, kept } of rings.toSorted((a, b) => a.time - b.time)) {
        // What has no room above the line stands below it.
        const x = scale(time), isClose = x < lastEnd, text = `${word} ${time.toFixed(2)}`;
        parts.push(
          el("path", { class: kept ? "range" : "flow", d: `M${px(x)} ${px(base - 6)}v12` }),
          label(text, {
            class: kept ? "ink" : "small",
            x: Math.min(x - 3, wide - textWidth(text) - 2),
            y: isClose ? base + 20 : base - 10,
          }),
        );
        lastEnd = isClose ? lastEnd : x + textWidth(text) + 6;
      }
    });
    return { width: wide, height: 12 + lines.length * row - 4, parts };
  },
};
