/**
 * # Words of adding partial sums
 *
 * Rows of partial sums are added in order. A unit is some of their columns.
 *
 * @module
 */

/** Address of the sums. */
export const TO = 0;
/** Address of the first row. */
export const PARTIAL = 1;
/** Number of rows. */
export const ROWS = 2;
/** Elements of a row. */
export const COLUMNS = 3;
/** Bytes from row to row. */
export const ROW_BYTES = 4;

/** Columns of a unit. */
export const WIDTH = 64;
