/**
 * # A call of a recurrent kernel
 *
 * **Question.** The CPU device and the GPU device have kernels of recurrent networks. What do both read from the inputs before they differ?
 *
 * **Idea.** Sizes, the order in which the positions are read, and for each step the state before it.
 *
 * @module
 */

import type { Buffer, View } from "./backend.ts";
import { contiguousStrides } from "./shape.ts";

/** The inputs in the order of the chapter, and their sizes. */
export interface RecurrentKernelCall {
  /** `[B, T, G·H]` */
  readonly projected: View;
  /** `[H, G·H]` */
  readonly weight: View;
  /** `[G·H]` */
  readonly bias: View | undefined;
  /** `[B, H]` */
  readonly hidden: View;
  /** `[B, H]`, of an LSTM. */
  readonly cell: View | undefined;
  /** `[B, T]` */
  readonly mask: View | undefined;
  /** Texts. */
  readonly B: number;
  /** Steps. */
  readonly T: number;
  /** Numbers of a state. */
  readonly H: number;
  /** Positions in the order in which they are read. */
  readonly order: readonly number[];
}

/**
 * Reads the inputs of a kernel.
 *
 * @param inputs projected words, matrix, bias, first states, mask
 * @param hasCell whether there are two first states
 * @param reverse whether the last position is read first
 * @returns nothing if there is nothing to compute, or not in float32
 */
export function recurrentCall(
  inputs: readonly (View | undefined)[],
  hasCell: boolean,
  reverse: boolean,
): RecurrentKernelCall | undefined {
  const [projected, weight, bias, hidden, ...rest] = inputs;
  const [cell, mask] = hasCell ? rest : [undefined, ...rest];
  if (!projected || !weight || !hidden || projected.dtype !== "float32") return undefined;
  const [B, T] = projected.shape as [number, number, number], H = weight.shape[0]!;
  if (B === 0 || T === 0 || H === 0) return undefined;
  const order = Array.from({ length: T }, (_, i) => reverse ? T - 1 - i : i);
  return { projected, weight, bias, hidden, cell, mask, B, T, H, order };
}

/** A contiguous view of a buffer. */
export function viewOf(buffer: Buffer, shape: readonly number[]): View {
  return { buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 };
}

/** Rows of a contiguous view. */
export function rowsOfSteps({ buffer, offset }: View, rows: number, columns: number): View {
  return { buffer, dtype: "float32", shape: [rows, columns], strides: [columns, 1], offset };
}

/** What {@linkcode statesBefore} reads, and where it writes. */
export interface StepStates {
  /** All states, `[…, B, T, H]`; the first `[B, T, H]` of them count. */
  readonly states: View;
  /** Those before the first step, `[B, H]`. */
  readonly initial: View;
  /** Positions in the order in which they are read. */
  readonly order: readonly number[];
  /** Room for `[B, T, H]`. */
  readonly shifted: View;
}

/**
 * For each step the hidden state before it.
 *
 * @param runtime copies views
 * @param given the states, and room for the result
 * @returns `[B·T, H]`
 */
export function statesBefore(
  runtime: { copy(source: View, target: View): void },
  { states, initial, order, shifted }: StepStates,
): View {
  const [B, T, H] = shifted.shape as [number, number, number], first = order[0]!;
  const part = ({ buffer, offset }: View, start: number, count: number): View => {
    return { buffer, dtype: "float32", shape: [B, count, H], strides: [T * H, H, 1], offset: offset + start * H };
  };
  // Read backwards, what comes before a step stands after it.
  const [from, to] = first > 0 ? [1, 0] : [0, 1], { buffer, offset, strides } = initial;
  if (T > 1) runtime.copy(part(states, from, T - 1), part(shifted, to, T - 1));
  const start = { ...part(initial, 0, 1), buffer, offset, strides: [strides[0]!, 0, strides[1]!] };
  runtime.copy(start, part(shifted, first, 1));
  return rowsOfSteps(shifted, B * T, H);
}
