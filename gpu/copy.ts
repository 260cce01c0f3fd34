/**
 * # Copies on the GPU device
 *
 * @module
 */

import type { View } from "../core/engine/backend.ts";
import { type Axes, contiguousStrides, format, sameShape, type Shape, simplify, sizeOf } from "../core/engine/shape.ts";
import { plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Most axes that `walk.wgsl` walks. */
const MOST_AXES = 8;
/** Threads of a workgroup in kernels that go element by element. */
export const LANES = 256;

/** The words of `Axes` in `walk.wgsl` for up to three views that begin at `offsets`. */
export function wordsOf({ shape, strides }: Axes, offsets: readonly number[]): number[] {
  const rank = shape.length;
  if (rank > MOST_AXES) {
    throw new RangeError(`Cannot walk a view of ${rank} axes that do not merge: at most ${MOST_AXES}`);
  }
  const words = [offsets[0] ?? 0, offsets[1] ?? 0, offsets[2] ?? 0, rank];
  for (let i = 0; i < MOST_AXES; i++) words.push(shape[i] ?? 1);
  for (let i = 0; i < rank; i++) for (let k = 0; k < 4; k++) words.push(strides[k]?.[i] ?? 0);
  // The outermost axis is walked even where there is none; no stride then leads nowhere.
  if (rank === 0) words.push(0, 0, 0, 0);
  return words;
}

/** The words of `Axes` in `walk.wgsl` for up to three views of one shape. */
export function axesWords(shape: Shape, views: readonly View[]): number[] {
  return wordsOf(simplify(shape, views.map((x) => x.strides)), views.map((x) => x.offset));
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
  if (!sameShape(source.shape, target.shape)) {
    throw new TypeError(`Cannot copy into shape ${format(source.shape)}: it must be ${format(target.shape)}`);
  }
  const count = sizeOf(source.shape);
  if (count === 0) return;
  let from = source;
  if (source.buffer === target.buffer) {
    // A shader cannot read the buffer that it writes.
    const { dtype, shape } = source;
    from = { buffer: runtime.temporary(count), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
    copy(runtime, source, from);
  }
  const words = [count, 0, 0, 0, ...axesWords(target.shape, [target, from])];
  runtime.run("copy", [from.buffer, target.buffer], words, plane(Math.ceil(count / LANES)), conversion(from, target));
}
