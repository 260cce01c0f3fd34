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
/** Blocks of terms. */
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
/** Bits of a level: 4, 7 or 8. */
export const BITS = 12;
/** Terms of a block: 16 or 32. */
export const TERMS = 13;
/** 1 if level 0 stands for a number of the block's own, 0 if the middle level stands for 0. */
export const LEAST = 14;

/** Rows at the front that are interleaved by fours. */
export const TOGETHER = 15;

/** Bytes of a block in a rounded row: up to 32 numbers, their step, minus their sum, their sum in steps. */
export const ROW_BLOCK = 48;
/** The same of four rows, interleaved. */
export const FOUR_BLOCK = 176;
