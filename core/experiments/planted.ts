/**
 * # Signs in a text
 *
 * Letters as tokens, and signs that are put among them: a sign, some letters, a question and the same sign again. Whoever predicts the sign behind the question
 * has remembered it.
 *
 * @module
 */

import type { Random } from "../engine/random.ts";

/** A token for each letter of a text; behind them the signs, and the question. */
export interface PlantedAlphabet {
  /** Tokens of the letters. */
  readonly ids: ReadonlyMap<string, number>;
  /** How many signs there are. */
  readonly signs: number;
  /** The question; the signs stand right before it. */
  readonly ask: number;
  /** Letters, signs and the question. */
  readonly vocabSize: number;
}

/** Tokens for the letters of a text, for some signs and the question. */
export function plantedAlphabet(text: string, signs: number): PlantedAlphabet {
  const letters = [...new Set(text)].sort(), ask = letters.length + signs;
  return { ids: new Map(letters.map((letter, id) => [letter, id])), signs, ask, vocabSize: ask + 1 };
}

/** How signs are put into a text. */
export interface Planting {
  /** Tokens between two answers and the next sign. */
  readonly gap: () => number;
  /** Tokens from a sign to its question. */
  readonly distance: () => number;
}

/**
 * Puts a sign into a text, and further on the question and the same sign, again and again.
 *
 * @param text letters as tokens
 * @param alphabet which tokens are signs
 * @param random chooses the signs
 * @param planting where they stand
 * @returns the longer text
 */
export function plant(
  text: ArrayLike<number>,
  { ask, signs }: PlantedAlphabet,
  random: Random,
  { gap, distance }: Planting,
): Int32Array {
  const tokens: number[] = [];
  let at = 0;
  const read = (count: number): void => {
    for (let i = 0; i < count && at < text.length; i++) tokens.push(text[at++]!);
  };
  while (at < text.length) {
    read(gap());
    const sign = ask - 1 - random.integer(signs);
    tokens.push(sign);
    read(distance() - 1);
    tokens.push(ask, sign);
  }
  return Int32Array.from(tokens);
}
