/**
 * # What a bag of words can say
 *
 * Three classifiers read small reviews and say whether the last thing said is good: one that lets every
 * word vote (BoW, 词袋模型), one that sums embeddings (CBOW), one with layers behind the sum (deep CBOW).
 * Some reviews say it plainly, some negate (否定词), some turn with *but*. [The notes](notes:004.14) hold that a bag
 * misses negation and *but*; whether layers help is measured for each kind apart. Things and adjectives
 * are paired differently in training and test.
 *
 * @module
 */

import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { fit } from "../../../experiments/learning.ts";
import { readMatrix } from "../../../experiments/reading.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { Votes } from "../../../experiments/votes.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { BagOfWordsClassifier, DeepBagOfWordsClassifier, padTokens } from "../../embeddings.ts";

const GOOD = ["good", "great", "fine", "lovely", "clever", "funny"];
const BAD = ["bad", "poor", "dull", "awful", "silly", "slow"];
const THINGS = ["film", "story", "music", "cast", "plot", "end"];
const WORDS = ["<pad>", "the", "was", "not", "but", "very", "really", ...THINGS, ...GOOD, ...BAD];
/** How everything is trained and tested, and with how many seeds. */
const STEPS = 300, RATE = 0.02, BATCH = 64, TESTS = 200, SEEDS = 5;
const MODELS = ["bow", "cbow", "deep"] as const;
const KINDS = ["plain", "negated", "turned"] as const;

/** What is found. */
export interface BagFindings {
  /** Accuracy on plain, negated and turned reviews, of one model after the other. */
  readonly bow: readonly number[];
  /** The same of CBOW. */
  readonly cbow: readonly number[];
  /** The same of deep CBOW. */
  readonly deep: readonly number[];
  /** Mean cosine of two adjectives that mean alike, in the embeddings of CBOW. */
  readonly alike: number;
  /** Mean cosine of two that mean opposite things. */
  readonly opposite: number;
  /** Ranges of the accuracies over the seeds, by kind of review: of one model after the other. */
  readonly ranges: readonly (readonly Range[])[];
  readonly shown: {
    readonly seeds: number;
    /** A review of each kind. */
    readonly examples: readonly string[];
    readonly adjectives: readonly string[];
    /** Cosines of all pairs of them. */
    readonly cosines: readonly (readonly number[])[];
  };
}

/** What the experiment is made of. */
export interface Bags extends Parts {
  findings: BagFindings;
  controls: "width" | "layers" | "reviews" | "seed";
  claims: "plain" | "negation" | "layers" | "but" | "alike";
  captions: "accuracy" | "cosines";
  labels: Labels<typeof KINDS[number] | "bow" | "cbow" | "deep" | "right">;
}

/** A review and whether it ends well. */
interface Review {
  readonly words: readonly string[];
  readonly good: boolean;
}

/** Sees pairs of thing and adjective that training does not. */
type Part = "training" | "test";

function clause(random: Random, part: Part, good: boolean): string[] {
  for (;;) {
    const thing = random.integer(THINGS.length), adjective = random.integer(GOOD.length);
    const held = (thing + adjective) % 3 === 0;
    if (held !== (part === "test")) continue;
    const strength = [[], ["very"], ["really"]][random.integer(3)]!;
    return ["the", THINGS[thing]!, "was", ...strength, (good ? GOOD : BAD)[adjective]!];
  }
}

function review(random: Random, part: Part, kind: number): Review {
  const good = random.integer(2) === 1;
  if (kind === 0) return { words: clause(random, part, good), good };
  if (kind === 1) {
    const words = clause(random, part, !good);
    return { words: words.toSpliced(words.indexOf("was") + 1, 0, "not"), good };
  }
  return { words: [...clause(random, part, !good), "but", ...clause(random, part, good)], good };
}

/** The same clauses the other way round: the same bag, the other answer. */
function turned({ words, good }: Review): Review {
  const at = words.indexOf("but");
  return { words: [...words.slice(at + 1), "but", ...words.slice(0, at)], good: !good };
}

function encode(reviews: readonly Review[]): { tokens: Tensor; labels: Tensor } {
  const tokens = padTokens(reviews.map(({ words }) => words.map((word) => WORDS.indexOf(word))), 0);
  return { tokens, labels: tensor(reviews.map(({ good }) => good ? 1 : 0), [reviews.length], "int32") };
}

async function accuracy(model: { forward(tokens: Tensor): Tensor }, reviews: readonly Review[]): Promise<number> {
  return await scope(() =>
    noGrad(() => {
      const { tokens, labels } = encode(reviews);
      return model.forward(tokens).argmax(-1).equal(labels).cast("float32").mean();
    })
  ).item();
}

/** Cosines of all pairs of rows. */
async function cosines(table: Tensor, words: readonly string[]): Promise<number[][]> {
  const rows = (await readMatrix(table)).filter((_, id) => words.includes(WORDS[id]!));
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  return rows.map((a) => rows.map((b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
}

/** What one seed finds. */
async function once(
  { width, layers, reviews: count, seed }: Readonly<Record<Bags["controls"], number>>,
  { signal, onProgress }: RunOptions,
): Promise<Omit<BagFindings, "ranges" | "shown"> & { readonly shown: Omit<BagFindings["shown"], "seeds"> }> {
  signal?.throwIfAborted();
  const random = new Random(seed);
  const learned = Array.from({ length: count }, (_, i) => review(random, "training", [0, 0, 0, 1, 2][i % 5]!));
  const tests = KINDS.map((_, kind) => {
    const drawn = Array.from({ length: TESTS }, () => review(random, "test", kind));
    return kind === 2 ? drawn.flatMap((each) => [each, turned(each)]) : drawn;
  });

  const options = { paddingIndex: 0 };
  const cbow = new BagOfWordsClassifier(WORDS.length, width, 2, random, options);
  const models = [
    new Votes(WORDS.length, 2, random, { ...options, deviation: 0.1 }),
    cbow,
    new DeepBagOfWordsClassifier(WORDS.length, width, layers, 2, random, options),
  ];
  const found: number[][] = [];
  for (const [i, model] of models.entries()) {
    const draw = (): readonly Review[] => Array.from({ length: BATCH }, () => learned[random.integer(count)]!);
    const loss = (): Tensor => {
      const { tokens, labels } = encode(draw());
      return crossEntropy(model.forward(tokens), labels);
    };
    const part = (done: number): void => onProgress?.((i + done) / models.length);
    await fit(model, loss, { steps: STEPS, learningRate: RATE, onProgress: part, ...(signal && { signal }) });
    const accuracies: number[] = [];
    for (const test of tests) accuracies.push(await accuracy(model, test));
    found.push(accuracies);
  }

  const adjectives = [...GOOD, ...BAD];
  const cosine = await cosines(cbow.embedding.weight.tensor, adjectives);
  const isGood = (i: number): boolean => i < GOOD.length;
  const pairs = cosine.flatMap((row, i) => row.map((x, j) => ({ x, i, j }))).filter(({ i, j }) => i !== j);
  return {
    bow: found[0]!,
    cbow: found[1]!,
    deep: found[2]!,
    alike: mean(pairs.filter(({ i, j }) => isGood(i) === isGood(j)).map(({ x }) => x)),
    opposite: mean(pairs.filter(({ i, j }) => isGood(i) !== isGood(j)).map(({ x }) => x)),
    shown: { examples: tests.map((test) => test[0]!.words.join(" ")), adjectives, cosines: cosine },
  };
}

/** Bags of words, with and without layers after the sum. */
export const experiment: Experiment<Bags> = {
  controls: {
    width: { default: 16, min: 2, max: 64 },
    layers: { default: 2, min: 1, max: 4 },
    reviews: { default: 600, min: 50, max: 2000, step: 50 },
    seed: SEED,
  },
  constants: { steps: STEPS, rate: RATE, batch: BATCH, tests: TESTS, seeds: SEEDS },
  claims: {
    plain: { holds: ({ ranges: [bow, cbow, deep] }) => [bow, cbow, deep].every((of) => of![0]![0] > 0.85) },
    negation: { holds: ({ ranges: [bow, cbow] }) => bow![1]![1] < 0.5 && cbow![1]![1] < 0.5 },
    layers: { holds: ({ ranges: [, , deep] }) => deep![1]![0] > 0.9 },
    but: { holds: ({ bow, cbow, deep }) => [bow, cbow, deep].every((of) => of[2] === 0.5) },
    alike: { holds: ({ alike, opposite }) => alike > opposite + 0.5 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    const ranges = MODELS.map((model) => rangesOf(runs.map((run) => run[model])));
    return { ...runs[0]!, ranges, shown: { ...runs[0]!.shown, seeds: SEEDS } };
  },
  draw(findings, { captions, labels }) {
    const { adjectives, cosines } = findings.shown;
    return [
      {
        kind: "bars",
        caption: captions.accuracy(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: KINDS.flatMap((kind, i) =>
          MODELS.map((model, m) => ({
            label: labels[model],
            group: labels[kind],
            value: findings[model][i]!,
            range: findings.ranges[m]![i]!,
          }))
        ),
      },
      {
        kind: "heatMap",
        caption: captions.cosines(findings),
        rows: adjectives,
        columns: adjectives,
        values: cosines,
        domain: [-1, 1],
        diverging: true,
        quantity: "e",
      },
    ];
  },
};
