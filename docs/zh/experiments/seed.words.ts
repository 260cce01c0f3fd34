/**
 * # The seed, in Chinese
 *
 * @module
 */

import type { ControlWords } from "../../../core/experiments/experiment.ts";

/** What the seed is called. */
export const SEED_WORDS: ControlWords = { label: "种子", description: "一切随机数由此产生" };
