/**
 * # Numbers, in Chinese
 *
 * @module
 */

import { ROUNDING } from "../../../core/experiments/arithmetic.ts";
import { number } from "../../../core/experiments/numbers.ts";

/** A difference that rounding may explain, with the space before it where it is a number. */
export function small(difference: number): string {
  return Math.abs(difference) < ROUNDING ? `不到 ${ROUNDING.toFixed(5)}` : ` ${number(difference, 2)}`;
}
