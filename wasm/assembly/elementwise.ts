/**
 * # Elementwise kernels
 *
 * **Shape of the loop.** Of one argument, each function has a loop of its own, four elements per turn: what a function
 * needs stays in registers. Of two float32 arguments, sixteen elements per turn and one `switch` among the functions:
 * the jump costs a quarter of a cycle per element. Of two int32 arguments, four elements per turn.
 *
 * **Broadcasting.** An operand advances by 16 bytes per vector or by none. One that does not
 * advance is first repeated to four lanes in scratch. Rows of an outer axis get their
 * addresses from the strides.
 *
 * **Ends.** What is left below a whole turn is copied to scratch, computed there like any other turn, and copied back
 * in part.
 *
 * The words are those of `words/elementwise.ts`. The result is contiguous; a unit is a block of 4096 elements of a row.
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import * as code from "./codes.ts";
import { exp4 } from "./exp.ts";
import { cos4, erf4, log1p4, log4, power, sigmoid4, sin4, tanh4 } from "./functions.ts";
import { offsetOf } from "./walk.ts";
import * as word from "./words/elementwise.ts";

/** Copies fewer than sixteen words. */
function copyWords(to: usize, from: usize, count: i32): void {
  for (; count > 0; count--) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
}

/** The address to read an operand from: itself, or its one element repeated in scratch. */
function repeated(p: usize, step: usize, aside: usize): usize {
  if (step) return p;
  v128.store(aside, v128.load32_splat(p));
  return aside;
}

/** Turns of four elements. */
function unaryTurns(op: i32, to: usize, end: usize, a: usize): void {
  switch (op) {
    case code.UNARY_NEG:
      for (; to < end; to += 16, a += 16) v128.store(to, f32x4.neg(v128.load(a)));
      return;
    case code.UNARY_ABS:
      for (; to < end; to += 16, a += 16) v128.store(to, f32x4.abs(v128.load(a)));
      return;
    case code.UNARY_SIGN: {
      // One with the sign of x, except where x is zero or NaN and stays what it is.
      const one = f32x4.splat(1), zero = f32x4.splat(0), sign = f32x4.splat(-0.0);
      for (; to < end; to += 16, a += 16) {
        const x = v128.load(a);
        const ordered = v128.or(f32x4.lt(x, zero), f32x4.gt(x, zero));
        v128.store(to, v128.bitselect(v128.or(one, v128.and(x, sign)), x, ordered));
      }
      return;
    }
    case code.UNARY_FLOOR:
      for (; to < end; to += 16, a += 16) v128.store(to, f32x4.floor(v128.load(a)));
      return;
    case code.UNARY_EXP:
      for (; to < end; to += 16, a += 16) v128.store(to, exp4(v128.load(a)));
      return;
    case code.UNARY_LOG:
      for (; to < end; to += 16, a += 16) v128.store(to, log4(v128.load(a)));
      return;
    case code.UNARY_LOG1P:
      for (; to < end; to += 16, a += 16) v128.store(to, log1p4(v128.load(a)));
      return;
    case code.UNARY_SQRT:
      for (; to < end; to += 16, a += 16) v128.store(to, f32x4.sqrt(v128.load(a)));
      return;
    case code.UNARY_SIN:
      for (; to < end; to += 16, a += 16) v128.store(to, sin4(v128.load(a)));
      return;
    case code.UNARY_COS:
      for (; to < end; to += 16, a += 16) v128.store(to, cos4(v128.load(a)));
      return;
    case code.UNARY_TANH:
      for (; to < end; to += 16, a += 16) v128.store(to, tanh4(v128.load(a)));
      return;
    case code.UNARY_SIGMOID:
      for (; to < end; to += 16, a += 16) v128.store(to, sigmoid4(v128.load(a)));
      return;
    case code.UNARY_ERF:
      for (; to < end; to += 16, a += 16) v128.store(to, erf4(v128.load(a)));
      return;
    default:
      unreachable();
      return;
  }
}

/** One function of one argument over a block of each row. */
export function unaryJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const op = integer(args, word.OPERATION), target = pointer(args, word.TO), a = pointer(args, word.A);
  const n = integer(args, word.COUNT), step = pointer(args, word.STEP_A);
  const axes = integer(args, word.AXES), blocks = integer(args, word.BLOCKS);
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * word.BLOCK, count = min(word.BLOCK, n - first);
    let y = target + (<usize> (row * n + first) << 2);
    let x = a + offsetOf(args, 0, row, axes);
    if (step) x += <usize> first << 2;
    else {
      // A row of one repeated element.
      for (let i: usize = 0; i < 64; i += 16) v128.store(scratch + 64 + i, v128.load32_splat(x));
      unaryTurns(op, scratch, scratch + 16, scratch + 64);
      const value = v128.load(scratch), end = y + (<usize> (count & ~3) << 2);
      for (; y < end; y += 16) v128.store(y, value);
      copyWords(y, scratch, count & 3);
      continue;
    }
    const whole = <usize> (count & ~3) << 2;
    unaryTurns(op, y, y + whole, x);
    if (count & 3) {
      copyWords(scratch + 64, x + whole, count & 3);
      unaryTurns(op, scratch, scratch + 16, scratch + 64);
      copyWords(y + whole, scratch, count & 3);
    }
  }
}

/** The remainder that has the sign of the divisor. */
function remainder(a: f32, b: f32): f32 {
  const rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/** Turns of sixteen float32 elements. */
function binaryTurns(op: i32, to: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  const one = i32x4.splat(1);
  let p: v128, q: v128, r: v128, s: v128;
  for (; to < end; to += 64) {
    const a0 = v128.load(a), b0 = v128.load(b);
    a += stepA;
    b += stepB;
    const a1 = v128.load(a), b1 = v128.load(b);
    a += stepA;
    b += stepB;
    const a2 = v128.load(a), b2 = v128.load(b);
    a += stepA;
    b += stepB;
    const a3 = v128.load(a), b3 = v128.load(b);
    a += stepA;
    b += stepB;
    switch (op) {
      case code.ARITHMETIC_ADD:
        p = f32x4.add(a0, b0), q = f32x4.add(a1, b1), r = f32x4.add(a2, b2), s = f32x4.add(a3, b3);
        break;
      case code.ARITHMETIC_SUB:
        p = f32x4.sub(a0, b0), q = f32x4.sub(a1, b1), r = f32x4.sub(a2, b2), s = f32x4.sub(a3, b3);
        break;
      case code.ARITHMETIC_MUL:
        p = f32x4.mul(a0, b0), q = f32x4.mul(a1, b1), r = f32x4.mul(a2, b2), s = f32x4.mul(a3, b3);
        break;
      case code.ARITHMETIC_DIV:
        p = f32x4.div(a0, b0), q = f32x4.div(a1, b1), r = f32x4.div(a2, b2), s = f32x4.div(a3, b3);
        break;
      case code.ARITHMETIC_MAX:
        p = f32x4.max(a0, b0), q = f32x4.max(a1, b1), r = f32x4.max(a2, b2), s = f32x4.max(a3, b3);
        break;
      case code.ARITHMETIC_MIN:
        p = f32x4.min(a0, b0), q = f32x4.min(a1, b1), r = f32x4.min(a2, b2), s = f32x4.min(a3, b3);
        break;
      case code.COMPARISON_EQUAL:
        p = f32x4.eq(a0, b0), q = f32x4.eq(a1, b1), r = f32x4.eq(a2, b2), s = f32x4.eq(a3, b3);
        break;
      case code.COMPARISON_NOT_EQUAL:
        p = f32x4.ne(a0, b0), q = f32x4.ne(a1, b1), r = f32x4.ne(a2, b2), s = f32x4.ne(a3, b3);
        break;
      case code.COMPARISON_LESS:
        p = f32x4.lt(a0, b0), q = f32x4.lt(a1, b1), r = f32x4.lt(a2, b2), s = f32x4.lt(a3, b3);
        break;
      case code.COMPARISON_LESS_EQUAL:
        p = f32x4.le(a0, b0), q = f32x4.le(a1, b1), r = f32x4.le(a2, b2), s = f32x4.le(a3, b3);
        break;
      default:
        unreachable();
        return;
    }
    if (op >= code.COMPARISON_EQUAL) {
      p = v128.and(p, one), q = v128.and(q, one), r = v128.and(r, one), s = v128.and(s, one);
    }
    v128.store(to, p);
    v128.store(to + 16, q);
    v128.store(to + 32, r);
    v128.store(to + 48, s);
  }
}

/** Turns of four int32 elements. */
function integerTurns(op: i32, to: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  const one = i32x4.splat(1);
  for (; to < end; to += 16) {
    const x = v128.load(a), y = v128.load(b);
    let z: v128;
    switch (op) {
      case code.ARITHMETIC_ADD:
        z = i32x4.add(x, y);
        break;
      case code.ARITHMETIC_SUB:
        z = i32x4.sub(x, y);
        break;
      case code.ARITHMETIC_MUL:
        z = i32x4.mul(x, y);
        break;
      case code.ARITHMETIC_MAX:
        z = i32x4.max_s(x, y);
        break;
      case code.ARITHMETIC_MIN:
        z = i32x4.min_s(x, y);
        break;
      case code.COMPARISON_EQUAL:
        z = v128.and(i32x4.eq(x, y), one);
        break;
      case code.COMPARISON_NOT_EQUAL:
        z = v128.and(i32x4.ne(x, y), one);
        break;
      case code.COMPARISON_LESS:
        z = v128.and(i32x4.lt_s(x, y), one);
        break;
      case code.COMPARISON_LESS_EQUAL:
        z = v128.and(i32x4.le_s(x, y), one);
        break;
      default:
        unreachable();
        return;
    }
    v128.store(to, z);
    a += stepA;
    b += stepB;
  }
}

/** Integer power by repeated squaring. */
function integerPower(base: i32, exponent: i32): i32 {
  let result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

/** Whether a function has no vector form. */
function isSingle(op: i32, integers: bool): bool {
  return op == code.ARITHMETIC_POW || op == code.ARITHMETIC_MOD || (integers && op == code.ARITHMETIC_DIV);
}

/** One number of those functions. */
function single(op: i32, x: f32, y: f32): f32 {
  return op == code.ARITHMETIC_POW ? power(x, y) : remainder(x, y);
}

/** One integer of those functions. */
function singleInteger(op: i32, a: i32, b: i32): i32 {
  if (op == code.ARITHMETIC_POW) return integerPower(a, b);
  // In 64 bits, where the lowest number divided by -1 does not overflow.
  const x = <i64> a, y = <i64> b, rest = x % y, off = rest != 0 && (rest < 0) != (y < 0);
  return <i32> (op == code.ARITHMETIC_DIV ? x / y - <i64> off : off ? rest + y : rest);
}

/** Elements one at a time. */
function singleTurns(
  op: i32,
  integers: bool,
  to: usize,
  count: i32,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
): void {
  stepA >>= 2;
  stepB >>= 2;
  for (; count > 0; count--) {
    if (integers) store<i32>(to, singleInteger(op, load<i32>(a), load<i32>(b)));
    else store<f32>(to, single(op, load<f32>(a), load<f32>(b)));
    to += 4;
    a += stepA;
    b += stepB;
  }
}

/** One function of two float32 (or int32) arguments over a block of each row. */
export function binaryJob(args: usize, from: i32, to: i32, scratch: usize, integers: bool): void {
  const op = integer(args, word.OPERATION),
    target = pointer(args, word.TO),
    a = pointer(args, word.A),
    b = pointer(args, word.B);
  const n = integer(args, word.COUNT), stepA = pointer(args, word.STEP_A), stepB = pointer(args, word.STEP_B);
  const axes = integer(args, word.AXES), blocks = integer(args, word.BLOCKS);
  const alone = isSingle(op, integers);
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * word.BLOCK, count = min(word.BLOCK, n - first);
    const z = target + (<usize> (row * n + first) << 2);
    let x = a + offsetOf(args, 0, row, axes), y = b + offsetOf(args, 1, row, axes);
    if (stepA) x += <usize> first << 2;
    if (stepB) y += <usize> first << 2;
    if (alone) {
      singleTurns(op, integers, z, count, x, stepA, y, stepB);
      continue;
    }
    x = repeated(x, stepA, scratch);
    y = repeated(y, stepB, scratch + 16);
    const rest = count & 15, whole = <usize> (count - rest) << 2;
    if (integers) integerTurns(op, z, z + whole, x, stepA, y, stepB);
    else binaryTurns(op, z, z + whole, x, stepA, y, stepB);
    if (!rest) continue;
    if (stepA) {
      copyWords(scratch + 64, x + whole, rest);
      x = scratch + 64;
    }
    if (stepB) {
      copyWords(scratch + 128, y + whole, rest);
      y = scratch + 128;
    }
    if (integers) integerTurns(op, scratch + 192, scratch + 256, x, stepA, y, stepB);
    else binaryTurns(op, scratch + 192, scratch + 256, x, stepA, y, stepB);
    copyWords(z + whole, scratch + 192, rest);
  }
}

/** `to = choose ? a : b` over a block of each row; the words name a, b, choose in this order. */
export function selectJob(args: usize, from: i32, to: i32): void {
  const target = pointer(args, word.TO), a = pointer(args, word.A);
  const b = pointer(args, word.B), c = pointer(args, word.C);
  const n = integer(args, word.COUNT), stepA = pointer(args, word.STEP_A);
  const stepB = pointer(args, word.STEP_B), stepC = pointer(args, word.STEP_C);
  const axes = integer(args, word.AXES), blocks = integer(args, word.BLOCKS), zero = i32x4.splat(0);
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * word.BLOCK, count = min(word.BLOCK, n - first);
    let z = target + (<usize> (row * n + first) << 2);
    let x = a + offsetOf(args, 0, row, axes), y = b + offsetOf(args, 1, row, axes);
    let m = c + offsetOf(args, 2, row, axes);
    if (stepA) x += <usize> first << 2;
    if (stepB) y += <usize> first << 2;
    if (stepC) m += <usize> first << 2;
    const end = z + (<usize> (count & ~3) << 2);
    for (; z < end; z += 16) {
      const u = stepA ? v128.load(x) : v128.load32_splat(x), v = stepB ? v128.load(y) : v128.load32_splat(y);
      const w = stepC ? v128.load(m) : v128.load32_splat(m);
      v128.store(z, v128.bitselect(u, v, i32x4.ne(w, zero)));
      x += stepA;
      y += stepB;
      m += stepC;
    }
    for (let i = count & 3; i > 0; i--) {
      store<u32>(z, load<u32>(load<i32>(m) ? x : y));
      z += 4;
      x += stepA >> 2;
      y += stepB >> 2;
      m += stepC >> 2;
    }
  }
}
