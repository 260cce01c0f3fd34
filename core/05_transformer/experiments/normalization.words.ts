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
    "(post-norm) and inside it (pre-norm). Then both are trained for a few steps, at the full rate from the " +
    "first step and with a warm-up. Change the layers. At the end a sentence is normalized in batches with longer " +
    "and longer sentences. See whether its features change.",
  controls: {
    layers: { label: "Layers", description: "Layers of the encoders, in the first two figures" },
    width: {
      label: "Width",
      description: "Features of a position, in the first and the last figure; those that are trained have 32",
    },
    seed: SEED_WORDS,
  },
  constants: {
    steps: "training steps",
    warmup: "steps of warm-up",
    rate: "learning rate",
    width: "trained width",
    heads: "heads",
    words: "different words",
    length: "words in a sentence",
    batch: "sentences in a batch",
    seeds: "seeds",
  },
  claims: {
    pre: "A deep pre-norm encoder learns at the full rate from the first step",
    post: "A post-norm encoder of the same depth does not in so few steps: its loss stays near that of a guess, with " +
      "every seed",
    half: "A post-norm encoder of half the depth does learn, at the same rate and without a warm-up",
    vanishing: "The reason is a vanishing gradient: with post-norm the first layer’s gradient is below a " +
      "tenth of the last layer’s",
    size: "The gradients differ in size: at the last layer that of post-norm is more than twice that of pre-norm",
    batchNorm: "BatchNorm changes a sentence when another one in the batch grows longer, even with padding masked",
    layerNorm: "LayerNorm does not change it at all",
  },
  captions: {
    gradients: ({ post, pre }) =>
      `Before training, with the norm after the step, the gradient of the first of ${post.length} layers is ` +
      `${number(post[0]! / post.at(-1)!, 2)} times that of the last; with the norm inside, ` +
      `${number(pre[0]! / pre.at(-1)!, 2)} times.`,
    training({ post, abrupt, warmed, guess, seeds, shown: { warmup } }) {
      const [postNorm, preNorm, postWarm, preWarm] = [...abrupt, ...warmed].map((loss) => number(loss, 3));
      return `${post.length} layers learn to name the words that they read. At the full rate from the first step ` +
        `post-norm ends at ${postNorm} nats and pre-norm at ${preNorm}; with a warm-up of ${warmup} steps they end ` +
        `at ${postWarm} and ${preWarm}. A guess costs ${
          number(guess, 3)
        }. The band is that of post-norm over ${seeds} seeds.`;
    },
    neighbours: ({ batchPadded, batchMasked, layer, shown: { words } }) =>
      `The same sentence of ${words} words, in batches with longer neighbours: BatchNorm moves its features by up ` +
      `to ${number(Math.max(...batchPadded), 2)} deviations where padding counts, and by up to ` +
      `${number(Math.max(...batchMasked), 2)} where it does not. LayerNorm moves them by ` +
      `${number(Math.max(...layer), 3)}.`,
  },
  reading: ({ post, abrupt, warmed, abruptRange, half, guess, seeds, batchMasked, shown: { warmup } }) => {
    const layers = post.length, nats = (loss: number): string => number(loss, 3);
    return [
      `Without a warm-up the post-norm stack of ${layers} layers ends between ${nats(abruptRange[0])} and ` +
      `${nats(abruptRange[1])} nats over ${seeds} seeds, where a guess costs ${nats(guess)}. With ` +
      `${Math.ceil(layers / 2)} layers it ends at ${nats(half)}. A warm-up of ${warmup} steps moves the deep stack ` +
      `from ${nats(abrupt[0]!)} to ${nats(warmed[0]!)}.`,
      "This is a small model and a very short training. BERT is post-norm with 12 and with 24 layers. It trains, with " +
      "a warm-up of 10,000 steps (Devlin et al. 2019).",
      `The first layer of the untrained post-norm stack has ${nats(post[0]! / post.at(-1)!)} times the gradient of ` +
      `the last one: the gradient ${post[0]! > post.at(-1)! / 10 ? "does not vanish" : "vanishes"} on its way back.`,
      `BatchNorm changes the watched sentence by up to ${nats(Math.max(...batchMasked))} deviations even where ` +
      "padding is masked.",
    ];
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
