import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { readText } from "../../core/08_pretrained/files/mod.ts";
import { downloadModel, type DownloadOptions, isModelFile } from "../../core/host/hub.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const large = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7 % 251);
const text = (value: string) => new TextEncoder().encode(value);

/** A hub with one model. */
interface Hub {
  files: Record<string, Uint8Array<ArrayBuffer>>;
  /** Bytes after which a connection breaks; never by default. */
  breaksAfter?: number | undefined;
  /** Whether a file is another than the one that is listed. */
  lies?: boolean;
  token?: string;
  ranges?: boolean;
  commit?: string;
  /** Waited for before each piece of a file. */
  onPiece?: (place: number) => Promise<void> | void;
  asked: string[];
  sent: number;
}

const hashes = (path: string, bytes: Uint8Array) =>
  path.endsWith(".safetensors")
    ? { lfs: { sha256: createHash("sha256").update(bytes).digest("hex") } }
    : { blobId: createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex") };

function answer(hub: Hub, request: Request): Response {
  const url = new URL(request.url), path = decodeURIComponent(url.pathname), range = request.headers.get("range");
  hub.asked.push(range ? `${path} ${range}` : path);
  const isCdn = path.startsWith("/cdn/");
  if (hub.token && !isCdn && request.headers.get("authorization") !== `Bearer ${hub.token}`) {
    return new Response("who?", { status: 401 });
  }
  if (/^\/api\/models\/some\/model\/revision\/(main|v1|[0-9a-f]{40})$/.test(path)) {
    const siblings = Object.entries(hub.files).map(([rfilename, bytes]) => ({
      rfilename,
      size: bytes.length,
      ...hashes(rfilename, bytes),
    }));
    return Response.json({ sha: hub.commit ?? COMMIT, siblings });
  }
  const [, name] = /^\/some\/model\/resolve\/[0-9a-f]{40}\/(.*)$/.exec(path) ?? [];
  // As the hub does: large files lie elsewhere.
  if (name?.endsWith(".safetensors")) return Response.redirect(new URL(`/cdn/${name}`, url), 302);
  const found = hub.files[name ?? path.replace("/cdn/", "")];
  if (!found || !name && !isCdn) return new Response("none", { status: 404 });
  const bytes = hub.lies ? found.map((byte) => byte ^ 1) : found;
  const from = hub.ranges === false ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  const rest = bytes.slice(from), part = hub.breaksAfter === undefined ? rest : rest.slice(0, hub.breaksAfter);
  hub.sent += part.length;
  const isBroken = part.length < rest.length;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await hub.onPiece?.(at);
      if (at < part.length) controller.enqueue(part.slice(at, at += 20_000));
      else if (isBroken) controller.error(new Error("the line is broken"));
      else controller.close();
    },
  });
  return new Response(body, { status: from > 0 ? 206 : 200, headers: { "x-length": String(rest.length) } });
}

async function withHub(
  given: Partial<Hub>,
  test: (
    get: (options?: DownloadOptions) => ReturnType<typeof downloadModel>,
    hub: Hub,
    cache: string,
  ) => Promise<void>,
): Promise<void> {
  const files = { "config.json": text('{"model_type":"llama"}'), "model.safetensors": large, "onnx/model.onnx": large };
  const hub: Hub = { files, asked: [], sent: 0, ...given };
  const cache = await Deno.makeTempDir();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {}, onError: () => new Response("", { status: 500 }) },
    (request) => answer(hub, request),
  );
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  try {
    await test((options) => downloadModel("some/model", cache, fetch, { endpoint, ...options }), hub, cache);
  } finally {
    await server.shutdown();
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("a model comes once, whole, with the files that are read here, and one progress over all of them", async () => {
  await withHub({}, async (get, hub, cache) => {
    const told: number[] = [];
    const source = await get({ onProgress: ({ loaded, total }) => void told.push(loaded / total) });
    assertEquals(await source.list!(), ["config.json", "model.safetensors"]);
    assertEquals(await readText(source, "config.json"), '{"model_type":"llama"}');
    const file = (await source.open("model.safetensors"))!;
    assertEquals([file.size, await file.read(1000, 1004)], [300_000, large.slice(1000, 1004)]);
    assertEquals([told.at(-1), told.every((part, i) => i === 0 || part >= told[i - 1]!)], [1, true]);
    assertEquals(hub.sent, 300_000 + 22);
    // As Python's cache has it.
    const folder = `${cache}/models--some--model`;
    assertEquals(await Deno.readTextFile(`${folder}/refs/main`), COMMIT);
    const blob = createHash("sha256").update(large).digest("hex");
    assertEquals(await Deno.readLink(`${folder}/snapshots/${COMMIT}/model.safetensors`), `../../blobs/${blob}`);
    // Again: the hub is asked what main is, and nothing is sent.
    const sent = hub.sent;
    await get();
    assertEquals(hub.sent, sent);
    // Of a commit that is complete nobody is asked, and offline nobody either.
    const asked = hub.asked.length;
    await get({ revision: COMMIT });
    await get({ offline: true });
    assertEquals(hub.asked.length, asked);
  });
});

Deno.test("a download that broke goes on where it ended", async () => {
  for (const ranges of [true, false]) {
    await withHub({ breaksAfter: 120_000, ranges }, async (get, hub) => {
      await assertRejects(() => get(), Error);
      const sent = hub.sent;
      hub.breaksAfter = undefined;
      const file = (await (await get()).open("model.safetensors"))!;
      assertEquals(await file.read(0, 300_000), large);
      assert(hub.asked.some((asked) => /bytes=\d{4,}-$/.test(asked)));
      if (ranges) assert(hub.sent - sent < 300_000, `${hub.sent - sent} bytes were sent again`);
    });
  }
});

Deno.test("a file with another hash is deleted, and one that is stopped is kept", async () => {
  await withHub({ lies: true }, async (get, hub, cache) => {
    await assertRejects(() => get(), Error, "its hash is");
    const blobs = [...Deno.readDirSync(`${cache}/models--some--model/blobs`)];
    assertEquals(blobs.map(({ name }) => name), []);
    hub.lies = false;
    const stop = new AbortController();
    hub.onPiece = async (place) => {
      if (place < 100_000) return;
      await new Promise((resolve) => setTimeout(resolve, 30)); // the first pieces arrive
      stop.abort(new Error("enough"));
    };
    await assertRejects(() => get({ signal: stop.signal }), Error, "enough");
    delete hub.onPiece;
    const source = await get();
    assertEquals(await (await source.open("model.safetensors"))!.read(0, 300_000), large);
    assert(hub.asked.some((asked) => /bytes=\d{4,}-$/.test(asked)));
  });
});

Deno.test("two downloads at once share the work", async () => {
  await withHub({}, async (get, hub) => {
    const sources = await Promise.all([get(), get(), get()]);
    for (const source of sources) assertEquals((await source.open("model.safetensors"))!.size, 300_000);
    assertEquals(hub.sent < 2 * 300_000, true);
  });
});

Deno.test("a new commit brings only what is new", async () => {
  await withHub({}, async (get, hub, cache) => {
    await get();
    const sent = hub.sent;
    hub.commit = COMMIT.replace("0", "f");
    hub.files = { ...hub.files, "config.json": text("{}") };
    const source = await get();
    assertEquals([await readText(source, "config.json"), hub.sent - sent], ["{}", 2]);
    const old = await Deno.readTextFile(`${cache}/models--some--model/snapshots/${COMMIT}/config.json`);
    assertEquals(old, '{"model_type":"llama"}');
  });
});

Deno.test("what the hub refuses, and what is not there, is said in a sentence", async () => {
  await withHub({ token: "secret" }, async (get) => {
    await assertRejects(() => get(), Error, "a token is needed");
    await assertRejects(() => get({ token: "wrong" }), Error, "and does not permit it");
    assertEquals((await (await get({ token: "secret" })).list!()).length, 2);
  });
  await withHub({}, async (get, _hub, cache) => {
    await assertRejects(() => get({ revision: "v9" }), Error, 'revision "v9": the hub does not have it');
    await assertRejects(
      () => get({ offline: true }),
      Error,
      'the cache has no revision "main"'.replace("the cache", `the cache "${cache}"`),
    );
    await assertRejects(() => get({ files: () => false }), Error, "none of its 3 files is wanted");
    await assertRejects(() => get({ revision: "../x" }), TypeError, "a branch, tag or commit");
    await assertRejects(() => downloadModel("../x", cache, fetch), TypeError, "owner/name");
    await assertRejects(
      () => get({ endpoint: "http://127.0.0.1:9" }),
      Error,
      'Cannot ask 127.0.0.1:9 for "some/model"',
    );
  });
  await withHub({ files: { "../evil.json": text("{}") } }, async (get) => {
    await assertRejects(() => get(), SyntaxError, "leads out of the folder");
  });
});

Deno.test("weights, tokenizers and settings are wanted, other formats of the same weights are not", () => {
  const wanted = [
    "config.json",
    "model-00001-of-00002.safetensors",
    "a.Q4_K_M.gguf",
    "tokenizer.model",
    "vocab.txt",
    "merges.txt",
    "1_Pooling/config.json",
    "chat_template.jinja",
  ];
  for (const path of wanted) assert(isModelFile(path), path);
  for (
    const path of ["pytorch_model.bin", "onnx/model.onnx", "onnx/config.json", "tf_model.h5", "flax_model.msgpack"]
  ) {
    assert(!isModelFile(path), path);
  }
});
