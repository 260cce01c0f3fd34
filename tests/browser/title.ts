/// <reference lib="dom" />
/**
 * The title page: a recorded translation without a model, whose words show where they look; another one when the reader asks.
 */

import { assert, assertEquals, assertNotEquals } from "../../core/cli/std/assert/mod.ts";
import { testInBrowser, withTab } from "./browser.ts";

const heavy = (requests: readonly string[]): string[] =>
  requests.filter((url) => /playground_worker|safetensors/.test(url)).map((url) => url.split("/").at(-1)!);

/** How strong the lines of each word are, after what moves has come to rest. */
const strengths = (): number[] => {
  const drawing = [...document.querySelectorAll(".p-translation")].find((svg) => svg.getClientRects().length > 0)!;
  return [...drawing.querySelectorAll(".looks")].map((looks) => Number(getComputedStyle(looks).opacity));
};

for (const [name, width] of [["a desktop", 1440], ["a phone", 390]] as const) {
  testInBrowser(`the title page shows where each word of a translation looks, on ${name}`, async () => {
    await withTab({ width }, async ({ page, open, requests, complaints }) => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await open("index.html");
      const before = await page.evaluate(strengths);
      assertEquals(before.filter((strength) => strength === 1).length, 1);
      const other = before.indexOf(0);
      await page.hover(`.at-${width < 500 ? "phone" : "wide"} .said >> nth=${other}`);
      assertEquals(await page.evaluate(strengths), before.map((_, i) => Number(i === other)));
      // It fits, and nothing heavy was fetched for it.
      assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      assertEquals(heavy(requests()), []);
      assertEquals(complaints(), []);
    });
  });
}

testInBrowser("the title page shows its translation without scripts", async () => {
  await withTab({ scripts: false }, async ({ page, open, complaints }) => {
    await open("index.html");
    assert(await page.isVisible(".p-translation.at-wide .said"));
    assertEquals(complaints(), []);
  });
});

testInBrowser("the title page translates a sentence of the reader's", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("index.html");
    const words = () =>
      page.evaluate(() =>
        [...document.querySelectorAll(".at-wide .said")].map(({ textContent }) => textContent ?? "").join(" ")
      );
    const before = await words(), sentence = "南京今天很冷。";
    await page.fill("#translated-sentence", sentence);
    await page.waitForFunction(
      (sentence) => document.querySelector<HTMLElement>("#translated")!.dataset["shown"] === sentence,
      sentence,
      { timeout: 60_000 },
    );
    assertNotEquals(await words(), before);
    assert((await words()).includes("Nanjing"));
    assertEquals(complaints(), []);
  });
});
