/**
 * # Reductions on the CPU device
 *
 * Rows whose elements lie side by side, and columns that lie side by side, have kernels of
 * their own; anything else is made contiguous first.
 *
 * @module
 */

import type { Buffer, View } from "../core/engine/backend.ts";
import { type ReduceOp, REDUCTION } from "../core/engine/operations.ts";
import { checkReduce } from "../core/engine/requirements.ts";
import { product, simplify } from "../core/engine/shape.ts";
import { REDUCE_COLUMNS, REDUCE_ROWS } from "./assembly/opcodes.ts";
import type { Runtime } from "./runtime.ts";
import { writeAxes } from "./views.ts";

/** Elements of one part of a long row that several threads share. */
const PART = 16384;
/** Rows of one part of a tall matrix that several threads share. */
const TALL = 512;

/** Collapses the last `axes` axes. */
export function reduce(runtime: Runtime, op: ReduceOp, x: View, axes: number): Buffer {
  checkReduce(op, x, axes);
  const kept = x.shape.length - axes;
  const count = product(x.shape, 0, kept), width = product(x.shape, kept);
  const integer = x.dtype === "int32";
  const result = runtime.allocate(count);
  if (count === 0) return result;

  let inner = simplify(x.shape.slice(kept), [x.strides.slice(kept)]);
  let outer = simplify(x.shape.slice(0, kept), [x.strides.slice(0, kept)]);
  let address = runtime.address(x);
  if (!integer && op !== "argmax" && inner.shape.length === 1 && outer.strides[0]!.at(-1) === 1 && width > 1) {
    reduceColumns(runtime, op, result.address, address, width, inner.strides[0]![0]!, outer);
    return result;
  }
  if (inner.shape.length > 1 || (inner.strides[0]![0] ?? 1) !== 1) {
    const packed = runtime.contiguous(x);
    address = runtime.address(packed);
    inner = simplify(packed.shape.slice(kept), [packed.strides.slice(kept)]);
    outer = simplify(packed.shape.slice(0, kept), [packed.strides.slice(0, kept)]);
    // A broadcast view counts as contiguous nowhere; a packed one always has a single inner axis.
  }
  if (count === 1 && width >= 4 * PART && !integer && op !== "argmax") {
    longRow(runtime, op, result.address, address, width);
    return result;
  }
  const words = [REDUCTION[op], result.address, address, width, integer ? 1 : 0, outer.shape.length];
  writeAxes(words, outer.shape, outer.strides);
  runtime.run(REDUCE_ROWS, words, count, 10 + 0.25 * width);
  return result;
}

/** One long row in parts of fixed length, then the parts. */
function longRow(runtime: Runtime, op: ReduceOp, to: number, from: number, width: number): void {
  const number = REDUCTION[op], whole = Math.floor(width / PART), rest = width - whole * PART;
  const parts = runtime.temporary(whole + 1).address;
  const words = [number, parts, from, PART, 0, 1];
  writeAxes(words, [whole], [[PART]]);
  runtime.run(REDUCE_ROWS, words, whole, 0.25 * PART);
  if (rest > 0) {
    runtime.run(REDUCE_ROWS, [number, parts + whole * 4, from + whole * PART * 4, rest, 0, 0], 1, 0.25 * rest);
  }
  runtime.run(REDUCE_ROWS, [number, to, parts, rest > 0 ? whole + 1 : whole, 0, 0], 1, 0.25 * whole);
}

/** Columns that lie side by side; a tall matrix in parts of 512 rows, then the parts. */
function reduceColumns(
  runtime: Runtime,
  op: ReduceOp,
  to: number,
  from: number,
  rows: number,
  stride: number,
  outer: { shape: number[]; strides: number[][] },
): void {
  const columns = outer.shape.pop()!;
  outer.strides[0]!.pop();
  const number = REDUCTION[op], blocks = Math.ceil(columns / 512), cost = 0.25 * Math.min(columns, 512);
  const matrices = product(outer.shape);
  if (matrices === 1 && rows >= 2 * TALL && op === "sum") {
    const whole = Math.floor(rows / TALL), rest = rows - whole * TALL;
    const parts = runtime.temporary((whole + 1) * columns).address;
    const words = [number, parts, from, columns, TALL, stride * 4, 1];
    writeAxes(words, [whole], [[TALL * stride]]);
    runtime.run(REDUCE_COLUMNS, words, whole * blocks, cost * TALL);
    if (rest > 0) {
      const last = [
        number,
        parts + whole * columns * 4,
        from + whole * TALL * stride * 4,
        columns,
        rest,
        stride * 4,
        0,
      ];
      runtime.run(REDUCE_COLUMNS, last, blocks, cost * rest);
    }
    const count = rest > 0 ? whole + 1 : whole;
    runtime.run(REDUCE_COLUMNS, [number, to, parts, columns, count, columns * 4, 0], blocks, cost * count);
    return;
  }
  const words = [number, to, from, columns, rows, stride * 4, outer.shape.length];
  writeAxes(words, outer.shape, outer.strides);
  runtime.run(REDUCE_COLUMNS, words, matrices * blocks, 10 + cost * rows);
}
