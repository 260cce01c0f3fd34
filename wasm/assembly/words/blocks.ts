/**
 * # Words of weights in blocks
 *
 * A unit is a panel of eight columns, or a row where rows are rounded.
 *
 * @module
 */

/** Address of the result. */
export const TO = 0;
/** Address of the rows, or of the matrix that is packed. */
export const FROM = 1;
/** Address of the records. */
export const PANELS = 2;
/** Number of rows. */
export const ROWS = 3;
/** Columns of the matrix. */
export const COLUMNS = 4;
/** Terms of a sum. */
export const DEPTH = 5;
/** Blocks of 32 terms. */
export const BLOCKS = 6;
/** Bytes from row to row of what is rounded. */
export const FROM_ROW = 7;
/** Bytes from row to row of the result. */
export const TO_ROW = 8;
/** Bytes from column to column of the matrix. */
export const ACROSS = 9;
/** Bytes from row to row of the matrix. */
export const ALONG = 10;
/** Address of one row of biases, or 0. */
export const BIAS = 11;
/** Bits of a weight: 8 or 4. */
export const BITS = 12;

/** Bytes of a block of 32 in a rounded row: the numbers, their step, their sum. */
export const ROW_BLOCK = 40;
/** Bytes of a record of 8 columns × 32 with 8 bits a weight. */
export const RECORD_BYTES = 288;
/** The same with 4 bits a weight. */
export const RECORD_HALVES = 160;
