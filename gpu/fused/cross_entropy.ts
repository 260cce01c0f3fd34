/**
 * # Cross-entropy on the GPU
 *
 * A target cannot be refused without waiting. One that is no class makes its loss
 * NaN, and with it the gradient of its whole row; nothing outside the logits is read.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import { bits, type Runtime } from "../runtime.ts";
import { rowsOf } from "./fours.ts";

/** The kernels of this file. */
export function crossEntropy(runtime: Runtime): Partial<FusedKernels> {
  const forward: FusedForward<"crossEntropy"> = ([logits, targets], { ignoreIndex, labelSmoothing }) => {
    if (!logits || !targets || logits.dtype !== "float32" || logits.shape.length !== 2) return undefined;
    if (targets.dtype !== "int32" || targets.shape.length !== 1) return undefined;
    const x = runtime.contiguous(logits), N = x.shape[0]!;
    const { rows, count, columns, at, grid, variant } = rowsOf(x);
    const [loss, maximum, sum] = [1, 2, 3].map(() => runtime.make("float32", [N])) as [View, View, View];
    runtime.run(
      "cross_entropy",
      [x.buffer, targets.buffer, loss.buffer, maximum.buffer, sum.buffer],
      [
        rows,
        count,
        columns,
        at(x),
        targets.offset,
        targets.strides[0]!,
        ignoreIndex,
        bits(labelSmoothing),
      ],
      grid,
      variant("Element", "Word", "exponentials", "total", "largest", "numberAt"),
    );
    return [loss, maximum, sum];
  };
  const backward: FusedBackward<"crossEntropy"> = (
    [logits, targets],
    [, maximum, sum],
    gradient,
    _wanted,
    { ignoreIndex, labelSmoothing },
  ) => {
    const x = runtime.contiguous(logits!), dx = runtime.make("float32", x.shape);
    const { rows, count, columns, at, grid, variant } = rowsOf(x);
    runtime.run(
      "cross_entropy_backward",
      [x, targets!, maximum!, sum!, gradient, dx].map(({ buffer }) => buffer),
      [
        rows,
        count,
        columns,
        at(x),
        targets!.offset,
        targets!.strides[0]!,
        ignoreIndex,
        bits(labelSmoothing),
        gradient.offset,
        gradient.strides[0]!,
      ],
      grid,
      variant("Element", "Word", "exponentials", "classesOf"),
    );
    return [dx, undefined];
  };
  return { forward: { crossEntropy: forward }, backward: { crossEntropy: backward } };
}
