/**
 * # Activations on the GPU
 *
 * One shader for all of them: the formula of the value, or of the gradient, is put into its text.
 * Its functions bear the names of the activations, so that no table says it again.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import { type ActivationName, eachActivation } from "../../core/engine/operations.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import { LANES } from "../copy.ts";
import { plane, type Runtime } from "../runtime.ts";
import { inFours } from "./fours.ts";

/** An activation as formulas of `shaders/activation_functions.wgsl`. */
export interface Activation {
  /** The value at `x`. */
  readonly f: string;
  /** The gradient `g` of the value, passed back through `x`. */
  readonly through: string;
}

/** The activations by name. */
export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = eachActivation((name) => ({
  f: `${name}(x)`,
  through: `${name}Backward(g, x)`,
}));

/** The kernels of this file. */
export function activations(runtime: Runtime): Partial<FusedKernels> {
  const forward = (name: ActivationName): FusedForward<ActivationName> => ([input]) => {
    if (!input || input.dtype !== "float32") return undefined;
    const x = inFours(runtime, input), y = runtime.make("float32", x.shape), count = Math.ceil(sizeOf(x.shape) / 4);
    const grid = plane(Math.ceil(count / LANES));
    runtime.run("activation", [x.buffer, y.buffer], [count, x.offset / 4], grid, { f: ACTIVATIONS[name].f });
    return [y];
  };
  const backward = (name: ActivationName): FusedBackward<ActivationName> => ([input], _outputs, gradient) => {
    const x = inFours(runtime, input!), g = inFours(runtime, gradient), dx = runtime.make("float32", x.shape);
    const count = Math.ceil(sizeOf(x.shape) / 4), grid = plane(Math.ceil(count / LANES));
    const words = [count, x.offset / 4, g.offset / 4];
    runtime.run("activation_backward", [x.buffer, g.buffer, dx.buffer], words, grid, {
      through: ACTIVATIONS[name].through,
    });
    return [dx];
  };
  return { forward: eachActivation(forward), backward: eachActivation(backward) };
}
