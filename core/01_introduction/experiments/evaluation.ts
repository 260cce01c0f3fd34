/**
 * # Luck on a test set
 *
 * Three questions about numbers that evaluations give. How much better does a model look on the texts that it was chosen on? First models that guess with a known accuracy are drawn, so that the expectation has a
 * exact value; then real models are chosen, on one half of the test reviews, and measured on the other. Last, the rules and the bag of words are compared: is the difference more than luck?
 *
 * @module
 */

import { sentiment, SENTIMENTS } from "../../corpora/sentiment.ts";
import { Random } from "../../engine/random.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { gradient, perceptron, trainBagOfWords, withPairs } from "../bag_of_words.ts";
import {
  type ClassScores,
  type ConfusionMatrix,
  confusionMatrix,
  expectedBest,
  mcNemar,
  pairedBootstrap,
  type PairedComparison,
  precisionRecall,
} from "../evaluation.ts";
import { accuracy, englishSentiment, RuleBasedClassifier, splitText } from "../rule_based_classifier.ts";

/** Numbers of models to choose from; how often each choice is drawn; how often the reviews are halved. */
const MODELS = [1, 2, 5, 10, 20, 50, 100], DRAWS = 400, HALVES = 400, REAL = 40;
/** How often the reviews are drawn again to compare; from which score on the rules answer with a mood; a larger test. */
const BOOTSTRAP = 2000, THRESHOLD = 0.5, LARGER = 10;

/** What is found. */
export interface EvaluationFindings {
  /** Accuracy of the best on the texts that it was chosen on, by number of models: the mean over draws. */
  readonly chosen: readonly number[];
  /** Of the same model on as many further texts. */
  readonly fresh: readonly number[];
  /** What the first is by exact computation. */
  readonly expected: readonly number[];
  /** Largest deviation of the first from it, in standard errors. */
  readonly deviation: number;
  /** Largest deviation of the second from the true accuracy, in standard errors. */
  readonly freshDeviation: number;
  /** Of real models: mean accuracy of the best on the half that it was chosen on, and on the other; standard error of the difference. */
  readonly real: readonly [chosen: number, fresh: number, error: number];
  /** Rules minus bag of words on the test reviews. */
  readonly comparison: PairedComparison;
  /** P-value of McNemar's test. */
  readonly exact: number;
  /** The same comparison on a tenth of the reviews. */
  readonly few: PairedComparison;
  /** P-value of McNemar's test there. */
  readonly fewExact: number;
  /** The exact gain by the choice among most models: on these texts, and on more of them. */
  readonly gains: readonly [here: number, larger: number];
  readonly shown: {
    readonly draws: number;
    /** How many times as many texts the larger test has. */
    readonly larger: number;
    readonly models: readonly number[];
    readonly texts: number;
    readonly trueAccuracy: number;
    readonly realModels: number;
    readonly tests: number;
    readonly fewTests: number;
    /** Of these reviews, how many only the one got right: the one that won more, and the other. */
    readonly fewWins: readonly [more: number, fewer: number];
    readonly confusion: ConfusionMatrix<string>;
    readonly classes: readonly ClassScores<string>[];
    readonly accuracies: readonly [rules: number, bag: number];
  };
}

/** What the experiment is made of. */
export interface Evaluation extends Parts {
  findings: EvaluationFindings;
  controls: "texts" | "accuracy" | "seed";
  claims: "closed" | "luck" | "honest" | "real" | "significant";
  captions: "best" | "comparison" | "confusion" | "classes";
  labels:
    & Labels<"models" | "right" | "chosen" | "fresh" | "expected" | "class" | "precision" | "recall" | "f1" | "texts">
    & Labels<
      "compared" | "difference" | "low" | "high" | "pValue" | "exactP" | "all" | "few" | "answered" | "rightClass"
    >
    & Labels<"negative" | "neutral" | "positive">;
}

/** How many of so many texts a model with a true accuracy gets right. */
function guess(random: Random, texts: number, p: number): number {
  const drawn = random.uniforms(texts);
  let right = 0;
  for (let i = 0; i < texts; i++) if (drawn[i]! < p) right++;
  return right;
}

/** The place of the largest; of several, one at random, so that none is favoured. */
function bestOf(scores: readonly number[], random: Random): number {
  const most = Math.max(...scores), places = scores.flatMap((score, i) => score === most ? [i] : []);
  return places[random.integer(places.length)]!;
}

/** A p-value with four decimals. */
const shortP = (p: number): string => p < 0.0001 ? "< 0.0001" : p.toFixed(4);

const errorOf = (values: readonly number[]): number => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
};

/** Answers of bags of words that differ in what they learned and how. */
async function realAnswers(
  random: Random,
  steps: Steps,
  signal?: AbortSignal,
): Promise<{ labels: string[]; answers: string[][] }> {
  const { training, test } = sentiment("english"), answers: string[][] = [];
  for (let i = 0; i < REAL; i++) {
    await steps.next();
    // Each has seen half of the reviews, in its own way.
    const some = Array.from(
      random.permutation(training.length).subarray(0, training.length / 2),
      (at) => training[at]!,
    );
    const model = await trainBagOfWords(some, {
      rule: i % 2 ? perceptron : gradient,
      epochs: 1 + random.integer(12),
      learningRate: 0.1 + random.next(),
      average: random.integer(2) === 1,
      minCount: 1 + random.integer(2),
      tokenize: withPairs(splitText, 1 + random.integer(2)),
      labels: SENTIMENTS,
      random: random.split(),
      ...signal && { signal },
    });
    answers.push(test.map(({ text }) => model.classify(text)));
  }
  return { labels: test.map(({ label }) => label), answers };
}

/** Chosen on one half of the texts, measured on the other, many times. */
function chooseOnHalves(
  labels: readonly string[],
  answers: readonly (readonly string[])[],
  random: Random,
): [number, number, number] {
  const right = answers.map((own) => own.map((answer, i) => answer === labels[i] ? 1 : 0));
  const half = Math.floor(labels.length / 2), found: [number, number][] = [];
  for (let draw = 0; draw < HALVES; draw++) {
    const order = random.permutation(labels.length);
    const on = (own: readonly number[], from: number): number => {
      let sum = 0;
      for (let i = from; i < from + half; i++) sum += own[order[i]!]!;
      return sum / half;
    };
    const scores = right.map((own) => on(own, 0)), best = bestOf(scores, random);
    found.push([scores[best]!, on(right[best]!, half)]);
  }
  return [mean(found.map(([a]) => a)), mean(found.map(([, b]) => b)), errorOf(found.map(([a, b]) => a - b))];
}

/** Choices, and a comparison. */
export const experiment: Experiment<Evaluation> = {
  controls: {
    texts: { default: 100, min: 20, max: 1000, step: 20 },
    accuracy: { default: 0.7, min: 0.5, max: 0.95, step: 0.05 },
    seed: SEED,
  },
  constants: { draws: DRAWS, halves: HALVES, real: REAL, bootstrap: BOOTSTRAP, threshold: THRESHOLD },
  claims: {
    closed: { holds: ({ deviation }) => deviation < 4 },
    luck: { holds: ({ chosen, fresh }) => chosen.at(-1)! > fresh.at(-1)! + 0.05 },
    honest: { holds: ({ freshDeviation }) => freshDeviation < 4 },
    real: { holds: ({ real: [chosen, fresh, error] }) => chosen - fresh > 0.02 && chosen - fresh > 4 * error },
    significant: {
      holds: ({ comparison: { pValue, interval: [low] }, exact }) => pValue < 0.01 && exact < 0.01 && low > 0,
    },
  },
  tolerance: 0.05,
  async measure({ texts, accuracy: p, seed }, options) {
    const random = new Random(seed), steps = new Steps(options, MODELS.length + REAL + 2);
    const chosen: number[] = [], fresh: number[] = [], deviations: number[] = [], freshDeviations: number[] = [];
    for (const count of MODELS) {
      await steps.next();
      const best: number[] = [], again: number[] = [];
      for (let draw = 0; draw < DRAWS; draw++) {
        const scores = Array.from({ length: count }, () => guess(random, texts, p));
        best.push(Math.max(...scores) / texts);
        // Whichever it was: all of them have the same true accuracy.
        again.push(guess(random, texts, p) / texts);
      }
      chosen.push(mean(best));
      fresh.push(mean(again));
      deviations.push(Math.abs(mean(best) - expectedBest(count, texts, p)) / errorOf(best));
      freshDeviations.push(Math.abs(mean(again) - p) / errorOf(again));
    }
    const { labels, answers } = await realAnswers(random, steps, options.signal);
    const { training, test } = sentiment("english"),
      rules = new RuleBasedClassifier<string>(englishSentiment, [-THRESHOLD, THRESHOLD], SENTIMENTS);
    const bag = await trainBagOfWords(training, { labels: SENTIMENTS, learningRate: 0.2 });
    const byRules = test.map(({ text }) => rules.classify(text)), byBag = test.map(({ text }) => bag.classify(text));
    await steps.next();
    const few = Math.round(test.length / 10), order = random.permutation(test.length).subarray(0, few);
    const some = (list: readonly string[]): string[] => Array.from(order, (i) => list[i]!);
    const { onlyFirst, onlySecond, pValue: fewExact } = mcNemar(some(labels), some(byRules), some(byBag));
    return {
      chosen,
      fresh,
      expected: MODELS.map((count) => expectedBest(count, texts, p)),
      deviation: Math.max(...deviations),
      freshDeviation: Math.max(...freshDeviations),
      real: chooseOnHalves(labels, answers, random),
      comparison: pairedBootstrap(labels, byRules, byBag, accuracy, { draws: BOOTSTRAP, random: random.split() }),
      exact: mcNemar(labels, byRules, byBag).pValue,
      few: pairedBootstrap(some(labels), some(byRules), some(byBag), accuracy, {
        draws: BOOTSTRAP,
        random: random.split(),
      }),
      fewExact,
      gains: [1, LARGER].map((times) => expectedBest(MODELS.at(-1)!, times * texts, p) - p) as [number, number],
      shown: {
        draws: BOOTSTRAP,
        larger: LARGER,
        models: MODELS,
        texts,
        trueAccuracy: p,
        realModels: REAL,
        tests: test.length,
        fewTests: few,
        fewWins: [Math.max(onlyFirst, onlySecond), Math.min(onlyFirst, onlySecond)],
        confusion: confusionMatrix<string>(labels, byBag, SENTIMENTS),
        classes: precisionRecall<string>(labels, byBag, SENTIMENTS).classes,
        accuracies: [accuracy(labels, byRules), accuracy(labels, byBag)],
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { chosen, fresh, expected, comparison, few, exact, fewExact, shown } = findings,
      { models, confusion, classes } = shown;
    const named = labels as Readonly<Record<string, string>>;
    const over = (values: readonly number[]) => models.map((count, i): [number, number] => [count, values[i]!]);
    return [
      {
        kind: "line",
        caption: captions.best(findings),
        x: { title: labels.models, logarithmic: true },
        y: { title: labels.right },
        series: [
          { label: labels.chosen, points: over(chosen) },
          { label: labels.expected, points: over(expected), dashed: true },
          { label: labels.fresh, points: over(fresh) },
        ],
      },
      {
        kind: "heatMap",
        caption: captions.confusion(findings),
        rows: confusion.labels.map((label) => named[label]!),
        columns: confusion.labels.map((label) => named[label]!),
        values: confusion.counts,
        rowTitle: labels.rightClass,
        columnTitle: labels.answered,
        quantity: "n",
      },
      {
        kind: "table",
        caption: captions.classes(findings),
        columns: [labels.class, labels.precision, labels.recall, labels.f1, labels.texts],
        rows: classes.map(({ label, precision, recall, f1, support }) => [
          named[label]!,
          ...[precision, recall, f1].map((value) => value.toFixed(3)),
          support,
        ]),
      },
      {
        kind: "table",
        caption: captions.comparison(findings),
        columns: [labels.compared, labels.difference, labels.low, labels.high, labels.pValue, labels.exactP],
        rows: ([[labels.all, comparison, exact], [labels.few, few, fewExact]] as const).map((
          [name, { difference, interval, pValue }, exactP],
        ) => [
          name,
          ...[difference, ...interval].map((value) => value.toFixed(3)),
          shortP(pValue),
          shortP(exactP),
        ]),
      },
    ];
  },
};
