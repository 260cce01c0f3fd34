/**
 * # Experiments on generation
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { beamVariantsExperiment } from "./beam_variants.ts";
import { greedyAndBeamExperiment } from "./greedy_and_beam.ts";
import { kvCacheExperiment } from "./kv_cache.ts";
import { samplingExperiment } from "./sampling.ts";
import { truncationExperiment } from "./truncation.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  samplingExperiment,
  truncationExperiment,
  greedyAndBeamExperiment,
  beamVariantsExperiment,
  kvCacheExperiment,
];
