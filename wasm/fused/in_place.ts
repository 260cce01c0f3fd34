/**
 * # Updates in place on the CPU
 *
 * The sum of gradients as they arrive, and clipping: elementwise kernels whose result is their first operand. A factor is
 * looked at first: most gradients are short enough and stay as they are.
 *
 * @module
 */

import type { FusedKernels, FusedUpdate, View } from "../../core/engine/backend.ts";
import { isContiguous, sizeOf } from "../../core/engine/shape.ts";
import { binaryInPlace } from "../elementwise.ts";
import type { Runtime } from "../runtime.ts";

/** Whether the kernels take a target and its other operand. */
function fits(x: View | undefined, y: View | undefined): boolean {
  return x?.dtype === "float32" && y?.dtype === "float32" && isContiguous(x.shape, x.strides);
}

/** A number that stands for all elements of a shape. */
function repeated(y: View, shape: View["shape"]): View {
  return { ...y, buffer: y.buffer, shape, strides: shape.map(() => 0) };
}

/** The kernels of this file. */
export function inPlace(runtime: Runtime): Partial<FusedKernels> {
  const accumulate: FusedUpdate<"accumulate"> = ([x], [y]) => {
    if (!x || !y || !fits(x, y)) return false;
    runtime.touch(x.buffer);
    binaryInPlace(runtime, "add", x, y.shape.length === 0 ? repeated(y, x.shape) : y);
    return true;
  };
  const scale: FusedUpdate<"scale"> = ([x], [y]) => {
    if (!x || !y || !fits(x, y) || y.shape.length > 0) return false;
    const { float32 } = runtime.memory, root = float32[runtime.address(y) / 4]!, factor = root ** 2;
    // A gradient that is short enough is not gone through.
    if (factor === 1) return true;
    runtime.touch(x.buffer);
    const start = runtime.address(x) / 4;
    if (factor === 0) float32.fill(0, start, start + sizeOf(x.shape));
    else {
      // A factor below the smallest float32 with all its digits is multiplied in two parts.
      for (const part of factor < 2 ** -126 ? [root, root] : [factor]) {
        const buffer = runtime.temporary(1);
        float32[buffer.address / 4] = part;
        binaryInPlace(runtime, "mul", x, repeated({ ...y, buffer, offset: 0 }, x.shape));
      }
    }
    return true;
  };
  return { update: { accumulate, scale } };
}
