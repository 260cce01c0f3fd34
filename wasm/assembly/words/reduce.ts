/**
 * # Words of the reductions
 *
 * Rows are units of one kernel; the other keeps columns and collapses rows. Outer axes as in `axes.ts`: of what is read.
 *
 * @module
 */

/** The code of the operation; see `codes.ts`. */
export const OPERATION = 0;
/** Address of the result. */
export const TO = 1;
/** Address of what is collapsed. */
export const FROM = 2;
/** Elements of a row. */
export const WIDTH = 3;
/** Of rows: 1 for int32, 0 for float32. */
export const INTEGER = 4;
/** Of columns: rows of a matrix. */
export const ROWS = 5;
/** Of columns: bytes from row to row. */
export const ROW_BYTES = 6;
/** Number of outer axes: of the rows, or of the matrices. */
export const AXES = 7;

/** Columns of a unit. */
export const COLUMNS = 512;
