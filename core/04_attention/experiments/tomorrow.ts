/**
 * # Why queries and keys need matrices of their own
 *
 * With one matrix for both, the score of two words is the same in both directions. The page says that
 * *eats* must be able to look for *apple* without *apple* looking for *eats*. Here every day of a week has
 * to say what is noted for tomorrow: queries and keys are made of the day, values of the note. With two
 * matrices that is learned soon. With one it cannot be: if Monday's best
 * match is Tuesday and Tuesday's is Wednesday, the score of Tuesday and Wednesday is above that of Monday
 * and Tuesday; around the week every score would have to be above itself.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { roll } from "../../engine/ops.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { arange, type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { difference, fit, mean, number, percent, readMatrix, rounded, SEED } from "../../experiments/plain.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { attentionWeights } from "../scaled_dot_product.ts";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const NOTES = 8, E = 16, B = 16;

type Found = {
  /** How many of the seven days look at tomorrow most, with two matrices. */
  readonly twoMatrices: number;
  /** The same with one. */
  readonly oneMatrix: number;
  /** Largest difference between the scores of a pair in both directions, with two matrices. */
  readonly asymmetryOfTwo: number;
  /** The same with one. */
  readonly asymmetryOfOne: number;
  /** Share of random vectors of equal length that match themselves best, without any matrix. */
  readonly themselves: number;
};

/** A head whose words look for others, with one matrix for queries and keys or with two. */
class Finder extends Module {
  readonly days: Embedding;
  readonly notes: Embedding;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;

  constructor(headSize: number, matrices: 1 | 2, random: Random) {
    super();
    this.days = new Embedding(DAYS.length, E, random, { deviation: 0.5 });
    this.notes = new Embedding(NOTES, E, random);
    this.query = new Linear(E, headSize, random, { bias: false });
    this.key = matrices === 1 ? this.query : new Linear(E, headSize, random, { bias: false });
    this.value = new Linear(E, E, random, { bias: false });
    this.output = new Linear(E, NOTES, random);
  }

  /** Queries and keys of all days, `[1, 1, 7, D]`; their order does not matter, since nothing marks it. */
  #asked(): [query: Tensor, key: Tensor] {
    const days = this.days.forward(arange(DAYS.length)).reshape([1, 1, DAYS.length, E]);
    return [this.query.forward(days), this.key.forward(days)];
  }

  /** Who looks at whom, `[7, 7]`. */
  weights(): Tensor {
    return attentionWeights(...this.#asked()).reshape([DAYS.length, DAYS.length]);
  }

  /** Scores before the softmax, `[7, 7]`. */
  scores(): Tensor {
    const [query, key] = this.#asked();
    return query.matmul(key.transpose(-2, -1)).reshape([DAYS.length, DAYS.length]);
  }

  /** Scores of what is noted for tomorrow, `[B, 7, notes]`. */
  forward(notes: Tensor): Tensor {
    return this.output.forward(this.weights().matmul(this.value.forward(this.notes.forward(notes))));
  }
}

const tomorrow = (day: number): number => (day + 1) % DAYS.length;
const finds = (weights: readonly (readonly number[])[], day: number): boolean =>
  weights[day]!.every((x, other) => other === tomorrow(day) || x < weights[day]![tomorrow(day)]!);
const found = (weights: readonly (readonly number[])[]): number =>
  weights.filter((_, day) => finds(weights, day)).length;
const asymmetry = (scores: readonly (readonly number[])[]): number =>
  Math.max(...scores.flatMap((row, i) => row.map((x, j) => Math.abs(x - scores[j]![i]!))));

/** How many of random vectors of length 1 have the largest dot product with themselves. */
async function selfMatches(random: Random): Promise<number> {
  const scores = scope(() => {
    const vectors = random.normal([100, E]);
    const units = vectors.div(vectors.square().sum(1, { keepDims: true }).sqrt());
    return units.matmul(units.transpose(0, 1));
  });
  return mean((await readMatrix(scores)).map((row, i) => row[i] === Math.max(...row) ? 1 : 0));
}

function scoreMap(scores: readonly (readonly number[])[], caption: string): Figure {
  return {
    kind: "heatMap",
    caption,
    rows: DAYS,
    columns: DAYS,
    values: scores.map((row) => row.map(rounded)),
    rowTitle: "query",
    columnTitle: "key",
    diverging: true,
  };
}

/** Self-attention with one matrix and with two. */
export const tomorrowExperiment: Experiment<Found, "headSize" | "steps" | "seed"> = {
  name: "attention/self_and_cross/matrices",
  title: "Every day looks for tomorrow: one matrix or two",
  purpose: "Each day of a week has to find the day after it. One head has a matrix for its queries and another " +
    "for its keys; a second head has one matrix for both. Both are trained alike. Change the width or the steps, " +
    "and count the days that find tomorrow. In the maps of scores, compare cells that mirror each other at the " +
    "diagonal.",
  controls: {
    headSize: { label: "Head width", description: "Width of queries and keys", default: 8, min: 1, max: 16 },
    steps: { label: "Steps", description: "Training steps", default: 300, min: 0, max: 1000, step: 50 },
    seed: SEED,
  },
  claims: [
    {
      text: "With a matrix for queries and one for keys, every day looks at tomorrow most",
      holds: ({ twoMatrices }) => twoMatrices === DAYS.length,
    },
    {
      text: "With one matrix for both, at least one day cannot",
      holds: ({ oneMatrix }) => oneMatrix < DAYS.length,
    },
    {
      text: "With one matrix the scores are symmetric",
      holds: ({ asymmetryOfOne, asymmetryOfTwo }) => asymmetryOfOne === 0 && asymmetryOfTwo > 1,
    },
    {
      text: "Without any matrix, of vectors of equal length each matches itself best",
      holds: ({ themselves }) => themselves === 1,
    },
  ],
  tolerance: 0.05,
  async run({ headSize, steps, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const random = new Random(seed);
    const maps: number[][][] = [], scores: number[][][] = [];
    for (const matrices of [2, 1] as const) {
      const model = new Finder(headSize, matrices, random);
      const loss = (): Tensor => {
        const notes = tensor(
          Array.from({ length: B * DAYS.length }, () => random.integer(NOTES)),
          [B, DAYS.length],
          "int32",
        );
        return crossEntropy(model.forward(notes), roll(notes, -1, 1));
      };
      const part = (done: number): void => onProgress?.((maps.length + done) / 2);
      const options = { steps, learningRate: 0.02, onProgress: part, ...(signal && { signal }) };
      if (steps > 0) await fit(model, loss, options);
      maps.push(await readMatrix(scope(() => noGrad(() => model.weights()))));
      scores.push(await readMatrix(scope(() => noGrad(() => model.scores()))));
    }
    const findings: Found = {
      twoMatrices: found(maps[0]!),
      oneMatrix: found(maps[1]!),
      asymmetryOfTwo: asymmetry(scores[0]!),
      asymmetryOfOne: difference(asymmetry(scores[1]!)),
      themselves: await selfMatches(random),
    };
    const lost = DAYS.filter((_, day) => !finds(maps[1]!, day)).join(", ");
    const share = (map: readonly (readonly number[])[]): string =>
      percent(mean(map.map((row, day) => row[tomorrow(day)]!)));
    return {
      findings,
      figures: [
        {
          kind: "attention",
          caption:
            `Each day at the left asks, the days at the right are asked. After ${steps} steps, with two matrices ${findings.twoMatrices} of 7 days look at tomorrow most, ` +
            `which gets ${share(maps[0]!)} of their weight; with one matrix ${findings.oneMatrix}, and ` +
            `${share(maps[1]!)}.`,
          from: DAYS,
          to: DAYS,
          weights: maps.map((map) => map.map((row) => row.map(rounded))),
          heads: ["two matrices", "one matrix"],
        },
        scoreMap(
          scores[0]!,
          `Scores with two matrices: a day and another one may score differently in the two directions, by up to ${
            number(findings.asymmetryOfTwo, 2)
          } here.`,
        ),
        scoreMap(
          scores[1]!,
          `Scores with one matrix: the map is its own mirror image. Who does not find tomorrow: ${lost || "nobody"}.`,
        ),
      ],
    };
  },
};
