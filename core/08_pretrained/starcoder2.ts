/**
 * # StarCoder 2
 *
 * **Question.** A model that was trained here with [rotary positions](../04_attention/positions/rotary.ts) and otherwise as GPT-2 is neither a GPT-2 nor a Llama. Has anybody published one like it?
 *
 * **Idea.** Yes. StarCoder 2 has layer norms, biases and the tanh form of GELU as GPT-2, and turns queries and keys as Llama does. Its names are those of the [LLaMA family](llama.ts) but for the feed-forward, which is called as in GPT-2, and lies as in PyTorch.
 *
 * | file                                    | here                                        |
 * | --------------------------------------- | ------------------------------------------- |
 * | `model.embed_tokens`                    | `embedding`, and `head` if untied           |
 * | `self_attn.q_proj`, `k_proj`, `v_proj`  | `attention.query`, `key`, `value`           |
 * | `self_attn.o_proj`                      | `attention.output`                          |
 * | `mlp.c_fc`, `c_proj`                    | `feedForward.up`, `down`                    |
 * | `input_layernorm`                       | the norm before the attention               |
 * | `post_attention_layernorm`              | the norm before the feed-forward            |
 *
 * Source: Anton Lozhkov and others 2024, *StarCoder 2 and The Stack v2: The Next Generation*.
 *
 * @module
 */

import type { StateNames } from "../06_training/state_names.ts";
import { multiHead } from "../04_attention/multi_head.ts";
import { rotary, type RotaryOptions } from "../04_attention/positions/rotary.ts";
import { geluTanh } from "../05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../05_transformer/normalization.ts";
import { commonMisfits, epsilonOf, variantOf, windowOf } from "./files/fitting.ts";
import { type Architecture, misfitsOf, settingsIn } from "./files/settings.ts";

const NAMES: StateNames = {
  "model.embed_tokens": "embedding",
  "model.norm": "norm",
  "model.layers.*.input_layernorm": "layers.*.attentionResidual.norm",
  "model.layers.*.self_attn.q_proj": "layers.*.attention.query",
  "model.layers.*.self_attn.k_proj": "layers.*.attention.key",
  "model.layers.*.self_attn.v_proj": "layers.*.attention.value",
  "model.layers.*.self_attn.o_proj": "layers.*.attention.output",
  "model.layers.*.post_attention_layernorm": "layers.*.feedForwardResidual.norm",
  "model.layers.*.mlp.c_fc": "layers.*.feedForward.up",
  "model.layers.*.mlp.c_proj": "layers.*.feedForward.down",
};

/** StarCoder 2, by its settings. */
export const starcoder2: Architecture = {
  words: ["starcoder2"],
  read(fields, { format }) {
    const settings = settingsIn(fields, format);
    if (format === "gguf") throw settings.unknown("general.architecture", "starcoder2", ["llama"]);
    // Without biases its norms keep theirs, which no option here says.
    settings.requireOneOf("use_bias", [true]);
    settings.requireOneOf("hidden_act", ["gelu_pytorch_tanh", "gelu_new"]);
    const rotation = settings.part("rope_parameters") ?? settings;
    settings.part("rope_parameters")?.requireOneOf("rope_type", ["default"]);
    if (settings.has("rope_scaling")) throw settings.unknown("rope_scaling", "given", ["null"]);
    const hiddenSize = settings.count("hidden_size"), numHeads = settings.count("num_attention_heads");
    const window = settings.optionalCount("sliding_window"), tieHead = settings.flag("tie_word_embeddings", true);
    return {
      options: {
        vocabSize: settings.count("vocab_size"),
        contextLength: settings.count("max_position_embeddings", 4096),
        hiddenSize,
        numHeads,
        numLayers: settings.count("num_hidden_layers"),
        numGroups: settings.count("num_key_value_heads", numHeads),
        feedForwardSize: settings.count("intermediate_size"),
        positions: rotary({ base: rotation.number("rope_theta", 10000) }),
        attention: multiHead(window === undefined ? {} : { window: { before: window - 1 } }),
        activation: geluTanh,
        norm: layerNormalization({ epsilon: settings.number("norm_epsilon", 1e-5) }),
        bias: true,
        tieHead,
      },
      names: { ...NAMES, "lm_head": tieHead ? "embedding" : "head" },
    };
  },
  write(layout) {
    const { hiddenSize, numHeads, headSize, tieHead, positions, activation, dropout, bias } = layout;
    const { base = 10000, interleaved = false, share = 1, scaling } = (positions.settings ?? {}) as RotaryOptions;
    return {
      fields: {
        model_type: "starcoder2",
        architectures: ["Starcoder2ForCausalLM"],
        vocab_size: layout.vocabSize,
        max_position_embeddings: layout.contextLength,
        hidden_size: hiddenSize,
        intermediate_size: layout.feedForwardSize,
        num_hidden_layers: layout.numLayers,
        num_attention_heads: numHeads,
        num_key_value_heads: layout.numGroups,
        hidden_act: "gelu_pytorch_tanh",
        norm_epsilon: epsilonOf(layout.norm),
        rope_theta: base,
        sliding_window: windowOf(layout) ?? null,
        use_bias: bias,
        attention_dropout: variantOf(layout).dropout ?? 0,
        residual_dropout: dropout,
        embedding_dropout: dropout,
        tie_word_embeddings: tieHead,
      },
      names: tieHead ? NAMES : { ...NAMES, "lm_head": "head" },
      misfits: misfitsOf({
        ...commonMisfits(layout, "layer"),
        positions: [positions, positions.word === "rotary" ? undefined : '"rotary"'],
        interleaved: [interleaved, interleaved ? "false" : undefined],
        share: [share, share === 1 ? undefined : "1"],
        scaling: [scaling, scaling ? "none" : undefined],
        activation: [activation, activation.word === "geluTanh" ? undefined : '"geluTanh"'],
        bias: [bias, bias ? undefined : "true"],
        headSize: [headSize, headSize * numHeads === hiddenSize ? undefined : `${hiddenSize} / ${numHeads}`],
      }),
    };
  },
};

// ## Pitfall: the same names, another model
//
// The names of its tensors are nearly those of Llama, and a reader that goes by names alone takes one for the other. Layer norms have biases, RMS norms none: the test "a model with rotary positions and the rest of GPT-2 is a StarCoder 2" opens what was written.
