/**
 * # Saved word vectors
 *
 * Vectors of words are a folder with one file, `vectors.txt`, in the text format of word2vec. A path that names a file is taken as it is, so
 * that vectors of other programs can be asked, too.
 *
 * @module
 */

import { readWordVectors, wordVectorLines, type WordVectors } from "../02_words/word2vec/mod.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { exists, readLines, writeFile } from "./files.ts";
import { bytesOfLines } from "./ngrams.ts";
import { fileOf } from "./model_kinds.ts";

/** The file in the folder. */
export const VECTORS_FILE = "vectors.txt";

/** Path of the vectors in a folder; that of a file is taken as it is. */
export async function vectorsPath(path: string): Promise<string> {
  const inside = fileOf(path, VECTORS_FILE);
  if (await exists(inside)) return inside;
  const found = await Deno.stat(path).catch(() => undefined);
  return found && !found.isDirectory ? path : inside;
}

/** Saves vectors in a folder that is there. */
export async function saveWordVectors(folder: string, vectors: WordVectors): Promise<void> {
  await writeFile(fileOf(folder, VECTORS_FILE), bytesOfLines(wordVectorLines(vectors)));
}

/**
 * Reads saved vectors.
 *
 * @throws {DataError} if there are none, or the file is damaged
 */
export async function loadWordVectors(path: string): Promise<WordVectors> {
  const file = await vectorsPath(path);
  if (!await exists(file)) {
    throw new DataError(
      `Cannot read word vectors from ${quote(path)}: there is no ${quote(file)}; "heed train word2vec" makes one`,
    );
  }
  const lines = (async function* () {
    for await (const { text } of readLines(file)) yield text;
  })();
  try {
    return await readWordVectors(lines);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`Cannot read ${quote(file)}: ${sentence(error).replace(/^Cannot read word vectors: /, "")}`, {
      cause: error,
    });
  }
}

/** What a text is cut into: words, or the characters of a language that writes no spaces. */
export type VectorTokens = "words" | "characters";

/** A word, a number, or what ends a sentence: a sign or an empty line. */
const WORD = /([\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+)|\n\s*\n|[.!?。！？]/gu;

/** The sentences of a text as words in lower case, signs left out. */
export function sentencesOf(pieces: readonly string[], tokens: VectorTokens): string[][] {
  const sentences: string[][] = [[]];
  for (const piece of pieces) {
    for (const [, word] of piece.toLowerCase().matchAll(WORD)) {
      if (word !== undefined) sentences.at(-1)!.push(...tokens === "words" ? [word] : word);
      else if (sentences.at(-1)!.length > 0) sentences.push([]);
    }
  }
  return sentences.filter(({ length }) => length > 0);
}
