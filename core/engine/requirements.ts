/**
 * # What a device asks of its arguments
 *
 * Three devices compute the same functions and refuse the same mistakes, each in the same sentence. The sentences
 * stand here, once; what a device can only see in the numbers themselves it looks at on its own.
 *
 * Refusals of shapes and dtypes are `TypeError`s, those of numbers `RangeError`s.
 *
 * @module
 */

import { DeviceLost, type DType, type View } from "./backend.ts";
import { shown } from "./options.ts";
import { type BinaryOp, isComparison, type ReduceOp, type UnaryOp } from "./operations.ts";
import { contiguousStrides, format, isContiguous, sameShape, type Shape } from "./shape.ts";

function requireDtype(action: string, x: View, ...allowed: readonly DType[]): void {
  if (!allowed.includes(x.dtype)) {
    throw new TypeError(`Cannot ${action} ${x.dtype}: it must be ${allowed.join(" or ")}`);
  }
}

function requireShape(action: string, actual: Shape, expected: Shape): void {
  if (!sameShape(actual, expected)) {
    throw new TypeError(`Cannot ${action} shape ${format(actual)}: it must be ${format(expected)}`);
  }
}

function requireSame(action: string, a: View, b: View): void {
  if (a.dtype !== b.dtype) throw new TypeError(`Cannot ${action} ${a.dtype} and ${b.dtype}: the dtypes must agree`);
  requireShape(action, b.shape, a.shape);
}

/** Most elements of a buffer: their bytes are counted in words of 32 bits. */
export const MOST_ELEMENTS: number = 2 ** 30;

/** Refuses a number of elements that is none. */
export function checkCount(count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`Cannot allocate ${shown(count)} elements: the count must be an integer of at least 0`);
  }
}

/** Refuses more elements than the host can hold in one array. */
export function checkHostCount(count: number): void {
  checkCount(count);
  if (count > MOST_ELEMENTS) {
    throw new RangeError(`Cannot allocate ${count} elements: a tensor has at most ${MOST_ELEMENTS}`);
  }
}

/** Refuses a size in bytes that is none: an allocator that takes it for one hands the same memory out twice. */
export function checkBytes(bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return;
  throw new RangeError(`Cannot allocate ${shown(bytes)} bytes: the size must be an integer of at least 0`);
}

/** The error of whoever uses a device after it was disposed of. */
export function disposed(name: string): DeviceLost {
  return new DeviceLost(`Cannot use the ${name} device: it was disposed of, so make another one`);
}

/** Refuses a copy between shapes that differ. */
export function checkCopy(source: View, target: View): void {
  requireShape("copy into", source.shape, target.shape);
}

/** Refuses a function of anything but float32. */
export function checkUnary(op: UnaryOp, x: View): void {
  requireDtype(`take ${op} of`, x, "float32");
}

/** Refuses operands of different dtypes or shapes, and arithmetic of bool. */
export function checkBinary(op: BinaryOp, a: View, b: View): void {
  requireSame(op, a, b);
  if (!isComparison(op)) requireDtype(op, a, "float32", "int32");
}

/** Refuses integers that an integer operation has no value for: zero to divide by, negative exponents. */
export function checkIntegers(op: BinaryOp, right: Int32Array): void {
  if ((op === "div" || op === "mod") && right.includes(0)) throw new RangeError(`Cannot ${op} int32 by zero`);
  if (op === "pow" && right.some((exponent) => exponent < 0)) {
    throw new RangeError("Cannot raise int32 to a negative power: the exponent must be at least 0");
  }
}

/** Refuses a choice by anything but bool, and operands that differ. */
export function checkSelect(choose: View, a: View, b: View): void {
  requireDtype("choose by", choose, "bool");
  requireSame("select between", a, b);
  requireShape("choose by", choose.shape, a.shape);
}

/** Refuses axes that a view does not have, bool, and a total of nothing that has no value. */
export function checkReduce(op: ReduceOp, x: View, axes: number): void {
  requireDtype(`take the ${op} of`, x, "float32", "int32");
  const rank = x.shape.length, kept = rank - axes;
  if (!Number.isInteger(axes) || axes < 0 || axes > rank) {
    throw new RangeError(`Cannot collapse ${axes} axes of ${format(x.shape)}: it has ${rank}`);
  }
  // What would hold the totals has elements, and they have nothing to be the total of.
  if (op === "sum" || !x.shape.includes(0, kept) || x.shape.slice(0, kept).includes(0)) return;
  if (op === "argmax") throw new RangeError("Cannot take the argmax of no elements");
  if (x.dtype === "int32") throw new RangeError(`Cannot take the ${op} of no int32 elements`);
}

/** Refuses matrices that cannot be multiplied. */
export function checkMatmul(a: View, b: View): void {
  requireDtype("multiply matrices of", a, "float32");
  requireDtype("multiply matrices of", b, "float32");
  const rank = a.shape.length;
  const agree = rank >= 2 && a.shape[rank - 1] === b.shape[rank - 2] &&
    sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (!agree) {
    throw new TypeError(`Cannot multiply ${format(a.shape)} by ${format(b.shape)}: inner and leading axes must agree`);
  }
}

/** Refuses a linear layer whose weights do not fit what it is given. */
export function checkLinear(x: View, weight: View): void {
  if (weight.shape.length !== 2 || x.shape.at(-1) !== weight.shape[0]) {
    throw new TypeError(`Cannot multiply ${format(x.shape)} by ${format(weight.shape)}: inner axes must agree`);
  }
}

function requireTable(action: string, table: View, ids: View): void {
  requireDtype(`${action} by ids of dtype`, ids, "int32");
  if (table.shape.length === 0) throw new TypeError(`Cannot ${action} rows of a scalar: the table needs an axis`);
}

/** Refuses ids that are no integers, and a table without rows to name. */
export function checkGather(table: View, ids: View): void {
  requireTable("gather", table, ids);
}

/** Refuses rows that do not fit the table, and a table that does not lie in order. */
export function checkScatterAdd(table: View, ids: View, rows: View): void {
  requireDtype("add into", table, "float32");
  requireDtype("add rows of", rows, "float32");
  if (!isContiguous(table.shape, table.strides)) {
    throw new TypeError(
      `Cannot add into strides ${format(table.strides)}: they must be ${format(contiguousStrides(table.shape))}`,
    );
  }
  requireTable("add into", table, ids);
  requireShape("add rows of", rows.shape, [...ids.shape, ...table.shape.slice(1)]);
}

/** Refuses the first of some ids that names no row of a table. */
export function checkIds(action: "gather" | "add into", ids: Int32Array, rows: number): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id < 0 || id >= rows) throw new RangeError(`Cannot ${action} row ${id}: ids must be in [0, ${rows})`);
  }
}

/** Refuses to sort bool, or a scalar. */
export function checkArgsort(x: View): void {
  requireDtype("sort", x, "float32", "int32");
  if (x.shape.length === 0) throw new TypeError("Cannot sort a scalar: it has no last axis");
}

/** Most axes of a view that kernels walk, once neighbours are merged. */
export const MOST_AXES = 8;

/** Refuses more axes than kernels walk. */
export function checkAxes(count: number): void {
  if (count > MOST_AXES) {
    throw new RangeError(`Cannot walk a view of ${count} axes that do not merge: at most ${MOST_AXES}`);
  }
}
