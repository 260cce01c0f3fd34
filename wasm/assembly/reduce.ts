/**
 * # Sums, extremes and their places
 *
 * **Rounding.** A sum runs in sixteen lanes over blocks of 1024 elements; blocks are added
 * in double precision. Sums down a column take eight rows at a time and start afresh every
 * 512 rows. The error of a sum thus grows with the logarithm of its length, not with it.
 *
 * @module
 */

import * as code from "./codes.ts";
import { integer, pointer, sumLanes } from "./simd.ts";
import { offsetOf } from "./walk.ts";
import * as word from "./words/reduce.ts";

/** Sum of `n` float32 that lie side by side. */
export function sumRow(p: usize, n: i32): f32 {
  let total: f64 = 0;
  while (n >= 16) {
    const block = min(n, 1024) & ~15, end = p + (<usize> block << 2);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (; p < end; p += 64) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p + 16));
      c = f32x4.add(c, v128.load(p + 32));
      d = f32x4.add(d, v128.load(p + 48));
    }
    total += <f64> sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    n -= block;
  }
  for (; n > 0; n--) {
    total += <f64> load<f32>(p);
    p += 4;
  }
  return <f32> total;
}

/** Largest of `n` float32, or the smallest of them if `sign` is -0: NaN if one of them is. */
function largestOfRow(p: usize, n: i32, sign: f32): f32 {
  // The smallest is the largest with all signs turned.
  const turn = f32x4.splat(sign);
  let best = f32x4.splat(-Infinity), next = best, nan = f32x4.splat(0);
  for (; n >= 8; n -= 8) {
    const a = v128.xor(v128.load(p), turn), b = v128.xor(v128.load(p + 16), turn);
    best = f32x4.pmax(best, a);
    next = f32x4.pmax(next, b);
    nan = v128.or(nan, v128.or(f32x4.ne(a, a), f32x4.ne(b, b)));
    p += 32;
  }
  for (; n > 0; n--) {
    const a = v128.xor(v128.load32_splat(p), turn);
    best = f32x4.pmax(best, a);
    nan = v128.or(nan, f32x4.ne(a, a));
    p += 4;
  }
  if (v128.any_true(nan)) return NaN;
  best = f32x4.pmax(best, next);
  best = f32x4.pmax(best, v128.shuffle<f32>(best, best, 2, 3, 0, 1));
  best = f32x4.pmax(best, v128.shuffle<f32>(best, best, 1, 0, 3, 2));
  return f32x4.extract_lane(v128.xor(best, turn), 0);
}

/** Index of the first element equal to `value`, or of the first NaN if `value` is NaN. */
function firstEqual(p: usize, n: i32, value: f32): i32 {
  const start = p, end = p + (<usize> n << 2), wanted = f32x4.splat(value), nan = value != value;
  if (!nan) { while (p + 16 <= end && !v128.any_true(f32x4.eq(v128.load(p), wanted))) p += 16; }
  for (; p < end; p += 4) {
    const x = load<f32>(p);
    if (x == value || (nan && x != x)) break;
  }
  return <i32> ((p - start) >> 2);
}

/** The same for integers: wrapping sum, extremes, first place of the largest. */
function reduceIntegers(op: i32, p: usize, n: i32): i32 {
  let result = op == code.REDUCTION_SUM ? 0 : load<i32>(p), place = 0;
  for (let i = 0; i < n; i++) {
    const x = load<i32>(p);
    switch (op) {
      case code.REDUCTION_SUM:
        result += x;
        break;
      case code.REDUCTION_MIN:
        result = min(result, x);
        break;
      case code.REDUCTION_MAX:
      case code.REDUCTION_ARGMAX:
        if (x > result) {
          result = x;
          place = i;
        }
        break;
      default:
        unreachable();
    }
    p += 4;
  }
  return op == code.REDUCTION_ARGMAX ? place : result;
}

/** One row of float32. */
function reduceRow(op: i32, to: usize, p: usize, n: i32): void {
  switch (op) {
    case code.REDUCTION_SUM:
      return store<f32>(to, sumRow(p, n));
    case code.REDUCTION_MAX:
      return store<f32>(to, largestOfRow(p, n, 0));
    case code.REDUCTION_MIN:
      return store<f32>(to, largestOfRow(p, n, -0.0));
    case code.REDUCTION_ARGMAX:
      return store<i32>(to, firstEqual(p, n, largestOfRow(p, n, 0)));
    default:
      unreachable();
  }
}

/**
 * Collapses rows; a unit is a row.
 *
 * float32 or int32.
 */
export function reduceRowsJob(args: usize, from: i32, to: i32): void {
  const op = integer(args, word.OPERATION), target = pointer(args, word.TO), source = pointer(args, word.FROM);
  const n = integer(args, word.WIDTH), integers = integer(args, word.INTEGER), axes = integer(args, word.AXES);
  for (let unit = from; unit < to; unit++) {
    const p = source + offsetOf(args, 0, unit, axes), q = target + (<usize> unit << 2);
    if (integers) store<i32>(q, reduceIntegers(op, p, n));
    else reduceRow(op, q, p, n);
  }
}

/** `y[0..n) += ` the sum of eight rows that lie `ld` bytes apart. */
function addEight(y: usize, x: usize, ld: usize, n: i32): void {
  const ld2 = ld + ld, ld3 = ld2 + ld;
  let z = x + (ld << 2);
  const end = y + (<usize> (n & ~3) << 2);
  for (; y < end; y += 16) {
    const a = f32x4.add(v128.load(x), v128.load(x + ld)), b = f32x4.add(v128.load(x + ld2), v128.load(x + ld3));
    const c = f32x4.add(v128.load(z), v128.load(z + ld)), d = f32x4.add(v128.load(z + ld2), v128.load(z + ld3));
    v128.store(y, f32x4.add(v128.load(y), f32x4.add(f32x4.add(a, b), f32x4.add(c, d))));
    x += 16;
    z += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    let sum: f32 = 0, p = x;
    for (let k = 0; k < 8; k++) {
      sum += load<f32>(p);
      p += ld;
    }
    store<f32>(y, load<f32>(y) + sum);
    y += 4;
    x += 4;
  }
}

/** One operation on four numbers of two rows. */
// @inline
function join4(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case code.REDUCTION_SUM:
      return f32x4.add(a, b);
    case code.REDUCTION_MAX:
      return f32x4.max(a, b);
    case code.REDUCTION_MIN:
      return f32x4.min(a, b);
    default:
      return unreachable();
  }
}

/** `y[0..n) = op(y, x)` for one row. */
function foldOne(op: i32, y: usize, x: usize, n: i32): void {
  const end = y + (<usize> (n & ~3) << 2);
  for (; y < end; y += 16) {
    v128.store(y, join4(op, v128.load(y), v128.load(x)));
    x += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    v128.store32_lane(y, join4(op, v128.load32_zero(y), v128.load32_zero(x)), 0);
    y += 4;
    x += 4;
  }
}

/**
 * Collapses the rows of matrices, keeping their columns. A unit is 512 columns of one matrix.
 *
 * Sum, maximum and minimum of float32.
 */
export function reduceColumnsJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const op = integer(args, word.OPERATION), target = pointer(args, word.TO), source = pointer(args, word.FROM);
  const columns = integer(args, word.WIDTH), rows = integer(args, word.ROWS);
  const ld = pointer(args, word.ROW_BYTES), axes = integer(args, word.AXES);
  const blocks = (columns + word.COLUMNS - 1) / word.COLUMNS;
  for (let unit = from; unit < to; unit++) {
    const matrix = unit / blocks,
      j = (unit % blocks) * word.COLUMNS,
      n = min(word.COLUMNS, columns - j),
      bytes = <usize> n << 2;
    let x = source + offsetOf(args, 0, matrix, axes) + (<usize> j << 2);
    const y = target + (<usize> (matrix * columns + j) << 2);
    if (op != code.REDUCTION_SUM) {
      memory.copy(y, x, bytes);
      for (let i = 1; i < rows; i++) foldOne(op, y, x + <usize> i * ld, n);
      continue;
    }
    memory.fill(y, 0, bytes);
    for (let i = 0; i < rows; i += 512) {
      const end = min(rows, i + 512);
      memory.fill(scratch, 0, bytes);
      let k = i;
      for (; k + 8 <= end; k += 8) {
        addEight(scratch, x, ld, n);
        x += ld << 3;
      }
      for (; k < end; k++) {
        foldOne(code.REDUCTION_SUM, scratch, x, n);
        x += ld;
      }
      foldOne(code.REDUCTION_SUM, y, scratch, n);
    }
  }
}
