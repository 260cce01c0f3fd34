/**
 * # A batch over time
 *
 * Five requests of different lengths and two places: which text each place writes in each step, where a batch is filled once, and where a text that
 * has ended makes room at once.
 *
 * @module
 */

import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const NAMES = ["A", "B", "C", "D", "E"], LENGTHS = [2, 6, 3, 2, 1], PLACES = 2;

/** By place, which text is written in each step; nothing where the place is empty. */
type Rows = readonly (readonly (number | undefined)[])[];

/** What is compared. */
interface Timelines {
  readonly fixed: Rows;
  readonly continuous: Rows;
}

/** Fills the places when all are free, or each as soon as it is. */
function timeline(waitsForAll: boolean): Rows {
  const rows: (number | undefined)[][] = Array.from({ length: PLACES }, () => []);
  const left = new Array<number>(PLACES).fill(0), held = new Array<number | undefined>(PLACES).fill(undefined);
  let next = 0;
  while (next < LENGTHS.length || left.some((count) => count > 0)) {
    const isFree = left.every((count) => count === 0);
    for (let place = 0; place < PLACES; place++) {
      if (left[place]! > 0 || (waitsForAll && !isFree)) continue;
      held[place] = next < LENGTHS.length ? next : undefined;
      left[place] = LENGTHS[next++] ?? 0;
    }
    for (let place = 0; place < PLACES; place++) {
      rows[place]!.push(left[place]! > 0 ? held[place] : undefined);
      left[place] = Math.max(0, left[place]! - 1);
    }
  }
  return rows;
}

/** The picture. */
export const picture: Picture<Timelines> = {
  alternative: ({ fixed, continuous }, say) =>
    [["a batch filled once", fixed] as const, ["texts join and leave", continuous] as const].map(([title, rows]) =>
      `${say(title)}: ${
        rows.map((row, place) =>
          `${say("place")} ${place + 1} ${row.map((text) => text === undefined ? "–" : NAMES[text]).join(" ")}`
        ).join("; ")
      }.`
    ).join(" "),
  measure: () => ({ fixed: timeline(true), continuous: timeline(false) }),
  draw: ({ width, say }, { fixed, continuous }) => {
    const cell = Math.min(34, (width - 4) / fixed[0]!.length), row = 28, parts: string[] = [];
    let top = 0;
    for (const [title, rows] of [["a batch filled once", fixed], ["texts join and leave", continuous]] as const) {
      parts.push(label(`${say(title)}: ${rows[0]!.length} ${say("steps")}`, { class: "axis", x: 0, y: top + 12 }));
      rows.forEach((texts, place) =>
        texts.forEach((text, step) => {
          const x = step * cell, y = top + 20 + place * row;
          parts.push(
            el("rect", { class: text === undefined ? "frame" : "cell", x: x + 1, y, width: cell - 2, height: row - 4 }),
            text === undefined
              ? ""
              : el("rect", { class: `c${text + 1} bar`, x: x + 1, y: y + row - 8, width: cell - 2, height: 4 }),
            text === undefined
              ? ""
              : label(NAMES[text]!, { class: "ink", x: x + cell / 2, y: y + 15, "text-anchor": "middle" }),
          );
        })
      );
      top += 20 + rows.length * row + 14;
    }
    parts.push(el("path", { class: "flow", d: `M0 ${px(top - 4)}H${px(4 * cell)}m-5 -4l5 4l-5 4` }));
    parts.push(label(say("steps"), { class: "axis", x: 4 * cell + 8, y: top }));
    return { width: cell * fixed[0]!.length + 2, height: top + 6, parts };
  },
};
