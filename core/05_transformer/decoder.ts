/**
 * # Decoder
 *
 * **Question.** The encoder has turned the source into vectors. How are they turned into a sentence
 * of another length, in another language?
 *
 * **Idea.** Generate one word after the other (autoregressive, 自回归): the decoder (解码器) reads its own
 * prefix and predicts the next word. It starts from a special token, BEGIN (起始符), and may at any step
 * generate another one, END. The length of the output is no parameter: the
 * probability of END decides it. A layer of the decoder is a layer of the encoder with one more step in the
 * middle, in which it consults the source.
 *
 * **Formula.** With $y$ the target so far and $m$ the encoder's output, one layer in the paper's order
 * computes
 *
 * $$u = \mathrm{norm}\big(y + \mathrm{attention}(y, y)\big), \quad v = \mathrm{norm}\big(u + \mathrm{attention}(u, m)\big), \quad w = \mathrm{norm}\big(v + \mathrm{FFN}(v)\big)$$
 *
 * | symbol | in code                                 | shape       |
 * | ------ | --------------------------------------- | ----------- |
 * | $y$    | `hidden` on entry                       | `[B, T, E]` |
 * | $m$    | `memory`                                | `[B, S, E]` |
 * | $u$    | `hidden` after `selfAttentionResidual`  | `[B, T, E]` |
 * | $v$    | `hidden` after `crossAttentionResidual` | `[B, T, E]` |
 * | $w$    | the result                              | `[B, T, E]` |
 *
 * ```diagram One layer, read from the bottom.
 * $w$
 * [norm](normalization.ts)
 * + [feed-forward](feed_forward/mod.ts)
 * $v$
 * [norm](normalization.ts)
 * + [cross-attention](../04_attention/self_and_cross.ts) <- m
 * $u$
 * [norm](normalization.ts)
 * + [causal self-attention](../04_attention/masks.ts)
 * $y$
 * ```
 *
 * The first attention is masked (掩码注意力, [section](../04_attention/masks.ts)); the second sees all
 * of the source.
 *
 * **Why queries from here and keys from there.** The prefix asks; the source is asked
 * ([section](../04_attention/self_and_cross.ts)). This is also how the encoder
 * learns, which [the notes](notes:003.21) ask. Its output enters the decoder as keys and values
 * and nowhere else, so the gradient of the translation's loss reaches the encoder through the
 * cross-attention of every decoder layer.
 *
 * **The notes, 003.43.** In training the program supplies BEGIN, when it shifts the targets ({@linkcode shiftRight});
 * at inference (推理) the program that starts the generation does: the
 * prompt is `[BEGIN]`. The model never generates it.
 *
 * **The notes, 003.47 and 003.48.** In training the decoder reads the whole target
 * at once. At inference both give the same. Without a cache it reads the whole prefix, and its last
 * row is used. With a cache it reads the last word, and finds the keys and values of the prefix in
 * the cache of every layer.
 *
 * @module
 */

import { readPairs, startsCheck } from "../engine/allowed.ts";
import { aMask, aTensorLike, checkTensors } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { type Check, checkOptions, type Checks, flag, list } from "../engine/options.ts";
import { Module } from "../engine/module.ts";
import { full } from "../engine/create.ts";
import { concat } from "../engine/joining.ts";
import { asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import type { Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { overPairs, textMask, textMaskChecks, type TextMasks } from "../04_attention/masks.ts";
import { type Attention, cacheCheck, type KeyValueMemory } from "../04_attention/multi_head.ts";
import {
  below,
  type LayerOptions,
  LayerStack,
  partsOfLayer,
  type Pass,
  passChecks,
  type StackOptions,
} from "./encoder.ts";
import type { FeedForward } from "./feed_forward/mod.ts";
import type { Residual } from "./residual.ts";

/**
 * What the decoder reads in training: BEGIN, then the targets without their last column.
 *
 * Position $t$ then reads the words before $t$ and predicts word $t$ (shifted right, 右移).
 * {@linkcode teacherForcing} of `@heed/heed/training` makes inputs and targets from lists of tokens.
 *
 * @param targets what is to be predicted, ending in END and padding, int32 `[B, T]`
 * @param beginToken the id of BEGIN
 * @returns ids, int32 `[B, T]`
 */
export function shiftRight(targets: TensorLike, beginToken: number): Tensor {
  targets = asTensor("shift right", "targets", targets, "int32");
  const { B, T } = dims(targets, "B T");
  return concat([full([B, 1], beginToken, "int32"), targets], 1).slice(1, 0, T);
}

/** What one pass through a {@linkcode DecoderLayer} looks at; masks and biases broadcast. */
export interface DecoderLayerCall extends Pass {
  /** True where the target may look at itself, `[B, H, T, T]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Added to the scores of the self-attention, `[B, H, T, T]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** Whether a position of the target sees only itself and what came before; true by default. */
  readonly causal?: boolean | undefined;
  /** True where the source may be looked at, `[B, H, T, S]`; everywhere by default. */
  readonly sourceMask?: TensorLike<boolean> | undefined;
  /** Added to the scores of the cross-attention, `[B, H, T, S]`; nothing by default. */
  readonly sourceBias?: TensorLike | undefined;
  /** Keys and values of the target's earlier positions; none by default. */
  readonly selfCache?: KeyValueMemory | undefined;
  /** Position of each row's first token; after what the cache holds by default. */
  readonly starts?: readonly number[] | undefined;
  /** Keys and values of the source, filled by the first call; none by default. */
  readonly crossCache?: KeyValueMemory | undefined;
}

const LAYER_CALL: Checks<DecoderLayerCall> = {
  ...passChecks,
  mask: aMask,
  bias: aTensorLike,
  causal: flag,
  sourceMask: aMask,
  sourceBias: aTensorLike,
  selfCache: cacheCheck,
  starts: startsCheck,
  crossCache: cacheCheck,
};

/** One layer: read what was written, consult the source, think. */
export class DecoderLayer extends Module {
  /** Reads what was written. */
  readonly selfAttention: Attention;
  /** Add & Norm around the self-attention. */
  readonly selfAttentionResidual: Residual;
  /** Consults the source. */
  readonly crossAttention: Attention;
  /** Add & Norm around the cross-attention. */
  readonly crossAttentionResidual: Residual;
  /** Works on what was read. */
  readonly feedForward: FeedForward;
  /** Add & Norm around the feed-forward. */
  readonly feedForwardResidual: Residual;

  /**
   * Starts from random weights.
   *
   * @param options widths, heads, norms
   * @param random where the first values come from; dropout draws from a stream that is split off
   */
  constructor(options: LayerOptions, random: Random) {
    super();
    const { attend, residual, think } = partsOfLayer(options, random);
    this.selfAttention = attend(options.positions);
    this.selfAttentionResidual = residual();
    // Positions of the target say nothing about places in the source.
    this.crossAttention = attend();
    this.crossAttentionResidual = residual();
    this.feedForward = think();
    this.feedForwardResidual = residual();
    shareChance(this.chances(), random);
  }

  /**
   * Rewrites each target position in the light of its past and of the source.
   *
   * @param hidden `[B, T, E]`
   * @param memory the encoder's output, `[B, S, E]`
   * @param call mask, caches
   * @returns `[B, T, E]`
   */
  forward(hidden: Tensor, memory: Tensor, call: DecoderLayerCall = {}): Tensor {
    checkOptions("pass a layer", call, LAYER_CALL);
    // Without it, the layer would attend to the target twice.
    checkTensors("pass a layer", { memory });
    const { mask, bias, causal = true, sourceMask, sourceBias, selfCache, starts, crossCache, observe } = call;
    const to = (path: string) => observe && ((weights: Tensor) => observe(path, weights));
    const recall = (x: Tensor): Tensor =>
      this.selfAttention.forward(x, { mask, bias, causal, cache: selfCache, starts, observe: to("selfAttention") });
    const consult = (x: Tensor): Tensor =>
      this.crossAttention.forward(x, {
        context: memory,
        mask: sourceMask,
        bias: sourceBias,
        cache: crossCache,
        observe: to("crossAttention"),
      });
    const think = (x: Tensor): Tensor => this.feedForward.forward(x);

    hidden = this.selfAttentionResidual.forward(hidden, recall);
    hidden = this.crossAttentionResidual.forward(hidden, consult);
    return this.feedForwardResidual.forward(hidden, think);
  }
}

/** What one pass through a {@linkcode DecoderStack} looks at; masks and biases broadcast. */
export interface DecoderCall extends Pass, TextMasks {
  /** Added to the scores of every self-attention, `[B, H, T, T]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** True for tokens of the source, `[B, S]`, or pairs, `[B, H, T, S]`; everywhere by default. */
  readonly sourceMask?: TensorLike<boolean> | undefined;
  /** Added to the scores of every cross-attention, `[B, H, T, S]`; nothing by default. */
  readonly sourceBias?: TensorLike | undefined;
  /** Two per layer: the target's own, then the source's; none by default. */
  readonly caches?: readonly KeyValueMemory[] | undefined;
}

/** Caches as an option. */
export const cachesCheck: Check<readonly KeyValueMemory[]> = list(
  "a list of caches",
  (cache) => cacheCheck.fits(cache),
);

/** What each option of a pass through a decoder may be. */
export const decoderChecks: Checks<DecoderCall> = {
  ...passChecks,
  ...textMaskChecks,
  bias: aTensorLike,
  sourceMask: aMask,
  sourceBias: aTensorLike,
  caches: cachesCheck,
};

/** A stack of layers that continues a target, given a source. */
export class DecoderStack extends LayerStack<DecoderLayer> {
  /**
   * Starts from random weights.
   *
   * @param options layers, widths, heads, norms
   * @param random where the first values come from; dropout draws from a stream that is split off
   */
  constructor(options: StackOptions, random: Random) {
    super(options, (layer) => new DecoderLayer(layer, random));
    shareChance(this.chances(), random);
  }

  /**
   * Reads a batch of targets, beside the sources.
   *
   * @param hidden embedded target words with their positions, `[B, T, E]`
   * @param memory the encoder's output, `[B, S, E]`
   * @param call mask, caches
   * @returns one vector per target position, from which the next word is read, `[B, T, E]`
   * @throws {TypeError} if the number of caches is not twice that of the layers
   */
  forward(hidden: Tensor, memory: Tensor, call: DecoderCall = {}): Tensor {
    checkOptions("decode", call, decoderChecks);
    const { caches, observe, prefix, causal, starts } = call;
    const { mask, bias, sourceMask, sourceBias } = readPairs("decode", call, hidden);
    const { B, T, E } = dims(hidden, "B T E");
    const { S } = dims(memory, "B S E", { B, E });
    if (sourceMask?.rank === 2) dims(sourceMask, "B S", { B, S });
    if (caches && caches.length !== 2 * this.layers.length) {
      throw new TypeError(`Cannot use ${caches.length} caches in ${this.layers.length} layers: each layer needs two`);
    }
    if (caches && new Set(caches).size < caches.length) {
      throw new TypeError(`Cannot use one cache in several places of ${this.layers.length} layers: each needs its own`);
    }
    const masks = textMask(B, T, T + (caches?.[0]?.length ?? 0), { mask, prefix, causal, starts });
    return this.pass(hidden, (layer, x, index) =>
      layer.forward(x, memory, {
        ...masks,
        bias,
        starts,
        sourceMask: sourceMask && overPairs(sourceMask),
        sourceBias,
        selfCache: caches?.[2 * index],
        crossCache: caches?.[2 * index + 1],
        observe: below(observe, `layers.${index}`),
      }));
  }
}

// ## Can one cached layer be enough?
//
// **The notes, 003.11.** One saved set is not enough. The keys of
// layer two are made from the output of layer one by matrices of layer two; nothing else can
// replace them. GPT-2 keeps twelve pairs, one for each of its twelve layers. This decoder keeps two
// for each layer: half of the `2 · numLayers` caches grow, the other half hold the source.

// ## When it stops
//
// The experiment teaches a small model to write a letter as often as a number says, and follows the
// probability of END on pairs of letter and number that it has never seen. With END forbidden the model continues
// to the maximum length: nothing else in it knows how to stop.

// ## Pitfall: a decoder that reads the answer
//
// Feeding the targets instead of the targets shifted right turns training into copying: the loss
// falls towards zero, and the model writes nonsense. The test "shiftRight() hides
// each word from the position that predicts it" states the alignment.

// ## Exercise
//
// Remove the causal mask, train the translator for 200 steps, and compare the loss in training with
// the loss of the sentences that the model writes by itself.
