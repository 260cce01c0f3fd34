/**
 * # The long tail’s share, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Tail } from "./sampling.ts";

/** What the experiment says. */
export const words: Words<Tail> = {
  title: "The long tail’s share",
  purpose:
    "The distribution of [the notes](notes:004.96): three words with 30, 20 and 10\u202f%, and a tail of words that " +
    "share the rest. Change the size of the tail or the number of draws. See how often a draw takes a word of the tail, and " +
    "how long a text can be without one.",
  controls: {
    draws: { label: "Draws", description: "Tokens that are drawn" },
    tail: { label: "Words in the tail", description: "Words that share what the three leave" },
    seed: SEED_WORDS,
  },
  claims: {
    tail: "Four draws in ten take a word of the tail, within two in a hundred",
    each: "Each single word of it has a probability of 0.04\u202f%",
    heads: "Every word comes out as often as the model says, within two in a hundred",
    clean: "Hardly any text of twelve words is without one of the tail: fewer than one in a hundred",
  },
  captions: {
    shares: ({ tail, each, shown: { draws, tailSize } }) =>
      `Of ${draws} draws ${
        percent(tail, 3)
      } took one of the ${tailSize} words of the tail, though each of them has a ` +
      `probability of only ${percent(each, 2)}.`,
    clean: ({ clean, shown: { lengths } }) =>
      `A text stays clear of the tail only while it is short: ${percent(clean[4]!, 2)} of the texts of ${lengths[4]} ` +
      `words do, and ${percent(clean.at(-1)!, 2)} of those of ${lengths.at(-1)}.`,
  },
  labels: {
    first: "first word",
    second: "second word",
    third: "third word",
    anyOf: (count) => `any of ${count}`,
    share: "share of draws",
    model: "as the model says",
    drawn: "drawn",
    length: "words in the text",
    clean: "share of texts without a word of the tail",
    power: (share) => `${number(share, 3)} to the power of the length`,
  },
};
