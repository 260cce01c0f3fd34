/**
 * # Experiments on training
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";
import { bleuExperiment } from "./bleu.ts";
import { checkpointsExperiment } from "./checkpoints.ts";
import { encoderGradientExperiment } from "./encoder_gradient.ts";
import { optimizersExperiment } from "./optimizers.ts";
import { policyGradientExperiment } from "./policy_gradient.ts";
import { teacherForcingExperiment } from "./teacher_forcing.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [
  optimizersExperiment,
  teacherForcingExperiment,
  checkpointsExperiment,
  bleuExperiment,
  policyGradientExperiment,
  encoderGradientExperiment,
];
