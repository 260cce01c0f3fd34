/**
 * Translates beside the page: the modules that Deno runs, bundled.
 *
 * @module
 */

import { type DeviceName, useDevice } from "../../mod.ts";
import { look } from "./look.ts";
import { openTranslator, type Translator } from "./pack.ts";
import type { Question, Reply } from "./protocol.ts";

/** A worker's own side of the line; the types of pages do not know it. */
const page = globalThis as unknown as {
  postMessage(reply: Reply): void;
  onmessage: ((event: { readonly data: Question }) => void) | null;
};

let bytes: Uint8Array | undefined, before: Promise<void> = Promise.resolve();
let opened: { readonly device: DeviceName; readonly described: string; readonly translator: Translator } | undefined;

async function answer({ run, settings, device, model }: Question): Promise<void> {
  try {
    if (!bytes) {
      const response = await fetch(model);
      if (!response.ok) throw new Error(`The model could not be fetched: ${response.status}`);
      bytes = new Uint8Array(await response.arrayBuffer());
    }
    if (opened?.device !== device) {
      const described = (await useDevice(device)).reason;
      opened = { device, described, translator: openTranslator(bytes) };
    }
    const start = performance.now();
    const view = await look(opened.translator, settings);
    page.postMessage({ run, view, device: opened.described, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    page.postMessage({ run, error: error instanceof Error ? error.message : String(error) });
  }
}

page.onmessage = ({ data }) => {
  before = before.then(() => answer(data));
};
