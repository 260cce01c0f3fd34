/**
 * # Weights, wherever they lie
 *
 * **Question.** One model has all its weights in a file of 90 megabytes, another in thirty files of five gigabytes with a list of which has what, a third in blocks of a GGUF. How
 * does what comes after know none of this?
 *
 * **Idea.** All of them are a map from names to places. The headers are read first, a few kilobytes of each file, and compared with one another: a tensor that the list puts into a
 * file must be there, and one that is there must be on the list. After that a tensor is asked for by its name, and its bytes alone are read.
 *
 * **Formula.** With the files $f_1, \dots, f_k$ and the tensors $T(f)$ that the header of a file names, the list $L$ is right if
 *
 * $$L^{-1}(f_i) = T(f_i) \ \text{ for every } i, \qquad T(f_i) \cap T(f_j) = \emptyset$$
 *
 * | symbol   | in code      | meaning                                      |
 * | -------- | ------------ | -------------------------------------------- |
 * | $L$      | `weight_map` | from a tensor to its file                    |
 * | $T(f)$   | `tensors`    | names in the header of a file                |
 *
 * ```diagram
 * a tensor, by name
 * [read its bytes alone]
 * names and places
 * [do list and headers agree?]
 * names in each header
 * [header of each file]
 * model-00001-of-00002, model-00002-of-00002
 *
 * which file has which tensor
 * [model.safetensors.index.json]
 * ```
 *
 * @module
 */

import { checkText, requireWhole } from "../../engine/arguments.ts";
import type { Numbers } from "../../engine/backend.ts";
import { quote } from "../../engine/json.ts";
import {
  abortSignal,
  checkOptions,
  type Checks,
  checkValue,
  closest,
  list,
  required,
  string,
} from "../../engine/options.ts";
import {
  aByteArray,
  headerEnd,
  readHeader,
  type StoredKind,
  storedNumbers,
  type StoredTensor,
  type TensorPlace,
} from "../../06_training/safetensors.ts";
import { BLOCK_KINDS, unpackBlocks } from "../quantised_weights.ts";
import { type GgufTensor, type GgufValue, readGguf } from "./gguf.ts";
import {
  type ByteFile,
  loadChecks,
  type LoadOptions,
  type ModelSource,
  readJson,
  type ReadOptions,
  sourceCheck,
} from "./mod.ts";

/** A tensor that lies in a file. */
export interface WeightPlace {
  /** Its kind of element, such as `F32`, `BF16` or `Q4_1`. */
  readonly kind: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** The file it lies in. */
  readonly file: string;
  /** Its first byte, counted from the start of the file. */
  readonly begin: number;
  /** The byte after its last one. */
  readonly end: number;
}

/** A tensor as it was read. */
export interface ReadWeight {
  /** Its kind of element. */
  readonly kind: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Its elements or blocks, in order. */
  readonly bytes: Uint8Array;
}

/** The weights of a model, none of which has been read. */
export interface Weights {
  /** How they are stored. */
  readonly format: "safetensors" | "gguf";
  /** Where each lies, in the order of the files. */
  readonly places: ReadonlyMap<string, WeightPlace>;
  /** What the files say besides: notes of safetensors, facts of a GGUF. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /**
   * Reads one of them.
   *
   * @param name of the weight
   * @param options what stops it; nothing does by default
   * @returns its bytes, kind and shape
   */
  read(name: string, options?: ReadOptions): Promise<ReadWeight>;
  /**
   * Reads several, one after the other: only one is held.
   *
   * @param names of the weights, in the order in which they are read
   * @param options who hears of the progress, and what stops it; nobody and nothing by default
   * @returns each with its name
   */
  each(names: Iterable<string>, options?: LoadOptions): AsyncGenerator<[name: string, weight: ReadWeight], void, void>;
}

/** Which weights are meant. */
export interface WeightsOptions extends ReadOptions {
  /** The file that has them, or the list of the files; found by their usual names by default. */
  readonly file?: string | undefined;
}

const weightsChecks: Checks<WeightsOptions> = { signal: abortSignal, file: string };

const INDEX = "model.safetensors.index.json";
const SINGLE = "model.safetensors";

/**
 * Finds the weights of a model and reads where each lies.
 *
 * Looked for are a list of safetensors files, one such file, and one GGUF file, in this order.
 *
 * @param source where the model lies
 * @param options which file, if it has another name or there are several
 * @returns the weights, not yet read
 * @throws {SyntaxError} if a file is damaged, or the files do not fit together
 * @throws {RangeError} if there is no such file
 * @throws {Error} if there are no weights
 */
export async function openWeights(source: ModelSource, options: WeightsOptions = {}): Promise<Weights> {
  checkValue("open weights", "source", source, sourceCheck);
  checkOptions("open weights", options, weightsChecks);
  const path = options.file ?? await find(source, options);
  if (/\.json$/.test(path)) return openSharded(source, path, { signal: options.signal });
  const file = await source.open(path, options);
  if (!file) throw new RangeError(`Cannot open weights of ${source.name}: there is no file ${quote(path)}`);
  if (/\.gguf$/i.test(path)) return await openGguf(path, file, options);
  const { tensors, metadata } = await headerOf(path, file, options);
  return weights("safetensors", places(path, tensors), metadata, new Map([[path, file]]));
}

/** Which file has the weights, or the list of them. */
async function find(source: ModelSource, options: ReadOptions): Promise<string> {
  for (const path of [INDEX, SINGLE]) if (await source.open(path, options)) return path;
  const names = await source.list?.(options) ?? [];
  const gguf = names.filter((name) => /\.gguf$/i.test(name));
  if (gguf.length === 1) return gguf[0]!;
  const other = names.filter((name) => /\.safetensors$/.test(name));
  if (gguf.length === 0 && other.length === 1) return other[0]!;
  throw new Error(`Cannot open weights of ${source.name}: ${whyNone(names, gguf, other)}`);
}

function whyNone(names: readonly string[], gguf: readonly string[], other: readonly string[]): string {
  if (gguf.length + other.length > 1) {
    return `it has ${[...gguf, ...other].map((name) => quote(name)).join(", ")}, and one must be named`;
  }
  const pickle = names.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  if (pickle) {
    return `${quote(pickle)} is a pickle, which is a program and is not run here; it must be saved as safetensors`;
  }
  return `there is neither ${SINGLE} nor ${INDEX} nor a GGUF file`;
}

// ## Safetensors, in one file or several

async function headerOf(path: string, file: ByteFile, options: ReadOptions) {
  try {
    const end = headerEnd(await file.read(0, Math.min(8, file.size), options), file.size);
    return readHeader(await file.read(0, end, options), file.size);
  } catch (error) {
    if (error instanceof SyntaxError) throw new SyntaxError(`${quote(path)}: ${error.message}`, { cause: error });
    throw error;
  }
}

function places(file: string, tensors: ReadonlyMap<string, TensorPlace | GgufTensor>): Map<string, WeightPlace> {
  return new Map([...tensors].map(([name, place]) => [name, { ...place, file }]));
}

async function openSharded(source: ModelSource, path: string, options: ReadOptions): Promise<Weights> {
  const listed = await listOf(source, path, options), byFile = new Map<string, Set<string>>();
  for (const [tensor, file] of listed) {
    const names = byFile.get(file) ?? new Set();
    byFile.set(file, names.add(tensor));
  }
  const files = new Map<string, ByteFile>(), all = new Map<string, WeightPlace>(), notes = new Map<string, string>();
  for (const [name, wanted] of byFile) {
    const file = await source.open(name, options);
    if (!file) {
      throw new Error(`Cannot open weights of ${source.name}: ${quote(path)} names ${quote(name)}, which is missing`);
    }
    const { tensors, metadata } = await headerOf(name, file, options);
    const missing = [...wanted].find((tensor) => !tensors.has(tensor));
    if (missing !== undefined) throw disagreement(path, name, missing, "names", "does not have");
    const extra = [...tensors.keys()].find((tensor) => !wanted.has(tensor));
    if (extra !== undefined) throw disagreement(path, name, extra, "does not name", "has");
    files.set(name, file);
    for (const [tensor, place] of places(name, tensors)) all.set(tensor, place);
    for (const [note, text] of metadata) notes.set(note, text);
  }
  return weights("safetensors", all, notes, files);
}

function disagreement(list: string, file: string, tensor: string, says: string, is: string): SyntaxError {
  return new SyntaxError(
    `Cannot open weights: ${quote(list)} ${says} tensor ${quote(tensor)} for ${quote(file)}, which ${is} it`,
  );
}

/** From tensors to files, as the list says. */
async function listOf(source: ModelSource, path: string, options: ReadOptions): Promise<Map<string, string>> {
  const list = await readJson(source, path, options);
  if (list === undefined) {
    throw new RangeError(`Cannot open weights of ${source.name}: there is no file ${quote(path)}`);
  }
  const found = (list as { readonly weight_map?: unknown } | null)?.weight_map;
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new SyntaxError(`Cannot read ${quote(path)}: weight_map must be an object from tensors to files`);
  }
  const files = new Map<string, string>();
  for (const [tensor, file] of Object.entries(found)) {
    if (typeof file !== "string" || !/^[^/\\]+$/.test(file)) {
      throw new SyntaxError(`Cannot read ${quote(path)}: weight_map puts ${quote(tensor)} into no file of the folder`);
    }
    files.set(tensor, file);
  }
  return files;
}

// ## GGUF

async function openGguf(path: string, file: ByteFile, options: ReadOptions): Promise<Weights> {
  const { tensors, metadata } = await readGguf(file, { signal: options.signal });
  const parts = metadata.get("split.count");
  if (typeof parts === "number" && parts > 1) {
    throw new Error(
      `Cannot open ${quote(path)}: it is part of ${parts}, which must be joined first, as llama-gguf-split does`,
    );
  }
  return weights("gguf", places(path, tensors), metadata, new Map([[path, file]]));
}

// ## Reading

function weights(
  format: Weights["format"],
  places: ReadonlyMap<string, WeightPlace>,
  metadata: ReadonlyMap<string, GgufValue>,
  files: ReadonlyMap<string, ByteFile>,
): Weights {
  const placeOf = (name: string): WeightPlace => {
    checkText("read a weight", "name", name);
    const place = places.get(name);
    if (place) return place;
    const near = closest(name, [...places.keys()]);
    throw new RangeError(
      `Cannot read weight ${quote(name)}: there is none of that name${near ? `, did you mean ${quote(near)}?` : ""}`,
    );
  };
  const read = async (name: string, options: ReadOptions = {}): Promise<ReadWeight> => {
    const { kind, shape, file, begin, end } = placeOf(name);
    const bytes = await files.get(file)!.read(begin, end, options);
    return { kind, shape, bytes: requireWhole(bytes, begin, end, file) };
  };
  return {
    format,
    places,
    metadata,
    read,
    async *each(names, options = {}) {
      checkOptions("read weights", options, loadChecks);
      const wanted = [...names].map((name) => [name, placeOf(name)] as const);
      const total = wanted.reduce((sum, [, { begin, end }]) => sum + end - begin, 0);
      let loaded = 0;
      for (const [tensor, { begin, end }] of wanted) {
        yield [tensor, await read(tensor, options)];
        loaded += end - begin;
        await options.onProgress?.({ loaded, total, tensor });
      }
    },
  };
}

/**
 * The elements of a weight as numbers, blocks unpacked.
 *
 * @param weight as {@linkcode Weights} gives it
 * @param name of the weight, for errors; none by default
 * @returns float32 or int32, in row-major order
 * @throws {RangeError} if its kind is not read, which the message names
 */
export function weightNumbers(weight: ReadWeight, name?: string): Numbers {
  checkOptions("read a weight", weight, readWeightChecks);
  if (name !== undefined) checkText("read a weight", "name", name);
  const { kind, shape, bytes } = weight;
  if (BLOCK_KINDS.includes(kind)) return unpackBlocks(kind, bytes);
  if (!NUMBERS.has(kind)) {
    const kinds = [...NUMBERS, ...BLOCK_KINDS].join(", ");
    throw new RangeError(
      `Cannot read ${name === undefined ? "a weight" : `weight ${quote(name)}`} of kind ${kind}: read are ${kinds}`,
    );
  }
  return storedNumbers({ kind: kind as StoredKind, shape, bytes } satisfies StoredTensor, name);
}

const readWeightChecks: Checks<ReadWeight> = {
  kind: required(string),
  shape: required(list<number>("a list of whole numbers", (extent) => Number.isSafeInteger(extent) && extent >= 0)),
  bytes: required(aByteArray),
};

const NUMBERS: ReadonlySet<string> = new Set<StoredKind>(
  ["F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"],
);

// ## Pitfall: a list that says too much
//
// A folder whose download was interrupted, or into which a second model was copied, has files that do not belong together. The list and the headers then disagree, and a model of their mixture would speak nonsense. The test "openWeights()
// refuses a list that does not fit its files" mixes them.
