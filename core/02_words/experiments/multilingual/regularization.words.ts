/**
 * # Cut by chance, and misspelt, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Regularization } from "./regularization.ts";

/** What the experiment says. */
export const words: Words<Regularization> = {
  title: "Cut by chance, and misspelt",
  purpose:
    "A classifier adds up the embeddings of a word's pieces (a vector for each piece, [section](../../embeddings.ts)) and names the base of the word. In training the words are cut the best way each time, or by chance. In the test " +
    "they are cut the best way, as they are spelt and with one letter wrong. Change how much chance there is.",
  controls: {
    dropout: {
      label: "Dropout",
      description: "Probability with which byte-pair encoding passes a merge over in training",
    },
    alpha: { label: "α", description: "Power of the probabilities that the unigram vocabulary draws by in training" },
    seed: SEED_WORDS,
  },
  constants: { TOKENS: "tokens of a vocabulary", WIDTH: "width", STEPS: "steps", RATE: "learning rate" },
  claims: {
    pairs: "With BPE dropout in training more misspelt words are recognized, with each seed",
    unigram: "So it is with sampled segmentations of a unigram vocabulary",
    spelt: "Words as they are spelt in training are recognized either way",
  },
  captions: {
    accuracy: ({ misspelt: [pairs, dropout, unigram, sampled], shown: { bases, words, seeds } }) =>
      `How many words are assigned to the right one of ${bases} bases. Of misspelt words byte-pair encoding gets ${
        percent(pairs!)
      } right, and ${percent(dropout!)} if ` +
      `merges were dropped in training; a unigram vocabulary ${percent(unigram!)}, and ${
        percent(sampled!)
      } if segmentations were sampled. Means of ${
        number(words)
      } words and ${seeds} seeds; the lines are the range over the seeds.`,
    examples: () =>
      "Some of the words with one letter wrong, and their pieces: a slip of one letter leaves little of the pieces that the word is known by.",
  },
  reading: ({ misspelt: [pairs, dropout, unigram, sampled] }) => [
    `A word that is always one piece or two teaches the network nothing of its letters, and a misspelt word is made of letters. Sampling takes the errors on misspelt words from ` +
    `${percent(1 - pairs!)} to ${percent(1 - dropout!)} for byte pairs and from ${percent(1 - unigram!)} to ${
      percent(1 - sampled!)
    } for the unigram vocabulary, where a slip breaks up longer pieces. ` +
    (dropout! > pairs! && sampled! > unigram!
      ? "So the model becomes more robust, and not less. "
      : "At this setting sampling does not help both. ") +
    `For ${
      dropout! - pairs! > sampled! - unigram! ? "byte pairs" : "the unigram vocabulary"
    } the difference is as large as ${
      fixed(Math.max(dropout! - pairs!, sampled! - unigram!), 2)
    } because a bag of pieces has nothing else to go by; a sentence around the word would help as well.`,
  ],
  labels: {
    pairs: "byte pairs",
    dropout: "with dropout",
    unigram: "unigram",
    sampled: "sampled",
    right: "fraction right",
    spelt: "as spelt in training",
    misspelt: "misspelt",
    word: "word",
    pieces: "pieces",
    wrong: "misspelt",
    wrongPieces: "pieces",
  },
};
