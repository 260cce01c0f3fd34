/**
 * # More than one seed
 *
 * **Question.** A difference found with one seed may be chance. How far does it move with others?
 *
 * **Idea.** Measure it for the chosen seed and for a few after it. Figures show the first value and the range of all.
 *
 * @module
 */

import type { RunOptions } from "./experiment.ts";
import { part } from "./running.ts";

/** Lowest and highest of some numbers. */
export type Range = readonly [number, number];

/** The range of some numbers. */
export function rangeOf(values: readonly number[]): Range {
  return [Math.min(...values), Math.max(...values)];
}

/** The ranges of the columns of some rows. */
export function rangesOf(rows: readonly (readonly number[])[]): Range[] {
  return rows[0]!.map((_, i) => rangeOf(rows.map((row) => row[i]!)));
}

/** The ranges around a line: of the heights of one curve, measured with several seeds at the same places. */
export function bandOf(curves: readonly (readonly (readonly [number, number])[])[]): Range[] {
  return rangesOf(curves.map((points) => points.map(([, height]) => height)));
}

/** A range as a caption writes it; one number where both ends read alike. */
export function written([low, high]: Range, write: (value: number) => string): string {
  const ends = [write(low), write(high)] as const;
  return ends[0] === ends[1] ? ends[0] : `${ends[0]} to ${ends[1]}`;
}

/**
 * Measures something for a seed and for those after it.
 *
 * @param controls the first seed, and whatever else it is measured at
 * @param count how many
 * @param options signal and progress of the whole
 * @param run measures it at the controls of one seed
 * @returns what was found, by seed
 */
export async function overSeeds<C extends { readonly seed: number }, T>(
  controls: C,
  count: number,
  options: RunOptions,
  run: (controls: C, options: RunOptions) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (let i = 0; i < count; i++) {
    const seed = controls.seed + i;
    found.push(await run({ ...controls, seed }, part(options, i / count, (i + 1) / count)));
  }
  return found;
}
