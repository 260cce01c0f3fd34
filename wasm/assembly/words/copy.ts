/**
 * # Words of the copies
 *
 * Outer axes as in `axes.ts`: of the target, then of the source.
 *
 * @module
 */

/** Of a conversion: which one; see `kinds.ts`. */
export const CONVERSION = 0;
/** Address of the target. */
export const TO = 1;
/** Address of the source. */
export const FROM = 2;
/** Elements of a run. */
export const COUNT = 3;
/** Bytes per element in the target. */
export const STEP_TO = 4;
/** Bytes per element in the source; 0 repeats one. */
export const STEP_FROM = 5;
/** Number of outer axes. */
export const AXES = 6;
/** Blocks of a run. */
export const BLOCKS = 7;
/** Of a transposition: extent of the axis along which the source has neighbours. */
export const ROWS = 8;
/** Of a transposition: extent of the axis along which the target has them. */
export const COLUMNS = 9;
/** Of a transposition: bytes from row to row of the target. */
export const DOWN = 10;
/** Of a transposition: bytes from column to column of the source. */
export const ACROSS = 11;

/** Elements of a block. */
export const BLOCK = 4096;
/** Rows of a unit of a transposition. */
export const STRIP = 16;
