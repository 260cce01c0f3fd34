/**
 * # A word remembered over a distance
 *
 * A word, then a number of others that mean nothing, then a sign that asks for the first. Four networks of about equal width learn it at growing distances: a recurrent
 * network, an LSTM, a GRU, and one layer of attention with positions.
 *
 * @module
 */

import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import type { Module } from "../../../engine/module.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { DecoderOnly } from "../../../05_transformer/decoder_only.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { elman, gru, lstm, RecurrentLanguageModel } from "../../lstm/language_model.ts";

/** Words to remember, words in between, and what is trained and tested. */
export const RECALLED = 8, OTHERS = 8, BATCH = 32, TESTS = 128, RATE = 0.01;
/** Distances of the experiment, and its seeds. */
const DISTANCES = [2, 4, 8, 16, 32], SEEDS = 2;
/** The token that asks. */
const ASK = RECALLED + OTHERS;

/** The networks, in the order of the figures. */
export const NETWORKS = ["rnn", "lstm", "gru", "attention"] as const;
/** One of the networks. */
export type Network = typeof NETWORKS[number];

/** A model that scores the words to remember after the last token. */
export type Recaller = Module & {
  forward(tokens: Tensor, call: { readonly lastOnly: true }): Tensor;
};

/** A network of a width, for texts of a length. */
export function makeNetwork(
  network: Network,
  { width: hiddenSize, bias }: { readonly width: number; readonly bias: number },
  length: number,
  random: Random,
): Recaller {
  const sizes = { vocabSize: ASK + 1, hiddenSize };
  if (network === "attention") {
    return new DecoderOnly({ ...sizes, contextLength: length, numLayers: 1, numHeads: 2 }, random);
  }
  const recurrence = { rnn: elman, lstm, gru }[network];
  const model = new RecurrentLanguageModel({ ...sizes, recurrence }, random);
  const { hidden } = model.network.layers[0]!.forwards;
  // Of the gates of a GRU, the second one keeps, as the second one of an LSTM does.
  if (network !== "rnn") noGrad(() => hidden.bias!.slice(0, hiddenSize, 2 * hiddenSize).assign(bias));
  return model;
}

/** Texts and the words that they ask for. */
export function drawTexts(
  random: Random,
  count: number,
  distance: number,
): { readonly tokens: Tensor; readonly answers: number[] } {
  const answers = Array.from({ length: count }, () => random.integer(RECALLED));
  const rows = answers.map((answer) => [
    answer,
    ...Array.from({ length: distance - 1 }, () => RECALLED + random.integer(OTHERS)),
    ASK,
  ]);
  return { tokens: tensor(Int32Array.from(rows.flat()), [count, distance + 1]), answers };
}

/** Trains a network at a distance; returns the fraction of right answers on unseen texts. */
export async function recallAt(
  network: Network,
  { distance, width, bias, steps, seed }: Readonly<Record<"distance" | "width" | "bias" | "steps" | "seed", number>>,
  options: RunOptions,
): Promise<{ readonly accuracy: number; readonly weights: number }> {
  const random = new Random(seed), model = makeNetwork(network, { width, bias }, distance + 1, random);
  await learn({
    model,
    next: () => drawTexts(random, BATCH, distance),
    loss: ({ tokens, answers }) =>
      crossEntropy(model.forward(tokens, { lastOnly: true }).at(1, -1), tensor(Int32Array.from(answers))),
    steps,
    learningRate: RATE,
    every: Math.ceil(steps / 10),
  }, options);
  const { tokens, answers } = drawTexts(random, TESTS, distance);
  const chosen = scope(() => noGrad(() => model.forward(tokens, { lastOnly: true }).at(1, -1).argmax(-1)));
  const found = [...await chosen.read()], weights = model.parameterCount();
  discard(model);
  return { accuracy: answers.filter((answer, i) => answer === found[i]).length / TESTS, weights };
}

/** What is found. */
export interface RecallFindings {
  readonly distances: readonly number[];
  /** Fraction of right answers, by network and distance. */
  readonly accuracy: readonly (readonly number[])[];
  /** Lowest and highest over the seeds. */
  readonly ranges: readonly (readonly Range[])[];
  /** Weights of each network. */
  readonly weights: readonly number[];
  readonly shown: { readonly seeds: number; readonly chance: number; readonly steps: number; readonly bias: number };
}

/** What the experiment is made of. */
export interface Recall extends Parts {
  findings: RecallFindings;
  controls: "width" | "bias" | "steps" | "seed";
  claims: "near" | "rnn" | "gates" | "attention";
  captions: "accuracy";
  labels: Labels<Network | "distance" | "right" | "chance">;
}

/** Recall by distance. */
export const experiment: Experiment<Recall> = {
  controls: {
    width: { default: 16, min: 8, max: 64, step: 8 },
    bias: { default: 3, min: 0, max: 5, step: 0.5 },
    steps: { default: 120, min: 20, max: 600, step: 20 },
    seed: SEED,
  },
  constants: { words: RECALLED, others: OTHERS, batch: BATCH, rate: RATE, tests: TESTS, seeds: SEEDS },
  claims: {
    near: { holds: ({ ranges }) => ranges.every(([first]) => first![0] > 0.9) },
    rnn: { holds: ({ ranges }) => ranges[0]!.at(-1)![1] < 0.5 },
    attention: {
      holds: ({ ranges }) => ranges.slice(0, 2).every((network) => ranges[3]!.at(-1)![0] >= network.at(-1)![0]),
    },
    gates: {
      holds: ({ ranges }) => ranges.slice(1, 3).every((network) => network[2]![0] > ranges[0]![2]![1]),
    },
  },
  tolerance: 0.5,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, async (at, whole) => {
      const found: { readonly accuracy: number[]; weights: number }[] = [];
      const total = NETWORKS.length * DISTANCES.length;
      for (const [i, network] of NETWORKS.entries()) {
        const own = { accuracy: [] as number[], weights: 0 };
        for (const [j, distance] of DISTANCES.entries()) {
          const done = i * DISTANCES.length + j;
          const { accuracy, weights } = await recallAt(
            network,
            { ...at, distance },
            part(whole, done / total, (done + 1) / total),
          );
          own.accuracy.push(accuracy);
          own.weights = weights;
        }
        found.push(own);
      }
      return found;
    });
    const first = runs[0]!;
    return {
      distances: DISTANCES,
      accuracy: first.map(({ accuracy }) => accuracy),
      ranges: NETWORKS.map((_, i) => rangesOf(runs.map((run) => run[i]!.accuracy))),
      weights: first.map(({ weights }) => weights),
      shown: { seeds: SEEDS, chance: 1 / RECALLED, steps: controls.steps, bias: controls.bias },
    };
  },
  draw(findings, { captions, labels }) {
    const { distances, accuracy, ranges, shown: { chance } } = findings;
    return [{
      kind: "line",
      caption: captions.accuracy(findings),
      x: { title: labels.distance, logarithmic: true },
      y: { title: labels.right, domain: [0, 1] },
      series: [
        ...NETWORKS.map((network, i) => ({
          label: labels[network],
          points: distances.map((distance, j): readonly [number, number] => [distance, accuracy[i]![j]!]),
          ranges: ranges[i]!,
        })),
        {
          label: labels.chance,
          dashed: true,
          points: [distances[0]!, distances.at(-1)!].map((distance): readonly [number, number] => [distance, chance]),
        },
      ],
    }];
  },
};
