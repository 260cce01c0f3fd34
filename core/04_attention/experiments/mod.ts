/**
 * # Experiments on attention
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { captionsExperiment } from "./captions.ts";
import { extrapolationExperiment } from "./extrapolation.ts";
import { rotationExperiment } from "./rotation.ts";
import { tomorrowExperiment } from "./tomorrow.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  captionsExperiment,
  tomorrowExperiment,
  rotationExperiment,
  extrapolationExperiment,
];
