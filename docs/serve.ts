/**
 * # Serving the site on this machine
 *
 * **Question.** The site is plain files; any server will do. What does this one add?
 *
 * **Idea.** Threads need memory that is shared, and browsers share it only with pages that are isolated from other origins: two
 * headers say so. Everything else works without them, on one thread.
 *
 * `deno task serve`, or with another port `deno task serve --port 9000`.
 *
 * @module
 */

import { flag, number } from "../core/cli/arguments.ts";
import { readTask } from "./arguments.ts";

/** What browsers are told about a file. */
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  woff2: "font/woff2",
};

/**
 * Answers requests with the files of a folder.
 *
 * @param folder ends with a slash
 * @param isolated whether pages may share memory among threads
 * @returns a handler for `Deno.serve`
 */
export function handler(folder: URL, isolated = true): (request: Request) => Promise<Response> {
  const headers = isolated
    ? { "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin" }
    : {};
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return new Response("Only GET\n", { status: 405 });
    const { pathname } = new URL(request.url);
    let path: string;
    try {
      path = decodeURIComponent(pathname).replace(/\/$/, "/index.html").slice(1);
    } catch {
      return new Response("Not a path\n", { status: 400, headers });
    }
    const file = new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
    if (!file.href.startsWith(folder.href)) return new Response("Not found\n", { status: 404, headers });
    try {
      const body = await Deno.readFile(file);
      const type = TYPES[path.split(".").at(-1)!] ?? "application/octet-stream";
      return new Response(request.method === "HEAD" ? null : body, {
        headers: { ...headers, "Cache-Control": "no-cache", "Content-Type": type },
      });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory)) throw error;
      const info = await Deno.stat(file).catch(() => undefined);
      if (info?.isDirectory) return Response.redirect(new URL(`${pathname}/`, request.url), 302);
      return new Response("Not found\n", { status: 404, headers });
    }
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
  Deno.serve({
    hostname: "127.0.0.1",
    port,
    onListen: ({ port }) => console.log(`Reading: http://127.0.0.1:${port}/`),
  }, handler(new URL("site/", import.meta.url), !plain));
}
