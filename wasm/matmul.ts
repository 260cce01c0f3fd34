/**
 * # Matrix products on the CPU device
 *
 * Chooses among the kernels of `assembly/matmul.ts` and `assembly/matvec.ts`:
 *
 * | case                                        | route                                             |
 * | ------------------------------------------- | ------------------------------------------------- |
 * | one right matrix for the whole batch        | the batch becomes more rows of a single product    |
 * | a few rows, or a few columns                | read the large operand once, in place             |
 * | many small products                         | each on one thread, packed into its scratch       |
 * | anything larger                             | pack both operands, then share blocks of the result |
 * | weights that stay as they are               | packed once, see `fused/linear.ts`                      |
 *
 * The choice depends on shapes alone, so that the result does not depend on the threads.
 *
 * @module
 */

import type { Buffer, View } from "../core/engine/backend.ts";
import { checkMatmul } from "../core/engine/requirements.ts";
import { product, simplify } from "../core/engine/shape.ts";
import { MULTIPLY, MULTIPLY_EACH, PACK, ROWS_TIMES_PANELS } from "./assembly/opcodes.ts";
import * as word from "./assembly/words/matmul.ts";
import * as thin from "./assembly/words/matvec.ts";
import * as packing from "./assembly/words/packing.ts";
import { FEW_ROWS, groupBytes, type Matrix, matrixOf, multiplyThin, timesMatrix, walkable } from "./matvec.ts";
import type { Runtime } from "./runtime.ts";
import { placed, writeAxes } from "./views.ts";

/** Terms that one pass sums at most. */
const DEPTH = 256;
/** Columns packed at a time at most. */
const COLUMNS = 2048;
/** Rows packed at a time at most; a multiple of 4 and 6. */
const ROWS = 2016;
/** Most bytes of scratch for a product that one thread does alone. */
const ALONE_BYTES = 1 << 20;
/** Most rows for which the right operand, and most columns for which the left one, is not worth packing. */
const NARROW = 144;
/** Most elements between the rows of a right operand that is read in place. */
const NEAR = 768;
/** Operations per nanosecond, roughly. */
const SPEED = 50;
/** Cuts `total` into equal parts of at most `most`, each a multiple of `multiple`. */
function evenPart(total: number, most: number, multiple: number): number {
  const parts = Math.ceil(total / most);
  return Math.ceil(total / parts / multiple) * multiple;
}

/** Bytes of `count` packed rows or columns, generously rounded. */
function packedBytes(count: number, depth: number): number {
  return (count + 12) * depth * 4;
}

/** `c = a b (+ bias)` for `[rows, depth] × [depth, columns]`, `c` contiguous, no batch. */
export function multiply(
  runtime: Runtime,
  c: number,
  a: Matrix,
  b: Matrix,
  rows: number,
  columns: number,
  depth: number,
  bias = 0,
): void {
  if (rows <= FEW_ROWS && b.column === 1 && (a.column === 1 || depth === 1)) {
    return timesMatrix(runtime, c, a.address, b.address, rows, columns, depth, a.row, b.row, bias, [], [[], []]);
  }
  if (2 * rows * columns * depth < 1e6 && !bias) {
    return multiplyEach(runtime, c, a, b, rows, columns, depth, [], [[], []]);
  }
  if (rows <= NARROW && b.column === 1 && b.row <= NEAR && columns % 8 === 0) {
    return inParts(runtime, c, a, rows, columns, depth, bias, (k, _terms, j) => {
      return [b.address + 4 * (k * b.row + j), 32, b.row * 4];
    });
  }
  multiplyFilling(runtime, c, a, rows, columns, depth, bias, (right, k, terms, j, wide) => {
    pack(runtime, right, b.address + 4 * (k * b.row + j * b.column), b.column, b.row, wide, terms, 1);
  });
}

/** Writes panels of a right matrix to `to`: rows `[k, k + terms)`, columns `[j, j + wide)`. */
export type FillPanels = (to: number, k: number, terms: number, j: number, wide: number) => void;

/** {@linkcode multiply} with a right matrix whose panels `fill` writes part by part. */
export function multiplyFilling(
  runtime: Runtime,
  c: number,
  a: Matrix,
  rows: number,
  columns: number,
  depth: number,
  bias: number,
  fill: FillPanels,
): void {
  const depthPart = evenPart(depth, DEPTH, 2), columnPart = evenPart(columns, COLUMNS, 8);
  const right = runtime.temporary(packedBytes(Math.min(columnPart, columns), Math.min(depthPart, depth)) / 4).address;
  inParts(runtime, c, a, rows, columns, depth, bias, (k, terms, j, wide) => {
    fill(right, k, terms, j, wide);
    return [right, terms * 32, 32];
  });
}

/** {@linkcode multiply} with a right matrix that {@linkcode packWhole} has packed. Up to `few` rows meet it as it lies: by default as many as without panels, so that the bits stay. */
export function multiplyPacked(
  runtime: Runtime,
  c: number,
  a: Matrix,
  panels: number,
  rows: number,
  columns: number,
  depth: number,
  bias: number,
  few: number = FEW_ROWS,
): void {
  if (rows <= few && (a.column === 1 || depth === 1)) {
    const words = placed(
      [thin.FROM, a.address],
      [thin.MATRIX, panels],
      [thin.TO, c],
      [thin.ROWS, rows],
      [thin.COLUMNS, columns],
      [thin.DEPTH, depth],
      [thin.FROM_ROW, a.row * 4],
      [thin.TO_ROW, columns * 4],
      [thin.BIAS, bias],
    );
    const cost = 20 + rows * depth / 2;
    runtime.run(ROWS_TIMES_PANELS, words, Math.ceil(columns / 8), cost, thin.SUMS + groupBytes(rows, depth));
    return;
  }
  inParts(runtime, c, a, rows, columns, depth, bias, (k, _terms, j) => {
    return [panels + 4 * (j * depth + k * 8), depth * 32, 32];
  });
}

/** Bytes of a whole right matrix in panels. */
export function wholeBytes(columns: number, depth: number): number {
  return Math.ceil(columns / 8) * depth * 32;
}

/** Packs a whole right matrix: panels of eight columns, each over the full depth. */
export function packWhole(runtime: Runtime, to: number, b: Matrix, columns: number, depth: number): void {
  pack(runtime, to, b.address, b.column, b.row, columns, depth, 1);
}

/**
 * Where eight columns of one part of the right matrix begin, the bytes to the next eight, and the bytes to the next $k$.
 */
type PanelsOf = (k: number, terms: number, j: number, wide: number) => readonly [number, number, number];

/** A product in parts that fit into the caches. */
function inParts(
  runtime: Runtime,
  c: number,
  a: Matrix,
  rows: number,
  columns: number,
  depth: number,
  bias: number,
  panelsOf: PanelsOf,
): void {
  const depthPart = evenPart(depth, DEPTH, 2), columnPart = evenPart(columns, COLUMNS, 8);
  const rowPart = evenPart(rows, ROWS, 12);
  // Rows a multiple of 4 KiB apart share their places in the cache.
  const spread = a.row % 1024 !== 0 || columns < 1024;
  const inPlace = rows >= 16 && (columns <= NARROW || (a.column === 1 && spread));
  const packed = inPlace
    ? 0
    : runtime.temporary(packedBytes(Math.min(rowPart, rows), Math.min(depthPart, depth)) / 4).address;
  for (let k = 0; k < depth; k += depthPart) {
    const terms = Math.min(depthPart, depth - k);
    for (let j = 0; j < columns; j += columnPart) {
      const wide = Math.min(columnPart, columns - j);
      const [right, step, rightRow] = panelsOf(k, terms, j, wide);
      for (let i = 0; i < rows; i += rowPart) {
        const tall = Math.min(rowPart, rows - i);
        const first = a.address + 4 * (i * a.row + k * a.column), left = inPlace ? first : packed;
        if (!inPlace && (j === 0 || rowPart < rows)) pack(runtime, left, first, a.row, a.column, tall, terms, 0);
        const corner = c + 4 * (i * columns + j);
        const addend = k > 0 ? corner : bias ? bias + 4 * j : 0, ldAddend = k > 0 ? columns * 4 : 0;
        const blockRows = tall >= 384 ? 96 : tall >= 96 ? 48 : Math.ceil(tall / 12) * 12;
        const down = Math.max(1, Math.ceil((tall - 8) / blockRows));
        // About 64 tickets, so that threads finish together.
        const blockColumns = Math.max(16, Math.ceil(wide / Math.ceil(64 / down) / 8) * 8);
        const words = placed(
          [word.LEFT, left],
          [word.RIGHT, right],
          [word.TO, corner],
          [word.ROWS, tall],
          [word.COLUMNS, wide],
          [word.DEPTH, terms],
          [word.LEFT_ROW, inPlace ? a.row * 4 : 0],
          [word.LEFT_COLUMN, a.column * 4],
          [word.RIGHT_ROW, rightRow],
          [word.TO_ROW, columns * 4],
          [word.ADDEND, addend],
          [word.ADDEND_ROW, ldAddend],
          [word.BLOCK_ROWS, blockRows],
          [word.BLOCK_COLUMNS, blockColumns],
          [word.RIGHT_PANEL, step],
        );
        const cost = 2 * Math.min(tall, blockRows) * Math.min(wide, blockColumns) * terms / SPEED;
        runtime.run(MULTIPLY, words, down * Math.ceil(wide / blockColumns), cost);
      }
    }
  }
}

/** Packs one operand; `width` is 0 for rows of the left one, 1 for columns of the right one. */
function pack(
  runtime: Runtime,
  to: number,
  from: number,
  across: number,
  along: number,
  count: number,
  depth: number,
  width: number,
): void {
  const panel = width ? 8 : runtime.panelRows;
  const words = placed(
    [packing.TO, to],
    [packing.FROM, from],
    [packing.ACROSS, across * 4],
    [packing.ALONG, along * 4],
    [packing.COUNT, count],
    [packing.DEPTH, depth],
    [packing.RIGHT, width],
  );
  runtime.run(PACK, words, Math.ceil(count / panel), 2 * depth);
}

/** Whole products, one per unit. */
function multiplyEach(
  runtime: Runtime,
  c: number,
  a: Matrix,
  b: Matrix,
  rows: number,
  columns: number,
  depth: number,
  shape: number[],
  strides: number[][],
): void {
  const block = evenPart(depth, DEPTH, 2);
  const words = placed(
    [word.LEFT, a.address],
    [word.RIGHT, b.address],
    [word.TO, c],
    [word.ROWS, rows],
    [word.COLUMNS, columns],
    [word.DEPTH, depth],
    [word.LEFT_ROW, a.row * 4],
    [word.LEFT_COLUMN, a.column * 4],
    [word.RIGHT_ROW, b.row * 4],
    [word.RIGHT_COLUMN, b.column * 4],
    [word.BLOCK, block],
    [word.AXES, shape.length],
  );
  writeAxes(words, shape, strides);
  const cost = 60 + 2 * rows * columns * depth / SPEED + (rows + columns) * depth / 4;
  const scratch = 256 + packedBytes(rows, block) + packedBytes(columns, block);
  runtime.run(MULTIPLY_EACH, words, product(shape), cost, scratch);
}

/** `[…, M, K] × […, K, N] → […, M, N]`. */
export function matmul(runtime: Runtime, a: View, b: View): Buffer {
  checkMatmul(a, b);
  const rank = a.shape.length, lead = a.shape.slice(0, -2);
  const rows = a.shape[rank - 2]!, depth = a.shape[rank - 1]!, columns = b.shape[rank - 1]!, batch = product(lead);
  const result = runtime.allocate(batch * rows * columns);
  if (result.byteLength === 0) return result;
  if (depth === 0) {
    runtime.memory.float32.fill(0, result.address / 4, (result.address + result.byteLength) / 4);
    return result;
  }
  const left = walkable(runtime, a), right = walkable(runtime, b);
  const x = matrixOf(runtime, left), y = matrixOf(runtime, right);
  const axes = simplify(lead, [left.strides.slice(0, -2), right.strides.slice(0, -2)]);

  if (batch === 1) {
    if (!multiplyThin(runtime, result.address, left, right, x, y, [], [[], []])) {
      multiply(runtime, result.address, x, y, rows, columns, depth);
    }
    return result;
  }
  if (axes.strides[1]!.every((stride) => stride === 0)) {
    const merged = simplify([...lead, rows], [[...left.strides.slice(0, -2), x.row]]);
    const row = merged.strides[0]![0] ?? x.row;
    // A single row may repeat one element; among the rows of a batch its elements must be neighbours.
    if (merged.shape.length <= 1 && (x.column === 1 || row === 1)) {
      multiply(runtime, result.address, { ...x, row }, y, batch * rows, columns, depth);
      return result;
    }
  }
  if (multiplyThin(runtime, result.address, left, right, x, y, axes.shape, axes.strides)) return result;
  const bytes = packedBytes(rows + columns, Math.min(depth, DEPTH));
  if (bytes <= ALONE_BYTES && (batch >= 8 || 2 * rows * columns * depth < 4e6)) {
    multiplyEach(runtime, result.address, x, y, rows, columns, depth, axes.shape, axes.strides);
    return result;
  }
  for (let i = 0; i < batch; i++) {
    const [skipA, skipB] = axes.strides.map((strides) => offsetOf(i, axes.shape, strides));
    multiply(
      runtime,
      result.address + i * rows * columns * 4,
      { ...x, address: x.address + 4 * skipA! },
      { ...y, address: y.address + 4 * skipB! },
      rows,
      columns,
      depth,
    );
  }
  return result;
}

/** Element offset of the batch element number `index`. */
function offsetOf(index: number, shape: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    offset += (index % shape[axis]!) * strides[axis]!;
    index = Math.floor(index / shape[axis]!);
  }
  return offset;
}
