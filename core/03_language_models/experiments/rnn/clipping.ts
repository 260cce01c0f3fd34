/**
 * # Training with and without clipping
 *
 * Two copies of one recurrent network learn the characters of English sentences by plain gradient descent, from the same weights and on the same sentences. One takes each
 * gradient as it is, the other shortens it to a given length. The matrix of the state starts with a spectral radius above 1.
 *
 * @module
 */

import { noGrad } from "../../../engine/autograd.ts";
import { Random } from "../../../engine/random.ts";
import { SequenceWindows } from "../../../06_training/batching.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { train } from "../../../06_training/loop.ts";
import { Optimizer } from "../../../06_training/optimizer.ts";
import { sgd } from "../../../06_training/optimizers.ts";
import { nextTokens } from "../../../06_training/teacher_forcing.ts";
import { type Characters, readCharacters } from "../../../experiments/characters.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard } from "../../../experiments/learning.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangeOf } from "../../../experiments/seeds.ts";
import { elman, RecurrentLanguageModel } from "../../lstm/language_model.ts";

/** Sizes, and what is counted as the end of training. */
const WIDTH = 48, LENGTH = 32, BATCH = 16, SEEDS = 3, LAST = 0.25;

/** What is found in one training. */
interface Run {
  readonly curve: readonly (readonly [number, number])[];
  readonly norms: readonly (readonly [number, number])[];
}

/** What is found. */
export interface ClippingFindings {
  /** Mean loss over the last quarter, without and with clipping, lowest and highest over the seeds. */
  readonly loss: readonly Range[];
  /** Longest gradient over the median one, without and with clipping, lowest and highest over the seeds. */
  readonly outliers: readonly Range[];
  /** Fraction of the steps whose gradient is shortened. */
  readonly clipped: number;
  /** Loss of a guess by nothing: the logarithm of the number of characters. */
  readonly chance: number;
  readonly shown: {
    readonly seeds: number;
    readonly rate: number;
    readonly clip: number;
    readonly radius: number;
    readonly runs: readonly Run[];
    readonly bands: readonly (readonly Range[])[];
  };
}

/** What the experiment is made of. */
export interface Clipping extends Parts {
  findings: ClippingFindings;
  controls: "rate" | "clip" | "radius" | "steps" | "seed";
  claims: "saves" | "rare";
  captions: "loss" | "norm";
  labels: Labels<"step" | "loss" | "norm" | "without" | "with">;
}

type Controls = Record<Clipping["controls"], number>;

/** One training; `clip` may be infinite. */
async function once(
  { training, vocabulary: { vocabSize } }: Characters,
  { rate, clip, radius, steps, seed }: Controls,
  { signal, onProgress }: RunOptions,
): Promise<Run> {
  const random = new Random(seed);
  const model = new RecurrentLanguageModel({ vocabSize, hiddenSize: WIDTH, recurrence: elman, tieHead: false }, random);
  const { weight } = model.network.layers[0]!.forwards.hidden;
  // Independent numbers of this deviation have about this spectral radius.
  noGrad(() => weight.tensor.assign(random.normal([WIDTH, WIDTH], { deviation: radius / Math.sqrt(WIDTH) })));
  const batches = new SequenceWindows(training, { contextLength: LENGTH, batchSize: BATCH, random });
  const optimizer = new Optimizer(model.parameters(), sgd());
  const reports = await train({
    model,
    batches,
    optimizer,
    loss: (windows) => {
      const { inputs, targets } = nextTokens(windows);
      return crossEntropy(model.forward(inputs), targets);
    },
    schedule: () => rate,
    steps,
    // Its length is reported, whether it is shortened or not.
    clipNorm: clip === Infinity ? 1e30 : clip,
    reportEvery: 1,
    ...(signal && { signal }),
    ...(onProgress && { onProgress: ({ step }) => onProgress(step / steps) }),
  });
  discard(model, optimizer);
  return {
    curve: reports.map(({ step, loss }) => [step, loss]),
    norms: reports.map(({ step, gradientNorm }) => [step, gradientNorm!]),
  };
}

/** The mean height of the end of a curve. */
function endOf(curve: Run["curve"]): number {
  const end = curve.slice(Math.floor(curve.length * (1 - LAST)));
  return end.reduce((sum, [, height]) => sum + height, 0) / end.length;
}

/** The highest point over the median. */
function outlierOf(curve: Run["norms"]): number {
  const heights = curve.map(([, height]) => height).sort((a, b) => a - b);
  return heights.at(-1)! / heights[Math.floor(heights.length / 2)]!;
}

/** Training with and without clipping. */
export const experiment: Experiment<Clipping> = {
  controls: {
    rate: { default: 2, min: 0.1, max: 4, step: 0.1 },
    clip: { default: 1, min: 0.1, max: 5, step: 0.1 },
    radius: { default: 1.5, min: 0.5, max: 2, step: 0.1 },
    steps: { default: 160, min: 20, max: 600, step: 20 },
    seed: SEED,
  },
  constants: { width: WIDTH, length: LENGTH, batch: BATCH, seeds: SEEDS },
  claims: {
    saves: { holds: ({ loss }) => loss[1]![1] < loss[0]![0] - 0.1 },
    rare: { holds: ({ clipped }) => clipped < 0.9 },
  },
  tolerance: 0.1,
  async measure(controls, options) {
    const text = await readCharacters(options.signal);
    const runs = await overSeeds(controls, SEEDS, options, async (at, whole) => [
      await once(text, { ...at, clip: Infinity }, part(whole, 0, 0.5)),
      await once(text, at, part(whole, 0.5, 1)),
    ]);
    const each = <T>(f: (run: Run) => T): T[][] => [0, 1].map((i) => runs.map((run) => f(run[i]!)));
    const norms = runs.flatMap((run) => run[1]!.norms.map(([, norm]) => norm));
    return {
      loss: each(({ curve }) => endOf(curve)).map(rangeOf),
      outliers: each(({ norms }) => outlierOf(norms)).map(rangeOf),
      clipped: norms.filter((norm) => norm > controls.clip).length / norms.length,
      chance: Math.log(text.vocabulary.vocabSize),
      shown: {
        seeds: SEEDS,
        rate: controls.rate,
        clip: controls.clip,
        radius: controls.radius,
        runs: runs[0]!,
        bands: each(({ curve }) => curve).map(bandOf),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { shown: { runs, bands } } = findings, names = [labels.without, labels.with];
    return [
      {
        kind: "line",
        caption: captions.loss(findings),
        x: { title: labels.step },
        y: { title: labels.loss },
        series: runs.map(({ curve }, i) => ({ label: names[i]!, points: curve, ranges: bands[i]! })),
      },
      {
        kind: "line",
        caption: captions.norm(findings),
        x: { title: labels.step },
        y: { title: labels.norm, logarithmic: true },
        series: runs.map(({ norms }, i) => ({ label: names[i]!, points: norms })),
      },
    ];
  },
};
