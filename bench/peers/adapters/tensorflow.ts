/**
 * TensorFlow.js on its WebAssembly backend (XNNPACK with SIMD).
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Weights } from "../inputs/gpt.ts";
import { GATES } from "../inputs/recurrent.ts";
import type { ModelLayout, RecurrentWorkload, TrainWorkload } from "../workloads.ts";
import { type Adapter, causalBias, type Kernel, require, type Session, type Trainer, Unsupported } from "./adapter.ts";

interface TfTensor {
  readonly rank: number;
  dataSync(): Float32Array;
  dispose(): void;
}

type Operand = TfTensor | number;
type Binary = (a: Operand, b: Operand) => TfTensor;
type Unary = (x: TfTensor) => TfTensor;

/** The part of the package that is used. */
interface TensorFlow {
  readonly version: { readonly tfjs: string };
  readonly env: () => { getAsync(flag: string): Promise<unknown> };
  readonly setBackend: (name: string) => Promise<boolean>;
  readonly ready: () => Promise<void>;
  readonly tensor: (data: Float32Array, shape: readonly number[]) => TfTensor;
  readonly tensor1d: (data: Int32Array, type: "int32") => TfTensor;
  readonly tidy: <T>(f: () => T) => T;
  readonly keep: Unary;
  readonly dispose: (tensors: unknown) => void;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly matMul: (a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean) => TfTensor;
  readonly softmax: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly square: Unary;
  readonly sqrt: Unary;
  readonly rsqrt: Unary;
  readonly zerosLike: Unary;
  readonly mean: (x: TfTensor, axis?: number, keepDims?: boolean) => TfTensor;
  readonly sum: (x: TfTensor, axis: number) => TfTensor;
  readonly logSumExp: (x: TfTensor, axis: number) => TfTensor;
  readonly reshape: (x: TfTensor, shape: readonly number[]) => TfTensor;
  readonly transpose: (x: TfTensor, axes?: readonly number[]) => TfTensor;
  readonly split: (x: TfTensor, parts: number, axis: number) => TfTensor[];
  readonly concat: (tensors: readonly TfTensor[], axis: number) => TfTensor;
  readonly stack: (tensors: readonly TfTensor[]) => TfTensor;
  readonly unstack: (x: TfTensor) => TfTensor[];
  readonly slice: (x: TfTensor, begin: readonly number[], size: readonly number[]) => TfTensor;
  readonly gather: (table: TfTensor, ids: TfTensor) => TfTensor;
  readonly oneHot: (ids: TfTensor, size: number) => TfTensor;
  readonly cast: (x: TfTensor, type: "float32") => TfTensor;
  readonly valueAndGrads: (
    f: (...parameters: TfTensor[]) => TfTensor,
  ) => (parameters: readonly TfTensor[]) => { readonly value: TfTensor; readonly grads: readonly TfTensor[] };
}

interface TensorFlowWasm {
  setWasmPaths(folder: string): void;
}

let tf: TensorFlow;

function gelu(x: TfTensor): TfTensor {
  const cubed = tf.mul(0.044715, tf.mul(x, tf.mul(x, x)));
  const bend = tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, cubed)));
  return tf.mul(tf.mul(x, 0.5), tf.add(1, bend));
}

function layerNorm(x: TfTensor, gain: TfTensor, bias: TfTensor, epsilon = 1e-5): TfTensor {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centered), -1, true);
  return tf.add(tf.mul(tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon))), gain), bias);
}

function kernel(work: () => TfTensor, variant?: string): Kernel {
  return {
    ...(variant !== undefined && { variant }),
    run: () => tf.tidy(() => void work()),
    output: () => tf.tidy(() => work().dataSync()),
  };
}

/** The layers that inference and training share; `attend` receives what a position asks, offers and says. */
function layers(
  weights: Readonly<Record<string, TfTensor>>,
  { numLayers }: ModelLayout,
  hidden: TfTensor,
  attend: (projected: TfTensor, layer: number) => TfTensor,
): TfTensor {
  const of = (name: string) => weights[name]!;
  const linear = (x: TfTensor, name: string) => tf.add(tf.matMul(x, of(`${name}.w`)), of(`${name}.b`));
  const norm = (x: TfTensor, name: string) => layerNorm(x, of(`${name}.g`), of(`${name}.b`));
  for (let i = 0; i < numLayers; i++) {
    const read = attend(linear(norm(hidden, `h${i}.ln1`), `h${i}.qkv`), i);
    hidden = tf.add(hidden, linear(read, `h${i}.proj`));
    hidden = tf.add(hidden, linear(gelu(linear(norm(hidden, `h${i}.ln2`), `h${i}.fc`)), `h${i}.fc2`));
  }
  return hidden;
}

/** A text that grows, with the keys and values of each layer joined to those before. */
function continuation(layout: ModelLayout, given: Weights): Session {
  const { hiddenSize: E, numHeads: H, numLayers } = layout, D = E / H;
  const weights: Record<string, TfTensor> = {};
  for (const [name, { data, shape }] of Object.entries(given)) weights[name] = tf.tensor(data, shape);
  // A copy in rows of the vocabulary: the fast product needs it.
  const head = tf.tidy(() => tf.transpose(weights["wte"]!));
  let memory: TfTensor[] = [], length = 0;

  function read(tokens: Int32Array): Float32Array {
    const T = tokens.length, start = length, next: TfTensor[] = [];
    const logits = tf.tidy(() => {
      const rows = tf.gather(weights["wte"]!, tf.tensor1d(tokens, "int32"));
      const embedded = tf.add(rows, tf.slice(weights["wpe"]!, [start, 0], [T, E]));
      const bias = T > 1 ? tf.tensor(causalBias(T, start), [T, start + T]) : undefined;
      const hidden = layers(weights, layout, embedded, (projected, i) => {
        const heads = (x: TfTensor) => tf.transpose(tf.reshape(x, [T, H, D]), [1, 0, 2]);
        const [query, newKey, newValue] = tf.split(projected, 3, 1).map(heads) as [TfTensor, TfTensor, TfTensor];
        const key = start ? tf.concat([memory[2 * i]!, newKey], 1) : newKey;
        const value = start ? tf.concat([memory[2 * i + 1]!, newValue], 1) : newValue;
        next.push(tf.keep(key), tf.keep(value));
        const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(D));
        const mixed = tf.matMul(tf.softmax(bias ? tf.add(scores, bias) : scores), value);
        return tf.reshape(tf.transpose(mixed, [1, 0, 2]), [T, E]);
      });
      const last = layerNorm(tf.slice(hidden, [T - 1, 0], [1, E]), weights["lnf.g"]!, weights["lnf.b"]!);
      return tf.matMul(last, head);
    });
    tf.dispose(memory);
    memory = next;
    length += T;
    const numbers = logits.dataSync();
    logits.dispose();
    if (next.length !== 2 * numLayers) throw new Error("Cannot continue: a layer kept nothing");
    return numbers;
  }
  return {
    prefill(tokens) {
      tf.dispose(memory);
      memory = [];
      length = 0;
      return read(tokens);
    },
    decode: (token) => read(Int32Array.of(token)),
  };
}

/** Loss of a batch given as one-hot rows: the gradient of `gather` does not exist on this backend. */
function batchLoss(
  { model, batch: B }: TrainWorkload,
  weights: Readonly<Record<string, TfTensor>>,
  inputs: TfTensor,
  targets: TfTensor,
  bias: TfTensor,
): TfTensor {
  const { hiddenSize: E, numHeads: H, contextLength: T } = model, D = E / H;
  const rows = tf.reshape(tf.matMul(inputs, weights["wte"]!), [B, T, E]);
  const embedded = tf.reshape(tf.add(rows, weights["wpe"]!), [B * T, E]);
  const hidden = layers(weights, model, embedded, (projected) => {
    const heads = (x: TfTensor) => tf.reshape(tf.transpose(tf.reshape(x, [B, T, H, D]), [0, 2, 1, 3]), [B * H, T, D]);
    const [query, key, value] = tf.split(projected, 3, 1).map(heads) as [TfTensor, TfTensor, TfTensor];
    const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(D)), bias);
    const mixed = tf.reshape(tf.matMul(tf.softmax(scores), value), [B, H, T, D]);
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B * T, E]);
  });
  const logits = tf.matMul(layerNorm(hidden, weights["lnf.g"]!, weights["lnf.b"]!), weights["head"]!);
  return tf.mean(tf.sub(tf.logSumExp(logits, -1), tf.sum(tf.mul(logits, targets), -1)));
}

/** The same of a recurrent model; rows of both are ordered by step, then by text. */
function recurrentLoss(
  { model, batch: B }: RecurrentWorkload,
  weights: Readonly<Record<string, TfTensor>>,
  inputs: TfTensor,
  targets: TfTensor,
): TfTensor {
  const { recurrence, hiddenSize: H, contextLength: T } = model, of = (name: string) => weights[name]!;
  const affine = (x: TfTensor, name: string) => tf.add(tf.matMul(x, of(`${name}.w`)), of(`${name}.b`));
  const G = GATES[recurrence], projected = affine(tf.matMul(inputs, of("embedding")), "input");
  let hidden = tf.tensor(new Float32Array(B * H), [B, H]), cell = hidden;
  const states = tf.unstack(tf.reshape(projected, [T, B, G * H])).map((word) => {
    const memory = affine(hidden, "hidden");
    if (recurrence === "lstm") {
      const [input, forget, written, shown] = tf.split(tf.add(word, memory), 4, 1) as [
        TfTensor,
        TfTensor,
        TfTensor,
        TfTensor,
      ];
      cell = tf.add(tf.mul(tf.sigmoid(forget), cell), tf.mul(tf.sigmoid(input), tf.tanh(written)));
      return hidden = tf.mul(tf.sigmoid(shown), tf.tanh(cell));
    }
    const [wordReset, wordUpdate, wordNew] = tf.split(word, 3, 1) as [TfTensor, TfTensor, TfTensor];
    const [reset, update, fresh] = tf.split(memory, 3, 1) as [TfTensor, TfTensor, TfTensor];
    const candidate = tf.tanh(tf.add(wordNew, tf.mul(tf.sigmoid(tf.add(wordReset, reset)), fresh)));
    const kept = tf.sigmoid(tf.add(wordUpdate, update));
    return hidden = tf.add(candidate, tf.mul(kept, tf.sub(hidden, candidate)));
  });
  const logits = affine(tf.reshape(tf.stack(states), [T * B, H]), "head");
  return tf.mean(tf.sub(tf.logSumExp(logits, -1), tf.sum(tf.mul(logits, targets), -1)));
}

/** AdamW written out: the package's Adam has no weight decay. */
function trainer(
  work: TrainWorkload | RecurrentWorkload,
  given: Weights,
  lossOf: (weights: Readonly<Record<string, TfTensor>>, inputs: TfTensor, targets: TfTensor) => TfTensor,
): Trainer {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = work.optimizer, names = Object.keys(given);
  let parameters = names.map((name) => tf.tensor(given[name]!.data, given[name]!.shape));
  let first = parameters.map(tf.zerosLike), second = parameters.map(tf.zerosLike), steps = 0;
  return {
    step(inputs, targets) {
      steps++;
      const correction1 = 1 - beta1 ** steps, correction2 = 1 - beta2 ** steps;
      const old = [parameters, first, second];
      const loss = tf.tidy(() => {
        const rows = (ids: Int32Array) =>
          tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), work.model.vocabSize), "float32");
        const [x, y] = [rows(inputs), rows(targets)];
        const { value, grads } = tf.valueAndGrads((...current) => {
          return lossOf(Object.fromEntries(names.map((name, i) => [name, current[i]!])), x, y);
        })(parameters);
        first = first.map((m, i) => tf.keep(tf.add(tf.mul(m, beta1), tf.mul(grads[i]!, 1 - beta1))));
        second = second.map((v, i) => tf.keep(tf.add(tf.mul(v, beta2), tf.mul(tf.square(grads[i]!), 1 - beta2))));
        parameters = parameters.map((p, i) => {
          const direction = tf.div(first[i]!, tf.add(tf.sqrt(tf.mul(second[i]!, 1 / correction2)), epsilon));
          const decayed = tf.mul(p, p.rank > 1 ? 1 - learningRate * weightDecay : 1);
          return tf.keep(tf.sub(decayed, tf.mul(direction, learningRate / correction1)));
        });
        return value;
      });
      tf.dispose(old);
      const number = loss.dataSync()[0]!;
      loss.dispose();
      return number;
    },
  };
}

/** The ids of a batch, step by step. */
function byStep(ids: Int32Array, B: number, T: number): Int32Array {
  return Int32Array.from(ids, (_, i) => ids[i % B * T + Math.floor(i / B)]!);
}

/** TensorFlow.js. */
export const adapter: Adapter = {
  async start(threads) {
    tf = require("@tensorflow/tfjs");
    const wasm: TensorFlowWasm = require("@tensorflow/tfjs-backend-wasm");
    const folder = new URL("../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url);
    wasm.setWasmPaths(fileURLToPath(folder));
    if (threads > 1 && !await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")) {
      throw new Unsupported("switches threads off outside of browsers");
    }
    if (!await tf.setBackend("wasm")) throw new Error("Cannot start the wasm backend");
    await tf.ready();
    return `tfjs ${tf.version.tfjs}, wasm, SIMD ${await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") ? "on" : "off"}`;
  },

  matmul({ M, K, N, ...given }) {
    const a = tf.tensor(given.a, [M, K]), b = tf.tensor(given.b, [K, N]);
    return [kernel(() => tf.matMul(a, b))];
  },

  softmax({ rows, columns, ...given }) {
    const x = tf.tensor(given.x, [rows, columns]);
    return [kernel(() => tf.softmax(x))];
  },

  layernorm({ rows, columns, epsilon, ...given }) {
    const x = tf.tensor(given.x, [rows, columns]);
    const gain = tf.tensor(given.gain, [columns]), bias = tf.tensor(given.bias, [columns]);
    return [kernel(() => layerNorm(x, gain, bias, epsilon))];
  },

  attention({ H, T, D, ...given }) {
    const [query, key, value] = [given.query, given.key, given.value].map((x) => tf.tensor(x, [H, T, D])) as [
      TfTensor,
      TfTensor,
      TfTensor,
    ];
    const bias = tf.tensor(causalBias(T), [T, T]), scale = 1 / Math.sqrt(D);
    const weigh = (scores: TfTensor) => tf.softmax(tf.add(tf.mul(scores, scale), bias));
    return [
      kernel(() => tf.matMul(weigh(tf.matMul(query, key, false, true)), value), "all heads at once"),
      // Products of two axes take a faster path.
      kernel(() => {
        const [keys, values] = [tf.unstack(key), tf.unstack(value)];
        return tf.stack(
          tf.unstack(query).map((one, h) => tf.matMul(weigh(tf.matMul(one, tf.transpose(keys[h]!))), values[h]!)),
        );
      }, "head by head"),
    ];
  },

  gpt: continuation,
  train(work, weights) {
    const T = work.model.contextLength, bias = tf.tensor(causalBias(T), [T, T]);
    return trainer(work, weights, (current, inputs, targets) => batchLoss(work, current, inputs, targets, bias));
  },

  trainRecurrent(work, weights) {
    const { batch: B, model: { contextLength: T } } = work;
    const { step } = trainer(work, weights, (...given) => recurrentLoss(work, ...given));
    return { step: (inputs, targets) => step(byStep(inputs, B, T), byStep(targets, B, T)) };
  },
};
