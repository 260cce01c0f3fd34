/**
 * # Dropout on the GPU
 *
 * The gradient draws again what was dropped: a generator that counts has no state, and drawing costs less than reading.
 *
 * @module
 */

import type { FusedFunctions, FusedKernels, View } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import { LANES } from "../copy.ts";
import { bits, plane, type Runtime } from "../runtime.ts";
import { inFours } from "./fours.ts";

function drop(runtime: Runtime, input: View, { rate, key0, key1, counter }: FusedFunctions["dropout"]): View {
  const x = inFours(runtime, input), y = runtime.make("float32", x.shape), count = Math.ceil(sizeOf(x.shape) / 4);
  const words = [
    count,
    x.offset / 4,
    Math.ceil(rate * 2 ** 24),
    bits(1 / (1 - rate)),
    key0,
    key1,
    counter % 2 ** 32,
    Math.floor(counter / 2 ** 32),
  ];
  runtime.run("dropout", [x.buffer, y.buffer], words, plane(Math.ceil(count / LANES)));
  return y;
}

/** The kernels of this file. */
export function dropout(runtime: Runtime): Partial<FusedKernels> {
  return {
    forward: {
      dropout: ([x], attributes) => x && x.dtype === "float32" ? [drop(runtime, x, attributes)] : undefined,
    },
    backward: {
      dropout: (_inputs, _outputs, gradient, _wanted, attributes) => [drop(runtime, gradient, attributes)],
    },
  };
}
