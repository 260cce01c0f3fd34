/// <reference lib="dom" />
/**
 * One worker for all experiments of a page.
 *
 * @module
 */

import type { Answer, Request, RunRequest } from "./protocol.ts";

/** Milliseconds that a run has to stop by itself; then its worker is ended. */
const PATIENCE = 700;

let worker: Worker | undefined, runs = 0;
const waiting = new Map<number, (answer: Answer) => void>();

/** Ends the worker; whatever it did is cancelled. */
function end(): void {
  worker?.terminate();
  worker = undefined;
  for (const [run, hear] of [...waiting]) hear({ run, kind: "cancelled" });
}

function start(): Worker {
  // The bundler puts both files beside each other.
  const made = new Worker(new URL("./live_worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data }: MessageEvent<Answer>) => waiting.get(data.run)?.(data);
  made.onerror = (event) => {
    event.preventDefault();
    const message = event.message || "the browser could not load the worker";
    made.terminate();
    worker = undefined;
    for (const [run, hear] of [...waiting]) hear({ run, kind: "error", message });
  };
  return made;
}

/** A run under way. */
export interface Run {
  /** Stops it. */
  cancel(): void;
}

/**
 * Runs an experiment in the worker.
 *
 * @param request what to run
 * @param hear told of progress, and of the end
 */
export function run(request: Omit<RunRequest, "run">, hear: (answer: Answer) => void): Run {
  const id = ++runs;
  waiting.set(id, (answer) => {
    if (answer.kind !== "progress") waiting.delete(id);
    hear(answer);
  });
  worker ??= start();
  worker.postMessage({ ...request, run: id });
  return {
    cancel() {
      if (!waiting.has(id)) return;
      worker?.postMessage({ cancel: id } satisfies Request);
      setTimeout(() => {
        if (waiting.has(id)) end();
      }, PATIENCE);
    },
  };
}
