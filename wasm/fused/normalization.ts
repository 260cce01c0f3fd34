/**
 * # Normalizations on the CPU
 *
 * One kernel does both: the root-mean-square form is that of the layer with a mean of zero.
 *
 * The gradients of gain and bias are sums over all rows. Blocks of rows, of a length that depends on the shape alone,
 * are added up apart, and the blocks in order: the same bits for any number of threads.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/normalization.ts";
import type { Runtime } from "../runtime.ts";
import { bits } from "../threads.ts";
import { placed, rowsOf } from "../views.ts";
import { addPartials } from "./partials.ts";

/** Blocks of rows whose gradients of gain and bias are added up apart, at most. */
const MOST_BLOCKS = 32;

type Norm = "layerNorm" | "rmsNorm";

/** Address of a gain or a bias, or of a number repeated where there is none. */
function vectorOr(runtime: Runtime, vector: View | undefined, count: number, value: number): number {
  if (vector) return runtime.inOrder(vector);
  const { address } = runtime.temporary(count);
  runtime.memory.float32.fill(value, address / 4, address / 4 + count);
  return address;
}

function normalize(runtime: Runtime, centred: boolean): FusedForward<Norm> {
  return ([x, gain, bias], { epsilon }) => {
    if (!x || x.dtype !== "float32" || x.shape.length === 0) return undefined;
    const { rows, columns } = rowsOf(x);
    const fits = (vector: View | undefined): boolean =>
      !vector || (vector.shape.length === 1 && vector.shape[0] === columns);
    if (!fits(gain) || !fits(bias)) return undefined;
    const y = runtime.make("float32", x.shape), found = runtime.make("float32", [rows, 4]);
    const words = placed(
      [word.TO, runtime.address(y)],
      [word.FROM, runtime.inOrder(x)],
      [word.FOUND, runtime.address(found)],
      [word.GAIN, vectorOr(runtime, gain, columns, 1)],
      [word.BIAS, vectorOr(runtime, bias, columns, 0)],
      [word.COLUMNS, columns],
      [word.CENTRED, Number(centred)],
      [word.EPSILON, bits(epsilon)],
    );
    runtime.run(job.NORMALIZE, words, rows, columns * 0.25 + 10);
    return [y, found];
  };
}

function normalizeBackward(runtime: Runtime, centred: boolean): FusedBackward<Norm> {
  return ([x, gain, bias], [, found], gradient, wanted) => {
    const { rows, columns } = rowsOf(x!);
    const length = Math.max(8, Math.ceil(rows / MOST_BLOCKS)), blocks = Math.ceil(rows / length);
    const dx = runtime.make("float32", x!.shape), partial = runtime.temporary(blocks * 2 * columns).address;
    const words = placed(
      [word.TO, runtime.address(dx)],
      [word.FROM, runtime.inOrder(x!)],
      [word.GRADIENT, runtime.inOrder(gradient)],
      [word.FOUND, runtime.inOrder(found!)],
      [word.GAIN, vectorOr(runtime, gain, columns, 1)],
      [word.PARTIAL, partial],
      [word.COLUMNS, columns],
      [word.CENTRED, Number(centred)],
      [word.ROWS, rows],
      [word.BLOCK_ROWS, length],
    );
    runtime.run(job.NORMALIZE_BACKWARD, words, blocks, length * (columns * 0.5 + 20));
    const sums = [gain && wanted[1], bias && wanted[2]].map((asked, i) => {
      if (!asked) return undefined;
      const sum = runtime.make("float32", [columns]);
      addPartials(runtime, runtime.address(sum), partial + i * columns * 4, blocks, columns, columns * 8);
      return sum;
    });
    return [dx, ...sums];
  };
}

/** The kernels of this file. */
export function normalization(runtime: Runtime): Partial<FusedKernels> {
  return {
    forward: { layerNorm: normalize(runtime, true), rmsNorm: normalize(runtime, false) },
    backward: { layerNorm: normalizeBackward(runtime, true), rmsNorm: normalizeBackward(runtime, false) },
  };
}
