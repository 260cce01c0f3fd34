/**
 * # What training held
 *
 * **Question.** A model that was trained on a small corpus answers any sentence. How does a reader learn that a sentence is unlike
 * all that it was trained on?
 *
 * **Idea.** Three things are compared with the training sentences: characters that the alphabet lacks, tokens that never
 * occurred, and neighbours that never stood side by side. All neighbours of the corpus fit into a few kilobytes.
 *
 * @module
 */

import type { SequenceTokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";

/** The pairs of neighbouring tokens of all training sentences, as JSON holds them. */
export interface Neighbourhood {
  /** Size of the vocabulary. */
  readonly vocabSize: number;
  /** Distances of the rising numbers `first · vocabSize + second`, in base 36, between spaces. */
  readonly pairs: string;
}

/** What of a sentence training never held. */
export interface Unfamiliar {
  /** Characters outside the alphabet. */
  readonly characters: readonly string[];
  /** Tokens that no training sentence has. */
  readonly tokens: readonly string[];
  /** Neighbours that stand side by side in none. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** The neighbours of some sentences, each with END. */
export function neighbourhood(sentences: readonly (readonly number[])[], vocabSize: number): Neighbourhood {
  const codes = new Set(sentences.flatMap((ids) => ids.slice(1).map((id, i) => ids[i]! * vocabSize + id)));
  let before = 0;
  const distances = [...codes].sort((a, b) => a - b).map((code) => {
    const distance = code - before;
    before = code;
    return distance.toString(36);
  });
  return { vocabSize, pairs: distances.join(" ") };
}

/**
 * Compares a sentence with what training held.
 *
 * @param sentence as it was written
 * @param source the tokenizer of its language
 * @param held the neighbours of the training sentences
 * @returns what is new in it, each thing once
 */
export function unfamiliar(sentence: string, source: SequenceTokenizer, held: Neighbourhood): Unfamiliar {
  const pairs = new Set<number>(), tokens = new Set<number>();
  let code = 0;
  for (const distance of held.pairs.split(" ")) {
    code += parseInt(distance, 36);
    pairs.add(code);
    tokens.add(Math.floor(code / held.vocabSize)).add(code % held.vocabSize);
  }
  const ids = [...source.encode(sentence), source.endToken];
  const isNew = (id: number): boolean => id !== source.unknownToken && !tokens.has(id);
  const name = (id: number): string => id === source.endToken ? "the end" : source.decode([id]);
  const apart = ids.slice(1).flatMap((id, i): [string, string][] => {
    const first = ids[i]!, isKnown = tokens.has(first) && tokens.has(id) && first !== source.unknownToken;
    return isKnown && !pairs.has(first * held.vocabSize + id) ? [[name(first), name(id)]] : [];
  });
  return {
    characters: [...new Set(sentence.replace(/\s/g, ""))]
      .filter((character) => source.encode(character).includes(source.unknownToken)),
    tokens: [...new Set(ids.filter(isNew))].map(name),
    pairs: [...new Map(apart.map((pair) => [pair.join(" "), pair])).values()],
  };
}
