/**
 * # Where the norm stands, and what it looks at
 *
 * [The notes](notes:004.84,000.20) say that a norm inside the step lets gradients through, that one after it leaves the
 * updates unsteady, and that BatchNorm does not suit sentences of different lengths. This measures
 * the gradients of untrained encoders layer by layer, trains them for a moment, and looks at what becomes
 * of one sentence when its neighbours in the batch grow longer.
 *
 * @module
 */

import { lengthMask } from "../../04_attention/masks.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { train } from "../../06_training/loop.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { adamW } from "../../06_training/adam.ts";
import { Optimizer } from "../../06_training/optimizer.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { Namer } from "../../experiments/naming.ts";
import { lengthOf, read } from "../../experiments/reading.ts";
import { part, Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { Encoder } from "../encoder.ts";
import {
  BatchNorm,
  LayerNorm,
  layerNormalization,
  type Normalization as AnyNorm,
  rmsNormalization,
} from "../normalization.ts";

/** Tokens of the sentence that is watched. */
const OWN = 6;
/** Lengths of its longest neighbour. */
const NEIGHBOURS = [6, 12, 24, 48, 96];
/** Steps of the training, of its warm-up, and the learning rate. */
const STEPS = 60, WARMUP = 30, RATE = 3e-3;
/** Width and heads of the encoders that are trained, and seeds for what post-norm reaches without a warm-up. */
const TRAINED = 32, HEADS = 2, SEEDS = 3;

/** What is found. */
export interface NormalizationFindings {
  /** Length of the gradient of each layer's second feed-forward matrix. */
  readonly post: readonly number[];
  readonly pre: readonly number[];
  readonly preRms: readonly number[];
  /** Loss at the end of a short training: post-norm and pre-norm at full rate at once, then after a warm-up. */
  readonly abrupt: readonly number[];
  readonly warmed: readonly number[];
  /** What a guess costs there. */
  readonly guess: number;
  /** Post-norm at full rate at once: range of the loss over the seeds, and the loss of a stack of half the layers. */
  readonly abruptRange: Range;
  readonly half: number;
  readonly seeds: number;
  /** Root mean square change of the sentence's normalized features, by length of the neighbour. */
  readonly batchPadded: readonly number[];
  readonly batchMasked: readonly number[];
  readonly layer: readonly number[];
  readonly shown: {
    readonly warmup: number;
    /** Words of the sentence, and of its longest neighbour. */
    readonly words: number;
    readonly neighbours: readonly number[];
    /** Loss by step of the short trainings, every second one. */
    readonly curves: readonly (readonly (readonly [number, number])[])[];
    /** Lowest and highest of the first of them over the seeds. */
    readonly band: readonly Range[];
  };
}

/** What the experiment is made of. */
export interface Normalization extends Parts {
  findings: NormalizationFindings;
  controls: "layers" | "width" | "seed";
  claims: "pre" | "post" | "half" | "vanishing" | "size" | "batchNorm" | "layerNorm";
  captions: "gradients" | "training" | "neighbours";
  labels:
    & Labels<"layer" | "gradient" | "postNorm" | "preNorm" | "preNormRms">
    & Labels<"step" | "loss" | "postWarm" | "preWarm">
    & Labels<"longest" | "change" | "padded" | "masked" | "layerNorm">;
}

interface Stack {
  readonly placement: "pre" | "post";
  readonly norm: AnyNorm;
}

/** Gradient norms of an untrained encoder, first layer first. */
async function gradientNorms(stack: Stack, layers: number, width: number, seed: number): Promise<number[]> {
  const random = new Random(seed);
  const encoder = new Encoder({ ...stack, hiddenSize: width, numHeads: 4, numLayers: layers }, random);
  scope(() => {
    // A loss that pushes each output of each position in a direction of its own.
    const hidden = random.normal([8, 16, width]), direction = random.normal([8, 16, width]);
    encoder.forward(hidden).mul(direction).sum().mul(1 / (8 * 16)).backward();
  });
  const norms: number[] = [];
  for (const { feedForward } of encoder.layers) {
    norms.push(rounded(await lengthOf(feedForward.down.weight.tensor.grad!)));
  }
  discard(encoder);
  return norms;
}

/** Words of the small task: every position is to name its own word. */
const KINDS = 12, LENGTH = 10, ROWS = 16;

/** Loss by step of an encoder that learns to name its own words. */
async function trainNamer(
  norm: "pre" | "post",
  layers: number,
  warmupSteps: number,
  seed: number,
  { signal, onProgress }: RunOptions,
): Promise<[number, number][]> {
  const random = new Random(seed), sizes = { hiddenSize: TRAINED, numHeads: HEADS, numLayers: layers };
  const model = new Namer(KINDS, { placement: norm, ...sizes }, random.split());
  const optimizer = new Optimizer(model.parameters(), adamW({ weightDecay: 0 }));
  const history = await train({
    model,
    optimizer,
    batches: { next: () => Int32Array.from({ length: ROWS * LENGTH }, () => random.integer(KINDS)) },
    loss: (words) => {
      const tokens = tensor(words, [ROWS, LENGTH]);
      return crossEntropy(model.forward(tokens), tokens);
    },
    steps: STEPS,
    schedule: (step) => RATE * Math.min(1, step / Math.max(1, warmupSteps)),
    ...(signal && { signal }),
    ...(onProgress && { onProgress: ({ step }) => onProgress(step / STEPS) }),
  });
  discard(optimizer, model);
  return history.map(({ step, loss }) => [step, rounded(loss)]);
}

/** One sentence after normalization in a batch whose longest member has `longest` tokens. */
async function inBatch(norm: (x: Tensor, mask: Tensor) => Tensor, longest: number, width: number, seed: number) {
  const lengths = [OWN, 3, 4, 5, 6, longest];
  const random = new Random(seed);
  const features = new Float32Array(lengths.length * longest * width);
  lengths.forEach((length, row) => {
    // Features of words have means of their own; padding is 0.
    const words = random.uniforms(length * width).map((u) => 1 + 3.4 * (u - 0.5));
    features.set(words, row * longest * width);
  });
  return await read(() =>
    norm(tensor(features, [lengths.length, longest, width]), lengthMask(lengths, longest)).at(0, 0).slice(0, 0, OWN)
  );
}

const everySecond = <T>(points: readonly T[]): T[] => points.filter((_, at) => at % 2 === 0);

/** The mean loss of the last points of a curve. */
function endOf(curve: readonly (readonly [number, number])[]): number {
  return rounded(mean(curve.slice(-5).map(([, loss]) => loss)));
}

/** Pre-norm against post-norm, and BatchNorm against LayerNorm. */
export const experiment: Experiment<Normalization> = {
  controls: {
    layers: { default: 12, min: 2, max: 24 },
    width: { default: 64, min: 16, max: 128, step: 16 },
    seed: SEED,
  },
  constants: {
    ...{ steps: STEPS, warmup: WARMUP, rate: RATE, width: TRAINED, heads: HEADS },
    ...{ words: KINDS, length: LENGTH, batch: ROWS, seeds: SEEDS },
  },
  tolerance: 0.3,
  claims: {
    pre: { holds: ({ abrupt, guess }) => abrupt[1]! < guess / 10 },
    post: { holds: ({ abruptRange: [low], guess }) => low > 0.8 * guess },
    half: { holds: ({ half, guess }) => half < guess / 10 },
    vanishing: { refuted: true, holds: ({ post }) => post[0]! < post.at(-1)! / 10 },
    size: { holds: ({ post, pre }) => post.at(-1)! > 2 * pre.at(-1)! },
    batchNorm: { holds: ({ batchPadded, batchMasked }) => batchPadded.at(-1)! > 0.1 && batchMasked.at(-1)! > 0.01 },
    layerNorm: { holds: ({ layer }) => layer.every((change) => change === 0) },
  },
  async measure({ layers, width, seed }, options) {
    const steps = new Steps(part(options, 0, 0.2), 3 + 3 * NEIGHBOURS.length);
    const measured: number[][] = [];
    for (
      const stack of [
        { placement: "post", norm: layerNormalization() },
        { placement: "pre", norm: layerNormalization() },
        { placement: "pre", norm: rmsNormalization() },
      ] as const
    ) {
      await steps.next();
      measured.push(await gradientNorms(stack, layers, width, seed));
    }
    const batchNorm = new BatchNorm(width, { momentum: 0 }), layerNorm = new LayerNorm(width);
    const changes: number[][] = [];
    for (
      const norm of [
        (x: Tensor) => batchNorm.forward(x),
        (x: Tensor, mask: Tensor) => batchNorm.forward(x, mask),
        (x: Tensor) => layerNorm.forward(x),
      ]
    ) {
      const alone = await inBatch(norm, OWN, width, seed);
      const row: number[] = [];
      for (const longest of NEIGHBOURS) {
        await steps.next();
        const now = await inBatch(norm, longest, width, seed);
        const squares = Array.from(now).reduce((sum, x, i) => sum + (x - alone[i]!) ** 2, 0);
        row.push(rounded(Math.sqrt(squares / now.length)));
      }
      changes.push(row);
    }
    for (const value of [...batchNorm.stateDict().values(), ...layerNorm.stateDict().values()]) release(value);
    const curves: [number, number][][] = [];
    for (
      const [i, [norm, warmup]] of ([["post", 0], ["pre", 0], ["post", WARMUP], ["pre", WARMUP]] as const).entries()
    ) {
      curves.push(await trainNamer(norm, layers, warmup, seed, part(options, 0.2 + 0.13 * i, 0.33 + 0.13 * i)));
    }
    const ends = curves.map(endOf);
    const others = await overSeeds(
      { seed: seed + 1 },
      SEEDS - 1,
      part(options, 0.72, 0.92),
      ({ seed }, options) => trainNamer("post", layers, 0, seed, options),
    );
    const half = endOf(await trainNamer("post", Math.ceil(layers / 2), 0, seed, part(options, 0.92, 1)));
    return {
      abrupt: ends.slice(0, 2),
      warmed: ends.slice(2),
      guess: rounded(Math.log(KINDS)),
      abruptRange: rangeOf([ends[0]!, ...others.map(endOf)]),
      half,
      seeds: SEEDS,
      post: measured[0]!,
      pre: measured[1]!,
      preRms: measured[2]!,
      batchPadded: changes[0]!,
      batchMasked: changes[1]!,
      layer: changes[2]!,
      shown: {
        warmup: WARMUP,
        words: OWN,
        neighbours: NEIGHBOURS,
        curves: curves.map(everySecond),
        band: bandOf([curves[0]!, ...others].map(everySecond)),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { post, pre, preRms, batchPadded, batchMasked, layer, shown: { neighbours, curves, band } } = findings;
    const byLayer = (norms: readonly number[]) => norms.map((y, i): [number, number] => [i + 1, y]);
    const byLength = (changes: readonly number[]) => changes.map((y, i): [number, number] => [neighbours[i]!, y]);
    return [
      {
        kind: "line",
        caption: captions.gradients(findings),
        x: { title: labels.layer },
        y: { title: labels.gradient, logarithmic: true },
        series: [
          { label: labels.postNorm, points: byLayer(post) },
          { label: labels.preNorm, points: byLayer(pre) },
          { label: labels.preNormRms, points: byLayer(preRms) },
        ],
      },
      {
        kind: "line",
        caption: captions.training(findings),
        x: { title: labels.step },
        y: { title: labels.loss },
        series: [
          { label: labels.postNorm, points: curves[0]!, ranges: band },
          { label: labels.preNorm, points: curves[1]! },
          { label: labels.postWarm, points: curves[2]!, dashed: true },
          { label: labels.preWarm, points: curves[3]!, dashed: true },
        ],
      },
      {
        kind: "line",
        caption: captions.neighbours(findings),
        x: { title: labels.longest },
        y: { title: labels.change },
        series: [
          { label: labels.padded, points: byLength(batchPadded) },
          { label: labels.masked, points: byLength(batchMasked) },
          { label: labels.layerNorm, points: byLength(layer) },
        ],
      },
    ];
  },
};
