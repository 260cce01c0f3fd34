/**
 * # A few rows times a matrix, on the CPU device
 *
 * One token at a time is how text is generated. Such products read the large operand once,
 * where it lies; the kernels are those of `assembly/matvec.ts`. A result of few columns is
 * the same with the roles of the operands exchanged.
 *
 * @module
 */

import type { View } from "../core/engine/backend.ts";
import { contiguousStrides, product, simplify } from "../core/engine/shape.ts";
import { ROWS_TIMES_MATRIX, ROWS_TIMES_TRANSPOSE } from "./assembly/opcodes.ts";
import * as word from "./assembly/words/matvec.ts";
import type { Runtime } from "./runtime.ts";
import { placed, writeAxes } from "./views.ts";

/** A matrix in memory: address in bytes, strides in elements. */
export interface Matrix {
  /** Byte address of the element in row 0 and column 0. */
  readonly address: number;
  /** Elements from one row to the next. */
  readonly row: number;
  /** Elements from one column to the next. */
  readonly column: number;
}

/** Most rows that are not worth packing the other operand for. */
export const FEW_ROWS = 8;
/** Bytes of rows in groups of four, as `interleave` of `assembly/matvec.ts` writes them. */
export function groupBytes(rows: number, depth: number): number {
  return Math.ceil(rows / 4) * depth * 16;
}

/** Bytes beyond which weights come from main memory rather than from a cache. */
const STREAMED_BYTES = 24 << 20;

/** A view with neighbours along rows or columns: itself, or a temporary copy. */
export function walkable(runtime: Runtime, x: View): View {
  const rank = x.shape.length, row = x.strides[rank - 2]!, column = x.strides[rank - 1]!;
  if (row === 1 || column === 1 || (x.shape[rank - 1] === 1 && x.shape[rank - 2] === 1)) return x;
  // An axis of extent 1 has whatever stride helps.
  if (x.shape[rank - 1] === 1) return { ...x, buffer: x.buffer, strides: [...x.strides.slice(0, -1), 1] };
  if (x.shape[rank - 2] === 1) return { ...x, buffer: x.buffer, strides: [...x.strides.slice(0, -2), 1, column] };
  return copied(runtime, x);
}

/** A temporary row-major copy; batch axes that repeat stay repeated. */
function copied(runtime: Runtime, x: View): View {
  const rank = x.shape.length;
  const once = x.shape.map((extent, axis) => axis < rank - 2 && x.strides[axis] === 0 ? 1 : extent);
  const strides = contiguousStrides(once);
  const target: View = { buffer: runtime.temporary(product(once)), dtype: x.dtype, shape: once, strides, offset: 0 };
  runtime.copy({ ...x, buffer: x.buffer, shape: once }, target);
  return { ...target, shape: x.shape, strides: strides.map((step, axis) => once[axis] === x.shape[axis] ? step : 0) };
}

/** The first matrix of a view. */
export function matrixOf(runtime: Runtime, x: View): Matrix {
  const rank = x.shape.length;
  return { address: runtime.address(x), row: x.strides[rank - 2]!, column: x.strides[rank - 1]! };
}

/** A few rows times a matrix stored row by row; strides in elements. */
export function timesMatrix(
  runtime: Runtime,
  c: number,
  x: number,
  matrix: number,
  rows: number,
  columns: number,
  depth: number,
  rowOfX: number,
  rowOfMatrix: number,
  bias: number,
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): void {
  const words = placed(
    [word.FROM, x],
    [word.MATRIX, matrix],
    [word.TO, c],
    [word.ROWS, rows],
    [word.COLUMNS, columns],
    [word.DEPTH, depth],
    [word.FROM_ROW, rowOfX * 4],
    [word.MATRIX_LINE, rowOfMatrix * 4],
    [word.TO_ROW, columns * 4],
    [word.BIAS, bias],
    [word.AXES, shape.length],
  );
  writeAxes(words, shape, strides);
  const units = product(shape) * Math.ceil(columns / word.RUN);
  runtime.run(ROWS_TIMES_MATRIX, words, units, 20 + rows * Math.min(columns, word.RUN) * depth / 16);
}

/** Does a product with few rows or few columns without packing; false if it has neither. */
export function multiplyThin(
  runtime: Runtime,
  c: number,
  left: View,
  right: View,
  x: Matrix,
  y: Matrix,
  shape: number[],
  strides: number[][],
): boolean {
  const rank = left.shape.length;
  const rows = left.shape[rank - 2]!, depth = left.shape[rank - 1]!, columns = right.shape[rank - 1]!;
  if (rows <= FEW_ROWS && y.column === 1) {
    if (x.column !== 1 && depth > 1) return thinAgain(runtime, c, copied(runtime, left), right);
    timesMatrix(runtime, c, x.address, y.address, rows, columns, depth, x.row, y.row, 0, shape, strides);
    return true;
  }
  if (rows <= FEW_ROWS && y.row === 1) {
    if (x.column !== 1 && depth > 1) return thinAgain(runtime, c, copied(runtime, left), right);
    timesTranspose(runtime, c, x.address, y.address, rows, columns, depth, x.row, y.column, columns, 1, shape, strides);
    return true;
  }
  if (columns <= FEW_ROWS && x.column === 1) {
    // The same with exchanged roles: the columns of the right operand are the few rows.
    if (y.row !== 1 && depth > 1) {
      const turned = copied(runtime, transposed(right));
      return thinAgain(runtime, c, left, transposed(turned));
    }
    const swapped = [strides[1]!, strides[0]!];
    timesTranspose(runtime, c, y.address, x.address, columns, rows, depth, y.column, x.row, 1, columns, shape, swapped);
    return true;
  }
  return false;
}

/** The last two axes exchanged. */
function transposed(x: View): View {
  const swap = (list: readonly number[]) => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
  return { ...x, buffer: x.buffer, shape: swap(x.shape), strides: swap(x.strides) };
}

/** {@linkcode multiplyThin} after one operand has been copied. */
function thinAgain(runtime: Runtime, c: number, left: View, right: View): boolean {
  const lead = left.shape.slice(0, -2);
  const axes = simplify(lead, [left.strides.slice(0, -2), right.strides.slice(0, -2)]);
  const x = matrixOf(runtime, left), y = matrixOf(runtime, right);
  return multiplyThin(runtime, c, left, right, x, y, axes.shape, axes.strides);
}

/** A few rows times a matrix stored column by column; strides in elements. */
function timesTranspose(
  runtime: Runtime,
  c: number,
  x: number,
  w: number,
  rows: number,
  columns: number,
  depth: number,
  rowOfX: number,
  columnOfW: number,
  down: number,
  across: number,
  shape: number[],
  strides: number[][],
): void {
  const streamed = columns * depth * 4 > STREAMED_BYTES ? 1 : 0;
  const words = placed(
    [word.FROM, x],
    [word.MATRIX, w],
    [word.TO, c],
    [word.ROWS, rows],
    [word.COLUMNS, columns],
    [word.DEPTH, depth],
    [word.FROM_ROW, rowOfX * 4],
    [word.MATRIX_LINE, columnOfW * 4],
    [word.TO_ROW, down * 4],
    [word.TO_COLUMN, across * 4],
    [word.TO_BATCH, rows * columns * 4],
    [word.STREAMED, streamed],
    [word.AXES, shape.length],
  );
  writeAxes(words, shape, strides);
  const units = product(shape) * Math.ceil(columns / word.FEW_COLUMNS);
  runtime.run(ROWS_TIMES_TRANSPOSE, words, units, 20 + rows * Math.min(columns, word.FEW_COLUMNS) * depth / 16);
}
