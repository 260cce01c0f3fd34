/**
 * # A tokenizer for other programs
 *
 * **Question.** A tokenizer that was trained here cuts texts into the ids that its model knows. How does another program come to cut them alike?
 *
 * **Idea.** The table that [reads](../tokenizer_files/mod.ts) a `tokenizer.json`, the other way round: each part has a name and knows what it was made with, and the file has a word for it. What was opened from such a file is written with the words that stood there. The byte pairs and the unigram pieces of the book are no row of parts; here they
 * become one.
 *
 * | here                     | model       | before it                              |
 * | ------------------------ | ----------- | -------------------------------------- |
 * | byte pairs, bytes        | `BPE`       | `ByteLevel`                            |
 * | byte pairs, characters   | `BPE`       | `Split` by GPT-2's pattern             |
 * | unigram                  | `Unigram`   | `▁` in front, and for each space       |
 * | WordPiece                | `WordPiece` | as its pipeline says                   |
 * | words, characters        | `WordLevel` | `Split` into words and signs, or characters |
 *
 * **What differs.** The other program looks for special tokens in every text, and here they are text unless asked for. It takes a `▁` in the text for a space, and `<0xE2>` for a byte.
 *
 * @module
 */

import type { Json } from "../../engine/json.ts";
import { type Check, checkValue, object } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import { patterns } from "../../02_words/before_tokens/patterns.ts";
import { TokenizerPipeline } from "../../02_words/before_tokens/pipeline.ts";
import type { Tokenizer, TokenModel } from "../../02_words/before_tokens/tokenizer.ts";
import { BytePairEncoding } from "../../02_words/byte_pair_encoding/encoding.ts";
import { Unigram } from "../../02_words/unigram/model.ts";
import type { AddedToken } from "../tokenizer_files/added_tokens.ts";
import { plainTemplate, type Template, type TemplatePart } from "../tokenizer_files/sequences.ts";
import { PretrainedTokenizer } from "../tokenizer_files/tokenizer.ts";

type Fields = { readonly [name: string]: Json };
type Given = Readonly<Record<string, Json>>;
type Table = Readonly<Record<string, (given: Given) => Fields>>;

/** A part of a tokenizer: what it is called, and what it was made with. */
interface NamedPart {
  readonly name: string;
  readonly options: Given;
}

/** What a file says of a tokenizer. */
interface Description {
  readonly normalizer: Json;
  readonly pre_tokenizer: Json;
  readonly post_processor: Json;
  readonly decoder: Json;
  readonly model: Fields;
  readonly added_tokens: readonly Fields[];
}

/** A tokenizer as an option. */
export const tokenizerCheck: Check<Tokenizer> = object<Tokenizer>(
  "a tokenizer, with tokens, encode() and toJSON()",
  (value) => ["tokens", "encode", "toJSON"].every((name) => name in value),
);

/**
 * Writes a tokenizer as the library *tokenizers* reads it.
 *
 * @param tokenizer any of the book's
 * @returns plain data for `tokenizer.json`
 * @throws {RangeError} if a part has no word there, which the message names
 * @throws {TypeError} if it is no tokenizer
 */
export function writeTokenizerJson(tokenizer: Tokenizer): Json {
  checkValue("write a tokenizer.json", "tokenizer", tokenizer, tokenizerCheck);
  return { version: "1.0", truncation: null, padding: null, ...descriptionOf(tokenizer) } as unknown as Json;
}

function descriptionOf(tokenizer: Tokenizer): Description | Fields {
  if (tokenizer instanceof PretrainedTokenizer) return ofPublished(tokenizer);
  if (tokenizer instanceof BytePairEncoding) return ofBytePairs(tokenizer);
  if (tokenizer instanceof Unigram) return ofUnigram(tokenizer);
  if (tokenizer instanceof TokenizerPipeline) return ofPipeline(tokenizer);
  throw refused("tokenizer", String(tokenizer.toJSON()?.format));
}

function refused(what: string, name: string): RangeError {
  return new RangeError(`Cannot write a tokenizer.json with the ${what} ${quote(name)}: the file has no word for it`);
}

// ## Tokenizers of the book

const special = (id: number, content: string): AddedToken => ({
  ...{ id, content, special: true, normalized: false },
  ...{ singleWord: false, stripLeft: false, stripRight: false },
});

/** Its settings are those of the pre-tokenizer, and must be there. */
const BYTE_LEVEL_DECODER: Fields = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true };

const specialTokensOf = ({ specialTokens }: Tokenizer): Fields[] =>
  [...specialTokens].toSorted(([, a], [, b]) => a - b).map(([content, id]) => written(special(id, content)));

/** Ids by token, as files have them; an id that no token has is left out. */
const vocabularyOf = (tokens: readonly string[]): Fields =>
  Object.fromEntries(tokens.flatMap((token, id) => token === "" ? [] : [[token, id]]));

function ofBytePairs(tokenizer: BytePairEncoding): Description {
  const { tokens, merges, level } = tokenizer, isBytes = level === "bytes";
  return {
    normalizer: null,
    pre_tokenizer: isBytes
      ? { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true }
      : split(patternNamed("gpt2"), "Isolated", false),
    post_processor: null,
    decoder: isBytes ? BYTE_LEVEL_DECODER : { type: "Fuse" },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: isBytes ? null : tokens[tokenizer.unknownToken]!,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabularyOf(tokens),
      merges: merges.map(([left, right]) => [left, right]),
    },
    added_tokens: specialTokensOf(tokenizer),
  };
}

/** How far below the lowest score an unknown character lies in the other program. */
const PENALTY = 10;

function ofUnigram(tokenizer: Unigram): Description {
  const { tokens, scores, byteFallback, prefixSpace } = tokenizer, { unknownPenalty } = tokenizer.toJSON();
  if (unknownPenalty !== PENALTY) {
    throw new RangeError(
      `Cannot write a tokenizer.json with unknownPenalty = ${unknownPenalty}: it is ${PENALTY} in every file`,
    );
  }
  const space = { type: "Replace", pattern: { String: " " }, content: "▁" };
  return {
    // One is put in front even of a text that begins with a space.
    normalizer: prefixSpace ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, space] } : space,
    pre_tokenizer: null,
    post_processor: null,
    decoder: inRow(
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      ...byteFallback ? [bare("ByteFallback")()] : [],
      { type: "Fuse" },
      ...prefixSpace ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
    ),
    model: {
      type: "Unigram",
      unk_id: tokenizer.unknownToken,
      byte_fallback: byteFallback,
      vocab: tokens.map((token, id) => [token, scores[id]!]),
    },
    added_tokens: specialTokensOf(tokenizer),
  };
}

function ofPipeline(tokenizer: TokenizerPipeline): Description {
  const { normalizer, preTokenizer, decoder, model } = tokenizer.parts;
  return {
    normalizer: normalizer ? partOf(NORMALIZERS, "normalizer", normalizer) : null,
    pre_tokenizer: preTokenizer ? partOf(PRE_TOKENIZERS, "pre-tokenizer", preTokenizer) : null,
    post_processor: null,
    // Tokens are joined as they are, and not by spaces.
    decoder: decoder ? partOf(DECODERS, "decoder", decoder) : { type: "Fuse" },
    model: modelOf(model),
    added_tokens: specialTokensOf(tokenizer),
  };
}

// ## What was opened

function ofPublished(tokenizer: PretrainedTokenizer): Description | Fields {
  const { normalizer, preTokenizer, decoder, model, added = [], template, file } = tokenizer.parts;
  const added_tokens = added.toSorted((a, b) => a.id - b.id).map(written);
  if (file) {
    // What changes texts is written as it was read; tokens are those that are in use.
    const { model: habits, ...others } = file as { readonly model: Fields; readonly [name: string]: unknown };
    return { ...others as Fields, added_tokens, model: { ...modelOf(model), ...habits } };
  }
  return {
    normalizer: normalizer ? partOf(NORMALIZERS, "normalizer", normalizer) : null,
    pre_tokenizer: preTokenizer ? partOf(PRE_TOKENIZERS, "pre-tokenizer", preTokenizer) : null,
    post_processor: templateOf(template, tokenizer.tokens),
    decoder: decoder ? partOf(DECODERS, "decoder", decoder) : null,
    model: modelOf(model),
    added_tokens,
  };
}

function written({ id, content, special, normalized, singleWord, stripLeft, stripRight }: AddedToken): Fields {
  return { id, content, single_word: singleWord, lstrip: stripLeft, rstrip: stripRight, normalized, special };
}

/** What stands around texts; nothing if that is nothing. */
function templateOf(template: Template = plainTemplate, tokens: readonly string[]): Json {
  const all = [...template.single, ...template.pair].flatMap(({ ids = [] }) => ids);
  if (all.length === 0) return null;
  const pieces = (parts: readonly TemplatePart[]): Json[] =>
    parts.flatMap(({ text, ids = [], typeId }): Json[] =>
      text
        ? [{ Sequence: { id: text, type_id: typeId } }]
        : ids.map((id) => ({ SpecialToken: { id: tokens[id]!, type_id: typeId } }))
    );
  const special_tokens = Object.fromEntries(
    all.map((id) => [tokens[id]!, { id: tokens[id]!, ids: [id], tokens: [tokens[id]!] }]),
  );
  return { type: "TemplateProcessing", single: pieces(template.single), pair: pieces(template.pair), special_tokens };
}

// ## Models

function modelOf(model: TokenModel): Fields {
  const { kind, ...given } = model.toJSON(), make = MODELS[kind];
  if (!make) throw refused("model", kind);
  return make(given);
}

const listIn = (given: Given, name: string): readonly string[] => given[name] as readonly string[];

const MODELS: Table = {
  merges: (given) => ({
    type: "BPE",
    dropout: null,
    unk_token: given["unknown"] ?? null,
    continuing_subword_prefix: given["prefix"] || null,
    end_of_word_suffix: given["suffix"] || null,
    fuse_unk: given["fuseUnknown"] ?? false,
    byte_fallback: given["byteFallback"] ?? false,
    ignore_merges: given["ignoreMerges"] ?? false,
    vocab: vocabularyOf(listIn(given, "tokens")),
    merges: given["merges"]!,
  }),
  pieces: (given) => ({
    type: "Unigram",
    unk_id: given["unknownToken"]!,
    byte_fallback: given["byteFallback"]!,
    vocab: listIn(given, "tokens").map((token, id) => [token, (given["scores"] as readonly number[])[id]!]),
  }),
  wordPiece: (given) => ({
    type: "WordPiece",
    unk_token: given["unknown"]!,
    continuing_subword_prefix: given["prefix"]!,
    max_input_chars_per_word: given["maxCharacters"]!,
    vocab: vocabularyOf(listIn(given, "tokens")),
  }),
  wordLevel: (given) => ({
    type: "WordLevel",
    vocab: vocabularyOf(listIn(given, "tokens")),
    unk_token: given["unknown"]!,
  }),
};

// ## Parts

function partOf(table: Table, what: string, { name, options }: NamedPart): Fields {
  const make = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!make) throw refused(what, name);
  return make(options);
}

/** The parts of a row. */
const each = (table: Table, what: string, { parts }: Given): Fields[] =>
  (parts as readonly Given[]).map(({ name, ...options }) => partOf(table, what, { name: name as string, options }));

const bare = (type: string) => (): Fields => ({ type });

/** Decoders one after the other. */
const inRow = (...decoders: readonly Fields[]): Fields => ({ type: "Sequence", decoders });

const NORMALIZERS: Table = {
  sequence: (given) => ({ type: "Sequence", normalizers: each(NORMALIZERS, "normalizer", given) }),
  nfc: bare("NFC"),
  nfd: bare("NFD"),
  nfkc: bare("NFKC"),
  nfkd: bare("NFKD"),
  nmt: bare("Nmt"),
  byteLevel: bare("ByteLevel"),
  lowerCase: bare("Lowercase"),
  stripAccents: bare("StripAccents"),
  strip: ({ left, right }) => ({ type: "Strip", strip_left: left!, strip_right: right! }),
  prepend: ({ content }) => ({ type: "Prepend", prepend: content! }),
  replace: ({ content, ...pattern }) => ({ type: "Replace", pattern: patternOf(pattern), content: content! }),
  precompiled: ({ source }) => ({ type: "Precompiled", precompiled_charsmap: source! }),
  isolateChinese: () => bert({ handleChineseCharacters: true }),
  bert: (given) => bert(given),
};

function bert({ cleanText = false, handleChineseCharacters, stripAccents = false, lowercase = false }: Given): Fields {
  return {
    type: "BertNormalizer",
    clean_text: cleanText,
    handle_chinese_chars: handleChineseCharacters!,
    strip_accents: stripAccents,
    lowercase,
  };
}

const BEHAVIORS: Readonly<Record<string, string>> = {
  removed: "Removed",
  isolated: "Isolated",
  mergedWithPrevious: "MergedWithPrevious",
  mergedWithNext: "MergedWithNext",
  contiguous: "Contiguous",
};

const split = (pattern: Fields, behavior: string, invert: boolean): Fields => ({
  ...{ type: "Split", pattern, behavior, invert },
});

/** A published pattern by its name. */
const patternNamed = (name: Json): Fields => ({ Regex: patterns.find((pattern) => pattern.name === name)!.source });

/** White space as JavaScript has it. */
const SPACES = "\\t\\n\\v\\f\\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

const PRE_TOKENIZERS: Table = {
  sequence: (given) => ({ type: "Sequence", pretokenizers: each(PRE_TOKENIZERS, "pre-tokenizer", given) }),
  bert: bare("BertPreTokenizer"),
  whitespace: bare("Whitespace"),
  whitespaceSplit: bare("WhitespaceSplit"),
  characters: () => split({ Regex: "[\\s\\S]" }, "Isolated", false),
  // What is no word, number, sign or line break is left out.
  wordsAndSigns: () =>
    split(
      { Regex: `[\\p{L}\\p{M}]+(?:['’][\\p{L}\\p{M}]+)*|\\p{N}+|\\n|[^${SPACES}\\p{L}\\p{M}\\p{N}]` },
      "Removed",
      true,
    ),
  punctuation: ({ behavior }) => ({ type: "Punctuation", behavior: BEHAVIORS[behavior as string]! }),
  digits({ most = null }) {
    if (most === null || most === 1) return { type: "Digits", individual_digits: most === 1 };
    return split({ Regex: `\\p{N}{1,${most}}` }, "Isolated", false);
  },
  pattern: ({ pattern }) => split(patternNamed(pattern!), "Isolated", false),
  split: ({ behavior, invert, ...pattern }) =>
    split(patternOf(pattern), BEHAVIORS[behavior as string]!, invert as boolean),
  byteLevel: ({ addPrefixSpace, usePattern }) => ({
    ...{ type: "ByteLevel", add_prefix_space: addPrefixSpace!, trim_offsets: true, use_regex: usePattern! },
  }),
  metaspace: ({ replacement, prependScheme, split }) => ({
    ...{ type: "Metaspace", replacement: replacement!, prepend_scheme: prependScheme!, split: split! },
  }),
};

const DECODERS: Table = {
  sequence: (given) => ({ type: "Sequence", decoders: each(DECODERS, "decoder", given) }),
  byteLevel: () => BYTE_LEVEL_DECODER,
  byteFallback: bare("ByteFallback"),
  fuse: bare("Fuse"),
  wordPiece: ({ prefix, cleanup }) => ({ type: "WordPiece", prefix: prefix!, cleanup: cleanup! }),
  metaspace: ({ replacement, prependScheme }) => ({
    ...{ type: "Metaspace", replacement: replacement!, prepend_scheme: prependScheme!, split: true },
  }),
  suffix: ({ suffix }) => ({ type: "BPEDecoder", suffix: suffix! }),
  replace: ({ pattern, content }) => ({ type: "Replace", pattern: { String: pattern! }, content: content! }),
  strip: ({ content, start, stop }) => ({ type: "Strip", content: content!, start: start!, stop: stop! }),
  // A space between words, and none beside a line break.
  words: () =>
    inRow(
      { type: "WordPiece", prefix: "\0", cleanup: false },
      { type: "Fuse" },
      { type: "Replace", pattern: { String: " \n" }, content: "\n" },
      { type: "Replace", pattern: { String: "\n " }, content: "\n" },
    ),
};

// ## Expressions

function patternOf({ string, expression, flags }: Given): Fields {
  if (typeof string === "string") return { String: string };
  const source = expression as string, anyCase = String(flags).includes("i");
  return { Regex: anyCase ? `(?i:${writeExpression(source)})` : writeExpression(source) };
}

/** What JavaScript's short names stand for, inside a set of characters. */
const CLASSES: Readonly<Record<string, string>> = { s: SPACES, d: "0-9", w: "A-Za-z0-9_" };

/** Rewrites an expression of JavaScript where the other engine means something else. */
function writeExpression(source: string): string {
  let inSet = false, written = "";
  for (
    const { 0: found, groups } of source.matchAll(/\\u\{(?<long>[^}]*)\}|\\u(?<short>.{4})|\\(?<letter>.)|[^\\]/gsu)
  ) {
    const { long, short, letter } = groups as Record<string, string | undefined>, code = long ?? short;
    if (code !== undefined) written += `\\x{${code}}`;
    else if (letter === undefined) {
      if (found === "[" || found === "]") inSet = found === "[";
      written += found;
    } else {
      const inside = CLASSES[letter.toLowerCase()], isNot = letter !== letter.toLowerCase();
      if (inside === undefined) written += found;
      else if (inSet && isNot) throw refused("expression", source);
      else written += inSet ? inside : `[${isNot ? "^" : ""}${inside}]`;
    }
  }
  return written;
}

// ## Pitfall: a tokenizer without its special tokens
//
// A token that is in the vocabulary, and not in the list of added ones, is text to the other program: `<end>` is cut into five characters, and what comes to an end here goes on there. The test "special tokens are one token in the other program" reads one.
