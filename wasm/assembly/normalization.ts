/**
 * # Normalization
 *
 * Layer normalization and root-mean-square normalization, one row at a time.
 *
 * $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \hat x \odot \gamma + \beta$$
 *
 * One kernel does both: the root-mean-square form is the same with $\mu = 0$.
 *
 * | argument        | meaning                                                             |
 * | --------------- | ------------------------------------------------------------------- |
 * | `y`, `x`, `g`   | `[rows, E]`, contiguous                                             |
 * | `found`         | four numbers per row, what the backward kernel needs; see below     |
 * | `gain`, `bias`  | `[E]`; the caller fills in ones and zeros where there are none       |
 * | `centred`       | 1 subtracts the mean, 0 does not                                    |
 *
 * **Shape of the loop.** Three sweeps over a row that stays in cache: the mean, the mean
 * square of what is left, the result. The variance of differences has no cancellation;
 * the one-sweep formula $E[x^2] - E[x]^2$ does.
 *
 * **Rounding.** The mean $m$ of large numbers is off by its own rounding. Where it is many deviations away from zero,
 * the mean $c$ of the differences, what is left of it, is subtracted from the result: $\hat x = (x - m)\,r - c\,r$.
 *
 * **Range.** Squares leave float32 long before the numbers do. A row whose variance comes out too large or too small
 * to be trusted is multiplied by a power of two $s$, and $\epsilon$ by its square, which changes no other bit; the
 * row is then gone through once more. Found of a row are $m$, $c\,r$ and $r$, of the multiplied row, and $s$, mostly 1.
 *
 * **Gradients of gain and bias** sum over all rows. Rows are cut into blocks of a length
 * that depends on their number alone; each block adds up its own rows, and the blocks are
 * added in order. Any number of threads yields the same bits.
 *
 * @module
 */

import { integer, loadPart, madd, max4, maxLanes, number, pointer, sumLanes } from "./simd.ts";
import { scaleRow, sumRow } from "./softmax.ts";
import * as word from "./words/normalization.ts";
import * as partial from "./words/partials.ts";

/** $\sum_i (x_i - \mu)^2$ of `n` numbers. */
function squaresRow(x: usize, n: i32, mean: f32): f32 {
  const m = f32x4.splat(mean);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end16 = x + (<usize> (n & ~15) << 2), end4 = x + (<usize> (n & ~3) << 2), end = x + (<usize> n << 2);
  for (; x < end16; x += 64) {
    const p = f32x4.sub(v128.load(x), m), q = f32x4.sub(v128.load(x + 16), m);
    const r = f32x4.sub(v128.load(x + 32), m), s = f32x4.sub(v128.load(x + 48), m);
    a = madd(p, p, a);
    b = madd(q, q, b);
    c = madd(r, r, c);
    d = madd(s, s, d);
  }
  for (; x < end4; x += 16) {
    const p = f32x4.sub(v128.load(x), m);
    a = madd(p, p, a);
  }
  let sum = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; x < end; x += 4) {
    const p = load<f32>(x) - mean;
    sum += p * p;
  }
  return sum;
}

/** How many deviations away from zero a mean is trusted: its rounding is a millionth of one then. */
const FAR: f32 = 16;

/** Less than the variance of any numbers of size 1 that differ. */
const EQUAL: f32 = 1e-24;

/** $\sum_i (x_i - m)$ of `n` numbers. */
function restRow(x: usize, n: i32, mean: f32): f32 {
  const m = f32x4.splat(mean);
  let a = f32x4.splat(0);
  const end4 = x + (<usize> (n & ~3) << 2), end = x + (<usize> n << 2);
  for (; x < end4; x += 16) a = f32x4.add(a, f32x4.sub(v128.load(x), m));
  let sum = sumLanes(a);
  for (; x < end; x += 4) sum += load<f32>(x) - mean;
  return sum;
}

/** $y_i = ((x_i - m)\, r - k) \gamma_i + \beta_i$ for `n` numbers; `y` and `x` may be the same. */
function affineRow(y: usize, x: usize, gain: usize, bias: usize, n: i32, mean: f32, scale: f32, shift: f32): void {
  const m = f32x4.splat(mean), r = f32x4.splat(scale), k = f32x4.splat(-shift);
  const end8 = x + (<usize> (n & ~7) << 2), end = x + (<usize> n << 2);
  for (; x < end8; x += 32) {
    const p = madd(f32x4.sub(v128.load(x), m), r, k), q = madd(f32x4.sub(v128.load(x + 16), m), r, k);
    v128.store(y, madd(p, v128.load(gain), v128.load(bias)));
    v128.store(y + 16, madd(q, v128.load(gain + 16), v128.load(bias + 16)));
    y += 32;
    gain += 32;
    bias += 32;
  }
  for (; x < end; x += 4) {
    store<f32>(y, ((load<f32>(x) - mean) * scale - shift) * load<f32>(gain) + load<f32>(bias));
    y += 4;
    gain += 4;
    bias += 4;
  }
}

/** Largest size of `n` numbers. */
function sizeRow(x: usize, n: i32): f32 {
  let a = f32x4.splat(0);
  const end4 = x + (<usize> (n & ~3) << 2);
  for (; x < end4; x += 16) a = max4(a, f32x4.abs(v128.load(x)));
  if (n & 3) a = max4(a, f32x4.abs(loadPart(x, n & 3, 0)));
  return maxLanes(a);
}

/** A power of two that brings numbers of a size into [1, 4), or as near as float32 allows. */
function unitFor(size: f32): f32 {
  const exponent = reinterpret<i32>(size) >> 23;
  return reinterpret<f32>(max(1, 254 - exponent) << 23);
}

/** Writes $m$, $c\,r$ and $r$ of a row, and returns the variance with epsilon. */
function findRow(found: usize, x: usize, n: i32, centred: i32, epsilon: f32): f32 {
  let mean: f32 = centred ? sumRow(x, n) / <f32> n : 0, rest: f32 = 0;
  let variance = squaresRow(x, n, mean) / <f32> n;
  if (abs(mean) > FAR * sqrt<f32>(variance)) {
    // Once for a mean that is off by as much as the numbers differ, once for what its rounding left.
    mean += restRow(x, n, mean) / <f32> n;
    rest = restRow(x, n, mean) / <f32> n;
    variance = max(squaresRow(x, n, mean) / <f32> n - rest * rest, 0);
  }
  const scale: f32 = 1 / sqrt<f32>(variance + epsilon);
  store<f32>(found, mean);
  store<f32>(found + 4, rest * scale);
  store<f32>(found + 8, scale);
  return variance + epsilon;
}

/** Rows of layer or root-mean-square normalization. */
export function normalize(args: usize, from: i32, to: i32): void {
  const n = integer(args, word.COLUMNS),
    centred = integer(args, word.CENTRED),
    epsilon = number(args, word.EPSILON),
    bytes = <usize> n << 2;
  for (let row = from; row < to; row++) {
    const skip = <usize> row * bytes, y = pointer(args, word.TO) + skip;
    const found = pointer(args, word.FOUND) + (<usize> row << 4);
    let x = pointer(args, word.FROM) + skip, unit: f32 = 1;
    const variance = findRow(found, x, n, centred, epsilon);
    if (!(variance > 1e-30 && variance < 1e38)) {
      unit = unitFor(max(sizeRow(x, n), sqrt<f32>(epsilon)));
      memory.copy(y, x, bytes);
      scaleRow(y, n, unit);
      const within = findRow(found, y, n, centred, epsilon * unit * unit);
      // A variance that is NaN is not small.
      if (!(within <= EQUAL && epsilon > 0)) x = y;
      else {
        // The numbers are equal, and their mean is one of them: only epsilon is left to divide by.
        store<f32>(found, load<f32>(found) / unit);
        store<f32>(found + 4, 0);
        store<f32>(found + 8, 1 / sqrt<f32>(epsilon));
        unit = 1;
      }
    }
    store<f32>(found + 12, unit);
    const mean = load<f32>(found), shift = load<f32>(found + 4), scale = load<f32>(found + 8);
    affineRow(y, x, pointer(args, word.GAIN), pointer(args, word.BIAS), n, mean, scale, shift);
  }
}

/** The two sums that the gradient of a row needs, of `n` numbers; written to `sums`. */
function gradientSums(
  sums: usize,
  x: usize,
  g: usize,
  gain: usize,
  n: i32,
  mean: f32,
  scale: f32,
  shift: f32,
): void {
  const m = f32x4.splat(mean), r = f32x4.splat(scale), k = f32x4.splat(-shift);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end8 = x + (<usize> (n & ~7) << 2), end = x + (<usize> n << 2);
  for (; x < end8; x += 32) {
    const p = f32x4.mul(v128.load(g), v128.load(gain)), q = f32x4.mul(v128.load(g + 16), v128.load(gain + 16));
    a = f32x4.add(a, p);
    b = f32x4.add(b, q);
    c = madd(p, madd(f32x4.sub(v128.load(x), m), r, k), c);
    d = madd(q, madd(f32x4.sub(v128.load(x + 16), m), r, k), d);
    g += 32;
    gain += 32;
  }
  let s = sumLanes(f32x4.add(a, b)), t = sumLanes(f32x4.add(c, d));
  for (; x < end; x += 4) {
    const p = load<f32>(g) * load<f32>(gain);
    s += p;
    t += p * ((load<f32>(x) - mean) * scale - shift);
    g += 4;
    gain += 4;
  }
  store<f32>(sums, s);
  store<f32>(sums + 4, t);
}

/**
 * $dx_i = r (g_i \gamma_i - u - \hat x_i w)$, and adds $g_i \hat x_i$ and $g_i$ into the sums of
 * the block. With $u$ and $w$ the means of $g \gamma$ and of $g \gamma \hat x$; `dx` and `x` may be the same.
 */
function gradientRow(
  dx: usize,
  x: usize,
  g: usize,
  gain: usize,
  gains: usize,
  biases: usize,
  n: i32,
  mean: f32,
  scale: f32,
  shift: f32,
  u: f32,
  w: f32,
): void {
  const m = f32x4.splat(mean), r = f32x4.splat(scale), k = f32x4.splat(-shift);
  const us = f32x4.splat(u), ws = f32x4.splat(-w);
  const end4 = x + (<usize> (n & ~3) << 2), end = x + (<usize> n << 2);
  for (; x < end4; x += 16) {
    const h = madd(f32x4.sub(v128.load(x), m), r, k), dy = v128.load(g);
    v128.store(gains, madd(dy, h, v128.load(gains)));
    v128.store(biases, f32x4.add(dy, v128.load(biases)));
    v128.store(dx, f32x4.mul(r, madd(h, ws, f32x4.sub(f32x4.mul(dy, v128.load(gain)), us))));
    dx += 16;
    g += 16;
    gain += 16;
    gains += 16;
    biases += 16;
  }
  for (; x < end; x += 4) {
    const h = (load<f32>(x) - mean) * scale - shift, dy = load<f32>(g);
    store<f32>(gains, load<f32>(gains) + dy * h);
    store<f32>(biases, load<f32>(biases) + dy);
    store<f32>(dx, scale * (dy * load<f32>(gain) - u - h * w));
    dx += 4;
    g += 4;
    gain += 4;
    gains += 4;
    biases += 4;
  }
}

/** Blocks of rows of the gradient of a normalization. */
export function normalizeBackward(args: usize, from: i32, to: i32, scratch: usize): void {
  const n = integer(args, word.COLUMNS),
    centred = integer(args, word.CENTRED),
    rows = integer(args, word.ROWS),
    length = integer(args, word.BLOCK_ROWS);
  const bytes = <usize> n << 2, gain = pointer(args, word.GAIN);
  for (let block = from; block < to; block++) {
    const gains = pointer(args, word.PARTIAL) + <usize> block * (bytes << 1), biases = gains + bytes;
    memory.fill(gains, 0, bytes << 1);
    const last = min(rows, (block + 1) * length);
    for (let row = block * length; row < last; row++) {
      const skip = <usize> row * bytes, dx = pointer(args, word.TO) + skip, g = pointer(args, word.GRADIENT) + skip;
      const found = pointer(args, word.FOUND) + (<usize> row << 4);
      const mean = load<f32>(found), shift = load<f32>(found + 4), scale = load<f32>(found + 8);
      const unit = load<f32>(found + 12);
      let x = pointer(args, word.FROM) + skip;
      if (unit != 1) {
        memory.copy(dx, x, bytes);
        x = dx;
        scaleRow(x, n, unit);
      }
      gradientSums(scratch, x, g, gain, n, mean, scale, shift);
      const u: f32 = centred ? load<f32>(scratch) / <f32> n : 0, w = load<f32>(scratch + 4) / <f32> n;
      gradientRow(dx, x, g, gain, gains, biases, n, mean, scale, shift, u, w);
      if (unit != 1) scaleRow(dx, n, unit);
    }
  }
}

/** Adds up rows of partial sums in order, some columns per unit. */
export function addPartials(args: usize, from: i32, to: i32): void {
  const rows = integer(args, partial.ROWS),
    columns = integer(args, partial.COLUMNS),
    bytes = pointer(args, partial.ROW_BYTES);
  for (let column = from * partial.WIDTH; column < min(to * partial.WIDTH, columns); column += 4) {
    let p = pointer(args, partial.PARTIAL) + (<usize> column << 2);
    const y = pointer(args, partial.TO) + (<usize> column << 2);
    if (column + 4 <= columns) {
      let sum = f32x4.splat(0);
      for (let row = 0; row < rows; row++) {
        sum = f32x4.add(sum, v128.load(p));
        p += bytes;
      }
      v128.store(y, sum);
    } else {
      for (let rest = 0; rest < columns - column; rest++) {
        let sum: f32 = 0;
        for (let row = 0; row < rows; row++) sum += load<f32>(p + (<usize> rest << 2) + <usize> row * bytes);
        store<f32>(y + (<usize> rest << 2), sum);
      }
    }
  }
}
