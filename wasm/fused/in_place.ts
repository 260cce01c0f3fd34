/**
 * # Updates in place on the CPU
 *
 * The sum of gradients as they arrive, and clipping: elementwise kernels whose result is their first operand.
 *
 * @module
 */

import type { FusedKernels, FusedUpdate } from "../../core/engine/backend.ts";
import { isContiguous } from "../../core/engine/shape.ts";
import { binaryInPlace } from "../elementwise.ts";
import type { Runtime } from "../runtime.ts";

/** The kernels of this file. */
export function inPlace(runtime: Runtime): Partial<FusedKernels> {
  const by = (op: "add" | "mul"): FusedUpdate<"accumulate" | "scale"> => ([x], [y]) => {
    if (!x || !y || x.dtype !== "float32" || y.dtype !== "float32") return false;
    if (!isContiguous(x.shape, x.strides)) return false;
    runtime.touch(x.buffer);
    // One number for all elements.
    const repeated = { ...y, buffer: y.buffer, shape: x.shape, strides: x.shape.map(() => 0) };
    binaryInPlace(runtime, op, x, y.shape.length === 0 ? repeated : y);
    return true;
  };
  return { update: { accumulate: by("add"), scale: by("mul") } };
}
