/**
 * # The linear layer on the GPU device
 *
 * $Y = X W + b$: the bias is added where the product is stored, and costs no pass of its own. Backwards,
 * $\dot X = \dot Y W^\top$, $\dot W = X^\top \dot Y$ and $\dot b$ is the sum of the rows of $\dot Y$; all leading
 * axes count as rows. The transposed operands are read where they lie.
 *
 * @module
 */

import type { Backend, FusedBackward, FusedForward, Outputs, View } from "../core/engine/backend.ts";
import { contiguousStrides, format, simplify, sizeOf } from "../core/engine/shape.ts";
import { type Bias, matmul, multiplyViews } from "./matmul.ts";
import { reduce } from "./reduce.ts";
import type { Runtime } from "./runtime.ts";

/** All leading axes as one: `[rows, width]`, a temporary copy where no strides can say it. */
export function asRows(runtime: Runtime, x: View): View {
  const width = x.shape.at(-1)!, rows = width === 0 ? 0 : sizeOf(x.shape) / width;
  const lead = simplify(x.shape.slice(0, -1), [x.strides.slice(0, -1)]);
  if (lead.shape.length <= 1) {
    return { ...x, buffer: x.buffer, shape: [rows, width], strides: [lead.strides[0]![0] ?? width, x.strides.at(-1)!] };
  }
  const packed = runtime.contiguous(x);
  return { ...packed, buffer: packed.buffer, shape: [rows, width], strides: [width, 1] };
}

/** Rows and columns exchanged. */
function turned(x: View): View {
  return { ...x, buffer: x.buffer, shape: [x.shape[1]!, x.shape[0]!], strides: [x.strides[1]!, x.strides[0]!] };
}

/** A row of biases as kernels read it. */
export function biasOf(runtime: Runtime, bias: View | undefined): Bias | undefined {
  if (!bias) return undefined;
  const { buffer, offset } = runtime.contiguous(bias);
  return { buffer, offset };
}

/** The forward and backward kernels of the linear layer. */
export function linearKernels(runtime: Runtime): Backend["fused"] {
  const forward: FusedForward = (inputs): Outputs | undefined => {
    const [x, weight, bias] = inputs;
    if (!x || !weight || x.dtype !== "float32") return undefined;
    const [depth, columns] = weight.shape as [number, number];
    if (weight.shape.length !== 2 || x.shape.at(-1) !== depth) {
      throw new TypeError(`Cannot multiply ${format(x.shape)} by ${format(weight.shape)}: inner axes must agree`);
    }
    if (depth === 0 || sizeOf(x.shape) === 0 || columns === 0) return undefined;
    const y = runtime.make("float32", [...x.shape.slice(0, -1), columns]);
    multiplyViews(runtime, asRows(runtime, x), weight, biasOf(runtime, bias), y.buffer);
    return [y];
  };

  const backward: FusedBackward = (inputs, _outputs, gradient, wanted) => {
    const [x, weight, bias] = inputs;
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
  return { forward: { linear: forward }, backward: { linear: backward }, update: {} };
}
