/**
 * # Vectors and matrices
 *
 * Arrows of a plane, and matrices of numbers: what pictures of worked examples are made of.
 *
 * @module
 */

import { type Attributes, el, label, px } from "./svg.ts";

/** A point of a picture, in pixels. */
export type Place = readonly [x: number, y: number];

/** An arrow with a head; its colour is that of its class. */
export function arrow([x0, y0]: Place, [x1, y1]: Place, attributes: Attributes = {}): string {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return "";
  const [x, y] = [(x1 - x0) / length, (y1 - y0) / length], head = Math.min(9, length / 2);
  const [bx, by] = [x1 - head * x, y1 - head * y];
  return el(
    "g",
    attributes,
    el("path", { class: "curve", d: `M${px(x0)} ${px(y0)}L${px(bx)} ${px(by)}` }),
    el("path", {
      class: "mark",
      d: `M${px(x1)} ${px(y1)}L${px(bx - 4 * y)} ${px(by + 4 * x)}L${px(bx + 4 * y)} ${px(by - 4 * x)}z`,
    }),
  );
}

/** A plane of coordinates from 0 on, with its axes. */
export interface Plane {
  /** Where a point lies. */
  readonly at: (point: readonly number[]) => Place;
  readonly parts: readonly string[];
}

/**
 * Axes of a plane.
 *
 * @param left left end of the horizontal axis
 * @param top upper end of the vertical axis
 * @param size length of each axis
 * @param end largest coordinate
 */
export function plane(left: number, top: number, size: number, end: number): Plane {
  const at = ([x = 0, y = 0]: readonly number[]): Place => [left + x / end * size, top + size - y / end * size];
  const [x0, y0] = at([0, 0]),
    parts = [
      el("path", { class: "base", fill: "none", d: `M${px(x0)} ${px(top)}V${px(y0)}H${px(left + size)}` }),
    ];
  for (let tick = 1; tick <= end; tick++) {
    const [x] = at([tick, 0]), [, y] = at([0, tick]);
    parts.push(
      el("path", { class: "tick", d: `M${px(x)} ${px(y0)}v4M${px(x0)} ${px(y)}h-4` }),
      label(String(tick), { class: "small", x, y: y0 + 16, "text-anchor": "middle" }),
      label(String(tick), { class: "small", x: x0 - 9, y: y + 4, "text-anchor": "end" }),
    );
  }
  return { at, parts };
}

/** How a matrix is drawn. */
export interface MatrixLook {
  /** Width and height of a cell. */
  readonly cell: readonly [number, number];
  /** What stands in a cell. */
  readonly write: (value: number) => string;
  /** How much of its colour a cell takes, 0 to 1; none by default. */
  readonly shade?: (value: number) => number;
  /** Class and number of its colour. */
  readonly color: Attributes;
  /** A row that is framed. */
  readonly framed?: number;
  /** Whether a cell is left out. */
  readonly isHidden?: (row: number, column: number) => boolean;
}

/** A matrix of numbers with its upper left corner at a place. */
export function matrix(
  [x, y]: Place,
  rows: readonly (readonly number[])[],
  { cell: [w, h], write, shade, color, framed, isHidden }: MatrixLook,
): string {
  const parts: string[] = [];
  rows.forEach((row, i) =>
    row.forEach((value, j) => {
      if (isHidden?.(i, j)) return;
      const at = { x: x + j * w, y: y + i * h, width: w - 2, height: h - 2 }, strength = shade?.(value) ?? 0;
      parts.push(el("rect", { class: "cell", ...at }));
      if (strength > 0) {
        parts.push(el("rect", { class: "bar", ...at, style: `fill-opacity:${(0.6 * strength).toFixed(3)}` }));
      }
      parts.push(label(write(value), {
        class: "small ink",
        x: x + (j + 0.5) * w - 1,
        y: y + (i + 0.5) * h + 3,
        "text-anchor": "middle",
      }));
    })
  );
  if (framed !== undefined) {
    parts.push(el("rect", {
      class: "curve",
      x: x - 2,
      y: y + framed * h - 2,
      width: rows[0]!.length * w + 2,
      height: h + 2,
    }));
  }
  return el("g", color, ...parts);
}
