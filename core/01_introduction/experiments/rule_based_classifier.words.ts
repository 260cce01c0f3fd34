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
    reach: { label: "Reach", description: "Words before a feature that may reverse it" },
    threshold: {
      label: "Threshold",
      description: "From it on a score is positive, from its negative down it is negative",
    },
  },
  claims: {
    useful: "Rules are useful: on the test reviews they are right far more often than the most frequent answer",
    hard:
      "On the hard sentences the fraction of right answers is more than 0.30 lower than on the test reviews, in both languages",
    kinds:
      "Sentences of every kind are answered wrongly: rare words, other forms, negation, but, metaphors, other languages",
    negation: "A rule for “not” helps: without it fewer negations are answered right",
  },
  captions: {
    parts: ({ parts, majority, shown: { sizes, phrases, factors } }) =>
      `Fraction right. English: ${percent(parts[0]![0]!)} of ${sizes[0]![0]!} training reviews, ${
        percent(parts[0]![1]!)
      } of ${sizes[0]![1]!} test reviews, ${percent(parts[0]![2]!)} of ${sizes[0]![2]!} hard sentences; Chinese: ${
        parts[1]!.map((value) => percent(value)).join(", ")
      }. The most frequent answer would be right in ${percent(majority[0]!)} and ${
        percent(majority[1]!)
      } of the test reviews. The tables have ${number(phrases[0]!)} and ${
        number(phrases[1]!)
      } phrases with points, and ${factors[0]!} and ${factors[1]!} with a factor.`,
    kinds: ({ kinds: [all, factorless, contrastless] }) =>
      `Hard sentences by kind, with all rules, without words with a factor, such as “not”, and without “but”. Negations: ${
        percent(all![2]!)
      } with all rules, ${percent(factorless![2]!)} without “not”. ${
        contrastless!.every((value, i) => value === all![i])
          ? "Without “but” no number changes: halving what stands before it hardly ever moves a score over a threshold."
          : `Sentences with “but”: ${percent(all![3]!)} with all rules, ${percent(contrastless![3]!)} without “but”.`
      }`,
    failures: ({ errors }) =>
      `Of each kind the first two sentences that are answered wrongly. In both languages together there are ${
        errors.reduce((a, b) => a + b, 0)
      } of them.`,
  },
  reading: ({ parts, shown: { sizes } }) => [
    `On the training reviews the rules are right in ${percent(parts[0]![0]!, 3)} (English) and ${
      percent(parts[1]![0]!, 3)
    } (Chinese), on the test reviews in ${percent(parts[0]![1]!, 3)} and ${
      percent(parts[1]![1]!, 3)
    }. One author wrote all reviews, and then the rules, so that the words of both come from one vocabulary. The numbers say little of reviews by others. On the ${
      sizes[0]![2]! + sizes[1]![2]!
    } hard sentences, written to contain what a list cannot foresee, they fall to ${percent(parts[0]![2]!)} and ${
      percent(parts[1]![2]!)
    }.`,
    "Most errors are of one kind: no rule knows a word of the sentence, the score is 0, and the answer is neutral. A longer list helps until the next rare word comes. Metaphors and sentences in another language have no word that a list of praise and blame could hold.",
  ],
  labels: {
    english: "English",
    chinese: "Chinese",
    training: "training reviews",
    test: "test reviews",
    hard: "hard sentences",
    all: "all rules",
    factorless: "without not",
    contrastless: "without but",
    rare: "rare word",
    form: "other form",
    negation: "negation",
    but: "but",
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
