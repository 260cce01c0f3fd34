/**
 * # True sums only, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { rangeOf, written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { TrueSums } from "./hallucination.ts";

const short = (value: number): string => number(value, 2);

/** What the experiment says. */
export const words: Words<TrueSums> = {
  title: "True sums only",
  purpose:
    "A small language model reads true sums alone, 2 + 2 = 4 among them. See how much probability mass false results keep, how " +
    "many samples are false at each temperature, and whether its confidence tells. Change which fraction of all sums it reads, and " +
    "the label smoothing.",
  controls: {
    part: { label: "Sums read", description: "Which fraction of all sums the model learns from" },
    smoothing: { label: "Label smoothing", description: "Probability mass spread over all tokens in training" },
    seed: SEED_WORDS,
  },
  constants: {
    largest: "largest number to add",
    width: "width",
    layers: "layers",
    steps: "steps",
    samples: "samples of each sum",
    seeds: "seeds",
  },
  claims: {
    mass: "False results keep some probability mass, 2 + 2 = 5 too, on sums that the model has read often",
    greedy: "Greedy search answers none of the sums falsely that the model has read",
    unseen: "It answers unseen sums falsely, and is sure of it",
    temperature:
      "The higher the temperature, the more samples are false; a low one removes nearly all false samples of learned sums, and few of unseen ones",
    confidence:
      "The model is less sure where it is wrong, so answering only where it is sure leaves fewer errors, and some",
  },
  captions: {
    mass: ({ masses, noted, shown: { sums, seeds } }) =>
      `The mean false mass of the ${sums[0]} sums that the model reads, and the probability of 2 + 2 = 5: they end at ${
        short(masses[0]!)
      } and ${short(noted[0]!)}, and reach 0 at no step. Lines are the first seed, bands the range of ${seeds}.`,
    temperature: ({ learnedRates, unseenRates, shown: { rates } }) => {
      const one = rates[0]!.findIndex(([temperature]) => temperature === 1);
      return `Which fraction of samples is false, by temperature. At 1 it is ${
        percent(learnedRates[one]!, 2)
      } for learned sums and ${percent(unseenRates[one]!)} for unseen ones; at ${short(rates[0]![0]![0])}, ${
        percent(learnedRates[0]!, 2)
      } and ${percent(unseenRates[0]!)}.`;
    },
    coverage: ({ byConfidence, byAgreement, shown: { samples, seeds } }) =>
      `Errors among the unseen sums that are answered, if those are answered first on which the model is surest, by its confidence or by the ` +
      `agreement of ${samples} samples. Over ${seeds} seeds the AUROC is ${written(rangeOf(byConfidence), short)} and ${
        written(rangeOf(byAgreement), short)
      }; 0.5 would be chance.`,
  },
  reading: ({ unseenErrors, falseConfidences, halves, masses, shown: { asked: [learned, unseen] } }) => [
    `After training the false mass of a learned sum is ${
      written(rangeOf(masses), short)
    } over the seeds, and greedy search answers ${
      percent(learned.error)
    } of them falsely with the first seed. Of the unseen sums it answers ${
      written(rangeOf(unseenErrors), (one) => percent(one))
    } falsely. There its mean confidence is ${percent(unseen.confidence)} with the first seed, and ${
      written(rangeOf(falseConfidences), (one) => percent(one))
    } over all seeds where it is wrong: no temperature and no truncation finds the true result of these.`,
    `If only the surer half of the unseen sums is answered, ${
      written(rangeOf(halves), (one) => percent(one))
    } of those answers are still false.`,
  ],
  labels: {
    step: "step",
    probability: "probability",
    learned: "false, learned sums",
    unseen: "false, unseen sums",
    noted: "2 + 2 = 5",
    temperature: "temperature",
    rate: "fraction of false samples",
    coverage: "fraction of the unseen sums that is answered",
    error: "errors among the answers",
    byConfidence: "by confidence",
    byAgreement: "by agreement",
  },
};
