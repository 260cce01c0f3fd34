/**
 * # Softmax and its logarithm on the CPU
 *
 * The backward kernels need the result alone.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/softmax.ts";
import type { Runtime } from "../runtime.ts";
import { placed, rowsOf } from "../views.ts";

/** The kernels of this file. */
export function softmax(runtime: Runtime): Partial<FusedKernels> {
  const forward = (kernel: number, cost: number): FusedForward<"softmax" | "logSoftmax"> => ([x]) => {
    if (!x || x.dtype !== "float32" || x.shape.length === 0) return undefined;
    const y = runtime.make("float32", x.shape), { rows, columns } = rowsOf(x);
    const words = placed(
      [word.TO, runtime.address(y)],
      [word.FROM, runtime.inOrder(x)],
      [word.COLUMNS, columns],
    );
    runtime.run(kernel, words, rows, columns * cost + 10);
    return [y];
  };
  const backward = (kernel: number): FusedBackward<"softmax" | "logSoftmax"> => (_inputs, [y], gradient) => {
    const dx = runtime.make("float32", y.shape), { rows, columns } = rowsOf(y);
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.FROM, runtime.inOrder(y)],
      [word.GRADIENT, runtime.inOrder(gradient)],
      [word.COLUMNS, columns],
    );
    runtime.run(kernel, words, rows, columns * 0.4 + 10);
    return [dx];
  };
  return {
    forward: { softmax: forward(job.SOFTMAX, 0.6), logSoftmax: forward(job.LOG_SOFTMAX, 0.7) },
    backward: { softmax: backward(job.SOFTMAX_BACKWARD), logSoftmax: backward(job.LOG_SOFTMAX_BACKWARD) },
  };
}
