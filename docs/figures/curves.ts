/**
 * # Lines, points and histograms
 *
 * A line's name stands at its end where there is room, or along it where many lines end together, and above the picture in a
 * narrow one. Lines are told apart by the hues of the book and by their marks, and gaps say that something is expected rather
 * than found. A pale band goes from the lowest to the highest value of several seeds. Lines that lie on each other are drawn one over the other, the first wide and the last with gaps, so that all show.
 *
 * @module
 */

import type { Axis, Figure } from "../../core/experiments/figure.ts";
import { horizontalAxis, type Scale, scaleOf, tickWidth, titleOf, verticalAxis } from "./axes.ts";
import {
  type Drawing,
  el,
  filled,
  fitted,
  label,
  LINE,
  type Margins,
  number,
  pathThrough,
  picture,
  px,
  seriesTints,
  textWidth,
  tint,
  tip,
  wrapped,
} from "./svg.ts";

/** More points than this are not marked one by one. */
const MARKED = 20;

/** Marks of a line of many points, where marks have to tell lines apart. */
const FEW_MARKS = 9;

/** Width of a name at the end of a line, before it is broken. */
const NAME = 118;

/** How far a name stands that is led to its line, and how far above or below the line's end it may. */
const LEADER = 16, FAR = 26;

/** Distance between the lines of a name. */
const NAME_LINE = 15;

/** Shapes of marks, around the origin. */
const MARKS = [
  "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
  "M-2.8-2.8h5.6v5.6h-5.6z",
  "M0-3.8L3.6 2.7H-3.6z",
  "M0-4.2L4.2 0L0 4.2L-4.2 0z",
  "M0 3.8L3.6-2.7H-3.6z",
  "M-3-3L3 3M-3 3L3-3",
  "M-3.6 0H3.6M0-3.6V3.6",
  "M-1.2-3.6h2.4v7.2h-2.4z",
];

const mark = (index: number, x: number, y: number, title: string, size = 1): string =>
  el("path", {
    class: index % 2 === 0 ? "mark" : "mark open",
    transform: `translate(${px(x)} ${px(y)})${size === 1 ? "" : ` scale(${size})`}`,
    d: MARKS[index % MARKS.length]!,
  }, tip(title));

/** A series made ready to be drawn. */
interface Curve {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly names?: readonly string[] | undefined;
  readonly quantity?: string | undefined;
  readonly dashed?: boolean | undefined;
  readonly ranges?: readonly (readonly [number, number])[] | undefined;
}

/** Heights of curves, and of the bands around them. */
const heightsOf = (curves: readonly Curve[]): number[] =>
  curves.flatMap(({ points, ranges = [] }) => [...points.map((point) => point[1]), ...ranges.flat()]);

/** How a curve looks. */
interface Look {
  /** Which mark. */
  readonly mark: number;
  /** Class and number of its colour. */
  readonly color: ReturnType<typeof tint>;
  /** How many later curves lie on it. */
  readonly under: number;
  /** Whether it has gaps. */
  readonly dashed: boolean;
  /** Every how many points have a mark; none if infinite. */
  readonly every: number;
}

/** The name of a series without what a comma adds: `post-norm` of “post-norm, warm-up”. */
const base = (label: string): string => label.split(",")[0]!;

/** Whether two curves cannot be told apart in a plot. */
function coincide(a: Curve, b: Curve, { at }: Scale): boolean {
  return a.points.length > 1 && a.points.length === b.points.length &&
    a.points.every(([x, y], i) => x === b.points[i]![0] && Math.abs(at(y) - at(b.points[i]![1])) < 1);
}

/** Gives each curve its mark and colour: what is expected takes the colour of what was found of the same name, or is grey. */
function looksOf(curves: readonly Curve[], drawing: Drawing, vertical: Scale): Look[] {
  const found = curves.filter(({ dashed }) => !dashed);
  const colors = seriesTints(drawing, found.map(({ quantity }) => quantity));
  return curves.map((curve, i) => {
    const own = found.findIndex((other) =>
      curve.dashed ? other.quantity === curve.quantity && base(other.label) === base(curve.label) : other === curve
    );
    const order = own >= 0 ? own : found.length + curves.slice(0, i).filter(({ dashed }) => dashed).length;
    const over = curves.slice(0, i).some((other) => coincide(other, curve, vertical));
    const under = curves.slice(i + 1).filter((other) => coincide(other, curve, vertical)).length;
    const dashed = under === 0 && (over || curve.dashed === true), { length } = curve.points;
    // Many marks would hide a line, and one or two lines need none.
    const many = found.length > 2 ? length / FEW_MARKS : Infinity;
    return {
      mark: order,
      color: own >= 0 ? colors[own]! : tint(drawing, curve.quantity, 1),
      under,
      dashed,
      every: dashed || under > 0 ? Infinity : length <= MARKED ? 1 : many,
    };
  });
}

/** A line that others lie on is wide and pale. */
const strokeOf = ({ under }: Look): string | undefined =>
  under > 0 ? `stroke-width:${2 + 3 * under};stroke-opacity:.25` : undefined;

/** Heights of blocks one below the other, none over another: the top of each, near its wanted middle. */
function spread(blocks: readonly { readonly middle: number; readonly height: number }[], top: number, bottom: number) {
  const order = blocks.map((_, i) => i).sort((a, b) => blocks[a]!.middle - blocks[b]!.middle);
  const starts = blocks.map(({ middle, height }) => middle - height / 2);
  order.forEach((index, i) => {
    const above = order[i - 1];
    starts[index] = Math.max(starts[index]!, above === undefined ? top : starts[above]! + blocks[above]!.height);
  });
  let limit = bottom;
  for (const index of order.toReversed()) {
    starts[index] = Math.max(top, Math.min(starts[index]!, limit - blocks[index]!.height));
    limit = starts[index]!;
  }
  return starts;
}

/** The height of a path at a place, where it has one. */
function heightAt(path: readonly (readonly [number, number])[], x: number): number | undefined {
  for (let i = 1; i < path.length; i++) {
    const [left, from] = path[i - 1]!, [right, to] = path[i]!;
    if (left <= x && x <= right) return right === left ? to : from + (to - from) * (x - left) / (right - left);
  }
  return undefined;
}

/** A rectangle: left, top, width, height. */
type Box = readonly [number, number, number, number];

const cross = ([x, y, w, h]: Box, [left, top, wide, high]: Box): boolean =>
  x < left + wide && left < x + w && y < top + high && top < y + h;

/**
 * A place for a name along its own line: no line goes through it, and its own is the nearest.
 *
 * @param text the name
 * @param own which of the paths it belongs to
 * @param paths of all lines
 * @param taken what else is written
 * @param within the plot
 * @returns where it fits with the most room around it, if anywhere
 */
function placeAlong(
  text: string,
  own: number,
  paths: readonly (readonly (readonly [number, number])[])[],
  taken: readonly Box[],
  [left, top, wide, high]: Box,
): Box | undefined {
  const width = textWidth(text), height = NAME_LINE, steps = 40;
  let best: Box | undefined, most = 5;
  for (let step = 0; step <= steps; step++) {
    const x = left + 4 + (wide - width - 8) * step / steps;
    for (const above of [true, false]) {
      const heights = (path: number): number[] =>
        Array.from({ length: 9 }, (_, i) => heightAt(paths[path]!, x + width * i / 8) ?? NaN).filter(Number.isFinite);
      const along = heights(own);
      if (along.length < 9) continue;
      const y = above ? Math.min(...along) - height - 3 : Math.max(...along) + 3, box: Box = [x, y, width, height];
      if (y < top - 4 || y + height > top + high - 2 || taken.some((other) => cross(box, other))) continue;
      // A steep line leaves its name far away.
      const away = Math.max(...along) - Math.min(...along);
      const room = Math.min(
        40,
        ...paths.flatMap((_, i) =>
          i === own ? [] : heights(i).map((h) => h < y ? y - h : h > y + height ? h - y - height : -1)
        ),
      );
      if (room - away / 2 > most) [most, best] = [room - away / 2, box];
    }
  }
  return best;
}

/** Names of series in rows above a picture. */
function legend(
  entries: readonly { readonly label: string; readonly look: Look }[],
  width: number,
  lines: boolean,
): { text: string; height: number } {
  let x = 0, y = 12, text = "";
  for (const { label: full, look } of entries) {
    const name = fitted(full, width - 32), wide = (lines ? 27 : 12) + textWidth(name);
    if (x > 0 && x + wide > width) [x, y] = [0, y + LINE];
    const line = lines
      ? el("path", {
        class: "curve",
        d: `M${px(x)} ${px(y - 4)}h22`,
        style: strokeOf(look),
        "stroke-dasharray": look.dashed ? "4 3" : undefined,
      })
      : "";
    const shape = lines && look.every === Infinity ? "" : mark(look.mark, x + (lines ? 11 : 3), y - 4, full);
    text += el("g", look.color, line, shape, label(name, { class: "name", x: x + (lines ? 27 : 12), y }));
    x += wide + 18;
  }
  return { text, height: y + 8 };
}

/** A word for each series and its ends. */
function described(curves: readonly Curve[], x: Axis, y: Axis, { say = filled }: Drawing): string {
  const parts = curves.map(({ label, points, ranges }) => {
    const [first, last, band] = [points[0], points.at(-1), ranges?.at(-1)];
    if (!first || !last) return label;
    const ends = [...first, ...last].map((value) => number(value));
    const seeds = band ? say(", where the seeds go from {} to {}", number(band[0]), number(band[1])) : "";
    return say("{}: {} points, from ({}, {}) to ({}, {})", label, points.length, ...ends) + seeds;
  });
  return `${say("{} over {}", titleOf(y), titleOf(x))}. ${parts.join("; ")}.`;
}

/** A picture of curves. */
type Plot = Figure & { readonly kind: "line" | "scatter" };

/** Whether both axes show the same interval of like numbers: then a step is as long in both. */
function isSquare({ kind, x, y }: Plot): boolean {
  return kind === "scatter" && x.domain !== undefined && x.domain.join() === y.domain?.join() &&
    x.logarithmic === y.logarithmic;
}

/** A vertical line at a value of x, such as the end of what was trained. */
const isUpright = ({ points, dashed }: Curve): boolean =>
  dashed === true && points.length === 2 && points[0]![0] === points[1]![0];

/** What a layout starts from. */
function planOf(figure: Plot, { width }: Drawing, areas: boolean) {
  const { x, y, kind } = figure, curves: readonly Curve[] = figure.series;
  const isLine = kind === "line", lastX = Math.max(...curves.flatMap(({ points }) => points.map((point) => point[0])));
  // Single points and upright lines bear their names where they are.
  const inPlace = curves.map((curve) => isLine && !areas && (curve.points.length === 1 || isUpright(curve)));
  const others = curves.filter((_, i) => !inPlace[i]);
  const lines = curves.map(({ label }) => wrapped(label, NAME));
  const names = Math.max(0, ...lines.flatMap((of, i) => inPlace[i] ? [] : of.map((text) => textWidth(text)))) + 12;
  const atEnds = isLine && !areas && others.length > 1 && others.length <= 8 && width >= 460 && names < width * 0.32 &&
    others.every(({ points }) => points.at(-1)?.[0] === lastX);
  const ys = heightsOf(curves);
  const ticks = scaleOf(y, ys, { range: [240, 0], count: 5, round: isLine || areas });
  const half = textWidth(number(x.domain?.[1] ?? lastX)) / 2 + 1;
  // Where lines end closer together than their names are high, a name is led to its line.
  const ends = atEnds ? others.map(({ points }) => ticks.at(points.at(-1)![1])).sort((a, b) => a - b) : [];
  const led = ends.some((end, i) => i > 0 && end - ends[i - 1]! < NAME_LINE) ? LEADER : 0;
  return {
    x,
    y,
    curves,
    isLine,
    led,
    inPlace,
    lines,
    atEnds,
    needsLegend: !atEnds && others.length > 1,
    margins: {
      left: Math.max(tickWidth(ticks) + 9, 12),
      right: atEnds ? names + led : Math.max(half, isLine ? 6 : 12),
    },
  };
}

/** The space that a plot needs beside it. */
export function marginsOf(figure: Figure, drawing: Drawing): Margins | undefined {
  if (figure.kind === "histogram") return planOf(stepsOf(figure), drawing, true).margins;
  if (figure.kind !== "line" && figure.kind !== "scatter" || figure.kind === "scatter" && isSquare(figure)) {
    return undefined;
  }
  return planOf(figure, drawing, false).margins;
}

/** Draws lines or points. */
export function drawCurves(figure: Plot, drawing: Drawing, areas = false): string {
  const { x, y, curves, isLine, inPlace, lines, atEnds, led, needsLegend, margins } = planOf(figure, drawing, areas);
  const square = isSquare(figure), { left, right: space } = square ? margins : drawing.margins ?? margins;
  const width = square ? Math.min(drawing.width, left + 330 + space) : drawing.width;
  const right = width - space;
  const ys = heightsOf(curves);
  const draft = scaleOf(y, ys, { range: [240, 0], count: 5, round: isLine || areas });
  const looks = looksOf(curves, drawing, draft);
  const entries = curves.flatMap(({ label }, i) => inPlace[i] ? [] : [{ label, look: looks[i]! }]);
  const above = needsLegend ? legend(entries, width, isLine) : { text: "", height: 0 };
  const inset = isLine ? 0 : 12, top = above.height + LINE + 10;
  const bottom = square
    ? top + right - left
    : above.height + Math.round(Math.min(310, Math.max(230, width * 0.54))) - 42;
  const height = bottom + 42;
  const vertical = scaleOf(y, ys, {
    range: [bottom - (square ? inset : 0), top + (square ? inset : 0)],
    count: 5,
    round: isLine || areas,
  });
  const horizontal = scaleOf(x, curves.flatMap(({ points }) => points.map((point) => point[0])), {
    range: [left + inset, right - inset],
    count: Math.max(3, Math.floor((right - left) / 75)),
  });
  const at = ([x, y]: readonly [number, number]): [number, number] => [horizontal.at(x), vertical.at(y)];
  const written: Box[] = [];
  const bands = curves.map(({ label, points, ranges = [] }, i) => {
    if (!isLine || ranges.length < 2) return "";
    const edge = (side: 0 | 1) => ranges.map((range, j) => at([points[j]![0], range[side]]));
    const d = `${pathThrough([...edge(1), ...edge(0).toReversed()])}z`;
    return el("g", looks[i]!.color, el("path", { class: "band", d }, tip(label)));
  });
  const groups = curves.map((curve, i) => {
    const places = curve.points.map(at), look = looks[i]!;
    const path = pathThrough(places);
    const parts: string[] = [];
    if (areas && places.length > 0) {
      parts.push(el("path", { class: "area", d: `${path}V${px(bottom)}H${px(places[0]![0])}z` }));
    }
    if (isLine && places.length > 1) {
      parts.push(
        el("path", {
          class: curve.dashed ? "curve expected" : "curve",
          d: path,
          "stroke-dasharray": look.dashed ? "4 3" : undefined,
          style: strokeOf(look),
        }, tip(curve.label)),
      );
    }
    if (inPlace[i]) {
      // The name of an upright line stands at its top, that of a point beside it.
      const [px, py] = places[0]!, text = curve.label, upright = places.length > 1;
      const before = px + 8 + textWidth(text) > width;
      if (!upright) {
        parts.push(mark(look.mark, px, py, `${text}: ${curve.points[0]!.map((x) => number(x)).join(", ")}`));
      }
      parts.push(label(text, {
        class: "name",
        x: before ? px - 6 : px + 6,
        y: upright ? bottom - 8 : py + 16,
        "text-anchor": before ? "end" : undefined,
      }));
      return parts;
    }
    const { every } = look;
    if (!areas && every !== Infinity) {
      // Marks of different lines stand at different places where not every point has one.
      for (let k = every === 1 ? 0 : every * (i + 0.5) / curves.length; k < places.length; k += every) {
        const j = Math.floor(k), [px, py] = places[j]!, [x, y] = curve.points[j]!;
        const name = curve.names?.[j];
        const title = `${name === undefined ? curve.label : name}: ${number(x)}, ${number(y)}`;
        parts.push(mark(look.mark, px, py, title, isLine && curves.length > 2 ? 1.3 : 1));
        if (name === undefined) continue;
        // A name that would cover another is left to the pointer and the table.
        const wide = textWidth(name), before = px + 7 + wide > width;
        const box: Box = [before ? px - 7 - wide : px + 7, py - 9, wide, LINE - 4];
        if (written.some((other) => cross(box, other))) continue;
        written.push(box);
        parts.push(label(name, { class: "name", x: box[0], y: py + 4 }));
      }
    }
    return parts;
  });
  if (atEnds) {
    const paths = curves.map(({ points }) => points.map(at));
    const taken: Box[] = curves.flatMap(({ label: text }, i): Box[] =>
      inPlace[i] ? [[Math.min(paths[i]![0]![0] + 6, width - textWidth(text)), bottom - 22, textWidth(text), LINE]] : []
    );
    const write = (i: number, text: string, x: number, y: number): void =>
      void groups[i]!.push(label(text, { class: "name", x, y }));
    let ended = curves.flatMap((_, i) => inPlace[i] ? [] : [i]);
    const end = (i: number): number => vertical.at(curves[i]!.points.at(-1)![1]);
    const starts = (): number[] =>
      spread(
        ended.map((i) => ({ middle: end(i), height: lines[i]!.length * NAME_LINE + 1 })),
        top - 8,
        bottom + 8,
      );
    const off = (start: number, i: number): number => Math.abs(start + lines[i]!.length * NAME_LINE / 2 - end(i));
    // Names that would stand far from the ends of their lines go along them, the farthest first, where there is room.
    const stuck = new Set<number>();
    for (;;) {
      const tops = starts();
      const far = ended.filter((i, k) => !stuck.has(i) && off(tops[k]!, i) > FAR)
        .sort((a, b) => off(tops[ended.indexOf(b)]!, b) - off(tops[ended.indexOf(a)]!, a));
      if (far.length === 0) break;
      const own = far[0]!, text = curves[own]!.label;
      const box = placeAlong(text, own, paths, taken, [left, top, right - left, bottom - top]);
      if (!box) {
        stuck.add(own);
        continue;
      }
      taken.push(box);
      write(own, text, box[0], box[1] + 12);
      ended = ended.filter((i) => i !== own);
    }
    starts().forEach((start, k) => {
      const i = ended[k]!, middle = start + lines[i]!.length * NAME_LINE / 2;
      if (led > 0) {
        const from = [px(right + 4), px(end(i))], to = [px(right + led + 3), px(middle)];
        groups[i]!.push(el("path", { class: "leader", d: `M${from.join(" ")}L${to.join(" ")}` }));
      }
      lines[i]!.forEach((text, row) => write(i, text, right + 9 + led, start + 12 + row * NAME_LINE));
    });
  }
  const order = curves.map((_, i) => i).sort((a, b) => rank(looks[a]!) - rank(looks[b]!));
  const uprights = square
    ? horizontal.ticks.map((tick) =>
      el("line", { class: "rule", x1: horizontal.at(tick), x2: horizontal.at(tick), y1: top, y2: bottom })
    ).join("")
    : "";
  return picture(
    { ...drawing, width },
    {
      kind: areas ? "histogram" : figure.kind,
      height,
      title: figure.caption,
      description: described(curves, x, y, drawing),
    },
    above.text,
    uprights,
    verticalAxis(vertical, titleOf(y), left, right, above.height + 12),
    horizontalAxis(horizontal, titleOf(x), bottom, left, right),
    ...bands,
    ...order.map((i) => el("g", looks[i]!.color, ...groups[i]!)),
  );
}

/** Quantities are drawn over what is none; what others lie on comes first. */
const rank = ({ color, under }: Look): number => (color["data-q"] === undefined ? 0 : 1) - 100 * under;

/** A histogram as the outline of its columns. */
function stepsOf({ series, x, caption }: Figure & { readonly kind: "histogram" }): Plot {
  return {
    kind: "line",
    caption,
    x,
    y: { title: series.length === 1 ? `${series[0]!.label}, count` : "count" },
    series: series.map(({ edges, counts, ...rest }) => ({
      ...rest,
      points: [
        [edges[0]!, 0] as const,
        ...counts.flatMap((count, i) => [[edges[i]!, count], [edges[i + 1]!, count]] as [number, number][]),
        [edges.at(-1)!, 0] as const,
      ],
    })),
  };
}

/** Draws counts over intervals as steps. */
export function drawHistogram(figure: Figure & { readonly kind: "histogram" }, drawing: Drawing): string {
  return drawCurves(stepsOf(figure), drawing, true);
}
