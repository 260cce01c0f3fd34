/**
 * Translates beside the page: the modules that Deno runs, bundled.
 *
 * @module
 */

import { useDevice } from "../../mod.ts";
import { type Neighbourhood, unfamiliar } from "./familiar.ts";
import { look } from "./look.ts";
import neighbours from "./model/neighbours.json" with { type: "json" };
import { openTranslator, type Translator } from "./pack.ts";
import type { Device, Message, Question, Reply } from "./protocol.ts";

/** A worker's own side of the line; the types of pages do not know it. */
const page = globalThis as unknown as {
  postMessage(reply: Reply): void;
  onmessage: ((event: { readonly data: Message }) => void) | null;
};

let bytes: Uint8Array | undefined, before: Promise<void> = Promise.resolve();
let opened: { readonly device: Device; readonly described: string; readonly translator: Translator } | undefined;
let running: { readonly run: number; readonly controller: AbortController } | undefined;

async function answer({ run, settings, device }: Question, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    if (opened?.device !== device) {
      opened = undefined;
      const described = (await useDevice(device)).reason;
      opened = { device, described, translator: openTranslator(bytes!) };
    }
    const start = performance.now();
    const view = await look(opened.translator, settings, signal);
    const seconds = (performance.now() - start) / 1000, held: Neighbourhood = neighbours;
    const strange = unfamiliar(view.settings.sentence, opened.translator.source, held);
    page.postMessage({ run, view, unfamiliar: strange, device: opened.described, seconds });
  } catch (error) {
    if (signal.aborted) page.postMessage({ run, cancelled: true });
    else page.postMessage({ run, error: error instanceof Error ? error.message : String(error) });
  }
}

page.onmessage = ({ data }) => {
  if ("cancel" in data) {
    if (running?.run === data.cancel) running.controller.abort();
    return;
  }
  running?.controller.abort();
  bytes ??= data.model;
  const controller = new AbortController();
  running = { run: data.run, controller };
  // One at a time: the device is shared.
  before = before.then(() => answer(data, controller.signal));
};
