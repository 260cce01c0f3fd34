/**
 * # Weights in blocks of integers
 *
 * **Question.** A matrix–vector product reads every weight once, so its time is the bytes of the weights
 * divided by the speed of the memory. Weights of one byte, or of half a byte, could be read in a quarter or an
 * eighth of the time of float32. Does the arithmetic keep up?
 *
 * **Idea.** It does, if nobody turns the integers back into float32. One instruction multiplies
 * sixteen pairs of bytes and adds them by fours, so the row that is multiplied is rounded to bytes as well, and
 * float32 enters once per 32 weights.
 *
 * **Formula.** Along the depth, 32 weights of a column make a *block* with one step $s$; a weight is
 * $s\,(q - h)$ with a level $0 \le q < 2h$. The row is cut into the same blocks and rounded to $t\,p$ with
 * $-127 \le p \le 127$, so that
 *
 * $$\sum_k x_k w_k \approx \sum_{\mathrm{blocks}} s\,t \Big(\sum_{k} p_k q_k - h \sum_k p_k\Big)$$
 *
 * | symbol       | in code                | stored as                                           |
 * | ------------ | ---------------------- | --------------------------------------------------- |
 * | $q_k$        | `w`                    | 8 or 4 bits                                         |
 * | $h$          | shifts by 6 or 3       | 64 (one byte per weight) or 8 (half a byte)         |
 * | $s$          | `w + 256` or `w + 128` | float32, one for each column of a record            |
 * | $p_k$        | `x`                    | 8 bits                                              |
 * | $t$          | `x + 32`               | float32                                             |
 * | $\sum_k p_k$ | `x + 36`              | int32, times $-h$: where the sum of integers starts |
 *
 * `core/engine/packed.ts` has the definition of the rounding, and what it costs a trained model.
 *
 * **Why 64 levels on either side.** The instruction takes one operand with sign and one below 128
 * (relaxed SIMD); with both in range its integers are the same on every machine, and the build without it
 * computes the same ones. A sum over a block is exact in both.
 *
 * **Layout.** A record holds 8 columns × 32 weights. A vector of levels has one column per lane and 4
 * neighbours in $k$ in each; half bytes pair $k$ with $k + 16$:
 *
 * ```text
 * byte            0…15                    16…31                   32…47
 * columns, k      0 1 2 3, k = 0…3        4 5 6 7, k = 0…3        0 1 2 3, k = 4…7    …
 * one lane        q[k]  q[k+1]  q[k+2]  q[k+3]        a byte each, or q[k] + 16 q[k+16]
 * ```
 *
 * | record of 8 columns × 32 | one byte per weight | half a byte |
 * | ------------------------ | ------------------- | ----------- |
 * | levels                   | 256 bytes           | 128 bytes   |
 * | steps, float32           | 32 bytes            | 32 bytes    |
 *
 * Records of a panel follow each other in $k$: levels and steps are one stream. One row reads two panels at a
 * time, from the two halves of the work (`matvec.ts` says why); four rows share each level that is read.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { packColumns } from "./packing.ts";
import { integer, madd, pointer } from "./simd.ts";
import * as word from "./words/blocks.ts";

/** The lower half of every byte. */
let LOW: v128 = i8x16.splat(15);

/** `c` plus four products per lane of signed bytes with bytes below 128. */
// @inline
function dot(x: v128, w: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, w, c);
  const even = i32x4.dot_i16x8_s(i16x8.shr_s(i16x8.shl(x, 8), 8), v128.and(w, i16x8.splat(255)));
  return i32x4.add(c, i32x4.add(even, i32x4.dot_i16x8_s(i16x8.shr_s(x, 8), i16x8.shr_u(w, 8))));
}

// ## Rounding a row

/** Four numbers in units of a step. */
// @inline
function rounded(from: usize, step: v128): v128 {
  const q = f32x4.floor(f32x4.add(f32x4.div(v128.load(from), step), f32x4.splat(0.5)));
  return i32x4.trunc_sat_f32x4_s(q);
}

/** Rounds 32 numbers. A NaN becomes the step, and with it the whole result. */
function roundBlock(to: usize, from: usize): void {
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < 128; i += 16) most = f32x4.max(most, f32x4.abs(v128.load(from + i)));
  const largest = max<f32>(
    max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  const step = largest / 127, divisor = f32x4.splat(step == 0 ? 1 : step);
  let sum = i32x4.splat(0);
  for (let half: usize = 0; half < 2; half++) {
    const p = from + (half << 6);
    const a = rounded(p, divisor), b = rounded(p + 16, divisor);
    const c = rounded(p + 32, divisor), d = rounded(p + 48, divisor);
    sum = i32x4.add(sum, i32x4.add(i32x4.add(a, b), i32x4.add(c, d)));
    v128.store(to + (half << 4), i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
  }
  store<f32>(to + 32, step);
  store<i32>(
    to + 36,
    -(i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) +
      i32x4.extract_lane(sum, 3)),
  );
}

/**
 * Rounds rows whose elements lie side by side; a unit is a row.
 */
export function roundRowsJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const depth = integer(args, word.DEPTH), blocks = (depth + 31) >> 5, left = <usize> (depth & 31) << 2;
  for (let unit = from; unit < to; unit++) {
    let y = pointer(args, word.TO) + <usize> (unit * blocks) * <usize> word.ROW_BLOCK,
      x = pointer(args, word.FROM) + <usize> unit * pointer(args, word.FROM_ROW);
    for (let i = depth >> 5; i > 0; i--) {
      roundBlock(y, x);
      y += <usize> word.ROW_BLOCK;
      x += 128;
    }
    if (left) {
      memory.fill(scratch, 0, 128);
      memory.copy(scratch, x, left);
      roundBlock(y, scratch);
    }
  }
}

// ## Multiplying

/** One rounded row times two panels. */
function twoPanels(y: usize, x: usize, w: usize, v: usize, blocks: i32, halves: bool): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; blocks > 0; blocks--) {
    let i = i32x4.shl(v128.load32_splat(x + 36), halves ? 3 : 6), j = i, k = i, l = i;
    const step = v128.load32_splat(x + 32);
    if (halves) {
      for (const end = x + 16; x < end; x += 4) {
        const p = v128.load32_splat(x), q = v128.load32_splat(x + 16);
        let u = v128.load(w);
        i = dot(q, v128.and(i32x4.shr_u(u, 4), LOW), dot(p, v128.and(u, LOW), i));
        u = v128.load(w + 16);
        j = dot(q, v128.and(i32x4.shr_u(u, 4), LOW), dot(p, v128.and(u, LOW), j));
        u = v128.load(v);
        k = dot(q, v128.and(i32x4.shr_u(u, 4), LOW), dot(p, v128.and(u, LOW), k));
        u = v128.load(v + 16);
        l = dot(q, v128.and(i32x4.shr_u(u, 4), LOW), dot(p, v128.and(u, LOW), l));
        w += 32;
        v += 32;
      }
      x += <usize> word.ROW_BLOCK - 16;
    } else {
      for (const end = x + 32; x < end; x += 4) {
        const p = v128.load32_splat(x);
        i = dot(p, v128.load(w), i);
        j = dot(p, v128.load(w + 16), j);
        k = dot(p, v128.load(v), k);
        l = dot(p, v128.load(v + 16), l);
        w += 32;
        v += 32;
      }
      x += <usize> word.ROW_BLOCK - 32;
    }
    a = madd(f32x4.convert_i32x4_s(i), f32x4.mul(v128.load(w), step), a);
    b = madd(f32x4.convert_i32x4_s(j), f32x4.mul(v128.load(w + 16), step), b);
    c = madd(f32x4.convert_i32x4_s(k), f32x4.mul(v128.load(v), step), c);
    d = madd(f32x4.convert_i32x4_s(l), f32x4.mul(v128.load(v + 16), step), d);
    w += 32;
    v += 32;
  }
  v128.store(y, a);
  v128.store(y + 16, b);
  v128.store(y + 32, c);
  v128.store(y + 48, d);
}

/** Adds a block to eight sums; `w` are the steps of the eight columns. */
// @inline
function settle(y: usize, c: v128, d: v128, x: usize, w: usize): void {
  const step = v128.load32_splat(x + 32);
  v128.store(y, madd(f32x4.convert_i32x4_s(c), f32x4.mul(v128.load(w), step), v128.load(y)));
  v128.store(y + 16, madd(f32x4.convert_i32x4_s(d), f32x4.mul(v128.load(w + 16), step), v128.load(y + 16)));
}

/**
 * Four rounded rows times a panel with a byte per weight: every weight that is read serves four
 * times. Each row comes out as {@linkcode twoPanels} computes it, to the bit.
 */
function fourByBytes(y: usize, x: usize, x1: usize, x2: usize, x3: usize, w: usize, blocks: i32): void {
  memory.fill(y, 0, 128);
  for (; blocks > 0; blocks--) {
    let c0 = i32x4.shl(v128.load32_splat(x + 36), 6), d0 = c0;
    let c1 = i32x4.shl(v128.load32_splat(x1 + 36), 6), d1 = c1;
    let c2 = i32x4.shl(v128.load32_splat(x2 + 36), 6), d2 = c2;
    let c3 = i32x4.shl(v128.load32_splat(x3 + 36), 6), d3 = c3;
    for (let i: usize = 0; i < 32; i += 4) {
      const a = v128.load(w), b = v128.load(w + 16);
      let p: v128;
      p = v128.load32_splat(x + i);
      c0 = dot(p, a, c0);
      d0 = dot(p, b, d0);
      p = v128.load32_splat(x1 + i);
      c1 = dot(p, a, c1);
      d1 = dot(p, b, d1);
      p = v128.load32_splat(x2 + i);
      c2 = dot(p, a, c2);
      d2 = dot(p, b, d2);
      p = v128.load32_splat(x3 + i);
      c3 = dot(p, a, c3);
      d3 = dot(p, b, d3);
      w += 32;
    }
    settle(y, c0, d0, x, w);
    settle(y + 32, c1, d1, x1, w);
    settle(y + 64, c2, d2, x2, w);
    settle(y + 96, c3, d3, x3, w);
    x += <usize> word.ROW_BLOCK;
    x1 += <usize> word.ROW_BLOCK;
    x2 += <usize> word.ROW_BLOCK;
    x3 += <usize> word.ROW_BLOCK;
    w += 32;
  }
}

/** Four rounded rows times a panel with half a byte per weight, as {@linkcode twoPanels} computes each. */
function fourByHalves(y: usize, x: usize, x1: usize, x2: usize, x3: usize, w: usize, blocks: i32): void {
  const low = i8x16.splat(15);
  memory.fill(y, 0, 128);
  for (; blocks > 0; blocks--) {
    let c0 = i32x4.shl(v128.load32_splat(x + 36), 3), d0 = c0;
    let c1 = i32x4.shl(v128.load32_splat(x1 + 36), 3), d1 = c1;
    let c2 = i32x4.shl(v128.load32_splat(x2 + 36), 3), d2 = c2;
    let c3 = i32x4.shl(v128.load32_splat(x3 + 36), 3), d3 = c3;
    for (let i: usize = 0; i < 16; i += 4) {
      let a = v128.load(w), b = v128.load(w + 16);
      const e = v128.and(i32x4.shr_u(a, 4), low), f = v128.and(i32x4.shr_u(b, 4), low);
      a = v128.and(a, low);
      b = v128.and(b, low);
      let p: v128;
      p = v128.load32_splat(x + i);
      c0 = dot(p, a, c0);
      d0 = dot(p, b, d0);
      p = v128.load32_splat(x + i + 16);
      c0 = dot(p, e, c0);
      d0 = dot(p, f, d0);
      p = v128.load32_splat(x1 + i);
      c1 = dot(p, a, c1);
      d1 = dot(p, b, d1);
      p = v128.load32_splat(x1 + i + 16);
      c1 = dot(p, e, c1);
      d1 = dot(p, f, d1);
      p = v128.load32_splat(x2 + i);
      c2 = dot(p, a, c2);
      d2 = dot(p, b, d2);
      p = v128.load32_splat(x2 + i + 16);
      c2 = dot(p, e, c2);
      d2 = dot(p, f, d2);
      p = v128.load32_splat(x3 + i);
      c3 = dot(p, a, c3);
      d3 = dot(p, b, d3);
      p = v128.load32_splat(x3 + i + 16);
      c3 = dot(p, e, c3);
      d3 = dot(p, f, d3);
      w += 32;
    }
    settle(y, c0, d0, x, w);
    settle(y + 32, c1, d1, x1, w);
    settle(y + 64, c2, d2, x2, w);
    settle(y + 96, c3, d3, x3, w);
    x += <usize> word.ROW_BLOCK;
    x1 += <usize> word.ROW_BLOCK;
    x2 += <usize> word.ROW_BLOCK;
    x3 += <usize> word.ROW_BLOCK;
    w += 32;
  }
}

/** Eight sums, or the first `count` of them, with the biases that belong to them. */
export function finish(y: usize, sums: usize, bias: usize, count: i32): void {
  if (count == 8) {
    let a = v128.load(sums), b = v128.load(sums + 16);
    if (bias) {
      a = f32x4.add(a, v128.load(bias));
      b = f32x4.add(b, v128.load(bias + 16));
    }
    v128.store(y, a);
    v128.store(y + 16, b);
    return;
  }
  for (let j: usize = 0; j < <usize> count << 2; j += 4) {
    store<f32>(y + j, bias ? load<f32>(sums + j) + load<f32>(bias + j) : load<f32>(sums + j));
  }
}

/**
 * Rounded rows times panels of records; a unit is a panel.
 */
export function rowsTimesBlocksJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const x = pointer(args, word.FROM),
    y = pointer(args, word.TO),
    rows = integer(args, word.ROWS),
    columns = integer(args, word.COLUMNS);
  const blocks = integer(args, word.BLOCKS),
    ldy = pointer(args, word.TO_ROW),
    bias = pointer(args, word.BIAS),
    halves = integer(args, word.BITS) == 4;
  const ldx = <usize> blocks * <usize> word.ROW_BLOCK,
    bytes = <usize> blocks * <usize> (halves ? word.RECORD_HALVES : word.RECORD_BYTES);
  // Four rows take about as long as three apart; where one is missing, the last is repeated.
  const together = (rows & 3) == 3 ? rows : rows & ~3;
  for (let unit = from; unit < to && together > 0; unit++) {
    const j = unit << 3, at = <usize> j << 2, w = pointer(args, word.PANELS) + bytes * unit;
    for (let row = 0; row < together; row += 4) {
      const height = min(4, together - row), p = x + ldx * row, p2 = p + ldx + ldx, p3 = height > 3 ? p2 + ldx : p2;
      if (halves) fourByHalves(scratch, p, p + ldx, p2, p3, w, blocks);
      else fourByBytes(scratch, p, p + ldx, p2, p3, w, blocks);
      for (let r = 0; r < height; r++) {
        const sums = scratch + (<usize> r << 5);
        finish(y + at + ldy * (row + r), sums, bias ? bias + at : 0, min(8, columns - j));
      }
    }
  }
  // The others with two panels at a time, one of each half; what is left of an odd number is computed twice.
  const half = (to - from + 1) >> 1, apart = to - from - half;
  for (let unit = from; unit < from + half && together < rows; unit++) {
    const w = pointer(args, word.PANELS) + bytes * unit, v = w + bytes * apart;
    for (let row = together; row < rows; row++) {
      twoPanels(scratch, x + ldx * row, w, v, blocks, halves);
      for (let side = 0; side < 2; side++) {
        const j = (unit + apart * side) << 3, at = <usize> j << 2, sums = scratch + (<usize> side << 5);
        finish(y + at + ldy * row, sums, bias ? bias + at : 0, min(8, columns - j));
      }
    }
  }
}

// ## Packing

/** The levels of four columns in one row of a panel. */
// @inline
function level(p: usize, step: v128, half: f32): v128 {
  const q = f32x4.floor(f32x4.add(f32x4.div(v128.load(p), step), f32x4.splat(half + 0.5)));
  return i32x4.trunc_sat_f32x4_s(f32x4.min(f32x4.max(q, f32x4.splat(0)), f32x4.splat(2 * half - 1)));
}

/** Rounds four columns of 32 rows of a float32 panel into their half of a record. */
function packBlock(to: usize, from: usize, halves: bool): void {
  let high = v128.load(from), low = high;
  for (let i: usize = 32; i < 1024; i += 32) {
    high = f32x4.max(high, v128.load(from + i));
    low = f32x4.min(low, v128.load(from + i));
  }
  // The farthest number from zero becomes level 0.
  const half: f32 = halves ? 8 : 64;
  const extreme = v128.bitselect(high, low, f32x4.ge(high, f32x4.neg(low)));
  const step = f32x4.mul(extreme, f32x4.splat(-1 / half));
  const divisor = v128.bitselect(f32x4.splat(1), step, f32x4.eq(step, f32x4.splat(0)));
  const end = to + (halves ? 128 : 256);
  for (; to < end; to += 32) {
    let word = i32x4.splat(0);
    for (let i: i32 = 0; i < 4; i++) {
      let q = level(from, divisor, half);
      if (halves) q = v128.or(q, i32x4.shl(level(from + 512, divisor, half), 4));
      word = v128.or(word, i32x4.shl(q, i << 3));
      from += 32;
    }
    v128.store(to, word);
  }
  v128.store(to, step);
}

/**
 * Packs panels of a matrix; a unit is a panel.
 *
 * Neighbours lie along one of its axes. Scratch: a float32 panel of whole blocks.
 */
export function packBlocksJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const across = pointer(args, word.ACROSS),
    along = pointer(args, word.ALONG),
    columns = integer(args, word.COLUMNS),
    depth = integer(args, word.DEPTH);
  const halves = integer(args, word.BITS) == 4,
    record: usize = halves ? word.RECORD_HALVES : word.RECORD_BYTES,
    blocks = (depth + 31) >> 5;
  for (let unit = from; unit < to; unit++) {
    const j = unit << 3;
    packColumns(scratch, pointer(args, word.FROM) + <usize> j * across, along, across, min(8, columns - j), depth);
    memory.fill(scratch + (<usize> depth << 5), 0, <usize> ((blocks << 5) - depth) << 5);
    let y = pointer(args, word.TO) + <usize> (unit * blocks) * record, x = scratch;
    for (let i = blocks; i > 0; i--) {
      packBlock(y, x, halves);
      packBlock(y + 16, x + 16, halves);
      y += record;
      x += 1024;
    }
  }
}

/**
 * The float32 panels that records stand for; a unit is a panel.
 */
export function unpackBlocksJob(args: usize, from: i32, to: i32): void {
  const blocks = integer(args, word.BLOCKS), halves = integer(args, word.BITS) == 4;
  const record: usize = halves ? word.RECORD_HALVES : word.RECORD_BYTES,
    levels: usize = halves ? 128 : 256,
    bits = halves ? 15 : 127;
  let y = pointer(args, word.TO) + (<usize> (from * blocks) << 10),
    w = pointer(args, word.PANELS) + <usize> (from * blocks) * record;
  for (let block = (to - from) * blocks; block > 0; block--) {
    for (let i: usize = 0; i < levels; i += 16) {
      const step = v128.load(w + levels + (i & 16));
      let v = v128.load(w + i), p = y + ((i >> 5) << 7) + (i & 16);
      for (let k = 0; k < 4; k++) {
        const q = i32x4.sub(v128.and(v, i32x4.splat(bits)), i32x4.splat(halves ? 8 : 64));
        v128.store(p, f32x4.mul(f32x4.convert_i32x4_s(q), step));
        v = i32x4.shr_u(v, 4);
        if (halves) {
          const r = i32x4.sub(v128.and(v, i32x4.splat(15)), i32x4.splat(8));
          v128.store(p + 512, f32x4.mul(f32x4.convert_i32x4_s(r), step));
        }
        v = i32x4.shr_u(v, 4);
        p += 32;
      }
    }
    y += 1024;
    w += record;
  }
}
