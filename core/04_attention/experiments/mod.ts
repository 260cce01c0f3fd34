/**
 * # Experiments on attention
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { scaledDotProductExperiment } from "./scaled_dot_product.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  scaledDotProductExperiment,
];
