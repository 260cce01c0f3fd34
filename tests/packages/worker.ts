/// <reference lib="dom" />
/** The files of the recipe "A worker in a web page", as they stand on it, built by its command and by Vite, in a browser. */

import { assert, assertEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { fences, follow, prepare } from "../../docs/followed.ts";
import { executable, launch, type Page } from "../browser/browser.ts";
import { output, project, ROOT, testUnless, tool, write } from "./project.ts";

/** What answers in the place of the page's server, or is it. */
type Handle = (request: Request) => Response | Promise<Response>;

const recipe = await Deno.readTextFile(new URL("docs/pages/library/worker.md", ROOT));

/** Opens a page and gives it to its user; nothing in it may fail. */
async function open(handle: Handle, use: (page: Page) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handle);
  const browser = await launch(), context = await browser.newContext({});
  try {
    const page = await context.newPage(), wrong: string[] = [];
    page.on("pageerror", (error) => void wrong.push(error.message));
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await use(page);
    assertEquals(wrong, []);
  } finally {
    await context.close();
    await browser.close();
    await server.shutdown();
  }
}

/** What the page says once its status contains a word. */
async function seen(page: Page, word: string): Promise<{ status: string; sample: string; points: number }> {
  await page.waitForFunction(
    (word) => document.querySelector("#status")!.textContent!.includes(word),
    word,
    { timeout: 60_000 },
  );
  return await page.evaluate(() => ({
    status: document.querySelector("#status")!.textContent!,
    sample: document.querySelector("#sample")!.textContent!,
    points: document.querySelector("#curve")!.getAttribute("points")!.split(" ").length,
  }));
}

const stepOf = (status: string): number => Number(/step (\d+) of 300/.exec(status)?.[1]);

/** Starts, waits for progress, cancels; gives back what the page says of its device. */
async function cancelled(page: Page): Promise<string> {
  await page.click("#start");
  const before = await seen(page, "s left");
  assertEquals(before.sample, "");
  await page.click("#cancel");
  const { status, sample } = await seen(page, "Cancelled");
  // A worker that heard of it only at the end would have made all of them.
  assert(stepOf(status) >= stepOf(before.status) && stepOf(status) < 300, status);
  assertEquals([...sample].length, 121);
  return status;
}

/** Starts and waits for the end. */
async function finished(page: Page): Promise<string> {
  await page.click("#start");
  const { status, sample, points } = await seen(page, "Finished");
  assertEquals([stepOf(status), points], [300, 60]);
  assert(Number(/loss (\d\.\d+)/.exec(status)![1]) < 1, status);
  assertEquals([...sample].length, 121);
  return sample;
}

testUnless(
  executable ? undefined : "there is no browser here",
  "the worker of the recipe trains, is cancelled, trains again",
  async (t) => {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "heed-" }));
    try {
      await prepare(ROOT, folder);
      await follow(recipe, folder);
      const [, args] = /^npx esbuild (.*)$/m.exec(recipe)!;
      await output(Deno.execPath(), [...tool("esbuild", "esbuild"), ...args!.split(" ")], folder);
      const { handle } = await import(`file://${folder}/serve.ts`) as { readonly handle: Handle };
      let sample = "";
      await t.step("isolated by its server", () =>
        open(handle, async (page) => {
          assertStringIncludes(await cancelled(page), "thread");
          sample = await finished(page);
        }));
      await t.step("on one thread by a server that sends no headers", () =>
        open(async (request) => {
          const { body, status, headers } = await handle(request);
          return new Response(body, { status, headers: { "content-type": headers.get("content-type")! } });
        }, async (page) => {
          assertStringIncludes(await cancelled(page), "one thread (memory cannot be shared here)");
          assertEquals(await finished(page), sample);
        }));
      await t.step("its server knows no other file", async () => {
        for (const path of ["serve.ts", "..%2Fserve.ts", "none.js", "site/main.js"]) {
          const response = await handle(new Request(`http://127.0.0.1/${path}`));
          assertEquals([response.status, await response.text()], [404, "Not found"]);
        }
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testUnless(
  executable ? undefined : "there is no browser here",
  "the worker of the recipe is built by Vite with the changes that it names",
  async () => {
    for (const { name, text } of fences(recipe)) {
      if (name === undefined) continue;
      const changed = text.replace('src="main.js"', 'src="main.ts"').replace(
        'new URL("worker.js"',
        'new URL("worker.ts"',
      );
      // A second block goes on with the file of the first.
      const path = `page/${name.replace("site/", "")}`;
      const begun = await Deno.readTextFile(`${await project()}/${path}`).catch(() => "");
      await write(path, begun + changed);
    }
    const printed = await output(Deno.execPath(), [...tool("vite", "vite"), "build", "page"], await project());
    assert(!/warn|externalized|doesn't exist|cannot be bundled/i.test(printed), printed);
    const dist = `${await project()}/page/dist`;
    await open(async (request) => {
      const { pathname } = new URL(request.url), name = pathname === "/" ? "/index.html" : pathname;
      const bytes = await Deno.readFile(`${dist}${name}`).catch(() => undefined);
      const type = name.endsWith(".js") ? "text/javascript" : "text/html";
      return new Response(bytes ?? null, { status: bytes ? 200 : 404, headers: { "content-type": type } });
    }, async (page) => void await cancelled(page));
  },
);
