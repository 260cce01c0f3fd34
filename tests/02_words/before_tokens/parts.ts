/** The parts that another implementation was recorded with, by the names of the recording. */

import {
  byteFallbackDecoder,
  byteLevelDecoder,
  type Decoder,
  decoderSequence,
  fuse,
  metaspaceDecoder,
  replaceDecoder,
  stripDecoder,
  suffixDecoder,
  wordPieceDecoder,
} from "../../../core/02_words/before_tokens/decoders.ts";
import { metaspace } from "../../../core/02_words/before_tokens/metaspace.ts";
import * as normal from "../../../core/02_words/before_tokens/normalizers.ts";
import {
  cl100kPattern,
  gpt2Pattern,
  llama3Pattern,
  o200kPattern,
  qwen2Pattern,
} from "../../../core/02_words/before_tokens/patterns.ts";
import {
  type Normalizer,
  normalizerSequence,
  type PreTokenizer,
  preTokenizerSequence,
} from "../../../core/02_words/before_tokens/pre_tokenizer.ts";
import * as cut from "../../../core/02_words/before_tokens/pre_tokenizers.ts";

/** Normalizers. */
export const normalizers: Readonly<Record<string, Normalizer>> = {
  "nfc": normal.nfc,
  "nfd": normal.nfd,
  "nfkc": normal.nfkc,
  "nfkd": normal.nfkd,
  "lowerCase": normal.lowerCase,
  "stripAccents": normal.stripAccents,
  "nfd stripAccents": normalizerSequence([normal.nfd, normal.stripAccents]),
  "strip": normal.strip(),
  "strip left": normal.strip({ right: false }),
  "replace": normal.replace(" ", "▁"),
  "replace spaces": normal.replace(/ {2,}/gu, " "),
  "prepend": normal.prepend("▁"),
  "bert": normal.bertNormalizer(),
  "bert cased": normal.bertNormalizer({ lowercase: false }),
  "bert accents": normal.bertNormalizer({
    lowercase: true,
    stripAccents: false,
    handleChineseCharacters: false,
    cleanText: false,
  }),
};

/** Pre-tokenizers. */
export const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "whitespaceSplit": cut.whitespaceSplit,
  "whitespace": cut.whitespace,
  "punctuation": cut.punctuation(),
  "punctuation removed": cut.punctuation("removed"),
  "punctuation contiguous": cut.punctuation("contiguous"),
  "punctuation mergedWithPrevious": cut.punctuation("mergedWithPrevious"),
  "punctuation mergedWithNext": cut.punctuation("mergedWithNext"),
  "digits": cut.digits(),
  "digits 1": cut.digits({ most: 1 }),
  "digits 3": cut.digits({ most: 3 }),
  "split space mergedWithNext": cut.splitBy(" ", { behavior: "mergedWithNext" }),
  "split space removed": cut.splitBy(" ", { behavior: "removed" }),
  "split letters inverted": cut.splitBy(/\p{L}+/gu, { behavior: "removed", invert: true }),
  "metaspace": metaspace(),
  "metaspace first": metaspace({ prependScheme: "first" }),
  "metaspace never": metaspace({ prependScheme: "never" }),
  "metaspace whole": metaspace({ split: false }),
  "digits metaspace": preTokenizerSequence([cut.digits({ most: 1 }), metaspace({ prependScheme: "first" })]),
  "byteLevel": cut.byteLevel(),
  "byteLevel prefix": cut.byteLevel({ addPrefixSpace: true }),
  "byteLevel whole": cut.byteLevel({ usePattern: false }),
  "bert": cut.bertPreTokenizer,
  "gpt2": cut.byPattern(gpt2Pattern),
  "cl100k": cut.byPattern(cl100kPattern),
  "qwen2": cut.byPattern(qwen2Pattern),
  "o200k": cut.byPattern(o200kPattern),
  "llama3 bytes": preTokenizerSequence([cut.byPattern(llama3Pattern), cut.byteLevel({ usePattern: false })]),
};

/** Decoders. */
export const decoders: Readonly<Record<string, Decoder>> = {
  "wordPiece": wordPieceDecoder(),
  "wordPiece raw": wordPieceDecoder({ cleanup: false }),
  "metaspace": metaspaceDecoder(),
  "metaspace never": metaspaceDecoder({ prependScheme: "never" }),
  "byteFallback": byteFallbackDecoder,
  "suffix": suffixDecoder(),
  "byteLevel": byteLevelDecoder,
  "llama": decoderSequence([
    replaceDecoder("▁", " "),
    byteFallbackDecoder,
    fuse,
    stripDecoder({ content: " ", start: 1 }),
  ]),
};
