/**
 * # Every day looks for tomorrow: one matrix or two, in English
 *
 * @module
 */

import type { Labels, Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Day, Matrices } from "./matrices.ts";

const DAYS: Labels<Day> = {
  monday: "Mon",
  tuesday: "Tue",
  wednesday: "Wed",
  thursday: "Thu",
  friday: "Fri",
  saturday: "Sat",
  sunday: "Sun",
};

/** What the experiment says. */
export const words: Words<Matrices> = {
  title: "Every day looks for tomorrow: one matrix or two",
  purpose: "Each day of a week has to find the day after it. One head has a matrix for its queries and another " +
    "for its keys; a second head has one matrix for both. Both are trained alike. Change the width or the steps, " +
    "and count the days that find tomorrow. In the maps of scores, compare cells that mirror each other at the " +
    "diagonal.",
  controls: {
    headSize: { label: "Head width", description: "Width of queries and keys" },
    steps: { label: "Steps", description: "Training steps" },
    seed: SEED_WORDS,
  },
  constants: { width: "hidden width", rate: "learning rate", batch: "weeks in a batch", seeds: "seeds" },
  claims: {
    two: "With a matrix for queries and one for keys, every day looks at tomorrow most, with every seed",
    one: "With one matrix for both, at least one day cannot, with every seed",
    symmetric: "With one matrix the scores are symmetric",
    without: "Without any matrix, of vectors of equal length each matches itself best",
  },
  captions: {
    maps: ({ twoMatrices, oneMatrix, failures, failuresOfTwo, seeds, shown: { steps, onTomorrow: [two, one] } }) =>
      `Each day at the left asks, the days at the right are asked. After ${steps} steps, with two matrices ` +
      `${twoMatrices} of 7 days look at tomorrow most, which gets ${percent(two!)} of their weight; with one matrix ` +
      `${oneMatrix}, and ${percent(one!)}. Over ${seeds} seeds, from ${Math.min(...failures)} to ${
        Math.max(...failures)
      } ` +
      `days fail with one matrix and ${Math.max(...failuresOfTwo) || "none"} with two.`,
    scoresOfTwo: ({ asymmetryOfTwo }) =>
      "Scores with two matrices: a day and another one may score differently in the two directions, by up to " +
      `${number(asymmetryOfTwo, 2)} here.`,
    scoresOfOne: ({ shown: { lost } }) =>
      "Scores with one matrix: the map is its own mirror image. Who does not find tomorrow: " +
      `${lost.map((day) => DAYS[day]).join(", ") || "nobody"}.`,
  },
  labels: { ...DAYS, two: "two matrices", one: "one matrix", query: "query", key: "key" },
};
