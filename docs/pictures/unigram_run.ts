/**
 * # Byte pairs and a unigram model on a novel, shown
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { UnigramRun, VocabularyResult } from "../runs/unigram.ts";

/** One measure over the sizes, a line for each kind. */
function curves(
  { bytePairs, unigram }: UnigramRun,
  title: string,
  value: (result: VocabularyResult) => number,
  caption: string,
): Figure {
  return {
    kind: "line",
    caption,
    x: { title: "tokens of the vocabulary", logarithmic: true },
    y: { title },
    series: ([["byte pairs", bytePairs], ["unigram", unigram]] as const).map(([label, results]) => ({
      label,
      points: results.map((result) => [result.size, value(result)]),
    })),
  };
}

/** The recorded run. */
export const run: RunFigures<UnigramRun> = {
  figures(findings) {
    const { bytePairs, unigram, fits, shownSize, cut, words, forms } = findings;
    const at = (results: readonly VocabularyResult[]): VocabularyResult =>
      results.find(({ size }) => size === shownSize)!;
    return [
      curves(
        findings,
        "tokens for each word or sign",
        ({ tokensPerWord }) => tokensPerWord,
        `Tokens for each of the ${number(words)} words and signs of the novel. With ${
          number(shownSize)
        } tokens in the vocabulary byte-pair encoding takes ` +
          `${fixed(at(bytePairs).tokensPerWord, 2)} and the unigram model ${fixed(at(unigram).tokensPerWord, 2)}.`,
      ),
      curves(
        findings,
        "fraction cut at the ending, or whole",
        ({ atEnding }) => atEnding,
        `Of ${
          number(forms)
        } words that are another word of the novel and -s, -ed, -er, -est, -ing, -ly or -ness: how many have exactly their ending as last piece, -s and not -es in “trees”, or ` +
          `are one piece. With ${number(shownSize)} tokens these are ${
            percent(at(bytePairs).atEnding)
          } for byte-pair encoding and ${percent(at(unigram).atEnding)} for the unigram model.`,
      ),
      {
        kind: "table",
        caption: `Words that neither of the vocabularies of ${
          number(shownSize)
        } tokens leaves whole, in equal distances through the alphabet, none picked by hand.`,
        columns: ["word", "byte pairs", "unigram"],
        rows: cut.map(({ word, bytePairs, unigram }) => [word, bytePairs.join(" "), unigram.join(" ")]),
      },
      {
        kind: "table",
        caption:
          "Seconds of one core for the training, and megabytes that one core encodes in a second, line by line. Byte-pair encoding remembers the words that it has cut.",
        columns: ["tokens", "byte pairs: s", "MB/s", "unigram: s", "MB/s"],
        rows: bytePairs.map((one, i) => [
          one.size,
          fixed(one.seconds, 2),
          fixed(one.speed, 1),
          fixed(unigram[i]!.seconds, 2),
          fixed(unigram[i]!.speed, 1),
        ]),
      },
      {
        kind: "table",
        caption:
          "The unigram vocabulary that is trained here, and that of SentencePiece: tokens of the novel, and its log-probability in nats (natural logarithms) over all segmentations, for each " +
          "token and for each character. Higher is better.",
        columns: [
          "tokens",
          "here: tokens",
          "per token",
          "per character",
          "SentencePiece: tokens",
          "per token",
          "per character",
        ],
        rows: fits.map(({ here, peer }) => [
          here.size,
          here.tokens,
          fixed(here.perToken, 3),
          fixed(here.perCharacter, 3),
          peer.tokens,
          fixed(peer.perToken, 3),
          fixed(peer.perCharacter, 3),
        ]),
      },
    ];
  },
  reading({ bytePairs, unigram, fits, lines, characters }) {
    const ratio = (a: number, b: number): string => percent(Math.abs(a / b - 1), 2);
    const shorter = unigram.filter((one, i) => one.tokensPerWord < bytePairs[i]!.tokensPerWord).length;
    const better = unigram.filter((one, i) => one.atEnding > bytePairs[i]!.atEnding).length;
    const largest = fits.reduce(
      (most, { here, peer }) => Math.max(most, Math.abs(here.perToken / peer.perToken - 1)),
      0,
    );
    const fitsBetter = fits.filter(({ here, peer }) => here.perCharacter > peer.perCharacter).length;
    return [
      `The unigram model needs fewer tokens at ${shorter} of ${unigram.length} sizes, and cuts more words at their endings at ${better}. It is trained to make the whole text ` +
      "probable, not to make it short.",
      `SentencePiece's vocabularies and those trained here give the novel nearly the same probability: for each token they differ by at most ${
        percent(largest, 3)
      }. For each character the ones trained here are ahead at ${fitsBetter} of ${fits.length} sizes, with ${
        number(fits[0]!.here.size)
      } tokens by ${ratio(fits[0]!.here.perCharacter, fits[0]!.peer.perCharacter)}, with ${
        number(fits.at(-1)!.here.size)
      } by ${
        ratio(fits.at(-1)!.here.perCharacter, fits.at(-1)!.peer.perCharacter)
      }. The programs differ in where a seed may end, in what becomes of rare characters, and in contractions such as “’s”, which may be one piece here.`,
      `The novel has ${number(lines)} lines and ${number(characters)} characters.`,
    ];
  },
};
