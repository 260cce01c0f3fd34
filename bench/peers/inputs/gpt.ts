/**
 * The GPT of the workloads: its weights, its tokens, and its logits in float64.
 *
 * | name                 | shape            | name              | shape      |
 * | -------------------- | ---------------- | ----------------- | ---------- |
 * | `wte`                | `[V, E]`         | `wpe`             | `[ctx, E]` |
 * | `h0.ln1.g`, `.b`     | `[E]`            | `h0.ln2.g`, `.b`  | `[E]`      |
 * | `h0.qkv.w`, `.b`     | `[E, 3E]`, `[3E]` | `h0.proj.w`, `.b` | `[E, E]`, `[E]` |
 * | `h0.fc.w`, `.b`      | `[E, 4E]`, `[4E]` | `h0.fc2.w`, `.b`  | `[4E, E]`, `[E]` |
 * | `lnf.g`, `.b`        | `[E]`            | `head`, if untied | `[E, V]`   |
 *
 * Query, key and value stand side by side in `qkv`.
 *
 * @module
 */

import type { ModelLayout, RecurrentWorkload, TrainWorkload } from "../workloads.ts";
import { random, randomTokens } from "./random.ts";

/** One weight: its shape and its numbers, row by row. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** All weights by name. */
export type Weights = Readonly<Record<string, Weight>>;

/** Random weights of a model, the same for every peer. */
export function gptWeights({ numLayers, hiddenSize: E, vocabSize, contextLength, tieHead }: ModelLayout): Weights {
  const weights: Record<string, Weight> = {};
  let seed = 1000;
  const add = (name: string, shape: readonly number[], scale = 0.02 * Math.sqrt(3), offset = 0) => {
    const count = shape.reduce((product, size) => product * size, 1);
    weights[name] = { shape, data: random(count, seed++, scale, offset) };
  };
  const norm = (name: string) => {
    add(`${name}.g`, [E], 0.1, 1);
    add(`${name}.b`, [E]);
  };
  const linear = (name: string, rows: number, columns: number) => {
    add(`${name}.w`, [rows, columns]);
    add(`${name}.b`, [columns]);
  };
  add("wte", [vocabSize, E]);
  add("wpe", [contextLength, E]);
  for (let i = 0; i < numLayers; i++) {
    norm(`h${i}.ln1`);
    linear(`h${i}.qkv`, E, 3 * E);
    linear(`h${i}.proj`, E, E);
    norm(`h${i}.ln2`);
    linear(`h${i}.fc`, E, 4 * E);
    linear(`h${i}.fc2`, 4 * E, E);
  }
  norm("lnf");
  if (!tieHead) add("head", [E, vocabSize]);
  return weights;
}

/** A prompt and what is fed after it. */
export function gptTokens(prompt: number, steps: number, vocabSize: number): Int32Array<ArrayBuffer> {
  return randomTokens(prompt + steps, 77, vocabSize);
}

/** The batch that every step of training sees: inputs, and the same texts one place on. */
export function trainingBatch(
  { batch: B, model }: TrainWorkload | RecurrentWorkload,
): { inputs: Int32Array; targets: Int32Array } {
  const T = model.contextLength, all = randomTokens(B * (T + 1), 99, model.vocabSize);
  const pick = (shift: number) =>
    Int32Array.from({ length: B * T }, (_, i) => all[Math.floor(i / T) * (T + 1) + i % T + shift]!);
  return { inputs: pick(0), targets: pick(1) };
}

/** Levels on either side of zero. */
const LEVELS = { int8: 64, int4: 8 } as const;

/**
 * Weights as they are after rounding to integers, in blocks of 32 along the axis that a product sums over.
 *
 * The element of a block that lies farthest from zero becomes the lowest level.
 *
 * @param weight `[rows, columns]`
 * @param along 0 for a matrix that is multiplied from the right, 1 for a table whose rows are looked up
 * @param format how many bits
 */
function rounded({ data, shape }: Weight, along: 0 | 1, format: keyof typeof LEVELS): Weight {
  const [rows, columns] = shape as [number, number], half = LEVELS[format], result = new Float32Array(data);
  const [lines, length, jump, step] = along ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
  for (let line = 0; line < lines; line++) {
    for (let block = 0; block < length; block += 32) {
      const first = line * jump + block * step, end = line * jump + Math.min(block + 32, length) * step;
      let low = 0, high = 0;
      for (let i = first; i < end; i += step) {
        low = Math.min(low, data[i]!);
        high = Math.max(high, data[i]!);
      }
      const size = -(high >= -low ? high : low) / half;
      for (let i = first; i < end; i += step) {
        const level = Math.floor(data[i]! / (size || 1) + 0.5);
        result[i] = size * Math.min(half - 1, Math.max(-half, level));
      }
    }
  }
  return { data: result, shape };
}

/** Rows of features with 255 levels per block of 32, as they are multiplied by rounded weights. */
function roundedRows(x: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let block = 0; block < x.length; block += 32) {
    let most = 0;
    for (let i = block; i < block + 32; i++) most = Math.max(most, Math.abs(x[i]!));
    const step = most / 127 || 1;
    for (let i = block; i < block + 32; i++) result[i] = step * Math.floor(x[i]! / step + 0.5);
  }
  return result;
}

/** `[T, rows] × [rows, columns] + bias` in float64. */
function affine(x: Float64Array, T: number, weight: Weight, bias: Weight): Float64Array {
  const [rows, columns] = weight.shape as [number, number];
  const y = new Float64Array(T * columns);
  for (let t = 0; t < T; t++) y.set(bias.data, t * columns);
  for (let k = 0; k < rows; k++) {
    for (let t = 0; t < T; t++) {
      const factor = x[t * rows + k]!, from = k * columns, to = t * columns;
      for (let n = 0; n < columns; n++) y[to + n]! += factor * weight.data[from + n]!;
    }
  }
  return y;
}

function norm(x: Float64Array, E: number, gain: Weight, bias: Weight): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += E) {
    let mean = 0, variance = 0;
    for (let i = 0; i < E; i++) mean += x[row + i]! / E;
    for (let i = 0; i < E; i++) variance += (x[row + i]! - mean) ** 2 / E;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    for (let i = 0; i < E; i++) y[row + i] = (x[row + i]! - mean) * scale * gain.data[i]! + bias.data[i]!;
  }
  return y;
}

/** Causal attention on rows that hold query, key and value side by side. */
function attend(rows: Float64Array, T: number, E: number, numHeads: number): Float64Array {
  const D = E / numHeads, output = new Float64Array(T * E), scores = new Float64Array(T);
  for (let head = 0; head < numHeads; head++) {
    for (let t = 0; t < T; t++) {
      const query = t * 3 * E + head * D;
      let largest = -Infinity, total = 0;
      for (let s = 0; s <= t; s++) {
        const key = s * 3 * E + E + head * D;
        let score = 0;
        for (let d = 0; d < D; d++) score += rows[query + d]! * rows[key + d]!;
        scores[s] = score / Math.sqrt(D);
        largest = Math.max(largest, scores[s]!);
      }
      for (let s = 0; s <= t; s++) total += scores[s] = Math.exp(scores[s]! - largest);
      for (let s = 0; s <= t; s++) {
        const value = s * 3 * E + 2 * E + head * D;
        for (let d = 0; d < D; d++) output[t * E + head * D + d]! += scores[s]! / total * rows[value + d]!;
      }
    }
  }
  return output;
}

/**
 * Logits in float64: the judge of every peer.
 *
 * @param layout of a model with a tied head
 * @param weights of it
 * @param tokens the whole text
 * @param from position of the first logits that are wanted
 * @param format to how many bits matrices are rounded, if at all; what they multiply is then rounded too
 * @returns `[T - from, V]`
 */
export function referenceLogits(
  layout: ModelLayout,
  weights: Weights,
  tokens: Int32Array,
  from: number,
  format?: "int8" | "int4",
): Float64Array {
  const { hiddenSize: E, numHeads, numLayers, vocabSize } = layout;
  const T = tokens.length;
  const of = (name: string): Weight => {
    const weight = weights[name]!;
    if (!format || !/w$|wte/.test(name)) return weight;
    return rounded(weight, name === "wte" ? 1 : 0, format);
  };
  const inputs = (x: Float64Array): Float64Array => format ? roundedRows(x) : x;
  const hidden = new Float64Array(T * E);
  const table = of("wte").data, positions = of("wpe").data;
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < E; i++) hidden[t * E + i] = table[tokens[t]! * E + i]! + positions[t * E + i]!;
  }
  const add = (x: Float64Array) => {
    for (let i = 0; i < x.length; i++) hidden[i]! += x[i]!;
  };
  for (let i = 0; i < numLayers; i++) {
    const linear = (x: Float64Array, name: string) =>
      affine(inputs(x), T, of(`h${i}.${name}.w`), of(`h${i}.${name}.b`));
    const normed = (name: string) => norm(hidden, E, of(`h${i}.${name}.g`), of(`h${i}.${name}.b`));
    add(linear(attend(linear(normed("ln1"), "qkv"), T, E, numHeads), "proj"));
    const wide = linear(normed("ln2"), "fc");
    for (let j = 0; j < wide.length; j++) {
      const x = wide[j]!;
      wide[j] = 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    }
    add(linear(wide, "fc2"));
  }
  const last = inputs(norm(hidden, E, of("lnf.g"), of("lnf.b")));
  const logits = new Float64Array((T - from) * vocabSize);
  for (let t = from; t < T; t++) {
    for (let v = 0; v < vocabSize; v++) {
      let sum = 0;
      for (let i = 0; i < E; i++) sum += last[t * E + i]! * table[v * E + i]!;
      logits[(t - from) * vocabSize + v] = sum;
    }
  }
  return logits;
}
