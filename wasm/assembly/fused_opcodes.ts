/**
 * # Numbers of the fused jobs
 *
 * They begin at 64. Plain constants, valid in TypeScript and AssemblyScript.
 *
 * @module
 */

/** Softmax of each row. */
export const SOFTMAX = 64;
/** Gradient of {@linkcode SOFTMAX}. */
export const SOFTMAX_BACKWARD = 65;
/** Logarithm of the softmax of each row. */
export const LOG_SOFTMAX = 66;
/** Gradient of {@linkcode LOG_SOFTMAX}. */
export const LOG_SOFTMAX_BACKWARD = 67;
/** Cross entropy of each row. */
export const CROSS_ENTROPY = 68;
/** Gradient of {@linkcode CROSS_ENTROPY}. */
export const CROSS_ENTROPY_BACKWARD = 69;
/** Layer or root-mean-square normalization of each row. */
export const NORMALIZE = 70;
/** Gradient of {@linkcode NORMALIZE}, in blocks of rows. */
export const NORMALIZE_BACKWARD = 71;
/** Sums of rows of partial sums. */
export const ADD_PARTIALS = 72;
/** An activation function. */
export const ACTIVATION = 73;
/** Gradient of {@linkcode ACTIVATION}. */
export const ACTIVATION_BACKWARD = 74;
/** Dropout. */
export const DROPOUT = 75;
/** Rotary positions, forwards and backwards. */
export const ROTARY = 76;
/** One step of Adam. */
export const ADAM_STEP = 77;
/** Attention of many queries, in blocks. */
export const ATTENTION = 78;
/** Attention of a few queries over a long cache. */
export const ATTENTION_FEW = 79;
/** Gradient of attention. */
export const ATTENTION_BACKWARD = 80;
/** Gradient of {@linkcode DROPOUT}. */
export const DROPOUT_BACKWARD = 81;
