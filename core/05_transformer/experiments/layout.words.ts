/**
 * # How large the paper’s models are, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number } from "../../experiments/numbers.ts";
import type { Size } from "./layout.ts";

const million = (x: number): string => `${fixed(x / 1e6, 1)} million`;

/** What the experiment says. */
export const words: Words<Size> = {
  title: "How large the paper’s models are",
  purpose: "The weights of the paper’s two models are counted from their shapes, part by part. Change the " +
    "vocabulary, and see which part grows with it. Compare the base model with the big one, which is twice as " +
    "wide.",
  controls: {
    vocabulary: { label: "Vocabulary", description: "Tokens of the vocabulary that both languages share" },
  },
  constants: { tableBase: "the paper’s table, base", tableBig: "big" },
  claims: {
    base: "The base model has 65 million weights, as the paper’s table says, within 4\u202f%",
    big: "The big model has 213 million, within 1\u202f%",
    sum: "The parts add up to the whole",
  },
  captions: {
    parts: ({ base, big }) =>
      `The base model has ${million(base)} weights, the big one ${million(big)}: twice the width is four times the ` +
      "weights of every layer, and twice those of the embeddings.",
    shapes: () => "The shapes of the two models.",
  },
  reading: ({ base, big, needed }) => [
    `The paper’s table 3 says 65 and 213 million; counted from the shapes they are ${fixed(base / 1e6, 1)} and ${
      fixed(big / 1e6, 1)
    }. ` +
    "The paper speaks of a vocabulary of about 37 000 and does not say how it counts.",
    `No vocabulary explains both numbers: the base model would need ${number(needed[0]!, 3)} tokens, the big one ${
      number(needed[1]!, 3)
    }. ` +
    "The reason is not known.",
  ],
  labels: {
    embeddings: "embeddings",
    selfAttention: "self-attention",
    crossAttention: "cross-attention",
    feedForward: "feed-forward",
    norms: "norms",
    base: "base",
    big: "big",
    trained: "trained numbers",
    model: "model",
    layers: "layers",
    width: "width",
    heads: "heads",
    inside: "feed-forward",
    weights: "weights",
  },
};
