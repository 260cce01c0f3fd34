/**
 * # Where rules fail, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import type { Rules } from "./rule_based_classifier.ts";

/** What the experiment says. */
export const words: Words<Rules> = {
  title: "Where rules fail",
  purpose:
    "The tables of this page judge reviews in English and in Chinese. Change how far a word like “not” reaches, or how large a score must be to count. Compare " +
    "ordinary reviews with sentences that are hard in a way that has a name, and read the wrong answers.",
  controls: {
    language: {
      label: "Language",
      description: "Language of the second figure and of the sentences",
      choices: { english: "English", chinese: "Chinese" },
    },
    reach: { label: "Reach", description: "Words before a feature that may turn it round" },
    threshold: { label: "Threshold", description: "How far from 0 a score must be to be positive or negative" },
  },
  claims: {
    useful:
      "Rules are useful: on reviews that were not at hand they are right far more often than the most frequent answer",
    hard:
      "Of the hard sentences they answer fewer right than of the reviews, by more than 30 in 100, in both languages",
    kinds:
      "Sentences of every kind are answered wrongly: rare words, other forms, negation, but, metaphors, other languages",
    negation: "A rule for “not” helps: without it fewer negations are answered right",
  },
  captions: {
    parts: ({ parts, majority, shown: { sizes, phrases } }) =>
      `Fraction right. English: ${percent(parts[0]![0]!)} of ${sizes[0]![0]!} reviews at hand, ${
        percent(parts[0]![1]!)
      } of ${sizes[0]![1]!} others, ${percent(parts[0]![2]!)} of ${sizes[0]![2]!} hard sentences; Chinese: ${
        parts[1]!.map((value) => percent(value)).join(", ")
      }. The most frequent answer would be right in ${percent(majority[0]!)} and ${
        percent(majority[1]!)
      } of the others. The tables have ${number(phrases[0]!)} and ${number(phrases[1]!)} phrases.`,
    kinds: ({ kinds: [all, factorless] }) =>
      `Hard sentences by kind, with all rules, without words that turn a feature round, and without “but”. Negations: ${
        percent(all![2]!)
      } with all rules, ${percent(factorless![2]!)} without “not”.`,
    failures: ({ errors }) =>
      `Of each kind the first two sentences that are answered wrongly. In both languages together there are ${
        errors.reduce((a, b) => a + b, 0)
      } of them.`,
  },
  reading: ({ parts, shown: { sizes } }) => [
    `The rules do nearly as well on reviews that their author did not look at as on those that he did. That is because he wrote the reviews as well: the words of both come from one vocabulary. On the ${
      sizes[0]![2]! + sizes[1]![2]!
    } hard sentences, written to contain what a list cannot foresee, they fall to ${percent(parts[0]![2]!)} and ${
      percent(parts[1]![2]!)
    }.`,
    "Most errors are of one kind: no rule knows a word of the sentence, the score is 0, and the answer is neutral. A longer list helps until the next rare word comes. Metaphors and sentences in another language have no word that a list of praise and blame could hold.",
  ],
  labels: {
    english: "English",
    chinese: "Chinese",
    training: "reviews at hand",
    test: "other reviews",
    hard: "hard sentences",
    all: "all rules",
    factorless: "without not",
    contrastless: "without but",
    rare: "rare word",
    form: "other form",
    negation: "negation",
    but: "not … but",
    metaphor: "metaphor",
    language: "other language",
    right: "fraction right",
    kind: "kind",
    sentence: "sentence",
    label: "label",
    answer: "answer",
    negative: "negative",
    neutral: "neutral",
    positive: "positive",
  },
};
