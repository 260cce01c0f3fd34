/**
 * # Four schedules, five peaks
 *
 * A table of scores learns which letter follows which: a bigram model, trained by Adam on a few pairs of letters at each step. What the best
 * table would cost is known, the entropy of a letter given the one before it. So it can be measured exactly how far each run
 * ends above it, under a constant rate and under three rates that fall, each from several peaks and with several seeds.
 *
 * @module
 */

import { Embedding } from "../../02_words/embeddings.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { tensor } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { adam } from "../adam.ts";
import { train } from "../loop.ts";
import { crossEntropy } from "../loss.ts";
import { Optimizer } from "../optimizer.ts";
import { cosineSchedule, inverseSquareRootSchedule, linearSchedule, type Schedule } from "../schedules.ts";

const NAMES = ["constant", "inverseSquareRoot", "cosine", "linear"] as const;
type Name = typeof NAMES[number];

const PEAKS = [0.02, 0.05, 0.1, 0.2, 0.5];
/** Pairs of letters at each step, seeds, and the part of a run that is warm-up, for all four. */
const BATCH = 64, SEEDS = 3, WARMUP = 0.1;
/** Steps of a run that is too short, and points of a curve. */
const SHORT = 50, POINTS = 20;

/** A schedule of a kind, by its peak and the length of the run. */
function scheduleOf(name: Name, peak: number, steps: number): Schedule {
  const warmupSteps = Math.round(WARMUP * steps), lengths = { peak, warmupSteps, steps };
  switch (name) {
    case "constant":
      return (step) => peak * Math.min(1, step / warmupSteps);
    case "inverseSquareRoot":
      // For a width of 1, this factor gives it the peak.
      return inverseSquareRootSchedule({ hiddenSize: 1, warmupSteps, factor: peak * Math.sqrt(warmupSteps) });
    case "cosine":
      return cosineSchedule(lengths);
    case "linear":
      return linearSchedule(lengths);
  }
}

/** What is found. */
export interface SchedulesFindings {
  /** By schedule and peak: how far the runs end above the best table, mean over the seeds, and lowest and highest. */
  readonly ends: readonly (readonly number[])[];
  readonly ranges: readonly (readonly Range[])[];
  /** The same of each schedule at its best peak, and that peak. */
  readonly best: readonly number[];
  readonly bestRange: readonly Range[];
  readonly bestPeak: readonly number[];
  /** In a short run: constant rate and cosine, each at its best peak. */
  readonly short: readonly Range[];
  /** What the best table costs, and a guess. */
  readonly entropy: number;
  readonly guess: number;
  readonly seeds: number;
  readonly shown: {
    readonly names: readonly Name[];
    readonly peaks: readonly number[];
    readonly steps: number;
    readonly shortSteps: number;
    /** At the chosen peak: distance by step, mean over the seeds, and its range. */
    readonly peak: number;
    readonly curves: readonly Curve[];
    readonly bands: readonly (readonly Range[])[];
  };
}

type Curve = readonly (readonly [number, number])[];

/** What the experiment is made of. */
export interface Schedules extends Parts {
  findings: SchedulesFindings;
  controls: "steps" | "peak" | "seed";
  claims: "falls" | "high" | "shapes" | "short";
  captions: "peaks" | "curves";
  labels: Labels<Name | "peak" | "excess" | "step">;
}

/** A text in letters: who follows whom, and how often. */
interface Letters {
  readonly text: Int32Array;
  readonly count: number;
  /** By letter and the one after it. */
  readonly pairs: Float64Array;
  readonly entropy: number;
}

function lettersOf(): Letters {
  const letters = chineseEnglish().training.flatMap(({ target }) => [...target, "\n"]);
  const ids = new Map([...new Set(letters)].sort().map((letter, id) => [letter, id])), count = ids.size;
  const text = Int32Array.from(letters, (letter) => ids.get(letter)!), pairs = new Float64Array(count * count);
  for (let i = 1; i < text.length; i++) pairs[text[i - 1]! * count + text[i]!]!++;
  // The best table has the frequencies of the text as its probabilities; the logarithm of 0 counts for nothing.
  const scores = pairs.map((n) => Math.log(Math.max(n, 1e-300)));
  return { text, count, pairs, entropy: lossOf(scores, pairs, count) };
}

/** Mean cross-entropy of all pairs of the text under a table of scores. */
function lossOf(scores: ArrayLike<number>, pairs: Float64Array, count: number): number {
  let sum = 0, all = 0;
  for (let row = 0; row < count; row++) {
    const at = (column: number): number => scores[row * count + column]!;
    let most = -Infinity, total = 0;
    for (let column = 0; column < count; column++) most = Math.max(most, at(column));
    for (let column = 0; column < count; column++) total += Math.exp(at(column) - most);
    const log = most + Math.log(total);
    for (let column = 0; column < count; column++) {
      const n = pairs[row * count + column]!;
      if (n > 0) sum += n * (log - at(column));
      all += n;
    }
  }
  return sum / all;
}

/** One training: distance above the best table by step. */
async function trainOn(
  { text, count, pairs, entropy }: Letters,
  schedule: Schedule,
  steps: number,
  seed: number,
  { signal, onProgress }: RunOptions,
): Promise<[number, number][]> {
  const random = new Random(seed), table = new Embedding(count, count, random.split()), draws = random.split();
  const optimizer = new Optimizer(table.parameters(), adam({ beta2: 0.98 })), every = Math.ceil(steps / POINTS);
  const reports = await train({
    model: table,
    optimizer,
    batches: { next: () => Int32Array.from({ length: BATCH }, () => draws.integer(text.length - 1)) },
    loss: (places) =>
      crossEntropy(table.forward(tensor(places.map((at) => text[at]!))), tensor(places.map((at) => text[at + 1]!))),
    steps,
    schedule,
    reportEvery: every,
    evaluate: async () => ({ excess: lossOf(await table.weight.read(), pairs, count) - entropy }),
    evaluateEvery: every,
    ...(signal && { signal }),
    ...(onProgress && { onProgress: ({ step }) => onProgress(step / steps) }),
  });
  discard(table, optimizer);
  return reports.map(({ step, evaluation }) => [step, rounded(evaluation!["excess"]!)]);
}

const endOf = (curve: Curve): number => curve.at(-1)![1];
const meanOf = (curves: readonly Curve[]): Curve =>
  curves[0]!.map(([step], i) => [step, rounded(mean(curves.map((curve) => curve[i]![1])))]);

/** Four schedules from five peaks. */
export const experiment: Experiment<Schedules> = {
  controls: {
    steps: { default: 400, min: 50, max: 1000, step: 50 },
    peak: { default: 3, min: 0, max: PEAKS.length - 1, choices: PEAKS.map(String) },
    seed: SEED,
  },
  constants: { batch: BATCH, beta2: 0.98, warmup: WARMUP, peaks: PEAKS.join(", "), short: SHORT, seeds: SEEDS },
  tolerance: 0.2,
  claims: {
    falls: { holds: ({ bestRange: [constant, ...others] }) => others.every(([, high]) => high < constant![0]) },
    high: {
      holds: ({ ends: [constant, , cosine, line] }) => constant!.at(-1)! > 4 * Math.max(cosine!.at(-1)!, line!.at(-1)!),
    },
    shapes: {
      refuted: true,
      holds: ({ bestRange: [, , cosine, line] }) => cosine![1] < line![0] || line![1] < cosine![0],
    },
    short: { holds: ({ short: [constant, cosine] }) => constant![1] < cosine![0] },
  },
  async measure({ steps, peak, seed }, options) {
    const letters = lettersOf();
    const found: Curve[][][] = [];
    for (const [i, name] of NAMES.entries()) {
      const from = 0.9 * i / NAMES.length, share = 0.9 / NAMES.length / PEAKS.length;
      const byPeak: Curve[][] = [];
      for (const [j, rate] of PEAKS.entries()) {
        const own = part(options, from + share * j, from + share * (j + 1));
        byPeak.push(
          await overSeeds(
            { seed },
            SEEDS,
            own,
            ({ seed }, options) => trainOn(letters, scheduleOf(name, rate, steps), steps, seed, options),
          ),
        );
      }
      found.push(byPeak);
    }
    const ends = found.map((byPeak) => byPeak.map((curves) => rounded(mean(curves.map(endOf)))));
    const ranges = found.map((byPeak) => byPeak.map((curves) => rangeOf(curves.map(endOf))));
    const at = ends.map((row) => row.indexOf(Math.min(...row)));
    const short: Range[] = [];
    for (const [i, name] of (["constant", "cosine"] as const).entries()) {
      const tried: Curve[][] = [];
      for (const [j, rate] of PEAKS.entries()) {
        const from = 0.9 + 0.05 * i + 0.01 * j;
        tried.push(
          await overSeeds(
            { seed },
            SEEDS,
            part(options, from, from + 0.01),
            ({ seed }, options) => trainOn(letters, scheduleOf(name, rate, SHORT), SHORT, seed, options),
          ),
        );
      }
      const means = tried.map((curves) => mean(curves.map(endOf)));
      short.push(rangeOf(tried[means.indexOf(Math.min(...means))]!.map(endOf)));
    }
    return {
      ends,
      ranges,
      best: ends.map((row, i) => row[at[i]!]!),
      bestRange: ranges.map((row, i) => row[at[i]!]!),
      bestPeak: at.map((i) => PEAKS[i]!),
      short,
      entropy: rounded(letters.entropy),
      guess: rounded(Math.log(letters.count)),
      seeds: SEEDS,
      shown: {
        names: NAMES,
        peaks: PEAKS,
        steps,
        shortSteps: SHORT,
        peak: PEAKS[peak]!,
        curves: found.map((byPeak) => meanOf(byPeak[peak]!)),
        bands: found.map((byPeak) => bandOf(byPeak[peak]!)),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { ends, ranges, shown: { names, peaks, curves, bands } } = findings;
    return [
      {
        kind: "line",
        caption: captions.peaks(findings),
        x: { title: labels.peak, logarithmic: true },
        y: { title: labels.excess, logarithmic: true },
        series: names.map((name, i) => ({
          label: labels[name],
          points: ends[i]!.map((y, j): [number, number] => [peaks[j]!, y]),
          ranges: ranges[i]!,
        })),
      },
      {
        kind: "line",
        caption: captions.curves(findings),
        x: { title: labels.step },
        y: { title: labels.excess, logarithmic: true },
        series: names.map((name, i) => ({ label: labels[name], points: curves[i]!, ranges: bands[i]! })),
      },
    ];
  },
};
