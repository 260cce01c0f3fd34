/**
 * # The foot of the memory
 *
 * Fixed addresses at the foot of the memory, known to both sides of the border.
 *
 * @module
 */

/** Words through which the threads agree; `threads.ts` lists them. */
export const CONTROL = 1024;
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
