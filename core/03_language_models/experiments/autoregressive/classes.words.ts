/**
 * # One language model for each class, and a classifier, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { written } from "../../../experiments/seeds.ts";
import type { Classes } from "./classes.ts";

/** What the experiment says. */
export const words: Words<Classes> = {
  title: "One language model for each class, and a classifier",
  purpose:
    "Texts of two classes hold single words and idioms, whose words always stand together. A unigram language model for each class, with Bayes' " +
    "rule, and a classifier that is trained on the labels see the same counts. Change the length of the idioms. See who needs fewer examples, and who " +
    "ends ahead.",
  controls: {
    idiom: {
      label: "Words in an idiom",
      description: "How many words always stand together; with 1 there are no idioms",
    },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    units: "units of a text",
    kinds: "different single words, and idioms",
    single: "factor of a single word in its own class",
    idioms: "factor of an idiom",
    tests: "test texts",
    steps: "steps of the classifier",
    batch: "its batch",
    rate: "its rate",
  },
  claims: {
    few:
      "With 10 and with 30 examples the language models are at most 2 percentage points behind, on average over the seeds",
    many: "With 1000 examples the classifier is more than 3 percentage points ahead",
    plain: "Without idioms it is less than 2 percentage points ahead",
  },
  captions: {
    accuracy: ({ generative, discriminative, shown: { sizes, seeds } }) =>
      `Fraction of right answers by the number of examples, mean of ${seeds} seeds. With ${
        sizes.at(-1)
      } examples the language models have ` +
      `${written(generative.at(-1)!, (one) => percent(one))}, the classifier ${
        written(discriminative.at(-1)!, (one) => percent(one))
      }.`,
  },
  reading: ({ ahead, aheadPlain, shown: { idiom } }) => [
    `A unigram model takes words for independent. It counts the evidence of an idiom ${idiom} times, once for each of its words, although they ` +
    `say the same. The classifier learns to give each of them a smaller weight. It ends ${
      fixed(100 * ahead, 1)
    } percentage points ahead.`,
    `Where every idiom is one word, the assumption holds, and the difference is ${
      fixed(100 * aheadPlain, 1)
    } percentage points. Ng and Jordan found ` +
    "both: the generative classifier gets by with fewer examples, and the discriminative one ends with the smaller error where the assumption fails.",
  ],
  labels: {
    examples: "examples",
    right: "right answers",
    generative: "a language model for each class",
    discriminative: "a classifier",
  },
};
