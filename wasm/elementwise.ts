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

import type { Buffer, View } from "../core/engine/backend.ts";
import { ARITHMETIC, binaryCode, type BinaryOp, UNARY, type UnaryOp } from "../core/engine/operations.ts";
import { checkBinary, checkIntegers, checkSelect, checkUnary } from "../core/engine/requirements.ts";
import { isContiguous, product, simplify, sizeOf } from "../core/engine/shape.ts";
import * as job from "./assembly/opcodes.ts";
import * as word from "./assembly/words/elementwise.ts";
import type { Runtime } from "./runtime.ts";
import { writeAxes } from "./views.ts";

/** Bytes of a vector. */
const VECTOR = 16;

/** Nanoseconds per element, roughly, of what waits for memory. */
const CHEAP = 0.3;

/** The same of what waits for arithmetic; it decides about sharing alone. */
const COST: Readonly<Partial<Record<UnaryOp | BinaryOp, number>>> = {
  exp: 1,
  log: 1.2,
  log1p: 2.5,
  sqrt: 0.5,
  sin: 5,
  cos: 5,
  tanh: 1.5,
  sigmoid: 1.2,
  erf: 2,
  pow: 20,
  mod: 20,
};

/** Runs one elementwise kernel over the operands and returns its contiguous result: fresh, or in a target. */
function run(
  runtime: Runtime,
  kernel: number,
  code: number,
  cost: number,
  operands: readonly View[],
  target?: View,
): Buffer {
  const shape = operands[0]!.shape, size = sizeOf(shape);
  const words: number[] = [];
  words[word.OPERATION] = code;
  words[word.COUNT] = size;
  words[word.STEP_A] = words[word.STEP_B] = words[word.STEP_C] = VECTOR;
  words[word.AXES] = 0;
  let blocks = Math.ceil(size / word.BLOCK), units = blocks;

  if (operands.every((x) => isContiguous(x.shape, x.strides))) {
    for (let i = 0; i < operands.length; i++) words[word.A + i] = runtime.address(operands[i]!);
    cost *= Math.min(size, word.BLOCK);
  } else {
    let views = operands;
    let axes = simplify(shape, views.map((x) => x.strides));
    const last = axes.shape.length - 1;
    if (last >= 0 && axes.strides.some((steps) => steps[last]! > 1)) {
      views = views.map((x, i) => axes.strides[i]![last]! > 1 ? runtime.contiguous(x) : x);
      axes = simplify(shape, views.map((x) => x.strides));
    }
    const inner = axes.shape.pop() ?? 1;
    words[word.COUNT] = inner;
    for (let i = 0; i < views.length; i++) {
      words[word.A + i] = runtime.address(views[i]!);
      words[word.STEP_A + i] = (axes.strides[i]!.pop() ?? 1) === 1 ? VECTOR : 0;
    }
    words[word.AXES] = axes.shape.length;
    writeAxes(words, axes.shape, axes.strides);
    blocks = Math.ceil(inner / word.BLOCK);
    units = size === 0 ? 0 : product(axes.shape) * blocks;
    cost = 8 + cost * Math.min(inner, word.BLOCK);
  }
  words[word.BLOCKS] = blocks;
  const result = target ? target.buffer : runtime.allocate(size);
  words[word.TO] = runtime.address(target ?? { ...operands[0]!, buffer: result, offset: 0 });
  runtime.run(kernel, words, units, cost);
  return result;
}

/** `x[i] = op(x[i], y[i])` of float32, in place; `x` is contiguous. */
export function binaryInPlace(runtime: Runtime, op: "add" | "mul", x: View, y: View): void {
  checkBinary(op, x, y);
  run(runtime, job.BINARY, ARITHMETIC[op], CHEAP, [x, y], x);
}

/** `y[i] = op(x[i])`. */
export function unary(runtime: Runtime, op: UnaryOp, x: View): Buffer {
  checkUnary(op, x);
  return run(runtime, job.UNARY, UNARY[op], COST[op] ?? CHEAP, [x]);
}

/** `y[i] = op(a[i], b[i])`. */
export function binary(runtime: Runtime, op: BinaryOp, a: View, b: View): Buffer {
  checkBinary(op, a, b);
  if (a.dtype !== "float32") {
    if (op === "div" || op === "mod" || op === "pow") {
      const start = runtime.address(runtime.contiguous(b)) / 4;
      checkIntegers(op, runtime.memory.int32.subarray(start, start + sizeOf(b.shape)));
    }
    return run(runtime, job.BINARY_INTEGER, binaryCode(op), 0.5, [a, b]);
  }
  if (op === "pow" && sizeOf(b.shape) > 0 && b.strides.every((stride, axis) => stride === 0 || b.shape[axis] === 1)) {
    // Powers that have a plain form, by far the most frequent ones.
    const exponent = runtime.memory.float32[runtime.address(b) / 4];
    if (exponent === 2) return run(runtime, job.BINARY, ARITHMETIC.mul, CHEAP, [a, a]);
  }
  return run(runtime, job.BINARY, binaryCode(op), COST[op] ?? CHEAP, [a, b]);
}

/** `y[i] = choose[i] ? a[i] : b[i]`. */
export function select(runtime: Runtime, choose: View, a: View, b: View): Buffer {
  checkSelect(choose, a, b);
  return run(runtime, job.SELECT, 0, 0.4, [a, b, choose]);
}
