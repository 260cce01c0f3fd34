/**
 * # A translator in seconds, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Translating, TranslatorFindings } from "./encoder_decoder.ts";

/** Where the largest weights of the map fall, piece by piece. */
function mapRead({ from, to, weights }: TranslatorFindings["shown"]["attention"], translation: string): string {
  // The last row asks for the token after the translation.
  const places = weights.slice(0, -1).map((row) => row.indexOf(Math.max(...row)));
  // Neighbouring rows that look at one place stand together.
  const list = places.map((place, i) => {
    if (place === places[i - 1]) return ` ${from[i]}`;
    return `${i ? "”, at " : ""}${to[place]} for “${from[i]}`;
  }).join("") + "”";
  return `In the map of “${translation}” the largest weights are at ${list}. Nothing in the loss asks the map to follow the ` +
    "translation from word to word.";
}

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
  constants: {
    width: "width",
    heads: "heads",
    batch: "pairs in a batch",
    rate: "highest learning rate",
    dropout: "dropout",
    norms: "norms",
    characters: "most characters of a source",
    words: "most words of a target",
  },
  claims: {
    loss: "The loss falls below half of that of a model that knows the frequencies of the words alone",
    bleu: "It translates sentences that it has not seen: BLEU above 20",
    once: "The encoder runs once for a translation, however many words are written",
  },
  captions: {
    loss: ({ weights, firstLoss, lastLoss, frequencies, shown: { pairs } }) =>
      `The loss of ${number(weights, 3)} weights on ${number(pairs, 3)} pairs, from ${number(firstLoss, 3)} to ` +
      `${number(lastLoss, 3)} nats per token. A model that knows the frequencies alone has ${number(frequencies, 3)}.`,
    attention: ({ shown: { source, translation, heads } }) =>
      `What each piece of “${translation}” was read from in ${source}: cross-attention of the last layer, the mean of its ` +
      `${heads} heads. Left: a query for each step, which reads the piece before the arrow and writes the one behind it. Right: the keys.`,
    examples: ({ bleu, shown: { unseen } }) =>
      `Unseen sentences, the first ones as they come, with all errors of a training of seconds; over ${unseen} of them BLEU is ${
        number(bleu, 3)
      }.`,
  },
  reading: ({ bleu, near, frequencies, lastLoss, passes, shown: { unseen, pairs, attention, translation } }) => [
    `The loss ends at ${fixed(lastLoss, 2)} nats per token. By frequencies alone it would be ${
      fixed(frequencies, 2)
    }, so most of what ` +
    "the model knows it has read from the source and from the words before.",
    mapRead(attention, translation),
    `BLEU ${
      fixed(bleu, 1)
    } after seconds is possible because the corpus is built from patterns: of the ${unseen} unseen sentences ` +
    `${
      number(100 * near, 2)
    } % differ in one word at most from one of the ${pairs} English sentences it has learned from. With fewer pairs both ` +
    "numbers fall. On sentences that people wrote it is another matter, as a recorded run of the section shows.",
    `The encoder ran ${passes === 1 ? "once" : `${passes} times`} for the whole translation.`,
  ],
  labels: {
    step: "step",
    loss: "nats per token",
    training: "training",
    frequencies: "frequencies only",
    source: "source",
    translation: "translation",
    corpus: "in the corpus",
    mean: (heads) => `mean of ${heads} heads`,
  },
};
