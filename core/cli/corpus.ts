/**
 * # What a translator learns from
 *
 * The pairs that come with the code, or those of a file. In either case some sentences are kept
 * apart, and no pair that shares a sentence with them, in either language, is trained on.
 *
 * @module
 */

import { chineseEnglish } from "../corpora/chinese_english.ts";
import { crc32 } from "../06_training/checkpoints.ts";
import { Random } from "../engine/random.ts";
import { DataError } from "./errors.ts";
import { type Pair, parseColumns, readPairs } from "./files.ts";

/** A sentence to be translated, with every translation that the corpus has. */
export interface HeldOut {
  /** The sentence. */
  readonly source: string;
  /** What it may become. */
  readonly targets: readonly string[];
}

/** What is trained on, and what is kept apart. */
export interface TranslationCorpus {
  /** What the model learns from. */
  readonly training: readonly Pair[];
  /** What is watched while it learns. */
  readonly validation: readonly HeldOut[];
  /** What it is judged by at the end. */
  readonly test: readonly HeldOut[];
}

/** Most sentences that are watched, and most that are judged by. */
const MOST = { validation: 200, test: 500 } as const;

/**
 * The pairs of a file, or those that come with the code where the path is empty.
 *
 * @param path of a file, or empty
 * @param columns of the file, such as `1,2`
 * @param seed which sentences of the file are kept apart
 * @throws {DataError} if the file cannot be used
 */
export async function readCorpus(path: string, columns: string, seed: number): Promise<TranslationCorpus> {
  if (path !== "") return splitPairs(await readPairs(path, parseColumns(columns)), new Random(seed));
  const { training, validation, test } = chineseEnglish();
  const heldOut = (pairs: readonly Pair[]): HeldOut[] =>
    pairs.map(({ source, target }) => ({ source, targets: [target] }));
  return { training, validation: heldOut(validation), test: heldOut(test) };
}

/**
 * Keeps sentences apart: at most a tenth of them, each with all its translations.
 *
 * @throws {DataError} if there are too few
 */
export function splitPairs(pairs: readonly Pair[], random: Random): TranslationCorpus {
  const translations = new Map<string, string[]>();
  for (const { source, target } of pairs) {
    const known = translations.get(source);
    if (known) known.push(target);
    else translations.set(source, [target]);
  }
  const sources = [...translations.keys()];
  const size = Math.min(MOST.validation + MOST.test, Math.floor(sources.length / 10));
  if (size < 2) throw new DataError(`Cannot train on ${sources.length} different sentences: at least 20 are needed`);
  const drawn = Array.from(random.permutation(sources.length).subarray(0, size), (i) => sources[i]!);
  const heldSources = new Set(drawn);
  const heldTargets = new Set(drawn.flatMap((source) => translations.get(source)!));
  const training = pairs.filter(({ source, target }) => !heldSources.has(source) && !heldTargets.has(target));
  if (training.length === 0) throw new DataError("Cannot train: every pair shares a sentence with those kept apart");
  const heldOut = drawn.map((source) => ({ source, targets: translations.get(source)! }));
  const border = Math.ceil(size * MOST.validation / (MOST.validation + MOST.test));
  return { training, validation: heldOut.slice(0, border), test: heldOut.slice(border) };
}

/** Tells two corpora apart: the CRC-32 of their training pairs. */
export function checksumOf({ training }: TranslationCorpus): string {
  const text = training.map(({ source, target }) => `${source}\t${target}\n`).join("");
  return crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
}
