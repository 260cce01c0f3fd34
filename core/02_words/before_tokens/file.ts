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
import { PIPELINE_FORMAT, type PipelineParts, TokenizerPipeline } from "./pipeline.ts";
import { type Normalizer, normalizerSequence, type PreTokenizer, preTokenizerSequence } from "./pre_tokenizer.ts";
import * as cut from "./pre_tokenizers.ts";
import type { Tokenizer, TokenModel } from "./tokenizer.ts";
import { WordLevel } from "./word_level.ts";
import { WordPiece } from "./word_piece.ts";

/** What a file holds of a value: what it was made with, whatever that is. */
type Given = Readonly<Record<string, unknown>>;

/** Makes a value of what a file holds. */
type Maker<T> = (given: Given) => T;

/** Values that are made of nothing, by their names. */
const still = <T extends { readonly name: string }>(values: readonly T[]): [string, Maker<T>][] =>
  values.map((value) => [value.name, () => value]);

/** A function of options, which looks at each of them itself. */
const by = <T, O>(make: (options: O) => T): Maker<T> => (given: unknown) => make(given as O);

/** A function of a string, which stands under a name. */
const byText = <T>(name: string, make: (text: string) => T): Maker<T> => (given) => make(textIn(given, name));

function textIn(given: Given, name: string): string {
  const { [name]: value } = given;
  if (typeof value === "string") return value;
  throw new SyntaxError(`Cannot read a tokenizer with ${name} = ${shown(value)}: ${name} must be a string`);
}

function tokensIn({ tokens }: Given): string[] {
  if (Array.isArray(tokens) && tokens.every((token): token is string => typeof token === "string")) return tokens;
  throw new SyntaxError(`Cannot read a tokenizer with tokens = ${shown(tokens)}: tokens must be a list of strings`);
}

/** A string, or a regular expression, and what stands beside it. */
function patternIn({ string, expression, flags, ...rest }: Given): { pattern: string | RegExp; rest: Given } {
  if (string !== undefined) return { pattern: textIn({ string }, "string"), rest };
  const source = textIn({ expression }, "expression");
  try {
    // Other flags would not find every place.
    return { pattern: new RegExp(source, flags === "giu" ? flags : "gu"), rest };
  } catch (error) {
    const { message } = error as Error;
    throw new SyntaxError(`Cannot read a tokenizer with expression = ${shown(source)}: ${message}`, { cause: error });
  }
}

const NORMALIZERS: ReadonlyMap<string, Maker<Normalizer>> = new Map<string, Maker<Normalizer>>([
  ...still([normal.nfc, normal.nfd, normal.nfkc, normal.nfkd, normal.lowerCase, normal.stripAccents]),
  ...still([normal.isolateChinese]),
  ["strip", by(normal.strip)],
  ["replace", (given) => normal.replace(patternIn(given).pattern, textIn(given, "content"))],
  ["prepend", byText("content", normal.prepend)],
  ["bert", by(normal.bertNormalizer)],
  ["sequence", ({ parts }) => normalizerSequence(all(parts, NORMALIZERS, "normalizer"))],
]);

const PRE_TOKENIZERS: ReadonlyMap<string, Maker<PreTokenizer>> = new Map<string, Maker<PreTokenizer>>([
  ...still([cut.whitespaceSplit, cut.whitespace, cut.wordsAndSigns, cut.characters, cut.bertPreTokenizer]),
  ["punctuation", ({ behavior }) => cut.punctuation(behavior as cut.SplitBehavior)],
  ["digits", by(cut.digits)],
  ["split", splitOf],
  ["pattern", ({ pattern }) => cut.byPattern(patterns.find(({ name }) => name === pattern)!)],
  ["byteLevel", by(cut.byteLevel)],
  ["metaspace", by(metaspace)],
  ["sequence", ({ parts }) => preTokenizerSequence(all(parts, PRE_TOKENIZERS, "pre-tokenizer"))],
]);

const DECODERS: ReadonlyMap<string, Maker<back.Decoder>> = new Map<string, Maker<back.Decoder>>([
  ...still([back.byteLevelDecoder, back.byteFallbackDecoder, back.fuse, back.wordDecoder]),
  ["wordPiece", by(back.wordPieceDecoder)],
  ["metaspace", by(back.metaspaceDecoder)],
  ["suffix", byText("suffix", back.suffixDecoder)],
  ["replace", (given) => back.replaceDecoder(textIn(given, "pattern"), textIn(given, "content"))],
  ["strip", by(back.stripDecoder)],
  ["sequence", ({ parts }) => back.decoderSequence(all(parts, DECODERS, "decoder"))],
]);

const MODELS: ReadonlyMap<string, Maker<TokenModel>> = new Map<string, Maker<TokenModel>>([
  ["wordLevel", ({ tokens, ...options }) => new WordLevel(tokensIn({ tokens }), options)],
  ["wordPiece", ({ tokens, ...options }) => new WordPiece(tokensIn({ tokens }), options)],
]);

function splitOf(given: Given): PreTokenizer {
  const { pattern, rest } = patternIn(given);
  return by((options: cut.SplitOptions) => cut.splitBy(pattern, options))(rest);
}

/** Makes the value that a name and its options stand for. */
function made<T>(data: unknown, makers: ReadonlyMap<string, Maker<T>>, kind: string, key = "name"): T {
  const { [key]: name, ...given } = fieldsOf(data), maker = typeof name === "string" ? makers.get(name) : undefined;
  if (!maker) {
    throw new SyntaxError(
      `Cannot read a tokenizer with the ${kind} ${shown(name)}: it must be one of ${[...makers.keys()].join(", ")}`,
    );
  }
  return maker(given);
}

/** What stands in an object by name; nothing in anything else. */
function fieldsOf(data: unknown): Given {
  return typeof data === "object" && data !== null ? { ...data } : {};
}

/** A file writes null for a step that is not there. */
const isPresent = (part: unknown): boolean => part !== undefined && part !== null;

/** How deep rows of steps may stand in each other. */
const MOST_ROWS = 32;

/** Refuses rows within rows without end. */
function checkRows(data: unknown): void {
  let rows = [data];
  for (let depth = 0; rows.length > 0; depth++) {
    if (depth > MOST_ROWS) {
      throw new SyntaxError(`Cannot read a tokenizer with more than ${MOST_ROWS} rows in each other`);
    }
    rows = rows.flatMap((row): unknown[] => {
      const { parts } = fieldsOf(row);
      return Array.isArray(parts) ? parts : [];
    });
  }
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
  const { format, normalizer, preTokenizer, model, decoder, ...others } = fieldsOf(data);
  if (typeof format === "string" && format.startsWith("heed byte-pair encoding")) {
    return BytePairEncoding.fromJSON(data);
  }
  if (typeof format === "string" && format.startsWith("heed unigram")) return Unigram.fromJSON(data);
  if (format !== PIPELINE_FORMAT) {
    throw new SyntaxError(`Cannot read a tokenizer of format ${shown(format)}: it must be "${PIPELINE_FORMAT}"`);
  }
  for (const part of [normalizer, preTokenizer, decoder]) checkRows(part);
  try {
    return new TokenizerPipeline({
      // The pipeline looks at them.
      ...others as Pick<PipelineParts, "specialTokens" | "roles">,
      model: made(model, MODELS, "model", "kind"),
      ...isPresent(normalizer) && { normalizer: made(normalizer, NORMALIZERS, "normalizer") },
      ...isPresent(preTokenizer) && { preTokenizer: made(preTokenizer, PRE_TOKENIZERS, "pre-tokenizer") },
      ...isPresent(decoder) && { decoder: made(decoder, DECODERS, "decoder") },
    });
  } catch (error) {
    if (error instanceof SyntaxError || !(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new SyntaxError(error.message, { cause: error });
  }
}
