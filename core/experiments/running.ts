/**
 * # Running, step by step
 *
 * An experiment shares its thread with a page. It lets others have their turn, says how far it is, and stops when told.
 *
 * @module
 */

import { rest } from "../engine/pace.ts";
import type { RunOptions } from "./experiment.ts";

/** Lets others have their turn between two steps of an experiment, and stops it when told. */
export class Steps {
  readonly #options: RunOptions;
  readonly #total: number;
  #done = 0;

  /** Expects `total` steps. */
  constructor(options: RunOptions, total: number) {
    this.#options = options;
    this.#total = total;
  }

  /** To be waited for before each step. */
  async next(): Promise<void> {
    await rest(this.#options.signal);
    this.#options.onProgress?.(Math.min(1, this.#done++ / this.#total));
  }
}

/** The part of an experiment's progress from `from` to `to`. */
export function part({ signal, onProgress }: RunOptions, from: number, to: number): RunOptions {
  return {
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (done: number) => onProgress(from + (to - from) * done) }),
  };
}
