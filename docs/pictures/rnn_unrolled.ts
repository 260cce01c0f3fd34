/**
 * # A recurrent network, unrolled
 *
 * Three steps of one network: the example of the page and a word more, computed by the library.
 *
 * @module
 */

import { plainRnn } from "../../core/03_language_models/rnn.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "苹果"], VECTORS = [[1, 0], [0, 1], [1, 1]];

/** A vector as it is written. */
const written = (vector: readonly number[], digits: number): string =>
  `(${vector.map((value) => (Math.abs(value) < 5e-4 ? 0 : value).toFixed(digits).replace("-", "−")).join(", ")})`;

/** The picture. */
export const picture: Picture<readonly (readonly number[])[]> = {
  alternative: (states, say) =>
    `${say("Three boxes in a row, one for each step, each with a word below and an arrow to the next one. States:")} ` +
    states.map((state, t) => `${WORDS[t]} ${written(state, 3)}`).join("; ") + ".",
  measure: async () => {
    const states = plainRnn(
      tensor(VECTORS),
      tensor([[1, 0], [0, 1]]),
      tensor([[0.5, 0.5], [-0.5, 0.5]]),
      tensor([0, 0]),
    );
    const numbers = await states.read();
    return VECTORS.map((_, t) => [numbers[2 * t]!, numbers[2 * t + 1]!]);
  },
  draw: ({ width, say }, states) => {
    const narrow = width < 500, box = { width: narrow ? 62 : 84, height: 38 }, left = narrow ? 26 : 44;
    const step = (width - left - box.width - 14) / (WORDS.length - 1), parts: string[] = [], y = 62;
    const middle = (t: number): number => left + box.width / 2 + t * step;
    const arrow = (d: string, head: string): void => void parts.push(el("path", { class: "flow", d: d + head }));
    const text = (words: string, x: number, at: number, kind: string): void =>
      void parts.push(label(words, { class: kind, x, y: at, "text-anchor": "middle" }));
    const right = "m-5-3l5 3l-5 3", up = "m-3 5l3-5l3 5";
    parts.push(label("h₀", { class: "ink", x: 0, y: y + 4.5 }));
    arrow(`M18 ${y}H${px(left)}`, right);
    states.forEach((state, t) => {
      const x = middle(t), end = t + 1 < states.length ? middle(t + 1) - box.width / 2 : width - 4;
      parts.push(
        el("rect", {
          class: "cell on",
          opacity: ".45",
          x: x - box.width / 2,
          y: y - box.height / 2,
          width: box.width,
          height: box.height,
          rx: 4,
        }),
      );
      text(`h${"₁₂₃"[t]}`, x, y + 4.5, "ink");
      arrow(`M${px(x + box.width / 2)} ${y}H${px(end)}`, right);
      if (t + 1 < states.length) text("W", (x + box.width / 2 + end) / 2 - 4, y - 8, "ink");
      if (t + 1 < states.length) text("h", (x + box.width / 2 + end) / 2 + 6, y - 5, "small");
      arrow(`M${px(x)} ${y - box.height / 2}V${y - box.height / 2 - 16}`, up);
      text(written(state, narrow ? 1 : 3), x, y - box.height / 2 - 22, "small");
      arrow(`M${px(x)} ${y + 74}V${y + box.height / 2}`, up);
      text("W", x + 14, y + 48, "ink");
      text("x", x + 24, y + 51, "small");
      text(WORDS[t]!, x, y + 92, "ink");
      text(written(VECTORS[t]!, 0), x, y + 109, "small");
    });
    parts.push(label(say("time →"), { class: "small", x: 0, y: y + 109 }));
    return { width, height: y + 118, parts };
  },
};
