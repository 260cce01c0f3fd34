/**
 * # Which kind of model a folder holds
 *
 * What tells the files of the kinds apart, without loading what reads them: a command that is fetched by URL knows all kinds and
 * fetches the one that it meets.
 *
 * **To add a kind:** its file, and its line in `NETWORKS`, or in `OTHERS` if it is no network.
 *
 * @module
 */

import type { NetworkKind } from "./kinds/kind.ts";
import { readHeader } from "../06_training/safetensors.ts";
import { DataError, quote } from "./errors.ts";
import { exists, readBytes } from "./files.ts";

/** The file of a network or of a classifier, in its folder. */
export const MODEL_FILE = "model.safetensors";

/** The file of an n-gram model's table, in its folder. */
export const ARPA_FILE = "model.arpa";

/** The file of word vectors, in its folder. */
export const VECTORS_FILE = "vectors.txt";

/** Path of a file in a folder. */
export function fileOf(folder: string, name: string): string {
  return `${folder.replace(/[/\\]+$/, "")}/${name}`;
}

/** Path of the model file in a folder; a path that names the file itself is taken as it is. */
export function modelPath(folder: string): string {
  return folder.endsWith(".safetensors") ? folder : fileOf(folder, MODEL_FILE);
}

/**
 * Loads a module of this folder that only one kind of model needs.
 *
 * Not by a literal: Deno fetches what a literal names, called or not.
 */
export async function load<Room>(file: string): Promise<Room> {
  return await import(new URL(file, import.meta.url).href);
}

// ## Networks

/** The kinds of networks: what a file of each calls itself, and what reads it. */
export const NETWORKS = {
  "heed translator 1": "kinds/translator.ts",
  "heed recurrent translator 1": "kinds/recurrent_translator.ts",
  "heed language model 1": "kinds/decoder_only.ts",
  "heed recurrent model 1": "kinds/recurrent.ts",
  "heed convolutional model 1": "kinds/convolutional.ts",
  "heed feed-forward model 1": "kinds/feed_forward.ts",
} as const;

/** What a file of a network calls itself. */
export type NetworkFormat = keyof typeof NETWORKS;

/** Loads the kind of a network. */
export async function loadKind(format: NetworkFormat): Promise<NetworkKind> {
  return (await load<{ readonly kind: NetworkKind }>(NETWORKS[format])).kind;
}

// ## What is no network

/** A row of what is said of something that was saved: a name, and a text or values by name. */
export type Row = readonly [name: string, value: string | Readonly<Record<string, number | string>>];

/** A kind of what the program saves that is no network. */
export interface SavedKind {
  /** What it is called, with its article. */
  readonly name: string;
  /** The commands that use it. */
  readonly usedBy: readonly string[];
  /** Its file in a folder; none where it is a file by itself. */
  readonly inFolder?: string;
  /** Whether a folder, or a file, holds it. */
  readonly holds: (path: string) => Promise<boolean>;
  /** The file of this folder that reads it: it exports a {@linkcode Describing}. */
  readonly file: string;
}

/** What the file of a kind exports. */
export interface Describing {
  /** Says what was saved: what it is, its sizes, how it was trained. */
  readonly describe: (path: string) => Promise<readonly Row[]>;
}

/** Tells the file of a classifier from others. */
export const CLASSIFIER_FORMAT = "heed classifier 1";

/** Classifiers. */
export const CLASSIFIER: SavedKind = {
  name: "a classifier",
  usedBy: ["classify", "evaluate"],
  inFolder: MODEL_FILE,
  holds: isClassifier,
  file: "classifiers.ts",
};

/** The kinds of what is no network. */
export const OTHERS: readonly SavedKind[] = [
  CLASSIFIER,
  {
    name: "an n-gram model",
    usedBy: ["generate", "evaluate"],
    inFolder: ARPA_FILE,
    holds: hasNGrams,
    file: "ngrams.ts",
  },
  {
    name: "a table of word vectors",
    usedBy: ["neighbours"],
    inFolder: VECTORS_FILE,
    holds: hasVectors,
    file: "word_vectors.ts",
  },
  { name: "a tokenizer", usedBy: ["tokenize"], holds: isTokenizer, file: "tokenizers.ts" },
];

/** What a folder or a file holds that is no network. */
export async function otherIn(path: string): Promise<SavedKind | undefined> {
  for (const kind of OTHERS) if (await kind.holds(path)) return kind;
  return undefined;
}

/** What says that something else was saved where a network is needed. */
export class OtherFound extends DataError {
  /** The name of this class of errors. */
  override readonly name: string = "OtherFound";

  /** Names the folder or the file, and what it holds. */
  constructor(path: string, { name, usedBy }: SavedKind) {
    super(`Cannot use ${quote(path)} here: it is ${name}, and "heed ${usedBy[0]}" uses it`);
  }
}

/**
 * Refuses a folder that holds something else, or a model that nobody gives up.
 *
 * @param out the folder
 * @param file what is to be saved there, such as {@linkcode MODEL_FILE}
 * @param replace whether a file of that name is given up
 * @throws {DataError} if something would be lost, or stand beside another kind
 */
export async function refuseHeld(out: string, file: string, replace: boolean): Promise<void> {
  const kind = await otherIn(out), isNetwork = !kind && await hasModel(out);
  if (!kind && !isNetwork) return;
  const { name, inFolder } = kind ?? { name: "a network", inFolder: MODEL_FILE };
  if (inFolder === file && replace) return;
  const ways = [...inFolder === file ? ["--replace gives it up"] : [], "--out names another folder"];
  throw new DataError(`Cannot save in ${quote(out)}: it holds ${name}; ${ways.join(", ")}`);
}

// ## How they are told apart

/** Whether the first bytes of a file of so many bytes are those of a classifier. */
export function isClassifierHeader(front: Uint8Array, size: number): boolean {
  try {
    return readHeader(front, size).metadata.get("format") === CLASSIFIER_FORMAT;
  } catch {
    return false;
  }
}

/** Whether a folder holds a network or a classifier. */
export function hasModel(folder: string): Promise<boolean> {
  return exists(modelPath(folder));
}

/** Whether a folder holds a classifier. */
export async function isClassifier(folder: string): Promise<boolean> {
  const path = modelPath(folder);
  return await exists(path) && await glance(path, async (front, size) => {
    const [length = 0, ...high] = new Uint32Array((await front(Math.min(size, 8))).slice(0, 8).buffer);
    const end = 8 + length;
    return high[0] === 0 && end <= size && isClassifierHeader(await front(end), size);
  });
}

/** Whether a folder holds an n-gram model. */
export function hasNGrams(folder: string): Promise<boolean> {
  return exists(fileOf(folder, ARPA_FILE));
}

/** Whether a folder holds word vectors; also whether a file begins as those of word2vec do. */
export async function hasVectors(path: string): Promise<boolean> {
  return await exists(fileOf(path, VECTORS_FILE)) || await beginsWith(path, /^\d+ \d+ *\r?\n/);
}

/** Whether a file holds a tokenizer. */
export function isTokenizer(path: string): Promise<boolean> {
  return beginsWith(path, /^\s*\{\s*"format"\s*:\s*"heed (?!n-gram)/);
}

async function beginsWith(path: string, pattern: RegExp): Promise<boolean> {
  return await exists(path) && await glance(path, async (front, size) => {
    return pattern.test(new TextDecoder().decode((await front(Math.min(size, 64))).slice(0, 64)));
  });
}

/** What the front of a file says; false where it cannot be read. */
async function glance(
  path: string,
  look: (front: (end: number) => Promise<Uint8Array>, size: number) => Promise<boolean>,
): Promise<boolean> {
  let found = false;
  try {
    await readBytes(path, async (front, size) => {
      found = await look(front, size);
      // The rest is not needed.
      throw new DataError("seen");
    });
  } catch {
    return found;
  }
  return found;
}
