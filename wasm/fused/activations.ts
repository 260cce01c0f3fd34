/**
 * # Activations on the CPU
 *
 * One job for all of them: the code is one of its words.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import { ACTIVATION, type ActivationName, eachActivation } from "../../core/engine/operations.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/activations.ts";
import { RUN } from "../assembly/words/runs.ts";
import type { Runtime } from "../runtime.ts";
import { placed } from "../views.ts";

/** Rough nanoseconds of an element, forwards, where it is not one exponential that takes the time. */
const COSTS: Readonly<Partial<Record<ActivationName, number>>> = { relu: 0.1, gelu: 1 };

/** Rough nanoseconds of a run, forwards. */
function costOf(name: ActivationName): number {
  return RUN * (COSTS[name] ?? 0.7);
}

/** The kernels of this file. */
export function activations(runtime: Runtime): Partial<FusedKernels> {
  const forward = (name: ActivationName): FusedForward<ActivationName> => ([x]) => {
    if (!x || x.dtype !== "float32") return undefined;
    const y = runtime.make("float32", x.shape), count = sizeOf(x.shape);
    const words = placed(
      [word.TO, runtime.address(y)],
      [word.FROM, runtime.inOrder(x)],
      [word.COUNT, count],
      [word.CODE, ACTIVATION[name]],
    );
    runtime.run(job.ACTIVATION, words, Math.ceil(count / RUN), costOf(name));
    return [y];
  };
  const backward = (name: ActivationName): FusedBackward<ActivationName> => ([x], _outputs, gradient) => {
    const dx = runtime.make("float32", x!.shape), count = sizeOf(x!.shape);
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.FROM, runtime.inOrder(x!)],
      [word.GRADIENT, runtime.inOrder(gradient)],
      [word.COUNT, count],
      [word.CODE, ACTIVATION[name]],
    );
    runtime.run(job.ACTIVATION_BACKWARD, words, Math.ceil(count / RUN), 1.3 * costOf(name));
    return [dx];
  };
  return { forward: eachActivation(forward), backward: eachActivation(backward) };
}
