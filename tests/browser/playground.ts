/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The playground: it translates what is typed, and its controls are answered, on every device. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type Page, SITE, testInBrowser, withTab } from "./browser.ts";

const timeout = 60_000;

/** Waits until the worker has answered. */
const answered = (page: Page, says = " ms. "): Promise<unknown> =>
  page.waitForFunction(
    (says) => document.querySelector(".playground .status")?.textContent?.includes(says),
    says,
    { timeout },
  );
const translation = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector(".translation")!.textContent ?? "");
const figures = (page: Page, stage: string): Promise<string> =>
  page.evaluate((stage) => document.querySelector(`[data-stage="${stage}"] .figures`)!.innerHTML, stage);

/** Sets a control and waits until the figures of a stage are others. */
async function set(page: Page, stage: string, control: string, value: string): Promise<void> {
  const before = await figures(page, stage);
  await page.evaluate(([selector, value]) => {
    const input = document.querySelector<HTMLInputElement>(selector!)!;
    input.value = value!;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, [`#play-${control}`, value]);
  await page.waitForFunction(
    ([stage, before]) => document.querySelector(`[data-stage="${stage}"] .figures`)!.innerHTML !== before,
    [stage, before],
    { timeout },
  );
}

/** The translation that the page shows before any script has run. */
function recorded(): string {
  const html = Deno.readTextFileSync(new URL("playground.html", SITE));
  return /<p class="translation"[^>]*>([^<]*)</.exec(html)![1]!.replaceAll("&#39;", "'").replaceAll("&quot;", '"');
}

for (const isolated of [true, false]) {
  testInBrowser(`the playground translates, ${isolated ? "with" : "without"} isolation`, async () => {
    await withTab({ isolated }, async ({ page, open, complaints }) => {
      await open("playground.html");
      await answered(page);
      assertEquals(await translation(page), recorded());
      const other = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLOptionElement>("#play-example option")].map(({ value }) => value)
          .find((value) => value && value !== document.querySelector<HTMLInputElement>("#play-sentence")!.value)!
      );
      const tokens = await figures(page, "tokens"), before = await translation(page);
      await page.fill("#play-sentence", other);
      await page.waitForFunction(
        (before) => document.querySelector(".translation")!.textContent !== before,
        before,
        { timeout },
      );
      assertNotEquals(await figures(page, "tokens"), tokens);
      assert((await translation(page)).length > 0);
      assertEquals(complaints(), []);
    });
  });
}

testInBrowser("the playground's controls change what they say they change", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await answered(page);
    await set(page, "encoder", "encoder-layer", "0");
    await set(page, "softmax", "softmax-word", "1");
    await set(page, "softmax", "softmax-temperature", "2");
    await set(page, "softmax", "softmax-top-k", "3");
    await set(page, "softmax", "softmax-top-p", "0.5");
    await set(page, "beams", "beams-beams", "6");
    // Greedy search follows one beginning.
    const branches = (): Promise<number> =>
      page.evaluate(() => document.querySelectorAll('[data-stage="beams"] table tr').length);
    const many = await branches();
    await set(page, "beams", "beams-beams", "1");
    assert(await branches() < many);
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground gives the recorded translation on WebGPU", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await answered(page, "CPU");
    await page.evaluate(() => {
      const select = document.querySelector<HTMLSelectElement>("#play-device")!;
      select.value = "webgpu";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await answered(page, "GPU by WebGPU");
    assertEquals(await translation(page), recorded());
    assertStringIncludes(await figures(page, "beams"), "<table");
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground survives what it cannot know", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await answered(page);
    for (const sentence of ["", "qqq ☃ 龘龘", "很".repeat(200)]) {
      await page.fill("#play-sentence", sentence);
      await page.waitForTimeout(600);
      await page.waitForFunction(
        () => (document.querySelector(".playground .status")?.textContent ?? "") !== "",
        undefined,
        { timeout },
      );
    }
    await page.fill("#play-sentence", "");
    await page.waitForTimeout(400);
    assertEquals(complaints(), []);
  });
});
