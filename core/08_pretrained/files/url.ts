/**
 * # Files behind a URL
 *
 * **Question.** A model of gigabytes lies on a web server, and its tables are wanted, or one tensor. How is a part of a file asked for, and who notices that the file was replaced between two
 * parts?
 *
 * **Idea.** A request may name a range of bytes, and a server that knows ranges answers with status 206, the part, and the size of the whole. It also names the version of the file, its `ETag`; a later
 * request says which version it means, and the answer to another version is the whole file with status 200, which is refused. A server that does not know ranges sends
 * everything at once, and then it is read once and kept.
 *
 * **Formula.** Byte $a$ up to but not including $b$ of a file of $n$ bytes is the header `Range: bytes=a-(b-1)`, answered by
 *
 * $$\texttt{Content-Range: bytes } a\texttt{-}(b-1)\texttt{/}n$$
 *
 * since the protocol names the last byte, and a program the one behind it.
 *
 * ```diagram
 * exactly these bytes
 * [of the same length and version?]
 * 206, Content-Range, bytes
 * [server]
 * Range, If-Range
 * [read from begin to end]
 * ```
 *
 * **Nothing is asked for unless the caller says so.** The function that asks is an argument, `fetch` in every program: this file knows no network.
 *
 * **Sources.** Fielding, Nottingham and Reschke, HTTP Semantics, RFC 9110 (2022), on conditional and range requests.
 *
 * @module
 */

import { requireRange, requireWhole } from "../../engine/arguments.ts";
import { quote } from "../../engine/json.ts";
import { checkFunction, checkOptions, type Checks, isPlain, object } from "../../engine/options.ts";
import type { ByteFile, ModelSource, ReadOptions } from "./mod.ts";

/** What asks a server: `fetch`, or something like it. */
export type Fetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal?: AbortSignal },
) => Promise<Response>;

/** How a server is asked. */
export interface UrlOptions {
  /** Sent with every request, such as `{ authorization: "Bearer …" }`; nothing by default. */
  readonly headers?: Readonly<Record<string, string>>;
}

const urlChecks: Checks<UrlOptions> = {
  headers: object(
    "an object of header fields",
    (value) => isPlain(value) && Object.values(value).every((field) => typeof field === "string"),
  ),
};

/**
 * Files of a folder on a web server.
 *
 * @param url of the folder, with or without a slash at its end
 * @param fetch what asks: the global `fetch` in Deno, Node and pages
 * @param options what is sent with every request
 * @returns a source, which cannot list its files
 * @throws {TypeError} if it is no URL of a web server
 */
export function urlSource(url: string | URL, fetch: Fetch, options: UrlOptions = {}): ModelSource {
  checkFunction("open a URL", fetch);
  checkOptions("open a URL", options, urlChecks);
  const base = folderOf(url), headers = { ...options.headers };
  return {
    name: base.href,
    async open(path, { signal } = {}) {
      const place = new URL(path.split("/").map(encodeURIComponent).join("/"), base).href;
      const response = await ask(fetch, place, { ...headers, range: "bytes=0-0" }, signal);
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      if (response.status === 206) {
        return rangedFile(place, fetch, headers, sizeOf(place, response), versionOf(response));
      }
      // What is empty has no first byte.
      if (response.status === 416 && /\/0$/.test(response.headers.get("content-range") ?? "")) return emptyFile();
      if (response.status === 200) return await wholeFile(place, fetch, headers, signal);
      throw refused(place, response);
    },
  };
}

function folderOf(url: string | URL): URL {
  let base: URL;
  try {
    base = new URL(url);
  } catch {
    throw new TypeError(`Cannot open ${quote(String(url))}: it is no URL`);
  }
  if (!/^https?:$/.test(base.protocol)) {
    throw new TypeError(`Cannot open ${quote(base.href)}: it must begin with https:// or http://`);
  }
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

/** A file of which the server gives parts. */
function rangedFile(
  url: string,
  fetch: Fetch,
  headers: Record<string, string>,
  size: number,
  version: string | undefined,
): ByteFile {
  return {
    size,
    async read(begin, end, { signal }: ReadOptions = {}) {
      requireRange(begin, end, size);
      if (begin === end) return new Uint8Array(0);
      const range: Record<string, string> = { ...headers, range: `bytes=${begin}-${end - 1}` };
      if (version !== undefined) range["if-range"] = version;
      const response = await ask(fetch, url, range, signal);
      if (response.status !== 206 || sizeOf(url, response) !== size) {
        await response.body?.cancel();
        if (response.status === 206 || response.status === 200) {
          throw new Error(`Cannot read ${quote(url)}: the file on the server has changed since it was opened`);
        }
        throw refused(url, response);
      }
      return requireWhole(new Uint8Array(await response.arrayBuffer()), begin, end, url);
    },
  };
}

/** A file of a server without ranges: read once. */
async function wholeFile(
  url: string,
  fetch: Fetch,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<ByteFile> {
  const response = await ask(fetch, url, headers, signal);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw refused(url, response);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    size: bytes.length,
    read(begin, end, options) {
      options?.signal?.throwIfAborted();
      requireRange(begin, end, bytes.length);
      return Promise.resolve(bytes.subarray(begin, end));
    },
  };
}

const emptyFile = (): ByteFile => ({
  size: 0,
  read(begin, end) {
    requireRange(begin, end, 0);
    return Promise.resolve(new Uint8Array(0));
  },
});

async function ask(
  fetch: Fetch,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  try {
    return await fetch(url, { headers, ...signal && { signal } });
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`Cannot read ${quote(url)}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Why nothing was answered: a permission that is missing, or what the network says. */
function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  const flag = name === "NotCapable" ? /--allow-net[^\s"]*/.exec(message)?.[0] ?? "--allow-net" : undefined;
  return flag ? `Deno may not ask that server; run with ${flag}` : message || "the server does not answer";
}

/** Bytes of the whole, as the answer to a range says. */
function sizeOf(url: string, response: Response): number {
  const said = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  const size = Number(said?.[1]);
  if (Number.isSafeInteger(size)) return size;
  throw new Error(`Cannot read ${quote(url)}: the server gives parts, and does not say of how many bytes`);
}

/** The version of a file, if the server names one that stands for its bytes. */
function versionOf(response: Response): string | undefined {
  const tag = response.headers.get("etag");
  return tag && !tag.startsWith("W/") ? tag : response.headers.get("last-modified") ?? undefined;
}

function refused(url: string, { status, statusText }: Response): Error {
  const why = status === 401 || status === 403
    ? "the server wants to know who asks; an authorization header is needed"
    : status === 429
    ? "the server has had too many requests; it can be tried again later"
    : `the server answers ${status}${statusText ? ` ${statusText}` : ""}`;
  return new Error(`Cannot read ${quote(url)}: ${why}`);
}

// ## Pitfall: two halves of two files
//
// Between two requests the file on the server may be replaced, and both parts have the right length. The test "a file that changes between two parts is noticed" replaces it by one of the same size.
