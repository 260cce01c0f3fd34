/**
 * # Softmax
 *
 * Probabilities or their logarithms, one row at a time.
 *
 * $$y_i = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j$$
 *
 * **Shape of the loop.** Three sweeps over a row that stays in cache: the maximum, the
 * exponentials with their sum, the division. Sweeps take 16 elements per turn where
 * nothing but loading and adding goes on, and 8 where an exponential hides the latency;
 * what remains of a row takes part in a vector filled up with $-\infty$.
 *
 * **Rounding.** The sum is added in eight interleaved parts; the division is one
 * reciprocal and a product per element: equal to the definition within rounding.
 *
 * **Edges.** An element of $-\infty$ weighs exactly zero. A row of nothing else has no
 * distribution; it yields zeros, not NaN, and their logarithms, $-\infty$.
 *
 * @module
 */

import { exp4, expNegative4 } from "./exp.ts";
import { log4 } from "./functions.ts";
import { integer, loadPart, madd, max4, maxLanes, nmadd, pointer, storePart, sumLanes } from "./simd.ts";
import * as word from "./words/softmax.ts";

/** Largest of `n` numbers at `x`. $-\infty$ if there are none. */
export function maxRow(x: usize, n: i32): f32 {
  let a = f32x4.splat(-Infinity), b = a, c = a, d = a;
  const end16 = x + (<usize> (n & ~15) << 2), end4 = x + (<usize> (n & ~3) << 2);
  for (; x < end16; x += 64) {
    a = max4(a, v128.load(x));
    b = max4(b, v128.load(x + 16));
    c = max4(c, v128.load(x + 32));
    d = max4(d, v128.load(x + 48));
  }
  for (; x < end4; x += 16) a = max4(a, v128.load(x));
  if (n & 3) b = max4(b, loadPart(x, n & 3, -Infinity));
  return maxLanes(max4(max4(a, b), max4(c, d)));
}

/**
 * Writes exponentials and returns their sum.
 *
 * $e^{x_i - m}$ and $\sum_i e^{x_i - m}$.
 *
 * | argument   | meaning                             | requires                      |
 * | ---------- | ----------------------------------- | ----------------------------- |
 * | `dst`, `x` | addresses of `n` numbers            | may be the same               |
 * | `maximum`  | $m$                                 | finite, at least every number |
 */
export function exponentials(dst: usize, x: usize, n: i32, maximum: f32): f32 {
  const m = f32x4.splat(maximum);
  let s = f32x4.splat(0), t = s;
  const end8 = x + (<usize> (n & ~7) << 2);
  for (; x < end8; x += 32) {
    const a = expNegative4(f32x4.sub(v128.load(x), m));
    const b = expNegative4(f32x4.sub(v128.load(x + 16), m));
    s = f32x4.add(s, a);
    t = f32x4.add(t, b);
    v128.store(dst, a);
    v128.store(dst + 16, b);
    dst += 32;
  }
  if (n & 4) {
    const a = expNegative4(f32x4.sub(v128.load(x), m));
    s = f32x4.add(s, a);
    v128.store(dst, a);
    x += 16;
    dst += 16;
  }
  if (n & 3) {
    const a = expNegative4(f32x4.sub(loadPart(x, n & 3, -Infinity), m));
    t = f32x4.add(t, a);
    storePart(dst, a, n & 3);
  }
  return sumLanes(f32x4.add(s, t));
}

/** The sum of exponentials. $\sum_i e^{x_i - m}$, added in the order of {@linkcode exponentials}. */
export function sumOfExponentials(x: usize, n: i32, maximum: f32): f32 {
  const m = f32x4.splat(maximum);
  let s = f32x4.splat(0), t = s;
  const end8 = x + (<usize> (n & ~7) << 2);
  for (; x < end8; x += 32) {
    s = f32x4.add(s, expNegative4(f32x4.sub(v128.load(x), m)));
    t = f32x4.add(t, expNegative4(f32x4.sub(v128.load(x + 16), m)));
  }
  if (n & 4) {
    s = f32x4.add(s, expNegative4(f32x4.sub(v128.load(x), m)));
    x += 16;
  }
  if (n & 3) t = f32x4.add(t, expNegative4(f32x4.sub(loadPart(x, n & 3, -Infinity), m)));
  return sumLanes(f32x4.add(s, t));
}

/** Multiplies `n` numbers at `x` by `factor`, in place. */
export function scaleRow(x: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  const end8 = x + (<usize> (n & ~7) << 2), end = x + (<usize> n << 2);
  for (; x < end8; x += 32) {
    v128.store(x, f32x4.mul(v128.load(x), f));
    v128.store(x + 16, f32x4.mul(v128.load(x + 16), f));
  }
  for (; x < end; x += 4) store<f32>(x, load<f32>(x) * factor);
}

/** Inner product. $\sum_i a_i b_i$ of two rows of `n` numbers. */
export function dotRow(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const end16 = a + (<usize> (n & ~15) << 2), end4 = a + (<usize> (n & ~3) << 2);
  for (; a < end16; a += 64) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a + 16), v128.load(b + 16), s1);
    s2 = madd(v128.load(a + 32), v128.load(b + 32), s2);
    s3 = madd(v128.load(a + 48), v128.load(b + 48), s3);
    b += 64;
  }
  for (; a < end4; a += 16) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    b += 16;
  }
  if (n & 3) s1 = madd(loadPart(a, n & 3, 0), loadPart(b, n & 3, 0), s1);
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** The sum of `n` numbers. */
export function sumRow(x: usize, n: i32): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end16 = x + (<usize> (n & ~15) << 2), end4 = x + (<usize> (n & ~3) << 2);
  for (; x < end16; x += 64) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x + 16));
    c = f32x4.add(c, v128.load(x + 32));
    d = f32x4.add(d, v128.load(x + 48));
  }
  for (; x < end4; x += 16) a = f32x4.add(a, v128.load(x));
  if (n & 3) b = f32x4.add(b, loadPart(x, n & 3, 0));
  return sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** Natural logarithm. $\ln x$ of one number. */
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** $y_i = x_i - c$ for `n` numbers. */
function shiftRow(y: usize, x: usize, n: i32, c: f32): void {
  const s = f32x4.splat(c);
  const end4 = x + (<usize> (n & ~3) << 2), end = x + (<usize> n << 2);
  for (; x < end4; x += 16) {
    v128.store(y, f32x4.sub(v128.load(x), s));
    y += 16;
  }
  for (; x < end; x += 4) {
    store<f32>(y, load<f32>(x) - c);
    y += 4;
  }
}

/** $dx_i = y_i (g_i - c)$ for `n` numbers. */
function weighRow(dx: usize, y: usize, g: usize, n: i32, c: f32): void {
  const s = f32x4.splat(c);
  const end4 = y + (<usize> (n & ~3) << 2), end = y + (<usize> n << 2);
  for (; y < end4; y += 16) {
    v128.store(dx, f32x4.mul(v128.load(y), f32x4.sub(v128.load(g), s)));
    dx += 16;
    g += 16;
  }
  for (; y < end; y += 4) {
    store<f32>(dx, load<f32>(y) * (load<f32>(g) - c));
    dx += 4;
    g += 4;
  }
}

/** $dx_i = g_i - c\, e^{y_i}$ for `n` numbers. */
function unweighRow(dx: usize, y: usize, g: usize, n: i32, c: f32): void {
  const s = f32x4.splat(c);
  const end4 = y + (<usize> (n & ~3) << 2);
  for (; y < end4; y += 16) {
    v128.store(dx, nmadd(s, exp4(v128.load(y)), v128.load(g)));
    dx += 16;
    g += 16;
  }
  if (n & 3) storePart(dx, nmadd(s, exp4(loadPart(y, n & 3, 0)), loadPart(g, n & 3, 0)), n & 3);
}

/** Rows of the softmax. */
export function softmax(args: usize, from: i32, to: i32): void {
  const n = integer(args, word.COLUMNS), bytes = <usize> n << 2;
  let y = pointer(args, word.TO) + <usize> from * bytes, x = pointer(args, word.FROM) + <usize> from * bytes;
  for (let row = from; row < to; row++) {
    softmaxRow(y, x, n);
    y += bytes;
    x += bytes;
  }
}

/** Softmax of `n` numbers; `y` and `x` may be the same. */
function softmaxRow(y: usize, x: usize, n: i32): void {
  let m = maxRow(x, n);
  // Nothing allowed: any finite number in place of the maximum makes every weight zero.
  if (m == -Infinity) m = 0;
  const sum = exponentials(y, x, n, m);
  if (sum != 0) scaleRow(y, n, 1 / sum);
}

/** Rows of the gradient of a softmax. $dx = y (g - \sum_j g_j y_j)$. */
export function softmaxBackward(args: usize, from: i32, to: i32): void {
  const n = integer(args, word.COLUMNS), bytes = <usize> n << 2, skip = <usize> from * bytes;
  let dx = pointer(args, word.TO) + skip, y = pointer(args, word.FROM) + skip, g = pointer(args, word.GRADIENT) + skip;
  for (let row = from; row < to; row++) {
    weighRow(dx, y, g, n, dotRow(y, g, n));
    dx += bytes;
    y += bytes;
    g += bytes;
  }
}

/** Rows of the logarithm of a softmax. $y = x - m - \ln \sum_j e^{x_j - m}$. */
export function logSoftmax(args: usize, from: i32, to: i32): void {
  const n = integer(args, word.COLUMNS), bytes = <usize> n << 2;
  let y = pointer(args, word.TO) + <usize> from * bytes, x = pointer(args, word.FROM) + <usize> from * bytes;
  for (let row = from; row < to; row++) {
    let m = maxRow(x, n);
    if (m == -Infinity) m = 0;
    const sum = sumOfExponentials(x, n, m);
    // Two subtractions: the sum of the two numbers would lose the digits of the smaller.
    shiftRow(y, x, n, m);
    shiftRow(y, y, n, sum == 0 ? 0 : log1(sum));
    y += bytes;
    x += bytes;
  }
}

/** Rows of the gradient of the logarithm of a softmax. $dx = g - e^y \sum_j g_j$. */
export function logSoftmaxBackward(args: usize, from: i32, to: i32): void {
  const n = integer(args, word.COLUMNS), bytes = <usize> n << 2, skip = <usize> from * bytes;
  let dx = pointer(args, word.TO) + skip, y = pointer(args, word.FROM) + skip, g = pointer(args, word.GRADIENT) + skip;
  for (let row = from; row < to; row++) {
    unweighRow(dx, y, g, n, sumRow(g, n));
    dx += bytes;
    y += bytes;
    g += bytes;
  }
}
