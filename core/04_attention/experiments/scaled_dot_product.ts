/**
 * # What the square root prevents
 *
 * The notes say that a dot product of wide vectors grows with their width, that the softmax
 * then puts everything on one entry, and that its gradient dies. This draws random queries and
 * keys of several widths and measures all three, with and without the division.
 *
 * @module
 */

import { softmax } from "../../02_words/softmax.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { Axis, Series } from "../../experiments/figure.ts";
import { SEED } from "../../experiments/seed.ts";

const WIDTHS = [4, 16, 64, 256, 1024];

/** One number for each width, without the division and with it. */
export interface ScalingFindings {
  readonly variance: readonly number[];
  readonly scaledVariance: readonly number[];
  readonly largest: readonly number[];
  readonly scaledLargest: readonly number[];
  readonly gradient: readonly number[];
  readonly scaledGradient: readonly number[];
  readonly shown: {
    readonly keys: number;
    readonly widths: readonly number[];
    /** The weight of each key if all have the same. */
    readonly uniform: number;
    /** What is left of the answer of the weights from the smallest width to the largest. */
    readonly answer: number;
  };
}

/** What the experiment is made of. */
export interface Scaling extends Parts {
  findings: ScalingFindings;
  controls: "queries" | "keys" | "seed";
  claims: "variance" | "largest" | "gradient" | "scaled";
  captions: "variance" | "largest" | "gradient";
  labels: Labels<"width" | "variance" | "expected" | "largest" | "uniform" | "answer">;
}

/** Variance of the scores, mean largest weight, and mean length of the softmax’s derivative. */
async function statistics(scores: Tensor): Promise<number[]> {
  const found = scope(() => {
    const weights = softmax(scores);
    // The derivative is $\mathrm{diag}(p) - pp^\top$; its squared length needs $p$ only.
    const squares = weights.square().sum(1);
    const cubes = weights.square().mul(weights).sum(1);
    const slope = squares.sub(cubes.mul(2)).add(squares.square()).maximum(0).sqrt();
    return [scores.square().mean(), weights.max(1).mean(), slope.mean()];
  });
  return await Promise.all(found.map((number) => number.item()));
}

/** Whether every number is within 15 % of the last one. */
const level = (numbers: readonly number[]): boolean => numbers.every((x) => Math.abs(x / numbers.at(-1)! - 1) < 0.15);

/** Why scores are divided by the square root of the width. */
export const experiment: Experiment<Scaling> = {
  controls: {
    queries: { default: 400, min: 50, max: 2000, step: 50 },
    keys: { default: 16, min: 2, max: 128 },
    seed: SEED,
  },
  claims: {
    variance: { holds: ({ variance }) => variance.every((x, i) => Math.abs(x / WIDTHS[i]! - 1) < 0.15) },
    largest: { holds: ({ largest }) => largest.at(-1)! > 0.9 },
    gradient: { holds: ({ gradient }) => gradient.at(-1)! < gradient[0]! / 3 },
    scaled: { holds: ({ scaledLargest, scaledGradient }) => level(scaledLargest) && level(scaledGradient) },
  },
  async measure({ queries, keys, seed }, { signal, onProgress }) {
    const random = new Random(seed);
    const plain: number[][] = [], scaled: number[][] = [];
    for (const [i, width] of WIDTHS.entries()) {
      signal?.throwIfAborted();
      const [scores, divided] = scope(() => {
        // Every query meets keys of its own, so that the averages are over independent draws.
        const query = random.normal([queries, 1, width]), key = random.normal([queries, keys, width]);
        const scores = query.matmul(key.transpose(1, 2)).squeeze(1);
        return [scores, scores.mul(1 / Math.sqrt(width))];
      });
      plain.push(await statistics(scores!));
      scaled.push(await statistics(divided!));
      onProgress?.((i + 1) / WIDTHS.length);
    }
    const column = (rows: readonly number[][], i: number): number[] => rows.map((row) => row[i]!);
    const gradient = column(plain, 2);
    return {
      variance: column(plain, 0),
      scaledVariance: column(scaled, 0),
      largest: column(plain, 1),
      scaledLargest: column(scaled, 1),
      gradient,
      scaledGradient: column(scaled, 2),
      shown: { keys, widths: WIDTHS, uniform: 1 / keys, answer: gradient.at(-1)! / gradient[0]! },
    };
  },
  draw(findings, { captions, labels }) {
    const { widths, uniform } = findings.shown;
    const x: Axis = { title: labels.width, logarithmic: true };
    const over = (label: string, numbers: readonly number[], look: Partial<Series> = {}): Series => (
      { label, points: numbers.map((y, i) => [widths[i]!, y]), ...look }
    );
    return [
      {
        kind: "line",
        caption: captions.variance(findings),
        x,
        y: { title: labels.variance, logarithmic: true },
        series: [
          over("QKᵀ", findings.variance),
          over("QKᵀ / √d", findings.scaledVariance, { quantity: "Z" }),
          over(labels.expected, widths, { dashed: true, quantity: "d" }),
        ],
      },
      {
        kind: "line",
        caption: captions.largest(findings),
        x,
        y: { title: labels.largest, domain: [0, 1] },
        series: [
          over("softmax(QKᵀ)", findings.largest),
          over("softmax(QKᵀ / √d)", findings.scaledLargest, { quantity: "A" }),
          over(labels.uniform, widths.map(() => uniform), { dashed: true }),
        ],
      },
      {
        kind: "line",
        caption: captions.gradient(findings),
        x,
        y: { title: labels.answer },
        series: [
          over("softmax(QKᵀ)", findings.gradient),
          over("softmax(QKᵀ / √d)", findings.scaledGradient, { quantity: "A" }),
        ],
      },
    ];
  },
};
