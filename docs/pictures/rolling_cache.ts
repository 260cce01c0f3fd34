/**
 * # A rolling cache, row by row
 *
 * One row for each token that is read, one column for each token of the text. What the cache holds is asked of it; a number is the place at which it holds
 * a token.
 *
 * @module
 */

import { RollingCache } from "../../core/07_generation/windows_and_sinks.ts";
import { zeros } from "../../core/engine/create.ts";
import { scope } from "../../core/engine/scope.ts";
import { el, label, textWidth, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** The cache of the page, and the tokens that are drawn. */
const SIZE = 8, SINKS = 4, FIRST = 5, LAST = 10;

/** How strong a sink is drawn. */
const STRONG = ".6", FAINT = ".3";

/** What each token attends to, at the place that is its index. */
type Rows = readonly { readonly token: number; readonly attended: readonly number[] }[];

/** Feeds token after token, and asks the cache what it holds. */
function rowsOf(): Promise<Rows> {
  const cache = new RollingCache({ size: SIZE, sinks: SINKS }), rows = [];
  for (let token = 0; token <= LAST; token++) {
    scope(() => {
      const nothing = zeros([1, 1, 1, 1]);
      cache.append(nothing, nothing);
    });
    if (token >= FIRST) rows.push({ token, attended: [...cache.attended] });
  }
  cache.dispose();
  return Promise.resolve(rows);
}

/** The picture. */
export const picture: Picture<Rows> = {
  alternative: (rows, say) =>
    rows.map(({ token, attended }) =>
      `${say("token")} ${token}: ${attended.map((one, place) => `${one} ${say("at place")} ${place}`).join(", ")}.`
    ).join(" "),
  measure: rowsOf,
  draw: ({ width, say }, rows) => {
    const narrow = width < 500, cell = narrow ? 23 : 30, left = narrow ? 52 : 64, top = 40, parts: string[] = [];
    parts.push(label(say("tokens of the text"), { class: "axis", x: left, y: 10 }));
    for (let s = 0; s <= LAST; s++) {
      parts.push(
        label(String(s), { class: "small", x: left + (s + 0.5) * cell - 1, y: top - 8, "text-anchor": "middle" }),
      );
    }
    rows.forEach(({ token, attended }, row) => {
      const y = top + row * cell;
      parts.push(label(`${say("token")} ${token}`, { class: "small", x: 0, y: y + cell / 2 + 3 }));
      for (let s = 0; s <= token; s++) {
        const place = attended.indexOf(s), kind = place < 0 ? "evicted" : place < SINKS ? "sink" : "window";
        const what = place < 0 ? say("evicted") : `${say(kind)}, ${say("place")} ${place}`;
        parts.push(el(
          "rect",
          {
            class: place < 0 ? "cell" : "cell on",
            opacity: place < 0 ? undefined : place < SINKS ? STRONG : FAINT,
            x: left + s * cell,
            y,
            width: cell - 2,
            height: cell - 2,
          },
          tip(`${say("token")} ${s}: ${what}`),
        ));
        if (place >= 0) {
          parts.push(label(String(place), {
            class: "ink",
            x: left + (s + 0.5) * cell - 1,
            y: y + cell / 2 + 3,
            "text-anchor": "middle",
          }));
        }
      }
    });
    let x = 0;
    const y = top + rows.length * cell + 12;
    for (const [opacity, kind] of [[STRONG, "sink"], [FAINT, "window"], [undefined, "evicted"]] as const) {
      parts.push(
        el("rect", { class: opacity ? "cell on" : "cell", opacity, x, y, width: 12, height: 12 }),
        label(say(kind), { class: "small", x: x + 18, y: y + 10 }),
      );
      x += 18 + textWidth(say(kind), { size: 11 }) + 20;
    }
    return { width: left + (LAST + 1) * cell, height: y + 16, parts };
  },
};
