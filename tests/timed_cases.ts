/**
 * # The rows that are timed
 *
 * The third part of the table of `cases.ts`: work of the size that a model asks for. `bench/` times each row by every
 * route and divides by its `flops`; `tests/engine/timed_test.ts` checks that the same row is right, where it is small
 * enough for the reference device.
 *
 * @module
 */

import { softmax } from "../core/02_words/softmax.ts";
import { gruStates } from "../core/03_language_models/lstm/gru.ts";
import { lstmStates } from "../core/03_language_models/lstm/mod.ts";
import { elmanStates } from "../core/03_language_models/rnn.ts";
import { scaledDotProductAttention as attention } from "../core/04_attention/scaled_dot_product.ts";
import { layerNorm } from "../core/05_transformer/normalization.ts";
import { crossEntropy } from "../core/06_training/loss.ts";
import { fusableUpdate } from "../core/engine/fusable.ts";
import { linear } from "../core/engine/weight.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import type { Case } from "./cases.ts";

/** A row that is worth timing. */
export interface TimedCase extends Case {
  /** Floating-point operations, roughly where functions are not counted in them. */
  readonly flops: number;
}

/** An update that is worth timing: what it overwrites comes first among its inputs. */
export interface TimedUpdate extends Pick<TimedCase, "name" | "inputs" | "flops"> {
  /** Overwrites the first inputs. */
  readonly run: (...inputs: Tensor[]) => void;
}

/** `[M, K] × [K, N]`; either operand may be stored transposed. */
export function matmulRow(M: number, N: number, K: number, turnA = false, turnB = false): TimedCase {
  return {
    name: `matmul ${M}×${N}×${K}, A${turnA ? "ᵀ" : ""} B${turnB ? "ᵀ" : ""}`,
    inputs: (d) => [turnA ? d.normal(K, M) : d.normal(M, K), turnB ? d.normal(N, K) : d.normal(K, N)],
    run: (a, b) => (turnA ? a!.transpose() : a!).matmul(turnB ? b!.transpose() : b!),
    flops: 2 * M * N * K,
  };
}

/** A product of any two shapes. */
function productRow(a: readonly number[], b: readonly number[]): TimedCase {
  return {
    name: `matmul ${a.join("×")} by ${b.join("×")}`,
    inputs: (d) => [d.normal(...a), d.normal(...b)],
    run: (x, y) => x!.matmul(y!),
    flops: 2 * a.reduce((size, extent) => size * extent) * b.at(-1)!,
  };
}

/** A few rows times a matrix, as one token of generated text asks for. */
function thinRow(rows: number, K: number, N: number, turned: boolean): TimedCase {
  return {
    name: `${rows} × ${K} by ${K}×${N}${turned ? ", stored column by column" : ""}`,
    inputs: (d) => [d.normal(rows, K), turned ? d.normal(N, K) : d.normal(K, N)],
    run: (x, weight) => x!.matmul(turned ? weight!.transpose() : weight!),
    flops: 2 * rows * K * N,
  };
}

/** A linear layer with its bias. */
export function linearRow(rows: number, K: number, N: number): TimedCase {
  return {
    name: `linear ${rows} × ${K} by ${K}×${N}`,
    inputs: (d) => [d.normal(rows, K), d.normal(K, N), d.normal(N)],
    run: (x, weight, bias) => linear(x!, weight!, bias!),
    flops: 2 * rows * K * N,
  };
}

/** A softmax of each row. */
export function softmaxRow(rows: number, columns: number): TimedCase {
  return {
    name: `softmax ${rows}×${columns}`,
    inputs: (d) => [d.normal(rows, columns)],
    run: (scores) => softmax(scores),
    flops: 8 * rows * columns,
  };
}

/** A layer normalization of each row. */
export function layerNormRow(rows: number, E: number): TimedCase {
  return {
    name: `layerNorm ${rows}×${E}`,
    inputs: (d) => [d.normal(rows, E), d.normal(E), d.normal(E)],
    run: (x, gain, bias) => layerNorm(x!, gain, bias),
    flops: 8 * rows * E,
  };
}

/** One direction of one layer over B texts of T words, with states of H numbers; the words are projected already. */
function recurrentRow(kind: "rnn" | "lstm" | "gru", B: number, T: number, H: number): TimedCase {
  const G = { rnn: 1, lstm: 4, gru: 3 }[kind];
  return {
    name: `${kind} B${B} T${T} H${H}`,
    inputs: (d) => [
      d.normal(B, T, G * H),
      d.uniform(-1 / Math.sqrt(H), 1 / Math.sqrt(H), H, G * H),
      d.normal(G * H),
      ...Array.from({ length: kind === "lstm" ? 2 : 1 }, () => d.normal(B, H)),
    ],
    run: (projected, weight, bias, hidden, cell) => {
      const map = { weight: weight!, bias };
      if (kind === "lstm") return lstmStates(projected!, map, [hidden!, cell!]);
      return kind === "gru" ? gruStates(projected!, map, hidden!) : elmanStates(projected!, map, hidden!);
    },
    flops: 2 * B * T * G * H * H,
  };
}

function crossEntropyRow(N: number, V: number): TimedCase {
  return {
    name: `crossEntropy ${N}×${V}`,
    inputs: (d) => [d.normal(N, V), d.integers(0, V, N)],
    run: (logits, targets) => crossEntropy(logits!, targets!),
    flops: 8 * N * V,
  };
}

/** Heads as a projection leaves them: `[B, T, H, D]` in memory. */
function attentionRow(B: number, H: number, T: number, D: number, causal: boolean): TimedCase {
  return {
    name: `attention B${B} H${H} T${T} D${D}${causal ? " causal" : ""}`,
    inputs: (d) => [1, 2, 3].map(() => d.normal(B, T, H, D)),
    run: (...heads) => {
      const [query, key, value] = heads.map((x) => x.transpose(1, 2));
      return attention(query!, key!, value!, { causal });
    },
    flops: 4 * B * H * T * T * D,
  };
}

/** One query against a cache with room for twice as many positions. */
function cachedRow(H: number, G: number, S: number, D: number): TimedCase {
  return {
    name: `attention of one query, H${H} G${G} S${S} D${D}`,
    inputs: (d) => [d.normal(1, H, 1, D), d.normal(1, G, 2 * S, D), d.normal(1, G, 2 * S, D)],
    run: (query, ...cache) => {
      const [key, value] = cache.map((x) => x.slice(2, 0, S));
      return attention(query!, key!, value!, { causal: true });
    },
    flops: 4 * H * S * D,
  };
}

const [learningRate, beta1, beta2, epsilon, weightDecay] = [1e-4, 0.9, 0.999, 1e-8, 0.01];
const [correction1, correction2, gradientScale] = [1 - beta1 ** 10, 1 - beta2 ** 10, 1];
const rates = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale };

function adamRow(count: number): TimedUpdate {
  return {
    name: `adamStep ${count}`,
    inputs: (d) => [d.normal(count), d.normal(count), d.uniform(0, 1, count), d.normal(count)],
    run: (parameter, first, second, gradient) =>
      fusableUpdate("adamStep", [parameter!, first!, second!], [gradient], rates, () => {
        const m = first!.mul(beta1).add(gradient!.mul(1 - beta1));
        const v = second!.mul(beta2).add(gradient!.square().mul(1 - beta2));
        const direction = m.div(correction1).div(v.div(correction2).sqrt().add(epsilon));
        return [parameter!.mul(1 - learningRate * weightDecay).sub(direction.mul(learningRate)), m, v];
      }),
    flops: 16 * count,
  };
}

/** A bench, or a part of one, that takes its rows here. */
export type Timed = Readonly<
  Record<
    "matmul" | "matvec" | "softmax" | "layerNorm" | "loss" | "recurrent" | "attention" | "cachedAttention",
    readonly TimedCase[]
  >
>;

/** The rows by bench: `bench/NAME_bench.ts` times those of its name. */
export const timed: Timed = {
  matmul: [
    ...([[256, 256, 256], [512, 512, 512], [1024, 1024, 1024], [512, 768, 3072]] as const).flatMap(([M, N, K]) =>
      [[false, false], [false, true], [true, false], [true, true]].map(([a, b]) => matmulRow(M, N, K, a, b))
    ),
    // The products of one layer in training (2048 tokens, 128 wide), and heads as the definition of attention multiplies them.
    productRow([2048, 128], [128, 512]),
    productRow([128, 2048], [2048, 512]),
    productRow([128, 64, 32], [128, 32, 64]),
    productRow([1000, 8, 8], [1000, 8, 8]),
  ],
  matvec: [
    ...[1, 4].flatMap((rows) =>
      ([[768, 768], [768, 3072], [3072, 768]] as const).flatMap(([K, N]) =>
        [false, true].map((turned) => thinRow(rows, K, N, turned))
      )
    ),
    thinRow(1, 768, 50257, true),
  ],
  softmax: [softmaxRow(64, 64), softmaxRow(64, 1024), softmaxRow(4096, 1024)],
  layerNorm: [layerNormRow(64, 64), layerNormRow(64, 1024), layerNormRow(2048, 128), layerNormRow(4096, 768)],
  recurrent: [128, 256, 512].flatMap((H) =>
    (["rnn", "lstm", "gru"] as const).map((kind) => recurrentRow(kind, 32, 64, H))
  ),
  loss: [crossEntropyRow(64, 100), crossEntropyRow(2048, 1000), crossEntropyRow(128, 50257)],
  attention: ([[1, 4, 16, 16], [32, 4, 64, 32], [1, 12, 128, 64], [1, 12, 512, 64]] as const).flatMap(([B, H, T, D]) =>
    [false, true].map((causal) => attentionRow(B, H, T, D, causal))
  ),
  cachedAttention: [cachedRow(12, 12, 128, 64), cachedRow(12, 12, 1024, 64), cachedRow(32, 8, 1024, 64)],
};

/** The updates that are timed. */
export const timedUpdates: readonly TimedUpdate[] = [adamRow(16384), adamRow(1 << 20)];
