/**
 * # What a softmax answers to
 *
 * Only differences of scores count, a temperature changes how much they count but never their order, and
 * the answer dies where one share has everything. This measures the three on random scores, and the
 * derivative on the scores of the notes, (1000, 1, −1000).
 *
 * @module
 */

import { arange, parameter, type Tensor, tensor } from "../../engine/tensor.ts";
import { oneHot } from "../../engine/ops.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { difference, fixed, number, percent, readMatrix, rounded, SEED, size } from "../../experiments/plain.ts";
import { softmax } from "../softmax.ts";

const SHIFTS = [0, 10, 30, 70, 1000, 100_000];
const TEMPERATURES = [0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10];

type Found = {
  /** Largest change of a share when every score is raised, by how much it is raised. */
  readonly change: readonly number[];
  /** How many shares are numbers when the maximum is not subtracted, by how much scores are raised. */
  readonly plainNumbers: readonly number[];
  /** Entropy of the shares in nats, by temperature. */
  readonly entropy: readonly number[];
  /** Whether the shares are ordered as the scores are, at every temperature: 1 for yes. */
  readonly ordered: number;
  /** Largest difference between the derivative and its formula. */
  readonly error: number;
  /** Largest share of the notes' scores. */
  readonly notesShare: number;
  /** Largest entry of the derivative there. */
  readonly notesSlope: number;
};

/** The shares, and how each answers to each score: row `i`, column `j` is ∂pᵢ/∂zⱼ. */
async function sharesAndSlopes(scores: readonly number[]): Promise<{ shares: number[]; slopes: number[][] }> {
  const S = scores.length;
  // Row i of S equal rows serves share i: one pass backward gives all derivatives.
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

/** One score against a score of 0: its share, and the slope of its share. */
async function saturation(): Promise<Figure> {
  const scores = Array.from({ length: 49 }, (_, i) => (i - 24) / 2);
  const z = parameter(tensor(scores, [scores.length, 1]));
  const shares = scope(() => {
    const share = softmax(z.mul(tensor([[1, 0]]))).slice(1, 0, 1);
    share.sum().backward();
    return share.detach();
  });
  const share = await shares.read(), slope = await z.grad!.read();
  return {
    kind: "line",
    caption: `Two scores, z and 0. The share of z answers most at z = 0, by ${fixed(Math.max(...slope), 2)}; at z = ` +
      `${scores.at(-1)} it answers by ${number(slope.at(-1)!, 1)}: the softmax is saturated. The slope and p(1 − p) ` +
      "lie on top of each other.",
    x: { title: "score z" },
    y: { title: "share and slope", domain: [0, 1] },
    series: [
      { label: "share p", points: scores.map((x, i) => [x, share[i]!]), quantity: "p" },
      { label: "slope, by backward()", points: scores.map((x, i) => [x, slope[i]!]) },
      { label: "p(1 − p)", points: scores.map((x, i) => [x, share[i]! * (1 - share[i]!)]), dashed: true },
    ],
  };
}

/** Shifts, temperatures and derivatives of a softmax. */
export const softmaxExperiment: Experiment<Found, "scores" | "temperature" | "seed"> = {
  name: "words/softmax",
  title: "What a softmax answers to",
  purpose: "A few random scores become shares. Change the temperature, by which all scores are divided first: " +
    "see how even the shares are, and how strongly each of them answers to each score. The table at the end " +
    "raises all scores together, with the subtraction of the maximum and without it.",
  controls: {
    scores: { label: "Scores", description: "How many scores compete", default: 6, min: 2, max: 12 },
    temperature: {
      label: "Temperature",
      description: "What the scores are divided by before the softmax",
      default: 1,
      min: 0.1,
      max: 5,
      step: 0.1,
    },
    seed: SEED,
  },
  claims: [
    {
      text: "Raising every score by the same number leaves every share as it is",
      holds: ({ change }) => change.every((x) => x === 0),
    },
    {
      text: "Without the subtraction of the maximum, scores raised by 1000 have no shares",
      holds: ({ plainNumbers }) => plainNumbers[SHIFTS.indexOf(1000)] === 0,
    },
    {
      text: "Whatever the temperature, the shares are ordered as the scores are",
      holds: ({ ordered }) => ordered === 1,
    },
    {
      text: "The higher the temperature, the more even the shares",
      holds: ({ entropy }) => entropy.every((x, i) => i === 0 || x >= entropy[i - 1]! - 1e-6),
    },
    {
      text: "The derivative is pᵢ([i = j] − pⱼ)",
      holds: ({ error }) => error === 0,
    },
    {
      text: "For the scores (1000, 1, −1000) the shares are (1, 0, 0) and the gradient vanishes",
      holds: ({ notesShare, notesSlope }) => notesShare === 1 && notesSlope === 0,
    },
    {
      text: "On its diagonal the derivative is pᵢ, as the notes write: for those scores it would be 1",
      refuted: true,
      holds: ({ notesShare, notesSlope }) => Math.abs(notesSlope - notesShare) < 0.01,
    },
  ],
  async run({ scores: count, temperature, seed }, { signal }) {
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
    const findings: Found = {
      change,
      plainNumbers,
      entropy: byTemperature.map(entropyOf),
      ordered: byTemperature.every((row) => isOrdered(scores, row)) ? 1 : 0,
      error: difference(largest(here.slopes.flatMap((row, i) => row.map((slope, j) => slope - formula[i]![j]!)))),
      notesShare: Math.max(...notes.shares),
      notesSlope: largest(notes.slopes.flat()),
    };
    const names = scores.map((z) => fixed(z, 2));
    const top = here.shares[0]!;
    return {
      findings,
      figures: [
        {
          kind: "line",
          caption: `The same scores at every temperature. No two lines cross: the order stays. At ${
            TEMPERATURES[0]
          } the best score has ${percent(byTemperature[0]![0]!)}, at ${TEMPERATURES.at(-1)} it has ${
            percent(byTemperature.at(-1)![0]!)
          }.`,
          x: { title: "temperature", logarithmic: true },
          y: { title: "share", domain: [0, 1] },
          series: scores.map((_, i) => ({
            label: `z = ${names[i]}`,
            points: TEMPERATURES.map((t, k): [number, number] => [t, byTemperature[k]![i]!]),
          })),
        },
        {
          kind: "heatMap",
          caption:
            `How each share answers to each score at temperature ${temperature}. The best score has a share of ` +
            `${percent(top)}; its own entry is p(1 − p) = ${fixed(top * (1 - top), 2)}. Every row sums to zero: what ` +
            "one share wins, others lose. A score is raised after it was divided by the temperature.",
          rows: names.map((name) => `share of ${name}`),
          columns: names,
          values: here.slopes.map((row) => row.map(rounded)),
          rowTitle: "share",
          columnTitle: "score that is raised",
          domain: [-0.25, 0.25],
          diverging: true,
          quantity: "p",
        },
        await saturation(),
        {
          kind: "table",
          caption:
            `Every score raised by the same number. With the maximum subtracted, ${
              largest(change) === 0 ? "no share changes at all" : `shares change by ${size(largest(change))} at most`
            }. Without it, a score above 88.7 has no share that is a number in float32, on CPU and GPU; ` +
            "in float64, on the reference device, one above 709.8.",
          columns: ["scores raised by", "largest change of a share", "without it, shares that are numbers"],
          rows: SHIFTS.map((shift, i) => [shift, change[i]!, `${plainNumbers[i]} of ${count}`]),
        },
      ],
    };
  },
};
