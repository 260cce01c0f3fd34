/**
 * # The probability mass of the long tail, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Tail } from "./sampling.ts";

/** What the experiment says. */
export const words: Words<Tail> = {
  title: "The probability mass of the long tail",
  purpose:
    "The distribution of [the notes](notes:004.96): three words with 30, 20 and 10\u202f%, and a tail of words " +
    "with the rest. Change the size of the tail or the number of samples. See how often a sample is a word of the tail, and " +
    "how long a sequence can be without one.",
  controls: {
    draws: { label: "Samples", description: "Tokens that are sampled" },
    tail: { label: "Words in the tail", description: "Words with the rest of the probability, equal for all" },
    seed: SEED_WORDS,
  },
  constants: { heads: "probabilities of the three words" },
  claims: {
    tail: "Of the samples 40\u202f% are words of the tail, within 2 percentage points",
    each: "Each single word of it has a probability of 0.04\u202f%",
    heads: "Every word is sampled as often as the model says, within 2 percentage points",
    clean: "Fewer than 1\u202f% of the sequences of twelve words have no word of the tail",
  },
  captions: {
    shares: ({ tail, each, shown: { draws, tailSize } }) =>
      `Of ${draws} samples ${
        percent(tail, 3)
      } are one of the ${tailSize} words of the tail, though each of these has a ` +
      `probability of only ${percent(each, 2)}.`,
    clean: ({ clean, shown: { lengths } }) =>
      `Sequences without a word of the tail: ${percent(clean[4]!, 2)} of those of ${lengths[4]} words, and ` +
      `${percent(clean.at(-1)!, 2)} of those of ${lengths.at(-1)}.`,
  },
  labels: {
    first: "first word",
    second: "second word",
    third: "third word",
    anyOf: (count) => `any of ${count}`,
    share: "fraction of samples",
    model: "as the model says",
    drawn: "sampled",
    length: "words in the sequence",
    clean: "fraction of sequences without a word of the tail",
    power: (share) => `${number(share, 3)} to the power of the length`,
  },
};
