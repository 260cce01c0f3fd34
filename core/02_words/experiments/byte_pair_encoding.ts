/**
 * # Subwords that a corpus asks for
 *
 * [The notes](notes:004.16,004.17) say that subwords such as `er`, `est`, `pro` and `ed` come out of the counts, that
 * inflected words are then related to each other, and that a few subwords write many words. This learns the merges
 * of the English side of the translator's corpus, and follows three numbers while the list grows: how
 * short the text becomes, how many inflected words share a subword with their base form, and how many
 * tokens there are.
 *
 * @module
 */

import { chineseEnglish, type SentencePair } from "../../corpora/chinese_english.ts";
import { rest } from "../../engine/pace.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { ValuedToken } from "../../experiments/figure.ts";
import { BytePairEncoding, splitWords, trainBytePairEncoding } from "../byte_pair_encoding/mod.ts";

/** Lengths of the merge list at which everything is measured. */
const LENGTHS = [0, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400];
/** What [the notes](notes:004.16) expect among the subwords. */
const EXAMPLES = ["er", "est", "ed", "pro"];
const ENDINGS = ["s", "ed", "er", "est", "ing"];

/** What is found. */
export interface MergeFindings {
  /** Lengths of the merge list. */
  readonly merges: readonly number[];
  /** Tokens per word of the test sentences, by length of the list. */
  readonly tokensPerWord: readonly number[];
  /** Share of inflected words with a subword of three letters or more in common with their base form. */
  readonly related: readonly number[];
  /** The same at the chosen length. */
  readonly relatedHere: number;
  /** Different words of the training sentences. */
  readonly words: number;
  /** Tokens at the chosen length. */
  readonly vocabulary: number;
  /** Which merge made `er`, `est`, `ed` and `pro`; 0 if none did. */
  readonly endings: readonly number[];
  /** Characters of the test sentences that the alphabet lacks. */
  readonly unknown: number;
  readonly shown: {
    /** How many merges the English side makes, and how many cut the words. */
    readonly total: number;
    readonly chosen: number;
    readonly examples: readonly string[];
    /** The first merges of each side. */
    readonly english: readonly Step[];
    readonly chinese: readonly Step[];
    /** Words of the largest families, cut; the value counts how many of these words use a subword. */
    readonly families: readonly { readonly word: string; readonly pieces: readonly ValuedToken[] }[];
  };
}

/** One learned merge. */
interface Step {
  readonly pair: readonly [string, string];
  readonly count: number;
}

/** What the experiment is made of. */
export interface Merges extends Parts {
  findings: MergeFindings;
  controls: "merges";
  claims: "endings" | "pro" | "related" | "few" | "all";
  captions: "table" | "families" | "related" | "lengths";
  labels:
    & Labels<"merge" | "englishPair" | "token" | "count" | "chinesePair" | "merges" | "related" | "share">
    & Labels<"tokensPerWord" | "test">;
}

/** An inflected word and the words it is made from. */
type Family = readonly [base: string, ...forms: string[]];

/** Words with a space before them, as the corpus holds them. */
function wordsOf(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => splitWords(text)).filter((word) => /^ [a-z]{3,}$/.test(word)));
}

function familiesOf(words: ReadonlySet<string>): Family[] {
  return [...words].sort()
    .map((base): Family => [base, ...ENDINGS.map((ending) => base + ending).filter((form) => words.has(form))])
    .filter((family) => family.length > 1);
}

/** The first merges of an encoding as an encoding of its own. */
function shortened(encoding: BytePairEncoding, merges: number): BytePairEncoding {
  return new BytePairEncoding({ ...encoding.toJSON(), merges: encoding.merges.slice(0, merges) });
}

function piecesOf(encoding: BytePairEncoding, word: string): string[] {
  return encoding.encode(word).map((id) => encoding.tokens[id]!);
}

/** Whether two words have a subword of three letters or more in common. */
function related(encoding: BytePairEncoding, a: string, b: string): boolean {
  const pieces = new Set(piecesOf(encoding, a));
  return piecesOf(encoding, b).some((piece) => piece.trim().length >= 3 && pieces.has(piece));
}

function relatedShare(encoding: BytePairEncoding, families: readonly Family[]): number {
  const pairs = families.flatMap(([base, ...forms]) => forms.map((form) => related(encoding, base, form) ? 1 : 0));
  return mean(pairs);
}

/** A space that can be seen. */
const visible = (token: string): string => token.replaceAll(" ", "␣");

async function learn(
  texts: readonly string[],
  size: number,
  signal?: AbortSignal,
): Promise<[BytePairEncoding, Step[]]> {
  const steps: Step[] = [];
  const encoding = await trainBytePairEncoding(texts, {
    vocabSize: size,
    level: "characters",
    onProgress: ({ pair, count }) => steps.push({ pair, count }),
    ...(signal && { signal }),
  });
  return [encoding, steps];
}

/** Words of the largest families, each cut into its subwords. */
function cutFamilies(encoding: BytePairEncoding, families: readonly Family[]): MergeFindings["shown"]["families"] {
  const words = [...families].sort((a, b) => b.length - a.length || (a[0] < b[0] ? -1 : 1)).slice(0, 5).flat();
  const pieces = words.map((word) => piecesOf(encoding, word));
  const users = (piece: string): number => pieces.filter((row) => row.includes(piece)).length;
  return pieces.map((row, i) => ({
    word: words[i]!.trim(),
    pieces: row.map((piece) => ({ text: visible(piece), value: users(piece) })),
  }));
}

/** What the counts of pairs make of a corpus. */
export const experiment: Experiment<Merges> = {
  controls: {
    merges: { default: 400, min: 0, max: 1500, step: 50 },
  },
  claims: {
    endings: { holds: ({ endings }) => endings.slice(0, 3).every((step) => step > 0) },
    pro: { refuted: true, holds: ({ endings }) => endings[3]! > 0 },
    related: { holds: ({ relatedHere }) => relatedHere > 0.5 },
    few: { holds: ({ vocabulary, words, unknown }) => vocabulary < words && unknown === 0 },
    all: { holds: ({ related }) => related.at(-1)! < 0.25 },
  },
  async measure({ merges }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const corpus = chineseEnglish();
    const side = (pairs: readonly SentencePair[], of: "source" | "target"): string[] => pairs.map((pair) => pair[of]);
    const texts = side(corpus.training, "target"), test = side(corpus.test, "target");
    const [encoding, steps] = await learn(texts, 4000, signal);
    const [, chinese] = await learn(side(corpus.training, "source"), 2000, signal);
    const words = wordsOf(texts), families = familiesOf(words);
    const testWords = test.flatMap((text) => splitWords(text));

    const lengths = [...LENGTHS.filter((length) => length < encoding.merges.length), encoding.merges.length];
    const tokensPerWord: number[] = [], shares: number[] = [];
    for (const [i, length] of lengths.entries()) {
      await rest(signal);
      const cut = shortened(encoding, length);
      tokensPerWord.push(test.reduce((sum, text) => sum + cut.encode(text).length, 0) / testWords.length);
      shares.push(relatedShare(cut, families));
      onProgress?.((i + 1) / lengths.length);
    }

    const here = shortened(encoding, merges);
    const stepOf = (token: string): number => 1 + steps.findIndex(({ pair }) => pair.join("") === token);
    return {
      merges: lengths,
      tokensPerWord,
      related: shares,
      relatedHere: relatedShare(here, families),
      words: new Set(texts.flatMap((text) => splitWords(text))).size,
      vocabulary: here.vocabSize,
      endings: EXAMPLES.map(stepOf),
      unknown: test.flatMap((text) => here.encode(text)).filter((id) => id === here.unknownToken).length,
      shown: {
        total: steps.length,
        chosen: here.merges.length,
        examples: EXAMPLES,
        english: steps.slice(0, 18),
        chinese: chinese.slice(0, 18),
        families: cutFamilies(here, families),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { merges, tokensPerWord, related, shown } = findings, { english, chinese, families } = shown;
    const x = { title: labels.merges };
    const over = (numbers: readonly number[]) => merges.map((n, i): [number, number] => [n, numbers[i]!]);
    return [
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [
          labels.merge,
          labels.englishPair,
          labels.token,
          labels.count,
          labels.chinesePair,
          labels.token,
          labels.count,
        ],
        rows: english.map(({ pair, count }, i) => [
          i + 1,
          pair.map(visible).join(" + "),
          visible(pair.join("")),
          count,
          chinese[i]!.pair.join(" + "),
          chinese[i]!.pair.join(""),
          chinese[i]!.count,
        ]),
      },
      {
        kind: "tokens",
        caption: captions.families(findings),
        rows: families.map(({ word, pieces }) => ({ label: word, tokens: pieces })),
        domain: [1, Math.max(2, ...families.flatMap(({ pieces }) => pieces.map(({ value = 0 }) => value)))],
      },
      {
        kind: "line",
        caption: captions.related(findings),
        x,
        y: { title: labels.related, domain: [0, 1] },
        series: [{ label: labels.share, points: over(related) }],
      },
      {
        kind: "line",
        caption: captions.lengths(findings),
        x,
        y: { title: labels.tokensPerWord },
        series: [{ label: labels.test, points: over(tokensPerWord) }],
      },
    ];
  },
};
