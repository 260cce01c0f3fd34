/**
 * # Elementary functions, four numbers at a time
 *
 * Each function first reduces its argument to a short interval and there evaluates a
 * polynomial. The polynomials of logarithm, tangent and error function are those of the
 * Cephes library (Moshier 1989).
 *
 * **Rounding.** All are within $10^{-6}$ of the true value, relatively; most within two
 * units in the last place. The power is computed in double precision.
 *
 * @module
 */

import { exp4 } from "./exp.ts";
import { madd } from "./simd.ts";

/**
 * Natural logarithm: $\ln x = e \ln 2 + \ln m$ with $m \in [\sqrt{1/2}, \sqrt 2)$.
 *
 * Zero gives $-\infty$, a negative number NaN. Subnormal numbers are scaled up first.
 */
// @inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // Subtracting the bits of $\sqrt{1/2}$ makes the exponent change there and not at one.
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const exponent = f32x4.sub(
    f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23)),
    v128.and(tiny, f32x4.splat(23)),
  );
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const r = f32x4.sub(m, f32x4.splat(1)), square = f32x4.mul(r, r);
  let p = madd(f32x4.splat(7.0376836292e-2), r, f32x4.splat(-1.1514610310e-1));
  p = madd(p, r, f32x4.splat(1.1676998740e-1));
  p = madd(p, r, f32x4.splat(-1.2420140846e-1));
  p = madd(p, r, f32x4.splat(1.4249322787e-1));
  p = madd(p, r, f32x4.splat(-1.6668057665e-1));
  p = madd(p, r, f32x4.splat(2.0000714765e-1));
  p = madd(p, r, f32x4.splat(-2.4999993993e-1));
  p = madd(p, r, f32x4.splat(3.3333331174e-1));
  p = f32x4.mul(f32x4.mul(p, r), square);
  p = madd(exponent, f32x4.splat(-2.12194440e-4), p);
  p = madd(square, f32x4.splat(-0.5), p);
  let y = madd(exponent, f32x4.splat(0.693359375), f32x4.add(r, p));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  // Negative numbers and NaN are the ones that are not at least zero.
  return v128.bitselect(y, f32x4.splat(NaN), f32x4.ge(x, f32x4.splat(0)));
}

/**
 * Logarithm of one more than a number.
 *
 * $\ln(1 + x)$ without losing small $x$: with $u = \mathrm{fl}(1 + x)$ it is $\ln(u) \, x / (u - 1)$,
 * because the rounding of $u$ moves $\ln u$ and $u - 1$ in the same proportion (Kahan).
 */
// @inline
export function log1p4(x: v128): v128 {
  const one = f32x4.splat(1), u = f32x4.add(x, one), gap = f32x4.sub(u, one);
  const log = log4(u), y = f32x4.mul(log, f32x4.div(x, gap));
  const finite = v128.bitselect(x, y, f32x4.eq(gap, f32x4.splat(0)));
  // Where the quotient is 1 or $\infty/\infty$, the logarithm alone is right.
  return v128.bitselect(log, finite, f32x4.gt(x, f32x4.splat(1e9)));
}

/** Up to here $n$ has so few bits that its products with the parts of $\pi/2$ are exact. */
const NEAR: f32 = 1048576;

/** Two sines (`turn` = 0) or cosines (`turn` = 1) of $n \pi / 2 + r$ in double precision, $|r| \le \pi / 4$. */
function sineOfTurns(n: v128, r: v128, turn: f64): v128 {
  const z = f64x2.mul(r, r);
  let s = f64x2.add(f64x2.mul(z, f64x2.splat(2.7557313621e-6)), f64x2.splat(-1.984126982e-4));
  s = f64x2.add(f64x2.mul(s, z), f64x2.splat(8.3333333332e-3));
  s = f64x2.add(f64x2.mul(s, z), f64x2.splat(-1.6666666666666666e-1));
  s = f64x2.add(f64x2.mul(f64x2.mul(s, z), r), r);
  let c = f64x2.add(f64x2.mul(z, f64x2.splat(-2.75573e-7)), f64x2.splat(2.48015873e-5));
  c = f64x2.add(f64x2.mul(c, z), f64x2.splat(-1.3888888889e-3));
  c = f64x2.add(f64x2.mul(c, z), f64x2.splat(4.1666666666666664e-2));
  c = f64x2.add(f64x2.mul(c, z), f64x2.splat(-0.5));
  c = f64x2.add(f64x2.mul(c, z), f64x2.splat(1));
  // Quarter turns: odd ones exchange sine and cosine, the third and fourth change the sign.
  const q = f64x2.add(n, f64x2.splat(turn)), half = f64x2.floor(f64x2.mul(q, f64x2.splat(0.5)));
  const odd = f64x2.ne(q, f64x2.add(half, half));
  const quarter = f64x2.floor(f64x2.mul(half, f64x2.splat(0.5)));
  const minus = f64x2.ne(half, f64x2.add(quarter, quarter));
  return f32x4.demote_f64x2_zero(v128.xor(v128.bitselect(c, s, odd), v128.and(minus, f64x2.splat(-0.0))));
}

/** The same of two numbers up to NEAR. */
// @inline
function sineOfNear(x: v128, turn: f64): v128 {
  const n = f64x2.nearest(f64x2.mul(x, f64x2.splat(0.6366197723675814)));
  // $\pi/2$ in three parts; the first two have 33 bits each.
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.57079632673412561417)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(6.07710050630396597660e-11)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(2.02226624879595063154e-21)));
  return sineOfTurns(n, r, turn);
}

/** 64 bits of $2/\pi$ from a multiple of 64 on, behind 64 zeros; in code, since a table would lie in the memory of all threads. */
function wordOfTurn(i: i32): u64 {
  switch (i) {
    case 1:
      return 0xa2f9836e4e441529;
    case 2:
      return 0xfc2757d1f534ddc0;
    case 3:
      return 0xdb6295993c439041;
    case 4:
      return 0xfe5163abdebbc561;
    default:
      return 0;
  }
}

/** 64 of these bits. */
function bitsOfTurn(first: i32): u64 {
  const shift = <u64> (first & 63), high = wordOfTurn(first >> 6);
  return shift ? (high << shift) | (wordOfTurn((first >> 6) + 1) >> (64 - shift)) : high;
}

/**
 * The quarter turns $n$ of any number, and what is left of it, $r$ (Payne and Hanek).
 *
 * $x = m 2^e$ makes $m$ times $2^e \cdot 2/\pi$ quarter turns. Bits of the second factor that stand for four or more
 * make whole turns and are left out; the 128 after them keep all digits of what is left.
 */
function turnOf(x: f32): v128 {
  const size = reinterpret<u32>(x) & 0x7fffffff;
  let n: f64 = 0, r = <f64> x;
  // Up to $\pi/4$ nothing turns, and of infinity nothing is left.
  if (size >= 0x7f800000) r = NaN;
  else if (size > 0x3f490fda) {
    const m = <u64> ((size & 0x007fffff) | 0x00800000), first = <i32> (size >> 23) - 88, rest = bitsOfTurn(first + 64);
    const turns = m * bitsOfTurn(first) + ((m * (rest >> 32) + ((m * (rest & 0xffffffff)) >> 32)) >> 32);
    const whole = (turns + 0x2000000000000000) >> 62;
    n = copysign<f64>(<f64> whole, r);
    r = <f64> (<i64> (turns - (whole << 62))) * copysign<f64>(1.5707963267948966 / 4611686018427387904.0, r);
  }
  return f64x2.replace_lane(f64x2.splat(r), 0, n);
}

/** Four sines or cosines of any numbers. */
function sineOfAny4(x: v128, turn: f64): v128 {
  const a = turnOf(f32x4.extract_lane(x, 0)), b = turnOf(f32x4.extract_lane(x, 1));
  const c = turnOf(f32x4.extract_lane(x, 2)), d = turnOf(f32x4.extract_lane(x, 3));
  return v128.shuffle<f32>(
    sineOfTurns(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3), turn),
    sineOfTurns(v128.shuffle<f64>(c, d, 0, 2), v128.shuffle<f64>(c, d, 1, 3), turn),
    0,
    1,
    4,
    5,
  );
}

/** Four sines (`turn` = 0) or cosines (`turn` = 1). */
function sine4(x: v128, turn: f64): v128 {
  if (v128.any_true(f32x4.gt(f32x4.abs(x), f32x4.splat(NEAR)))) return sineOfAny4(x, turn);
  const low = sineOfNear(f64x2.promote_low_f32x4(x), turn);
  const high = sineOfNear(f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)), turn);
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}

/** Sine; the sign of zero is kept. */
// @inline
export function sin4(x: v128): v128 {
  return v128.bitselect(x, sine4(x, 0), f32x4.eq(x, f32x4.splat(0)));
}

/** Cosine. */
// @inline
export function cos4(x: v128): v128 {
  return sine4(x, 1);
}

/** Hyperbolic tangent: an odd polynomial below 0.625, $1 - 2 / (e^{2|x|} + 1)$ above. */
// @inline
export function tanh4(x: v128): v128 {
  const sign = v128.and(x, f32x4.splat(-0.0)), size = f32x4.abs(x), z = f32x4.mul(x, x);
  let p = madd(f32x4.splat(-5.70498872745e-3), z, f32x4.splat(2.06390887954e-2));
  p = madd(p, z, f32x4.splat(-5.37397155531e-2));
  p = madd(p, z, f32x4.splat(1.33314442036e-1));
  p = madd(p, z, f32x4.splat(-3.33332819422e-1));
  const near = madd(f32x4.mul(p, z), size, size);
  const e = exp4(f32x4.add(size, size));
  const far = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))));
  return v128.or(v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(0.625))), sign);
}

/** Logistic function: with $e = e^{-|x|}$, it is $1 / (1 + e)$ or, for negative $x$, $e / (1 + e)$. */
// @inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1), e = exp4(f32x4.neg(f32x4.abs(x)));
  const top = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(top, f32x4.add(one, e));
}

/** Error function: an odd polynomial below one, $1 - e^{-x^2} P(1/x^2)/x$ above. */
// @inline
export function erf4(x: v128): v128 {
  const one = f32x4.splat(1), sign = v128.and(x, f32x4.splat(-0.0)), size = f32x4.abs(x), z = f32x4.mul(x, x);
  let t = madd(f32x4.splat(7.853861353153693e-5), z, f32x4.splat(-8.010193625184903e-4));
  t = madd(t, z, f32x4.splat(5.188327685732524e-3));
  t = madd(t, z, f32x4.splat(-2.685381193529856e-2));
  t = madd(t, z, f32x4.splat(1.128358514861418e-1));
  t = madd(t, z, f32x4.splat(-3.761262582423300e-1));
  t = f32x4.mul(madd(t, z, f32x4.splat(1.128379165726710)), size);

  const q = f32x4.div(one, size), y = f32x4.mul(q, q);
  let p = madd(f32x4.splat(2.326819970068386e-2), y, f32x4.splat(-1.387039388740657e-1));
  p = madd(p, y, f32x4.splat(3.687424674597105e-1));
  p = madd(p, y, f32x4.splat(-5.824733027278666e-1));
  p = madd(p, y, f32x4.splat(6.210004621745983e-1));
  p = madd(p, y, f32x4.splat(-4.944515323274145e-1));
  p = madd(p, y, f32x4.splat(3.404879937665872e-1));
  p = madd(p, y, f32x4.splat(-2.741127028184656e-1));
  p = madd(p, y, f32x4.splat(5.638259427386472e-1));
  let far = f32x4.sub(one, f32x4.mul(f32x4.mul(exp4(f32x4.neg(z)), q), p));
  // Beyond four the complement is below half a unit in the last place, and the quotient may be infinite.
  far = v128.bitselect(one, far, f32x4.gt(size, f32x4.splat(4)));
  return v128.or(v128.bitselect(far, t, f32x4.ge(size, one)), sign);
}

/** Natural logarithm of a positive normal number in double precision, to about $10^{-14}$. */
function logDouble(x: f64): f64 {
  const bits = reinterpret<i64>(x) - 0x3fe6a09e667f3bcd;
  const exponent = bits >> 52;
  const m = reinterpret<f64>((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
  const s = (m - 1) / (m + 1), z = s * s;
  let p: f64 = 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return <f64> exponent * 0.6931471805599453 + 2 * s * (p * z + 1);
}

/** Exponential in double precision, to about $10^{-12}$; the argument is within ±700. */
function expDouble(x: f64): f64 {
  const n = nearest(x * 1.4426950408889634), r = x - n * 0.6931471805599453;
  let p: f64 = 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1;
  p = p * r + 1;
  return p * reinterpret<f64>((<i64> n + 1023) << 52);
}

/** A power with the special cases of IEEE 754: whatever to the 0 and 1 to whatever is 1. */
export function power(base: f32, exponent: f32): f32 {
  if (exponent == 0 || base == 1) return 1;
  if (base != base || exponent != exponent) return NaN;
  const size = abs(base), whole = trunc(exponent) == exponent;
  // From $2^{24}$ on every float32 is even, infinity included.
  const odd = whole && abs(exponent) < 16777216 && (<i32> exponent & 1);
  let result: f64;
  if (abs(exponent) == Infinity) {
    if (size == 1) return 1;
    result = (size > 1) == (exponent > 0) ? Infinity : 0;
  } else if (size == 0 || size == Infinity) {
    result = (size == 0) == (exponent > 0) ? 0 : Infinity;
  } else {
    if (base < 0 && !whole) return NaN;
    result = expDouble(max<f64>(-700, min<f64>(700, <f64> exponent * logDouble(<f64> size))));
  }
  return <f32> (odd && reinterpret<i32>(base) < 0 ? -result : result);
}
