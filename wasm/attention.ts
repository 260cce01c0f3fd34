/**
 * # Attention and rotary positions on the CPU
 *
 * Both work on `[B, H, T, D]`, and both take it as it lies: heads cut out of `[B, T, H·D]`,
 * keys and values inside a longer cache. Results are laid out as `[B, T, H, D]`, so that
 * merging the heads afterwards is a view.
 *
 * @module
 */

import type { Attributes, FusedBackward, FusedForward, Outputs, View } from "../core/engine/backend.ts";
import { broadcastStrides, sizeOf } from "../core/engine/shape.ts";
import * as op from "./assembly/fused_opcodes.ts";
import type { Runtime } from "./runtime.ts";
import { bits } from "./threads.ts";

/** Most queries per head that are answered straight from the cache. */
const FEW = 8;
/** Bytes that the kernels keep beside operands and scores. */
const ASIDE = 512;

interface Sizes {
  readonly B: number;
  readonly H: number;
  readonly G: number;
  readonly T: number;
  readonly S: number;
  readonly D: number;
  readonly causal: boolean;
}

function roundUp(n: number, m: number): number {
  return Math.ceil(n / m) * m;
}

/** Bytes from one row of scores to the next; the same formula as in `assembly/attention.ts`. */
function scoreBytes(S: number): number {
  return ((((S + 8) * 4 + 63) >> 6) | 1) << 6;
}

/** Queries per block: a short sequence at once, a long one so that its scores fit the second-level cache. */
function blockOf(T: number, S: number): number {
  if (T <= 96 && S <= 1024) return T;
  return S <= 4096 ? 48 : 24;
}

/** Bytes per step of batch, head and position. */
function steps(x: View): number[] {
  return x.strides.slice(0, 3).map((stride) => stride * 4);
}

/** `[B, H, T, D]` laid out as `[B, T, H, D]`. */
function headsApart(runtime: Runtime, [B, H, T, D]: readonly [number, number, number, number]): View {
  const { buffer } = runtime.make("float32", [B, T, H, D]);
  return { buffer, dtype: "float32", shape: [B, H, T, D], strides: [T * H * D, D, H * D, 1], offset: 0 };
}

/** The view if the elements of its last axis lie side by side, else a copy. */
function rowsTogether(runtime: Runtime, x: View): View {
  return x.strides[3] === 1 || x.shape[3]! <= 1 ? x : runtime.contiguous(x);
}

/** Extents, if the kernel covers them. */
function sizesOf(inputs: readonly (View | undefined)[], attributes: Attributes): Sizes | undefined {
  const [query, key, value, mask, bias] = inputs;
  if (!query || !key || !value) return undefined;
  if (![query, key, value].every((x) => x.dtype === "float32" && x.shape.length === 4)) return undefined;
  if ((mask && mask.dtype !== "bool") || (bias && bias.dtype !== "float32")) return undefined;
  const [B, H, T, D] = query.shape as [number, number, number, number];
  return { B, H, G: key.shape[1]!, T, S: key.shape[2]!, D, causal: attributes.causal === true };
}

/** The argument words that all three kernels share. */
function words(
  runtime: Runtime,
  inputs: readonly (View | undefined)[],
  [output, logarithms]: readonly [View, View],
  { B, H, G, T, S, D, causal }: Sizes,
  attributes: Attributes,
  block: number,
  run: number,
): number[] {
  const [query, key, value] = inputs.slice(0, 3).map((x) => rowsTogether(runtime, x!)) as [View, View, View];
  const [mask, bias] = [inputs[3], inputs[4]];
  const scale = typeof attributes.scale === "number" ? attributes.scale : 1 / Math.sqrt(D);
  const pairs = [mask, bias].map((x) => x ? broadcastStrides(x.shape, x.strides, [B, H, T, S]) : [0, 0, 0, 0]);
  return [
    ...[output, logarithms, query, key, value].map((x) => runtime.address(x)),
    ...[mask, bias].map((x) => x ? runtime.address(x) : 0),
    ...[H, G, T, S, D, causal ? 1 : 0, bits(scale)],
    ...[output, query, key, value].flatMap(steps),
    ...pairs.flat().map((stride) => stride * 4),
    block,
    run,
  ];
}

/** Rough nanoseconds of `products` matrix products of the attention of one head. */
function headCost({ T, S, D, causal }: Sizes, products: number): number {
  return T * S * (D * products / 25 + 1) * (causal && T > 1 ? 0.5 : 1) + S * D;
}

function attend(runtime: Runtime, inputs: readonly (View | undefined)[], attributes: Attributes): Outputs | undefined {
  const sizes = sizesOf(inputs, attributes);
  if (!sizes) return undefined;
  const { B, H, G, T, S, D } = sizes;
  const outputs = [headsApart(runtime, [B, H, T, D]), runtime.make("float32", [B, H, T])] as const;
  if (B * H * T === 0) return outputs;
  if (T <= FEW) {
    const args = words(runtime, inputs, outputs, sizes, attributes, T, T);
    const cost = H / G * T * S * (D * 0.15 + 2) + 50;
    runtime.run(op.ATTENTION_FEW, args, B * G, cost, 64 + H / G * T * scoreBytes(S));
    return outputs;
  }
  const block = blockOf(T, S);
  // Few heads: a long sequence is cut so that several threads find work.
  const run = B * H >= 8 ? T : Math.max(block, roundUp(Math.ceil(T * B * H / 8), block));
  const args = words(runtime, inputs, outputs, sizes, attributes, block, run);
  const runs = Math.ceil(T / run);
  const scratch = ASIDE + 4 * (2 * roundUp(block, 16) + 6 * roundUp(D, 4) + roundUp(S, 8) * D + S * roundUp(D, 8)) +
    roundUp(block, 12) * scoreBytes(S);
  runtime.run(op.ATTENTION, args, B * H * runs, headCost(sizes, 2) / runs, scratch);
  return outputs;
}

function attendBackward(
  runtime: Runtime,
  inputs: readonly (View | undefined)[],
  outputs: Outputs,
  gradient: View,
  wanted: readonly boolean[],
  attributes: Attributes,
): readonly (View | undefined)[] | undefined {
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
  const args = [
    ...words(runtime, inputs, [outputs[0], outputs[1]!], sizes, attributes, block, T),
    ...[dO, dQ, dK, dV].map((x) => runtime.address(x)),
    ...[dO, dQ, dK, dV].flatMap(steps),
    pairs ?? 0,
  ];
  const wide = roundUp(D, 8);
  const scratch = ASIDE +
    4 * (6 * roundUp(D, 4) + 2 * roundUp(S, 8) * D + S * wide + 2 * block * wide + 2 * roundUp(S, 12) * wide) +
    2 * roundUp(block, 12) * scoreBytes(S);
  runtime.run(op.ATTENTION_BACKWARD, args, B * G, H / (G || 1) * headCost(sizes, 5), scratch);
  if (dBias && repeated) {
    const columns = H * T * S;
    const sums = [runtime.address(dBias), pairs!, B, columns, columns * 4];
    runtime.run(op.ADD_PARTIALS, sums, Math.ceil(columns / 64), B * 8);
  }
  return [dQ, dK, dV, undefined, dBias];
}

/** Turns pairs of coordinates forwards (1) or back (-1). */
function turn(
  runtime: Runtime,
  x: View,
  cosine: View,
  sine: View,
  interleaved: boolean,
  sign: 1 | -1,
): View | undefined {
  if (x.shape.length !== 4 || x.dtype !== "float32") return undefined;
  const [B, H, T, D] = x.shape as [number, number, number, number];
  const y = headsApart(runtime, [B, H, T, D]);
  const source = rowsTogether(runtime, x);
  const tables = [cosine, sine].map((table) => runtime.address(runtime.contiguous(table)));
  const args = [
    ...[y, source].map((view) => runtime.address(view)),
    ...tables,
    ...[H, T, D / 2, interleaved ? 1 : 0, bits(sign)],
    ...[y, source].flatMap(steps),
  ];
  runtime.run(op.ROTARY, args, sizeOf([B, H, T]), D * 0.3 + 8);
  return y;
}

/**
 * The kernels of this file.
 *
 * @param runtime where memory and threads are
 * @returns forward and backward kernels by name
 */
export function attentionKernels(
  runtime: Runtime,
): { readonly forward: Record<string, FusedForward>; readonly backward: Record<string, FusedBackward> } {
  return {
    forward: {
      attention: (inputs, attributes) => attend(runtime, inputs, attributes),
      rotary: ([x, cosine, sine], { interleaved }) => {
        const y = turn(runtime, x!, cosine!, sine!, interleaved === true, 1);
        return y && [y];
      },
    },
    backward: {
      attention: (inputs, outputs, gradient, wanted, attributes) =>
        attendBackward(runtime, inputs, outputs, gradient, wanted, attributes),
      rotary: ([, cosine, sine], _outputs, gradient, wanted, { interleaved }) => {
        // The angles are positions, not weights; who wants their gradient gets it from the definition.
        if (wanted[1] || wanted[2]) return undefined;
        return [turn(runtime, gradient, cosine!, sine!, interleaved === true, -1), undefined, undefined];
      },
    },
  };
}
