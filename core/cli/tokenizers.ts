/**
 * # Tokenizers of saved models
 *
 * Models are saved with their tokenizer, whatever it is. Here one is read, named, and told which of its tokens stand for no text.
 *
 * @module
 */

import type { SequenceTokenizer, Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import { BytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import type { LogitsRule } from "../07_generation/rules.ts";
import { arange, tensor } from "../engine/create.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { readBytes } from "./files.ts";
import { load, type Row } from "./model_kinds.ts";
import { count } from "../host/terminal.ts";

/** Reads what the `toJSON` of a tokenizer wrote. */
export type TokenizerReader = (data: unknown) => Tokenizer;

/** Reads a byte-pair encoding, which most models have: no other kind is fetched for it. */
const readPairs: TokenizerReader = (data) => BytePairEncoding.fromJSON(data);

/**
 * The function that reads some tokenizers, fetched if it has to be.
 *
 * @param all what files hold of them, whatever that is
 */
export async function readerOf(all: readonly unknown[]): Promise<TokenizerReader> {
  const isOther = (data: unknown): boolean =>
    /^heed (?!byte-pair)/.test(String((data as { readonly format?: unknown } | null | undefined)?.format));
  if (!all.some(isOther)) return readPairs;
  const file = "../02_words/before_tokens/file.ts";
  return (await load<typeof import("../02_words/before_tokens/file.ts")>(file)).readTokenizer;
}

/** Largest file of a tokenizer. */
const MAX_FILE = 2 ** 28;

/**
 * Reads a tokenizer that `tokenize` has saved.
 *
 * @throws {DataError} if the file holds none
 */
export async function readTokenizerFile(path: string): Promise<Tokenizer> {
  const bytes = await readBytes(path);
  try {
    if (bytes.length > MAX_FILE) throw new SyntaxError(`it has more than ${count(MAX_FILE)} bytes`);
    const data = parse(bytes), file = "../02_words/before_tokens/file.ts";
    return (await load<typeof import("../02_words/before_tokens/file.ts")>(file)).readTokenizer(data);
  } catch (error) {
    throw new DataError(`Cannot read a tokenizer from ${quote(path)}: ${sentence(error)}`, { cause: error });
  }
}

/** Says what a saved tokenizer is. */
export async function describe(path: string): Promise<Row[]> {
  const tokenizer = await readTokenizerFile(path), { size } = await Deno.stat(path);
  const merges = tokenizer instanceof BytePairEncoding ? [["merges", count(tokenizer.merges.length)] as const] : [];
  return [
    ["file", `${path} (${count(size)} bytes)`],
    [
      "kind",
      `tokenizer (${
        tokenizer instanceof BytePairEncoding ? `byte pairs of ${tokensOf(tokenizer)}` : tokensOf(tokenizer)
      })`,
    ],
    ["vocabulary", `${count(tokenizer.vocabSize)} tokens`],
    ...merges,
    ["special tokens", [...tokenizer.specialTokens.keys()].join(", ") || "none"],
    ["trained by", "heed tokenize"],
  ];
}

/** The JSON of a file. */
function parse(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new SyntaxError("it is no JSON");
  }
}

/** Requires the four tokens of whole sequences. */
export function asSequenceTokenizer(tokenizer: Tokenizer): SequenceTokenizer {
  const { padToken, beginToken, endToken, unknownToken } = tokenizer;
  if ([padToken, beginToken, endToken, unknownToken].includes(undefined)) {
    throw new SyntaxError("it must have tokens for padding, for begin and end, and for what is unknown");
  }
  return tokenizer as SequenceTokenizer;
}

/** What the tokens of a tokenizer are made of, in a word or two. */
export function tokensOf(tokenizer: Tokenizer): string {
  if (tokenizer instanceof BytePairEncoding) return tokenizer.level;
  const { format, model, preTokenizer } = tokenizer.toJSON();
  if (format.startsWith("heed unigram")) return "unigram pieces";
  if ((model as { readonly kind?: string } | undefined)?.kind !== "wordLevel") return "word pieces";
  return (preTokenizer as { readonly name?: string } | null)?.name === "characters" ? "characters" : "words";
}

/** The tokens that stand for no text: special ones, and the one for what is unknown. */
function silentTokensOf({ specialTokens, unknownToken }: Tokenizer): ReadonlySet<number> {
  return new Set([...specialTokens.values(), ...unknownToken === undefined ? [] : [unknownToken]]);
}

/** Forbids the tokens that stand for no text. */
export function noSpecialTokensOf(tokenizer: Tokenizer): LogitsRule {
  const silent = silentTokensOf(tokenizer), { size } = silent;
  const areFirst = [...silent].every((token) => token < size);
  // Made once, on the device that computes.
  const mask = areFirst ? undefined : tensor(Array.from(tokenizer.tokens, (_, token) => !silent.has(token)));
  return {
    name: "noSpecialTokens",
    onHost: (logits) => logits.map((logit, token) => silent.has(token) ? -Infinity : logit),
    onDevice: (logits) => logits.where(mask ?? arange(logits.shape[1]!).greaterEqual(size), -Infinity),
  };
}

/**
 * What tokens add to the text of a prompt, while they arrive.
 *
 * A word needs a space before it, and a piece that goes on with one does not: so the prompt is written with them, and left out.
 *
 * @param tokenizer of the model
 * @param prompt tokens that were there
 * @param tokens those that follow
 * @returns pieces of text that follow the prompt's
 */
export async function* continuation(
  tokenizer: Tokenizer,
  prompt: readonly number[],
  tokens: AsyncIterable<number> | Iterable<number>,
): AsyncGenerator<string> {
  let known = tokenizer.decode(prompt).length;
  const all = (async function* () {
    yield* prompt;
    yield* tokens;
  })();
  for await (const piece of tokenizer.decodeStream(all)) {
    if (piece.length > known) yield piece.slice(known);
    known = Math.max(0, known - piece.length);
  }
}
