/**
 * # Words of a few rows times a matrix
 *
 * Outer axes as in `axes.ts`: of the rows, then of the matrix.
 *
 * @module
 */

/** Address of the rows. */
export const FROM = 0;
/** Address of the matrix, or of its panels. */
export const MATRIX = 1;
/** Address of the result. */
export const TO = 2;
/** Number of rows. */
export const ROWS = 3;
/** Columns of the result. */
export const COLUMNS = 4;
/** Terms of a sum. */
export const DEPTH = 5;
/** Bytes from row to row. */
export const FROM_ROW = 6;
/** Bytes from row to row of the matrix, or from column to column where it is stored so. */
export const MATRIX_LINE = 7;
/** Bytes from row to row of the result. */
export const TO_ROW = 8;
/** Of a transposed matrix: bytes from column to column of the result. */
export const TO_COLUMN = 9;
/** Of a transposed matrix: bytes of the result per batch element. */
export const TO_BATCH = 10;
/** Of a transposed matrix: whether it comes from main memory. */
export const STREAMED = 11;
/** Address of one row of biases, or 0. */
export const BIAS = 12;
/** Number of batch axes. */
export const AXES = 13;

/** Columns of a unit of a matrix stored row by row: long runs read fastest. */
export const RUN = 2048;
/** Columns of a unit of a matrix stored column by column. */
export const FEW_COLUMNS = 32;
/** Rows that meet panels at most. */
export const FEW_PACKED = 16;
/** Bytes of scratch for sums: of four rows in four panels, or of all in two. */
export const SUMS = 1024;
