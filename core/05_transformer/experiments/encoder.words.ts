/**
 * # One word, two sentences, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Contextual } from "./encoder.ts";

/** What the experiment says. */
export const words: Words<Contextual> = {
  title: "One word, two sentences",
  purpose: "“I eat an apple” and “apple released a phone” go through encoders with random weights. The " +
    "vectors of apple start as one and are compared by their angle: 1 is the same direction, 0 is unrelated. " +
    "Each encoder is random, so cosines are means over 16. Change the layers, and see how far the two " +
    "move apart, and whether they stay closer to each other than different words.",
  controls: {
    layers: { label: "Layers", description: "Layers of the encoder" },
    heads: { label: "Heads", description: "Heads of each attention" },
    seed: SEED_WORDS,
  },
  constants: { draws: "encoders" },
  claims: {
    static: "A table gives a word the same vector in every sentence",
    contextual: "An encoder does not: after its last layer the vectors of apple differ, their cosine is below 0.95",
    kept: "Post-norm keeps more of the original word than pre-norm",
    exchanged: "Without positions, exchanging two words exchanges their two outputs and changes nothing else",
    padding: "Padding under a mask changes nothing; read as words, it does",
  },
  captions: {
    statics: ({ shown: { draws } }) =>
      `Cosines between static vectors, as tables have them, mean of ${draws}: apple is apple.`,
    contextual: ({ sameWord, otherWords, shown: { draws } }) =>
      `After ${draws} untrained encoders with post-norm, on average: the two vectors of apple have cosine ` +
      `${number(sameWord.at(-1)!, 2)}, for each has read its sentence; different words have ` +
      `${number(otherWords.at(-1)!, 2)}.`,
    layers: ({ shown: { draws, kept: [post, pre] } }) =>
      `The two vectors of apple by layer, mean of ${draws} encoders. With post-norm they end ${
        number(post!, 1)
      } more ` +
      `alike than different words, with pre-norm ${number(pre!, 1)}.`,
    attention: ({ shown: { weights } }) =>
      "Who reads whom in the first layer of one encoder, by chance before training. Words at the left ask, " +
      "words at the right are asked; the wider the line, the larger the weight. The largest is " +
      `${number(Math.max(...weights.flat(2)), 2)}.`,
  },
  labels: {
    first: "in the first sentence",
    second: "in the second",
    layers: "layers",
    cosine: "cosine",
    samePost: "post-norm, apple and apple",
    otherPost: "post-norm, different words",
    samePre: "pre-norm, apple and apple",
    otherPre: "pre-norm, different words",
    head: (number) => `head ${number}`,
  },
};
