/**
 * # Words of the softmax
 *
 * A unit is a row; everything is contiguous.
 *
 * @module
 */

/** Address of the result: the softmax, its logarithm, or the gradient of the scores. */
export const TO = 0;
/** Address of the scores; backwards, of the softmax or its logarithm. */
export const FROM = 1;
/** Backwards: address of the arriving gradient. */
export const GRADIENT = 2;
/** Elements of a row. */
export const COLUMNS = 3;
