/**
 * # Every experiment
 *
 * Written by `deno task registry` from the folders of the chapters, in the order of the book. Nothing is loaded before
 * it is asked for.
 *
 * @module
 */

import type { Entry } from "./experiment.ts";
import { LEGACY } from "./legacy.ts";

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Entry[] = [
  {
    name: "words/softmax",
    load: async () => (await import("../02_words/experiments/softmax.ts")).experiment,
    words: async () => (await import("../02_words/experiments/softmax.words.ts")).words,
  },
  {
    name: "attention/positions",
    load: async () => (await import("../04_attention/experiments/positions.ts")).experiment,
    words: async () => (await import("../04_attention/experiments/positions.words.ts")).words,
  },
  {
    name: "generation/temperature",
    load: async () => (await import("../07_generation/experiments/temperature.ts")).experiment,
    words: async () => (await import("../07_generation/experiments/temperature.words.ts")).words,
  },
  ...LEGACY,
];
