/**
 * # Words of a job
 *
 * What the calling thread tells all threads, at `JOB` in `layout.ts`; the arguments of the kernel lie at `ARGS`.
 *
 * @module
 */

/** Number of the job. */
export const OPERATION = 0;
/** Units to do. */
export const UNITS = 1;
/** Units of a ticket. */
export const GRAIN = 2;
/** Address of the larger scratch of this job. */
export const SCRATCH = 3;
/** Bytes of it per thread, or 0 where the private page will do. */
export const SCRATCH_BYTES = 4;
/** Turns that a worker looks for a job before it sleeps. */
export const IDLE_TURNS = 5;
/** Growths of the memory so far. */
export const GROWTHS = 6;
/** Threads that take part, main included. */
export const THREADS = 7;
/** How often a worker was late. */
export const LATE = 8;
/** 1 if main must not sleep. */
export const AWAKE = 9;
/** Turns that main looks for the last worker before it sleeps. */
export const JOIN_TURNS = 10;
