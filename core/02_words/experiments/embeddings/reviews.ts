/**
 * # Three bags on reviews
 *
 * A vote for each word (BoW), a sum of embeddings (CBOW) and layers behind the sum (deep CBOW) learn the same short reviews and are tested on the same unseen ones. Words that do not occur in training are left out.
 *
 * @module
 */

import { tensor } from "../../../engine/create.ts";
import { noGrad } from "../../../engine/autograd.ts";
import type { Module } from "../../../engine/module.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { type LabelledText, sentiment, SENTIMENTS } from "../../../corpora/sentiment.ts";
import { splitText } from "../../../01_introduction/rule_based_classifier.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, fit } from "../../../experiments/learning.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { Votes } from "../../../experiments/votes.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { BagOfWordsClassifier, DeepBagOfWordsClassifier, padTokens } from "../../embeddings.ts";

/** How everything is trained, and with how many seeds. */
const STEPS = 200, RATE = 0.01, BATCH = 32, WIDTH = 16, LAYERS = 2, SEEDS = 5;
const MODELS = ["bow", "cbow", "deep"] as const;

/** What is found. */
export interface ReviewFindings {
  /** Accuracy on reviews of training and on unseen ones, by model. */
  readonly accuracy: readonly (readonly [training: number, test: number])[];
  /** Ranges over the seeds, by model. */
  readonly ranges: readonly (readonly Range[])[];
  /** Fraction of the most frequent class in the test. */
  readonly majority: number;
  readonly shown: { readonly seeds: number; readonly training: number; readonly test: number; readonly words: number };
}

/** What the experiment is made of. */
export interface Reviews extends Parts {
  findings: ReviewFindings;
  controls: "steps" | "seed";
  claims: "learned" | "better" | "deep";
  captions: "accuracy";
  labels: Labels<typeof MODELS[number] | "training" | "test" | "right">;
}

type Classifier = Module & { forward(tokens: Tensor): Tensor };

/** Reviews as ids, of words that occur in training. */
function encode(texts: readonly LabelledText[], ids: ReadonlyMap<string, number>) {
  return texts.map(({ text, label }) => ({
    tokens: splitText(text).flatMap((word) => ids.get(word) ?? []),
    label: SENTIMENTS.indexOf(label),
  }));
}

type Encoded = ReturnType<typeof encode>;

const tensorsOf = (some: Encoded): { tokens: Tensor; labels: Tensor } => ({
  tokens: padTokens(some.map(({ tokens }) => tokens), 0),
  labels: tensor(some.map(({ label }) => label), [some.length], "int32"),
});

const accuracyOf = (model: Classifier, some: Encoded): Promise<number> =>
  scope(() =>
    noGrad(() => {
      const { tokens, labels } = tensorsOf(some);
      return model.forward(tokens).argmax(-1).equal(labels).cast("float32").mean();
    })
  ).item();

/** What one seed finds. */
async function once({ steps, seed }: Readonly<Record<Reviews["controls"], number>>, options: RunOptions) {
  const corpus = sentiment("english"), words = [...new Set(corpus.training.flatMap(({ text }) => splitText(text)))];
  const ids = new Map(words.map((word, i) => [word, i + 1])), random = new Random(seed), padded = { paddingIndex: 0 };
  const training = encode(corpus.training, ids),
    test = encode(corpus.test, ids),
    V = words.length + 1,
    C = SENTIMENTS.length;
  const models: readonly Classifier[] = [
    new Votes(V, SENTIMENTS.length, random, { paddingIndex: 0, deviation: 0.1 }),
    new BagOfWordsClassifier(V, WIDTH, C, random, padded),
    new DeepBagOfWordsClassifier(V, WIDTH, LAYERS, C, random, padded),
  ];
  const accuracy: [number, number][] = [];
  for (const [i, model] of models.entries()) {
    const { signal, onProgress } = part(options, i / models.length, (i + 1) / models.length);
    await fit(model, () => {
      const { tokens, labels } = tensorsOf(
        Array.from({ length: BATCH }, () => training[random.integer(training.length)]!),
      );
      return crossEntropy(model.forward(tokens), labels);
    }, { steps, learningRate: RATE, ...(signal && { signal }), ...(onProgress && { onProgress }) });
    accuracy.push([await accuracyOf(model, training), await accuracyOf(model, test)]);
    discard(model);
  }
  const most = SENTIMENTS.map((_, label) => test.filter((one) => one.label === label).length);
  return {
    accuracy,
    majority: Math.max(...most) / test.length,
    shown: { training: training.length, test: test.length, words: words.length },
  };
}

/** Three bags that learn the same reviews. */
export const experiment: Experiment<Reviews> = {
  controls: { steps: { default: STEPS, min: 20, max: 600, step: 20 }, seed: SEED },
  constants: { rate: RATE, batch: BATCH, width: WIDTH, layers: LAYERS, seeds: SEEDS },
  claims: {
    learned: { holds: ({ ranges }) => ranges.every(([training]) => training![0] > 0.9) },
    better: { holds: ({ ranges, majority }) => ranges.every(([, test]) => test![0] > majority) },
    deep: { holds: ({ ranges }) => ranges[2]![1]![0] <= ranges[1]![1]![1] },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    options.signal?.throwIfAborted();
    const runs = await overSeeds(controls, SEEDS, options, once), first = runs[0]!;
    return {
      accuracy: first.accuracy,
      ranges: MODELS.map((_, m) => rangesOf(runs.map(({ accuracy }) => accuracy[m]!))),
      majority: first.majority,
      shown: { ...first.shown, seeds: SEEDS },
    };
  },
  draw(findings, { captions, labels }) {
    const { accuracy, ranges } = findings;
    return [{
      kind: "bars",
      caption: captions.accuracy(findings),
      y: { title: labels.right, domain: [0, 1] },
      bars: MODELS.flatMap((model, m) =>
        (["training", "test"] as const).map((which, i) => ({
          label: labels[which],
          group: labels[model],
          value: accuracy[m]![i]!,
          range: ranges[m]![i]!,
        }))
      ),
    }];
  },
};
