/**
 * # Training with and without clipping, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { written } from "../../../experiments/seeds.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Clipping } from "./clipping.ts";

const short = (value: number): string => number(value, 3);

/** What the experiment says. */
export const words: Words<Clipping> = {
  title: "Training with and without clipping",
  purpose:
    "A recurrent network learns the characters of English sentences by plain gradient descent, twice from the same weights: with each gradient as it is, and with gradients that " +
    "are shortened to a given length. Lower the learning rate and the radius, and look for a setting at which clipping makes no difference.",
  controls: {
    rate: { label: "Rate", description: "Learning rate" },
    clip: { label: "Length", description: "Longest gradient, with clipping" },
    radius: { label: "Radius", description: "Spectral radius that the matrix of the state starts with, about" },
    steps: { label: "Steps", description: "Steps of training" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "numbers of a state",
    length: "characters of a window",
    batch: "windows in a batch",
    seeds: "seeds",
  },
  claims: {
    saves: "With clipping the loss at the end is lower, with every seed",
    rare: "Most gradients are short enough as they are",
  },
  captions: {
    loss: ({ loss, chance, shown: { seeds, rate, clip, radius } }) =>
      `Loss of each step, with a learning rate of ${number(rate)}, gradients of a length of at most ${
        number(clip)
      } with clipping, and a spectral radius of about ${number(radius)} at the start. Over the last quarter it is ${
        written(loss[0]!, short)
      } without clipping and ${written(loss[1]!, short)} with it, over ${seeds} seeds. A model that knows nothing has ${
        short(chance)
      }.`,
    norm: ({ outliers, clipped }) =>
      `Length of each gradient before it is shortened. The longest one is ${
        written(outliers[0]!, short)
      } times as long as the median one without clipping, and ${written(outliers[1]!, short)} times with it. ${
        percent(clipped)
      } of the gradients are shortened.`,
  },
  reading: ({ loss, clipped }) => [
    loss[1]![1] < loss[0]![0]
      ? `A single long gradient moves the weights to a place where the loss is high, and training has to find back. Clipping leaves ${
        percent(1 - clipped)
      } of the gradients alone and prevents the rest from doing harm.`
      : "At this setting no gradient is long enough to do harm, and clipping makes no difference that all seeds agree on.",
    "Clipping is no cure for gradients that vanish: it makes none longer.",
  ],
  labels: {
    step: "step",
    loss: "loss",
    norm: "length of the gradient",
    without: "without clipping",
    with: "with clipping",
  },
};
