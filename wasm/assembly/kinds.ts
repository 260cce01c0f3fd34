/**
 * # Kinds
 *
 * Which of several things a job does. Plain constants, valid in TypeScript and in AssemblyScript; the operations of the
 * engine have their codes in `codes.ts`.
 *
 * @module
 */

/** Of a conversion: rounds towards zero and saturates; NaN becomes 0. */
export const FLOAT_TO_INTEGER = 0;
/** Of a conversion: 0 for zero, 1 for all else, NaN included. */
export const FLOAT_TO_BOOL = 1;
/** Of a conversion: from int32 or bool. */
export const INTEGER_TO_FLOAT = 2;
/** Of a conversion: 0 for zero, 1 for all else. */
export const INTEGER_TO_BOOL = 3;

/** Of an activation: the larger of a number and zero. */
export const ACTIVATION_RELU = 0;
/** Of an activation: a number times its logistic function. */
export const ACTIVATION_SILU = 1;
/** Of an activation: a number times the probability that a normal draw lies below it. */
export const ACTIVATION_GELU = 2;
/** Of an activation: its approximation by a hyperbolic tangent. */
export const ACTIVATION_GELU_TANH = 3;
