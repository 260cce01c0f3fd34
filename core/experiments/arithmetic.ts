/**
 * # Small arithmetic
 *
 * A mean, and two ways to keep the noise of rounding out of what is found.
 *
 * @module
 */

/** The mean of some numbers; 0 of none. */
export function mean(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0) / Math.max(1, numbers.length);
}

/** A number with the five significant digits that a figure can show. */
export function rounded(x: number): number {
  return Number(x.toPrecision(5));
}

/** What differences below count as none: the rounding of float32 explains them, and each device rounds differently. */
export const ROUNDING = 1e-5;

/** A difference between numbers of about 1, or 0 where rounding explains it. */
export function difference(x: number): number {
  return Math.abs(x) < ROUNDING ? 0 : x;
}

/** A difference without what rounding leaves of it: a multiple of a hundred-thousandth, or of another unit. */
export function coarse(x: number, unit: number = ROUNDING): number {
  return Number((Math.round(x / unit) * unit).toFixed(9));
}
