/**
 * # The linear layer on the GPU device
 *
 * $Y = X W + b$: the bias is added where the product is stored, and costs no pass of its own. Backwards,
 * $\dot X = \dot Y W^\top$, $\dot W = X^\top \dot Y$ and $\dot b$ is the sum of the rows of $\dot Y$; all leading
 * axes count as rows. The transposed operands are read where they lie.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import { asRows, turned } from "../../core/engine/kernel_device.ts";
import { checkLinear } from "../../core/engine/requirements.ts";
import { contiguousStrides, sizeOf } from "../../core/engine/shape.ts";
import { type Bias, matmul, multiplyViews } from "../matmul.ts";
import { reduce } from "../reduce.ts";
import type { Runtime } from "../runtime.ts";

/** A row of biases as kernels read it. */
export function biasOf(runtime: Runtime, bias: View | undefined): Bias | undefined {
  if (!bias) return undefined;
  const { buffer, offset } = runtime.contiguous(bias);
  return { buffer, offset };
}

/** The kernels of this file. */
export function linear(runtime: Runtime): Partial<FusedKernels> {
  const forward: FusedForward<"linear"> = ([x, weight, bias]) => {
    if (!x || !weight || x.dtype !== "float32") return undefined;
    checkLinear(x, weight);
    const [depth, columns] = weight.shape as [number, number];
    if (depth === 0 || sizeOf(x.shape) === 0 || columns === 0) return undefined;
    const y = runtime.make("float32", [...x.shape.slice(0, -1), columns]);
    multiplyViews(runtime, asRows(runtime, x), weight, biasOf(runtime, bias), y.buffer);
    return [y];
  };

  const backward: FusedBackward<"linear"> = ([x, weight, bias], _outputs, gradient, wanted) => {
    if (!x || !weight || sizeOf(x.shape) === 0 || sizeOf(weight.shape) === 0) return undefined;
    const g = asRows(runtime, gradient);
    const view = (buffer: View["buffer"], shape: readonly number[]): View => {
      return { buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 };
    };
    return [
      wanted[0] ? view(matmul(runtime, g, turned(weight)), x.shape) : undefined,
      wanted[1] ? view(matmul(runtime, turned(asRows(runtime, x)), g), weight.shape) : undefined,
      wanted[2] && bias ? view(reduce(runtime, "sum", turned(g), 1), bias.shape) : undefined,
    ];
  };
  return { forward: { linear: forward }, backward: { linear: backward } };
}
