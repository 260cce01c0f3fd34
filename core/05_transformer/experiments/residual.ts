/**
 * # What a residual connection saves
 *
 * [The notes](notes:000.21,004.76,004.77) multiply a chain of small numbers and find nothing left; with the input
 * added back, they say, the gradient stays at about one, and doing nothing becomes easy to learn. This follows
 * signal and gradient through chains with and without the addition, and trains both to do nothing.
 *
 * @module
 */

import { meanSquaredError } from "../../06_training/loss.ts";
import { Module } from "../../engine/module.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { parameter, zeros } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { read } from "../../experiments/reading.ts";
import { part, Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { FeedForward, relu } from "../feed_forward/mod.ts";
import { Residual } from "../residual.ts";

const ROWS = 32, WIDTH = 32;
/** Width and depth of the networks that learn to do nothing. */
const SMALL = 16, DEPTH = 6;
/** How they are trained, and how many seeds are tried. */
const RATE = 5e-3, BATCH = 64, SEEDS = 3;

const BENDS: readonly { readonly name: string; readonly bend: (x: Tensor) => Tensor }[] = [
  { name: "none", bend: (x) => x },
  { name: "tanh", bend: (x) => x.tanh() },
  { name: "relu", bend: relu },
  { name: "sigmoid", bend: (x) => x.sigmoid() },
];

/** What is found. */
export interface ResidualFindings {
  /** Root mean square of the signal that enters each layer and leaves the last. */
  readonly plainSignal: readonly number[];
  readonly residualSignal: readonly number[];
  readonly normedSignal: readonly number[];
  /** Length of the gradient at the same places, as a multiple of the last one. */
  readonly plainGradient: readonly number[];
  readonly residualGradient: readonly number[];
  readonly normedGradient: readonly number[];
  readonly opposedGradient: readonly number[];
  /** Mean squared distance from the identity after training. */
  readonly plainIdentity: number;
  readonly residualIdentity: number;
  /** Their ranges over the seeds. */
  readonly plainRange: Range;
  readonly residualRange: Range;
  readonly seeds: number;
  readonly shown: {
    /** Layers of the networks that learn to do nothing. */
    readonly depth: number;
    /** Their errors by step, without the addition and with it. */
    readonly curves: readonly (readonly (readonly [number, number])[])[];
    /** Lowest and highest of these over the seeds. */
    readonly bands: readonly (readonly Range[])[];
  };
}

/** What the experiment is made of. */
export interface Detour extends Parts {
  findings: ResidualFindings;
  controls: "layers" | "gain" | "bend" | "steps" | "seed";
  claims: "vanishing" | "kept" | "always" | "identity";
  captions: "signal" | "gradient" | "identity";
  labels: Labels<"layer" | "signal" | "gradient" | "step" | "error">;
}

/** Sends a random signal through a chain and its gradient back; both by depth. */
async function follow(
  layers: number,
  seed: number,
  step: (x: Tensor, index: number) => Tensor,
): Promise<{ signal: number[]; gradient: number[] }> {
  const probes = Array.from({ length: layers + 1 }, () => parameter(zeros([ROWS, WIDTH])));
  const squares = scope(() => {
    const random = new Random(seed);
    const found: Tensor[] = [];
    let hidden = random.normal([ROWS, WIDTH]);
    // A probe adds 0; its gradient is that of the signal at its place.
    probes.forEach((probe, index) => {
      hidden = hidden.add(probe);
      found.push(hidden.detach().square().mean());
      if (index < layers) hidden = step(hidden, index);
    });
    hidden.mul(random.normal([ROWS, WIDTH])).sum().backward();
    return found;
  });
  const signal: number[] = [], gradient: number[] = [];
  for (const [index, probe] of probes.entries()) {
    signal.push(Math.sqrt(await squares[index]!.item()));
    gradient.push(Math.sqrt((await read(() => probe.grad!.square().sum()))[0]!));
  }
  for (const tensor of [...squares, ...probes, ...probes.map((probe) => probe.grad!)]) release(tensor);
  const last = gradient.at(-1)!;
  return { signal: signal.map(rounded), gradient: gradient.map((length) => rounded(length / last)) };
}

/** A small network that is asked to return its input. */
class Nothing extends Module {
  readonly steps: readonly FeedForward[];
  readonly #residual: boolean;

  constructor(residual: boolean, random: Random) {
    super();
    this.#residual = residual;
    this.steps = Array.from({ length: DEPTH }, () => new FeedForward(SMALL, 2 * SMALL, random));
  }

  forward(x: Tensor): Tensor {
    return this.steps.reduce((hidden, step) => {
      const change = step.forward(hidden);
      return this.#residual ? hidden.add(change) : change;
    }, x);
  }
}

/** Errors by step of a network that learns to return its input. */
async function learnNothing(
  withDetour: boolean,
  steps: number,
  seed: number,
  options: RunOptions,
): Promise<[number, number][]> {
  const model = new Nothing(withDetour, new Random(seed)), draws = new Random(seed + 1);
  const lesson = {
    model,
    next: () => draws.normal([BATCH, SMALL]),
    loss: (x: Tensor) => meanSquaredError(model.forward(x), x),
    steps,
    learningRate: RATE,
    every: 5,
  };
  const curve = await learn(lesson, options);
  discard(model);
  return curve;
}

/** Signal and gradient by depth, with and without residual connections. */
export const experiment: Experiment<Detour> = {
  controls: {
    layers: { default: 30, min: 2, max: 60 },
    gain: { default: 0.3, min: 0.1, max: 1.5, step: 0.1 },
    bend: { default: 1, min: 0, max: BENDS.length - 1, choices: BENDS.map(({ name }) => name) },
    steps: { default: 300, min: 20, max: 600, step: 20 },
    seed: SEED,
  },
  constants: { width: WIDTH, small: SMALL, depth: DEPTH, rate: RATE, batch: BATCH, seeds: SEEDS },
  tolerance: 0.05,
  claims: {
    vanishing: { holds: ({ plainGradient }) => plainGradient[0]! < 1e-6 },
    kept: {
      holds: ({ residualGradient, normedGradient }) => Math.min(...residualGradient, ...normedGradient) > 0.9,
    },
    always: { refuted: true, holds: ({ opposedGradient }) => opposedGradient[0]! > 0.5 },
    identity: { holds: ({ plainRange: [low], residualRange: [, high] }) => high < low / 10 },
  },
  async measure({ layers, gain, bend, steps, seed }, options) {
    const rest = new Steps(part(options, 0, 0.4), 4);
    const random = new Random(seed);
    const matrices = Array.from(
      { length: layers },
      () => random.normal([WIDTH, WIDTH], { deviation: gain / Math.sqrt(WIDTH) }),
    );
    const F = (x: Tensor, i: number): Tensor => BENDS[bend]!.bend(x.matmul(matrices[i]!));
    const residual = new Residual(WIDTH, { placement: "pre" });
    const chains: ((x: Tensor, i: number) => Tensor)[] = [
      F,
      (x, i) => x.add(F(x, i)),
      (x, i) => residual.forward(x, (normed) => F(normed, i)),
      (x) => x.add(x.mul(-0.5)),
    ];
    const followed: { signal: number[]; gradient: number[] }[] = [];
    for (const chain of chains) {
      await rest.next();
      followed.push(await follow(layers, seed, chain));
    }
    for (const matrix of matrices) release(matrix);
    discard(residual);

    const runs = await overSeeds({ seed }, SEEDS, part(options, 0.4, 1), async ({ seed }, options) => [
      await learnNothing(false, steps, seed, part(options, 0, 0.5)),
      await learnNothing(true, steps, seed, part(options, 0.5, 1)),
    ]);
    const curves = runs[0]!;
    const [plainRange, residualRange] = rangesOf(runs.map((run) => run.map((curve) => curve.at(-1)![1])));
    return {
      plainSignal: followed[0]!.signal,
      residualSignal: followed[1]!.signal,
      normedSignal: followed[2]!.signal,
      plainGradient: followed[0]!.gradient,
      residualGradient: followed[1]!.gradient,
      normedGradient: followed[2]!.gradient,
      opposedGradient: followed[3]!.gradient,
      plainRange: plainRange!,
      residualRange: residualRange!,
      seeds: SEEDS,
      plainIdentity: curves[0]!.at(-1)![1],
      residualIdentity: curves[1]!.at(-1)![1],
      shown: { depth: DEPTH, curves, bands: curves.map((_, i) => bandOf(runs.map((run) => run[i]!))) },
    };
  },
  draw(findings, { captions, labels }) {
    const { plainGradient, residualGradient, normedGradient, opposedGradient, shown: { curves, bands } } = findings;
    const points = (numbers: readonly number[]) => numbers.map((y, i): [number, number] => [i, y]);
    const x = { title: labels.layer };
    return [
      {
        kind: "line",
        caption: captions.signal(findings),
        x,
        y: { title: labels.signal, logarithmic: true },
        series: [
          { label: "F(x)", points: points(findings.plainSignal) },
          { label: "x + F(x)", points: points(findings.residualSignal) },
          { label: "x + F(norm(x))", points: points(findings.normedSignal) },
        ],
      },
      {
        kind: "line",
        caption: captions.gradient(findings),
        x,
        y: { title: labels.gradient, logarithmic: true },
        series: [
          { label: "F(x)", points: points(plainGradient) },
          { label: "x + F(x)", points: points(residualGradient) },
          { label: "x + F(norm(x))", points: points(normedGradient) },
          { label: "x − x/2", points: points(opposedGradient), dashed: true },
        ],
      },
      {
        kind: "line",
        caption: captions.identity(findings),
        x: { title: labels.step },
        y: { title: labels.error, logarithmic: true },
        series: ["F(x)", "x + F(x)"].map((label, i) => ({ label, points: curves[i]!, ranges: bands[i]! })),
      },
    ];
  },
};
