/**
 * # Words of the matrix product
 *
 * Of the product that is shared a unit is a block; of small products each is a unit. Outer axes of the latter as in
 * `axes.ts`: of the left operand, then of the right one.
 *
 * @module
 */

/** Address of the left operand. */
export const LEFT = 0;
/** Address of the right operand. */
export const RIGHT = 1;
/** Address of the result. */
export const TO = 2;
/** Rows of the result. */
export const ROWS = 3;
/** Columns of the result. */
export const COLUMNS = 4;
/** Terms of a sum. */
export const DEPTH = 5;
/** Bytes from row to row of the left operand; of a shared product 0 if it is packed. */
export const LEFT_ROW = 6;
/** Bytes from column to column of it. */
export const LEFT_COLUMN = 7;
/** Bytes from row to row of the right operand. */
export const RIGHT_ROW = 8;

/** Of a shared product: bytes from row to row of the result. */
export const TO_ROW = 9;
/** Of a shared product: address of what is added, or 0. */
export const ADDEND = 10;
/** Of a shared product: bytes from row to row of it; 0 repeats one. */
export const ADDEND_ROW = 11;
/** Of a shared product: rows of a block, a multiple of `MR`. */
export const BLOCK_ROWS = 12;
/** Of a shared product: columns of a block, a multiple of 8. */
export const BLOCK_COLUMNS = 13;
/** Of a shared product: bytes from panel to panel of the right operand. */
export const RIGHT_PANEL = 14;

/** Of small products: bytes from column to column of the right operand. */
export const RIGHT_COLUMN = 9;
/** Of small products: terms of a block at most. */
export const BLOCK = 10;
/** Of small products: number of batch axes. */
export const AXES = 11;
