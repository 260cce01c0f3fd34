/**
 * # Faster routes on the CPU
 *
 * A file per function that a chapter defines and that a kernel in `assembly/` computes in fewer sweeps than its
 * definition. It turns views into addresses and counts, starts the kernel, and says what the backward kernel will want
 * to see again.
 *
 * **Views.** The kernels walk rows whose elements lie side by side. Where the view of an
 * input does not, it is copied first; attention and rotary positions take any strides of the
 * other axes, so that heads cut out of one projection and views of a cache are never copied.
 *
 * **To add a kernel,** give its function a line in `FusedFunctions` (core/engine/backend.ts), write `assembly/NAME.ts`,
 * its words and the file here that starts it, and give it a row in `tests/fused_cases.ts`. `deno task wasm` numbers its jobs;
 * the types, the build and the tests say what is still missing. An activation needs no file: see `assembly/activations.ts`.
 *
 * @module
 */

import type { FusedKernels } from "../../core/engine/backend.ts";
import { fusedTable } from "../../core/engine/kernel_device.ts";
import type { Runtime } from "../runtime.ts";
import { activations } from "./activations.ts";
import { adamStep } from "./adam_step.ts";
import { attention } from "./attention.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { dropout } from "./dropout.ts";
import { inPlace } from "./in_place.ts";
import { linear } from "./linear.ts";
import { normalization } from "./normalization.ts";
import { recurrent } from "./recurrent.ts";
import { rotary } from "./rotary.ts";
import { softmax } from "./softmax.ts";

/** The kernels of each file. */
const FILES: readonly ((runtime: Runtime) => Partial<FusedKernels>)[] = [
  softmax,
  crossEntropy,
  normalization,
  activations,
  dropout,
  linear,
  attention,
  rotary,
  recurrent,
  adamStep,
  inPlace,
];

/**
 * The table of fused kernels.
 *
 * @param runtime where memory and threads are
 * @returns forward, backward and update kernels by name
 */
export function fusedKernels(runtime: Runtime): FusedKernels {
  return fusedTable(runtime, FILES.map((kernels) => kernels(runtime)));
}
