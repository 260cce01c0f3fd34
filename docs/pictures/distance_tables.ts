/**
 * # What three schemes add to a score
 *
 * ALiBi's penalties, T5's buckets and Shaw's clipped distances of six positions, as the library has them.
 *
 * @module
 */

import { AlibiPositions, relativeBucket } from "../../core/04_attention/positions/relative.ts";
import { zeros } from "../../core/engine/create.ts";
import { readMatrix } from "../../core/experiments/reading.ts";
import { label, tint } from "../figures/svg.ts";
import { matrix } from "../figures/vectors.ts";
import type { Picture } from "../picture.ts";

const T = 6, CLIP = 2, HEADS = 8, BUCKETS = { numBuckets: 4, maxDistance: T, bidirectional: false };

type Rows = readonly (readonly number[])[];

/** A table with its name. */
interface Table {
  readonly name: string;
  readonly symbol: string;
  readonly rows: Rows;
}

/** What a rule says of every pair. */
const pairs = (rule: (offset: number) => number): Rows =>
  Array.from({ length: T }, (_, t) => Array.from({ length: T }, (_, s) => rule(s - t)));

/** The picture. */
export const picture: Picture<readonly Table[]> = {
  alternative: (tables, say) =>
    `${say("Three lower triangles of numbers, a row for each query and a column for each key.")} ` +
    tables.map(({ name, rows }) => `${say(name)}: ${rows.at(-1)!.join(" ")}.`).join(" "),
  measure: async () => [
    {
      name: "ALiBi: penalty",
      symbol: "\\lambda_h",
      rows: await readMatrix(new AlibiPositions(HEADS).bias(zeros([1, HEADS, T, 4]), T).at(0, 0)),
    },
    { name: "T5: bucket", symbol: "b", rows: pairs((offset) => relativeBucket(offset, BUCKETS)) },
    { name: "Shaw: distance", symbol: "a^K", rows: pairs((offset) => Math.max(-CLIP, Math.min(CLIP, offset))) },
  ],
  draw: (canvas, tables) => {
    const { width, say } = canvas, columns = width < 500 ? 2 : 3, cell = width < 500 ? 23 : 28, left = 18, gap = 16;
    const size = T * cell, top = 44, parts: string[] = [], lines = Math.ceil(tables.length / columns);
    tables.forEach(({ name, symbol, rows }, i) => {
      const x = left + (i % columns) * (size + gap), y = top + Math.floor(i / columns) * (size + 56);
      const largest = Math.max(...rows.at(-1)!.map(Math.abs));
      parts.push(
        label(say(name), { class: "ink", x, y: y - 24 }),
        matrix([x, y], rows, {
          cell: [cell, cell],
          write: (value) => String(value).replace("-", "−"),
          shade: (value) => Math.abs(value) / largest,
          color: tint(canvas, symbol, i),
          isHidden: (t, s) => s > t,
        }),
      );
      for (let s = 0; s < T; s++) {
        parts.push(
          label(String(s), { class: "small", x: x + (s + 0.5) * cell - 1, y: y - 6, "text-anchor": "middle" }),
        );
        if (i % columns > 0) continue;
        parts.push(label(String(s), { class: "small", x: x - 6, y: y + (s + 0.5) * cell + 3, "text-anchor": "end" }));
      }
    });
    return {
      width: left + columns * size + (columns - 1) * gap,
      height: top + lines * size + (lines - 1) * 56,
      parts,
    };
  },
};
