/**
 * # Which order of words is more probable
 *
 * The four words of 我喜欢吃苹果 have twenty-four orders. N-gram models of Chinese characters learn the sentences of the translator without
 * those two of [the notes](notes:004.30), and give each order a probability.
 *
 * @module
 */

import { chineseEnglish } from "../../../corpora/chinese_english.ts";
import { trainBytePairEncoding } from "../../../02_words/byte_pair_encoding/mod.ts";
import type { Experiment, Labels, Parts } from "../../../experiments/experiment.ts";
import { rounded } from "../../../experiments/arithmetic.ts";
import { Steps } from "../../../experiments/running.ts";
import { score } from "../../autoregressive.ts";
import { trainNGrams } from "../../n_grams/mod.ts";

const WORDS = ["我", "喜欢", "吃", "苹果"], RIGHT = "我喜欢吃苹果", WRONG = "苹果喜欢吃我";
const ORDERS = [1, 2, 3];

/** What is found. */
export interface WordOrderFindings {
  /** Log-probability of 我喜欢吃苹果 less that of 苹果喜欢吃我, by the order of the model. */
  readonly gain: readonly number[];
  /** Difference between the most and the least probable of all orders. */
  readonly range: readonly number[];
  /** How many orders of the words are more probable than 我喜欢吃苹果. */
  readonly above: readonly number[];
  readonly shown: {
    readonly sentences: number;
    readonly orders: readonly number[];
    /** The most probable orders of words under each model, and the two that are compared, with their logarithms. */
    readonly rows: readonly { readonly text: string; readonly logs: readonly number[] }[];
    /** Of how many. */
    readonly all: number;
  };
}

/** What the experiment is made of. */
export interface WordOrder extends Parts {
  findings: WordOrderFindings;
  controls: "sentences";
  claims: "unigram" | "bigram" | "best";
  captions: "table";
  labels: Labels<"text"> & { ofOrder(order: number): string };
}

/** All orders of some words. */
function permutations(words: readonly string[]): string[][] {
  if (words.length === 0) return [[]];
  return words.flatMap((word, i) => permutations(words.toSpliced(i, 1)).map((rest) => [word, ...rest]));
}

/** N-grams and the order of words. */
export const experiment: Experiment<WordOrder> = {
  controls: { sentences: { default: 7000, min: 200, max: 7000, step: 100 } },
  claims: {
    unigram: { holds: ({ gain, range }) => Math.abs(gain[0]!) < 1e-6 && range[0]! < 1e-6 },
    bigram: { holds: ({ gain }) => gain[1]! > 1 && gain[2]! > 1 },
    best: { holds: ({ above }) => above[1]! <= 1 && above[2]! === 0 },
  },
  async measure({ sentences }, options) {
    const steps = new Steps(options, ORDERS.length);
    const strip = (text: string): string => text.replace(/[。？！]/g, "");
    const texts = chineseEnglish().training.map(({ source }) => source).filter((text) =>
      ![RIGHT, WRONG].includes(strip(text))
    )
      .slice(-sentences);
    const tokenizer = await trainBytePairEncoding(texts, { vocabSize: "alphabet", level: "characters" });
    const { vocabSize, beginToken, endToken } = tokenizer;
    const learned = texts.map((text) => tokenizer.encode(text));
    const all = permutations(WORDS).map((words) => words.join(""));
    const logs: number[][] = all.map(() => []);
    for (const order of ORDERS) {
      await steps.next();
      const model = await trainNGrams(learned, { order, vocabSize, beginToken, endToken });
      for (const [i, text] of all.entries()) {
        const found = await score(model, [...tokenizer.encode(text), endToken], { beginToken });
        logs[i]!.push(found.reduce((a, b) => a + b));
      }
    }
    const of = (text: string): readonly number[] => logs[all.indexOf(text)]!;
    const best = all.toSorted((a, b) => of(b).at(-1)! - of(a).at(-1)!);
    const shownTexts = [...new Set([...best.slice(0, 4), WRONG, ...best.slice(-2)])].toSorted((a, b) =>
      of(b).at(-1)! - of(a).at(-1)!
    );
    return {
      gain: ORDERS.map((_, n) =>
        rounded(Math.abs(of(RIGHT)[n]! - of(WRONG)[n]!) < 1e-6 ? 0 : of(RIGHT)[n]! - of(WRONG)[n]!)
      ),
      range: ORDERS.map((_, n) => {
        const values = logs.map((log) => log[n]!), range = Math.max(...values) - Math.min(...values);
        return range < 1e-6 ? 0 : rounded(range);
      }),
      above: ORDERS.map((_, n) => n === 0 ? 0 : logs.filter((log) => log[n]! > of(RIGHT)[n]! + 1e-6).length),
      shown: {
        sentences: texts.length,
        orders: ORDERS,
        rows: shownTexts.map((text) => ({ text, logs: of(text).map(rounded) })),
        all: all.length,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { orders, rows } = findings.shown;
    return [{
      kind: "table",
      caption: captions.table(findings),
      columns: [labels.text, ...orders.map((order) => labels.ofOrder(order))],
      rows: rows.map(({ text, logs }) => [text, ...logs.map((log) => Number(log.toFixed(2)))]),
    }];
  },
};
