/**
 * # Weights in float16
 *
 * Panels of eight columns as the matrix product reads them, in half the bytes. Each lane of a
 * vector holds the number of column $j$ in its lower half and that of column $j + 4$ in its upper one.
 *
 * **Without an instruction for it.** A float16 has one sign, five bits of exponent and ten more.
 * Moved to the place of a float32's, with zeros above the exponent, they read as the number times
 * $2^{-112}$, subnormal numbers included. A row times a panel takes $2^{56}$ into the row and
 * $2^{56}$ out of the sum, so that nothing is lost on the way.
 *
 * @module
 */

import { finish } from "./blocks";
import { onePanel } from "./matvec";
import { packColumns } from "./packing";
import { integer, madd, pointer } from "./simd";

/** Sign, exponent and fraction after the shift by three bits. */
const FIELDS: i32 = <i32>0x8fffe000;

/** Columns 0 to 3, times $2^{-112}$. */
@inline
function lower(v: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(v, 16), 3), i32x4.splat(FIELDS));
}

/** Columns 4 to 7, times $2^{-112}$. */
@inline
function upper(v: v128): v128 {
  return v128.and(i32x4.shr_s(v, 3), i32x4.splat(FIELDS));
}

/** Four float32 as float16, each in the lower half of a lane: to the nearest, ties away from zero, at most 65504. */
@inline
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
 * Words: to, from, bytes from column to column, from row to row (one of them 4), columns, depth.
 * Scratch: a float32 panel.
 */
export function packHalvesJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const across = pointer(args, 2), along = pointer(args, 3), columns = integer(args, 4), depth = integer(args, 5);
  let y = pointer(args, 0) + (<usize>(from * depth) << 4);
  for (let unit = from; unit < to; unit++) {
    const j = unit << 3;
    packColumns(scratch, pointer(args, 1) + <usize>j * across, along, across, min(8, columns - j), depth);
    for (let x = scratch, end = x + (<usize>depth << 5); x < end; x += 32) {
      v128.store(y, v128.or(halved(v128.load(x)), i32x4.shl(halved(v128.load(x + 16)), 16)));
      y += 16;
    }
  }
}

/** A float32 panel. */
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

/** The float32 panels of some columns; a unit is a panel. Words: to, panels, depth. */
export function unpackHalvesJob(args: usize, from: i32, to: i32): void {
  const depth = integer(args, 2), first = <usize>(from * depth);
  unpackPanel(pointer(args, 0) + (first << 5), pointer(args, 1) + (first << 4), (to - from) * depth);
}

/** One row times a panel. */
function oneByHalf(y: usize, x: usize, p: usize, depth: i32): void {
  const scale = f32x4.splat(7.2057594037927936e16);
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  for (; depth >= 4; depth -= 4) {
    let v = v128.load(p), s = f32x4.mul(v128.load32_splat(x), scale);
    a0 = madd(lower(v), s, a0);
    a1 = madd(upper(v), s, a1);
    v = v128.load(p + 16);
    s = f32x4.mul(v128.load32_splat(x + 4), scale);
    b0 = madd(lower(v), s, b0);
    b1 = madd(upper(v), s, b1);
    v = v128.load(p + 32);
    s = f32x4.mul(v128.load32_splat(x + 8), scale);
    c0 = madd(lower(v), s, c0);
    c1 = madd(upper(v), s, c1);
    v = v128.load(p + 48);
    s = f32x4.mul(v128.load32_splat(x + 12), scale);
    d0 = madd(lower(v), s, d0);
    d1 = madd(upper(v), s, d1);
    p += 64;
    x += 16;
  }
  for (; depth > 0; depth--) {
    const v = v128.load(p), s = f32x4.mul(v128.load32_splat(x), scale);
    a0 = madd(lower(v), s, a0);
    a1 = madd(upper(v), s, a1);
    p += 16;
    x += 4;
  }
  v128.store(y, f32x4.mul(f32x4.add(f32x4.add(a0, b0), f32x4.add(c0, d0)), scale));
  v128.store(y + 16, f32x4.mul(f32x4.add(f32x4.add(a1, b1), f32x4.add(c1, d1)), scale));
}

/**
 * Rows times panels; a unit is a panel. Several rows share one float32 copy of it.
 *
 * Words: x, panels, y, rows of x, columns, depth, bytes from row to row of x, of y, biases or 0.
 * Scratch: 256 bytes and, for several rows, a float32 panel.
 */
export function rowsTimesHalvesJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const x = pointer(args, 0), y = pointer(args, 2), rows = integer(args, 3), columns = integer(args, 4);
  const depth = integer(args, 5), ldx = pointer(args, 6), ldy = pointer(args, 7), bias = pointer(args, 8);
  const wide = scratch + 256;
  for (let unit = from; unit < to; unit++) {
    const j = unit << 3, count = min(8, columns - j), plus = bias ? bias + (<usize>j << 2) : 0;
    const panel = pointer(args, 1) + (<usize>(unit * depth) << 4);
    if (rows > 1) unpackPanel(wide, panel, depth);
    for (let i: usize = 0; i < <usize>rows; i++) {
      if (rows > 1) {
        memory.fill(scratch, 0, 32);
        onePanel(scratch, x + i * ldx, wide, depth);
      } else oneByHalf(scratch, x, panel, depth);
      finish(y + i * ldy + (<usize>j << 2), scratch, plus, count);
    }
  }
}
