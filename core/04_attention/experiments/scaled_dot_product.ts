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
import type { Axis, Experiment, Figure, Series } from "../../experiments.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";

const WIDTHS = [4, 16, 64, 256, 1024];

/** One number for each width, without the division and with it. */
type Found = {
  readonly variance: readonly number[];
  readonly scaledVariance: readonly number[];
  readonly largest: readonly number[];
  readonly scaledLargest: readonly number[];
  readonly gradient: readonly number[];
  readonly scaledGradient: readonly number[];
};

/** Variance of the scores, mean largest weight, and mean length of the softmax’s derivative. */
async function measure(scores: Tensor): Promise<number[]> {
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

/** Points over the widths. */
function overWidths(label: string, numbers: readonly number[], look: Partial<Series> = {}): Series {
  return { label, points: numbers.map((y, i) => [WIDTHS[i]!, y]), ...look };
}

/** What the page shows of the findings. */
function figures(found: Found, keys: number): Figure[] {
  const x: Axis = { title: "width of the head, d", logarithmic: true };
  return [
    {
      kind: "line",
      caption:
        `The variance of a plain score is about its width: ${
          number(Math.round(found.variance.at(-1)!))
        } at width 1024. ` +
        `That of the score divided by √d is ${fixed(found.scaledVariance.at(-1)!, 2)} there.`,
      x,
      y: { title: "variance of the scores", logarithmic: true },
      series: [
        overWidths("QKᵀ", found.variance),
        overWidths("QKᵀ / √d", found.scaledVariance, { quantity: "Z" }),
        overWidths("expected, d", WIDTHS, { dashed: true, quantity: "d" }),
      ],
    },
    {
      kind: "line",
      caption: `Without the division, one of ${keys} keys gets ${percent(found.largest.at(-1)!)} of the weight at ` +
        `width 1024, on average; with it, ${percent(Math.min(...found.scaledLargest))} to ` +
        `${percent(Math.max(...found.scaledLargest))}, whatever the width.`,
      x,
      y: { title: "largest weight", domain: [0, 1] },
      series: [
        overWidths("softmax(QKᵀ)", found.largest),
        overWidths("softmax(QKᵀ / √d)", found.scaledLargest, { quantity: "A" }),
        overWidths("uniform, 1 / keys", WIDTHS.map(() => 1 / keys), { dashed: true }),
      ],
    },
    {
      kind: "line",
      caption: "How strongly the weights answer when the scores change: all derivatives of the weights of one query, " +
        "squared, summed, and the root taken. Without the division it falls, from width 4 to width 1024, to " +
        `${percent(found.gradient.at(-1)! / found.gradient[0]!)}.`,
      x,
      y: { title: "how strongly weights answer to scores" },
      series: [
        overWidths("softmax(QKᵀ)", found.gradient),
        overWidths("softmax(QKᵀ / √d)", found.scaledGradient, { quantity: "A" }),
      ],
    },
  ];
}

/** Why scores are divided by the square root of the width. */
export const scaledDotProductExperiment: Experiment<Found, "queries" | "keys" | "seed"> = {
  name: "attention/scaled_dot_product",
  title: "What the square root prevents",
  purpose: "Random queries meet random keys, in heads of growing width; nothing is trained. The scores are " +
    "taken as they are, and divided by √d. Change the number of keys. In each figure, see which of the two " +
    "depends on the width.",
  controls: {
    queries: {
      label: "Queries",
      description: "Random queries to average over",
      default: 400,
      min: 50,
      max: 2000,
      step: 50,
    },
    keys: {
      label: "Keys",
      description: "Random keys that each query is compared with",
      default: 16,
      min: 2,
      max: 128,
    },
    seed: {
      label: "Seed",
      description: "Where the random vectors come from",
      default: 1,
      min: 0,
      max: 2 ** 31,
    },
  },
  claims: [
    {
      text: "The variance of a plain dot product is the width, within 15\u202f%",
      holds: ({ variance }) => variance.every((x, i) => Math.abs(x / WIDTHS[i]! - 1) < 0.15),
    },
    {
      text: "Without the division, the largest weight of a query at width 1024 is above 0.9 on average",
      holds: ({ largest }) => largest.at(-1)! > 0.9,
    },
    {
      text: "Without the division, the weights answer at width 1024 less than a third as strongly as at width 4",
      holds: ({ gradient }) => gradient.at(-1)! < gradient[0]! / 3,
    },
    {
      text: "With it, the largest weight and the answer of the weights depend on the width by less than 15\u202f%",
      holds: ({ scaledLargest, scaledGradient }) => level(scaledLargest) && level(scaledGradient),
    },
  ],
  async run({ queries, keys, seed }, { signal, onProgress }) {
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
      plain.push(await measure(scores!));
      scaled.push(await measure(divided!));
      onProgress?.((i + 1) / WIDTHS.length);
    }
    const column = (rows: readonly number[][], i: number): number[] => rows.map((row) => row[i]!);
    const findings: Found = {
      variance: column(plain, 0),
      scaledVariance: column(scaled, 0),
      largest: column(plain, 1),
      scaledLargest: column(scaled, 1),
      gradient: column(plain, 2),
      scaledGradient: column(scaled, 2),
    };
    return { findings, figures: figures(findings, keys) };
  },
};
