/** Small vocabularies, and every way to cut a text, by trying them all. */

import { Unigram } from "../../../core/02_words/unigram/mod.ts";
import type { UnigramData } from "../../../core/02_words/unigram/mod.ts";
import { Random } from "../../../core/engine/random.ts";

/** A vocabulary of given probabilities, without a space in front. */
export function vocabularyOf(
  probabilities: Readonly<Record<string, number>>,
  options: Partial<UnigramData> = {},
): Unigram {
  return new Unigram({
    pieces: Object.entries(probabilities).map(([piece, p]) => [piece, Math.log(p)]),
    specialTokens: { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" },
    byteFallback: false,
    prefixSpace: false,
    unknownPenalty: 10,
    ...options,
  });
}

/** A random vocabulary over a few letters that has all of them. */
export function randomVocabulary(seed: number, letters: string, pieces: number): Record<string, number> {
  const random = new Random(seed), all = [...letters], probabilities: Record<string, number> = {};
  for (const letter of all) probabilities[letter] = 0.01 + random.next();
  while (Object.keys(probabilities).length < pieces) {
    const length = 2 + random.integer(4);
    probabilities[Array.from({ length }, () => all[random.integer(all.length)]!).join("")] = 0.01 + random.next();
  }
  const total = Object.values(probabilities).reduce((sum, p) => sum + p, 0);
  return Object.fromEntries(Object.entries(probabilities).map(([piece, p]) => [piece, p / total]));
}

/** Every segmentation of a text into pieces with a probability, most probable first: 2^(n-1) choices, all tried. */
export function everyWay(
  text: string,
  probabilities: Readonly<Record<string, number>>,
): { readonly pieces: string[]; readonly probability: number }[] {
  const letters = [...text], ways: { pieces: string[]; probability: number }[] = [];
  for (let cuts = 0; cuts < 2 ** Math.max(0, letters.length - 1); cuts++) {
    const pieces: string[] = [];
    letters.forEach((letter, i) => {
      if (i > 0 && (cuts >> (i - 1) & 1) === 0) pieces.push(pieces.pop()! + letter);
      else pieces.push(letter);
    });
    if (!pieces.every((piece) => piece in probabilities)) continue;
    ways.push({ pieces, probability: pieces.reduce((product, piece) => product * probabilities[piece]!, 1) });
  }
  return ways.sort((a, b) => b.probability - a.probability);
}
