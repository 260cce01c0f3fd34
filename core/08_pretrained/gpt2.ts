/**
 * # GPT-2
 *
 * **Question.** The [decoder](../05_transformer/decoder_only.ts) of the book has the defaults of GPT-2. What stands between it and the weights that were published in 2019?
 *
 * **Idea.** Two habits of the first program. Its matrices lie the way round that they have here, inputs by outputs, and not as in PyTorch's linear layer; and the three projections of an attention lie side by side in one matrix. Both are said in the table of names.
 *
 * **Formula.** A row of `c_attn`, for a layer of width $E$, holds
 *
 * $$W_{\text{c\_attn}} = [\,W_Q \; W_K \; W_V\,] \in \mathbb{R}^{E \times 3E}$$
 *
 * | file                  | here                                   |
 * | --------------------- | -------------------------------------- |
 * | `wte`, `wpe`          | `embedding`, `positions`               |
 * | `h.*.ln_1`, `ln_2`    | the norms before attention and feed-forward |
 * | `h.*.attn.c_attn`     | `query`, `key`, `value`, side by side  |
 * | `h.*.attn.c_proj`     | `output`                               |
 * | `h.*.mlp.c_fc`, `c_proj` | `up`, `down`                        |
 * | `ln_f`                | `norm`                                 |
 *
 * **By hand.** The smallest GPT-2 has width 768. `c_attn` has $3 \cdot 768 = 2304$ columns: columns 0 to 767 are queries, 768 to 1535 keys, 1536 to 2303 values.
 *
 * ```ts
 * const E = 768;
 * console.log(3 * E, [0, 1, 2].map((part) => `${part * E} to ${(part + 1) * E - 1}`).join(", "));
 * ```
 *
 * ```text
 * 2304 0 to 767, 768 to 1535, 1536 to 2303
 * ```
 *
 * Source: Alec Radford, Jeffrey Wu, Rewon Child, David Luan, Dario Amodei and Ilya Sutskever 2019, *Language Models are Unsupervised Multitask Learners*.
 *
 * @module
 */

import type { StateNames } from "../06_training/state_names.ts";
import { learned } from "../04_attention/positions/absolute.ts";
import { geluTanh } from "../05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../05_transformer/normalization.ts";
import { type Architecture, misfitsOf, settingsIn } from "./files/settings.ts";
import { commonMisfits, epsilonOf, variantOf, windowOf } from "./files/fitting.ts";

const parts = (kind: "weight" | "bias"): string[] =>
  ["query", "key", "value"].map((part) => `layers.*.attention.${part}.${kind}`);

/** What the published files call the tensors. */
export const gpt2Names: StateNames = {
  "wte": "embedding",
  "wpe": "positions",
  "ln_f": "norm",
  "h.*.ln_1": "layers.*.attentionResidual.norm",
  "h.*.ln_2": "layers.*.feedForwardResidual.norm",
  "h.*.attn.c_attn.weight": { paths: parts("weight") },
  "h.*.attn.c_attn.bias": { paths: parts("bias") },
  "h.*.attn.c_proj.weight": { paths: ["layers.*.attention.output.weight"] },
  "h.*.attn.c_proj.bias": "layers.*.attention.output.bias",
  "h.*.mlp.c_fc.weight": { paths: ["layers.*.feedForward.up.weight"] },
  "h.*.mlp.c_fc.bias": "layers.*.feedForward.up.bias",
  "h.*.mlp.c_proj.weight": { paths: ["layers.*.feedForward.down.weight"] },
  "h.*.mlp.c_proj.bias": "layers.*.feedForward.down.bias",
  // A mask and its constant, which are computed.
  "h.*.attn.bias": null,
  "h.*.attn.masked_bias": null,
};

/** The same, as the class with a head writes them. */
const WITH_HEAD: StateNames = Object.fromEntries(
  Object.entries(gpt2Names).map(([name, row]) => [`transformer.${name}`, row]),
);

/** All names of a file; a head that is the table of embeddings may be there too. */
const namesIn = (isPrefixed: boolean, tieHead: boolean): StateNames => ({
  ...isPrefixed ? WITH_HEAD : gpt2Names,
  ...isPrefixed && { "lm_head": tieHead ? "embedding" : "head" },
});

/** GPT-2, by its settings. */
export const gpt2: Architecture = {
  words: ["gpt2"],
  read(fields, { format, places }) {
    const settings = settingsIn(fields, format);
    if (format === "gguf") throw settings.unknown("general.architecture", "gpt2", ["llama"]);
    settings.requireOneOf("activation_function", ["gelu_new", "gelu_pytorch_tanh"]);
    settings.requireOneOf("scale_attn_weights", [true]);
    settings.requireOneOf("scale_attn_by_inverse_layer_idx", [false]);
    const tieHead = settings.flag("tie_word_embeddings", true);
    const hiddenSize = settings.count("n_embd", 768);
    return {
      options: {
        vocabSize: settings.count("vocab_size", 50257),
        contextLength: settings.count("n_positions", 1024),
        hiddenSize,
        numLayers: settings.count("n_layer", 12),
        numHeads: settings.count("n_head", 12),
        feedForwardSize: settings.count("n_inner", 4 * hiddenSize),
        positions: learned(),
        activation: geluTanh,
        norm: layerNormalization({ epsilon: settings.number("layer_norm_epsilon", 1e-5) }),
        tieHead,
      },
      names: namesIn(places.has("transformer.wte.weight"), tieHead),
    };
  },
  write(layout) {
    const { hiddenSize, numHeads, numGroups, headSize, tieHead, dropout, activation, norm, positions } = layout;
    return {
      fields: {
        model_type: "gpt2",
        architectures: ["GPT2LMHeadModel"],
        vocab_size: layout.vocabSize,
        n_positions: layout.contextLength,
        n_embd: hiddenSize,
        n_layer: layout.numLayers,
        n_head: numHeads,
        n_inner: layout.feedForwardSize,
        activation_function: "gelu_new",
        layer_norm_epsilon: epsilonOf(norm),
        tie_word_embeddings: tieHead,
        // Said even where nothing is dropped: a file that does not say it means that a tenth is.
        embd_pdrop: dropout,
        resid_pdrop: dropout,
        attn_pdrop: variantOf(layout).dropout ?? 0,
      },
      // The head of a tied model is its table of embeddings, and is written once.
      names: tieHead ? WITH_HEAD : namesIn(true, false),
      misfits: misfitsOf({
        ...commonMisfits(layout, "layer"),
        positions: [positions, positions.word === "learned" ? undefined : '"learned"'],
        activation: [activation, activation.word === "geluTanh" ? undefined : '"geluTanh"'],
        bias: [layout.bias, layout.bias ? undefined : "true"],
        numGroups: [numGroups, numGroups === numHeads ? undefined : `numHeads = ${numHeads}`],
        headSize: [headSize, headSize * numHeads === hiddenSize ? undefined : `${hiddenSize} / ${numHeads}`],
        window: [windowOf(layout), windowOf(layout) === undefined ? undefined : "all"],
      }),
    };
  },
};

// ## Pitfall: a matrix that fits either way
//
// `c_proj` of the attention is square: it loads without a word the wrong way round. The test "GPT-2 computes what the library computes" fails for a table that transposes it.
