/**
 * # Cross-entropy on the CPU
 *
 * Beside the loss of each row its largest logit and its sum of exponentials stay, from which the backward kernel makes
 * the probabilities again.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/loss.ts";
import type { Runtime } from "../runtime.ts";
import { bits } from "../threads.ts";
import { placed } from "../views.ts";

/** Refuses an id that is neither a class nor the ignored one. */
function checkTargets(runtime: Runtime, ids: View, V: number, ignored: number): void {
  const start = runtime.address(ids) / 4, words = runtime.memory.int32;
  for (let i = 0; i < ids.shape[0]!; i++) {
    const id = words[start + i]!;
    if (id !== ignored && (id < 0 || id >= V)) {
      throw new RangeError(`Cannot score target ${id}: it must be in [0, ${V}) or the ignored index ${ignored}`);
    }
  }
}

/** The kernels of this file. */
export function crossEntropy(runtime: Runtime): Partial<FusedKernels> {
  const forward: FusedForward<"crossEntropy"> = ([logits, targets], { ignoreIndex, labelSmoothing }) => {
    if (!logits || !targets || logits.dtype !== "float32" || logits.shape.length !== 2) return undefined;
    if (targets.dtype !== "int32" || targets.shape.length !== 1) return undefined;
    const [N, V] = logits.shape as [number, number], ids = runtime.contiguous(targets);
    checkTargets(runtime, ids, V, ignoreIndex);
    const [loss, maximum, sum] = [1, 2, 3].map(() => runtime.make("float32", [N])) as [View, View, View];
    const words = placed(
      [word.TO, runtime.address(loss)],
      [word.MAXIMUM, runtime.address(maximum)],
      [word.SUM, runtime.address(sum)],
      [word.LOGITS, runtime.inOrder(logits)],
      [word.TARGETS, runtime.address(ids)],
      [word.CLASSES, V],
      [word.IGNORED, ignoreIndex],
      [word.SMOOTHING, bits(labelSmoothing)],
    );
    runtime.run(job.CROSS_ENTROPY, words, N, V * 0.5 + 20);
    return [loss, maximum, sum];
  };
  const backward: FusedBackward<"crossEntropy"> = (inputs, outputs, gradient, _wanted, attributes) => {
    const [logits, targets] = inputs as [View, View], [, maximum, sum] = outputs;
    const [N, V] = logits.shape as [number, number], dx = runtime.make("float32", [N, V]);
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.MAXIMUM, runtime.inOrder(maximum!)],
      [word.SUM, runtime.inOrder(sum!)],
      [word.LOGITS, runtime.inOrder(logits)],
      [word.TARGETS, runtime.inOrder(targets)],
      [word.CLASSES, V],
      [word.IGNORED, attributes.ignoreIndex],
      [word.SMOOTHING, bits(attributes.labelSmoothing)],
      [word.GRADIENT, runtime.inOrder(gradient)],
    );
    runtime.run(job.CROSS_ENTROPY_BACKWARD, words, N, V * 0.5 + 20);
    return [dx, undefined];
  };
  return { forward: { crossEntropy: forward }, backward: { crossEntropy: backward } };
}
