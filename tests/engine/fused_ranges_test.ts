/**
 * Kernels of rows on numbers of all sizes: the rows of `fused_cases.ts` with draws over the whole range of float32, NaN and
 * infinities among them, against the definition in double precision; with kernels and spelled out.
 *
 * Attention, clipping and steps have ranges of their own: `tests/04_attention/strange_test.ts`,
 * `tests/06_training/step_ranges_test.ts`.
 */

import { assert, assertEquals } from "@std/assert";
import { parameter } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { type FusedCase, fusedCases } from "../fused_cases.ts";
import { NORMAL32, Wide } from "../ranges.ts";
import { Draws, HostArray, onEveryBackend, reference } from "../support.ts";

const kernels = ["softmax", "logSoftmax", "crossEntropy", "layerNorm", "rmsNorm", "dropout"] as const;

/** The first input over the whole range times a power of two, all others as they are usually drawn. */
function drawn({ inputs }: FusedCase, seed: number, factor: number): readonly (HostArray | undefined)[] {
  const wide = inputs(new Wide(seed))[0]!, usual = inputs(new Draws(seed));
  const first = new HostArray(wide.data.map((x) => Math.fround(x * factor)), wide.shape);
  return usual.map((x, i) => i === 0 ? first : x);
}

/** Value and gradient of the first input. */
async function evaluate(
  { run }: FusedCase,
  inputs: readonly (HostArray | undefined)[],
  fuse: boolean,
): Promise<readonly [HostArray["data"], HostArray["data"]]> {
  const first = parameter(inputs[0]!.tensor()), others = inputs.slice(1).map((x) => x?.tensor());
  const call = (): Tensor => {
    const y = run(first, ...others as Tensor[]);
    y.backward(new Draws(5).normal(...y.shape).tensor());
    return y.detach();
  };
  const y = fuse ? call() : withoutFusion(call);
  return [await y.read(), await first.grad!.read()];
}

/** Fails unless numbers agree beside the largest finite one, and what is no number stands where it should. */
function assertAgree(found: HostArray["data"], expected: HostArray["data"], tolerance: number, what: string): void {
  assertEquals(found.length, expected.length);
  expected.forEach((wanted, i) => {
    const x = found[i]!, rounded = Math.fround(wanted);
    const agrees = Object.is(x, rounded) || x === rounded ||
      Math.abs(x - wanted) <= tolerance * Math.max(1, Math.abs(wanted)) + NORMAL32;
    assert(agrees, `${what}, element ${i}: ${x} instead of ${wanted}`);
  });
}

for (const kernel of kernels) {
  for (const fuse of [true, false]) {
    const how = fuse ? "by its kernel" : "spelled out";
    onEveryBackend(`${kernel} of numbers of all sizes, ${how}, is its definition in double precision`, async () => {
      for (const row of fusedCases[kernel].cases) {
        for (const seed of [1, 2]) {
          // Where it is spelled out, differences of numbers have to fit float32, and so has their distance from a logarithm.
          const inputs = drawn(row, seed, fuse ? 1 : 0.25);
          if (inputs[0]!.data.length === 0) continue;
          const [y, dx] = await withBackend(reference, () => evaluate(row, inputs, true));
          const [found, slope] = await evaluate(row, inputs, fuse);
          assertAgree(found, y, 2e-5, `${row.name}, seed ${seed}`);
          // `tests/05_transformer/norm_ranges_test.ts` judges gradients of norms by the size of each row.
          if (kernel === "layerNorm" || kernel === "rmsNorm") continue;
          // Gradients of rows with what is no number are no numbers to compare.
          const judged = Array.from(dx, (g, i) => Number.isFinite(g) ? i : -1).filter((i) => i >= 0);
          const [steep, expected] = [slope, dx].map((list) => Float64Array.from(judged, (i) => list[i]!));
          assertAgree(steep!, expected!, 2e-4, `gradient, ${row.name}, seed ${seed}`);
        }
      }
    });
  }
}
