/**
 * # From tensors to plain data
 *
 * What experiments share: a short training, numbers read back as nested lists, and numbers as a
 * caption writes them.
 *
 * @module
 */

import type { Module } from "../engine/module.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { Control, RunOptions } from "../experiments.ts";
import { train } from "../06_training/loop.ts";
import { adam } from "../06_training/adam.ts";
import { Optimizer } from "../06_training/optimizers.ts";
import { number } from "./numbers.ts";

export { fixed, number, percent } from "./numbers.ts";

/** The control that every experiment with chance has. */
export const SEED: Control = {
  label: "Seed",
  description: "Where everything random comes from",
  default: 1,
  min: 0,
  max: 2 ** 31,
};

/** How {@linkcode fit} trains. */
export interface FitOptions extends RunOptions {
  /** Number of steps. */
  readonly steps: number;
  /** Length of a typical step of each parameter at the start; it falls to 0 in a straight line. */
  readonly learningRate: number;
}

/**
 * Trains a small model with Adam.
 *
 * @param model what is trained
 * @param loss draws a batch and returns its mean loss
 * @param options how long, how fast, and who may stop it
 */
export async function fit(
  model: Module,
  loss: () => Tensor,
  { steps, learningRate, signal, onProgress }: FitOptions,
): Promise<void> {
  await train({
    model,
    loss,
    batches: { next: () => undefined },
    optimizer: new Optimizer(model.parameters(), adam({ learningRate })),
    schedule: (step) => learningRate * (1 - (step - 1) / steps),
    steps,
    reportEvery: Math.ceil(steps / 20),
    onProgress: ({ step }) => onProgress?.(step / steps),
    ...(signal && { signal }),
  });
}

/** Reads a matrix `[rows, columns]` as a list of rows. */
export async function readMatrix(matrix: Tensor): Promise<number[][]> {
  const numbers = await matrix.read();
  const [rows = 0, columns = 0] = matrix.shape;
  return Array.from({ length: rows }, (_, r) => Array.from(numbers.subarray(r * columns, (r + 1) * columns)));
}

/** Reads several matrices `[matrices, rows, columns]`. */
export async function readMatrices(matrices: Tensor): Promise<number[][][]> {
  const [count = 0, rows = 0] = matrices.shape;
  const all = await readMatrix(matrices.flatten(0, 1));
  return Array.from({ length: count }, (_, i) => all.slice(i * rows, (i + 1) * rows));
}

/** The mean of a list. */
export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

/** What differences below count as none: the rounding of float32 explains them, and each device rounds differently. */
const ROUNDING = 1e-5;

/** A difference between numbers of about 1, or 0 where rounding explains it. */
export function difference(x: number): number {
  return Math.abs(x) < ROUNDING ? 0 : x;
}

/** A difference as a caption writes it. */
export function size(x: number): string {
  return difference(x) === 0 ? `less than ${ROUNDING.toFixed(5)}` : number(x, 2);
}

/** A number of a figure, free of noise in its last digits. */
export function rounded(x: number): number {
  return Math.round(x * 1e6) / 1e6;
}
