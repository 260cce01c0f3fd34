/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What is folded on a page: closed, opened by whatever leads there, open on paper; and programs that a reader runs. */

import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";
import { programsOfBook } from "../../docs/programs.ts";
import { type Page, SITE, testInBrowser, withTab } from "./browser.ts";

const PAGE = "attention/masks.html";

const state = (page: Page): Promise<boolean[]> =>
  page.evaluate(() => [...document.querySelectorAll<HTMLDetailsElement>("details.region")].map(({ open }) => open));
/** Whether a name of a region is seen. */
const sees = (page: Page, id: string): Promise<boolean> =>
  page.evaluate((id) => document.getElementById(id)?.checkVisibility() ?? false, id);

testInBrowser("a region is closed until a name, its line or its title is asked for", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    assertEquals(await state(page), [false]);
    assert(!await sees(page, "textMask"));
    const line = await page.evaluate(() => document.querySelector("#textMask .line")!.id);
    const title = await page.evaluate(() => document.querySelector("details.region h2")!.id);
    for (const hash of ["textMask", line, title, "TextMasks.prefix"]) {
      await open(`${PAGE}#${hash}`);
      assertEquals(await state(page), [true], hash);
      const top = await page.evaluate((id) => document.getElementById(id)!.getBoundingClientRect().top, hash);
      assert(top > 0 && top < 400, `${hash}: ${top}`);
    }
    // A link on the page itself.
    await open(PAGE);
    await page.evaluate(() => {
      const link = document.createElement("a");
      link.href = "#overPairs";
      document.querySelector("main .prose")!.append(link);
      link.click();
    });
    await page.waitForFunction(() => document.querySelector<HTMLDetailsElement>("details.region")!.open);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a hit of the search opens the region that it is in", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    await page.keyboard.press("/");
    await page.fill("dialog[open] input", "checkFitsScores");
    await page.waitForFunction(() =>
      document.querySelector<HTMLElement>("dialog[open] .results")?.dataset["question"] === "checkFitsScores"
    );
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector<HTMLDetailsElement>("details.region")!.open);
  });
});

testInBrowser("keys step over what is folded, its code can be copied, and paper shows it", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    // Every step goes down the page.
    let last = -1;
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("j");
      await page.waitForTimeout(30);
      const at = await page.evaluate(() => scrollY);
      assert(at >= last, `${at} after ${last}`);
      last = at;
    }
    assertEquals(await state(page), [false]);
    const copies = await page.evaluate(() => document.querySelectorAll("details.region .copy").length);
    assert(copies > 0);
    await page.emulateMedia({ media: "print" });
    assert(await sees(page, "textMask"));
  });
});

testInBrowser("a program runs in the page and prints what was recorded, and fetches nothing before", async () => {
  await withTab({}, async ({ page, open, complaints, requests }) => {
    await open(PAGE);
    const recorded = await page.evaluate(() => document.querySelector(".program .output")!.textContent!.trim());
    assert(recorded.includes("0.665"));
    assert(
      !requests().some((url) => /live_worker|\/programs\//.test(url)),
      "the worker was loaded before it was needed",
    );
    await page.click(".program .ran button");
    await page.waitForFunction(
      () => / s · the same as recorded$/.test(document.querySelector(".program .ran [role=status]")!.textContent!),
      undefined,
      { timeout: 30_000 },
    );
    assertEquals(
      await page.evaluate(() => document.querySelector(".program .output")!.textContent!.trim()),
      recorded,
    );
    // Again, and beside an experiment's run.
    await page.click(".program .ran button");
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>(".program .ran button")!.disabled);
    assertEquals(complaints(), []);
  });
});

testInBrowser("every program of the book prints in a browser what it prints in Deno", async () => {
  const programs = programsOfBook().flatMap(({ path, shown, name }) => {
    const url = path.replace(/^core\/(\d\d_)?/, "").replace(/(\/mod)?\.ts$/, ".html");
    return [{ url: /^\w+\/mod\.html$/.test(url) ? url.replace("mod.html", "index.html") : url, shown, name }];
  });
  const pages = new Set(programs.map(({ url }) => url));
  await withTab({}, async ({ page, open, complaints }) => {
    for (const url of pages) {
      if (!await Deno.stat(new URL(url, SITE)).catch(() => false)) throw new Error(`${url} is not there`);
      await open(url);
      // Those in answers are folded.
      await page.evaluate(() =>
        document.querySelectorAll("details.answer").forEach((one) => one.setAttribute("open", ""))
      );
      const buttons = await page.evaluate(() => {
        const all = [...document.querySelectorAll<HTMLButtonElement>("[data-program] .ran button")];
        all.forEach((button) => button.click());
        return all.length;
      });
      assertEquals(buttons, programs.filter((program) => program.url === url).length, url);
      await page.waitForFunction(
        () => [...document.querySelectorAll<HTMLButtonElement>(".ran button")].every(({ disabled }) => !disabled),
        undefined,
        { timeout: 60_000 },
      );
      const found = await page.evaluate(() =>
        [...document.querySelectorAll("[data-program] .ran [role=status]")].map(({ textContent }) => textContent!)
      );
      for (const status of found) assert(status.endsWith(" s · the same as recorded"), `${url}: ${status}`);
    }
    assertEquals(complaints(), []);
  });
});
