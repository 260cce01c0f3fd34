/**
 * # Two kinds of apple, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Senses } from "./static_and_contextual.ts";

const two = (value: number): string => fixed(value, 2);

/** What the experiment says. */
export const words: Words<Senses> = {
  title: "Two kinds of apple",
  purpose:
    "In half of the sentences apple is a fruit, in the other half a company. Four kinds of vectors are learned from them. " +
    "An occurrence of apple as a fruit is sorted right if its vector is nearer to the mean of pear, peach and plum than to that of nokia, sony and acer; as a company, the other way round. Compare sentences that apple opens with others.",
  controls: {
    steps: { label: "Steps", description: "Training steps of each Transformer" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "width of a vector",
    layers: "layers",
    heads: "heads",
    batch: "sentences in a batch",
    rate: "learning rate",
    reach: "words of a window on either side",
    sentences: "sentences",
    seeds: "seeds",
  },
  claims: {
    static: "A static vector of apple is the same everywhere, so half of the occurrences are sorted right",
    contextual:
      "A Transformer that reads both ways sorts more than 60\u202f% right, at both places and with every seed",
    window:
      "A mean of word2vec's vectors in a window sorts more than 80\u202f% right where apple opens the sentence, with every seed",
    opening:
      "A Transformer that reads what is before has one vector for every apple that opens a sentence, with every seed",
    later: "Further on it sorts more than 60\u202f% right, with every seed",
  },
  captions: {
    sorted: ({ ranges, shown: { seeds } }) =>
      `Fraction of the occurrences of apple that are nearer to the mean of other words of their own sense. By a Transformer that reads both ways it is ${
        written(ranges[2]![0]!, percent)
      } where apple opens the sentence; by one that reads what is before it is ${
        written(ranges[3]![0]!, percent)
      } there. The line at a bar is the range over ${seeds} seeds.`,
    both: () =>
      "Cosines of apple in twelve sentences, by the Transformer that reads both ways; the first six are about fruit, and columns have the order of the rows. These cosines are not what the fraction above counts: occurrences are sorted by other words, " +
      "other fruits and other companies. Two occurrences of apple can be much alike, and each still lie on its own side.",
    before: () =>
      "The same by the Transformer that reads what is before. The sentences that apple opens, of both senses, have a cosine of 1 with each other.",
  },
  reading: ({ similars, ranges }) => [
    `The mean cosine of two occurrences of apple is ${written(similars[0]!, two)} for static vectors, ${
      written(similars[1]!, two)
    } for means in a window, ${written(similars[2]!, two)} for the Transformer that reads both ways, and ${
      written(similars[3]!, two)
    } for the one that reads what is before.`,
    `A vector need not come from attention to follow its context: means in a window sort ${
      written(ranges[1]![0]!, percent)
    } of the opening words right, and ${
      written(ranges[1]![1]!, percent)
    } of the others. It matters more than attention whether a model reads both ways. In the sentence of the notes, Apple released iOS, the word comes first, and a GPT has read nothing before it.`,
  ],
  labels: {
    static: "static",
    window: "mean in a window",
    both: "both ways",
    before: "what is before",
    first: "opens the sentence",
    later: "further on",
    right: "fraction sorted right",
  },
};
