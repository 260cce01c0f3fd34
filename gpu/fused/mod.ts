/**
 * # Faster routes on the GPU
 *
 * A file per function that a chapter defines and that a shader computes in fewer dispatches than its
 * definition. It turns views into buffers and parameters, records the dispatch, and says what the
 * backward kernel will want to see again.
 *
 * **To add a kernel,** give its function a line in `FusedFunctions` (core/engine/backend.ts), write `shaders/NAME.wgsl`
 * and the file here that starts it, and give it a row in `tests/fused_cases.ts`. The types and the tests say what is still
 * missing. An activation needs no file: see `shaders/activation_functions.wgsl`.
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
 * @param runtime where memory and the queue are
 * @returns forward, backward and update kernels by name
 */
export function fusedKernels(runtime: Runtime): FusedKernels {
  return fusedTable(runtime, FILES.map((kernels) => kernels(runtime)));
}
