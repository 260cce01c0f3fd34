/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The playground: it shows a recorded translation, fetches its model when it is touched, answers the newest question, can be
 * stopped, and leads to the lines that made its numbers.
 */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { type Page, SITE, testInBrowser, withTab } from "./browser.ts";

const timeout = 60_000;

/** 31 tokens, as many as there may be. */
const LONG = "因为他很累，所以他不想打电话。".repeat(3);

/** Waits until the status says something. */
const says = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction(
    (text) => document.querySelector(".playground .status")?.textContent?.includes(text),
    text,
    { timeout },
  );
const status = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector(".playground .status")!.textContent ?? "");

/** Waits until the recorded translation is drawn at the width of the screen. */
const ready = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.querySelector<HTMLElement>(".playground")!.dataset["live"], undefined, {
    timeout,
  });
const translation = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector(".translation")!.textContent ?? "");
const figures = (page: Page, stage: string): Promise<string> =>
  page.evaluate((stage) => document.querySelector(`[data-stage="${stage}"] .figures`)!.innerHTML, stage);

/** Sets a control. */
const put = (page: Page, control: string, value: string): Promise<void> =>
  page.evaluate(([selector, value]) => {
    const input = document.querySelector<HTMLInputElement>(selector!)!;
    input.value = value!;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, [`#play-${control}`, value]);

/** Sets a control and waits until the figures of a stage are others. */
async function set(page: Page, stage: string, control: string, value: string): Promise<void> {
  const before = await figures(page, stage);
  await put(page, control, value);
  await page.waitForFunction(
    ([stage, before]) => document.querySelector(`[data-stage="${stage}"] .figures`)!.innerHTML !== before,
    [stage, before],
    { timeout },
  );
}

/** Waits until a sentence's answer is on the page. */
const shown = (page: Page, sentence: string): Promise<unknown> =>
  page.waitForFunction(
    (sentence) => document.querySelector<HTMLElement>(".playground")!.dataset["shown"] === sentence,
    sentence,
    { timeout },
  );

/** The translation that the page shows before any script has run. */
function recorded(): string {
  const html = Deno.readTextFileSync(new URL("playground.html", SITE));
  return /<p class="translation"[^>]*>([^<]*)</.exec(html)![1]!.replaceAll("&#39;", "'").replaceAll("&quot;", '"');
}

/** What was fetched of what only an answer needs. */
const heavy = (requests: readonly string[]): string[] =>
  requests.filter((url) => /playground_worker|safetensors/.test(url)).map((url) => url.split("/").at(-1)!);

testInBrowser("the playground shows the recorded translation and fetches no model for it", async () => {
  await withTab({}, async ({ page, open, requests, complaints }) => {
    await open("playground.html");
    await ready(page);
    assertEquals(await translation(page), recorded());
    assertStringIncludes(await status(page), "Recorded");
    // What the recording has can be looked at.
    await set(page, "encoder", "encoder-layer", "0");
    await set(page, "softmax", "softmax-word", "0");
    assertEquals(heavy(requests()), []);
    await page.focus("#play-sentence");
    await says(page, "The model is here");
    assertEquals(heavy(requests()).sort(), ["playground.safetensors", "playground_worker.js"]);
    await page.click(".write button");
    await says(page, " ms. ");
    assertEquals(await translation(page), recorded());
    assertEquals(heavy(requests()), []);
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground shows the recorded translation without scripts", async () => {
  await withTab({ scripts: false }, async ({ page, open, complaints }) => {
    await open("playground.html");
    assert(await page.isVisible(".asked"));
    assert(await page.isVisible(".translation"));
    assert(await page.isVisible('[data-stage="beams"] svg'));
    assertEquals(complaints(), []);
  });
});

for (const isolated of [true, false]) {
  testInBrowser(`the playground translates, ${isolated ? "with" : "without"} isolation`, async () => {
    await withTab({ isolated }, async ({ page, open, complaints }) => {
      await open("playground.html");
      await ready(page);
      const other = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLOptionElement>("#play-example option")].map(({ value }) => value)
          .find((value) => value && value !== document.querySelector<HTMLInputElement>("#play-sentence")!.value)!
      );
      const tokens = await figures(page, "tokens");
      await page.fill("#play-sentence", other);
      await shown(page, other);
      assertNotEquals(await figures(page, "tokens"), tokens);
      assertNotEquals(await translation(page), recorded());
      assert((await translation(page)).length > 0);
      assertEquals(complaints(), []);
    });
  });
}

testInBrowser("the playground's controls change what they say they change", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await ready(page);
    await set(page, "encoder", "encoder-layer", "0");
    await set(page, "softmax", "softmax-word", "2");
    await set(page, "softmax", "softmax-temperature", "2");
    await set(page, "softmax", "softmax-top-k", "3");
    await set(page, "softmax", "softmax-top-p", "0.5");
    await set(page, "sampling", "sampling-seed", "7");
    await set(page, "drafted", "drafted-proposals", "2");
    assertStringIncludes(await figures(page, "drafted"), "proposals are accepted");
    await set(page, "drafted", "drafted-proposals", "0");
    assertStringIncludes(await figures(page, "drafted"), "Nothing is proposed");
    await set(page, "sampling", "softmax-banned-words", "library,at");
    assertStringIncludes(await figures(page, "softmax"), "banned words");
    await put(page, "softmax-banned-words", "☃");
    await says(page, "Cannot use banned words with");
    await put(page, "softmax-banned-words", "");
    await set(page, "beams", "beams-num-beams", "6");
    // Greedy search follows one beginning.
    const branches = (): Promise<number> =>
      page.evaluate(() => document.querySelectorAll('[data-stage="beams"] table tr').length);
    const many = await branches();
    await set(page, "beams", "beams-num-beams", "1");
    assert(await branches() < many);
    assertStringIncludes(await figures(page, "beams"), "greedy search");
    assertEquals(complaints(), []);
  });
});

testInBrowser("at the ends of its sliders the playground leaves only the most probable token", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await ready(page);
    const greedy = async (): Promise<void> => {
      assertStringIncludes(await figures(page, "softmax"), "1 token can be drawn");
      assertStringIncludes(await figures(page, "sampling"), "Nothing is left to chance");
    };
    for (const [control, end, back] of [["temperature", "0", "1"], ["top-k", "1", "0"], ["top-p", "0", "1"]] as const) {
      await set(page, "sampling", `softmax-${control}`, end);
      await greedy();
      await set(page, "sampling", `softmax-${control}`, back);
      assertStringIncludes(await figures(page, "sampling"), "Drawn with seed 1");
    }
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground gives the recorded translation on WebGPU", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await ready(page);
    await page.evaluate(() => {
      const select = document.querySelector<HTMLSelectElement>("#play-device")!;
      select.value = "webgpu";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await says(page, "GPU by WebGPU");
    assertEquals(await translation(page), recorded());
    assertStringIncludes(await figures(page, "beams"), "<table");
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground says what it cannot translate, and keeps what it shows", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await ready(page);
    for (
      const [sentence, why] of [
        ["", "Write a sentence to translate; shown is still 她"],
        ["   ", "Write a sentence to translate; shown is still 她"],
        ["很".repeat(100_000), "The sentence has 100000 characters and 200 are the most here; shown is still 她"],
        ["很".repeat(200), "The sentence has 201 tokens and 32 are the most here; shown is still 她"],
      ] as const
    ) {
      await page.fill("#play-sentence", sentence);
      await says(page, why);
      assertEquals(await translation(page), recorded());
    }
    await page.fill("#play-sentence", "qqq ☃ 龘龘");
    await says(page, "The model does not know q, ☃, 龘 and reads UNK");
    await page.fill("#play-sentence", "龘昨天在图书馆。");
    await says(page, "The model does not know 龘 and reads UNK");
    await page.fill("#play-sentence", "我没有钱");
    await says(page, "No training sentence has 没有 before 钱");
    await page.fill("#play-sentence", LONG);
    await shown(page, LONG);
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground can be cancelled while it computes, and keeps its model", async () => {
  await withTab({}, async ({ page, open, requests, complaints }) => {
    await open("playground.html");
    await ready(page);
    const compute = (device: string): Promise<void> =>
      page.evaluate((device) => {
        const select = document.querySelector<HTMLSelectElement>("#play-device")!;
        select.value = device;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }, device);
    await put(page, "beams-num-beams", "8");
    await says(page, " ms. ");
    requests();
    // A software adapter takes its time.
    await compute("webgpu");
    await says(page, "Computing");
    await page.click(".playground .cancel");
    await says(page, "Cancelled");
    assert(!await page.isVisible(".playground .cancel"));
    assertEquals(await translation(page), recorded());
    await compute("wasm");
    await page.fill("#play-sentence", "她昨天很热。");
    await shown(page, "她昨天很热。");
    assert(!heavy(requests()).includes("playground.safetensors"));
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground can be cancelled while its model is on the way", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await ready(page);
    await page.route("**/playground.safetensors", () => Promise.resolve());
    await page.click(".write button");
    await says(page, "Fetching the model");
    assert(await page.isVisible(".playground progress"));
    await page.click(".playground .cancel");
    await says(page, "Cancelled");
    await page.unroute("**/playground.safetensors");
    await page.click(".write button");
    await says(page, " ms. ");
    assertEquals(complaints(), []);
  });
});

testInBrowser("the playground answers the newest of many questions last", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    await ready(page);
    await put(page, "beams-num-beams", "8");
    await says(page, " ms. ");
    const last = "南京今天很冷。";
    await page.evaluate(([long, last]) => {
      const input = document.querySelector<HTMLInputElement>("#play-sentence")!;
      const button = document.querySelector<HTMLButtonElement>(".write button")!;
      const order: string[] = [];
      const root = document.querySelector<HTMLElement>(".playground")!;
      new MutationObserver(() => order.push(root.dataset["shown"]!)).observe(root, { attributeFilter: ["data-shown"] });
      (globalThis as unknown as { order: string[] }).order = order;
      for (const text of [long!, "我下午吃午饭。", long!, "这是谁的围巾？", last!]) {
        input.value = text;
        button.click();
      }
    }, [LONG, last]);
    await shown(page, last);
    await page.waitForTimeout(1500);
    const order = await page.evaluate(() => (globalThis as unknown as { order: string[] }).order);
    assertEquals(order.at(-1), last);
    assert(order.length <= 2, `of those between none was asked: ${order}`);
    assertEquals(complaints(), []);
  });
});

for (const file of ["playground.safetensors", "playground_worker.js"]) {
  testInBrowser(`without ${file} the playground says so once, and tries again`, async () => {
    await withTab({}, async ({ page, open, complaints }) => {
      await open("playground.html");
      await ready(page);
      await page.route(`**/${file}`, (route) => route.abort());
      await page.fill("#play-sentence", "她昨天很热。");
      await page.click(".write button");
      await says(page, "could not be fetched");
      assertEquals((await status(page)).match(/could not be fetched/g)?.length, 1);
      assertEquals(await translation(page), recorded());
      await page.unroute(`**/${file}`);
      await page.click(".playground .again");
      await shown(page, "她昨天很热。");
      assert(!await page.isVisible(".playground .again"));
      assert(complaints().every((complaint) => complaint.includes(file) || complaint.includes("ERR_FAILED")));
    });
  });
}

testInBrowser("every line that a figure of the playground names is there, and can be gone to", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("playground.html");
    const wrong = await page.evaluate(async () => {
      const pages = new Map<string, Document>(), wrong: string[] = [];
      const links = [...document.querySelectorAll<HTMLAnchorElement>(".made a")];
      for (const { href, textContent } of links) {
        const { pathname, hash } = new URL(href);
        const text = pages.has(pathname) ? "" : await (await fetch(pathname)).text();
        const target = pages.get(pathname) ?? new DOMParser().parseFromString(text, "text/html");
        pages.set(pathname, target);
        const line = target.querySelector(hash)?.textContent ?? "";
        if (!line.includes(textContent!) || !line.startsWith(" ")) wrong.push(`${href}: ${line}`);
      }
      return links.length > 15 ? wrong : [`${links.length} lines`];
    });
    assertEquals(wrong, []);
    await page.click('[data-stage="beams"] .made a');
    await page.waitForFunction(() => {
      const box = document.querySelector(".line:target")?.getBoundingClientRect();
      return box && box.top > 40 && box.bottom < innerHeight;
    });
    assertEquals(complaints(), []);
  });
});

testInBrowser("sections lead to the stages that show them, and the title page to the playground", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("generation/temperature.html");
    await page.click('a[href="../playground.html#play-softmax"]');
    await page.waitForFunction(() => document.querySelector("#play-softmax:target"));
    await open("index.html");
    await page.click('.map a[href="playground.html"]');
    await page.waitForFunction(() => document.querySelector(".playground"));
    assertEquals(complaints(), []);
  });
});

testInBrowser("trees fit the screen, however many beams there are", async () => {
  for (const width of [390, 1400]) {
    await withTab({ width }, async ({ page, open, complaints }) => {
      await open("playground.html");
      await ready(page);
      for (const beams of ["8", "1", "3"]) {
        await set(page, "beams", "beams-num-beams", beams);
        const [needed, has] = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.querySelector('[data-stage="beams"] .canvas')!;
          return [scrollWidth, clientWidth] as const;
        });
        assert(needed <= has, `${beams} beams: ${needed} of ${has} px`);
      }
      assertEquals(complaints(), []);
    });
  }
});
