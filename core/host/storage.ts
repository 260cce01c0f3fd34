/**
 * # Files that are whole
 *
 * A folder as the place for checkpoints. New bytes go to a temporary file in the same folder,
 * are forced to the disk, and take the place of the old file in one rename: a crash at any
 * moment leaves the old file or the new one, never a part of either.
 *
 * What is read is a regular file whose size is known, and all of it goes into one buffer of that size: a device without an
 * end is no file, and what was cut off or written meanwhile is noticed.
 *
 * @module
 */

import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import type { CheckpointStorage } from "../06_training/checkpoints.ts";
import { checkInstance } from "../engine/arguments.ts";
import { type Check, checkValue } from "../engine/options.ts";
import { quote } from "../engine/shown.ts";
import { FileError, systemReason } from "./reasons.ts";

/** Most bytes of a file that is read as a whole. */
export const MAX_FILE: number = 2 ** 32;

const pathCheck: Check<string> = {
  must: "the path of a folder",
  fits: (value) => typeof value === "string" && value !== "",
};

/**
 * A folder as a place for checkpoints, in Deno, Node and Bun.
 *
 * A file is replaced in one step: whoever reads it, and whoever comes after a crash, finds the old bytes or the new ones.
 * The folder is made when the first file is written. A process that is killed while it writes leaves a file
 * `NAME.XXXXXXXX.partial` behind, which nobody reads. Two runs in one folder need two names. A link of that name is read
 * through, and replaced by a file when it is written; a file that is replaced has the permissions of a new one afterwards.
 *
 * In Deno, reading needs `--allow-read=FOLDER`, and writing `--allow-write=FOLDER` as well.
 *
 * @example
 * ```ts ignore
 * import { loadCheckpoint, saveCheckpoint } from "@heed/heed";
 * import { folderStorage } from "@heed/heed/host";
 *
 * const storage = folderStorage("models");
 * await saveCheckpoint(storage, "run", { model, optimizer, batches });
 * await loadCheckpoint(storage, "run", { model, optimizer, batches }); // in another process
 * ```
 *
 * @param folder path of the folder, absolute or from where the program was started
 * @returns files of that folder by name; a name is that of a file in it, and no path
 * @throws {FileError} when a file cannot be read or written, by the methods of what is returned
 */
export function folderStorage(folder: string): CheckpointStorage {
  checkValue("use a folder", "folder", folder, pathCheck);
  const pathOf = (name: string): string => {
    if (typeof name !== "string" || !/^[^/\\\p{C}]+$/u.test(name) || name === "." || name === "..") {
      throw new RangeError(`Cannot use ${JSON.stringify(name)} as a file name: it must name a file in the folder`);
    }
    return `${folder}/${name}`;
  };
  return {
    async read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const path = pathOf(name);
      return await naming("read", path, () => unlessMissing(() => readWhole(path)));
    },
    async writeAtomically(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
      const path = pathOf(name);
      checkInstance("write a file", "bytes", bytes, Uint8Array);
      await naming("write", path, async () => {
        const isWritten = await unlessMissing(() => replaceFile(path, bytes).then(() => true));
        if (isWritten) return;
        await makeFolder(folder);
        await replaceFile(path, bytes);
      });
    },
  };
}

/** Makes a folder. What it lies in is looked at, which Deno asks permission for, only where that is missing too. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOENT") await mkdir(folder, { recursive: true });
    // Another program has made it meanwhile.
    else if (code !== "EEXIST") throw error;
  }
}

/** A path as messages have it; those of Windows keep their single backslashes. */
export const named = (path: string): string => quote(path, 300).replaceAll("\\\\", "\\");

/** What is found, or nothing where a file or folder of the path is missing. */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as { readonly code?: unknown } | null)?.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Turns what the system reports into one sentence that names the file. */
async function naming<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`Cannot ${action} ${named(path)}: ${systemReason(error)}`, { cause: error });
  }
}

/**
 * Looks at the front of a file before the rest is read.
 *
 * @param front the file up to a byte, or further
 * @param size bytes of the whole
 */
export type Look = (front: (end: number) => Promise<Uint8Array<ArrayBuffer>>, size: number) => Promise<void>;

/**
 * Reads a whole file into one buffer of its size.
 *
 * Only a regular file has a size that can be believed: pipes, sockets, devices and folders are refused, and what is too
 * large. The system gives memory as it is filled, so that a file whose front is refused costs no more than its front.
 *
 * @param path of the file, or of a link to it
 * @param look what has to be true before the rest is read
 * @throws {FileError} if it is no regular file, too large, or changes while it is read
 */
export async function readWhole(path: string, look?: Look): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (reason: string): never => {
    throw new FileError(`Cannot read ${named(path)}: ${reason}`);
  };
  // Before it is opened: to open a pipe is to wait for its writer.
  requireFile(await stat(path), refuse);
  const file = await open(path, "r");
  try {
    const before = await file.stat(), { size } = before;
    requireFile(before, refuse);
    if (size > MAX_FILE) refuse(`it has ${size} bytes, and at most ${MAX_FILE} are read`);
    const bytes = allocate(size) ?? refuse(`it has ${size} bytes, and the memory is too small`);
    let filled = 0;
    const front = async (end: number): Promise<Uint8Array<ArrayBuffer>> => {
      while (filled < end) {
        const part = bytes.subarray(filled, Math.min(end, filled + BLOCK));
        const { bytesRead } = await file.read(part, 0, part.length, null);
        if (bytesRead === 0) refuse(`it ended after ${filled} of ${size} bytes`);
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    };
    await look?.(front, size);
    await front(size);
    const after = await file.stat();
    if (after.size !== size || after.mtimeMs !== before.mtimeMs) {
      refuse("it changed while it was read");
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Bytes that are asked for at once. */
const BLOCK = 2 ** 24;

function allocate(size: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(size);
  } catch {
    return undefined;
  }
}

function requireFile(info: FileKind, refuse: (reason: string) => never): void {
  if (!info.isFile()) refuse(`it is ${kindOf(info)}, and a file is needed`);
}

/** What the system says of something that has a name. */
export interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** What something is that is no regular file, in words. */
export function kindOf(info: FileKind): string {
  if (info.isSymbolicLink()) return "a link";
  if (info.isDirectory()) return "a folder";
  if (info.isFIFO()) return "a pipe";
  return info.isSocket() ? "a socket" : "a device";
}

/**
 * Replaces a file in one step; on an error the old one is untouched.
 *
 * @param path of the file
 * @param bytes its new contents
 */
export async function replaceFile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await writeBeside(path, bytes, (temporary) => rename(temporary, path));
}

/**
 * Tries whether a file could be replaced, and leaves everything as it was.
 *
 * @param path of the file
 * @param bytes what would be its new contents
 */
export async function tryFile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await writeBeside(path, bytes, (temporary) => rm(temporary));
}

/**
 * Replaces a file in one step by parts that come one after the other.
 *
 * On an error the old one is untouched.
 *
 * @param path of the file
 * @param parts its new contents, in order
 * @param signal what stops it; nothing does by default
 */
export async function replaceFileBy(
  path: string,
  parts: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  await writeBeside(path, parts, (temporary) => {
    signal?.throwIfAborted();
    return rename(temporary, path);
  });
}

async function writeBeside(
  path: string,
  bytes: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>,
  finish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.partial`;
  try {
    // It fails where a file has this name.
    const file = await open(temporary, "wx");
    try {
      if (bytes instanceof Uint8Array) await writeAll(file, bytes);
      else for await (const part of bytes) await writeAll(file, part);
      // The name must not point to the new bytes before they are on the disk.
      await file.sync();
    } finally {
      await file.close();
    }
    await finish(temporary);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const part = bytes.subarray(written, written + BLOCK);
    written += (await file.write(part, 0, part.length, null)).bytesWritten;
  }
}
