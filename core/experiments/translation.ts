/**
 * # Sentence pairs in tokens
 *
 * What every experiment with a small translator starts from: a vocabulary for each side, learned from the pairs it trains
 * on, and the pairs in its tokens.
 *
 * @module
 */

import type { SequenceTokenizer } from "../02_words/before_tokens/tokenizer.ts";
import { trainBytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import type { SentencePair } from "../corpora/chinese_english.ts";
import type { TokenPair } from "./learning.ts";

/** The vocabularies of a translator. */
export interface Vocabularies {
  /** Of the language that is read. */
  readonly source: SequenceTokenizer;
  /** Of the language that is written. */
  readonly target: SequenceTokenizer;
}

/** Learns a vocabulary for each side of some pairs, of at most 600 tokens and of 500. */
export async function learnVocabularies(
  pairs: readonly SentencePair[],
  signal: AbortSignal | undefined,
): Promise<Vocabularies> {
  const learned = (side: "source" | "target", vocabSize: number) =>
    trainBytePairEncoding(pairs.map((pair) => pair[side]), {
      vocabSize,
      level: "characters",
      ...(signal && { signal }),
    });
  return { source: await learned("source", 600), target: await learned("target", 500) };
}

/** A pair in tokens; the source ends with END. */
export function encodePair(pair: SentencePair, { source, target }: Vocabularies): TokenPair {
  return { source: [...source.encode(pair.source), source.endToken], target: target.encode(pair.target) };
}
