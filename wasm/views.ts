/**
 * # Views in words
 *
 * A kernel takes its arguments as words of 32 bits; `assembly/words/` says which word is which, to both sides. Here is
 * how they are written, and the axes of a view among them, once `simplify` (core/engine/shape.ts) has left as few as
 * possible.
 *
 * @module
 */

import type { View } from "../core/engine/backend.ts";
import { checkAxes } from "../core/engine/requirements.ts";
import { sizeOf } from "../core/engine/shape.ts";
import { EXTENTS, OPERAND, STRIDES } from "./assembly/words/axes.ts";

/** A word and its place among the arguments. */
export type Placed = readonly [place: number, word: number];

/** Argument words, each in its place. */
export function placed(...words: readonly Placed[]): number[] {
  const all: number[] = [];
  for (const [place, word] of words) all[place] = word;
  return all;
}

/** Bytes per step along the first axes of a view, in neighbouring words. */
export function steps(place: number, strides: readonly number[], axes: number = strides.length): Placed[] {
  return strides.slice(0, axes).map((stride, axis) => [place + axis, stride * 4]);
}

/**
 * Writes extents and strides into argument words, the strides of each operand in bytes.
 *
 * @throws {RangeError} if there are more than eight axes that do not merge
 */
export function writeAxes(words: number[], shape: readonly number[], strides: readonly (readonly number[])[]): void {
  checkAxes(shape.length);
  for (let i = 0; i < shape.length; i++) words[EXTENTS + i] = shape[i]!;
  for (let k = 0; k < strides.length; k++) {
    for (let i = 0; i < shape.length; i++) words[STRIDES + OPERAND * k + i] = strides[k]![i]! * 4;
  }
}

/** Extent of the last axis and number of rows. */
export function rowsOf(x: View): { readonly rows: number; readonly columns: number } {
  const columns = x.shape[x.shape.length - 1]!;
  return { columns, rows: columns === 0 ? 0 : sizeOf(x.shape) / columns };
}
