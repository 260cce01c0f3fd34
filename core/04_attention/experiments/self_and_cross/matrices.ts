/**
 * # Every day looks for tomorrow: one matrix or two
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

import { noGrad } from "../../../engine/autograd.ts";
import { Linear } from "../../../engine/linear.ts";
import { Module } from "../../../engine/module.ts";
import { arange, tensor } from "../../../engine/create.ts";
import { roll } from "../../../engine/joining.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { difference, mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import type { Figure } from "../../../experiments/figure.ts";
import { fit } from "../../../experiments/learning.ts";
import { readMatrix } from "../../../experiments/reading.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds } from "../../../experiments/seeds.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { Embedding } from "../../../02_words/embeddings.ts";
import { attentionWeights } from "../../scaled_dot_product.ts";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
/** The learning rate, and how many seeds are tried. */
const RATE = 0.02, SEEDS = 10;
const NOTES = 8, E = 16, B = 16;

/** What is found. */
export interface MatricesFindings {
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
  /** Days that do not find tomorrow, by seed: with one matrix, and with two. */
  readonly failures: readonly number[];
  readonly failuresOfTwo: readonly number[];
  readonly seeds: number;
  readonly shown: {
    readonly steps: number;
    /** Weights and scores, `[day, day]`, of the head with two matrices and of that with one. */
    readonly maps: readonly (readonly (readonly number[])[])[];
    readonly scores: readonly (readonly (readonly number[])[])[];
    /** Mean weight of tomorrow in each. */
    readonly onTomorrow: readonly number[];
    /** Which days do not find tomorrow with one matrix. */
    readonly lost: readonly Day[];
  };
}

/** A day of the week. */
export type Day = typeof DAYS[number];

/** What the experiment is made of. */
export interface Matrices extends Parts {
  findings: MatricesFindings;
  controls: "headSize" | "steps" | "seed";
  claims: "two" | "one" | "symmetric" | "without";
  captions: "maps" | "scoresOfTwo" | "scoresOfOne";
  labels: Labels<Day | "two" | "one" | "query" | "key">;
}

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

type OneSeed = Omit<MatricesFindings, "failures" | "failuresOfTwo" | "seeds">;

/** What one seed finds. */
async function once(
  { headSize, steps, seed }: Readonly<Record<Matrices["controls"], number>>,
  { signal, onProgress }: RunOptions,
): Promise<OneSeed> {
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
    const options = { steps, learningRate: RATE, onProgress: part, ...(signal && { signal }) };
    if (steps > 0) await fit(model, loss, options);
    maps.push(await readMatrix(scope(() => noGrad(() => model.weights()))));
    scores.push(await readMatrix(scope(() => noGrad(() => model.scores()))));
  }
  return {
    twoMatrices: found(maps[0]!),
    oneMatrix: found(maps[1]!),
    asymmetryOfTwo: asymmetry(scores[0]!),
    asymmetryOfOne: difference(asymmetry(scores[1]!)),
    themselves: await selfMatches(random),
    shown: {
      steps,
      maps,
      scores,
      onTomorrow: maps.map((map) => mean(map.map((row, day) => row[tomorrow(day)]!))),
      lost: DAYS.filter((_, day) => !finds(maps[1]!, day)),
    },
  };
}

/** Self-attention with one matrix and with two. */
export const experiment: Experiment<Matrices> = {
  controls: {
    headSize: { default: 8, min: 1, max: 16 },
    steps: { default: 300, min: 0, max: 1000, step: 50 },
    seed: SEED,
  },
  constants: { width: E, rate: RATE, batch: B, seeds: SEEDS },
  claims: {
    two: { holds: ({ failuresOfTwo }) => failuresOfTwo.every((days) => days === 0) },
    one: { holds: ({ failures }) => failures.every((days) => days > 0) },
    symmetric: { holds: ({ asymmetryOfOne, asymmetryOfTwo }) => asymmetryOfOne === 0 && asymmetryOfTwo > 1 },
    without: { holds: ({ themselves }) => themselves === 1 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    return {
      ...runs[0]!,
      failures: runs.map(({ oneMatrix }) => DAYS.length - oneMatrix),
      failuresOfTwo: runs.map(({ twoMatrices }) => DAYS.length - twoMatrices),
      seeds: SEEDS,
    };
  },
  draw(findings, { captions, labels }) {
    const { maps, scores } = findings.shown, days = DAYS.map((day) => labels[day]);
    const scoreMap = (values: readonly (readonly number[])[], caption: string): Figure => ({
      kind: "heatMap",
      caption,
      rows: days,
      columns: days,
      values,
      rowTitle: labels.query,
      columnTitle: labels.key,
      diverging: true,
    });
    return [
      {
        kind: "attention",
        caption: captions.maps(findings),
        from: days,
        to: days,
        weights: maps,
        heads: [labels.two, labels.one],
      },
      scoreMap(scores[0]!, captions.scoresOfTwo(findings)),
      scoreMap(scores[1]!, captions.scoresOfOne(findings)),
    ];
  },
};
