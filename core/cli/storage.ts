/**
 * # Files that are whole
 *
 * A folder as the place for checkpoints. New bytes go to a temporary file in the same folder,
 * are forced to the disk, and take the place of the old file in one rename: a crash at any
 * moment leaves the old file or the new one, never a part of either.
 *
 * @module
 */

import type { CheckpointStorage } from "../06_training/checkpoints.ts";

/**
 * A folder as a place for checkpoints; it must exist.
 *
 * @param folder path of the folder
 * @returns files of that folder by name
 */
export function folderStorage(folder: string): CheckpointStorage {
  const pathOf = (name: string): string => {
    if (!/^[^/\\\p{C}]+$/u.test(name) || name === "." || name === "..") {
      throw new RangeError(`Cannot use ${JSON.stringify(name)} as a file name: it must name a file in the folder`);
    }
    return `${folder}/${name}`;
  };
  return {
    async read(name: string): Promise<Uint8Array | undefined> {
      try {
        return await Deno.readFile(pathOf(name));
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
 * Replaces a file in one step; on an error the old one is untouched.
 *
 * @param path of the file
 * @param bytes its new contents
 */
export async function replaceFile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
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
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
