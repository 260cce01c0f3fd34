/**
 * Exponentials and their relatives, four numbers at a time.
 *
 * $$e^x = 2^n \, e^r, \qquad n = \mathrm{round}(x / \ln 2), \qquad r = x - n \ln 2, \quad |r| \le \tfrac{1}{2} \ln 2$$
 *
 * | step   | how                                                                                     |
 * | ------ | --------------------------------------------------------------------------------------- |
 * | round  | adding $1.5 \cdot 2^{23}$ leaves the integer $n$ in the low bits of the sum              |
 * | reduce | $\ln 2$ in two parts, the first with so few bits that $n$ times it is exact (Cody–Waite) |
 * | $e^r$  | polynomial of degree 6, its relative error equalized over the interval (Remez)           |
 * | $2^n$  | $n$ is added to the exponent bits of the result                                          |
 *
 * **Rounding.** Within 1.1 units in the last place with fused multiply-adds, 1.4 without,
 * over the whole range. Results below the smallest normal number ($x < -87.33$) are exactly
 * zero, and so is $e^{-\infty}$: a forbidden position takes no share of a softmax, not a
 * small one.
 *
 * **Why the constants are variables.** A vector constant inside a loop is built anew in
 * every turn (two 64-bit moves into a vector register). A module variable is loaded
 * instead, which makes this function 2.2 times as fast. The variables belong to the
 * instance, are set when it starts, and are never written again.
 */

import { madd, nmadd } from "./simd";

/** $1 / \ln 2$. */
let LOG2E: v128 = f32x4.splat(1.44269504088896341);
/** $1.5 \cdot 2^{23}$. */
let ROUNDER: v128 = f32x4.splat(12582912.0);
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

/** $2^n e^r$; meaningless outside [LOWEST, HIGHEST], which the callers select away. */
@inline
function core(x: v128): v128 {
  const t = madd(x, LOG2E, ROUNDER);
  const n = f32x4.sub(t, ROUNDER);
  const r = madd(n, LN2_LOW, madd(n, LN2_HIGH, x));
  let p = madd(E6, r, E5);
  p = madd(p, r, E4);
  p = madd(p, r, E3);
  p = madd(p, r, E2);
  p = madd(p, r, ONE);
  p = madd(p, r, ONE);
  return i32x4.add(p, i32x4.shl(t, 23));
}

/** $e^x$ for any argument: $-\infty$ gives 0, overflow gives $+\infty$, NaN stays NaN. */
@inline
export function exp4(x: v128): v128 {
  const finite = v128.bitselect(INFINITY, core(x), f32x4.gt(x, HIGHEST));
  return v128.andnot(finite, f32x4.lt(x, LOWEST));
}

/** $e^x$ for arguments that are at most 0, as after subtracting a maximum; NaN stays NaN. */
@inline
export function expNegative4(x: v128): v128 {
  return v128.andnot(core(x), f32x4.lt(x, LOWEST));
}

/** Largest argument below which {@linkcode tanh4} uses its polynomial. */
let TANH_SMALL: v128 = f32x4.splat(0.625);
let T5: v128 = f32x4.splat(-0.005704987126546869);
let T4: v128 = f32x4.splat(0.020639087354243402);
let T3: v128 = f32x4.splat(-0.05373971511578138);
let T2: v128 = f32x4.splat(0.13331442198485413);
let T1: v128 = f32x4.splat(-0.33333281942021786);
let TWO: v128 = f32x4.splat(2);

/** $1 / (1 + e^{-x})$, never overflowing; NaN stays NaN. */
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(ONE, f32x4.add(ONE, exp4(v128.xor(x, SIGN))));
}

/**
 * $\tanh x$: an odd polynomial for $|x| < 0.625$, where $1 - 2 / (e^{2|x|} + 1)$ would
 * cancel; that formula elsewhere.
 */
@inline
export function tanh4(x: v128): v128 {
  const a = v128.andnot(x, SIGN);
  const u = f32x4.mul(x, x);
  let p = madd(T5, u, T4);
  p = madd(p, u, T3);
  p = madd(p, u, T2);
  p = madd(p, u, T1);
  const small = madd(f32x4.mul(p, u), x, x);
  const large = f32x4.sub(ONE, f32x4.div(TWO, f32x4.add(exp4(f32x4.add(a, a)), ONE)));
  return v128.bitselect(small, v128.or(large, v128.and(x, SIGN)), f32x4.lt(a, TANH_SMALL));
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
 * $e^{z^2} \, \mathrm{erfc}(z)$ for $z \ge 0$: a polynomial in $t = 1 / (1 + 0.3 z)$ without
 * its constant term, relative error $2 \cdot 10^{-8}$ up to $z = 9.4$, where
 * $\mathrm{erfc}$ leaves the range of float32.
 */
@inline
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

let ERF_SMALL: v128 = f32x4.splat(0.75);
let F5: v128 = f32x4.splat(-0.0006749513810989743);
let F4: v128 = f32x4.splat(0.005114345629589761);
let F3: v128 = f32x4.splat(-0.02683462460653619);
let F2: v128 = f32x4.splat(0.11283376575068567);
let F1: v128 = f32x4.splat(-0.3761261875677536);
let F0: v128 = f32x4.splat(1.1283791654964541);

/** $\mathrm{erf}(x)$: an odd polynomial for $|x| < 0.75$, $1 - \mathrm{erfc}$ elsewhere. */
@inline
export function erf4(x: v128): v128 {
  const a = v128.andnot(x, SIGN);
  const u = f32x4.mul(x, x);
  let p = madd(F5, u, F4);
  p = madd(p, u, F3);
  p = madd(p, u, F2);
  p = madd(p, u, F1);
  p = madd(p, u, F0);
  const large = nmadd(expNegative4(v128.xor(u, SIGN)), scaledErfc4(a), ONE);
  return v128.bitselect(f32x4.mul(p, x), v128.or(large, v128.and(x, SIGN)), f32x4.lt(a, ERF_SMALL));
}

let SMALLEST_NORMAL: v128 = f32x4.splat(1.17549435e-38);
let SCALE_UP: v128 = f32x4.splat(33554432.0);
let SCALE_UP_LOG: v128 = f32x4.splat(25.0);
let MANTISSA: v128 = i32x4.splat(0x007fffff);
let BIAS: v128 = i32x4.splat(126);
let SQRT_HALF: v128 = f32x4.splat(0.707106781186547524);
let LN2_A: v128 = f32x4.splat(0.693359375);
let LN2_B: v128 = f32x4.splat(-2.12194440e-4);
let L8: v128 = f32x4.splat(7.0376836292e-2);
let L7: v128 = f32x4.splat(-1.1514610310e-1);
let L6: v128 = f32x4.splat(1.1676998740e-1);
let L5: v128 = f32x4.splat(-1.2420140846e-1);
let L4: v128 = f32x4.splat(1.4249322787e-1);
let L3: v128 = f32x4.splat(-1.6668057665e-1);
let L2: v128 = f32x4.splat(2.0000714765e-1);
let L1: v128 = f32x4.splat(-2.4999993993e-1);
let L0: v128 = f32x4.splat(3.3333331174e-1);

/**
 * $\ln x$: $x = 2^e (1 + m)$ with $m \in [\sqrt{1/2} - 1, \sqrt 2 - 1]$, and a polynomial for
 * $\ln(1 + m)$ with the coefficients of the Cephes library.
 *
 * Zero gives $-\infty$, a negative number NaN, infinity infinity; subnormal numbers count.
 */
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, SMALLEST_NORMAL);
  const scaled = v128.bitselect(f32x4.mul(x, SCALE_UP), x, tiny);
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(scaled, 23), BIAS));
  e = f32x4.sub(e, v128.and(SCALE_UP_LOG, tiny));
  let m = v128.or(v128.and(scaled, MANTISSA), HALF);
  const low = f32x4.lt(m, SQRT_HALF);
  e = f32x4.sub(e, v128.and(ONE, low));
  m = f32x4.sub(f32x4.add(m, v128.and(m, low)), ONE);
  const z = f32x4.mul(m, m);
  let p = madd(L8, m, L7);
  p = madd(p, m, L6);
  p = madd(p, m, L5);
  p = madd(p, m, L4);
  p = madd(p, m, L3);
  p = madd(p, m, L2);
  p = madd(p, m, L1);
  p = madd(p, m, L0);
  p = f32x4.mul(f32x4.mul(p, m), z);
  p = madd(e, LN2_B, p);
  p = nmadd(HALF, z, p);
  let y = madd(e, LN2_A, f32x4.add(m, p));
  // The ends of the range: the arithmetic above took their bits for a number.
  y = v128.bitselect(x, y, f32x4.eq(x, INFINITY));
  y = v128.bitselect(v128.xor(INFINITY, SIGN), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(y, f32x4.ne(f32x4.max(x, f32x4.splat(0)), x));
}

/** $\ln x$ for one number, by the same arithmetic as {@linkcode log4}. */
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}
