/// <reference lib="dom" />
/**
 * # Models that are kept
 *
 * **Question.** A reader would rather not drop a hundred megabytes again tomorrow. Where do they stay, and how does the reader know?
 *
 * **Idea.** In the browser's own file system for this site, only if the reader says so, and listed with a button that removes them.
 * Each model is a folder; a list of its files is written last, so that a folder without one is known to be incomplete.
 *
 * @module
 */

import type { PlacedFile } from "./protocol.ts";

/** A model that is kept. */
export interface KeptModel {
  /** Its folder. */
  readonly folder: string;
  readonly name: string;
  readonly bytes: number;
  /** Whether all of it is there. */
  readonly isWhole: boolean;
}

/** What is written last. */
interface About {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** How files are kept. */
export interface KeepOptions {
  readonly signal: AbortSignal;
  /** Hears of the progress, and is waited for. */
  readonly onProgress: (done: number) => Promise<void>;
}

const ROOT = "heed-models", ABOUT = "about.json";

/** Bytes that are written at once. */
const PIECE = 2 ** 22;

/** Files of a folder that are read here; weights in other formats are not. */
const READ = /\.(safetensors|gguf|json|txt|model|jinja)$/i;

/** Whether this browser keeps files for a page. */
export const canKeep = (): boolean => typeof navigator.storage?.getDirectory === "function";

async function rootFolder(): Promise<FileSystemDirectoryHandle> {
  return await (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
}

/** Names of files have no separators; these are part of a path. */
const nameOf = (path: string): string => `file ${encodeURIComponent(path)}`;

async function aboutOf(folder: FileSystemDirectoryHandle): Promise<About | undefined> {
  try {
    return JSON.parse(await (await (await folder.getFileHandle(ABOUT)).getFile()).text()) as About;
  } catch {
    return undefined;
  }
}

/** The models that are kept, by name; folders of models that were not kept to the end among them. */
export async function listKept(): Promise<KeptModel[]> {
  if (!canKeep()) return [];
  const found: KeptModel[] = [];
  const entries = (await rootFolder()) as unknown as AsyncIterable<[string, FileSystemDirectoryHandle]>;
  for await (const [folder, handle] of entries) {
    const about = await aboutOf(handle);
    const bytes = about?.files.reduce((sum, { size }) => sum + size, 0) ?? 0;
    found.push({ folder, name: about?.name ?? decodeURIComponent(folder), bytes, isWhole: about !== undefined });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The files of a model that is kept. */
export async function keptFiles(folder: string): Promise<PlacedFile[]> {
  const handle = await (await rootFolder()).getDirectoryHandle(folder), about = await aboutOf(handle);
  if (!about) throw new RangeError("This model was not kept to the end: remove it, and keep it again");
  return await Promise.all(about.files.map(async ({ path }) => ({
    path,
    file: await (await handle.getFileHandle(nameOf(path))).getFile(),
  })));
}

/** Removes a model. */
export async function forget(folder: string): Promise<void> {
  await (await rootFolder()).removeEntry(folder, { recursive: true });
}

/** The door to a file that only a worker has, and all browsers have there. */
interface SyncHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

async function writeFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  file: Blob,
  onPiece: (bytes: number) => Promise<void>,
): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true }) as unknown as {
    createSyncAccessHandle(): Promise<SyncHandle>;
  };
  const door = await handle.createSyncAccessHandle();
  try {
    for (let at = 0; at < file.size; at += PIECE) {
      const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
      if (door.write(piece, { at }) !== piece.length) throw new RangeError("The browser has no room for all of it");
      await onPiece(piece.length);
    }
    door.flush();
  } finally {
    door.close();
  }
}

/**
 * Keeps the files of a model; runs in a worker.
 *
 * @param name of the model
 * @param files all that was dropped; what is not read here is left out
 * @param options who hears of it, and what stops it
 * @throws {RangeError} if the browser has no room for it; nothing stays then
 */
export async function keep(name: string, files: readonly PlacedFile[], options: KeepOptions): Promise<void> {
  const { signal, onProgress } = options, wanted = files.filter(({ path }) => READ.test(path));
  const total = wanted.reduce((sum, { file }) => sum + file.size, 0);
  const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
  if (quota - usage < total) {
    const megabytes = (bytes: number): string => Math.max(0, bytes / 1e6).toFixed(0);
    throw new RangeError(
      `Cannot keep ${name}: it has ${megabytes(total)} MB, and the browser leaves ${
        megabytes(quota - usage)
      } MB to this site`,
    );
  }
  const root = await rootFolder(),
    own = encodeURIComponent(name),
    folder = await root.getDirectoryHandle(own, {
      create: true,
    });
  try {
    let done = 0;
    for (const { path, file } of wanted) {
      await writeFile(folder, nameOf(path), file, async (bytes) => {
        signal.throwIfAborted();
        await onProgress((done += bytes) / total);
      });
    }
    const about: About = { name, files: wanted.map(({ path, file }) => ({ path, size: file.size })) };
    await writeFile(folder, ABOUT, new Blob([JSON.stringify(about)]), async () => {});
  } catch (error) {
    await root.removeEntry(own, { recursive: true });
    throw error;
  }
}
