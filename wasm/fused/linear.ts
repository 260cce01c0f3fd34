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

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import { asRows, turned } from "../../core/engine/kernel_device.ts";
import { checkLinear } from "../../core/engine/requirements.ts";
import { contiguousStrides, sizeOf } from "../../core/engine/shape.ts";
import { matmul, multiply, multiplyPacked, packWhole, wholeBytes } from "../matmul.ts";
import { reduce } from "../reduce.ts";
import type { Runtime } from "../runtime.ts";

/** Elements of weights that are worth a second copy. */
const AT_REST = 65536;

/** The kernels of this file. */
export function linear(runtime: Runtime): Partial<FusedKernels> {
  const forward: FusedForward<"linear"> = ([x, weight, bias]) => {
    if (!x || !weight || x.dtype !== "float32") return undefined;
    checkLinear(x, weight);
    const [depth, columns] = weight.shape as [number, number];
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

  const backward: FusedBackward<"linear"> = ([x, weight, bias], _outputs, gradient, wanted) => {
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
  return { forward: { linear: forward }, backward: { linear: backward } };
}
