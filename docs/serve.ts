/**
 * # Serving the site on this machine
 *
 * **Question.** The site is plain files; any server will do. What does this one add?
 *
 * **Idea.** Threads need memory that is shared, and browsers share it only with pages that are isolated from other origins: two
 * headers say so. Everything else works without them, on one thread. Another says what a page may load: what lies beside it,
 * and nothing from anywhere else.
 *
 * How a file is sent, the whole of it, a part, or word that it has not changed, is left to `send`, which serves the files of
 * Express. What it does not look at is looked at here: who is asked, and that no link of the file system leads out of the folder.
 *
 * `deno task serve`, or with another port `deno task serve --port 9000`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import send from "send";
import { flag, number } from "../core/cli/arguments.ts";
import { readTask } from "./arguments.ts";
import { EARLY } from "./layout.ts";

/** What pages may load: what lies beside them, WebAssembly and threads included. Formulas carry styles of their own. */
const POLICY = [
  "default-src 'self'",
  `script-src 'self' 'wasm-unsafe-eval' 'sha256-${createHash("sha256").update(EARLY).digest("base64")}'`,
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers of every answer. */
const HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-cache",
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
};

/** Headers that let the threads of a page share memory. */
const ISOLATED: Readonly<Record<string, string>> = {
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** What an answer without a file says. */
const SENTENCES: Readonly<Record<number, string>> = {
  302: "Elsewhere",
  400: "Not an address",
  404: "Not found",
  405: "Only GET and HEAD",
  412: "Changed since",
  416: "Not a part of the file",
};

/** What an address without a file is answered. */
interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Name or number of a host, and perhaps a port. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::\d*)?$/i;

/** The path and the question of an address; whom it names does not matter here. */
const ADDRESS = /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*)(\?[^#]*)?/i;

/** What stands at a path of the folder once all links are followed, if that is in the folder. */
async function find(folder: string, path: string): Promise<"file" | "folder" | undefined> {
  try {
    const root = await Deno.realPath(folder), real = await Deno.realPath(join(folder, path));
    if (!`${real}${sep}`.startsWith(`${root}${sep}`)) return undefined;
    const { isFile, isDirectory } = await Deno.stat(real);
    return isFile ? "file" : isDirectory ? "folder" : undefined;
  } catch {
    // Nothing is there, or no file can have this name.
    return undefined;
  }
}

/** The file that is asked for, as a path that is still encoded, or what else to answer. */
async function read(folder: string, { method, url = "", headersDistinct }: IncomingMessage): Promise<string | Refusal> {
  if (method !== "GET" && method !== "HEAD") return { status: 405, headers: { Allow: "GET, HEAD" } };
  const hosts = headersDistinct["host"] ?? [];
  if (hosts.length > 1 || !hosts.every((host) => HOST.test(host))) return { status: 400 };
  const [, path, question = ""] = ADDRESS.exec(url) ?? [];
  if (path === undefined) return { status: 400 };
  const file = path.endsWith("/") ? `${path}index.html` : path;
  let name: string;
  try {
    name = decodeURIComponent(file);
  } catch {
    return { status: 400 };
  }
  if (name.includes("\0")) return { status: 400 };
  // A separator that is written otherwise would give a page a second address, from which no link leads anywhere.
  if (/%2f|%5c/i.test(file)) return { status: 404 };
  const found = await find(folder, name);
  if (found === "file") return file;
  if (found === undefined || file !== path) return { status: 404 };
  // Two slashes at the beginning would name a host.
  return { status: 302, headers: { Location: `${path.replace(/^[\\/]+/, "/")}/${question}` } };
}

/**
 * Answers requests with the files of a folder.
 *
 * @param folder ends with a slash
 * @param isolated whether pages may share memory among threads
 * @returns a listener for a server of `node:http`
 */
export function listener(
  folder: URL,
  isolated = true,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const root = fileURLToPath(folder), always = isolated ? { ...HEADERS, ...ISOLATED } : HEADERS;
  return async (request, response) => {
    const refuse = ({ status, headers = {} }: Refusal): void => {
      if (response.headersSent) return void response.destroy();
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      const type = { "Content-Type": "text/plain; charset=utf-8" };
      for (const [name, value] of Object.entries({ ...always, ...type, ...headers })) response.setHeader(name, value);
      response.statusCode = status;
      response.end(`${SENTENCES[status] ?? "Cannot be answered"}\n`);
    };
    const file = await read(root, request);
    if (typeof file !== "string") return refuse(file);
    for (const [name, value] of Object.entries(always)) response.setHeader(name, value);
    send(request, file, { root, cacheControl: false, dotfiles: "ignore", index: false })
      .on("error", ({ status, headers }: Refusal) => refuse({ status: status === 403 ? 404 : status, headers }))
      .pipe(response);
  };
}

if (import.meta.main) {
  const { values: { port, plain } } = await readTask({
    name: "serve",
    summary: "Serve docs/site on this machine.",
    options: {
      port: number("NUMBER", "Where to listen; 0 is any that is free", { min: 0, max: 65535, whole: true }, 8000),
      plain: flag("Without the headers that let threads work, as plain hosts do"),
    },
  });
  const site = new URL("site/", import.meta.url);
  if (!await Deno.stat(new URL("index.html", site)).catch(() => false)) {
    console.error("Cannot serve docs/site: it is not there; deno task docs builds it");
    Deno.exit(1);
  }
  const server = createServer(listener(site, !plain));
  server.on("error", ({ message }: Error) => {
    console.error(`Cannot listen on port ${port}: ${message}`);
    Deno.exit(1);
  });
  server.listen(port, "127.0.0.1", () => {
    console.log(`Reading: http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  });
}
