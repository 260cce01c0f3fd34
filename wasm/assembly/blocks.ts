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
 * | $q_k$        | `w`                    | 4, 7 or 8 bits                                      |
 * | $h$          | a shift by `bits - 1`  | 8, 64 or 128                                        |
 * | $s$          | behind the levels      | float32, one for each column of a record            |
 * | $p_k$        | `x`                    | 8 bits                                              |
 * | $t$          | `x + 32`               | float32                                             |
 * | $\sum_k p_k$ | `x + 36`              | int32, times $-h$: where the sum of integers starts |
 *
 * `core/engine/packed.ts` has the definition of the rounding, and what it costs a trained model.
 *
 * **Blocks with a least weight.** Files of trained models also have blocks whose level 0 is a number $m$ of their own, so that a weight is
 * $s\,q + m$. The sum of integers then starts at 0, and $m\,t \sum_k p_k$ is added to each block; `x + 40` has $t \sum_k p_k$. Others have a step for every
 * 16 weights, or levels of all 8 bits. These are multiplied as two halves of a byte, since the instruction takes levels below 128 only:
 * $\sum_k p_k q_k = 16 \sum_k p_k \lfloor q_k / 16 \rfloor + \sum_k p_k (q_k \bmod 16)$.
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
 * | least weights, if any    | 32 bytes            | 32 bytes    |
 *
 * Records of a panel follow each other in $k$: all of it is one stream. One row reads two panels at a
 * time, from the two halves of the work (`matvec.ts` says why). Four rows share each level that is read.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { packColumns } from "./packing.ts";
import { integer, madd, pointer } from "./simd.ts";
import * as word from "./words/blocks.ts";

/** The lower half of every byte. */
let LOW: v128 = i8x16.splat(15);

/** Bytes of a record of 8 columns. */
// @inline
function recordBytes(bits: i32, terms: i32, least: bool): i32 {
  return (bits == 4 ? terms << 2 : terms << 3) + (least ? 64 : 32);
}

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
  // The sum is never negative, as in the definition: near a half it is rounded alike.
  const q = f32x4.floor(f32x4.add(f32x4.div(v128.load(from), step), f32x4.splat(127.5)));
  return i32x4.sub(i32x4.trunc_sat_f32x4_s(q), i32x4.splat(127));
}

/**
 * Rounds a block of 16 or 32 numbers. A NaN becomes the step, and with it the whole result.
 *
 * Four levels are `apart` bytes from the next four; the step is at `to`.
 */
function roundBlock(levels: usize, apart: usize, to: usize, next: usize, from: usize, terms: usize): void {
  const end = from + (terms << 2);
  let most = f32x4.splat(0);
  for (let p = from; p < end; p += 16) most = f32x4.max(most, f32x4.abs(v128.load(p)));
  const largest = max<f32>(
    max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  const step = largest / 127, divisor = f32x4.splat(step == 0 ? 1 : step);
  let sums = i32x4.splat(0);
  for (let p = from; p < end; p += 16) {
    const a = rounded(p, divisor), b = i16x8.narrow_i32x4_s(a, a);
    sums = i32x4.add(sums, a);
    v128.store32_lane(levels, i8x16.narrow_i16x8_s(b, b), 0);
    levels += apart;
  }
  const sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3);
  store<f32>(to, step);
  store<i32>(to + next, -sum);
  store<f32>(to + next + next, step * <f32> sum);
}

/**
 * Rounds rows whose elements lie side by side; a unit is a row.
 *
 * The first `TOGETHER` rows are interleaved by fours, four levels of each in turn; the others follow one by one.
 */
export function roundRowsJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const depth = integer(args, word.DEPTH), terms = integer(args, word.TERMS), together = integer(args, word.TOGETHER);
  const whole = depth / terms, left = <usize> (depth - whole * terms) << 2, blocks = <usize> (whole + i32(left > 0));
  const fours = <usize> ((together + 3) >> 2) * <usize> word.FOUR_BLOCK * blocks;
  for (let unit = from; unit < to; unit++) {
    const isFour = unit < together, place = <usize> (unit & 3) << 2;
    const pitch = <usize> (isFour ? word.FOUR_BLOCK : word.ROW_BLOCK), apart: usize = isFour ? 16 : 4;
    let y = pointer(args, word.TO) +
      (isFour ? <usize> (unit >> 2) * pitch * blocks + place : fours + <usize> (unit - together) * pitch * blocks);
    let x = pointer(args, word.FROM) + <usize> unit * pointer(args, word.FROM_ROW);
    for (let i: usize = 0; i < blocks; i++) {
      let source = x;
      if (i == whole) {
        memory.fill(scratch, 0, 128);
        memory.copy(scratch, x, left);
        source = scratch;
      }
      roundBlock(y, apart, y + (apart << 3), apart, source, terms);
      y += pitch;
      x += <usize> terms << 2;
    }
  }
}

// ## Multiplying

/** What is added to a sum before the integers: a multiple of the least weights at `w`, if there are any. */
// @inline
function lifted(sum: v128, x: usize, w: usize, least: bool): v128 {
  return least ? madd(v128.load(w), v128.load32_splat(x + 40), sum) : sum;
}

/** How far ahead of the weights in use others are asked for, so that they are there in time. */
const AHEAD: usize = 3072;

/** Reads a word of each of three cache lines, from `p` on or where the last ones are. */
// @inline
function ask(p: usize, last: usize): i32 {
  p = min(p, last);
  return load<i32>(p) ^ load<i32>(p + 64) ^ load<i32>(p + 128);
}

/**
 * One rounded row times two panels; `terms` are the weights of a column in a record, `last` is where 132 bytes of weights are left.
 */
function twoPanels(
  y: usize,
  x: usize,
  w: usize,
  v: usize,
  last: usize,
  blocks: i32,
  bits: i32,
  terms: usize,
  least: bool,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, asked = 0;
  for (; blocks > 0; blocks--) {
    const start = least ? i32x4.splat(0) : i32x4.shl(v128.load32_splat(x + 36), bits - 1);
    let i = start, j = i, k = i, l = i;
    asked ^= ask(w + AHEAD, last) ^ ask(v + AHEAD, last);
    if (bits == 4) {
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
      x -= 16;
    } else if (bits == 8) {
      for (let side = 0; side < 2; side++) {
        let e = i32x4.splat(0), f = e, g = start, h = start;
        for (const end = x + terms; x < end; x += 4) {
          const p = v128.load32_splat(x), u = v128.load(w), t = v128.load(w + 16);
          e = dot(p, v128.and(i32x4.shr_u(u, 4), LOW), e);
          f = dot(p, v128.and(i32x4.shr_u(t, 4), LOW), f);
          g = dot(p, v128.and(u, LOW), g);
          h = dot(p, v128.and(t, LOW), h);
          w += 32;
        }
        x -= terms;
        // The two panels change places, twice.
        i = k;
        j = l;
        k = i32x4.add(g, i32x4.shl(e, 4));
        l = i32x4.add(h, i32x4.shl(f, 4));
        const other = v;
        v = w;
        w = other;
      }
    } else {
      for (const end = x + terms; x < end; x += 4) {
        const p = v128.load32_splat(x);
        i = dot(p, v128.load(w), i);
        j = dot(p, v128.load(w + 16), j);
        k = dot(p, v128.load(v), k);
        l = dot(p, v128.load(v + 16), l);
        w += 32;
        v += 32;
      }
      x -= terms;
    }
    const step = v128.load32_splat(x + 32);
    a = madd(f32x4.convert_i32x4_s(i), f32x4.mul(v128.load(w), step), lifted(a, x, w + 32, least));
    b = madd(f32x4.convert_i32x4_s(j), f32x4.mul(v128.load(w + 16), step), lifted(b, x, w + 48, least));
    c = madd(f32x4.convert_i32x4_s(k), f32x4.mul(v128.load(v), step), lifted(c, x, v + 32, least));
    d = madd(f32x4.convert_i32x4_s(l), f32x4.mul(v128.load(v + 16), step), lifted(d, x, v + 48, least));
    x += <usize> word.ROW_BLOCK;
    w += least ? 64 : 32;
    v += least ? 64 : 32;
  }
  v128.store(y, a);
  v128.store(y + 16, b);
  v128.store(y + 32, c);
  v128.store(y + 48, d);
  // Nobody reads it: what is never stored is never asked for.
  store<i32>(y + 64, asked);
}

/** Adds a block to the eight sums of a row; `s` and `t` are the steps of the columns, `step` that of the row. */
// @inline
function settle(y: usize, c: v128, d: v128, s: v128, t: v128, step: v128, sum: v128, w: usize, least: bool): void {
  let e = v128.load(y), f = v128.load(y + 16);
  if (least) {
    e = madd(v128.load(w + 32), sum, e);
    f = madd(v128.load(w + 48), sum, f);
  }
  v128.store(y, madd(f32x4.convert_i32x4_s(c), f32x4.mul(s, step), e));
  v128.store(y + 16, madd(f32x4.convert_i32x4_s(d), f32x4.mul(t, step), f));
}

/**
 * Four rounded rows times a panel, added to eight sums each: every weight that is read serves four times, and one load brings
 * levels of four rows. Each row comes out as {@linkcode twoPanels} computes it, to the bit.
 */
function fourRows(y: usize, x: usize, w: usize, blocks: i32, bits: i32, terms: usize, least: bool): void {
  const shift = bits == 8 ? 3 : bits - 1, mask = i8x16.splat(bits == 8 ? 15 : 127);
  for (; blocks > 0; blocks--) {
    let r = least ? i32x4.splat(0) : i32x4.shl(v128.load(x + 144), shift), p: v128;
    let c0 = v128.shuffle<i32>(r, r, 0, 0, 0, 0), d0 = c0, c1 = v128.shuffle<i32>(r, r, 1, 1, 1, 1), d1 = c1;
    let c2 = v128.shuffle<i32>(r, r, 2, 2, 2, 2), d2 = c2, c3 = v128.shuffle<i32>(r, r, 3, 3, 3, 3), d3 = c3;
    if (bits == 4) {
      for (const end = x + 64; x < end; x += 16) {
        let a = v128.load(w), b = v128.load(w + 16);
        const e = v128.and(a, LOW), f = v128.and(b, LOW);
        r = v128.load(x);
        p = v128.shuffle<i32>(r, r, 0, 0, 0, 0);
        c0 = dot(p, e, c0);
        d0 = dot(p, f, d0);
        p = v128.shuffle<i32>(r, r, 1, 1, 1, 1);
        c1 = dot(p, e, c1);
        d1 = dot(p, f, d1);
        p = v128.shuffle<i32>(r, r, 2, 2, 2, 2);
        c2 = dot(p, e, c2);
        d2 = dot(p, f, d2);
        p = v128.shuffle<i32>(r, r, 3, 3, 3, 3);
        c3 = dot(p, e, c3);
        d3 = dot(p, f, d3);
        a = v128.and(i32x4.shr_u(a, 4), LOW);
        b = v128.and(i32x4.shr_u(b, 4), LOW);
        r = v128.load(x + 64);
        p = v128.shuffle<i32>(r, r, 0, 0, 0, 0);
        c0 = dot(p, a, c0);
        d0 = dot(p, b, d0);
        p = v128.shuffle<i32>(r, r, 1, 1, 1, 1);
        c1 = dot(p, a, c1);
        d1 = dot(p, b, d1);
        p = v128.shuffle<i32>(r, r, 2, 2, 2, 2);
        c2 = dot(p, a, c2);
        d2 = dot(p, b, d2);
        p = v128.shuffle<i32>(r, r, 3, 3, 3, 3);
        c3 = dot(p, a, c3);
        d3 = dot(p, b, d3);
        w += 32;
      }
      x -= 64;
    } else {
      // The upper halves of bytes first, where all eight bits are levels.
      for (let upper = bits == 8 ? 4 : 0; upper >= 0; upper -= 4) {
        for (const end = x + (terms << 2); x < end; x += 16) {
          const a = v128.and(i32x4.shr_u(v128.load(w), upper), mask),
            b = v128.and(i32x4.shr_u(v128.load(w + 16), upper), mask);
          r = v128.load(x);
          p = v128.shuffle<i32>(r, r, 0, 0, 0, 0);
          c0 = dot(p, a, c0);
          d0 = dot(p, b, d0);
          p = v128.shuffle<i32>(r, r, 1, 1, 1, 1);
          c1 = dot(p, a, c1);
          d1 = dot(p, b, d1);
          p = v128.shuffle<i32>(r, r, 2, 2, 2, 2);
          c2 = dot(p, a, c2);
          d2 = dot(p, b, d2);
          p = v128.shuffle<i32>(r, r, 3, 3, 3, 3);
          c3 = dot(p, a, c3);
          d3 = dot(p, b, d3);
          w += 32;
        }
        x -= terms << 2;
        if (upper) {
          w -= terms << 3;
          c0 = i32x4.shl(c0, 4);
          d0 = i32x4.shl(d0, 4);
          c1 = i32x4.shl(c1, 4);
          d1 = i32x4.shl(d1, 4);
          c2 = i32x4.shl(c2, 4);
          d2 = i32x4.shl(d2, 4);
          c3 = i32x4.shl(c3, 4);
          d3 = i32x4.shl(d3, 4);
        }
      }
    }
    const s = v128.load(w), t = v128.load(w + 16), steps = v128.load(x + 128), sums = v128.load(x + 160);
    p = v128.shuffle<i32>(steps, steps, 0, 0, 0, 0);
    settle(y, c0, d0, s, t, p, v128.shuffle<i32>(sums, sums, 0, 0, 0, 0), w, least);
    p = v128.shuffle<i32>(steps, steps, 1, 1, 1, 1);
    settle(y + 32, c1, d1, s, t, p, v128.shuffle<i32>(sums, sums, 1, 1, 1, 1), w, least);
    p = v128.shuffle<i32>(steps, steps, 2, 2, 2, 2);
    settle(y + 64, c2, d2, s, t, p, v128.shuffle<i32>(sums, sums, 2, 2, 2, 2), w, least);
    p = v128.shuffle<i32>(steps, steps, 3, 3, 3, 3);
    settle(y + 96, c3, d3, s, t, p, v128.shuffle<i32>(sums, sums, 3, 3, 3, 3), w, least);
    x += <usize> word.FOUR_BLOCK;
    w += least ? 64 : 32;
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
  const y = pointer(args, word.TO), rows = integer(args, word.ROWS), together = integer(args, word.TOGETHER);
  const columns = integer(args, word.COLUMNS), blocks = integer(args, word.BLOCKS), ldy = pointer(args, word.TO_ROW);
  const bias = pointer(args, word.BIAS), bits = integer(args, word.BITS), terms = integer(args, word.TERMS);
  const least = integer(args, word.LEAST) != 0, bytes = <usize> (blocks * recordBytes(bits, terms, least));
  const ldx = <usize> blocks * <usize> word.ROW_BLOCK, four = <usize> blocks * <usize> word.FOUR_BLOCK;
  let x = pointer(args, word.FROM);
  for (let unit = from; unit < to && together > 0; unit++) {
    const j = unit << 3, at = <usize> j << 2, w = pointer(args, word.PANELS) + bytes * unit;
    for (let row = 0; row < together; row += 4) {
      memory.fill(scratch, 0, 128);
      fourRows(scratch, x + four * (row >> 2), w, blocks, bits, terms, least);
      for (let r = 0; r < min(4, together - row); r++) {
        finish(y + at + ldy * (row + r), scratch + (<usize> r << 5), bias ? bias + at : 0, min(8, columns - j));
      }
    }
  }
  // The others with two panels at a time, one of each half; what is left of an odd number is computed twice.
  x += four * <usize> ((together + 3) >> 2);
  const half = (to - from + 1) >> 1, apart = to - from - half;
  const last = pointer(args, word.PANELS) + bytes * to - 132;
  for (let unit = from; unit < from + half && together < rows; unit++) {
    const w = pointer(args, word.PANELS) + bytes * unit, v = w + bytes * apart;
    for (let row = together; row < rows; row++) {
      twoPanels(scratch, x + ldx * (row - together), w, v, last, blocks, bits, terms, least);
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
  const bits = integer(args, word.BITS),
    halves = bits == 4,
    record: usize = recordBytes(bits, 32, false),
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
  const blocks = integer(args, word.BLOCKS), bits = integer(args, word.BITS), terms = integer(args, word.TERMS);
  const least = integer(args, word.LEAST) != 0, halves = bits == 4, record: usize = recordBytes(bits, terms, least);
  const levels = <usize> (halves ? terms << 2 : terms << 3), middle = i32x4.splat(least ? 0 : 1 << (bits - 1));
  const mask = i32x4.splat(halves ? 15 : 255), up = <usize> terms << 4;
  let y = pointer(args, word.TO) + <usize> (from * blocks) * <usize> (terms << 5),
    w = pointer(args, word.PANELS) + <usize> (from * blocks) * record;
  for (let block = (to - from) * blocks; block > 0; block--) {
    for (let i: usize = 0; i < levels; i += 16) {
      const step = v128.load(w + levels + (i & 16));
      const low = least ? v128.load(w + levels + 32 + (i & 16)) : f32x4.splat(0);
      let v = v128.load(w + i), p = y + ((i >> 5) << 7) + (i & 16);
      for (let k = 0; k < 4; k++) {
        const q = i32x4.sub(v128.and(v, mask), middle);
        v128.store(p, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(q), step), low));
        v = i32x4.shr_u(v, 4);
        if (halves) {
          const r = i32x4.sub(v128.and(v, mask), middle);
          v128.store(p + up, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(r), step), low));
        }
        v = i32x4.shr_u(v, 4);
        p += 32;
      }
    }
    y += <usize> terms << 5;
    w += record;
  }
}
