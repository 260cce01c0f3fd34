/**
 * # One sentence, several texts, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Variants } from "./beam_variants.ts";

/** What the experiment says. */
export const words: Words<Variants> = {
  title: "One sentence, several texts",
  purpose: "A translator writes several texts for each sentence in four ways: by beam search, by diverse and by " +
    "stochastic beams, and by drawing one text at a time. Change the number of beams, or what a repeated word costs. " +
    "Compare how many words and texts differ, and how likely they are.",
  controls: {
    beams: { label: "Beams", description: "Texts for a sentence; diverse ones are a group each" },
    penalty: {
      label: "Diversity penalty",
      description: "What a word costs that another group has just taken, in nats",
    },
    steps: { label: "Training steps", description: "Of the translator; batches of 32 short pairs" },
    seed: SEED_WORDS,
  },
  claims: {
    diverse: "Diverse beams use more words and more pairs of words than beam search",
    stochastic: "So do stochastic beams",
    likeliest: "Beam search finds the likeliest texts: the others’ are less likely on average",
    repeated: "Stochastic beams never repeat a text; drawn one by one, many texts come twice",
  },
  captions: {
    variety: ({ words, shown: { count, sentences } }) =>
      `Different words and pairs of words in ${count} texts for one sentence, the mean over ${sentences} ` +
      `sentences: ${number(words[0]!, 3)} words by beam search, ${number(words[1]!, 3)} by diverse and ` +
      `${number(words[2]!, 3)} by stochastic beams.`,
    cost: ({ texts, mean }) =>
      `What it costs: the texts of a beam search have ${number(mean[0]!, 3)} nats on average, of diverse beams ` +
      `${number(mean[1]!, 3)}, of stochastic ones ${number(mean[2]!, 3)}. Drawn one by one only ` +
      `${percent(texts[3]!, 2)} of the texts are different.`,
    texts: ({ shown: { source } }) => `What each way writes for ${source}, with log-probabilities.`,
  },
  labels: {
    beamSearch: "beam search",
    diverse: "diverse beams",
    stochastic: "stochastic beams",
    oneByOne: "one by one",
    different: "different ones per sentence",
    words: "words",
    pairs: "pairs",
    logProbability: "log-probability",
    likeliest: "likeliest text",
    mean: "mean of different texts",
  },
};
