/**
 * # The linear layer on the CPU device
 *
 * $Y = X W + b$: the bias enters where the first pass stores the product, and costs no pass
 * of its own. Backwards, $\dot X = \dot Y W^\top$, $\dot W = X^\top \dot Y$ and $\dot b$ is the sum of the
 * rows of $\dot Y$; all leading axes count as rows.
 *
 * **Weights at rest.** A model that only answers multiplies by the same weights again and
 * again. When large weights are used the third time without having been written, they are
 * packed as a whole into the panels of the matrix product. The panels serve many rows, which
 * saves packing, and single rows, which read them as one stream; the bits stay the same. They
 * double the memory of these weights, and go when the weights are written, released, or when
 * memory is short.
 *
 * @module
 */

import type { Attributes, FusedBackward, FusedForward, Outputs, View } from "../core/engine/backend.ts";
import { contiguousStrides, format, sizeOf } from "../core/engine/shape.ts";
import { matmul, multiply, multiplyPacked, packWhole, wholeBytes } from "./matmul.ts";
import { reduce } from "./reduce.ts";
import type { Runtime } from "./runtime.ts";
import { simplify } from "./views.ts";

/** Elements of weights that are worth a second copy. */
const AT_REST = 65536;

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

/** The forward and backward kernels of the linear layer. */
export function linearKernels(runtime: Runtime): { forward: FusedForward; backward: FusedBackward } {
  const forward: FusedForward = (inputs): Outputs | undefined => {
    const [x, weight, bias] = inputs;
    if (!x || !weight || x.dtype !== "float32") return undefined;
    const [depth, columns] = weight.shape as [number, number];
    if (weight.shape.length !== 2 || x.shape.at(-1) !== depth) {
      throw new TypeError(`Cannot multiply ${format(x.shape)} by ${format(weight.shape)}: inner axes must agree`);
    }
    if (depth === 0 || sizeOf(x.shape) === 0 || columns === 0) return undefined;
    if (weight.strides[1] !== 1 && sizeOf(x.shape) <= 8 * depth) {
      // A few rows and weights stored column by column: inner products, and the bias afterwards.
      if (bias) return undefined;
      const buffer = matmul(runtime, asRows(runtime, x), weight);
      const shape = [...x.shape.slice(0, -1), columns];
      return [{ buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 }];
    }
    let a = asRows(runtime, x);
    if (a.strides[1] !== 1 && (a.strides[0] !== 1 || a.shape[0]! <= 4)) a = runtime.contiguous(a);
    const walks = weight.strides[0] === 1 || weight.strides[1] === 1;
    const b = walks ? weight : runtime.contiguous(weight);
    const plus = bias && runtime.contiguous(bias);
    const y = runtime.make("float32", [...x.shape.slice(0, -1), columns]);
    const rows = a.shape[0]!, to = runtime.address(y), added = plus ? runtime.address(plus) : 0;
    const left = { address: runtime.address(a), row: a.strides[0]!, column: a.strides[1]! };
    const right = { address: runtime.address(b), row: b.strides[0]!, column: b.strides[1]! };
    const panels = right.column === 1 && b === weight && depth * columns >= AT_REST
      ? runtime.panelsOf(
        weight,
        wholeBytes(columns, depth),
        (panels) => packWhole(runtime, panels, right, columns, depth),
      )
      : 0;
    if (panels > 0) multiplyPacked(runtime, to, left, panels, rows, columns, depth, added);
    else multiply(runtime, to, left, right, rows, columns, depth, added);
    return [y];
  };

  const backward: FusedBackward = (inputs, _outputs, gradient, wanted, _attributes: Attributes) => {
    const [x, weight, bias] = inputs;
    if (!x || !weight || sizeOf(x.shape) === 0 || sizeOf(weight.shape) === 0) return undefined;
    const g = asRows(runtime, gradient), rows = g.shape[0]!;
    const view = (buffer: View["buffer"], shape: readonly number[]): View => {
      return { buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 };
    };
    return [
      wanted[0] ? view(matmul(runtime, g, turned(weight)), x.shape) : undefined,
      wanted[1] ? view(matmul(runtime, turned(asRows(runtime, x)), g), weight.shape) : undefined,
      wanted[2] && bias ? view(reduce(runtime, "sum", rows > 0 ? turned(g) : g, 1), bias.shape) : undefined,
    ];
  };
  return { forward, backward };
}
