/**
 * # Models from a hub
 *
 * **Question.** `owner/name` stands for a folder of files on a model hub. How do they come to this machine once, whole, and stay there for every program?
 *
 * **Idea.** The hub says of a revision which files it has, how long each is, and its hash. With that the whole of the work is known before the first byte. A file is written under a name of its own, goes on where an earlier
 * attempt ended, and gets its place only when its hash is right. The cache has the folders of Hugging Face's own cache, so that what Python has downloaded is found, and the other way round: `blobs` by hash,
 * `snapshots` with the names of one commit, `refs` from a name such as `main` to a commit.
 *
 * Nothing is asked of any server but the one that is named, and nothing at all if the cache has what is asked for by its commit, or `offline` says so.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import type { ModelSource } from "../08_pretrained/files/mod.ts";
import type { Fetch } from "../08_pretrained/files/url.ts";
import { checkText } from "../engine/arguments.ts";
import {
  abortSignal,
  callback,
  checkFunction,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  string,
} from "../engine/options.ts";
import { type Json, parseJson } from "../engine/json.ts";
import { quote } from "../engine/shown.ts";
import { FileError, systemReason } from "./reasons.ts";
import { folderSource } from "./sources.ts";
import { named, unlessMissing } from "./storage.ts";

/** How far a download has come, over all files. */
export interface DownloadProgress {
  /** Bytes that are there. */
  readonly loaded: number;
  /** Bytes of all files. */
  readonly total: number;
  /** The file that is being read. */
  readonly file: string;
}

/** How a model is downloaded. */
export interface DownloadOptions {
  /** Branch, tag or commit; `"main"` by default. */
  readonly revision?: string;
  /** Which files are wanted, beside all that there are; those of {@linkcode isModelFile} by default. */
  readonly files?: (path: string, all: readonly string[]) => boolean;
  /** The address of the hub; `https://huggingface.co` by default. */
  readonly endpoint?: string;
  /** Who asks, for models that not everybody may read; nobody by default. */
  readonly token?: string;
  /** Asks no server and takes what the cache has; false by default. */
  readonly offline?: boolean;
  /** Hears how far it is, a few times a second; nobody by default. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops, with the signal's reason, and keeps what has come; nothing does by default. */
  readonly signal?: AbortSignal;
}

const downloadChecks: Checks<DownloadOptions> = {
  revision: string,
  files: callback(),
  endpoint: string,
  token: string,
  offline: flag,
  onProgress: callback(),
  signal: abortSignal,
};

/** A file of a revision, as the hub says. */
interface Listed {
  readonly path: string;
  readonly size: number;
  /** Its name among the blobs: SHA-256 of large files, and of small ones what git calls them. */
  readonly hash: string;
}

/** What a revision has. */
interface Listing {
  readonly commit: string;
  readonly files: readonly Listed[];
}

/** Endings of files that a model consists of here. */
const WANTED =
  /(^|\/)(.*\.json|.*\.safetensors|.*\.gguf|.*\.model|vocab\.txt|merges\.txt|.*\.jinja|README\.md|LICENSE.*)$/;

/**
 * Whether a file is part of a model as it is read here: weights as safetensors or GGUF, tokenizer, settings.
 *
 * @param path such as `onnx/model.onnx`
 * @returns false for the same weights in other formats
 */
export function isModelFile(path: string): boolean {
  checkText("look at a file", "path", path);
  return WANTED.test(path) && !/^(onnx|openvino|coreml|flax|tf)\//.test(path);
}

/**
 * Downloads a model from a hub, or finds it in the cache.
 *
 * In Deno it needs `--allow-net=HOST`, `--allow-read=CACHE` and `--allow-write=CACHE`.
 *
 * @example
 * ```ts ignore
 * import { openWeights } from "@heed/heed/pretrained";
 * import { downloadModel } from "@heed/heed/host";
 *
 * const source = await downloadModel("HuggingFaceTB/SmolLM2-135M-Instruct", "models", fetch);
 * const weights = await openWeights(source);
 * ```
 *
 * @param model `owner/name`
 * @param cache a folder, such as that of Hugging Face's own cache
 * @param fetch what asks the server: the global `fetch`
 * @param options revision, which files, progress
 * @returns the files of that revision, on this disk
 * @throws {FileError} if the server refuses, or a file that came has another hash than it should
 */
export async function downloadModel(
  model: string,
  cache: string,
  fetch: Fetch,
  options: DownloadOptions = {},
): Promise<ModelSource> {
  checkValue("download a model", "model", model, { must: "owner/name", fits: isModelName });
  checkValue("download a model", "cache", cache, string);
  checkFunction("download a model", fetch);
  checkOptions("download a model", options, downloadChecks);
  const { revision = "main", offline = false } = options;
  checkValue("download a model", "revision", revision, { must: "a branch, tag or commit", fits: isRevision });
  const folder = `${cache}/models--${model.replace("/", "--")}`;
  return await naming(folder, async () => {
    const commit = await commitOf(folder, revision);
    if (offline || (commit === revision && await isComplete(folder, commit))) {
      if (commit && await exists(`${folder}/snapshots/${commit}`)) return folderSource(`${folder}/snapshots/${commit}`);
      throw new FileError(
        `Cannot use ${quote(model)} offline: the cache ${named(cache)} has no revision ${quote(revision)}`,
      );
    }
    const download = new Download(folder, model, fetch, options);
    const listed = await download.list(revision);
    await download.run(listed.files);
    await finish(folder, revision, listed, options.files === undefined);
    return folderSource(`${folder}/snapshots/${listed.commit}`);
  });
}

function isModelName(value: unknown): boolean {
  return typeof value === "string" && /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(value) && !value.includes("..");
}

function isRevision(value: unknown): boolean {
  return typeof value === "string" && /^\w[\w.+-]*(\/[\w][\w.+-]*)*$/.test(value) && !value.includes("..");
}

// ## What the cache has

const exists = async (path: string): Promise<boolean> => await unlessMissing(() => stat(path)) !== undefined;

/** The commit that a revision stands for, as far as the cache knows. */
async function commitOf(folder: string, revision: string): Promise<string | undefined> {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision;
  const text = await unlessMissing(() => readFile(`${folder}/refs/${revision}`, "utf8"));
  const commit = text?.trim();
  return commit && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
}

/** A commit never changes: what was once complete needs no question. */
const isComplete = (folder: string, commit: string): Promise<boolean> => exists(`${folder}/.complete/${commit}`);

/** Gives the blobs their names; what is whole needs no question the next time. */
async function finish(folder: string, revision: string, { commit, files }: Listing, isWhole: boolean): Promise<void> {
  const snapshot = `${folder}/snapshots/${commit}`;
  for (const { path, hash } of files) {
    const place = `${snapshot}/${path}`;
    if (await exists(place)) continue;
    await mkdir(place.replace(/\/[^/]*$/, ""), { recursive: true });
    const up = "../".repeat(2 + path.split("/").length - 1);
    await symlink(`${up}blobs/${hash}`, place).catch(async (error) => {
      if ((error as { code?: unknown }).code === "EEXIST") return;
      // Where links are not permitted, as on Windows, the file itself goes there.
      await rename(`${folder}/blobs/${hash}`, place);
    });
  }
  const notes = [[`refs/${revision}`, commit], ...isWhole ? [[`.complete/${commit}`, ""] as const] : []] as const;
  for (const [name, text] of notes) {
    await mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await writeFile(`${folder}/${name}`, text);
  }
}

// ## What the hub says, and gives

class Download {
  readonly #folder: string;
  readonly #model: string;
  readonly #fetch: Fetch;
  readonly #options: DownloadOptions;
  readonly #endpoint: string;
  #commit = "";
  #loaded = 0;
  #total = 0;
  #told = 0;

  constructor(folder: string, model: string, fetch: Fetch, options: DownloadOptions) {
    this.#folder = folder;
    this.#model = model;
    this.#fetch = fetch;
    this.#options = options;
    this.#endpoint = (options.endpoint ?? "https://huggingface.co").replace(/\/+$/, "");
  }

  /** Which files a revision has. */
  async list(revision: string): Promise<Listing> {
    const url = `${this.#endpoint}/api/models/${this.#model}/revision/${encodeURIComponent(revision)}?blobs=true`;
    const response = await this.#ask(url, {});
    if (!response.ok) throw await this.#refused(response, `${quote(this.#model)} at revision ${quote(revision)}`);
    const answer = parseJson(await response.text(), `what ${this.#endpoint} says of ${quote(this.#model)}`);
    const { commit, files } = readListing(this.#model, answer);
    this.#commit = commit;
    const isWanted = this.#options.files ?? isModelFile, all = files.map(({ path }) => path);
    const wanted = files.filter(({ path }) => isWanted(path, all));
    if (wanted.length === 0) {
      throw new FileError(`Cannot download ${quote(this.#model)}: none of its ${files.length} files is wanted`);
    }
    return { commit, files: wanted };
  }

  /** Brings what is missing. */
  async run(files: readonly Listed[]): Promise<void> {
    await mkdir(`${this.#folder}/blobs`, { recursive: true });
    this.#total = files.reduce((sum, { size }) => sum + size, 0);
    for (const file of files) {
      const isThere = await exists(`${this.#folder}/snapshots/${this.#commit}/${file.path}`) ||
        await exists(`${this.#folder}/blobs/${file.hash}`);
      if (isThere) this.#loaded += file.size;
      else await this.#bring(file);
      this.#tell(file.path, true);
    }
  }

  #tell(file: string, always = false): void {
    const now = performance.now();
    if (!always && now - this.#told < 200) return;
    this.#told = now;
    this.#options.onProgress?.({ loaded: this.#loaded, total: this.#total, file });
  }

  /** Brings one file, or waits for another process that is bringing it. */
  async #bring(file: Listed): Promise<void> {
    const blob = `${this.#folder}/blobs/${file.hash}`, before = this.#loaded;
    const own = `${blob}.${crypto.randomUUID().slice(0, 8)}.partial`;
    while (!await this.#claim(file.hash, own)) {
      await pause(this.#options.signal);
      if (await exists(blob)) return void (this.#loaded += file.size);
    }
    const handle = await open(own, "a+");
    try {
      const hash = hashOf(file);
      await this.#goOn(file, handle, hash);
      await handle.sync();
      const found = hash.digest("hex");
      if (found !== file.hash) {
        this.#loaded = before;
        await rm(own, { force: true });
        throw new FileError(
          `Cannot use ${quote(file.path)} of ${
            quote(this.#model)
          }: its hash is ${found}, and must be ${file.hash}; it was deleted`,
        );
      }
    } catch (error) {
      // What came is there for whoever tries again.
      if (await exists(own)) await rename(own, `${blob}.incomplete`);
      throw error;
    } finally {
      await handle.close();
    }
    await rename(own, blob);
  }

  /** Takes over what an earlier attempt left; false while another process writes. */
  async #claim(hash: string, own: string): Promise<boolean> {
    const blobs = `${this.#folder}/blobs`,
      started = (await readdir(blobs)).filter((name) => name.startsWith(`${hash}.`));
    for (const name of started) {
      const info = await unlessMissing(() => stat(`${blobs}/${name}`));
      if (!info) continue;
      if (name.endsWith(".partial") && Date.now() - info.mtimeMs < STALE) return false;
      // A name can be changed once: of two processes, one has it then.
      const isMine = await unlessMissing(() => rename(`${blobs}/${name}`, own).then(() => true));
      if (isMine) return true;
    }
    return true;
  }

  /** Reads what is there into the hash, and asks for the rest. */
  async #goOn(file: Listed, handle: FileHandle, hash: Hash): Promise<void> {
    let { size: place } = await handle.stat();
    if (place > file.size) await handle.truncate(place = 0);
    for (let read = 0; read < place;) {
      const part = new Uint8Array(Math.min(2 ** 20, place - read));
      const { bytesRead } = await handle.read(part, 0, part.length, read);
      if (bytesRead === 0) {
        throw new FileError(`Cannot read what was downloaded of ${quote(file.path)}: it was cut off`);
      }
      hash.update(part.subarray(0, bytesRead));
      read += bytesRead;
    }
    this.#loaded += place;
    if (place === file.size) return;
    const path = file.path.split("/").map(encodeURIComponent).join("/");
    const url = `${this.#endpoint}/${this.#model}/resolve/${this.#commit}/${path}`;
    const response = await this.#ask(url, place > 0 ? { range: `bytes=${place}-` } : {});
    if (response.status !== 206 && response.status !== 200) throw await this.#refused(response, quote(file.path));
    // A server without ranges begins anew: what is there already is skipped.
    let skip = response.status === 200 ? place : 0;
    for await (const piece of response.body ?? []) {
      const bytes = piece.subarray(Math.min(skip, piece.length));
      skip -= piece.length - bytes.length;
      if (place + bytes.length > file.size) throw tooLong(file);
      for (let written = 0; written < bytes.length;) {
        written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
      }
      hash.update(bytes);
      place += bytes.length;
      this.#loaded += bytes.length;
      this.#tell(file.path);
      this.#options.signal?.throwIfAborted();
    }
    if (place !== file.size) {
      throw new FileError(
        `Cannot download ${quote(file.path)}: ${place} of ${file.size} bytes came; the next attempt goes on there`,
      );
    }
  }

  async #ask(url: string, more: Record<string, string>): Promise<Response> {
    const { token, signal } = this.#options;
    const headers = { ...more, ...token && { authorization: `Bearer ${token}` } };
    signal?.throwIfAborted();
    try {
      return await this.#fetch(url, { headers, ...signal && { signal } });
    } catch (error) {
      signal?.throwIfAborted();
      const { name, message } = error as Error;
      // A hub sends on to other hosts, and what is refused is named.
      const host = /net access to "([^"]+?)(?::443)?"/.exec(message)?.[1] ?? new URL(url).host;
      throw new FileError(
        name === "NotCapable"
          ? `Cannot ask ${host} for ${quote(this.#model)}: Deno may not; run with --allow-net=${host}`
          : `Cannot ask ${host} for ${quote(this.#model)}: ${message}`,
        { cause: error },
      );
    }
  }

  async #refused(response: Response, what: string): Promise<FileError> {
    await response.body?.cancel();
    const { status } = response;
    const reason = status === 401 || status === 403
      ? `the hub wants to know who asks${this.#options.token ? ", and does not permit it" : "; a token is needed"}`
      : status === 404
      ? "the hub does not have it"
      : `the hub answers ${status}`;
    return new FileError(`Cannot download ${what}: ${reason}`);
  }
}

/** After so many milliseconds without a byte, nobody writes a file any more. */
const STALE = 60_000;

async function pause(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 250));
}

const tooLong = (file: Listed): FileError =>
  new FileError(`Cannot download ${quote(file.path)}: more than its ${file.size} bytes came`);

/** What a file's name among the blobs is made by: git's own hash has 40 digits. */
function hashOf({ hash, size }: Listed): Hash {
  return hash.length === 40 ? createHash("sha1").update(`blob ${size}\0`) : createHash("sha256");
}

/** Commit and files, as the hub lists them. */
function readListing(model: string, answer: Json): { commit: string; files: Listed[] } {
  const { sha, siblings } = (answer ?? {}) as { sha?: unknown; siblings?: unknown };
  const wrong = (what: string) => new SyntaxError(`Cannot read what the hub says of ${quote(model)}: ${what}`);
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) throw wrong("sha must be a commit");
  if (!Array.isArray(siblings)) throw wrong("siblings must be a list");
  const files = siblings.map((entry: unknown): Listed => {
    const { rfilename: path, size, blobId, lfs } = (entry ?? {}) as Record<string, unknown>;
    const hash = (lfs as { sha256?: unknown } | null | undefined)?.sha256 ?? blobId;
    if (
      typeof path !== "string" || path.split("/").some((part) => !/^[^\\\p{C}]+$/u.test(part) || /^\.\.?$/.test(part))
    ) {
      throw wrong("a file has a name that leads out of the folder");
    }
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw wrong(`${quote(path)} has no size`);
    if (typeof hash !== "string" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
      throw wrong(`${quote(path)} has no hash`);
    }
    return { path, size, hash };
  });
  return { commit: sha, files };
}

/** Turns what the system reports into one sentence that names the folder. */
async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileError || (error as { readonly code?: unknown }).code === undefined) throw error;
    throw new FileError(`Cannot use ${named(path)} as a cache: ${systemReason(error)}`, { cause: error });
  }
}
