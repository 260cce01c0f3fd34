/**
 * # Words of attention
 *
 * Forwards a unit is a run of queries of one head; of a few queries, and backwards, it is one group of one batch element.
 * Steps are bytes per batch element, head and position, in this order; of mask and bias also per key.
 *
 * @module
 */

/** Address of the output. */
export const OUTPUT = 0;
/** Address of the logarithms of the sums of the rows. */
export const LOGARITHMS = 1;
/** Address of the queries. */
export const QUERY = 2;
/** Address of the keys. */
export const KEY = 3;
/** Address of the values. */
export const VALUE = 4;
/** Address of the mask, or 0. */
export const MASK = 5;
/** Address of the bias, or 0. */
export const BIAS = 6;
/** Heads. */
export const HEADS = 7;
/** Groups of heads that share keys and values. */
export const GROUPS = 8;
/** Queries of a head. */
export const QUERIES = 9;
/** Keys of a group. */
export const KEYS = 10;
/** Width of a head. */
export const WIDTH = 11;
/** 1 where the future is forbidden. */
export const CAUSAL = 12;
/** What scores are multiplied by, float32. */
export const SCALE = 13;
/** Steps of the output. */
export const OUTPUT_STEPS = 14;
/** Steps of the queries. */
export const QUERY_STEPS = 17;
/** Steps of the keys. */
export const KEY_STEPS = 20;
/** Steps of the values. */
export const VALUE_STEPS = 23;
/** Steps of the mask. */
export const MASK_STEPS = 26;
/** Steps of the bias. */
export const BIAS_STEPS = 30;
/** Queries of a block. */
export const BLOCK = 34;
/** Queries of a unit. */
export const RUN = 35;

/** Backwards: address of the arriving gradient. */
export const GRADIENT = 36;
/** Backwards: address of the gradient of the queries. */
export const QUERY_GRADIENT = 37;
/** Backwards: address of the gradient of the keys. */
export const KEY_GRADIENT = 38;
/** Backwards: address of the gradient of the values. */
export const VALUE_GRADIENT = 39;
/** Backwards: steps of the arriving gradient. */
export const GRADIENT_STEPS = 40;
/** Backwards: steps of the gradient of the queries. */
export const QUERY_GRADIENT_STEPS = 43;
/** Backwards: steps of the gradient of the keys. */
export const KEY_GRADIENT_STEPS = 46;
/** Backwards: steps of the gradient of the values. */
export const VALUE_GRADIENT_STEPS = 49;
/** Backwards: address of the gradient of the bias, `[B, H, T, S]` contiguous, or 0. */
export const BIAS_GRADIENT = 52;

/** `n` rounded up to a multiple of `m`. */
export function roundUp(n: number, m: number): number {
  return Math.ceil(n / m) * m;
}

/**
 * Bytes from one row of scores to the next.
 *
 * There is room for eight more than `S`, and the number of cache lines is odd, so that columns spread over the cache.
 * `number` is a double in both languages.
 */
export function scoreBytes(S: number): number {
  const lines = Math.ceil((S + 8) / 16);
  return (2 * Math.floor(lines / 2) + 1) * 64;
}
