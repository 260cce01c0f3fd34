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
    "probability of END while a text is written: it has to wait until the count is full.",
  controls: {
    steps: { label: "Training steps", description: "Steps of training" },
    layers: { label: "Layers", description: "Layers of encoder and decoder" },
    seed: SEED_WORDS,
  },
  claims: {
    length: "The model stops at the right length for most of the pairs that it has not seen",
    end: "Where the text is complete, END is likelier than everything else together; before, it hardly ever is",
    forbidden: "If END is forbidden, no text ends",
    begin: "The model never produces BEGIN: its probability stays below 1\u202f%",
  },
  captions: {
    end: ({ endInPlace, endTooEarly }) =>
      "The probability of END as the text grows, of sentences that the model has never seen: " +
      `${number(endInPlace, 2)} on average where the text is complete, ${number(endTooEarly, 2)} before.`,
    texts: () => "What it writes, each letter coloured by the probability that END had in its place.",
  },
  labels: {
    written: "letters written",
    probability: "probability of END",
    asked: (count) => `${count} asked for`,
  },
};
