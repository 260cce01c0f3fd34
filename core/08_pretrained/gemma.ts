/**
 * # Gemma
 *
 * **Question.** Gemma has the parts of a [Llama](llama.ts), and a program that opens it as one gets noise. Where do the two part?
 *
 * **Idea.** In the sizes of numbers, and in how far a layer sees. Embedded tokens are multiplied by the root of their width, gains are stored less one, each step is [normalized before and after](../05_transformer/residual.ts), and scores are kept in bounds: Gemma 2 [bends](../04_attention/scaled_dot_product.ts) them, Gemma 3
 * [normalizes](../04_attention/multi_head.ts) queries and keys. Most layers see a window alone, with a rotation of their own; [every sixth](../05_transformer/decoder_only.ts), in Gemma 2 every second, sees everything.
 *
 * **Formula.** One layer of Gemma 3, with $g$ for the gated activation $\mathrm{gelu}(x W_g) \odot (x W_u)$, and what goes in:
 *
 * $$h_0 = \sqrt{E}\, W_x, \qquad h' = h + \mathrm{rms}_2(\mathrm{attention}(\mathrm{rms}_1(h))), \qquad h'' = h' + \mathrm{rms}_4(g(\mathrm{rms}_3(h'))\, W_d)$$
 *
 * | part                          | `model.safetensors`          | GGUF                  | here                             |
 * | ----------------------------- | ---------------------------- | --------------------- | -------------------------------- |
 * | norm before the attention     | `input_layernorm`            | `attn_norm`           | `attentionResidual.norm`         |
 * | norm behind the attention     | `post_attention_layernorm`   | `post_attention_norm` | `attentionResidual.outputNorm`   |
 * | norm before the feed-forward  | `pre_feedforward_layernorm`  | `ffn_norm`            | `feedForwardResidual.norm`       |
 * | norm behind the feed-forward  | `post_feedforward_layernorm` | `post_ffw_norm`       | `feedForwardResidual.outputNorm` |
 * | norms of a head, Gemma 3      | `self_attn.q_norm`, `k_norm` | `attn_q_norm`, `attn_k_norm` | `attention.queryNorm`, `keyNorm` |
 *
 * **By hand.** Gemma 3 270M has width 640, 18 layers, 4 heads of width 256 that share one set of keys and values, and 262144 tokens. A layer has $640 \cdot (1024 + 256 + 256) + 1024 \cdot 640 = 1638400$ weights in its attention, $3 \cdot 640 \cdot 2048 = 3932160$ in its feed-forward, and $4 \cdot 640 + 2 \cdot 256 = 3072$ in its norms. The table
 * has $262144 \cdot 640 = 167772160$, more than all layers together.
 *
 * ```ts
 * const E = 640, F = 2048, V = 262144, head = 256, queries = 4 * head, layers = 18;
 * const attention = E * (queries + 2 * head) + queries * E, feedForward = 3 * E * F, norms = 4 * E + 2 * head;
 * console.log(attention, feedForward, norms, V * E);
 * console.log(layers * (attention + feedForward + norms), layers * (attention + feedForward + norms) + V * E + E);
 * ```
 *
 * ```text
 * 1638400 3932160 3072 167772160
 * 100325376 268098176
 * ```
 *
 * **Why two rotations.** A layer that sees 512 positions never compares two that are further apart. It keeps the base 10000 and can tell neighbours apart; a layer that sees all of 32768 positions turns more slowly, with the base 1000000. Where a text is to be longer still, the second kind alone is [slowed down](../04_attention/positions/rotary_scaling.ts).
 *
 * Sources: Gemma Team 2024, *Gemma: Open Models Based on Gemini Research and Technology*; Gemma Team 2024, *Gemma 2: Improving Open Language Models at a Practical Size*; Gemma Team 2025, *Gemma 3 Technical Report*.
 *
 * @module
 */

import type { StateNames } from "../06_training/state_names.ts";
import type { AttentionScheme, AttentionVariant } from "../04_attention/multi_head.ts";
import { rotary } from "../04_attention/positions/rotary.ts";
import type { PositionScheme } from "../04_attention/positions/scheme.ts";
import type { DecoderOnlyOptions } from "../05_transformer/decoder_only.ts";
import { geGluTanh } from "../05_transformer/feed_forward/activations.ts";
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
  scalingOf,
} from "./llama.ts";
import { headNormNames } from "./qwen.ts";

// ## What the files call the tensors

/** The four norms of a layer: the second norm of a Llama has another place here. */
const FOUR_NORMS: Readonly<Record<"safetensors" | "gguf", StateNames>> = {
  safetensors: {
    "model.layers.*.post_attention_layernorm": "layers.*.attentionResidual.outputNorm",
    "model.layers.*.pre_feedforward_layernorm": "layers.*.feedForwardResidual.norm",
    "model.layers.*.post_feedforward_layernorm": "layers.*.feedForwardResidual.outputNorm",
  },
  gguf: {
    "blk.*.post_attention_norm": "layers.*.attentionResidual.outputNorm",
    "blk.*.post_ffw_norm": "layers.*.feedForwardResidual.outputNorm",
  },
};

/** What files of Hugging Face call the tensors of a generation; a tied head may be there too. */
export function gemmaNames(generation: keyof typeof GENERATIONS, tieHead = true): StateNames {
  const { four, headNorms } = GENERATIONS[generation];
  return {
    ...llamaNames(tieHead),
    ...(four && FOUR_NORMS.safetensors),
    ...(headNorms && headNormNames.safetensors),
  };
}

// ## What tells the three apart

/** What a generation of the family has. */
interface Generation {
  /** Every how manieth layer sees everything; 1: all of them. */
  readonly every: number;
  /** Whether steps are normalized behind as well. */
  readonly four: boolean;
  /** Whether queries and keys are normalized. */
  readonly headNorms: boolean;
  /** Bases of the rotation, where the settings have none: of layers that see everything, and of the others. */
  readonly bases: readonly [global: number, local: number];
  /** Layers of the model whose scores are divided by another root in a GGUF, which has no field for it. */
  readonly large: number;
}

const GENERATIONS: Readonly<Record<"gemma" | "gemma2" | "gemma3", Generation>> = {
  gemma: { every: 1, four: false, headNorms: false, bases: [10000, 10000], large: 0 },
  gemma2: { every: 2, four: true, headNorms: false, bases: [10000, 10000], large: 46 },
  gemma3: { every: 6, four: true, headNorms: true, bases: [1000000, 10000], large: 62 },
};

const architecture = (words: readonly string[], name: keyof typeof GENERATIONS): Architecture => ({
  words,
  read: (fields, { format, places }) => {
    const settings = settingsIn(fields, format), generation = GENERATIONS[name];
    if (format === "gguf") {
      const tieHead = !places.has("output.weight");
      return {
        options: { ...ofGguf(settings, generation), tieHead },
        names: {
          ...llamaGgufNames(tieHead),
          ...(generation.four && FOUR_NORMS.gguf),
          ...(generation.headNorms && headNormNames.gguf),
        },
      };
    }
    if (fields["model_type"] === "gemma3") {
      throw settings.unknown("model_type", "gemma3", ["gemma3_text, without images"]);
    }
    const tieHead = settings.flag("tie_word_embeddings", true);
    return { options: { ...ofConfig(settings, generation), tieHead }, names: gemmaNames(name, tieHead) };
  },
});

/** The first Gemma, by its settings. */
export const gemma: Architecture = architecture(["gemma"], "gemma");

/** Gemma 2, by its settings. */
export const gemma2: Architecture = architecture(["gemma2"], "gemma2");

/** Gemma 3 for texts, by its settings. */
export const gemma3: Architecture = architecture(["gemma3", "gemma3_text"], "gemma3");

// ## What the settings say

/** What stands in both kinds of file, read. */
interface Facts {
  readonly epsilon: number;
  /** Less what is stored of a gain. */
  readonly offset: number;
  readonly scale?: number | undefined;
  readonly softCap?: number | undefined;
  readonly logitCap?: number | undefined;
  readonly window?: number | undefined;
  /** Which layers see the window alone. */
  readonly isLocal: readonly boolean[];
  readonly variant?: AttentionVariant;
  /** The rotation of layers that see everything, and of the others. */
  readonly rotations: readonly [global: PositionScheme, local: PositionScheme];
}

/** A Llama with what Gemma has instead. */
function withGemma(options: DecoderOnlyOptions, { four, headNorms }: Generation, facts: Facts): DecoderOnlyOptions {
  const norm = rmsNormalization({ epsilon: facts.epsilon, offset: facts.offset }), [global, local] = facts.rotations;
  const variant = {
    ...facts.variant,
    ...(facts.scale !== undefined && { scale: facts.scale }),
    ...(facts.softCap !== undefined && { softCap: facts.softCap }),
    ...(headNorms && { queryKeyNorm: norm }),
  };
  const within: { attention: AttentionScheme; positions: PositionScheme } = {
    attention: attentionIn(facts.window, variant),
    positions: local,
  };
  return {
    ...options,
    activation: geGluTanh,
    norm,
    placement: four ? "both" : "pre",
    attention: attentionIn(undefined, variant),
    positions: global,
    pattern: facts.isLocal.includes(true) ? facts.isLocal.map((isLocal) => isLocal ? within : {}) : [],
    embeddingScale: Math.sqrt(options.hiddenSize!),
    softCap: facts.logitCap ?? Infinity,
  };
}

function ofConfig(settings: Settings, generation: Generation): DecoderOnlyOptions {
  for (const name of ["hidden_activation", "hidden_act"]) settings.requireOneOf(name, ["gelu_pytorch_tanh"]);
  settings.requireOneOf("use_bidirectional_attention", [false]);
  const { rotations, contextLength } = rotationsOf(settings, generation);
  // The rotation of each kind has been read, and `rope_parameters` may hold one for each: sizes alone are left.
  const options = { ...configOptions(settings, 256), contextLength };
  const scalar = settings.has("query_pre_attn_scalar") ? settings.number("query_pre_attn_scalar") : undefined;
  const window = settings.optionalCount("sliding_window"),
    every = settings.count("sliding_window_pattern", generation.every);
  const usual = (layer: number): boolean => (layer + 1) % every !== 0;
  return withGemma(options, generation, {
    epsilon: settings.number("rms_norm_eps", 1e-6),
    offset: 1,
    scale: scalar && 1 / Math.sqrt(scalar),
    softCap: capIn(settings, "attn_logit_softcapping"),
    logitCap: capIn(settings, "final_logit_softcapping"),
    window,
    isLocal: window === undefined ? [] : localLayers(settings, options.numLayers!, usual),
    ...(settings.flag("attention_bias", false) && { variant: { inputBias: true, outputBias: true } }),
    rotations,
  });
}

const capIn = (settings: Settings, name: string): number | undefined =>
  settings.has(name) ? settings.number(name) : undefined;

/** The rotations of both kinds of layer; older files have a field for each base and one scaling, of the first kind. */
function rotationsOf(
  settings: Settings,
  { bases: [global, local] }: Generation,
): Pick<Facts, "rotations"> & { readonly contextLength: number } {
  const contextLength = settings.count("max_position_embeddings", 8192), parts = settings.part("rope_parameters");
  const [whole, near] = ["full_attention", "sliding_attention"].map((kind) => parts?.part(kind));
  const base = (parts ?? settings).number("rope_theta", global), isOne = global === local;
  const first = whole ?? parts ?? settings.part("rope_scaling"), scaling = first && scalingOf(first, contextLength);
  const far = rotary({ base: whole?.number("rope_theta", global) ?? base, scaling: scaling?.scaling });
  const close = rotary({
    base: near?.number("rope_theta", local) ?? settings.number("rope_local_base_freq", local),
    scaling: near && scalingOf(near, contextLength)?.scaling,
  });
  return {
    contextLength: Math.max(contextLength, scaling?.length ?? 0),
    rotations: [far, isOne && !near ? far : close],
  };
}

function ofGguf(settings: Settings, generation: Generation): DecoderOnlyOptions {
  const options = ggufOptions(settings),
    { hiddenSize, numHeads, numLayers } = options,
    { large, every, bases } = generation;
  const window = settings.optionalCount("attention.sliding_window"), rotation = ggufRotation(settings, bases[0]);
  settings.requireOneOf("attention.sliding_window_pattern", [every]);
  return withGemma(options, generation, {
    epsilon: settings.number("attention.layer_norm_rms_epsilon", 1e-6),
    // Whoever made the file has added it to the gains.
    offset: 0,
    scale: numLayers === large ? 1 / Math.sqrt(hiddenSize! / numHeads!) : undefined,
    softCap: capIn(settings, "attn_logit_softcapping"),
    logitCap: capIn(settings, "final_logit_softcapping"),
    window,
    isLocal: Array.from({ length: numLayers! }, (_, layer) => window !== undefined && (layer + 1) % every !== 0),
    rotations: [
      rotary(rotation),
      rotary({ base: settings.number("rope.freq_base_swa", bases[0] === bases[1] ? rotation.base : bases[1]) }),
    ],
  });
}

// ## Pitfall: a gain that is stored less one
//
// A gain of 0 in the file of Hugging Face is a gain of 1. Who multiplies by what is stored gets zeros from every norm that training has left alone. In a GGUF the one has been added. The test "a GGUF of Gemma has the one added to its gains" reads both.

// ## Pitfall: a norm of the same name
//
// `post_attention_layernorm` stands before the feed-forward in a Llama, and behind the attention in Gemma 2 and 3. It has the same shape in both. The test "gemma3: all logits are the library's" fails for the place that Llama has.

// ## Pitfall: a window of one kind of layer
//
// With the window in every layer, or in none, a text that is shorter than it comes out right. The test "a window and a base in the wrong layers of Gemma show only in long texts" reads one that is longer.

// ## Exercise
//
// How many keys and values does Gemma 3 270M keep of a text of 32768 tokens, if its local layers forget what is behind their window of 512? And if all layers kept everything?
//
// **Hint.** Three of its 18 layers see everything; a position has one key and one value of width 256 in each.
//
// **Solution.**
//
// ```ts
// const width = 2 * 256, local = 15, global = 3, text = 32768, window = 512;
// const kept = width * (global * text + local * window), all = width * (global + local) * text;
// console.log(`${kept} numbers of ${all}, ${(100 * kept / all).toFixed(1)} %`);
// ```
//
// ```text
// 54263808 numbers of 301989888, 18.0 %
// ```
