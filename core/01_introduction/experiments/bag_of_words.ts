/**
 * # What a bag of words learns
 *
 * A bag of words learns from the same reviews that the rules of [the page before](../rule_based_classifier.ts) were written for, and both are tested on others. The number of reviews
 * to learn from grows; three update rules are compared, that of [the notes](notes:004.12) to the letter among them. Pairs of sentences whose words are the same and whose labels are opposite show what no bag can do.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { type LabelledText, sentiment, SENTIMENTS } from "../../corpora/sentiment.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import {
  type BagOfWords,
  gradient,
  perceptron,
  rewarding,
  trainBagOfWords,
  type UpdateRule,
  withPairs,
} from "../bag_of_words.ts";
import {
  accuracy,
  chineseSentiment,
  englishSentiment,
  RuleBasedClassifier,
  splitText,
  type TextClassifier,
} from "../rule_based_classifier.ts";

const LANGUAGES = ["english", "chinese"] as const;
const RULES = { english: englishSentiment, chinese: chineseSentiment };
const UPDATES: readonly UpdateRule[] = [perceptron, gradient, rewarding];
/** Fractions of the reviews to learn from; how often the order is drawn anew; the step of the gradient. */
const FRACTIONS = [0.1, 0.2, 0.4, 0.7, 1], SEEDS = 5, RATE = 0.2, WORDS = 10;
/** From which score on the rules answer with a mood. */
const THRESHOLD = 0.5;

/** What is found. */
export interface BagFindings {
  /** Fraction right on the test reviews by number of reviews learned from, of the gradient. */
  readonly curve: readonly number[];
  /** The same of the perceptron. */
  readonly perceptronCurve: readonly number[];
  /** Their ranges over the seeds. */
  readonly ranges: readonly (readonly Range[])[];
  /** What the rules reach on the same reviews. */
  readonly rules: number;
  /** Fraction right on the reviews learned from, and on the test, of each update rule. */
  readonly updates: readonly (readonly number[])[];
  /** Highest fraction on the reviews learned from over the seeds, of the rule to the letter; lowest of the perceptron. */
  readonly letter: readonly [highest: number, lowest: number];
  /** How many pairs of sentences with the same words get two different answers: from single words, then from up to three together. */
  readonly apart: readonly [single: number, together: number];
  /** Pairs of such sentences. */
  readonly turned: number;
  /** Hard sentences that are right: of the rules, of the bag. */
  readonly hard: readonly [rules: number, bag: number];
  readonly shown: {
    readonly sizes: readonly number[];
    readonly tests: number;
    readonly seeds: number;
    readonly vocabulary: number;
    /** The words that tell most, by class. */
    readonly telling: readonly (readonly { readonly word: string; readonly weight: number }[])[];
    /** Sentences of the same words, with their labels and the answers. */
    readonly sentences: readonly (readonly [text: string, label: string, answer: string])[];
  };
}

/** What the experiment is made of. */
export interface Bags extends Parts {
  findings: BagFindings;
  controls: "language" | "epochs" | "pieces" | "seed";
  claims: "grows" | "rules" | "letter" | "but";
  captions: "curve" | "updates" | "telling" | "sentences";
  labels:
    & Labels<"gradient" | "perceptron" | "rewarding" | "rules" | "right" | "reviews" | "training" | "test">
    & Labels<"rank" | "negative" | "neutral" | "positive" | "sentence" | "label" | "answer">;
}

const rightOn = (classifier: TextClassifier, examples: readonly LabelledText[]): number =>
  accuracy(examples.map(({ label }) => label), examples.map(({ text }) => classifier.classify(text)));

/** Pairs of sentences with the same words and opposite labels. */
function turnedPairs(examples: readonly LabelledText[]): [LabelledText, LabelledText][] {
  const byBag = new Map<string, LabelledText[]>();
  for (const example of examples) {
    const bag = splitText(example.text).sort().join(" ");
    byBag.set(bag, [...byBag.get(bag) ?? [], example]);
  }
  return [...byBag.values()].filter(({ length }) => length === 2).map(([a, b]) => [a!, b!]);
}

/** How many pairs get two different answers. */
const apart = (model: BagOfWords, pairs: readonly (readonly LabelledText[])[]): number =>
  pairs.filter(([a, b]) => model.classify(a!.text) !== model.classify(b!.text)).length;

interface Run {
  readonly curves: readonly (readonly number[])[];
  readonly updates: readonly (readonly number[])[];
  readonly model: BagOfWords;
  readonly wide: BagOfWords;
}

/** What one order of the reviews finds. */
async function once(
  { language, epochs, pieces, seed }: Readonly<Record<Bags["controls"], number>>,
  options: RunOptions,
): Promise<Run> {
  const { training, test } = sentiment(LANGUAGES[language]!), random = new Random(seed), { signal } = options;
  const order = Array.from(random.permutation(training.length), (i) => training[i]!);
  const train = (rule: UpdateRule, examples: readonly LabelledText[], most = pieces): Promise<BagOfWords> =>
    trainBagOfWords(examples, {
      rule,
      epochs,
      learningRate: rule === gradient ? RATE : 1,
      labels: SENTIMENTS,
      tokenize: withPairs(splitText, most),
      random: random.split(),
      ...signal && { signal },
    });
  const curves: number[][] = [[], []], whole = new Map<UpdateRule, BagOfWords>();
  for (const [i, fraction] of FRACTIONS.entries()) {
    options.onProgress?.(i / (FRACTIONS.length + 2));
    const some = order.slice(0, Math.round(fraction * order.length));
    for (const [r, rule] of [gradient, perceptron].entries()) {
      const model = await train(rule, some);
      curves[r]!.push(rightOn(model, test));
      // The last one has learned from all reviews.
      whole.set(rule, model);
    }
  }
  const updates: number[][] = [];
  for (const rule of UPDATES) {
    const model = whole.get(rule) ?? await train(rule, order);
    updates.push([rightOn(model, training), rightOn(model, test)]);
  }
  return { curves, updates, model: await train(gradient, order, 1), wide: await train(gradient, order, 3) };
}

/** Weights of words, learned from reviews. */
export const experiment: Experiment<Bags> = {
  controls: {
    language: { default: 0, min: 0, max: 1, choices: LANGUAGES },
    epochs: { default: 10, min: 1, max: 50 },
    pieces: { default: 1, min: 1, max: 3 },
    seed: SEED,
  },
  constants: { rate: RATE, seeds: SEEDS, threshold: THRESHOLD },
  claims: {
    grows: { holds: ({ ranges: [curve] }) => curve!.at(-1)![0] > curve![0]![1] },
    rules: { holds: ({ ranges: [curve], rules }) => curve!.at(-1)![1] < rules },
    letter: { holds: ({ letter: [highest, lowest] }) => highest < lowest - 0.1 },
    but: { holds: ({ apart: [single], turned }) => single === 0 && turned > 0 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, (at, whole) => once(at, part(whole, 0, 1)));
    const { training, test, hard } = sentiment(LANGUAGES[controls.language]!), first = runs[0]!;
    const rules = new RuleBasedClassifier<string>(
      RULES[LANGUAGES[controls.language]!],
      [-THRESHOLD, THRESHOLD],
      SENTIMENTS,
    );
    const pairs = turnedPairs(hard);
    return {
      curve: first.curves[0]!,
      perceptronCurve: first.curves[1]!,
      ranges: [0, 1].map((r) => rangesOf(runs.map(({ curves }) => curves[r]!))),
      rules: rightOn(rules, test),
      updates: first.updates,
      letter: [
        Math.max(...runs.map(({ updates }) => updates[2]![0]!)),
        Math.min(...runs.map(({ updates }) => updates[0]![0]!)),
      ],
      apart: [apart(first.model, pairs), apart(first.wide, pairs)],
      turned: pairs.length,
      hard: [rightOn(rules, hard), rightOn(first.model, hard)],
      shown: {
        sizes: FRACTIONS.map((fraction) => Math.round(fraction * training.length)),
        tests: test.length,
        seeds: SEEDS,
        vocabulary: first.model.vocabulary.length,
        telling: SENTIMENTS.map((label) => first.model.tellingWords(label, WORDS)),
        sentences: pairs.flat().map(({ text, label }) => [text, label, first.model.classify(text)] as const),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { curve, perceptronCurve, rules, updates, shown } = findings,
      named = labels as Readonly<Record<string, string>>;
    const { sizes, telling } = shown;
    const over = (values: readonly number[]) => sizes.map((size, i): [number, number] => [size, values[i]!]);
    return [
      {
        kind: "line",
        caption: captions.curve(findings),
        x: { title: labels.reviews, logarithmic: true },
        y: { title: labels.right, domain: [0, 1] },
        series: [
          { label: labels.rules, points: sizes.map((size): [number, number] => [size, rules]), dashed: true },
          { label: labels.gradient, points: over(curve), quantity: "p" },
          { label: labels.perceptron, points: over(perceptronCurve) },
        ],
      },
      {
        kind: "bars",
        caption: captions.updates(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: UPDATES.flatMap(({ word }, i) => [
          { label: labels.training, group: named[word]!, value: updates[i]![0]! },
          { label: labels.test, group: named[word]!, value: updates[i]![1]! },
        ]),
      },
      {
        kind: "table",
        caption: captions.telling(findings),
        columns: [labels.rank, ...SENTIMENTS.map((label) => labels[label])],
        rows: Array.from({ length: WORDS }, (_, i) => [
          i + 1,
          ...telling.map((words) => words[i] ? `${words[i]!.word} ${words[i]!.weight.toFixed(2)}` : ""),
        ]),
      },
      {
        kind: "table",
        caption: captions.sentences(findings),
        columns: [labels.sentence, labels.label, labels.answer],
        rows: shown.sentences.map(([text, label, answer]) => [text, named[label]!, named[answer]!]),
      },
    ];
  },
};
