/**
 * # A model of sums
 *
 * A language model that only ever reads true sums, a word for each number: `2 + 2 = 4`. Some sums are kept apart. What it says of those
 * and of the others can be judged, since every number but one is false.
 *
 * @module
 */

import { DecoderOnly } from "../05_transformer/decoder_only.ts";
import { adamW } from "../06_training/adam.ts";
import { clipGradients } from "../06_training/clipping.ts";
import { crossEntropy } from "../06_training/loss.ts";
import { Optimizer } from "../06_training/optimizer.ts";
import { cosineSchedule } from "../06_training/schedules.ts";
import { tensor } from "../engine/create.ts";
import type { Random } from "../engine/random.ts";
import { scope } from "../engine/scope.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { RunOptions } from "./experiment.ts";
import { discard } from "./learning.ts";
import { readRows } from "./reading.ts";
import { Steps } from "./running.ts";

/** Two numbers. */
export interface Sum {
  /** The first. */
  readonly a: number;
  /** The second. */
  readonly b: number;
}

/** Sums to learn from, and sums that are kept apart. */
export interface Sums {
  /** What the model reads. */
  readonly learned: readonly Sum[];
  /** What it never reads. */
  readonly unseen: readonly Sum[];
}

/** How a {@linkcode sumModel} is laid out and trained. */
export interface SumPlan {
  /** The largest number to add. */
  readonly largest: number;
  /** Width of the model. */
  readonly hiddenSize: number;
  /** Number of its layers. */
  readonly numLayers: number;
  /** Steps of training. */
  readonly steps: number;
  /** Probability mass spread over all tokens in training. */
  readonly smoothing: number;
}

/** Sums in a step of training. */
const BATCH = 64;
/** The highest learning rate. */
const LEARNING_RATE = 0.01;
/** Heads of the attention. */
const HEADS = 4;

/** Words of the vocabulary: the numbers up to the largest sum, plus and equals. */
export function sumVocabulary(largest: number): number {
  return 2 * largest + 3;
}

/** A sum without its result as tokens, `a + b =`. */
export function askSum({ a, b }: Sum, largest: number): number[] {
  return [a, 2 * largest + 1, b, 2 * largest + 2];
}

/** What is right; the token of a number is that number. */
export const resultOf = ({ a, b }: Sum): number => a + b;

/** All sums of numbers up to the largest, in two parts; this one is always learned. */
export function splitSums(largest: number, share: number, random: Random, always?: Sum): Sums {
  const width = largest + 1,
    all = Array.from(random.permutation(width * width), (i): Sum => ({
      a: Math.floor(i / width),
      b: i % width,
    }));
  const isAlways = ({ a, b }: Sum): boolean => a === always?.a && b === always.b;
  const order = [...all.filter(isAlways), ...all.filter((sum) => !isAlways(sum))];
  const border = Math.round(share * all.length);
  return { learned: order.slice(0, border), unseen: order.slice(border) };
}

/** Sums as tokens, int32 `[B, 5]`, or without their results `[B, 4]`. */
function rowsOf(sums: readonly Sum[], largest: number, withResult: boolean): Tensor {
  const rows = sums.map((sum) => [...askSum(sum, largest), ...withResult ? [resultOf(sum)] : []]);
  return tensor(Int32Array.from(rows.flat()), [sums.length, rows[0]!.length]);
}

/** Hears of a model after some of its steps. */
export interface Watch {
  /** After which. */
  readonly at: readonly number[];
  /** What is then done. */
  readonly see: (step: number, model: DecoderOnly) => Promise<void>;
}

/** Trains a model on true sums. */
export async function sumModel(
  learned: readonly Sum[],
  { largest, hiddenSize, numLayers, steps, smoothing }: SumPlan,
  random: Random,
  options: RunOptions,
  watch?: Watch,
): Promise<DecoderOnly> {
  const model = new DecoderOnly({
    vocabSize: sumVocabulary(largest),
    contextLength: 8,
    hiddenSize,
    numHeads: HEADS,
    numLayers,
    feedForwardSize: 4 * hiddenSize,
  }, random);
  const draw = random.split(), turns = new Steps(options, steps);
  const optimizer = new Optimizer(model.parameters(), adamW({ beta2: 0.98, weightDecay: 0 }));
  const schedule = cosineSchedule({
    peak: LEARNING_RATE,
    floor: LEARNING_RATE / 10,
    warmupSteps: Math.floor(steps / 10),
    steps,
  });
  try {
    for (let step = 1; step <= steps; step++) {
      await turns.next();
      const batch = Array.from({ length: BATCH }, () => learned[draw.integer(learned.length)]!);
      scope(() => {
        const tokens = rowsOf(batch, largest, true);
        // Every token is predicted, the numbers to add too, as language models are trained.
        const logits = model.forward(tokens.slice(1, 0, 4));
        crossEntropy(logits, tokens.slice(1, 1, 5), { labelSmoothing: smoothing }).backward();
        clipGradients(model.parameters(), 1);
        optimizer.step(schedule(step));
        optimizer.zeroGrad();
      });
      if (watch?.at.includes(step)) await watch.see(step, model);
    }
  } finally {
    discard(optimizer);
  }
  return model.eval() as DecoderOnly;
}

/** The logits of the result of each sum. */
export function askAll(model: DecoderOnly, sums: readonly Sum[], largest: number): Promise<number[][]> {
  return readRows(() => model.forward(rowsOf(sums, largest, false), { lastOnly: true }).at(1, -1));
}
