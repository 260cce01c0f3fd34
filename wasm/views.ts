/**
 * # Fewer axes
 *
 * A kernel has one inner loop. Views of several operands are simplified until as much as
 * possible lies in the last axis: axes of extent 1 vanish, and two neighbours merge where
 * every operand steps through them as through one.
 *
 * @module
 */

import type { Shape } from "../core/engine/shape.ts";

/** Axes common to several operands, simplified. */
export interface Axes {
  /** Extents, outermost first; never empty unless there is nothing to walk. */
  readonly shape: number[];
  /** Strides of each operand, in elements. */
  readonly strides: number[][];
}

/** Most axes that the kernels walk. */
export const MOST_AXES = 8;

/** Drops axes of extent 1 and merges neighbours that all operands step through as one. */
export function simplify(shape: Shape, operands: readonly Shape[]): Axes {
  const extents: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis]!;
    if (extent === 1) continue;
    const last = extents.length - 1;
    let merges = last >= 0;
    for (let i = 0; merges && i < operands.length; i++) {
      merges = strides[i]![last] === operands[i]![axis]! * extent;
    }
    if (merges) {
      extents[last]! *= extent;
      for (let i = 0; i < operands.length; i++) strides[i]![last] = operands[i]![axis]!;
    } else {
      extents.push(extent);
      for (let i = 0; i < operands.length; i++) strides[i]!.push(operands[i]![axis]!);
    }
  }
  return { shape: extents, strides };
}

/** Product of some extents. */
export function product(extents: readonly number[], start = 0, end: number = extents.length): number {
  let result = 1;
  for (let i = start; i < end; i++) result *= extents[i]!;
  return result;
}

/**
 * Writes extents and strides into argument words.
 *
 * Extents stand from word 16 on, the strides of each operand, in bytes, from 24, 32, … on.
 *
 * @throws {RangeError} if there are more than eight axes that do not merge
 */
export function writeAxes(words: number[], shape: readonly number[], strides: readonly (readonly number[])[]): void {
  if (shape.length > MOST_AXES) {
    throw new RangeError(`Cannot walk a view of ${shape.length} axes that do not merge: at most ${MOST_AXES}`);
  }
  for (let i = 0; i < shape.length; i++) words[16 + i] = shape[i]!;
  for (let k = 0; k < strides.length; k++) {
    for (let i = 0; i < shape.length; i++) words[24 + 8 * k + i] = strides[k]![i]! * 4;
  }
}
