/**
 * # Attention
 *
 * Attention without a matrix of weights in memory.
 *
 * $$O = \mathrm{softmax}\left(\frac{QK^\top}{\sqrt d} + \text{bias, where allowed}\right) V$$
 *
 * **Shape of the loop.** A block of 48 queries, or all of a short sequence, meets the keys it
 * may see: scores into scratch that fits the second-level cache, exponentials in place,
 * product with the values. Keys and values are packed once per head. Under a causal limit a
 * tile of six queries computes only the keys up to its own last position, so half of the work
 * of a square is never done. The division by the sum of a row waits for the output, which is
 * narrower than the row of weights. A few queries, as when text is generated from a cache,
 * take the way of `attention_few.ts`.
 *
 * The elements of a query, key, value or output lie side by side; everything else has any
 * strides. A mask is a word per pair, 0 = forbidden.
 *
 * **Edges.** Query $t$ sees the keys up to $t + S - T$ when causal. A row with nothing allowed
 * yields zeros. What a query may not see does not reach it, also where it is no number: a row that
 * comes out infinite or NaN is added up again (`attention_pairs.ts`).
 *
 * **Rounding.** Scores and outputs are sums in the order of their terms; the exponential is
 * that of `exp.ts`. Rows do not depend on the block they fall into.
 *
 * @module
 */

import { areFinite, limitOf, mendRow, restrictRow } from "./attention_pairs.ts";
import { raggedStrip, strip, TILE_BYTES } from "./attention_tile.ts";
import { MR, NR, packColumns } from "./matmul.ts";
import { integer, number, pointer } from "./simd.ts";
import { exponentials, maxRow } from "./softmax.ts";
import * as word from "./words/attention.ts";

/** Address of what belongs to a batch element and a head, or a group. */
// @inline
export function headOf(args: usize, operand: i32, steps: i32, b: i32, h: i32): usize {
  return pointer(args, operand) + pointer(args, steps) * b + pointer(args, steps + 1) * h;
}

/** Zeros behind the last weight of a row: as far as any tile reads that the row is part of. */
// @inline
export function endRow(p: usize): void {
  v128.store(p, f32x4.splat(0));
  v128.store(p + 16, f32x4.splat(0));
}

/** Exponentials of a row of scores in place. Returns their sum, 0 where nothing is allowed. */
export function weighRow(p: usize, n: i32): f32 {
  const m = maxRow(p, n);
  return exponentials(p, p, n, m == -Infinity ? 0 : m);
}

/** Reciprocals of `n` sums in place, four at a time; zero stays zero. */
export function invertSums(sums: usize, n: i32): void {
  for (; n > 0; n -= 4) {
    const s = v128.load(sums);
    v128.store(sums, v128.and(f32x4.div(f32x4.splat(1), s), f32x4.ne(s, f32x4.splat(0))));
    sums += 16;
  }
}

/** Copies `n` numbers; a loop, because short copies do not repay a call of the engine. */
// @inline
function copyRow(to: usize, from: usize, n: i32): void {
  const end4 = from + (<usize> (n & ~3) << 2), end = from + (<usize> n << 2);
  for (; from < end4; from += 16) {
    v128.store(to, v128.load(from));
    to += 16;
  }
  for (; from < end; from += 4) {
    store<f32>(to, load<f32>(from));
    to += 4;
  }
}

/** Copies the last rows of an operand, `D` wide, and repeats the first of them up to `MR` rows. */
function padRows(to: usize, from: usize, step: usize, rows: i32, D: i32): void {
  for (let r = 0; r < MR; r++) copyRow(to + (<usize> (r * D) << 2), r < rows ? from + step * r : from, D);
}

/**
 * Scores of a block: $Z = f\,X Y^\top$ for `m` rows of X and the keys that they may see.
 *
 * | argument     | meaning                                                  |
 * | ------------ | -------------------------------------------------------- |
 * | `z`, `zRow`  | the scores; whole tiles are written                      |
 * | `x`, `xRow`  | the rows; a last part of a tile is padded in `spare`     |
 * | `panels`     | Y packed by `packColumns`, D deep                        |
 * | `first`      | position of the first row                                |
 */
export function scoreBlock(
  z: usize,
  zRow: usize,
  x: usize,
  xRow: usize,
  panels: usize,
  D: i32,
  m: i32,
  first: i32,
  T: i32,
  S: i32,
  causal: i32,
  factors: usize,
  spare: usize,
): void {
  const whole = m / MR * MR, step = <usize> (D * NR) << 2, keys = limitOf(first + m - 1, T, S, causal);
  if (whole < m) padRows(spare, x + xRow * whole, xRow, m - whole, D);
  for (let j = 0; j < keys; j += NR) {
    // The first tile of rows whose last row sees key j.
    const seen = causal ? max(0, j - (S - T) - first) / MR * MR : 0;
    for (let r = seen; r < whole; r += MR) {
      strip(x + xRow * r, xRow, 4, panels, z + zRow * r + (<usize> j << 2), zRow, D, factors);
    }
    if (whole < m) strip(spare, <usize> D << 2, 4, panels, z + zRow * whole + (<usize> j << 2), zRow, D, factors);
    panels += step;
  }
}

/**
 * Mixes values: $O = \mathrm{diag}(f)\,P\,V$ for `m` rows, each tile of rows as deep as its last row sees.
 *
 * `panels` is V packed by `packColumns`, `depth` deep; rows of P end as {@linkcode endRow} leaves them.
 */
export function mixBlock(
  o: usize,
  oRow: usize,
  p: usize,
  pRow: usize,
  panels: usize,
  depth: i32,
  D: i32,
  m: i32,
  first: i32,
  T: i32,
  S: i32,
  causal: i32,
  factors: usize,
  each: usize,
  aside: usize,
): void {
  for (let c = 0; c < D; c += NR) {
    const columns = D - c;
    for (let r = 0; r < m; r += MR) {
      const keys = limitOf(first + min(r + MR, m) - 1, T, S, causal);
      const from = p + pRow * r, to = o + oRow * r + (<usize> c << 2), f = factors + each * r;
      if (r + MR <= m && columns >= NR) strip(from, pRow, 4, panels, to, oRow, keys, f);
      else raggedStrip(from, pRow, 4, panels, to, oRow, keys, f, m - r, min(columns, NR), aside);
    }
    panels += <usize> (depth * NR) << 2;
  }
}

/** Attention of many queries, in blocks. Units are runs of queries of one head: `args` as above. */
export function attention(args: usize, from: i32, to: i32, scratch: usize): void {
  const H = integer(args, word.HEADS),
    G = integer(args, word.GROUPS),
    T = integer(args, word.QUERIES),
    S = integer(args, word.KEYS),
    D = integer(args, word.WIDTH);
  const causal = integer(args, word.CAUSAL), block = integer(args, word.BLOCK), run = integer(args, word.RUN);
  const runs = (T + run - 1) / run, zRow = <usize> word.scoreBytes(S);
  const aside = scratch, factors = aside + TILE_BYTES, sums = factors + 64;
  const spare = sums + (<usize> word.roundUp(block, 16) << 2);
  const keys = spare + (<usize> (MR * <i32> word.roundUp(D, 4)) << 2);
  const values = keys + (<usize> (<i32> word.roundUp(S, NR) * D) << 2);
  const z = (values + (<usize> (<i32> word.roundUp(D, NR) * S) << 2) + 63) & ~63;
  for (let i: usize = 0; i < 32; i += 4) store<f32>(factors + i, number(args, word.SCALE));

  for (let unit = from; unit < to; unit++) {
    const start = unit % runs * run, h = unit / runs % H, b = unit / runs / H, g = h / (H / G);
    const end = min(T, start + run), seen = limitOf(end - 1, T, S, causal);
    const query = headOf(args, word.QUERY, word.QUERY_STEPS, b, h), qRow = pointer(args, word.QUERY_STEPS + 2);
    const output = headOf(args, word.OUTPUT, word.OUTPUT_STEPS, b, h), oRow = pointer(args, word.OUTPUT_STEPS + 2);
    packColumns(keys, headOf(args, word.KEY, word.KEY_STEPS, b, g), 4, pointer(args, word.KEY_STEPS + 2), seen, D);
    const value = headOf(args, word.VALUE, word.VALUE_STEPS, b, g);
    const vRow = pointer(args, word.VALUE_STEPS + 2);
    packColumns(values, value, vRow, 4, D, seen);

    for (let first = start; first < end; first += block) {
      const m = min(block, end - first);
      scoreBlock(z, zRow, query + qRow * first, qRow, keys, D, m, first, T, S, causal, factors, spare);
      for (let r = 0; r < m; r++) {
        const t = first + r, n = limitOf(t, T, S, causal), p = z + zRow * r;
        restrictRow(args, p, b, h, t, n);
        store<f32>(sums + (<usize> r << 2), weighRow(p, n));
        endRow(p + (<usize> n << 2));
      }
      invertSums(sums, m);
      mixBlock(output + oRow * first, oRow, z, zRow, values, seen, D, m, first, T, S, causal, sums, 4, aside);
      for (let r = 0; r < m; r++) {
        const t = first + r, o = output + oRow * t;
        if (areFinite(o, D)) continue;
        mendRow(o, z + zRow * r, load<f32>(sums + (<usize> r << 2)), value, vRow, D, args, b, h, t);
      }
    }
  }
}
