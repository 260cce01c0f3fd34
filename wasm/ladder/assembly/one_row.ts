/**
 * # The ladder of one row times a matrix
 *
 * **Question.** A model that generates text multiplies one row by every weight it has, token after
 * token. Why does the matrix product of `matmul.ts` not help?
 *
 * $$y_j = \sum_{k<K} x_k W_{kj}$$
 *
 * | symbol | in code | shape               |
 * | ------ | ------- | ------------------- |
 * | $x$    | `x`     | `[K]`               |
 * | $W$    | `w`     | `[K, N]`, row by row |
 * | $y$    | `y`     | `[N]`               |
 *
 * **Ceiling.** Each weight is used once, two operations for four bytes. Nothing can be kept in
 * a register or a cache for the next use, so the time is that of reading the weights: the ceiling
 * is a loop that only reads them, in GB/s. Weights beyond the caches come at the speed of the
 * main memory, and no rung changes that; only fewer bytes do (`quantized.ts`).
 *
 * @module
 */

import { madd } from "../../assembly/simd.ts";

// ## Rung 1 · naive
//
// An inner product for each column. One step down a column is a whole row further: each
// number comes from another cache line, and of each line one number is used before the next
// lines displace it. A prefetcher that watches neighbouring lines learns nothing from it.

/** Inner products down the columns. */
export function rowNaive(y: usize, x: usize, w: usize, K: i32, N: i32): void {
  for (let j = 0; j < N; j++) {
    let sum: f32 = 0;
    for (let k = 0; k < K; k++) sum += load<f32>(x + (<usize> k << 2)) * load<f32>(w + (<usize> (k * N + j) << 2));
    store<f32>(y + (<usize> j << 2), sum);
  }
}

// ## Rung 2 · rows
//
// The loops change places: $y$ gains a multiple of a row of weights. The weights are read in the
// order in which they lie. Instructions bound it now: two loads, a multiplication, an addition and a
// store for each weight.

/** Rows of weights, one number at a time. */
export function rowRows(y: usize, x: usize, w: usize, K: i32, N: i32): void {
  const bytes = <usize> N << 2, end = y + bytes;
  memory.fill(y, 0, bytes);
  for (let k = 0; k < K; k++) {
    const factor = load<f32>(x + (<usize> k << 2));
    for (let z = y; z < end; z += 4) {
      store<f32>(z, load<f32>(z) + factor * load<f32>(w));
      w += 4;
    }
  }
}

// ## Rung 3 · vectors
//
// Four weights per instruction. For each vector of weights a vector of $y$ is still read and
// written: two thirds of what passes between core and cache is not weights.

/** Rows of weights, four numbers per instruction. */
export function rowVectors(y: usize, x: usize, w: usize, K: i32, N: i32): void {
  const bytes = <usize> N << 2, end = y + bytes, whole = y + (<usize> (N & ~3) << 2);
  memory.fill(y, 0, bytes);
  for (let k = 0; k < K; k++) {
    const factor = load<f32>(x + (<usize> k << 2)), v = f32x4.splat(factor);
    let z = y;
    for (; z < whole; z += 16) {
      v128.store(z, madd(v128.load(w), v, v128.load(z)));
      w += 16;
    }
    for (; z < end; z += 4) {
      store<f32>(z, load<f32>(z) + factor * load<f32>(w));
      w += 4;
    }
  }
}

// ## Rung 4 · rows together
//
// The kernel of the device for weights as they lie, `../../assembly/matvec.ts`, on one thread:
// several rows of weights are swept at a time, and $y$ is read and written once for all of
// them. As many streams run through the memory at a time, in as many pages.

// ## Rung 5 · panels
//
// The same after `pack(model, "float32")`: eight columns side by side, in the order of $k$, in one
// stream from beginning to end, which is what a prefetcher follows best. The eight sums stay in
// registers. The bits are those of the rung before.

// ## Rung 6 · threads
//
// Threads share the panels. From the caches of their own cores they read as many times as fast;
// the main memory belongs to all, and often a second core is as much as it can feed.
