/**
 * What a library has to offer to be measured. A method that is missing is reported as skipped.
 *
 * Data lie in the library's own memory before the clock starts, and results stay there.
 *
 * @module
 */

import { createRequire } from "node:module";
import type {
  AttentionWorkload,
  LayerNormWorkload,
  MatmulWorkload,
  ModelLayout,
  RecurrentWorkload,
  SoftmaxWorkload,
  TrainWorkload,
} from "../workloads.ts";
import type { Weights } from "../inputs/gpt.ts";

/** Numbers in JavaScript, at once or later. */
export type Answer = ArrayLike<number> | Promise<ArrayLike<number>>;

/** One way to do one piece of work. */
export interface Kernel {
  /** Which way, if the library has several; the table shows the best. */
  readonly variant?: string;
  /** Does the whole work once. */
  run(): unknown;
  /** The result; not timed. */
  output(): Answer;
}

/** A model that reads and continues a text. */
export interface Session {
  /** Forgets everything, reads a prompt, and returns the logits after it. */
  prefill(tokens: Int32Array): Answer;
  /** Reads one more token and returns the logits after it. */
  decode(token: number): Answer;
}

/** A model in training. */
export interface Trainer {
  /** One step; returns the loss before the update. */
  step(inputs: Int32Array, targets: Int32Array): number | Promise<number>;
}

/** Kernels, now or later. */
export type Offer = readonly Kernel[] | Promise<readonly Kernel[]>;

type Numbers = Float32Array<ArrayBuffer>;

/** A library. */
export interface Adapter {
  /** Starts it; returns versions and settings. */
  start(threads: number): string | Promise<string>;
  /** `[M, K] × [K, N]` */
  matmul?(work: MatmulWorkload & { readonly a: Numbers; readonly b: Numbers }): Offer;
  /** Softmax of every row. */
  softmax?(work: SoftmaxWorkload & { readonly x: Numbers }): Offer;
  /** Layer norm of every row. */
  layernorm?(work: LayerNormWorkload & { readonly x: Numbers; readonly gain: Numbers; readonly bias: Numbers }): Offer;
  /** Causal attention. */
  attention?(
    work: AttentionWorkload & { readonly query: Numbers; readonly key: Numbers; readonly value: Numbers },
  ): Offer;
  /** A model that answers. */
  gpt?(layout: ModelLayout, weights: Weights): Session | Promise<Session>;
  /** The same with weights that are rounded to integers. */
  quantizedGpt?(layout: ModelLayout, weights: Weights, format: "int8" | "int4"): Session | Promise<Session>;
  /** A model that learns. */
  train?(work: TrainWorkload, weights: Weights): Trainer | Promise<Trainer>;
  /** A recurrent model that learns. */
  trainRecurrent?(work: RecurrentWorkload, weights: Weights): Trainer | Promise<Trainer>;
}

/** Thrown where a library cannot do something for a reason worth telling. */
export class Unsupported extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "Unsupported";
}

/** Loads a CommonJS package, or resolves a file of it, among those that `deno.json` names. */
export const require: NodeJS.Require = createRequire(new URL("../deno.json", import.meta.url));

/** What the peers without a causal kernel add to the scores, `[T, S]`: a large negative number above the diagonal. */
export function causalBias(T: number, past = 0): Numbers {
  const S = past + T, bias = new Float32Array(T * S);
  for (let t = 0; t < T; t++) bias.fill(-1e9, t * S + past + t + 1, (t + 1) * S);
  return bias;
}
