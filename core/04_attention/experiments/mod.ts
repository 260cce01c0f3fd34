/**
 * # Experiments on attention
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { captionsExperiment } from "./captions.ts";
import { extrapolationExperiment } from "./extrapolation.ts";
import { masksExperiment } from "./masks.ts";
import { multiHeadExperiment } from "./multi_head.ts";
import { rotationExperiment } from "./rotation.ts";
import { scaledDotProductExperiment } from "./scaled_dot_product.ts";
import { tomorrowExperiment } from "./tomorrow.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  scaledDotProductExperiment,
  captionsExperiment,
  tomorrowExperiment,
  masksExperiment,
  multiHeadExperiment,
  rotationExperiment,
  extrapolationExperiment,
];
