/**
 * # Views in words
 *
 * A kernel takes its arguments as words of 32 bits. Here is where the axes of a view stand among them, once
 * `simplify` (core/engine/shape.ts) has left as few as possible.
 *
 * @module
 */

import { checkAxes } from "../core/engine/requirements.ts";

/**
 * Writes extents and strides into argument words.
 *
 * Extents stand from word 16 on, the strides of each operand, in bytes, from 24, 32, … on.
 *
 * @throws {RangeError} if there are more than eight axes that do not merge
 */
export function writeAxes(words: number[], shape: readonly number[], strides: readonly (readonly number[])[]): void {
  checkAxes(shape.length);
  for (let i = 0; i < shape.length; i++) words[16 + i] = shape[i]!;
  for (let k = 0; k < strides.length; k++) {
    for (let i = 0; i < shape.length; i++) words[24 + 8 * k + i] = strides[k]![i]! * 4;
  }
}
