/**
 * # Tables that grow
 *
 * **Question.** Some tables depend on a length alone: the angles of all positions, the distances of all pairs. Nobody
 * knows the longest sequence beforehand. Who computes them, and when?
 *
 * **Idea.** The first to ask. The largest table that was asked for is kept, and whoever needs less takes a slice of it.
 *
 * @module
 */

import { keep } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/** The largest table that was asked for so far. */
export class GrowingTable {
  readonly #make: (size: number) => readonly Tensor[];
  #size = -1;
  #tables: readonly Tensor[] = [];

  /**
   * Computes nothing yet.
   *
   * @param make computes the tables of a size; those of a smaller one must be slices of them
   */
  constructor(make: (size: number) => readonly Tensor[]) {
    this.#make = make;
  }

  /** Size of what is kept, -1 while nothing is. */
  get size(): number {
    return this.#size;
  }

  /** The tables of at least a size, recomputed if those that are kept are smaller. */
  of(size: number): readonly Tensor[] {
    if (size > this.#size) {
      this.#tables = this.#make(size).map((table) => keep(table));
      this.#size = size;
    }
    return this.#tables;
  }
}

/** The next power of two, at least 64: a table of that size is not recomputed at every step of a sequence that grows. */
export function roomFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(64, count)));
}
