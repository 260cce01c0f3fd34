/** The class of open files, which no module names: its methods can be replaced by ones that fail. */

import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What reads and writes open files, by the arguments that the sources give. */
export interface FileHandles {
  read(this: FileHandle, into: Uint8Array, offset: number, length: number, at: null): Promise<{ bytesRead: number }>;
  write(
    this: FileHandle,
    from: Uint8Array,
    offset: number,
    length: number,
    at: null,
  ): Promise<{ bytesWritten: number }>;
}

/** The methods that all open files share. */
export async function fileHandles(): Promise<FileHandles> {
  const file = await open(fileURLToPath(import.meta.url), "r");
  await file.close();
  return Object.getPrototypeOf(file) as FileHandles;
}
