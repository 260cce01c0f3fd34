/**
 * # Activations
 *
 * The non-linear functions between the layers, and their derivatives.
 *
 * | name   | value                                                          | derivative                                   |
 * | ------ | -------------------------------------------------------------- | -------------------------------------------- |
 * | `relu` | $\max(x, 0)$                                                   | 1 where $x > 0$, else 0                      |
 * | `silu` | $x \sigma(x)$                                                  | $\sigma (1 + x (1 - \sigma))$                |
 * | `gelu` | $x \Phi(x)$, $\Phi$ the normal distribution                     | $\Phi(x) + x \varphi(x)$                     |
 * | the same, approximate | $x \sigma(2u)$, $u = \sqrt{2/\pi}\,(x + 0.044715 x^3)$ | $\sigma + 2 x \sigma (1 - \sigma) u'(x)$     |
 *
 * The approximate form is usually written $\tfrac{x}{2} (1 + \tanh u)$, the same number.
 *
 * **Shape of the loop.** A unit is a run of 1024 elements; four or eight per turn, the
 * remainder in a vector filled up with zeros.
 *
 * **Rounding.** $\Phi$ comes from $\mathrm{erfc}$ of the positive side, so that the left
 * tail keeps its relative accuracy where $1 + \mathrm{erf}$ would cancel to zero.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { exp4, expNegative4, HALF, ONE, scaledErfc4, SIGN } from "./exp.ts";
import { integer, loadPart, madd, max4, min4, pointer, storePart } from "./simd.ts";

const RELU: i32 = 0, SILU: i32 = 1, GELU: i32 = 2;

/** $\sqrt{1/2}$. */
let SQRT_HALF: v128 = f32x4.splat(0.7071067811865476);
/** $1 / \sqrt{2\pi}$, the height of the normal density. */
let DENSITY: v128 = f32x4.splat(0.3989422804014327);
/** $-2 \sqrt{2/\pi}$. */
let TANH_LINEAR: v128 = f32x4.splat(-1.5957691216057308);
/** $-2 \cdot 0.044715 \sqrt{2/\pi}$. */
let TANH_CUBIC: v128 = f32x4.splat(-0.0713548162726);
/** The largest float32. */
let LARGEST: v128 = f32x4.splat(3.4028234663852886e38);
/** $6 \cdot 0.044715 \sqrt{2/\pi}$. */
let TANH_SLOPE: v128 = f32x4.splat(0.2140644488178);

/** $\Phi(x)$, and the exponential that the density shares with it: $e^{-x^2/2}$ in `bell`. */
// @inline
function normalShare(x: v128, bell: v128): v128 {
  const z = f32x4.mul(v128.andnot(x, SIGN), SQRT_HALF);
  const tail = f32x4.mul(HALF, f32x4.mul(bell, scaledErfc4(z)));
  return v128.bitselect(tail, f32x4.sub(ONE, tail), f32x4.lt(x, f32x4.splat(0)));
}

/** $e^{-x^2/2}$. */
// @inline
function bellOf(x: v128): v128 {
  return expNegative4(f32x4.mul(v128.xor(x, SIGN), f32x4.mul(x, HALF)));
}

/** $e^{-2u}$. */
// @inline
function tanhExponential(x: v128): v128 {
  return exp4(f32x4.mul(x, madd(f32x4.mul(x, x), TANH_CUBIC, TANH_LINEAR)));
}

/**
 * $\sigma + x \sigma (1 - \sigma) u$ from $e = 1 / \sigma - 1$.
 *
 * $1 - \sigma$ is $e \sigma$, which does not cancel where $\sigma$ is almost 1; the bound keeps
 * $\infty \cdot 0$ away where it is almost 0.
 */
// @inline
function sigmoidSlope(x: v128, e: v128, u: v128): v128 {
  e = min4(e, LARGEST);
  const s = f32x4.div(ONE, f32x4.add(ONE, e));
  return f32x4.mul(s, madd(f32x4.mul(x, u), f32x4.mul(e, s), ONE));
}

// A kind is a type, so that the compiler takes out the branches: the narrowest integer stands for relu, i16 for
// silu, i32 for gelu, i64 for its approximation by tanh.

// @inline
function value<Kind>(x: v128): v128 {
  if (sizeof<Kind>() == 1) return max4(f32x4.splat(0), x);
  if (sizeof<Kind>() == 2) return f32x4.div(x, f32x4.add(ONE, exp4(v128.xor(x, SIGN))));
  if (sizeof<Kind>() == 4) return f32x4.mul(x, normalShare(x, bellOf(x)));
  return f32x4.div(x, f32x4.add(ONE, tanhExponential(x)));
}

// @inline
function slope<Kind>(x: v128): v128 {
  if (sizeof<Kind>() == 1) return v128.and(ONE, f32x4.gt(x, f32x4.splat(0)));
  if (sizeof<Kind>() == 2) return sigmoidSlope(x, exp4(v128.xor(x, SIGN)), ONE);
  if (sizeof<Kind>() == 4) {
    const bell = bellOf(x);
    return madd(f32x4.mul(x, DENSITY), bell, normalShare(x, bell));
  }
  const u = f32x4.sub(f32x4.mul(TANH_SLOPE, f32x4.mul(x, x)), TANH_LINEAR);
  return sigmoidSlope(x, tanhExponential(x), u);
}

// @inline
function values<Kind>(y: usize, x: usize, n: i32): void {
  const end8 = x + (<usize> (n & ~7) << 2);
  for (; x < end8; x += 32) {
    v128.store(y, value<Kind>(v128.load(x)));
    v128.store(y + 16, value<Kind>(v128.load(x + 16)));
    y += 32;
  }
  if (n & 4) {
    v128.store(y, value<Kind>(v128.load(x)));
    x += 16;
    y += 16;
  }
  if (n & 3) storePart(y, value<Kind>(loadPart(x, n & 3, 0)), n & 3);
}

// @inline
function slopes<Kind>(dx: usize, x: usize, g: usize, n: i32): void {
  const end = x + (<usize> (n & ~3) << 2);
  for (; x < end; x += 16) {
    v128.store(dx, f32x4.mul(v128.load(g), slope<Kind>(v128.load(x))));
    dx += 16;
    g += 16;
  }
  if (n & 3) storePart(dx, f32x4.mul(loadPart(g, n & 3, 0), slope<Kind>(loadPart(x, n & 3, 0))), n & 3);
}

// One function for each kind: a function that is called often is compiled well, one long function is not.

function reluValues(y: usize, x: usize, n: i32): void {
  values<i8>(y, x, n);
}
function siluValues(y: usize, x: usize, n: i32): void {
  values<i16>(y, x, n);
}
function geluValues(y: usize, x: usize, n: i32): void {
  values<i32>(y, x, n);
}
function geluTanhValues(y: usize, x: usize, n: i32): void {
  values<i64>(y, x, n);
}
function reluSlopes(dx: usize, x: usize, g: usize, n: i32): void {
  slopes<i8>(dx, x, g, n);
}
function siluSlopes(dx: usize, x: usize, g: usize, n: i32): void {
  slopes<i16>(dx, x, g, n);
}
function geluSlopes(dx: usize, x: usize, g: usize, n: i32): void {
  slopes<i32>(dx, x, g, n);
}
function geluTanhSlopes(dx: usize, x: usize, g: usize, n: i32): void {
  slopes<i64>(dx, x, g, n);
}

/** Runs of 1024 elements of an activation. $f(x)$: `args` = y, x, elements, kind. */
export function activation(args: usize, from: i32, to: i32): void {
  const count = integer(args, 2), kind = integer(args, 3);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> unit << 12, n = min(1024, count - (unit << 10));
    const y = pointer(args, 0) + skip, x = pointer(args, 1) + skip;
    if (kind == RELU) reluValues(y, x, n);
    else if (kind == SILU) siluValues(y, x, n);
    else if (kind == GELU) geluValues(y, x, n);
    else geluTanhValues(y, x, n);
  }
}

/** Runs of 1024 elements of its gradient. $g f'(x)$: `args` = dx, x, g, elements, kind. */
export function activationBackward(args: usize, from: i32, to: i32): void {
  const count = integer(args, 3), kind = integer(args, 4);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> unit << 12, n = min(1024, count - (unit << 10));
    const dx = pointer(args, 0) + skip, x = pointer(args, 1) + skip, g = pointer(args, 2) + skip;
    if (kind == RELU) reluSlopes(dx, x, g, n);
    else if (kind == SILU) siluSlopes(dx, x, g, n);
    else if (kind == GELU) geluSlopes(dx, x, g, n);
    else geluTanhSlopes(dx, x, g, n);
  }
}
