/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What is folded on a page: closed, opened by whatever leads there, open on paper. */

import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";
import { type Page, testInBrowser, withTab } from "./browser.ts";

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
    for (const hash of ["textMask", line, "the-masks-of-a-text-for-layers", "TextMasks.prefix"]) {
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
