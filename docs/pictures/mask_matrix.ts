/**
 * # Masks as matrices
 *
 * One row for each query, one column for each key; a filled square where the query may look. The masks are those of the library.
 *
 * @module
 */

import { causalMask, lengthMask, overKeys, prefixMask, windowMask } from "../../core/04_attention/masks.ts";
import { readMatrix } from "../../core/experiments/reading.ts";
import { zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { el, label, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** Positions of the sentence, those that hold a word, length of the prefix, positions before that a window sees. */
const T = 6, WORDS = 4, PREFIX = 3, BEFORE = 2;

/** A mask with its name: rows of queries, true where a key may be looked at. */
interface Matrix {
  readonly name: string;
  readonly rows: readonly (readonly boolean[])[];
}

/** Reads a mask of any shape that broadcasts over queries. */
async function rowsOf(mask: Tensor): Promise<boolean[][]> {
  const rows = await readMatrix(zeros([1, 1, T, T]).where(mask, 1));
  return rows.map((row) => row.map((one) => one === 0));
}

/** The picture. */
export const picture: Picture<readonly Matrix[]> = {
  alternative: (matrices, say) =>
    `${say("Four matrices of squares, a row for each query and a column for each key.")} ` +
    matrices.map(({ name, rows }) =>
      `${say(name)}: ${rows.map((row) => row.map((one) => one ? "1" : "0").join("")).join(", ")}.`
    ).join(" "),
  measure: async () => [
    { name: "causal", rows: await rowsOf(causalMask(T)) },
    { name: "padding", rows: await rowsOf(overKeys(lengthMask([WORDS], T))) },
    { name: "prefix", rows: await rowsOf(prefixMask(T, [PREFIX])) },
    { name: "window", rows: await rowsOf(windowMask(T, T, { before: BEFORE, after: 0 })) },
  ],
  draw: ({ width, say }, matrices) => {
    const columns = width < 500 ? 2 : 4, gap = 26, left = 20, top = 40, cell = 17;
    const size = T * cell, parts: string[] = [], rows = matrices.length / columns;
    matrices.forEach(({ name, rows }, i) => {
      const x = left + (i % columns) * (size + gap), y = top + Math.floor(i / columns) * (size + 62);
      parts.push(label(say(name), { class: "ink", x, y: y - 22 }));
      rows.forEach((row, t) =>
        row.forEach((allowed, s) =>
          parts.push(el(
            "rect",
            {
              class: allowed ? "cell on" : "cell",
              x: x + s * cell,
              y: y + t * cell,
              width: cell - 2,
              height: cell - 2,
            },
            tip(`${say("query")} ${t}, ${say("key")} ${s}: ${say(allowed ? "allowed" : "forbidden")}`),
          ))
        )
      );
      for (let s = 0; s < T; s++) {
        parts.push(label(String(s), { x: x + (s + .5) * cell - 1, y: y - 6, "text-anchor": "middle", class: "small" }));
      }
      if (i % columns === 0) {
        for (let t = 0; t < T; t++) {
          parts.push(
            label(String(t), { x: x - 6, y: y + (t + .5) * cell + 3, "text-anchor": "end", class: "small" }),
          );
        }
      }
    });
    return { width: left + columns * size + (columns - 1) * gap, height: top + rows * size + (rows - 1) * 62, parts };
  },
};
