/**
 * # A small GPT on letters, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { DecoderOnlyFindings, Letters } from "./decoder_only.ts";

const written = (stage: string, { shown: { temperature, letters } }: DecoderOnlyFindings): string =>
  `Written ${stage}, at temperature ${number(temperature, 3)}, from a text of ${number(letters, 3)} letters.`;

/** What the experiment says. */
export const words: Words<Letters> = {
  title: "A small GPT on letters",
  purpose: "A model reads English sentences letter by letter and learns which letter comes next. Change the " +
    "steps of the training, or the temperature of what it writes. Compare its loss with that of tables " +
    "of frequencies, and read what it generates before training, early in training and at the end.",
  controls: {
    steps: { label: "Training steps", description: "Batches of 24 windows" },
    layers: { label: "Layers", description: "Layers of the model" },
    temperature: { label: "Temperature", description: "What the logits are divided by before sampling" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    heads: "heads",
    rate: "learning rate",
    context: "letters of context",
    batch: "windows in a batch",
    sample: "letters of a sample",
  },
  claims: {
    untrained: "An untrained model knows nothing: its loss is that of a uniform guess, within 5\u202f%",
    pairs: "The trained model beats the best that can be known from the letter before",
    spelling:
      "It learns to spell: more than a quarter of the words that it generates occur in the training text, five " +
      "times as many as before training",
  },
  captions: {
    loss: ({ firstLoss, lastLoss, frequencies, pairs, shown: { alphabet } }) =>
      `From ${number(firstLoss, 3)} nats a letter, a uniform guess among ${alphabet}, to ${number(lastLoss, 3)}. ` +
      `A table of the frequencies of the letters reaches ${
        number(frequencies, 3)
      }, one of the frequencies after each ` +
      `letter ${number(pairs, 3)}.`,
    before: (findings) => written("before training", findings),
    during: (findings) => written(`after ${findings.shown.steps[1]} steps`, findings),
    after: (findings) => written(`after ${findings.shown.steps[2]} steps`, findings),
  },
  labels: {
    step: "step",
    loss: "nats per letter",
    model: "model",
    frequencies: "frequencies",
    pairs: "letter before",
  },
};
