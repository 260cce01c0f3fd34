/**
 * # Experiments on words
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { bagsExperiment } from "./bags.ts";
import { bytePairEncodingExperiment } from "./byte_pair_encoding.ts";
import { embeddingsExperiment } from "./embeddings.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  bytePairEncodingExperiment,
  embeddingsExperiment,
  bagsExperiment,
];
