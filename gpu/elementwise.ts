/**
 * # Elementwise members of the GPU device
 *
 * Memory is what such an operation waits for, so a thread takes four elements at a time wherever they lie
 * side by side in every operand, or repeat. `axes` and `strides` then count *cells* of four. An
 * operand that repeats along the last axis, as the scalar in $x + 1$, is read as one number.
 *
 * **Integers.** Where a CPU device refuses int32 `div` and `mod` by zero and `pow` with a negative exponent,
 * this one cannot without waiting: `div` and `mod` by zero yield 0, and a negative power the integer part of
 * the quotient.
 *
 * @module
 */

import type { Buffer, UnaryOp, View } from "../core/engine/backend.ts";
import { type Shape, simplify, sizeOf } from "../core/engine/shape.ts";
import { LANES, wordsOf } from "./copy.ts";
import { plane, type Runtime } from "./runtime.ts";

/** Elements of a cell. */
const CELL = 4;

/** How the operands of one operation are walked. */
interface Walk {
  /** Cells of the result. */
  readonly count: number;
  /** Words of `Axes`. */
  readonly words: readonly number[];
  /** Whether a cell has four elements. */
  readonly wide: boolean;
  /** For each operand whether a cell of it is one number that repeats. */
  readonly repeats: readonly boolean[];
}

/** Finds cells of four, or else cells of one. */
function walkOf(shape: Shape, views: readonly View[]): Walk {
  const axes = simplify(shape, views.map((x) => x.strides)), last = axes.shape.length - 1;
  const narrow: Walk = {
    count: sizeOf(shape),
    words: wordsOf(axes, views.map((x) => x.offset)),
    wide: false,
    repeats: views.map(() => false),
  };
  const flat = axes.shape.length <= 1, extent = axes.shape[last] ?? 1;
  // A flat result may write past its end: every block has room for whole cells.
  if (!flat && extent % CELL !== 0) return narrow;
  const repeats = axes.strides.map((strides) => (strides[last] ?? 0) === 0);
  const fits = views.every(({ offset }, i) => {
    const strides = axes.strides[i]!;
    return repeats[i] || strides[last] === 1 && offset % CELL === 0 &&
        strides.every((stride, axis) => axis === last || stride % CELL === 0);
  });
  if (!fits) return narrow;
  const cells = {
    shape: axes.shape.map((length, axis) => axis === last ? Math.ceil(length / CELL) : length),
    strides: axes.strides.map((strides, i) =>
      strides.map((stride, axis) => repeats[i] || axis === last ? stride : stride / CELL)
    ),
  };
  const offsets = views.map(({ offset }, i) => repeats[i] ? offset : offset / CELL);
  return { count: sizeOf(cells.shape), words: wordsOf(cells, offsets), wide: true, repeats };
}

const UNARY: Readonly<Record<UnaryOp, string>> = {
  neg: "-x",
  abs: "absolute(x)",
  sign: "signOf(x)",
  floor: "floorOf(x)",
  exp: "exponential(x)",
  log: "logarithm(x)",
  log1p: "logarithmOfOnePlus(x)",
  sqrt: "squareRoot(x)",
  sin: "sine(x)",
  cos: "cosine(x)",
  tanh: "hyperbolicTangent(x)",
  sigmoid: "logistic(x)",
  erf: "errorFunction(x)",
};

/** `y[i] = op(x[i])`. */
export function unary(runtime: Runtime, op: UnaryOp, x: View): Buffer {
  if (x.dtype !== "float32") throw new TypeError(`Cannot take ${op} of ${x.dtype}: it must be float32`);
  const result = runtime.allocate(sizeOf(x.shape)), { count, words, wide, repeats } = walkOf(x.shape, [x]);
  const variant = { op: UNARY[op], ...wide && !repeats[0] ? {} : { Cell: "f32", apply: "op(x)" } };
  if (repeats[0]) throw new Error("todo");
  runtime.run("unary", [x.buffer, result], [count, 0, 0, 0, ...words], plane(Math.ceil(count / LANES)), variant);
  return result;
}
export function binary(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("binary");
}
export function select(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("select");
}
