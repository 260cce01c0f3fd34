/**
 * # A small language in a large mixture
 *
 * [The notes](notes:004.19) say that small languages are cut into too many pieces, and should be sampled more often. This learns one vocabulary from
 * English and Chinese, of which there is much, and from Spanish, German and Russian, of which there is less and less. It counts the tokens that each language takes, at
 * several temperatures.
 *
 * @module
 */

import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { smallLanguages } from "../../corpora/small_languages.ts";
import { rest } from "../../engine/pace.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { SEED } from "../../experiments/seed.ts";
import { trainBytePairEncoding } from "../byte_pair_encoding/mod.ts";
import { mixCorpora, samplingProbabilities } from "../multilingual.ts";
import { trainUnigram } from "../unigram/mod.ts";

/** Temperatures that are compared; the last one is nearly without bound. */
const TEMPERATURES = [1, 2, 3, 5, 100];
/** The temperature that is held against 1 by the claims. */
const WARM = 5;
/** Sentences whose pieces are shown, from the test part of each language. */
const SHOWN = 1;

/** What is found. */
export interface MultilingualFindings {
  /** Sentences of each language, from the largest to the smallest. */
  readonly sizes: readonly number[];
  readonly temperatures: readonly number[];
  /** Tokens for each character of unseen sentences: by language, then by temperature. */
  readonly tokensPerCharacter: readonly (readonly number[])[];
  /** Place of the temperature that is held against 1. */
  readonly warm: number;
  readonly shown: {
    readonly languages: readonly string[];
    /** How often a sentence is drawn from each language, by temperature. */
    readonly probabilities: readonly (readonly number[])[];
    readonly vocabSize: number;
    /** A sentence of each language, cut at temperature 1 and at the warm one. */
    readonly cut: readonly { readonly language: string; readonly pieces: readonly (readonly string[])[] }[];
  };
}

/** What the experiment is made of. */
export interface Multilingual extends Parts {
  findings: MultilingualFindings;
  controls: "vocabSize" | "method" | "seed";
  claims: "smaller" | "warmer" | "price";
  captions: "tokens" | "drawn" | "cut";
  labels: Labels<"temperature" | "tokensPerCharacter" | "language" | "sentences"> & {
    readonly at: (temperature: number) => string;
    readonly names: Readonly<Record<string, string>>;
  };
}

/** A vocabulary as this experiment looks at it. */
interface Vocabulary {
  readonly tokens: readonly string[];
  encode(text: string): readonly number[];
}

const METHODS: readonly ((texts: readonly string[], vocabSize: number) => Promise<Vocabulary>)[] = [
  (texts, vocabSize) => trainBytePairEncoding(texts, { vocabSize, level: "characters" }),
  (texts, vocabSize) => trainUnigram(texts, { vocabSize }),
];

/** Tokens for each character of some sentences. */
function tokensPerCharacter(vocabulary: Vocabulary, sentences: readonly string[]): number {
  const count = (of: (sentence: string) => number): number => sentences.reduce((sum, one) => sum + of(one), 0);
  return count((one) => vocabulary.encode(one).length) / count((one) => [...one].length);
}

/** What temperature does to a vocabulary of several languages. */
export const experiment: Experiment<Multilingual> = {
  controls: {
    vocabSize: { default: 1500, min: 1000, max: 4000, step: 100 },
    method: { default: 0, min: 0, max: 1, choices: ["pairs", "unigram"] },
    seed: SEED,
  },
  claims: {
    smaller: {
      // Chinese is left out: a character of it says more than a letter.
      holds: ({ tokensPerCharacter: [english, , ...small] }) =>
        [english!, ...small].every((row, i, rows) => i === 0 || row[0]! > rows[i - 1]![0]!),
    },
    warmer: { holds: ({ tokensPerCharacter: [, , ...small], warm }) => small.every((row) => row[warm]! < row[0]!) },
    price: {
      holds: ({ tokensPerCharacter: [english, chinese], warm }) =>
        [english!, chinese!].every((row) => row[warm]! > row[0]!),
    },
  },
  async measure({ vocabSize, method, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const { training, test } = chineseEnglish(), small = smallLanguages();
    const corpora = [
      { name: "English", training: training.map(({ target }) => target), test: test.map(({ target }) => target) },
      { name: "Chinese", training: training.map(({ source }) => source), test: test.map(({ source }) => source) },
      ...small,
    ];
    const sizes = corpora.map(({ training }) => training.length), warm = TEMPERATURES.indexOf(WARM);
    const columns: number[][] = [], cuts: string[][][] = [];
    for (const [i, temperature] of TEMPERATURES.entries()) {
      await rest(signal);
      const texts = mixCorpora(corpora.map(({ training }) => training), new Random(seed), { temperature });
      const vocabulary = await METHODS[method]!(texts, vocabSize);
      columns.push(corpora.map(({ test }) => tokensPerCharacter(vocabulary, test)));
      cuts.push(corpora.map(({ test }) => vocabulary.encode(test[SHOWN]!).map((id) => vocabulary.tokens[id]!)));
      onProgress?.((i + 1) / TEMPERATURES.length);
    }
    return {
      sizes,
      temperatures: TEMPERATURES,
      tokensPerCharacter: corpora.map((_, i) => columns.map((column) => column[i]!)),
      warm,
      shown: {
        languages: corpora.map(({ name }) => name),
        probabilities: TEMPERATURES.map((temperature) => samplingProbabilities(sizes, { temperature })),
        vocabSize,
        cut: corpora.map(({ name }, i) => ({
          language: name,
          pieces: [cuts[0]![i]!, cuts[warm]![i]!].map((pieces) =>
            pieces.map((piece) => piece.replaceAll(/[ ▁]/g, "␣"))
          ),
        })),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { sizes, temperatures, tokensPerCharacter, warm, shown } = findings;
    const named = (language: string, i: number): string => `${labels.names[language] ?? language}, ${sizes[i]}`;
    return [
      {
        kind: "line",
        caption: captions.tokens(findings),
        x: { title: labels.temperature, logarithmic: true },
        y: { title: labels.tokensPerCharacter },
        series: tokensPerCharacter.map((row, i) => ({
          label: named(shown.languages[i]!, i),
          points: row.map((value, j) => [temperatures[j]!, value]),
        })),
      },
      {
        kind: "table",
        caption: captions.drawn(findings),
        columns: [labels.language, labels.sentences, ...temperatures.map((temperature) => labels.at(temperature))],
        rows: shown.languages.map((language, i) => [
          labels.names[language] ?? language,
          sizes[i]!,
          ...shown.probabilities.map((row) => row[i]!.toFixed(3)),
        ]),
      },
      {
        kind: "tokens",
        caption: captions.cut(findings),
        rows: shown.cut.flatMap(({ language, pieces }) =>
          pieces.map((row, i) => ({
            label: `${labels.names[language] ?? language}, ${labels.at(temperatures[i === 0 ? 0 : warm]!)}`,
            tokens: row.map((text) => ({ text, value: [...text].length })),
          }))
        ),
        domain: [1, 10],
      },
    ];
  },
};
