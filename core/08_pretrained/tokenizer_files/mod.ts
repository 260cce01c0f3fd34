/**
 * # Tokenizer files
 *
 * **Question.** A model reads the token ids that it was trained with, and one wrong id is a wrong word. How does a file say what a tokenizer does, and how does one program come to read those of all model families?
 *
 * **Idea.** `tokenizer.json` names the [parts](../../02_words/before_tokens/mod.ts) of a tokenizer and what each was made with. The parts exist: a table leads from a name in the file to a function of the book. What has no row is refused by name, since a tokenizer that leaves
 * out one step is wrong in few places, and silently.
 *
 * ```diagram
 * ids
 * [template](sequences.ts)
 * [model](merges.ts) <- vocabulary and merges
 * pieces
 * [pre-tokenizer](../../02_words/before_tokens/pre_tokenizers.ts)
 * [normalizer](../../02_words/before_tokens/normalizers.ts)
 * text between added tokens
 * [added tokens](added_tokens.ts)
 * text
 *
 * vocabulary and merges
 * [tokenizer.json]
 * ```
 *
 * **Which family has which parts.**
 *
 * | family            | normalizer                    | pre-tokenizer                | model                  | template      |
 * | ----------------- | ----------------------------- | ---------------------------- | ---------------------- | ------------- |
 * | GPT-2, GPT-4o     | none                          | published pattern, bytes     | merges                 | none          |
 * | BERT, MiniLM      | BERT's                        | BERT's                       | WordPiece              | `[CLS] [SEP]` |
 * | Llama 2, Mistral  | `▁` for spaces                | none: a text is one piece    | merges, byte fallback  | begin         |
 * | Llama 3           | none                          | its pattern, bytes           | merges, whole pieces first | begin     |
 * | Qwen 2 and 3      | NFC                           | its pattern, bytes           | merges                 | none          |
 * | Gemma             | `▁` for spaces                | at spaces, merged            | merges, byte fallback  | begin         |
 * | DeepSeek          | none                          | several patterns, bytes      | merges                 | begin         |
 * | T5, XLM-R, ALBERT | table of characters           | `▁` for spaces               | unigram                | end           |
 * | SmolLM2           | none                          | digits one by one, bytes     | merges                 | none          |
 *
 * A conversation becomes one text first, in [a form](conversation.ts) that each family has for it.
 *
 * **By hand.** The letters `lower` with the merges `l o`, `lo w`, `e r`, in this order: l o w e r, lo w e r, low e r, low er. Two tokens, with the ids that the file gives them, 7 and 6.
 *
 * ```ts
 * import { readTokenizerJson } from "@heed/heed/pretrained";
 *
 * const vocab = { l: 0, o: 1, w: 2, e: 3, r: 4, lo: 5, er: 6, low: 7 };
 * const model = { type: "BPE", vocab, merges: ["l o", "lo w", "e r"] };
 * const tokenizer = readTokenizerJson({ model });
 * console.log(tokenizer.encode("lower").join(" "));
 * ```
 *
 * ```text
 * 7 6
 * ```
 *
 * **Sources.** The files are those of the library *tokenizers* (Moi and Patry, Hugging Face, 2019 to 2026); Taku Kudo and John Richardson 2018, *SentencePiece*.
 *
 * @module
 */

import { checkOptions, shown } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import * as back from "../../02_words/before_tokens/decoders.ts";
import { metaspace } from "../../02_words/before_tokens/metaspace.ts";
import * as normal from "../../02_words/before_tokens/normalizers.ts";
import {
  type Normalizer,
  normalizerSequence,
  type PreTokenizer,
  preTokenizerSequence,
} from "../../02_words/before_tokens/pre_tokenizer.ts";
import * as cut from "../../02_words/before_tokens/pre_tokenizers.ts";
import type { TokenModel } from "../../02_words/before_tokens/tokenizer.ts";
import { WordLevel } from "../../02_words/before_tokens/word_level.ts";
import { WordPiece } from "../../02_words/before_tokens/word_piece.ts";
import type { AddedToken } from "./added_tokens.ts";
import { publishedPattern, readExpression } from "./expressions.ts";
import { MergeModel } from "./merges.ts";
import { byteLevelNormalizer, CharacterMap, nmt, precompiled } from "./normalizing.ts";
import { PieceModel } from "./pieces.ts";
import { plainTemplate, type Template, type TemplatePart } from "./sequences.ts";
import { PretrainedTokenizer, roleChecks } from "./tokenizer.ts";

export type { AddedToken } from "./added_tokens.ts";
export { type EncodedText, keptLengths, type Template, type TemplatePart } from "./sequences.ts";
export { type PretrainedParts, PretrainedTokenizer, type SequenceOptions } from "./tokenizer.ts";
export { type AddedEnds, readSentencePiece } from "./sentence_piece.ts";

/** A part as a file describes it. */
type Given = Readonly<Record<string, unknown>>;
type Table<T> = Readonly<Record<string, (given: Given) => T>>;

// ## Normalizers

const NORMALIZERS: Table<Normalizer> = {
  Sequence: (given) => normalizerSequence(each(given, "normalizers", (one) => part(NORMALIZERS, one, "normalizer"))),
  NFC: () => normal.nfc,
  NFD: () => normal.nfd,
  NFKC: () => normal.nfkc,
  NFKD: () => normal.nfkd,
  Lowercase: () => normal.lowerCase,
  StripAccents: () => normal.stripAccents,
  Strip: (given) =>
    normal.strip({ left: flagIn(given, "strip_left", true), right: flagIn(given, "strip_right", true) }),
  Prepend: (given) => normal.prepend(textIn(given, "prepend")),
  Replace: (given) => normal.replace(patternIn(given), textIn(given, "content")),
  Nmt: () => nmt,
  ByteLevel: () => byteLevelNormalizer,
  BertNormalizer: (given) =>
    normal.bertNormalizer({
      cleanText: flagIn(given, "clean_text", true),
      handleChineseCharacters: flagIn(given, "handle_chinese_chars", true),
      stripAccents: given["strip_accents"] === null || given["strip_accents"] === undefined
        ? undefined
        : flagIn(given, "strip_accents", true),
      lowercase: flagIn(given, "lowercase", true),
    }),
  Precompiled(given) {
    const source = textIn(given, "precompiled_charsmap");
    return precompiled(new CharacterMap(Uint8Array.from(atob(source), (letter) => letter.charCodeAt(0))), source);
  },
};

// ## Pre-tokenizers

const BEHAVIORS: Readonly<Record<string, cut.SplitBehavior>> = {
  Removed: "removed",
  Isolated: "isolated",
  MergedWithPrevious: "mergedWithPrevious",
  MergedWithNext: "mergedWithNext",
  Contiguous: "contiguous",
};

const PRE_TOKENIZERS: Table<PreTokenizer> = {
  Sequence: (given) =>
    preTokenizerSequence(each(given, "pretokenizers", (one) => part(PRE_TOKENIZERS, one, "pre-tokenizer"))),
  BertPreTokenizer: () => cut.bertPreTokenizer,
  Whitespace: () => cut.whitespace,
  WhitespaceSplit: () => cut.whitespaceSplit,
  Punctuation: (given) => cut.punctuation(behaviorIn(given, "Isolated")),
  Digits: (given) => cut.digits(flagIn(given, "individual_digits", false) ? { most: 1 } : {}),
  CharDelimiterSplit: (given) => cut.splitBy(textIn(given, "delimiter"), { behavior: "removed" }),
  ByteLevel: (given) =>
    cut.byteLevel({
      addPrefixSpace: flagIn(given, "add_prefix_space", true),
      usePattern: flagIn(given, "use_regex", true),
    }),
  Metaspace: (given) =>
    metaspace({
      replacement: optionalText(given, "replacement") ?? "▁",
      prependScheme: schemeIn(given),
      split: flagIn(given, "split", true),
    }),
  Split(given) {
    const behavior = behaviorIn(given), invert = flagIn(given, "invert", false), pattern = patternIn(given);
    const published = typeof pattern === "string" ? undefined : publishedPattern(expressionIn(given));
    // It finds all of a text, so nothing stands between.
    const keepsFound = behavior === "isolated" && !invert || behavior === "removed" && invert;
    return published && keepsFound ? cut.byPattern(published) : cut.splitBy(pattern, { behavior, invert });
  },
};

/** Where a space is put in front; older files say it with a flag. */
function schemeIn(given: Given): "always" | "first" | "never" {
  const scheme = optionalText(given, "prepend_scheme") ??
    (flagIn(given, "add_prefix_space", true) ? "always" : "never");
  if (scheme === "always" || scheme === "first" || scheme === "never") return scheme;
  throw new SyntaxError(`Cannot read a tokenizer with prepend_scheme = ${quote(scheme)}: it is not known`);
}

function behaviorIn(given: Given, usual?: string): cut.SplitBehavior {
  const name = optionalText(given, "behavior") ?? usual ?? "", behavior = BEHAVIORS[name];
  if (behavior) return behavior;
  throw new SyntaxError(`Cannot read a tokenizer with behavior = ${quote(name)}: it is not known`);
}

// ## Decoders

const DECODERS: Table<back.Decoder> = {
  Sequence: (given) => back.decoderSequence(each(given, "decoders", (one) => part(DECODERS, one, "decoder"))),
  ByteLevel: () => back.byteLevelDecoder,
  ByteFallback: () => back.byteFallbackDecoder,
  Fuse: () => back.fuse,
  WordPiece: (given) =>
    back.wordPieceDecoder({ prefix: optionalText(given, "prefix") ?? "##", cleanup: flagIn(given, "cleanup", true) }),
  BPEDecoder: (given) => back.suffixDecoder(optionalText(given, "suffix") ?? "</w>"),
  Metaspace: (given) =>
    back.metaspaceDecoder({ replacement: optionalText(given, "replacement") ?? "▁", prependScheme: schemeIn(given) }),
  Replace: (given) => back.replaceDecoder(stringPatternIn(given), textIn(given, "content")),
  Strip: (given) =>
    back.stripDecoder({
      content: textIn(given, "content"),
      start: numberIn(given, "start", 0),
      stop: numberIn(given, "stop", 0),
    }),
};

// ## Models

const MODELS: Table<TokenModel> = {
  BPE(given) {
    const { dropout = null } = given;
    if (dropout !== null && dropout !== 0) {
      throw new SyntaxError(
        `Cannot read a tokenizer with dropout = ${shown(dropout)}: a text has the same tokens each time`,
      );
    }
    return new MergeModel({
      tokens: tokensIn(given),
      merges: mergesIn(given),
      unknown: optionalText(given, "unk_token"),
      fuseUnknown: flagIn(given, "fuse_unk", false),
      byteFallback: flagIn(given, "byte_fallback", false),
      ignoreMerges: flagIn(given, "ignore_merges", false),
      prefix: optionalText(given, "continuing_subword_prefix") ?? "",
      suffix: optionalText(given, "end_of_word_suffix") ?? "",
    });
  },
  Unigram(given) {
    const { vocab } = given;
    if (!Array.isArray(vocab)) {
      throw new SyntaxError("Cannot read a tokenizer: vocab must be a list of pieces and scores");
    }
    return new PieceModel({
      tokens: vocab.map(([token]: [string]) => token),
      scores: vocab.map(([, score]: [string, number]) => score),
      unknownToken: given["unk_id"] === null || given["unk_id"] === undefined
        ? undefined
        : numberIn(given, "unk_id", 0),
      byteFallback: flagIn(given, "byte_fallback", false),
    });
  },
  WordPiece: (given) =>
    new WordPiece(tokensIn(given), {
      unknown: optionalText(given, "unk_token") ?? "[UNK]",
      prefix: optionalText(given, "continuing_subword_prefix") ?? "##",
      maxCharacters: numberIn(given, "max_input_chars_per_word", 100),
    }),
  WordLevel: (given) => new WordLevel(tokensIn(given), { unknown: optionalText(given, "unk_token") ?? "[UNK]" }),
};

/** Tokens by their ids; ids that no token has are empty. */
function tokensIn({ vocab }: Given): string[] {
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab)) {
    throw new SyntaxError("Cannot read a tokenizer: vocab must be an object from tokens to ids");
  }
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || id >= MOST_TOKENS) {
      throw new SyntaxError(`Cannot read a tokenizer: token ${quote(token)} has the id ${shown(id)}`);
    }
    tokens[id] = token;
  }
  return Array.from(tokens, (token) => token ?? "");
}

const MOST_TOKENS = 2 ** 24;

/** Merges, as pairs or as two tokens with a space between. */
function mergesIn({ merges }: Given): [string, string][] {
  if (!Array.isArray(merges)) throw new SyntaxError("Cannot read a tokenizer: merges must be a list");
  return merges.map((merge: unknown): [string, string] => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    if (Array.isArray(pair) && pair.length === 2 && pair.every((token) => typeof token === "string")) {
      return pair as [string, string];
    }
    throw new SyntaxError(`Cannot read a tokenizer: a merge is ${shown(merge)}, and must be two tokens`);
  });
}

// ## Templates

/** What the post-processor of a file puts around texts. */
function templateOf(given: unknown, idOf: (token: string) => number): Template | undefined {
  if (given === null || given === undefined) return undefined;
  const one = given as Given;
  switch (one["type"]) {
    case "ByteLevel":
      return undefined;
    case "Sequence": {
      const all = each(one, "processors", (inner) => templateOf(inner, idOf)).filter((template) =>
        template !== undefined
      );
      if (all.length > 1) throw new SyntaxError("Cannot read a tokenizer with several templates in a row");
      return all[0];
    }
    case "TemplateProcessing":
      return { single: template(one, "single", idOf), pair: template(one, "pair", idOf) };
    case "BertProcessing":
    case "RobertaProcessing": {
      const [begin, end] = [idsIn(one, "cls"), idsIn(one, "sep")], isBert = one["type"] === "BertProcessing";
      const second = isBert ? 1 : 0, middle: TemplatePart[] = isBert ? [] : [{ ids: end, typeId: 0 }];
      const single: TemplatePart[] = [{ ids: begin, typeId: 0 }, { text: "A", typeId: 0 }, { ids: end, typeId: 0 }];
      return { single, pair: [...single, ...middle, { text: "B", typeId: second }, { ids: end, typeId: second }] };
    }
    default:
      throw new SyntaxError(`Cannot read a tokenizer: the post-processor ${shown(one["type"])} is not known here`);
  }
}

/** The id in `["[CLS]", 101]`. */
function idsIn(given: Given, name: string): number[] {
  const { [name]: pair } = given;
  if (Array.isArray(pair) && typeof pair[1] === "number") return [pair[1]];
  throw new SyntaxError(`Cannot read a tokenizer: ${name} must be a token and its id`);
}

function template(given: Given, name: "single" | "pair", idOf: (token: string) => number): TemplatePart[] {
  const special = (given["special_tokens"] ?? {}) as Readonly<Record<string, { readonly ids?: readonly number[] }>>;
  return each(given, name, (piece): TemplatePart => {
    const { Sequence: text, SpecialToken: token } = piece as Readonly<
      Record<string, { id?: unknown; type_id?: unknown }>
    >;
    const typeId = Number((text ?? token)?.type_id ?? 0), id = String((text ?? token)?.id);
    if (text && (id === "A" || id === "B")) return { text: id, typeId };
    if (token) return { ids: special[id]?.ids ?? [idOf(id)], typeId };
    throw new SyntaxError(`Cannot read a tokenizer: a template has ${shown(piece)}`);
  });
}

/** Whether ranges leave out spaces, which only the files of byte-level models ask for. */
function trims(given: unknown): { readonly hasPrefixSpace: boolean } | undefined {
  const one = (given ?? {}) as Given, { type, processors } = one;
  if (type === "Sequence") return (processors as unknown[]).map(trims).find((found) => found !== undefined);
  if (type !== "ByteLevel" && type !== "RobertaProcessing" || !flagIn(one, "trim_offsets", true)) return undefined;
  return { hasPrefixSpace: flagIn(one, "add_prefix_space", true) };
}

// ## The file

/** What a file `tokenizer_config.json` says of roles. */
export type TokenRoles = Readonly<Partial<Record<"pad" | "begin" | "end" | "unknown", string>>>;

/**
 * Reads a tokenizer as the library *tokenizers* writes it.
 *
 * @param data parsed JSON of `tokenizer.json`
 * @param roles which of its tokens begins, ends, and fills, as `tokenizer_config.json` says; none by default
 * @returns the tokenizer
 * @throws {SyntaxError} if a part is not known here, which the message names, or does not fit
 */
export function readTokenizerJson(data: unknown, roles: TokenRoles = {}): PretrainedTokenizer {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new SyntaxError(`Cannot read a tokenizer of ${shown(data)}: it must be an object`);
  }
  checkOptions("read a tokenizer", roles, roleChecks);
  const file = data as Given;
  const optional = <T>(table: Table<T>, name: string, what: string): T | undefined =>
    file[name] === null || file[name] === undefined ? undefined : part(table, file[name], what);
  const model = part(MODELS, withType(file["model"]), "model"), added = addedIn(file);
  const ids = new Map(added.map(({ content, id }) => [content, id]));
  const idOf = (token: string): number => {
    const id = ids.get(token) ?? model.idOf(token);
    if (id === undefined) {
      throw new SyntaxError(`Cannot read a tokenizer: its template has ${quote(token)}, which is no token`);
    }
    return id;
  };
  return new PretrainedTokenizer({
    model,
    normalizer: optional(NORMALIZERS, "normalizer", "normalizer"),
    preTokenizer: optional(PRE_TOKENIZERS, "pre_tokenizer", "pre-tokenizer"),
    decoder: optional(DECODERS, "decoder", "decoder"),
    added,
    template: templateOf(file["post_processor"], idOf) ?? plainTemplate,
    trimOffsets: trims(file["post_processor"]),
    roles,
  });
}

/** A model without a kind, as old files have it, is known by its fields. */
function withType(model: unknown): unknown {
  if (typeof model !== "object" || model === null || Array.isArray(model)) {
    throw new SyntaxError(`Cannot read a tokenizer with model = ${shown(model)}: it must be an object`);
  }
  const given = model as Given;
  if (given["type"] !== undefined) return given;
  const type = "merges" in given ? "BPE" : Array.isArray(given["vocab"]) ? "Unigram" : "WordPiece";
  return { ...given, type };
}

function addedIn(file: Given): AddedToken[] {
  const { added_tokens: added = [] } = file;
  if (!Array.isArray(added)) throw new SyntaxError("Cannot read a tokenizer: added_tokens must be a list");
  return added.map((one: Given): AddedToken => ({
    id: numberIn(one, "id"),
    content: textIn(one, "content"),
    special: flagIn(one, "special", false),
    normalized: flagIn(one, "normalized", true),
    singleWord: flagIn(one, "single_word", false),
    stripLeft: flagIn(one, "lstrip", false),
    stripRight: flagIn(one, "rstrip", false),
  }));
}

// ## Fields

/** The part that a file describes, by its type. */
function part<T>(table: Table<T>, given: unknown, what: string): T {
  const { type } = (given ?? {}) as Given,
    make = typeof type === "string" && Object.hasOwn(table, type) ? table[type] : undefined;
  if (make) return make(given as Given);
  throw new SyntaxError(
    `Cannot read a tokenizer: the ${what} ${shown(type)} is not known here; known are ${Object.keys(table).join(", ")}`,
  );
}

function each<T>(given: Given, name: string, read: (one: unknown) => T): T[] {
  const { [name]: list } = given;
  if (!Array.isArray(list)) throw new SyntaxError(`Cannot read a tokenizer: ${name} must be a list`);
  return list.map(read);
}

function optionalText(given: Given, name: string): string | undefined {
  const { [name]: text } = given;
  if (text === undefined || text === null) return undefined;
  if (typeof text === "string") return text;
  throw new SyntaxError(`Cannot read a tokenizer with ${name} = ${shown(text)}: it must be a string`);
}

function textIn(given: Given, name: string): string {
  const text = optionalText(given, name);
  if (text !== undefined) return text;
  throw new SyntaxError(`Cannot read a tokenizer: ${name} is missing from ${shown(given["type"] ?? "a part")}`);
}

function flagIn(given: Given, name: string, usual: boolean): boolean {
  const { [name]: value } = given;
  if (value === undefined || value === null) return usual;
  if (typeof value === "boolean") return value;
  throw new SyntaxError(`Cannot read a tokenizer with ${name} = ${shown(value)}: it must be true or false`);
}

function numberIn(given: Given, name: string, usual?: number): number {
  const { [name]: value = usual } = given;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new SyntaxError(`Cannot read a tokenizer with ${name} = ${shown(value)}: it must be a whole number`);
}

/** What a part looks for: a string, or the text of an expression. */
function patternOf(given: Given): { readonly string?: string | undefined; readonly expression?: string | undefined } {
  const { String: string, Regex: expression } = (given["pattern"] ?? {}) as Given;
  if (typeof string === "string") return { string };
  if (typeof expression === "string") return { expression };
  throw new SyntaxError(`Cannot read a tokenizer with pattern = ${shown(given["pattern"])}: String or Regex is needed`);
}

function patternIn(given: Given): string | RegExp {
  const { string, expression } = patternOf(given);
  return string ?? readExpression(expression!);
}

const expressionIn = (given: Given): string => patternOf(given).expression!;

function stringPatternIn(given: Given): string {
  const { string, expression } = patternOf(given);
  if (string !== undefined) return string;
  throw new SyntaxError(`Cannot read a tokenizer whose decoder looks for ${quote(expression!)}: a string is needed`);
}

// ## Pitfall: a step that is left out
//
// A reader that skips what it does not know is right on every plain sentence, and wrong where the step had something to do: a full-width letter, two spaces, an accent. Nobody notices, and the model answers a little worse. The test "a part that is not known
// is refused by name" gives it such a file.
