/**
 * # Copies on the GPU device
 *
 * Memory delivers neighbouring words together. A transposition reads along one axis and writes along another;
 * it goes tile by tile through the memory of a workgroup, so that both ends see neighbours.
 *
 * @module
 */

import type { View } from "../core/engine/backend.ts";
import { checkAxes, checkCopy, MOST_AXES } from "../core/engine/requirements.ts";
import { type Axes, contiguousStrides, simplify, sizeOf } from "../core/engine/shape.ts";
import { plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Elements of a cell. */
const CELL = 4;
/** Elements of a side of a tile. */
const SIDE = 32;
/** Elements along an axis from which tiles pay. */
const SHORT = 8;
/** Threads of a workgroup in kernels that go element by element. */
export const LANES = 256;

/** The words of `Axes` in `walk.wgsl` for up to three views that begin at `offsets`. */
export function wordsOf({ shape, strides }: Axes, offsets: readonly number[]): number[] {
  const rank = shape.length;
  checkAxes(rank);
  const words = [offsets[0] ?? 0, offsets[1] ?? 0, offsets[2] ?? 0, rank];
  for (let i = 0; i < MOST_AXES; i++) words.push(shape[i] ?? 1);
  for (let i = 0; i < rank; i++) for (let k = 0; k < 4; k++) words.push(strides[k]?.[i] ?? 0);
  // The outermost axis is walked even where there is none; no stride then leads nowhere.
  if (rank === 0) words.push(0, 0, 0, 0);
  return words;
}

/** Cells of four elements that a thread takes at a time. */
export interface Cells {
  /** How many there are. */
  readonly count: number;
  /** Words of `Axes`, strides and offsets counted in cells. */
  readonly words: readonly number[];
  /** For each view whether it repeats along the last axis: it is read as one number, and counted in elements. */
  readonly repeats: readonly boolean[];
}

/**
 * Cells of four, if every view lies in fours, or repeats, along the last axis.
 *
 * @param axes of the views
 * @param offsets of the views
 * @param beyond whether a result that is one row may be written past its end: every block has room for whole cells
 */
export function cellsOf(
  { shape, strides: all }: Axes,
  offsets: readonly number[],
  beyond: boolean,
): Cells | undefined {
  const last = shape.length - 1;
  if ((last > 0 || !beyond) && (shape[last] ?? 1) % CELL !== 0) return undefined;
  const repeats = all.map((strides) => (strides[last] ?? 0) === 0);
  const fits = all.every((strides, i) =>
    repeats[i] || offsets[i]! % CELL === 0 &&
      strides.every((stride, axis) => axis === last ? stride === 1 : stride % CELL === 0)
  );
  if (!fits) return undefined;
  const cells = {
    shape: shape.map((extent, axis) => axis === last ? Math.ceil(extent / CELL) : extent),
    strides: all.map((strides, i) =>
      strides.map((stride, axis) => repeats[i] || axis === last ? stride : stride / CELL)
    ),
  };
  const starts = offsets.map((offset, i) => repeats[i] ? offset : offset / CELL);
  return { count: sizeOf(cells.shape), words: wordsOf(cells, starts), repeats };
}

/** The variant of `copy.wgsl` that turns the dtype of one view into that of another. */
function conversion(source: View, target: View): Variant {
  if (source.dtype === target.dtype) return {};
  if (target.dtype === "float32") return { From: "i32", To: "f32" };
  if (source.dtype === "float32") {
    return target.dtype === "int32"
      ? { From: "f32", To: "i32", convert: "toInteger(x)" }
      : { From: "f32", convert: "isTrue(x)" };
  }
  return target.dtype === "bool" ? { convert: "select(1u, 0u, x == 0u)" } : {};
}

/** Overwrites `target` with `source`, converting the dtype where they differ. */
export function copy(runtime: Runtime, source: View, target: View): void {
  checkCopy(source, target);
  const count = sizeOf(source.shape);
  if (count === 0) return;
  let from = source;
  if (source.buffer === target.buffer) {
    // A shader cannot read the buffer that it writes.
    const { dtype, shape } = source;
    from = { buffer: runtime.temporary(count), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
    copy(runtime, source, from);
  }
  const axes = simplify(target.shape, [target.strides, from.strides]), offsets = [target.offset, from.offset];
  if (copyTiles(runtime, from, target, axes)) return;
  const cells = from.dtype === target.dtype ? cellsOf(axes, offsets, false) : undefined;
  if (cells && !cells.repeats[0]) {
    const variant = { From: cells.repeats[1] ? "u32" : "vec4u", To: "vec4u" };
    const words = [cells.count, 0, 0, 0, ...cells.words];
    runtime.run("copy", [from.buffer, target.buffer], words, plane(Math.ceil(cells.count / LANES)), variant);
    return;
  }
  const words = [count, 0, 0, 0, ...wordsOf(axes, offsets)];
  runtime.run("copy", [from.buffer, target.buffer], words, plane(Math.ceil(count / LANES)), conversion(from, target));
}

/** Copies by tiles where the memory of both views runs along different axes; false where it does not. */
function copyTiles(runtime: Runtime, source: View, target: View, { shape, strides }: Axes): boolean {
  const [to, from] = strides as [number[], number[]], a = to.indexOf(1), b = from.indexOf(1);
  if (a < 0 || b < 0 || a === b || from[a] === 1 || shape[a]! < SHORT || shape[b]! < SHORT) return false;
  const others = [...shape.keys()].filter((axis) => axis !== a && axis !== b);
  const batch = {
    shape: others.map((axis) => shape[axis]!),
    strides: [to, from].map((list) => others.map((axis) => list[axis]!)),
  };
  const A = shape[a]!, B = shape[b]!, tilesA = Math.ceil(A / SIDE), tilesB = Math.ceil(B / SIDE);
  const count = sizeOf(batch.shape) * tilesA * tilesB;
  const words = [count, A, B, tilesA, tilesB, from[a]!, to[b]!, 0, ...wordsOf(batch, [target.offset, source.offset])];
  runtime.run("copy_tiles", [source.buffer, target.buffer], words, plane(count), conversion(source, target));
  return true;
}
