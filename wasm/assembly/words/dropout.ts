/**
 * # Words of dropout
 *
 * A unit is a run; see `runs.ts`.
 *
 * @module
 */

/** Address of the result. */
export const TO = 0;
/** Address of the argument; backwards, of the arriving gradient. */
export const FROM = 1;
/** Number of elements. */
export const COUNT = 2;
/** First word of the key. */
export const KEY0 = 3;
/** Second word of the key. */
export const KEY1 = 4;
/** Number of the first block, low word. */
export const COUNTER_LOW = 5;
/** Number of the first block, high word. */
export const COUNTER_HIGH = 6;
/** An element stays if its 24 random bits reach this. */
export const THRESHOLD = 7;
/** What stays is multiplied by it, float32. */
export const SCALE = 8;
/** Address of the decisions, a bit each. */
export const BITS = 9;
