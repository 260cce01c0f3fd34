/**
 * # Heat maps
 *
 * A value is how much of the hue a cell takes; nothing is paper, in a map of any size. Of values of two signs those above zero
 * have the hue of the quantity, or are black where it is none, and those below zero are hatched in rust, or in blue beside hues
 * that eyes without red or green take for rust. Small maps are rectangles that answer to the pointer, large ones a mask
 * over one rectangle; both are filled with the same colours.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { greyPng } from "./png.ts";
import {
  type Attributes,
  bounds,
  type Drawing,
  el,
  filled,
  fitted,
  label,
  LINE,
  number,
  picture,
  px,
  shown,
  textWidth,
  tint,
  tip,
} from "./svg.ts";

/** More cells than this become a raster. */
const CELLS = 400;

/** Pixels that many rows may take together. */
const HIGH = 480;

/** Shades of a raster: as many as can be told apart, so that it stays small. */
const SHADES = 32;

/** What a colour says. */
export interface Shades {
  /** Values of no colour and of full colour; with two signs, both ends are full. */
  readonly domain: readonly [number, number];
  /** Whether zero is in the middle. */
  readonly diverging: boolean;
  /** How much colour a value takes, −1 to 1. */
  share(value: number): number;
}

/** Chooses shades for values: around zero if both signs occur. */
export function shadesOf(
  values: Iterable<number>,
  { domain, diverging }: { domain?: readonly [number, number] | undefined; diverging?: boolean | undefined },
): Shades {
  const [low, high] = domain ?? bounds(values);
  const clip = (x: number): number => Math.max(-1, Math.min(1, x));
  if (diverging ?? (low < 0 && high > 0)) {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return { domain: [-most, most], diverging: true, share: (x) => clip(x / most) };
  }
  const start = domain === undefined && low > 0 && low < 0.5 * high ? 0 : low, span = high - start || 1;
  return { domain: [start, high], diverging: false, share: (x) => Math.max(0, clip((x - start) / span)) };
}

/** Hues that are warm, to some eyes at least: what is below zero is blue beside them. */
const WARM: readonly number[] = [2, 3, 5, 7];

/** The class of what is below zero. */
function belowOf({ hue }: Drawing, quantity: string | undefined): string {
  const known = quantity === undefined ? undefined : hue?.(quantity);
  return known !== undefined && WARM.includes(known) ? "negative cool" : "negative";
}

/** What cells of one sign are filled with: the hue, or the lines of what is below zero. */
export function fillOf(sign: number, drawing: Drawing, quantity: string | undefined): Attributes {
  return sign > 0
    ? { ...tint(drawing, quantity, 0), fill: "currentColor" }
    : { class: belowOf(drawing, quantity), fill: `url(#${drawing.id}-hatch)` };
}

/** The lines that fill what is below zero. */
export function hatch(drawing: Drawing, quantity: string | undefined): string {
  return el(
    "pattern",
    {
      id: `${drawing.id}-hatch`,
      class: belowOf(drawing, quantity),
      width: 5,
      height: 5,
      patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)",
    },
    el("rect", { width: 5, height: 5, fill: "currentColor", "fill-opacity": "0.68" }),
    el("rect", { width: 1.5, height: 5, fill: "currentColor" }),
  );
}

/** A bar that goes through the shades, with its ends. */
export function scaleBar(shades: Shades, drawing: Drawing, quantity: string | undefined, x: number, y: number): string {
  const [low, high] = shades.domain, id = `${drawing.id}-g`;
  const before = textWidth(number(low, 3)) + 6, wide = 90;
  const half = (from: number, to: number, sign: number, left: number, width: number): string => {
    const name = `${id}${sign > 0 ? 0 : 1}`, box = { x: left, y: y - 10, width, height: 10 };
    return el(
      "linearGradient",
      { id: name },
      `<stop offset="0" stop-color="#fff" stop-opacity="${from}"/>` +
        `<stop offset="1" stop-color="#fff" stop-opacity="${to}"/>`,
    ) +
      el("mask", { id: `${name}m` }, el("rect", { ...box, fill: `url(#${name})` })) +
      el("g", fillOf(sign, drawing, quantity), el("rect", { ...box, mask: `url(#${name}m)` }));
  };
  const bars = shades.diverging
    ? half(1, 0, -1, x + before, wide / 2) + half(0, 1, 1, x + before + wide / 2, wide / 2)
    : half(0, 1, 1, x + before, wide);
  return label(number(low, 3), { x: x + before - 6, y, "text-anchor": "end" }) + bars +
    el("rect", { class: "frame", x: x + before, y: y - 10, width: wide, height: 10 }) +
    label(number(high, 3), { x: x + before + wide + 6, y });
}

/** How wide a bar of shades is. */
export const scaleBarWidth = ({ domain: [low, high] }: Shades): number =>
  textWidth(number(low, 3)) + textWidth(number(high, 3)) + 102;

/** One hue's part of a matrix as a mask over a rectangle. */
function raster(
  shares: readonly (readonly number[])[],
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  id: string,
): string {
  const columns = shares[0]!.length, grey = new Uint8Array(shares.length * columns);
  shares.forEach((row, r) =>
    row.forEach((share, c) =>
      grey[r * columns + c] = Math.round(Math.round(Math.max(0, share) * SHADES) / SHADES * 255)
    )
  );
  const box = { x, y, width, height };
  return el(
    "mask",
    { id },
    el("image", {
      ...box,
      href: greyPng(columns, shares.length, grey),
      preserveAspectRatio: "none",
      style: "image-rendering:pixelated",
    }),
  ) + el("rect", { ...box, mask: `url(#${id})` });
}

/** Every how many names are written, so that they stand apart: of numbers a round step. */
function stride(names: readonly string[], needed: number, available: number): number {
  const every = Math.max(1, Math.ceil(needed / available));
  if (!names.every((name) => /^\d*$/.test(name))) return every;
  return [1, 2, 5, 10, 20, 50, 100].find((step) => step >= every) ?? every;
}

/** Draws a matrix with names along both sides. */
export function drawHeatMap(figure: Figure & { readonly kind: "heatMap" }, drawing: Drawing): string {
  const { values, quantity } = figure;
  // A row or column without a name has no label.
  const named = (name: string): string => name && shown(name);
  const rows = figure.rows.map(named), columns = figure.columns.map(named);
  const isRaster = rows.length * columns.length > CELLS, italic = { italic: true };
  const shades = shadesOf(values.flat(), figure);
  const names = Math.min(drawing.width * 0.3, Math.max(0, ...rows.map((text) => textWidth(text))) + 1);
  const left = names + 8 + (figure.rowTitle ? LINE + 6 : 0);
  const cellWidth = Math.min(44, (drawing.width - left - 8) / columns.length);
  const cellHeight = Math.min(26, Math.max(cellWidth, rows.length <= 24 ? 18 : 0), HIGH / Math.min(rows.length, 480));
  const widest = Math.max(0, ...columns.map((text) => textWidth(text)));
  // Words that do not fit stand upright; of numbers every few are left out instead.
  const areNumbers = columns.every((name) => /^[−\d.]*$/.test(name));
  const upright = widest + 4 > cellWidth && !areNumbers, above = upright ? Math.min(110, widest) + 8 : LINE + 4;
  const title = figure.rowTitle === undefined ? 0 : textWidth(figure.rowTitle, italic);
  const top = above + (figure.columnTitle ? LINE : 0) + 4, wide = cellWidth * columns.length;
  const high = Math.max(cellHeight * rows.length, rows.length > 1 ? Math.min(title, 20 * rows.length) : 0);
  const cell = high / rows.length;
  const width = Math.min(
    drawing.width,
    left + 2 + Math.max(wide, scaleBarWidth(shades), figure.columnTitle ? textWidth(figure.columnTitle, italic) : 0),
  );
  const parts: string[] = [];
  if (figure.columnTitle) parts.push(label(figure.columnTitle, { class: "axis", x: left, y: 12 }));
  if (figure.rowTitle) {
    const y = Math.max(top + high / 2, title / 2);
    parts.push(label(figure.rowTitle, {
      class: "axis",
      transform: `translate(13 ${px(y)}) rotate(-90)`,
      "text-anchor": "middle",
    }));
  }
  // Where cells are smaller than letters, every few are named.
  const everyRow = stride(rows, rows.every((name) => /^\d+$/.test(name)) ? 20 : 15, cell),
    everyColumn = stride(columns, upright ? 15 : areNumbers ? widest + 10 : 0, cellWidth);
  rows.forEach((text, r) => {
    if (r % everyRow !== 0) return;
    parts.push(label(fitted(text, names), { x: left - 6, y: top + (r + 0.5) * cell + 4, "text-anchor": "end" }));
  });
  columns.forEach((text, c) => {
    if (c % everyColumn !== 0) return;
    const x = left + (c + 0.5) * cellWidth;
    parts.push(
      upright
        ? label(fitted(text, 104), { transform: `translate(${px(x + 4)} ${px(top - 6)}) rotate(-90)` })
        : label(text, { x, y: top - 7, "text-anchor": "middle" }),
    );
  });
  const box = { x: left, y: top, width: wide, height: high };
  const signs = shades.diverging ? [1, -1] : [1];
  if (shades.diverging) parts.push(hatch(drawing, quantity));
  const shares = values.map((row) => row.map((value) => shades.share(value)));
  if (isRaster) {
    signs.forEach((sign, i) => {
      const part = shares.map((row) => row.map((share) => share * sign));
      parts.push(el("g", fillOf(sign, drawing, quantity), raster(part, box, `${drawing.id}-m${i}`)));
    });
  } else {
    signs.forEach((sign, i) => {
      const cells = shares.flatMap((row, r) =>
        row.map((share, c) => {
          if (share * sign < 0 || share * sign === 0 && i === 1) return "";
          const text = `${rows[r]}, ${columns[c]}: ${number(values[r]![c]!)}`;
          const shade = Math.round(share * sign * 100) / 100;
          return `<rect x="${px(left + c * cellWidth)}" y="${px(top + r * cell)}" width="${px(cellWidth)}" height="${
            px(cell)
          }" fill-opacity="${shade}">${tip(text)}</rect>`;
        })
      );
      parts.push(el("g", fillOf(sign, drawing, quantity), ...cells));
    });
  }
  parts.push(el("rect", { class: "frame", ...box }), scaleBar(shades, drawing, quantity, left, top + high + 22));
  const all = values.flat(), best = all.indexOf(bounds(all)[1]);
  const { say = filled } = drawing;
  const { rowTitle = say("Rows"), columnTitle = say("columns") } = figure;
  const largest = all.length > 0
    ? `; ${say("largest at")} ${rows[Math.floor(best / columns.length)]}, ${columns[best % columns.length]}: ${
      number(all[best]!)
    }`
    : "";
  const description = `${rowTitle} × ${columnTitle}, ${rows.length} × ${columns.length}${largest}.`;
  const size = { kind: "heat-map", height: top + high + 30, title: figure.caption, description };
  return picture({ ...drawing, width }, size, ...parts);
}
