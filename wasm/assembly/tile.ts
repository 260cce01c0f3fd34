/**
 * # The tile
 *
 * The innermost loop of the matrix product: a tile of the result in registers.
 *
 * **Shape of the loop.** A multiply-add waits four cycles for its own result and two start in
 * each, so at least eight sums have to be under way. Each step of $k$ loads two vectors of the
 * right operand and repeats one number of the left one per row; two steps make a turn.
 *
 * **Addresses.** An engine that checks bounds in code compares `p + constant` with a limit
 * of its own for every constant offset. Written as an index addition (`load(p + 4)` instead
 * of `load(p, 4)`) all accesses share one limit.
 *
 * @module
 */

import { madd } from "./simd.ts";

/** Rows of a panel of the left operand. */
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
/** Columns of a panel of the right operand. */
export const NR: i32 = 8;

/**
 * One tile of the product: $C = L R$, or $C = L R + \text{addend}$.
 *
 * | argument             | meaning                                                      |
 * | -------------------- | ------------------------------------------------------------ |
 * | `left`, `row`, `step` | the first element of the left operand, the bytes to its next row and to its next $k$ |
 * | `right`              | a panel of eight columns, $k$-major: `depth` × 8             |
 * | `c`, `ldc`           | the tile of the result and the bytes from row to row         |
 * | `depth`              | terms to sum, any                                            |
 * | `addend`, `ldAddend` | what to add: the result itself, a row of biases (0 bytes from row to row), or 0 |
 */
export function tile(
  left: usize,
  row: usize,
  step: usize,
  right: usize,
  rightStep: usize,
  c: usize,
  ldc: usize,
  depth: i32,
  addend: usize,
  ldAddend: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) tileOfSix(left, row, step, right, rightStep, c, ldc, depth, addend, ldAddend);
  else tileOfFour(left, row, step, right, rightStep, c, ldc, depth, addend, ldAddend);
}

/** The same for four rows, the end of a matrix whose rows are no multiple of `MR`. */
export function lowTile(
  left: usize,
  row: usize,
  step: usize,
  right: usize,
  rightStep: usize,
  c: usize,
  ldc: usize,
  depth: i32,
  addend: usize,
  ldAddend: usize,
): void {
  tileOfFour(left, row, step, right, rightStep, c, ldc, depth, addend, ldAddend);
}

/**
 * Six rows by eight columns: twelve accumulators, two vectors of the right operand and one
 * splat of the left, fifteen registers in all, exactly what the engine has.
 */
// @inline
function tileOfSix(
  left: usize,
  row: usize,
  step: usize,
  right: usize,
  rightStep: usize,
  c: usize,
  ldc: usize,
  depth: i32,
  addend: usize,
  ldAddend: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00;
  let c50 = c00, c51 = c00;
  let a: v128, b0: v128, b1: v128;
  const row2 = row << 1;
  let left3 = left + row + row2;

  for (; depth >= 2; depth -= 2) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + row);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + row2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left3);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(left3 + row);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(left3 + row2);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    left += step;
    left3 += step;
    right += rightStep;
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + row);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + row2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left3);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(left3 + row);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(left3 + row2);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    left += step;
    left3 += step;
    right += rightStep;
  }
  if (depth) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + row);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + row2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left3);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(left3 + row);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(left3 + row2);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
  }

  if (addend) {
    c00 = f32x4.add(c00, v128.load(addend));
    c01 = f32x4.add(c01, v128.load(addend + 16));
    addend += ldAddend;
    c10 = f32x4.add(c10, v128.load(addend));
    c11 = f32x4.add(c11, v128.load(addend + 16));
    addend += ldAddend;
    c20 = f32x4.add(c20, v128.load(addend));
    c21 = f32x4.add(c21, v128.load(addend + 16));
    addend += ldAddend;
    c30 = f32x4.add(c30, v128.load(addend));
    c31 = f32x4.add(c31, v128.load(addend + 16));
    addend += ldAddend;
    c40 = f32x4.add(c40, v128.load(addend));
    c41 = f32x4.add(c41, v128.load(addend + 16));
    addend += ldAddend;
    c50 = f32x4.add(c50, v128.load(addend));
    c51 = f32x4.add(c51, v128.load(addend + 16));
  }
  v128.store(c, c00);
  v128.store(c + 16, c01);
  c += ldc;
  v128.store(c, c10);
  v128.store(c + 16, c11);
  c += ldc;
  v128.store(c, c20);
  v128.store(c + 16, c21);
  c += ldc;
  v128.store(c, c30);
  v128.store(c + 16, c31);
  c += ldc;
  v128.store(c, c40);
  v128.store(c + 16, c41);
  c += ldc;
  v128.store(c, c50);
  v128.store(c + 16, c51);
}

/** Four rows by eight columns, where a multiplication and an addition need a sixteenth register for six. */
// @inline
function tileOfFour(
  left: usize,
  row: usize,
  step: usize,
  right: usize,
  rightStep: usize,
  c: usize,
  ldc: usize,
  depth: i32,
  addend: usize,
  ldAddend: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let a: v128, b0: v128, b1: v128;
  const row2 = row << 1;
  let left2 = left + row2;

  for (; depth >= 2; depth -= 2) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + row);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left2 + row);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    left += step;
    left2 += step;
    right += rightStep;
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + row);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left2 + row);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    left += step;
    left2 += step;
    right += rightStep;
  }
  if (depth) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + row);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left2 + row);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
  }

  if (addend) {
    c00 = f32x4.add(c00, v128.load(addend));
    c01 = f32x4.add(c01, v128.load(addend + 16));
    addend += ldAddend;
    c10 = f32x4.add(c10, v128.load(addend));
    c11 = f32x4.add(c11, v128.load(addend + 16));
    addend += ldAddend;
    c20 = f32x4.add(c20, v128.load(addend));
    c21 = f32x4.add(c21, v128.load(addend + 16));
    addend += ldAddend;
    c30 = f32x4.add(c30, v128.load(addend));
    c31 = f32x4.add(c31, v128.load(addend + 16));
  }
  v128.store(c, c00);
  v128.store(c + 16, c01);
  c += ldc;
  v128.store(c, c10);
  v128.store(c + 16, c11);
  c += ldc;
  v128.store(c, c20);
  v128.store(c + 16, c21);
  c += ldc;
  v128.store(c, c30);
  v128.store(c + 16, c31);
}
