/**
 * # Rotary positions on the CPU
 *
 * They take `[B, H, T, D]` as it lies, and turn it; backwards they turn the gradient back.
 *
 * @module
 */

import type { FusedKernels, View } from "../../core/engine/backend.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/rotary.ts";
import type { Runtime } from "../runtime.ts";
import { bits } from "../threads.ts";
import { placed, steps } from "../views.ts";
import { headsApart, rowsTogether } from "./heads.ts";

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
  const y = headsApart(runtime, [B, H, T, D]), source = rowsTogether(runtime, x);
  const words = placed(
    [word.TO, runtime.address(y)],
    [word.FROM, runtime.address(source)],
    [word.COSINE, runtime.inOrder(cosine)],
    [word.SINE, runtime.inOrder(sine)],
    [word.HEADS, H],
    [word.POSITIONS, T],
    [word.PAIRS, D / 2],
    [word.INTERLEAVED, Number(interleaved)],
    [word.SIGN, bits(sign)],
    ...steps(word.TO_STEPS, y.strides, 3),
    ...steps(word.FROM_STEPS, source.strides, 3),
  );
  runtime.run(job.ROTARY, words, B * H * T, D * 0.3 + 8);
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
