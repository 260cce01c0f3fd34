/**
 * # Saved models
 *
 * A model is a folder with one file, `model.safetensors`: the checkpoint of
 * [section](../06_training/checkpoints.ts) whose notes hold what is needed to build the model again
 * (layout, vocabularies, recipe). Nothing in the notes is believed before it is checked against the
 * size of the file.
 *
 * @module
 */

import { BytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import { DecoderOnly, type DecoderOnlyOptions } from "../05_transformer/decoder_only.ts";
import { EncoderDecoder, type EncoderDecoderOptions } from "../05_transformer/encoder_decoder.ts";
import {
  checkpointNotes,
  encodeCheckpoint,
  type Json,
  restoreCheckpoint,
  type TrainingRun,
} from "../06_training/checkpoints.ts";
import type { PackedFormat } from "../engine/backend.ts";
import type { Module } from "../engine/module.ts";
import { pack, quantize } from "../engine/inference.ts";
import { Random } from "../engine/random.ts";
import { flagOf } from "./arguments.ts";
import { DataError, escapeControl, quote, sentence } from "./errors.ts";
import { exists, readBytes, writeFile } from "./files.ts";
import { readLayout, writeLayout } from "./layouts.ts";

/** The file of a model, in its folder. */
export const MODEL_FILE = "model.safetensors";

/** How a model was trained: the settings that a resumed run must share. */
export type Recipe = Readonly<Record<string, number | string>>;

/** What both kinds of models note down. */
interface CommonNotes {
  /** How it was trained. */
  readonly recipe: Recipe;
  /** What training measured last, by name. */
  readonly measured: Readonly<Record<string, number>>;
}

/** What a saved translator notes down. */
export interface TranslatorNotes extends CommonNotes {
  /** Tells it from other files. */
  readonly format: "heed translator 1";
  /** Layout of the model. */
  readonly layout: EncoderDecoderOptions;
  /** Vocabulary of the source language. */
  readonly source: BytePairEncoding;
  /** Vocabulary of the target language. */
  readonly target: BytePairEncoding;
}

/** What a saved language model notes down. */
export interface LanguageModelNotes extends CommonNotes {
  /** Tells it from other files. */
  readonly format: "heed language model 1";
  /** Layout of the model. */
  readonly layout: DecoderOnlyOptions;
  /** Its vocabulary. */
  readonly vocabulary: BytePairEncoding;
}

/** What a saved model notes down. */
export type Notes = TranslatorNotes | LanguageModelNotes;

/** A model file that was read. */
export interface SavedModel<N extends Notes = Notes> {
  /** Path of the file. */
  readonly path: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** Its notes, checked. */
  readonly notes: N;
}

/** Path of the model file in a folder; a path that names the file itself is taken as it is. */
function modelPath(folder: string): string {
  return folder.endsWith(".safetensors") ? folder : `${folder.replace(/[/\\]+$/, "")}/${MODEL_FILE}`;
}

/** Saves a run and the notes that rebuild its model; the file is replaced in one step. */
export async function saveModel(folder: string, run: TrainingRun, notes: Notes): Promise<void> {
  const written = { ...notes, layout: writeLayout(notes.layout) };
  const bytes = await encodeCheckpoint({ ...run, notes: JSON.parse(JSON.stringify(written)) as Json });
  await writeFile(modelPath(folder), bytes);
}

/** Whether a folder holds a model. */
export function hasModel(folder: string): Promise<boolean> {
  return exists(modelPath(folder));
}

/**
 * Reads a saved model of either kind.
 *
 * @throws {DataError} if there is none, or it is damaged
 */
export async function readModel(folder: string): Promise<SavedModel> {
  const path = modelPath(folder);
  if (!await exists(path)) {
    throw new DataError(
      `Cannot read a model from ${quote(folder)}: there is no ${quote(path)}; "heed train" makes one`,
    );
  }
  const bytes = await readBytes(path);
  try {
    return { path, bytes, notes: checkNotes(checkpointNotes(bytes), bytes.length) };
  } catch (error) {
    throw new DataError(`Cannot read ${quote(path)}: ${sentence(error)}`, { cause: error });
  }
}

/**
 * Reads a saved translator.
 *
 * @throws {DataError} if there is none
 */
export async function readTranslator(folder: string): Promise<SavedModel<TranslatorNotes>> {
  const { path, bytes, notes } = await readModel(folder);
  if (notes.format !== "heed translator 1") {
    throw new DataError(
      `Cannot use ${quote(path)} as a translator: it is a language model, and "heed generate" uses it`,
    );
  }
  return { path, bytes, notes };
}

/**
 * Reads a saved language model.
 *
 * @throws {DataError} if there is none
 */
export async function readLanguageModel(folder: string): Promise<SavedModel<LanguageModelNotes>> {
  const { path, bytes, notes } = await readModel(folder);
  if (notes.format !== "heed language model 1") {
    throw new DataError(
      `Cannot use ${quote(path)} as a language model: it is a translator, and "heed translate" uses it`,
    );
  }
  return { path, bytes, notes };
}

/** Puts a run where a saved model left it; without an optimizer, only the weights. */
export function restore(saved: SavedModel, run: TrainingRun): void {
  try {
    restoreCheckpoint(saved.bytes, run);
  } catch (error) {
    throw new DataError(`Cannot read ${quote(saved.path)}: ${sentence(error)}`, { cause: error });
  }
}

/** The translator that a file describes, with its weights, packed if a format is named. */
export function openTranslator(saved: SavedModel<TranslatorNotes>, format?: PackedFormat): EncoderDecoder {
  return open(saved, new EncoderDecoder(saved.notes.layout, Random.none), format);
}

/** The language model that a file describes, with its weights, packed if a format is named. */
export function openLanguageModel(saved: SavedModel<LanguageModelNotes>, format?: PackedFormat): DecoderOnly {
  return open(saved, new DecoderOnly(saved.notes.layout, Random.none), format);
}

function open<M extends Module>(saved: SavedModel, model: M, format: PackedFormat | undefined): M {
  restore(saved, { model });
  if (format === "int8" || format === "int4") return quantize(model, format);
  return format ? pack(model, format) : model.eval();
}

type JsonObject = { readonly [name: string]: Json };

function object(value: Json | undefined, name: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`its notes lack ${name}`);
  }
  return value as JsonObject;
}

/** Checks notes that came from a file of a number of bytes. */
function checkNotes(value: Json, fileSize: number): Notes {
  const notes = object(value, "the description of a model");
  const layout = object(notes["layout"], "the layout");
  const size = (name: string): number => {
    const value = layout[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= 1e9) return value;
    throw new SyntaxError(`its notes state ${name} = ${JSON.stringify(value) ?? "nothing"}, it must be a whole number`);
  };
  // A file with fewer weights than these cannot hold this layout; nothing is built before that is known.
  const E = size("hiddenSize");
  const least = size("vocabSize") * E + size("numLayers") * E * (2 * E + 2 * size("feedForwardSize")) +
    (layout["positions"] === "learned" ? size("contextLength") * E : 0);
  if (4 * least > fileSize) {
    throw new SyntaxError(`its notes state a model of at least ${least} weights, and the file has ${fileSize} bytes`);
  }
  const common = {
    recipe: object(notes["recipe"], "the recipe") as Recipe,
    measured: object(notes["measured"], "the measurements") as Readonly<Record<string, number>>,
  };
  if (notes["format"] === "heed translator 1") {
    return {
      format: notes["format"],
      layout: readLayout(layout),
      source: BytePairEncoding.fromJSON(notes["source"]),
      target: BytePairEncoding.fromJSON(notes["target"]),
      ...common,
    };
  }
  if (notes["format"] === "heed language model 1") {
    return {
      format: notes["format"],
      layout: readLayout(layout),
      vocabulary: BytePairEncoding.fromJSON(notes["vocabulary"]),
      ...common,
    };
  }
  throw new SyntaxError("its notes describe no model of this program");
}

/** Settles a recipe: what is given, else what was saved, else the default. */
export function settle(
  given: Readonly<Record<string, number | string | boolean | undefined>>,
  defaults: Recipe,
  saved: Recipe | undefined,
  changeable: readonly string[],
): Recipe {
  const recipe: Record<string, number | string> = {};
  for (const [name, fallback] of Object.entries(defaults)) {
    const wanted = given[name] as number | string | undefined, before = saved?.[name];
    if (wanted !== undefined && before !== undefined && wanted !== before && !changeable.includes(name)) {
      throw new DataError(
        name === "checksum" ? otherData(given["data"], saved?.["data"]) : otherSetting(name, wanted, before),
      );
    }
    recipe[name] = wanted ?? before ?? fallback;
  }
  return recipe;
}

/** Why a run cannot go on with another setting. */
function otherSetting(name: string, wanted: number | string, before: number | string): string {
  const [asked, had] = [wanted, before].map((value) => `${flagOf(name)} ${escapeControl(String(value))}`);
  return `Cannot resume with ${asked}: the saved run has ${had}`;
}

/** Why a run cannot go on with what it would read. */
function otherData(wanted: unknown, before: number | string | undefined): string {
  if (!wanted) {
    return "Cannot resume: the sentences that come with the code are not those that the saved run learns from";
  }
  return wanted === before
    ? `Cannot resume: ${quote(String(wanted))} has changed since the run began`
    : `Cannot resume with --data ${quote(String(wanted))}: the saved run learns from ${
      before ? `${quote(String(before))}, which holds something else` : "the sentences that come with the code"
    }`;
}
