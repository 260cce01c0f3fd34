/** Tokenizers of all kinds, with the tokens that make masks difficult. */

import type { Tokenizer } from "../../../core/02_words/before_tokens/tokenizer.ts";
import { wordDecoder, wordPieceDecoder } from "../../../core/02_words/before_tokens/decoders.ts";
import { TokenizerPipeline } from "../../../core/02_words/before_tokens/pipeline.ts";
import { WordLevel } from "../../../core/02_words/before_tokens/word_level.ts";
import { trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import { trainUnigram } from "../../../core/02_words/unigram/mod.ts";

const TEXT = ["ab abc aab bca caab", "cab bac abcabc", 'é中 é "ab": "bc", (a(b)c) ((é))'];

/** A tokenizer whose tokens are written as they are. */
export function plainTokens(...tokens: readonly string[]): TokenizerPipeline {
  return new TokenizerPipeline({
    model: new WordLevel(["[UNK]", "<end>", ...tokens]),
    specialTokens: ["<end>"],
    roles: { end: "<end>" },
  });
}

/** By what is special about them. */
export const tokenizers: Readonly<Record<string, Tokenizer>> = {
  "bytes, with merges across characters": await trainBytePairEncoding(TEXT, { vocabSize: 290, level: "bytes" }),
  "characters": await trainBytePairEncoding(TEXT, { vocabSize: 40, level: "characters" }),
  "pieces without bytes": await trainUnigram(TEXT, { vocabSize: 34 }),
  "pieces with bytes": await trainUnigram(TEXT, { vocabSize: 290, byteFallback: true }),
  "word pieces": new TokenizerPipeline({
    model: new WordLevel(["[UNK]", "<end>", "a", "##a", "##b", "ab", "##bc", "c", "(", ")", "##)", ".", "é"]),
    decoder: wordPieceDecoder(),
    specialTokens: ["<end>"],
    roles: { end: "<end>" },
  }),
  "words": new TokenizerPipeline({
    model: new WordLevel(["[UNK]", "<end>", "a", "ab", "abc", "b", "c", "\n", "(", "é"]),
    decoder: wordDecoder,
    specialTokens: ["<end>"],
    roles: { end: "<end>" },
  }),
  "a few tokens without single letters": plainTokens("ab", "abc", "ca", "bb", "aab", "c"),
};
