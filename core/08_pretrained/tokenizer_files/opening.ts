/**
 * # Which file has the tokenizer
 *
 * **Question.** One model has a `tokenizer.json`, an older one `vocab.txt`, or `vocab.json` and `merges.txt`, a third a `tokenizer.model`, and a GGUF has all of it inside. Which is read, and what is said in the others?
 *
 * **Idea.** The most exact one first. `tokenizer.json` says every step; `tokenizer.model` most of them; a bare list of words needs to know of which family it is. `tokenizer_config.json` beside it says which token begins and ends a text.
 *
 * | file                        | what it leaves open                              |
 * | --------------------------- | ------------------------------------------------ |
 * | `tokenizer.json`            | nothing                                          |
 * | a GGUF                      | how texts are cut, which it names by one word    |
 * | `tokenizer.model`           | whether begin and end are added                  |
 * | `vocab.json`, `merges.txt`  | everything but the merges: GPT-2's way is taken  |
 * | `vocab.txt`                 | everything but the words: BERT's way is taken    |
 *
 * @module
 */

import type { Json } from "../../engine/json.ts";
import { checkOptions, checkValue, mapByName, shown } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import { byteLevelDecoder, wordPieceDecoder } from "../../02_words/before_tokens/decoders.ts";
import { bertNormalizer, nfc } from "../../02_words/before_tokens/normalizers.ts";
import { llama3Pattern, o200kPattern, type Pattern, qwen2Pattern } from "../../02_words/before_tokens/patterns.ts";
import { type PreTokenizer, preTokenizerSequence } from "../../02_words/before_tokens/pre_tokenizer.ts";
import { bertPreTokenizer, byPattern, byteLevel, digits } from "../../02_words/before_tokens/pre_tokenizers.ts";
import { WordPiece } from "../../02_words/before_tokens/word_piece.ts";
import type { GgufValue } from "../files/gguf.ts";
import { readGguf } from "../files/gguf.ts";
import { type ModelSource, readChecks, readJson, type ReadOptions, readText, sourceCheck } from "../files/mod.ts";
import type { AddedToken } from "./added_tokens.ts";
import { MergeModel } from "./merges.ts";
import { readTokenizerJson, type TokenRoles } from "./mod.ts";
import { readSentencePiece, tokenizerOfPieces, type VocabularyPiece } from "./sentence_piece.ts";
import { PretrainedTokenizer } from "./tokenizer.ts";

/**
 * Finds the tokenizer of a model and reads it.
 *
 * @param source where the model lies
 * @param options what stops it; nothing does by default
 * @returns the tokenizer
 * @throws {SyntaxError} if a file is damaged, or asks for what is not known here
 * @throws {RangeError} if there is no tokenizer
 */
export async function openTokenizer(source: ModelSource, options: ReadOptions = {}): Promise<PretrainedTokenizer> {
  checkValue("open a tokenizer", "source", source, sourceCheck);
  checkOptions("open a tokenizer", options, readChecks);
  const text = await readText(source, "tokenizer.json", options);
  const settings = (await readJson(source, "tokenizer_config.json", options) ?? {}) as Settings;
  if (text !== undefined) return readTokenizerJson(parse(text, "tokenizer.json"), rolesOf(settings));
  const model = await source.open("tokenizer.model", options);
  if (model) {
    const adds = { begin: settings["add_bos_token"] !== false, end: settings["add_eos_token"] === true };
    return readSentencePiece(await model.read(0, model.size, options), adds);
  }
  const merges = await readText(source, "merges.txt", options),
    vocabulary = await readText(source, "vocab.json", options);
  if (merges !== undefined && vocabulary !== undefined) {
    return byteLevelTokenizer(parse(vocabulary, "vocab.json"), merges, rolesOf(settings));
  }
  const words = await readText(source, "vocab.txt", options);
  if (words !== undefined) return bertTokenizer(words.replace(/\r?\n$/, "").split(/\r?\n/), settings);
  const gguf = (await source.list?.(options) ?? []).find((name) => /\.gguf$/i.test(name));
  const file = gguf === undefined ? undefined : await source.open(gguf, options);
  if (file) return readGgufTokenizer((await readGguf(file, options)).metadata);
  throw new RangeError(
    `Cannot open the tokenizer of ${
      quote(source.name)
    }: there is neither tokenizer.json nor tokenizer.model nor vocab.txt nor ` +
      "vocab.json with merges.txt nor a GGUF file",
  );
}

/** Vocabularies have megabytes, which the careful reader of small files does not take. */
function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${quote(name)}: ${(error as Error).message}`, { cause: error });
  }
}

// ## What stands beside

type Settings = Readonly<Record<string, Json>>;

/** Which tokens have which role: a string, or an object with one. */
function rolesOf(settings: Settings): TokenRoles {
  const named = (name: string): string | undefined => {
    const { [name]: value } = settings;
    const content = typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as { readonly content?: Json }).content
      : value;
    return typeof content === "string" ? content : undefined;
  };
  const roles = {
    begin: named("bos_token"),
    end: named("eos_token"),
    pad: named("pad_token"),
    unknown: named("unk_token"),
  };
  return Object.fromEntries(Object.entries(roles).filter(([, token]) => token !== undefined));
}

// ## Older files

/** GPT-2's way: bytes as letters, its pattern, merges in a text file. */
function byteLevelTokenizer(vocabulary: unknown, merges: string, roles: TokenRoles): PretrainedTokenizer {
  const lines = merges.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
  return readTokenizerJson({
    model: { type: "BPE", vocab: vocabulary, merges: lines },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
    decoder: { type: "ByteLevel" },
    added_tokens: Object.values(roles).flatMap((content) => {
      const id = (vocabulary as Record<string, unknown> | null)?.[content];
      return id === undefined ? [] : [{ id, content, special: true, normalized: false }];
    }),
  }, roles);
}

/** BERT's way: one word a line. */
function bertTokenizer(words: readonly string[], settings: Settings): PretrainedTokenizer {
  const lowercase = settings["do_lower_case"] !== false, model = new WordPiece(words);
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter((token) => model.idOf(token) !== undefined);
  const added = special.map((content): AddedToken => specialToken(model.idOf(content)!, content));
  const [begin, end] = [model.idOf("[CLS]"), model.idOf("[SEP]")];
  if (begin === undefined || end === undefined) {
    throw new SyntaxError('Cannot read "vocab.txt": it has no [CLS] or no [SEP]');
  }
  const single = [{ ids: [begin], typeId: 0 }, { text: "A", typeId: 0 }, { ids: [end], typeId: 0 }] as const;
  return new PretrainedTokenizer({
    model,
    normalizer: bertNormalizer({ lowercase }),
    preTokenizer: bertPreTokenizer,
    decoder: wordPieceDecoder({ cleanup: true }),
    added,
    template: { single, pair: [...single, { text: "B", typeId: 1 }, { ids: [end], typeId: 1 }] },
    roles: { pad: "[PAD]", begin: "[CLS]", end: "[SEP]", unknown: "[UNK]" },
  });
}

function specialToken(id: number, content: string): AddedToken {
  return { id, content, special: true, normalized: false, singleWord: false, stripLeft: false, stripRight: false };
}

// ## Inside a GGUF

/** How texts are cut, by the word that files have for it. */
const CUTS: Readonly<Record<string, PreTokenizer>> = {
  "gpt-2": byteLevel(),
  "default": byteLevel(),
  "smollm": preTokenizerSequence([digits({ most: 1 }), byteLevel()]),
  "llama-bpe": bytesBy(llama3Pattern),
  "llama3": bytesBy(llama3Pattern),
  "llama-v3": bytesBy(llama3Pattern),
  "qwen2": bytesBy(qwen2Pattern),
  "gpt-4o": bytesBy(o200kPattern),
};

function bytesBy(pattern: Pattern): PreTokenizer {
  return preTokenizerSequence([byPattern(pattern), byteLevel({ usePattern: false })]);
}

/**
 * Reads the tokenizer that a GGUF file holds among its facts.
 *
 * @param facts of the file
 * @returns the tokenizer
 * @throws {SyntaxError} if facts are missing, or name what is not known here
 */
export function readGgufTokenizer(facts: ReadonlyMap<string, GgufValue>): PretrainedTokenizer {
  checkValue("read the tokenizer of a GGUF file", "facts", facts, mapByName());
  const kind = facts.get("tokenizer.ggml.model"), tokens = facts.get("tokenizer.ggml.tokens");
  if (!Array.isArray(tokens) || !tokens.every((token): token is string => typeof token === "string")) {
    throw new SyntaxError("Cannot read the tokenizer of a GGUF file: it has no tokens");
  }
  const numbers = (name: string): readonly number[] => {
    const list = facts.get(`tokenizer.ggml.${name}`);
    return Array.isArray(list) ? list as readonly number[] : [];
  };
  const kinds = numbers("token_type"), scores = numbers("scores");
  const pieces = tokens.map((piece, id): VocabularyPiece => ({ piece, score: scores[id] ?? 0, kind: kinds[id] ?? 1 }));
  const id = (name: string): number | undefined => {
    const value = facts.get(`tokenizer.ggml.${name}_token_id`);
    return typeof value === "number" && value < tokens.length ? value : undefined;
  };
  const flag = (name: string, usual: boolean): boolean => {
    const value = facts.get(`tokenizer.ggml.${name}`);
    return typeof value === "boolean" ? value : usual;
  };
  const roles = { begin: id("bos"), end: id("eos"), pad: id("padding") };
  const adds = { begin: flag("add_bos_token", kind === "llama"), end: flag("add_eos_token", false) };
  switch (kind) {
    case "gpt2":
      return mergedBytes(pieces, facts, roles, adds);
    case "llama":
    case "t5":
      return tokenizerOfPieces(pieces, {
        merges: kind === "llama",
        byteFallback: kinds.includes(6),
        prefix: flag("add_space_prefix", true),
        collapse: flag("remove_extra_whitespaces", false),
        roles: defined(roles),
        adds,
      });
    case "bert":
      // There a word begins with ▁ and what continues it has no mark.
      return bertTokenizer(
        tokens.map((token) => token.startsWith("▁") ? token.slice(1) : isMarked(token) ? token : `##${token}`),
        {},
      );
    default:
      throw new SyntaxError(
        `Cannot read the tokenizer of a GGUF file: its kind is ${shown(kind)}; known are gpt2, llama, t5, bert`,
      );
  }
}

const isMarked = (token: string): boolean => /^\[.*\]$/.test(token);

const defined = <T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

function mergedBytes(
  pieces: readonly VocabularyPiece[],
  facts: ReadonlyMap<string, GgufValue>,
  roles: Readonly<Record<"begin" | "end" | "pad", number | undefined>>,
  adds: { readonly begin: boolean; readonly end: boolean },
): PretrainedTokenizer {
  const name = facts.get("tokenizer.ggml.pre") ?? "default", preTokenizer = CUTS[String(name)];
  if (!preTokenizer) {
    const known = Object.keys(CUTS).join(", ");
    throw new SyntaxError(
      `Cannot read the tokenizer of a GGUF file: it cuts texts by ${shown(name)}; known are ${known}`,
    );
  }
  const merges = facts.get("tokenizer.ggml.merges");
  if (!Array.isArray(merges)) throw new SyntaxError("Cannot read the tokenizer of a GGUF file: it has no merges");
  const tokens = pieces.map(({ piece }) => piece);
  const added = pieces.flatMap(({ piece, kind }, id): AddedToken[] =>
    kind === 3 || kind === 4 ? [{ ...specialToken(id, piece), special: kind === 3 }] : []
  );
  const around = (isAsked: boolean, id: number | undefined) =>
    isAsked && id !== undefined ? [{ ids: [id], typeId: 0 }] : [];
  const begin = around(adds.begin, roles.begin), end = around(adds.end, roles.end);
  const named = defined(roles),
    names = Object.fromEntries(Object.entries(named).map(([role, id]) => [role, tokens[id as number]!]));
  return new PretrainedTokenizer({
    model: new MergeModel({
      tokens,
      merges: merges.map((merge) => String(merge).split(" ") as [string, string]),
      ignoreMerges: /^llama/.test(String(name)),
    }),
    normalizer: name === "qwen2" ? nfc : undefined,
    preTokenizer,
    decoder: byteLevelDecoder,
    added,
    template: {
      single: [...begin, { text: "A", typeId: 0 }, ...end],
      pair: [...begin, { text: "A", typeId: 0 }, ...end, ...begin, { text: "B", typeId: 0 }, ...end],
    },
    roles: names,
  });
}
