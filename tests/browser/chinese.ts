/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The Chinese book: the switch keeps the place, figures and buttons speak Chinese, the search has an index of its own. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { address, type Page, testInBrowser, withTab } from "./browser.ts";
import { LiveFigure } from "./figure.ts";

const PAGE = "attention/scaled_dot_product.html", PLACE = "scaledDotProductAttention";

/** Follows the switch without scrolling to it, as the driver would. */
const turn = (page: Page): Promise<void> =>
  page.evaluate(() => document.querySelector<HTMLAnchorElement>("a.language")!.click());

testInBrowser("the switch of languages leads to the same place of the same page, and back", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    // What lies above it is laid out as it comes near.
    for (let i = 0; i < 3; i++) {
      await page.evaluate((id) => document.getElementById(id)!.scrollIntoView(), PLACE);
      await page.waitForTimeout(700);
    }
    await turn(page);
    await page.waitForURL(`${await address()}zh/${PAGE}#${PLACE}`);
    assertEquals(await page.evaluate(() => document.documentElement.lang), "zh");
    const { text, top } = await page.evaluate((id) => {
      const row = document.getElementById(id)!;
      return { text: row.textContent!, top: row.getBoundingClientRect().top };
    }, PLACE);
    assertStringIncludes(text, "匹配程度");
    assert(top >= 0 && top < 400, `the place is ${top} px below the top`);
    await turn(page);
    await page.waitForURL(`${await address()}${PAGE}#${PLACE}`);
    assertEquals(complaints(), []);
  });
});

testInBrowser("links from a Chinese page lead to Chinese pages, and to the English workshop", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(`zh/${PAGE}`);
    const links = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLAnchorElement>("main a[href]")].map(({ pathname }) => pathname)
    );
    const book = links.filter((path) => /\/(words|attention|transformer|training|generation)\/\w+\.html$/.test(path));
    assert(book.length > 3);
    assertEquals(book.filter((path) => !path.includes("/zh/")), []);
    assert(links.some((path) => /\/engine\//.test(path)));
    assertEquals(links.filter((path) => /\/zh\/(engine|wasm|gpu|docs)\//.test(path)), []);
  });
});

testInBrowser(
  "a page without a translation is English within a Chinese frame, and says so to those who listen",
  async () => {
    await withTab({}, async ({ page, open, complaints }) => {
      await open("zh/generation/kv_cache.html");
      assertEquals(await page.evaluate(() => document.querySelector("main .prose")!.getAttribute("lang")), "en");
      assertMatch(await page.evaluate(() => document.querySelector("details.tree summary")!.textContent!), /目录/);
      assertEquals(complaints(), []);
    });
  },
);

testInBrowser("a figure that a reader of Chinese runs has Chinese captions and verdicts", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(`zh/${PAGE}`);
    const figure = new LiveFigure(page, "attention/scaled_dot_product");
    await figure.wake();
    assertStringIncludes(await figure.text(".trial"), "运行");
    await figure.set("keys", 4);
    await page.waitForFunction(
      (selector) => /秒|s · |CPU/.test(document.querySelector(`${selector} .status`)!.textContent!),
      figure.selector,
      { timeout: 240_000 },
    );
    assertStringIncludes(await figure.text(".figures"), "4 个键");
    assertMatch(await figure.text(".claims"), /成立/);
    assertStringIncludes(await figure.text(".found"), "所选");
    assertEquals(complaints(), []);
  });
});

testInBrowser("the search of a Chinese page finds its words, in an index that only Chinese pages fetch", async () => {
  await withTab({}, async ({ page, open, complaints, requests }) => {
    await open("zh/index.html");
    await page.keyboard.press("/");
    await page.fill("dialog[open] input", "拿手");
    await page.waitForFunction(() => document.querySelector("dialog[open] .results a"));
    const first = await page.evaluate(() => document.querySelector<HTMLAnchorElement>("dialog[open] .results a")!.href);
    assertStringIncludes(first, `zh/${PAGE}`);
    assert(requests().some((url) => url.endsWith("/search_zh.js")));
    assertEquals(complaints(), []);
  });
});
