/**
 * # From tensors to plain data
 *
 * Findings are numbers and lists. These compute a tensor without a tape, read it, and give its memory back.
 *
 * @module
 */

import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import { release, scope } from "../engine/scope.ts";
import type { Tensor } from "../engine/tensor.ts";

/** Computes a tensor without a tape, reads it, and frees everything. */
export async function read(compute: () => Tensor): Promise<Numbers> {
  const result = scope(() => noGrad(compute));
  try {
    return await result.read();
  } finally {
    release(result);
  }
}

/** Reads a matrix as a list of rows; of more axes, all but the last one count rows. */
export async function readMatrix(matrix: Tensor): Promise<number[][]> {
  const numbers = await matrix.read(), width = matrix.shape.at(-1) ?? 1;
  return Array.from(
    { length: numbers.length / width },
    (_, row) => Array.from(numbers.subarray(row * width, (row + 1) * width)),
  );
}

/** Reads several matrices `[matrices, rows, columns]`. */
export async function readMatrices(matrices: Tensor): Promise<number[][][]> {
  const all = await readMatrix(matrices), [count = 0, rows = 0] = matrices.shape;
  return Array.from({ length: count }, (_, i) => all.slice(i * rows, (i + 1) * rows));
}

/** Computes a matrix without a tape, reads its rows, and frees everything. */
export async function readRows(compute: () => Tensor): Promise<number[][]> {
  const result = scope(() => noGrad(compute));
  try {
    return await readMatrix(result);
  } finally {
    release(result);
  }
}

/** Root of the sum of the squares of all elements. */
export async function lengthOf(x: Tensor): Promise<number> {
  return Math.sqrt((await read(() => x.square().sum()))[0]!);
}
