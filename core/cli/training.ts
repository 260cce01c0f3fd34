/**
 * # Training from the command line
 *
 * What both kinds of models share: the settings, the live line, saving now and then, and an
 * interruption that loses nothing.
 *
 * @module
 */

import { COMMANDS } from "../cli.ts";
import type { BatchSource } from "../06_training/batching.ts";
import { train, type TrainingReport, type TrainOptions } from "../06_training/loop.ts";
import { adamW } from "../06_training/adam.ts";
import { Optimizer } from "../06_training/optimizer.ts";
import { cosineSchedule } from "../06_training/schedules.ts";
import { backend } from "../engine/device.ts";
import type { Module } from "../engine/module.ts";
import { count, duration, ProgressLine, progressText } from "../host/terminal.ts";
import { flag, flagOf, number, type Option, text } from "./arguments.ts";
import { hasModel, isClassifier, MODEL_FILE, refuseHeld } from "./model_kinds.ts";
import { chooseDevice, deviceOptions, interruption } from "./device.ts";
import { DataError, quote, sentence, UsageError } from "./errors.ts";
import { named } from "./files.ts";
import { type RunFolder, takeFolder } from "./folder.ts";
import { checkNotes, encodeModel, type Notes, readModel, type Recipe, restore, type SavedModel } from "./models.ts";
import { LIMITS, type NumberName } from "./recipes.ts";
import { line, sayNext, standardOutput } from "./terminal.ts";

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

/** Settings that a run which continues may change. */
export const CHANGEABLE: readonly string[] = ["steps", "evaluateEvery", "data"];

/** Settings that a command asks for. */
type Setting = Exclude<NumberName, "sourceVocabSize" | "labelSmoothing" | "beta2" | "clipNorm">;

/** What each of them is. */
const SETTINGS: Readonly<Record<Setting, string>> = {
  steps: "Steps of training",
  batchSize: "Examples in a step",
  contextLength: "Longest sequence in tokens",
  hiddenSize: "Width of the model",
  numLayers: "Layers",
  numHeads: "Attention heads in a layer",
  vocabSize: "Most entries of a vocabulary",
  learningRate: "Highest learning rate",
  warmupSteps: "Steps until it is reached",
  weightDecay: "Share of each weight that decays",
  dropout: "Share of activations dropped",
  evaluateEvery: "Steps between two evaluations",
  seed: "Where all random numbers come from",
};

/**
 * The settings of a recipe, as options.
 *
 * @param usual the defaults that the help shows; what it lacks is no option
 * @returns an option for each setting
 */
export function recipeOptions(usual: Recipe): { readonly [K in Setting]: Option<number | undefined> } {
  const names = (Object.keys(SETTINGS) as Setting[]).filter((name) => name in usual);
  const options = names.map((name) => [name, setting(SETTINGS[name], LIMITS[name], usual[name]!)]);
  return Object.fromEntries(options) as Record<Setting, Option<number | undefined>>;
}

/** Where to save (in `folder` unless a file is learned), whether to continue, what computes. */
export function runOptions(folder: string): typeof deviceOptions & ReturnType<typeof placeOptions> & {
  readonly resume: Option<boolean>;
} {
  const { out, replace } = placeOptions(folder);
  return { out, resume: flag("Continue the run that was saved there"), replace, ...deviceOptions };
}

/** Where to save, in `folder` unless a file is learned. */
export function placeOptions(
  folder: string,
): { readonly out: Option<string | undefined>; readonly replace: Option<boolean> } {
  return {
    out: text("FOLDER", `Where to save the model [${folder}, or models/NAME for a file NAME]`),
    replace: flag("Give up the model that was saved there"),
  };
}

/** The options that say where a run saves. */
interface Place {
  readonly data: string | undefined;
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly replace: boolean;
}

/** What the models of the code's own texts are called, in `models`: by what stands behind `train`. */
const isOwnName = (name: string): boolean => COMMANDS.some((command) => command.name === `train ${name}`);

/** The folder of a run: what learns from a file never comes near what learns from the code's own corpus. */
export function folderOf({ data, out }: Pick<Place, "data" | "out">, folder: string): string {
  if (out !== undefined || data === undefined) return out ?? folder;
  const name = data.split(/[/\\]/).at(-1)!.replace(/(?<=.)\.[^.]*$/, "");
  // Standard input has no name, and the names of the code's own models are taken.
  return /^[.-]*$/.test(name) ? `${folder}-data` : `models/${name}${isOwnName(name) ? "-data" : ""}`;
}

/**
 * Takes the folder of a run; makes sure that there is something to resume.
 *
 * From here on the program does more than to print: what it learns is saved whether or not anybody reads along.
 */
export async function openFolder({ resume, replace }: Place, out: string): Promise<RunFolder> {
  if (resume && replace) {
    throw new UsageError("Cannot use --replace with --resume: a run that continues gives up nothing");
  }
  if (resume && !await hasModel(out)) {
    throw new DataError(`Cannot resume: there is no saved model in ${quote(out)}`);
  }
  const taken = await takeFolder(out);
  sayWhere(taken);
  return taken;
}

/** What is said at the end where standard output is lost. */
function sayWhere({ path }: RunFolder): void {
  standardOutput.isNotAll(`training went on without it, and what it learned is saved in ${quote(path)}`);
}

/**
 * Refuses to replace a model unless that is asked for.
 *
 * A run on the corpus that comes with the code makes the same model again, and may replace it; what a file says of a tokenizer may have changed.
 *
 * @param of where to save
 * @param out the folder
 * @param word what stands behind `train` for what is to be saved
 * @param recipe how it is trained
 * @returns how many steps of this very run are saved already, and shall not be replaced by fewer
 * @throws {DataError} if something would be lost
 */
export async function refuseToReplace(
  { resume, replace }: Place,
  out: string,
  word: string,
  recipe: Recipe,
): Promise<number> {
  if (resume) return 0;
  const isNetwork = await hasModel(out) && !await isClassifier(out);
  if (!isNetwork) await refuseHeld(out, MODEL_FILE, replace);
  if (!isNetwork || replace) return 0;
  const saved = await readModel(out).catch(() => undefined);
  const notes = saved?.kind.trainedBy(saved.notes.layout) === word ? saved.notes : undefined;
  const isSame = notes !== undefined && recipe["data"] === "" && recipe["tokenizer"] === undefined &&
    Object.entries(recipe).every(([name, value]) => notes.recipe[name] === value);
  // Whatever a file says it has made, the whole run is worth no less.
  if (isSame) return Math.min(notes.measured["steps"] ?? Infinity, numberOf(recipe, "steps"));
  const ways = ["--replace gives it up", "--out names another folder"];
  if (notes && notes.recipe["data"] === recipe["data"]) ways.unshift("--resume continues it");
  const other = notes?.recipe["data"] === "" && recipe["data"] === "";
  const what = `${whatIs(saved)}${other ? ", with other settings" : ""}`;
  throw new DataError(`Cannot save in ${quote(out)}: it holds ${what}; ${ways.join(", ")}`);
}

/** A saved model in a few words. */
function whatIs(saved: SavedModel | undefined): string {
  if (saved === undefined) return "a model that cannot be read";
  const { kind, notes } = saved, data = notes.recipe["data"];
  return `${kind.name} trained on ${data ? named(String(data)) : "the sentences that come with the code"}`;
}

/** Settings that are numbers, after they have been settled. */
export function numberOf(recipe: Recipe, name: string): number {
  const value = recipe[name];
  if (typeof value !== "number") throw new DataError(`Cannot train: the saved run does not state ${flagOf(name)}`);
  return value;
}

/** Several of them, by name. */
export function numbersOf<Name extends string>(recipe: Recipe, names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, numberOf(recipe, name)])) as Record<Name, number>;
}

/** Defaults that fit what is given: nobody is refused for an option that was never written. */
export function fittingDefaults(usual: Recipe, given: Readonly<Record<string, unknown>>): Recipe {
  const { steps, hiddenSize, numHeads } = given;
  const [width, heads, warmup] = ["hiddenSize", "numHeads", "warmupSteps"].map((name) =>
    usual[name] as number | undefined
  );
  const fitting: Record<string, number> = {};
  if (typeof steps === "number") fitting["warmupSteps"] = Math.min(warmup!, Math.floor(steps / 5));
  // Recurrent and convolutional models have no heads.
  if (heads === undefined) return { ...usual, ...fitting };
  if (typeof hiddenSize === "number") {
    fitting["numHeads"] = Array.from({ length: heads }, (_, i) => heads - i).find((n) => hiddenSize % n === 0)!;
  } else if (typeof numHeads === "number") {
    fitting["hiddenSize"] = Math.max(1, Math.floor(width! / (2 * numHeads))) * 2 * numHeads;
  }
  return { ...usual, ...fitting };
}

/** Tokens of the smallest vocabulary of bytes: all of them, and the special ones. */
const LEAST_BYTES = 260;

/** Most numbers in the weights of a model, and in what a step computes for them. */
const MOST_NUMBERS = 2 ** 30;

/** Refuses settings that contradict each other, or that no device can hold. */
export function checkRecipe(recipe: Recipe, weights: (recipe: Recipe) => number = weightsOf): void {
  const width = numberOf(recipe, "hiddenSize"), heads = hasHeads(recipe) ? numberOf(recipe, "numHeads") : 1;
  if (width % heads !== 0) {
    throw new UsageError(
      `Cannot split --hidden-size ${width} into --num-heads ${heads}: the heads must divide the width`,
    );
  }
  const [steps, warmup] = [numberOf(recipe, "steps"), numberOf(recipe, "warmupSteps")];
  if (warmup >= steps) {
    throw new UsageError(`Cannot warm up in ${warmup} of ${steps} steps: --warmup-steps must be less than --steps`);
  }
  const vocabSize = recipe["vocabSize"];
  if (recipe["tokens"] === "bytes" && typeof vocabSize === "number" && vocabSize < LEAST_BYTES) {
    throw new UsageError(
      `Cannot use --vocab-size ${vocabSize} with --tokens bytes: it must be at least ${LEAST_BYTES}`,
    );
  }
  checkSize(recipe, weights(recipe));
}

/** Settings that the number of weights follows from, whatever the kind. */
const SIZES = ["numLayers", "windowSize", "embeddingSize", "hiddenSize"];

function checkSize(recipe: Recipe, weights: number): void {
  const stated = (names: readonly string[]): string[] => names.filter((name) => name in recipe);
  const flags = (names: readonly string[]): string => inWords(names.map((name) => `${flagOf(name)} ${recipe[name]}`));
  const sizes = stated(SIZES), factors = stated(["batchSize", "contextLength", "hiddenSize", "numLayers"]);
  const computed = factors.reduce((product, name) => product * numberOf(recipe, name), 1);
  if (weights > MOST_NUMBERS) {
    throw new UsageError(
      `Cannot train with ${flags(sizes)}: such a model has ${count(weights)} weights, and ${
        count(MOST_NUMBERS)
      } is the most`,
    );
  }
  if (computed > MOST_NUMBERS) {
    throw new UsageError(
      `Cannot train with ${flags(factors)}: their product is ${count(computed)}, and ${
        count(MOST_NUMBERS)
      } is the most`,
    );
  }
}

/** Several things as one phrase. */
function inWords(things: readonly string[]): string {
  return [things.slice(0, -1).join(", "), things.at(-1)].filter((part) => part).join(" and ");
}

/** Whether it is the recipe of a Transformer: recurrent and convolutional models have no heads. */
const hasHeads = (recipe: Recipe): boolean => "numHeads" in recipe;

/** Weights that a model has at least. */
function weightsOf(recipe: Recipe): number {
  return (hasHeads(recipe) ? 12 : 2) * numberOf(recipe, "numLayers") * numberOf(recipe, "hiddenSize") ** 2;
}

/** Bytes that WebAssembly can address. */
const MOST_BYTES = 2 ** 32;

/** Refuses what the device that was chosen can never hold: weights, their gradients, and two averages of each. */
export function requireMemory(recipe: Recipe, weights: (recipe: Recipe) => number = weightsOf): void {
  if (backend().name === "wasm" && 4 * 4 * weights(recipe) > MOST_BYTES) throw memoryFull("too small", recipe);
}

function memoryFull(how: string, recipe?: Recipe, cause?: unknown): DataError {
  const names = ["batchSize", "contextLength", ...SIZES.filter((name) => !recipe || name in recipe), "vocabSize"];
  const less = names.map(flagOf).join(", ");
  return new DataError(`Cannot train: the memory of the device is ${how}; smaller values of ${less} need less`, {
    cause,
  });
}

/** AdamW and its schedule, as the recipe says. */
function optimizerOf(model: Module, recipe: Recipe): {
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
  /** What is trained. */
  readonly model: Module;
  /** What it learns from. */
  readonly batches: BatchSource<Batch>;
  /** The run that is continued, if one is. */
  readonly saved: SavedModel | undefined;
  /** Mean loss of a batch. */
  readonly loss: TrainOptions<Batch>["loss"];
  /** Tokens in a batch. */
  readonly tokens: (batch: Batch) => number;
  /** Measures the model. */
  readonly evaluate: (step: number, signal: AbortSignal) => Promise<Readonly<Record<string, number>>>;
  /** What a measurement says in a line, such as `BLEU 61.2`. */
  readonly describe: (evaluation: Readonly<Record<string, number>>) => string;
  /** A further line after an evaluation, such as a sample. */
  readonly sample?: (signal: AbortSignal) => Promise<string>;
  /** The settled settings. */
  readonly recipe: Recipe;
  /** What to note down in the file. */
  readonly notes: (measured: Readonly<Record<string, number>>) => Notes;
  /** Where it is saved. */
  readonly folder: RunFolder;
  /** Steps of the same run that are saved there. */
  readonly kept: number;
  /** What stands behind `train` to continue. */
  readonly word: string;
  /** When it began, in milliseconds. */
  readonly started: number;
  /** What is said of the last measurement, such as `BLEU 61.2 on 30 unseen sentences`; nothing where there is none. */
  readonly result: (evaluation: Readonly<Record<string, number>>) => string;
}

/** Trains on the device that is asked for; refuses what that cannot hold. */
export async function trainOnDevice(
  values: Parameters<typeof chooseDevice>[0],
  recipe: Recipe,
  weights: ((recipe: Recipe) => number) | undefined,
  work: () => Promise<void>,
): Promise<void> {
  line(`Device: ${await chooseDevice(values)}`);
  requireMemory(recipe, weights);
  await withinMemory(work, recipe);
}

/** Does work that needs memory; where there is too little, says which settings need less. */
export async function withinMemory<T>(work: () => Promise<T>, recipe?: Recipe): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RangeError && error.message.startsWith("Cannot allocate"))) throw error;
    throw memoryFull("full", recipe, error);
  }
}

/**
 * Trains to the end, or to an interruption; saves in either case, and says so.
 *
 * @throws {Interrupted} after Ctrl-C, once everything is saved
 */
export async function runTraining<Batch>(job: TrainingJob<Batch>): Promise<void> {
  const { model, batches, saved, recipe, folder } = job, { optimizer, schedule } = optimizerOf(model, recipe);
  const run = { model, optimizer, batches };
  if (saved) restore(saved, run);
  const weights = [...model.parameters().values()].reduce((total, parameter) => total + parameter.size, 0);
  line(`Model: ${count(weights)} weights${saved ? `, continuing after step ${optimizer.steps}` : ""}`);
  // What could not be read again is refused before an hour is spent.
  await checkNotes(job.notes({}));
  const progress = new ProgressLine(standardOutput);
  const { signal, stop } = interruption(() => progress.note("Stopping after this step …"));
  let measured = saved?.notes.measured ?? {}, shown = "", lastSaved = performance.now();
  let speed: number | undefined, isDisturbed = false;

  const save = async (): Promise<void> => {
    const { steps } = run.optimizer;
    if (steps < job.kept) return;
    const { path, label } = folder;
    await folder.save(await encodeModel(run, job.notes({ ...measured, steps })));
    if (folder.path === path) return;
    sayWhere(folder);
    progress.note(`Something else has taken the place of ${label}: saved in ${folder.label}`);
  };
  const onProgress = async (report: TrainingReport): Promise<void> => {
    // A lap that holds an evaluation, or what follows one, says nothing about the speed of training.
    if (!report.evaluation && !isDisturbed) speed = report.tokensPerSecond;
    isDisturbed = report.evaluation !== undefined;
    if (report.evaluation) {
      measured = { ...report.evaluation, loss: report.loss };
      shown = job.describe(report.evaluation);
      const example = await job.sample?.(signal);
      if (example) progress.note(`step ${report.step}  ${shown}  ${example}`);
    }
    progress.update(progressText(report, [shown, speed === undefined ? "" : `${count(speed)} tokens/s`]));
    if (performance.now() - lastSaved > SAVE_EVERY * 1000) {
      // A disk that is full now may not be so in a minute, and what was learned is still here.
      await save().catch((error) => progress.note(`${sentence(error)}; trying again in ${SAVE_EVERY} s`));
      [lastSaved, isDisturbed] = [performance.now(), true];
    }
  };
  try {
    await checkNotes(job.notes(measured));
    await folder.requireRoom(await encodeModel(run, job.notes(measured)));
    if (job.kept > 0) line(`${folder.label} holds ${job.kept} steps of this very run, which is made again`);
    const steps = numberOf(recipe, "steps"), done = run.optimizer.steps;
    if (done > steps) throw new DataError(`Cannot resume up to --steps ${steps}: the saved run has made ${done}`);
    const evaluate = (step: number): Promise<Readonly<Record<string, number>>> => job.evaluate(step, signal);
    // A run that was stopped after its last step has still to be measured.
    if (done === steps) measured = { ...measured, ...await evaluate(steps) };
    await train<Batch>({
      ...run,
      loss: job.loss,
      schedule,
      steps,
      clipNorm: numberOf(recipe, "clipNorm"),
      tokens: job.tokens,
      evaluate,
      evaluateEvery: numberOf(recipe, "evaluateEvery"),
      reportEvery: 10,
      signal,
      onProgress,
    });
    progress.finish();
    await save();
    const result = job.result(measured), seconds = (performance.now() - job.started) / 1000;
    line(`Trained in ${duration(seconds)}${result && `, ${result}`}; saved in ${folder.label}`);
  } catch (error) {
    progress.finish();
    if (error instanceof RangeError && error.message.startsWith("Cannot continue training")) {
      const [found] = error.message.split(";");
      throw new DataError(`${found}; a smaller --learning-rate or more --warmup-steps may help`, { cause: error });
    }
    if (!signal.aborted || error !== signal.reason) throw error;
    await save();
    const { steps } = run.optimizer, { path: out, label } = folder;
    const where = steps < job.kept
      ? `${label} has step ${job.kept} of the same run`
      : `everything is saved in ${label}`;
    line(`Stopped after step ${steps}; ${where}.`);
    sayNext("continue", "train", ...job.word.split(" "), "--resume", "--out", out);
    throw error;
  } finally {
    stop();
  }
}
