/**
 * # BLEU where cross-entropy stalls, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Rewarded } from "./policy_gradient.ts";

const BASELINES = { none: "none", "running mean": "running mean", greedy: "greedy", others: "others" } as const;

/** What the experiment says. */
export const words: Words<Rewarded> = {
  title: "BLEU where cross-entropy stalls",
  purpose:
    "A small translator is trained by cross-entropy until its BLEU no longer rises. From there two copies continue: " +
    "one by cross-entropy, one by rewards for whole sentences. Change the baseline, or the steps of each part. Look at " +
    "which of the two raises BLEU, and how the loss changes. This experiment takes longer than the others.",
  controls: {
    steps: { label: "Cross-entropy steps", description: "Batches of 32 pairs before the switch" },
    more: { label: "Steps after the switch", description: "Batches of 64 pairs, 4 samples for each" },
    baseline: { label: "Baseline", description: "What is subtracted from a reward", choices: BASELINES },
    seed: SEED_WORDS,
  },
  constants: {
    hidden: "hidden width",
    heads: "heads",
    layers: "layers of the encoder and of the decoder",
    rate: "highest learning rate",
    after: "learning rate after the switch",
    batch: "pairs in a batch",
    second: "after the switch",
    samples: "translations sampled for each",
    longest: "longest translation",
  },
  claims: {
    stalled: "Cross-entropy has stalled: going on does not raise BLEU",
    rises: "BLEU rises there by rewards",
    drawn: "So does the mean reward of samples, which is the objective, and more than by cross-entropy",
    aim: "It is another objective: meanwhile the references of unseen sentences become less probable",
    others: "The mean of the other samples lowers the variance of the gradient",
    every: "Every baseline does",
  },
  captions: {
    after: ({ before, continued, rewarded, shown: { more, unseen } }) =>
      `From the same model: ${more} further steps of cross-entropy lead from ${number(before.at(-1)!, 3)} to ` +
      `${number(continued.at(-1)!, 3)} BLEU on ${unseen} unseen sentences, ${more} steps on rewards to ` +
      `${number(rewarded.at(-1)!, 3)}.`,
    before: ({ before }) =>
      "The training before the switch, by cross-entropy: BLEU on unseen sentences levels off at " +
      `${number(before.at(-1)!, 3)}.`,
    models: () =>
      "Unseen sentences under the three models: BLEU of the greedy output, mean reward of samples, and the " +
      "cross-entropy of the references.",
    variance: ({ variances, shown: { repeats } }) =>
      `Variance of the gradient of one batch, sampled ${repeats} times: with the running mean ` +
      `${number(variances[1]!, 2)} of that without a baseline, with the greedy output ${
        number(variances[2]!, 2)
      }, with the ` +
      `mean of the other samples ${number(variances[3]!, 2)}.`,
    changed: () => "Unseen sentences whose translation the rewards have changed, the first ones as they come.",
  },
  reading: ({ before, continued, rewarded, drawn, losses, variances, shown: { more, unseen } }) => {
    const change = (to: number): string => fixed(to - before.at(-1)!, 1).replace(/^(?=\d)/, "+");
    const noise = Math.max(...[before.at(-1)!, ...continued].map((x, i, all) => i ? Math.abs(x - all[i - 1]!) : 0));
    return [
      `After ${more} steps BLEU has changed by ${change(rewarded.at(-1)!)} with rewards and by ` +
      `${change(continued.at(-1)!)} with cross-entropy. This is one seed and ${unseen} sentences. Between two ` +
      `checkpoints of the copy that went on with cross-entropy, BLEU moves by up to ${fixed(noise, 1)}.`,
      `The mean reward of sampled translations is what is trained on. It goes from ${fixed(drawn[0]!, 1)} to ` +
      `${fixed(drawn[2]!, 1)}. Meanwhile the cross-entropy of the references goes from ${fixed(losses[0]!, 2)} to ` +
      `${fixed(losses[2]!, 2)} nats per token.`,
      `The gradient has ${
        fixed(variances[3]!, 2)
      } times the variance with the mean of the other samples as baseline, and ` +
      `${fixed(variances[2]!, 2)} times with the reward of the greedy translation. Any baseline keeps the estimate ` +
      "unbiased. The baseline with the least variance is the mean reward weighted by the squared norm of each " +
      "sample’s gradient. The greedy translation’s reward lies far from it where most samples earn nearly the full " +
      "reward with small gradients and a few failures have large ones.",
    ];
  },
  labels: {
    afterSwitch: "steps after the switch",
    bleu: "BLEU",
    rewards: "rewards",
    crossEntropy: "cross-entropy",
    step: "step",
    variance: "variance, none = 1",
    ...BASELINES,
    model: "model",
    output: "BLEU, greedy output",
    drawn: "mean sentence BLEU, samples",
    loss: "cross-entropy, nats per token",
    switch: "at the switch",
    continued: "more cross-entropy",
    corpus: "in the corpus",
    before: "before",
    after: "after",
  },
};
