/**
 * # Numbers outside a type
 *
 * **Question.** A program counts in double precision; a tensor holds float32, int32 or bool. What becomes of a number that
 * the type does not have?
 *
 * **Idea.** One rule for each use of a number, at every door and on every device:
 *
 * | a number is                    | float32                     | int32                                            | bool                         |
 * | ------------------------------ | --------------------------- | ------------------------------------------------ | ---------------------------- |
 * | stored                         | the nearest; $\pm\infty$ beyond | towards zero; the nearer end beyond; NaN is 0 | false for 0, else true       |
 * | one operand, or fills a tensor | the same                    | the nearer end beyond; a fraction is refused     | the same                     |
 * | compared                       | rounded first               | exact, also beyond and between the integers      | exact: true is 1, false is 0 |
 *
 * `tensor` and `cast` store; `full`, `assign`, `pad`, `where`, `clamp` and arithmetic take one number. What int32 arithmetic
 * yields wraps around at 32 bits. A count that leaves int32 is refused, since its numbers would not be those asked for.
 *
 * @module
 */

import type { DType } from "./backend.ts";
import type { ComparisonOp } from "./operations.ts";

/** The lowest and the highest int32. */
export const LOWEST: number = -(2 ** 31), HIGHEST: number = 2 ** 31 - 1;

/** The number of a type that stands for a number; float32 is left to what stores it. */
export function converted(x: number, dtype: DType): number {
  if (dtype === "float32") return x;
  if (dtype === "bool") return Number(x !== 0);
  return Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, LOWEST), HIGHEST));
}

/**
 * What stands for one number that a program wrote down.
 *
 * @throws {TypeError} for a fraction or NaN as int32: nobody means what is left of it
 */
export function operandOf(x: number, dtype: DType): number {
  if (dtype === "int32" && Math.floor(x) !== x) {
    throw new TypeError(`Cannot use ${x} as int32: it must be an integer`);
  }
  return converted(x, dtype);
}

/**
 * A comparison of int32 with an int32 that holds where one with any number holds.
 *
 * @param op how integers are compared with the number
 * @param x the number
 * @param first whether the number stands on the left
 */
export function exactly(op: ComparisonOp, x: number, first: boolean): readonly [op: ComparisonOp, x: number] {
  if (Number.isInteger(x) && x >= LOWEST && x <= HIGHEST) return [op, x];
  const [always, never] = first ? [LOWEST, HIGHEST] : [HIGHEST, LOWEST];
  if (op === "notEqual") return ["lessEqual", always];
  // Between two integers, and beyond all of them, it does not matter whether the number itself is left out.
  const next = first ? Math.max(Math.ceil(x), LOWEST) : Math.min(Math.floor(x), HIGHEST);
  return op !== "equal" && next >= LOWEST && next <= HIGHEST ? ["lessEqual", next] : ["less", never];
}

/**
 * The number that a float16 is.
 *
 * @param half its sixteen bits: sign, five of exponent, ten of mantissa
 * @returns the same number
 */
export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = half >> 10 & 31, mantissa = half & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + mantissa / 1024) : sign * 2 ** -24 * mantissa;
}

/**
 * The float16 nearest to a number, ties to even.
 *
 * @param x any number
 * @returns its sixteen bits
 */
export function numberToHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0, size = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00; // halfway to what would come after the largest, 65504
  // Of numbers below 2⁻¹⁴ the steps are equal.
  const exponent = Math.max(Math.floor(Math.log2(size || 1e-9)), -14);
  const exact = size < 2 ** exponent && exponent > -14
    ? exponent - 1
    : size >= 2 ** (exponent + 1)
    ? exponent + 1
    : exponent;
  const steps = size / 2 ** (exact - 10), low = Math.floor(steps), rest = steps - low;
  const rounded = low + (rest > 0.5 || rest === 0.5 && low % 2 === 1 ? 1 : 0);
  // Rounding up may lead to the next exponent, whose bits follow.
  return sign | rounded + ((exact + 14) << 10);
}
