/**
 * # The training loop
 *
 * **Question.** A model, a loss, a stream of batches and an optimizer are at hand. What runs
 * them, for an hour if need be, without losing memory, a step, or the patience of whoever
 * wants to stop it?
 *
 * **Idea.** One loop serves every model of this book. A step computes the loss of a batch and
 * its gradients inside a {@linkcode scope}, which frees at its end whatever was made in it and is not
 * kept. It looks whether loss and gradients are numbers, moves the parameters inside another scope, and
 * frees the gradients. Between steps nothing is half done, so that is where the loop listens for a wish to
 * stop.
 *
 * **Formula.** With $k$ batches $b_i$ to a step (gradient accumulation), a bound $c$ on the
 * length of the gradient, and the optimizer's rule,
 *
 * $$g = \frac{1}{k} \sum_{i=1}^{k} \nabla \ell(\theta_{t-1}; b_i), \qquad \theta_t = \mathrm{optimizer}\big(\theta_{t-1},\; g \cdot \min(1,\, c / \lVert g \rVert),\; \eta_t\big)$$
 *
 * | symbol        | in code             | meaning                       |
 * | ------------- | ------------------- | ----------------------------- |
 * | $\ell$        | `loss(batch, step)` | a scalar with a gradient      |
 * | $k$           | `accumulate`        | batches to a step             |
 * | $c$           | `clipNorm`          | the longest gradient allowed  |
 * | $\eta_t$      | `schedule(step)`    | learning rate of step $t$     |
 *
 * **Why the loop has no state.** Which step comes next is the optimizer's count, which batch
 * comes next is the stream's position. The loop reads both and keeps neither. Calling it
 * again after an abort, or after a checkpoint was loaded, therefore *is* resuming, and the
 * result is the one an uninterrupted run would have had.
 *
 * @module
 */

import { checkTensors } from "../engine/arguments.ts";
import { leavesOf } from "../engine/autograd.ts";
import { Module } from "../engine/module.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  instance,
  integer,
  isPlain,
  needing,
  numeric,
  object,
  required,
} from "../engine/options.ts";
import { Pace, rest } from "../engine/pace.ts";
import { keep, release, scope } from "../engine/scope.ts";
import { format } from "../engine/shape.ts";
import { full, zeros } from "../engine/create.ts";
import { stack } from "../engine/joining.ts";
import type { Tensor } from "../engine/tensor.ts";
import { clipGradients } from "./clipping.ts";
import { Optimizer } from "./optimizers.ts";
import type { Schedule } from "./schedules.ts";

/** What one report says about the steps since the last one. */
export interface TrainingReport {
  /** The step that was completed, counted from 1. */
  readonly step: number;
  /** The step that training ends with. */
  readonly steps: number;
  /** Mean loss of the steps since the last report. */
  readonly loss: number;
  /** Learning rate of the step; absent if the optimizer's own was used. */
  readonly learningRate?: number;
  /** Length of the gradient before clipping; absent without `clipNorm`. */
  readonly gradientNorm?: number;
  /** Tokens learned from per second since the last report; absent without `tokens`. */
  readonly tokensPerSecond?: number;
  /** Seconds that the remaining steps will take at the pace of this run so far. */
  readonly secondsLeft: number;
  /** What `evaluate` said; present every `every` steps and after the last. */
  readonly evaluation?: Readonly<Record<string, number>>;
}

/** What every way of training takes. */
export interface StepOptions {
  /** What moves the parameters; its count of steps says where to continue. */
  readonly optimizer: Optimizer;
  /** The number of the last step, counted from the optimizer's first. */
  readonly steps: number;
  /** Learning rate by step; the optimizer's own by default. */
  readonly schedule?: Schedule;
  /** Longest gradient allowed; any length by default. */
  readonly clipNorm?: number;
  /** Stops between two steps; what was learned stays, and calling again continues. */
  readonly signal?: AbortSignal;
}

/** What each of {@linkcode StepOptions} may be. */
export const stepChecks: Checks<StepOptions> = {
  optimizer: required(instance(Optimizer)),
  steps: required(integer({ min: 0 })),
  schedule: callback(),
  clipNorm: numeric({ above: 0, max: Infinity }),
  signal: abortSignal,
};

/** Options of {@linkcode train}. */
export interface TrainOptions<Batch> extends StepOptions {
  /** What is trained; it is in training mode during the steps and in evaluation mode otherwise. */
  readonly model: Module;
  /** Mean loss of one batch, a scalar; makes its tensors itself, they are freed after the step. */
  readonly loss: (batch: Batch, step: number) => Tensor;
  /** Where batches come from. */
  readonly batches: { next(): Batch };
  /** Batches to a step, 1 by default; their losses are averaged. */
  readonly accumulate?: number;
  /** Hears of the progress; is waited for, so it may save a checkpoint. */
  readonly onProgress?: (report: TrainingReport) => void | Promise<void>;
  /** Steps between reports, 1 by default; the loss is read only then, and at evaluations. */
  readonly reportEvery?: number;
  /** Measures the model, in evaluation mode. */
  readonly evaluate?: (step: number) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Steps between evaluations; the last step is evaluated in any case. Needs `evaluate`. */
  readonly every?: number;
  /** Tokens in a batch, for the speed in the reports. */
  readonly tokens?: (batch: Batch) => number;
}

const trainChecks: Checks<TrainOptions<never>> = {
  model: required(instance(Module)),
  loss: required(callback()),
  batches: required(
    object("a source of batches, with next()", (value) => typeof (value as { next?: unknown }).next === "function"),
  ),
  accumulate: integer(),
  onProgress: callback(),
  reportEvery: integer(),
  evaluate: callback(),
  every: needing("evaluate", integer()),
  tokens: callback(),
  ...stepChecks,
};

/** What `tokens` may return. */
const tokenCount = numeric({ min: 0 });

/** What `evaluate` may return. */
const measures = object<Readonly<Record<string, number>>>(
  "an object of numbers by name",
  (value) => isPlain(value) && Object.values(value).every((measure) => typeof measure === "number"),
);

/**
 * Trains a model until its optimizer has made `steps` steps.
 *
 * @param options what is trained, on what, how, and who is told
 * @returns every report, oldest first
 * @throws {RangeError} if a loss or a gradient is NaN or infinite, before it is reported: the error names the step;
 *   with `reportEvery` 1 the parameters are those before it
 * @throws the signal's reason after an abort, once loss and gradients are known to be numbers; calling again continues
 *   where it stopped
 */
export async function train<Batch>(options: TrainOptions<Batch>): Promise<TrainingReport[]> {
  checkOptions("train", options, trainChecks);
  const { model, optimizer, steps, schedule, clipNorm, signal, onProgress, reportEvery = 1, evaluate, every } = options;
  const history: TrainingReport[] = [];
  const pace = new Pace(steps - optimizer.steps), first = optimizer.steps + 1;

  // The one tensor that outlives the steps: the sum of their losses since the last report.
  const total = keep(zeros([]));
  let summed = 0;
  try {
    while (optimizer.steps < steps) {
      await rest(signal);
      const step = optimizer.steps + 1;
      const due = evaluate && (step === steps || (every !== undefined && step % every === 0));
      const reports = due || step === steps || step % reportEvery === 0;
      model.train();
      pace.tokens += accumulateGradients(options, step, total, step === first);
      model.eval();
      summed++;
      let seen: Promise<ReadonlyMap<string, number>> | undefined;
      scope(() => {
        const length = clipNorm === undefined ? undefined : clipGradients(optimizer.parameters, clipNorm);
        if (reports) seen = numbersOf(() => whatBreaks(optimizer.parameters, total, length, summed));
      });
      // The one place where a step waits for the device.
      const found = await seen;
      if (found) requireNumbers(found, step, summed);
      const loss = (found?.get(LOSS) ?? 0) / summed, gradientNorm = found?.get(LENGTH);
      const learningRate = schedule?.(step);
      scope(() => optimizer.step(learningRate));
      optimizer.zeroGrad();
      if (!reports) continue;
      total.assign(0);
      summed = 0;
      const tokensPerSecond = pace.tokensPerSecond();
      const evaluation = due ? await evaluate(step) : undefined;
      if (due) checkValue("train", "evaluate()", evaluation!, measures);
      const report: TrainingReport = {
        step,
        steps,
        loss,
        secondsLeft: pace.secondsLeft(steps - step),
        ...(learningRate !== undefined && { learningRate }),
        ...(gradientNorm !== undefined && { gradientNorm }),
        ...(options.tokens && { tokensPerSecond }),
        ...(evaluation && { evaluation }),
      };
      history.push(report);
      await onProgress?.(report);
      pace.lap();
    }
  } catch (error) {
    // What was learned since the last report is kept after an abort, if it is worth that.
    if (summed > 0 && signal?.aborted && error === signal.reason) {
      optimizer.zeroGrad();
      const found = await numbersOf(() => whatBreaks(optimizer.parameters, total, undefined, Infinity));
      requireNumbers(found, optimizer.steps, summed);
    }
    throw error;
  } finally {
    optimizer.zeroGrad();
    model.eval();
    release(total);
  }
  return history;
}

/**
 * Refuses a loss that depends on parameters which nobody names, since they would be computed with and neither move nor be
 * saved, and one that depends on nothing that the optimizer moves.
 */
function requireNamed(loss: Tensor, { model, optimizer }: Pick<TrainOptions<never>, "model" | "optimizer">): void {
  const moved = new Set([...optimizer.parameters.values()].map(({ storage }) => storage));
  const saved = new Set([...model.stateDict().values()].map(({ storage }) => storage));
  const leaves = leavesOf(loss);
  const lost = leaves.find(({ storage }) => !moved.has(storage) && !saved.has(storage));
  if (!lost) {
    if (leaves.length === 0 || leaves.some(({ storage }) => moved.has(storage))) return;
    throw new TypeError(
      "Cannot train with an optimizer of other parameters: the loss depends on none that it moves; " +
        "it must be made with those of the model",
    );
  }
  throw new TypeError(
    `Cannot train with a parameter of shape ${format(lost.shape)} that neither the model nor the optimizer names: ` +
      "a module names what its fields hold, not what a #private field or an object of another class does",
  );
}

/** Adds $\frac{1}{k} \sum_i \nabla \ell(b_i)$ to the gradients and the mean loss to `total`; counts tokens. */
function accumulateGradients<Batch>(
  options: TrainOptions<Batch>,
  step: number,
  total: Tensor,
  isFirst: boolean,
): number {
  const { loss, batches, accumulate = 1, tokens } = options;
  let count = 0;
  for (let i = 0; i < accumulate; i++) {
    // A scope for each batch: the memory of one is free before the next one needs it.
    scope(() => {
      const batch = batches.next();
      if (tokens) count += countOf(tokens(batch));
      const value = loss(batch, step);
      checkTensors("train", { loss: value });
      if (value.rank !== 0) {
        throw new TypeError(`Cannot train on a loss of shape ${format(value.shape)}: it must be one number`);
      }
      if (isFirst && i === 0) requireNamed(value, options);
      total.assign(total.add(value.detach().mul(1 / accumulate)));
      value.backward(full([], 1 / accumulate));
    });
  }
  return count;
}

function countOf(tokens: number): number {
  checkValue("train", "tokens()", tokens, tokenCount);
  return tokens;
}

const LOSS = "the loss", LENGTH = "the length of the gradient";

/**
 * One number for everything that has to be finite: the loss, the gradients and, after steps that nobody looked at, the
 * weights, since what broke in one of those has broken a weight for good.
 */
function whatBreaks(
  parameters: ReadonlyMap<string, Tensor>,
  total: Tensor,
  length: Tensor | undefined,
  summed: number,
): ReadonlyMap<string, Tensor> {
  const found = new Map([[LOSS, total]]);
  if (length) found.set(LENGTH, length);
  for (const [name, { grad }] of parameters) {
    if (grad && !length) found.set(`the sum of the gradient of ${name}`, grad.sum());
  }
  for (const [name, weight] of summed > 1 ? parameters : []) found.set(`the sum of ${name}`, weight.detach().sum());
  return found;
}

/** Reads some scalars at once. */
async function numbersOf(scalars: () => ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, number>> {
  let names: string[] = [], reading: ReturnType<Tensor["read"]> | undefined;
  scope(() => {
    const found = scalars();
    names = [...found.keys()];
    reading = stack([...found.values()]).read();
  });
  const numbers = await reading;
  return new Map(names.map((name, i) => [name, numbers![i]!]));
}

/** Refuses to go on after steps in which something was no number. */
function requireNumbers(found: ReadonlyMap<string, number>, step: number, summed: number): void {
  const where = summed === 1 ? `at step ${step}` : `in steps ${step - summed + 1} to ${step}`;
  for (const [what, number] of found) {
    if (Number.isFinite(number)) continue;
    throw new RangeError(
      `Cannot continue training: ${what} is ${number} ${where}; a smaller learning rate, a warm-up or clipNorm may help`,
    );
  }
}

// ## Pitfall: adding up losses as tensors
//
// `total = total.add(loss)` without `detach` keeps all that `backward` needs of every step, and
// memory grows until the process ends. The test "train() keeps memory flat over 1,000 steps" fails
// for it.

// ## Pitfall: dividing the loss by the wrong count
//
// Accumulating $k$ batches without the factor $1/k$ is a learning rate $k$ times as high. The
// test "train() with two batches of half the size equals one of the full size" catches it.

// ## Exercise
//
// Abort a run at step 5 of 10 and call `train` again with the same arguments. Then do the same
// with a new `Batches` of the same seed. Which of the two equals the unaborted run, and why?
