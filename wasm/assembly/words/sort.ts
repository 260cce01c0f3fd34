/**
 * # Words of the sort
 *
 * A unit is a row.
 *
 * @module
 */

/** Address of the order. */
export const TO = 0;
/** Address of the rows. */
export const FROM = 1;
/** Elements of a row. */
export const WIDTH = 2;
/** 1 to begin with the largest. */
export const DESCENDING = 3;
/** 1 for int32, 0 for float32. */
export const INTEGER = 4;
