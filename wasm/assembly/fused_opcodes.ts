/**
 * Numbers of the fused jobs, from 64. Plain constants, valid in TypeScript and AssemblyScript.
 *
 * @module
 */

/** Softmax of each row. */
export const SOFTMAX = 64;
