/**
 * How the runner talks with a peer: a process of its own, one line of JSON per message.
 *
 * | runner says                   | peer answers                             |
 * | ----------------------------- | ---------------------------------------- |
 * | (starts it)                   | `{ started }` versions and settings      |
 * | `{ load, warm }` a workload   | `{ kernels }` its ways to do it, checked |
 * | `{ kernel, seconds }` a slice | `{ samples, processor }`                 |
 *
 * Instead of any answer a peer may say `{ skipped }` or `{ failed }` with a reason.
 *
 * @module
 */

/** One way to do the work, and how far its result is from float64. */
export interface KernelReport {
  /** Which way, if there are several. */
  readonly variant?: string;
  /** Relative error; infinite where the sizes differ. */
  readonly error: number;
}

/** A slice of time in which one kernel ran again and again. */
export interface SliceReport {
  /** Milliseconds of each call. */
  readonly samples: readonly number[];
  /** Milliseconds of processor time, of all threads. */
  readonly processor: number;
  /** Milliseconds that passed. */
  readonly wall: number;
}

/** What the runner asks for. */
export type Request =
  | { readonly load: string; readonly warm: number }
  | { readonly kernel: number; readonly seconds: number };

/** What a peer answers. */
export type Answer =
  | { readonly started: string }
  | { readonly kernels: readonly KernelReport[] }
  | SliceReport
  | { readonly skipped: string }
  | { readonly failed: string };
