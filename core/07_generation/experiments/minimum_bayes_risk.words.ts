/**
 * # One meaning, many sentences, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { BayesRisk } from "./minimum_bayes_risk.ts";

/** What the experiment says. */
export const words: Words<BayesRisk> = {
  title: "One meaning, many sentences",
  purpose:
    "In each situation one thing is said more often than another, but in several ways. Of sentences drawn at random one is chosen, by its probability or by minimum Bayes risk with one of three gains. Counted is how often the " +
    "one chosen says what is said most.",
  controls: {
    share: { label: "Probability of the first meaning", description: "The one that is said in several ways" },
    ways: { label: "Ways to say it", description: "In the second and the third figure" },
    common: {
      label: "Words in common",
      description: "Of four: those that all ways share, in the first and the third figure",
    },
    samples: { label: "Samples", description: "Sentences to choose from, in the first and the second figure" },
    seed: SEED_WORDS,
  },
  constants: {
    situations: "situations of each kind",
    seeds: "seeds",
    words: "words",
  },
  claims: {
    one: "Said in one way, the more probable meaning is chosen in more than 90 % of the situations by every decision",
    mode: "Said in three ways or more, the most probable sample has it in fewer than 10 %, with every seed",
    match:
      "With more samples exact match comes nearer to the most probable sentence: from 64 samples it has it in fewer than 35\u202f%, and in fewer than from 4, with every seed",
    meaning:
      "With a gain that sees the meaning it is chosen in more than 90 %, however many ways there are, with every seed",
    words:
      "Common words choose it in fewer than half of the situations if the ways share no word, and in more than 90 % if they share three of four, with every seed",
  },
  captions: {
    ways: ({ byWays, shown: { ways, share, samples, atCommon, length } }) =>
      `Fraction of situations in which the sentence chosen says the meaning of probability ${
        percent(share)
      }, from ${samples} samples; the ways to say it share ${atCommon} of ${length} words. In ${
        ways.at(-1)
      } ways: most probable sample ${percent(byWays[0]!.at(-1)!)}, common words ${
        percent(byWays[2]!.at(-1)!)
      }, meaning ${percent(byWays[3]!.at(-1)!)}.`,
    common: ({ byCommon, shown: { atWays, common } }) =>
      `The same by the number of words that the ${atWays} ways have in common. The gain of common words chooses it in ${
        percent(byCommon[2]![0]!)
      } with ${common[0]} and in ${percent(byCommon[2]!.at(-1)!)} with ${common.at(-1)}.`,
    samples: ({ bySamples, shown: { atWays, atCommon, counts } }) =>
      `The same by the number of samples, with ${atWays} ways that share ${atCommon}. From one sample all decisions choose the same; by meaning ${
        percent(bySamples[3]!.at(-1)!)
      } from ${counts.at(-1)}.`,
  },
  labels: {
    probable: "most probable sample",
    exact: "MBR, exact match",
    words: "MBR, common words",
    meaning: "MBR, meaning",
    ways: "ways to say it",
    common: "words in common",
    samples: "samples",
    right: "fraction of situations",
  },
};
