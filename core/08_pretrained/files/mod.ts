/**
 * # Files
 *
 * **Question.** A model that somebody trained lies in a folder, behind a URL, in files that a reader has dropped on a page, or in memory. How
 * does one piece of code open it wherever it lies, and why does it not read everything first?
 *
 * **Idea.** A model is a set of named files, and a file is a range of bytes of which any part can be read. Two lines say that: `open(name)` gives a file, and
 * `read(begin, end)` some of its bytes. A folder on a disk answers by seeking, a web server by an HTTP range, a dropped file by
 * `slice()`, memory by a view. What a file holds is said in its first bytes, so a few kilobytes suffice to list all tensors of a model of
 * gigabytes, and after that each tensor is read alone.
 *
 * **Formula.** With tensors of $b_1, \dots, b_n$ bytes in the file, of which loading makes weights of $w_1, \dots, w_n$ bytes one after the other, the memory in use is at most
 *
 * $$\sum_i w_i + \max_i b_i \qquad \text{and not} \qquad \sum_i w_i + \sum_i b_i$$
 *
 * | symbol | in code         | meaning                                          |
 * | ------ | --------------- | ------------------------------------------------ |
 * | $b_i$  | `end - begin`   | bytes of a tensor in the file                    |
 * | $w_i$  | `tensor`        | bytes of the weights that are made of it         |
 *
 * ```diagram
 * one tensor after the other
 * [weights by name](weights.ts)
 * name, begin, end
 * [header of each file](weights.ts)
 * the first bytes
 * [open, read a range]
 * folder, URL, dropped files, memory
 * ```
 *
 * **By hand.** A file of 1000 bytes is read from byte 100 to byte 104: that is 4 bytes, and 996 were not touched.
 *
 * ```ts
 * import { bytesSource } from "@heed/heed/pretrained";
 *
 * const numbers = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
 * const source = bytesSource(new Map([["numbers.bin", numbers]]));
 * const file = (await source.open("numbers.bin"))!;
 * const found = await file.read(100, 104);
 * console.log(file.size, found.length, file.size - found.length, [...found].join(" "));
 * ```
 *
 * ```text
 * 1000 4 996 100 101 102 103
 * ```
 *
 * **What a model's folder holds.**
 *
 * | file                            | holds                                                     |
 * | ------------------------------- | --------------------------------------------------------- |
 * | `config.json`                   | the architecture and its sizes                            |
 * | `model.safetensors`             | the weights, in one [file](../../06_training/safetensors.ts) |
 * | `model.safetensors.index.json`  | which of several such files has which tensor              |
 * | `tokenizer.json`                | how text becomes tokens                                   |
 * | `generation_config.json`        | how its authors generate with it                          |
 * | `*.gguf`                        | all of that in [one file](gguf.ts), weights in blocks     |
 *
 * @module
 */

import { checkText, requireRange, requireWhole } from "../../engine/arguments.ts";
import { type Json, parseJson, quote } from "../../engine/json.ts";
import { aByteArray } from "../../06_training/safetensors.ts";
import {
  abortSignal,
  callback,
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  mapByName,
  object,
} from "../../engine/options.ts";

/** How something is read. */
export interface ReadOptions {
  /** Stops the reading, with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
}

/** A file of which any part can be read. */
export interface ByteFile {
  /** Bytes of the whole file. */
  readonly size: number;
  /**
   * Reads a part.
   *
   * @param begin the first byte
   * @param end the byte after the last one
   * @param options what stops it; nothing does by default
   * @returns exactly that many bytes
   */
  read(begin: number, end: number, options?: ReadOptions): Promise<Uint8Array>;
}

/** Named files, wherever they lie. */
export interface ModelSource {
  /** Where they lie, for messages. */
  readonly name: string;
  /**
   * Opens a file.
   *
   * @param path such as `config.json`
   * @param options what stops it; nothing does by default
   * @returns nothing where there is no such file
   */
  open(path: string, options?: ReadOptions): Promise<ByteFile | undefined>;
  /**
   * The names of all files; absent where they cannot be listed, as behind a plain web server.
   *
   * @param options what stops it; nothing does by default
   * @returns paths, in any order
   */
  list?(options?: ReadOptions): Promise<readonly string[]>;
}

// ## Files in memory, and files that were dropped

/**
 * Files that are in memory already.
 *
 * @param files bytes by name; they are not copied
 * @param name where they are from, for messages; `memory` by default
 * @returns a source
 * @throws {TypeError} if something is not bytes
 */
export function bytesSource(files: ReadonlyMap<string, Uint8Array>, name = "memory"): ModelSource {
  checkText("open files", "name", name);
  checkValue("open files", "files", files, mapByName());
  for (const [path, bytes] of files) checkValue("open files", path, bytes, aByteArray);
  const held = new Map(files);
  return {
    name,
    open(path, options) {
      options?.signal?.throwIfAborted();
      const bytes = held.get(path);
      return Promise.resolve(bytes && bytesFile(bytes));
    },
    list: () => Promise.resolve([...held.keys()]),
  };
}

/** Bytes as a file: what is read is a view. */
function bytesFile(bytes: Uint8Array): ByteFile {
  return {
    size: bytes.length,
    read(begin, end, options) {
      options?.signal?.throwIfAborted();
      requireRange(begin, end, bytes.length);
      return Promise.resolve(bytes.subarray(begin, end));
    },
  };
}

/** What a page gives for a file that a reader has chosen: a name, perhaps with folders, and bytes to slice. */
export interface DroppedFile {
  /** Its own name. */
  readonly name: string;
  /** Its place in a chosen folder, `folder/config.json`; absent or empty for a single file. */
  readonly webkitRelativePath?: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** A part. */
  slice(begin: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/**
 * Files that a reader has chosen or dropped on a page.
 *
 * Of a chosen folder, its own name is not part of the names. Nothing is read before it is asked for.
 *
 * @param files `File`s of a page
 * @returns a source
 * @throws {TypeError} if something is not a file
 */
export function droppedSource(files: Iterable<DroppedFile>): ModelSource {
  checkValue("open files", "files", files, aList);
  const all = [...files];
  for (const file of all) checkValue("open files", "file", file, aFile);
  const paths = all.map(({ name, webkitRelativePath }) => (webkitRelativePath || name).split("/"));
  const folder = paths.length > 0 && paths.every((path) => path.length > 1 && path[0] === paths[0]![0]);
  const held = new Map(all.map((file, i) => [paths[i]!.slice(folder ? 1 : 0).join("/"), file]));
  return {
    name: folder ? paths[0]![0]! : "the chosen files",
    open(path, options) {
      options?.signal?.throwIfAborted();
      const file = held.get(path);
      return Promise.resolve(file && droppedFile(path, file));
    },
    list: () => Promise.resolve([...held.keys()]),
  };
}

function droppedFile(path: string, file: DroppedFile): ByteFile {
  return {
    size: file.size,
    async read(begin, end, options) {
      requireRange(begin, end, file.size);
      options?.signal?.throwIfAborted();
      const bytes = new Uint8Array(await file.slice(begin, end).arrayBuffer());
      options?.signal?.throwIfAborted();
      return requireWhole(bytes, begin, end, path);
    },
  };
}

const aList: Check<Iterable<DroppedFile>> = {
  must: "a list of files",
  fits: (value) => typeof value === "object" && value !== null && Symbol.iterator in value,
};
const aFile: Check<DroppedFile> = object<DroppedFile>(
  "a file with name, size and slice()",
  (value) => "name" in value && "size" in value && "slice" in value,
);

// ## What readers of a source need

/** A source, from outside. */
export const sourceCheck: Check<ModelSource> = object<ModelSource>(
  "a source of files, such as folderSource() or bytesSource() make",
  (value) => typeof (value as ModelSource).open === "function" && "name" in value,
);

/** Most bytes of a text such as `config.json`. */
const MAX_TEXT = 2 ** 26;

/**
 * Reads a file as text.
 *
 * @param source where it lies
 * @param path its name
 * @param options what stops it; nothing does by default
 * @returns nothing where there is no such file
 * @throws {RangeError} if it is longer than 64 MiB
 * @throws {SyntaxError} if it is not UTF-8
 */
export async function readText(
  source: ModelSource,
  path: string,
  options: ReadOptions = {},
): Promise<string | undefined> {
  checkValue("read a text", "source", source, sourceCheck);
  checkText("read a text", "path", path);
  checkOptions("read a text", options, readChecks);
  const file = await source.open(path, options);
  if (!file) return undefined;
  if (file.size > MAX_TEXT) {
    throw new RangeError(`Cannot read ${quote(path)} of ${file.size} bytes as a text: the limit is ${MAX_TEXT}`);
  }
  const bytes = await file.read(0, file.size, options);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError(`Cannot read ${quote(path)}: it is not UTF-8`);
  }
}

/**
 * Reads a file of JSON.
 *
 * @param source where it lies
 * @param path its name
 * @param options what stops it; nothing does by default
 * @returns nothing where there is no such file
 * @throws {SyntaxError} if it is no JSON
 */
export async function readJson(
  source: ModelSource,
  path: string,
  options: ReadOptions = {},
): Promise<Json | undefined> {
  const text = await readText(source, path, options);
  return text === undefined ? undefined : parseJson(text, quote(path));
}

/** What {@linkcode ReadOptions} may be. */
export const readChecks: Checks<ReadOptions> = { signal: abortSignal };

/** How far the reading of tensors has come. */
export interface LoadProgress {
  /** Bytes that were read. */
  readonly loaded: number;
  /** Bytes of all tensors that are wanted. */
  readonly total: number;
  /** The tensor that was read last. */
  readonly tensor: string;
}

/** How tensors are read. */
export interface LoadOptions extends ReadOptions {
  /** Hears of every tensor that was read, and is waited for; nobody by default. */
  readonly onProgress?: ((progress: LoadProgress) => void | Promise<void>) | undefined;
}

/** What {@linkcode LoadOptions} may be. */
export const loadChecks: Checks<LoadOptions> = { ...readChecks, onProgress: callback() };

// ## Pitfall: reading it all
//
// `await (await fetch(url)).arrayBuffer()` is short, and it needs the whole file in memory beside the weights that are made of it: of a model of two gigabytes, four. The test "tensors are read one at a time" counts the bytes that are
// held at once.

// ## Exercise
//
// Write a source for files inside an uncompressed archive, whose table of contents is at its end.
//
// **Hint.** `open` needs the place of each file in the archive; `read` adds it to both ends of its range.
