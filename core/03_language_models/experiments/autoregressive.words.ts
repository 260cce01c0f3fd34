/**
 * # A product underflows, a sum of logarithms does not, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import { written } from "../../experiments/seeds.ts";
import type { Underflow } from "./autoregressive.ts";

/** What the experiment says. */
export const words: Words<Underflow> = {
  title: "A product underflows, a sum of logarithms does not",
  purpose:
    "Words are drawn one after the other, and the probability of the text so far is kept in three ways: as a product in float32, " +
    "as a product in float64, as a sum of logarithms. Change the length or the vocabulary. See where each line ends.",
  controls: {
    words: { label: "Words", description: "Length of the text" },
    vocabulary: {
      label: "Vocabulary",
      description: "Number of different words; the frequency of each is the inverse of its rank",
    },
    seed: SEED_WORDS,
  },
  constants: { texts: "texts for the comparison", seeds: "seeds" },
  claims: {
    underflow: "The product is 0 within 40 words in float32, and within 250 words in float64",
    sum: "The sum of logarithms falls by the entropy with every word, within 10\u202f%",
    order: "The sum tells the better of two models for every text, and the product for none",
  },
  captions: {
    kept: ({ float32, float64, shown: { seeds, words } }) =>
      `Decimal logarithm of the probability of the first words. The product is 0 after ${
        written(float32, String)
      } words in ` +
      `float32 and after ${
        written(float64, String)
      } in float64, over ${seeds} seeds; there its line ends. The sum goes on to ${words}.`,
  },
  reading: ({ surprise, entropy, bySum, byProduct, shown: { texts, words, vocabulary } }) => [
    `Some of the words are frequent and most are rare. The entropy of their distribution is the mean of −log p of a word that is drawn, ${
      number(entropy, 3)
    } nats. So the sum falls by about as much with every word, here by ${
      written(surprise, (one) => fixed(one, 2))
    } on average. A product lasts for about as many words as the entropy goes into the exponent of the smallest number: ` +
    `${number(103.97 / entropy, 2)} in float32, ${number(745.13 / entropy, 3)} in float64.`,
    `A second model takes all ${
      number(vocabulary)
    } words for equally probable, and is the worse one. Of ${texts} texts of ${words} words the ` +
    `sum says so for ${percent(bySum, 3)}, in the worst seed. The product says so for ${
      percent(byProduct, 3)
    } at best` +
    (byProduct === 0 ? ": both products are 0." : "."),
  ],
  labels: {
    words: "words so far",
    exponent: "log₁₀ of the probability",
    float32: "product, float32",
    float64: "product, float64",
    sum: "sum of logarithms",
  },
};
