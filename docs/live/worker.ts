/**
 * Runs experiments and programs beside the page: the modules that Deno runs, bundled.
 *
 * The library and its kernels are one file, each experiment another, fetched when first asked for.
 *
 * @module
 */

import { type DeviceName, useDevice } from "../../mod.ts";
import { wordsOf } from "../languages.ts";
import { ENTRIES } from "./entries.ts";
import { printed } from "./printing.ts";
import type { Answer, ProgramRequest, Request, RunRequest } from "./protocol.ts";
import { EXPERIMENTS } from "./registry.ts";

/** A worker's own side of the line; the types of pages do not know it. */
const page = globalThis as unknown as {
  postMessage(answer: Answer): void;
  onmessage: ((event: { readonly data: Request }) => void) | null;
};

let running: { readonly run: number; readonly controller: AbortController } | undefined;
let chosen: DeviceName | undefined, described = "";

/** What a program's file exports: what runs it, given its console and what it imports from. */
type PageProgram = (
  console: { log(...values: readonly unknown[]): void },
  load: (specifier: string) => Promise<object>,
) => Promise<void>;

async function choose(device: DeviceName): Promise<void> {
  if (chosen === device) return;
  described = (await useDevice(device)).reason;
  chosen = device;
}

async function performProgram({ run, program: name, device }: ProgramRequest): Promise<void> {
  try {
    const address = new URL(`./programs/${name}.js`, import.meta.url).href;
    const { default: program } = await import(address) as { readonly default: PageProgram };
    await choose(device);
    const start = performance.now();
    let text = "";
    await program({ log: (...values) => void (text += printed(values)) }, (specifier) => ENTRIES[specifier]!());
    page.postMessage({ run, kind: "printed", text, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    page.postMessage({ run, kind: "error", message: error instanceof Error ? error.message : String(error) });
  }
}

async function perform(request: RunRequest, signal: AbortSignal): Promise<void> {
  const { run, name, controls, language, device } = request;
  try {
    signal.throwIfAborted();
    const entry = EXPERIMENTS.find((candidate) => candidate.name === name);
    if (!entry) throw new RangeError(`there is no experiment ${name}`);
    const experiment = await entry.load(), words = await wordsOf(entry, language);
    await choose(device);
    const start = performance.now();
    let last = 0;
    const findings = await experiment.measure(controls, {
      signal,
      onProgress(done) {
        if (performance.now() - last < 50) return;
        last = performance.now();
        page.postMessage({ run, kind: "progress", done });
      },
    });
    const seconds = (performance.now() - start) / 1000;
    const holds = Object.values(experiment.claims).map((claim) => claim.holds(findings));
    const figures = experiment.draw(findings, words), reading = words.reading?.(findings) ?? [];
    page.postMessage({ run, kind: "outcome", findings, figures, reading, holds, device: described, seconds });
  } catch (error) {
    if (signal.aborted) page.postMessage({ run, kind: "cancelled" });
    else page.postMessage({ run, kind: "error", message: error instanceof Error ? error.message : String(error) });
  }
}

page.onmessage = ({ data }) => {
  if ("cancel" in data) {
    if (running?.run === data.cancel) running.controller.abort();
    return;
  }
  // The page asks for one run at a time.
  if ("program" in data) return void performProgram(data);
  const controller = new AbortController();
  running = { run: data.run, controller };
  void perform(data, controller.signal);
};
