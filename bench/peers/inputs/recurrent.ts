/**
 * The recurrent language model of the workloads: its weights.
 *
 * | name        | shape     | name         | shape           |
 * | ----------- | --------- | ------------ | --------------- |
 * | `embedding` | `[V, H]`  |              |                 |
 * | `input.w`   | `[H, GH]` | `input.b`    | `[GH]`          |
 * | `hidden.w`  | `[H, GH]` | `hidden.b`   | `[GH]`          |
 * | `head.w`    | `[H, V]`  | `head.b`     | `[V]`           |
 *
 * The gates of an LSTM are input, forget, candidate, output; the parts of a GRU reset, update, candidate, and its reset gate stands
 * behind the matrix. Columns in this order.
 *
 * @module
 */

import type { RecurrentLayout } from "../workloads.ts";
import type { Weight, Weights } from "./gpt.ts";
import { random } from "./random.ts";

/** How many columns a matrix has for each number of a state. */
export const GATES = { lstm: 4, gru: 3 } as const;

/** Random weights of a model, the same for every peer. */
export function recurrentWeights({ recurrence, hiddenSize: H, vocabSize: V }: RecurrentLayout): Weights {
  const columns = GATES[recurrence] * H, weights: Record<string, Weight> = {};
  let seed = 2000;
  const add = (name: string, shape: readonly number[], scale: number) => {
    const count = shape.reduce((product, size) => product * size, 1);
    weights[name] = { shape, data: random(count, seed++, scale) };
  };
  const even = 1 / Math.sqrt(H);
  add("embedding", [V, H], 1);
  add("input.w", [H, columns], even);
  add("input.b", [columns], even);
  add("hidden.w", [H, columns], even);
  add("hidden.b", [columns], even);
  add("head.w", [H, V], even);
  add("head.b", [V], even);
  return weights;
}
