/**
 * # 5 · Transformer
 *
 * **Question.** Attention lets every position read every other one. What else does a model
 * need, so that dozens of such steps can be stacked, trained, and used to generate?
 *
 * **Idea.** Alternate two kinds of steps. Attention moves information *between* positions. A
 * small network, the same for all positions, works *within* each position. Each step adds its
 * input to its output, and a norm keeps the numbers in a fixed range. A Transformer has no
 * recurrence and no convolution. In this chapter, *the paper* is Vaswani et al. 2017, *Attention Is All
 * You Need*.
 *
 * | page              | answers                                                          |
 * | ----------------- | ---------------------------------------------------------------- |
 * | `normalization`   | how numbers stay in range, whatever came before                  |
 * | `residual`        | how a gradient gets through dozens of layers                     |
 * | `feed_forward`    | what happens within a position                                   |
 * | `encoder`         | how a sentence becomes vectors that depend on their context      |
 * | `decoder`         | how the next word is predicted, and when to stop                 |
 * | `encoder_decoder` | how both translate: the original model                           |
 * | `decoder_only`    | how half of it is enough: GPT                                    |
 * | `layout`          | how options become sizes, and how many weights they make         |
 * | `encoder_only`    | how hidden words teach a model to read: BERT                     |
 *
 * [The notes](notes:004.63) draw the two models side by side. So does the picture here, and each step of it links to
 * its page. The models differ in where the source is. At the left an encoder reads it once, and the decoder consults
 * it through cross-attention. At the right it is the prefix of the sequence that is being continued.
 *
 * ```diagram The two models, read from the bottom: encoder and decoder ([section](encoder_decoder.ts)), and the decoder alone ([section](decoder_only.ts)). A circle adds what a step computed to what went into it ([section](residual.ts)). The norms ([section](normalization.ts)) are left out here.
 * $m$
 * [encoder](encoder.ts), $L$ layers:
 *   + [feed-forward](feed_forward/mod.ts)
 *   + [self-attention](../04_attention/self_and_cross.ts)
 * [embedding + position](../04_attention/positions/mod.ts)
 * source
 *
 * next word
 * [scores](encoder_decoder.ts)
 * [decoder](decoder.ts), $L$ layers:
 *   + [feed-forward](feed_forward/mod.ts)
 *   + [cross-attention](../04_attention/self_and_cross.ts) <- m
 *   + [causal self-attention](../04_attention/masks.ts)
 * [embedding + position](../04_attention/positions/mod.ts)
 * target so far
 *
 * next word
 * [scores](decoder_only.ts)
 * [decoder only](decoder_only.ts), $L$ layers:
 *   + [feed-forward](feed_forward/mod.ts)
 *   + [causal self-attention](../04_attention/masks.ts)
 * [embedding + position](../04_attention/positions/mod.ts)
 * sequence so far, the source first
 * ```
 *
 * ## Notation
 *
 * | letter | axis                                       |
 * | ------ | ------------------------------------------ |
 * | B      | batch: independent sentences               |
 * | T      | positions of the target, or of the prefix  |
 * | S      | positions of the source                    |
 * | E      | hidden width, $d_\mathrm{model}$           |
 * | F      | feed-forward width, $d_\mathit{ff}$        |
 * | V      | vocabulary                                 |
 * | L      | layers, the paper's $N$                    |
 *
 * @example
 * ```ts
 * import { Random } from "@heed/heed/engine";
 * import { EncoderLayer } from "@heed/heed/transformer";
 *
 * const layer = new EncoderLayer({ hiddenSize: 16, numHeads: 2 }, new Random(1));
 * const hidden = layer.forward(new Random(2).normal([1, 3, 16]));
 * console.assert(String(hidden.shape) === "1,3,16");
 * ```
 *
 * @module
 */

export * from "./normalization.ts";
export * from "./residual.ts";
export * from "./feed_forward/mod.ts";
export * from "./encoder.ts";
export * from "./decoder.ts";
export * from "./encoder_decoder.ts";
export * from "./decoder_only.ts";
export {
  type Complete,
  complete,
  type Defaults,
  type EncoderDecoderOptions,
  layerOptionsOf,
  transformerBase,
  transformerBig,
  transformerChecks,
  type TransformerOptions,
  transformerSize,
} from "./layout.ts";
export * from "./encoder_only.ts";
