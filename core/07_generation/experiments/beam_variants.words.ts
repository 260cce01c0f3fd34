/**
 * # One sentence, several hypotheses, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Variants } from "./beam_variants.ts";

/** What the experiment says. */
export const words: Words<Variants> = {
  title: "One sentence, several hypotheses",
  purpose:
    "A translator generates several hypotheses for each sentence in four ways: by beam search, by diverse and by " +
    "stochastic beams, and by independent sampling. Change the number of beams, or the penalty of a repeated word. " +
    "Compare how many words and hypotheses differ, and how probable they are.",
  controls: {
    beams: { label: "Beams", description: "Hypotheses for a sentence; diverse ones are a group each" },
    penalty: {
      label: "Diversity penalty",
      description: "Penalty of a word that another group has just taken, in nats",
    },
    steps: { label: "Training steps", description: "Of the translator; batches of 32 short pairs" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    heads: "heads",
    rate: "learning rate",
    sentences: "sentences",
    longest: "longest output",
  },
  claims: {
    diverse: "Diverse beams use more words and more pairs of words than beam search",
    stochastic: "So do stochastic beams",
    mostProbable: "Beam search finds the most probable hypotheses: the others’ are less probable on average",
    repeated: "Stochastic beams never repeat a hypothesis; independent samples do",
  },
  captions: {
    variety: ({ words, shown: { count, sentences } }) =>
      `Different words and pairs of words in ${count} hypotheses for one sentence, the mean over ${sentences} ` +
      `sentences: ${number(words[0]!, 3)} words by beam search, ${number(words[1]!, 3)} by diverse and ` +
      `${number(words[2]!, 3)} by stochastic beams.`,
    cost: ({ texts, mean }) =>
      `The hypotheses of beam search have a log-probability of ${
        number(mean[0]!, 3)
      } on average, those of diverse beams ` +
      `${number(mean[1]!, 3)}, of stochastic ones ${number(mean[2]!, 3)}. Of independent samples ` +
      `${percent(texts[3]!, 2)} are different.`,
    texts: ({ shown: { source } }) => `What each way generates for ${source}, with log-probabilities.`,
  },
  labels: {
    beamSearch: "beam search",
    diverse: "diverse beams",
    stochastic: "stochastic beams",
    oneByOne: "independent samples",
    different: "different ones per sentence",
    words: "words",
    pairs: "pairs",
    logProbability: "log-probability",
    mostProbable: "most probable hypothesis",
    mean: "mean of different texts",
  },
};
