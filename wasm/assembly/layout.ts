/**
 * # The foot of the memory
 *
 * Fixed addresses at the foot of the memory, known to both sides of the border.
 *
 * @module
 */

/** Words through which threads agree, a cache line each: first the sequence number. */
export const CONTROL = 1024;
/** The gate: bit 30 = open, below it the number who entered. */
export const GATE = 1088;
/** The number who left. */
export const LEFT = 1152;
/** Workers asleep. */
export const ASLEEP = 1216;
/** 1 while main sleeps. */
export const MAIN_ASLEEP = 1280;
/** The next ticket. */
export const TICKET = 1344;
/** Workers that have started. */
export const STARTED = 1408;
/** The job; see `words/job.ts`. */
export const JOB = 1472;
/** Arguments of the current job: 512 words. */
export const ARGS = 2048;
/** Scratch that every thread always has. */
export const PRIVATE = 8192;
/** Bytes of that scratch per thread. */
export const PRIVATE_BYTES = 4096;
/** Most threads that the scratch has room for, main included. */
export const MOST_THREADS = 32;
/** First byte that the allocator hands out. */
export const HEAP = 196608;
