/**
 * # word2vec on plays
 *
 * **Question.** A text that was written for a book is regular. What do vectors of words say that were learned from a text of another kind?
 *
 * **Idea.** Both forms of word2vec read a megabyte of Shakespeare. Their neighbours are listed, and the analogies of gender are asked as on the page: with the words of the question left out, with them, and by the third word alone.
 *
 * ```sh
 * deno run --allow-read --allow-write=docs/runs docs/runs/word2vec.ts --data input.txt
 * ```
 *
 * @module
 */

import process from "node:process";
import {
  analogy,
  cbow,
  type ContextModel,
  cosine,
  neighbours,
  skipGram,
  trainWord2vec,
  type WordVectors,
} from "../../core/02_words/word2vec/mod.ts";
import { sentencesOf } from "../../core/cli/word_vectors.ts";
import { Random } from "../../core/engine/random.ts";
import { record } from "./run.ts";

/** How both are trained. */
const RECIPE = { hiddenSize: 100, window: 5, numNegatives: 5, epochs: 15, minCount: 5, threshold: 1e-3 } as const;
const MODELS: readonly ContextModel[] = [skipGram, cbow];

/** Words whose neighbours are shown. */
const ASKED = ["king", "father", "night", "love", "sword", "romeo"] as const;

/** Pairs that differ by gender, as far as the plays have them. */
const PAIRS = [
  ["he", "she"],
  ["king", "queen"],
  ["lord", "lady"],
  ["man", "woman"],
  ["father", "mother"],
  ["brother", "sister"],
  ["son", "daughter"],
  ["husband", "wife"],
] as const;

/** What one form found. */
export interface Word2vecResult {
  readonly model: string;
  /** Words of the text that were read in a second of one core, and the seconds of the training. */
  readonly speed: number;
  readonly seconds: number;
  /** Mean loss of a step in the first epoch and in the last. */
  readonly losses: readonly [first: number, last: number];
  /** For each word that is asked, its neighbours. */
  readonly near: readonly (readonly string[])[];
  /** Fractions of analogies that are right: words of the question left out, included, and the third word alone. */
  readonly right: readonly [excluded: number, included: number, alone: number];
  /** Mean cosine of the differences of two pairs. */
  readonly parallel: number;
}

/** What is kept. */
export interface Word2vecRun {
  readonly recipe: typeof RECIPE;
  readonly words: number;
  readonly sentences: number;
  readonly vocabulary: number;
  readonly asked: readonly string[];
  readonly pairs: readonly (readonly string[])[];
  readonly questions: number;
  readonly results: readonly Word2vecResult[];
}

/** Asks for the second word of each pair by each other pair, in both directions. */
function ask(vectors: WordVectors): Pick<Word2vecResult, "right" | "parallel"> {
  const right = [0, 0, 0],
    between = (from: string, to: string): number[] =>
      Array.from(vectors.vectorOf(to), (x, e) => x - vectors.vectorOf(from)[e]!);
  let asked = 0, parallel = 0;
  for (const one of PAIRS) {
    for (const other of PAIRS.filter((pair) => pair !== one)) {
      for (const [i, j] of [[0, 1], [1, 0]] as const) {
        const question = [one[i], one[j], other[i]] as const, words: readonly string[] = question;
        const answers = [
          analogy(vectors, question, { count: 1 })[0]!,
          analogy(vectors, question, { count: 1, excludeQuestion: false })[0]!,
          neighbours(vectors, question[2], { count: 3 }).find(({ word }) => !words.includes(word))!,
        ];
        answers.forEach(({ word }, k) => right[k] = right[k]! + (word === other[j] ? 1 : 0));
        parallel += cosine(between(one[i], one[j]), between(other[i], other[j]));
        asked++;
      }
    }
  }
  return { right: right.map((count) => count / asked) as [number, number, number], parallel: parallel / asked };
}

if (import.meta.main) {
  await record<Word2vecRun>({
    name: "word2vec",
    summary: "Learn vectors of words from a text by both forms of word2vec, and record what is nearest to what.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    async make(path) {
      const sentences = sentencesOf([await Deno.readTextFile(path)], "words");
      const words = sentences.reduce((sum, { length }) => sum + length, 0), results: Word2vecResult[] = [];
      let vocabulary = 0;
      for (const model of MODELS) {
        const before = process.cpuUsage();
        const { vectors, losses } = await trainWord2vec(sentences, new Random(1), { ...RECIPE, model });
        const { user, system } = process.cpuUsage(before), seconds = (user + system) / 1e6;
        vocabulary = vectors.size;
        results.push({
          model: model.word,
          speed: Math.round(words * RECIPE.epochs / seconds),
          seconds,
          losses: [losses[0]!, losses.at(-1)!],
          near: ASKED.map((word) => neighbours(vectors, word, { count: 6 }).map(({ word }) => word)),
          ...ask(vectors),
        });
      }
      return {
        recipe: RECIPE,
        words,
        sentences: sentences.length,
        vocabulary,
        asked: ASKED,
        pairs: PAIRS,
        questions: PAIRS.length * (PAIRS.length - 1) * 2,
        results,
      };
    },
  });
}
