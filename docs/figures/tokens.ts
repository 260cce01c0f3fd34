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

/** Draws rows of tokens, each in as many lines as it needs. */
export function drawTokens(figure: Figure & { readonly kind: "tokens" }, drawing: Drawing): string {
  const { rows } = figure, { width } = drawing;
  const values = rows.flatMap(({ tokens }) => tokens.flatMap(({ value }) => value === undefined ? [] : [value]));
  const shades = shadesOf(values, { domain: figure.domain });
  const labels = Math.max(0, ...rows.map(({ label }) => label === undefined ? 0 : textWidth(label)));
  // A narrow picture writes the label above its row.
  const beside = labels > 0 && labels < width * 0.3, left = beside ? labels + 12 : 0;
  const parts: string[] = [];
  let y = 2;
  for (const row of rows) {
    if (row.label !== undefined && !beside) {
      parts.push(label(fitted(row.label, width), { class: "group", x: 0, y: y + 13 }));
      y += LINE + 3;
    } else if (row.label !== undefined) parts.push(label(row.label, { class: "group", x: 0, y: y + 15 }));
    let x = left;
    for (const { text, value } of row.tokens) {
      const name = fitted(shown(text), width - left - 8), wide = textWidth(name) + 8;
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
