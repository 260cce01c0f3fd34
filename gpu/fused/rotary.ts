/**
 * # Rotary positions on the GPU
 *
 * They take `[B, H, T, D]` as it lies, and turn it; backwards they turn the gradient back.
 *
 * @module
 */

import type { FusedKernels, View } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import { LANES } from "../copy.ts";
import { bits, plane, type Runtime } from "../runtime.ts";
import { headsApart } from "./heads.ts";

/** Turns pairs of coordinates forwards (1) or back (-1). */
function turn(
  runtime: Runtime,
  x: View,
  cosine: View,
  sine: View,
  interleaved: boolean,
  sign: 1 | -1,
): View | undefined {
  if (x.shape.length !== 4 || x.dtype !== "float32") return undefined;
  const [B, H, T, D] = x.shape as [number, number, number, number];
  const y = headsApart(runtime.allocate(sizeOf(x.shape)), [B, H, T, D]);
  const pairs = D / 2, count = B * H * T * pairs;
  const parameters = [
    ...[count, H, T, pairs],
    ...(interleaved ? [2, 1] : [1, pairs]),
    ...[bits(sign), 0],
    ...x.strides,
    ...[cosine, sine].flatMap((table) => [table.offset, ...table.strides, 0]),
    x.offset,
  ];
  const buffers = [x, cosine, sine, y].map((view) => view.buffer);
  runtime.run("rotary", buffers, parameters, plane(Math.ceil(count / LANES)));
  return y;
}

/** The kernels of this file. */
export function rotary(runtime: Runtime): Partial<FusedKernels> {
  return {
    forward: {
      rotary: ([x, cosine, sine], { interleaved }) => {
        const y = turn(runtime, x!, cosine!, sine!, interleaved, 1);
        return y && [y];
      },
    },
    backward: {
      rotary: ([, cosine, sine], _outputs, gradient, wanted, { interleaved }) => {
        // The angles are positions, not weights; who wants their gradient gets it from the definition.
        if (wanted[1] || wanted[2]) return undefined;
        return [turn(runtime, gradient, cosine!, sine!, interleaved, -1), undefined, undefined];
      },
    },
  };
}
