/**
 * # Products inside attention
 *
 * The left operand is read where it lies, the right one in panels:
 *
 * $$C_{rc} = f_r \sum_{k<K} A_{rk} B_{kc} \qquad\text{or}\qquad C_{rc} \leftarrow C_{rc} + \sum_{k<K} A_{rk} B_{kc}$$
 *
 * `matmul.ts` packs both sides because each panel is used many times. Here the left side is
 * a block of queries or of weights that is used once per panel of the right, and packing it
 * would cost what it saves. The loop is the same: `MR` rows by eight columns in registers.
 *
 * | argument        | meaning                                                                     |
 * | --------------- | --------------------------------------------------------------------------- |
 * | `a`             | first element of the left operand                                           |
 * | `aRow`, `aStep` | bytes to its next row and to its next $k$; swapping them transposes          |
 * | `b`             | panel of eight columns, $k$-major (`packColumns`)                            |
 * | `c`, `cRow`     | the result and the bytes to its next row                                    |
 * | `depth`         | $K$, any, including zero                                                    |
 * | `factors`       | `MR` numbers $f$, one per row; 0 adds into `c` instead                      |
 *
 * All `MR` rows are read and written: the callers pad.
 *
 * **Rounding.** One sum per element in the order of $k$.
 *
 * @module
 */

import { MR, NR } from "./matmul.ts";
import { madd } from "./simd.ts";

/** Largest number of bytes of a tile put aside. */
export const TILE_BYTES: usize = 256;

/** One tile, `MR` × 8. */
export function strip(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cRow: usize,
  depth: i32,
  factors: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) stripOfSix(a, aRow, aStep, b, c, cRow, depth, factors);
  else stripOfFour(a, aRow, aStep, b, c, cRow, depth, factors);
}

// @inline
function stripOfSix(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cRow: usize,
  depth: i32,
  factors: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00;
  let c50 = c00, c51 = c00;
  let x: v128, b0: v128, b1: v128;
  const aRow2 = aRow << 1;
  let a3 = a + aRow + aRow2;

  for (; depth >= 2; depth -= 2) {
    b0 = v128.load(b);
    b1 = v128.load(b + 16);
    x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a + aRow);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a + aRow2);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a3 + aRow);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load32_splat(a3 + aRow2);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
    a += aStep;
    a3 += aStep;
    b0 = v128.load(b + 32);
    b1 = v128.load(b + 48);
    x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a + aRow);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a + aRow2);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a3 + aRow);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load32_splat(a3 + aRow2);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
    a += aStep;
    a3 += aStep;
    b += 64;
  }
  if (depth) {
    b0 = v128.load(b);
    b1 = v128.load(b + 16);
    x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a + aRow);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a + aRow2);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a3 + aRow);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load32_splat(a3 + aRow2);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
  }

  finish(c, c00, c01, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c10, c11, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c20, c21, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c30, c31, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c40, c41, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c50, c51, factors);
}

// @inline
function stripOfFour(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cRow: usize,
  depth: i32,
  factors: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let x: v128, b0: v128, b1: v128;
  let a2 = a + aRow + aRow;

  for (; depth > 0; depth--) {
    b0 = v128.load(b);
    b1 = v128.load(b + 16);
    x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a + aRow);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a2 + aRow);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    a += aStep;
    a2 += aStep;
    b += 32;
  }

  finish(c, c00, c01, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c10, c11, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c20, c21, factors);
  c += cRow;
  factors += factors ? 4 : 0;
  finish(c, c30, c31, factors);
}

/** One row of a finished tile. */
// @inline
function finish(c: usize, low: v128, high: v128, factor: usize): void {
  if (factor) {
    const f = v128.load32_splat(factor);
    v128.store(c, f32x4.mul(low, f));
    v128.store(c + 16, f32x4.mul(high, f));
  } else {
    v128.store(c, f32x4.add(v128.load(c), low));
    v128.store(c + 16, f32x4.add(v128.load(c + 16), high));
  }
}

/**
 * A tile that sticks out of its result: computed aside, then the `rows` × `columns` that
 * belong to it are copied.
 */
export function raggedStrip(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cRow: usize,
  depth: i32,
  factors: usize,
  rows: i32,
  columns: i32,
  aside: usize,
): void {
  strip(a, aRow, aStep, b, aside, <usize> NR << 2, depth, factors);
  for (let r = 0; r < min(rows, MR); r++) {
    if (columns == NR) {
      v128.store(c, v128.load(aside));
      v128.store(c + 16, v128.load(aside + 16));
    } else {
      for (let i: usize = 0; i < <usize> columns << 2; i += 4) store<f32>(c + i, load<f32>(aside + i));
    }
    aside += <usize> NR << 2;
    c += cRow;
  }
}
