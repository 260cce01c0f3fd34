/**
 * # Words of weights in float16
 *
 * A unit is a panel of eight columns.
 *
 * @module
 */

/** Address of the result. */
export const TO = 0;
/** Address of the rows, or of the matrix that is packed. */
export const FROM = 1;
/** Address of the panels; to unpack, of the first term of the first. */
export const PANELS = 2;
/** Number of rows. */
export const ROWS = 3;
/** Columns of the matrix. */
export const COLUMNS = 4;
/** Terms of a sum, or of a panel that is unpacked. */
export const DEPTH = 5;
/** Bytes from row to row. */
export const FROM_ROW = 6;
/** Bytes from row to row of the result. */
export const TO_ROW = 7;
/** Bytes from column to column of the matrix. */
export const ACROSS = 8;
/** Bytes from row to row of the matrix. */
export const ALONG = 9;
/** Address of one row of biases, or 0. */
export const BIAS = 10;
/** To unpack: bytes from panel to panel. */
export const PANEL_BYTES = 11;
