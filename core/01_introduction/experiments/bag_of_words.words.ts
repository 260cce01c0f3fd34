/**
 * # What a bag of words learns, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Bags } from "./bag_of_words.ts";

/** What the experiment says. */
export const words: Words<Bags> = {
  title: "What a bag of words learns",
  purpose:
    "A bag of words learns weights from reviews, and is tested on others, beside the rules of the page before. Change the language, the passes over the reviews, or whether pairs " +
    "of neighbours have weights of their own. See how the accuracy grows with the number of reviews, which words tell most, and what no bag can tell apart.",
  controls: {
    language: {
      label: "Language",
      description: "Language of the reviews",
      choices: { english: "English", chinese: "Chinese" },
    },
    epochs: { label: "Epochs", description: "Passes over the reviews" },
    pieces: { label: "Pieces", description: "Most neighbouring words that have a weight of their own" },
    seed: SEED_WORDS,
  },
  constants: { rate: "learning rate of the gradient", seeds: "seeds", threshold: "threshold of the rules" },
  claims: {
    grows: "With more reviews the bag is better: with all of them every seed is above every seed of the fewest",
    rules: "With so few reviews the rules are ahead of the bag, with every seed",
    letter:
      "The rule of the notes as it is worded learns less: it gets fewer right even of the reviews that it has learned from, by more than 10 in 100, with every seed",
    but:
      "Two sentences with the same words and opposite labels get the same answer from a bag of single words, every such pair",
  },
  captions: {
    curve: ({ curve, ranges, rules, shown: { sizes, tests, seeds } }) =>
      `Fraction of ${tests} test reviews that is right, by the number of reviews learned from, with the chosen seed. Gradient: ${
        percent(curve[0]!)
      } with ${sizes[0]!}, ${percent(curve.at(-1)!)} with ${sizes.at(-1)!}, where ${seeds} seeds range from ${
        written(ranges[0]!.at(-1)!, percent)
      }. Rules: ${percent(rules)}.`,
    updates: ({ updates: [perceptron, gradient, rewarding] }) =>
      `Fraction right on all reviews learned from and on the test, by the models at the end of the curves. Perceptron ${
        percent(perceptron![0]!)
      } and ${percent(perceptron![1]!)}, gradient ${percent(gradient![0]!)} and ${
        percent(gradient![1]!)
      }, the rule of the notes as worded ${percent(rewarding![0]!)} and ${percent(rewarding![1]!)}.`,
    telling: ({ shown: { vocabulary } }) =>
      `The words that speak most for each class, of ${
        number(vocabulary)
      }, with how far their weight is above the mean of the classes.`,
    sentences: ({ apart: [single, together], turned }) =>
      `Sentences with the same words and opposite labels, with the answers of a bag of single words. Of ${turned} pairs it tells ${single} apart; with pieces of up to three words ${together}.`,
  },
  reading: ({ curve, rules, hard: [byRules, byBag], shown: { sizes, tests } }) => [
    `The bag of words was given labels and no list of words. It has found that words of praise speak for positive, and numbers and small words such as “on” and “has” for neutral. It has learned other things too, which happen to be so in ${sizes
      .at(-1)!} reviews and nowhere else.`,
    `On this corpus it does not beat the rules: ${percent(curve.at(-1)!)} against ${
      percent(rules)
    }. Two things are on the side of the rules here. They contain words that their author knows from his whole life, and the bag knows those of ${sizes
      .at(
        -1,
      )!} reviews. And one person wrote both reviews and rules. The curve rises on the whole; whether it still rises at its end, ${tests} test reviews cannot tell. On the hard sentences, which are not like the reviews, both are about as bad: the rules get ${
      percent(byRules)
    } right and the bag ${percent(byBag)}.`,
    "A bag cannot tell “not boring but funny” from “not funny but boring”. Both are the same counts, so they have the same scores. Larger pieces differ, but help only where training had the very piece.",
  ],
  labels: {
    gradient: "gradient",
    perceptron: "perceptron",
    rewarding: "as worded",
    rules: "rules",
    right: "fraction right",
    reviews: "reviews learned from",
    training: "learned from",
    test: "test",
    rank: "rank",
    negative: "negative",
    neutral: "neutral",
    positive: "positive",
    sentence: "sentence",
    label: "label",
    answer: "answer",
  },
};
