/**
 * # Which kind of model a folder holds
 *
 * What tells the files of the kinds apart, without loading what reads them: a command that is fetched by URL knows all kinds and
 * fetches the one that it meets.
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

/** Tells the file of a classifier from others. */
export const CLASSIFIER_FORMAT = "heed classifier 1";

/** What says that a file holds a classifier, where another model is needed. */
export class ClassifierFound extends DataError {
  /** The name of this class of errors. */
  override readonly name: string = "ClassifierFound";

  /** Names the file. */
  constructor(path: string) {
    super(`Cannot use ${quote(path)} here: it is a classifier, and "heed classify" uses it`);
  }
}

/** Whether the first bytes of a file of so many bytes are those of a classifier. */
export function isClassifierHeader(front: Uint8Array, size: number): boolean {
  try {
    return readHeader(front, size).metadata.get("format") === CLASSIFIER_FORMAT;
  } catch {
    return false;
  }
}

/** Whether a folder holds a classifier. */
export async function isClassifier(folder: string): Promise<boolean> {
  const path = modelPath(folder);
  if (!await exists(path)) return false;
  let found = false;
  try {
    await readBytes(path, async (front, size) => {
      const [length = 0, ...high] = new Uint32Array((await front(Math.min(size, 8))).slice(0, 8).buffer);
      const end = 8 + length;
      found = high[0] === 0 && end <= size && isClassifierHeader(await front(end), size);
      // The rest is not needed.
      throw new DataError("seen");
    });
  } catch {
    return found;
  }
  return found;
}

/** Whether a folder holds an n-gram model. */
export function hasNGrams(folder: string): Promise<boolean> {
  return exists(fileOf(folder, ARPA_FILE));
}
