/**
 * Runs experiments beside the page: the modules that Deno runs, bundled.
 *
 * The library and its kernels are one file, each chapter's experiments another, fetched when first asked for.
 *
 * @module
 */

import type { Experiment } from "../../core/experiments.ts";
import { type DeviceName, useDevice } from "../../mod.ts";
import type { Answer, Request, RunRequest } from "./protocol.ts";

type Chapter = { readonly EXPERIMENTS: readonly Experiment[] };

/** Experiments by the first word of their names. */
const chapters: Readonly<Record<string, () => Promise<Chapter>>> = {
  words: () => import("../../core/02_words/experiments/mod.ts"),
  attention: () => import("../../core/04_attention/experiments/mod.ts"),
  transformer: () => import("../../core/05_transformer/experiments/mod.ts"),
  training: () => import("../../core/06_training/experiments/mod.ts"),
  generation: () => import("../../core/07_generation/experiments/mod.ts"),
};

/** A worker's own side of the line; the types of pages do not know it. */
const page = globalThis as unknown as {
  postMessage(answer: Answer): void;
  onmessage: ((event: { readonly data: Request }) => void) | null;
};

let running: { readonly run: number; readonly controller: AbortController } | undefined;
let chosen: DeviceName | undefined, described = "";

async function perform(request: RunRequest, signal: AbortSignal): Promise<void> {
  const { run, name, controls, device } = request;
  try {
    signal.throwIfAborted();
    const chapter = await chapters[name.split("/")[0]!]?.();
    const experiment = chapter?.EXPERIMENTS.find((candidate) => candidate.name === name);
    if (!experiment) throw new RangeError(`there is no experiment ${name}`);
    if (chosen !== device) {
      described = (await useDevice(device)).reason;
      chosen = device;
    }
    const start = performance.now();
    let last = 0;
    const outcome = await experiment.run(controls, {
      signal,
      onProgress(done) {
        if (performance.now() - last < 50) return;
        last = performance.now();
        page.postMessage({ run, kind: "progress", done });
      },
    });
    const seconds = (performance.now() - start) / 1000;
    const holds = experiment.claims.map((claim) => claim.holds(outcome.findings));
    page.postMessage({ run, kind: "outcome", outcome, holds, device: described, seconds });
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
  const controller = new AbortController();
  running = { run: data.run, controller };
  void perform(data, controller.signal);
};
