/**
 * Opens models beside the page and answers what is asked of them: the modules that Deno runs, bundled.
 *
 * @module
 */

import { rest } from "../../core/engine/pace.ts";
import "../../mod.ts";
import { keep } from "./kept.ts";
import type { Call } from "./kinds/kind.ts";
import type { Answer, Ask, Message } from "./protocol.ts";
import { open, sentenceOf, type Session } from "./session.ts";

/** What a run is answered, without its number. */
type Said = Answer extends infer One ? One extends Answer ? Omit<One, "run"> : never : never;

/** A worker's own side of the line; the types of pages do not know it. */
const page = globalThis as unknown as {
  postMessage(answer: object): void;
  onmessage: ((event: { readonly data: Message }) => void) | null;
};

let session: Session | undefined;
let running: { readonly run: number; readonly controller: AbortController } | undefined;

async function perform(ask: Ask, { signal, tell }: Call): Promise<Said> {
  const onProgress = async (done: number): Promise<void> => {
    tell({ kind: "progress", done });
    // So that a message that stops it comes through.
    await rest(signal);
  };
  if (ask.kind === "keep") {
    await keep(ask.name, ask.files, { signal, onProgress });
    return { kind: "kept" };
  }
  if (ask.kind === "open") {
    session = await open(ask, {
      signal,
      onProgress,
      template: async (source) => (await import("./jinja.ts")).jinjaTemplate(source),
    });
    return { kind: "opened", facts: session.facts };
  }
  if (!session) throw new RangeError("There is no model yet: open one first");
  return await session.model.answer(ask, { signal, tell });
}

page.onmessage = async ({ data }) => {
  if ("cancel" in data) {
    if (running?.run === data.cancel) running.controller.abort();
    return;
  }
  // The page asks for one run at a time.
  const { run } = data, controller = new AbortController(), { signal } = controller;
  running = { run, controller };
  let last = 0;
  try {
    const said = await perform(data, {
      signal,
      tell(news) {
        if (news.kind === "progress" && performance.now() - last < 50) return;
        last = performance.now();
        page.postMessage({ ...news, run });
      },
    });
    page.postMessage({ ...said, run });
  } catch (error) {
    if (signal.aborted) page.postMessage({ kind: "cancelled", run });
    else page.postMessage({ kind: "error", message: sentenceOf(error), run });
  }
};
