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
import type { Experiment } from "../../experiments.ts";

const WIDTHS = [4, 16, 64, 256, 1024];

/** Variance of the scores, mean largest weight, and mean length of the softmax's derivative. */
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

/** Why scores are divided by the square root of the width. */
export const scalingExperiment: Experiment = {
  name: "attention/scaled_dot_product",
  title: "What the square root prevents: softmax over 16 random keys, by width of the head",
  controls: {
    queries: { description: "Random queries to average over", default: 400, min: 10, max: 100_000 },
    keys: { description: "Random keys that each query is compared with", default: 16, min: 2, max: 1024 },
    seed: { description: "Where the random vectors come from", default: 1, min: 0, max: 2 ** 31 },
  },
  claims: [
    {
      text: "The variance of a plain dot product is the width, within 15 %",
      holds: ({ rows }) => rows.every(([width, variance]) => Math.abs(variance! / width! - 1) < 0.15),
    },
    {
      text: "Without the division, the largest of 16 weights at width 1024 is above 0.9",
      holds: ({ rows }) => rows.at(-1)![2]! > 0.9,
    },
    {
      text: "Without the division, the gradient at width 1024 is below a third of that at width 4",
      holds: ({ rows }) => rows.at(-1)![3]! < rows[0]![3]! / 3,
    },
    {
      text: "With it, largest weight and gradient depend on the width by less than 15 %",
      holds: ({ rows }) =>
        [5, 6].every((column) => rows.every((row) => Math.abs(row[column]! / rows.at(-1)![column]! - 1) < 0.15)),
    },
  ],
  async run({ queries = 400, keys = 16, seed = 1 }, { signal }) {
    const random = new Random(seed);
    const rows: number[][] = [];
    for (const width of WIDTHS) {
      signal?.throwIfAborted();
      // Every query meets keys of its own, so that the averages are over independent draws.
      const query = random.normal([queries, 1, width]), key = random.normal([queries, keys, width]);
      const [plain, scaled] = scope(() => {
        const scores = query.matmul(key.transpose(1, 2)).squeeze(1);
        return [scores.mul(1), scores.mul(1 / Math.sqrt(width))];
      });
      rows.push([width, ...await measure(plain), ...await measure(scaled)]);
    }
    const of = (kind: string): string[] => [`variance${kind}`, `largest weight${kind}`, `gradient${kind}`];
    return { columns: ["width", ...of(""), ...of(" / √d")], rows };
  },
};
