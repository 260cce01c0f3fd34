/**
 * # How the gradient reaches the encoder, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { EncoderGradient } from "./encoder.ts";

/** What the experiment says. */
export const words: Words<EncoderGradient> = {
  title: "How the gradient reaches the encoder",
  purpose:
    "A loss is computed in the decoder, and its gradient is followed back into the encoder, twice: as the model " +
    "is, and with the cross-attention cut. Change the number of layers. See the gradient of each layer of the encoder, " +
    "and what each layer of the decoder contributes.",
  controls: {
    layers: { label: "Layers", description: "Of the encoder and of the decoder" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    heads: "heads",
    vocabulary: "tokens of the vocabulary",
    batch: "sequences in a batch",
    length: "tokens of a sequence",
  },
  claims: {
    every: "Every layer of the encoder gets a gradient, from cross-entropy as from rewards",
    cut: "With the cross-attention cut it is exactly 0 in every layer, while the decoder’s is not",
    shares: "Each decoder layer contributes a part of the gradient, and the parts add up to the whole",
  },
  captions: {
    layers: ({ cut, decoder }) =>
      "Gradients of the encoder, layer by layer. With the cross-attention cut they are " +
      `${Math.max(...cut) === 0 ? "exactly 0" : "not 0"}, for cross-entropy as for rewards; the decoder’s own is ` +
      `${number(decoder, 3)}.`,
    shares: ({ difference }) =>
      "Cross-attention open in one decoder layer only: the gradient that reaches the encoder. As vectors they " +
      `add up to the whole${difference < 1e-4 ? ", within rounding" : " only in part"}.`,
  },
  labels: {
    length: "length of the gradient",
    crossEntropy: "cross-entropy",
    rewards: "rewards",
    crossEntropyCut: "cross-entropy, cut",
    rewardsCut: "rewards, cut",
    share: "length of the encoder’s gradient",
    encoderLayer: (number) => `encoder layer ${number}`,
    decoderLayer: (number) => `decoder layer ${number}`,
  },
};
