/**
 * # Matrices in shades
 *
 * A cell for each number. Between 0 and the largest one the shade grows; negative numbers have a colour of their own. Infinity is
 * as dark as the largest number, and NaN is a frame, in text a question mark.
 *
 * @module
 */

import { checkTensors } from "../engine/arguments.ts";
import { type Check, checkOptions, type Checks } from "../engine/options.ts";
import { displayWidth, padEnd, padStart } from "../engine/printing.ts";
import { format } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";
import { drawing, element, Picture, shown, words } from "./picture.ts";

/** Names beside a matrix. */
export interface MatrixOptions {
  /** A name for each row; their numbers from 0 by default. */
  readonly rows?: readonly string[];
  /** A name for each column; their numbers from 0 by default. */
  readonly columns?: readonly string[];
}

const names: Check<readonly string[]> = {
  must: "a list of strings",
  fits: (value) => Array.isArray(value) && [...value].every((name) => typeof name === "string"),
};

const matrixChecks: Checks<MatrixOptions> = { rows: names, columns: names };

/** Side of a cell, and space around a matrix. */
const CELL = 20, GAP = 24;
/** Colours of positive and negative numbers. */
const COLOURS = ["#2f6fb0", "#b5482f"] as const;
/** Cells beyond which nobody sees one, and a page takes seconds to show them. */
const MOST_CELLS = 2 ** 18;
/** Shades of a terminal. */
const SHADES = " ░▒▓█";

/** One matrix with its title. */
interface Panel {
  readonly title: string;
  readonly values: readonly (readonly number[])[];
}

/** What is drawn beside every panel. */
interface Labels {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
}

/** Columns that the longest name takes, or as many as are asked for. */
const widest = (names: readonly string[], least: number): number =>
  names.reduce((most, name) => Math.max(most, displayWidth(name)), least);

/** About how wide a name is in SVG. */
const widthOf = (names: readonly string[]): number => 7.2 * widest(names, 1);

/** How dark a number is, from 0 to 1: infinity as the largest number. */
function strength(value: number, largest: number): number {
  if (!Number.isFinite(value)) return 1;
  return largest > 0 ? Math.abs(value) / largest : 0;
}

/** A panel in SVG, its left upper corner at `x` and 0. */
function panelSvg({ title, values }: Panel, { rows, columns }: Labels, largest: number, x: number): string[] {
  const left = x + widthOf(rows) + 6, top = GAP + widthOf(columns) + 6;
  const cells = values.flatMap((row, r) =>
    row.map((value, c) =>
      element(
        "rect",
        {
          x: left + c * CELL,
          y: top + r * CELL,
          width: CELL - 1,
          height: CELL - 1,
          ...(Number.isNaN(value)
            ? { fill: "none", stroke: "currentColor", "stroke-dasharray": "2 2" }
            : { fill: COLOURS[value < 0 ? 1 : 0], "fill-opacity": Math.max(0.03, strength(value, largest)) }),
        },
        element("title", {}, `${Number(value.toPrecision(4))}`),
      )
    )
  );
  const middle = CELL / 2 + 4;
  return [
    words(title, { x: left, y: 14, "font-weight": 600 }),
    ...rows.map((name, r) => words(name, { x: left - 6, y: top + r * CELL + middle, "text-anchor": "end" })),
    ...columns.map((name, c) => {
      const [at, low] = [left + c * CELL + middle, top - 6];
      return words(name, {
        x: at,
        y: low,
        transform: `rotate(-90 ${Number(at.toFixed(2))} ${Number(low.toFixed(2))})`,
      });
    }),
    ...cells,
  ];
}

/** A panel as text. */
function panelText({ title, values }: Panel, { rows, columns }: Labels, largest: number): string {
  const side = widest(rows, 1), wide = widest(columns, 2);
  const shade = (value: number): string => {
    if (Number.isNaN(value)) return "?".padEnd(wide);
    const level = Math.ceil(4 * strength(value, largest) - 0.5);
    return `${value < 0 && level > 0 ? "−" : ""}`.padEnd(wide, SHADES[level]);
  };
  const lines = [" ".repeat(side) + columns.map((name) => ` ${padEnd(name, wide)}`).join("")];
  values.forEach((row, r) => lines.push(padStart(rows[r]!, side) + row.map((value) => ` ${shade(value)}`).join("")));
  return [...(title ? [title] : []), ...lines].map((line) => line.trimEnd()).join("\n");
}

/** Matrices side by side, which share their names and their scale. */
function matrices(panels: readonly Panel[], labels: Labels, label: string): Picture {
  const all = panels.flatMap(({ values }) => values.flat()).filter(Number.isFinite).map(Math.abs);
  const largest = all.reduce((a, b) => Math.max(a, b), 0);
  const width = widthOf(labels.rows) + 6 + labels.columns.length * CELL + GAP;
  const height = GAP + widthOf(labels.columns) + 6 + labels.rows.length * CELL;
  const svg = panels.flatMap((panel, i) => panelSvg(panel, labels, largest, i * width));
  return new Picture(
    drawing(panels.length * width, height, label, svg),
    panels.map((panel) => panelText(panel, labels, largest)).join("\n\n"),
  );
}

/** Names as they are written, one for each of a number of rows or columns. */
function namesOf(action: string, what: string, given: readonly string[] | undefined, count: number): string[] {
  if (given && given.length !== count) {
    throw new RangeError(`Cannot ${action} with ${given.length} ${what}: ${count} are needed`);
  }
  return Array.from({ length: count }, (_, i) => given ? shown(given[i]!) : String(i));
}

/** Refuses more cells than a picture has. */
function checkCells(action: string, { size, shape }: Tensor): void {
  if (size <= MOST_CELLS) return;
  throw new RangeError(
    `Cannot ${action} of shape ${format(shape)}: at most ${MOST_CELLS} numbers are drawn, so take a slice`,
  );
}

/** The numbers of a tensor as nested lists, whatever its rank. */
async function nestedOf(x: Tensor): Promise<number[][]> {
  const numbers = Array.from(await x.read(), Number), width = x.shape.at(-1)!;
  const count = width === 0 ? 0 : numbers.length / width;
  return Array.from({ length: count }, (_, r) => numbers.slice(r * width, (r + 1) * width));
}

/**
 * Draws what each position looked at, a panel for each head.
 *
 * @example
 * ```ts
 * import { attentionWeights, Random } from "@heed/heed";
 * import { attentionMap } from "@heed/heed/figures";
 *
 * const random = new Random(1), query = random.normal([1, 2, 3, 8]), key = random.normal([1, 2, 3, 8]);
 * const tokens = ["the", "cat", "sat"];
 * const map = await attentionMap(attentionWeights(query, key).squeeze(0), { rows: tokens, columns: tokens });
 * console.assert(map.svg.startsWith("<svg") && String(map).includes("head 2"));
 * ```
 *
 * @param weights rows that sum to one, `[T, S]`, or `[H, T, S]` for several heads
 * @param options what the queries and the keys are called
 * @returns a picture that a notebook and a terminal show
 * @throws {TypeError} if there are fewer than two axes or more than three
 * @throws {RangeError} if there is not a name for each row and column, or there are more than 262,144 weights
 */
export async function attentionMap(weights: Tensor, options: MatrixOptions = {}): Promise<Picture> {
  const action = "draw attention";
  checkTensors(action, { weights });
  checkOptions(action, options, matrixChecks);
  const { rank, shape } = weights;
  if (rank !== 2 && rank !== 3) throw new TypeError(`Cannot ${action} of shape ${format(shape)}: [H, T, S] is needed`);
  checkCells(action, weights);
  const T = shape.at(-2)!, rows = namesOf(action, "rows", options.rows, T);
  const columns = namesOf(action, "columns", options.columns, shape.at(-1)!);
  const values = await nestedOf(weights), H = rank === 3 ? shape[0]! : 1;
  const panels = Array.from({ length: H }, (_, h): Panel => ({
    title: H > 1 ? `head ${h + 1}` : "",
    values: values.slice(h * T, (h + 1) * T),
  }));
  return matrices(panels, { rows, columns }, "attention weights");
}

/**
 * Draws a matrix as shades.
 *
 * @param matrix numbers of any sign, `[R, C]`
 * @param options what rows and columns are called
 * @returns a picture that a notebook and a terminal show
 * @throws {TypeError} if it is no matrix
 * @throws {RangeError} if there is not a name for each row and column, or there are more than 262,144 numbers
 */
export async function heatMap(matrix: Tensor, options: MatrixOptions = {}): Promise<Picture> {
  const action = "draw a matrix";
  checkTensors(action, { matrix });
  checkOptions(action, options, matrixChecks);
  const { shape } = matrix;
  if (shape.length !== 2) throw new TypeError(`Cannot ${action} of shape ${format(shape)}: [R, C] is needed`);
  checkCells(action, matrix);
  const rows = namesOf(action, "rows", options.rows, shape[0]!);
  const columns = namesOf(action, "columns", options.columns, shape[1]!);
  return matrices([{ title: "", values: await nestedOf(matrix) }], { rows, columns }, "matrix");
}
