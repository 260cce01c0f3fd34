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
/** Address of the queries. */
export const QUERY = 1;
/** Address of the keys. */
export const KEY = 2;
/** Address of the values. */
export const VALUE = 3;
/** Address of the mask, or 0. */
export const MASK = 4;
/** Address of the bias, or 0. */
export const BIAS = 5;
/** Heads. */
export const HEADS = 6;
/** Groups of heads that share keys and values. */
export const GROUPS = 7;
/** Queries of a head. */
export const QUERIES = 8;
/** Keys of a group. */
export const KEYS = 9;
/** Width of a head. */
export const WIDTH = 10;
/** 1 where the future is forbidden. */
export const CAUSAL = 11;
/** What scores are multiplied by, float32. */
export const SCALE = 12;
/** Steps of the output. */
export const OUTPUT_STEPS = 13;
/** Steps of the queries. */
export const QUERY_STEPS = 16;
/** Steps of the keys. */
export const KEY_STEPS = 19;
/** Steps of the values. */
export const VALUE_STEPS = 22;
/** Steps of the mask. */
export const MASK_STEPS = 25;
/** Steps of the bias. */
export const BIAS_STEPS = 29;
/** Queries of a block. */
export const BLOCK = 33;
/** Queries of a unit. */
export const RUN = 34;

/** Backwards: address of the arriving gradient. */
export const GRADIENT = 35;
/** Backwards: address of the gradient of the queries. */
export const QUERY_GRADIENT = 36;
/** Backwards: address of the gradient of the keys. */
export const KEY_GRADIENT = 37;
/** Backwards: address of the gradient of the values. */
export const VALUE_GRADIENT = 38;
/** Backwards: steps of the arriving gradient. */
export const GRADIENT_STEPS = 39;
/** Backwards: steps of the gradient of the queries. */
export const QUERY_GRADIENT_STEPS = 42;
/** Backwards: steps of the gradient of the keys. */
export const KEY_GRADIENT_STEPS = 45;
/** Backwards: steps of the gradient of the values. */
export const VALUE_GRADIENT_STEPS = 48;
/** Backwards: address of the gradient of the bias, `[B, H, T, S]` contiguous, or 0. */
export const BIAS_GRADIENT = 51;

/** Of a few queries: 1 where keys and values are records of eight bits a number. */
export const RECORDS = 52;
/** Of a few queries: keys that stay in the nearest cache while all queries of a group meet them. */
export const CHUNK = 64;

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
