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

import type { CheckpointStorage } from "../06_training/checkpoints.ts";
import { checkValue, string } from "../engine/options.ts";
import { DataError, quote } from "./errors.ts";

/** Most bytes of a file that is read as a whole. */
export const MAX_FILE: number = 2 ** 32;

/**
 * A folder as a place for checkpoints; it must exist.
 *
 * @param folder path of the folder
 * @returns files of that folder by name
 */
export function folderStorage(folder: string): CheckpointStorage {
  checkValue("use a folder", "folder", folder, string);
  const pathOf = (name: string): string => {
    if (!/^[^/\\\p{C}]+$/u.test(name) || name === "." || name === "..") {
      throw new RangeError(`Cannot use ${JSON.stringify(name)} as a file name: it must name a file in the folder`);
    }
    return `${folder}/${name}`;
  };
  return {
    async read(name: string): Promise<Uint8Array | undefined> {
      try {
        return await readWhole(pathOf(name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    async writeAtomically(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
      await replaceFile(pathOf(name), bytes);
    },
  };
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
 * @throws {DataError} if it is no regular file, too large, or changes while it is read
 */
export async function readWhole(path: string, look?: Look): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (reason: string): never => {
    throw new DataError(`Cannot read ${quote(path)}: ${reason}`);
  };
  // Before it is opened: to open a pipe is to wait for its writer.
  requireFile(await Deno.stat(path), refuse);
  const file = await Deno.open(path);
  try {
    const before = await file.stat(), { size } = before;
    requireFile(before, refuse);
    if (size > MAX_FILE) refuse(`it has ${size} bytes, and at most ${MAX_FILE} are read`);
    const bytes = allocate(size) ?? refuse(`it has ${size} bytes, and the memory is too small`);
    let filled = 0;
    const front = async (end: number): Promise<Uint8Array<ArrayBuffer>> => {
      while (filled < end) {
        const count = await file.read(bytes.subarray(filled, Math.min(end, filled + BLOCK)));
        if (count === null) refuse(`it ended after ${filled} of ${size} bytes`);
        else filled += count;
      }
      return bytes.subarray(0, filled);
    };
    await look?.(front, size);
    await front(size);
    const after = await file.stat();
    if (after.size !== size || after.mtime?.getTime() !== before.mtime?.getTime()) {
      refuse("it changed while it was read");
    }
    return bytes;
  } finally {
    file.close();
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

function requireFile(info: Deno.FileInfo, refuse: (reason: string) => never): void {
  if (!info.isFile) refuse(`it is ${kindOf(info)}, and a file is needed`);
}

/** What something is that is no regular file, in words. */
export function kindOf(info: Deno.FileInfo): string {
  if (info.isSymlink) return "a link";
  if (info.isDirectory) return "a folder";
  if (info.isFifo) return "a pipe";
  return info.isSocket ? "a socket" : "a device";
}

/**
 * Replaces a file in one step; on an error the old one is untouched.
 *
 * @param path of the file
 * @param bytes its new contents
 */
export async function replaceFile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await writeBeside(path, bytes, (temporary) => Deno.rename(temporary, path));
}

/**
 * Tries whether a file could be replaced, and leaves everything as it was.
 *
 * @param path of the file
 * @param bytes what would be its new contents
 */
export async function tryFile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await writeBeside(path, bytes, (temporary) => Deno.remove(temporary));
}

async function writeBeside(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  finish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.partial`;
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      // The name must not point to the new bytes before they are on the disk.
      await file.sync();
    } finally {
      file.close();
    }
    await finish(temporary);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
