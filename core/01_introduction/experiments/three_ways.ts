/**
 * # The same task by rules, by training and by prompting
 *
 * Rules, a bag of words and a language model of this book judge the same test reviews. The language model has learned to continue lines of reviews, each with its mood after it; then nothing of it is changed. It is asked in several ways: in the form
 * that it has read, in another form, after solved examples, with and without subtracting what a label has anyway, and by letting it write before it answers.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { gather } from "../../engine/indexing.ts";
import { tensor } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { logSoftmax } from "../../02_words/softmax.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { SequenceWindows } from "../../06_training/batching.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { nextTokens } from "../../06_training/teacher_forcing.ts";
import { generate } from "../../07_generation/generate.ts";
import { type LabelledText, sentiment, SENTIMENTS } from "../../corpora/sentiment.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { part, Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { trainBagOfWords } from "../bag_of_words.ts";
import { accuracy, englishSentiment, RuleBasedClassifier } from "../rule_based_classifier.ts";
import {
  answerOf,
  chainOfThoughtPrompt,
  type ContinuationScorer,
  continuationScorer,
  fewShotPrompt,
  type PromptTask,
  scoreLabels,
  type ScoreOptions,
  type SolvedExample,
} from "../three_ways.ts";

/** The language model and how it learns. */
const LAYERS = 1, HEADS = 4, CONTEXT = 64, BATCH = 8, RATE = 0.01, DROPOUT = 0.2;
/** How much more a label counts in its loss than another token: it is one of twenty. */
const EMPHASIS = 2;
/** From which score on the rules answer with a mood. */
const THRESHOLD = 0.5;
/** Test reviews that are asked about; of them, how many it may write about; most tokens that it writes. */
const TESTS = 64, WRITTEN = 24, TOKENS = 20;

/** The form that the language model reads in training, and one that it never saw. */
const TASK: PromptTask = { labels: SENTIMENTS, input: "Review:", output: "Mood:" };
const OTHER: PromptTask = {
  labels: SENTIMENTS,
  instruction: "Is the customer happy?",
  input: "Customer:",
  output: "Answer:",
};

const WAYS = ["rules", "bag", "zero", "calibrated", "few", "fewCalibrated", "other", "otherFew"] as const;

/** What is found. */
export interface WaysFindings {
  /** Fraction right, in the order of the ways. */
  readonly accuracy: readonly number[];
  /** How often each label is the answer to the zero-shot prompt, without and with calibration. */
  readonly answers: readonly (readonly number[])[];
  /** What the most frequent label reaches. */
  readonly majority: number;
  /** Of the texts that it wrote after an invitation to think, how many hold an answer, and how many a right one. */
  readonly thought: readonly [answered: number, right: number];
  /** Mean loss of the last steps of training: in nats for each token, plus that for each label times its further weight. */
  readonly loss: number;
  readonly shown: {
    readonly tests: number;
    readonly written: number;
    readonly reviews: number;
    readonly weights: number;
    /** A prompt with its examples, and what the model writes after an invitation to think. */
    readonly prompt: string;
    readonly thinking: string;
  };
}

/** What the experiment is made of. */
export interface Ways extends Parts {
  findings: WaysFindings;
  controls: "steps" | "width" | "examples" | "seed";
  claims: "asked" | "form" | "rules";
  captions: "accuracy" | "answers" | "prompt" | "thinking";
  labels: Labels<
    typeof WAYS[number] | "right" | "plain" | "subtracted" | "answered" | "negative" | "neutral" | "positive"
  >;
}

/** A decoder as a scorer of continuations. */
function scorerOf(model: DecoderOnly, encode: (text: string) => ArrayLike<number>): ContinuationScorer {
  const scorer = continuationScorer({
    async score(tokens) {
      const ids = tokens.slice(-model.contextLength - 1), T = ids.length - 1;
      const scores = scope(() =>
        noGrad(() => {
          const logits = model.forward(tensor(ids.slice(0, -1), [1, T], "int32"));
          return gather(logSoftmax(logits), 2, tensor(ids.slice(1), [1, T, 1], "int32"));
        })
      );
      // What has slid out of the context has no score that anybody asks for.
      return [...Array<number>(tokens.length - 1 - T).fill(0), ...await scores.read()];
    },
  }, encode);
  // What a label has anyway is asked for again and again.
  const known = new Map<string, number>();
  return {
    async logProbability(prefix, continuation) {
      const key = `${prefix}▸${continuation}`, before = known.get(key);
      if (before !== undefined) return before;
      const found = await scorer.logProbability(prefix, continuation);
      known.set(key, found);
      return found;
    },
  };
}

/** Words and signs of a text, small letters all of them; a line break is a sign. */
const cut = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}’']+|\p{N}+|[^\s\p{L}\p{N}]|\n/gu) ?? [];

/** The words of some texts as tokens; token 0 stands for all others. */
class WordList {
  readonly words: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.words = ["�", ...new Set(cut(text))];
    this.#ids = new Map(this.words.map((word, i) => [word, i]));
  }

  encode(text: string): number[] {
    return cut(text).map((word) => this.#ids.get(word) ?? 0);
  }

  decode(tokens: readonly number[]): string {
    return tokens.map((token) => this.words[token]!).join(" ").replace(/ ([.,:;!?])/g, "$1").replace(/ ?\n ?/g, "\n");
  }
}

/** A language model that has read the training reviews, each with its mood. */
async function languageModel(
  training: readonly LabelledText[],
  { steps, width, seed }: Readonly<Record<"steps" | "width" | "seed", number>>,
  options: RunOptions,
): Promise<{ readonly model: DecoderOnly; readonly vocabulary: WordList; readonly loss: number }> {
  const random = new Random(seed);
  // Every pass over the reviews has them in another order.
  const text = Array.from(
    { length: 8 },
    () =>
      Array.from(
        random.permutation(training.length),
        (i) => `${fewShotPrompt(training[i]!.text, [], TASK)} ${training[i]!.label}\n\n`,
      )
        .join(""),
  ).join("");
  const vocabulary = new WordList(text), labels = SENTIMENTS.map((label) => vocabulary.encode(label)[0]!);
  const layout = {
    vocabSize: vocabulary.words.length,
    contextLength: CONTEXT,
    hiddenSize: width,
    numLayers: LAYERS,
    numHeads: HEADS,
  };
  const model = new DecoderOnly({ ...layout, dropout: DROPOUT }, random);
  model.train(random.split());
  const batches = new SequenceWindows(vocabulary.encode(text), { contextLength: CONTEXT, batchSize: BATCH, random });
  const curve = await learn({
    model,
    loss: (windows: readonly Int32Array[]) => {
      const { inputs, targets } = nextTokens(windows), logits = model.forward(inputs);
      const answers = windows.flatMap((window) =>
        Array.from(window.subarray(1), (token) => labels.includes(token) ? token : -1)
      );
      const only = tensor(answers, targets.shape, "int32");
      return crossEntropy(logits, targets).add(crossEntropy(logits, only, { ignoreIndex: -1 }).mul(EMPHASIS));
    },
    next: () => batches.next(),
    steps,
    learningRate: RATE,
  }, options);
  const last = curve.slice(-10).map(([, loss]) => loss);
  return { model: model.eval(), vocabulary, loss: last.reduce((a, b) => a + b, 0) / last.length };
}

/** One task in several ways. */
export const experiment: Experiment<Ways> = {
  controls: {
    steps: { default: 500, min: 20, max: 1000, step: 20 },
    width: { default: 32, min: 16, max: 128, step: 16 },
    examples: { default: 2, min: 1, max: 3 },
    seed: SEED,
  },
  constants: {
    layers: LAYERS,
    heads: HEADS,
    context: CONTEXT,
    batch: BATCH,
    rate: RATE,
    dropout: DROPOUT,
    emphasis: EMPHASIS,
    threshold: THRESHOLD,
  },
  claims: {
    asked: { holds: ({ accuracy: [, , zero], majority }) => zero! > majority },
    form: { holds: ({ accuracy: [, , zero, , , , other] }) => other! < zero! },
    rules: { holds: ({ accuracy: [rules, ...others] }) => others.every((other) => other < rules!) },
  },
  tolerance: 0.2,
  async measure(controls, options) {
    const { training, validation, test } = sentiment("english"), random = new Random(controls.seed);
    const { model, vocabulary, loss } = await languageModel(training, controls, part(options, 0, 0.7));
    const encode = (text: string) => vocabulary.encode(text), scorer = scorerOf(model, encode);
    const asked = Array.from(random.permutation(test.length).subarray(0, TESTS), (i) => test[i]!);
    const labels = asked.map(({ label }) => label);
    // Solved examples that the model has not read, one of each class in turn.
    const shuffled = Array.from(random.permutation(validation.length), (i) => validation[i]!);
    const solved: SolvedExample[] = Array.from(
      { length: controls.examples },
      (_, i) => shuffled.filter(({ label }) => label === SENTIMENTS[i % 3]).at(Math.floor(i / 3))!,
    );
    const rules = new RuleBasedClassifier<string>(englishSentiment, [-THRESHOLD, THRESHOLD], SENTIMENTS);
    const bag = await trainBagOfWords(training, { labels: SENTIMENTS, learningRate: 0.2 });
    const settings: [PromptTask, ScoreOptions][] = [
      [TASK, {}],
      [TASK, { neutral: "" }],
      [TASK, { examples: solved }],
      [TASK, { examples: solved, neutral: "" }],
      [OTHER, {}],
      [OTHER, { examples: solved }],
    ];
    const steps = new Steps(part(options, 0.7, 1), settings.length * TESTS),
      answers: string[][] = [
        asked.map(({ text }) => rules.classify(text)),
        asked.map(({ text }) => bag.classify(text)),
      ];
    for (const [task, how] of settings) {
      const own: string[] = [];
      for (const { text } of asked) {
        await steps.next();
        own.push((await scoreLabels(scorer, text, task, how)).label);
      }
      answers.push(own);
    }
    const thoughts: string[] = [];
    for (const { text } of asked.slice(0, WRITTEN)) {
      const prompt = vocabulary.encode(chainOfThoughtPrompt(text, [], TASK));
      const { tokens } = await generate(model, prompt, { maxNewTokens: TOKENS, slide: true });
      thoughts.push(vocabulary.decode(tokens));
    }
    const concluded = thoughts.map((one) =>
      one.includes("mood:") ? answerOf(one, { ...TASK, output: "mood:" }) : undefined
    );
    const counts = (own: readonly string[]): number[] =>
      SENTIMENTS.map((label) => own.filter((one) => one === label).length);
    const weights = model.parameterCount();
    discard(model);
    return {
      accuracy: answers.map((own) => accuracy(labels, own)),
      answers: [counts(answers[2]!), counts(answers[3]!)],
      majority: Math.max(...counts(labels)) / labels.length,
      thought: [
        concluded.filter((one) => one !== undefined).length,
        concluded.filter((one, at) => one === labels[at]).length,
      ],
      loss,
      shown: {
        tests: TESTS,
        written: WRITTEN,
        reviews: training.length,
        weights,
        prompt: fewShotPrompt(asked[0]!.text, solved, TASK),
        thinking: `${chainOfThoughtPrompt(asked[0]!.text, [], TASK)}▸${thoughts[0]!}`,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { accuracy, answers, shown } = findings;
    return [
      {
        kind: "bars",
        caption: captions.accuracy(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: WAYS.map((way, i) => ({ label: labels[way], value: accuracy[i]! })),
      },
      {
        kind: "bars",
        caption: captions.answers(findings),
        y: { title: labels.answered },
        bars: SENTIMENTS.flatMap((label, i) => [
          { label: labels.plain, group: labels[label], value: answers[0]![i]! },
          { label: labels.subtracted, group: labels[label], value: answers[1]![i]! },
        ]),
      },
      { kind: "text", caption: captions.prompt(findings), text: shown.prompt },
      { kind: "text", caption: captions.thinking(findings), text: shown.thinking },
    ];
  },
};
