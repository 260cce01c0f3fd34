/**
 * # One problem, five optimizers
 *
 * SGD, momentum, AdaGrad, RMSProp and Adam go down the same narrow valley, and train the same small language model on the same
 * batches from the same weights, each at a learning rate that suits it. What one training is worth depends on its first
 * weights, so means of three are taken. What the section says about rare words, about the length of Adam's steps and about the decay
 * of AdamW is measured as well.
 *
 * @module
 */

import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { parameter, tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { read } from "../../experiments/reading.ts";
import { part, Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { bandOf, overSeeds, type Range } from "../../experiments/seeds.ts";
import { SequenceWindows } from "../batching.ts";
import { crossEntropy } from "../loss.ts";
import { adaGrad, rmsProp } from "../adagrad_and_rmsprop.ts";
import { adam, adamW } from "../adam.ts";
import { Optimizer } from "../optimizer.ts";
import { sgd } from "../optimizers.ts";
import { nextTokens } from "../teacher_forcing.ts";

type Parameters = ReadonlyMap<string, Tensor>;

/** What the language model reads. */
const TEXTS = ["words", "letters"] as const;
type Text = typeof TEXTS[number];
type Name = "SGD" | "momentum" | "AdaGrad" | "RMSProp" | "Adam";

interface Contestant {
  readonly name: Name;
  readonly create: (parameters: Parameters) => Optimizer;
  /** Of the valley, by its steepness. */
  readonly valley: (steepness: number) => number;
  readonly model: number;
}

/**
 * Each with a rate for the valley and one for the language model: the best of those tried, in factors of two, by the
 * mean loss of three seeds after 100 and after 300 steps.
 */
const CONTESTANTS: readonly Contestant[] = [
  { name: "SGD", create: (p) => new Optimizer(p, sgd()), valley: (steepness) => 1.8 / steepness, model: 1 },
  {
    name: "momentum",
    create: (p) => new Optimizer(p, sgd({ momentum: MOMENTUM })),
    valley: (steepness) => 1.8 / steepness,
    model: 0.4,
  },
  { name: "AdaGrad", create: (p) => new Optimizer(p, adaGrad()), valley: () => 0.2, model: 0.08 },
  { name: "RMSProp", create: (p) => new Optimizer(p, rmsProp()), valley: () => 0.02, model: 0.005 },
  { name: "Adam", create: (p) => new Optimizer(p, adam()), valley: () => 0.1, model: 0.005 },
];
/** Of the language model. */
const LAYOUT = { contextLength: 16, hiddenSize: 32, numLayers: 1, numHeads: 2 } as const, BATCH = 16;
const MOMENTUM = 0.9;
/** Steps of a point of a curve, and points at its end whose mean counts. */
const EVERY = 2, POINTS = 3;
/** Trainings of each, with seeds of their own. */
const RUNS = 3;
const VALLEY_STEPS = 100, START: readonly [number, number] = [-2, 1];
const FIRST_GRADIENTS = [0.001, 1, 1000], DECAY_GRADIENTS = [0, 100];
/** Of the single steps: the weight that decays, the learning rate, and the decay or the penalty. */
const WEIGHT = 1, STEP = 0.01, DECAY = 1;

/** What is found. */
export interface OptimizersFindings {
  /** Height in the valley after all steps, as a fraction of the start: SGD, momentum, AdaGrad, RMSProp, Adam. */
  readonly valley: readonly number[];
  /** Loss of the language model at the end, and at the start. */
  readonly losses: readonly number[];
  /** The lowest and the highest of these by seed. */
  readonly lowest: readonly number[];
  readonly highest: readonly number[];
  readonly firstLoss: number;
  /** How far the vectors of the most frequent tenth of the vocabulary moved on average, and of the rarest. */
  readonly frequentMoved: readonly number[];
  readonly rareMoved: readonly number[];
  /** Length of Adam's first step in learning rates, for gradients of 0.001, 1 and 1000. */
  readonly firstSteps: readonly number[];
  /** What AdamW and Adam with a penalty leave of a weight after a step, for gradients of 0 and 100. */
  readonly decayed: readonly number[];
  readonly penalized: readonly number[];
  readonly shown: {
    readonly steepness: number;
    readonly text: Text;
    readonly names: readonly Name[];
    /** Learning rates in the valley and of the language model. */
    readonly valleyRates: readonly number[];
    readonly modelRates: readonly number[];
    /** The first places in the valley. */
    readonly paths: readonly Curve[];
    /** Height by step, as a fraction of the start; where it is 0 in float32, a logarithm has no place for it. */
    readonly heights: readonly Curve[];
    readonly valleySteps: number;
    readonly steps: number;
    /** Trainings that the losses and distances are means of. */
    readonly runs: number;
    /** Loss of the language model by step, and its range over the seeds. */
    readonly curves: readonly Curve[];
    readonly bands: readonly (readonly Range[])[];
    /** Steps at the end whose mean loss counts. */
    readonly last: number;
    /** Of the single steps: weight, learning rate, decay. */
    readonly single: readonly [weight: number, rate: number, decay: number];
    /** How far the rarest words moved, as a fraction of the most frequent ones. */
    readonly rareShare: readonly number[];
    /** Gradients of Adam's first step, and of the steps with decay. */
    readonly firstGradients: readonly number[];
    readonly decayGradients: readonly number[];
  };
}

type Curve = readonly (readonly [number, number])[];

/** What the experiment is made of. */
export interface Contest extends Parts {
  findings: OptimizersFindings;
  controls: "steepness" | "text" | "steps" | "seed";
  claims: "valley" | "model" | "rare" | "further" | "firstStep" | "decay";
  captions: "paths" | "heights" | "losses" | "moved" | "steps";
  labels:
    & Labels<Name | "along" | "across" | "step" | "height" | "distance" | "frequent" | "rare">
    & Labels<"what" | "gradient" | "result" | "firstStep" | "decay" | "penalty">
    & { readonly nats: Labels<Text> };
}

/** Height of a place in a valley of some steepness. */
const heightAbove = (steepness: number) => ([x, y]: readonly [number, number]): number =>
  (x * x + steepness * y * y) / 2;

/** Goes down a valley that is `steepness` times as steep across as along. */
async function descend(create: (p: Parameters) => Optimizer, rate: number, steepness: number, steps: Steps) {
  const place = parameter(tensor([[...START]])), slopes = tensor([1, steepness]);
  const optimizer = create(new Map([["place", place]]));
  const path: [number, number][] = [[...START]];
  for (let i = 0; i < VALLEY_STEPS; i++) {
    await steps.next();
    scope(() => {
      place.square().mul(slopes).sum().mul(0.5).backward();
      optimizer.step(rate);
    });
    optimizer.zeroGrad();
    const [x, y] = await place.read();
    path.push([x!, y!]);
  }
  discard(optimizer);
  release(place);
  release(slopes);
  return path;
}

/** What one step makes of a number at `start` under a constant gradient. */
async function oneStep(create: (p: Parameters) => Optimizer, start: number, gradient: number): Promise<number> {
  const weight = parameter(tensor([[start]]));
  const optimizer = create(new Map([["weight", weight]]));
  scope(() => {
    weight.mul(gradient).sum().backward();
    optimizer.step();
  });
  optimizer.zeroGrad();
  const [after] = await weight.read();
  discard(optimizer);
  release(weight);
  return after!;
}

/** A text as tokens, its rarest and its most frequent ones. */
interface Reading {
  readonly tokens: Int32Array;
  readonly vocabSize: number;
  readonly frequent: readonly number[];
  readonly rare: readonly number[];
}

function readingOf(text: Text): Reading {
  const words = chineseEnglish().training.flatMap(({ target }) => [
    ...(text === "letters" ? target : target.split(/\s+|(?=[.,?!])/)),
    "\n",
  ]);
  const vocabulary = [...new Set(words)].sort(), ids = new Map(vocabulary.map((word, id) => [word, id]));
  const tokens = Int32Array.from(words, (word) => ids.get(word)!);
  const counts = new Float64Array(vocabulary.length);
  for (const token of tokens) counts[token]!++;
  const byCount = [...vocabulary.keys()].sort((a, b) => counts[b]! - counts[a]!);
  const tenth = Math.ceil(vocabulary.length / 10);
  return { tokens, vocabSize: vocabulary.length, frequent: byCount.slice(0, tenth), rare: byCount.slice(-tenth) };
}

/** One training: loss by step, and how far the vectors of frequent and of rare tokens moved on average. */
interface Run {
  readonly curve: readonly (readonly [number, number])[];
  readonly frequent: number;
  readonly rare: number;
}

async function trainOn(
  { tokens, vocabSize, frequent, rare }: Reading,
  { create, model: learningRate }: Contestant,
  steps: number,
  seed: number,
  options: RunOptions,
): Promise<Run> {
  const random = new Random(seed);
  const model = new DecoderOnly({ ...LAYOUT, vocabSize }, random.split());
  const { contextLength } = LAYOUT;
  const windows = new SequenceWindows(tokens, { contextLength, batchSize: BATCH, random: random.split() });
  const optimizer = create(model.parameters());
  const start = tensor((await model.embedding.weight.read()).slice(), model.embedding.weight.shape);
  const curve = await learn({
    model,
    optimizer,
    next: () => windows.next(),
    loss: (windows) => {
      const { inputs, targets } = nextTokens(windows);
      return crossEntropy(model.forward(inputs), targets);
    },
    steps,
    learningRate,
    every: EVERY,
  }, options);
  const moved = await read(() => model.embedding.weight.tensor.sub(start).square().sum(1).sqrt());
  release(start);
  discard(optimizer, model);
  const meanOf = (words: readonly number[]): number => mean(words.map((word) => moved[word]!));
  return { curve, frequent: meanOf(frequent), rare: meanOf(rare) };
}

/** Of the points of a curve, those that are drawn. */
const everySecond = <T>(points: readonly T[]): T[] => points.filter((_, at) => at % 2 === 0);

/** Loss at the end of a training: the mean of the last points. */
const endOf = (curve: Curve): number => rounded(mean(curve.slice(-POINTS).map(([, loss]) => loss)));

/** SGD, momentum, AdaGrad, RMSProp and Adam on the same problems. */
export const experiment: Experiment<Contest> = {
  controls: {
    steepness: { default: 100, min: 5, max: 500, step: 5 },
    text: { default: 0, min: 0, max: 1, choices: TEXTS },
    steps: { default: 100, min: 10, max: 300, step: 10 },
    seed: SEED,
  },
  constants: {
    ...{ start: START.join(", "), momentum: MOMENTUM, adam: "0.9, 0.999", rmsProp: 0.99, runs: RUNS },
    ...{ width: LAYOUT.hiddenSize, layers: LAYOUT.numLayers, heads: LAYOUT.numHeads, context: LAYOUT.contextLength },
    ...{ batch: BATCH, clip: 1, schedule: 0.1 },
  },
  tolerance: 0.2,
  claims: {
    valley: { holds: ({ valley: [sgd, ...others] }) => others.every((height) => height < sgd! / 10) },
    model: { holds: ({ losses: [sgd, ...others] }) => others.every((loss) => loss < sgd! - 0.05) },
    rare: {
      holds: ({ frequentMoved, rareMoved }) => {
        const [sgd, momentum, ...adaptive] = rareMoved.map((moved, i) => moved / frequentMoved[i]!);
        return sgd! < 0.5 && momentum! < 0.5 && adaptive.every((fraction) => fraction > 0.9);
      },
    },
    further: { refuted: true, holds: ({ losses: [, momentum, , , adam] }) => adam! < momentum! - 0.1 },
    firstStep: { holds: ({ firstSteps }) => firstSteps.every((length) => Math.abs(length - 1) < 0.01) },
    decay: {
      holds: ({ decayed, penalized }) =>
        Math.abs(decayed[0]! - decayed[1]!) < 1e-4 && Math.abs(penalized[0]! - penalized[1]!) > 1e-3,
    },
  },
  async measure({ steepness, text, steps, seed }, options) {
    const rest = new Steps(part(options, 0, 0.2), CONTESTANTS.length * VALLEY_STEPS);
    const paths: [number, number][][] = [];
    for (const { create, valley } of CONTESTANTS) {
      paths.push(await descend(create, valley(steepness), steepness, rest));
    }
    const height = heightAbove(steepness);
    const heights = paths.map((path) =>
      path.map((at, step): [number, number] => [step, height(at) / height(START)]).filter(([, share]) => share > 0)
    );

    const learningRate = STEP;
    const firstSteps: number[] = [];
    for (const gradient of FIRST_GRADIENTS) {
      firstSteps.push(
        rounded(-await oneStep((p) => new Optimizer(p, adam({ learningRate })), 0, gradient) / learningRate),
      );
    }
    // What decay takes off: the difference to the same step without it.
    const lost = async (make: (p: Parameters, decay: number) => Optimizer, gradient: number): Promise<number> =>
      rounded(
        await oneStep((p) => make(p, 0), WEIGHT, gradient) - await oneStep((p) => make(p, DECAY), WEIGHT, gradient),
      );
    const decayed: number[] = [], penalized: number[] = [];
    for (const gradient of DECAY_GRADIENTS) {
      decayed.push(await lost((p, weightDecay) => new Optimizer(p, adamW({ learningRate, weightDecay })), gradient));
      penalized.push(await lost((p, penalty) => new Optimizer(p, adam({ learningRate, penalty })), gradient));
    }

    const reading = readingOf(TEXTS[text]!);
    const curves: [number, number][][] = [],
      bands: Range[][] = [],
      frequentMoved: number[] = [],
      rareMoved: number[] = [];
    const lowest: number[] = [], highest: number[] = [];
    for (const [i, contestant] of CONTESTANTS.entries()) {
      const share = 0.8 / CONTESTANTS.length, own = part(options, 0.2 + share * i, 0.2 + share * (i + 1));
      const runs = await overSeeds(
        { seed },
        RUNS,
        own,
        ({ seed }, options) => trainOn(reading, contestant, steps, seed, options),
      );
      bands.push(bandOf(runs.map(({ curve }) => curve)));
      curves.push(runs[0]!.curve.map(([step], at) => [step, rounded(mean(runs.map(({ curve }) => curve[at]![1])))]));
      const ends = runs.map(({ curve }) => endOf(curve));
      lowest.push(Math.min(...ends));
      highest.push(Math.max(...ends));
      frequentMoved.push(rounded(mean(runs.map(({ frequent }) => frequent))));
      rareMoved.push(rounded(mean(runs.map(({ rare }) => rare))));
    }
    return {
      valley: paths.map((path) => rounded(height(path.at(-1)!) / height(START))),
      losses: curves.map(endOf),
      lowest,
      highest,
      firstLoss: curves[0]![0]![1],
      frequentMoved,
      rareMoved,
      firstSteps,
      decayed,
      penalized,
      shown: {
        steepness,
        text: TEXTS[text]!,
        names: CONTESTANTS.map(({ name }) => name),
        valleyRates: CONTESTANTS.map(({ valley }) => valley(steepness)),
        modelRates: CONTESTANTS.map(({ model }) => model),
        paths: paths.map((path) => path.slice(0, 41)),
        heights: heights.map(everySecond),
        valleySteps: VALLEY_STEPS,
        steps,
        runs: RUNS,
        curves: curves.map(everySecond),
        bands: bands.map(everySecond),
        last: EVERY * POINTS,
        single: [WEIGHT, STEP, DECAY],
        rareShare: rareMoved.map((moved, i) => moved / frequentMoved[i]!),
        firstGradients: FIRST_GRADIENTS,
        decayGradients: DECAY_GRADIENTS,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { firstSteps, decayed, penalized, frequentMoved, rareMoved, shown } = findings;
    const names = shown.names.map((name) => labels[name]);
    const series = (curves: readonly Curve[]) => curves.map((points, i) => ({ label: names[i]!, points }));
    const rows = (what: string, gradients: readonly number[], results: readonly number[]) =>
      gradients.map((gradient, i) => [what, gradient, results[i]!]);
    return [
      {
        kind: "line",
        caption: captions.paths(findings),
        x: { title: labels.along },
        y: { title: labels.across },
        series: series(shown.paths),
      },
      {
        kind: "line",
        caption: captions.heights(findings),
        x: { title: labels.step },
        y: { title: labels.height, logarithmic: true },
        series: series(shown.heights),
      },
      {
        kind: "line",
        caption: captions.losses(findings),
        x: { title: labels.step },
        y: { title: labels.nats[shown.text] },
        // The first fifth, where all fall alike, would fill the height.
        series: series(shown.curves).map(({ label, points }, i) => {
          const kept = points.flatMap(([step], at) => step >= shown.steps / 5 ? [at] : []);
          return { label, points: kept.map((at) => points[at]!), ranges: kept.map((at) => shown.bands[i]![at]!) };
        }),
      },
      {
        kind: "bars",
        caption: captions.moved(findings),
        y: { title: labels.distance },
        bars: names.flatMap((group, i) => [
          { label: labels.frequent, group, value: frequentMoved[i]! },
          { label: labels.rare, group, value: rareMoved[i]! },
        ]),
      },
      {
        kind: "table",
        caption: captions.steps(findings),
        columns: [labels.what, labels.gradient, labels.result],
        rows: [
          ...rows(labels.firstStep, shown.firstGradients, firstSteps),
          ...rows(labels.decay, shown.decayGradients, decayed),
          ...rows(labels.penalty, shown.decayGradients, penalized),
        ],
      },
    ];
  },
};
