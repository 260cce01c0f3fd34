/** Tokenizers of the book as another program is to read them, and texts to compare by. */

import { bertNormalizer } from "../../core/02_words/before_tokens/normalizers.ts";
import type { Tokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";
import { trainWordLevel } from "../../core/02_words/before_tokens/word_level.ts";
import { trainWordPiece } from "../../core/02_words/before_tokens/word_piece_training.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { trainUnigram } from "../../core/02_words/unigram/mod.ts";

const CORPUS = [
  "the quick brown fox jumps over the lazy dog, and the dog's owner isn't amused at all",
  "a tokenizer cuts a text into tokens; the tokens are numbers, and the numbers are 12345 and 678",
  "Ça coûte 3,50 € à l'élève. Żółć, naïve façade.\n",
  "注意力机制 让 模型 看见 每 一个 词。机器学习",
  "the mask hides the future, the future hides the mask",
];

/** What both programs read. */
export const TEXTS: readonly string[] = [
  "the quick tokenizer",
  "The dog's  numbers:\t123,456 aren't 7!",
  "  leading and trailing  ",
  "",
  " ",
  "\n\n  x\r\n",
  "Ça coûte naïve ﬁn ① ｆｕｌｌ",
  "e\u0301le\u0300ve",
  "注意力 unknown 龘龘 🙂👨‍👩‍👧 tail",
  "\u0000control\u200b\u00a0nbsp\u3000wide\ufeff\u0085",
  "I'LL we'VE don’t",
  "½ ² ٣ Ⅷ 12345678",
  "unfoxable".repeat(20),
];

/** Trained anew, always the same. */
export const TOKENIZERS: Readonly<Record<string, () => Promise<Tokenizer>>> = {
  "byte pairs, bytes": () => trainBytePairEncoding(CORPUS, { vocabSize: 320, level: "bytes" }),
  "byte pairs, characters": () => trainBytePairEncoding(CORPUS, { vocabSize: 120, level: "characters" }),
  "characters alone": () => trainBytePairEncoding(CORPUS, { vocabSize: "alphabet", level: "characters" }),
  "unigram": () => trainUnigram(CORPUS, { vocabSize: 130 }),
  "unigram, bytes": () => trainUnigram(CORPUS, { vocabSize: 390, byteFallback: true, prefixSpace: false }),
  "word pieces": () => trainWordPiece(CORPUS, { vocabSize: 160, minFrequency: 1 }),
  "word pieces, cased": () =>
    trainWordPiece(CORPUS, {
      vocabSize: 160,
      minFrequency: 1,
      normalizer: bertNormalizer({ lowercase: false, stripAccents: false }),
    }),
  "words": () => trainWordLevel(CORPUS),
  "single characters": () => trainWordLevel(CORPUS, { level: "characters" }),
};
