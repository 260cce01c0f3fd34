/**
 * # The seed, in English
 *
 * @module
 */

import type { ControlWords } from "./experiment.ts";

/** What the seed is called. */
export const SEED_WORDS: ControlWords = { label: "Seed", description: "Where everything random comes from" };
