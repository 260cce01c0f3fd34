/**
 * # The ladder of the softmax
 *
 * **Question.** A softmax reads and writes each number once and computes one exponential for it.
 * What takes longer, the memory or the exponential?
 *
 * $$y_i = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j$$
 *
 * **Ceiling.** Eight bytes per number at the speed of a copy, in GB/s. The exponential is
 * about sixteen vector instructions for four numbers: two numbers a cycle at best, 16 bytes
 * a cycle. On most machines it, and not the memory, decides on one thread.
 *
 * **Sources.** Milakov and Gimelshein 2018 fold maximum and sum into one sweep, rescaling the sum
 * whenever the maximum grows. That saves a sweep over memory and costs exponentials. Here a
 * row stays in the nearest cache between sweeps and exponentials are what is dear, so no rung
 * does it; `attention.ts` has a place for it. Cody and Waite 1980 for the exponential.
 *
 * **Edges.** An element of $-\infty$ weighs zero; a row of nothing else yields zeros.
 *
 * @module
 */

import { expNegative4 } from "../../assembly/exp.ts";
import { loadPart, max4, maxLanes, storePart, sumLanes } from "../../assembly/simd.ts";

// ## Rung 1 · naive
//
// Three sweeps, one number at a time, with the exponential of a C library: a table, a
// polynomial in double precision, branches for the special cases. Nearly all of the time is
// spent there.

/** Three sweeps with the exponential of a C library. */
export function softmaxNaive(y: usize, x: usize, rows: i32, n: i32): void {
  const bytes = <usize> n << 2;
  for (let row = 0; row < rows; row++) {
    let m: f32 = -Infinity;
    for (let i: usize = 0; i < bytes; i += 4) m = max(m, load<f32>(x + i));
    if (m == -Infinity) m = 0;
    let sum: f32 = 0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const e = Mathf.exp(load<f32>(x + i) - m);
      store<f32>(y + i, e);
      sum += e;
    }
    if (sum == 0) sum = 1;
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) / sum);
    x += bytes;
    y += bytes;
  }
}

// ## Rung 2 · vectors
//
// Four exponentials at a time, in float32 and without branches (`../../assembly/exp.ts`): rounding
// to the nearest power of two, a polynomial for the rest, the exponent added as an integer. It is
// as accurate as float32 needs and takes a fraction of the instructions. What bounds it now is
// waiting: the polynomial is a chain in which each step needs the one before, maximum and sum are
// chains over the whole row, and a division per vector is slow as well.

/** The same sweeps with four numbers per instruction. */
export function softmaxVectors(y: usize, x: usize, rows: i32, n: i32): void {
  const bytes = <usize> n << 2, whole = <usize> (n & ~3) << 2, rest = n & 3;
  for (let row = 0; row < rows; row++) {
    let most = f32x4.splat(-Infinity);
    for (let i: usize = 0; i < whole; i += 16) most = max4(most, v128.load(x + i));
    if (rest) most = max4(most, loadPart(x + whole, rest, -Infinity));
    let m = maxLanes(most);
    if (m == -Infinity) m = 0;
    const shift = f32x4.splat(m);
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const e = expNegative4(f32x4.sub(v128.load(x + i), shift));
      v128.store(y + i, e);
      sums = f32x4.add(sums, e);
    }
    if (rest) {
      const e = expNegative4(f32x4.sub(loadPart(x + whole, rest, -Infinity), shift));
      storePart(y + whole, e, rest);
      sums = f32x4.add(sums, e);
    }
    let sum = sumLanes(sums);
    if (sum == 0) sum = 1;
    const divisor = f32x4.splat(sum);
    for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, f32x4.div(v128.load(y + i), divisor));
    if (rest) storePart(y + whole, f32x4.div(loadPart(y + whole, rest, 0), divisor), rest);
    x += bytes;
    y += bytes;
  }
}

// ## Rung 3 · several at a time
//
// The kernel of the device, `../../assembly/softmax.ts`, on one thread. Four maxima and two
// exponentials are under way at a time, so that one works while the other waits; one
// reciprocal per row replaces the divisions. The instructions of the exponential bound it.

// ## Rung 4 · threads
//
// Rows are independent and threads share them. Work that is bounded by instructions gains one
// core's worth per thread, until the memory, which all of them share, is the bound.
