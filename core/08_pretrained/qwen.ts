/**
 * # Qwen
 *
 * **Question.** Qwen 2 and Qwen 3 look like a [Llama](llama.ts), and their files have tensors that no Llama has. What are they for?
 *
 * **Idea.** For the size of the scores. Qwen 2 adds a bias to queries, keys and values, and to nothing else. Qwen 3 takes these biases away and [normalizes](../04_attention/multi_head.ts) the query and the key of each head instead, so that a score stays in bounds without them. Everything else is Llama's, with heads whose width is a number of its own.
 *
 * **Formula.** The score of a query and a key, in Qwen 2 and in Qwen 3, with the rotation $R_p$ by a position $p$:
 *
 * $$\frac{\big(R_p (W_Q x_p + b_Q)\big)^\top R_s (W_K x_s + b_K)}{\sqrt d}, \qquad \frac{\big(R_p\, \mathrm{rms}(W_Q x_p)\big)^\top R_s\, \mathrm{rms}(W_K x_s)}{\sqrt d}$$
 *
 * | part                      | `model.safetensors`                       | GGUF                                      | here                                |
 * | ------------------------- | ----------------------------------------- | ----------------------------------------- | ----------------------------------- |
 * | biases of Qwen 2          | `self_attn.q_proj.bias`, `k_proj`, `v_proj` | `attn_q.bias`, `attn_k.bias`, `attn_v.bias` | `attention.query.bias`, `key`, `value` |
 * | norms of a head, Qwen 3   | `self_attn.q_norm`, `k_norm`              | `attn_q_norm`, `attn_k_norm`              | `attention.queryNorm`, `keyNorm`    |
 *
 * **By hand.** The smallest Qwen 3 has width 1024, 28 layers, and 16 heads in 8 groups. A head has width 128 and not $1024 / 16 = 64$: the queries of a position are twice as wide as the position. A layer has $1024 \cdot (2048 + 1024 + 1024) + 2048 \cdot 1024 = 6291456$ weights in its attention, $3 \cdot 1024 \cdot 3072 = 9437184$ in its feed-forward, and
 * $2 \cdot 1024 + 2 \cdot 128 = 2304$ in its norms. With a table of 151936 rows and the last norm, that makes 596049920.
 *
 * ```ts
 * const E = 1024, F = 3072, V = 151936, head = 128, queries = 16 * head, keys = 8 * head, layers = 28;
 * const attention = E * (queries + 2 * keys) + queries * E, feedForward = 3 * E * F, norms = 2 * E + 2 * head;
 * console.log(attention, feedForward, norms);
 * console.log(layers * (attention + feedForward + norms) + V * E + E);
 * ```
 *
 * ```text
 * 6291456 9437184 2304
 * 596049920
 * ```
 *
 * **Why a norm instead of a bias.** The biases of Qwen 2 let a head prefer distances whatever the words are: rotated, they give a score of their own. A norm keeps the product of query and key from growing with the weights, which in large models otherwise ends with one weight of 1 in each row.
 *
 * Sources: An Yang and others 2024, *Qwen2 Technical Report*; An Yang and others 2025, *Qwen3 Technical Report*.
 *
 * @module
 */

import type { StateNames } from "../06_training/state_names.ts";
import type { AttentionVariant } from "../04_attention/multi_head.ts";
import { rotary } from "../04_attention/positions/rotary.ts";
import type { DecoderOnlyOptions } from "../05_transformer/decoder_only.ts";
import { rmsNormalization } from "../05_transformer/normalization.ts";
import { type Architecture, type Settings, settingsIn } from "./files/settings.ts";
import {
  attentionIn,
  configOptions,
  ggufOptions,
  ggufRotation,
  llamaGgufNames,
  llamaNames,
  localLayers,
} from "./llama.ts";

/** The norms of a head, which Qwen 3 and Gemma 3 have. */
export const headNormNames: Readonly<Record<"safetensors" | "gguf", StateNames>> = {
  safetensors: {
    "model.layers.*.self_attn.q_norm": "layers.*.attention.queryNorm",
    "model.layers.*.self_attn.k_norm": "layers.*.attention.keyNorm",
  },
  gguf: {
    "blk.*.attn_q_norm": "layers.*.attention.queryNorm",
    "blk.*.attn_k_norm": "layers.*.attention.keyNorm",
  },
};

/** Qwen 2 and its successor of the same layout, by their settings. */
export const qwen2: Architecture = {
  words: ["qwen2"],
  read(fields, weights) {
    return read(settingsIn(fields, weights.format), weights, {}, () => ({ inputBias: true }));
  },
};

/** Qwen 3, by its settings. */
export const qwen3: Architecture = {
  words: ["qwen3"],
  read(fields, weights) {
    const settings = settingsIn(fields, weights.format);
    const hasBias = weights.format === "safetensors" && settings.flag("attention_bias", false);
    return read(settings, weights, headNormNames[weights.format], (epsilon) => ({
      queryKeyNorm: rmsNormalization({ epsilon }),
      ...(hasBias && { inputBias: true, outputBias: true }),
    }), 128);
  },
};

function read(
  settings: Settings,
  { format, places }: Parameters<Architecture["read"]>[1],
  more: StateNames,
  variantOf: (epsilon: number) => AttentionVariant,
  headSize?: number,
): { options: DecoderOnlyOptions; names: StateNames } {
  if (format === "gguf") {
    const tieHead = !places.has("output.weight");
    const attention = attentionIn(undefined, variantOf(settings.number("attention.layer_norm_rms_epsilon", 1e-6)));
    // Halves are paired, unlike in the files of Llama.
    const options = { ...ggufOptions(settings), attention, positions: rotary(ggufRotation(settings)), tieHead };
    return { options, names: { ...llamaGgufNames(tieHead), ...more } };
  }
  settings.requireOneOf("hidden_act", ["silu"]);
  const tieHead = settings.flag("tie_word_embeddings", false), options = configOptions(settings, headSize);
  const variant = variantOf(settings.number("rms_norm_eps", 1e-6)), attention = attentionIn(undefined, variant);
  return {
    options: { ...options, attention, pattern: patternOf(settings, options.numLayers!, variant), tieHead },
    names: { ...llamaNames(tieHead), ...more },
  };
}

/** The upper layers of a model may see a window; only if the settings turn it on. */
function patternOf(settings: Settings, numLayers: number, variant: AttentionVariant): DecoderOnlyOptions["pattern"] {
  if (!settings.flag("use_sliding_window", false)) return [];
  const window = settings.optionalCount("sliding_window"), from = settings.number("max_window_layers", 28);
  if (window === undefined) return [];
  const local = attentionIn(window, variant);
  return localLayers(settings, numLayers, (layer) => layer >= from).map((isLocal) =>
    isLocal ? { attention: local } : {}
  );
}

// ## Pitfall: a window that is turned off
//
// The settings of Qwen 2 state `sliding_window: 32768` beside `use_sliding_window: false`. Who reads the first without the second gets a model that is right up to the window and wrong behind it. The test "a window that Qwen turns off is none" reads a long text.

// ## Pitfall: the files of Llama and those of Qwen
//
// A GGUF of [Llama](llama.ts) pairs neighbours in the rotation, one of Qwen pairs halves, though all names are the same. No shape tells them apart. The test "a GGUF of Qwen pairs halves" compares all logits.

// ## Pitfall: a width that divides nothing
//
// The width of a head is `head_dim`, and 128 in Qwen 3 where the file does not say it, whatever width and number of heads are. The test "qwen3, wide heads: all logits are the library's" has heads wider than their part of a position.

// ## Exercise
//
// Multiply all weights that make the queries of a Qwen 3 by 10. What changes in its logits? And in those of a Llama?
//
// **Hint.** What does a norm do to a vector that is ten times as long?
//
// **Solution.** Nothing but rounding, and epsilon: the norm divides by the size. In a Llama every score is ten times as large, and every softmax nearly one weight of 1.
//
// ```ts
// import { MultiHeadAttention, Random, rmsNormalization, type Tensor } from "@heed/heed";
//
// for (const [name, queryKeyNorm] of [["Llama", undefined], ["Qwen 3", rmsNormalization({ epsilon: 1e-6 })]] as const) {
//   const attention = new MultiHeadAttention(16, 4, new Random(1), { bias: false, queryKeyNorm });
//   const hidden = new Random(2).normal([1, 6, 16]), weight = attention.stateDict().get("query.weight") as Tensor;
//   const before = attention.forward(hidden).detach();
//   weight.assign(weight.mul(10).detach());
//   const change = await attention.forward(hidden).sub(before).abs().max().item();
//   console.log(`${name}: the largest change is ${change.toFixed(3)}`);
// }
// ```
//
// ```text
// Llama: the largest change is 1.509
// Qwen 3: the largest change is 0.000
// ```
