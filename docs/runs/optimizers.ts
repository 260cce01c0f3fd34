/**
 * # Optimizers on Shakespeare
 *
 * SGD with momentum, Adam and AdamW train the same language model on the same batches, each at several learning rates, and
 * at its best one from several seeds. The text is read twice: in characters, nearly all of which are frequent, and in
 * byte-pair tokens, most of which are rare.
 *
 * @module
 */

import {
  adam,
  adamW,
  crossEntropy,
  DecoderOnly,
  nextTokens,
  noGrad,
  Optimizer,
  Random,
  scope,
  sgd,
} from "../../mod.ts";
import { SequenceWindows, trainBytePairEncoding } from "../../mod.ts";
import type { OptimizerRule } from "../../core/06_training/optimizer.ts";
import { cosineSchedule, type Schedule, type ScheduleOptions } from "../../core/06_training/schedules.ts";
import { train } from "../../core/06_training/loop.ts";
import { discard } from "../../core/experiments/learning.ts";
import { record } from "./run.ts";

/** How the text is read. */
const TEXTS = ["characters", "tokens"] as const;
type Text = typeof TEXTS[number];

/** The model of all trainings. */
export const LAYOUT = { contextLength: 32, hiddenSize: 64, numLayers: 2, numHeads: 4 } as const;
/** How all of them go. */
export const RECIPE = {
  batchSize: 16,
  steps: 800,
  warmupSteps: 80,
  clipNorm: 1,
  momentum: 0.9,
  beta2: 0.98,
  weightDecay: 0.1,
  vocabSize: 2000,
} as const;
/** Trainings at the best rate, with seeds of their own. */
export const SEEDS = [1, 2, 3] as const;
/** Part of the text that is kept apart, and windows of it that the loss is measured on. */
const APART = 0.1, WINDOWS = 64;

interface Contestant {
  readonly name: "momentum" | "Adam" | "AdamW";
  readonly rule: () => OptimizerRule;
  readonly rates: readonly number[];
}

const CONTESTANTS: readonly Contestant[] = [
  { name: "momentum", rule: () => sgd({ momentum: RECIPE.momentum }), rates: [0.1, 0.3, 1, 3] },
  { name: "Adam", rule: () => adam({ beta2: RECIPE.beta2 }), rates: [1e-3, 3e-3, 1e-2, 3e-2] },
  {
    name: "AdamW",
    rule: () => adamW({ beta2: RECIPE.beta2, weightDecay: RECIPE.weightDecay }),
    rates: [1e-3, 3e-3, 1e-2, 3e-2],
  },
];

/** One optimizer on one reading of the text. */
export interface OptimizerResult {
  readonly name: Contestant["name"];
  readonly rates: readonly number[];
  /** Loss of text kept apart at the end, by rate, with the first seed; null where the run broke off. */
  readonly losses: readonly (number | null)[];
  readonly best: number;
  /** The same at the best rate, by seed. */
  readonly seeds: readonly number[];
  /** Training loss by step at the best rate, mean over the seeds. */
  readonly curve: readonly (readonly [number, number])[];
}

/** What is found. */
export interface OptimizersRun {
  readonly layout: typeof LAYOUT;
  readonly recipe: typeof RECIPE;
  readonly texts: readonly {
    readonly text: Text;
    readonly vocabSize: number;
    /** Tokens of the text, and the part of the vocabulary that makes up less than one in a thousand of them each. */
    readonly length: number;
    readonly rare: number;
    readonly results: readonly OptimizerResult[];
  }[];
}

/** A text as ids. */
export interface Reading {
  readonly vocabSize: number;
  readonly training: Int32Array;
  readonly apart: Int32Array;
}

/** What a training ends with: the loss of text kept apart, and the training loss by step. */
export interface Outcome {
  readonly loss: number;
  readonly curve: readonly (readonly [number, number])[];
}

/** One training; nothing where a loss or a gradient is no number. */
export async function runOnce(
  reading: Reading,
  rule: OptimizerRule,
  schedule: Schedule,
  seed: number,
): Promise<Outcome | undefined> {
  const random = new Random(seed), { contextLength } = LAYOUT, { batchSize, steps, clipNorm } = RECIPE;
  const model = new DecoderOnly({ ...LAYOUT, vocabSize: reading.vocabSize }, random.split());
  const optimizer = new Optimizer(model.parameters(), rule);
  const windows = new SequenceWindows(reading.training, { contextLength, batchSize, random: random.split() });
  const lossOf = (windows: readonly Int32Array[]) => {
    const { inputs, targets } = nextTokens(windows);
    return crossEntropy(model.forward(inputs), targets);
  };
  try {
    const reports = await train({
      model,
      optimizer,
      batches: windows,
      loss: lossOf,
      steps,
      schedule,
      clipNorm,
      reportEvery: 10,
    });
    const size = contextLength + 1, gap = Math.floor((reading.apart.length - size) / WINDOWS);
    const kept = Array.from({ length: WINDOWS }, (_, i) => reading.apart.subarray(i * gap, i * gap + size));
    const loss = await scope(() => noGrad(() => lossOf(kept))).item();
    return { loss, curve: reports.map(({ step, loss }) => [step, loss]) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    discard(model, optimizer);
  }
}

/** The schedule of this run: a warm-up, then half a cosine to a tenth of the peak. */
const cosine = (peak: number): Schedule => cosineSchedule({ ...lengthsOf(peak), floor: peak / 10 });

/** Peak, warm-up and length of a schedule. */
export const lengthsOf = (peak: number): ScheduleOptions => ({
  peak,
  warmupSteps: RECIPE.warmupSteps,
  steps: RECIPE.steps,
});

async function compete(reading: Reading, { name, rule, rates }: Contestant): Promise<OptimizerResult> {
  const first: (Outcome | undefined)[] = [];
  for (const rate of rates) first.push(await runOnce(reading, rule(), cosine(rate), SEEDS[0]));
  const losses = first.map((outcome) => outcome?.loss ?? null);
  const at = losses.reduce<number>((best, loss, i) => (loss ?? Infinity) < (losses[best] ?? Infinity) ? i : best, 0);
  const runs = [first[at]!];
  for (const seed of SEEDS.slice(1)) runs.push((await runOnce(reading, rule(), cosine(rates[at]!), seed))!);
  const curve = runs[0]!.curve.map((
    [step],
    i,
  ): [number, number] => [step, runs.reduce((sum, { curve }) => sum + curve[i]![1], 0) / runs.length]);
  console.log(
    `${name}: ${rates.map((rate, i) => `${rate} ${losses[i]?.toFixed(3)}`).join(", ")}; seeds ${
      runs.map(({ loss }) => loss.toFixed(3)).join(", ")
    }`,
  );
  return { name, rates, losses, best: rates[at]!, seeds: runs.map(({ loss }) => loss), curve };
}

/** The text as ids. */
export async function readText(
  text: string,
  how: Text,
): Promise<{ readonly ids: Int32Array; readonly vocabSize: number }> {
  if (how === "tokens") {
    const vocabulary = await trainBytePairEncoding([text], { vocabSize: RECIPE.vocabSize, level: "bytes" });
    return { ids: Int32Array.from(vocabulary.encode(text)), vocabSize: vocabulary.vocabSize };
  }
  const letters = [...new Set(text)].sort(), ids = new Map(letters.map((letter, id) => [letter, id]));
  return { ids: Int32Array.from([...text], (letter) => ids.get(letter)!), vocabSize: letters.length };
}

/** A part to learn from, and one that is kept apart. */
export function divided(ids: Int32Array, vocabSize: number): Reading {
  const border = Math.floor(ids.length * (1 - APART));
  return { vocabSize, training: ids.subarray(0, border), apart: ids.subarray(border) };
}

async function make(path: string): Promise<OptimizersRun> {
  const text = await Deno.readTextFile(path), texts = [];
  for (const how of TEXTS) {
    const { ids, vocabSize } = await readText(text, how);
    const counts = new Float64Array(vocabSize);
    for (const id of ids) counts[id]!++;
    const rare = counts.filter((count) => count < ids.length / 1000).length / vocabSize;
    console.log(`${how}: ${vocabSize} in the vocabulary, ${ids.length} in the text, rare ${rare}`);
    const reading = divided(ids, vocabSize);
    const results = [];
    for (const contestant of CONTESTANTS) results.push(await compete(reading, contestant));
    texts.push({ text: how, vocabSize, length: ids.length, rare, results });
  }
  return { layout: LAYOUT, recipe: RECIPE, texts };
}

if (import.meta.main) {
  await record({
    name: "optimizers",
    summary: "Train one language model with three optimizers at several learning rates.",
    origin: "tinyshakespeare of github.com/karpathy/char-rnn, data/tinyshakespeare/input.txt",
    licence: "public domain",
    make,
  });
}
