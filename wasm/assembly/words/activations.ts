/**
 * # Words of the activations
 *
 * A unit is a run; see `runs.ts`.
 *
 * @module
 */

/** Address of the result, or of the gradient of the argument. */
export const TO = 0;
/** Address of the argument. */
export const FROM = 1;
/** Backwards: address of the arriving gradient. */
export const GRADIENT = 2;
/** Number of elements. */
export const COUNT = 3;
/** Which activation; see `codes.ts`. */
export const CODE = 4;
