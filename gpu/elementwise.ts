/**
 * # Elementwise members of the GPU device
 *
 * Memory is what such an operation waits for, so a thread takes four elements at a time wherever they lie
 * side by side in every operand, or repeat. `axes` and `strides` then count *cells* of four. An
 * operand that repeats along the last axis, as the scalar in $x + 1$, is read as one number.
 *
 * @module
 */

import type { Buffer, View } from "../core/engine/backend.ts";
import {
  type ArithmeticOp,
  type BinaryOp,
  type ComparisonOp,
  isComparison,
  type UnaryOp,
} from "../core/engine/operations.ts";
import { checkBinary, checkSelect, checkUnary } from "../core/engine/requirements.ts";
import { type Shape, simplify, sizeOf } from "../core/engine/shape.ts";
import { cellsOf, LANES, wordsOf } from "./copy.ts";
import type { Grid } from "./queue.ts";
import { plane, type Runtime } from "./runtime.ts";

/** Elements from which an operand that lies across the others is turned before. */
const LARGE = 32768;

/** How the operands of one operation are walked. */
interface Walk {
  /** The operands, or copies of them. */
  readonly views: readonly View[];
  /** Cells of the result. */
  readonly count: number;
  /** Workgroups. */
  readonly grid: Grid;
  /** Words of `Axes`. */
  readonly words: readonly number[];
  /** Whether a cell has four elements. */
  readonly wide: boolean;
  /** For each operand whether a cell of it is one number that repeats. */
  readonly repeats: readonly boolean[];
}

/** Finds cells of four, or else cells of one. */
function walkOf(runtime: Runtime, shape: Shape, given: readonly View[]): Walk {
  let views = given;
  let axes = simplify(shape, views.map((x) => x.strides));
  if (views.length > 1 && sizeOf(shape) >= LARGE && axes.strides.some((strides) => strides.at(-1)! > 4)) {
    // Reading across rows wastes most of what memory delivers; a copy turns tile by tile.
    views = views.map((x, i) => axes.strides[i]!.at(-1)! > 4 ? runtime.contiguous(x) : x);
    axes = simplify(shape, views.map((x) => x.strides));
  }
  const cells = cellsOf(axes, views.map((x) => x.offset), true);
  if (cells) return { views, ...cells, wide: true, grid: plane(Math.ceil(cells.count / LANES)) };
  const count = sizeOf(shape);
  return {
    views,
    count,
    grid: plane(Math.ceil(count / LANES)),
    words: wordsOf(axes, views.map((x) => x.offset)),
    wide: false,
    repeats: views.map(() => false),
  };
}

/** The type in which a shader reads operand number `i`. */
function cellOf({ wide, repeats }: Walk, i: number, element: string): string {
  return wide && !repeats[i] ? `vec4<${element}>` : element;
}

/** Functions of one argument as formulas of `shaders/unary.wgsl`. */
export const UNARY: Readonly<Record<UnaryOp, string>> = {
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

/** Arithmetic of float32 as formulas of `shaders/binary.wgsl`. */
export const ARITHMETIC: Readonly<Record<ArithmeticOp, string>> = {
  add: "a + b",
  sub: "a - b",
  mul: "a * b",
  div: "divide(a, b)",
  pow: "power(a, b)",
  max: "greater(a, b)",
  min: "lesser(a, b)",
  mod: "remainder(a, b)",
};

/** The same of int32. */
export const INTEGERS: Readonly<Record<ArithmeticOp, string>> = {
  add: "a + b",
  sub: "a - b",
  mul: "a * b",
  div: "integerQuotient(a, b)",
  pow: "integerPower(a, b)",
  max: "max(a, b)",
  min: "min(a, b)",
  mod: "integerRemainder(a, b)",
};

/** Comparisons of float32. */
export const COMPARISONS: Readonly<Record<ComparisonOp, string>> = {
  equal: "select(0u, 1u, comparable(a, b) && orderOf(a) == orderOf(b))",
  notEqual: "select(1u, 0u, comparable(a, b) && orderOf(a) == orderOf(b))",
  less: "select(0u, 1u, comparable(a, b) && orderOf(a) < orderOf(b))",
  lessEqual: "select(0u, 1u, comparable(a, b) && orderOf(a) <= orderOf(b))",
};

/** The same of int32. */
export const INTEGER_COMPARISONS: Readonly<Record<ComparisonOp, string>> = {
  equal: "select(0u, 1u, a == b)",
  notEqual: "select(0u, 1u, a != b)",
  less: "select(0u, 1u, a < b)",
  lessEqual: "select(0u, 1u, a <= b)",
};

/** `y[i] = op(x[i])`. */
export function unary(runtime: Runtime, op: UnaryOp, x: View): Buffer {
  checkUnary(op, x);
  const result = runtime.allocate(sizeOf(x.shape)), walk = walkOf(runtime, x.shape, [x]);
  const variant = {
    op: UNARY[op],
    ...walk.wide ? {} : { Cell: "f32", apply: "op(x)" },
    Argument: cellOf(walk, 0, "f32"),
  };
  runtime.run("unary", [walk.views[0]!.buffer, result], [walk.count, 0, 0, 0, ...walk.words], walk.grid, variant);
  return result;
}

/** `y[i] = op(a[i], b[i])`. */
export function binary(runtime: Runtime, op: BinaryOp, a: View, b: View): Buffer {
  checkBinary(op, a, b);
  const float = a.dtype === "float32", element = float ? "f32" : "i32", result = isComparison(op) ? "u32" : element;
  const formula = isComparison(op)
    ? (float ? COMPARISONS : INTEGER_COMPARISONS)[op]
    : (float ? ARITHMETIC : INTEGERS)[op];
  const walk = walkOf(runtime, a.shape, [a, b]), [left, right] = walk.views, y = runtime.allocate(sizeOf(a.shape));
  const variant = {
    op: formula,
    Element: element,
    Result: result,
    ...walk.wide ? {} : { Cell: element, ResultCell: result, apply: "op(a, b)" },
    Left: cellOf(walk, 0, element),
    Right: cellOf(walk, 1, element),
  };
  runtime.run("binary", [left!.buffer, right!.buffer, y], [walk.count, 0, 0, 0, ...walk.words], walk.grid, variant);
  return y;
}

/** `y[i] = choose[i] ? a[i] : b[i]`. */
export function select(runtime: Runtime, choose: View, a: View, b: View): Buffer {
  checkSelect(choose, a, b);
  const walk = walkOf(runtime, a.shape, [choose, a, b]), y = runtime.allocate(sizeOf(a.shape));
  const variant = {
    ...walk.wide ? {} : { Cell: "u32" },
    Choose: cellOf(walk, 0, "u32"),
    Left: cellOf(walk, 1, "u32"),
    Right: cellOf(walk, 2, "u32"),
  };
  const buffers = [...walk.views.map(({ buffer }) => buffer), y];
  runtime.run("select", buffers, [walk.count, 0, 0, 0, ...walk.words], walk.grid, variant);
  return y;
}
