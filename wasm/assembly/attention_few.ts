/**
 * # Attention of a few queries
 *
 * One query, or a handful of them, over many keys: a step of a generation with a cache.
 *
 * **Shape of the loop.** Each key and each value is read once, from where it lies; nothing is
 * packed or copied. The queries that share a group (several heads, several positions) meet
 * the keys in runs of 64 that stay in the nearest cache, two queries at a time: a key in a
 * register then serves both.
 *
 * **Reading.** A cache of many layers comes from main memory, in pieces too short for a prefetcher to
 * get going. One word of every line of a run is therefore touched beforehand, of keys and values in turn:
 * the loads do not wait for each other, and the values arrive while the keys are read.
 *
 * **Keys and values in eight bits** (`records.ts`) are read as they are kept, and spread over float32 in a piece of scratch, a run
 * of 64 at a time: what follows is the same.
 *
 * **Rounding.** A score is a sum in eight interleaved parts, an output a sum in the order of
 * the keys.
 *
 * @module
 */

import { endRow, headOf, weighRow } from "./attention.ts";
import { areFinite, limitOf, mendRow, restrictRow } from "./attention_pairs.ts";
import { spreadRows } from "./records.ts";
import { integer, madd, number, pointer, sumLanes } from "./simd.ts";
import { scaleRow } from "./softmax.ts";
import * as word from "./words/attention.ts";

/** $z_s = f\, q \cdot k_s$ for `n` keys, `kRow` bytes apart: four keys per turn, eight elements of each. */
function scoreFew(z: usize, q: usize, k: usize, kRow: usize, n: i32, D: i32, f: f32): void {
  const end8 = q + (<usize> (D & ~7) << 2), factor = f32x4.splat(f), left = D & 7;
  for (; n >= 4; n -= 4) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let x = q, k0 = k, k2 = k + kRow + kRow;
    for (; x < end8; x += 32) {
      let u = v128.load(x);
      a0 = madd(u, v128.load(k0), a0);
      a1 = madd(u, v128.load(k0 + kRow), a1);
      a2 = madd(u, v128.load(k2), a2);
      a3 = madd(u, v128.load(k2 + kRow), a3);
      k0 += 16;
      k2 += 16;
      u = v128.load(x + 16);
      b0 = madd(u, v128.load(k0), b0);
      b1 = madd(u, v128.load(k0 + kRow), b1);
      b2 = madd(u, v128.load(k2), b2);
      b3 = madd(u, v128.load(k2 + kRow), b3);
      k0 += 16;
      k2 += 16;
    }
    a0 = f32x4.add(a0, b0);
    a1 = f32x4.add(a1, b1);
    a2 = f32x4.add(a2, b2);
    a3 = f32x4.add(a3, b3);
    a0 = sumsOf(a0, a1, a2, a3);
    for (let i = 0; i < left; i++) {
      const u = v128.load32_splat(x);
      let v = v128.load32_splat(k0);
      v = f32x4.replace_lane(v, 1, load<f32>(k0 + kRow));
      v = f32x4.replace_lane(v, 2, load<f32>(k2));
      v = f32x4.replace_lane(v, 3, load<f32>(k2 + kRow));
      a0 = madd(u, v, a0);
      x += 4;
      k0 += 4;
      k2 += 4;
    }
    v128.store(z, f32x4.mul(a0, factor));
    z += 16;
    k += kRow << 2;
  }
  for (; n > 0; n--) {
    let a = f32x4.splat(0), b = a, x = q, y = k;
    for (; x < end8; x += 32) {
      a = madd(v128.load(x), v128.load(y), a);
      b = madd(v128.load(x + 16), v128.load(y + 16), b);
      y += 32;
    }
    let sum = sumLanes(f32x4.add(a, b));
    for (let i = 0; i < left; i++) {
      sum += load<f32>(x) * load<f32>(y);
      x += 4;
      y += 4;
    }
    store<f32>(z, sum * f);
    z += 4;
    k += kRow;
  }
}

/** {@linkcode scoreFew} for two queries at once; D is a multiple of 4, `n` counts whole fours. */
function scoreTwo(y: usize, z: usize, p: usize, q: usize, k: usize, kRow: usize, n: i32, D: i32, f: f32): void {
  const end = p + (<usize> D << 2), factor = f32x4.splat(f);
  for (; n >= 4; n -= 4) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let x = p, w = q, k0 = k, k2 = k + kRow + kRow;
    for (; x < end; x += 16) {
      const u = v128.load(x), v = v128.load(w);
      let key = v128.load(k0);
      a0 = madd(u, key, a0);
      b0 = madd(v, key, b0);
      key = v128.load(k0 + kRow);
      a1 = madd(u, key, a1);
      b1 = madd(v, key, b1);
      key = v128.load(k2);
      a2 = madd(u, key, a2);
      b2 = madd(v, key, b2);
      key = v128.load(k2 + kRow);
      a3 = madd(u, key, a3);
      b3 = madd(v, key, b3);
      w += 16;
      k0 += 16;
      k2 += 16;
    }
    v128.store(y, f32x4.mul(sumsOf(a0, a1, a2, a3), factor));
    v128.store(z, f32x4.mul(sumsOf(b0, b1, b2, b3), factor));
    y += 16;
    z += 16;
    k += kRow << 2;
  }
}

/** Transposed sums: lane s is the sum of the lanes of the s-th vector. */
// @inline
function sumsOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const u = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const v = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(u, v, 0, 1, 4, 5), v128.shuffle<f32>(u, v, 2, 3, 6, 7));
}

/**
 * $o \leftarrow o + \sum_s p_s v_s$ for `n` values, `vRow` bytes apart: 32 columns of the
 * output at a time in registers.
 */
function mixFew(o: usize, p: usize, v: usize, vRow: usize, n: i32, D: i32): void {
  let c = 0;
  for (; c + 32 <= D; c += 32) {
    let a0 = v128.load(o), a1 = v128.load(o + 16), a2 = v128.load(o + 32), a3 = v128.load(o + 48);
    let a4 = v128.load(o + 64), a5 = v128.load(o + 80), a6 = v128.load(o + 96), a7 = v128.load(o + 112);
    let w = p, x = v;
    const end = p + (<usize> n << 2);
    for (; w < end; w += 4) {
      const f = v128.load32_splat(w);
      a0 = madd(f, v128.load(x), a0);
      a1 = madd(f, v128.load(x + 16), a1);
      a2 = madd(f, v128.load(x + 32), a2);
      a3 = madd(f, v128.load(x + 48), a3);
      a4 = madd(f, v128.load(x + 64), a4);
      a5 = madd(f, v128.load(x + 80), a5);
      a6 = madd(f, v128.load(x + 96), a6);
      a7 = madd(f, v128.load(x + 112), a7);
      x += vRow;
    }
    v128.store(o, a0);
    v128.store(o + 16, a1);
    v128.store(o + 32, a2);
    v128.store(o + 48, a3);
    v128.store(o + 64, a4);
    v128.store(o + 80, a5);
    v128.store(o + 96, a6);
    v128.store(o + 112, a7);
    o += 128;
    v += 128;
  }
  for (; c + 4 <= D; c += 4) {
    let a = v128.load(o), w = p, x = v;
    const end = p + (<usize> n << 2);
    for (; w < end; w += 4) {
      a = madd(v128.load32_splat(w), v128.load(x), a);
      x += vRow;
    }
    v128.store(o, a);
    o += 16;
    v += 16;
  }
  for (; c < D; c++) {
    let a = load<f32>(o), w = p, x = v;
    const end = p + (<usize> n << 2);
    for (; w < end; w += 4) {
      a += load<f32>(w) * load<f32>(x);
      x += vRow;
    }
    store<f32>(o, a);
    o += 4;
    v += 4;
  }
}

/** {@linkcode mixFew} for two outputs at once, the first `D` / 16 sixteens of their columns. */
function mixTwo(o: usize, e: usize, p: usize, q: usize, v: usize, vRow: usize, n: i32, D: i32): void {
  const end = p + (<usize> n << 2);
  for (; D >= 16; D -= 16) {
    let a0 = v128.load(o), a1 = v128.load(o + 16), a2 = v128.load(o + 32), a3 = v128.load(o + 48);
    let b0 = v128.load(e), b1 = v128.load(e + 16), b2 = v128.load(e + 32), b3 = v128.load(e + 48);
    let s = p, t = q, x = v;
    for (; s < end; s += 4) {
      const f = v128.load32_splat(s), g = v128.load32_splat(t);
      let value = v128.load(x);
      a0 = madd(f, value, a0);
      b0 = madd(g, value, b0);
      value = v128.load(x + 16);
      a1 = madd(f, value, a1);
      b1 = madd(g, value, b1);
      value = v128.load(x + 32);
      a2 = madd(f, value, a2);
      b2 = madd(g, value, b2);
      value = v128.load(x + 48);
      a3 = madd(f, value, a3);
      b3 = madd(g, value, b3);
      t += 4;
      x += vRow;
    }
    v128.store(o, a0);
    v128.store(o + 16, a1);
    v128.store(o + 32, a2);
    v128.store(o + 48, a3);
    v128.store(e, b0);
    v128.store(e + 16, b1);
    v128.store(e + 32, b2);
    v128.store(e + 48, b3);
    o += 64;
    e += 64;
    v += 64;
  }
}

/** Touches every line of `n` keys and of their values; the result depends on all of them. */
function fetch(k: usize, kRow: usize, v: usize, vRow: usize, n: i32, bytes: usize): i32 {
  let touched = 0;
  for (; n > 0; n--) {
    for (let i: usize = 0; i < bytes; i += 64) touched |= load<i32>(k + i) | load<i32>(v + i);
    k += kRow;
    v += vRow;
  }
  return touched;
}

/** Attention of a few queries over a long cache. Units are groups of one batch element. */
export function attentionFew(args: usize, from: i32, to: i32, scratch: usize): void {
  const H = integer(args, word.HEADS),
    G = integer(args, word.GROUPS),
    T = integer(args, word.QUERIES),
    S = integer(args, word.KEYS),
    D = integer(args, word.WIDTH);
  const causal = integer(args, word.CAUSAL),
    scale = number(args, word.SCALE),
    each = H / G,
    rows = each * T,
    zRow = <usize> word.scoreBytes(S),
    records = integer(args, word.RECORDS);
  const qHead = pointer(args, word.QUERY_STEPS + 1),
    qRow = pointer(args, word.QUERY_STEPS + 2),
    oHead = pointer(args, word.OUTPUT_STEPS + 1),
    oRow = pointer(args, word.OUTPUT_STEPS + 2);
  // Records are spread over rows of float32, a chunk at a time.
  const scores = scratch + 64, wide = scores + zRow * rows, wideRow = <usize> ((D + 3) & ~3) << 2;
  const line = records ? <usize> (D + 7) & ~3 : <usize> D << 2;
  for (let unit = from; unit < to; unit++) {
    const b = unit / G, g = unit % G, head = g * each;
    const key = headOf(args, word.KEY, word.KEY_STEPS, b, g), kRow = pointer(args, word.KEY_STEPS + 2);
    const value = headOf(args, word.VALUE, word.VALUE_STEPS, b, g), vRow = pointer(args, word.VALUE_STEPS + 2);
    const query = pointer(args, word.QUERY) + pointer(args, word.QUERY_STEPS) * b + qHead * head;
    const output = pointer(args, word.OUTPUT) + pointer(args, word.OUTPUT_STEPS) * b + oHead * head;

    let touched = 0;
    // The last query sees most; what the others must not see is left out below.
    const reach = limitOf(T - 1, T, S, causal);
    for (let s = 0; s < reach; s += word.CHUNK) {
      const n = min(word.CHUNK, reach - s), kept = key + kRow * s;
      touched |= fetch(kept, kRow, value + vRow * s, vRow, n, line);
      if (records) spreadRows(wide, kept, kRow, n, D);
      const keys = records ? wide : kept, ld = records ? wideRow : kRow;
      for (let row = 0; row < rows; row++) {
        const z = scores + zRow * row + (<usize> s << 2), q = query + qHead * (row / T) + qRow * (row % T);
        if (row + 1 < rows && !(D & 3)) {
          const p = query + qHead * ((row + 1) / T) + qRow * ((row + 1) % T), done = n & ~3;
          scoreTwo(z, z + zRow, q, p, keys, ld, n, D, scale);
          if (done < n) {
            const skip = <usize> done << 2;
            scoreFew(z + skip, q, keys + ld * done, ld, n - done, D, scale);
            scoreFew(z + zRow + skip, p, keys + ld * done, ld, n - done, D, scale);
          }
          row++;
        } else scoreFew(z, q, keys, ld, n, D, scale);
      }
    }

    store<i32>(scratch + 32, touched);

    for (let row = 0; row < rows; row++) {
      const h = head + row / T, t = row % T, n = limitOf(t, T, S, causal), p = scores + zRow * row;
      restrictRow(args, p, b, h, t, n);
      const sum = weighRow(p, n);
      if (sum != 0) scaleRow(p, n, 1 / sum);
      // Rows differ by fewer than eight keys.
      endRow(p + (<usize> n << 2));
      memory.fill(output + oHead * (row / T) + oRow * t, 0, <usize> D << 2);
    }

    for (let s = 0; s < reach; s += word.CHUNK) {
      const n = min(word.CHUNK, reach - s), whole = D & ~15, skip = <usize> whole << 2;
      if (records) spreadRows(wide, value + vRow * s, vRow, n, D);
      const values = records ? wide : value + vRow * s, ld = records ? wideRow : vRow;
      for (let row = 0; row < rows; row++) {
        const p = scores + zRow * row + (<usize> s << 2), o = output + oHead * (row / T) + oRow * (row % T);
        if (row + 1 < rows && whole) {
          const e = output + oHead * ((row + 1) / T) + oRow * ((row + 1) % T);
          mixTwo(o, e, p, p + zRow, values, ld, n, D);
          if (whole < D) {
            mixFew(o + skip, p, values + skip, ld, n, D - whole);
            mixFew(e + skip, p + zRow, values + skip, ld, n, D - whole);
          }
          row++;
        } else mixFew(o, p, values, ld, n, D);
      }
    }
    // Levels are finite: there is nothing to mend.
    for (let row = records ? rows : 0; row < rows; row++) {
      const o = output + oHead * (row / T) + oRow * (row % T);
      if (areFinite(o, D)) continue;
      mendRow(o, scores + zRow * row, 1, value, vRow, D, args, b, head + row / T, row % T);
    }
  }
}
