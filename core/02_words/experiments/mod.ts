/**
 * # Experiments on words
 *
 * @module
 */

import type { Experiment } from "../../experiments.ts";

/** The experiments of this chapter, in the order of its sections. */
export const EXPERIMENTS: readonly Experiment[] = [];
