/**
 * # A window that slides
 *
 * The trigrams of a sentence, one under another, as a table counts them: two words of context and the word that is predicted.
 *
 * @module
 */

import { trainNGrams } from "../../core/03_language_models/n_grams/mod.ts";
import { el, label } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "我", "吃", "我", "喜欢"], ORDER = 3;

/** What is counted. */
interface Windows {
  /** Different n-grams of order 2 and 3 in the text. */
  readonly sizes: readonly number[];
}

/** The picture. */
export const picture: Picture<Windows> = {
  alternative: ({ sizes }, say) =>
    `${
      say(
        "The same six words in four rows. In each row a window of three words stands one word further to the right: two words are framed, the third is filled.",
      )
    } ` +
    `${say("Different trigrams")}: ${sizes[2]}.`,
  measure: async () => {
    const known = [...new Set(WORDS)], text = WORDS.map((word) => known.indexOf(word));
    return { sizes: (await trainNGrams(text, { order: ORDER, vocabSize: known.length })).sizes };
  },
  draw: ({ width, say }) => {
    const gap = 4, cell = Math.min(76, (width - (WORDS.length - 1) * gap) / WORDS.length), height = 26, row = 36;
    const parts: string[] = [], rows = WORDS.length - ORDER + 1, top = 20;
    parts.push(label(`${say("context")} □ □ → ${say("next word")} ■`, { class: "small", x: 0, y: 11 }));
    for (let from = 0; from < rows; from++) {
      WORDS.forEach((word, t) => {
        const x = t * (cell + gap), y = top + from * row, inside = t >= from && t < from + ORDER;
        const isNext = t === from + ORDER - 1;
        if (inside) {
          const kind = isNext ? "cell on" : "cell", opacity = isNext ? ".5" : undefined;
          parts.push(el("rect", { class: kind, opacity, x, y, width: cell, height, rx: 4 }));
        }
        parts.push(
          label(word, { class: inside ? "ink" : "small", x: x + cell / 2, y: y + 18, "text-anchor": "middle" }),
        );
      });
    }
    return { width, height: top + rows * row, parts };
  },
};
