/**
 * # Contrast and false sums, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { rangeOf, written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { ContrastedSums } from "./contrastive.ts";

const share = (values: readonly number[]): string => written(rangeOf(values), (one) => percent(one, 2));

/** What the experiment says. */
export const words: Words<ContrastedSums> = {
  title: "Contrast and false sums",
  purpose:
    "An expert and a smaller amateur read the same true sums. See how often answers are false by the expert alone, by its cut alone, by contrastive " +
    "decoding, and by probabilities subtracted from each other, on sums that both have read and on others. Change the amateur's width, the cut and the strength.",
  controls: {
    width: { label: "Width of the amateur", description: "How many numbers its vectors have" },
    alpha: { label: "Cut α", description: "Fraction of the largest probability that a plausible token needs" },
    strength: { label: "Strength λ", description: "How much the amateur counts" },
    seed: SEED_WORDS,
  },
  constants: {
    largest: "largest number to add",
    read: "fraction of the sums that is read",
    expert: "width of the expert",
    layers: "layers of both",
    steps: "steps",
    seeds: "seeds",
  },
  claims: {
    learned: "On sums that were read, contrastive decoding samples less than a tenth of the false results",
    cut: "So does its cut alone, without an amateur",
    hallucinates:
      "On unseen sums contrastive decoding is false less often than the expert, and its samples less often than the cut's",
  },
  captions: {
    bars: ({ shown: { alpha, strength, width, seeds } }) =>
      `Which fraction of the answers is false, by method, with an amateur of width ${width}, α = ${
        number(alpha)
      } and λ = ${number(strength)}: means of ${seeds} seeds, with their range. ` +
      "Subtracted probabilities have negative ones among them, which are set to 0 here.",
    cuts: ({ shown: { seeds } }) =>
      `False samples of unseen sums by the cut, with the amateur and without one: means of ${seeds} seeds, bands are their range.`,
  },
  reading: (
    {
      learnedExpert,
      learnedCut,
      learnedContrastive,
      expertErrors,
      contrastiveErrors,
      unseenCut,
      unseenContrastive,
      mended,
      broken,
      asked,
    },
  ) => [
    `On sums that were read, ${share(learnedExpert)} of the expert's samples are false over the seeds, ${
      share(learnedContrastive)
    } with contrastive decoding, and ${share(learnedCut)} with its cut alone.`,
    `On unseen sums greedy search is false in ${share(expertErrors)} of the cases by the expert and in ${
      share(contrastiveErrors)
    } by contrastive decoding: of ${asked} answers it mends ${mended} and breaks ${broken}. Of its samples ${
      share(unseenContrastive)
    } are false, of those of the cut alone ${
      share(unseenCut)
    }. An amateur that has read the same sums does not know which of ` +
    "the expert's guesses are wrong.",
  ],
  labels: {
    expert: "expert alone",
    cut: "cut alone",
    contrastive: "contrastive",
    subtracted: "probabilities subtracted",
    rate: "fraction that is false",
    learnedSampled: "learned sums, samples",
    unseenSampled: "unseen sums, samples",
    unseenGreedy: "unseen sums, greedy",
    alpha: "cut α",
  },
};
