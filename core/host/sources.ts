/**
 * # Models on the disk
 *
 * A folder, or a single file, as a source of a model's files. What is read is a part of a regular file, and a file that is written
 * while it is read is noticed.
 *
 * @module
 */

import { open, readdir, stat } from "node:fs/promises";
import type { ByteFile, ModelSource, ReadOptions } from "../08_pretrained/files/mod.ts";
import { requireRange, requireWhole } from "../engine/arguments.ts";
import { type Check, checkValue } from "../engine/options.ts";
import { FileError, systemReason } from "./reasons.ts";
import type { ModelSink } from "../08_pretrained/export/sink.ts";
import { kindOf, makeFolder, named, replaceFileBy, unlessMissing } from "./storage.ts";

const pathCheck: Check<string> = {
  must: "the path of a folder or a file",
  fits: (value) => typeof value === "string" && value !== "",
};

/**
 * A model on the disk, in Deno, Node and Bun.
 *
 * In Deno, reading needs `--allow-read=PATH`.
 *
 * @example
 * ```ts ignore
 * import { openWeights } from "@heed/heed/pretrained";
 * import { folderSource } from "@heed/heed/host";
 *
 * const weights = await openWeights(folderSource("SmolLM2-135M-Instruct"));
 * console.log(weights.places.size);
 * ```
 *
 * @param path of a folder, or of a single file such as a GGUF
 * @returns a source; nothing is read before it is asked for
 * @throws {FileError} when a file cannot be read, by the methods of what is returned
 */
export function folderSource(path: string): ModelSource {
  checkValue("open a model", "path", path, pathCheck);
  const isFile = async (): Promise<boolean> => {
    const info = await unlessMissing(() => naming(path, () => stat(path)));
    if (!info) throw new FileError(`Cannot read ${named(path)}: there is no such file or folder`);
    return info.isFile();
  };
  const nameOf = (whole: string): string => whole.replace(/^.*[/\\]/, "");
  return {
    name: path,
    async open(name, options) {
      options?.signal?.throwIfAborted();
      requireName(name);
      const whole = await isFile() ? name === nameOf(path) ? path : undefined : `${path}/${name}`;
      return whole === undefined ? undefined : await openFile(whole);
    },
    async list() {
      if (await isFile()) return [nameOf(path)];
      const root = path.replace(/[/\\]+$/, "") || path;
      const found = await naming(root, () => readdir(root, { withFileTypes: true, recursive: true }));
      // Links are listed too: a cache of models consists of them.
      return found.filter((entry) => entry.isFile() || entry.isSymbolicLink())
        .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.length + 1).replaceAll("\\", "/"))
        .toSorted();
    },
  };
}

/**
 * A folder as a place for the files of a model, in Deno, Node and Bun.
 *
 * A file is written beside the old one and takes its place in one step. The folder is made when the first file is written.
 * In Deno, writing needs `--allow-read=FOLDER` and `--allow-write=FOLDER`.
 *
 * @example
 * ```ts ignore
 * import { savePretrained } from "@heed/heed/pretrained";
 * import { folderSink } from "@heed/heed/host";
 *
 * await savePretrained(model, folderSink("my-model"), { tokenizer });
 * ```
 *
 * @param folder its path
 * @returns a place; nothing is made before something is written
 * @throws {FileError} when a file cannot be written, by the method of what is returned
 */
export function folderSink(folder: string): ModelSink {
  checkValue("save a model", "folder", folder, folderCheck);
  return {
    name: folder,
    async write(path, parts, options) {
      requireName(path);
      const whole = `${folder}/${path}`;
      await naming(whole, async () => {
        const parent = whole.replace(/\/[^/]*$/, "");
        if (!await unlessMissing(() => stat(parent))) await makeFolder(parent);
        await replaceFileBy(whole, parts, options?.signal);
      }, { action: "write", signal: options?.signal });
    },
  };
}

const folderCheck: Check<string> = {
  must: "the path of a folder",
  fits: (value) => typeof value === "string" && value !== "",
};

/** Refuses a name that leads out of the folder. */
function requireName(name: string): void {
  const parts = typeof name === "string" ? name.split("/") : [""];
  if (parts.every((part) => /^[^\\\p{C}]+$/u.test(part) && part !== "." && part !== "..")) return;
  throw new RangeError(`Cannot open ${JSON.stringify(name)}: it must name a file in the folder`);
}

async function openFile(path: string): Promise<ByteFile | undefined> {
  const info = await naming(path, () => unlessMissing(() => stat(path)));
  if (!info) return undefined;
  if (!info.isFile()) throw new FileError(`Cannot read ${named(path)}: it is ${kindOf(info)}, and a file is needed`);
  const { size, mtimeMs } = info;
  return {
    size,
    async read(begin, end, { signal }: ReadOptions = {}) {
      requireRange(begin, end, size);
      signal?.throwIfAborted();
      return await naming(path, async () => {
        const file = await open(path, "r");
        try {
          const now = await file.stat();
          if (now.size !== size || now.mtimeMs !== mtimeMs) {
            throw new FileError(`Cannot read ${named(path)}: it has changed since it was opened`);
          }
          const bytes = new Uint8Array(end - begin);
          let filled = 0;
          while (filled < bytes.length) {
            signal?.throwIfAborted();
            const part = bytes.subarray(filled, filled + BLOCK);
            const { bytesRead } = await file.read(part, 0, part.length, begin + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return requireWhole(bytes.subarray(0, filled), begin, end, path);
        } finally {
          await file.close();
        }
      }, { signal });
    },
  };
}

/** Bytes that are asked for at once. */
const BLOCK = 2 ** 24;

/** Turns what the system reports into one sentence that names the file. */
async function naming<T>(
  path: string,
  work: () => Promise<T>,
  { action = "read", signal }: { readonly action?: "read" | "write"; readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileError || signal?.aborted) throw error;
    if ((error as { readonly code?: unknown }).code === undefined && (error as Error).name !== "NotCapable") {
      throw error;
    }
    throw new FileError(`Cannot ${action} ${named(path)}: ${systemReason(error)}`, { cause: error });
  }
}
