/**
 * # Saved word vectors
 *
 * Vectors of words are a folder with `vectors.txt`, in the text format of word2vec, and `training.json`, which says how they were trained. A path
 * that names a file is taken as it is, so that vectors of other programs can be asked, too.
 *
 * @module
 */

import { readWordVectors, wordVectorLines, type WordVectors } from "../02_words/word2vec/mod.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { parseJson, readFields } from "../engine/json.ts";
import { type Checks, integer, oneOf, required } from "../engine/options.ts";
import { count } from "../host/terminal.ts";
import { exists, readBytes, readLines, writeFile } from "./files.ts";
import { bytesOfLines } from "./ngrams.ts";
import { fileOf, type Row, VECTORS_FILE } from "./model_kinds.ts";
import { measurementsByName, settingsByName } from "./recipes.ts";

/** The file beside the vectors that says how they were trained. */
const TRAINING_FILE = "training.json";

/** Path of the vectors in a folder; that of a file is taken as it is. */
export async function vectorsPath(path: string): Promise<string> {
  const inside = fileOf(path, VECTORS_FILE);
  if (await exists(inside)) return inside;
  const found = await Deno.stat(path).catch(() => undefined);
  return found && !found.isDirectory ? path : inside;
}

/** How vectors were trained, and what came out. */
export interface VectorNotes {
  /** Settings by name. */
  readonly recipe: Readonly<Record<string, string | number>>;
  /** Measurements by name. */
  readonly measured: Readonly<Record<string, number>>;
}

/** The notes in a file, and which vectors they belong to. */
interface WrittenNotes extends VectorNotes {
  readonly format: "heed word vectors 1";
  readonly words: number;
  readonly width: number;
}

const noteChecks: Checks<WrittenNotes> = {
  format: required(oneOf(["heed word vectors 1"])),
  words: required(integer()),
  width: required(integer()),
  recipe: required(settingsByName),
  measured: required(measurementsByName),
};

/** Saves vectors in a folder that is there; they come last, so that it has both files. */
export async function saveWordVectors(folder: string, vectors: WordVectors, notes: VectorNotes): Promise<void> {
  const written: WrittenNotes = { format: "heed word vectors 1", words: vectors.size, width: vectors.width, ...notes };
  await writeFile(fileOf(folder, TRAINING_FILE), new TextEncoder().encode(`${JSON.stringify(written)}\n`));
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

/** Says what saved vectors are; how they were trained, if this program did it. */
export async function describe(path: string): Promise<Row[]> {
  const vectors = await loadWordVectors(path), notes = await notesOf(path, vectors), file = await vectorsPath(path);
  const { size } = await Deno.stat(file), { model } = notes?.recipe ?? {};
  return [
    ["file", `${file} (${count(size)} bytes)`],
    ["kind", `word vectors${model === undefined ? "" : ` (${model})`}`],
    ["vectors", `${count(vectors.size)} of ${count(vectors.width)} numbers`],
    ["memory", `${count(vectors.numbers.byteLength)} bytes`],
    ["vocabulary", `${count(vectors.size)} ${notes?.recipe["tokens"] ?? "words"}`],
    ...notes
      ? [["trained by", "heed train word2vec"], ["recipe", notes.recipe], ["measured", notes.measured]] as const
      : [],
  ];
}

/** The notes on vectors in a folder; none where others have taken the place of those that they belong to. */
async function notesOf(folder: string, vectors: WordVectors): Promise<VectorNotes | undefined> {
  const path = fileOf(folder, TRAINING_FILE);
  if (!await exists(path)) return undefined;
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    const notes = readFields("the notes", parseJson(text, "the notes"), noteChecks);
    return notes.words === vectors.size && notes.width === vectors.width ? notes : undefined;
  } catch (error) {
    throw new DataError(`Cannot read ${quote(path)}: ${sentence(error)}`, { cause: error });
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
