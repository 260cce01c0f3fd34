/**
 * # Experiments on the Transformer
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { decoderExperiment } from "./decoder.ts";
import { decoderOnlyExperiment } from "./decoder_only.ts";
import { encoderExperiment } from "./encoder.ts";
import { transformerSizeExperiment, translatorExperiment } from "./encoder_decoder.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  encoderExperiment,
  decoderExperiment,
  transformerSizeExperiment,
  translatorExperiment,
  decoderOnlyExperiment,
];
