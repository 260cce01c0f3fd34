/**
 * # How large the paper’s models are, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed } from "../../../experiments/numbers.ts";
import type { Size } from "./size.ts";

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
