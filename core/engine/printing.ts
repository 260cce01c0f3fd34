/**
 * # Printing
 *
 * **Question.** What does `console.log(x)` show of an array that lives in the memory of a device?
 *
 * **Idea.** A line that says what it is, and its numbers as a table: nested brackets, columns aligned, of a long axis the
 * two ends. Only what is shown is read. A device that cannot answer at once, such as a GPU, shows the line alone.
 *
 * **Numbers.** All numbers of a table are written alike: as integers if they are, with four decimals or up to eight
 * where all are small, and in scientific notation if a number that is not zero would look like zero, or the largest would
 * need more digits than float32 has. Zeros at the end of all of them are left out.
 *
 * **Modules** are printed as an outline of their parts. Neighbours that are built alike, the layers of a model, share
 * their lines.
 *
 * @module
 */

import { type Backend, DeviceLost, type DType, type Nested, type View } from "./backend.ts";
import { format, type Shape, sizeOf } from "./shape.ts";

/** What is printed of a tensor. */
export interface Printed {
  /** What the elements are. */
  readonly dtype: DType;
  /** Extent of each axis. */
  readonly shape: Shape;
  /** The device. */
  readonly device: Backend;
  /** Whether gradients flow to or through it. */
  readonly requiresGrad: boolean;
}

/** Elements beyond which only the ends of long axes are shown. */
const MANY = 1000;
/** Elements shown at either end of a long axis. */
const EDGE = 3;
/** Levels of an outline beyond which parts are left out. */
const DEEP = 24;
/** Characters in a line. */
const WIDTH = 80;

/** What a tensor is, in one line. */
export function headline({ dtype, shape, device, requiresGrad }: Printed): string {
  return `tensor ${dtype} ${format(shape)} on ${device.name}${requiresGrad ? ", with gradient" : ""}`;
}

/** What a tensor is, and its numbers where the device can say them at once. */
export function print(tensor: Printed, view: () => View): string {
  const line = headline(tensor), { device } = tensor;
  if (!device.peek) return `${line}: its numbers come with await x.read()`;
  try {
    const numbers = table(device.peek.bind(device), view());
    const isShort = !numbers.includes("\n") && line.length + numbers.length < WIDTH;
    return `${line}:${isShort ? " " : "\n"}${numbers}`;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DeviceLost)) throw error;
    return `${line}: ${error.message}`;
  }
}

/** Lets `console.log` of Deno and Node show what `toString()` says. */
export function printsItself({ prototype }: { readonly prototype: object }): void {
  for (const name of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
    Object.defineProperty(prototype, Symbol.for(name), {
      value(this: object): string {
        return String(this);
      },
    });
  }
}

/** Numbers in row-major order as nested arrays. */
export function nest(numbers: ArrayLike<number>, shape: Shape, dtype: DType): Nested {
  const element = dtype === "bool" ? (i: number) => numbers[i] !== 0 : (i: number) => numbers[i]!;
  const inner = (axis: number, from: number): Nested => {
    if (axis === shape.length) return element(from);
    const stride = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis]! }, (_, i) => inner(axis + 1, from + i * stride));
  };
  return inner(0, 0);
}

/** A row of the table: numbers, rows, or what stands for those left out. */
type Cells = number | Cells[] | "…";

/** The numbers of a view in brackets. */
function table(peek: (view: View) => ArrayLike<number>, view: View): string {
  const short = sizeOf(view.shape) > MANY;
  const cells = cut(view, peek, short);
  const shown: number[] = [];
  gather(cells, shown);
  const write = writer(shown, view.dtype);
  const width = Math.max(1, ...shown.map((x) => write(x).length));
  return bracket(cells, (x) => write(x).padStart(width), 1);
}

/** The elements that are shown. */
function cut(view: View, peek: (view: View) => ArrayLike<number>, short: boolean): Cells {
  const [extent, ...rest] = view.shape, [stride, ...strides] = view.strides;
  if (extent === undefined) return peek(view)[0]!;
  const part = (from: number, count: number): Cells[] => {
    const offset = view.offset + from * stride!;
    const at = { buffer: view.buffer, dtype: view.dtype };
    if (rest.length === 0) return Array.from(peek({ ...at, shape: [count], strides: [stride!], offset }));
    return Array.from(
      { length: count },
      (_, i) => cut({ ...at, shape: rest, strides, offset: offset + i * stride! }, peek, short),
    );
  };
  if (!short || extent <= 2 * EDGE) return part(0, extent);
  return [...part(0, EDGE), "…", ...part(extent - EDGE, EDGE)];
}

function gather(cells: Cells, into: number[]): void {
  if (typeof cells === "number") into.push(cells);
  else if (cells !== "…") { for (const cell of cells) gather(cell, into); }
}

/** How numbers are written that stand in one table. */
function writer(numbers: readonly number[], dtype: DType): (x: number) => string {
  if (dtype === "bool") return (x) => String(x !== 0);
  const sizes = numbers.filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs);
  const plain = (x: number): string => Object.is(x, -0) ? "-0" : String(x);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0), least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  if (dtype === "int32" || (sizes.every(Number.isInteger) && largest < 1e8)) return plain;
  const power = Math.floor(Math.log10(largest));
  const decimals = Math.min(8, Math.max(4, 3 - power), Math.max(0, 6 - power));
  const scientific = largest >= 1e8 || least < 0.5 * 10 ** -decimals;
  const digits = (x: number): string => scientific ? x.toExponential(4) : x.toFixed(decimals);
  const zeros = numbers.filter(Number.isFinite).map((x) => /0*(?=e|$)/.exec(digits(x))![0].length);
  const needless = zeros.reduce((a, b) => Math.min(a, b), Infinity);
  return (x) => Number.isFinite(x) ? shorten(digits(x), needless) : String(x);
}

/** A decimal without some of the zeros at its end. */
function shorten(digits: string, zeros: number): string {
  const [factor, power] = digits.split("e");
  const short = factor!.slice(0, factor!.length - zeros).replace(/\.$/, "");
  return power === undefined ? short : `${short}e${power}`;
}

/** Cells in brackets; rows stand below each other, and a row that is too long goes on in the next line. */
function bracket(cells: Cells, write: (x: number) => string, indent: number): string {
  if (cells === "…") return "…";
  if (typeof cells === "number") return write(cells).trim();
  if (cells.some(Array.isArray)) {
    const rows = cells.map((cell) => bracket(cell, write, indent + 1));
    const blank = cells.some((cell) => Array.isArray(cell) && cell.some(Array.isArray)) ? "\n" : "";
    return `[${rows.join(`,\n${blank}${" ".repeat(indent)}`)}]`;
  }
  const lines = [""];
  for (const [i, cell] of cells.entries()) {
    const word = (cell === "…" ? "…" : write(cell as number)) + (i < cells.length - 1 ? ", " : "");
    if (lines.at(-1)!.length + word.length + indent > WIDTH && lines.at(-1) !== "") lines.push("");
    lines[lines.length - 1] += word;
  }
  return `[${lines.map((line) => line.trimEnd()).join(`\n${" ".repeat(indent)}`)}]`;
}

/** A number with its thousands apart. */
export function grouped(x: number): string {
  return x.toLocaleString("en-US");
}

// ## Outlines

/** A part of a module: where it is, what says what it is, and whether others belong to it. */
export type Outlined = readonly [path: string, text: () => string, holds: boolean];

/** A part with what belongs to it. */
interface Node {
  readonly path: string;
  /** The path from what it belongs to. */
  readonly name: string;
  readonly text: string;
  readonly parts: Node[];
}

/** Parts below each other, each indented below what it belongs to. */
export function outline(head: string, parts: Iterable<Outlined>): string {
  const root: Node = { path: "", name: "", text: head, parts: [] };
  const open = [root];
  for (const [path, text, holds] of parts) {
    while (open.length > 1 && !path.startsWith(`${open.at(-1)!.path}.`)) open.pop();
    if (open.length > DEEP) continue;
    const above = open.at(-1)!;
    const node: Node = {
      path,
      name: above === root ? path : path.slice(above.path.length + 1),
      text: text(),
      parts: [],
    };
    above.parts.push(node);
    if (holds) open.push(node);
  }
  return [head, ...lines(root.parts)].join("\n");
}

/** The lines of parts; neighbours that differ by their number alone are written once. */
function lines(parts: readonly Node[]): string[] {
  const written: string[] = [];
  for (let i = 0, end: number; i < parts.length; i = end) {
    const { name, text } = parts[i]!, below = lines(parts[i]!.parts);
    const [, list, number] = /^(.*?)(\d+)$/.exec(name) ?? [];
    const isAlike = (other: Node | undefined, distance: number): boolean =>
      number !== undefined && other?.name === `${list}${Number(number) + distance}` && other.text === text &&
      String(lines(other.parts)) === String(below);
    for (end = i + 1; isAlike(parts[end], end - i);) end++;
    const count = end - i;
    written.push(count === 1 ? `${name}: ${text}` : `${name}–${Number(number) + count - 1}: ${count} × ${text}`);
    written.push(...below);
  }
  return written.map((line) => `  ${line}`);
}

// ## Columns
//
// Counted as a terminal draws them: a Chinese character takes two, a combining mark none.

/** First and last code points that a terminal draws two columns wide. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (/\p{Mark}|\p{Default_Ignorable_Code_Point}/u.test(character)) continue;
    width += WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
  }
  return width;
}

/** The text with spaces after it, up to a number of columns. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** The text with spaces before it, up to a number of columns. */
export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text))) + text;
}
