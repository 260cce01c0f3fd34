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

import type { SequenceTokenizer, Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import {
  type CompleteConvolutionalOptions,
  ConvolutionalLanguageModel,
} from "../03_language_models/cnn/language_model.ts";
import { type CompleteRecurrentOptions, RecurrentLanguageModel } from "../03_language_models/lstm/language_model.ts";
import { DecoderOnly, type DecoderOnlyOptions } from "../05_transformer/decoder_only.ts";
import {
  type CompleteRecurrentTranslatorOptions,
  RecurrentEncoderDecoder,
} from "../03_language_models/rnn_encoder_decoder.ts";
import { EncoderDecoder } from "../05_transformer/encoder_decoder.ts";
import type { EncoderDecoderOptions } from "../05_transformer/layout.ts";
import {
  type CheckpointOutline,
  encodeCheckpoint,
  outlineCheckpoint,
  requireSameTensors,
  restoreCheckpoint,
  type TrainingRun,
  verifyCheckpoint,
} from "../06_training/checkpoints.ts";
import { headerEnd } from "../06_training/safetensors.ts";
import type { DType, PackedFormat } from "../engine/backend.ts";
import { withBackend } from "../engine/device.ts";
import { type Json, readFields, shown, writeJson } from "../engine/json.ts";
import type { Module } from "../engine/module.ts";
import { type Checks, object, oneOf, required } from "../engine/options.ts";
import { createReferenceDevice } from "../engine/reference.ts";
import { pack, quantize } from "../engine/inference.ts";
import { Random } from "../engine/random.ts";
import { flagOf } from "./arguments.ts";
import { ClassifierFound, isClassifierHeader, modelPath } from "./model_kinds.ts";
import { DataError, escapeControl, quote, sentence } from "./errors.ts";
import { exists, named, readBytes, writeFile } from "./files.ts";
import {
  leastConvolutionalWeights,
  leastRecurrentWeights,
  leastWeights,
  readConvolutionalLayout,
  readLayout,
  readRecurrentLayout,
  readRecurrentTranslatorLayout,
  writeLayout,
  writeRecurrentLayout,
  type WrittenLayout,
} from "./layouts.ts";
import { type Recipe, recipeChecks } from "./recipes.ts";
import { asSequenceTokenizer, readerOf, type TokenizerReader, tokensOf } from "./tokenizers.ts";

export type { Recipe } from "./recipes.ts";

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
  readonly source: SequenceTokenizer;
  /** Vocabulary of the target language. */
  readonly target: SequenceTokenizer;
}

/** What a saved translator of recurrent networks notes down. */
export interface RecurrentTranslatorNotes extends CommonNotes {
  /** Tells it from other files. */
  readonly format: "heed recurrent translator 1";
  /** Layout of the model. */
  readonly layout: CompleteRecurrentTranslatorOptions;
  /** Vocabulary of the source language. */
  readonly source: SequenceTokenizer;
  /** Vocabulary of the target language. */
  readonly target: SequenceTokenizer;
}

/** What a saved model that translates notes down. */
export type TranslationNotes = TranslatorNotes | RecurrentTranslatorNotes;

/** What a saved language model notes down. */
export interface LanguageModelNotes extends CommonNotes {
  /** Tells it from other files. */
  readonly format: "heed language model 1";
  /** Layout of the model. */
  readonly layout: DecoderOnlyOptions;
  /** Its vocabulary. */
  readonly vocabulary: Tokenizer;
}

/** What a saved recurrent language model notes down. */
export interface RecurrentNotes extends CommonNotes {
  /** Tells it from other files. */
  readonly format: "heed recurrent model 1";
  /** Layout of the model. */
  readonly layout: CompleteRecurrentOptions;
  /** Its vocabulary. */
  readonly vocabulary: Tokenizer;
}

/** What a saved convolutional language model notes down. */
export interface ConvolutionalNotes extends CommonNotes {
  /** Tells it from other files. */
  readonly format: "heed convolutional model 1";
  /** Layout of the model. */
  readonly layout: CompleteConvolutionalOptions;
  /** Its vocabulary. */
  readonly vocabulary: Tokenizer;
}

/** What a saved model that continues texts notes down. */
export type LanguageNotes = LanguageModelNotes | RecurrentNotes | ConvolutionalNotes;

/** What a saved model notes down. */
export type Notes = TranslationNotes | LanguageNotes;

/** Formats of translators. */
const TRANSLATORS: readonly Notes["format"][] = ["heed translator 1", "heed recurrent translator 1"];

/** Whether a model translates, of either kind. */
export function isTranslation(notes: Notes): notes is TranslationNotes {
  return TRANSLATORS.includes(notes.format);
}

/** A model file that was read. */
export interface SavedModel<N extends Notes = Notes> {
  /** Path of the file. */
  readonly path: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** Its notes, checked. */
  readonly notes: N;
}

/** The file of a run, with the notes that rebuild its model. */
export function encodeModel(run: TrainingRun, notes: Notes): Promise<Uint8Array<ArrayBuffer>> {
  return encodeCheckpoint({ ...run, notes: writeNotes(notes) });
}

/** Saves a run and the notes that rebuild its model; the file is replaced in one step. */
export async function saveModel(folder: string, run: TrainingRun, notes: Notes): Promise<void> {
  await writeFile(modelPath(folder), await encodeModel(run, notes));
}

/** The layout of a model as a file holds it. */
export function writtenLayout({ format, layout }: Notes): WrittenLayout {
  if (format === "heed convolutional model 1") return { ...layout };
  return "recurrence" in layout ? writeRecurrentLayout(layout) : writeLayout(layout);
}

/** Notes as a file holds them. */
function writeNotes(all: Notes): Json {
  const { layout: _, measured, ...notes } = all;
  const numbers = Object.entries(measured).filter(([, value]) => Number.isFinite(value));
  const written = { ...notes, layout: writtenLayout(all), measured: Object.fromEntries(numbers) };
  return JSON.parse(JSON.stringify(written)) as Json;
}

/** Most bytes of notes in a file: with them, a header has room for the names of every model that can be trained. */
const MAX_NOTES: number = 2 ** 22;

/**
 * Refuses notes that no program could read again, before anything is trained.
 *
 * @throws {DataError} if they are too large
 */
export function checkNotes(notes: Notes): void {
  // A header holds them as text within text.
  const written = JSON.stringify(writeJson(writeNotes(notes), "train"));
  const size = new TextEncoder().encode(written).length;
  if (size <= MAX_NOTES) return;
  throw new DataError(
    `Cannot train: vocabulary and settings take ${size} bytes of a file, and at most ${MAX_NOTES} are read; ` +
      `a smaller ${flagOf("vocabSize")} needs less`,
  );
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
  let notes: Notes | undefined;
  const bytes = await readBytes(path, async (front, size) => {
    const end = refused(path, await front(Math.min(size, 8)), (start) => headerEnd(start, size));
    const start = await front(end);
    if (isClassifierHeader(start, size)) throw new ClassifierFound(path);
    const outline = refused(path, start, (header) => outlineCheckpoint(header, size));
    const { source, target, vocabulary } = (outline.notes ?? {}) as Partial<WrittenNotes>;
    const reader = await readerOf([source, target, vocabulary]);
    notes = refused(path, start, () => checkOutline(outline, size, reader));
  });
  refused(path, bytes, verifyCheckpoint);
  return { path, bytes, notes: notes! };
}

/** Reads bytes of a file; what is wrong with them is said of the file. */
function refused<T>(path: string, bytes: Uint8Array, read: (bytes: Uint8Array) => T): T {
  try {
    return read(bytes);
  } catch (error) {
    const reason = sentence(error).replace(/^Cannot (?:resume|read tensors): /, "")
      .replace(/^Cannot read the notes: /, "in its notes, ");
    throw new DataError(`Cannot read ${quote(path)}: ${reason}`, { cause: error });
  }
}

/**
 * Reads a saved translator that is a Transformer.
 *
 * @throws {DataError} if there is none
 */
export async function readTranslator(folder: string): Promise<SavedModel<TranslatorNotes>> {
  const { path, bytes, notes } = await readTranslation(folder);
  if (notes.format === "heed translator 1") return { path, bytes, notes };
  const { word } = notes.layout.recurrence;
  throw new DataError(`Cannot use ${quote(path)} as a Transformer: it is a translator of --recurrence ${word}`);
}

/**
 * Reads a saved translator of either kind.
 *
 * @throws {DataError} if there is none
 */
export async function readTranslation(folder: string): Promise<SavedModel<TranslationNotes>> {
  const { path, bytes, notes } = await readModel(folder);
  if (!isTranslation(notes)) {
    throw new DataError(
      `Cannot use ${quote(path)} as a translator: it is a language model, and "heed generate" uses it`,
    );
  }
  return { path, bytes, notes };
}

/**
 * Reads a saved model that continues texts, of either kind.
 *
 * @throws {DataError} if there is none
 */
export async function readTextModel(folder: string): Promise<SavedModel<LanguageNotes>> {
  const { path, bytes, notes } = await readModel(folder);
  if (isTranslation(notes)) {
    throw new DataError(
      `Cannot use ${quote(path)} as a language model: it is a translator, and "heed translate" uses it`,
    );
  }
  return { path, bytes, notes };
}

/**
 * Reads a saved language model that is decoder-only.
 *
 * @throws {DataError} if there is none
 */
export async function readLanguageModel(folder: string): Promise<SavedModel<LanguageModelNotes>> {
  const { path, bytes, notes } = await readTextModel(folder);
  if (notes.format === "heed language model 1") return { path, bytes, notes };
  throw new DataError(`Cannot use ${quote(path)} as a decoder-only model: it is one of "heed train ${wordOf(notes)}"`);
}

/**
 * Reads a saved recurrent model.
 *
 * @param folder where it is
 * @param word its kind
 * @throws {DataError} if there is none of this kind
 */
export async function readRecurrentModel(folder: string, word: string): Promise<SavedModel<RecurrentNotes>> {
  const { path, bytes, notes } = await readTextModel(folder);
  if (notes.format === "heed recurrent model 1" && wordOf(notes) === word) return { path, bytes, notes };
  throw otherKind(path, word, notes);
}

/**
 * Reads a saved convolutional model.
 *
 * @throws {DataError} if there is none
 */
export async function readConvolutionalModel(folder: string): Promise<SavedModel<ConvolutionalNotes>> {
  const { path, bytes, notes } = await readTextModel(folder);
  if (notes.format === "heed convolutional model 1") return { path, bytes, notes };
  throw otherKind(path, "cnn", notes);
}

/** What stands behind `train` for a model of this kind. */
export function wordOf(notes: LanguageNotes): string {
  if (notes.format === "heed recurrent model 1") return notes.layout.recurrence.word;
  return notes.format === "heed convolutional model 1" ? "cnn" : "lm";
}

function otherKind(path: string, word: string, notes: LanguageNotes): DataError {
  return new DataError(
    `Cannot use ${quote(path)} as a model of "heed train ${word}": it is one of "heed train ${wordOf(notes)}"`,
  );
}

/** Puts a run where a saved model left it; without an optimizer, only the weights. */
export function restore(saved: SavedModel, run: TrainingRun): void {
  refused(saved.path, saved.bytes, (bytes) => restoreCheckpoint(bytes, run));
}

/** The translator that a file describes, with its weights, packed if a format is named. */
export function openTranslator(saved: SavedModel<TranslatorNotes>, format?: PackedFormat): EncoderDecoder {
  return open(saved, new EncoderDecoder(saved.notes.layout, Random.none), format);
}

/** The translator that a file describes, of either kind. */
export function openTranslation(
  saved: SavedModel<TranslationNotes>,
  format?: PackedFormat,
): EncoderDecoder | RecurrentEncoderDecoder {
  const { notes } = saved;
  return notes.format === "heed translator 1"
    ? openTranslator({ ...saved, notes }, format)
    : open(saved, new RecurrentEncoderDecoder(notes.layout, Random.none), format);
}

/** The language model that a file describes, with its weights, packed if a format is named. */
export function openLanguageModel(saved: SavedModel<LanguageModelNotes>, format?: PackedFormat): DecoderOnly {
  return open(saved, new DecoderOnly(saved.notes.layout, Random.none), format);
}

/** The model that a file describes, of any kind. */
export function openTextModel(
  saved: SavedModel<LanguageNotes>,
  format?: PackedFormat,
): DecoderOnly | RecurrentLanguageModel | ConvolutionalLanguageModel {
  const { notes } = saved;
  if (notes.format === "heed language model 1") return openLanguageModel({ ...saved, notes }, format);
  return notes.format === "heed recurrent model 1"
    ? open(saved, new RecurrentLanguageModel(notes.layout, Random.none), format)
    : open(saved, new ConvolutionalLanguageModel(notes.layout, Random.none), format);
}

function open<M extends Module>(saved: SavedModel, model: M, format: PackedFormat | undefined): M {
  restore(saved, { model });
  if (format === "int8" || format === "int4") return quantize(model, format);
  return format ? pack(model, format) : model.eval();
}

// ## What notes must be
//
// A file is looked at in the order of what it costs: the header, then the notes, then what the weights of such a model
// are called and how large each is. Only then the rest is read, and the model built.

/** The notes of either kind as a file holds them. */
interface WrittenNotes {
  readonly format: Notes["format"];
  readonly layout: object;
  readonly recipe: object;
  readonly measured: object;
  readonly source?: object;
  readonly target?: object;
  readonly vocabulary?: object;
}

const vocabulary = object("an object that is a tokenizer");

const noteChecks: Checks<WrittenNotes> = {
  format: required(
    oneOf([
      "heed translator 1",
      "heed recurrent translator 1",
      "heed language model 1",
      "heed recurrent model 1",
      "heed convolutional model 1",
    ]),
  ),
  layout: required(object("an object that is a layout")),
  recipe: required(object("an object of settings by name")),
  measured: required(object("an object of measurements by name", (value) => !Array.isArray(value))),
  source: vocabulary,
  target: vocabulary,
  vocabulary,
};

/** What follows from a layout: its weights, at least and by name, and the recipe that agrees with it. */
interface Outline {
  readonly layout: EncoderDecoderOptions | CompleteRecurrentOptions | CompleteConvolutionalOptions;
  readonly least: number;
  /** Made once the file is known to be large enough. */
  readonly own: () => Map<string, TensorShape>;
  readonly recipe: Recipe;
}

function transformerOutline(notes: WrittenNotes): Outline {
  const layout = readLayout(notes.layout), Model = notes.format === "heed translator 1" ? EncoderDecoder : DecoderOnly;
  return {
    layout,
    least: leastWeights(layout),
    own: () => shapesOf(layout, (sizes) => new Model(sizes, Random.none)),
    recipe: readRecipe(notes.recipe, layout, ["contextLength", "hiddenSize", "numLayers", "numHeads", "dropout"]),
  };
}

function recurrentOutline(notes: WrittenNotes): Outline {
  const layout = readRecurrentLayout(notes.layout);
  return {
    layout,
    least: leastRecurrentWeights(layout),
    own: () => shapesOf(layout, (sizes) => new RecurrentLanguageModel(sizes, Random.none)),
    recipe: readRecipe(notes.recipe, layout, ["hiddenSize", "numLayers", "dropout"]),
  };
}

function recurrentTranslatorOutline(notes: WrittenNotes): Outline {
  const layout = readRecurrentTranslatorLayout(notes.layout);
  return {
    layout,
    least: leastRecurrentWeights(layout) + layout.sourceVocabSize * layout.embeddingSize,
    own: () => shapesOf(layout, (sizes) => new RecurrentEncoderDecoder(sizes, Random.none)),
    recipe: readRecipe(notes.recipe, layout, ["hiddenSize", "numLayers", "dropout"]),
  };
}

function convolutionalOutline(notes: WrittenNotes): Outline {
  const layout = readConvolutionalLayout(notes.layout);
  return {
    layout,
    least: leastConvolutionalWeights(layout),
    own: () => shapesOf(layout, (sizes) => new ConvolutionalLanguageModel(sizes, Random.none)),
    recipe: readRecipe(notes.recipe, layout, ["hiddenSize", "numLayers", "dropout"]),
  };
}

/** What follows from the layout of each format. */
const OUTLINES: Readonly<Record<Notes["format"], (notes: WrittenNotes) => Outline>> = {
  "heed translator 1": transformerOutline,
  "heed recurrent translator 1": recurrentTranslatorOutline,
  "heed language model 1": transformerOutline,
  "heed recurrent model 1": recurrentOutline,
  "heed convolutional model 1": convolutionalOutline,
};

/** Checks what the header of a file of so many bytes says, before the rest is read. */
function checkOutline(
  { notes: value, weights, averages }: CheckpointOutline,
  fileSize: number,
  readTokenizer: TokenizerReader,
): Notes {
  const notes = readFields("the notes", value, noteChecks);
  const { least, own, recipe, layout } = OUTLINES[notes.format](notes);
  if (!(4 * least <= fileSize)) {
    throw new SyntaxError(`its notes state a model of at least ${least} weights, and the file has ${fileSize} bytes`);
  }
  const shapes = own(), isTranslator = TRANSLATORS.includes(notes.format);
  if (shapes.size !== weights.size) {
    throw new SyntaxError(`its notes state a model of ${shapes.size} tensors, and the file has ${weights.size}`);
  }
  requireSameTensors(shapes, weights);
  if (averages.size > 0) requireSameTensors(new Map(ADAM.flatMap((name) => under(shapes, name))), averages);
  const common = { recipe, measured: readMeasured(notes.measured) };
  const read = (side: "source" | "target" | "vocabulary", size: number | undefined): Tokenizer => {
    if (!notes[side]) throw new SyntaxError(`its notes lack ${side}, and ${notes.format} needs it`);
    const stated = tokensIn(notes[side]);
    if (stated !== undefined && stated !== size) {
      throw new SyntaxError(`its ${side} has ${stated} tokens, and its layout states ${size ?? "none"}`);
    }
    const tokenizer = within(side, () => readTokenizer(notes[side])), { vocabSize } = tokenizer;
    if (vocabSize !== size) {
      throw new SyntaxError(`its ${side} has ${vocabSize} tokens, and its layout states ${size ?? "none"}`);
    }
    const most = recipe[side === "source" ? "sourceVocabSize" : "vocabSize"], found = tokensOf(tokenizer);
    if (typeof most === "number" && vocabSize > most) {
      throw new SyntaxError(`its ${side} has ${vocabSize} tokens, and its recipe allows ${most}`);
    }
    const { tokens = found } = recipe;
    if (tokens === found) return tokenizer;
    throw new SyntaxError(`its ${side} is made of ${found}, and its recipe states ${tokens}`);
  };
  const surplus = (isTranslator ? ["vocabulary"] : ["source", "target"]).find((side) => side in notes);
  if (surplus) throw new SyntaxError(`its notes hold ${surplus}, and ${notes.format} has none`);
  const sizes = layout as EncoderDecoderOptions;
  if (isTranslator) {
    const sequences = (side: "source" | "target", size: number | undefined): SequenceTokenizer => {
      const tokenizer = read(side, size);
      return within(side, () => asSequenceTokenizer(tokenizer));
    };
    const source = sequences("source", sizes.sourceVocabSize), target = sequences("target", sizes.vocabSize);
    return { format: notes.format, layout, ...common, source, target } as TranslationNotes;
  }
  const vocabulary = read("vocabulary", layout.vocabSize);
  return { format: notes.format, layout, ...common, vocabulary } as LanguageNotes;
}

/** How many tokens a vocabulary in a file has, before it is built; undefined if it is none. */
function tokensIn(
  { alphabet, merges }: { readonly alphabet?: unknown; readonly merges?: unknown },
): number | undefined {
  return Array.isArray(alphabet) && Array.isArray(merges) ? 4 + alphabet.length + merges.length : undefined;
}

/** The averages of the optimizer that the program trains with. */
const ADAM = ["firstMoment", "secondMoment"] as const;

function under<T>(tensors: ReadonlyMap<string, T>, average: string): [string, T][] {
  return [...tensors].map(([path, value]) => [`${path}.${average}`, value]);
}

/** Says in which part of the notes something is wrong. */
function within<T>(part: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SyntaxError(`in its ${part}: ${sentence(error)}`, { cause: error });
  }
}

/** What a tensor is, without its numbers. */
interface TensorShape {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * Names and shapes of a model's tensors, from one of at most two layers: the others are like the second.
 *
 * Nothing is drawn, and what starts as zeros is made where memory is the host's.
 */
function shapesOf<L extends { readonly numLayers?: number | undefined }>(
  layout: L,
  make: (layout: L) => Module,
): Map<string, TensorShape> {
  const numLayers = layout.numLayers!;
  return withBackend(createReferenceDevice(), () => {
    const shapes = new Map<string, TensorShape>();
    for (const [path, tensor] of make({ ...layout, numLayers: Math.min(numLayers, 2) }).stateDict()) {
      const { dtype, shape } = tensor, last = /(^|\.)layers\.1\./.test(path) ? numLayers - 1 : 1;
      for (let layer = 1; layer <= last; layer++) {
        shapes.set(path.replace(/(^|\.)layers\.1\./, `$1layers.${layer}.`), { dtype, shape });
      }
    }
    return shapes;
  });
}

/** Reads a recipe; where it states what the layout states too, they must agree. */
function readRecipe<K extends string>(
  value: unknown,
  layout: { readonly [Name in K]?: number | undefined },
  names: readonly K[],
): Recipe {
  const recipe = readFields("the notes", value, recipeChecks, "recipe") as Recipe;
  for (const name of names) {
    const stated = recipe[name];
    if (stated === undefined || stated === layout[name]) continue;
    throw new SyntaxError(`its recipe states ${name} = ${stated}, and its layout ${layout[name] ?? "nothing"}`);
  }
  return recipe;
}

/** Longest name of a measurement. */
const MAX_NAME = 64;

/** Reads measurements; older programs wrote null for those that were no numbers. */
function readMeasured(value: object): Record<string, number> {
  const measured = Object.entries(value).filter(([, found]) => found !== null);
  for (const [name, found] of measured) {
    if (name.length > MAX_NAME) {
      throw new SyntaxError(
        `its notes hold measured[${quote(name, 40)}], and a name has at most ${MAX_NAME} characters`,
      );
    }
    if (typeof found === "number") continue;
    throw new SyntaxError(`its notes hold measured[${quote(name, 40)}] = ${shown(found)}, and it must be a number`);
  }
  return Object.fromEntries(measured);
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
    ? `Cannot resume: ${named(String(wanted))} has changed since the run began`
    : `Cannot resume with --data ${quote(String(wanted))}: the saved run learns from ${
      before ? `${named(String(before))}, which holds something else` : "the sentences that come with the code"
    }`;
}
