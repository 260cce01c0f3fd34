/**
 * # A translator in seconds, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Translating } from "./encoder_decoder.ts";

/** What the experiment says. */
export const words: Words<Translating> = {
  title: "A translator in seconds",
  purpose: "A small translator learns from short Chinese sentences, from scratch, in a few seconds. Change the " +
    "number of pairs, the steps or the layers. See how the loss falls, from which Chinese characters each English " +
    "word was read, and what becomes of sentences that it has never seen.",
  controls: {
    pairs: { label: "Sentence pairs", description: "Short pairs to learn from" },
    steps: { label: "Training steps", description: "Batches of 32 pairs" },
    layers: { label: "Layers", description: "Layers of encoder and decoder" },
    seed: SEED_WORDS,
  },
  claims: {
    loss: "The loss falls below half of what knowing the frequencies of the words is worth",
    bleu: "It translates sentences that it has not seen: BLEU above 20",
    once: "The encoder runs once for a translation, however many words are written",
  },
  captions: {
    loss: ({ weights, firstLoss, lastLoss, frequencies, shown: { pairs } }) =>
      `The loss of ${number(weights, 3)} weights on ${number(pairs, 3)} pairs, from ${number(firstLoss, 3)} to ` +
      `${number(lastLoss, 3)} nats a token. Guessing by frequency costs ${number(frequencies, 3)}.`,
    attention: ({ shown: { source, translation } }) =>
      `What each piece of “${translation}” was read from in ${source}: cross-attention of the last layer. Pieces at ` +
      "the left ask, those at the right are asked.",
    examples: ({ bleu, shown: { unseen } }) =>
      `Sentences that it has never seen; over ${unseen} of them BLEU is ${number(bleu, 3)}.`,
  },
  labels: {
    step: "step",
    loss: "nats per token",
    training: "training",
    frequencies: "frequencies only",
    source: "source",
    translation: "translation",
    corpus: "in the corpus",
    head: (number) => `head ${number}`,
  },
};
