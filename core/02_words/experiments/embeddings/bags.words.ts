/**
 * # What a bag of words can say, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, percent } from "../../../experiments/numbers.ts";
import { written } from "../../../experiments/seeds.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Bags } from "./bags.ts";

/** What the experiment says. */
export const words: Words<Bags> = {
  title: "What a bag of words can say",
  purpose: "Three classifiers read short reviews and judge whether the last thing said is good. In a bag of " +
    "words (BoW) every word has a vote. CBOW sums embeddings. Deep CBOW has layers after the sum. Change the " +
    "layers, or the number of training reviews. Compare plain reviews with negated ones, and with those " +
    "turned by “but”.",
  controls: {
    width: { label: "Width", description: "Width of an embedding" },
    layers: { label: "Layers", description: "Layers behind the sum of the deep model" },
    reviews: { label: "Reviews", description: "Number of reviews to learn from; three in five are plain" },
    seed: SEED_WORDS,
  },
  constants: {
    steps: "training steps",
    rate: "learning rate",
    batch: "reviews in a batch",
    tests: "unseen reviews of each kind",
    seeds: "seeds",
  },
  claims: {
    plain: "All three judge more than 85\u202f% of the plain reviews right, with every seed",
    negation:
      "A bag of words misses negation: without layers, fewer than half of the negated reviews are judged right, with every seed",
    layers: "Layers after the sum learn negation: more than 90\u202f% are judged right, with every seed",
    but: "No bag understands “but”: of two reviews with the same words, every model judges exactly one right",
    alike: "Words that mean alike have similar embeddings: on average, a cosine more than 0.5 above opposites",
  },
  captions: {
    accuracy: ({ bow, deep, ranges, shown: { examples, seeds } }) =>
      `Accuracy on reviews not seen in training: plain, such as “${examples[0]}”; negated, such as ` +
      `“${examples[1]}”; and turned, such as “${examples[2]}”. The deep model judges ${percent(deep[1]!)} of ` +
      `the negated ones right, a plain bag ${percent(bow[1]!)}. The line at the end of a bar is the range over ` +
      `${seeds} seeds: ${written(ranges[2]![1]!, percent)}, and ${written(ranges[0]![1]!, percent)}.`,
    cosines: ({ alike, opposite }) =>
      `Mean cosines of the embeddings that CBOW learned: ${fixed(alike, 2)} between words that mean alike, ` +
      `${fixed(opposite, 2)} between opposites. One-hot vectors have 0 everywhere.`,
  },
  labels: {
    plain: "plain",
    negated: "negated",
    turned: "turned by but",
    bow: "BoW",
    cbow: "CBOW",
    deep: "deep CBOW",
    right: "fraction judged right",
  },
};
