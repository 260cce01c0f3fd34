/**
 * # The training loop
 *
 * **Question.** A model, a loss, a stream of batches and an optimizer are given. What runs
 * them for hours, without leaking memory or losing a step, and stops promptly when
 * told?
 *
 * **Idea.** One loop serves every model of this book. A step computes the loss of a batch and
 * its gradients inside a {@linkcode scope}, which frees at its end whatever was made in it and is not
 * kept. It checks that loss and gradients are finite, moves the parameters inside another scope, and
 * frees the gradients. Between steps nothing is half done, so the loop measures, saves, and
 * checks for an abort there.
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
 * **When it ends.** After `steps` steps, or when [early stopping](early_stopping.ts) says so: with the weights of the
 * best evaluation, in either case. `evaluate` should measure held-out examples: the training examples look best
 * at the end, always. A run that can be killed has `checkpoints` ([section](checkpoints.ts)): it saves after the first step,
 * where it is known whether the step and saving work, every so many steps, and when it ends or is aborted. A run that fails in
 * its first step leaves no file.
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
  checkSynchronous,
  checkValue,
  flag,
  group,
  instance,
  integer,
  isPlain,
  needing,
  numeric,
  object,
  required,
  string,
} from "../engine/options.ts";
import { Pace, rest } from "../engine/pace.ts";
import { keep, release, scope } from "../engine/scope.ts";
import { format } from "../engine/shape.ts";
import { full, zeros } from "../engine/create.ts";
import { firstDifference, inShort, type Json, quote, shown, writeJson } from "../engine/json.ts";
import { stack } from "../engine/joining.ts";
import type { Random } from "../engine/random.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { BatchSource } from "./batching.ts";
import {
  checkpointNotes,
  checkpointStopping,
  type CheckpointStorage,
  encodeCheckpoint,
  notesCheck,
  randomsCheck,
  restoreCheckpoint,
  saveCheckpoint,
  storageCheck,
  type TrainingRun,
} from "./checkpoints.ts";
import { clipGradients } from "./clipping.ts";
import { type BestEvaluation, EarlyStopping } from "./early_stopping.ts";
import { Optimizer } from "./optimizer.ts";
import type { Schedule } from "./schedules.ts";

/**
 * Trains a model until its optimizer has made `steps` steps, or nothing improves any more.
 *
 * @example Learn, stop when held-out examples get no better, and survive a crash
 * ```ts
 * import { adamW, Batches, EarlyStopping, Linear, meanSquaredError, noGrad, Optimizer, Random, tensor, train } from "@heed/heed";
 * import { progressBar } from "@heed/heed/host";
 *
 * const examples = Array.from({ length: 64 }, (_, i) => [i / 64, 3 * i / 64 - 1] as const);
 * const [heldOut, learned] = [examples.filter((_, i) => i % 4 === 0), examples.filter((_, i) => i % 4 > 0)];
 * const model = new Linear(1, 1, new Random(1));
 * const loss = (batch: readonly (readonly [number, number])[]) =>
 *   meanSquaredError(model.forward(tensor(batch.map(([x]) => [x]))), tensor(batch.map(([, y]) => [y])));
 *
 * // In a file system: folderStorage("models"), of "@heed/heed/host".
 * const files = new Map<string, Uint8Array>();
 * const storage = {
 *   read: async (name: string) => files.get(name),
 *   writeAtomically: async (name: string, bytes: Uint8Array) => void files.set(name, bytes),
 * };
 * const reports = await train({
 *   model,
 *   loss,
 *   batches: new Batches(learned, { batchSize: 16, random: new Random(2) }),
 *   optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.1 })),
 *   steps: 400,
 *   evaluate: async () => ({ loss: await noGrad(() => loss(heldOut)).item() }),
 *   evaluateEvery: 10,
 *   earlyStopping: new EarlyStopping({ measure: "loss", patience: 5 }),
 *   checkpoints: { storage, every: 50, resume: true },
 *   onProgress: progressBar(),
 * });
 * console.assert(reports.at(-1)!.best!.value < 0.01 && files.has("checkpoint"));
 * ```
 *
 * @param options what is trained, on what, how, and who is told
 * @returns every report of this call, oldest first; if the run had ended before, one that says so
 * @throws {RangeError} if a loss or a gradient is NaN or infinite, before it is reported or saved: the error names the step;
 *   with `reportEvery` 1 the parameters are those before it
 * @throws {RangeError} if `earlyStopping` was told of another run
 * @throws {TypeError} if `checkpoints` finds a file and neither `resume` nor `replace` is set, or resumes that of another run
 * @throws {TypeError} if another call is using the model or the optimizer
 * @throws the signal's reason after an abort, once loss and gradients are known to be numbers and the run is saved; calling
 *   again continues where it stopped
 */
export async function train<Batch>(options: TrainOptions<Batch>): Promise<TrainingReport[]> {
  checkOptions("train", options, trainChecks);
  const { model, optimizer } = options;
  for (const [name, part] of Object.entries({ model, optimizer })) {
    if (!UNDER_WAY.has(part)) continue;
    throw new TypeError(
      `Cannot train with ${name} = ${shown(part)}: another call of train is using it, and has to be awaited first`,
    );
  }
  UNDER_WAY.add(model).add(optimizer);
  try {
    return await trainAlone(options);
  } finally {
    UNDER_WAY.delete(model);
    UNDER_WAY.delete(optimizer);
  }
}

/** Models and optimizers that a call of {@linkcode train} is using. */
const UNDER_WAY = new WeakSet<object>();

async function trainAlone<Batch>(options: TrainOptions<Batch>): Promise<TrainingReport[]> {
  const { optimizer, steps, signal, earlyStopping } = options;
  const isResumed = await openCheckpoint(options);
  requireOwn(options);
  const run = new Run(options, isResumed);
  try {
    await run.evaluateMissed();
    while (optimizer.steps < steps && !earlyStopping?.stopped) {
      await rest(signal);
      await run.step();
    }
    await run.end();
  } catch (error) {
    if (signal?.aborted && error === signal.reason) await run.abort();
    throw error;
  } finally {
    run.release();
  }
  return run.history;
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
      checkSynchronous("take a batch from", batch, "next() must return the batch, so load what it needs before");
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

/** What one call of {@linkcode train} holds while it runs. */
class Run<Batch> {
  readonly history: TrainingReport[] = [];
  readonly #options: TrainOptions<Batch>;
  readonly #pace: Pace;
  readonly #first: number;
  readonly #isResumed: boolean;
  // The one tensor that outlives the steps: the sum of their losses since the last report.
  readonly #total: Tensor = keep(zeros([]));
  #summed = 0;
  /** Whether a step is half made: then nothing can be saved. */
  #isWithin = false;
  #hasChanged = false;

  constructor(options: TrainOptions<Batch>, isResumed: boolean) {
    this.#options = options;
    this.#isResumed = isResumed;
    const { steps, optimizer } = options;
    this.#pace = new Pace(Math.max(0, steps - optimizer.steps));
    this.#first = optimizer.steps + 1;
  }

  /** $\theta_{t-1} \to \theta_t$, and what is due after it. */
  async step(): Promise<void> {
    const { model, optimizer, schedule, steps, reportEvery = 1, clipNorm } = this.#options;
    const step = optimizer.steps + 1;
    // What is saved is reported: a run that goes on from there reports the same.
    const reports = step === steps || step % reportEvery === 0 || this.#isEvaluated(step) || this.#isSaved(step);
    this.#isWithin = this.#hasChanged = true;
    model.train();
    this.#pace.tokens += accumulateGradients(this.#options, step, this.#total, step === this.#first);
    model.eval();
    this.#summed++;
    let seen: Promise<ReadonlyMap<string, number>> | undefined;
    scope(() => {
      const length = clipNorm === undefined ? undefined : clipGradients(optimizer.parameters, clipNorm);
      if (reports) seen = numbersOf(() => whatBreaks(optimizer.parameters, this.#total, length, this.#summed));
    });
    // The one place where a step waits for the device.
    const found = await seen;
    if (found) requireNumbers(found, step, this.#summed);
    const learningRate = schedule?.(step);
    scope(() => optimizer.step(learningRate));
    optimizer.zeroGrad();
    this.#isWithin = false;
    if (found) await this.#report(step, found, learningRate);
    // What ends a run is saved once, with its best weights.
    if (this.#isSaved(step) && !this.#options.earlyStopping?.stopped) await saveRun(this.#options);
  }

  /** Whether the model is measured after a step. */
  #isEvaluated(step: number): boolean {
    const { evaluate, evaluateEvery, steps } = this.#options;
    return evaluate !== undefined &&
      (step === steps || evaluateEvery !== undefined && step % evaluateEvery === 0);
  }

  /** Whether the run is saved after a step and goes on. */
  #isSaved(step: number): boolean {
    const { checkpoints, steps } = this.#options;
    if (!checkpoints || step >= steps) return false;
    // Whether saving works is found out before an hour is spent, and once it is known that a step can be made.
    const isFirst = step === (this.#isResumed ? 1 : this.#first);
    return isFirst || checkpoints.every !== undefined && step % checkpoints.every === 0;
  }

  async #report(step: number, found: ReadonlyMap<string, number>, learningRate: number | undefined): Promise<void> {
    const { tokens, steps } = this.#options;
    const loss = found.get(LOSS)! / this.#summed, gradientNorm = found.get(LENGTH);
    this.#total.assign(0);
    this.#summed = 0;
    const tokensPerSecond = this.#pace.tokensPerSecond();
    const evaluation = this.#isEvaluated(step) ? await this.#evaluate(step) : {};
    await this.#tell({
      step,
      steps,
      loss,
      secondsLeft: this.#secondsLeft(step),
      ...(learningRate !== undefined && { learningRate }),
      ...(gradientNorm !== undefined && { gradientNorm }),
      ...(tokens && { tokensPerSecond }),
      ...evaluation,
    });
    this.#pace.lap();
  }

  #secondsLeft(step: number): number {
    const { steps, earlyStopping } = this.#options;
    return step === steps || earlyStopping?.stopped ? 0 : this.#pace.secondsLeft(steps - step);
  }

  /** What a measurement adds to a report. */
  async #evaluate(step: number): Promise<Pick<TrainingReport, "evaluation" | "best" | "stopped">> {
    const { model, evaluate, earlyStopping } = this.#options;
    const evaluation = await evaluate!(step);
    checkValue("train", "evaluate()", evaluation, measures);
    const stopped = await earlyStopping?.watch(step, evaluation, model), best = earlyStopping?.best;
    return { evaluation, ...(best && { best }), ...(stopped && { stopped: "early" as const }) };
  }

  async #tell(report: TrainingReport): Promise<void> {
    this.history.push(report);
    await this.#options.onProgress?.(report);
  }

  /** Makes up for an evaluation that an abort prevented: early stopping counts every one. */
  async evaluateMissed(): Promise<void> {
    const { optimizer: { steps: step }, steps, earlyStopping, model } = this.#options;
    if (!earlyStopping || earlyStopping.stopped || step === 0 || step > steps) return;
    if (!this.#isEvaluated(step) || earlyStopping.step >= step) return;
    model.eval();
    this.#hasChanged = true;
    const evaluation = await this.#evaluate(step);
    await this.#tell({ step, steps, loss: NaN, secondsLeft: this.#secondsLeft(step), ...evaluation });
  }

  /** Puts the best weights back and saves; what had ended before stays as it is, and is reported. */
  async end(): Promise<void> {
    const { earlyStopping, model, optimizer: { steps: step }, steps } = this.#options;
    earlyStopping?.restoreBest(model);
    if (this.#hasChanged || !this.#isResumed) await saveRun(this.#options);
    if (this.history.length > 0) return;
    const best = earlyStopping?.best;
    await this.#tell({ step, steps, loss: NaN, secondsLeft: 0, ...(best && { best }), stopped: "before" });
  }

  /** Saves what was learned since the last report, if it is worth that; a file of before stays where nothing was. */
  async abort(): Promise<void> {
    const { optimizer } = this.#options;
    if (this.#summed > 0) {
      optimizer.zeroGrad();
      const found = await numbersOf(() => whatBreaks(optimizer.parameters, this.#total, undefined, Infinity));
      requireNumbers(found, optimizer.steps, this.#summed);
    }
    if (this.#hasChanged && !this.#isWithin) await saveRun(this.#options);
  }

  /** Frees what it holds, however it ended. */
  release(): void {
    this.#options.optimizer.zeroGrad();
    this.#options.model.eval();
    release(this.#total);
  }
}

// #region What is refused, and the numbers that tell

/** Refuses early stopping that has heard of steps which nobody made: one value used for two runs would end the second. */
function requireOwn(
  { earlyStopping, optimizer, model }: Pick<TrainOptions<never>, "earlyStopping" | "optimizer" | "model">,
): void {
  if (!earlyStopping) return;
  const attempt = "Cannot train with the earlyStopping of another run", { step } = earlyStopping;
  if (step > optimizer.steps) {
    throw new RangeError(`${attempt}: it was told of step ${step}, and the optimizer has made ${optimizer.steps}`);
  }
  if (earlyStopping.isOfAnother(model)) throw new RangeError(`${attempt}: it watched another model`);
}

/**
 * Refuses a loss that depends on parameters which nobody names, since they would be computed with and neither move nor be
 * saved, and one that depends on nothing that the optimizer moves.
 */
function requireNamed(loss: Tensor, { model, optimizer }: Pick<TrainOptions<never>, "model" | "optimizer">): void {
  const moved = new Set([...optimizer.parameters.values()].map(({ storage }) => storage));
  const saved = new Set([...model.stateDict().values()].map(({ storage }) => storage));
  const leaves = leavesOf(loss);
  // What ends with the step is an input whose slope the loss contains.
  const lost = leaves.find(({ storage }) => !storage.scoped && !moved.has(storage) && !saved.has(storage));
  if (!lost) {
    if (leaves.length === 0 || leaves.some(({ storage }) => moved.has(storage))) return;
    throw new TypeError(
      "Cannot train with an optimizer of other parameters: the loss depends on none that it moves; " +
        "it must be made with those of the model",
    );
  }
  throw new TypeError(
    `Cannot train with a parameter of shape ${format(lost.shape)} that neither the model nor the optimizer names: ` +
      "a module names what its fields hold, not what a #private field or an object of another class does, " +
      "and an input that the loss is differentiated by is made in the loss",
  );
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
    // Of a mean, not even the sum on the way to it overflows.
    if (grad && grad.size > 0 && !length) found.set(`the mean of the gradient of ${name}`, grad.mean());
  }
  for (const [name, weight] of summed > 1 ? parameters : []) {
    if (weight.size > 0) found.set(`the mean of ${name}`, weight.detach().mean());
  }
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

// #endregion

// #region Saving

const GIVES_UP = "replace: true gives it up, another name keeps it";

/** Goes on from the file of a run, or looks whether one can begin; whether it goes on. */
async function openCheckpoint<Batch>(options: TrainOptions<Batch>): Promise<boolean> {
  const { checkpoints } = options;
  if (!checkpoints) return false;
  const { storage, name = "checkpoint", resume = false, replace = false } = checkpoints;
  if (resume && replace) {
    throw new TypeError(
      "Cannot train with checkpoints.resume and checkpoints.replace: a run that goes on gives up nothing",
    );
  }
  const run = runOf(options), bytes = replace ? undefined : await storage.read(name);
  if (bytes !== undefined) {
    if (!resume) {
      const ways = `resume: true goes on with it, ${GIVES_UP}`;
      throw new TypeError(`Cannot train with checkpoints in ${quote(name)}: a run is saved there; ${ways}`);
    }
    goOn(bytes, name, run);
    return true;
  }
  // What no file can hold is refused before the first step, after which it is written.
  await encodeCheckpoint(run);
  return false;
}

/** Puts a run where a file left it, if it is the same run. */
function goOn(bytes: Uint8Array, name: string, run: TrainingRun): void {
  const { notes = null } = run;
  writeJson({ notes }, "train");
  const difference = firstDifference(checkpointNotes(bytes) as Json, notes as Json, "notes");
  try {
    if (difference) {
      const [saved, own] = difference.values.map((value) => value === undefined ? "nothing" : inShort(value));
      throw new TypeError(
        `Cannot go on with ${quote(name)}: ${difference.path} was saved as ${saved}, this run has ${own}`,
      );
    }
    const stopping = run.earlyStopping ? undefined : checkpointStopping(bytes);
    if (stopping) {
      throw new TypeError(
        `Cannot go on with ${quote(name)}: the saved run watches ${
          quote(stopping.measure, 40)
        }, and this one has no earlyStopping`,
      );
    }
    restoreCheckpoint(bytes, run);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError(`${error.message}; ${GIVES_UP}`, { cause: error });
  }
}

/** Everything that the next step depends on. */
function runOf<Batch>(options: TrainOptions<Batch>): TrainingRun {
  const { model, optimizer, batches, accumulate = 1, earlyStopping, checkpoints } = options;
  const { position, seek } = batches as Partial<BatchSource<Batch>>;
  if (typeof position !== "function" || typeof seek !== "function") {
    throw new TypeError(
      "Cannot train with checkpoints and batches without position() and seek(): a run that goes on has to find its place",
    );
  }
  const { randoms = {}, notes = null } = checkpoints!;
  const all = { model, optimizer, batches: batches as BatchSource<Batch>, accumulate, randoms, notes };
  return earlyStopping ? { ...all, earlyStopping } : all;
}

async function saveRun<Batch>(options: TrainOptions<Batch>): Promise<void> {
  const { checkpoints } = options;
  if (checkpoints) await saveCheckpoint(checkpoints.storage, checkpoints.name ?? "checkpoint", runOf(options));
}

// #endregion

// #region Options and reports

/** What one report says about the steps since the last one. */
export interface TrainingReport {
  /** The step that was completed, counted from 1. */
  readonly step: number;
  /** The step that training ends with. */
  readonly steps: number;
  /** Mean loss of the steps since the last report; NaN where no step was left. */
  readonly loss: number;
  /** Learning rate of the step; absent if the optimizer's own was used. */
  readonly learningRate?: number;
  /** Length of the gradient before clipping; absent without `clipNorm`. */
  readonly gradientNorm?: number;
  /** Tokens learned from per second since the last report; absent without `tokens`. */
  readonly tokensPerSecond?: number;
  /** Seconds that the remaining steps will take at the pace of this run so far. */
  readonly secondsLeft: number;
  /** What `evaluate` said; absent but every `evaluateEvery` steps and after the last. */
  readonly evaluation?: Readonly<Record<string, number>>;
  /** The best evaluation so far; absent without `earlyStopping` and without an evaluation. */
  readonly best?: BestEvaluation;
  /** That the run ends early, or had ended before this call; absent but in its last report. */
  readonly stopped?: "early" | "before";
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
  /** Stops between two steps, and calling again continues; nothing stops it by default. */
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
  /**
   * What is trained; it is in training mode during the steps and in evaluation mode otherwise. What drops draws from the
   * generator that it was made with, or from the one of `model.train(random)`, called before.
   */
  readonly model: Module;
  /** Mean loss of one batch, a scalar; makes its tensors itself, they are freed after the step. */
  readonly loss: (batch: Batch, step: number) => Tensor;
  /** Where batches come from. */
  readonly batches: { next(): Batch };
  /** Batches to a step, whose losses are averaged, at least 1; 1 by default. */
  readonly accumulate?: number;
  /** Hears of the progress, and is waited for; nobody by default. */
  readonly onProgress?: (report: TrainingReport) => void | Promise<void>;
  /** Steps between reports; 1 by default. The loss is read only then, and where the run is evaluated or saved. */
  readonly reportEvery?: number;
  /** Measures the model, in evaluation mode; nothing does by default. Forward passes go in `noGrad` and `scope`. */
  readonly evaluate?: (step: number) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Steps between evaluations; only the last step is evaluated by default. Needs `evaluate`. */
  readonly evaluateEvery?: number;
  /** Ends training before `steps`, and with the best weights; never by default. Needs `evaluateEvery`. */
  readonly earlyStopping?: EarlyStopping;
  /** Where and when the run is saved, and whether it goes on from there; nowhere by default. */
  readonly checkpoints?: CheckpointOptions;
  /** Tokens in a batch, for the speed in the reports; no speed by default. */
  readonly tokens?: (batch: Batch) => number;
}

/** Where and when {@linkcode train} saves. */
export interface CheckpointOptions {
  /** Where to: a map, a browser's storage, or {@linkcode folderStorage} of `@heed/heed/host`. */
  readonly storage: CheckpointStorage;
  /** Name of the file; `"checkpoint"` by default. One run at a time has it. */
  readonly name?: string;
  /** Steps between two saves; only both ends are saved by default: the first step, and the end or an abort. */
  readonly every?: number;
  /** Whether a run goes on from a file of that name; false by default: it is refused. Without a file the run begins. */
  readonly resume?: boolean;
  /** Whether a run begins instead; false by default. Its first save overwrites the file. */
  readonly replace?: boolean;
  /** Generators that the loss draws from, by name; none by default. Those of the model are saved in any case. */
  readonly randoms?: Readonly<Record<string, Random>>;
  /** What weights do not show, such as which data they learn from; null by default. A file with others is refused. */
  readonly notes?: Json;
}

const checkpointChecks: Checks<CheckpointOptions> = {
  storage: required(storageCheck),
  name: string,
  every: integer(),
  resume: flag,
  replace: flag,
  randoms: randomsCheck,
  notes: notesCheck,
};

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
  evaluateEvery: needing("evaluate", integer()),
  earlyStopping: needing("evaluateEvery", instance(EarlyStopping)),
  checkpoints: group(checkpointChecks),
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

// #endregion

// ## Pitfall: adding up losses as tensors
//
// `total = total.add(loss)` without `detach` keeps all that `backward` needs of every step, and
// memory grows until the process ends. The test "train() keeps memory flat over 1,000 steps" fails
// for it.

// ## Pitfall: dividing the loss by the wrong count
//
// Accumulating $k$ batches without the factor $1/k$ is a learning rate $k$ times as high. The
// test "train() with two batches of half the size equals one of the full size" catches it.

// ## Pitfall: resuming another run
//
// The same script, run again after a change of data or learning rate, would continue with the old weights without
// a warning. An existing file is therefore refused unless `resume` or `replace` is set. What weights do not show belongs
// into `notes`. The test "train() goes on with no file unless it is asked to, and with none of another run" tries both.

// ## Exercise
//
// Abort a run at step 5 of 10 and call `train` again with the same arguments. Then do the same
// with a new `Batches` of the same seed. Which of the two equals the unaborted run, and why?
