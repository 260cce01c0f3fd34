/**
 * # Attention, backwards
 *
 * Gradient of attention. The weights are computed again, block by block, as they were forwards;
 * they were never stored, nor was anything else of their rows. Both the maximum and the sum are found
 * anew: one number for the two, $m + \ln s$, would lose the digits of the sum beside a large maximum.
 *
 * $$P = \mathrm{softmax}(Z), \quad dP = dO\,V^\top, \quad dS = P \odot (dP - \delta), \quad \delta_t = \sum_d dO_{td} O_{td}$$
 * $$dV = P^\top dO, \qquad dQ = f\, dS\, K, \qquad dK = f\, dS^\top Q$$
 *
 * **Shape of the loop.** A unit is one group of one batch element: its keys and values are
 * packed once, and all heads that share them add to the same sums in the same order, so
 * that any number of threads yields the same bits. A transposed product swaps the two steps
 * of the left operand; the block of scores itself is never transposed.
 *
 * **Edges.** A row with nothing allowed passes nothing back. A pair that is forbidden passes nothing
 * either way, also where query, key, value or gradient is no number (`attention_pairs.ts`).
 *
 * @module
 */

import { endRow, headOf, mixBlock, scoreBlock, weighRow } from "./attention.ts";
import { addAllowed, areFinite, areRowsFinite, limitOf, mendRow, restrictRow } from "./attention_pairs.ts";
import { strip, TILE_BYTES } from "./attention_tile.ts";
import { MR, NR, packColumns } from "./matmul.ts";
import { integer, number, pointer } from "./simd.ts";
import { dotRow } from "./softmax.ts";
import * as word from "./words/attention.ts";

/** $p \leftarrow f p$ and $dp \leftarrow p\,(dp - \delta)$ for `n` elements; what weighs nothing has no slope. */
function scoreGradients(dp: usize, p: usize, n: i32, factor: f32, delta: f32): void {
  const f = f32x4.splat(factor), d = f32x4.splat(delta), zero = f32x4.splat(0);
  const end = p + (<usize> (n & ~3) << 2);
  for (; p < end; p += 16) {
    const e = v128.load(p), some = f32x4.ne(e, zero), weight = v128.and(f32x4.mul(e, f), some);
    v128.store(p, weight);
    v128.store(dp, v128.and(f32x4.mul(weight, f32x4.sub(v128.load(dp), d)), some));
    dp += 16;
  }
  for (let i = n & ~3; i < n; i++) {
    const e = load<f32>(p), weight: f32 = e != 0 ? e * factor : 0;
    store<f32>(p, weight);
    store<f32>(dp, e != 0 ? weight * (load<f32>(dp) - delta) : 0);
    dp += 4;
    p += 4;
  }
  endRow(p);
  endRow(dp);
}

/**
 * Adds $X^\top Y$ into `sums` `[S, D]`: X holds `m` rows of scores, Y the packed block.
 *
 * Under a causal limit a tile of keys begins with the first row that sees one of them.
 */
function addTransposed(
  sums: usize,
  width: usize,
  x: usize,
  xRow: usize,
  panels: usize,
  D: i32,
  m: i32,
  first: i32,
  T: i32,
  S: i32,
  causal: i32,
): void {
  const keys = limitOf(first + m - 1, T, S, causal);
  for (let c = 0; c < D; c += NR) {
    for (let j = 0; j < keys; j += MR) {
      const r = causal ? max(0, j - (S - T) - first) : 0;
      const left = x + xRow * r + (<usize> j << 2), sum = sums + width * j + (<usize> c << 2);
      strip(left, 4, xRow, panels + (<usize> r << 5), sum, width, m - r, 0);
    }
    panels += <usize> (m * NR) << 2;
  }
}

/** Copies sums of `rows` rows of D elements to where they belong, times a factor. */
function putRows(to: usize, toRow: usize, from: usize, fromRow: usize, rows: i32, D: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    const end4 = <usize> (D & ~3) << 2, end = <usize> D << 2;
    for (; i < end4; i += 16) v128.store(to + i, f32x4.mul(v128.load(from + i), f));
    for (; i < end; i += 4) store<f32>(to + i, load<f32>(from + i) * factor);
    to += toRow;
    from += fromRow;
  }
}

/** Gradient of attention. Units are groups of one batch element. */
export function attentionBackward(args: usize, from: i32, to: i32, scratch: usize): void {
  const H = integer(args, word.HEADS),
    G = integer(args, word.GROUPS),
    T = integer(args, word.QUERIES),
    S = integer(args, word.KEYS),
    D = integer(args, word.WIDTH);
  const causal = integer(args, word.CAUSAL),
    scale = number(args, word.SCALE),
    block = integer(args, word.BLOCK),
    each = H / G;
  const zRow = <usize> word.scoreBytes(S),
    wide = <i32> word.roundUp(D, NR),
    width = <usize> wide << 2,
    tall = <i32> word.roundUp(S, MR);
  const aside = scratch, factors = aside + TILE_BYTES, ones = factors + 32, spare = ones + 32;
  const keysAcross = spare + (<usize> (MR * <i32> word.roundUp(D, 4)) << 2);
  const valuesAcross = keysAcross + (<usize> (<i32> word.roundUp(S, NR) * D) << 2);
  const keysAlong = valuesAcross + (<usize> (<i32> word.roundUp(S, NR) * D) << 2);
  const queries = keysAlong + (<usize> S * width);
  const gradients = queries + (<usize> block * width);
  const keySums = gradients + (<usize> block * width);
  const valueSums = keySums + (<usize> tall * width);
  const p = (valueSums + (<usize> tall * width) + 63) & ~63, dp = p + zRow * <usize> word.roundUp(block, MR);
  for (let i: usize = 0; i < 32; i += 4) {
    store<f32>(factors + i, scale);
    store<f32>(ones + i, 1);
  }

  for (let unit = from; unit < to; unit++) {
    const b = unit / G, g = unit % G;
    const key = headOf(args, word.KEY, word.KEY_STEPS, b, g), kRow = pointer(args, word.KEY_STEPS + 2);
    const value = headOf(args, word.VALUE, word.VALUE_STEPS, b, g), vRow = pointer(args, word.VALUE_STEPS + 2);
    packColumns(keysAcross, key, 4, kRow, S, D);
    packColumns(valuesAcross, value, 4, vRow, S, D);
    packColumns(keysAlong, key, kRow, 4, D, S);
    memory.fill(keySums, 0, <usize> (tall * 2) * width);

    for (let h = g * each; h < (g + 1) * each; h++) {
      const query = headOf(args, word.QUERY, word.QUERY_STEPS, b, h), qRow = pointer(args, word.QUERY_STEPS + 2);
      const output = headOf(args, word.OUTPUT, word.OUTPUT_STEPS, b, h), oRow = pointer(args, word.OUTPUT_STEPS + 2);
      const dO = headOf(args, word.GRADIENT, word.GRADIENT_STEPS, b, h), dORow = pointer(args, word.GRADIENT_STEPS + 2);
      const dQ = headOf(args, word.QUERY_GRADIENT, word.QUERY_GRADIENT_STEPS, b, h),
        dQRow = pointer(args, word.QUERY_GRADIENT_STEPS + 2);
      for (let first = 0; first < T; first += block) {
        const m = min(block, T - first);
        const x = query + qRow * first, y = dO + dORow * first;
        scoreBlock(p, zRow, x, qRow, keysAcross, D, m, first, T, S, causal, factors, spare);
        scoreBlock(dp, zRow, y, dORow, valuesAcross, D, m, first, T, S, causal, ones, spare);
        for (let r = 0; r < m; r++) {
          const t = first + r, n = limitOf(t, T, S, causal), row = p + zRow * r, line = (b * H + h) * T + t;
          restrictRow(args, row, b, h, t, n);
          const sum = weighRow(row, n);
          scoreGradients(dp + zRow * r, row, n, sum != 0 ? 1 / sum : 0, dotRow(y + dORow * r, output + oRow * t, D));
          const dBias = pointer(args, word.BIAS_GRADIENT);
          if (dBias) {
            const target = dBias + <usize> line * (<usize> S << 2);
            memory.copy(target, dp + zRow * r, <usize> n << 2);
            memory.fill(target + (<usize> n << 2), 0, <usize> (S - n) << 2);
          }
        }
        mixBlock(dQ + dQRow * first, dQRow, dp, zRow, keysAlong, S, D, m, first, T, S, causal, factors, 0, aside);
        for (let r = 0; r < m; r++) {
          const o = dQ + dQRow * (first + r);
          if (!areFinite(o, D)) mendRow(o, dp + zRow * r, scale, key, kRow, D, args, b, h, first + r);
        }
        if (areRowsFinite(x, qRow, m, D) && areRowsFinite(y, dORow, m, D)) {
          packColumns(queries, x, qRow, 4, D, m);
          packColumns(gradients, y, dORow, 4, D, m);
          addTransposed(valueSums, width, p, zRow, gradients, D, m, first, T, S, causal);
          addTransposed(keySums, width, dp, zRow, queries, D, m, first, T, S, causal);
        } else {
          addAllowed(valueSums, width, p, zRow, y, dORow, D, args, b, h, first, m);
          addAllowed(keySums, width, dp, zRow, x, qRow, D, args, b, h, first, m);
        }
      }
    }
    const dK = headOf(args, word.KEY_GRADIENT, word.KEY_GRADIENT_STEPS, b, g);
    const dV = headOf(args, word.VALUE_GRADIENT, word.VALUE_GRADIENT_STEPS, b, g);
    putRows(dK, pointer(args, word.KEY_GRADIENT_STEPS + 2), keySums, width, S, D, scale);
    putRows(dV, pointer(args, word.VALUE_GRADIENT_STEPS + 2), valueSums, width, S, D, 1);
  }
}
