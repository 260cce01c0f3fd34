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
      } without clipping and ${
        written(loss[1]!, short)
      } with it, over ${seeds} seeds; the lines are the first of them. A model that knows nothing has ${
        short(chance)
      }, the logarithm of the ${number(Math.round(Math.exp(chance)))} different characters.`,
    norm: ({ outliers, clipped }) =>
      `Length of each gradient before it is shortened. The longest one is ${
        written(outliers[0]!, short)
      } times as long as the median one without clipping, and ${written(outliers[1]!, short)} times with it. ${
        percent(clipped)
      } of the gradients are shortened.`,
  },
  reading: ({ loss, clipped, chance, shown: { rate, clip, runs } }) => {
    const { curve, norms } = runs[0]!, bad = norms.filter((_, i) => curve[i]![1] > 2 * chance);
    const lengths = bad.map(([, norm]) => norm).sort((a, b) => a - b), median = lengths[Math.floor(lengths.length / 2)];
    const longest = norms.reduce((most, one) => one[1] > most[1] ? one : most), at = norms.indexOf(longest);
    const [here, next] = [curve[at]!, curve[at + 1]];
    return [
      loss[1]![1] < loss[0]![0]
        ? `Clipping leaves ${percent(1 - clipped)} of the gradients as they are, and a step moves the weights by ${
          number(rate * clip)
        } at most: the learning rate times the length to which gradients are shortened.`
        : "Clipping makes no difference at this setting that all seeds agree on.",
      ...median === undefined ? [] : [
        `Without clipping the loss of the drawn run is more than twice that of a model that knows nothing in ${bad.length} of ${curve.length} steps, from step ${
          bad[0]![0]
        } on. The median gradient of these steps has a length of ${
          short(median)
        }, so that a step moves the weights by ${short(rate * median)}, from one place of high loss to another. ` +
        (longest[0] > bad[0]![0] && next && next[1] < here[1]
          ? `The longest gradient, ${short(longest[1])}, did not bring it there. It comes at step ${
            longest[0]
          }, and the loss falls with it: from ${short(here[1])} to ${
            short(next[1])
          } one step later. How long a gradient is does not say whether its step does harm.`
          : `The longest gradient, ${short(longest[1])}, comes at step ${longest[0]}, with a loss of ${short(here[1])}${
            next ? ` and of ${short(next[1])} one step later` : ""
          }.`),
      ],
      "Clipping is no cure for gradients that vanish: it makes none longer.",
    ];
  },
  labels: {
    step: "step",
    loss: "loss",
    norm: "length of the gradient",
    without: "without clipping",
    with: "with clipping",
  },
};
