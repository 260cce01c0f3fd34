/**
 * # The ladder of layer normalization
 *
 * **Question.** There are a few additions and multiplications for each number that is read and
 * written. Why does the loop as one would write it not come near the speed of the memory?
 *
 * $$y_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma_i + \beta_i, \qquad \mu = \frac1n \sum_i x_i, \qquad \sigma^2 = \frac1n \sum_i (x_i - \mu)^2$$
 *
 * | symbol          | in code         | shape       |
 * | --------------- | --------------- | ----------- |
 * | $x$, $y$        | `x`, `y`        | `[rows, n]` |
 * | $\gamma$, $\beta$ | `gain`, `bias`  | `[n]`       |
 *
 * **Ceiling.** Eight bytes per number, read once and written once, at the speed of a copy, in
 * GB/s. A row of a few kilobytes stays in the nearest cache from sweep to sweep.
 *
 * **What is not on the ladder.** Mean and variance in one sweep by $E[x^2] - \mu^2$ would save a
 * third of the loads. The difference of two large numbers loses the digits of the variance where the
 * mean is large (Chan, Golub and LeVeque 1983), so the device takes two sweeps.
 *
 * @module
 */

import { madd, sumLanes } from "../../assembly/simd.ts";

// ## Rung 1 · naive
//
// One number at a time into one sum. An addition takes about four cycles to be ready for
// the next, and every number of the first two sweeps waits for it: eight cycles for four bytes,
// whatever the memory could do.

/** Mean, variance, result: one number at a time. */
export function layerNormNaive(y: usize, x: usize, gain: usize, bias: usize, rows: i32, n: i32, epsilon: f32): void {
  const bytes = <usize> n << 2;
  for (let row = 0; row < rows; row++) {
    let sum: f32 = 0, squares: f32 = 0;
    for (let i: usize = 0; i < bytes; i += 4) sum += load<f32>(x + i);
    const mean = sum / <f32> n;
    for (let i: usize = 0; i < bytes; i += 4) {
      const d = load<f32>(x + i) - mean;
      squares += d * d;
    }
    const scale: f32 = 1 / sqrt<f32>(squares / <f32> n + epsilon);
    for (let i: usize = 0; i < bytes; i += 4) {
      store<f32>(y + i, (load<f32>(x + i) - mean) * scale * load<f32>(gain + i) + load<f32>(bias + i));
    }
    x += bytes;
    y += bytes;
  }
}

// ## Rung 2 · vectors
//
// Four sums in the lanes of one vector. The wait is as long and serves four numbers; it is
// still the bound of the first two sweeps. The third has nothing to wait for.

/** The same with four numbers per instruction. */
export function layerNormVectors(y: usize, x: usize, gain: usize, bias: usize, rows: i32, n: i32, epsilon: f32): void {
  const bytes = <usize> n << 2, whole = <usize> (n & ~3) << 2;
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) sums = f32x4.add(sums, v128.load(x + i));
    let sum = sumLanes(sums);
    for (let i = whole; i < bytes; i += 4) sum += load<f32>(x + i);
    const mean = sum / <f32> n, m = f32x4.splat(mean);
    sums = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const d = f32x4.sub(v128.load(x + i), m);
      sums = madd(d, d, sums);
    }
    let squares = sumLanes(sums);
    for (let i = whole; i < bytes; i += 4) {
      const d = load<f32>(x + i) - mean;
      squares += d * d;
    }
    const scale: f32 = 1 / sqrt<f32>(squares / <f32> n + epsilon), r = f32x4.splat(scale);
    for (let i: usize = 0; i < whole; i += 16) {
      const d = f32x4.mul(f32x4.sub(v128.load(x + i), m), r);
      v128.store(y + i, madd(d, v128.load(gain + i), v128.load(bias + i)));
    }
    for (let i = whole; i < bytes; i += 4) {
      store<f32>(y + i, (load<f32>(x + i) - mean) * scale * load<f32>(gain + i) + load<f32>(bias + i));
    }
    x += bytes;
    y += bytes;
  }
}

// ## Rung 3 · several sums
//
// The kernel of the device, `../../assembly/normalization.ts`, on one thread. Four vectors of
// sums are under way, sixteen numbers per turn: while one addition is waited for, three others
// start. The loads bound it: $x$ three times, $\gamma$ and $\beta$ once, from the nearest cache, and
// the memory behind it once.

// ## Rung 4 · threads
//
// Rows are independent. Where one core already takes most of what the memory delivers, a second
// one gains less than the arithmetic says.
