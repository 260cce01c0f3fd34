/**
 * # Running jobs
 *
 * A kernel is started by a number, a few argument words and a count of independent units
 * (`assembly/jobs.ts`). Little work runs at once on the calling thread. Larger work is
 * offered to workers that sleep inside WASM on the shared memory (`assembly/threads.ts`);
 * the calling thread takes part, and results are the same bits either way.
 *
 * **Start.** Workers come from a `blob:` URL, need no permission, and start when the first
 * job is large enough to repay them. Nobody waits for them: a worker that is not there yet
 * misses the job, no more.
 *
 * **End.** Idle workers sleep and do not keep the program alive.
 *
 * @module
 */

import { ARGS, CONTROL, MOST_THREADS } from "./assembly/layout.ts";
import type { Memory } from "./memory.ts";

/** What the compiled kernels export. */
export interface Kernels {
  /** Runs a whole job on the calling thread. */
  runAlone(op: number, units: number): void;
  /** Runs the job described in the control block with all threads. */
  runTogether(): void;
}

/** Work below this, in nanoseconds, is not worth sharing even with workers that are awake. */
const WORTH_SHARING = 12_000;
/** Work below this, in nanoseconds, is not worth waking workers for. */
const WORTH_WAKING = 50_000;
/** Work of one ticket, in nanoseconds. */
const TICKET = 5_000;

const JOB = (CONTROL + 448) / 4;
const ASLEEP = (CONTROL + 192) / 4;

const scratchFloat = new Float32Array(1);
const scratchInt = new Int32Array(scratchFloat.buffer);

/** The 32 bits of a float32, as an argument word for {@linkcode Threads.run}. */
export function bits(x: number): number {
  scratchFloat[0] = x;
  return scratchInt[0]!;
}

/** Hands jobs to the kernels, alone or together with workers. */
export class Threads {
  readonly #memory: Memory;
  readonly #kernels: Kernels;
  #wanted = 1;
  #scratchAddress = 0;
  #scratchBytes = 0;

  constructor(memory: Memory, kernels: Kernels) {
    this.#memory = memory;
    this.#kernels = kernels;
  }

  /**
   * Runs the kernel numbered `op` over the units `[0, units)`.
   *
   * @param args argument words: addresses, counts, {@linkcode bits} of float32 numbers
   * @param unitCost rough nanoseconds that one unit takes; decides about sharing only
   * @param scratchBytes memory that each thread needs for itself; 4096 bytes are always there
   */
  run(op: number, args: readonly number[], units: number, unitCost: number, scratchBytes = 0): void {
    if (units === 0) return;
    if (scratchBytes > 4096) this.#provideScratch(scratchBytes);
    const words = this.#memory.int32;
    const start = ARGS >> 2;
    for (let i = 0; i < args.length; i++) words[start + i] = args[i]!;
    words[JOB + 3] = this.#scratchAddress;
    words[JOB + 4] = scratchBytes > 4096 ? this.#scratchBytes : 0;
    this.#kernels.runAlone(op, units);
  }

  /** One block of scratch for each thread, kept and enlarged on demand. */
  #provideScratch(bytes: number): void {
    if (bytes <= this.#scratchBytes) return;
    const count = this.#wanted;
    if (this.#scratchAddress) this.#memory.free(this.#scratchAddress, this.#scratchBytes * count);
    this.#scratchAddress = 0;
    this.#scratchBytes = 0;
    const rounded = Math.ceil(bytes / 4096) * 4096;
    this.#scratchAddress = this.#memory.allocate(rounded * count);
    this.#scratchBytes = rounded;
  }
}
