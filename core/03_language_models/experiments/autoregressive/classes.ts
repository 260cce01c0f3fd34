/**
 * # One language model for each class, and a classifier
 *
 * Texts of two classes are drawn. A text is a handful of units: single words, and idioms, whose words always stand together. The generative
 * classifier is a unigram language model for each class with Bayes' rule. The discriminative one is a bag of words that is trained on the labels.
 * Both see the same counts.
 *
 * @module
 */

import { padSequences } from "../../../06_training/batching.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, fit } from "../../../experiments/learning.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { Votes } from "../../../experiments/votes.ts";
import { classify, type LanguageModel } from "../../autoregressive.ts";
import { addK, trainNGrams } from "../../n_grams/mod.ts";

const SEEDS = 5, SIZES = [10, 30, 100, 1000], TESTS = 400, UNITS = 8, KINDS = 20, STEPS = 120, RATE = 0.05, BATCH = 64;
/** How much more probable each unit is in its own class: of single words, and of idioms. */
const SINGLE: number = 2, IDIOM: number = 1.4;
const BEGIN = 0, FIRST = 1;

/** What is found: fractions of right answers by the number of examples, over the seeds. */
export interface ClassesFindings {
  readonly generative: readonly Range[];
  readonly discriminative: readonly Range[];
  /** Means over the seeds. */
  readonly generativeMean: readonly number[];
  readonly discriminativeMean: readonly number[];
  /** By how much the discriminative one is ahead with most examples, mean over the seeds: here, and where idioms are single words. */
  readonly ahead: number;
  readonly aheadPlain: number;
  readonly shown: {
    readonly sizes: readonly number[];
    readonly seeds: number;
    readonly idiom: number;
    readonly tests: number;
  };
}

/** What the experiment is made of. */
export interface Classes extends Parts {
  findings: ClassesFindings;
  controls: "idiom" | "seed";
  claims: "few" | "many" | "plain";
  captions: "accuracy";
  labels: Labels<"examples" | "right" | "generative" | "discriminative">;
}

/** A text and its class. */
interface Example {
  readonly tokens: readonly number[];
  readonly label: number;
}

/** A world: how probable each unit is in each class. */
function world(random: Random): readonly (readonly number[])[] {
  const favours = Array.from({ length: 2 * KINDS }, () => random.integer(2));
  return [0, 1].map((label) => {
    const weights = favours.map((own, unit) => own === label ? unit < KINDS ? SINGLE : IDIOM : 1);
    const total = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / total);
  });
}

/** A unit as words: a single one, or all of an idiom. */
function wordsOf(unit: number, idiom: number): number[] {
  if (unit < KINDS) return [FIRST + unit];
  return Array.from({ length: idiom }, (_, i) => FIRST + KINDS + (unit - KINDS) * idiom + i);
}

function draw(units: readonly (readonly number[])[], idiom: number, random: Random): Example {
  const label = random.integer(2);
  const drawn = Array.from({ length: UNITS }, () => random.categorical(units[label]!));
  return { tokens: drawn.flatMap((unit) => wordsOf(unit, idiom)), label };
}

/** What one seed finds. */
interface Once {
  readonly generative: readonly number[];
  readonly discriminative: readonly number[];
}

async function once(
  { idiom, seed }: Readonly<Record<Classes["controls"], number>>,
  options: RunOptions,
): Promise<Once> {
  const random = new Random(seed), units = world(random), vocabSize = FIRST + KINDS + KINDS * idiom;
  const all = Array.from({ length: SIZES.at(-1)! }, () => draw(units, idiom, random));
  const tests = Array.from({ length: TESTS }, () => draw(units, idiom, random));
  const padded = padSequences(tests.map(({ tokens }) => tokens), { padToken: BEGIN }).tokens;
  const generative: number[] = [], discriminative: number[] = [];
  for (const [i, size] of SIZES.entries()) {
    const examples = all.slice(0, size);
    const models: LanguageModel[] = [];
    for (const label of [0, 1]) {
      const texts = examples.filter((one) => one.label === label).map(({ tokens }) => tokens);
      // A class without an example is as probable as any text.
      models.push(
        await trainNGrams(texts.length > 0 ? texts : [[FIRST]], {
          order: 1,
          vocabSize,
          beginToken: BEGIN,
          smoothing: addK({ k: 1 }),
        }),
      );
    }
    const priors = [0, 1].map((label) => 1 + examples.filter((one) => one.label === label).length);
    let right = 0;
    for (const { tokens, label } of tests) {
      const [, second] = await classify(models, tokens, { priors, beginToken: BEGIN });
      right += Number((second! > 0.5) === (label === 1));
    }
    generative.push(right / TESTS);

    const model = new Votes(vocabSize, 2, random, { paddingIndex: BEGIN, deviation: 0.01 });
    const loss = (): Tensor => {
      const batch = Array.from({ length: BATCH }, () => examples[random.integer(size)]!);
      const { tokens } = padSequences(batch.map(({ tokens }) => tokens), { padToken: BEGIN });
      return crossEntropy(model.forward(tokens), tensor(batch.map(({ label }) => label), [BATCH], "int32"));
    };
    await fit(model, loss, {
      steps: STEPS,
      learningRate: RATE,
      ...part(options, i / SIZES.length, (i + 1) / SIZES.length),
    });
    const answers = await scope(() => noGrad(() => model.forward(padded).argmax(-1))).read();
    discriminative.push(mean(tests.map(({ label }, i) => Number(answers[i] === label))));
    discard(model);
  }
  return { generative, discriminative };
}

/** Two ways to use the same counts. */
export const experiment: Experiment<Classes> = {
  controls: { idiom: { default: 6, min: 1, max: 10 }, seed: SEED },
  constants: {
    seeds: SEEDS,
    units: UNITS,
    kinds: KINDS,
    single: SINGLE,
    idioms: IDIOM,
    tests: TESTS,
    steps: STEPS,
    batch: BATCH,
    rate: RATE,
  },
  claims: {
    few: {
      holds: ({ generativeMean, discriminativeMean }) =>
        [0, 1].every((i) => generativeMean[i]! > discriminativeMean[i]! - 0.02),
    },
    many: { holds: ({ ahead }) => ahead > 0.03 },
    plain: { holds: ({ aheadPlain }) => aheadPlain < 0.02 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, part(options, 0, 0.5), once);
    const plain = await overSeeds({ ...controls, idiom: 1 }, SEEDS, part(options, 0.5, 1), once);
    const means = (of: keyof Once) => SIZES.map((_, i) => mean(runs.map((run) => run[of][i]!)));
    const aheadOf = (some: readonly Once[]): number =>
      mean(some.map(({ generative, discriminative }) => discriminative.at(-1)! - generative.at(-1)!));
    return {
      generative: rangesOf(runs.map(({ generative }) => generative)),
      discriminative: rangesOf(runs.map(({ discriminative }) => discriminative)),
      generativeMean: means("generative"),
      discriminativeMean: means("discriminative"),
      ahead: aheadOf(runs),
      aheadPlain: aheadOf(plain),
      shown: { sizes: SIZES, seeds: SEEDS, idiom: controls.idiom, tests: TESTS },
    };
  },
  draw(findings, { captions, labels }) {
    const { generativeMean, discriminativeMean, shown } = findings;
    const over = (values: readonly number[]) => values.map((value, i): [number, number] => [shown.sizes[i]!, value]);
    return [{
      kind: "line",
      caption: captions.accuracy(findings),
      x: { title: labels.examples, logarithmic: true },
      y: { title: labels.right },
      series: [
        { label: labels.generative, points: over(generativeMean) },
        { label: labels.discriminative, points: over(discriminativeMean) },
      ],
    }];
  },
};
