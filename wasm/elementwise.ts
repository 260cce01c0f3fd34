/**
 * # Elementwise members of the CPU device
 *
 * Finds the longest inner loop for the operands at hand and calls the kernels of
 * `assembly/elementwise.ts`. An operand whose inner elements neither lie side by side nor
 * repeat is copied first: the copy transposes in registers and is faster than fetching
 * elements one by one.
 *
 * @module
 */

import type { BinaryOp, Buffer, UnaryOp, View } from "../core/engine/backend.ts";
import { checkBinary, checkIntegers, checkSelect, checkUnary } from "../core/engine/requirements.ts";
import { isContiguous, product, simplify, sizeOf } from "../core/engine/shape.ts";
import { BINARY, BINARY_INTEGER, SELECT, UNARY } from "./assembly/opcodes.ts";
import type { Runtime } from "./runtime.ts";
import { writeAxes } from "./views.ts";

/** Elements of one unit of the kernels. */
const BLOCK = 4096;

const UNARY_NUMBERS: Readonly<Record<UnaryOp, number>> = {
  neg: 0,
  abs: 1,
  sign: 2,
  floor: 3,
  exp: 4,
  log: 5,
  log1p: 6,
  sqrt: 7,
  sin: 8,
  cos: 9,
  tanh: 10,
  sigmoid: 11,
  erf: 12,
};

const BINARY_NUMBERS: Readonly<Record<BinaryOp, number>> = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  pow: 4,
  max: 5,
  min: 6,
  mod: 7,
  equal: 8,
  notEqual: 9,
  less: 10,
  lessEqual: 11,
};

/** Nanoseconds per element, roughly: simple functions wait for memory, the others for arithmetic. */
const UNARY_COST: readonly number[] = [0.3, 0.3, 0.3, 0.3, 1, 1.2, 2.5, 0.5, 5, 5, 1.5, 1.2, 2];

/** Runs one elementwise kernel over the operands and returns its contiguous result: fresh, or in a target. */
function run(
  runtime: Runtime,
  job: number,
  op: number,
  cost: number,
  operands: readonly View[],
  target?: View,
): Buffer {
  const shape = operands[0]!.shape, size = sizeOf(shape);
  const words = [op, 0, 0, 0, 0, size, 16, 16, 16, 0, 1];
  let units: number;

  if (operands.every((x) => isContiguous(x.shape, x.strides))) {
    for (let i = 0; i < operands.length; i++) words[2 + i] = runtime.address(operands[i]!);
    units = words[10] = Math.ceil(size / BLOCK);
    cost *= Math.min(size, BLOCK);
  } else {
    let views = operands;
    let axes = simplify(shape, views.map((x) => x.strides));
    const last = axes.shape.length - 1;
    if (last >= 0 && axes.strides.some((steps) => steps[last]! > 1)) {
      views = views.map((x, i) => axes.strides[i]![last]! > 1 ? runtime.contiguous(x) : x);
      axes = simplify(shape, views.map((x) => x.strides));
    }
    const inner = axes.shape.pop() ?? 1;
    words[5] = inner;
    for (let i = 0; i < views.length; i++) {
      words[2 + i] = runtime.address(views[i]!);
      words[6 + i] = (axes.strides[i]!.pop() ?? 1) === 1 ? 16 : 0;
    }
    words[9] = axes.shape.length;
    words[10] = Math.ceil(inner / BLOCK);
    writeAxes(words, axes.shape, axes.strides);
    units = size === 0 ? 0 : product(axes.shape) * words[10];
    cost = 8 + cost * Math.min(inner, BLOCK);
  }
  const result = target ? target.buffer : runtime.allocate(size);
  words[1] = runtime.address(target ?? { ...operands[0]!, buffer: result, offset: 0 });
  runtime.run(job, words, units, cost);
  return result;
}

/** `x[i] = op(x[i], y[i])` of float32, in place; `x` is contiguous. */
export function binaryInPlace(runtime: Runtime, op: "add" | "mul", x: View, y: View): void {
  checkBinary(op, x, y);
  run(runtime, BINARY, BINARY_NUMBERS[op], 0.3, [x, y], x);
}

/** `y[i] = op(x[i])`. */
export function unary(runtime: Runtime, op: UnaryOp, x: View): Buffer {
  checkUnary(op, x);
  const number = UNARY_NUMBERS[op];
  return run(runtime, UNARY, number, UNARY_COST[number]!, [x]);
}

/** `y[i] = op(a[i], b[i])`. */
export function binary(runtime: Runtime, op: BinaryOp, a: View, b: View): Buffer {
  checkBinary(op, a, b);
  const number = BINARY_NUMBERS[op];
  if (a.dtype !== "float32") {
    if (op === "div" || op === "mod" || op === "pow") {
      const start = runtime.address(runtime.contiguous(b)) / 4;
      checkIntegers(op, runtime.memory.int32.subarray(start, start + sizeOf(b.shape)));
    }
    return run(runtime, BINARY_INTEGER, number, 0.5, [a, b]);
  }
  if (op === "pow" && sizeOf(b.shape) > 0 && b.strides.every((stride, axis) => stride === 0 || b.shape[axis] === 1)) {
    // Powers that have a plain form, by far the most frequent ones.
    const exponent = runtime.memory.float32[runtime.address(b) / 4];
    if (exponent === 2) return run(runtime, BINARY, BINARY_NUMBERS.mul, 0.3, [a, a]);
  }
  return run(runtime, BINARY, number, op === "pow" || op === "mod" ? 20 : 0.3, [a, b]);
}

/** `y[i] = choose[i] ? a[i] : b[i]`. */
export function select(runtime: Runtime, choose: View, a: View, b: View): Buffer {
  checkSelect(choose, a, b);
  return run(runtime, SELECT, 0, 0.4, [a, b, choose]);
}
