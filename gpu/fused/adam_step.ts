/**
 * # A step of Adam on the GPU
 *
 * One dispatch over the parameter, its two averages and the gradient.
 *
 * @module
 */

import type { FusedKernels, FusedUpdate } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import { LANES } from "../copy.ts";
import { bits, plane, type Runtime } from "../runtime.ts";
import type { Variant } from "../template.ts";
import { FOURS } from "./fours.ts";

function step(runtime: Runtime): FusedUpdate<"adamStep"> {
  return (targets, [slopes], attributes) => {
    const [parameter, first, second] = targets;
    if (!parameter || !first || !second || !slopes) return false;
    if (![parameter, first, second, slopes].every(({ dtype }) => dtype === "float32")) return false;
    const gradient = runtime.contiguous(slopes), views = [parameter, first, second, gradient];
    // A shader cannot bind a buffer twice if it writes it.
    if (new Set(views.map(({ buffer }) => buffer)).size < views.length) return false;
    const each = views.every(({ offset }) => offset % 4 === 0) ? 4 : 1, count = sizeOf(parameter.shape);
    const { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale } = attributes;
    const words = [
      count,
      ...views.map(({ offset }) => offset / each),
      ...[
        1 - learningRate * weightDecay,
        learningRate / correction1,
        1 / Math.sqrt(correction2),
        epsilon,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        gradientScale,
      ].map(bits),
    ];
    const names = ["Element", "Word", "within"].map((name) => [name, FOURS[name]!]);
    const kind: Variant = each === 4 ? { EACH: 4, ...Object.fromEntries(names) } : {};
    runtime.run("adam_step", views.map(({ buffer }) => buffer), words, plane(Math.ceil(count / each / LANES)), kind);
    return true;
  };
}

/** The kernel of this file. */
export function adamStep(runtime: Runtime): Partial<FusedKernels> {
  return { update: { adamStep: step(runtime) } };
}
