/**
 * # Attention on the CPU
 *
 * It takes `[B, H, T, D]` as it lies: heads cut out of `[B, T, H·D]`,
 * keys and values inside a longer cache. Results are laid out as `[B, T, H, D]`, so that
 * merging the heads afterwards is a view.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedFunctions, FusedKernels, View } from "../../core/engine/backend.ts";
import { broadcastStrides } from "../../core/engine/shape.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/attention.ts";
import type { Runtime } from "../runtime.ts";
import { bits } from "../threads.ts";
import { type Placed, placed, steps } from "../views.ts";
import { headsApart, rowsTogether } from "./heads.ts";
import { addPartials } from "./partials.ts";

/** Most queries per head that are answered straight from the cache. */
const FEW = 8;
/** Bytes that the kernels keep beside operands and scores. */
const ASIDE = 512;

type Attributes = FusedFunctions["attention"];

interface Sizes {
  readonly B: number;
  readonly H: number;
  readonly G: number;
  readonly T: number;
  readonly S: number;
  readonly D: number;
  readonly causal: boolean;
}

/** Queries per block: a short sequence at once, a long one so that its scores fit the second-level cache. */
function blockOf(T: number, S: number): number {
  if (T <= 96 && S <= 1024) return T;
  return S <= 4096 ? 48 : 24;
}

/** Extents, if the kernel covers them; `kept` is what keys and values consist of. */
function sizesOf(
  inputs: readonly (View | undefined)[],
  attributes: Attributes,
  kept: "float32" | "int32" = "float32",
): Sizes | undefined {
  const [query, key, value, mask, bias] = inputs;
  if (!query || !key || !value) return undefined;
  if (query.dtype !== "float32" || key.dtype !== kept || value.dtype !== kept) return undefined;
  if (![query, key, value].every((x) => x.shape.length === 4)) return undefined;
  if ((mask && mask.dtype !== "bool") || (bias && bias.dtype !== "float32")) return undefined;
  const [B, H, T, D] = query.shape as [number, number, number, number];
  return { B, H, G: key.shape[1]!, T, S: key.shape[2]!, D, causal: attributes.causal };
}

/** The argument words that all three kernels share. */
function wordsOf(
  runtime: Runtime,
  inputs: readonly (View | undefined)[],
  output: View,
  { B, H, G, T, S, D, causal }: Sizes,
  { scale }: Attributes,
  block: number,
  run: number,
): Placed[] {
  const [query, key, value] = inputs.slice(0, 3).map((x) => rowsTogether(runtime, x!)) as [View, View, View];
  const [mask, bias] = [inputs[3], inputs[4]];
  const pairs = (x: View | undefined): readonly number[] =>
    x ? broadcastStrides(x.shape, x.strides, [B, H, T, S]) : [0, 0, 0, 0];
  return [
    [word.OUTPUT, runtime.address(output)],
    [word.QUERY, runtime.address(query)],
    [word.KEY, runtime.address(key)],
    [word.VALUE, runtime.address(value)],
    [word.MASK, mask ? runtime.address(mask) : 0],
    [word.BIAS, bias ? runtime.address(bias) : 0],
    [word.HEADS, H],
    [word.GROUPS, G],
    [word.QUERIES, T],
    [word.KEYS, S],
    [word.WIDTH, D],
    [word.CAUSAL, Number(causal)],
    [word.SCALE, bits(scale)],
    ...steps(word.OUTPUT_STEPS, output.strides, 3),
    ...steps(word.QUERY_STEPS, query.strides, 3),
    ...steps(word.KEY_STEPS, key.strides, 3),
    ...steps(word.VALUE_STEPS, value.strides, 3),
    ...steps(word.MASK_STEPS, pairs(mask)),
    ...steps(word.BIAS_STEPS, pairs(bias)),
    [word.BLOCK, block],
    [word.RUN, run],
  ];
}

/** Rough nanoseconds of `products` matrix products of the attention of one head. */
function headCost({ T, S, D, causal }: Sizes, products: number): number {
  return T * S * (D * products / 25 + 1) * (causal && T > 1 ? 0.5 : 1) + S * D;
}

const attend = (runtime: Runtime): FusedForward<"attention"> => (inputs, attributes) => {
  const sizes = sizesOf(inputs, attributes);
  if (!sizes) return undefined;
  const { B, H, G, T, S, D } = sizes;
  const output = headsApart(runtime, [B, H, T, D]);
  if (B * H * T === 0) return [output];
  if (T <= FEW) {
    const words = placed(...wordsOf(runtime, inputs, output, sizes, attributes, T, T), [word.RECORDS, 0]);
    const cost = H / G * T * S * (D * 0.15 + 2) + 50;
    runtime.run(job.ATTENTION_FEW, words, B * G, cost, 64 + H / G * T * word.scoreBytes(S));
    return [output];
  }
  const block = blockOf(T, S);
  // Few heads: a long sequence is cut so that several threads find work.
  const run = B * H >= 8 ? T : Math.max(block, word.roundUp(Math.ceil(T * B * H / 8), block));
  const words = placed(...wordsOf(runtime, inputs, output, sizes, attributes, block, run));
  const runs = Math.ceil(T / run);
  const scratch = ASIDE +
    4 * (word.roundUp(block, 16) + 6 * word.roundUp(D, 4) + word.roundUp(S, 8) * D + S * word.roundUp(D, 8)) +
    word.roundUp(block, 12) * word.scoreBytes(S);
  runtime.run(job.ATTENTION, words, B * H * runs, headCost(sizes, 2) / runs, scratch);
  return [output];
};

/** Attention of a few queries to keys and values in records; undefined for more of them. */
export function attendRecords(
  runtime: Runtime,
  inputs: readonly (View | undefined)[],
  attributes: Attributes,
): View | undefined {
  const sizes = sizesOf(inputs, attributes, "int32");
  if (!sizes || sizes.T > FEW) return undefined;
  const { B, H, G, T, S, D } = sizes, output = headsApart(runtime, [B, H, T, D]);
  const words = placed(...wordsOf(runtime, inputs, output, sizes, attributes, T, T), [word.RECORDS, 1]);
  const cost = H / G * T * S * (D * 0.15 + 2) + S * D * 0.2 + 50;
  const wide = word.CHUNK * word.roundUp(D, 4) * 4;
  runtime.run(job.ATTENTION_FEW, words, B * G, cost, 64 + H / G * T * word.scoreBytes(S) + wide);
  return output;
}

const attendBackward =
  (runtime: Runtime): FusedBackward<"attention"> => (inputs, outputs, gradient, wanted, attributes) => {
    const sizes = sizesOf(inputs, attributes)!;
    const { B, H, G, T, S, D } = sizes;
    const bias = wanted[4] ? inputs[4] : undefined;
    // The gradient of a bias that repeats along other axes than the batch is left to the definition.
    const biasAxes = bias && [...new Array<number>(4 - bias.shape.length).fill(1), ...bias.shape];
    if (biasAxes && [H, T, S].some((extent, i) => biasAxes[i + 1] !== extent)) return undefined;

    const gradients = [[B, H, T, D], [B, G, S, D], [B, G, S, D]] as const;
    const [dQ, dK, dV] = gradients.map((shape) => headsApart(runtime, shape)) as [View, View, View];
    const repeated = bias !== undefined && biasAxes![0] !== B;
    const dBias = bias && runtime.make("float32", bias.shape);
    const pairs = bias && (repeated ? runtime.temporary(B * H * T * S).address : runtime.address(dBias!));

    const block = blockOf(T, S);
    const dO = rowsTogether(runtime, gradient);
    const words = placed(
      ...wordsOf(runtime, inputs, outputs[0], sizes, attributes, block, T),
      [word.GRADIENT, runtime.address(dO)],
      [word.QUERY_GRADIENT, runtime.address(dQ)],
      [word.KEY_GRADIENT, runtime.address(dK)],
      [word.VALUE_GRADIENT, runtime.address(dV)],
      ...steps(word.GRADIENT_STEPS, dO.strides, 3),
      ...steps(word.QUERY_GRADIENT_STEPS, dQ.strides, 3),
      ...steps(word.KEY_GRADIENT_STEPS, dK.strides, 3),
      ...steps(word.VALUE_GRADIENT_STEPS, dV.strides, 3),
      [word.BIAS_GRADIENT, pairs ?? 0],
    );
    const wide = word.roundUp(D, 8);
    const scratch = ASIDE +
      4 *
        (6 * word.roundUp(D, 4) + 2 * word.roundUp(S, 8) * D + S * wide + 2 * block * wide +
          2 * word.roundUp(S, 12) * wide) +
      2 * word.roundUp(block, 12) * word.scoreBytes(S);
    runtime.run(job.ATTENTION_BACKWARD, words, B * G, H / (G || 1) * headCost(sizes, 5), scratch);
    if (dBias && repeated) {
      const columns = H * T * S;
      addPartials(runtime, runtime.address(dBias), pairs!, B, columns, columns * 4);
    }
    return [dQ, dK, dV, undefined, dBias];
  };

/** The kernels of this file. */
export function attention(runtime: Runtime): Partial<FusedKernels> {
  return { forward: { attention: attend(runtime) }, backward: { attention: attendBackward(runtime) } };
}
