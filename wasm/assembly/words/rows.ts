/**
 * # Words of rows by number
 *
 * To gather, a unit is an id; to add, it is a remainder that ids leave.
 *
 * @module
 */

/** Address of the table. */
export const TABLE = 0;
/** Address of the ids. */
export const IDS = 1;
/** Of gathering: address of the result. */
export const TO = 2;
/** Of adding: address of the rows. */
export const FROM = 3;
/** Elements of a row. */
export const WIDTH = 4;
/** Of gathering: bytes from row to row of the table. */
export const ROW_BYTES = 5;
/** Of adding: number of rows. */
export const COUNT = 6;
/** Of adding: number of units. */
export const UNITS = 7;
