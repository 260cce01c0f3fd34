/**
 * # Activations on the CPU
 *
 * One job for all of them: the kind is one of its words.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as kind from "../assembly/kinds.ts";
import * as word from "../assembly/words/activations.ts";
import { RUN } from "../assembly/words/runs.ts";
import type { Runtime } from "../runtime.ts";
import { placed } from "../views.ts";

/** An activation as its kernel knows it. */
interface Activation {
  /** Its number. */
  readonly kind: number;
  /** Rough nanoseconds of an element, forwards. */
  readonly cost: number;
}

type Name = "relu" | "silu" | "gelu" | "geluTanh";

const ACTIVATIONS: Readonly<Record<Name, Activation>> = {
  relu: { kind: kind.ACTIVATION_RELU, cost: 0.1 },
  silu: { kind: kind.ACTIVATION_SILU, cost: 0.7 },
  gelu: { kind: kind.ACTIVATION_GELU, cost: 1 },
  geluTanh: { kind: kind.ACTIVATION_GELU_TANH, cost: 0.7 },
};

/** The kernels of this file. */
export function activations(runtime: Runtime): Partial<FusedKernels> {
  const forward = (name: Name): FusedForward<Name> => ([x]) => {
    if (!x || x.dtype !== "float32") return undefined;
    const y = runtime.make("float32", x.shape), count = sizeOf(x.shape);
    const words = placed(
      [word.TO, runtime.address(y)],
      [word.FROM, runtime.inOrder(x)],
      [word.COUNT, count],
      [word.KIND, ACTIVATIONS[name].kind],
    );
    runtime.run(job.ACTIVATION, words, Math.ceil(count / RUN), RUN * ACTIVATIONS[name].cost);
    return [y];
  };
  const backward = (name: Name): FusedBackward<Name> => ([x], _outputs, gradient) => {
    const dx = runtime.make("float32", x!.shape), count = sizeOf(x!.shape);
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.FROM, runtime.inOrder(x!)],
      [word.GRADIENT, runtime.inOrder(gradient)],
      [word.COUNT, count],
      [word.KIND, ACTIVATIONS[name].kind],
    );
    runtime.run(job.ACTIVATION_BACKWARD, words, Math.ceil(count / RUN), RUN * 1.3 * ACTIVATIONS[name].cost);
    return [dx];
  };
  return {
    forward: { relu: forward("relu"), silu: forward("silu"), gelu: forward("gelu"), geluTanh: forward("geluTanh") },
    backward: {
      relu: backward("relu"),
      silu: backward("silu"),
      gelu: backward("gelu"),
      geluTanh: backward("geluTanh"),
    },
  };
}
