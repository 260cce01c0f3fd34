/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Live figures: they wake, answer, stop, go back, are saved; and compute what was recorded, on every device. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { defaultControls } from "../../core/experiments/experiment.ts";
import type { Figure } from "../../core/experiments/figure.ts";
import { EXPERIMENTS } from "../../core/experiments/registry.ts";
import { tableCsv, tablesOf } from "../../docs/figures/mod.ts";
import { number } from "../../docs/figures/svg.ts";
import { differences, readRecording } from "../../docs/recorded.ts";
import { type Page, SITE, testInBrowser, type View, withTab } from "./browser.ts";
import { LiveFigure } from "./figure.ts";

const NAME = "attention/scaled_dot_product", PAGE = `${NAME}.html`;

testInBrowser("a figure wakes when it comes into view, answers a slider, and goes back", async () => {
  await withTab({}, async ({ page, open, complaints, requests }) => {
    await page.setViewportSize({ width: 1400, height: 300 });
    await open(PAGE);
    await page.waitForTimeout(200);
    const early = requests(), figure = new LiveFigure(page, NAME);
    await figure.wake();
    assert(
      !early.some((url) => /\/live-(?!chunk)|live_worker|recorded/.test(url)),
      `loaded too early: ${early.join(" ")}`,
    );
    const later = requests();
    assert(later.some((url) => url.includes("/live-experiment")));
    assert(!later.some((url) => url.includes("live_worker")), "the worker was loaded before a run");

    const recorded = await figure.drawn(), claims = await figure.text(".claims");
    await figure.set("keys", 64);
    await figure.ended();
    assertStringIncludes(await figure.text(".status"), " s · CPU");
    const changed = await figure.drawn();
    assertNotEquals(changed, recorded);
    assertEquals(await figure.text("output"), "400");

    await figure.set("seed", 5);
    await figure.ended();
    assertNotEquals(await figure.drawn(), changed);

    await figure.press("reset");
    assertEquals(await figure.drawn(), recorded);
    assertEquals(await figure.text(".claims"), claims);
    assertEquals(await figure.value("keys"), "16");

    // The same run draws the same picture twice.
    await figure.press("run");
    await figure.ended();
    const once = await figure.drawn();
    await figure.press("run");
    await figure.ended();
    assertEquals(await figure.drawn(), once);
    assertEquals(complaints(), []);
  });
});

testInBrowser("the reading below the figures is that of the reader's own run, and goes back", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("generation/truncation.html");
    const figure = new LiveFigure(page, "generation/truncation");
    await figure.wake();
    const recorded = await figure.text(".reading");
    assertStringIncludes(recorded, "top-p at a mass of 0.9");
    await figure.set("topP", 0.5);
    await page.waitForFunction(
      (selector) => document.querySelector(selector)!.textContent!.includes("top-p at a mass of 0.5"),
      `${figure.selector} .reading`,
    );
    await figure.press("reset");
    assertEquals(await figure.text(".reading"), recorded);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a figure answers to the keyboard alone", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    const figure = new LiveFigure(page, NAME);
    await figure.wake();
    const recorded = await figure.drawn();
    await page.evaluate((id) => document.querySelector<HTMLElement>(id)!.focus(), `${figure.selector}-keys`);
    await page.keyboard.press("ArrowRight");
    await figure.ended();
    assertEquals(await figure.value("keys"), "17");
    assertNotEquals(await figure.drawn(), recorded);
  });
});

testInBrowser("a run is cancelled, and the next one runs", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    const figure = new LiveFigure(page, NAME);
    await figure.wake();
    const recorded = await figure.drawn();
    await page.evaluate(([queries, keys, figure]) => {
      for (const id of [queries, keys]) {
        const input = document.querySelector<HTMLInputElement>(id!)!;
        input.value = input.max;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
      document.querySelector<HTMLElement>(`${figure} .cancel`)!.click();
    }, [`${figure.selector}-queries`, `${figure.selector}-keys`, figure.selector]);
    await page.waitForFunction(
      (selector) => document.querySelector(selector)?.textContent === "cancelled",
      `${figure.selector} .status`,
      { timeout: 5000 },
    );
    assertEquals(await figure.drawn(), recorded);
    assert(!await page.isVisible(`${figure.selector} .cancel`));
    await figure.set("queries", 100);
    await figure.ended();
    assertStringIncludes(await figure.text(".status"), " s · ");
    assertNotEquals(await figure.drawn(), recorded);
    assertEquals(complaints(), []);
  });
});

testInBrowser("what is asked for while a figure runs is what it answers", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    const figure = new LiveFigure(page, NAME);
    await figure.wake();
    const recorded = await figure.drawn();
    /** All that the figure says of its runs. */
    await page.evaluate((selector) => {
      const status = document.querySelector(selector)!, held = globalThis as unknown as { said: string[] };
      held.said = [];
      new MutationObserver(() => held.said.push(status.textContent ?? "")).observe(status, { childList: true });
    }, `${figure.selector} .status`);

    // A run that takes longer than it is given to stop by itself, and then Run at several moments of it.
    await figure.set("keys", 64);
    for (const pause of [0, 100, 400, 900]) {
      await figure.set("queries", 2000);
      await page.waitForTimeout(pause);
      await figure.press("run");
      await figure.set("queries", 100);
      await figure.ended();
      assertStringIncludes(await figure.text(".status"), " s · ");
      assertNotEquals(await figure.drawn(), recorded);
    }

    // Keys held down: each asks for a run, and the last one counts.
    await page.evaluate((id) => document.querySelector<HTMLElement>(id)!.focus(), `${figure.selector}-keys`);
    for (let i = 0; i < 30; i++) await page.keyboard.press("ArrowLeft");
    await figure.ended();
    assertStringIncludes(await figure.text(".status"), " s · ");
    assertStringIncludes(await figure.text("figure:nth-of-type(2) figcaption"), "one of 34 keys");

    // Going back while it runs is no cancelling.
    await figure.set("queries", 2000);
    await figure.press("reset");
    await figure.ended();
    await page.waitForTimeout(1000);
    assertEquals(await figure.text(".status"), "as recorded");
    assertEquals(await figure.drawn(), recorded);
    const said = await page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
    assert(!said.includes("cancelled"), said.join(", "));
    assertEquals(complaints(), []);
  });
});

testInBrowser("two figures of a page run one after the other, and neither stops the other", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open("attention/positions.html");
    const pair = ["rotation", "extrapolation"].map((name) => new LiveFigure(page, `attention/positions/${name}`));
    for (const figure of pair) await figure.wake();
    await page.evaluate((selectors) => {
      for (const selector of selectors) document.querySelector<HTMLElement>(`${selector} .run`)!.click();
    }, pair.map(({ selector }) => selector).toReversed());
    for (const figure of pair) {
      await figure.ended();
      assertStringIncludes(await figure.text(".status"), " s · ");
    }
    assertEquals(complaints(), []);
  });
});

/** What a press of a button hands over. */
async function saved(page: Page, figure: LiveFigure, i: number, kind: string): Promise<[name: string, Uint8Array]> {
  const waiting = page.waitForEvent("download");
  await page.click(`${figure.selector} figure button[aria-label="save figure ${i} as ${kind}"]`);
  const file = await waiting;
  return [file.suggestedFilename(), await Deno.readFile(await file.path())];
}

testInBrowser("a figure is saved as SVG, PNG and CSV, with what it shows", async () => {
  // Curves, bars and a table; links of attention; a heat map, which has a picture inside; tokens; a tree, wider than the page.
  const names = [
    NAME,
    "attention/self_and_cross",
    "attention/masks",
    "words/byte_pair_encoding",
    "generation/greedy_and_beam",
  ];
  for (const name of names) {
    await withTab({}, async ({ page, open, complaints }) => {
      await open(`${name}.html`);
      const figure = new LiveFigure(page, name);
      await figure.wake();
      for (const [i, shown] of (await recordedFigures(name)).entries()) {
        const file = `${name.replace("/", "-")}-${i + 1}`;
        const [csvName, csv] = await saved(page, figure, i + 1, "CSV");
        assertEquals(csvName, `${file}.csv`);
        assertEquals(new TextDecoder().decode(csv), tablesOf(shown, true).map(tableCsv).join("\n"));
        if (shown.kind === "table") continue;

        const [svgName, svg] = await saved(page, figure, i + 1, "SVG"), text = new TextDecoder().decode(svg);
        assertEquals(svgName, `${file}.svg`);
        const found = await page.evaluate(async ([text, selector, i]) => {
          const page = [...document.querySelectorAll(`${selector} figure`)][i]!;
          const drawn = [...page.querySelectorAll("svg.picture")].find((svg) => svg.getClientRects().length > 0)!;
          const file = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
          const words = (svg: Element): string =>
            [...svg.querySelectorAll("text")].map((one) => one.textContent).join("|");
          const image = new Image();
          image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
          await image.decode();
          return {
            root: file.tagName,
            // What is added: the paper.
            shapes: file.querySelectorAll("*").length - drawn.querySelectorAll("*").length,
            same: words(file) === words(drawn),
            outside: /url\((?!(?:&quot;)?#)|href="(?!#|data:)|class=|var\(--/.exec(text)?.[0],
            box: (drawn as SVGSVGElement).viewBox.baseVal.width,
          };
        }, [text, figure.selector, i] as const);
        const { box, ...rest } = found;
        assertEquals(rest, { root: "svg", shapes: 1, same: true, outside: undefined }, `${file}.svg`);

        const [pngName, png] = await saved(page, figure, i + 1, "PNG");
        assertEquals(pngName, `${file}.png`);
        const colours = await page.evaluate(async (bytes) => {
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
          const canvas = new OffscreenCanvas(picture.width, picture.height), context = canvas.getContext("2d")!;
          context.drawImage(picture, 0, 0);
          const pixels = new Uint32Array(context.getImageData(0, 0, picture.width, picture.height).data.buffer);
          return { width: picture.width, corner: pixels[0]! >>> 24, colours: new Set(pixels).size };
        }, [...png]);
        // Eight pixels of paper on each side, twice as fine.
        assertEquals(colours.width, Math.floor((box + 16) * 2), `${file}.png`);
        assertEquals(colours.corner, 255, `${file}.png has no paper`);
        assert(colours.colours > 8, `${file}.png has ${colours.colours} colours`);
      }
      assertEquals(complaints(), []);
    });
  }
});

testInBrowser("below a figure are its numbers, those of the reader's own run", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    const figure = new LiveFigure(page, NAME);
    await figure.wake();
    const figures = await recordedFigures(NAME);
    const tables = (): Promise<string[][][]> =>
      page.evaluate(
        (selector) =>
          [...document.querySelectorAll<HTMLTableElement>(`${selector} figure table`)].map((table) =>
            [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent ?? ""))
          ),
        figure.selector,
      );
    const wanted = figures.flatMap((one) => tablesOf(one)).map(({ columns, rows }) =>
      [columns, ...rows].map((row) => row.map((cell) => typeof cell === "number" ? number(cell) : cell))
    );
    const recorded = await tables();
    assertEquals(recorded, wanted);
    // What was opened stays open.
    await page.click(`${figure.selector} figure summary`);
    await figure.set("keys", 64);
    await figure.ended();
    const changed = await tables();
    assertEquals(changed.map((rows) => rows[0]), recorded.map((rows) => rows[0]));
    assertNotEquals(changed, recorded);
    assert(await page.isVisible(`${figure.selector} figure table`));
  });
});

/** The figures that the site has on record. */
async function recordedFigures(name: string): Promise<Figure[]> {
  return JSON.parse(await Deno.readTextFile(new URL(`assets/recorded/en/${name}.json`, SITE)));
}

/** Runs an experiment at its default controls in the worker of the live figures. */
async function runInWorker(
  page: Page,
  name: string,
  device: "wasm" | "webgpu",
): Promise<{ findings: object; device: string; seconds: number }> {
  const { load } = EXPERIMENTS.find((candidate) => candidate.name === name)!;
  const controls = defaultControls(await load());
  const answer = await page.evaluate(([name, controls, device]) =>
    new Promise<string>((resolve) => {
      const root = new URL(document.documentElement.dataset["root"]!.replace(/\/?$/, "/"), location.href);
      const held = globalThis as unknown as { testWorker?: Worker };
      const worker = held.testWorker ??= new Worker(new URL("assets/live_worker.js", root), { type: "module" });
      worker.onerror = (event) => resolve(JSON.stringify({ kind: "error", message: event.message }));
      worker.onmessage = ({ data }) => {
        if (data.kind !== "progress") resolve(JSON.stringify(data));
      };
      worker.postMessage({ run: 1, name, controls, language: "en", device });
    }), [name, controls, device] as const);
  const found = JSON.parse(answer);
  assertEquals(found.kind, "outcome", `${name}: ${found.message}`);
  return found;
}

/** Quick ones, one or two of each chapter; experiments.ts runs all, with threads. */
const QUICK = [
  "words/softmax",
  "attention/scaled_dot_product",
  "attention/masks",
  "transformer/encoder",
  "training/loss",
  "generation/temperature",
];
/** Of 400 queries at width 1024 a software adapter differentiates for more than a minute; its smallest gradients are rounding. */
const QUICK_ON_GPU = QUICK.filter((name) => name !== "attention/scaled_dot_product");

for (
  const [name, device, view, described, experiments] of [
    ["WASM without isolation", "wasm", { isolated: false }, /^CPU .* one thread/, QUICK],
    ["WebGPU", "webgpu", {}, /^GPU/, QUICK_ON_GPU],
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
        const { load, words } = EXPERIMENTS.find((candidate) => candidate.name === name)!;
        const subject = { experiment: await load(), words: await words() };
        const found = await runInWorker(page, name, device);
        by = found.device;
        assert(described.test(by), by);
        times.push(`${name} ${found.seconds.toPrecision(2)} s`);
        problems.push(...differences(subject, readRecording(name), found.findings).map((text) => `${name}: ${text}`));
      }
      console.log(`${by}: ${times.join(", ")}`);
      assertEquals(problems.length, 0, `\n${problems.slice(0, 20).join("\n")}`);
      assertEquals(complaints(), []);
    });
  });
}

testInBrowser("a figure is switched to WebGPU and back", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    // A short experiment: that of 4.3 takes a minute and more on a software adapter.
    const name = "words/softmax";
    await open(`${name}.html`);
    const figure = new LiveFigure(page, name);
    await figure.wake();
    for (const [device, says] of [["webgpu", " · GPU"], ["wasm", " · CPU"]] as const) {
      await figure.set("device", device);
      await figure.ended();
      assertStringIncludes(await figure.text(".status"), says);
    }
    assertEquals(complaints(), []);
  });
});
