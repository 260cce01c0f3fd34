/**
 * # When to stop, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Stopping } from "./decoder.ts";

/** What the experiment says. */
export const words: Words<Stopping> = {
  title: "When to stop",
  purpose: "A small encoder and decoder learn to write a letter as often as a number says. They are tested on " +
    "pairs of letter and number that training kept apart. Change the steps of the training. Follow the " +
    "probability of END while a sequence is generated: it has to stay low until the count is full.",
  controls: {
    steps: { label: "Training steps", description: "Steps of training" },
    layers: { label: "Layers", description: "Layers of encoder and decoder" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    heads: "heads",
    rate: "learning rate",
    letters: "different letters",
    longest: "largest number",
    unseen: "unseen pairs",
    room: "longest output",
  },
  claims: {
    length: "The model stops at the right length for most of the pairs that it has not seen",
    end: "Where the sequence is complete, END is more probable than all other tokens together; before, it rarely is",
    forbidden: "If END is forbidden, no sequence ends",
    begin: "The model never produces BEGIN: its probability stays below 1\u202f%",
  },
  captions: {
    end: ({ endInPlace, endTooEarly }) =>
      "The probability of END as the sequence grows, for pairs that the model has never seen: " +
      `${number(endInPlace, 2)} on average where the sequence is complete, ${number(endTooEarly, 2)} before.`,
    texts: () => "What it generates, each letter coloured by the probability of END at that position.",
  },
  labels: {
    written: "letters written",
    probability: "probability of END",
    asked: (count) => `${count} asked for`,
  },
};
