/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Every experiment on its page, as a reader runs it: *run* finds what was recorded, a control is answered with other
 * figures, *reset* brings the recorded ones back.
 *
 * All run in full at the recorded controls. Whatever trains has a control for its steps: that one is moved, to the
 * fewest, so that the second run is short; of the others, the first control.
 */

import { assert, assertEquals, assertMatch, assertNotEquals } from "../../core/cli/std/assert/mod.ts";
import type { Experiment } from "../../core/experiments/experiment.ts";
import { EXPERIMENTS } from "../../core/experiments/registry.ts";
import type { Answer } from "../../docs/live/protocol.ts";
import { differences, isRecordingDevice, readRecording } from "../../docs/recorded.ts";
import { crawl, inTabs, type Page, SITE, testInBrowser, withTab } from "./browser.ts";
import { LiveFigure } from "./figure.ts";

type Found = Extract<Answer, { readonly kind: "outcome" }>;

let pages: Map<string, string> | undefined;

/** Pages by the experiments that are on them. */
function pagesOfExperiments(): ReadonlyMap<string, string> {
  if (pages) return pages;
  const found = pages = new Map<string, string>();
  for (const url of crawl()) {
    const html = Deno.readTextFileSync(new URL(url, SITE));
    for (const [, name] of html.matchAll(/data-experiment="([^"]*)"/g)) found.set(name!, url);
  }
  return found;
}

/** Runs in the page before its own scripts: keeps what the worker of the live figures answers. */
function listen(): void {
  const kept = globalThis as unknown as { answers: Answer[] };
  kept.answers = [];
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener("message", ({ data }) => {
        if (data.kind !== "progress") kept.answers.push(data);
      });
    }
  };
}

/** The last answer of the worker. */
async function lastAnswer(page: Page, name: string): Promise<Found> {
  const answer = await page.evaluate(() =>
    (globalThis as unknown as { answers: Answer[] }).answers.at(-1) ?? { run: 0, kind: "error", message: "no answer" }
  ) as Answer;
  if (answer.kind !== "outcome") throw new Error(`${name}: ${JSON.stringify(answer)}`);
  return answer;
}

/** The control that is moved, and the value it gets. */
function change({ controls }: Experiment): [name: string, value: number] {
  const name = "steps" in controls ? "steps" : Object.keys(controls)[0]!;
  const { default: usual, min, step = 1 } = controls[name]!;
  return [name, usual > min ? min : usual + step];
}

/** What an answer consists of. */
const parts = ({ findings, figures }: Found): unknown => ({
  findings: Object.keys(findings),
  figures: figures.map(({ kind }) => kind),
});

/** Whether all numbers of an answer are finite: JSON writes null for one that is not. */
const isFinite = ({ findings, figures }: Found): boolean => !/\bnull\b/.test(JSON.stringify([findings, figures]));

testInBrowser("every experiment stands on a page", () => {
  assertEquals([...pagesOfExperiments().keys()].sort(), EXPERIMENTS.map(({ name }) => name).sort());
  return Promise.resolve();
});

const times: string[] = [];
Deno.test.afterAll(() => {
  if (times.length > 0) console.log(`seconds of experiments in the browser: ${times.join(", ")}`);
});

for (const { name, load, words: read } of EXPERIMENTS) {
  testInBrowser(`the experiment ${name} finds on its page what was recorded, and answers a change`, async () => {
    const experiment = await load(), words = await read(), url = pagesOfExperiments().get(name);
    assert(url, "it is on no page");
    await withTab({}, async ({ page, open, complaints }) => {
      await page.addInitScript(listen);
      await open(url);
      const figure = new LiveFigure(page, name);
      await figure.wake();
      const recorded = await figure.drawn(), verdicts = await figure.text(".claims");

      await figure.press("run");
      await figure.ended();
      const full = await lastAnswer(page, name);
      times.push(`${name} ${full.seconds.toFixed(1)}`);
      const { findings, device } = full;
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      assertMatch(device, cores > 1 ? /^CPU .* \d+ threads/ : /^CPU /);
      const found = differences(
        { experiment, words },
        readRecording(name),
        findings,
        isRecordingDevice({ name: "wasm", description: device }),
      );
      assertEquals(found.length, 0, `on ${device}:\n${found.slice(0, 20).join("\n")}`);
      assertEquals(full.holds, Object.values(experiment.claims).map(({ refuted }) => !refuted));
      assertEquals(await figure.text(".claims"), verdicts);
      assert(isFinite(full));
      const before = await figure.drawn();

      const [control, value] = change(experiment);
      await figure.set(control, value);
      await figure.ended();
      const changed = await lastAnswer(page, name);
      assert(changed.run > full.run, "nothing ran");
      assert(isFinite(changed));
      assertEquals(parts(changed), parts(full));
      assertNotEquals(changed.findings, findings);
      assertNotEquals(await figure.drawn(), before, `${control} ${value} draws the same`);

      await figure.press("reset");
      assertEquals(await figure.drawn(), recorded);
      assertEquals(complaints(), []);
    });
  });
}

testInBrowser("the texts of every figure stand within their picture, in wide and in narrow windows", async () => {
  const urls = [...new Set(pagesOfExperiments().values())];
  for (const width of [1440, 390]) {
    const found: string[] = [];
    await inTabs(urls, { width }, async (url, { page, open }) => {
      await open(url);
      found.push(
        ...await page.evaluate(async () => {
          await document.fonts.ready;
          const wrong: string[] = [];
          for (const section of document.querySelectorAll<HTMLElement>("[data-experiment]")) {
            section.scrollIntoView();
            while (!section.dataset["live"]) await new Promise((next) => setTimeout(next, 20));
            await new Promise((next) => setTimeout(next, 150));
            for (const svg of section.querySelectorAll("svg.picture")) {
              const box = svg.getBoundingClientRect();
              for (const text of box.width > 0 ? svg.querySelectorAll("text") : []) {
                const { left, right } = text.getBoundingClientRect(),
                  out = Math.max(box.left - left, right - box.right);
                // Italic letters lean a little over their advance.
                if (out > 4) {
                  wrong.push(`${section.dataset["experiment"]}: ${text.textContent} by ${out.toFixed(1)} px`);
                }
              }
            }
          }
          return wrong;
        }),
      );
    });
    assertEquals(found, []);
  }
});
