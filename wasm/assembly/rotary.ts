/**
 * # Rotary positions
 *
 * Every pair of coordinates turns by the angle of its position.
 *
 * $$y_a = x_a \cos\theta - x_b \sin\theta, \qquad y_b = x_a \sin\theta + x_b \cos\theta$$
 *
 * Pairs are the halves, $(i, i + D/2)$, or neighbours, $(2i, 2i + 1)$. The gradient turns back.
 *
 * | argument         | meaning                                                      |
 * | ---------------- | ------------------------------------------------------------ |
 * | `y`, `x`         | `[B, H, T, D]` with any steps between rows; elements of a row side by side |
 * | `cosine`, `sine` | `[T, D/2]`, contiguous                                       |
 * | `sign`           | 1 turns forwards, -1 back                                    |
 *
 * **Shape of the loop.** A unit is one row. Halves take four pairs per turn from two places;
 * neighbours are parted and put together again by shuffles.
 *
 * **Rounding.** Two products and one sum per element, the last product fused.
 *
 * @module
 */

import { integer, madd, nmadd, number, pointer } from "./simd.ts";
import * as word from "./words/rotary.ts";

function rotateHalves(y: usize, x: usize, cosine: usize, sine: usize, pairs: i32, sign: f32): void {
  const half = <usize> pairs << 2, s = f32x4.splat(sign);
  const end4 = x + (<usize> (pairs & ~3) << 2), end = x + half;
  for (; x < end4; x += 16) {
    const a = v128.load(x), b = v128.load(x + half), c = v128.load(cosine), d = f32x4.mul(v128.load(sine), s);
    v128.store(y, nmadd(b, d, f32x4.mul(a, c)));
    v128.store(y + half, madd(a, d, f32x4.mul(b, c)));
    y += 16;
    cosine += 16;
    sine += 16;
  }
  for (; x < end; x += 4) {
    const a = load<f32>(x), b = load<f32>(x + half), c = load<f32>(cosine), d = load<f32>(sine) * sign;
    store<f32>(y, a * c - b * d);
    store<f32>(y + half, a * d + b * c);
    y += 4;
    cosine += 4;
    sine += 4;
  }
}

function rotateNeighbours(y: usize, x: usize, cosine: usize, sine: usize, pairs: i32, sign: f32): void {
  const s = f32x4.splat(sign);
  const end4 = cosine + (<usize> (pairs & ~3) << 2), end = cosine + (<usize> pairs << 2);
  for (; cosine < end4; cosine += 16) {
    const u = v128.load(x), v = v128.load(x + 16), c = v128.load(cosine), d = f32x4.mul(v128.load(sine), s);
    const a = v128.shuffle<f32>(u, v, 0, 2, 4, 6), b = v128.shuffle<f32>(u, v, 1, 3, 5, 7);
    const p = nmadd(b, d, f32x4.mul(a, c)), q = madd(a, d, f32x4.mul(b, c));
    v128.store(y, v128.shuffle<f32>(p, q, 0, 4, 1, 5));
    v128.store(y + 16, v128.shuffle<f32>(p, q, 2, 6, 3, 7));
    x += 32;
    y += 32;
    sine += 16;
  }
  for (; cosine < end; cosine += 4) {
    const a = load<f32>(x), b = load<f32>(x + 4), c = load<f32>(cosine), d = load<f32>(sine) * sign;
    store<f32>(y, a * c - b * d);
    store<f32>(y + 4, a * d + b * c);
    x += 8;
    y += 8;
    sine += 4;
  }
}

/** Rotary positions, forwards and backwards. Units are rows of heads. */
export function rotary(args: usize, from: i32, to: i32): void {
  const H = integer(args, word.HEADS),
    T = integer(args, word.POSITIONS),
    pairs = integer(args, word.PAIRS),
    sign = number(args, word.SIGN);
  const bytes = <usize> pairs << 2;
  for (let row = from; row < to; row++) {
    const t = row % T, h = row / T % H, b = row / T / H;
    const y = pointer(args, word.TO) + pointer(args, word.TO_STEPS) * b + pointer(args, word.TO_STEPS + 1) * h +
      pointer(args, word.TO_STEPS + 2) * t;
    const x = pointer(args, word.FROM) + pointer(args, word.FROM_STEPS) * b + pointer(args, word.FROM_STEPS + 1) * h +
      pointer(args, word.FROM_STEPS + 2) * t;
    const skip = <usize> t * bytes, cosine = pointer(args, word.COSINE) + skip, sine = pointer(args, word.SINE) + skip;
    if (integer(args, word.INTERLEAVED)) rotateNeighbours(y, x, cosine, sine, pairs, sign);
    else rotateHalves(y, x, cosine, sine, pairs, sign);
  }
}
