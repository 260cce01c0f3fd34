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
import type {
  LanguageKind,
  ModelLayout,
  NetworkKind,
  TextModel,
  TranslationKind,
  WrittenLayout,
} from "./kinds/kind.ts";
import {
  CLASSIFIER,
  isClassifierHeader,
  loadKind,
  modelPath,
  type NetworkFormat,
  NETWORKS,
  OtherFound,
  otherIn,
} from "./model_kinds.ts";
import { DataError, escapeControl, quote, sentence } from "./errors.ts";
import { exists, named, readBytes, writeFile } from "./files.ts";
import { type Recipe, recipeChecks } from "./recipes.ts";
import { asSequenceTokenizer, readerOf, type TokenizerReader, tokensOf } from "./tokenizers.ts";
import type { TranslationModel } from "./translator.ts";

export type { Recipe } from "./recipes.ts";

/** What models of all kinds note down. */
interface CommonNotes<Layout extends ModelLayout> {
  /** Names the kind; tells the file from others. */
  readonly format: NetworkFormat;
  /** Layout of the model. */
  readonly layout: Layout;
  /** How it was trained. */
  readonly recipe: Recipe;
  /** What training measured last, by name. */
  readonly measured: Readonly<Record<string, number>>;
}

/** What a saved model that translates notes down. */
export interface TranslationNotes<Layout extends ModelLayout = ModelLayout> extends CommonNotes<Layout> {
  /** Vocabulary of the source language. */
  readonly source: SequenceTokenizer;
  /** Vocabulary of the target language. */
  readonly target: SequenceTokenizer;
}

/** What a saved model that continues texts notes down. */
export interface LanguageNotes<Layout extends ModelLayout = ModelLayout> extends CommonNotes<Layout> {
  /** Its vocabulary. */
  readonly vocabulary: Tokenizer;
}

/** What a saved model notes down. */
export type Notes = TranslationNotes | LanguageNotes;

/** Whether a model translates. */
export function isTranslation(notes: Notes): notes is TranslationNotes {
  return "source" in notes;
}

/** A model file that was read. */
export interface SavedModel<N extends Notes = Notes, Model extends Module = Module> {
  /** Path of the file. */
  readonly path: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** Its kind. */
  readonly kind: NetworkKind<N["layout"], Model>;
  /** Its notes, checked. */
  readonly notes: N;
}

/** The file of a run, with the notes that rebuild its model. */
export async function encodeModel(run: TrainingRun, notes: Notes): Promise<Uint8Array<ArrayBuffer>> {
  return await encodeCheckpoint({ ...run, notes: await writeNotes(notes) });
}

/** Saves a run and the notes that rebuild its model; the file is replaced in one step. */
export async function saveModel(folder: string, run: TrainingRun, notes: Notes): Promise<void> {
  await writeFile(modelPath(folder), await encodeModel(run, notes));
}

/** Notes as a file holds them. */
async function writeNotes({ layout, measured, ...notes }: Notes): Promise<Json> {
  const numbers = Object.entries(measured).filter(([, value]) => Number.isFinite(value));
  const kind = await loadKind(notes.format);
  const written = { ...notes, layout: kind.writeLayout(layout), measured: Object.fromEntries(numbers) };
  return JSON.parse(JSON.stringify(written)) as Json;
}

/** Most bytes of notes in a file: with them, a header has room for the names of every model that can be trained. */
const MAX_NOTES: number = 2 ** 22;

/**
 * Refuses notes that no program could read again, before anything is trained.
 *
 * @throws {DataError} if they are too large
 */
export async function checkNotes(notes: Notes): Promise<void> {
  // A header holds them as text within text.
  const written = JSON.stringify(writeJson(await writeNotes(notes), "train"));
  const size = new TextEncoder().encode(written).length;
  if (size <= MAX_NOTES) return;
  throw new DataError(
    `Cannot train: vocabulary and settings take ${size} bytes of a file, and at most ${MAX_NOTES} are read; ` +
      `a smaller ${flagOf("vocabSize")} needs less`,
  );
}

/**
 * Reads a saved model of any kind.
 *
 * @throws {DataError} if there is none, or it is damaged
 */
export async function readModel(folder: string): Promise<SavedModel> {
  const path = modelPath(folder);
  if (!await exists(path)) {
    const other = await otherIn(folder);
    if (other) throw new OtherFound(folder, other);
    throw new DataError(
      `Cannot read a model from ${quote(folder)}: there is no ${quote(path)}; "heed train" makes one`,
    );
  }
  let found: Pick<SavedModel, "kind" | "notes"> | undefined;
  const bytes = await readBytes(path, async (front, size) => {
    const end = refused(path, await front(Math.min(size, 8)), (start) => headerEnd(start, size));
    const start = await front(end);
    if (isClassifierHeader(start, size)) throw new OtherFound(path, CLASSIFIER);
    const outline = refused(path, start, (header) => outlineCheckpoint(header, size));
    const written = refused(path, start, () => readFields("the notes", outline.notes, noteChecks));
    const { source, target, vocabulary } = written;
    const [kind, reader] = await Promise.all([loadKind(written.format), readerOf([source, target, vocabulary])]);
    found = { kind, notes: refused(path, start, () => checkOutline(kind, written, outline, size, reader)) };
  });
  refused(path, bytes, verifyCheckpoint);
  return { path, bytes, ...found! };
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
 * Reads a saved model that translates.
 *
 * @throws {DataError} if there is none
 */
export async function readTranslation(folder: string): Promise<SavedModel<TranslationNotes, TranslationModel>> {
  const saved = await readModel(folder);
  if (saved.kind.translates) return saved as SavedModel<TranslationNotes, TranslationModel>;
  throw new DataError(
    `Cannot use ${quote(saved.path)} as a translator: it is a language model, and "heed generate" uses it`,
  );
}

/**
 * Reads a saved model that continues texts.
 *
 * @throws {DataError} if there is none
 */
export async function readTextModel(folder: string): Promise<SavedModel<LanguageNotes, TextModel>> {
  const saved = await readModel(folder);
  if (!saved.kind.translates) return saved as SavedModel<LanguageNotes, TextModel>;
  throw new DataError(
    `Cannot use ${quote(saved.path)} as a language model: it is a translator, and "heed translate" uses it`,
  );
}

/**
 * Reads a saved model of one kind that translates.
 *
 * @param kind the kind
 * @param folder where it is
 * @param word what must stand behind `heed train` for it
 * @throws {DataError} if there is none
 */
export async function readTranslationOf<L extends ModelLayout, M extends TranslationModel>(
  kind: TranslationKind<L, M>,
  folder: string,
  word: string,
): Promise<SavedModel<TranslationNotes<L>, M>> {
  const saved = await readTranslation(folder);
  requireKind(kind, word, saved);
  return saved as SavedModel<TranslationNotes<L>, M>;
}

/**
 * Reads a saved model of one kind that continues texts.
 *
 * @param kind the kind
 * @param folder where it is
 * @param word what must stand behind `heed train` for it
 * @throws {DataError} if there is none
 */
export async function readTextModelOf<L extends ModelLayout, M extends TextModel>(
  kind: LanguageKind<L, M>,
  folder: string,
  word: string,
): Promise<SavedModel<LanguageNotes<L>, M>> {
  const saved = await readTextModel(folder);
  requireKind(kind, word, saved);
  return saved as SavedModel<LanguageNotes<L>, M>;
}

/** Refuses a model of another kind. */
function requireKind({ format }: NetworkKind, word: string, { path, kind, notes }: SavedModel): void {
  const found = kind.trainedBy(notes.layout);
  if (kind.format === format && word === found) return;
  throw new DataError(
    `Cannot use ${quote(path)} as a model of "heed train ${word}": it is one of "heed train ${found}"`,
  );
}

/** Puts a run where a saved model left it; without an optimizer, only the weights. */
export function restore(saved: SavedModel, run: TrainingRun): void {
  refused(saved.path, saved.bytes, (bytes) => restoreCheckpoint(bytes, run));
}

/** The model that a file describes, with its weights, packed if a format is named. */
export function openModel<M extends Module>(saved: SavedModel<Notes, M>, format?: PackedFormat): M {
  const model = saved.kind.make(saved.notes.layout, Random.none);
  restore(saved, { model });
  if (format === "int8" || format === "int4") return quantize(model, format);
  return format ? pack(model, format) : model.eval();
}

// ## What notes must be
//
// A file is looked at in the order of what it costs: the header, then the notes, then what the weights of such a model
// are called and how large each is. Only then the rest is read, and the model built. What a layout must be, its kind says.

/** The notes of any kind as a file holds them. */
interface WrittenNotes {
  readonly format: NetworkFormat;
  readonly layout: object;
  readonly recipe: object;
  readonly measured: object;
  readonly source?: object;
  readonly target?: object;
  readonly vocabulary?: object;
}

const vocabulary = object("an object that is a tokenizer");

const noteChecks: Checks<WrittenNotes> = {
  format: required(oneOf(Object.keys(NETWORKS) as NetworkFormat[])),
  layout: required(object("an object that is a layout")),
  recipe: required(object("an object of settings by name")),
  measured: required(object("an object of measurements by name", (value) => !Array.isArray(value))),
  source: vocabulary,
  target: vocabulary,
  vocabulary,
};

/** Checks what the header of a file of so many bytes says, before the rest is read. */
function checkOutline(
  kind: NetworkKind,
  notes: WrittenNotes,
  { weights, averages }: CheckpointOutline,
  fileSize: number,
  readTokenizer: TokenizerReader,
): Notes {
  const layout = kind.readLayout(notes.layout), least = kind.leastWeights(layout), { format, translates } = kind;
  const recipe = readRecipe(notes.recipe, layout, kind);
  if (!(4 * least <= fileSize)) {
    throw new SyntaxError(`its notes state a model of at least ${least} weights, and the file has ${fileSize} bytes`);
  }
  const shapes = shapesOf(layout, (sizes) => kind.make(sizes, Random.none));
  if (shapes.size !== weights.size) {
    throw new SyntaxError(`its notes state a model of ${shapes.size} tensors, and the file has ${weights.size}`);
  }
  requireSameTensors(shapes, weights);
  if (averages.size > 0) requireSameTensors(new Map(ADAM.flatMap((name) => under(shapes, name))), averages);
  const common = { format, layout, recipe, measured: readMeasured(notes.measured) };
  const read = (side: "source" | "target" | "vocabulary", size: number | undefined): Tokenizer => {
    if (!notes[side]) throw new SyntaxError(`its notes lack ${side}, and ${format} needs it`);
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
  const surplus = (translates ? ["vocabulary"] : ["source", "target"]).find((side) => side in notes);
  if (surplus) throw new SyntaxError(`its notes hold ${surplus}, and ${format} has none`);
  if (!translates) return { ...common, vocabulary: read("vocabulary", layout.vocabSize) };
  const sequences = (side: "source" | "target", size: number | undefined): SequenceTokenizer => {
    const tokenizer = read(side, size);
    return within(side, () => asSequenceTokenizer(tokenizer));
  };
  const source = sequences("source", layout.sourceVocabSize), target = sequences("target", layout.vocabSize);
  return { ...common, source, target };
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
function shapesOf(layout: ModelLayout, make: (layout: ModelLayout) => Module): Map<string, TensorShape> {
  const { numLayers = 1 } = layout;
  return withBackend(createReferenceDevice(), () => {
    const shapes = new Map<string, TensorShape>();
    for (const [path, tensor] of make(numLayers > 2 ? { ...layout, numLayers: 2 } : layout).stateDict()) {
      const { dtype, shape } = tensor, last = /(^|\.)layers\.1\./.test(path) ? numLayers - 1 : 1;
      for (let layer = 1; layer <= last; layer++) {
        shapes.set(path.replace(/(^|\.)layers\.1\./, `$1layers.${layer}.`), { dtype, shape });
      }
    }
    return shapes;
  });
}

/** Reads a recipe; where it states what the layout states too, they must agree. */
function readRecipe(value: unknown, layout: ModelLayout, { shared, settings }: NetworkKind): Recipe {
  const checks = { ...recipeChecks, ...settings } as typeof recipeChecks;
  const recipe = readFields("the notes", value, checks, "recipe") as Recipe;
  for (const name of shared) {
    const stated = recipe[name], built = (layout as unknown as WrittenLayout)[name];
    if (stated === undefined || stated === built) continue;
    throw new SyntaxError(`its recipe states ${name} = ${stated}, and its layout ${built ?? "nothing"}`);
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
