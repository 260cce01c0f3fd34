/**
 * # Luck on a test set, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Evaluation } from "./evaluation.ts";

/** What the experiment says. */
export const words: Words<Evaluation> = {
  title: "Luck on a test set",
  purpose:
    "Models that all have the same true accuracy are measured on some texts, and the best of them is measured again on others. Change the number of texts or the accuracy. Then real classifiers " +
    "are chosen on one half of the test reviews and measured on the other, and the rules are compared with the bag of words.",
  controls: {
    texts: { label: "Texts", description: "Texts that each model is measured on" },
    accuracy: { label: "Accuracy", description: "True accuracy of all models" },
    seed: SEED_WORDS,
  },
  constants: {
    draws: "draws of each choice",
    halves: "halvings of the reviews",
    real: "real models",
    bootstrap: "draws of the bootstrap",
    threshold: "threshold of the rules",
  },
  claims: {
    closed: "The best of several equal models looks as good as the exact computation says, within four standard errors",
    luck: "The best of a hundred equal models looks better than it is, by more than 5 in 100",
    honest: "On texts that it was not chosen on it is as good as all others, within four standard errors",
    real:
      "A real model that was chosen on one half of the reviews looks better there than on the other half, by more than 2 in 100",
    significant:
      "The rules are better than the bag of words on the test reviews, by more than luck explains: bootstrap and McNemar's test agree",
  },
  captions: {
    best: ({ chosen, fresh, expected, shown: { models, texts, trueAccuracy } }) =>
      `Accuracy of the best of several models, all of which get ${
        percent(trueAccuracy)
      } of all texts right. On the ${texts} texts that it was chosen on the best of ${models.at(-1)!} has ${
        percent(chosen.at(-1)!, 3)
      } on average (exactly: ${percent(expected.at(-1)!, 3)}), on as many others ${percent(fresh.at(-1)!, 3)}.`,
    confusion: ({ shown: { tests, accuracies: [, bag] } }) =>
      `Confusion matrix of the bag of words on ${tests} test reviews. The diagonal is right: ${percent(bag)}.`,
    classes: ({ shown: { classes } }) => {
      const named = classes.reduce((a, b) => b.f1 > a.f1 ? b : a);
      return `Precision, recall and F1 of each class. The bag is best at “${named.label}”: ${fixed(named.f1, 3)}.`;
    },
    comparison: ({ comparison: { difference, interval: [low, high] }, few, shown: { tests, fewTests } }) =>
      `Accuracy of the rules minus that of the bag of words, with the interval that holds 95\u202f% of the draws, and the p-values of both tests. On ${tests} reviews the difference is ${
        fixed(difference, 3)
      }, ${fixed(low, 3)} to ${fixed(high, 3)}; on ${fewTests} of them the interval goes from ${
        fixed(few.interval[0], 3)
      } to ${fixed(few.interval[1], 3)}.`,
  },
  reading: (
    {
      chosen,
      fresh,
      real: [here, there],
      comparison: { pValue },
      few,
      fewExact,
      gains: [gain, larger],
      shown: { draws, larger: times, models, texts, realModels, fewTests, fewWins, accuracies: [rules, bag] },
    },
  ) => [
    `Nobody cheated in the first figure, and still the choice among ${models.at(-1)!} models adds ${
      fixed(chosen.at(-1)! - fresh.at(-1)!, 3)
    } to the accuracy that is not there on new texts. The gain grows ever more slowly with the number of models. It shrinks with the number of texts: computed exactly instead of drawn, it is ${
      fixed(gain, 3)
    } on ${texts} texts, and ${fixed(larger, 3)} on ${times} times as many.`,
    `The best of ${realModels} bags of words has ${
      percent(here, 3)
    } on the half of the reviews that it was chosen on and ${
      percent(there, 3)
    } on the other. The first number is what is reported where a model is changed until the test set likes it.`,
    `Rules (${percent(rules)}) and bag (${percent(bag)}) differ by more than luck explains, ${
      pValue * (draws + 1) < 1.5
        ? `p at most ${number(1 / (draws + 1), 1)}, the least that ${number(draws)} draws can give`
        : `p = ${number(pValue, 2)}`
    }. McNemar's test agrees. With a tenth of the reviews the bootstrap has p = ${
      number(few.pValue, 2)
    }, and McNemar's test ${number(fewExact, 2)}: one of them won ${fewWins[0]} of ${fewTests} texts alone, the other ${
      fewWins[1]
    }. ${
      few.pValue < fewExact / 2
        ? "With so few texts the bootstrap is too sure, and the exact test is the one to trust."
        : "Here both say about the same."
    }`,
  ],
  labels: {
    models: "models to choose from",
    right: "fraction right",
    chosen: "on the texts chosen on",
    fresh: "on new texts",
    expected: "exactly",
    class: "class",
    precision: "precision",
    recall: "recall",
    f1: "F1",
    texts: "texts",
    compared: "compared on",
    difference: "difference",
    low: "lowest",
    high: "highest",
    pValue: "p, bootstrap",
    exactP: "p, McNemar",
    all: "all test reviews",
    few: "a tenth of them",
    answered: "answered",
    rightClass: "right",
    negative: "negative",
    neutral: "neutral",
    positive: "positive",
  },
};
