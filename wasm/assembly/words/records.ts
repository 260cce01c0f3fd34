/**
 * # Words of rows in eight bits
 *
 * @module
 */

/** Address of the result. */
export const TO = 0;
/** Address of the source. */
export const FROM = 1;
/** Numbers of a row. */
export const WIDTH = 2;
/** Bytes from one record to the next. */
export const RECORD = 3;
