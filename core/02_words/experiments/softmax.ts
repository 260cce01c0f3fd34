/**
 * # What a softmax responds to
 *
 * Only differences of scores count, a temperature changes how much they count but never their order, and
 * the response vanishes where one probability is 1. This measures the three on random scores, and the
 * derivative on the scores of [the notes](notes:002.21), (1000, 1, −1000).
 *
 * @module
 */

import { arange, parameter, tensor } from "../../engine/create.ts";
import { oneHot } from "../../engine/indexing.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { difference } from "../../experiments/arithmetic.ts";
import { fixed } from "../../experiments/numbers.ts";
import { readMatrix } from "../../experiments/reading.ts";
import { SEED } from "../../experiments/seed.ts";
import { softmax } from "../softmax.ts";

const SHIFTS = [0, 10, 30, 70, 1000, 100_000];
const TEMPERATURES = [0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10];

/** What is found. */
export interface SoftmaxFindings {
  /** Largest change of a probability when every score is raised, by how much it is raised. */
  readonly change: readonly number[];
  /** How many probabilities are numbers when the maximum is not subtracted, by how much scores are raised. */
  readonly plainNumbers: readonly number[];
  /** Entropy of the probabilities in nats, by temperature. */
  readonly entropy: readonly number[];
  /** Whether the probabilities are ordered as the scores are, at every temperature: 1 for yes. */
  readonly ordered: number;
  /** Largest difference between the derivative and its formula. */
  readonly error: number;
  /** Largest probability of the scores of [the notes](notes:002.21). */
  readonly notesShare: number;
  /** Largest entry of the derivative there. */
  readonly notesSlope: number;
  readonly shown: {
    readonly temperature: number;
    readonly scores: readonly number[];
    readonly shifts: readonly number[];
    readonly temperatures: readonly number[];
    /** The probabilities at every temperature, `[temperature, score]`. */
    readonly byTemperature: readonly (readonly number[])[];
    /** The largest probability at the chosen temperature. */
    readonly top: number;
    /** How each probability responds to each score there. */
    readonly slopes: readonly (readonly number[])[];
    readonly saturation: Saturation;
  };
}

/** One score against a score of 0: its probability, and the slope of its probability. */
interface Saturation {
  readonly scores: readonly number[];
  readonly share: readonly number[];
  readonly slope: readonly number[];
  /** p(1 − p). */
  readonly product: readonly number[];
}

/** What the experiment is made of. */
export interface Softmax extends Parts {
  findings: SoftmaxFindings;
  controls: "scores" | "temperature" | "seed";
  claims: "shift" | "overflow" | "order" | "evenness" | "derivative" | "saturation" | "diagonal";
  captions: "order" | "slopes" | "saturation" | "shifts";
  labels:
    & Labels<"temperature" | "share" | "raised" | "score" | "shareAndSlope" | "shareP" | "slope">
    & Labels<"raisedBy" | "change" | "plainNumbers">
    & { shareOf(score: string): string; outOf(part: number, all: number): string };
}

/** The probabilities, and how each responds to each score: row `i`, column `j` is ∂pᵢ/∂zⱼ. */
async function sharesAndSlopes(scores: readonly number[]): Promise<{ shares: number[]; slopes: number[][] }> {
  const S = scores.length;
  // Row i of S equal rows serves probability i: one pass backward gives all derivatives.
  const rows = parameter(tensor(scores.concat(...Array(S - 1).fill(scores)), [S, S]));
  const shares = scope(() => {
    const shares = softmax(rows);
    shares.mul(oneHot(arange(S), S).cast("float32")).sum().backward();
    return shares.detach();
  });
  return { shares: (await readMatrix(shares))[0]!, slopes: await readMatrix(rows.grad!) };
}

async function shared(scores: readonly number[]): Promise<number[]> {
  return Array.from(await scope(() => softmax(tensor([...scores]))).read());
}

/** The formula without the maximum. */
async function plainly(scores: readonly number[]): Promise<number[]> {
  const shares: Tensor = scope(() => {
    const exponentials = tensor([...scores]).exp();
    return exponentials.div(exponentials.sum());
  });
  return Array.from(await shares.read());
}

const largest = (numbers: readonly number[]): number => Math.max(...numbers.map(Math.abs));
const entropyOf = (shares: readonly number[]): number =>
  -shares.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);

function isOrdered(scores: readonly number[], shares: readonly number[]): boolean {
  return scores.every((a, i) => scores.every((b, j) => a >= b || shares[i]! <= shares[j]!));
}

/** One score against a score of 0, over its range. */
async function saturation(): Promise<Saturation> {
  const scores = Array.from({ length: 49 }, (_, i) => (i - 24) / 2);
  const z = parameter(tensor(scores, [scores.length, 1]));
  const shares = scope(() => {
    const share = softmax(z.mul(tensor([[1, 0]]))).slice(1, 0, 1);
    share.sum().backward();
    return share.detach();
  });
  const share = Array.from(await shares.read()), slope = Array.from(await z.grad!.read());
  return { scores, share, slope, product: share.map((p) => p * (1 - p)) };
}

/** Shifts, temperatures and derivatives of a softmax. */
export const experiment: Experiment<Softmax> = {
  controls: {
    scores: { default: 6, min: 2, max: 12 },
    temperature: { default: 1, min: 0.1, max: 5, step: 0.1 },
    seed: SEED,
  },
  claims: {
    shift: { holds: ({ change }) => change.every((x) => x === 0) },
    overflow: { holds: ({ plainNumbers }) => plainNumbers[SHIFTS.indexOf(1000)] === 0 },
    order: { holds: ({ ordered }) => ordered === 1 },
    evenness: { holds: ({ entropy }) => entropy.every((x, i) => i === 0 || x >= entropy[i - 1]! - 1e-6) },
    derivative: { holds: ({ error }) => error === 0 },
    saturation: { holds: ({ notesShare, notesSlope }) => notesShare === 1 && notesSlope === 0 },
    diagonal: { refuted: true, holds: ({ notesShare, notesSlope }) => Math.abs(notesSlope - notesShare) < 0.01 },
  },
  async measure({ scores: count, temperature, seed }, { signal }) {
    signal?.throwIfAborted();
    // Multiples of 1/64, so that adding a whole number rounds nothing away.
    const drawn = await new Random(seed).normal([count], { deviation: 2 }).read();
    const scores = Array.from(drawn, (z) => Math.round(64 * z) / 64).sort((a, b) => b - a);

    const shares = await shared(scores);
    const change: number[] = [], plainNumbers: number[] = [];
    for (const shift of SHIFTS) {
      const raised = scores.map((z) => z + shift);
      const moved = await shared(raised);
      change.push(difference(largest(moved.map((p, i) => p - shares[i]!))));
      plainNumbers.push((await plainly(raised)).filter(Number.isFinite).length);
    }
    const byTemperature: number[][] = [];
    for (const t of TEMPERATURES) byTemperature.push(await shared(scores.map((z) => z / t)));
    signal?.throwIfAborted();

    const here = await sharesAndSlopes(scores.map((z) => z / temperature));
    const formula = here.shares.map((p, i) => here.shares.map((q, j) => p * ((i === j ? 1 : 0) - q)));
    const notes = await sharesAndSlopes([1000, 1, -1000]);
    return {
      change,
      plainNumbers,
      entropy: byTemperature.map(entropyOf),
      ordered: byTemperature.every((row) => isOrdered(scores, row)) ? 1 : 0,
      error: difference(largest(here.slopes.flatMap((row, i) => row.map((slope, j) => slope - formula[i]![j]!)))),
      notesShare: Math.max(...notes.shares),
      notesSlope: largest(notes.slopes.flat()),
      shown: {
        temperature,
        scores,
        shifts: SHIFTS,
        temperatures: TEMPERATURES,
        byTemperature,
        top: here.shares[0]!,
        slopes: here.slopes,
        saturation: await saturation(),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { change, plainNumbers, shown } = findings, { scores, shifts, temperatures, byTemperature } = shown;
    const names = scores.map((z) => fixed(z, 2)), alone = shown.saturation;
    const points = (y: readonly number[]): [number, number][] => y.map((value, i) => [alone.scores[i]!, value]);
    return [
      {
        kind: "line",
        caption: captions.order(findings),
        x: { title: labels.temperature, logarithmic: true },
        y: { title: labels.share, domain: [0, 1] },
        series: names.map((name, i) => ({
          label: `z = ${name}`,
          points: temperatures.map((t, k): [number, number] => [t, byTemperature[k]![i]!]),
        })),
      },
      {
        kind: "heatMap",
        caption: captions.slopes(findings),
        rows: names.map(labels.shareOf),
        columns: names,
        values: shown.slopes,
        rowTitle: labels.share,
        columnTitle: labels.raised,
        domain: [-0.25, 0.25],
        diverging: true,
        quantity: "p",
      },
      {
        kind: "line",
        caption: captions.saturation(findings),
        x: { title: labels.score },
        y: { title: labels.shareAndSlope, domain: [0, 1] },
        series: [
          { label: labels.shareP, points: points(alone.share), quantity: "p" },
          { label: labels.slope, points: points(alone.slope) },
          { label: "p(1 − p)", points: points(alone.product), dashed: true },
        ],
      },
      {
        kind: "table",
        caption: captions.shifts(findings),
        columns: [labels.raisedBy, labels.change, labels.plainNumbers],
        rows: shifts.map((shift, i) => [shift, change[i]!, labels.outOf(plainNumbers[i]!, scores.length)]),
      },
    ];
  },
};
