/**
 * # The folder of a run
 *
 * A run owns the folder that it saves in: a lock keeps every other run out, and what a killed one left half written is
 * removed. The lock is the system's own, on a file, so that it ends with the process however that ends; a file that
 * stays behind locks nothing. A run that saved nothing leaves no folder behind that was not there before.
 *
 * Hours pass between two savings, and meanwhile a folder can be moved, or something else can be put in its place. A run
 * therefore looks before it saves, and what is not its own it leaves alone: it goes on in a folder beside.
 *
 * @module
 */

import { lstat, stat } from "node:fs/promises";
import { kindOf, tryFile } from "../host/storage.ts";
import { DataError, escapeControl, quote, UsageError } from "./errors.ts";
import { makeFolder, withPath, writeFile } from "./files.ts";
import { MODEL_FILE } from "./model_kinds.ts";

/** The file that is locked. */
const LOCK = "training.lock";

/** Half files of this program. */
const PARTIAL = new RegExp(`^${MODEL_FILE.replace(".", "\\.")}\\.[0-9a-f]{8}\\.partial$`);

/** Names that are tried for a folder beside. */
const MOST_NAMES = 20;

/** What a run holds of a folder. */
interface Hold {
  readonly path: string;
  readonly lock: Deno.FsFile;
  /** Folders that were made for it, the deepest first. */
  readonly made: readonly string[];
}

/** The folder of a run, which is its own until it is disposed of. */
export class RunFolder implements AsyncDisposable {
  #hold: Hold;
  /** The model that this run read, may replace, or wrote. */
  #own: string;

  /** Made by {@linkcode takeFolder}. */
  constructor(hold: Hold, own: string) {
    this.#hold = hold;
    this.#own = own;
  }

  /** Where it is. */
  get path(): string {
    return this.#hold.path;
  }

  /** Where it is, safe to print. */
  get label(): string {
    return escapeControl(this.path);
  }

  /**
   * Saves a model: in this folder, or in one beside if something else has taken its place.
   *
   * @throws {DataError} if it cannot be written
   */
  async save(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { path, lock } = this.#hold;
    if (!await isAt(lock, path) || !this.#mayReplace(await modelIn(path))) await this.#move();
    await writeFile(`${this.path}/${MODEL_FILE}`, bytes);
    this.#own = await modelIn(this.path);
  }

  /**
   * Finds out whether there is room for a model before hours are spent on it.
   *
   * @throws {DataError} if it cannot be written
   */
  async requireRoom(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = `${this.path}/${MODEL_FILE}`;
    await withPath("write", path, () => tryFile(path, bytes));
  }

  /** A model that has been removed is replaced as well. */
  #mayReplace(found: string): boolean {
    return found === NONE || found === this.#own;
  }

  /** Takes the folder again where it was moved away, or one beside. */
  async #move(): Promise<void> {
    const { path } = this.#hold;
    let reason: unknown = new DataError(`Cannot save in ${quote(path)}: something else has taken its place`);
    for (let i = 1; i <= MOST_NAMES; i++) {
      try {
        const hold = await take(i === 1 ? path : `${beside(path)}-${i}`);
        if (this.#mayReplace(await modelIn(hold.path))) {
          await release(this.#hold);
          this.#hold = hold;
          return;
        }
        await release(hold);
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  }

  /** Gives it back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await release(this.#hold);
  }
}

/**
 * Takes a folder for a run, until it is disposed of.
 *
 * @throws {DataError} if nothing can be written there, or another run has it
 */
export async function takeFolder(folder: string): Promise<RunFolder> {
  if (folder.endsWith(".safetensors")) {
    throw new UsageError(`Cannot save to ${quote(folder)}: --out must name a folder`);
  }
  const hold = await take(folder);
  return new RunFolder(hold, await modelIn(folder));
}

async function take(path: string): Promise<Hold> {
  const made = await missing(path);
  try {
    await makeFolder(path);
    await requireFiles(path);
    const lock = await withPath("write", path, () => takeLock(path));
    await removePartial(path);
    return { path, lock, made };
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

/** The name goes first: a run that opens it now, and locks it later, sees that it is gone. */
async function release({ path, lock, made }: Hold): Promise<void> {
  if (await isAt(lock, path)) await Deno.remove(`${path}/${LOCK}`).catch(() => {});
  lock.close();
  await removeEmpty(made);
}

/** What the name of a folder beside begins with; one that has no name of its own gets it inside. */
function beside(path: string): string {
  const bare = path.replace(/[/\\]+$/, "");
  return /(^|[/\\])\.{0,2}$/.test(bare) ? `${bare}/model` : bare;
}

/** Refuses, before anything is trained, a folder in which a name that is needed is no file. */
async function requireFiles(path: string): Promise<void> {
  const [lock, model] = await Promise.all([
    lstat(`${path}/${LOCK}`).catch(() => undefined),
    stat(`${path}/${MODEL_FILE}`).catch(() => undefined),
  ]);
  for (const [name, info] of [[LOCK, lock], [MODEL_FILE, model]] as const) {
    if (!info || info.isFile()) continue;
    throw new DataError(`Cannot save in ${quote(path)}: its ${name} is ${kindOf(info)}; --out names another folder`);
  }
}

async function takeLock(folder: string): Promise<Deno.FsFile> {
  const path = `${folder}/${LOCK}`;
  while (true) {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    let isOurs = false;
    try {
      // A file system without locks cannot keep anybody out.
      if (!await file.tryLock(true).catch(() => true)) {
        throw new DataError(
          `Cannot save in ${quote(folder)}: another run is training there; --out names another folder`,
        );
      }
      isOurs = true;
      // What is not on the disk now would not be there after an hour either.
      await file.write(new Uint8Array(1));
      if (await isAt(file, folder)) return file;
    } catch (error) {
      if (isOurs) await Deno.remove(path).catch(() => {});
      file.close();
      throw error;
    }
    file.close();
  }
}

/** Whether a lock is still the one of a folder. */
async function isAt(lock: Deno.FsFile, folder: string): Promise<boolean> {
  // With some permissions only, Deno looks for the open file by its path, which may be gone.
  const [own, named] = await Promise.all([lock.stat(), Deno.stat(`${folder}/${LOCK}`)]).catch(() => []);
  return own !== undefined && named !== undefined && named.ino === own.ino && named.dev === own.dev;
}

/** No model at all. */
const NONE = "";

/** What tells the model in a folder from any other that could be there. */
async function modelIn(folder: string): Promise<string> {
  try {
    const { ino, size, mtime } = await Deno.stat(`${folder}/${MODEL_FILE}`);
    return `${ino} ${size} ${mtime?.getTime()}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? NONE : "unknown";
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
      // Somebody may have put a file in its place.
      if (!(await Deno.lstat(folder)).isDirectory) return;
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
