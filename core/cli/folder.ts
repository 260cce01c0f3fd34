/**
 * # The folder of a run
 *
 * A run owns the folder that it saves in: a lock keeps every other run out, and what a killed one left half written is
 * removed. The lock is the system's own, on a file, so that it ends with the process however that ends; a file that
 * stays behind locks nothing. A run that saved nothing leaves no folder behind that was not there before.
 *
 * @module
 */

import { DataError, quote, UsageError } from "./errors.ts";
import { makeFolder, withPath } from "./files.ts";
import { MODEL_FILE } from "./models.ts";

/** The file that is locked. */
const LOCK = "training.lock";

/** Half files of this program. */
const PARTIAL = new RegExp(`^${MODEL_FILE.replace(".", "\\.")}\\.[0-9a-f]{8}\\.partial$`);

/**
 * Takes a folder for a run, until it is disposed of.
 *
 * @throws {DataError} if nothing can be written there, or another run has it
 */
export async function takeFolder(folder: string): Promise<AsyncDisposable> {
  if (folder.endsWith(".safetensors")) {
    throw new UsageError(`Cannot save to ${quote(folder)}: --out must name a folder`);
  }
  const made = await missing(folder);
  try {
    await makeFolder(folder);
    const lock = await withPath("write", folder, () => takeLock(folder));
    await removePartial(folder);
    return {
      async [Symbol.asyncDispose]() {
        // The name goes first: a run that opens it now, and locks it later, sees that it is gone.
        await Deno.remove(`${folder}/${LOCK}`).catch(() => {});
        lock.close();
        await removeEmpty(made);
      },
    };
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

async function takeLock(folder: string): Promise<Deno.FsFile> {
  const path = `${folder}/${LOCK}`;
  while (true) {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      // A file system without locks cannot keep anybody out.
      if (!await file.tryLock(true).catch(() => true)) {
        throw new DataError(
          `Cannot save in ${quote(folder)}: another run is training there; --out names another folder`,
        );
      }
      // What is not on the disk now would not be there after an hour either.
      await file.write(new Uint8Array(1));
      const [own, named] = [await file.stat(), await Deno.stat(path).catch(() => undefined)];
      if (named && named.ino === own.ino) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/** The folders that would have to be made, the deepest first. */
async function missing(folder: string): Promise<string[]> {
  const made: string[] = [];
  for (let path = folder.replace(/[/\\]+$/, ""); path !== "" && path !== "."; path = parentOf(path)) {
    if (await Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound))) break;
    made.push(path);
  }
  return made;
}

function parentOf(path: string): string {
  return /^(.*)[/\\]+[^/\\]*$/s.exec(path)?.[1] ?? "";
}

/** Removes folders that were made for nothing. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await Deno.remove(folder);
    } catch {
      return;
    }
  }
}

/** Removes what killed runs left half written; whoever holds the lock knows that nobody writes. */
async function removePartial(folder: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && PARTIAL.test(name)) await Deno.remove(`${folder}/${name}`).catch(() => {});
  }
}
