/// <reference lib="dom" />
/** The files of the recipe "A worker in a web page", as they stand on it, built by its command and by Vite, in a browser. */

import { assert, assertEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { fences, follow, prepare } from "../../docs/followed.ts";
import { type Browser, executable, launch, type Page } from "../browser/browser.ts";
import { project, ROOT, testUnless, tool, write } from "./project.ts";
import { output } from "../running.ts";

/** What answers in the place of the page's server, or is it. */
type Handle = (request: Request) => Response | Promise<Response>;

const recipe = await Deno.readTextFile(new URL("docs/pages/library/worker.md", ROOT));

/** Opens a page in a browser and gives it to its user; nothing in it may fail. */
async function open(browser: Browser, handle: Handle, use: (page: Page) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handle);
  const context = await browser.newContext({});
  try {
    const page = await context.newPage(), wrong: string[] = [];
    page.on("pageerror", (error) => void wrong.push(error.message));
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await use(page);
    assertEquals(wrong, []);
  } finally {
    await context.close();
    await server.shutdown();
  }
}

/** Waits until the status contains a word, and gives back the status. */
async function status(page: Page, word: string): Promise<string> {
  const includes = (word: string): boolean => document.querySelector("#status")!.textContent!.includes(word);
  await page.waitForFunction(includes, word, { timeout: 60_000 });
  return await page.evaluate(() => document.querySelector("#status")!.textContent!);
}

/** The step that a status names. */
const stepOf = (status: string): number => Number(/step (\d+) of 300/.exec(status)?.[1]);

/** Requires a text of the model, and a point of the curve for each fifth step. */
async function requireShown(page: Page, step: number): Promise<void> {
  const [sample, points] = await page.evaluate(() => [
    document.querySelector("#sample")!.textContent!,
    document.querySelector("#curve")!.getAttribute("points")!,
  ]);
  assertEquals([[...sample!].length, points!.split(" ").length], [121, step / 5]);
}

/** Starts, waits for progress, cancels; gives back the status, which names the device. */
async function cancel(page: Page): Promise<string> {
  await page.click("#start");
  await status(page, "s left");
  const before = await page.evaluate(() => {
    document.querySelector<HTMLButtonElement>("#cancel")!.click();
    return document.querySelector("#status")!.textContent!;
  });
  const after = await status(page, "Cancelled");
  // As many steps as about a second has; a worker that heard of it only at the end would have made all of them.
  assert(stepOf(after) >= stepOf(before) && stepOf(after) <= stepOf(before) + 100, `${before}\n${after}`);
  await requireShown(page, stepOf(after));
  return after;
}

/** Starts and waits for the end. */
async function finish(page: Page): Promise<void> {
  await page.click("#start");
  const after = await status(page, "Finished");
  assertEquals(stepOf(after), 300);
  // A uniform guess among the 22 characters of the text has a loss of 3.1.
  assert(Number(/loss (\d\.\d+)/.exec(after)![1]) < 1, after);
  await requireShown(page, 300);
}

/** Makes the files of the recipe and builds them by its command; gives back its server. */
async function byEsbuild(folder: string): Promise<Handle> {
  await prepare(ROOT, folder);
  await follow(recipe, folder);
  const [, args] = /^npx esbuild (.*)$/m.exec(recipe)!;
  await output(Deno.execPath(), [...tool("esbuild", "esbuild"), ...args!.split(" ")], folder);
  return (await import(`file://${folder}/serve.ts`) as { readonly handle: Handle }).handle;
}

/** Builds them by Vite, with the changes that the recipe names; gives back a server without headers. */
async function byVite(): Promise<Handle> {
  const files = new Map<string, string>();
  for (const { name, text } of fences(recipe)) if (name) files.set(name, (files.get(name) ?? "") + text);
  for (const [name, text] of files) {
    const changed = text.replace('src="main.js"', 'src="main.ts"').replace('URL("worker.js"', 'URL("worker.ts"');
    await write(`page/${name.replace("site/", "")}`, changed);
  }
  const printed = await output(Deno.execPath(), [...tool("vite", "vite"), "build", "page"], await project());
  assert(!/warn|externalized|doesn't exist|cannot be bundled/i.test(printed), printed);
  const built = `${await project()}/page/dist`;
  return async (request) => {
    const { pathname } = new URL(request.url), name = pathname === "/" ? "/index.html" : pathname;
    const type = name.endsWith(".js") ? "text/javascript" : "text/html";
    const bytes = await Deno.readFile(built + name).catch(() => null);
    return new Response(bytes, { status: bytes ? 200 : 404, headers: { "content-type": type } });
  };
}

testUnless(
  executable ? undefined : "there is no browser here",
  "the page of the recipe trains in its worker, is cancelled, and trains again",
  async (t) => {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "heed-" }));
    const browser = await launch();
    try {
      const handle = await byEsbuild(folder);
      await t.step("isolated, by its own server", () =>
        open(browser, handle, async (page) => {
          const said = await cancel(page);
          assert(said.includes("thread") && !said.includes("cannot be shared"), said);
          await finish(page);
        }));
      await t.step("on one thread, by a server that sends no headers", () => {
        const bare: Handle = async (request) => {
          const { body, status, headers } = await handle(request);
          return new Response(body, { status, headers: { "content-type": headers.get("content-type")! } });
        };
        return open(browser, bare, async (page) => {
          assertStringIncludes(await cancel(page), "one thread (memory cannot be shared here)");
        });
      });
      await t.step(
        "built by Vite with the changes that it names",
        async () => open(browser, await byVite(), async (page) => void await cancel(page)),
      );
      await t.step("and its server knows no other file", async () => {
        for (const path of ["serve.ts", "..%2Fserve.ts", "none.js", "site/main.js"]) {
          const response = await handle(new Request(`http://127.0.0.1/${path}`));
          assertEquals([response.status, await response.text()], [404, "Not found"]);
        }
      });
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
);
