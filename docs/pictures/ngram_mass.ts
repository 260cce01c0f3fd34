/**
 * # Where the probability of a word comes from
 *
 * The page's example: what each word has after 我, in three parts. One was counted after 我, one after any word, one is the same for all.
 *
 * @module
 */

import { absoluteDiscounting, trainNGrams } from "../../core/03_language_models/n_grams/mod.ts";
import { el, label, textWidth, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "吃", "苹果"], TEXT = [0, 1, 0, 2, 0, 1], DISCOUNT = 0.5, AFTER = 0;

/** The parts of the probability of each word. */
interface Mass {
  /** By the bigram, by the unigram, and by the uniform choice, for each word. */
  readonly parts: readonly (readonly [number, number, number])[];
  /** What the library says: their sums. */
  readonly totals: readonly number[];
}

const NAMES = ["counted after 我", "counted anywhere", "uniform"];

/** The picture. */
export const picture: Picture<Mass> = {
  alternative: ({ parts, totals }, say) =>
    `${say("A bar for each word, in three parts.")} ` +
    WORDS.map((word, id) =>
      `${word} ${totals[id]!.toFixed(4)}: ${
        parts[id]!.map((part, i) => `${say(NAMES[i]!)} ${part.toFixed(4)}`).join(", ")
      }`
    ).join("; ") + ".",
  measure: async () => {
    const smoothing = absoluteDiscounting({ discounts: [DISCOUNT, DISCOUNT] });
    const model = await trainNGrams(TEXT, { order: 2, vocabSize: WORDS.length, smoothing });
    const next = TEXT.slice(1).filter((_, t) => TEXT[t] === AFTER), own = keptOf(next), any = keptOf(TEXT);
    return {
      parts: WORDS.map((_, id) => [own.kept(id), own.left * any.kept(id), own.left * any.left / WORDS.length]),
      totals: Array.from(model.next([AFTER]), Math.exp),
    };
  },
  draw: ({ width, say }, { parts: masses, totals }) => {
    const left = 44,
      right = 56,
      top = 30,
      row = 34,
      unit = (width - left - right) / Math.max(...totals),
      all: string[] = [];
    let at = 0;
    for (const [i, name] of NAMES.entries()) {
      const said = say(name);
      all.push(
        el("g", { class: `c${i + 1}` }, el("rect", { class: "bar", x: at, y: 3, width: 11, height: 11 })),
        label(said, { class: "small", x: at + 15, y: 13 }),
      );
      at += 15 + textWidth(said, { size: 12 }) + (width < 500 ? 8 : 26);
    }
    masses.forEach((mass, id) => {
      const y = top + id * row;
      let x = left;
      all.push(label(WORDS[id]!, { class: "ink", x: left - 8, y: y + 17, "text-anchor": "end" }));
      mass.forEach((part, i) => {
        const bar = el(
          "rect",
          { class: "bar", x, y: y + 3, width: part * unit, height: 20 },
          tip(`${say(NAMES[i]!)}: ${part.toFixed(4)}`),
        );
        if (part > 0) all.push(el("g", { class: `c${i + 1}` }, bar));
        x += part * unit;
      });
      all.push(label(totals[id]!.toFixed(4), { class: "ink", x: x + 6, y: y + 17 }));
    });
    return { width, height: top + WORDS.length * row, parts: all };
  },
};

/** What discounting keeps of each count among some words, and what is left. */
function keptOf(words: readonly number[]): { readonly kept: (id: number) => number; readonly left: number } {
  const countOf = (id: number): number => words.filter((word) => word === id).length;
  const kept = (id: number): number => Math.max(0, countOf(id) - DISCOUNT) / words.length;
  return { kept, left: DISCOUNT * new Set(words).size / words.length };
}
