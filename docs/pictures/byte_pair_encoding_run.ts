/**
 * # Merges of a novel, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { BytePairEncodingRun } from "../runs/byte_pair_encoding.ts";

/** The recorded run. */
export const run: RunFigures<BytePairEncodingRun> = {
  figures: ({ merges, tokensPerWord, bytesPerToken, whole, first, samples }) => [
    {
      kind: "line",
      caption: `Tokens per word of the last tenth of the book, which the training has not seen: ${
        fixed(tokensPerWord[0]!, 2)
      } without a merge, ${fixed(tokensPerWord.at(-1)!, 2)} with ${number(merges.at(-1)!)}. A token holds ${
        fixed(bytesPerToken.at(-1)!, 1)
      } bytes then.`,
      x: { title: "merges" },
      y: { title: "tokens per word" },
      series: [{ label: "last tenth", points: merges.map((n, i) => [n, tokensPerWord[i]!]) }],
    },
    {
      kind: "table",
      caption: `Words with a space before them, cut by lists of different lengths. With all merges ${
        percent(whole.at(-1)!)
      } of the words and signs of the last tenth are one token.`,
      columns: [
        "word",
        // The longest list may be shorter than what was asked for: no pair occurs twice any more.
        ...[merges[3]!, merges[5]!, merges.at(-1)!].map((length) => `${number(length)} merges`),
      ],
      rows: samples.map(({ word, cuts }) => [word, ...cuts]),
    },
    {
      kind: "table",
      caption: "The first merges, with the counts that decided.",
      columns: ["merge", "pair", "count"],
      rows: first.map(({ pair, count }, i) => [i + 1, pair.join(" + "), count]),
    },
  ],
  reading: ({ bytes, words, merges, learning, plain, encoding, decoding, times }) => [
    `The book has ${number(bytes)} bytes and its first nine tenths ${number(words)} different words. ${
      number(merges.at(-1)!)
    } merges are learned in ${fixed(learning, 1)} s. The plain loop takes ${
      fixed(plain.seconds, 1)
    } s for the first ${plain.merges} alone, and the fast one ${fixed(plain.fast, 2)} s for these ${plain.merges}.`,
    `One core encodes ${fixed(encoding, 1)} MB a second and decodes ${
      fixed(decoding, 1)
    }, the best of ${times}. Words repeat: most of them are remembered from the first time.`,
  ],
};
