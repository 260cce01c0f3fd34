/**
 * # Words of the normalizations
 *
 * A unit is a row, or backwards a block of rows; everything is contiguous.
 *
 * @module
 */

/** Address of the result, or of the gradient of the features. */
export const TO = 0;
/** Address of the features. */
export const FROM = 1;
/** Address of the four numbers found of each row. */
export const FOUND = 2;
/** Address of the gain. */
export const GAIN = 3;
/** Forwards: address of the bias. */
export const BIAS = 4;
/** Elements of a row. */
export const COLUMNS = 5;
/** 1 subtracts the mean, 0 does not. */
export const CENTRED = 6;
/** Forwards: added to the variance, float32. */
export const EPSILON = 7;
/** Backwards: address of the arriving gradient. */
export const GRADIENT = 8;
/** Backwards: address of partial sums of the gradients of gain and bias, `[blocks, 2, E]`. */
export const PARTIAL = 9;
/** Backwards: number of rows. */
export const ROWS = 10;
/** Backwards: rows of a block. */
export const BLOCK_ROWS = 11;
