/**
 * # Learning in seconds
 *
 * One way to train a model of an experiment and to give its memory back afterwards.
 *
 * @module
 */

import type { Module } from "../engine/module.ts";
import { release } from "../engine/scope.ts";
import type { Tensor } from "../engine/tensor.ts";
import { padSequences } from "../06_training/batching.ts";
import { train } from "../06_training/loop.ts";
import { crossEntropy } from "../06_training/loss.ts";
import { adam, adamW } from "../06_training/adam.ts";
import { Optimizer } from "../06_training/optimizer.ts";
import { cosineSchedule } from "../06_training/schedules.ts";
import { teacherForcing, type TeacherForcingOptions } from "../06_training/teacher_forcing.ts";
import { rounded } from "./arithmetic.ts";
import type { RunOptions } from "./experiment.ts";

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
  /** The learning rate of each step, from 1 on; a warm-up and half a cosine by default. */
  readonly schedule?: (step: number) => number;
  /** Longest gradient, as it is; 1 by default. */
  readonly clipNorm?: number;
  /** Steps between two points of the curve; 1 by default. */
  readonly every?: number;
}

/** Trains a model; returns its loss by step, nothing for no steps. */
export async function learn<Batch>(
  { model, loss, next, steps, learningRate, optimizer, schedule, clipNorm = 1, every = 1 }: Lesson<Batch>,
  { signal, onProgress }: RunOptions,
): Promise<[number, number][]> {
  if (steps === 0) return [];
  const own = optimizer ?? new Optimizer(model.parameters(), adamW({ beta2: 0.98, weightDecay: 0 }));
  const cosine = { peak: learningRate, floor: learningRate / 10, warmupSteps: Math.floor(steps / 10), steps };
  try {
    const reports = await train<Batch>({
      model,
      loss,
      batches: { next },
      optimizer: own,
      steps,
      schedule: schedule ?? cosineSchedule(cosine),
      ...(clipNorm < Infinity && { clipNorm }),
      reportEvery: every,
      ...(signal && { signal }),
      ...(onProgress && { onProgress: ({ step }) => onProgress(step / steps) }),
    });
    return reports.map(({ step, loss }) => [step, rounded(loss)]);
  } finally {
    if (!optimizer) discard(own);
  }
}

/** How {@linkcode fit} trains. */
export interface FitOptions extends RunOptions {
  /** Number of steps. */
  readonly steps: number;
  /** Length of a typical step of each parameter at the start; it falls to 0 in a straight line. */
  readonly learningRate: number;
}

/** Trains a model of one layer or two with Adam; `loss` draws its own batch. */
export async function fit(
  model: Module,
  loss: () => Tensor,
  { steps, learningRate, ...options }: FitOptions,
): Promise<void> {
  const optimizer = new Optimizer(model.parameters(), adam({ learningRate }));
  const schedule = (step: number): number => learningRate * (1 - (step - 1) / steps);
  const next = (): undefined => undefined, every = Math.ceil(steps / 20), clipNorm = Infinity;
  await learn({ model, loss, next, steps, learningRate, optimizer, schedule, clipNorm, every }, options);
  discard(optimizer);
}

/** A source and its target as tokens, without BEGIN and END of the target. */
export interface TokenPair {
  /** What is read. */
  readonly source: readonly number[];
  /** What is to be written. */
  readonly target: readonly number[];
}

/** Scores targets after their sources, whatever it is made of. */
export interface PairScorer {
  /** Logits of the word after each position of the targets. */
  forward(source: Tensor, target: Tensor, call: { readonly sourceMask: Tensor }): Tensor;
}

/** Cross-entropy of the targets of some pairs, the right words before each given. */
export function pairLoss(
  model: PairScorer,
  pairs: readonly TokenPair[],
  tokens: TeacherForcingOptions,
  labelSmoothing = 0,
): Tensor {
  const { tokens: source, mask } = padSequences(pairs.map(({ source }) => source), { padToken: tokens.padToken });
  const { beginToken, endToken, padToken } = tokens;
  const { inputs, targets } = teacherForcing(pairs.map(({ target }) => target), { beginToken, endToken, padToken });
  return crossEntropy(model.forward(source, inputs, { sourceMask: mask }), targets, { labelSmoothing });
}
