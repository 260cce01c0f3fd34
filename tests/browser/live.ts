/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Live figures: they wake, answer, stop, go back, are saved; and compute what was recorded, on every device. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { EXPERIMENTS, type Outcome } from "../../core/experiments.ts";
import { differences, type Recording } from "../../docs/recorded.ts";
import { type Page, SITE, testInBrowser, type View, withTab } from "./browser.ts";

const PAGE = "attention/scaled_dot_product.html", FIGURE = "#experiment-attention-scaled_dot_product";

/** Milliseconds a run may take on a busy machine. */
const timeout = 60_000;

const state = (page: Page, value: string): Promise<unknown> =>
  page.waitForFunction(
    ([figure, value]) => document.querySelector<HTMLElement>(figure!)?.dataset["live"] === value,
    [FIGURE, value],
    { timeout },
  );
const text = (page: Page, selector: string): Promise<string> =>
  page.evaluate((selector) => document.querySelector(selector)?.textContent ?? "", `${FIGURE} ${selector}`);
const figures = (page: Page): Promise<string> =>
  page.evaluate((selector) => document.querySelector(selector)!.innerHTML, `${FIGURE} .figures`);

/** Sets a control as a reader does who drops a slider. */
const set = (page: Page, control: string, value: number): Promise<void> =>
  page.evaluate(([selector, value]) => {
    const input = document.querySelector<HTMLInputElement>(selector)!;
    input.value = String(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, [`${FIGURE}-${control}`, value] as const);

/** Waits until a run has ended. */
async function ended(page: Page): Promise<void> {
  await state(page, "ready");
  await page.waitForFunction(
    (selector) => document.querySelector(selector)?.textContent !== "running …",
    `${FIGURE} .status`,
    { timeout },
  );
}

/** Scrolls to the figure and waits until it is awake. */
async function awake(page: Page, requests: () => string[]): Promise<string[]> {
  const before = requests();
  await page.evaluate((figure) => document.querySelector(figure)!.scrollIntoView(), FIGURE);
  await state(page, "ready");
  await page.waitForFunction(() =>
    performance.getEntriesByType("resource").some(({ name }) => name.includes("/recorded/"))
  );
  await page.waitForTimeout(200);
  return before;
}

testInBrowser("a figure wakes when it comes into view, answers a slider, and goes back", async () => {
  await withTab({}, async ({ page, open, complaints, requests }) => {
    await page.setViewportSize({ width: 1400, height: 300 });
    await open(PAGE);
    await page.waitForTimeout(200);
    const early = await awake(page, requests);
    assert(!early.some((url) => /\/live-|live_worker|recorded/.test(url)), `loaded too early: ${early.join(" ")}`);
    const later = requests();
    assert(later.some((url) => url.includes("/live-experiment")));
    assert(!later.some((url) => url.includes("live_worker")), "the worker was loaded before a run");

    const recorded = await figures(page), claims = await text(page, ".claims");
    await set(page, "keys", 64);
    await ended(page);
    assertStringIncludes(await text(page, ".status"), " s · CPU");
    const changed = await figures(page);
    assertNotEquals(changed, recorded);
    assertEquals(await page.evaluate((id) => document.querySelector(id)!.textContent, `${FIGURE} output`), "400");

    await set(page, "seed", 5);
    await ended(page);
    assertNotEquals(await figures(page), changed);

    await page.click(`${FIGURE} .reset`);
    assertEquals(await figures(page), recorded);
    assertEquals(await text(page, ".claims"), claims);
    assertEquals(
      await page.evaluate((id) => document.querySelector<HTMLInputElement>(id)!.value, `${FIGURE}-keys`),
      "16",
    );

    // The same run draws the same picture twice.
    await page.click(`${FIGURE} .run`);
    await ended(page);
    const once = await figures(page);
    await page.click(`${FIGURE} .run`);
    await ended(page);
    assertEquals(await figures(page), once);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a figure answers to the keyboard alone", async () => {
  await withTab({}, async ({ page, open, requests }) => {
    await open(PAGE);
    await awake(page, requests);
    const recorded = await figures(page);
    await page.evaluate((id) => document.querySelector<HTMLElement>(id)!.focus(), `${FIGURE}-keys`);
    await page.keyboard.press("ArrowRight");
    await ended(page);
    assertEquals(
      await page.evaluate((id) => document.querySelector<HTMLInputElement>(id)!.value, `${FIGURE}-keys`),
      "17",
    );
    assertNotEquals(await figures(page), recorded);
  });
});

testInBrowser("a run is cancelled, and the next one runs", async () => {
  await withTab({}, async ({ page, open, requests, complaints }) => {
    await open(PAGE);
    await awake(page, requests);
    const recorded = await figures(page);
    await page.evaluate(([queries, keys, figure]) => {
      for (const id of [queries, keys]) {
        const input = document.querySelector<HTMLInputElement>(id!)!;
        input.value = input.max;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
      document.querySelector<HTMLElement>(`${figure} .cancel`)!.click();
    }, [`${FIGURE}-queries`, `${FIGURE}-keys`, FIGURE]);
    await page.waitForFunction(
      (selector) => document.querySelector(selector)?.textContent === "cancelled",
      `${FIGURE} .status`,
      { timeout: 5000 },
    );
    assertEquals(await figures(page), recorded);
    assert(!await page.isVisible(`${FIGURE} .cancel`));
    await set(page, "queries", 100);
    await ended(page);
    assertStringIncludes(await text(page, ".status"), " s · ");
    assertNotEquals(await figures(page), recorded);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a figure is saved as SVG, PNG and CSV", async () => {
  await withTab({}, async ({ page, open, requests }) => {
    await open(PAGE);
    await awake(page, requests);
    for (
      const [kind, starts] of [["SVG", "<svg "], ["PNG", "\x89PNG"], ["CSV", ""]] as const
    ) {
      const waiting = page.waitForEvent("download");
      await page.click(`${FIGURE} figure button[aria-label="save figure 1 as ${kind}"]`);
      const file = await waiting, bytes = await Deno.readFile(await file.path());
      assertEquals(file.suggestedFilename(), `attention-scaled_dot_product-1.${kind.toLowerCase()}`);
      const start = String.fromCharCode(...bytes.subarray(0, 200));
      assert(start.includes(starts) && bytes.length > 100, `${kind}: ${start}`);
    }
  });
});

/** Runs an experiment at its default controls in the worker of the live figures. */
async function runInWorker(
  page: Page,
  name: string,
  device: "wasm" | "webgpu",
): Promise<{ outcome: Outcome; device: string; seconds: number }> {
  const experiment = EXPERIMENTS.find((candidate) => candidate.name === name)!;
  const controls = Object.fromEntries(Object.entries(experiment.controls).map(([key, value]) => [key, value.default]));
  const answer = await page.evaluate(([name, controls, device]) =>
    new Promise<string>((resolve) => {
      const root = new URL(document.documentElement.dataset["root"]!.replace(/\/?$/, "/"), location.href);
      const held = globalThis as unknown as { testWorker?: Worker };
      const worker = held.testWorker ??= new Worker(new URL("assets/live_worker.js", root), { type: "module" });
      worker.onerror = (event) => resolve(JSON.stringify({ kind: "error", message: event.message }));
      worker.onmessage = ({ data }) => {
        if (data.kind !== "progress") resolve(JSON.stringify(data));
      };
      worker.postMessage({ run: 1, name, controls, device });
    }), [name, controls, device] as const);
  const found = JSON.parse(answer);
  assertEquals(found.kind, "outcome", `${name}: ${found.message}`);
  return found;
}

/** Quick ones, one or two of each chapter. */
const QUICK = [
  "words/softmax",
  "attention/scaled_dot_product",
  "attention/masks",
  "transformer/encoder",
  "training/loss",
  "generation/temperature",
];

for (
  const [name, device, view, described, experiments] of [
    ["WASM with threads", "wasm", {}, /^CPU .* \d+ threads/, QUICK],
    ["WASM without isolation", "wasm", { isolated: false }, /^CPU .* one thread/, QUICK],
    ["WebGPU", "webgpu", {}, /^GPU/, QUICK],
    ["WebGPU without isolation", "webgpu", { isolated: false }, /^GPU/, ["words/softmax", "generation/temperature"]],
  ] as readonly [string, "wasm" | "webgpu", View, RegExp, readonly string[]][]
) {
  testInBrowser(`${name} gives the recorded results`, async () => {
    await withTab(view, async ({ page, open, complaints }) => {
      await open(PAGE);
      assertEquals(await page.evaluate(() => crossOriginIsolated), view.isolated ?? true);
      const times: string[] = [], problems: string[] = [];
      let by = "";
      for (const name of experiments) {
        const experiment = EXPERIMENTS.find((candidate) => candidate.name === name)!;
        const file = new URL(`assets/recorded/${name}.json`, SITE);
        const recording = JSON.parse(await Deno.readTextFile(file)) as Recording;
        const found = await runInWorker(page, name, device);
        by = found.device;
        assert(described.test(by), by);
        times.push(`${name} ${found.seconds.toPrecision(2)} s`);
        problems.push(...differences(experiment, recording, found.outcome).map((text) => `${name}: ${text}`));
      }
      console.log(`${by}: ${times.join(", ")}`);
      assertEquals(problems.length, 0, `\n${problems.slice(0, 20).join("\n")}`);
      assertEquals(complaints(), []);
    });
  });
}

testInBrowser("a figure is switched to WebGPU and back", async () => {
  await withTab({}, async ({ page, open, requests, complaints }) => {
    await open(PAGE);
    await awake(page, requests);
    for (const [device, says] of [["webgpu", " · GPU"], ["wasm", " · CPU"]] as const) {
      await page.evaluate(([selector, device]) => {
        const select = document.querySelector<HTMLSelectElement>(selector)!;
        select.value = device;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }, [`${FIGURE}-device`, device] as const);
      await ended(page);
      assertStringIncludes(await text(page, ".status"), says);
    }
    assertEquals(complaints(), []);
  });
});
