/**
 * # A window of vectors
 *
 * The example of the page: two words, their vectors side by side, one hidden number, two scores. The numbers are computed by the library.
 *
 * @module
 */

import { scoreNext } from "../../core/03_language_models/feed_forward_lm.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢"], VECTORS = [[1, 0], [0, 1]], NEXT = ["苹果", "我"];

/** What the picture has numbers of. */
interface Numbers {
  readonly hidden: number;
  readonly probabilities: readonly number[];
}

/** The picture. */
export const picture: Picture<Numbers> = {
  alternative: ({ hidden, probabilities }, say) =>
    `${say("From below: two words, their vectors, the hidden layer, the probabilities of the next word.")} ` +
    `${WORDS.join(" ")}; ${VECTORS.flat().join(", ")}; ${hidden.toFixed(3)}; ` +
    NEXT.map((word, i) => `${word} ${probabilities[i]!.toFixed(3)}`).join(", ") + ".",
  measure: async () => {
    const hiddenWeight = tensor([[1], [0], [0], [1]]), hiddenBias = tensor([-1]);
    const scores = (outputWeight: number[][]) =>
      scoreNext(tensor(VECTORS), {
        hiddenWeight,
        hiddenBias,
        outputWeight: tensor(outputWeight),
        outputBias: tensor([0, 0]),
      });
    const [hidden] = await scores([[1, 0]]).read();
    return { hidden: hidden!, probabilities: Array.from(await softmax(scores([[2, -1]])).read()) };
  },
  draw: ({ width, say }, { hidden, probabilities }) => {
    const narrow = width < 500, box = { width: narrow ? 50 : 76, height: 30 }, parts: string[] = [];
    const left = narrow ? 0 : 96, middle = (left + width) / 2, rise = 66, y = (row: number): number => 18 + row * rise;
    const places = (count: number): number[] => {
      const step = (width - left) / count;
      return Array.from({ length: count }, (_, i) => left + step * (i + 0.5));
    };
    const cell = (text: string, x: number, at: number, on: boolean, wide = box.width): void =>
      void parts.push(
        el("rect", {
          class: on ? "cell on" : "cell",
          ...(on && { opacity: ".45" }),
          x: x - wide / 2,
          y: at - box.height / 2,
          width: wide,
          height: box.height,
          rx: 4,
        }),
        label(text, { class: "ink", x, y: at + 4.5, "text-anchor": "middle" }),
      );
    const line = (x: number, from: number, to: number, end: number): void =>
      void parts.push(
        el("path", {
          class: "flow",
          d: `M${px(x)} ${px(from - box.height / 2)}L${px(to)} ${px(end + box.height / 2)}`,
        }),
      );
    const vector = places(4), words = places(2), next = places(2);
    words.forEach((x, i) => {
      vector.slice(2 * i, 2 * i + 2).forEach((to) => line(x, y(3), to, y(2)));
      cell(WORDS[i]!, x, y(3), false);
    });
    vector.forEach((x, i) => {
      line(x, y(2), middle, y(1));
      cell(String(VECTORS.flat()[i]!), x, y(2), true, narrow ? 40 : box.width);
    });
    next.forEach((x, i) => {
      line(middle, y(1), x, y(0));
      cell(`${NEXT[i]} ${probabilities[i]!.toFixed(3)}`, x, y(0), false, narrow ? 96 : 116);
    });
    cell(hidden.toFixed(3), middle, y(1), true);
    if (!narrow) {
      [say("next word"), "tanh", say("vectors"), say("words")].forEach((text, row) =>
        parts.push(label(text, { class: "small", x: 0, y: y(row) + 4.5 }))
      );
    }
    return { width, height: y(3) + box.height / 2 + 3, parts };
  },
};
