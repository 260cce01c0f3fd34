/**
 * # Activations on the GPU
 *
 * One shader for all of them: the formula of the value, or of the gradient, is put into its text.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import { LANES } from "../copy.ts";
import { plane, type Runtime } from "../runtime.ts";
import { inFours } from "./fours.ts";

/** An activation as formulas of `shaders/activation_functions.wgsl`. */
interface Activation {
  /** The value at `x`. */
  readonly f: string;
  /** The gradient `g` of the value, passed back through `x`. */
  readonly through: string;
}

const RELU: Activation = { f: "relu(x)", through: "select(0.0, g, x > 0.0)" };
const SILU: Activation = { f: "silu(x)", through: "g * siluSlope(x)" };
const GELU: Activation = { f: "gelu(x)", through: "g * geluSlope(x)" };
const GELU_TANH: Activation = { f: "geluTanh(x)", through: "g * geluTanhSlope(x)" };

type Name = "relu" | "silu" | "gelu" | "geluTanh";

/** The kernels of this file. */
export function activations(runtime: Runtime): Partial<FusedKernels> {
  const forward = ({ f }: Activation): FusedForward<Name> => ([input]) => {
    if (!input || input.dtype !== "float32") return undefined;
    const x = inFours(runtime, input), y = runtime.make("float32", x.shape), count = Math.ceil(sizeOf(x.shape) / 4);
    const grid = plane(Math.ceil(count / LANES));
    runtime.run("activation", [x.buffer, y.buffer], [count, x.offset / 4], grid, { f });
    return [y];
  };
  const backward = ({ through }: Activation): FusedBackward<Name> => ([input], _outputs, gradient) => {
    const x = inFours(runtime, input!), g = inFours(runtime, gradient), dx = runtime.make("float32", x.shape);
    const count = Math.ceil(sizeOf(x.shape) / 4), grid = plane(Math.ceil(count / LANES));
    const words = [count, x.offset / 4, g.offset / 4];
    runtime.run("activation_backward", [x.buffer, g.buffer, dx.buffer], words, grid, { through });
    return [dx];
  };
  return {
    forward: { relu: forward(RELU), silu: forward(SILU), gelu: forward(GELU), geluTanh: forward(GELU_TANH) },
    backward: { relu: backward(RELU), silu: backward(SILU), gelu: backward(GELU), geluTanh: backward(GELU_TANH) },
  };
}
