/**
 * # A service on a socket
 *
 * The server of `node:http`, which Deno, Node and Bun have, as a function from requests to answers wants it. It says at once when a client has gone: then the signal of the
 * request is raised, and nobody reads its answer any more.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Answers requests; never rejects. */
export type Answering = (request: Request) => Promise<Response>;

/** A server that has not begun to listen. */
export function serverOf(answer: Answering): Server {
  return createServer((incoming, outgoing) => void reply(answer, incoming, outgoing));
}

async function reply(answer: Answering, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  // A socket that breaks is closed too.
  outgoing.on("error", () => {});
  incoming.on("error", () => {});
  let response: Response;
  try {
    response = await answer(requestOf(incoming, gone.signal));
  } catch {
    // Its address or its method is none.
    response = Response.json({
      error: {
        message: "This is no request that can be read.",
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    }, { status: 400 });
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  await send(response, outgoing, gone.signal);
  outgoing.end();
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", headers: { host = "" }, headersDistinct, url = "/" } = incoming;
  const given = new Headers();
  for (const [name, values] of Object.entries(headersDistinct)) {
    for (const value of values ?? []) given.append(name, value);
  }
  // Of an address that names a host, only the path counts.
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "");
  if (!path.startsWith("/")) throw new TypeError(`Cannot read the address ${url}: a path is needed`);
  const hasBody = method !== "GET" && method !== "HEAD";
  // Two slashes at the beginning would name a host.
  return new Request(`http://${/^[\w.[\]:-]+$/.test(host) ? host : "unknown.invalid"}${path.replace(/^\/+/, "/")}`, {
    method,
    headers: given,
    signal,
    ...hasBody && { body: ReadableStream.from<Uint8Array>(incoming), duplex: "half" },
  } as RequestInit);
}

/** Sends a body as it comes, no faster than it is read. */
async function send({ body }: Response, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  const reader = body?.getReader();
  const leave = (): void => void reader?.cancel().catch(() => {});
  if (signal.aborted) return leave();
  signal.addEventListener("abort", leave, { once: true });
  for (;;) {
    const { done = true, value } = await reader?.read().catch(() => undefined) ?? {};
    if (done || signal.aborted) return;
    if (!outgoing.write(value)) await new Promise((resolve) => wait(outgoing, signal, resolve));
  }
}

function wait(outgoing: ServerResponse, signal: AbortSignal, resolve: (value?: unknown) => void): void {
  outgoing.once("drain", resolve);
  signal.addEventListener("abort", resolve, { once: true });
}
