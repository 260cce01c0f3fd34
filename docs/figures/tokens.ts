/**
 * # Token strips
 *
 * Tokens in reading order, as much colour behind each as its value says.
 *
 * @module
 */

import type { Figure } from "../../core/experiments.ts";
import { scaleBar, shadesOf } from "./heat_map.ts";
import { type Drawing, el, fitted, label, LINE, number, picture, shown, textWidth, tint, tip } from "./svg.ts";

/** Height of a token. */
const HEIGHT = 22;

/** Rows as they are set: the same, or pieces of them, all rows of a piece together. */
function pieces(
  rows: Rows,
  widths: readonly (readonly number[])[],
  width: number,
): [row: number, from: number, to: number][] {
  const length = rows[0]?.tokens.length ?? 0;
  if (rows.length < 2 || rows.some(({ tokens }) => tokens.length !== length)) {
    return rows.map(({ tokens }, i) => [i, 0, tokens.length]);
  }
  const found: [number, number, number][] = [];
  for (let from = 0, to = 0; from < length; from = to) {
    for (let used = widths[0]![to++]!; to < length && used + 3 + widths[0]![to]! <= width; to++) {
      used += 3 + widths[0]![to]!;
    }
    found.push(...rows.map((_, i): [number, number, number] => [i, from, to]));
  }
  return found;
}

/** Widths of the tokens; rows of equal length have columns. */
function widthsOf(rows: Rows, width: number): number[][] {
  const widths = rows.map(({ tokens }) => tokens.map(({ text }) => textWidth(fitted(shown(text), width - 8)) + 8));
  const isEqual = widths.every(({ length }) => length === widths[0]!.length);
  return isEqual ? widths.map((row) => row.map((_, i) => Math.max(...widths.map((row) => row[i]!)))) : widths;
}

type Rows = (Figure & { readonly kind: "tokens" })["rows"];

/** Draws rows of tokens, each in as many lines as it needs; rows of equal length stand in columns. */
export function drawTokens(figure: Figure & { readonly kind: "tokens" }, drawing: Drawing): string {
  const { rows } = figure, { width } = drawing;
  const values = rows.flatMap(({ tokens }) => tokens.flatMap(({ value }) => value === undefined ? [] : [value]));
  const shades = shadesOf(values, { domain: figure.domain });
  const labels = Math.max(0, ...rows.map(({ label }) => label === undefined ? 0 : textWidth(label)));
  // A narrow picture writes the label above its row.
  const beside = labels > 0 && labels < width * 0.3, left = beside ? labels + 12 : 0;
  const widths = widthsOf(rows, width - left);
  const parts: string[] = [];
  let y = 2;
  for (const [at, from, to] of pieces(rows, widths, width - left)) {
    const row = rows[at]!;
    if (at === 0 && from > 0) y += 8;
    if (row.label !== undefined && !beside) {
      parts.push(label(fitted(row.label, width), { class: "group", x: 0, y: y + 13 }));
      y += LINE + 3;
    } else if (row.label !== undefined) parts.push(label(row.label, { class: "group", x: 0, y: y + 15 }));
    let x = left;
    for (const [i, { text, value }] of row.tokens.slice(from, to).entries()) {
      const name = fitted(shown(text), width - left - 8), wide = widths[at]![from + i]!;
      if (x > left && x + wide > width) [x, y] = [left, y + HEIGHT + 3];
      const share = value === undefined ? 0 : shades.share(value);
      parts.push(el(
        "g",
        tint(drawing, undefined, share < 0 ? 1 : 0),
        tip(value === undefined ? name : `${name}: ${number(value)}`),
        // Half the colour at most, so that the letters stay readable.
        el("rect", {
          class: "token",
          x,
          y,
          width: wide,
          height: HEIGHT,
          "fill-opacity": String(Math.round(Math.abs(share) * 50) / 100),
        }),
        label(name, { class: "ink", x: x + 4, y: y + 15 }),
      ));
      x += wide + 3;
    }
    y += HEIGHT + 9;
  }
  if (values.length > 0) {
    parts.push(el("g", { class: "half" }, scaleBar(shades, drawing, undefined, left, y + 12)));
    y += 18;
  }
  const description = rows.map(({ label, tokens }) =>
    `${label === undefined ? "" : `${label}: `}${tokens.slice(0, 60).map(({ text }) => shown(text)).join(" ")}`
  ).join(". ");
  return picture(drawing, { kind: "tokens", height: y + 2, title: figure.caption, description }, ...parts);
}
