/**
 * # One text through five tokenizers
 *
 * Whole characters, whole words, word pieces, and byte-pair encoding of characters and of bytes learn from the same sentences, and cut the
 * same text. This counts their tokens, and looks for what each cannot undo: texts that come back from the tokens as something else.
 *
 * @module
 */

import { chineseEnglish } from "../../corpora/chinese_english.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { Tokenizer } from "../before_tokens/tokenizer.ts";
import { trainWordLevel } from "../before_tokens/word_level.ts";
import { trainWordPiece } from "../before_tokens/word_piece_training.ts";
import { trainBytePairEncoding } from "../byte_pair_encoding/mod.ts";

/** The five kinds, by their names in the findings. */
export const KINDS = ["characters", "words", "wordPiece", "pairs", "bytes"] as const;

/** One of the five. */
export type Kind = typeof KINDS[number];

/** Texts with something in them that a tokenizer may lose. */
const PROBES = {
  case: "The CAT sat",
  spaces: "two  spaces",
  lines: "one\ntwo",
  signs: "Isn't it, Tom?",
  accents: "a café",
  unseen: "学生",
} as const;

/** The text that the page shows cut. */
const SAMPLE = "Isn't the  café (in Ω) the OLDEST?";

/** What a tokenizer makes of the texts. */
export interface CutText {
  readonly kind: Kind;
  /** Tokens of its vocabulary. */
  readonly vocabSize: number;
  /** Tokens of the test sentences, divided by their characters. */
  readonly perCharacter: number;
  /** Tokens of the test sentences that are unknown, divided by all. */
  readonly unknown: number;
  /** Of the test sentences, how many come back as they were, divided by all. */
  readonly undone: number;
  /** How many probes do not come back. */
  readonly lost: number;
}

/** What is found. */
export interface FiveFindings {
  readonly characters: CutText;
  readonly words: CutText;
  readonly wordPiece: CutText;
  readonly pairs: CutText;
  readonly bytes: CutText;
  readonly shown: {
    readonly sample: string;
    readonly sentences: number;
    readonly vocabSize: number;
    /** The sample, cut, and what it becomes again, by kind. */
    readonly cuts: readonly {
      readonly kind: Kind;
      readonly pieces: readonly string[];
      readonly back: string;
    }[];
    /** What each probe becomes, by kind. */
    readonly probes: readonly {
      readonly name: keyof typeof PROBES;
      readonly text: string;
      readonly back: readonly string[];
    }[];
  };
}

/** What the experiment is made of. */
export interface Five extends Parts {
  findings: FiveFindings;
  controls: "vocabulary";
  claims: "bytes" | "others" | "length" | "ratio" | "unknown";
  captions: "pieces" | "lengths" | "losses";
  labels: Labels<Kind | "perCharacter" | "kept" | "text" | keyof typeof PROBES>;
}

/** How each kind learns from texts. */
export const LEARN: Readonly<
  Record<Kind, (texts: readonly string[], vocabSize: number, signal?: AbortSignal) => Promise<Tokenizer>>
> = {
  characters: (texts, vocabSize, signal) => trainWordLevel(texts, { level: "characters", vocabSize, signal }),
  words: (texts, vocabSize, signal) => trainWordLevel(texts, { vocabSize, signal }),
  wordPiece: (texts, vocabSize, signal) => trainWordPiece(texts, { vocabSize, signal }),
  pairs: (texts, vocabSize, signal) =>
    trainBytePairEncoding(texts, { vocabSize, level: "characters", ...(signal && { signal }) }),
  bytes: (texts, vocabSize, signal) =>
    trainBytePairEncoding(texts, { vocabSize, level: "bytes", ...(signal && { signal }) }),
};

const comesBack = (tokenizer: Tokenizer, text: string): string => tokenizer.decode(tokenizer.encode(text));

function judge(kind: Kind, tokenizer: Tokenizer, test: readonly string[]): CutText {
  const ids = test.map((text) => tokenizer.encode(text)), all = ids.flat();
  return {
    kind,
    vocabSize: tokenizer.vocabSize,
    perCharacter: all.length / test.reduce((sum, text) => sum + text.length, 0),
    unknown: all.filter((id) => id === tokenizer.unknownToken).length / all.length,
    undone: test.filter((text, i) => tokenizer.decode(ids[i]!) === text).length / test.length,
    lost: Object.values(PROBES).filter((text) => comesBack(tokenizer, text) !== text).length,
  };
}

/** The same text through five tokenizers. */
export const experiment: Experiment<Five> = {
  controls: {
    vocabulary: { default: 400, min: 300, max: 3000, step: 100 },
  },
  claims: {
    bytes: { holds: ({ bytes }) => bytes.lost === 0 && bytes.undone === 1 && bytes.unknown === 0 },
    others: {
      holds: ({ characters, words, wordPiece, pairs }) =>
        [characters, words, wordPiece, pairs].every(({ lost }) => lost > 0),
    },
    length: {
      holds: ({ characters, words, wordPiece, pairs, bytes }) =>
        [wordPiece, pairs, bytes].every((one) =>
          one.perCharacter < characters.perCharacter && one.perCharacter > words.perCharacter
        ),
    },
    ratio: { holds: ({ wordPiece, pairs }) => wordPiece.perCharacter > pairs.perCharacter },
    unknown: { holds: ({ words, wordPiece }) => words.unknown > 0 && wordPiece.unknown === 0 },
  },
  async measure({ vocabulary }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const { training, test } = chineseEnglish();
    const texts = training.map(({ target }) => target), sentences = test.map(({ target }) => target);
    const found: CutText[] = [], tokenizers: Tokenizer[] = [];
    for (const [i, kind] of KINDS.entries()) {
      const tokenizer = await LEARN[kind](texts, vocabulary, signal);
      tokenizers.push(tokenizer);
      found.push(judge(kind, tokenizer, sentences));
      onProgress?.((i + 1) / KINDS.length);
    }
    const of = (kind: Kind): CutText => found[KINDS.indexOf(kind)]!;
    return {
      characters: of("characters"),
      words: of("words"),
      wordPiece: of("wordPiece"),
      pairs: of("pairs"),
      bytes: of("bytes"),
      shown: {
        sample: SAMPLE,
        sentences: sentences.length,
        vocabSize: vocabulary,
        cuts: tokenizers.map((tokenizer, i) => ({
          kind: KINDS[i]!,
          pieces: tokenizer.tokenize(SAMPLE).map(({ token }) => token),
          back: comesBack(tokenizer, SAMPLE),
        })),
        probes: Object.entries(PROBES).map(([name, text]) => ({
          name: name as keyof typeof PROBES,
          text,
          back: tokenizers.map((tokenizer) => comesBack(tokenizer, text)),
        })),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { shown } = findings;
    const visible = (text: string): string =>
      text.replaceAll(" ", "␣").replaceAll("\n", "↵").replaceAll(/<unk>|\[UNK\]/g, "�");
    return [
      {
        kind: "tokens",
        caption: captions.pieces(findings),
        rows: shown.cuts.map(({ kind, pieces }) => ({
          label: labels[kind],
          tokens: pieces.map((text) => ({ text: visible(text) })),
        })),
      },
      {
        kind: "bars",
        caption: captions.lengths(findings),
        y: { title: labels.perCharacter },
        bars: KINDS.map((kind) => ({ label: labels[kind], value: findings[kind].perCharacter })),
      },
      {
        kind: "table",
        caption: captions.losses(findings),
        columns: [labels.text, ...KINDS.map((kind) => labels[kind])],
        rows: shown.probes.map(({ name, text, back }) => [
          `${labels[name]}: ${visible(text)}`,
          ...back.map((one) => one === text ? labels.kept : visible(one)),
        ]),
      },
    ];
  },
};
