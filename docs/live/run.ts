/// <reference lib="dom" />
/**
 * One worker for all experiments and programs of a page.
 *
 * @module
 */

import type { Answer, ProgramRequest, RunRequest } from "./protocol.ts";
import { type Run, Runs } from "./runs.ts";

export type { Run } from "./runs.ts";

const runs = new Runs<Omit<RunRequest, "run"> | Omit<ProgramRequest, "run">, Answer>({
  // The bundler puts both files beside each other.
  start: () => new Worker(new URL("./live_worker.js", import.meta.url), { type: "module" }),
  patience: 700,
  goesOn: ["progress"],
});

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
  return runs.run(request, hear);
}
