/**
 * # Four words while merges are learned
 *
 * The worked example of byte-pair encoding as rows of boxes, one row for each merge. The merges are the library's.
 *
 * @module
 */

import { plainMerges } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { el, label } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const COUNTS: Readonly<Record<string, number>> = { low: 5, lower: 2, newest: 6, widest: 3 };
const MERGES = 6;

/** The words as tokens, after a merge. */
interface Row {
  /** The token that the merge made; none at first. */
  readonly made: string | undefined;
  readonly words: readonly (readonly string[])[];
}

function rows(): Row[] {
  let words = Object.keys(COUNTS).map((word) => Array.from(word));
  const found: Row[] = [{ made: undefined, words }];
  for (const [left, right] of plainMerges(new Map(Object.entries(COUNTS)), MERGES)) {
    words = words.map((tokens) =>
      tokens.reduce(
        (done: string[], token) =>
          done.at(-1) === left && token === right ? [...done.slice(0, -1), left + right] : [...done, token],
        [],
      )
    );
    found.push({ made: left + right, words });
  }
  return found;
}

/** The picture. */
export const picture: Picture<readonly Row[]> = {
  alternative: (rows, say) =>
    `${say("Four words as boxes, a row for each merge.")} ` +
    rows.map(({ made, words }) => `${made ?? say("letters")}: ${words.map((word) => word.join("|")).join(", ")}.`).join(
      " ",
    ),
  measure: rows,
  draw: ({ width, say }, rows) => {
    const left = 64, gap = width < 500 ? 8 : 20, letters = Object.keys(COUNTS).join("").length;
    const unit = Math.min(22, Math.floor((width - left - 3 * gap) / letters)), height = 30, parts: string[] = [];
    rows.forEach(({ made, words }, i) => {
      const y = 26 + i * height;
      parts.push(label(made ?? say("letters"), { class: "ink", x: 0, y: y + 16 }));
      let x = left;
      words.forEach((tokens, w) => {
        if (i === 0) {
          parts.push(label(`${Object.values(COUNTS)[w]} ×`, { class: "small", x, y: 14 }));
        }
        for (const token of tokens) {
          const size = token.length * unit - 2;
          parts.push(el("rect", { class: "cell", x, y, width: size, height: 22 }));
          // The stroke of a class outranks an attribute: the token that was made has a line below it.
          if (token === made) parts.push(el("rect", { class: "cell on", x, y: y + 19, width: size, height: 3 }));
          parts.push(
            label(token, {
              class: unit < 16 ? "ink small" : "ink",
              x: x + size / 2,
              y: y + 16,
              "text-anchor": "middle",
            }),
          );
          x += token.length * unit;
        }
        x += gap;
      });
    });
    return { width: left + letters * unit + 3 * gap, height: 26 + rows.length * height, parts };
  },
};
