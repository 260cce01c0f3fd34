/**
 * # Which pairs a corpus joins
 *
 * The notes say that subwords such as `er`, `est`, `pro` and `ed` come out of the counts, that inflected
 * words are then related to each other, and that a few subwords write many words. This learns the merges
 * of the English side of the translator's corpus, and follows three numbers while the list grows: how
 * short the text becomes, how many inflected words share a subword with their base form, and how many
 * tokens there are.
 *
 * @module
 */

import { chineseEnglish, type SentencePair } from "../../corpora/chinese_english.ts";
import { Pace } from "../../engine/pace.ts";
import type { Experiment, Figure, ValuedToken } from "../../experiments.ts";
import { fixed, mean, percent } from "../../experiments/plain.ts";
import { BytePairEncoding, splitWords, trainBytePairEncoding } from "../byte_pair_encoding.ts";

/** Lengths of the merge list at which everything is measured. */
const LENGTHS = [0, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400];
/** What the notes expect among the subwords. */
const EXAMPLES = ["er", "est", "ed", "pro"];
const ENDINGS = ["s", "ed", "er", "est", "ing"];

type Found = {
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
};

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

function mergeTable(english: readonly Step[], chinese: readonly Step[], endings: readonly number[]): Figure {
  const total = english.length;
  const made = EXAMPLES.map((name, i) => endings[i] ? `“${name}” is merge ${endings[i]}` : `“${name}” is never made`)
    .join(", ");
  const rows = english.slice(0, 18).map(({ pair, count }, i) => {
    const other = chinese[i]!;
    return [
      i + 1,
      `${visible(pair[0])} + ${visible(pair[1])}`,
      visible(pair.join("")),
      count,
      other.pair.join(" + "),
      other.pair.join(""),
      other.count,
    ];
  });
  return {
    kind: "table",
    caption:
      `The first ${rows.length} of ${total} merges, and those of the Chinese side of the same sentences, where ` +
      "nothing marks a word: the merges find words such as " +
      `${rows.slice(0, 3).map((row) => row[5]).join(", ")}. Of the notes’ examples, ${made}. A space is written ␣.`,
    columns: ["merge", "English pair", "token", "count", "Chinese pair", "token", "count"],
    rows,
  };
}

/** One learned merge. */
interface Step {
  readonly pair: readonly [string, string];
  readonly count: number;
}

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

/** Words of the largest families, each cut into its subwords; the colour counts who shares one. */
function strip(encoding: BytePairEncoding, families: readonly Family[], merges: number): Figure {
  const shown = [...families].sort((a, b) => b.length - a.length || (a[0] < b[0] ? -1 : 1)).slice(0, 5).flat();
  const pieces = shown.map((word) => piecesOf(encoding, word));
  const users = (piece: string): number => pieces.filter((row) => row.includes(piece)).length;
  const rows = pieces.map((row, i) => ({
    label: shown[i]!.trim(),
    tokens: row.map((piece): ValuedToken => ({ text: visible(piece), value: users(piece) })),
  }));
  return {
    kind: "tokens",
    caption: `Words and their forms after ${merges} merges; a subword is the darker, the more of these words use it.`,
    rows,
    domain: [1, Math.max(2, ...pieces.flat().map(users))],
  };
}

/** What the counts of pairs make of a corpus. */
export const bytePairEncodingExperiment: Experiment<Found, "merges"> = {
  name: "words/byte_pair_encoding",
  title: "Subwords that a corpus asks for",
  purpose: "Merges are learned from the English sentences of the translator of " +
    "[chapter](../../05_transformer/mod.ts), and beside them from " +
    "the Chinese ones. Change how many of them cut the words. At 0 a word is its letters, with a few hundred a " +
    "word and its forms share a stem, with all of them most words are one token, and few share anything.",
  controls: {
    merges: {
      label: "Merges",
      description: "Length of the list of merges by which the words below are cut",
      default: 400,
      min: 0,
      max: 1500,
      step: 50,
    },
  },
  claims: [
    {
      text: "The endings er, est and ed become tokens",
      holds: ({ endings }) => endings.slice(0, 3).every((step) => step > 0),
    },
    {
      text: "So does pro, the notes’ fourth example",
      refuted: true,
      holds: ({ endings }) => endings[3]! > 0,
    },
    {
      text:
        "Cut by this many merges, most inflected words share a subword of three letters or more with their base form",
      holds: ({ relatedHere }) => relatedHere > 0.5,
    },
    {
      text:
        "Few subwords write many words: this many merges make fewer tokens than the corpus has words, and no character is unknown",
      holds: ({ vocabulary, words, unknown }) => vocabulary < words && unknown === 0,
    },
    {
      text: "Cut by all merges, where most words are one token, fewer than a quarter still do",
      holds: ({ related }) => related.at(-1)! < 0.25,
    },
  ],
  async run({ merges }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const corpus = chineseEnglish();
    const side = (pairs: readonly SentencePair[], of: "source" | "target"): string[] => pairs.map((pair) => pair[of]);
    const texts = side(corpus.training, "target"), test = side(corpus.test, "target");
    const [encoding, steps] = await learn(texts, 4000, signal);
    const [, chinese] = await learn(side(corpus.training, "source"), 2000, signal);
    const words = wordsOf(texts), families = familiesOf(words);
    const testWords = test.flatMap((text) => splitWords(text));

    const lengths = [...LENGTHS.filter((length) => length < encoding.merges.length), encoding.merges.length];
    const pace = new Pace(lengths.length);
    const tokensPerWord: number[] = [], shares: number[] = [];
    for (const [i, length] of lengths.entries()) {
      await pace.rest();
      signal?.throwIfAborted();
      const cut = shortened(encoding, length);
      tokensPerWord.push(test.reduce((sum, text) => sum + cut.encode(text).length, 0) / testWords.length);
      shares.push(relatedShare(cut, families));
      onProgress?.((i + 1) / lengths.length);
    }

    const here = shortened(encoding, merges);
    const stepOf = (token: string): number => 1 + steps.findIndex(({ pair }) => pair.join("") === token);
    const findings: Found = {
      merges: lengths,
      tokensPerWord,
      related: shares,
      relatedHere: relatedShare(here, families),
      words: new Set(texts.flatMap((text) => splitWords(text))).size,
      vocabulary: here.vocabSize,
      endings: EXAMPLES.map(stepOf),
      unknown: test.flatMap((text) => here.encode(text)).filter((id) => id === here.unknownToken).length,
    };
    const most = Math.max(...shares);
    const x = { title: "merges" };
    return {
      findings,
      figures: [
        mergeTable(steps, chinese, findings.endings),
        strip(here, families, here.merges.length),
        {
          kind: "line",
          caption: `Of the inflected words, ${percent(most)} share a subword with their base form after ` +
            `${lengths[shares.indexOf(most)]} merges. After ${lengths.at(-1)}, where most words are one token, ` +
            `${percent(shares.at(-1)!)} do: what is a token of its own is related to nothing.`,
          x,
          y: { title: "share of inflected words with a subword of their base", domain: [0, 1] },
          series: [{ label: "share a subword with their base", points: lengths.map((n, i) => [n, shares[i]!]) }],
        },
        {
          kind: "line",
          caption: `Unseen sentences take ${fixed(tokensPerWord[0]!, 1)} tokens per word or sign without a merge and ` +
            `${fixed(tokensPerWord.at(-1)!, 2)} with all of them.`,
          x,
          y: { title: "tokens per word or sign of the test sentences" },
          series: [{ label: "test sentences", points: lengths.map((n, i) => [n, tokensPerWord[i]!]) }],
        },
      ],
    };
  },
};
