/**
 * # The seed
 *
 * One control that every experiment with chance has. Its English words stand beside it, as an experiment's do.
 *
 * @module
 */

import type { Control } from "./experiment.ts";

/** Where everything random comes from. */
export const SEED: Control = { default: 1, min: 0, max: 2 ** 31 };
