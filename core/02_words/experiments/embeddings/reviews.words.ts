/**
 * # Three bags on reviews, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { percent } from "../../../experiments/numbers.ts";
import { written } from "../../../experiments/seeds.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Reviews } from "./reviews.ts";

/** What the experiment says. */
export const words: Words<Reviews> = {
  title: "Three bags on reviews",
  purpose:
    "A vote for each word (BoW), a sum of embeddings (CBOW) and layers after the sum (deep CBOW) learn the same short reviews. Compare what they make of the reviews of training with unseen ones.",
  controls: {
    steps: { label: "Steps", description: "Training steps of each model" },
    seed: SEED_WORDS,
  },
  constants: {
    rate: "learning rate",
    batch: "reviews in a batch",
    width: "width of an embedding",
    layers: "layers of the deep model",
    seeds: "seeds",
  },
  claims: {
    learned: "All three judge more than 90\u202f% of the reviews of training right, with every seed",
    better: "All three are better than the most frequent class on unseen reviews, with every seed",
    deep:
      "The layers bring no clear gain here: on unseen reviews the worst seed of deep CBOW is not above the best one of CBOW",
  },
  captions: {
    accuracy: ({ ranges, majority, shown: { training, test, words, seeds } }) =>
      `Accuracy on ${training} reviews of training, with ${words} different words, and on ${test} unseen ones: BoW ${
        written(ranges[0]![1]!, percent)
      }, CBOW ${written(ranges[1]![1]!, percent)}, deep CBOW ${
        written(ranges[2]![1]!, percent)
      } over ${seeds} seeds. The most frequent class has ${
        percent(majority)
      }. The line at a bar is the range over the seeds.`,
  },
  reading: ({ ranges, shown: { training } }) => [
    `All three know the reviews of training nearly by heart, and lose much on unseen ones. The layers that learned negation on sentences made for it have ${
      written(ranges[2]![1]!, percent)
    } here, and a plain sum ${
      written(ranges[1]![1]!, percent)
    }. With ${training} reviews the words are few that occur often enough, and unseen words have no row. What is missing is text, and not layers.`,
  ],
  labels: {
    bow: "BoW",
    cbow: "CBOW",
    deep: "deep CBOW",
    training: "training",
    test: "unseen",
    right: "fraction judged right",
  },
};
