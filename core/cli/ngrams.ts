/**
 * # Saved n-gram models
 *
 * An n-gram model is a folder with two files: `model.arpa`, which other programs read too, and `tokenizer.json`, which turns texts into
 * its tokens and says how it was trained.
 *
 * @module
 */

import { BytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import { arpaLines, type NGramModel, readArpa, WordVocabulary } from "../03_language_models/n_grams/mod.ts";
import type { LogitsRule } from "../07_generation/rules.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { readBytes, readLines, writeFile } from "./files.ts";
import { ARPA_FILE, fileOf } from "./model_kinds.ts";

/** The file beside the table, in the folder of a model. */
const TOKENIZER_FILE = "tokenizer.json";

/** What an n-gram model reads. */
export type NGramTokens = "characters" | "bytes" | "words";

/** What turns a text into tokens and back. */
export type NGramVocabulary = BytePairEncoding | WordVocabulary;

/** How a model was trained. */
export interface NGramNotes {
  /** Tells it from other files. */
  readonly format: "heed n-gram model 1";
  /** What its tokens are made of. */
  readonly tokens: NGramTokens;
  /** How it was smoothed. */
  readonly smoothing: string;
  /** The file that it learned from; empty for the sentences that come with the code. */
  readonly data: string;
  /** What training measured, by name. */
  readonly measured: Readonly<Record<string, number>>;
}

/** A saved n-gram model, read. */
export interface SavedNGrams {
  /** The table. */
  readonly model: NGramModel;
  /** What turns texts into its tokens. */
  readonly vocabulary: NGramVocabulary;
  /** How it was trained. */
  readonly notes: NGramNotes;
}

/** The tokens that stand for no text. */
function specialOf(vocabulary: NGramVocabulary): readonly number[] {
  return vocabulary instanceof WordVocabulary ? [0, 1, 2] : [0, 1, 2, 3];
}

/** Forbids the tokens that stand for no text. */
export function noSpecialTokensOf(vocabulary: NGramVocabulary): LogitsRule {
  const special = specialOf(vocabulary);
  return {
    name: "noSpecialTokens",
    onHost: (logits) => logits.map((logit, token) => special.includes(token) ? -Infinity : logit),
  };
}

/** What each token spells, each once, for a file of words. */
function wordsOf(vocabulary: NGramVocabulary): string[] {
  if (vocabulary instanceof WordVocabulary) return [...vocabulary.words];
  // Half a character of bytes spells nothing by itself, so tokens of bytes are written as their letters.
  return vocabulary.tokens.map((token, id) => id < 4 ? `<special ${id}>` : token);
}

/** The lines of a model's ARPA file. */
export function linesOf(model: NGramModel, vocabulary: NGramVocabulary): Iterable<string> {
  return arpaLines(model, wordsOf(vocabulary), { unknownToken: vocabulary.unknownToken });
}

/** Lines as the bytes of a file, in pieces that are no string longer than a string may be. */
export function bytesOfLines(lines: Iterable<string>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder(), pieces: Uint8Array[] = [];
  let some: string[] = [];
  const flush = (): void => {
    if (some.length > 0) pieces.push(encoder.encode(`${some.join("\n")}\n`));
    some = [];
  };
  for (const line of lines) {
    some.push(line);
    if (some.length === 1 << 16) flush();
  }
  flush();
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Saves a model; the table is written last, so that a folder with it has both files. */
export async function saveNGrams(folder: string, { model, vocabulary, notes }: SavedNGrams): Promise<void> {
  const saved = vocabulary instanceof WordVocabulary ? { words: vocabulary.words.slice(3) } : vocabulary.toJSON();
  const text = JSON.stringify({ ...notes, vocabulary: saved });
  await writeFile(fileOf(folder, TOKENIZER_FILE), new TextEncoder().encode(text));
  await writeFile(fileOf(folder, ARPA_FILE), bytesOfLines(linesOf(model, vocabulary)));
}

/**
 * Reads a saved model.
 *
 * @throws {DataError} if there is none, or it is damaged
 */
export async function readNGrams(folder: string): Promise<SavedNGrams> {
  const path = fileOf(folder, TOKENIZER_FILE), table = fileOf(folder, ARPA_FILE);
  const text = new TextDecoder().decode(await readBytes(path));
  const refused = (file: string, error: unknown): DataError =>
    new DataError(`Cannot read ${quote(file)}: ${sentence(error).replace(/^Cannot read an ARPA file: /, "")}`, {
      cause: error,
    });
  let notes: NGramNotes, vocabulary: NGramVocabulary;
  try {
    const { vocabulary: saved, ...rest } = JSON.parse(text);
    notes = rest as NGramNotes;
    if (notes.format !== "heed n-gram model 1") throw new SyntaxError("it is no vocabulary of an n-gram model");
    vocabulary = notes.tokens === "words" ? new WordVocabulary(saved.words) : BytePairEncoding.fromJSON(saved);
  } catch (error) {
    throw refused(path, error);
  }
  const lines = (async function* () {
    for await (const { text } of readLines(table)) yield text;
  })();
  const found = await readArpa(lines).catch((error) => {
    throw error instanceof DataError ? error : refused(table, error);
  });
  if (found.words.length !== vocabulary.vocabSize) {
    throw refused(table, `it has ${found.words.length} unigrams, and its vocabulary ${vocabulary.vocabSize} tokens`);
  }
  return { model: found.model, vocabulary, notes };
}
