/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Every page: it loads, asks nobody else, fits, is accessible, is light. */

import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";
import { violations } from "./accessibility.ts";
import { chosenPages, crawl, inTabs, kindsOfPages, SITE, type Tab, testInBrowser, withTab } from "./browser.ts";

/** Kilobytes that a page may cost, fonts not counted. */
const MAX_PAGE = 64_000;
/** The same in Chinese, whose letters are three bytes each, and whose pages bring the words of the scripts. */
const MAX_CHINESE_PAGE = 66_000;

/** Pixels by which the page is wider than the window. */
function excess({ page }: Tab): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Reports everything at once. */
function assertNone(problems: readonly string[]): void {
  assertEquals(problems.length, 0, `\n${problems.join("\n")}`);
}

testInBrowser("every page that a link leads to is there", () => {
  const pages = crawl();
  assert(pages.length > 50, `${pages.length} pages`);
  return Promise.resolve();
});

testInBrowser("pages load without an error or a request to another host, and fit a desktop", async () => {
  const problems: string[] = [], paints: number[] = [];
  await inTabs(chosenPages(60), {}, async (url, tab) => {
    await tab.open(url);
    const wide = await excess(tab);
    if (wide > 0) problems.push(`${url}: ${wide} px wider than the window`);
    const paint = await tab.page.evaluate(() =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const first = list.getEntriesByName("first-contentful-paint")[0];
          if (first) resolve(first.startTime);
        }).observe({ type: "paint", buffered: true });
        setTimeout(resolve, 3000, NaN);
      })
    );
    if (Number.isNaN(paint)) problems.push(`${url}: nothing was painted`);
    else paints.push(paint);
    problems.push(...tab.complaints().map((complaint) => `${url}: ${complaint}`));
  });
  paints.sort((a, b) => a - b);
  const at = (share: number): string => `${Math.round(paints[Math.floor(share * (paints.length - 1))]!)} ms`;
  console.log(`first paint of ${paints.length} pages: median ${at(0.5)}, 9 of 10 within ${at(0.9)}, last ${at(1)}`);
  assertNone(problems);
});

testInBrowser("pages fit a phone", async () => {
  const problems: string[] = [];
  await inTabs(chosenPages(24), { width: 390 }, async (url, tab) => {
    await tab.open(url);
    const wide = await excess(tab);
    if (wide > 0) problems.push(`${url}: ${wide} px wider than the window`);
    problems.push(...tab.complaints().map((complaint) => `${url}: ${complaint}`));
  });
  assertNone(problems);
});

for (
  const [name, view, chosen] of [
    ["on a desktop", {}, () => chosenPages(16)],
    ["in the dark", { dark: true }, kindsOfPages],
    ["on a phone", { width: 390 }, kindsOfPages],
  ] as const
) {
  testInBrowser(`pages are accessible ${name}`, async () => {
    const problems = new Map<string, string[]>();
    await inTabs(chosen(), view, async (url, tab) => {
      await tab.open(url);
      for (const violation of await violations(tab)) problems.set(violation, [...problems.get(violation) ?? [], url]);
    });
    assertNone(
      [...problems].map(([violation, urls]) =>
        `${violation}\n  on ${urls.length} pages: ${urls.slice(0, 5).join(" ")}`
      ),
    );
  });
}

/** The size of a file as a host sends it. */
async function packedSize(url: URL): Promise<number> {
  const stream = new Blob([await Deno.readFile(url)]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

Deno.test("no page weighs more than 64 kB without fonts, 66 kB in Chinese", async () => {
  const sizes = new Map<string, Promise<number>>();
  const size = (url: URL): Promise<number> => {
    const found = sizes.get(url.href) ?? packedSize(url);
    sizes.set(url.href, found);
    return found;
  };
  const weights: [number, string][] = [];
  for (const url of crawl()) {
    const at = new URL(url, SITE), html = await Deno.readTextFile(at);
    let weight = await size(at);
    // Style sheets, scripts and pictures; what comes later, the figures' own test counts.
    const assets = [
      ...html.matchAll(/<(?:link rel="stylesheet" href|script\b[^>]* src|img\b[^>]* src)="([^"]*)"/g),
    ];
    for (const [, asset] of assets) if (!asset!.startsWith("data:")) weight += await size(new URL(asset!, at));
    weights.push([weight, url]);
  }
  weights.sort(([a], [b]) => b - a);
  const median = weights[weights.length >> 1]![0];
  console.log(`weights: median ${(median / 1000).toFixed(1)} kB, most ${(weights[0]![0] / 1000).toFixed(1)} kB`);
  assertNone(
    weights.filter(([weight, url]) => weight > (url.startsWith("zh/") ? MAX_CHINESE_PAGE : MAX_PAGE)).map((
      [weight, url],
    ) => `${url}: ${(weight / 1000).toFixed(1)} kB`),
  );
});

testInBrowser("what scripts add is accessible too", async () => {
  const problems: string[] = [];
  for (const view of [{}, { dark: true }, { width: 390 }]) {
    await withTab(view, async (tab) => {
      const { page } = tab;
      const check = async (what: string): Promise<void> => {
        problems.push(...(await violations(tab)).map((violation) => `${what}, ${JSON.stringify(view)}: ${violation}`));
        const wide = await excess(tab);
        if (wide > 0) problems.push(`${what}, ${JSON.stringify(view)}: ${wide} px wider than the window`);
      };
      await tab.open("attention/scaled_dot_product.html");
      await page.evaluate(() => document.querySelector(".experiment")!.scrollIntoView());
      await page.waitForFunction(() => document.querySelector(".experiment .controls"));
      await page.click(".experiment .run");
      await page.waitForFunction(
        () => document.querySelector(".experiment .status")?.textContent?.includes(" s · "),
        undefined,
        { timeout: 60_000 },
      );
      await check("a live figure");
      await page.click("[data-action=search]");
      await page.keyboard.type("attention");
      await page.waitForFunction(() => document.querySelector("dialog[open] .results li"));
      await check("the search");
      await page.keyboard.press("Escape");
      await page.click("details.tree summary");
      await check("the contents");
      await tab.open("playground.html");
      await page.click(".write button");
      await page.waitForFunction(
        () => document.querySelector(".playground .status")?.textContent?.includes(" ms. "),
        undefined,
        { timeout: 60_000 },
      );
      await check("the playground");
    });
  }
  assertNone(problems);
});
