/**
 * # Contrast and false sums
 *
 * Does contrastive decoding hallucinate less? An expert and a smaller amateur read the same true sums; both are asked for sums that they have read and for
 * others, and the answers are compared with those of the expert alone, of its cut alone, and of probabilities subtracted from each other.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { overSeeds, type Range, rangeOf, rangesOf } from "../../experiments/seeds.ts";
import { SEED } from "../../experiments/seed.ts";
import { askAll, resultOf, splitSums, type Sum, sumModel } from "../../experiments/sums.ts";
import { contrast } from "../contrastive.ts";
import { falseMass } from "../hallucination.ts";
import { greedy } from "../greedy_and_beam.ts";
import { toProbabilities } from "../sampling.ts";
import { minPRule } from "../truncation.ts";

/** The largest number to add, which fraction of the sums is read, the expert's width, layers of both and steps of training. */
const LARGEST = 9, READ = 0.6, HIDDEN = 32, LAYERS = 1, STEPS = 600;
/** Cuts of the second figure. */
const CUTS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.9];
/** Seeds of the ranges. */
const SEEDS = 3;

/** Ways to choose. */
const METHODS = ["expert", "cut", "contrastive", "subtracted"] as const;
type Method = (typeof METHODS)[number];

type Point = readonly [number, number];

/** How a method does on one part of the sums. */
interface Done {
  /** Which fraction greedy search answers falsely, and which fraction of samples is false. */
  readonly greedy: number;
  readonly sampled: number;
  /** Greedy answers that the expert alone has wrong and this one right, and the other way round. */
  readonly mended: number;
  readonly broken: number;
}

/** What one seed finds. */
interface Found {
  readonly learned: Readonly<Record<Method, Done>>;
  readonly unseen: Readonly<Record<Method, Done>>;
  /** False samples by the cut: of contrastive decoding and of the cut alone, on unseen sums. */
  readonly cuts: readonly (readonly Point[])[];
}

/** What is found; lists are of the seeds, the chosen one first. */
export interface ContrastFindings {
  /** Errors of greedy search on unseen sums. */
  readonly expertErrors: readonly number[];
  readonly contrastiveErrors: readonly number[];
  readonly subtractedErrors: readonly number[];
  /** False samples on learned and on unseen sums. */
  readonly learnedExpert: readonly number[];
  readonly learnedCut: readonly number[];
  readonly learnedContrastive: readonly number[];
  readonly unseenExpert: readonly number[];
  readonly unseenCut: readonly number[];
  readonly unseenContrastive: readonly number[];
  /** Greedy answers to unseen sums that contrast mends and breaks, over all seeds, and how many sums there are. */
  readonly mended: number;
  readonly broken: number;
  readonly asked: number;
  readonly shown: {
    readonly alpha: number;
    readonly strength: number;
    readonly width: number;
    readonly seeds: number;
    readonly groups: readonly (readonly { readonly method: Method; readonly value: number; readonly range: Range }[])[];
    readonly cuts: readonly (readonly Point[])[];
    readonly bands: readonly (readonly Range[])[];
  };
}

/** What the experiment is made of. */
export interface ContrastedSums extends Parts {
  findings: ContrastFindings;
  controls: "width" | "alpha" | "strength" | "seed";
  claims: "learned" | "cut" | "hallucinates";
  captions: "bars" | "cuts";
  labels:
    & Labels<Method>
    & Labels<"rate" | "learnedSampled" | "unseenSampled" | "unseenGreedy" | "alpha">;
}

/** The logits that a method leaves of one row of each model. */
function rowOf(method: Method, expert: number[], amateur: number[], alpha: number, strength: number): Float64Array {
  if (method === "contrastive") return contrast(expert, amateur, { alpha, strength });
  if (method === "cut") return minPRule(alpha).onHost(Float64Array.from(expert), { tokens: [] });
  if (method === "expert") return Float64Array.from(expert);
  // Negative differences are no probabilities: what is left is divided by its sum.
  const q = toProbabilities(amateur);
  return toProbabilities(expert).map((p, token) => p > q[token]! ? Math.log(p - q[token]!) : -Infinity);
}

function doneBy(
  method: Method,
  sums: readonly Sum[],
  rows: readonly [number[][], number[][]],
  alpha: number,
  strength: number,
): Done {
  const [experts, amateurs] = rows,
    isRight = (row: ArrayLike<number>, i: number): boolean => greedy(row) === resultOf(sums[i]!);
  const left = sums.map((_, i) => rowOf(method, experts[i]!, amateurs[i]!, alpha, strength));
  const right = left.map(isRight), before = experts.map(isRight);
  return {
    greedy: mean(right.map((one) => Number(!one))),
    sampled: mean(left.map((row, i) => falseMass(row, [resultOf(sums[i]!)]))),
    mended: right.filter((one, i) => one && !before[i]).length,
    broken: right.filter((one, i) => !one && before[i]).length,
  };
}

/** Trains an expert and an amateur, and asks both. */
async function measureOnce(
  { width, alpha, strength, seed }: Readonly<Record<"width" | "alpha" | "strength" | "seed", number>>,
  options: RunOptions,
): Promise<Found> {
  const random = new Random(seed),
    sums = splitSums(LARGEST, READ, random),
    plan = { largest: LARGEST, numLayers: LAYERS, steps: STEPS, smoothing: 0 };
  const expert = await sumModel(sums.learned, { ...plan, hiddenSize: HIDDEN }, random, part(options, 0, 0.6));
  const amateur = await sumModel(sums.learned, { ...plan, hiddenSize: width }, random, part(options, 0.6, 1));
  const ask = async (some: readonly Sum[]): Promise<[number[][], number[][]]> => [
    await askAll(expert, some, LARGEST),
    await askAll(amateur, some, LARGEST),
  ];
  const learned = await ask(sums.learned), unseen = await ask(sums.unseen);
  discard(expert, amateur);
  const all = (some: readonly Sum[], rows: [number[][], number[][]]): Record<Method, Done> =>
    Object.fromEntries(METHODS.map((method) => [method, doneBy(method, some, rows, alpha, strength)])) as Record<
      Method,
      Done
    >;
  return {
    learned: all(sums.learned, learned),
    unseen: all(sums.unseen, unseen),
    cuts: (["contrastive", "cut"] as const).map((method) =>
      CUTS.map((cut): Point => [cut, rounded(doneBy(method, sums.unseen, unseen, cut, strength).sampled)])
    ),
  };
}

/** Whether contrastive decoding hallucinates less. */
export const experiment: Experiment<ContrastedSums> = {
  controls: {
    width: { default: 8, min: 4, max: 32, step: 4 },
    alpha: { default: 0.1, min: 0.05, max: 1, step: 0.05 },
    strength: { default: 1, min: 0.25, max: 2, step: 0.25 },
    seed: SEED,
  },
  constants: { largest: LARGEST, read: READ, expert: HIDDEN, layers: LAYERS, steps: STEPS, seeds: SEEDS },
  tolerance: 0.5,
  claims: {
    learned: {
      holds: ({ learnedExpert, learnedContrastive }) =>
        learnedContrastive.every((mass, i) => mass < learnedExpert[i]! / 10),
    },
    cut: { holds: ({ learnedExpert, learnedCut }) => learnedCut.every((mass, i) => mass < learnedExpert[i]! / 10) },
    hallucinates: {
      refuted: true,
      holds: ({ mended, broken, unseenContrastive, unseenCut }) =>
        mended > 2 * broken && unseenContrastive.every((mass, i) => mass < unseenCut[i]!),
    },
  },
  async measure(controls, options) {
    const all = await overSeeds(controls, SEEDS, options, measureOnce);
    const list = (value: (found: Found) => number): number[] => all.map(value);
    const group = (value: (found: Found, method: Method) => number) =>
      METHODS.map((method) => {
        const values = list((found) => value(found, method));
        return { method, value: mean(values), range: rangeOf(values) };
      });
    const sum = (value: (found: Found) => number): number => list(value).reduce((total, one) => total + one, 0);
    const unseen = Math.round((1 - READ) * (LARGEST + 1) ** 2);
    return {
      expertErrors: list(({ unseen }) => unseen.expert.greedy),
      contrastiveErrors: list(({ unseen }) => unseen.contrastive.greedy),
      subtractedErrors: list(({ unseen }) => unseen.subtracted.greedy),
      learnedExpert: list(({ learned }) => learned.expert.sampled),
      learnedCut: list(({ learned }) => learned.cut.sampled),
      learnedContrastive: list(({ learned }) => learned.contrastive.sampled),
      unseenExpert: list(({ unseen }) => unseen.expert.sampled),
      unseenCut: list(({ unseen }) => unseen.cut.sampled),
      unseenContrastive: list(({ unseen }) => unseen.contrastive.sampled),
      mended: sum(({ unseen }) => unseen.contrastive.mended),
      broken: sum(({ unseen }) => unseen.contrastive.broken),
      asked: SEEDS * unseen,
      shown: {
        alpha: controls.alpha,
        strength: controls.strength,
        width: controls.width,
        seeds: SEEDS,
        groups: [
          group(({ learned }, method) => learned[method].sampled),
          group(({ unseen }, method) => unseen[method].sampled),
          group(({ unseen }, method) => unseen[method].greedy),
        ],
        cuts: [0, 1].map((i) => CUTS.map((cut, j): Point => [cut, rounded(mean(list(({ cuts }) => cuts[i]![j]![1])))])),
        bands: [0, 1].map((i) => rangesOf(all.map(({ cuts }) => cuts[i]!.map(([, y]) => y)))),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { groups, cuts, bands } = findings.shown;
    const titles = [labels.learnedSampled, labels.unseenSampled, labels.unseenGreedy];
    return [
      {
        kind: "bars",
        caption: captions.bars(findings),
        y: { title: labels.rate, domain: [0, 1] },
        bars: groups.flatMap((bars, i) =>
          bars.map(({ method, value, range }) => ({ label: labels[method], group: titles[i]!, value, range }))
        ),
      },
      {
        kind: "line",
        caption: captions.cuts(findings),
        x: { title: labels.alpha, logarithmic: true },
        y: { title: labels.unseenSampled, domain: [0, 1] },
        series: [
          { label: labels.contrastive, points: cuts[0]!, ranges: bands[0]! },
          { label: labels.cut, points: cuts[1]!, ranges: bands[1]! },
        ],
      },
    ];
  },
};
