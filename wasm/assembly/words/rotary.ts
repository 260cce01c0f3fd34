/**
 * # Words of rotary positions
 *
 * A unit is a row of a head. Steps are bytes per batch element, head and position, in this order.
 *
 * @module
 */

/** Address of the result. */
export const TO = 0;
/** Address of the argument. */
export const FROM = 1;
/** Address of the cosines, `[T, D/2]`. */
export const COSINE = 2;
/** Address of the sines. */
export const SINE = 3;
/** Number of heads. */
export const HEADS = 4;
/** Number of positions. */
export const POSITIONS = 5;
/** Pairs of a row. */
export const PAIRS = 6;
/** 1 where pairs are neighbours, 0 where they are halves. */
export const INTERLEAVED = 7;
/** 1 turns forwards, -1 back, float32. */
export const SIGN = 8;
/** Steps of the result. */
export const TO_STEPS = 9;
/** Steps of the argument. */
export const FROM_STEPS = 12;
