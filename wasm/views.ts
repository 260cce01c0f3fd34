/**
 * # Fewer axes
 *
 * A kernel has one inner loop. Views of several operands are simplified until as much as
 * possible lies in the last axis: axes of extent 1 vanish, and two neighbours merge where
 * every operand steps through them as through one.
 *
 * @module
 */

export { type Axes, product, simplify } from "../core/engine/shape.ts";

/** Most axes that the kernels walk. */
export const MOST_AXES = 8;

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
