/**
 * # Pre-trained encoders
 *
 * What `embed`, `search` and `fill-mask` have in common: an encoder is opened with its progress, and texts come from arguments, from lines of a
 * file, or from the paragraphs of a folder.
 *
 * @module
 */

import { encoderFromPretrained, type PretrainedOptions } from "../08_pretrained/architecture.ts";
import type { ModelSource } from "../08_pretrained/files/mod.ts";
import { openSentenceModel, type SentenceModel } from "../08_pretrained/sentence_vectors.ts";
import { openTokenizer } from "../08_pretrained/tokenizer_files/opening.ts";
import type { PretrainedTokenizer } from "../08_pretrained/tokenizer_files/tokenizer.ts";
import type { EncoderOnly } from "../05_transformer/encoder_only.ts";
import type { PackedFormat } from "../engine/backend.ts";
import type { DeviceName } from "../engine/device.ts";
import { pack, quantize } from "../engine/inference.ts";
import { folderSource } from "../host/sources.ts";
import { count } from "../host/terminal.ts";
import { chooseDevice, deviceOptions, weightsOption } from "./device.ts";
import { DataError, quote } from "./errors.ts";
import { exists, MAX_TEXT, readLines, trim } from "./files.ts";
import { StatusLine } from "./terminal.ts";

/** The options of every command that reads with an encoder. */
export const encoderOptions: typeof deviceOptions & typeof weightsOption = { ...deviceOptions, ...weightsOption };

/** What these options are. */
export interface EncoderValues {
  /** What computes. */
  readonly device: DeviceName;
  /** Threads of the CPU device. */
  readonly threads: number | undefined;
  /** How weights are kept. */
  readonly weights: PackedFormat;
}

/** The files of a model, by the path of a folder or of a GGUF. */
async function sourceOf(path: string): Promise<ModelSource> {
  if (!await exists(path)) throw new DataError(`Cannot open the model ${quote(path)}: there is no such folder or file`);
  return folderSource(path);
}

/** Opens a model with its progress, and keeps its weights as they are asked for. */
async function opened<T>(
  path: string,
  values: EncoderValues,
  open: (source: ModelSource, options: PretrainedOptions) => Promise<T>,
  encoderIn: (model: T) => EncoderOnly,
): Promise<T> {
  const source = await sourceOf(path), status = new StatusLine();
  await chooseDevice(values);
  try {
    const model = await open(source, {
      // Blocks of a file stay as they are, unless another format is asked for.
      weights: values.weights === "float32" ? "stored" : "float32",
      onProgress: ({ loaded, total }) => status.update(`reading ${quote(path)}: ${Math.round(100 * loaded / total)} %`),
    });
    const { weights } = values, encoder = encoderIn(model);
    if (weights === "int8" || weights === "int4") quantize(encoder, weights);
    else pack(encoder, weights);
    return model;
  } finally {
    status.clear();
  }
}

/** Opens a model that makes vectors of texts. */
export function openSentences(path: string, values: EncoderValues): Promise<SentenceModel> {
  return opened(path, values, openSentenceModel, ({ encoder }) => encoder);
}

/** A model that scores hidden words, and its tokenizer. */
export interface MaskedModel {
  /** Scores words. */
  readonly model: EncoderOnly;
  /** Cuts texts. */
  readonly tokenizer: PretrainedTokenizer;
}

/** Opens a model that scores hidden words. */
export function openMasked(path: string, values: EncoderValues): Promise<MaskedModel> {
  return opened(
    path,
    values,
    async (source, options) => ({
      model: await encoderFromPretrained(source, options),
      tokenizer: await openTokenizer(source),
    }),
    ({ model }) => model,
  );
}

/** A line that says how many texts have been read, while somebody watches. */
export function readingStatus(): { readonly told: (done: number, all: number) => void; readonly clear: () => void } {
  const status = new StatusLine();
  return {
    told: (done, all) => status.update(`${count(done)} of ${count(all)} texts read`),
    clear: () => status.clear(),
  };
}

// ## Texts that are searched

/** A text, and where it stands. */
export interface PlacedText {
  /** The text, on one line. */
  readonly text: string;
  /** The file that it is from. */
  readonly file: string;
  /** The line that it begins on, counted from 1. */
  readonly line: number;
}

/**
 * The texts of a file, one a line, or of a folder, one a paragraph of each text file in it.
 *
 * @param path of a file or a folder
 * @throws {DataError} if it cannot be read, or has no text
 */
export async function placedTexts(path: string): Promise<PlacedText[]> {
  const info = await Deno.stat(path).catch(() => undefined), found: PlacedText[] = [];
  if (!info?.isDirectory) {
    for await (const { number, text } of readLines(path, MAX_TEXT)) {
      if (trim(text) !== "") found.push({ text: trim(text), file: path, line: number });
    }
  } else for (const file of await textFiles(path)) found.push(...await paragraphs(file));
  if (found.length > 0) return found;
  const what = info?.isDirectory ? "no file of it that ends with .txt or .md has a text" : "it is empty";
  throw new DataError(`Cannot search ${quote(path)}: ${what}`);
}

/** The text files of a folder and of those in it, in order. */
async function textFiles(folder: string): Promise<string[]> {
  const found: string[] = [], root = folder.replace(/(?<=.)[/\\]+$/, "");
  const names = await Array.fromAsync(Deno.readDir(root));
  for (const { name, isDirectory, isFile } of names.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (name.startsWith(".")) continue;
    if (isDirectory) found.push(...await textFiles(`${root}/${name}`));
    else if (isFile && /\.(txt|md)$/i.test(name)) found.push(`${root}/${name}`);
  }
  return found;
}

/** Lines between empty ones. */
async function paragraphs(file: string): Promise<PlacedText[]> {
  const found: PlacedText[] = [];
  let lines: string[] = [], begin = 0;
  const end = (): void => {
    if (lines.length > 0) found.push({ text: lines.join(" "), file, line: begin });
    lines = [];
  };
  for await (const { number, text } of readLines(file, MAX_TEXT)) {
    if (trim(text) === "") end();
    else {
      if (lines.length === 0) begin = number;
      lines.push(trim(text));
    }
  }
  end();
  return found;
}
