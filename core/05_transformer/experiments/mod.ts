/**
 * # Experiments on the Transformer
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { decoderOnlyExperiment } from "./decoder_only.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  decoderOnlyExperiment,
];
