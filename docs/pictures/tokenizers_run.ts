/**
 * # Five tokenizers on Shakespeare, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { TokenizersRun } from "../runs/tokenizers.ts";

const NAMES = {
  characters: "characters",
  words: "words",
  wordPiece: "WordPiece",
  pairs: "BPE of characters",
  bytes: "BPE of bytes",
} as const;

/** The recorded run. */
export const run: RunFigures<TokenizersRun> = {
  figures: ({ vocabSize, bytes, lines, times, tokenizers, patterns }) => [
    {
      kind: "table",
      isWide: true,
      caption:
        `Five tokenizers of at most ${number(vocabSize)} tokens on ${number(bytes)} bytes in ${
          number(lines)
        } lines. Speeds are ` +
        `megabytes a second on one core, the best of ${times}; “with places” says of each token where it stands. The last column is the fraction ` +
        "of the lines that come back from their tokens as they were.",
      columns: [
        "tokenizer",
        "vocabulary",
        "learning, s",
        "encoding, MB/s",
        "with places",
        "decoding",
        "bytes per token",
        "unknown",
        "lines back",
      ],
      rows: tokenizers.map((one) => [
        NAMES[one.kind],
        one.vocabSize,
        fixed(one.learning, 2),
        fixed(one.encoding, 1),
        fixed(one.locating, 1),
        fixed(one.decoding, 1),
        fixed(bytes / one.tokens, 2),
        percent(one.unknown),
        percent(one.undone),
      ]),
    },
    {
      kind: "table",
      caption: "The published patterns on the same text: how many pieces, and megabytes a second.",
      columns: ["pattern", "pieces", "MB/s"],
      rows: patterns.map(({ name, pieces, speed }) => [name, pieces, fixed(speed, 1)]),
    },
  ],
  reading({ tokenizers, bytes, vocabSize }) {
    const of = (kind: keyof typeof NAMES): (typeof tokenizers)[number] => tokenizers.find((one) => one.kind === kind)!;
    const perToken = (kind: keyof typeof NAMES): string => fixed(bytes / of(kind).tokens, 2);
    return [
      `With ${number(vocabSize)} tokens, byte-pair encoding puts ${
        perToken("bytes")
      } bytes into a token and WordPiece's ratio ${perToken("wordPiece")}. The table of words holds ${
        perToken("words")
      }, and ${percent(of("words").unknown)} of its tokens are unknown.`,
      `Byte-pair encoding learns in ${fixed(of("bytes").learning, 1)} s and encodes ${
        fixed(of("bytes").encoding, 1)
      } MB a second: words repeat, and most of the work is a look-up. All lines come back from bytes, and ${
        percent(of("wordPiece").undone)
      } from WordPiece, whose normalizer makes every letter small.`,
    ];
  },
};
