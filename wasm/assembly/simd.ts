/**
 * # Vector operations
 *
 * The few vector operations that every kernel shares.
 *
 * One source serves two builds. With relaxed SIMD a multiply-add is one fused instruction
 * with one rounding; without it, a multiplication and an addition with two. The compiler
 * knows which at build time (`--enable relaxed-simd`), so the other branch leaves no trace.
 *
 * @module
 */

/** Multiplies and adds. $a \cdot b + c$, rounded once if the build has a fused instruction. */
// @inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Multiplies and subtracts. $c - a \cdot b$, rounded once if the build has a fused instruction. */
// @inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/**
 * The larger of two numbers per lane, in one instruction where there is one.
 *
 * `f32x4.max` promises an answer for NaN and for signed zeros and pays for it with a
 * sequence. The pseudo-maximum is `a < b ? b : a`: a NaN in `a` stays, one in `b` is lost.
 */
// @inline
export function max4(a: v128, b: v128): v128 {
  return f32x4.pmax(a, b);
}

/** The smaller of two numbers per lane; a NaN in `a` stays, one in `b` is lost. */
// @inline
export function min4(a: v128, b: v128): v128 {
  return f32x4.pmin(a, b);
}

/** Sum of the four lanes, in the order (0 + 2) + (1 + 3). */
// @inline
export function sumLanes(v: v128): f32 {
  const t = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(t, 0) + f32x4.extract_lane(t, 1);
}

/** Largest of the four lanes. */
// @inline
export function maxLanes(v: v128): f32 {
  let t = max4(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  t = max4(t, v128.shuffle<f32>(t, t, 1, 0, 3, 2));
  return f32x4.extract_lane(t, 0);
}

/** The first `count` (1 to 3) of four float32 at `p`; the other lanes hold `filler`. */
export function loadPart(p: usize, count: i32, filler: f32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(filler), 0, load<f32>(p));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(p + 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(p + 8));
  return v;
}

/** Stores the first `count` (1 to 3) lanes at `p` and leaves what follows alone. */
export function storePart(p: usize, v: v128, count: i32): void {
  v128.store32_lane(p, v, 0);
  if (count > 1) v128.store32_lane(p + 4, v, 1);
  if (count > 2) v128.store32_lane(p + 8, v, 2);
}

/** Argument word `i` as a byte address. */
// @inline
export function pointer(args: usize, i: i32): usize {
  return load<usize>(args + (<usize> i << 2));
}

/** Argument word `i` as an integer. */
// @inline
export function integer(args: usize, i: i32): i32 {
  return load<i32>(args + (<usize> i << 2));
}

/** Argument word `i` as a float32. */
// @inline
export function number(args: usize, i: i32): f32 {
  return load<f32>(args + (<usize> i << 2));
}
