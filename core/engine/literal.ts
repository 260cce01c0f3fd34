/**
 * # Numbers written down
 *
 * **Question.** In `x.add(tensor([[1, 2]]))` the place says what the numbers are for: they meet `x`, so they are of its kind
 * and lie on its device. Why say it again?
 *
 * **Idea.** Wherever a small tensor is natural, a *literal* may stand: a number, nested lists, or a `Float32Array`,
 * `Float64Array`, `Int32Array`, or one of bytes, alone or as rows of a list. It becomes the
 * tensor that its place needs, on the device of the tensor that it meets, or on the current one.
 *
 * | place                                                  | dtype             | refused                          |
 * | ------------------------------------------------------ | ----------------- | -------------------------------- |
 * | beside a tensor: `x.add([1, 2])`, `x.equal([1, 2])`    | that of `x`       | fractions beside int32, booleans |
 * | ids: `model.forward([[5, 6]])`, `take(table, [0, 2])`  | int32             | fractions, NaN, what int32 lacks |
 * | masks: `{ mask: [[true, false]] }`                     | bool              | numbers                          |
 * | features and weights: `linear([[1, 2]], weight)`       | float32           | booleans                         |
 *
 * Rows of different lengths or depths are refused everywhere. Each use uploads its literal anew: what is used in a loop is
 * made once, with `tensor`.
 *
 * @module
 */

import type { DType, Nested, Numbers } from "./backend.ts";
import { HIGHEST, LOWEST } from "./numbers.ts";
import { shown } from "./options.ts";

/** One element, or lists of such, all of one depth. */
export type Rows<E> =
  | E
  | readonly E[]
  | readonly (readonly E[])[]
  | readonly (readonly (readonly E[])[])[]
  | readonly (readonly (readonly (readonly E[])[])[])[]
  | readonly (readonly (readonly (readonly (readonly E[])[])[])[])[];

/** Lists whose rows are typed arrays, such as windows of one long text. */
export type TypedRows = readonly (Numbers | Bytes)[];

/** Bytes, such as the pixels of a canvas: numbers from 0 to 255. */
export type Bytes = Uint8Array | Uint8ClampedArray;

/** What stands for a tensor. */
export type Literal = Nested | Numbers | Bytes | TypedRows;

/** What a literal says. */
export interface Reading {
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** The elements in row-major order. */
  readonly numbers: Numbers;
  /** How many of them are true or false. */
  readonly booleans: number;
}

/**
 * Reads nested lists or a typed array.
 *
 * @param subject what is attempted with it, as in `Cannot make a tensor`
 * @param data what was written
 * @throws {TypeError} if rows differ in length or depth, or hold something else
 */
export function readLiteral(subject: string, data: Literal): Reading {
  if (ArrayBuffer.isView(data)) {
    if (isBytes(data)) return { shape: [data.length], numbers: Float32Array.from(data), booleans: 0 };
    if (!isNumbers(data)) {
      throw new TypeError(
        `Cannot ${subject} of ${shown(data)}: a Float32Array, Float64Array, Int32Array or Uint8Array is needed`,
      );
    }
    return { shape: [data.length], numbers: data, booleans: 0 };
  }
  const shape = nestingOf(subject, data), flat: (number | boolean)[] = [], rows = new Set<unknown>();
  flatten(subject, data, shape, 0, flat, rows);
  const booleans = flat.filter((element) => typeof element === "boolean").length;
  // Rows of ids alone are ids.
  const isIds = rows.size === 1 && rows.has(Int32Array);
  return { shape, numbers: isIds ? Int32Array.from(flat, Number) : Float64Array.from(flat, Number), booleans };
}

/** Whether a typed array is one of those that devices take. */
function isNumbers(data: ArrayBufferView): data is Numbers {
  return data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array;
}

/** Whether a typed array is one of pixels or of letters. */
function isBytes(data: ArrayBufferView): data is Bytes {
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}

/** More brackets than any shape has axes: what is deeper holds itself, or is no array of numbers. */
const MOST_BRACKETS = 64;

/** How long the first row of each depth is. */
function nestingOf(subject: string, data: Literal): number[] {
  const nesting: number[] = [];
  for (let level: unknown = data; isRow(level); level = level[0]) {
    if (nesting.length === MOST_BRACKETS) throw new TypeError(`Cannot ${subject} of more than ${MOST_BRACKETS} axes`);
    nesting.push(level.length);
  }
  return nesting;
}

/** Whether something holds elements or rows. */
function isRow(value: unknown): value is ArrayLike<unknown> & Iterable<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value) && (isNumbers(value) || isBytes(value));
}

/** The elements in brackets, in row-major order, and what kinds of rows hold them. */
function flatten(
  subject: string,
  value: unknown,
  nesting: readonly number[],
  depth: number,
  flat: (number | boolean)[],
  rows: Set<unknown>,
): void {
  if (!isRow(value)) {
    if (typeof value !== "number" && typeof value !== "boolean") {
      throw new TypeError(`Cannot ${subject} of ${shown(value)}: numbers or booleans are needed`);
    }
    if (depth < nesting.length) throw new TypeError(`Cannot ${subject} of rows of different depth`);
    flat.push(value);
    return;
  }
  if (depth >= nesting.length) throw new TypeError(`Cannot ${subject} of rows of different depth`);
  if (value.length !== nesting[depth]) {
    throw new TypeError(`Cannot ${subject} of rows of lengths ${nesting[depth]} and ${value.length}`);
  }
  if (depth === nesting.length - 1) rows.add(value.constructor);
  for (const element of value) flatten(subject, element, nesting, depth + 1, flat, rows);
}

/**
 * Reads a literal that must be of one kind.
 *
 * @param subject what is attempted with it
 * @param data what was written
 * @param dtype what its place needs
 * @throws {TypeError} if it is ragged, or of another kind
 */
export function readAs(subject: string, data: Literal, dtype: DType): Reading {
  const reading = readLiteral(subject, data), { numbers, booleans } = reading;
  if (dtype === "bool" && booleans < numbers.length) {
    throw new TypeError(`Cannot ${subject} of numbers: true and false are needed`);
  }
  if (dtype !== "bool" && booleans > 0) throw new TypeError(`Cannot ${subject} of booleans: numbers are needed`);
  if (dtype === "int32" && !(numbers instanceof Int32Array)) {
    const wrong = numbers.find((x) => !Number.isInteger(x) || x < LOWEST || x > HIGHEST);
    if (wrong !== undefined) {
      throw new TypeError(`Cannot ${subject} of ${wrong}: integers in [${LOWEST}, ${HIGHEST}] are needed`);
    }
  }
  return reading;
}

/** Whether something is a literal as far as its outside tells. */
export function isLiteral(value: unknown): value is Literal {
  return typeof value === "number" || typeof value === "boolean" || Array.isArray(value) || ArrayBuffer.isView(value);
}

/** What stands for a tensor, where an error says what is needed. */
export const literalMust = "a Tensor or nested lists of numbers";
