/**
 * # Curves of training
 *
 * The loss of every report over the step, or a number that `evaluate` said, where it said one.
 *
 * @module
 */

import { checkList } from "../engine/arguments.ts";
import { checkOptions, type Checks, isPlain, string } from "../engine/options.ts";
import type { TrainingReport } from "../06_training/loop.ts";
import { drawing, element, Picture, printable, words } from "./picture.ts";

/** Options of {@linkcode lossCurve}. */
export interface CurveOptions {
  /** The name of a number that `evaluate` returned; the loss by default. */
  readonly measure?: string;
}

const curveChecks: Checks<CurveOptions> = { measure: string };

/** Size of the drawing, and of what is left and below for numbers. */
const WIDTH = 480, HEIGHT = 200, LEFT = 72, BOTTOM = 28, TOP = 20;
/** Columns and lines of text. */
const COLUMNS = 60, LINES = 8;

type Point = readonly [step: number, value: number];

/** What a report has to say. */
function isReport(report: unknown): boolean {
  return typeof report === "object" && report !== null && isPlain(report) &&
    ["step", "loss"].every((name) => typeof (report as Record<string, unknown>)[name] === "number");
}

/** How high a number lies between the least and the largest, from 0 to 1; their difference may be no float64. */
function heightOf(value: number, [low, high]: readonly [number, number]): number {
  return high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
}

/** A number as an axis has room for it. */
const short = (value: number): string => String(Number(value.toPrecision(3)));

function curveSvg(points: readonly Point[], title: string, [low, high]: readonly [number, number]): string {
  const [first] = points[0]!, [last] = points.at(-1)!;
  const x = (step: number): number =>
    LEFT + (WIDTH - LEFT - 8) * (last > first ? (step - first) / (last - first) : 0.5);
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - heightOf(value, [low, high]));
  // A line has two ends, also where there is one report: round ends make a dot of it.
  const line = (points.length === 1 ? [points[0]!, points[0]!] : points)
    .map(([step, value]) => `${Number(x(step).toFixed(1))},${Number(y(value).toFixed(1))}`).join(" ");
  const axis = { stroke: "currentColor", "stroke-opacity": 0.3 };
  return drawing(WIDTH, HEIGHT, `${title} by step`, [
    element("line", { x1: LEFT, y1: HEIGHT - BOTTOM, x2: WIDTH - 8, y2: HEIGHT - BOTTOM, ...axis }),
    element("line", { x1: LEFT, y1: TOP, x2: LEFT, y2: HEIGHT - BOTTOM, ...axis }),
    words(title, { x: LEFT, y: 12, "font-weight": 600 }),
    words(short(high), { x: LEFT - 6, y: TOP + 8, "text-anchor": "end" }),
    words(short(low), { x: LEFT - 6, y: HEIGHT - BOTTOM, "text-anchor": "end" }),
    words(`step ${first}`, { x: LEFT, y: HEIGHT - BOTTOM + 16 }),
    words(String(last), { x: WIDTH - 8, y: HEIGHT - BOTTOM + 16, "text-anchor": "end" }),
    element("polyline", {
      points: line,
      fill: "none",
      stroke: "#2f6fb0",
      "stroke-width": 1.5,
      "stroke-linecap": "round",
    }),
  ]);
}

/** Means of neighbours, so that there are no more of them than columns. */
function columnsOf(points: readonly Point[]): number[] {
  const count = Math.min(COLUMNS, points.length);
  return Array.from({ length: count }, (_, i) => {
    const part = points.slice(Math.floor(i * points.length / count), Math.floor((i + 1) * points.length / count));
    return part.reduce((sum, [, value]) => sum + value / part.length, 0);
  });
}

function curveText(points: readonly Point[], title: string, range: readonly [number, number]): string {
  const eighths = columnsOf(points).map((value) => Math.max(1, Math.round(8 * LINES * heightOf(value, range))));
  const lines = Array.from({ length: LINES }, (_, i) => {
    const below = 8 * (LINES - 1 - i);
    return eighths.map((count) => " ▁▂▃▄▅▆▇█"[Math.min(8, Math.max(0, count - below))]).join("").trimEnd();
  });
  const said = `${title} from ${short(points[0]![1])} to ${short(points.at(-1)![1])}`;
  return `${said}, steps ${points[0]![0]} to ${points.at(-1)![0]}\n${lines.join("\n")}`;
}

/**
 * Draws how the loss fell, or a number that was measured.
 *
 * @example
 * ```ts
 * import { lossCurve } from "@heed/heed/figures";
 *
 * const report = { steps: 3, secondsLeft: 0 };
 * const curve = lossCurve([{ ...report, step: 1, loss: 2 }, { ...report, step: 2, loss: 1 }]);
 * console.assert(curve.svg.includes("polyline") && String(curve).startsWith("loss from 2 to 1"));
 * ```
 *
 * @param history what `train` returned
 * @param options which number is drawn
 * @returns a picture that a notebook and a terminal show
 * @throws {TypeError} if the history holds what are no reports
 * @throws {RangeError} if no report has the number
 */
export function lossCurve(history: readonly TrainingReport[], options: CurveOptions = {}): Picture {
  checkList("draw a curve", "history", history, "reports of train()", isReport);
  checkOptions("draw a curve", options, curveChecks);
  const { measure } = options;
  const points = history.map(({ step, loss, evaluation }): readonly [number, number | undefined] => [
    step,
    measure === undefined ? loss : evaluation?.[measure],
  ]).filter((point): point is Point => Number.isFinite(point[1]));
  if (points.length === 0) {
    throw new RangeError(`Cannot draw a curve of ${measure ?? "the loss"}: no report has a finite number of that name`);
  }
  const values = points.map(([, value]) => value);
  const range = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] as const;
  const title = printable(measure ?? "loss");
  return new Picture(curveSvg(points, title, range), curveText(points, title, range));
}
