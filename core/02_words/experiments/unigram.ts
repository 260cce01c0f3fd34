/**
 * # The ways to cut a word
 *
 * [The notes](notes:004.18) give `e st` and `es t` as two ways to cut *est*, of which the more probable one is taken. This learns a vocabulary from the words of the
 * translator's corpus, tries every way to cut some words, and compares what the lattice finds with the list. It follows the
 * vocabulary while it shrinks, draws segmentations by chance, and cuts inflected words with as many tokens of byte-pair encoding beside it.
 *
 * @module
 */

import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { rest } from "../../engine/pace.ts";
import { Random } from "../../engine/random.ts";
import { difference } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { ValuedToken } from "../../experiments/figure.ts";
import { SEED } from "../../experiments/seed.ts";
import { type BytePairEncoding, splitWords, trainBytePairEncoding } from "../byte_pair_encoding/mod.ts";
import { trainUnigram, type Unigram, type UnigramStep } from "../unigram/mod.ts";

const ENDINGS = ["s", "ed", "er", "est", "ing"];
/** Every way to cut these is tried; one of them is cut by chance as well. */
const WORDS = ["est", "fastest", "walked", "student", "printers"];
const DRAWN = 1, DRAWS = 2000;
/** Rows of the tables. */
const SHOWN_WAYS = 8, SHOWN_WORDS = 8;

/** A way to cut a word. */
interface Way {
  readonly pieces: readonly string[];
  /** Given the word, over all ways. */
  readonly probability: number;
}

/** What is found. */
export interface UnigramFindings {
  /** Largest distance from 1 of the sum of the probabilities of all ways to cut a word. */
  readonly sumError: number;
  /** Words whose segmentation is the most probable of all ways. */
  readonly best: number;
  /** Words of which all ways were tried. */
  readonly tried: number;
  /** Of 1, how much of the drawn segmentations lies elsewhere than it should. */
  readonly drawError: number;
  /** Largest part of that which chance explains. */
  readonly drawBound: number;
  /** Whether the second turn of each round made the words more probable. */
  readonly rises: boolean;
  /** Pieces after each round, from the seeds on. */
  readonly sizes: readonly number[];
  /** Tokens of each vocabulary. */
  readonly vocabulary: readonly [unigram: number, bytePairs: number];
  /** Fraction of the inflected words whose last piece is their ending, or which are one piece. */
  readonly atEnding: readonly [unigram: number, bytePairs: number];
  /** Mean number of pieces of an inflected word. */
  readonly piecesPerWord: readonly [unigram: number, bytePairs: number];
  /** `atEnding` of vocabularies that are learned from the other source. */
  readonly otherwise: readonly [unigram: number, bytePairs: number];
  readonly shown: {
    readonly fromSentences: boolean;
    readonly alpha: number;
    readonly draws: number;
    readonly word: string;
    /** How many ways each word has. */
    readonly ways: readonly { readonly word: string; readonly count: number; readonly best: Way }[];
    /** The most probable ways to cut the word, with how often each was drawn, and should have been. */
    readonly drawn: readonly (Way & { readonly expected: number; readonly found: number })[];
    readonly steps: readonly UnigramStep[];
    readonly forms: number;
    readonly cut: readonly { readonly word: string; readonly rows: readonly (readonly ValuedToken[])[] }[];
  };
}

/** What the experiment is made of. */
export interface Unigrams extends Parts {
  findings: UnigramFindings;
  controls: "vocabSize" | "learnFrom" | "alpha" | "seed";
  claims: "sum" | "best" | "draws" | "rises" | "shrinks" | "endings";
  captions: "ways" | "drawn" | "rounds" | "cut";
  labels:
    & Labels<"word" | "ways" | "bestWay" | "probability" | "way" | "expected" | "found">
    & Labels<"pieces" | "logProbability" | "before" | "after" | "unigram" | "bytePairs">;
}

/** All ways to cut a word, by trying every set of cuts; nothing of the lattice is used. */
function everyWay(word: string, vocabulary: Unigram): Way[] {
  const scores = new Map(
    vocabulary.tokens.map((piece, id) => [piece, vocabulary.scores[id]!]).slice(4) as [string, number][],
  );
  const letters = [...`▁${word}`], found: { pieces: string[]; score: number }[] = [];
  for (let cuts = 0; cuts < 2 ** (letters.length - 1); cuts++) {
    const pieces: string[] = [];
    letters.forEach((letter, i) => {
      if (i === 0 || (cuts >> (i - 1)) % 2 === 1) pieces.push(letter);
      else pieces.push(pieces.pop()! + letter);
    });
    if (pieces.every((piece) => scores.has(piece))) {
      found.push({ pieces, score: pieces.reduce((sum, piece) => sum + scores.get(piece)!, 0) });
    }
  }
  const total = vocabulary.logProbability(word);
  return found.map(({ pieces, score }) => ({ pieces, probability: Math.exp(score - total) }))
    .sort((a, b) => b.probability - a.probability);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Draws one word again and again, and compares with the probabilities to the power of alpha. */
function draw(
  vocabulary: Unigram,
  word: string,
  ways: readonly Way[],
  alpha: number,
  random: Random,
): { readonly error: number; readonly bound: number; readonly drawn: UnigramFindings["shown"]["drawn"] } {
  const counts = new Map<string, number>();
  for (let i = 0; i < DRAWS; i++) {
    const key = vocabulary.sample(word, random, { alpha }).pieces.join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const powers = ways.map(({ probability }) => probability ** alpha), total = sum(powers);
  const drawn = ways.map((way, i) => ({
    ...way,
    expected: powers[i]! / total,
    found: (counts.get(way.pieces.join(" ")) ?? 0) / DRAWS,
  }));
  return {
    error: sum(drawn.map(({ expected, found }) => Math.abs(expected - found))) / 2,
    // Three standard deviations of every fraction at once: more than chance makes of the sum.
    bound: sum(drawn.map(({ expected }) => 3 * Math.sqrt(expected * (1 - expected) / DRAWS))) / 2,
    drawn: drawn.slice(0, SHOWN_WAYS),
  };
}

/** Words of the corpus, and those that are another one and an ending. */
function wordsOf(
  texts: readonly string[],
): { readonly words: string[]; readonly forms: [word: string, ending: string][] } {
  const words = [...new Set(texts.flatMap((text) => splitWords(` ${text}`)))].map((word) => word.trim())
    .filter((word) => /^[a-z]{3,}$/.test(word)).sort();
  const known = new Set(words);
  const forms = words.flatMap((base) =>
    ENDINGS.filter((ending) => known.has(base + ending)).map((ending): [string, string] => [base + ending, ending])
  );
  return { words, forms };
}

/** How a kind of vocabulary cuts the inflected words. */
function cutForms(
  forms: readonly (readonly [word: string, ending: string])[],
  cut: (word: string) => readonly string[],
): { readonly rows: readonly (readonly string[])[]; readonly atEnding: number; readonly perWord: number } {
  const rows = forms.map(([word]) => cut(word));
  const good = rows.filter((pieces, i) => pieces.length === 1 || pieces.at(-1) === forms[i]![1]).length;
  return { rows, atEnding: good / rows.length, perWord: sum(rows.map(({ length }) => length)) / rows.length };
}

/** Both kinds of vocabulary, of one size. */
async function learn(
  texts: readonly string[],
  vocabSize: number,
  onStep?: (step: UnigramStep) => void,
  signal?: AbortSignal,
): Promise<[Unigram, BytePairEncoding]> {
  return [
    await trainUnigram(texts, { vocabSize, signal, onProgress: (step) => onStep?.(step) }),
    await trainBytePairEncoding(texts.map((text) => ` ${text}`), {
      vocabSize,
      level: "characters",
      ...(signal && { signal }),
    }),
  ];
}

function cutBoth(
  [vocabulary, bytePairs]: readonly [Unigram, BytePairEncoding],
  forms: readonly (readonly [word: string, ending: string])[],
): [ReturnType<typeof cutForms>, ReturnType<typeof cutForms>] {
  const visible = (piece: string): string => piece.replaceAll(" ", "▁");
  return [
    cutForms(forms, (word) => vocabulary.segment(word).pieces),
    cutForms(forms, (word) => bytePairs.encode(` ${word}`).map((id) => visible(bytePairs.tokens[id]!))),
  ];
}

/** What a unigram model makes of the words of a corpus. */
export const experiment: Experiment<Unigrams> = {
  controls: {
    vocabSize: { default: 200, min: 60, max: 600, step: 20 },
    learnFrom: { default: 0, min: 0, max: 1, choices: ["words", "sentences"] },
    alpha: { default: 0.5, min: 0, max: 3, step: 0.1 },
    seed: SEED,
  },
  claims: {
    sum: { holds: ({ sumError }) => sumError < 1e-9 },
    best: { holds: ({ best, tried }) => best === tried },
    draws: { holds: ({ drawError, drawBound }) => drawError <= drawBound },
    rises: { holds: ({ rises }) => rises },
    shrinks: { holds: ({ sizes }) => sizes.every((size, i) => i === 0 || size < sizes[i - 1]!) },
    endings: { holds: ({ atEnding: [unigram, bytePairs] }) => unigram > bytePairs },
  },
  async measure({ vocabSize, learnFrom, alpha, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const sentences = chineseEnglish().training.map(({ target }) => target), { words, forms } = wordsOf(sentences);
    const steps: UnigramStep[] = [], from = (source: number): readonly string[] => source === 0 ? words : sentences;
    const learned = await learn(from(learnFrom), vocabSize, (step) => steps.push(step), signal);
    onProgress?.(0.5);
    const [a, b] = cutBoth(learned, forms),
      [c, d] = cutBoth(await learn(from(1 - learnFrom), vocabSize, undefined, signal), forms);
    const [vocabulary, bytePairs] = learned;
    await rest(signal);

    const ways = WORDS.map((word) => ({ word, all: everyWay(word, vocabulary) }));
    const drawing = draw(vocabulary, WORDS[DRAWN]!, ways[DRAWN]!.all, alpha, new Random(seed));
    const every = Math.floor(forms.length / SHOWN_WORDS);
    onProgress?.(1);
    return {
      sumError: difference(
        Math.max(...ways.map(({ all }) => Math.abs(sum(all.map(({ probability }) => probability)) - 1))),
      ),
      best:
        ways.filter(({ word, all }) => vocabulary.segment(word).pieces.join(" ") === all[0]!.pieces.join(" ")).length,
      tried: ways.length,
      drawError: drawing.error,
      drawBound: drawing.bound,
      rises: steps.every((step, i) => step.turn === 1 || step.logProbability > steps[i - 1]!.logProbability),
      sizes: [...steps.filter(({ turn }) => turn === 1).map(({ pieces }) => pieces), vocabulary.vocabSize - 4],
      vocabulary: [vocabulary.vocabSize, bytePairs.vocabSize],
      atEnding: [a.atEnding, b.atEnding],
      piecesPerWord: [a.perWord, b.perWord],
      otherwise: [c.atEnding, d.atEnding],
      shown: {
        fromSentences: learnFrom === 1,
        alpha,
        draws: DRAWS,
        word: WORDS[DRAWN]!,
        ways: ways.map(({ word, all }) => ({ word, count: all.length, best: all[0]! })),
        drawn: drawing.drawn,
        steps,
        forms: forms.length,
        cut: Array.from({ length: SHOWN_WORDS }, (_, i) => i * every).map((i) => ({
          word: forms[i]![0],
          rows: [a, b].map(({ rows }) =>
            rows[i]!.map((text, j) => ({ text, value: j === rows[i]!.length - 1 && text === forms[i]![1] ? 1 : 0 }))
          ),
        })),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { ways, drawn, steps, cut } = findings.shown;
    return [
      {
        kind: "table",
        caption: captions.ways(findings),
        columns: [labels.word, labels.ways, labels.bestWay, labels.probability],
        rows: ways.map(({ word, count, best }) => [word, count, best.pieces.join(" "), best.probability.toFixed(3)]),
      },
      {
        kind: "bars",
        caption: captions.drawn(findings),
        y: { title: labels.probability, domain: [0, 1] },
        bars: drawn.flatMap(({ pieces, expected, found }) => [
          { label: labels.expected, group: pieces.join(" "), value: expected },
          { label: labels.found, group: pieces.join(" "), value: found },
        ]),
      },
      {
        kind: "line",
        caption: captions.rounds(findings),
        x: { title: labels.pieces, logarithmic: true },
        y: { title: labels.logProbability },
        series: [1, 2].map((turn) => ({
          label: turn === 1 ? labels.before : labels.after,
          points: steps.filter((step) => step.turn === turn).map((step): [number, number] => [
            step.pieces,
            step.logProbability,
          ]),
        })),
      },
      {
        kind: "tokens",
        caption: captions.cut(findings),
        rows: cut.flatMap(({ word, rows }) =>
          rows.map((tokens, i) => ({ label: `${word}, ${i === 0 ? labels.unigram : labels.bytePairs}`, tokens }))
        ),
        domain: [0, 1],
      },
    ];
  },
};
