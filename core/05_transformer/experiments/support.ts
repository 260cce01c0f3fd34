/**
 * # What experiments share
 *
 * Pauses and progress, training with a loss curve, numbers read back and memory given back, and
 * numbers put into words.
 *
 * @module
 */

import { padSequences } from "../../06_training/batching.ts";
import { train } from "../../06_training/loop.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { adamW } from "../../06_training/adam.ts";
import { Optimizer } from "../../06_training/optimizers.ts";
import { cosineSchedule } from "../../06_training/schedules.ts";
import { teacherForcing, type TeacherForcingOptions } from "../../06_training/teacher_forcing.ts";
import { noGrad } from "../../engine/autograd.ts";
import type { Numbers } from "../../engine/backend.ts";
import type { Module } from "../../engine/module.ts";
import { Pace } from "../../engine/pace.ts";
import { release, scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Control, RunOptions } from "../../experiments.ts";
import { number, percent as percentOf } from "../../experiments/numbers.ts";
import type { EncoderDecoder } from "../encoder_decoder.ts";

/** Where chance comes from: a control of almost every experiment. */
export const seedControl: Control = {
  label: "Seed",
  description: "Where chance comes from",
  default: 1,
  min: 0,
  max: 2 ** 31,
};

/** Lets others have their turn between two steps of an experiment, and stops it when told. */
export class Steps {
  readonly #pace = new Pace(0);
  readonly #options: RunOptions;
  readonly #total: number;
  #done = 0;

  /** Expects `total` steps. */
  constructor(options: RunOptions, total: number) {
    this.#options = options;
    this.#total = total;
  }

  /** To be waited for before each step. */
  async next(): Promise<void> {
    await this.#pace.rest();
    this.#options.signal?.throwIfAborted();
    this.#options.onProgress?.(Math.min(1, this.#done++ / this.#total));
  }
}

/** The part of an experiment's progress from `from` to `to`. */
export function part({ signal, onProgress }: RunOptions, from: number, to: number): RunOptions {
  return {
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (done: number) => onProgress(from + (to - from) * done) }),
  };
}

/** Computes a tensor without a tape, reads it, and frees everything. */
export async function read(compute: () => Tensor): Promise<Numbers> {
  const result = scope(() => noGrad(compute));
  try {
    return await result.read();
  } finally {
    release(result);
  }
}

/** The same for a matrix, as rows. */
export async function readRows(compute: () => Tensor): Promise<number[][]> {
  let width = 1;
  const numbers = await read(() => {
    const matrix = compute();
    width = matrix.shape[matrix.rank - 1]!;
    return matrix;
  });
  return Array.from(
    { length: numbers.length / width },
    (_, row) => Array.from(numbers.subarray(row * width, (row + 1) * width)),
  );
}

/** Root of the sum of the squares of all elements. */
export async function lengthOf(x: Tensor): Promise<number> {
  return Math.sqrt((await read(() => x.square().sum()))[0]!);
}

/** Gives back the memory of models and optimizers. */
export function discard(...holders: readonly (Module | Optimizer)[]): void {
  for (const holder of holders) {
    if ("stateDict" in holder) {
      for (const value of holder.parameters().values()) {
        if (value.grad) release(value.grad);
        value.grad = undefined;
      }
      for (const value of holder.stateDict().values()) release(value);
    } else for (const value of holder.state().tensors.values()) release(value);
  }
}

/** What {@linkcode learn} trains, and how. */
export interface Lesson<Batch> {
  /** What is trained. */
  readonly model: Module;
  /** Mean loss of one batch. */
  readonly loss: (batch: Batch, step: number) => Tensor;
  /** Makes the next batch. */
  readonly next: () => Batch;
  /** How often. */
  readonly steps: number;
  /** The highest learning rate. */
  readonly learningRate: number;
  /** What moves the parameters; AdamW without decay by default. */
  readonly optimizer?: Optimizer;
  /** Steps between two points of the curve; 1 by default. */
  readonly every?: number;
}

/** Trains a model, with a warm-up and half a cosine; returns its loss by step. */
export async function learn<Batch>(
  { model, loss, next, steps, learningRate, optimizer, every = 1 }: Lesson<Batch>,
  { signal, onProgress }: RunOptions,
): Promise<[number, number][]> {
  const own = optimizer ?? new Optimizer(model.parameters(), adamW({ beta2: 0.98, weightDecay: 0 }));
  try {
    const reports = await train<Batch>({
      model,
      loss,
      batches: { next },
      optimizer: own,
      steps,
      schedule: cosineSchedule({
        peak: learningRate,
        floor: learningRate / 10,
        warmupSteps: Math.floor(steps / 10),
        steps,
      }),
      clipNorm: 1,
      reportEvery: every,
      ...(signal && { signal }),
      ...(onProgress && { onProgress: ({ step }) => onProgress(step / steps) }),
    });
    return reports.map(({ step, loss }) => [step, rounded(loss)]);
  } finally {
    if (!optimizer) discard(own);
  }
}

/** A source and its target as tokens, without BEGIN and END of the target. */
export interface TokenPair {
  /** What is read. */
  readonly source: readonly number[];
  /** What is to be written. */
  readonly target: readonly number[];
}

/** Cross-entropy of the targets of some pairs, the right words before each given. */
export function pairLoss(
  model: EncoderDecoder,
  pairs: readonly TokenPair[],
  tokens: TeacherForcingOptions,
  labelSmoothing = 0,
): Tensor {
  const { tokens: source, mask } = padSequences(pairs.map(({ source }) => source), { padToken: tokens.padToken });
  const { inputs, targets } = teacherForcing(pairs.map(({ target }) => target), tokens);
  return crossEntropy(model.forward(source, inputs, { sourceMask: mask }), targets, { labelSmoothing });
}

/** The mean of some numbers; 0 of none. */
export function mean(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0) / Math.max(1, numbers.length);
}

/** A number with the digits that a figure can show. */
export function rounded(x: number): number {
  return Number(x.toPrecision(5));
}

/** A difference without what rounding leaves of it: a multiple of a hundred-thousandth, or of another unit. */
export function coarse(x: number, unit = 1e-5): number {
  return Number((Math.round(x / unit) * unit).toFixed(9));
}

/** A number as a caption says it: three digits, or as many as asked; a count keeps all of its own. */
export function say(x: number, digits = 3): string {
  return number(x, digits);
}

/** A share as a caption says it: two digits, or as many as asked. */
export function percent(share: number, digits = 2): string {
  return percentOf(share, digits);
}
