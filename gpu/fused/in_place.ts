/**
 * # Updates in place on the GPU
 *
 * The sum of gradients as they arrive, and clipping.
 *
 * @module
 */

import type { FusedKernels, FusedUpdate } from "../../core/engine/backend.ts";
import { isContiguous, simplify, sizeOf } from "../../core/engine/shape.ts";
import { cellsOf, LANES, wordsOf } from "../copy.ts";
import { plane, type Runtime } from "../runtime.ts";
import type { Variant } from "../template.ts";

/** The kernels of this file. */
export function inPlace(runtime: Runtime): Partial<FusedKernels> {
  const by = (op: string): FusedUpdate<"accumulate" | "scale"> => ([x], [y]) => {
    if (!x || !y || x.dtype !== "float32" || y.dtype !== "float32" || x.buffer === y.buffer) return false;
    if (!isContiguous(x.shape, x.strides) || sizeOf(x.shape) === 0) return false;
    // One number stands for all elements.
    const steps = y.shape.length === 0 ? x.shape.map(() => 0) : y.strides;
    const axes = simplify(x.shape, [x.strides, steps]), offsets = [x.offset, y.offset];
    const cells = cellsOf(axes, offsets, false);
    const four = cells && !cells.repeats[0], count = four ? cells.count : sizeOf(x.shape);
    const words = [count, 0, 0, 0, ...four ? cells.words : wordsOf(axes, offsets)];
    const kind: Variant = four ? { Cell: "vec4f", Other: cells.repeats[1] ? "f32" : "vec4f" } : {};
    runtime.run("in_place", [x.buffer, y.buffer], words, plane(Math.ceil(count / LANES)), { op, ...kind });
    return true;
  };
  return { update: { accumulate: by("x + y"), scale: by("select(x * y * y, Cell(0.0), Cell(y) == Cell(0.0))") } };
}
