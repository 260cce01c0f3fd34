/**
 * # Saved classifiers
 *
 * A classifier of texts is a folder with `model.safetensors`, as every model is: its weights and words as tensors, and notes on how it was trained.
 * Words are bytes between line breaks, since a header has no room for a large vocabulary.
 *
 * @module
 */

import { BagOfWords, withPairs } from "../01_introduction/bag_of_words.ts";
import { splitText } from "../01_introduction/rule_based_classifier.ts";
import { parseJson, readFields } from "../engine/json.ts";
import { type Checks, integer, list, required } from "../engine/options.ts";
import { decodeSafetensors, encodeSafetensors, storedNumbers } from "../06_training/safetensors.ts";
import { crc32 } from "../06_training/checkpoints.ts";
import { count } from "../host/terminal.ts";
import { CLASSIFIER_FORMAT, modelPath, type Row } from "./model_kinds.ts";
import { measurementsByName, settingsByName } from "./recipes.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { exists, MAX_TEXT, named, readBytes, readLines, trim } from "./files.ts";

/** A text and its class. */
export interface Labelled {
  /** The text. */
  readonly text: string;
  /** The class. */
  readonly label: string;
}

/** How a classifier was trained, and what came out. */
export interface ClassifierNotes {
  /** The classes in the order of the rows. */
  readonly labels: readonly string[];
  /** Most neighbouring words of a piece. */
  readonly pieces: number;
  /** Settings by name. */
  readonly recipe: Readonly<Record<string, string | number>>;
  /** Measurements by name. */
  readonly measured: Readonly<Record<string, number>>;
}

/** A classifier that was read. */
export interface SavedClassifier {
  /** Path of its file. */
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /** The classifier. */
  readonly model: BagOfWords;
  /** How it was trained. */
  readonly notes: ClassifierNotes;
}

const noteChecks: Checks<ClassifierNotes> = {
  labels: required(list<string>("a list of strings", (label) => typeof label === "string")),
  pieces: required(integer({ min: 1, max: 8 })),
  recipe: required(settingsByName),
  measured: required(measurementsByName),
};

/** The tokenizer of a number of pieces. */
export function tokenizerOf(pieces: number): (text: string) => readonly string[] {
  return pieces === 1 ? splitText : withPairs(splitText, pieces);
}

/** The file of a classifier. */
export function encodeClassifier(
  { labels, vocabulary, weights, bias }: BagOfWords,
  notes: ClassifierNotes,
): Uint8Array<ArrayBuffer> {
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const words = new TextEncoder().encode(vocabulary.join("\n"));
  return encodeSafetensors({
    tensors: new Map([
      ["weights", { kind: "F64" as const, shape: [labels.length, vocabulary.length], bytes: bytesOf(weights) }],
      ["bias", { kind: "F64" as const, shape: [labels.length], bytes: bytesOf(bias) }],
      ["words", { kind: "U8" as const, shape: [words.length], bytes: words }],
    ]),
    metadata: new Map([["format", CLASSIFIER_FORMAT], ["notes", JSON.stringify(notes)]]),
  });
}

/**
 * Reads a saved classifier.
 *
 * @throws {DataError} if there is none, or it is damaged
 */
export async function readClassifier(folder: string): Promise<SavedClassifier> {
  const path = modelPath(folder);
  if (!await exists(path)) {
    throw new DataError(
      `Cannot read a classifier from ${quote(folder)}: there is no ${quote(path)}; "heed train classifier" makes one`,
    );
  }
  const bytes = await readBytes(path);
  try {
    return { path, size: bytes.length, ...decodeClassifier(bytes) };
  } catch (error) {
    throw new DataError(`Cannot read ${quote(path)}: ${sentence(error).replace(/^Cannot read tensors: /, "")}`, {
      cause: error,
    });
  }
}

/** Says what a saved classifier is. */
export async function describe(folder: string): Promise<Row[]> {
  const { path, size, model, notes } = await readClassifier(folder);
  return [
    ["file", `${path} (${count(size)} bytes)`],
    ["kind", "classifier (bag of words)"],
    ["weights", count(model.weights.length + model.bias.length)],
    ["classes", model.labels.join(", ")],
    ["vocabulary", `${count(model.vocabulary.length)} pieces of up to ${notes.pieces} words`],
    ["trained by", "heed train classifier"],
    ["recipe", notes.recipe],
    ["measured", notes.measured],
  ];
}

/** What a file says; nothing of it is believed before it is checked. */
function decodeClassifier(bytes: Uint8Array): { readonly model: BagOfWords; readonly notes: ClassifierNotes } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.get("format") !== CLASSIFIER_FORMAT) throw new SyntaxError("it is no classifier");
  const notes = readFields("the notes", parseJson(metadata.get("notes") ?? "", "the notes"), noteChecks);
  const stored = (name: string): NonNullable<ReturnType<typeof tensors.get>> => {
    const found = tensors.get(name);
    if (!found) throw new SyntaxError(`it lacks the tensor ${quote(name)}`);
    return found;
  };
  const words = new TextDecoder("utf-8", { fatal: true }).decode(stored("words").bytes);
  const vocabulary = words === "" ? [] : words.split("\n"), { labels, pieces } = notes;
  const model = new BagOfWords({ labels, vocabulary, tokenize: tokenizerOf(pieces) });
  for (const [name, into] of [["weights", model.weights], ["bias", model.bias]] as const) {
    const { kind } = stored(name), numbers = storedNumbers(stored(name), name);
    if (kind !== "F64" || numbers.length !== into.length || !numbers.every(Number.isFinite)) {
      throw new SyntaxError(`its ${name} must be ${into.length} finite numbers of kind F64`);
    }
    into.set(numbers);
  }
  return { model, notes };
}

// ## Texts with labels

/** Labels that a file may have at most: beyond, its first column is no class. */
const MOST_LABELS = 1000;

/**
 * Reads texts with labels, one a line: the label, a tab, the text.
 *
 * @throws {DataError} if the file cannot be read, a line has no tab or an empty cell, or there is no line
 */
export async function readLabelled(path: string): Promise<Labelled[]> {
  const examples: Labelled[] = [], labels = new Set<string>();
  for await (const { number, text: whole } of readLines(path, MAX_TEXT)) {
    if (trim(whole) === "") continue;
    const tab = whole.indexOf("\t"), label = trim(whole.slice(0, Math.max(0, tab))), text = trim(whole.slice(tab + 1));
    const fault = tab < 0
      ? "it has no tab between label and text"
      : label === ""
      ? "its label is empty"
      : text === ""
      ? "its text is empty"
      : labels.add(label).size > MOST_LABELS
      ? `it is of a class beyond the ${MOST_LABELS} that are learned; the label comes before the text`
      : undefined;
    if (fault) throw new DataError(`Cannot read ${named(path)} line ${number}: ${fault}`);
    examples.push({ label, text });
  }
  if (examples.length === 0) throw new DataError(`Cannot use ${named(path)}: it holds no texts`);
  return examples;
}

/** Texts to learn from, to choose on, to judge by. */
export interface LabelledCorpus {
  /** To learn from. */
  readonly training: readonly Labelled[];
  /** To choose the number of epochs on. */
  readonly validation: readonly Labelled[];
  /** To judge by. */
  readonly test: readonly Labelled[];
  /** The classes in their order. */
  readonly labels: readonly string[];
}

/** The languages of the reviews that come with the code. */
export const LANGUAGES = ["english", "chinese"] as const;

/** Tells two lists of texts apart. */
export function checksumOfTexts(examples: readonly Labelled[]): string {
  const text = examples.map(({ label, text }) => `${label}\t${text}\n`).join("");
  return crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
}
