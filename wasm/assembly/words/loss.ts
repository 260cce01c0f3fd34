/**
 * # Words of the cross-entropy
 *
 * A unit is a row; everything is contiguous.
 *
 * @module
 */

/** Address of the losses; backwards, of the gradient of the logits. */
export const TO = 0;
/** Address of the largest logit of each row. */
export const MAXIMUM = 1;
/** Address of the sum of exponentials of each row. */
export const SUM = 2;
/** Address of the logits. */
export const LOGITS = 3;
/** Address of the int32 targets. */
export const TARGETS = 4;
/** Logits of a row. */
export const CLASSES = 5;
/** The target that does not count. */
export const IGNORED = 6;
/** Share of the loss that all classes bear alike, float32. */
export const SMOOTHING = 7;
/** Backwards: address of the arriving gradient. */
export const GRADIENT = 8;
