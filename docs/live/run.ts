/// <reference lib="dom" />
/**
 * One worker for all experiments and programs of a page.
 *
 * @module
 */

import type { Answer, ProgramRequest, Request, RunRequest } from "./protocol.ts";

/** Milliseconds that a run has to stop by itself; then its worker is ended. */
const PATIENCE = 700;

/** A run that was asked for. */
interface Entry {
  readonly request: RunRequest | ProgramRequest;
  readonly hear: (answer: Answer) => void;
}

let worker: Worker | undefined, runs = 0;
/** One runs at a time, since the device is shared; the others wait here. */
let running: Entry | undefined;
const waiting: Entry[] = [];

/** Hands the next run to the worker, if it has none. */
function proceed(): void {
  if (running || waiting.length === 0) return;
  running = waiting.shift()!;
  worker ??= start();
  worker.postMessage(running.request);
}

/** Passes an answer on; after the last one, the next run has its turn. */
function answer(data: Answer): void {
  const entry = running;
  if (data.run !== entry?.request.run) return;
  if (data.kind !== "progress") running = undefined;
  entry.hear(data);
  proceed();
}

/** Ends the worker, and with it what it was running. */
function end(): void {
  worker?.terminate();
  worker = undefined;
}

function start(): Worker {
  // The bundler puts both files beside each other.
  const made = new Worker(new URL("./live_worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data }: MessageEvent<Answer>) => answer(data);
  made.onerror = (event) => {
    event.preventDefault();
    if (worker !== made) return;
    const message = event.message || "the browser could not load the worker";
    end();
    if (running) answer({ run: running.request.run, kind: "error", message });
  };
  return made;
}

/** A run under way. */
export interface Run {
  /** Stops it. */
  cancel(): void;
}

/**
 * Runs an experiment or a program in the worker, after those that were asked for before.
 *
 * @param request what to run
 * @param hear told of progress, and of the end
 */
export function run(
  request: Omit<RunRequest, "run"> | Omit<ProgramRequest, "run">,
  hear: (answer: Answer) => void,
): Run {
  const id = ++runs, entry: Entry = { request: { ...request, run: id }, hear };
  waiting.push(entry);
  proceed();
  return {
    cancel() {
      if (running !== entry) {
        const at = waiting.indexOf(entry);
        if (at < 0) return;
        waiting.splice(at, 1);
        return hear({ run: id, kind: "cancelled" });
      }
      worker?.postMessage({ cancel: id } satisfies Request);
      setTimeout(() => {
        if (running !== entry) return;
        end();
        answer({ run: id, kind: "cancelled" });
      }, PATIENCE);
    },
  };
}
