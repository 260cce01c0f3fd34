/**
 * # The LLaMA family
 *
 * **Question.** Llama, SmolLM2, Mistral and Qwen 2 are models of different houses. What does a program have to know to open any of them, and how much of it is new?
 *
 * **Idea.** Little. All of them are the [decoder](../05_transformer/decoder_only.ts) of the book with five choices, each of which a chapter has explained: the norm is [RMSNorm](../05_transformer/normalization.ts), positions are [rotary](../04_attention/positions/rotary.ts), the feed-forward is
 * [gated](../05_transformer/feed_forward/mod.ts), several heads [share keys and values](../04_attention/multi_head.ts), and no matrix has a bias. What is left is to read sizes from a file of settings, and to say what the file of weights calls each tensor.
 *
 * **Formula.** One layer, with $g$ for the gated activation $\mathrm{silu}(x W_g) \odot (x W_u)$:
 *
 * $$h' = h + \mathrm{attention}(\mathrm{rms}(h)), \qquad h'' = h' + g(\mathrm{rms}(h'))\, W_d, \qquad P(x_{t+1} \mid x_{\le t}) = \mathrm{softmax}\big(\mathrm{rms}(h_t)\, W^\top\big)$$
 *
 * | part                         | `model.safetensors`                     | GGUF                             | here                              |
 * | ---------------------------- | --------------------------------------- | -------------------------------- | --------------------------------- |
 * | embeddings                   | `model.embed_tokens`                    | `token_embd`                     | `embedding`, and `head` if untied |
 * | queries, keys, values        | `self_attn.q_proj`, `k_proj`, `v_proj`  | `attn_q`, `attn_k`, `attn_v`     | `attention.query`, `key`, `value` |
 * | output of the attention      | `self_attn.o_proj`                      | `attn_output`                    | `attention.output`                |
 * | gate, up and down            | `mlp.gate_proj`, `up_proj`, `down_proj` | `ffn_gate`, `ffn_up`, `ffn_down` | `feedForward.gate`, `up`, `down`  |
 * | norm before the attention    | `input_layernorm`                       | `attn_norm`                      | `attentionResidual.norm`          |
 * | norm before the feed-forward | `post_attention_layernorm`              | `ffn_norm`                       | `feedForwardResidual.norm`        |
 *
 * **By hand.** SmolLM2-135M has width 576, 30 layers, 9 heads of width 64 in 3 groups, 1536 inside the feed-forward, and 49152 tokens. A layer has $576 \cdot (576 + 192 + 192 + 576) = 884736$ weights in its attention, $3 \cdot 576 \cdot 1536 = 2654208$ in its feed-forward, and $2 \cdot 576 = 1152$ in its norms.
 * With the table of $49152 \cdot 576 = 28311552$ and the last norm, that makes 134515008.
 *
 * ```ts
 * const E = 576, F = 1536, V = 49152, groups = 3 * 64, layers = 30;
 * const attention = E * (E + groups + groups + E), feedForward = 3 * E * F, norms = 2 * E;
 * console.log(E / 64, "heads", groups, attention, feedForward, norms, V * E);
 * console.log(layers * (attention + feedForward + norms) + V * E + E);
 * ```
 *
 * ```text
 * 9 heads 192 884736 2654208 1152 28311552
 * 134515008
 * ```
 *
 * **What differs between the houses.** Mistral attends to a window. The later Llama models turn their queries and keys [more slowly](../04_attention/positions/rotary_scaling.ts), so that longer texts fit. Both stand in the settings. Qwen 2 adds a bias to queries, keys and values alone, which no setting of the decoder says yet: it is refused.
 *
 * Sources: Hugo Touvron and others 2023, *LLaMA: Open and Efficient Foundation Language Models*; Abhimanyu Dubey and others 2024, *The Llama 3 Herd of Models*; Albert Jiang and others 2023, *Mistral 7B*; An Yang and others 2024, *Qwen2 Technical Report*; Loubna Ben Allal and others 2025, *SmolLM2*.
 *
 * @module
 */

import type { Json } from "../engine/json.ts";
import type { StoredTensor } from "../06_training/safetensors.ts";
import type { StateNames } from "../06_training/state_names.ts";
import { type AttentionScheme, multiHead } from "../04_attention/multi_head.ts";
import { rotary, type RotaryOptions } from "../04_attention/positions/rotary.ts";
import {
  linearScaling,
  type Llama3Options,
  llama3Scaling,
  type RotaryScaling,
} from "../04_attention/positions/rotary_scaling.ts";
import type { DecoderOnlyOptions } from "../05_transformer/decoder_only.ts";
import { swiGlu } from "../05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../05_transformer/normalization.ts";
import { commonMisfits, epsilonOf, variantOf, windowOf } from "./files/fitting.ts";
import { type Architecture, misfitsOf, type Settings, settingsIn } from "./files/settings.ts";

// ## What the files call the tensors

const HUGGING_FACE: StateNames = {
  "model.embed_tokens": "embedding",
  "model.norm": "norm",
  "model.layers.*.input_layernorm": "layers.*.attentionResidual.norm",
  "model.layers.*.self_attn.q_proj": "layers.*.attention.query",
  "model.layers.*.self_attn.k_proj": "layers.*.attention.key",
  "model.layers.*.self_attn.v_proj": "layers.*.attention.value",
  "model.layers.*.self_attn.o_proj": "layers.*.attention.output",
  "model.layers.*.post_attention_layernorm": "layers.*.feedForwardResidual.norm",
  "model.layers.*.mlp.gate_proj": "layers.*.feedForward.gate",
  "model.layers.*.mlp.up_proj": "layers.*.feedForward.up",
  "model.layers.*.mlp.down_proj": "layers.*.feedForward.down",
  // Angles, which are computed.
  "model.layers.*.self_attn.rotary_emb.inv_freq": null,
};

const GGUF: StateNames = {
  "token_embd": "embedding",
  "output_norm": "norm",
  "blk.*.attn_norm": "layers.*.attentionResidual.norm",
  "blk.*.attn_q": "layers.*.attention.query",
  "blk.*.attn_k": "layers.*.attention.key",
  "blk.*.attn_v": "layers.*.attention.value",
  "blk.*.attn_output": "layers.*.attention.output",
  "blk.*.ffn_norm": "layers.*.feedForwardResidual.norm",
  "blk.*.ffn_gate": "layers.*.feedForward.gate",
  "blk.*.ffn_up": "layers.*.feedForward.up",
  "blk.*.ffn_down": "layers.*.feedForward.down",
};

// ## What the settings say

/** Llama, SmolLM2 and Mistral, by their settings. */
export const llama: Architecture = {
  words: ["llama", "mistral"],
  read(fields, { format, places }) {
    const settings = settingsIn(fields, format);
    const options = format === "gguf" ? ofGguf(settings, !places.has("output.weight")) : ofConfig(settings);
    const { tieHead = false } = options;
    if (format === "gguf") return { options, names: tieHead ? GGUF : { ...GGUF, "output": "head" } };
    return { options, names: llamaNames(tieHead) };
  },
  write(layout) {
    const { numHeads, numGroups, headSize, tieHead, norm, positions, activation, bias } = layout;
    const { base = 10000, interleaved = false, share = 1, scaling } = (positions.settings ?? {}) as RotaryOptions;
    const window = windowOf(layout);
    return {
      fields: {
        model_type: window ? "mistral" : "llama",
        architectures: [window ? "MistralForCausalLM" : "LlamaForCausalLM"],
        vocab_size: layout.vocabSize,
        max_position_embeddings: layout.contextLength,
        hidden_size: layout.hiddenSize,
        intermediate_size: layout.feedForwardSize,
        num_hidden_layers: layout.numLayers,
        num_attention_heads: numHeads,
        num_key_value_heads: numGroups,
        head_dim: headSize,
        hidden_act: "silu",
        rms_norm_eps: epsilonOf(norm),
        rope_theta: base,
        rope_scaling: writtenScaling(scaling),
        ...window ? { sliding_window: window } : { attention_bias: false, mlp_bias: false },
        attention_dropout: variantOf(layout).dropout ?? 0,
        tie_word_embeddings: tieHead,
      },
      names: tieHead ? HUGGING_FACE : llamaNames(false),
      misfits: misfitsOf({
        ...commonMisfits(layout, "rms"),
        positions: [positions, positions.word === "rotary" ? undefined : '"rotary"'],
        share: [share, share === 1 ? undefined : "1"],
        scaling: [
          scaling,
          !scaling || ["linear", "llama3"].includes(scaling.word) ? undefined : '"linear" or "llama3"',
        ],
        activation: [activation, activation.word === "swiglu" ? undefined : '"swiglu"'],
        bias: [bias, bias ? "false" : undefined],
      }),
      change: interleaved
        ? (name, tensor) => /\.[qk]_proj\.weight$/.test(name) ? inHalves(tensor, headSize) : tensor
        : undefined,
    };
  },
};

/** How the slowing of a rotation stands in the settings. */
function writtenScaling(scaling: RotaryScaling | undefined): Json {
  if (!scaling) return null;
  const { factor, trainedLength, lowFrequencyFactor = 1, highFrequencyFactor = 4 } = scaling.settings as Llama3Options;
  return {
    rope_type: scaling.word,
    factor,
    ...scaling.word === "llama3" && {
      original_max_position_embeddings: trainedLength,
      low_freq_factor: lowFrequencyFactor,
      high_freq_factor: highFrequencyFactor,
    },
  };
}

/** The rows of a matrix whose heads pair neighbours, in the order in which halves are paired. */
function inHalves(tensor: StoredTensor, headSize: number): StoredTensor {
  const { shape, bytes } = tensor, width = bytes.length / shape[0]!, changed = new Uint8Array(bytes.length);
  for (let row = 0; row < shape[0]!; row++) {
    const place = row % headSize, half = headSize / 2;
    const from = row - place + (place < half ? 2 * place : 2 * (place - half) + 1);
    changed.set(bytes.subarray(from * width, (from + 1) * width), row * width);
  }
  return { ...tensor, bytes: changed };
}

/** What files of Hugging Face call the tensors; a tied head may be there too. */
export function llamaNames(tieHead: boolean): StateNames {
  return { ...HUGGING_FACE, "lm_head": tieHead ? "embedding" : "head" };
}

function ofConfig(settings: Settings): DecoderOnlyOptions {
  settings.requireOneOf("hidden_act", ["silu"]);
  settings.requireOneOf("attention_bias", [false]);
  settings.requireOneOf("mlp_bias", [false]);
  settings.requireOneOf("partial_rotary_factor", [1]);
  const hiddenSize = settings.count("hidden_size"), numHeads = settings.count("num_attention_heads");
  const window = settings.optionalCount("sliding_window");
  // Newer files keep all that concerns rotation in one object.
  const rotation = settings.part("rope_parameters") ?? settings;
  return {
    vocabSize: settings.count("vocab_size"),
    contextLength: settings.count("max_position_embeddings", 2048),
    hiddenSize,
    numHeads,
    numLayers: settings.count("num_hidden_layers"),
    numGroups: settings.count("num_key_value_heads", numHeads),
    headSize: settings.count("head_dim", hiddenSize / numHeads),
    feedForwardSize: settings.count("intermediate_size"),
    positions: rotary({
      base: rotation.number("rope_theta", 10000),
      scaling: scalingOf(settings.part("rope_parameters") ?? settings.part("rope_scaling")),
    }),
    attention: attentionIn(window),
    activation: swiGlu,
    norm: rmsNormalization({ epsilon: settings.number("rms_norm_eps", 1e-6) }),
    bias: false,
    tieHead: settings.flag("tie_word_embeddings", false),
  };
}

/** An attention that sees so many positions, its own included; all where there is no window. */
const attentionIn = (window: number | undefined): AttentionScheme =>
  multiHead(window === undefined ? {} : { window: { before: window - 1 } });

/** How rotation is slowed, if it is. */
function scalingOf(settings: Settings | undefined): RotaryScaling | undefined {
  const kind = settings?.optionalText("rope_type") ?? settings?.optionalText("type") ?? "default";
  switch (kind) {
    case "default":
      return undefined;
    case "linear":
      return linearScaling({ factor: settings!.number("factor") });
    case "llama3":
      return llama3Scaling({
        factor: settings!.number("factor"),
        trainedLength: settings!.count("original_max_position_embeddings"),
        lowFrequencyFactor: settings!.number("low_freq_factor"),
        highFrequencyFactor: settings!.number("high_freq_factor"),
      });
    default:
      throw settings!.unknown("rope_type", kind as Json, ["default", "linear", "llama3"]);
  }
}

function ofGguf(settings: Settings, tieHead: boolean): DecoderOnlyOptions {
  const hiddenSize = settings.count("embedding_length"), numHeads = settings.count("attention.head_count");
  const headSize = settings.count("attention.key_length", hiddenSize / numHeads);
  const window = settings.optionalCount("attention.sliding_window");
  settings.requireOneOf("rope.scaling.type", ["none"]);
  settings.requireOneOf("rope.dimension_count", [headSize]);
  return {
    vocabSize: settings.count("vocab_size"),
    contextLength: settings.count("context_length"),
    hiddenSize,
    numHeads,
    numLayers: settings.count("block_count"),
    numGroups: settings.count("attention.head_count_kv", numHeads),
    headSize,
    feedForwardSize: settings.count("feed_forward_length"),
    attention: attentionIn(window),
    // There neighbours are paired: whoever made the file has changed the order of the rows of both matrices.
    positions: rotary({ base: settings.number("rope.freq_base", 10000), interleaved: true }),
    activation: swiGlu,
    norm: rmsNormalization({ epsilon: settings.number("attention.layer_norm_rms_epsilon", 1e-6) }),
    bias: false,
    tieHead,
  };
}

// ## Pitfall: halves and neighbours
//
// A rotation turns pairs of coordinates. The files of Hugging Face pair the first half of a head with the second, a GGUF of this family neighbours, with the rows of two matrices exchanged to match. Who takes one for the other gets a model that writes words and no sentences. The test
// "a GGUF of this family pairs neighbours" reads the same weights both ways.
