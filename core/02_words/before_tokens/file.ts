/**
 * # A tokenizer in a file
 *
 * **Question.** A tokenizer is a row of values. How does a file name them, and who believes the file?
 *
 * **Idea.** Each value has a name and carries what it was made with. The file holds both, and one table for each kind turns a name into the
 * function that makes the value; that function checks what it is given, as it does for everybody. The format of the file says whether it holds
 * a row of parts or a [byte-pair encoding](../byte_pair_encoding/data.ts).
 *
 * @module
 */

import { shown } from "../../engine/options.ts";
import { BytePairEncoding } from "../byte_pair_encoding/encoding.ts";
import { Unigram } from "../unigram/model.ts";
import * as back from "./decoders.ts";
import { metaspace } from "./metaspace.ts";
import * as normal from "./normalizers.ts";
import { patterns } from "./patterns.ts";
import { PIPELINE_FORMAT, TokenizerPipeline } from "./pipeline.ts";
import { type Normalizer, normalizerSequence, type PreTokenizer, preTokenizerSequence } from "./pre_tokenizer.ts";
import * as cut from "./pre_tokenizers.ts";
import type { Tokenizer, TokenModel } from "./tokenizer.ts";
import { WordLevel } from "./word_level.ts";
import { WordPiece } from "./word_piece.ts";

/** What a file holds of a value: its name and what it was made with, whatever that is. */
// deno-lint-ignore no-explicit-any -- each function looks at what it is given
type Given = Readonly<Record<string, any>>;

/** Makes a value of what a file holds. */
type Maker<T> = (given: Given) => T;

const still = <T extends { readonly name: string }>(values: readonly T[]): [string, Maker<T>][] =>
  values.map((value) => [value.name, () => value]);

/** A string, or a regular expression. */
function patternOf({ string, expression, flags }: Given): string | RegExp {
  if (string !== undefined) return string;
  // Other flags would not find every place.
  return new RegExp(String(expression), flags === "gu" || flags === "giu" ? flags : "gu");
}

const NORMALIZERS: ReadonlyMap<string, Maker<Normalizer>> = new Map<string, Maker<Normalizer>>([
  ...still([normal.nfc, normal.nfd, normal.nfkc, normal.nfkd, normal.lowerCase, normal.stripAccents]),
  ...still([normal.isolateChinese]),
  ["strip", (given) => normal.strip(given)],
  ["replace", ({ content, ...pattern }) => normal.replace(patternOf(pattern), content)],
  ["prepend", ({ content }) => normal.prepend(content)],
  ["bert", (given) => normal.bertNormalizer(given)],
  ["sequence", ({ parts }) => normalizerSequence(all(parts, NORMALIZERS, "normalizer"))],
]);

const PRE_TOKENIZERS: ReadonlyMap<string, Maker<PreTokenizer>> = new Map<string, Maker<PreTokenizer>>([
  ...still([cut.whitespaceSplit, cut.whitespace, cut.wordsAndSigns, cut.characters, cut.bertPreTokenizer]),
  ["punctuation", ({ behavior }) => cut.punctuation(behavior)],
  ["digits", (given) => cut.digits(given)],
  ["split", ({ behavior, invert, ...pattern }) => cut.splitBy(patternOf(pattern), { behavior, invert })],
  ["pattern", ({ pattern }) => cut.byPattern(patterns.find(({ name }) => name === pattern)!)],
  ["byteLevel", (given) => cut.byteLevel(given)],
  ["metaspace", (given) => metaspace(given)],
  ["sequence", ({ parts }) => preTokenizerSequence(all(parts, PRE_TOKENIZERS, "pre-tokenizer"))],
]);

const DECODERS: ReadonlyMap<string, Maker<back.Decoder>> = new Map<string, Maker<back.Decoder>>([
  ...still([back.byteLevelDecoder, back.byteFallbackDecoder, back.fuse, back.wordDecoder]),
  ["wordPiece", (given) => back.wordPieceDecoder(given)],
  ["metaspace", (given) => back.metaspaceDecoder(given)],
  ["suffix", ({ suffix }) => back.suffixDecoder(suffix)],
  ["replace", ({ pattern, content }) => back.replaceDecoder(pattern, content)],
  ["strip", (given) => back.stripDecoder(given as back.StripDecoderOptions)],
  ["sequence", ({ parts }) => back.decoderSequence(all(parts, DECODERS, "decoder"))],
]);

const MODELS: ReadonlyMap<string, Maker<TokenModel>> = new Map<string, Maker<TokenModel>>([
  ["wordLevel", ({ tokens, ...options }) => new WordLevel(tokens, options)],
  ["wordPiece", ({ tokens, ...options }) => new WordPiece(tokens, options)],
]);

/** Makes the value that a name and its options stand for. */
function made<T>(data: unknown, makers: ReadonlyMap<string, Maker<T>>, kind: string, key = "name"): T {
  const { [key]: name, ...given } = (typeof data === "object" && data !== null ? data : {}) as Given;
  const maker = makers.get(name);
  if (!maker) {
    throw new SyntaxError(
      `Cannot read a tokenizer with the ${kind} ${shown(name)}: it must be one of ${[...makers.keys()].join(", ")}`,
    );
  }
  return maker(given);
}

function all<T>(parts: unknown, makers: ReadonlyMap<string, Maker<T>>, kind: string): T[] {
  if (!Array.isArray(parts)) {
    throw new SyntaxError(`Cannot read a tokenizer with parts = ${shown(parts)}: a list is needed`);
  }
  return parts.map((part) => made(part, makers, kind));
}

/**
 * Reads what the `toJSON` of a tokenizer wrote, and trusts none of it.
 *
 * @param data parsed JSON
 * @returns the tokenizer
 * @throws {SyntaxError} if a field is missing, unknown or malformed
 */
export function readTokenizer(data: unknown): Tokenizer {
  const file = (typeof data === "object" && data !== null ? data : {}) as Given;
  const { format, normalizer, preTokenizer, model, decoder, ...others } = file;
  if (typeof format === "string" && format.startsWith("heed byte-pair encoding")) {
    return BytePairEncoding.fromJSON(data);
  }
  if (typeof format === "string" && format.startsWith("heed unigram")) return Unigram.fromJSON(data);
  if (format !== PIPELINE_FORMAT) {
    throw new SyntaxError(`Cannot read a tokenizer of format ${shown(format)}: it must be "${PIPELINE_FORMAT}"`);
  }
  try {
    return new TokenizerPipeline({
      ...others,
      model: made(model, MODELS, "model", "kind"),
      ...normalizer && { normalizer: made(normalizer, NORMALIZERS, "normalizer") },
      ...preTokenizer && { preTokenizer: made(preTokenizer, PRE_TOKENIZERS, "pre-tokenizer") },
      ...decoder && { decoder: made(decoder, DECODERS, "decoder") },
    });
  } catch (error) {
    if (error instanceof SyntaxError || !(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new SyntaxError(error.message, { cause: error });
  }
}
