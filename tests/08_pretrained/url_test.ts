import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { urlSource } from "../../core/08_pretrained/files/url.ts";
import { openWeights, weightNumbers } from "../../core/08_pretrained/files/weights.ts";
import { encodeSafetensors } from "../../core/06_training/safetensors.ts";

/** What a server has, and how it answers. */
interface Site {
  files: Record<string, Uint8Array<ArrayBuffer>>;
  ranges?: boolean;
  tags?: boolean;
  status?: number;
  /** Requests so far. */
  asked: { path: string; range: string | null; authorization: string | null }[];
  /** Bytes sent so far. */
  sent: number;
}

function answer(site: Site, request: Request): Response {
  const path = decodeURIComponent(new URL(request.url).pathname.slice("/models/".length));
  const range = request.headers.get("range"), bytes = site.files[path];
  site.asked.push({ path, range, authorization: request.headers.get("authorization") });
  if (site.status) return new Response("no", { status: site.status });
  if (path.startsWith("moved/")) {
    return Response.redirect(new URL(`/models/${path.slice("moved/".length)}`, request.url), 302);
  }
  if (!bytes) return new Response("none", { status: 404 });
  const tag = `"${bytes.reduce((sum, byte) => (sum * 31 + byte) % 1e9, 7)}"`;
  const headers: Record<string, string> = site.tags === false ? {} : { etag: tag };
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const condition = request.headers.get("if-range");
  if (site.ranges === false || from === undefined || (condition !== null && condition !== tag)) {
    site.sent += bytes.length;
    return new Response(bytes, { headers });
  }
  if (Number(from) >= bytes.length) {
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${bytes.length}` } });
  }
  const part = bytes.slice(Number(from), Number(to) + 1);
  site.sent += part.length;
  return new Response(part, {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}` },
  });
}

/** Serves files while a test runs. */
async function served(site: Partial<Site>, test: (url: string, site: Site) => Promise<void>): Promise<void> {
  const whole: Site = { files: {}, asked: [], sent: 0, ...site };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => answer(whole, request));
  try {
    await test(`http://127.0.0.1:${server.addr.port}/models`, whole);
  } finally {
    await server.shutdown();
  }
}

const letters = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

Deno.test("parts of a file come from the server, and nothing else", async () => {
  await served({ files: { "a b.bin": letters, "nothing": new Uint8Array(0) } }, async (url, site) => {
    const source = urlSource(url, fetch), file = (await source.open("a b.bin"))!;
    assertEquals([file.size, site.sent], [1000, 1]);
    assertEquals(await file.read(100, 104), letters.slice(100, 104));
    assertEquals(await file.read(999, 1000), letters.slice(999));
    assertEquals(await file.read(500, 500), new Uint8Array(0));
    assertEquals(site.sent, 1 + 4 + 1);
    assertEquals(site.asked.map(({ range }) => range), ["bytes=0-0", "bytes=100-103", "bytes=999-999"]);
    assertEquals(await source.open("b.bin"), undefined);
    const empty = (await source.open("nothing"))!;
    assertEquals([empty.size, (await empty.read(0, 0)).length], [0, 0]);
    await assertRejects(() => file.read(0, 1001), RangeError, "both must be places in it");
  });
});

Deno.test("a server that knows no ranges is read once", async () => {
  await served({ files: { "a.bin": letters }, ranges: false }, async (url, site) => {
    const file = (await urlSource(`${url}/`, fetch).open("a.bin"))!;
    const asked = site.asked.length;
    assertEquals(await file.read(100, 104), letters.slice(100, 104));
    assertEquals(await file.read(0, 1000), letters);
    assertEquals(site.asked.length, asked);
  });
});

Deno.test("weights behind a URL cost their headers, and then the tensors that are asked for", async () => {
  const tensors = new Map(Array.from({ length: 20 }, (_, i) => {
    const bytes = new Uint8Array(Float32Array.from({ length: 5000 }, () => i).buffer);
    return [`w${i}`, { kind: "F32" as const, shape: [50, 100], bytes }];
  }));
  const bytes = encodeSafetensors({ tensors });
  await served({ files: { "model.safetensors": bytes } }, async (url, site) => {
    const weights = await openWeights(urlSource(url, fetch));
    const header = site.sent;
    assertEquals([...weights.places.keys()].length, 20);
    assertEquals(header < 5000, true);
    assertEquals(weightNumbers(await weights.read("w7"))[4999], 7);
    assertEquals(site.sent - header, 20_000);
  });
});

Deno.test("a file that changes between two parts is noticed", async () => {
  await served({ files: { a: letters } }, async (url, site) => {
    const file = (await urlSource(url, fetch).open("a"))!;
    site.files["a"] = letters.map((byte) => byte ^ 1);
    await assertRejects(() => file.read(0, 10), Error, "has changed since it was opened");
  });
  await served({ files: { a: letters }, tags: false }, async (url, site) => {
    const file = (await urlSource(url, fetch).open("a"))!;
    site.files["a"] = letters.slice(1);
    await assertRejects(() => file.read(0, 10), Error, "has changed since it was opened");
  });
});

Deno.test("redirects are followed, and headers are sent", async () => {
  await served({ files: { a: letters } }, async (url, site) => {
    const source = urlSource(`${url}/moved`, fetch, { headers: { authorization: "Bearer x" } });
    assertEquals(await (await source.open("a"))!.read(3, 5), letters.slice(3, 5));
    assertEquals(site.asked[0]!.authorization, "Bearer x");
  });
});

Deno.test("a server that refuses, and one that is not there, are named with the reason", async () => {
  for (
    const [status, reason] of [[401, "an authorization header is needed"], [429, "too many requests"], [
      500,
      "500",
    ]] as const
  ) {
    await served({ status }, async (url) => {
      await assertRejects(() => urlSource(url, fetch).open("a"), Error, reason);
    });
  }
  let gone = "";
  await served({}, (url) => Promise.resolve(void (gone = url)));
  await assertRejects(() => urlSource(gone, fetch).open("a"), Error, `Cannot read "${gone}/a"`);
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assertRejects(() => urlSource(gone, fetch).open("a", controller), Error, "enough");
  assertThrows(() => urlSource("models", fetch), TypeError, "it is no URL");
  assertThrows(() => urlSource("file:///etc", fetch), TypeError, "it must begin with https://");
});
