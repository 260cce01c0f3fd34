/**
 * # A step of Adam on the CPU
 *
 * One sweep over the parameter, its two averages and the gradient.
 *
 * @module
 */

import type { FusedKernels, FusedUpdate } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/optimizer.ts";
import { RUN } from "../assembly/words/runs.ts";
import type { Runtime } from "../runtime.ts";
import { bits } from "../threads.ts";
import { placed } from "../views.ts";

/** The kernel of this file. */
export function adamStep(runtime: Runtime): Partial<FusedKernels> {
  const step: FusedUpdate<"adamStep"> = (targets, [gradient], attributes) => {
    const [parameter, first, second] = targets;
    if (!parameter || !first || !second || !gradient) return false;
    if (![parameter, first, second, gradient].every(({ dtype }) => dtype === "float32")) return false;
    // Without epsilon there may be a division by 0, which the definition takes care of.
    if (attributes.epsilon === 0) return false;
    for (const target of targets) runtime.touch(target.buffer);
    const { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale } = attributes;
    const count = sizeOf(parameter.shape);
    const words = placed(
      [word.PARAMETER, runtime.address(parameter)],
      [word.FIRST, runtime.address(first)],
      [word.SECOND, runtime.address(second)],
      [word.GRADIENT, runtime.inOrder(gradient)],
      [word.COUNT, count],
      [word.DECAY, bits(1 - learningRate * weightDecay)],
      [word.STEP, bits(learningRate / correction1)],
      [word.CORRECTION, bits(1 / Math.sqrt(correction2))],
      [word.EPSILON, bits(epsilon)],
      [word.BETA1, bits(beta1)],
      [word.REST1, bits(1 - beta1)],
      [word.BETA2, bits(beta2)],
      [word.REST2, bits(1 - beta2)],
      [word.GRADIENT_SCALE, bits(gradientScale)],
    );
    runtime.run(job.ADAM_STEP, words, Math.ceil(count / RUN), RUN);
    return true;
  };
  return { update: { adamStep: step } };
}
