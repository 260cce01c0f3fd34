/**
 * # Where the norm stands, and what it looks at, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Normalization } from "./normalization.ts";

/** What the experiment says. */
export const words: Words<Normalization> = {
  title: "Where the norm stands, and what it looks at",
  purpose: "Gradients of untrained encoders are measured layer by layer: with the norm after each step " +
    "(post-norm) and inside it (pre-norm). Then both are trained for a moment, at the full rate from the first " +
    "step and with a warm-up. Change the layers. At the end a sentence is normalized beside ever longer " +
    "neighbours: see whether it notices them.",
  controls: {
    layers: { label: "Layers", description: "Layers of the encoders, in the first two figures" },
    width: {
      label: "Width",
      description: "Features of a position, in the first and the last figure; those that are trained have 32",
    },
    seed: SEED_WORDS,
  },
  claims: {
    pre: "A deep pre-norm encoder learns at the full rate from the first step",
    post: "A post-norm encoder of the same depth does not: it is left with what a guess costs",
    vanishing: "The reason is a gradient that dies out on its way down: with post-norm the first layer gets below a " +
      "tenth of the last one’s",
    size: "What differs is its size: at the last layer the gradient of post-norm is more than twice that of pre-norm",
    batchNorm: "BatchNorm changes a sentence when another one in the batch grows longer, even with padding masked",
    layerNorm: "LayerNorm does not change it by a single bit",
  },
  captions: {
    gradients: ({ post, pre }) =>
      `Before training, with the norm after the step, the gradient of the first of ${post.length} layers is ` +
      `${number(post[0]! / post.at(-1)!, 2)} times that of the last; with the norm inside, ` +
      `${number(pre[0]! / pre.at(-1)!, 2)} times.`,
    training({ post, abrupt, warmed, guess, shown: { warmup } }) {
      const [postNorm, preNorm, postWarm, preWarm] = [...abrupt, ...warmed].map((loss) => number(loss, 3));
      return `${post.length} layers learn to name the words that they read. At the full rate from the first step ` +
        `post-norm ends at ${postNorm} nats and pre-norm at ${preNorm}; with a warm-up of ${warmup} steps they end ` +
        `at ${postWarm} and ${preWarm}. A guess costs ${number(guess, 3)}.`;
    },
    neighbours: ({ batchPadded, batchMasked, layer, shown: { words } }) =>
      `The same sentence of ${words} words, in batches with longer neighbours: BatchNorm moves its features by up ` +
      `to ${number(Math.max(...batchPadded), 2)} deviations where padding counts, and by up to ` +
      `${number(Math.max(...batchMasked), 2)} where it does not. LayerNorm moves them by ` +
      `${number(Math.max(...layer), 3)}.`,
  },
  labels: {
    layer: "layer",
    gradient: "length of the gradient of W₂",
    postNorm: "post-norm",
    preNorm: "pre-norm",
    preNormRms: "pre-norm, RMS",
    step: "step",
    loss: "loss in nats",
    postWarm: "post-norm, warm-up",
    preWarm: "pre-norm, warm-up",
    longest: "words in the longest neighbour",
    change: "change of the normalized sentence",
    padded: "BatchNorm, padding counted",
    masked: "BatchNorm, masked",
    layerNorm: "LayerNorm",
  },
};
