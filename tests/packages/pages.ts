/// <reference lib="dom" />
/** The package in pages: bundled by esbuild and by Vite, and as it is; isolated and not; under a content security policy. */

import { assert, assertEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { executable, launch, type Page } from "../browser/browser.ts";
import { bundle } from "./bundles.ts";
import { expected, type Found } from "./expected.ts";
import { project, testUnless, tool, write } from "./project.ts";
import { output } from "../running.ts";

/** Headers by the first part of an address; the rest of it is a path in the project. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
  unworked: {
    "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  },
  strict: { "content-security-policy": "script-src 'self'" },
  wasm: {
    "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  },
};

const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

/** Opens a page of the project in a browser and gives back what it leaves in `found`, and how often it asked. */
async function found<T>(headers: string, path: string): Promise<{ readonly found: T; readonly requests: number }> {
  const folder = await project();
  let requests = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const [, kind = "", file = ""] = /^\/(\w+)\/(.*)$/.exec(new URL(request.url).pathname) ?? [];
    requests++;
    try {
      const bytes = await Deno.readFile(`${folder}/${file}`);
      const type = TYPES[file.split(".").at(-1)!] ?? "application/octet-stream";
      return new Response(bytes, { headers: { ...HEADERS[kind], "content-type": type } });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
  const browser = await launch(), context = await browser.newContext({});
  try {
    const page: Page = await context.newPage(), wrong: string[] = [];
    page.on("pageerror", (error) => void wrong.push(error.message));
    await page.goto(`http://127.0.0.1:${server.addr.port}/${headers}/${path}`);
    await page.waitForFunction(() => "found" in globalThis, undefined, { timeout: 60_000 });
    assertEquals(wrong, []);
    return { found: await page.evaluate<T>(() => (globalThis as unknown as { found: T }).found), requests };
  } finally {
    await context.close();
    await browser.close();
    await server.shutdown();
  }
}

/** Registers a test that needs a browser. */
function testInPage(name: string, fn: () => Promise<void>): void {
  testUnless(executable ? undefined : "there is no browser here", name, fn);
}

const page = (script: string): string => `<!doctype html><meta charset="utf-8"><title>heed</title>\n${script}\n`;
const WORK = `import { work } from "./work.js";\nglobalThis.found = await work().catch(String);\n`;

/** Writes the work, a program that does it, and a page that runs it as a module. */
async function provide(program: string, name = "program"): Promise<void> {
  await write("work.js", await Deno.readTextFile(new URL("work.js", import.meta.url)));
  await write(`${name}.js`, program);
  await write(`bundled/${name}.html`, page(`<script type="module" src="${name}.js"></script>`));
}

testInPage("a page bundled by esbuild computes the bits of Deno, isolated and not", async () => {
  await provide(WORK);
  await bundle("program.js", "bundled", true);
  for (const [headers, threads] of [["plain", "one thread (memory cannot be shared here)"], ["isolated", "thread"]]) {
    const { found: { alone, together, description } } = await found<Found>(headers!, "bundled/program.html");
    assertEquals([alone, together], [await expected(), await expected()]);
    assertStringIncludes(description, threads!);
  }
});

testInPage(
  "under script-src 'self' a page computes on the reference and says why; 'wasm-unsafe-eval' suffices",
  async () => {
    await provide(`
    import { createWasmDevice, ones, useDevice } from "@heed/heed";
    const values = [...await ones([2]).add(1).read()], { name } = ones([1]).device;
    let refusal = "";
    try { createWasmDevice(); } catch (error) { refusal = error.message; }
    globalThis.found = { values, name, refusal, reason: (await useDevice("auto")).reason };
  `);
    await bundle("program.js", "bundled", true);
    const strict = (await found<Record<string, unknown>>("strict", "bundled/program.html")).found;
    assertEquals([strict["values"], strict["name"]], [[2, 2], "reference"]);
    assertStringIncludes(String(strict["reason"]), "wasm-unsafe-eval");
    assertStringIncludes(String(strict["refusal"]), "wasm-unsafe-eval");
    const wasm = (await found<Record<string, unknown>>("wasm", "bundled/program.html")).found;
    assertEquals([wasm["values"], wasm["name"], wasm["refusal"]], [[2, 2], "wasm", ""]);
  },
);

testInPage("where workers of blob: are forbidden a page computes on one thread and says why", async () => {
  await provide(`
    import { createWasmDevice, Random, withBackend } from "@heed/heed";
    const device = createWasmDevice({ threads: 2 }), before = device.description;
    const x = withBackend(device, () => new Random(1).normal([256, 256]));
    let sum;
    for (let i = 0; i < 200 && device.description === before; i++) {
      sum = x.matmul(x).sum();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    globalThis.found = { before, after: device.description, sum: await sum.item() };
  `);
  await bundle("program.js", "bundled", true);
  const { before, after, sum } = (await found<Record<string, unknown>>("unworked", "bundled/program.html")).found;
  assertStringIncludes(String(before), "2 threads");
  assertStringIncludes(String(after), "one thread (workers may not be made here: blob: in worker-src)");
  assert(Number.isFinite(sum));
});

testInPage("a worker and a service worker of a page compute the bits of Deno", async () => {
  await provide(
    `import { work } from "./work.js";\nonmessage = async ({ data, ports, source }) =>
    (ports?.[0] ?? globalThis).postMessage(await work().catch(String));\n`,
    "program_worker",
  );
  await bundle("program_worker.js", "bundled", true);
  await write(
    "bundled/worker.js",
    `
    const worker = new Worker("program_worker.js", { type: "module" });
    const first = await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data), worker.postMessage(0)));
    await navigator.serviceWorker.register("program_worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready, { port1, port2 } = new MessageChannel();
    const second = await new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data), active.postMessage(0, [port2])));
    globalThis.found = [first, second];
  `,
  );
  await write("bundled/worker.html", page(`<script type="module" src="worker.js"></script>`));
  for (const one of (await found<Found[]>("isolated", "bundled/worker.html")).found) {
    assertEquals([one.alone, one.together], [await expected(), await expected()]);
  }
});

testInPage("a project of Vite is built without a complaint, and its page computes the bits of Deno", async () => {
  await provide(WORK, "vite/program");
  await write("vite/work.js", await Deno.readTextFile(new URL("work.js", import.meta.url)));
  await write("vite/index.html", page(`<script type="module" src="./program.js"></script>`));
  const printed = await output(
    Deno.execPath(),
    [...tool("vite", "vite"), "build", "vite", "--base", "./"],
    await project(),
  );
  assert(!/warn|externalized|doesn't exist|cannot be bundled/i.test(printed), printed);
  const { found: { alone, together } } = await found<Found>("isolated", "vite/dist/index.html");
  assertEquals([alone, together], [await expected(), await expected()]);
});

testInPage("a page without a bundler imports the package by its path", async () => {
  await provide(WORK);
  const map = JSON.stringify({ imports: { "@heed/heed": "./node_modules/@heed/heed/mod.js" } });
  await write(
    "unbundled.html",
    page(`<script type="importmap">${map}</script><script type="module" src="program.js"></script>`),
  );
  const { found: { alone, together }, requests } = await found<Found>("isolated", "unbundled.html");
  assertEquals([alone, together], [await expected(), await expected()]);
  console.log(`without a bundler: ${requests} requests`);
});
