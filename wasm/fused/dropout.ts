/**
 * # Dropout on the CPU
 *
 * Drawing costs far more than multiplying, so the decisions stay for the gradient, a bit each.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/dropout.ts";
import { RUN } from "../assembly/words/runs.ts";
import type { Runtime } from "../runtime.ts";
import { bits } from "../threads.ts";
import { placed } from "../views.ts";

/** The kernels of this file. */
export function dropout(runtime: Runtime): Partial<FusedKernels> {
  const forward: FusedForward<"dropout"> = ([x], { rate, key0, key1, counter }) => {
    if (!x || x.dtype !== "float32") return undefined;
    const count = sizeOf(x.shape), units = Math.ceil(count / RUN);
    const y = runtime.make("float32", x.shape), kept = runtime.make("int32", [units * RUN / 32]);
    const words = placed(
      [word.TO, runtime.address(y)],
      [word.FROM, runtime.inOrder(x)],
      [word.COUNT, count],
      [word.KEY0, key0 | 0],
      [word.KEY1, key1 | 0],
      [word.COUNTER_LOW, counter | 0],
      [word.COUNTER_HIGH, Math.floor(counter / 2 ** 32) | 0],
      [word.THRESHOLD, Math.ceil(rate * 2 ** 24)],
      [word.SCALE, bits(1 / (1 - rate))],
      [word.BITS, runtime.address(kept)],
    );
    runtime.run(job.DROPOUT, words, units, RUN * 2.5);
    return [y, kept];
  };
  const backward: FusedBackward<"dropout"> = (_inputs, [, kept], gradient, _wanted, { rate }) => {
    const count = sizeOf(gradient.shape), dx = runtime.make("float32", gradient.shape);
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.FROM, runtime.inOrder(gradient)],
      [word.COUNT, count],
      [word.SCALE, bits(1 / (1 - rate))],
      [word.BITS, runtime.inOrder(kept!)],
    );
    runtime.run(job.DROPOUT_BACKWARD, words, Math.ceil(count / RUN), RUN * 0.2);
    return [dx];
  };
  return { forward: { dropout: forward }, backward: { dropout: backward } };
}
