/**
 * # Mom − female + male, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Analogies } from "./word2vec.ts";

const two = (value: number): string => fixed(value, 2);

/** What the experiment says. */
export const words: Words<Analogies> = {
  title: "Mom − female + male",
  purpose:
    "word2vec learns from sentences about a family. In one text words such as she, male or beard stand beside the roles. In the other one nothing tells mom from dad. " +
    "Compare how analogies are answered, with the words of the question left out and with them. Change how often gender is marked.",
  controls: {
    model: {
      label: "Model",
      description: "Who predicts whom",
      choices: { "skip-gram": "skip-gram", cbow: "CBOW" },
    },
    marked: {
      label: "Marked",
      description: "How often a sentence about a role has a word of its gender, in the first text",
    },
    width: { label: "Width", description: "Numbers of a vector" },
    seed: SEED_WORDS,
  },
  constants: {
    sentences: "sentences",
    window: "words of a window on either side",
    epochs: "epochs",
    threshold: "threshold of frequent words",
    seeds: "seeds",
  },
  claims: {
    difference: "Where the text marks gender, mom − female and dad − male have a cosine above 0.5, with every seed",
    answered: "There, more than 90\u202f% of the analogies are right, with every seed",
    fooled:
      "Where it marks no gender, more than 80\u202f% are right as well, as long as the words of the question are left out; with them, fewer than 30\u202f%",
    direction:
      "The direction tells the two texts apart: the mean cosine of differences is above 0.7 where gender is marked, and below 0.2 where it is not",
    opposites: "Opposites have no direction in common: the mean cosine of their differences is below 0.3",
    alike: "Opposites are as close as synonyms: both have a mean cosine above 0.9",
  },
  captions: {
    marked: ({ differences, shown: { seen, seeds } }) =>
      `Each vector has many numbers; shown are the two directions in which the roles vary most, the principal components, which hold ${
        percent(seen[0]!)
      } of the variance. The text marks gender. The cosine of mom − female and dad − male is ${
        written(differences, two)
      } over ${seeds} seeds.`,
    unmarked: ({ shown: { seen } }) =>
      `The same roles where the text does not mark gender; the two directions hold ${
        percent(seen[1]!)
      } of the variance. The two of a pair lie together, so their names stand together, the female one first.`,
    asked: ({ asked, shown: { seeds } }) =>
      `Fraction of analogies that are answered right. Where the text does not mark gender, ${
        percent(asked[1]![0])
      } are right if the words of the question are left out, and ${
        percent(asked[1]![2])
      } if the answer is the nearest neighbour of the third word. The line at a bar is the range over ${seeds} seeds.`,
    parallel: ({ ranges }) =>
      `Mean cosine of the differences of two pairs: ${written(ranges[0]![3]!, two)} where gender is marked, ${
        written(ranges[1]![3]!, two)
      } where it is not, ${written(ranges[2]![3]!, two)} between opposites.`,
    answers: () =>
      "The nearest words, those of the question included. In the first text they are nearest to mom − female + male. The second text lacks the words female and male; there they are nearest to mom − girl + boy.",
  },
  reading: ({ ranges, alikes, shown: { seeds, model } }) => [
    `With ${model} the text decides what the vectors say. Where gender is marked, a common direction leads from the female word of a pair to the male one, and analogies are right with the words of the question among the answers, too: ${
      written(ranges[0]![1]!, percent)
    } over ${seeds} seeds.`,
    `The usual way to ask, without the words of the question, does not show this. Where gender is not marked, it finds ${
      written(ranges[1]![0]!, percent)
    } as well. The reason is the pair itself: dad stands where mom stands, so each is the other's nearest neighbour, and the neighbour of the third word is the answer. With the words of the question among the answers ${
      written(ranges[1]![1]!, percent)
    } are right.`,
    `Opposites stand in the same places as words that mean alike. Their cosines are ${
      written(alikes[1]!, two)
    }, those of synonyms ${written(alikes[0]!, two)}. Which of the two a neighbour is, the vector does not say.`,
    "The text was written for this experiment and is far more regular than any other. How little is left on a play of Shakespeare, the recorded run below shows.",
  ],
  labels: {
    marked: "gender, marked",
    unmarked: "gender, not marked",
    opposites: "opposites",
    excluded: "question left out",
    included: "question included",
    alone: "third word alone",
    female: "female",
    male: "male",
    first: "first component",
    second: "second component",
    right: "fraction right",
    parallel: "mean cosine of differences",
    columns: ["text", "nearest", "second", "third"],
  },
};
