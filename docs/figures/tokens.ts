/**
 * # Token strips
 *
 * Tokens in reading order, as much colour behind each as its value says.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fillOf, hatch, scaleBar, scaleBarWidth, shadesOf } from "./heat_map.ts";
import { type Drawing, el, fitted, label, LINE, number, picture, shown, textWidth, tip } from "./svg.ts";

/** Height of a token. */
const HEIGHT = 22;

/** More rows than this stand in columns, if they are short. */
const MANY = 12;

/** Distance of two columns of rows. */
const GUTTER = 40;

/** Space beside the letters of a token, both sides together, and between two tokens. */
const PADDING = 10, GAP = 3;

type Rows = (Figure & { readonly kind: "tokens" })["rows"];

/** Whether tokens of different rows belong together: there are several rows, all of one length. */
const areAligned = (rows: Rows): boolean =>
  rows.length > 1 && rows.every(({ tokens }) => tokens.length === rows[0]!.tokens.length);

/** Rows as they are set: the same, or pieces of them, all rows of a piece together. */
function pieces(
  rows: Rows,
  widths: readonly (readonly number[])[],
  width: number,
): [row: number, from: number, to: number][] {
  if (!areAligned(rows)) return rows.map(({ tokens }, i) => [i, 0, tokens.length]);
  const found: [number, number, number][] = [], { length } = rows[0]!.tokens;
  for (let from = 0, to = 0; from < length; from = to) {
    for (let used = widths[0]![to++]!; to < length && used + GAP + widths[0]![to]! <= width; to++) {
      used += GAP + widths[0]![to]!;
    }
    found.push(...rows.map((_, i): [number, number, number] => [i, from, to]));
  }
  return found;
}

/** Widths of the tokens; rows of equal length have columns. */
function widthsOf(rows: Rows, width: number): number[][] {
  const widths = rows.map(({ tokens }) =>
    tokens.map(({ text }) => textWidth(fitted(shown(text), width - PADDING)) + PADDING)
  );
  return areAligned(rows) ? widths.map((row) => row.map((_, i) => Math.max(...widths.map((row) => row[i]!)))) : widths;
}

/**
 * Draws rows of tokens, each in as many lines as it needs; tokens of rows of equal length stand below each other, and many
 * short rows in columns.
 */
export function drawTokens(figure: Figure & { readonly kind: "tokens" }, drawing: Drawing): string {
  const { rows } = figure, italic = { italic: true };
  const values = rows.flatMap(({ tokens }) => tokens.flatMap(({ value }) => value === undefined ? [] : [value]));
  const shades = shadesOf(values, { domain: figure.domain });
  const labels = Math.max(0, ...rows.map(({ label }) => label === undefined ? 0 : textWidth(label, italic)));
  // A narrow picture writes the label above its row.
  const beside = labels > 0 && labels < drawing.width * 0.3, indent = beside ? labels + 12 : 0;
  const widths = widthsOf(rows, drawing.width - indent);
  const longest = indent + Math.max(...widths.map((row) => row.reduce((sum, width) => sum + width + GAP, 0)));
  const room = Math.floor((drawing.width + GUTTER) / (longest + GUTTER));
  const columns = rows.length > MANY ? Math.max(1, Math.min(room, Math.ceil(rows.length / 6))) : 1;
  const perColumn = Math.ceil(rows.length / columns), end = columns > 1 ? longest : drawing.width;
  const parts: string[] = shades.diverging ? [hatch(drawing, undefined)] : [];
  let y = 2, used = 0, bottom = 0;
  for (const [at, from, to] of pieces(rows, widths, end - indent)) {
    const row = rows[at]!, start = Math.floor(at / perColumn) * (longest + GUTTER), left = start + indent;
    if (at % perColumn === 0 && from === 0) y = 2;
    else if (at === 0) y += 8;
    if (row.label !== undefined && !beside) {
      parts.push(label(fitted(row.label, end, italic), { class: "group", x: start, y: y + 13 }));
      y += LINE + 3;
    } else if (row.label !== undefined) parts.push(label(row.label, { class: "group", x: start, y: y + 15 }));
    let x = left;
    for (const [i, { text, value }] of row.tokens.slice(from, to).entries()) {
      const name = fitted(shown(text), end - indent - PADDING), wide = widths[at]![from + i]!;
      if (x > left && x + wide > start + end) [x, y] = [left, y + HEIGHT + 3];
      const share = value === undefined ? 0 : shades.share(value);
      parts.push(el(
        "g",
        fillOf(share < 0 ? -1 : 1, drawing, undefined),
        tip(value === undefined ? name : `${name}: ${number(value)}`),
        // Half the colour at most, so that the letters stay readable.
        el("rect", {
          x,
          y,
          width: wide,
          height: HEIGHT,
          "fill-opacity": String(Math.round(Math.abs(share) * 50) / 100),
        }),
        label(name, { class: "ink", x: x + 5, y: y + 15 }),
      ));
      x += wide + GAP;
      used = Math.max(used, x);
    }
    y += HEIGHT + 9;
    bottom = Math.max(bottom, y);
  }
  if (values.length > 0) {
    parts.push(el("g", { class: "half" }, scaleBar(shades, drawing, undefined, indent, bottom + 12)));
    used = Math.max(used, indent + scaleBarWidth(shades));
    bottom += 18;
  }
  const description = rows.map(({ label, tokens }) =>
    `${label === undefined ? "" : `${label}: `}${tokens.slice(0, 60).map(({ text }) => shown(text)).join(" ")}`
  ).join(". ");
  const width = Math.min(drawing.width, Math.max(used, labels) + 2);
  return picture(
    { ...drawing, width },
    { kind: "tokens", height: bottom + 2, title: figure.caption, description },
    ...parts,
  );
}
