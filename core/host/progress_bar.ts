/**
 * # A bar while a model learns
 *
 * What {@linkcode train} reports, as a line on standard error that rewrites itself. Where that is no terminal but a file
 * or a pipe, there is a plain line every five seconds. Evaluations have a line of their own, which stays.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import type { TrainingReport } from "../06_training/loop.ts";
import { callback, type Check, checkOptions, type Checks, checkValue, object } from "../engine/options.ts";
import { count, type Output, ProgressLine, progressText } from "./terminal.ts";

/** Options of {@linkcode progressBar}. */
export interface ProgressBarOptions {
  /** Where it is drawn; standard error by default. */
  readonly output?: Output;
  /** What an evaluation says in a line; its measures by name by default. */
  readonly describe?: (evaluation: Readonly<Record<string, number>>) => string;
}

const barChecks: Checks<ProgressBarOptions> = {
  output: object(
    "an object with isTerminal, columns() and write()",
    (value) => ofType(value, ["isTerminal"], isBoolean) && ofType(value, ["columns", "write"], isFunction),
  ),
  describe: callback(),
};

/** What `train` says. */
const reportCheck: Check<TrainingReport> = object(
  "a report of train()",
  (value) => ofType(value, ["step", "steps", "loss", "secondsLeft"], (member) => typeof member === "number"),
);

/** Whether members of an object are of a kind. */
function ofType(value: object, names: readonly string[], isOfKind: (member: unknown) => boolean): boolean {
  return names.every((name) => isOfKind((value as Readonly<Record<string, unknown>>)[name]));
}

const isBoolean = (member: unknown): boolean => typeof member === "boolean";
const isFunction = (member: unknown): boolean => typeof member === "function";

/** Draws the reports that it is called with. */
export interface ProgressBar {
  /** Draws one report; the last one of a run ends the line. */
  (report: TrainingReport): void;
  /** Ends the line; for a run that was stopped or failed, before anything else is printed. */
  finish(): void;
}

/** Standard error; whoever closed it, or filled the disk that it goes to, must not end the training. */
const standardError: Output = {
  get isTerminal(): boolean {
    return process.stderr.isTTY === true;
  },
  // A terminal that knows no size says 0.
  columns: () => process.stderr.columns || 80,
  write(text) {
    try {
      writeSync(2, text);
    } catch { /* There is nobody to tell. */ }
  },
};

/** A number as a line has room for it. */
function short(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  return size >= 0.01 && size < 1e6 ? value.toPrecision(4) : value.toExponential(1);
}

/** What was measured, told apart from the loss of the steps. */
const measuresByName = (evaluation: Readonly<Record<string, number>>): string =>
  `evaluation: ${Object.entries(evaluation).map(([name, value]) => `${name} ${short(value)}`).join("  ")}`;

/**
 * Shows how far training is: an `onProgress` of {@linkcode train}, in Deno, Node and Bun.
 *
 * The line has the step, a bar, the loss of the batches that are learned from and, where they are known, learning rate, tokens per second, and the time that
 * is left. What `evaluate` returned stands in lines of their own. It takes no permission in Deno, and one bar serves one run.
 *
 * @example
 * ```ts
 * import { Linear, meanSquaredError, Optimizer, Random, sgd, train } from "@heed/heed";
 * import { progressBar } from "@heed/heed/host";
 *
 * const model = new Linear(2, 2, new Random(1));
 * const inputs = new Random(2).normal([16, 2]);
 * await train({
 *   model,
 *   loss: () => meanSquaredError(model.forward(inputs), inputs),
 *   batches: { next: () => undefined },
 *   optimizer: new Optimizer(model.parameters(), sgd({ learningRate: 0.1 })),
 *   steps: 10,
 *   onProgress: progressBar(),
 * });
 * ```
 *
 * @param options where it is drawn, and what an evaluation says
 * @returns what draws a report
 */
export function progressBar(options: ProgressBarOptions = {}): ProgressBar {
  checkOptions("draw a progress bar", options, barChecks);
  const { output = standardError, describe = measuresByName } = options;
  const line = new ProgressLine(output);
  const draw = (report: TrainingReport): void => {
    checkValue("draw a progress bar", "report", report, reportCheck);
    const { step, steps, learningRate, tokensPerSecond, evaluation, best, stopped } = report;
    if (stopped === "before") {
      return line.note(
        `already ${step < steps ? "stopped early " : ""}at step ${step} of ${steps}: nothing left to train`,
      );
    }
    const parts = [
      learningRate === undefined ? "" : `rate ${short(learningRate)}`,
      tokensPerSecond === undefined ? "" : `${count(tokensPerSecond)} tokens/s`,
    ];
    if (evaluation) line.note(`step ${String(step).padStart(String(steps).length)}/${steps}  ${describe(evaluation)}`);
    line.update(progressText(report, parts));
    if (stopped || step === steps) line.finish();
    if (!stopped) return;
    line.note(
      `stopped early: ${best ? `the best evaluation was after step ${best.step}` : "no evaluation was a number"}`,
    );
  };
  return Object.assign(draw, { finish: () => line.finish() });
}
