/**
 * # Learned vectors for another task
 *
 * **Question.** Vectors of words are learned from text without labels. Do they help a classifier that has few labels?
 *
 * **Idea.** The classifiers of the section read sentences of the English Web Treebank and say from which of five sources each is. They learn from all labelled sentences or from some of them, with rows that start by chance, or with rows
 * that word2vec has learned before from text without labels: the training part of the same treebank. Epochs and rate are chosen on documents kept apart; the test file is used once.
 *
 * ```sh
 * deno run --allow-read --allow-write=docs/runs docs/runs/learned_vectors.ts --data en_ewt-ud-dev.conllu --text train.form-upos-xpos.tsv --test en_ewt-ud-test.conllu
 * ```
 *
 * @module
 */

import { splitExamples } from "../../core/01_introduction/evaluation.ts";
import { splitText } from "../../core/01_introduction/rule_based_classifier.ts";
import { BagOfWordsClassifier, DeepBagOfWordsClassifier, padTokens } from "../../core/02_words/embeddings.ts";
import { trainWord2vec, type WordVectors } from "../../core/02_words/word2vec/mod.ts";
import { adam } from "../../core/06_training/adam.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { mean } from "../../core/experiments/arithmetic.ts";
import { discard } from "../../core/experiments/learning.ts";
import { type Range, rangeOf } from "../../core/experiments/seeds.ts";
import { Votes } from "../../core/experiments/votes.ts";
import { record } from "./run.ts";
import { GENRES, readSentences, type Sentence, TREEBANK } from "./web_treebank.ts";

/** Sizes of classifiers and vectors; how both are trained. */
const WIDTH = 50, LAYERS = 2, BATCH = 32, SEEDS = 5, EPOCHS = [4, 8, 16, 32], RATES = [0.003, 0.01], DEVIATION = 0.1;
const VECTORS = { hiddenSize: WIDTH, window: 5, numNegatives: 5, epochs: 10, minCount: 2 } as const;
/** Labelled sentences to learn from; all of them last. */
const COUNTS = [100, 400, Infinity];
const PADDING = 0;

/** The classifiers: rows by chance, rows learned before and trained on, rows learned before and kept. */
export const CLASSIFIERS = ["bow", "cbow", "deep", "cbow learned", "deep learned", "cbow kept"] as const;

/** What is kept. */
export interface LearnedVectorsRun {
  /** Labelled sentences to learn from. */
  readonly counts: readonly number[];
  /** Mean accuracy on the test, a row for each classifier, by number of sentences. */
  readonly accuracy: readonly (readonly number[])[];
  /** Its range over the seeds. */
  readonly ranges: readonly (readonly Range[])[];
  /** Share of the test that the most frequent source has. */
  readonly majority: number;
  /** Share of the words of the test that a row was learned for: from the labelled sentences alone, and from all text. */
  readonly covered: readonly [labelled: number, unlabelled: number];
  readonly sentences: { readonly validation: number; readonly test: number };
  /** Words without labels, and how many rows they gave. */
  readonly unlabelled: number;
  readonly rows: number;
  readonly width: number;
  readonly layers: number;
  readonly seeds: number;
  readonly tried: number;
}

/** A sentence as ids, and the index of its source. */
interface Example {
  readonly tokens: readonly number[];
  readonly label: number;
}

type Classifier = Module & { forward(tokens: Tensor): Tensor };

/** The sentences of a file with a word and its tags in each line. */
async function readTagged(path: string): Promise<string[][]> {
  const sentences = (await Deno.readTextFile(path)).split(/\n\s*\n/);
  return sentences.map((lines) => lines.split("\n").flatMap((line) => splitText(line.split("\t")[0]!)));
}

function tensorsOf(examples: readonly Example[]): { tokens: Tensor; labels: Tensor } {
  const tokens = padTokens(examples.map(({ tokens }) => tokens), PADDING);
  return { tokens, labels: tensor(examples.map(({ label }) => label), [examples.length], "int32") };
}

async function accuracyOf(model: Classifier, examples: readonly Example[]): Promise<number> {
  return await scope(() =>
    noGrad(() => {
      const { tokens, labels } = tensorsOf(examples);
      return model.forward(tokens).argmax(-1).equal(labels).cast("float32").mean();
    })
  ).item();
}

/** A classifier by its name; `table` holds what was learned before. */
function build(name: typeof CLASSIFIERS[number], vocabSize: number, table: Float32Array, random: Random): Classifier {
  const padded = { paddingIndex: PADDING, deviation: DEVIATION };
  if (name === "bow") return new Votes(vocabSize, GENRES.length, random, padded);
  const model = name.startsWith("cbow")
    ? new BagOfWordsClassifier(vocabSize, WIDTH, GENRES.length, random, padded)
    : new DeepBagOfWordsClassifier(vocabSize, WIDTH, LAYERS, GENRES.length, random, padded);
  if (name !== "cbow" && name !== "deep") {
    scope(() => model.embedding.weight.tensor.assign(tensor(table, [vocabSize, WIDTH])));
  }
  return model;
}

/** Trains a classifier; after each of some epochs says how good it is on other sentences. */
async function trainAndWatch(
  model: Classifier,
  training: readonly Example[],
  isKept: boolean,
  learningRate: number,
  random: Random,
  watch: (epoch: number) => Promise<void>,
): Promise<void> {
  const moved = [...model.parameters()].filter(([path]) => !(isKept && path.startsWith("embedding")));
  const optimizer = new Optimizer(new Map(moved), adam({ learningRate }));
  for (let epoch = 1; epoch <= EPOCHS.at(-1)!; epoch++) {
    const order = Array.from(random.permutation(training.length), (i) => training[i]!);
    for (let at = 0; at < order.length; at += BATCH) {
      scope(() => {
        const { tokens, labels } = tensorsOf(order.slice(at, at + BATCH));
        crossEntropy(model.forward(tokens), labels).backward();
        optimizer.step();
        optimizer.zeroGrad();
      });
    }
    if (EPOCHS.includes(epoch)) await watch(epoch);
  }
  discard(optimizer);
}

/** Rows of all words: those learned before, with the deviation of the others. */
function tableOf(words: readonly string[], vectors: WordVectors): Float32Array {
  const numbers = Float64Array.from(vectors.numbers);
  const scale = DEVIATION / Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length);
  const table = new Float32Array(words.length * WIDTH);
  words.forEach((word, id) => {
    if (id !== PADDING && vectors.has(word)) table.set(vectors.vectorOf(word).map((x) => x * scale), id * WIDTH);
  });
  return table;
}

async function make(path: string, textPath: string, testPath: string): Promise<LearnedVectorsRun> {
  const all = await readSentences(path), unlabelled = await readTagged(textPath);
  const { training, validation } = splitExamples(all, new Random(1), {
    validation: 0.2,
    test: 0,
    group: ({ document }) => document,
  });
  const { vectors } = await trainWord2vec(unlabelled, new Random(1), VECTORS);
  const labelled = training.flatMap(({ text }) => splitText(text));
  const words = ["", ...new Set([...vectors.words, ...labelled])];
  const ids = new Map(words.map((word, id) => [word, id])), table = tableOf(words, vectors);
  const encode = (sentences: readonly Sentence[], known: (word: string) => boolean): Example[] =>
    sentences.map(({ text, label }) => ({
      tokens: splitText(text).filter(known).map((word) => ids.get(word)!),
      label: GENRES.indexOf(label as typeof GENRES[number]),
    }));
  const test = await readSentences(testPath), testWords = test.flatMap(({ text }) => splitText(text));

  const found = CLASSIFIERS.map(() => COUNTS.map((): number[] => []));
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const order = Array.from(random.permutation(training.length), (i) => training[i]!);
    for (const [c, count] of COUNTS.entries()) {
      const some = order.slice(0, count);
      const seen = new Set(some.flatMap(({ text }) => splitText(text)));
      for (const [m, name] of CLASSIFIERS.entries()) {
        // Without vectors learned before, a word outside the labelled sentences has no row.
        const isLearned = name.includes(" "),
          known = isLearned ? (word: string) => ids.has(word) : (word: string) => seen.has(word);
        const [learnedFrom, chosenOn, judgedBy] = [some, validation, test].map((one) => encode(one, known));
        let best = { right: -1, test: 0 };
        for (const rate of RATES) {
          const model = build(name, words.length, table, random.split());
          await trainAndWatch(model, learnedFrom!, name === "cbow kept", rate, random.split(), async () => {
            const right = await accuracyOf(model, chosenOn!);
            if (right > best.right) best = { right, test: await accuracyOf(model, judgedBy!) };
          });
          discard(model);
        }
        found[m]![c]!.push(best.test);
      }
    }
  }
  const most = GENRES.map((genre) => test.filter(({ label }) => label === genre).length);
  const share = (known: (word: string) => boolean): number => testWords.filter(known).length / testWords.length;
  const inTraining = new Set(labelled);
  return {
    counts: COUNTS.map((count) => Math.min(count, training.length)),
    accuracy: found.map((row) => row.map((of) => mean(of))),
    ranges: found.map((row) => row.map((of) => rangeOf(of))),
    majority: Math.max(...most) / test.length,
    covered: [share((word) => inTraining.has(word)), share((word) => vectors.has(word))],
    sentences: { validation: validation.length, test: test.length },
    unlabelled: unlabelled.reduce((sum, { length }) => sum + length, 0),
    rows: vectors.size,
    width: WIDTH,
    layers: LAYERS,
    seeds: SEEDS,
    tried: EPOCHS.length * RATES.length,
  };
}

if (import.meta.main) {
  await record({
    name: "learned_vectors",
    summary:
      "Say from which source a sentence is, with vectors of words learned before or not, and record what is found.",
    ...TREEBANK,
    files: {
      text: "train.form-upos-xpos.tsv, the text without labels",
      test: "en_ewt-ud-test.conllu, to judge by",
    },
    make: (path, { text, test }) => make(path, text!, test!),
  });
}
