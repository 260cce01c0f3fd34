/**
 * # What a warm-up allows, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { type Range, written } from "../../../experiments/seeds.ts";
import type { Warmup } from "./warmup.ts";

const nats = (range: Range): string => written(range, (x) => fixed(x, 2));

/** What the experiment says. */
export const words: Words<Warmup> = {
  title: "What a warm-up allows",
  purpose:
    "Post-norm encoders learn to name the words that they read, with a warm-up and without one, at a high rate and at half of it. " +
    "A pre-norm encoder does the same without a warm-up. Change the rate or the layers, and see which of them learn.",
  controls: {
    layers: { label: "Layers", description: "Of each encoder" },
    rate: { label: "Learning rate", description: "The higher one; the other one is half of it" },
    warmup: { label: "Warm-up", description: "Steps that rise to the rate, of 60 steps in all" },
    seed: SEED_WORDS,
  },
  constants: {
    steps: "steps",
    width: "width",
    heads: "heads",
    words: "kinds of words",
    length: "words of a sequence",
    batch: "sequences in a batch",
    beta2: "β₂ of Adam",
    clip: "gradients clipped to length",
    seeds: "seeds",
  },
  claims: {
    needed: "At the high rate post-norm without a warm-up stays above 70\u202f% of what a guess costs, with every seed",
    enough: "With a warm-up it falls below 20\u202f% of a guess, with every seed",
    half: "At half the rate it learns with a warm-up and without one: below a hundredth of a guess, with every seed",
    pre: "Pre-norm learns at the high rate without a warm-up, with every seed",
  },
  captions: {
    curves: ({ guess, seeds, shown: { layers, rate, warmup } }) =>
      `${layers} layers at a rate of ${
        number(rate)
      }, with ${warmup} steps of warm-up and without: mean of ${seeds} seeds, and their range. ` +
      `A guess costs ${fixed(guess, 2)} nats.`,
    ends: ({ ranges, seeds, shown: { rate } }) =>
      `The mean loss of the last five steps; the line at the end of a bar is the range over ${seeds} seeds. At ${
        number(rate)
      } post-norm ends ` +
      `at ${nats(ranges[0]!)} without a warm-up, at ${nats(ranges[1]!)} with it; at ${number(rate / 2)} at ${
        nats(ranges[2]!)
      } and ` +
      `${nats(ranges[3]!)}.`,
  },
  reading: ({ ranges, guess, shown: { layers, rate, warmup, steps } }) => [
    ranges[0]![0] > ranges[1]![1] && ranges[2]![1] < guess / 10
      ? `A warm-up is not needed to learn: at half the rate all is well without it. It allows a higher rate. Here post-norm learns at ${
        number(rate)
      } ` +
        "only after a warm-up, and pre-norm needs none."
      : "At these settings it makes no difference, or not the expected one, whether there is a warm-up.",
    "That post-norm is what needs it agrees with Xiong et al. 2020. It does not tell their reason from that of Liu et al. 2020: the first " +
    "steps of all these runs are Adam’s.",
    `The model is small, with ${layers} layers, and so is the task: a run has ${steps} steps, and ${warmup} of them are warm-up. The original ` +
    `Transformer has a peak of ${number(1 / Math.sqrt(512 * 4000), 1)}, after 4000 steps.`,
  ],
  labels: {
    step: "step",
    loss: "nats per word",
    name: (name, rate) =>
      ({
        abrupt: `post-norm, ${number(rate)}`,
        warmed: `post-norm, ${number(rate)}, warm-up`,
        halfAbrupt: `post-norm, ${number(rate / 2)}`,
        halfWarmed: `post-norm, ${number(rate / 2)}, warm-up`,
        pre: `pre-norm, ${number(rate)}`,
      })[name],
  },
};
