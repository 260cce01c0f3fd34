/**
 * # Weights in float16
 *
 * **Question.** Half the bytes could be read in half the time. But the machine that the kernels are written
 * for does not know float16: what does it cost to make float32 of it on the way?
 *
 * **Idea.** Six vector operations for eight weights, because the bits are where a shift and a mask can
 * fetch them. A float16 has one sign $\sigma$, five bits of exponent $e$ and ten more, $m$:
 *
 * ```text
 * float16                  σeeeee mmmmmmmmmm
 * times 2^13, with sign    σσσσeeee emmmmmmm mmm00000 00000000
 * mask 0x8fffe000          σ000eeee emmmmmmm mmm00000 00000000   read as float32
 * ```
 *
 * **Formula.** In the place of a float32's exponent, with three zeros above it, the bits of a number $w$
 * read as $2^{-112} w$, subnormal numbers included. A row $x$ takes $2^s$ in beforehand and the sum takes
 * the rest out, so that nothing is lost on the way; $s$ is 56, or less for a row whose numbers are beyond $2^{70}$:
 *
 * $$y_j = b_j + \sum_k x_k w_{kj} = 2^{112-s} \Big( 2^{s-112} b_j + \sum_k (2^s x_k)\,(2^{-112} w_{kj}) \Big)$$
 *
 * | symbol            | in code              | meaning                              |
 * | ----------------- | -------------------- | ------------------------------------ |
 * | $2^{-112} w_{kj}$ | `lower(v)`, `upper(v)` | weights of four columns            |
 * | $2^s x_k$         | `scratch`            | the row, scaled once for all columns |
 * | $y_j$             | `y`                  | result                               |
 *
 * **Layout.** Panels of eight columns as the matrix product reads them. Each lane of a vector holds the
 * number of column $j$ in its lower half and that of column $j + 4$ in its upper one:
 *
 * ```text
 * lane        0         1         2         3
 * bits    31…16 15…0    …
 * column      4 | 0     5 | 1     6 | 2     7 | 3
 * ```
 *
 * **Many rows** unpack each panel once, in pieces that stay in the nearest cache.
 *
 * **What is lost.** A weight is rounded to eleven significant bits: by at most $2^{-11}$ of itself, or
 * $2^{-25}$ where it is smaller than $2^{-14}$. `core/engine/packed.ts` measures it on a trained model.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { begin, fourRows, interleave } from "./matvec.ts";
import { packColumns } from "./packing.ts";
import { integer, madd, pointer } from "./simd.ts";
import * as word from "./words/halves.ts";

/** Sign, exponent and fraction in the places of a float32's. */
let FIELDS: v128 = i32x4.splat(<i32> 0x8fffe000);
/** $2^{13}$ for lower halves of lanes, 0 for upper ones. */
let LOWER: v128 = i32x4.splat(0x2000);

/** Columns 0 to 3, times $2^{-112}$. */
// @inline
function lower(v: v128): v128 {
  // The product of halves is the one operation that both extends the sign and shifts.
  return v128.and(i32x4.dot_i16x8_s(v, LOWER), FIELDS);
}

/** Columns 4 to 7, times $2^{-112}$. */
// @inline
function upper(v: v128): v128 {
  return v128.and(i32x4.shr_s(v, 3), FIELDS);
}

/** Four float32 as float16, each in the lower half of a lane: to the nearest, ties away from zero, at most 65504. */
// @inline
function halved(v: v128): v128 {
  const a = v128.and(v, i32x4.splat(0x7fffffff));
  const usual = i32x4.shr_u(i32x4.add(a, i32x4.splat(0x1000 - (112 << 23))), 13);
  const small = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(a, f32x4.splat(16777216)), f32x4.splat(0.5)));
  const h = v128.bitselect(small, usual, f32x4.lt(a, f32x4.splat(0.00006103515625)));
  const sign = v128.and(i32x4.shr_u(v, 16), i32x4.splat(0x8000));
  return v128.or(i32x4.min_s(h, i32x4.splat(0x7bff)), sign);
}

/**
 * Packs panels of a matrix; a unit is a panel.
 *
 * Neighbours lie along one of its axes. Scratch: a float32 panel.
 */
export function packHalvesJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const across = pointer(args, word.ACROSS),
    along = pointer(args, word.ALONG),
    columns = integer(args, word.COLUMNS),
    depth = integer(args, word.DEPTH);
  let y = pointer(args, word.TO) + (<usize> (from * depth) << 4);
  for (let unit = from; unit < to; unit++) {
    const j = unit << 3;
    packColumns(scratch, pointer(args, word.FROM) + <usize> j * across, along, across, min(8, columns - j), depth);
    for (let x = scratch, end = x + (<usize> depth << 5); x < end; x += 32) {
      v128.store(y, v128.or(halved(v128.load(x)), i32x4.shl(halved(v128.load(x + 16)), 16)));
      y += 16;
    }
  }
}

/** The float32 $2^n$. */
function powerOfTwo(n: i32): f32 {
  return reinterpret<f32>((n + 127) << 23);
}

/** The exponent $s$ of what a row is multiplied by: 56, or as much as its largest number allows. */
function liftOf(x: usize, n: i32): i32 {
  let v = i32x4.splat(0);
  for (; n >= 4; n -= 4) {
    v = i32x4.max_s(v, v128.and(v128.load(x), i32x4.splat(0x7fffffff)));
    x += 16;
  }
  let most = max(
    max(i32x4.extract_lane(v, 0), i32x4.extract_lane(v, 1)),
    max(i32x4.extract_lane(v, 2), i32x4.extract_lane(v, 3)),
  );
  for (; n > 0; n--) {
    most = max(most, load<i32>(x) & 0x7fffffff);
    x += 4;
  }
  return min(56, 253 - (most >> 23));
}

/** Terms of a panel that are unpacked at a time for several rows. */
const TERMS: i32 = 512;

/** `depth` terms of a panel in float32. */
function unpackPanel(y: usize, p: usize, depth: i32): void {
  const scale = f32x4.splat(5.192296858534828e33);
  for (; depth > 0; depth--) {
    const v = v128.load(p);
    v128.store(y, f32x4.mul(lower(v), scale));
    v128.store(y + 16, f32x4.mul(upper(v), scale));
    p += 16;
    y += 32;
  }
}

/**
 * The float32 panels of some columns, or some terms of them; a unit is a panel.
 */
export function unpackHalvesJob(args: usize, from: i32, to: i32): void {
  const depth = integer(args, word.DEPTH);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> unit;
    unpackPanel(
      pointer(args, word.TO) + skip * (<usize> depth << 5),
      pointer(args, word.PANELS) + skip * pointer(args, word.PANEL_BYTES),
      depth,
    );
  }
}

/** A scaled row times two panels; the sums of the second one go to `z`. */
function twoPanels(y: usize, z: usize, x: usize, p: usize, q: usize, depth: i32): void {
  let a0 = v128.load(y), a1 = v128.load(y + 16), b0 = v128.load(z), b1 = v128.load(z + 16);
  for (const end = x + (<usize> depth << 2); x < end; x += 4) {
    const s = v128.load32_splat(x);
    let v = v128.load(p);
    a0 = madd(lower(v), s, a0);
    a1 = madd(upper(v), s, a1);
    v = v128.load(q);
    b0 = madd(lower(v), s, b0);
    b1 = madd(upper(v), s, b1);
    p += 16;
    q += 16;
  }
  v128.store(y, a0);
  v128.store(y + 16, a1);
  v128.store(z, b0);
  v128.store(z + 16, b1);
}

/** `y[i] = f x[i]` for `n` numbers. */
function scaled(y: usize, x: usize, f: f32, n: i32): void {
  const factor = f32x4.splat(f);
  for (; n >= 4; n -= 4) {
    v128.store(y, f32x4.mul(v128.load(x), factor));
    x += 16;
    y += 16;
  }
  for (; n > 0; n--) {
    store<f32>(y, load<f32>(x) * f);
    x += 4;
    y += 4;
  }
}

/**
 * Rows times panels; a unit is a panel.
 *
 * Scratch: 512 bytes, and up to three scaled rows or, for more rows, 512 terms of a float32 panel and the rows in groups of
 * four.
 */
export function rowsTimesHalvesJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const x = pointer(args, word.FROM),
    y = pointer(args, word.TO),
    rows = integer(args, word.ROWS),
    columns = integer(args, word.COLUMNS);
  const depth = integer(args, word.DEPTH),
    ldx = pointer(args, word.FROM_ROW),
    ldy = pointer(args, word.TO_ROW),
    bias = pointer(args, word.BIAS);
  const bytes = <usize> depth << 4, panels = pointer(args, word.PANELS), wide = scratch + 512;
  if (rows < 4) {
    const ldw = <usize> depth << 2;
    // What each row was multiplied by stands behind the sums.
    for (let row = 0; row < rows; row++) {
      const lift = liftOf(x + ldx * row, depth);
      store<i32>(scratch + 64 + (<usize> row << 2), lift);
      scaled(wide + ldw * row, x + ldx * row, powerOfTwo(lift), depth);
    }
    // Two panels at a time, one of each half; what is left of an odd number is computed twice.
    const half = (to - from + 1) >> 1, apart = to - from - half;
    for (let unit = from; unit < from + half; unit++) {
      const p = panels + bytes * unit;
      for (let row = 0; row < rows; row++) {
        const first = unit << 3, second = first + (apart << 3), z = y + ldy * row, other = scratch + 32;
        const count = min(8, columns - first), rest = min(8, columns - second);
        const up = 112 - load<i32>(scratch + 64 + (<usize> row << 2)), down = powerOfTwo(-up);
        memory.fill(scratch, 0, 64);
        if (bias) {
          scaled(scratch, bias + (<usize> first << 2), down, count);
          scaled(other, bias + (<usize> second << 2), down, rest);
        }
        twoPanels(scratch, other, wide + ldw * row, p, p + bytes * apart, depth);
        scaled(z + (<usize> first << 2), scratch, powerOfTwo(up), count);
        scaled(z + (<usize> second << 2), other, powerOfTwo(up), rest);
      }
    }
    return;
  }
  const fours = wide + (<usize> TERMS << 5);
  interleave(fours, x, ldx, rows, depth);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> unit << 5, count = <usize> min(8, columns - (unit << 3)) << 2;
    for (let i: usize = 0; i < <usize> rows; i++) {
      const sums = count == 32 ? y + i * ldy + skip : scratch + (i << 5);
      begin(sums, bias ? bias + skip : 0, count);
    }
    for (let k = 0; k < depth; k += TERMS) {
      const terms = min(TERMS, depth - k);
      unpackPanel(wide, panels + bytes * unit + (<usize> k << 4), terms);
      for (let i = 0; i < rows; i += 4) {
        const z = fours + (<usize> (depth * (i >> 2)) << 4) + (<usize> k << 4);
        if (count == 32) fourRows(y + ldy * i + skip, ldy, z, rows - i, wide, terms);
        else fourRows(scratch + (<usize> i << 5), 32, z, rows - i, wide, terms);
      }
    }
    if (count < 32) {
      for (let i: usize = 0; i < <usize> rows; i++) memory.copy(y + i * ldy + skip, scratch + (i << 5), count);
    }
  }
}
