/**
 * # Words of the elementwise kernels
 *
 * The result is contiguous. A unit is a block of a row; outer axes as in `axes.ts`: of a, b and c.
 *
 * @module
 */

/** The code of the operation; see `codes.ts`. */
export const OPERATION = 0;
/** Address of the result. */
export const TO = 1;
/** Address of the first operand. */
export const A = 2;
/** Address of the second operand. */
export const B = 3;
/** Address of the third: what chooses. */
export const C = 4;
/** Elements of a row. */
export const COUNT = 5;
/** Bytes per vector in the first operand: 16, or 0 where it repeats. */
export const STEP_A = 6;
/** The same in the second. */
export const STEP_B = 7;
/** The same in the third. */
export const STEP_C = 8;
/** Number of outer axes. */
export const AXES = 9;
/** Blocks of a row. */
export const BLOCKS = 10;

/** Elements of a block. */
export const BLOCK = 4096;
