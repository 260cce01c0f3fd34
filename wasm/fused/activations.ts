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

const RELU: Activation = { kind: kind.ACTIVATION_RELU, cost: 0.1 };
const SILU: Activation = { kind: kind.ACTIVATION_SILU, cost: 0.7 };
const GELU: Activation = { kind: kind.ACTIVATION_GELU, cost: 1 };
const GELU_TANH: Activation = { kind: kind.ACTIVATION_GELU_TANH, cost: 0.7 };

type Name = "relu" | "silu" | "gelu" | "geluTanh";

/** The kernels of this file. */
export function activations(runtime: Runtime): Partial<FusedKernels> {
  const forward = ({ kind, cost }: Activation): FusedForward<Name> => ([x]) => {
    if (!x || x.dtype !== "float32") return undefined;
    const y = runtime.make("float32", x.shape), count = sizeOf(x.shape);
    const words = placed(
      [word.TO, runtime.address(y)],
      [word.FROM, runtime.inOrder(x)],
      [word.COUNT, count],
      [word.KIND, kind],
    );
    runtime.run(job.ACTIVATION, words, Math.ceil(count / RUN), RUN * cost);
    return [y];
  };
  const backward = ({ kind, cost }: Activation): FusedBackward<Name> => ([x], _outputs, gradient) => {
    const dx = runtime.make("float32", x!.shape), count = sizeOf(x!.shape);
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.FROM, runtime.inOrder(x!)],
      [word.GRADIENT, runtime.inOrder(gradient)],
      [word.COUNT, count],
      [word.KIND, kind],
    );
    runtime.run(job.ACTIVATION_BACKWARD, words, Math.ceil(count / RUN), RUN * 1.3 * cost);
    return [dx];
  };
  return {
    forward: { relu: forward(RELU), silu: forward(SILU), gelu: forward(GELU), geluTanh: forward(GELU_TANH) },
    backward: { relu: backward(RELU), silu: backward(SILU), gelu: backward(GELU), geluTanh: backward(GELU_TANH) },
  };
}
