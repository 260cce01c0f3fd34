/**
 * # Saved n-gram models
 *
 * An n-gram model is a folder with two files: `model.arpa`, which other programs read too, and `tokenizer.json`, which turns texts into
 * its tokens and says how it was trained.
 *
 * @module
 */

import { readTokenizer } from "../02_words/before_tokens/file.ts";
import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import { tokenizerOfWords } from "../02_words/before_tokens/word_level.ts";
import { BytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import { arpaLines, type NGramModel, readArpa } from "../03_language_models/n_grams/mod.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { readBytes, readLines, writeFile } from "./files.ts";
import { count } from "../host/terminal.ts";
import { ARPA_FILE, fileOf, type Row } from "./model_kinds.ts";

/** The file beside the table, in the folder of a model. */
const TOKENIZER_FILE = "tokenizer.json";

/** How a model was trained. */
export interface NGramNotes {
  /** Tells it from other files. */
  readonly format: "heed n-gram model 1";
  /** What its tokens are made of. */
  readonly tokens: string;
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
  readonly vocabulary: Tokenizer;
  /** How it was trained. */
  readonly notes: NGramNotes;
}

/** What each token spells, each once, for a file of words. */
function wordsOf(vocabulary: Tokenizer): string[] {
  if (!(vocabulary instanceof BytePairEncoding)) return [...vocabulary.tokens];
  // Half a character of bytes spells nothing by itself, so tokens of bytes are written as their letters.
  return vocabulary.tokens.map((token, id) => id < 4 ? `<special ${id}>` : token);
}

/** The lines of a model's ARPA file. */
export function linesOf(model: NGramModel, vocabulary: Tokenizer): Iterable<string> {
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
  const text = JSON.stringify({ ...notes, vocabulary });
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
  let notes: NGramNotes, vocabulary: Tokenizer;
  try {
    const { vocabulary: saved, ...rest } = JSON.parse(text);
    notes = rest as NGramNotes;
    if (notes.format !== "heed n-gram model 1") throw new SyntaxError("it is no vocabulary of an n-gram model");
    // Older programs wrote a list of words.
    vocabulary = Array.isArray(saved?.words) ? tokenizerOfWords(saved.words) : readTokenizer(saved);
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

/** Says what a saved n-gram model is. */
export async function describe(folder: string): Promise<Row[]> {
  const { model, vocabulary, notes } = await readNGrams(folder);
  return [
    ["folder", folder],
    ["kind", `language model (${model.order}-grams)`],
    ["n-grams", model.sizes.map(count).join(", ")],
    ["memory", `${count(model.byteLength)} bytes`],
    ["vocabulary", `${count(vocabulary.vocabSize)} tokens of ${notes.tokens}`],
    ["trained by", "heed train ngram"],
    ["recipe", { smoothing: notes.smoothing, data: notes.data }],
    ["measured", notes.measured],
  ];
}
