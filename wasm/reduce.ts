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
import { type Axes, product, simplify } from "../core/engine/shape.ts";
import { REDUCE_COLUMNS, REDUCE_ROWS } from "./assembly/opcodes.ts";
import * as word from "./assembly/words/reduce.ts";
import type { Runtime } from "./runtime.ts";
import { placed, writeAxes } from "./views.ts";

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
  reduceRows(runtime, op, integer, result.address, address, width, outer, count, 10 + 0.25 * width);
  return result;
}

/** Rows whose elements lie side by side. */
function reduceRows(
  runtime: Runtime,
  op: ReduceOp,
  integer: boolean,
  to: number,
  from: number,
  width: number,
  outer: Axes,
  rows: number,
  cost: number,
): void {
  const words = placed(
    [word.OPERATION, REDUCTION[op]],
    [word.TO, to],
    [word.FROM, from],
    [word.WIDTH, width],
    [word.INTEGER, Number(integer)],
    [word.AXES, outer.shape.length],
  );
  writeAxes(words, outer.shape, outer.strides);
  runtime.run(REDUCE_ROWS, words, rows, cost);
}

/** Matrices whose columns lie side by side, `rowBytes` from row to row. */
function reduceMatrices(
  runtime: Runtime,
  op: ReduceOp,
  to: number,
  from: number,
  columns: number,
  rows: number,
  rowBytes: number,
  outer: Axes,
  overhead: number,
): void {
  const words = placed(
    [word.OPERATION, REDUCTION[op]],
    [word.TO, to],
    [word.FROM, from],
    [word.WIDTH, columns],
    [word.ROWS, rows],
    [word.ROW_BYTES, rowBytes],
    [word.AXES, outer.shape.length],
  );
  writeAxes(words, outer.shape, outer.strides);
  const units = product(outer.shape) * Math.ceil(columns / word.COLUMNS);
  runtime.run(REDUCE_COLUMNS, words, units, overhead + 0.25 * Math.min(columns, word.COLUMNS) * rows);
}

/** No outer axes: one row, or one matrix. */
const ONE: Axes = { shape: [], strides: [[]] };

/** One long row in parts of fixed length, then the parts. */
function longRow(runtime: Runtime, op: ReduceOp, to: number, from: number, width: number): void {
  const whole = Math.floor(width / PART), rest = width - whole * PART;
  const parts = runtime.temporary(whole + 1).address;
  const each: Axes = { shape: [whole], strides: [[PART]] };
  reduceRows(runtime, op, false, parts, from, PART, each, whole, 0.25 * PART);
  if (rest > 0) {
    reduceRows(runtime, op, false, parts + whole * 4, from + whole * PART * 4, rest, ONE, 1, 0.25 * rest);
  }
  reduceRows(runtime, op, false, to, parts, rest > 0 ? whole + 1 : whole, ONE, 1, 0.25 * whole);
}

/** Columns that lie side by side; a tall matrix in parts of 512 rows, then the parts. */
function reduceColumns(
  runtime: Runtime,
  op: ReduceOp,
  to: number,
  from: number,
  rows: number,
  stride: number,
  outer: Axes,
): void {
  const columns = outer.shape.at(-1)!, rowBytes = stride * 4;
  const matrices: Axes = { shape: outer.shape.slice(0, -1), strides: [outer.strides[0]!.slice(0, -1)] };
  if (product(matrices.shape) > 1 || rows < 2 * TALL || op !== "sum") {
    reduceMatrices(runtime, op, to, from, columns, rows, rowBytes, matrices, 10);
    return;
  }
  const whole = Math.floor(rows / TALL), rest = rows - whole * TALL;
  const parts = runtime.temporary((whole + 1) * columns).address;
  const each: Axes = { shape: [whole], strides: [[TALL * stride]] };
  reduceMatrices(runtime, op, parts, from, columns, TALL, rowBytes, each, 0);
  if (rest > 0) {
    const last = parts + whole * columns * 4, above = from + whole * TALL * rowBytes;
    reduceMatrices(runtime, op, last, above, columns, rest, rowBytes, ONE, 0);
  }
  const count = rest > 0 ? whole + 1 : whole;
  reduceMatrices(runtime, op, to, parts, columns, count, columns * 4, ONE, 0);
}
