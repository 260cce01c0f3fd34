/**
 * # The LLaMA family
 *
 * **Question.** Llama, SmolLM2 and Mistral are models of different houses. What does a program have to know to open any of them, and how much of it is new?
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
 * **What differs between the houses.** Mistral attends to a window. The later Llama models turn their queries and keys [more slowly](../04_attention/positions/rotary_scaling.ts), so that longer texts fit. Both stand in the settings. [Qwen](qwen.ts) and [Gemma](gemma.ts) change a little more, and have pages of their own that use the tables and readers of this one.
 *
 * Sources: Hugo Touvron and others 2023, *LLaMA: Open and Efficient Foundation Language Models*; Abhimanyu Dubey and others 2024, *The Llama 3 Herd of Models*; Albert Jiang and others 2023, *Mistral 7B*; Loubna Ben Allal and others 2025, *SmolLM2*.
 *
 * @module
 */

import type { Json } from "../engine/json.ts";
import type { StoredTensor } from "../06_training/safetensors.ts";
import type { StateNames } from "../06_training/state_names.ts";
import { type AttentionScheme, type AttentionVariant, multiHead } from "../04_attention/multi_head.ts";
import { rotary, type RotaryOptions } from "../04_attention/positions/rotary.ts";
import {
  linearScaling,
  type Llama3Options,
  llama3Scaling,
  type RotaryScaling,
  yarnScaling,
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
    if (format === "gguf") {
      const tieHead = !places.has("output.weight"), options = ggufOptions(settings);
      // There neighbours are paired: whoever made the file has changed the order of the rows of both matrices.
      const positions = rotary({ ...ggufRotation(settings), interleaved: true });
      const attention = attentionIn(settings.optionalCount("attention.sliding_window"));
      return { options: { ...options, attention, positions, tieHead }, names: llamaGgufNames(tieHead) };
    }
    settings.requireOneOf("hidden_act", ["silu"]);
    const tieHead = settings.flag("tie_word_embeddings", false), hasBias = settings.flag("attention_bias", false);
    const options = {
      ...configOptions(settings),
      attention: attentionIn(
        settings.optionalCount("sliding_window"),
        hasBias ? { inputBias: true, outputBias: true } : {},
      ),
      bias: settings.flag("mlp_bias", false),
      tieHead,
    };
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

/** What GGUF files call the tensors. */
export function llamaGgufNames(tieHead: boolean): StateNames {
  return tieHead ? GGUF : { ...GGUF, "output": "head" };
}

/** An attention that sees so many positions, its own included; all where there is no window. */
export function attentionIn(window: number | undefined, variant: AttentionVariant = {}): AttentionScheme {
  return multiHead(window === undefined ? variant : { ...variant, window: { before: window - 1 } });
}

// ## What `config.json` says

/** What the settings of the family have in common: sizes, rotation, norms, a gated feed-forward. */
export function configOptions(settings: Settings, headSize?: number): DecoderOnlyOptions {
  settings.requireOneOf("partial_rotary_factor", [1]);
  const hiddenSize = settings.count("hidden_size"), numHeads = settings.count("num_attention_heads");
  // Newer files keep all that concerns rotation in one object.
  const rotation = settings.part("rope_parameters") ?? settings.part("rope_scaling");
  const contextLength = settings.count("max_position_embeddings", 2048);
  const scaling = rotation && scalingOf(rotation, contextLength);
  return {
    vocabSize: settings.count("vocab_size"),
    contextLength: Math.max(contextLength, scaling?.length ?? 0),
    hiddenSize,
    numHeads,
    numLayers: settings.count("num_hidden_layers"),
    numGroups: settings.count("num_key_value_heads", numHeads),
    headSize: settings.count("head_dim", headSize ?? hiddenSize / numHeads),
    feedForwardSize: settings.count("intermediate_size"),
    positions: rotary({
      base: (settings.part("rope_parameters") ?? settings).number("rope_theta", 10000),
      scaling: scaling?.scaling,
    }),
    activation: swiGlu,
    norm: rmsNormalization({ epsilon: settings.number("rms_norm_eps", 1e-6) }),
    bias: false,
  };
}

/** Which layers see a window alone, by the list in the settings or by what is usual. */
export function localLayers(settings: Settings, numLayers: number, usual: (layer: number) => boolean): boolean[] {
  const kinds = settings.optionalTexts("layer_types");
  const known = ["full_attention", "sliding_attention"], strange = kinds?.find((kind) => !known.includes(kind));
  if (strange !== undefined || (kinds && kinds.length !== numLayers)) {
    throw settings.unknown("layer_types", (strange ?? `${kinds!.length} kinds`) as Json, [
      ...known,
      `one for each of ${numLayers} layers`,
    ]);
  }
  return Array.from({ length: numLayers }, (_, layer) => kinds ? kinds[layer] === "sliding_attention" : usual(layer));
}

/** How rotation is slowed, and how long a text may be then; nothing where it is not. */
export function scalingOf(
  settings: Settings,
  contextLength: number,
): { readonly scaling: RotaryScaling; readonly length?: number } | undefined {
  settings.requireOneOf("partial_rotary_factor", [1]);
  const kind = settings.optionalText("rope_type") ?? settings.optionalText("type") ?? "default";
  const trainedLength = (): number => settings.count("original_max_position_embeddings", contextLength);
  switch (kind) {
    case "default":
    // It changes nothing before the trained length has been passed, and no text here is longer.
    case "dynamic":
      return undefined;
    case "linear":
      return { scaling: linearScaling({ factor: settings.number("factor") }) };
    case "llama3":
      return {
        scaling: llama3Scaling({
          factor: settings.number("factor"),
          trainedLength: settings.count("original_max_position_embeddings"),
          lowFrequencyFactor: settings.number("low_freq_factor"),
          highFrequencyFactor: settings.number("high_freq_factor"),
        }),
      };
    case "yarn": {
      settings.requireOneOf("truncate", [true]);
      settings.requireOneOf("mscale", [0]);
      const factor = settings.number("factor", contextLength / trainedLength());
      const scaling = yarnScaling({
        factor,
        trainedLength: trainedLength(),
        betaFast: settings.number("beta_fast", 32),
        betaSlow: settings.number("beta_slow", 1),
        magnitude: settings.number("attention_factor", 0.1 * Math.log(factor) + 1),
      });
      return { scaling, length: Math.floor(factor * trainedLength()) };
    }
    default:
      throw settings.unknown("rope_type", kind as Json, ["default", "linear", "dynamic", "llama3", "yarn"]);
  }
}

// ## What the facts of a GGUF say

/** The same sizes under the names of a GGUF, without attention and positions. */
export function ggufOptions(settings: Settings): DecoderOnlyOptions {
  const hiddenSize = settings.count("embedding_length"), numHeads = settings.count("attention.head_count");
  const headSize = settings.count("attention.key_length", hiddenSize / numHeads);
  settings.requireOneOf("attention.value_length", [headSize]);
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
    activation: swiGlu,
    norm: rmsNormalization({ epsilon: settings.number("attention.layer_norm_rms_epsilon", 1e-6) }),
    bias: false,
  };
}

/** Base and scaling of the rotation; which coordinates are paired is the family's. */
export function ggufRotation(settings: Settings, base = 10000): { base: number; scaling: RotaryScaling | undefined } {
  settings.requireOneOf("rope.scale_linear", [1]);
  settings.requireOneOf("rope.scaling.attn_factor", [1]);
  settings.requireOneOf("rope.scaling.type", ["none", "linear", "yarn"]);
  const kind = settings.optionalText("rope.scaling.type") ?? "none", factor = settings.number("rope.scaling.factor", 1);
  const trainedLength = settings.optionalCount("rope.scaling.original_context_length");
  const scaling = kind === "linear"
    ? linearScaling({ factor })
    : kind === "yarn"
    ? yarnScaling({ factor, trainedLength: trainedLength ?? settings.count("context_length") })
    : undefined;
  return { base: settings.number("rope.freq_base", base), scaling };
}

// ## Pitfall: halves and neighbours
//
// A rotation turns pairs of coordinates. The files of Hugging Face pair the first half of a head with the second, a GGUF of this family neighbours, with the rows of two matrices exchanged to match. Who takes one for the other gets a model that writes words and no sentences. The test
// "a GGUF of this family pairs neighbours" reads the same weights both ways.
