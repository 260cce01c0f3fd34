/**
 * # The ladder of attention
 *
 * **Question.** The weights of attention are a matrix of $T^2$ numbers that nobody asked for. What does
 * it cost to write them down, and what does it take not to?
 *
 * $$O = \mathrm{softmax}\Big(\frac{QK^\top}{\sqrt D}\Big) V, \qquad \text{query } t \text{ sees the keys } 0 \dots t$$
 *
 * | symbol  | in code       | shape, row by row |
 * | ------- | ------------- | ----------------- |
 * | $Q$, $K$, $V$ | `q`, `k`, `v` | `[H, T, D]` |
 * | $O$     | `o`           | `[H, T, D]`       |
 *
 * **Ceiling.** $4D$ operations for each of the $T(T+1)/2$ pairs that causality allows, at the rate of
 * multiply-adds from registers, in GFLOP/s. A rung that computes the forbidden half as well cannot
 * exceed half of it.
 *
 * **Sources.** Milakov and Gimelshein 2018 (a softmax whose maximum is not known beforehand); Rabe and
 * Staats 2021 (attention without the matrix); Dao et al. 2022 (FlashAttention: tiles in the memory
 * next to the arithmetic); Dao 2023 (no work for tiles that a causal mask forbids).
 *
 * @module
 */

import { expNegative4 } from "../../assembly/exp.ts";
import { madd, sumLanes } from "../../assembly/simd.ts";
import { exponentials, maxRow, scaleRow } from "../../assembly/softmax.ts";

// ## Rung 1 · scores in memory
//
// The definition: all scores of a head, the softmax of every row, the product with the values. At
// long $T$ the matrix of scores leaves the caches and is written and read several times. At short
// $T$ the arithmetic, one number at a time in one sum, is the bound, and half of it is spent on
// pairs that the mask forbids.

/** The definition, with a matrix `[T, T]` of scores in `scratch`. */
export function attentionMatrix(o: usize, q: usize, k: usize, v: usize, H: i32, T: i32, D: i32, scratch: usize): void {
  const row = <usize> D << 2, line = <usize> T << 2, scale: f32 = 1 / sqrt<f32>(<f32> D);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) scoresOf(scratch + line * <usize> t, q + row * <usize> t, k, t, T, D, scale);
    for (let t = 0; t < T; t++) softmaxOf(scratch + line * <usize> t, T);
    for (let t = 0; t < T; t++) mix(o + row * <usize> t, scratch + line * <usize> t, v, T, D);
    const head = row * <usize> T;
    q += head;
    k += head;
    v += head;
    o += head;
  }
}

/** Scores of one query, $-\infty$ where forbidden. */
function scoresOf(z: usize, q: usize, k: usize, t: i32, T: i32, D: i32, scale: f32): void {
  const row = <usize> D << 2;
  for (let s = 0; s < T; s++) {
    let sum: f32 = 0;
    for (let i: usize = 0; i < row; i += 4) sum += load<f32>(q + i) * load<f32>(k + i);
    store<f32>(z + (<usize> s << 2), s > t ? -Infinity : sum * scale);
    k += row;
  }
}

/** Softmax of one row in place, with the exponential of a C library. */
function softmaxOf(z: usize, n: i32): void {
  let m: f32 = -Infinity, sum: f32 = 0;
  const end = z + (<usize> n << 2);
  for (let p = z; p < end; p += 4) m = max(m, load<f32>(p));
  for (let p = z; p < end; p += 4) {
    const e = Mathf.exp(load<f32>(p) - m);
    store<f32>(p, e);
    sum += e;
  }
  for (let p = z; p < end; p += 4) store<f32>(p, load<f32>(p) / sum);
}

/** A row of weights times the values. */
function mix(o: usize, z: usize, v: usize, T: i32, D: i32): void {
  const row = <usize> D << 2;
  memory.fill(o, 0, row);
  for (let s = 0; s < T; s++) {
    const w = load<f32>(z + (<usize> s << 2));
    for (let i: usize = 0; i < row; i += 4) store<f32>(o + i, load<f32>(o + i) + w * load<f32>(v + i));
    v += row;
  }
}

// ## Rung 2 · row by row
//
// A query needs no other query's scores: one row of $T$ numbers serves all of them in turn. The memory
// falls from $O(T^2)$ to $O(T)$ (Rabe and Staats 2021), and the row stays in the nearest cache.
// While the matrix fits a cache no time is gained, since arithmetic is the bound.

/** One query at a time, its scores in a row of `scratch`. */
export function attentionRows(o: usize, q: usize, k: usize, v: usize, H: i32, T: i32, D: i32, scratch: usize): void {
  const row = <usize> D << 2, head = row * <usize> T, scale: f32 = 1 / sqrt<f32>(<f32> D);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      scoresOf(scratch, q, k, t, T, D, scale);
      softmaxOf(scratch, T);
      mix(o, scratch, v, T, D);
      q += row;
      o += row;
    }
    k += head;
    v += head;
  }
}

// ## Rung 3 · vectors
//
// Four numbers per instruction in the products, four exponentials at a time. Every query still
// reads all keys and all values, each number for a single multiply-add: two loads for an
// operation, from the second cache once they do not fit the first.

/** $\sum_i a_i b_i$, in two vectors of sums. */
function dot(a: usize, b: usize, n: i32): f32 {
  let x = f32x4.splat(0), y = x;
  const end8 = a + (<usize> (n & ~7) << 2), end = a + (<usize> n << 2);
  for (; a < end8; a += 32) {
    x = madd(v128.load(a), v128.load(b), x);
    y = madd(v128.load(a + 16), v128.load(b + 16), y);
    b += 32;
  }
  let sum = sumLanes(f32x4.add(x, y));
  for (; a < end; a += 4) {
    sum += load<f32>(a) * load<f32>(b);
    b += 4;
  }
  return sum;
}

/** Scores of one query at position `t` and `n` keys from position `s` on. */
function scoresByVectors(z: usize, q: usize, k: usize, t: i32, s: i32, n: i32, D: i32, scale: f32): void {
  for (let i = 0; i < n; i++) {
    const score = dot(q, k, D) * scale;
    store<f32>(z, s + i > t ? -Infinity : score);
    z += 4;
    k += <usize> D << 2;
  }
}

/** Adds `n` weighted rows of values to `o`. */
function mixByVectors(o: usize, z: usize, v: usize, n: i32, D: i32): void {
  const whole = o + (<usize> (D & ~3) << 2), end = o + (<usize> D << 2);
  for (; n > 0; n--) {
    const w = load<f32>(z), x = f32x4.splat(w);
    let p = o;
    for (; p < whole; p += 16) {
      v128.store(p, madd(x, v128.load(v), v128.load(p)));
      v += 16;
    }
    for (; p < end; p += 4) {
      store<f32>(p, load<f32>(p) + w * load<f32>(v));
      v += 4;
    }
    z += 4;
  }
}

/** One query at a time with four numbers per instruction. */
export function attentionVectors(o: usize, q: usize, k: usize, v: usize, H: i32, T: i32, D: i32, scratch: usize): void {
  const row = <usize> D << 2, head = row * <usize> T, scale: f32 = 1 / sqrt<f32>(<f32> D);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      scoresByVectors(scratch, q, k, t, 0, T, D, scale);
      const sum = exponentials(scratch, scratch, T, maxRow(scratch, T));
      memory.fill(o, 0, row);
      mixByVectors(o, scratch, v, T, D);
      // Dividing the output rather than the weights: D numbers instead of T.
      scaleRow(o, D, 1 / sum);
      q += row;
      o += row;
    }
    k += head;
    v += head;
  }
}

// ## Rung 4 · online softmax
//
// A tile of 64 keys and values is kept near while 16 queries pass by, so that each is fetched
// once for 16 uses. A query then meets its keys in portions and does not know its maximum
// beforehand. It keeps the largest score so far, $m$, and the sum $\ell$ and the output $o$ in
// units of $e^m$; a larger score $m'$ rescales both:
//
// $$\ell \leftarrow e^{m - m'} \ell + \sum_s e^{z_s - m'}, \qquad o \leftarrow e^{m - m'} o + \sum_s e^{z_s - m'} v_s$$
//
// The scratch no longer grows with $T$ (Dao et al. 2022). On a GPU, whose nearest memory is small
// and whose main memory is far, that is what makes attention fast. On a CPU a row of scores fits the
// nearest cache anyway and a head the second: the loads of the products are the bound as before, and
// short portions and rescaling cost at least what nearness gains.

const QUERIES: i32 = 16;
const KEYS: i32 = 64;

/** Tiles of queries and keys with a running maximum; `scratch` holds 96 numbers. */
export function attentionOnline(o: usize, q: usize, k: usize, v: usize, H: i32, T: i32, D: i32, scratch: usize): void {
  const row = <usize> D << 2, scale: f32 = 1 / sqrt<f32>(<f32> D), maxima = scratch + 256, sums = maxima + 64;
  for (let h = 0; h < H; h++) {
    for (let first = 0; first < T; first += QUERIES) {
      const queries = min(QUERIES, T - first);
      memory.fill(o, 0, row * <usize> queries);
      for (let i = 0; i < queries; i++) {
        store<f32>(maxima + (<usize> i << 2), -Infinity);
        store<f32>(sums + (<usize> i << 2), 0);
      }
      for (let s = 0; s < T; s += KEYS) {
        const n = min(KEYS, T - s), tile = row * <usize> s;
        for (let i = 0; i < queries; i++) {
          scoresByVectors(scratch, q + row * <usize> i, k + tile, first + i, s, n, D, scale);
          absorb(o + row * <usize> i, scratch, v + tile, n, D, maxima + (<usize> i << 2), sums + (<usize> i << 2));
        }
      }
      for (let i = 0; i < queries; i++) scaleRow(o + row * <usize> i, D, 1 / load<f32>(sums + (<usize> i << 2)));
      q += row * <usize> queries;
      o += row * <usize> queries;
    }
    k += row * <usize> T;
    v += row * <usize> T;
  }
}

/** Takes `n` more keys into the output, the maximum and the sum of one query. */
function absorb(o: usize, z: usize, v: usize, n: i32, D: i32, maximum: usize, sum: usize): void {
  const before = load<f32>(maximum), m = max(before, maxRow(z, n));
  if (m == -Infinity) return;
  const factor = f32x4.extract_lane(expNegative4(f32x4.splat(before - m)), 0);
  if (factor != 1) scaleRow(o, D, factor);
  store<f32>(sum, load<f32>(sum) * factor + exponentials(z, z, n, m));
  store<f32>(maximum, m);
  mixByVectors(o, z, v, n, D);
}

// ## Rung 5 · register tiles
//
// The kernel of the device, `../../assembly/attention.ts`, on one thread and with a mask, which makes
// it compute all pairs. Both products run through the tile of the matrix product: keys and values
// are packed once per head, and a number that is loaded serves several multiply-adds. A block of
// queries keeps its whole rows of scores, which fit the second cache; so there is one maximum per
// row and nothing is rescaled. The arithmetic is the bound, and half of it is forbidden.

// ## Rung 6 · causal skip
//
// The same kernel, told that it is causal instead of given a mask: tiles above the diagonal are not
// computed (Dao 2023). Half of the work disappears, for long sequences; the tiles on the diagonal
// remain.

// ## Rung 7 · threads
//
// Heads, and runs of queries of one head, are shared among threads. Each packs the keys and
// values of its heads for itself.
