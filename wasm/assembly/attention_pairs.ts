/**
 * # Who may see whom
 *
 * A forbidden score is $-\infty$, and weighs zero ({@linkcode restrictRow}). Zero times a number that is infinite or NaN is
 * NaN: the products of `attention.ts` carry what a position holds to those that may not see it. They are not slowed down
 * by that. A result that is no finite number tells, and is added up again over the pairs that are allowed.
 *
 * A pair is forbidden by the mask, by causality, or by a bias of $-\infty$. One that is allowed and weighs zero because its
 * exponential is too small still counts: it makes NaN of NaN.
 *
 * @module
 */

import { integer, madd, pointer, sumLanes } from "./simd.ts";
import * as word from "./words/attention.ts";

/** Keys that query `t` may see as far as causality goes. */
// @inline
export function limitOf(t: i32, T: i32, S: i32, causal: i32): i32 {
  return causal ? max(0, min(S, t + 1 + S - T)) : S;
}

/** Adds a row of biases, `step` bytes from key to key; $-\infty$ forbids, whatever the score. */
function addBias(p: usize, bias: usize, step: usize, n: i32): void {
  let i = 0;
  if (step == 4) {
    const never = f32x4.splat(-Infinity);
    for (; i + 4 <= n; i += 4) {
      const more = v128.load(bias);
      v128.store(p, v128.bitselect(never, f32x4.add(v128.load(p), more), f32x4.eq(more, never)));
      p += 16;
      bias += 16;
    }
  }
  for (; i < n; i++) {
    const more = load<f32>(bias);
    store<f32>(p, more == -Infinity ? more : load<f32>(p) + more);
    p += 4;
    bias += step;
  }
}

/** Sets forbidden scores to $-\infty$, `step` bytes from key to key. */
function forbid(p: usize, mask: usize, step: usize, n: i32): void {
  let i = 0;
  if (step == 4) {
    const never = f32x4.splat(-Infinity), zero = i32x4.splat(0);
    for (; i + 4 <= n; i += 4) {
      v128.store(p, v128.bitselect(never, v128.load(p), i32x4.eq(v128.load(mask), zero)));
      p += 16;
      mask += 16;
    }
  }
  for (; i < n; i++) {
    if (!load<i32>(mask)) store<f32>(p, -Infinity);
    p += 4;
    mask += step;
  }
}

/** Bias and mask of one row of `n` scores. */
export function restrictRow(args: usize, p: usize, b: i32, h: i32, t: i32, n: i32): void {
  const mask = pointer(args, word.MASK), bias = pointer(args, word.BIAS);
  if (bias) {
    const row = bias + pointer(args, word.BIAS_STEPS) * b + pointer(args, word.BIAS_STEPS + 1) * h +
      pointer(args, word.BIAS_STEPS + 2) * t;
    addBias(p, row, pointer(args, word.BIAS_STEPS + 3), n);
  }
  if (mask) {
    const row = mask + pointer(args, word.MASK_STEPS) * b + pointer(args, word.MASK_STEPS + 1) * h +
      pointer(args, word.MASK_STEPS + 2) * t;
    forbid(p, row, pointer(args, word.MASK_STEPS + 3), n);
  }
}

/** Whether `n` numbers are finite: zero times each adds up to zero. */
export function areFinite(p: usize, n: i32): bool {
  const zero = f32x4.splat(0);
  let a = zero, b = zero;
  const end8 = p + (<usize> (n & ~7) << 2), end = p + (<usize> n << 2);
  for (; p < end8; p += 32) {
    a = madd(v128.load(p), zero, a);
    b = madd(v128.load(p + 16), zero, b);
  }
  let sum = sumLanes(f32x4.add(a, b));
  for (; p < end; p += 4) sum += load<f32>(p) * 0;
  return sum == 0;
}

/** Whether `rows` rows of D numbers, `step` bytes apart, are finite. */
export function areRowsFinite(p: usize, step: usize, rows: i32, D: i32): bool {
  for (let r = 0; r < rows; r++) {
    if (!areFinite(p, D)) return false;
    p += step;
  }
  return true;
}

/** Whether query `t` may see key `s`, which is within the limit of causality. */
function isAllowed(args: usize, b: i32, h: i32, t: i32, s: i32): bool {
  const mask = pointer(args, word.MASK), bias = pointer(args, word.BIAS);
  if (mask && !load<i32>(pairOf(args, mask, word.MASK_STEPS, b, h, t, s))) return false;
  return !bias || load<f32>(pairOf(args, bias, word.BIAS_STEPS, b, h, t, s)) != -Infinity;
}

/** Address of what a mask or bias holds for a pair. */
function pairOf(args: usize, p: usize, steps: i32, b: i32, h: i32, t: i32, s: i32): usize {
  return p + pointer(args, steps) * b + pointer(args, steps + 1) * h + pointer(args, steps + 2) * t +
    pointer(args, steps + 3) * s;
}

/** Keys that query `t` may see as far as causality goes, by the words of the job. */
function limitFor(args: usize, t: i32): i32 {
  return limitOf(t, integer(args, word.QUERIES), integer(args, word.KEYS), integer(args, word.CAUSAL));
}

/** $y \leftarrow y + f x$ for `n` numbers. */
function addScaled(y: usize, x: usize, f: f32, n: i32): void {
  for (let i: usize = 0; i < <usize> n << 2; i += 4) store<f32>(y + i, load<f32>(y + i) + f * load<f32>(x + i));
}

/**
 * A weighted sum of rows of D numbers, over the keys that query `t` may see.
 *
 * $o = \sum_s (f w_s)\, x_s$. The factor meets the weight first: an average of large numbers is finite where their sum is not.
 */
export function mendRow(
  o: usize,
  w: usize,
  factor: f32,
  x: usize,
  xRow: usize,
  D: i32,
  args: usize,
  b: i32,
  h: i32,
  t: i32,
): void {
  memory.fill(o, 0, <usize> D << 2);
  const n = limitFor(args, t);
  for (let s = 0; s < n; s++) {
    if (isAllowed(args, b, h, t, s)) addScaled(o, x, load<f32>(w) * factor, D);
    w += 4;
    x += xRow;
  }
}

/**
 * Adds rows of `m` queries to the sums of the keys that they may see.
 *
 * $w_{ts}\, y_t$ to the sum of key $s$, for the queries from `first` on.
 */
export function addAllowed(
  sums: usize,
  width: usize,
  w: usize,
  wRow: usize,
  y: usize,
  yRow: usize,
  D: i32,
  args: usize,
  b: i32,
  h: i32,
  first: i32,
  m: i32,
): void {
  for (let t = first; t < first + m; t++) {
    const n = limitFor(args, t);
    for (let s = 0; s < n; s++) {
      if (isAllowed(args, b, h, t, s)) addScaled(sums + width * s, y, load<f32>(w + (<usize> s << 2)), D);
    }
    w += wRow;
    y += yRow;
  }
}
