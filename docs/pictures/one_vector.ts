/**
 * # One vector between two networks
 *
 * The encoder and the decoder of the example worked by hand, unrolled, and the vector that joins them, computed by the library.
 *
 * @module
 */

import { plainRnn } from "../../core/03_language_models/rnn.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const SOURCE = ["我", "走"], VECTORS = [[1, 0], [0, 1]];
const READ = ["BEGIN", "I", "walk"], WRITTEN = ["I", "walk", "END"];

/** A vector as it is written. */
const written = (vector: readonly number[], digits: number): string =>
  `(${vector.map((value) => (Math.abs(value) < 5e-4 ? 0 : value).toFixed(digits).replace("-", "−")).join(", ")})`;

/** The picture. */
export const picture: Picture<readonly number[]> = {
  alternative: (vector, say) =>
    `${
      say(
        "Two boxes that read the source, one narrow box with the vector, three boxes that write the target. The vector:",
      )
    } ` +
    `${written(vector, 3)}.`,
  measure: async () => {
    const matrix = tensor([[0.5, 0.5], [-0.5, 0.5]]), same = tensor([[1, 0], [0, 1]]);
    const states = plainRnn(tensor(VECTORS), same, matrix, tensor([0, 0]));
    return Array.from(await states.at(0, -1).read());
  },
  draw: ({ width, say }, vector) => {
    const narrow = width < 500, box = { width: narrow ? 34 : 56, height: 34 }, y = 62, parts: string[] = [];
    const gap = narrow ? 10 : 24, waist = narrow ? 62 : 92;
    const total = 5 * box.width + waist + 5 * gap, left = (width - total) / 2;
    const right = "m-5-3l5 3l-5 3", up = "m-3 5l3-5l3 5";
    const arrow = (d: string, head: string): void => void parts.push(el("path", { class: "flow", d: d + head }));
    const text = (words: string, x: number, at: number, kind: string): void =>
      void parts.push(label(words, { class: kind, x, y: at, "text-anchor": "middle" }));
    const boxAt = (x: number, w: number, h: number, opacity: string): void =>
      void parts.push(
        el("rect", { class: "cell on", opacity, x: px(x), y: y - h / 2, width: w, height: h, rx: 4 }),
      );
    const place = (i: number): number => left + i * (box.width + gap) + (i > 1 ? waist + gap : 0);
    for (let i = 0; i < 5; i++) {
      const x = place(i), middle = x + box.width / 2;
      boxAt(x, box.width, box.height, ".45");
      // What is read comes from below, what is written leaves above.
      arrow(`M${px(middle)} ${y + 52}V${y + box.height / 2}`, up);
      text(i < 2 ? SOURCE[i]! : READ[i - 2]!, middle, y + 68, i === 2 && narrow ? "small" : "ink");
      if (i > 1) {
        arrow(`M${px(middle)} ${y - box.height / 2}V${y - box.height / 2 - 18}`, up);
        text(WRITTEN[i - 2]!, middle, y - box.height / 2 - 24, "ink");
      }
      if (i < 4) {
        const to = i === 1 ? place(1) + box.width + gap : place(i + 1);
        arrow(`M${px(x + box.width)} ${y}H${px(to)}`, right);
      }
    }
    const at = place(1) + box.width + gap;
    boxAt(at, waist, 20, "1");
    text(written(vector, narrow ? 1 : 3), at + waist / 2, y - 16, "small");
    arrow(`M${px(at + waist)} ${y}H${px(place(2))}`, right);
    text(say("encoder"), (place(0) + place(1) + box.width) / 2, y + 92, "small");
    text(say("one vector"), at + waist / 2, y + 30, "small");
    text(say("decoder"), (place(2) + place(4) + box.width) / 2, y + 92, "small");
    return { width, height: y + 100, parts };
  },
};
