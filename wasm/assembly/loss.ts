/**
 * # Cross-entropy
 *
 * Each row of logits is held against one correct class.
 *
 * $$L = -(1 - \epsilon) \ln p_t - \frac{\epsilon}{V} \sum_v \ln p_v$$
 * $$\ln p_v = x_v - m - \ln s, \qquad s = \sum_v e^{x_v - m}, \qquad m = \max_v x_v$$
 *
 * | argument of the kernels | meaning                                                   |
 * | ----------------------- | --------------------------------------------------------- |
 * | `loss`                  | one number per row, 0 where the target is ignored          |
 * | `maximum`, `sum`        | $m$ and $s$ per row, what the backward kernel needs        |
 * | `logits`                | `[N, V]`, contiguous                                      |
 * | `targets`               | int32 per row; checked by the caller                      |
 *
 * **Shape of the loop.** Two sweeps over a row forwards, one backwards; the probabilities
 * are never stored.
 *
 * **Rounding.** $m$ and $s$ are kept apart. Their combination $m + \ln s$ has, for logits
 * around $10^4$, an error of $10^{-3}$, and every probability would inherit it. Distances from
 * $m$ are added up divided by $2^{24}$, which is exact and leaves them room: one may be twice the largest number.
 *
 * **Edges.** A logit of $-\infty$ has probability 0. Where the target's is, the loss is $\infty$, and with smoothing
 * where any is; the gradient is the same formula.
 *
 * @module
 */

import { expNegative4 } from "./exp.ts";
import { integer, loadPart, madd, nmadd, number, pointer, storePart, sumLanes } from "./simd.ts";
import { log1, maxRow, sumOfExponentials } from "./softmax.ts";
import * as word from "./words/loss.ts";

/** A power of two that leaves room for the sum of $2^{23}$ distances, and its reciprocal. */
const SMALL: f32 = 1 / 16777216.0, LARGE: f32 = 16777216.0;

/** $\sum_i (m - x_i) \, 2^{-24}$ of `n` numbers. */
function distancesRow(x: usize, n: i32, maximum: f32): f32 {
  const small = f32x4.splat(SMALL), m = f32x4.splat(maximum * SMALL);
  let a = f32x4.splat(0), b = a;
  const end8 = x + (<usize> (n & ~7) << 2), end = x + (<usize> n << 2);
  for (; x < end8; x += 32) {
    a = f32x4.add(a, nmadd(v128.load(x), small, m));
    b = f32x4.add(b, nmadd(v128.load(x + 16), small, m));
  }
  let sum = sumLanes(f32x4.add(a, b));
  for (; x < end; x += 4) sum += maximum * SMALL - load<f32>(x) * SMALL;
  return sum;
}

/** Rows of the cross entropy. */
export function crossEntropy(args: usize, from: i32, to: i32): void {
  const loss = pointer(args, word.TO), maximum = pointer(args, word.MAXIMUM), sum = pointer(args, word.SUM);
  const V = integer(args, word.CLASSES),
    ignored = integer(args, word.IGNORED),
    smoothing = number(args, word.SMOOTHING);
  for (let row = from; row < to; row++) {
    const at = <usize> row << 2;
    const target = load<i32>(pointer(args, word.TARGETS) + at);
    let m: f32 = 0, s: f32 = 1, value: f32 = 0;
    if (target != ignored) {
      const x = pointer(args, word.LOGITS) + <usize> row * (<usize> V << 2);
      m = maxRow(x, V);
      if (m == -Infinity) m = 0;
      s = sumOfExponentials(x, V, m);
      if (s == 0) s = 1;
      value = (m * SMALL - load<f32>(x + (<usize> target << 2)) * SMALL) * ((1 - smoothing) * LARGE);
      if (smoothing > 0) value += distancesRow(x, V, m) * (smoothing * LARGE / <f32> V);
      value += log1(s);
    }
    store<f32>(loss + at, value);
    store<f32>(maximum + at, m);
    store<f32>(sum + at, s);
  }
}

/**
 * Rows of the gradient of the cross entropy for the logits.
 *
 * $dx_v = g\,(p_v - (1 - \epsilon)[v = t] - \epsilon / V)$.
 */
export function crossEntropyBackward(args: usize, from: i32, to: i32): void {
  const V = integer(args, word.CLASSES),
    ignored = integer(args, word.IGNORED),
    smoothing = number(args, word.SMOOTHING);
  for (let row = from; row < to; row++) {
    const at = <usize> row << 2, skip = <usize> row * (<usize> V << 2);
    const target = load<i32>(pointer(args, word.TARGETS) + at), dx = pointer(args, word.TO) + skip;
    if (target == ignored) {
      memory.fill(dx, 0, <usize> V << 2);
      continue;
    }
    const g = load<f32>(pointer(args, word.GRADIENT) + at);
    const m = load<f32>(pointer(args, word.MAXIMUM) + at), s = load<f32>(pointer(args, word.SUM) + at);
    probabilities(dx, pointer(args, word.LOGITS) + skip, V, m, g / s, -g * smoothing / <f32> V);
    const hit = dx + (<usize> target << 2);
    store<f32>(hit, load<f32>(hit) - g * (1 - smoothing));
  }
}

/** $dx_i = c\,e^{x_i - m} + d$ for `n` numbers. */
function probabilities(dx: usize, x: usize, n: i32, maximum: f32, c: f32, d: f32): void {
  const m = f32x4.splat(maximum), factor = f32x4.splat(c), shift = f32x4.splat(d);
  const end4 = x + (<usize> (n & ~3) << 2);
  for (; x < end4; x += 16) {
    v128.store(dx, madd(expNegative4(f32x4.sub(v128.load(x), m)), factor, shift));
    dx += 16;
  }
  if (n & 3) storePart(dx, madd(expNegative4(f32x4.sub(loadPart(x, n & 3, 0), m)), factor, shift), n & 3);
}
