/**
 * # Training from the command line
 *
 * What both kinds of models share: the settings, the live line, saving now and then, and an
 * interruption that loses nothing.
 *
 * @module
 */

import type { BatchSource } from "../06_training/batching.ts";
import type { TrainingRun } from "../06_training/checkpoints.ts";
import { train, type TrainingReport, type TrainOptions } from "../06_training/loop.ts";
import { adamW } from "../06_training/adam.ts";
import { Optimizer } from "../06_training/optimizers.ts";
import { cosineSchedule } from "../06_training/schedules.ts";
import type { Module } from "../engine/module.ts";
import { flag, number, type Option, text } from "./arguments.ts";
import { deviceOptions, interruption } from "./device.ts";
import { DataError, Interrupted, quote, UsageError } from "./errors.ts";
import { hasModel, type Notes, prepareFolder, type Recipe, saveModel } from "./models.ts";
import { bar, count, duration, line, ProgressLine } from "./terminal.ts";

/** Seconds between two savings. */
const SAVE_EVERY = 60;

/** A numeric setting whose default depends on what is resumed; the help shows the usual one. */
export function setting(
  description: string,
  limits: Parameters<typeof number>[2],
  usual: number | string,
): Option<number | undefined> {
  return { ...number("N", description, limits), shownDefault: String(usual) };
}

/** Limits of what is counted. */
export const COUNT = { min: 1, max: 1_000_000_000, whole: true } as const;

/** The settings of a recipe, as options; `usual` holds the defaults that the help shows. */
export function recipeOptions(usual: Recipe): {
  readonly [
    K in
      | "steps"
      | "batchSize"
      | "contextLength"
      | "hiddenSize"
      | "numLayers"
      | "numHeads"
      | "vocabSize"
      | "learningRate"
      | "warmupSteps"
      | "weightDecay"
      | "dropout"
      | "evaluateEvery"
      | "seed"
  ]: Option<number | undefined>;
} {
  const of = (name: string): number | string => usual[name]!;
  return {
    steps: setting("Steps of training", COUNT, of("steps")),
    batchSize: setting("Examples in a step", COUNT, of("batchSize")),
    contextLength: setting("Longest sequence in tokens", COUNT, of("contextLength")),
    hiddenSize: setting("Width of the model", COUNT, of("hiddenSize")),
    numLayers: setting("Layers", { ...COUNT, max: 1000 }, of("numLayers")),
    numHeads: setting("Attention heads in a layer", { ...COUNT, max: 10_000 }, of("numHeads")),
    vocabSize: setting("Most entries of a vocabulary", { ...COUNT, min: 5, max: 1_000_000 }, of("vocabSize")),
    learningRate: setting("Highest learning rate", { above: 0, max: 10 }, of("learningRate")),
    warmupSteps: setting("Steps until it is reached", { min: 0, whole: true }, of("warmupSteps")),
    weightDecay: setting("Share of each weight that decays", { min: 0, max: 10 }, of("weightDecay")),
    dropout: setting("Share of activations dropped", { min: 0, below: 1 }, of("dropout")),
    evaluateEvery: setting("Steps between two evaluations", COUNT, of("evaluateEvery")),
    seed: setting("Where all random numbers come from", { min: 0, max: 2 ** 31, whole: true }, of("seed")),
  };
}

/** Where to save, whether to continue, and what computes. */
export function runOptions(folder: string): typeof deviceOptions & {
  readonly out: Option<string>;
  readonly resume: Option<boolean>;
} {
  return {
    out: text("FOLDER", "Where to save the model; one that is there is replaced", folder),
    resume: flag("Continue the run that was saved there"),
    ...deviceOptions,
  };
}

/** Makes sure that the folder can be written to, and that there is something to resume. */
export async function openFolder({ out, resume }: { readonly out: string; readonly resume: boolean }): Promise<void> {
  if (resume && !await hasModel(out)) {
    throw new DataError(`Cannot resume: there is no saved model in ${quote(out)}`);
  }
  await prepareFolder(out);
}

/** Settings that are numbers, after they have been settled. */
export function numberOf(recipe: Recipe, name: string): number {
  const value = recipe[name];
  if (typeof value !== "number") throw new DataError(`Cannot train: the saved run does not state ${name}`);
  return value;
}

/** Refuses settings that contradict each other before anything is computed. */
export function checkRecipe(recipe: Recipe): void {
  const [width, heads] = [numberOf(recipe, "hiddenSize"), numberOf(recipe, "numHeads")];
  if (width % heads !== 0) {
    throw new UsageError(
      `Cannot split --hidden-size ${width} into --num-heads ${heads}: the heads must divide the width`,
    );
  }
  const [steps, warmup] = [numberOf(recipe, "steps"), numberOf(recipe, "warmupSteps")];
  if (warmup >= steps) {
    throw new UsageError(`Cannot use --warmup-steps ${warmup} with --steps ${steps}: the warm-up must be shorter`);
  }
}

/** AdamW and its schedule, as the recipe says. */
export function optimizerOf(model: Module, recipe: Recipe): {
  readonly optimizer: Optimizer;
  readonly schedule: (step: number) => number;
} {
  const [peak, weightDecay] = [numberOf(recipe, "learningRate"), numberOf(recipe, "weightDecay")];
  const [steps, warmupSteps] = [numberOf(recipe, "steps"), numberOf(recipe, "warmupSteps")];
  return {
    optimizer: new Optimizer(
      model.parameters(),
      adamW({ learningRate: peak, weightDecay, beta2: numberOf(recipe, "beta2") }),
    ),
    schedule: cosineSchedule({ peak, floor: peak / 10, warmupSteps, steps }),
  };
}

/** What {@linkcode runTraining} needs to know. */
export interface TrainingJob<Batch> {
  /** Everything the next step depends on. */
  readonly run: TrainingRun & {
    readonly model: Module;
    readonly optimizer: Optimizer;
    readonly batches: BatchSource<Batch>;
  };
  /** Mean loss of a batch. */
  readonly loss: TrainOptions<Batch>["loss"];
  /** Tokens in a batch. */
  readonly tokens: (batch: Batch) => number;
  /** Measures the model. */
  readonly evaluate: (step: number) => Promise<Readonly<Record<string, number>>>;
  /** What a measurement says in a line, such as `BLEU 61.2`. */
  readonly describe: (evaluation: Readonly<Record<string, number>>) => string;
  /** A further line after an evaluation, such as a sample. */
  readonly sample?: () => Promise<string>;
  /** The schedule of the learning rate. */
  readonly schedule: (step: number) => number;
  /** The settled settings. */
  readonly recipe: Recipe;
  /** What to note down in the file. */
  readonly notes: (measured: Readonly<Record<string, number>>) => Notes;
  /** Folder of the model. */
  readonly out: string;
  /** The command that continues, after `heed`. */
  readonly continueWith: string;
}

/** The line that shows how far training is. */
export function progressText(report: TrainingReport, measured: string, speed: number | undefined): string {
  const { step, steps, loss, secondsLeft } = report;
  const parts = [
    `step ${String(step).padStart(String(steps).length)}/${steps}`,
    bar(step / steps, 12),
    `loss ${loss.toFixed(3)}`,
    measured,
    speed === undefined ? "" : `${count(speed)} tokens/s`,
    step === steps ? "done" : `${duration(secondsLeft)} left`,
  ];
  return parts.filter(Boolean).join("  ");
}

/** How the program is called here, for messages that tell what to type. */
export function programName(): string {
  const local = import.meta.url.startsWith("file:");
  return `deno run --allow-read --allow-write ${local ? "mod.ts" : new URL("../../mod.ts", import.meta.url).href}`;
}

/**
 * Trains to the end, or to an interruption; saves in either case.
 *
 * @returns what the last evaluation measured
 * @throws {Interrupted} after Ctrl-C, once everything is saved
 */
export async function runTraining<Batch>(job: TrainingJob<Batch>): Promise<Readonly<Record<string, number>>> {
  const { run, recipe, out } = job;
  const progress = new ProgressLine();
  const { signal, stop } = interruption(() => progress.note("Stopping after this step …"));
  let measured: Readonly<Record<string, number>> = {}, shown = "", saved = performance.now();
  let speed: number | undefined, isDisturbed = false;

  const save = async (): Promise<void> => {
    await saveModel(out, run, job.notes(measured));
    saved = performance.now();
  };
  const onProgress = async (report: TrainingReport): Promise<void> => {
    // A lap that holds an evaluation, or what follows one, says nothing about the speed of training.
    if (!report.evaluation && !isDisturbed) speed = report.tokensPerSecond;
    isDisturbed = report.evaluation !== undefined;
    if (report.evaluation) {
      measured = { ...report.evaluation, loss: report.loss };
      shown = job.describe(report.evaluation);
      const example = await job.sample?.();
      if (example) progress.note(`step ${report.step}  ${shown}  ${example}`);
    }
    progress.update(progressText(report, shown, speed));
    if (performance.now() - saved > SAVE_EVERY * 1000) {
      await save();
      isDisturbed = true;
    }
  };
  try {
    await train<Batch>({
      model: run.model,
      loss: job.loss,
      batches: run.batches,
      optimizer: run.optimizer,
      schedule: job.schedule,
      steps: numberOf(recipe, "steps"),
      clipNorm: numberOf(recipe, "clipNorm"),
      tokens: job.tokens,
      evaluate: job.evaluate,
      every: numberOf(recipe, "evaluateEvery"),
      reportEvery: 10,
      signal,
      onProgress,
    });
    progress.finish();
    await save();
    return measured;
  } catch (error) {
    progress.finish();
    if (!signal.aborted || error !== signal.reason) throw error;
    await save();
    line(`Stopped after step ${run.optimizer.steps}; everything is saved in ${out}. To continue:`);
    line(`  ${programName()} ${job.continueWith}`);
    throw new Interrupted("");
  } finally {
    stop();
  }
}
