/**
 * # The factors of the chain rule
 *
 * The sequence of the page's example: a row for each factor, with its context, and the product so far.
 *
 * @module
 */

import { measureScores } from "../../core/03_language_models/autoregressive.ts";
import { el, label } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "吃", "苹果"], PROBABILITIES = [0.4, 0.5, 0.3, 0.2];

/** The product of the first probabilities, for each number of them. */
interface Products {
  readonly products: readonly number[];
  readonly perplexity: number;
}

/** A number as short as it is exact here. */
const written = (x: number): string => String(Number(x.toPrecision(3)));

/** The picture. */
export const picture: Picture<Products> = {
  alternative: ({ products }, say) =>
    `${say("Four rows, one for each factor. Filled is the word that is predicted, framed are the words before it.")} ` +
    WORDS.map((word, t) => `${word}: ${PROBABILITIES[t]}, ${say("product so far")} ${written(products[t]!)}`).join(
      "; ",
    ) +
    ".",
  measure: () => ({
    products: PROBABILITIES.map((_, t) =>
      Math.exp(measureScores(PROBABILITIES.slice(0, t + 1).map(Math.log)).logProbability)
    ),
    perplexity: measureScores(PROBABILITIES.map(Math.log)).perplexity,
  }),
  draw: ({ width, say }, { products }) => {
    const narrow = width < 500, cell = narrow ? 40 : 56, height = 28, row = 38, top = 26, parts: string[] = [];
    const factor = WORDS.length * (cell + 4) + (narrow ? 34 : 70), product = width - 4;
    const text = (words: string, x: number, y: number, kind: string, anchor: string): void =>
      void parts.push(label(words, { class: kind, x, y, "text-anchor": anchor }));
    text(say("factor"), factor, 12, "small", "end");
    text(say("product so far"), product, 12, "small", "end");
    WORDS.forEach((_, t) => {
      const y = top + t * row;
      WORDS.slice(0, t + 1).forEach((word, s) => {
        const x = s * (cell + 4), kind = s === t ? "cell on" : "cell";
        parts.push(el("rect", { class: kind, opacity: s === t ? ".5" : undefined, x, y, width: cell, height, rx: 4 }));
        text(word, x + cell / 2, y + 19, "ink", "middle");
      });
      text(`${t > 0 ? "× " : ""}${PROBABILITIES[t]}`, factor, y + 19, "ink", "end");
      text(`= ${written(products[t]!)}`, product, y + 19, "ink", "end");
    });
    return { width, height: top + WORDS.length * row, parts };
  },
};
