/**
 * # What the square root prevents
 *
 * [The notes](notes:001.17,002.20,004.73) give three reasons for the division by $\sqrt{d}$: without it the gradient
 * vanishes, it explodes, or it does both.
 * This draws random queries, keys and values of several widths, with and without the division, and measures the variance of
 * the scores, the largest weight, and the gradient that reaches each query. Its last question is where the division
 * does not help: a key that is aligned with its query.
 *
 * @module
 */

import { parameter } from "../../engine/create.ts";
import { concat } from "../../engine/joining.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { Axis, Series } from "../../experiments/figure.ts";
import { SEED } from "../../experiments/seed.ts";
import { attentionWeights, scaledDotProductAttention } from "../scaled_dot_product.ts";

const WIDTHS = [4, 16, 64, 256, 1024];

/** Sizes of the gradients of many queries, by width. */
export interface Gradients {
  readonly median: readonly number[];
  readonly mean: readonly number[];
  readonly largest: readonly number[];
}

/** One number for each width, without the division and with it. */
export interface ScalingFindings {
  readonly variance: readonly number[];
  readonly scaledVariance: readonly number[];
  readonly largest: readonly number[];
  readonly scaledLargest: readonly number[];
  /** Largest weight with the division, where one key is aligned with the query. */
  readonly alignedLargest: readonly number[];
  readonly gradient: Gradients;
  readonly scaledGradient: Gradients;
  readonly shown: {
    readonly keys: number;
    readonly queries: number;
    readonly alignment: number;
    readonly widths: readonly number[];
    /** The weight of each key if all have the same. */
    readonly uniform: number;
  };
}

/** What the experiment is made of. */
export interface Scaling extends Parts {
  findings: ScalingFindings;
  controls: "queries" | "keys" | "alignment" | "seed";
  claims: "variance" | "largest" | "vanishes" | "explodes" | "scaled" | "aligned";
  captions: "variance" | "largest" | "gradient";
  labels: Labels<"width" | "variance" | "expected" | "largest" | "uniform" | "aligned" | "gradient" | Size>;
}

type Size = "median" | "mean" | "most";

/** One width: every query meets keys and values of its own, so that averages are over independent draws. */
interface Draw {
  /** `[N, 1, 1, d]`. */
  readonly query: Tensor;
  /** `[N, 1, S, d]`. */
  readonly key: Tensor;
  /** `[N, 1, S, d]`. */
  readonly value: Tensor;
  /** The gradient that arrives at the output, `[N, 1, 1, d]`. */
  readonly arriving: Tensor;
}

function draw(N: number, S: number, d: number, random: Random): Draw {
  return {
    query: random.normal([N, 1, 1, d]),
    key: random.normal([N, 1, S, d]),
    value: random.normal([N, 1, S, d]),
    arriving: random.normal([N, 1, 1, d]),
  };
}

/** Variance of the scores, and mean largest weight. */
async function statistics({ query, key }: Draw, scale: number): Promise<[number, number]> {
  const [variance, largest] = scope(() => {
    const scores = query.matmul(key.transpose(-2, -1)).mul(scale);
    return [scores.square().mean(), attentionWeights(query, key, { scale }).max(-1).mean()];
  });
  return [await variance!.item(), await largest!.item()];
}

/** The gradient that reaches each query, as the root mean square of its coordinates. */
async function gradients({ query, key, value, arriving }: Draw, scale: number): Promise<number[]> {
  const sizes = scope(() => {
    const leaf = parameter(query);
    scaledDotProductAttention(leaf, key, value, { scale }).backward(arriving);
    return leaf.grad!.square().mean(-1).sqrt();
  });
  return [...await sizes.read()].sort((a, b) => a - b);
}

/** Mean largest weight, divided by the square root, where the first key has a part in common with its query. */
async function aligned({ query, key }: Draw, alignment: number, scale: number): Promise<number> {
  return await scope(() => {
    const own = query.mul(alignment).add(key.slice(2, 0, 1).mul(Math.sqrt(1 - alignment ** 2)));
    const keys = concat([own, key.slice(2, 1)], 2);
    return attentionWeights(query, keys, { scale }).max(-1).mean();
  }).item();
}

const sizesOf = (rows: readonly (readonly number[])[]): Gradients => ({
  median: rows.map((sizes) => sizes[Math.floor(sizes.length / 2)]!),
  mean: rows.map(mean),
  largest: rows.map((sizes) => sizes.at(-1)!),
});

/** Whether every number is within 15 % of the last one. */
const level = (numbers: readonly number[]): boolean => numbers.every((x) => Math.abs(x / numbers.at(-1)! - 1) < 0.15);

/** Why scores are divided by the square root of the width. */
export const experiment: Experiment<Scaling> = {
  controls: {
    queries: { default: 400, min: 50, max: 800, step: 50 },
    keys: { default: 16, min: 2, max: 64 },
    alignment: { default: 0.3, min: 0, max: 0.9, step: 0.1 },
    seed: SEED,
  },
  claims: {
    variance: { holds: ({ variance }) => variance.every((x, i) => Math.abs(x / WIDTHS[i]! - 1) < 0.15) },
    largest: { holds: ({ largest }) => largest.at(-1)! > 0.9 },
    vanishes: { holds: ({ gradient, scaledGradient }) => gradient.median.at(-1)! < scaledGradient.median.at(-1)! / 10 },
    explodes: {
      holds: ({ gradient, scaledGradient }) =>
        gradient.largest.at(-1)! > 10 * scaledGradient.largest.at(-1)! &&
        gradient.mean.at(-1)! > 2 * scaledGradient.mean.at(-1)!,
    },
    scaled: { holds: ({ scaledLargest, scaledVariance }) => level(scaledLargest) && level(scaledVariance) },
    aligned: { refuted: true, holds: ({ alignedLargest }) => level(alignedLargest) },
  },
  async measure({ queries, keys, alignment, seed }, { signal, onProgress }) {
    const random = new Random(seed);
    const plain: [number, number][] = [], scaled: [number, number][] = [], own: number[] = [];
    const sizes: number[][] = [], scaledSizes: number[][] = [];
    for (const [i, width] of WIDTHS.entries()) {
      signal?.throwIfAborted();
      const draws = draw(queries, keys, width, random), scale = 1 / Math.sqrt(width);
      plain.push(await statistics(draws, 1));
      scaled.push(await statistics(draws, scale));
      sizes.push(await gradients(draws, 1));
      scaledSizes.push(await gradients(draws, scale));
      own.push(await aligned(draws, alignment, scale));
      onProgress?.((i + 1) / WIDTHS.length);
    }
    return {
      variance: plain.map(([variance]) => variance),
      scaledVariance: scaled.map(([variance]) => variance),
      largest: plain.map(([, largest]) => largest),
      scaledLargest: scaled.map(([, largest]) => largest),
      alignedLargest: own,
      gradient: sizesOf(sizes),
      scaledGradient: sizesOf(scaledSizes),
      shown: { keys, queries, alignment, widths: WIDTHS, uniform: 1 / keys },
    };
  },
  draw(findings, { captions, labels }) {
    const { widths, uniform } = findings.shown, { gradient, scaledGradient } = findings;
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
          over(labels.aligned, findings.alignedLargest, { quantity: "A", dashed: true }),
          over(labels.uniform, widths.map(() => uniform), { dashed: true }),
        ],
      },
      {
        kind: "line",
        caption: captions.gradient(findings),
        x,
        y: { title: labels.gradient, logarithmic: true },
        series: [
          over(`QKᵀ, ${labels.most}`, gradient.largest),
          over(`QKᵀ, ${labels.mean}`, gradient.mean),
          over(`QKᵀ, ${labels.median}`, gradient.median),
          over(`QKᵀ / √d, ${labels.most}`, scaledGradient.largest, { quantity: "Z", dashed: true }),
          over(`QKᵀ / √d, ${labels.mean}`, scaledGradient.mean, { quantity: "Z", dashed: true }),
          over(`QKᵀ / √d, ${labels.median}`, scaledGradient.median, { quantity: "Z", dashed: true }),
        ],
      },
    ];
  },
};
