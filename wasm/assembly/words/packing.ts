/**
 * # Words of packing
 *
 * A unit is a panel.
 *
 * @module
 */

/** Address of the panels. */
export const TO = 0;
/** Address of the operand. */
export const FROM = 1;
/** Bytes from row to row of the left operand, from column to column of the right one. */
export const ACROSS = 2;
/** Bytes from term to term of a sum. */
export const ALONG = 3;
/** Rows of the left operand, columns of the right one. */
export const COUNT = 4;
/** Terms of a sum. */
export const DEPTH = 5;
/** 1 packs the right operand, 0 the left one. */
export const RIGHT = 6;
