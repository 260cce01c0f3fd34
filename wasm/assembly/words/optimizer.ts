/**
 * # Words of a step of Adam
 *
 * A unit is a run; see `runs.ts`. Numbers are float32.
 *
 * @module
 */

/** Address of the parameter. */
export const PARAMETER = 0;
/** Address of the first moment. */
export const FIRST = 1;
/** Address of the second moment. */
export const SECOND = 2;
/** Address of the gradient. */
export const GRADIENT = 3;
/** Number of elements. */
export const COUNT = 4;
/** What the parameter is multiplied by: 1 minus learning rate times weight decay. */
export const DECAY = 5;
/** Learning rate over the correction of the first moment. */
export const STEP = 6;
/** 1 over the root of the correction of the second moment. */
export const CORRECTION = 7;
/** Added to the root of the second moment. */
export const EPSILON = 8;
/** Decay of the first moment. */
export const BETA1 = 9;
/** 1 minus that decay. */
export const REST1 = 10;
/** Decay of the second moment. */
export const BETA2 = 11;
/** 1 minus that decay. */
export const REST2 = 12;
/** What the gradient is multiplied by first. */
export const GRADIENT_SCALE = 13;
