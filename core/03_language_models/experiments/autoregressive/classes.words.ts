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
    single: "how many times as frequent a single word is in its own class",
    idioms: "how many times as frequent an idiom is",
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
  reading: (
    {
      ahead,
      aheadPlain,
      generative,
      discriminative,
      generativeMean,
      discriminativeMean,
      shown: { idiom, sizes, seeds },
    },
  ) => [
    (idiom === 1
      ? "A unigram model takes words for independent, and here they are. "
      : `A unigram model takes words for independent. An idiom has ${idiom} words here. The model counts its evidence ${idiom} times, once for each word, ` +
        `although they say the same.`) +
    ` The classifier learns to give each of them a smaller weight. It ends ${
      fixed(100 * ahead, 1)
    } percentage points ahead.`,
    `Where every idiom is one word, the assumption holds, and the difference is ${
      fixed(100 * aheadPlain, 1)
    } percentage points. Ng and Jordan found ` +
    "that the discriminative classifier ends with the smaller error where the assumption fails, and that the generative one gets by with fewer examples.",
    `With ${sizes[0]} and with ${sizes[1]} examples the difference in favour of the language models is ${
      [0, 1].map((i) => fixed(100 * (generativeMean[i]! - discriminativeMean[i]!), 1)).join(" and ")
    } percentage points. ` +
    ([0, 1].every((i) => generative[i]![0] <= discriminative[i]![1])
      ? `Over ${seeds} seeds the ranges of the two overlap there, so the second half of their finding does not show here.`
      : `With one of the two sizes the ranges over ${seeds} seeds do not overlap.`),
  ],
  labels: {
    examples: "examples",
    right: "right answers",
    generative: "a language model for each class",
    discriminative: "a classifier",
  },
};
