/**
 * # The exponential function
 *
 * Four numbers at a time; and the complement of the error function, which needs the exponential.
 *
 * $$e^x = 2^n \, e^r, \qquad n = \mathrm{round}(x / \ln 2), \qquad r = x - n \ln 2, \quad |r| \le \tfrac{1}{2} \ln 2$$
 *
 * | step   | how                                                                                     |
 * | ------ | --------------------------------------------------------------------------------------- |
 * | round  | adding $1.5 \cdot 2^{23}$ leaves the integer $n$ in the low bits of the sum              |
 * | reduce | $\ln 2$ in two parts, the first with so few bits that $n$ times it is exact (Cody–Waite) |
 * | $e^r$  | polynomial of degree 6, its relative error equalized over the interval (Remez)           |
 * | $2^n$  | $n$ is added to the exponent bits of the result, or of one                               |
 *
 * **Rounding.** Within 1.1 units in the last place with fused multiply-adds, 1.4 without,
 * over the whole range. Results below the smallest normal number ($x < -87.33$) are exactly
 * zero, and so is $e^{-\infty}$: a forbidden position takes no share of a softmax, not a
 * small one.
 *
 * **Why the constants are variables.** A vector constant inside a loop is built anew in
 * every turn (two 64-bit moves into a vector register). A module variable is loaded
 * instead, which is a good deal faster. The variables belong to the
 * instance, are set when it starts, and are never written again.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { madd } from "./simd.ts";

/** $1 / \ln 2$. */
let LOG2E: v128 = f32x4.splat(1.44269504088896341);
/** $1.5 \cdot 2^{23}$. */
let ROUNDER: v128 = f32x4.splat(12582912.0);
/** The same and 127, the exponent bits of one. */
let BIASED_ROUNDER: v128 = f32x4.splat(12583039.0);
/** High part of $-\ln 2$. */
let LN2_HIGH: v128 = f32x4.splat(-0.693359375);
/** $-\ln 2$ less its high part. */
let LN2_LOW: v128 = f32x4.splat(2.12194440e-4);
let E6: v128 = f32x4.splat(0.0013843592324525);
let E5: v128 = f32x4.splat(0.0083742079732145);
let E4: v128 = f32x4.splat(0.0416680055512019);
let E3: v128 = f32x4.splat(0.1666643065861291);
let E2: v128 = f32x4.splat(0.4999999418631034);
/** One in every lane. */
export let ONE: v128 = f32x4.splat(1);
/** One half in every lane. */
export let HALF: v128 = f32x4.splat(0.5);
/** The sign bit in every lane. */
export let SIGN: v128 = i32x4.splat(0x80000000);
/** Infinity in every lane. */
let INFINITY: v128 = f32x4.splat(Infinity);
/** Below it the exponential is zero. */
let LOWEST: v128 = f32x4.splat(-87.33);
/** Above it the exponential is infinite: the largest float32 below $128 \ln 2$. */
let HIGHEST: v128 = f32x4.splat(88.72283);

/** $e^r$, where $r$ is what $n \ln 2$ leaves of $x$. */
// @inline
function fraction(x: v128, n: v128): v128 {
  const r = madd(n, LN2_LOW, madd(n, LN2_HIGH, x));
  let p = madd(E6, r, E5);
  p = madd(p, r, E4);
  p = madd(p, r, E3);
  p = madd(p, r, E2);
  p = madd(p, r, ONE);
  return madd(p, r, ONE);
}

/** The exponential. $e^x$ for any argument: $-\infty$ gives 0, overflow gives $+\infty$, NaN stays NaN. */
// @inline
export function exp4(x: v128): v128 {
  const t = madd(x, LOG2E, ROUNDER);
  const y = i32x4.add(fraction(x, f32x4.sub(t, ROUNDER)), i32x4.shl(t, 23));
  // The bits of a NaN would count as an exponent: where x is not at most HIGHEST, the result is $x \cdot \infty$.
  const any = v128.bitselect(y, f32x4.mul(x, INFINITY), f32x4.le(x, HIGHEST));
  return v128.andnot(any, f32x4.lt(x, LOWEST));
}

/** The exponential of what is not positive. $e^x$ for arguments that are at most 0, as after subtracting a maximum; NaN stays NaN. */
// @inline
export function expNegative4(x: v128): v128 {
  const t = madd(x, LOG2E, BIASED_ROUNDER);
  // $2^n$ is a number here, and a product with it keeps NaN.
  const y = f32x4.mul(fraction(x, f32x4.sub(t, BIASED_ROUNDER)), i32x4.shl(t, 23));
  return v128.andnot(y, f32x4.lt(x, LOWEST));
}

let ERF_SCALE: v128 = f32x4.splat(0.3);
let C8: v128 = f32x4.splat(-0.12940666728062325);
let C7: v128 = f32x4.splat(0.4849522351517036);
let C6: v128 = f32x4.splat(-0.5109010956657831);
let C5: v128 = f32x4.splat(0.545984534526003);
let C4: v128 = f32x4.splat(-0.09331486527405297);
let C3: v128 = f32x4.splat(0.21428398931076742);
let C2: v128 = f32x4.splat(0.14852707248662014);
let C1: v128 = f32x4.splat(0.17068465819695855);
let C0: v128 = f32x4.splat(0.16919011914409726);

/**
 * The complement of the error function, scaled.
 *
 * $e^{z^2} \, \mathrm{erfc}(z)$ for $z \ge 0$: a polynomial in $t = 1 / (1 + 0.3 z)$ without
 * its constant term, relative error $2 \cdot 10^{-8}$ up to $z = 9.4$, where
 * $\mathrm{erfc}$ leaves the range of float32.
 */
// @inline
export function scaledErfc4(z: v128): v128 {
  const t = f32x4.div(ONE, madd(ERF_SCALE, z, ONE));
  let p = madd(C8, t, C7);
  p = madd(p, t, C6);
  p = madd(p, t, C5);
  p = madd(p, t, C4);
  p = madd(p, t, C3);
  p = madd(p, t, C2);
  p = madd(p, t, C1);
  p = madd(p, t, C0);
  return f32x4.mul(p, t);
}
