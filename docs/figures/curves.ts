/**
 * # Lines, points and histograms
 *
 * A line's name stands at its end where there is room, above the picture otherwise. Every series has a mark of its
 * own beside its colour.
 *
 * @module
 */

import type { Axis, Figure } from "../../core/experiments.ts";
import { horizontalAxis, scaleOf, tickWidth, verticalAxis } from "./axes.ts";
import { type Drawing, el, fitted, label, LINE, number, picture, px, textWidth, tint, tip } from "./svg.ts";

/** More points than this are drawn without marks. */
const MARKED = 40;

/** Shapes of marks, around the origin. */
const MARKS = [
  "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
  "M-2.8-2.8h5.6v5.6h-5.6z",
  "M0-3.6L3.4 2.6H-3.4z",
  "M0-3.9L3.9 0L0 3.9L-3.9 0z",
  "M0 3.6L3.4-2.6H-3.4z",
  "M-3-3L3 3M-3 3L3-3",
  "M-3.6 0H3.6M0-3.6V3.6",
  "M-1.2-3.6h2.4v7.2h-2.4z",
];

const mark = (index: number, x: number, y: number, title: string): string =>
  el("path", { class: "mark", transform: `translate(${px(x)} ${px(y)})`, d: MARKS[index % MARKS.length]! }, tip(title));

/** A series made ready to be drawn. */
interface Curve {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly names?: readonly string[] | undefined;
  readonly quantity?: string | undefined;
  readonly dashed?: boolean | undefined;
}

/** Places one below the other, at least a line apart. */
function spread(places: readonly number[], top: number, bottom: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  const result = [...places];
  order.forEach((index, i) => {
    if (i > 0) result[index] = Math.max(result[index]!, result[order[i - 1]!]! + LINE - 1);
  });
  let limit = bottom;
  for (const index of order.toReversed()) {
    result[index] = Math.max(top, Math.min(result[index]!, limit));
    limit = result[index]! - LINE + 1;
  }
  return result;
}

/** Names of series in rows above a picture. */
function legend(curves: readonly Curve[], drawing: Drawing, lines: boolean): { text: string; height: number } {
  let x = 0, y = 12, text = "";
  curves.forEach((curve, i) => {
    const name = fitted(curve.label, drawing.width - 40), width = textWidth(name) + 46;
    if (x > 0 && x + width > drawing.width) [x, y] = [0, y + LINE];
    const line = lines
      ? el("path", {
        class: "curve",
        d: `M${px(x)} ${px(y - 4)}h22`,
        "stroke-dasharray": curve.dashed ? "4 3" : undefined,
      })
      : "";
    const shape = curve.dashed ? "" : mark(i, x + 11, y - 4, curve.label);
    text += el("g", tint(drawing, curve.quantity, i), line, shape, label(name, { class: "name", x: x + 27, y }));
    x += width;
  });
  return { text, height: y + 8 };
}

/** A word for each series and its ends. */
function described(curves: readonly Curve[], x: Axis, y: Axis): string {
  const parts = curves.map(({ label, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) return label;
    return `${label}: ${points.length} points, from (${number(first[0])}, ${number(first[1])}) to (${
      number(last[0])
    }, ${number(last[1])})`;
  });
  return `${y.title} over ${x.title}. ${parts.join("; ")}.`;
}

/** Draws lines or points. */
export function drawCurves(
  figure: Figure & { readonly kind: "line" | "scatter" },
  drawing: Drawing,
  areas = false,
): string {
  const { x, y, kind } = figure, curves: readonly Curve[] = figure.series;
  const isLine = kind === "line", { width } = drawing;
  const xs = curves.flatMap(({ points }) => points.map((point) => point[0]));
  const ys = curves.flatMap(({ points }) => points.map((point) => point[1]));
  const lastX = Math.max(...xs);
  const names = Math.max(0, ...curves.map((curve) => textWidth(curve.label))) + 12;
  const atEnds = isLine && !areas && curves.length > 1 && curves.length <= 8 && width >= 460 && names < width * 0.32 &&
    curves.every(({ points }) => points.at(-1)?.[0] === lastX);
  const above = atEnds || curves.length === 1 && curves[0]!.label === y.title
    ? { text: "", height: 0 }
    : legend(curves, drawing, isLine);
  const top = above.height + LINE + 10, height = above.height + Math.round(Math.min(340, Math.max(230, width * 0.5)));
  const bottom = height - 42;
  const vertical = scaleOf(y, ys, { range: [bottom, top], count: 5, round: isLine || areas });
  const left = tickWidth(vertical) + 9, right = width - (atEnds ? names : 10);
  const inset = isLine ? 0 : 12;
  const horizontal = scaleOf(x, xs, {
    range: [left + inset, right - inset],
    count: Math.max(3, Math.floor((right - left) / 75)),
  });
  const at = ([x, y]: readonly [number, number]): [number, number] => [horizontal.at(x), vertical.at(y)];
  const written: [number, number, number, number][] = [];
  const groups = curves.map((curve, i) => {
    const places = curve.points.map(at);
    const path = places.map(([x, y], j) => `${j === 0 ? "M" : "L"}${px(x)} ${px(y)}`).join("");
    const parts: string[] = [];
    if (areas && places.length > 0) {
      parts.push(el("path", { class: "area", d: `${path}V${px(bottom)}H${px(places[0]![0])}z` }));
    }
    if (isLine && places.length > 0) {
      parts.push(
        el("path", { class: "curve", d: path, "stroke-dasharray": curve.dashed ? "4 3" : undefined }, tip(curve.label)),
      );
    }
    if (!areas && (!isLine || places.length <= MARKED) && !curve.dashed) {
      places.forEach(([px, py], j) => {
        const [x, y] = curve.points[j]!;
        const name = curve.names?.[j];
        parts.push(mark(i, px, py, `${name === undefined ? curve.label : name}: ${number(x)}, ${number(y)}`));
        if (name === undefined) return;
        // A name that would cover another is left to the pointer and the table.
        const wide = textWidth(name), before = px + 7 + wide > width;
        const box: [number, number, number, number] = [before ? px - 7 - wide : px + 7, py - 9, wide, LINE - 4];
        const covers = written.some(([x, y, w, h]) =>
          box[0] < x + w && x < box[0] + box[2] && box[1] < y + h && y < box[1] + box[3]
        );
        if (covers) return;
        written.push(box);
        parts.push(label(name, { class: "name", x: box[0], y: py + 4 }));
      });
    }
    return parts;
  });
  if (atEnds) {
    const ends = curves.map(({ points }) => vertical.at(points.at(-1)![1]) + 4);
    spread(ends, top, bottom + 4).forEach((y, i) => {
      groups[i]!.push(label(curves[i]!.label, { class: "name", x: right + 9, y }));
    });
  }
  return picture(
    drawing,
    { kind: areas ? "histogram" : kind, height, title: figure.caption, description: described(curves, x, y) },
    above.text,
    verticalAxis(vertical, y.title, left, right, above.height + 12),
    horizontalAxis(horizontal, x.title, bottom, left, right),
    ...groups.map((parts, i) => el("g", tint(drawing, curves[i]!.quantity, i), ...parts)),
  );
}

/** Draws counts over intervals as steps. */
export function drawHistogram(figure: Figure & { readonly kind: "histogram" }, drawing: Drawing): string {
  const series = figure.series.map(({ edges, counts, ...rest }) => ({
    ...rest,
    points: counts.flatMap((count, i) => [[edges[i]!, count], [edges[i + 1]!, count]] as [number, number][]),
  }));
  const y: Axis = { title: "count", domain: [0, Math.max(1, ...figure.series.flatMap(({ counts }) => counts)) * 1.05] };
  return drawCurves({ kind: "line", caption: figure.caption, x: figure.x, y, series }, drawing, true);
}
