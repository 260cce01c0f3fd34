/**
 * # What a warm-up allows
 *
 * Post-norm encoders learn to name the words that they read: at a high learning rate from the first step, at the same rate after a
 * warm-up, and both again at half that rate. Beside them stands a pre-norm encoder without a warm-up. Each is trained with several
 * seeds.
 *
 * @module
 */

import { tensor } from "../../../engine/create.ts";
import { Random } from "../../../engine/random.ts";
import { mean, rounded } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { Namer } from "../../../experiments/naming.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangeOf } from "../../../experiments/seeds.ts";
import { adam } from "../../adam.ts";
import { crossEntropy } from "../../loss.ts";
import { Optimizer } from "../../optimizer.ts";

/** Words that there are, words of a sequence, sequences of a batch. */
const KINDS = 12, LENGTH = 10, ROWS = 8;
const WIDTH = 32, HEADS = 2, STEPS = 60, SEEDS = 3, BETA2 = 0.98;

const NAMES = ["abrupt", "warmed", "halfAbrupt", "halfWarmed", "pre"] as const;
type Name = typeof NAMES[number];

/** What is found. */
export interface WarmupFindings {
  /** Loss at the end: mean and range over the seeds, in the order of {@linkcode NAMES}. */
  readonly ends: readonly number[];
  readonly ranges: readonly Range[];
  readonly guess: number;
  readonly seeds: number;
  readonly shown: {
    readonly names: readonly Name[];
    readonly layers: number;
    readonly rate: number;
    readonly warmup: number;
    readonly steps: number;
    /** Loss by step, mean over the seeds, and its range. */
    readonly curves: readonly (readonly (readonly [number, number])[])[];
    readonly bands: readonly (readonly Range[])[];
  };
}

/** What the experiment is made of. */
export interface Warmup extends Parts {
  findings: WarmupFindings;
  controls: "layers" | "rate" | "warmup" | "seed";
  claims: "needed" | "enough" | "half" | "pre";
  captions: "curves" | "ends";
  labels: Labels<"step" | "loss"> & { name(name: Name, rate: number): string };
}

/** One training at a constant rate after a warm-up, of 0 steps for none. */
interface Setting {
  readonly placement: "pre" | "post";
  readonly rate: number;
  readonly warmup: number;
}

/** Loss by step. */
async function trainNamer(
  { placement, rate, warmup }: Setting,
  layers: number,
  seed: number,
  options: RunOptions,
): Promise<[number, number][]> {
  const random = new Random(seed), layout = { placement, hiddenSize: WIDTH, numHeads: HEADS, numLayers: layers };
  const model = new Namer(KINDS, layout, random.split());
  const optimizer = new Optimizer(model.parameters(), adam({ beta2: BETA2 }));
  const curve = await learn({
    model,
    optimizer,
    next: () => tensor(Int32Array.from({ length: ROWS * LENGTH }, () => random.integer(KINDS)), [ROWS, LENGTH]),
    loss: (words) => crossEntropy(model.forward(words), words),
    steps: STEPS,
    learningRate: rate,
    schedule: (step) => rate * Math.min(1, step / Math.max(1, warmup)),
  }, options);
  discard(optimizer, model);
  return curve;
}

/** Loss at the end: the mean of the last points. */
const endOf = (curve: readonly (readonly [number, number])[]): number =>
  rounded(mean(curve.slice(-5).map(([, loss]) => loss)));

/** Post-norm with a warm-up and without, at two rates, and pre-norm without. */
export const experiment: Experiment<Warmup> = {
  controls: {
    layers: { default: 4, min: 1, max: 12 },
    rate: { default: 0.02, min: 0.005, max: 0.05, step: 0.005 },
    warmup: { default: 30, min: 5, max: 60, step: 5 },
    seed: SEED,
  },
  constants: {
    ...{ steps: STEPS, width: WIDTH, heads: HEADS, words: KINDS, length: LENGTH, batch: ROWS },
    ...{ beta2: BETA2, clip: 1, seeds: SEEDS },
  },
  tolerance: 0.5,
  claims: {
    needed: { holds: ({ ranges: [abrupt], guess }) => abrupt![0] > 0.7 * guess },
    enough: { holds: ({ ranges: [, warmed], guess }) => warmed![1] < 0.2 * guess },
    half: { holds: ({ ranges: [, , abrupt, warmed], guess }) => Math.max(abrupt![1], warmed![1]) < 0.01 * guess },
    pre: { holds: ({ ranges: [, , , , pre], guess }) => pre![1] < 0.01 * guess },
  },
  async measure({ layers, rate, warmup, seed }, options) {
    const settings: Setting[] = [
      { placement: "post", rate, warmup: 0 },
      { placement: "post", rate, warmup },
      { placement: "post", rate: rate / 2, warmup: 0 },
      { placement: "post", rate: rate / 2, warmup },
      { placement: "pre", rate, warmup: 0 },
    ];
    const found: (readonly (readonly (readonly [number, number])[])[])[] = [];
    for (const [i, setting] of settings.entries()) {
      const own = part(options, i / settings.length, (i + 1) / settings.length);
      found.push(
        await overSeeds({ seed }, SEEDS, own, ({ seed }, options) => trainNamer(setting, layers, seed, options)),
      );
    }
    const ends = found.map((curves) => curves.map(endOf));
    return {
      ends: ends.map((losses) => rounded(mean(losses))),
      ranges: ends.map(rangeOf),
      guess: rounded(Math.log(KINDS)),
      seeds: SEEDS,
      shown: {
        names: NAMES,
        layers,
        rate,
        warmup,
        steps: STEPS,
        curves: found.map((curves) =>
          curves[0]!.map(([step], i) => [step, rounded(mean(curves.map((curve) => curve[i]![1])))])
        ),
        bands: found.map(bandOf),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { ends, ranges, shown: { names, rate, curves, bands } } = findings;
    const label = (name: Name): string => labels.name(name, rate);
    return [
      {
        kind: "line",
        caption: captions.curves(findings),
        x: { title: labels.step },
        y: { title: labels.loss },
        // At half the rate both curves lie at the bottom: the second figure has them.
        series: names.flatMap((name, i) =>
          name === "halfAbrupt" || name === "halfWarmed"
            ? []
            : [{ label: label(name), points: curves[i]!, ranges: bands[i]! }]
        ),
      },
      {
        kind: "bars",
        caption: captions.ends(findings),
        y: { title: labels.loss },
        bars: names.map((name, i) => ({ label: label(name), value: ends[i]!, range: ranges[i]! })),
      },
    ];
  },
};
