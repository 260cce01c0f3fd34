/**
 * # True sums only
 *
 * A small language model reads nothing but true sums. How much probability mass false ones keep, how often samples state them, and whether
 * the confidence of the model tells, on sums that it learned and on sums that it never read.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { SEED } from "../../experiments/seed.ts";
import { askAll, resultOf, splitSums, type Sum, sumModel } from "../../experiments/sums.ts";
import { type Prediction, topPredictions } from "../confidence.ts";
import { agreementOf, auroc, falseMass, selectiveErrors } from "../hallucination.ts";
import { sample, toProbabilities } from "../sampling.ts";

/** The largest number to add, and the layout of the model. */
const LARGEST = 9, HIDDEN = 32, LAYERS = 1;
/** Steps of training, and those after which the false mass is measured. */
const STEPS = 600, WATCHED = [20, 40, 80, 150, 300, 450, 600];
/** One sum that is always learned, and a false result of it. */
const NOTED: Sum = { a: 2, b: 2 }, FALSE = 5;
/** Temperatures of the samples, and samples of a question whose agreement is measured. */
const TEMPERATURES = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3], SAMPLES = 20;
/** Seeds of the ranges. */
const SEEDS = 3;

type Point = readonly [number, number];

/** What one part of the sums shows. */
export interface Asked {
  /** Fraction that greedy search answers falsely. */
  readonly error: number;
  /** Mean confidence of its answers, and of the false ones among them. */
  readonly confidence: number;
  readonly falseConfidence: number;
  /** Mean false mass. */
  readonly mass: number;
}

/** What one seed finds. */
interface Found {
  readonly learned: Asked;
  readonly unseen: Asked;
  readonly noted: readonly Point[];
  readonly masses: readonly Point[];
  /** False samples by temperature, on both parts. */
  readonly rates: readonly (readonly Point[])[];
  /** AUROC of confidence and of agreement on unseen sums. */
  readonly aurocs: readonly [number, number];
  /** Errors by coverage on unseen sums. */
  readonly selections: readonly (readonly Point[])[];
}

/** What is found; lists are of the seeds, the chosen one first. */
export interface HallucinationFindings {
  /** False mass on learned sums at the end, and the probability of 2 + 2 = 5. */
  readonly masses: readonly number[];
  readonly noted: readonly number[];
  /** Errors of greedy search on learned and on unseen sums. */
  readonly learnedErrors: readonly number[];
  readonly unseenErrors: readonly number[];
  /** How sure the model is where it is wrong, on unseen sums. */
  readonly falseConfidences: readonly number[];
  /** Which fraction of samples is false at the temperatures, of the chosen seed. */
  readonly learnedRates: readonly number[];
  readonly unseenRates: readonly number[];
  /** How well confidence and agreement tell, on unseen sums. */
  readonly byConfidence: readonly number[];
  readonly byAgreement: readonly number[];
  /** Error where only the more certain half of the unseen sums is answered, for each seed. */
  readonly halves: readonly number[];
  readonly shown: {
    readonly sums: readonly [learned: number, unseen: number];
    readonly seeds: number;
    readonly samples: number;
    readonly asked: readonly [learned: Asked, unseen: Asked];
    readonly curves: readonly (readonly Point[])[];
    readonly bands: readonly (readonly Range[])[];
    readonly rates: readonly (readonly Point[])[];
    readonly rateBands: readonly (readonly Range[])[];
    readonly selections: readonly (readonly Point[])[];
  };
}

/** What the experiment is made of. */
export interface TrueSums extends Parts {
  findings: HallucinationFindings;
  controls: "part" | "smoothing" | "seed";
  claims: "mass" | "greedy" | "unseen" | "temperature" | "confidence";
  captions: "mass" | "temperature" | "coverage";
  labels:
    & Labels<"step" | "probability" | "learned" | "unseen" | "noted">
    & Labels<"temperature" | "rate" | "coverage" | "error" | "byConfidence" | "byAgreement">;
}

/** How greedy search answers some sums. */
function judge(
  sums: readonly Sum[],
  rows: readonly number[][],
): { readonly asked: Asked; readonly predictions: Prediction[] } {
  const predictions = topPredictions(rows, sums.map(resultOf));
  const wrong = predictions.filter(({ correct }) => !correct);
  const asked = {
    error: wrong.length / predictions.length,
    confidence: mean(predictions.map(({ confidence }) => confidence)),
    falseConfidence: mean(wrong.map(({ confidence }) => confidence)),
    mass: mean(rows.map((row, i) => falseMass(row, [resultOf(sums[i]!)]))),
  };
  return { asked, predictions };
}

/** Which fraction of samples is false, exactly, by temperature. */
function ratesOf(sums: readonly Sum[], rows: readonly number[][]): Point[] {
  return TEMPERATURES.map((t) => [
    t,
    rounded(mean(rows.map((row, i) => falseMass(row.map((logit) => logit / t), [resultOf(sums[i]!)])))),
  ]);
}

/** How often samples of a question agree, in place of the confidence of its most probable answer. */
function agreements(rows: readonly number[][], predictions: readonly Prediction[], random: Random): Prediction[] {
  return rows.map((row, i) => {
    const samples = Array.from({ length: SAMPLES }, () => String(sample(row, random)));
    return { confidence: agreementOf(samples).agreement, correct: predictions[i]!.correct };
  });
}

/** Trains one model and asks it. */
async function measureOnce(
  { part, smoothing, seed }: Readonly<Record<"part" | "smoothing" | "seed", number>>,
  options: RunOptions,
): Promise<Found> {
  const random = new Random(seed), sums = splitSums(LARGEST, part, random, NOTED);
  const plan = { largest: LARGEST, hiddenSize: HIDDEN, numLayers: LAYERS, steps: STEPS, smoothing };
  const noted: Point[] = [], masses: Point[] = [];
  const model = await sumModel(sums.learned, plan, random, options, {
    at: WATCHED,
    see: async (step, model) => {
      const rows = await askAll(model, sums.learned, LARGEST), [first] = rows;
      masses.push([step, rounded(judge(sums.learned, rows).asked.mass)]);
      noted.push([step, rounded(toProbabilities(first!)[FALSE]!)]);
    },
  });
  const rows = [await askAll(model, sums.learned, LARGEST), await askAll(model, sums.unseen, LARGEST)] as const;
  discard(model);
  const learned = judge(sums.learned, rows[0]), unseen = judge(sums.unseen, rows[1]);
  const agreed = agreements(rows[1], unseen.predictions, random);
  const kinds = [unseen.predictions, agreed];
  return {
    learned: learned.asked,
    unseen: unseen.asked,
    noted,
    masses,
    rates: [ratesOf(sums.learned, rows[0]), ratesOf(sums.unseen, rows[1])],
    aurocs: kinds.map(tell) as [number, number],
    selections: kinds.map((predictions) =>
      selectiveErrors(predictions).map(({ coverage, error }): Point => [rounded(coverage), rounded(error)])
    ),
  };
}

/** The AUROC; 0.5 where all answers are right or all wrong, and there is nothing to tell. */
function tell(predictions: readonly Prediction[]): number {
  return new Set(predictions.map(({ correct }) => correct)).size === 2 ? auroc(predictions) : 0.5;
}

/** The error at the smallest coverage of at least a half. */
function halfOf(selection: readonly Point[]): number {
  return selection.find(([coverage]) => coverage >= 0.5)![1];
}

/** False mass, false samples, and confidence where it is false. */
export const experiment: Experiment<TrueSums> = {
  controls: {
    part: { default: 0.6, min: 0.2, max: 0.9, step: 0.1 },
    smoothing: { default: 0, min: 0, max: 0.3, step: 0.05 },
    seed: SEED,
  },
  constants: { largest: LARGEST, width: HIDDEN, layers: LAYERS, steps: STEPS, samples: SAMPLES, seeds: SEEDS },
  tolerance: 0.5,
  claims: {
    mass: {
      holds: ({ masses, noted }) =>
        [...masses, ...noted].every((mass) => mass > 0) && masses.every((mass) => mass < 0.05),
    },
    greedy: { holds: ({ learnedErrors }) => learnedErrors.every((error) => error === 0) },
    unseen: {
      holds: ({ unseenErrors, falseConfidences }) =>
        unseenErrors.every((error) => error > 0.1) && falseConfidences.every((confidence) => confidence > 0.5),
    },
    temperature: {
      holds: ({ learnedRates, unseenRates }) =>
        [learnedRates, unseenRates].every((rates) => rates.every((rate, i) => i === 0 || rate > rates[i - 1]!)) &&
        learnedRates[0]! < 1e-4 && unseenRates[0]! > 0.1,
    },
    confidence: {
      holds: ({ byConfidence, halves, unseenErrors }) =>
        byConfidence.every((area) => area > 0.6) && halves.every((error, i) => error > 0 && error < unseenErrors[i]!),
    },
  },
  async measure(controls, options) {
    const all = await overSeeds(controls, SEEDS, options, measureOnce), [first] = all;
    const { learned, unseen, masses, noted, rates, selections } = first!;
    const bandOf = (curve: (found: Found) => readonly Point[]): Range[] =>
      rangesOf(all.map((found) => curve(found).map(([, y]) => y)));
    return {
      masses: all.map(({ learned }) => learned.mass),
      noted: all.map(({ noted }) => noted.at(-1)![1]),
      learnedErrors: all.map(({ learned }) => learned.error),
      unseenErrors: all.map(({ unseen }) => unseen.error),
      falseConfidences: all.map(({ unseen }) => unseen.falseConfidence),
      learnedRates: rates[0]!.map(([, rate]) => rate),
      unseenRates: rates[1]!.map(([, rate]) => rate),
      byConfidence: all.map(({ aurocs }) => aurocs[0]),
      byAgreement: all.map(({ aurocs }) => aurocs[1]),
      halves: all.map(({ selections }) => halfOf(selections[0]!)),
      shown: {
        sums: [Math.round(controls.part * (LARGEST + 1) ** 2), Math.round((1 - controls.part) * (LARGEST + 1) ** 2)],
        seeds: SEEDS,
        samples: SAMPLES,
        asked: [learned, unseen],
        curves: [masses, noted],
        bands: [bandOf(({ masses }) => masses), bandOf(({ noted }) => noted)],
        rates,
        rateBands: [bandOf(({ rates }) => rates[0]!), bandOf(({ rates }) => rates[1]!)],
        selections,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { curves, bands, rates, rateBands, selections } = findings.shown;
    return [
      {
        kind: "line",
        caption: captions.mass(findings),
        x: { title: labels.step },
        y: { title: labels.probability, logarithmic: true },
        series: [
          { label: labels.learned, points: curves[0]!, ranges: bands[0]! },
          { label: labels.noted, points: curves[1]!, ranges: bands[1]! },
        ],
      },
      {
        kind: "line",
        caption: captions.temperature(findings),
        x: { title: labels.temperature },
        y: { title: labels.rate, domain: [0, 1] },
        series: [
          { label: labels.unseen, points: rates[1]!, ranges: rateBands[1]! },
          { label: labels.learned, points: rates[0]!, ranges: rateBands[0]! },
        ],
      },
      {
        kind: "line",
        caption: captions.coverage(findings),
        x: { title: labels.coverage, domain: [0, 1] },
        y: { title: labels.error, domain: [0, 1] },
        series: [
          { label: labels.byConfidence, points: selections[0]! },
          { label: labels.byAgreement, points: selections[1]! },
        ],
      },
    ];
  },
};
