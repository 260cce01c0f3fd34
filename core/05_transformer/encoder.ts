/**
 * # Encoder
 *
 * **Question.** A look-up table gives *apple* the same vector in *I eat an apple* and in *Apple
 * released a phone*. How does a word get a vector that depends on its sentence, its context (上下文)?
 *
 * **Idea.** Let every word read the whole sentence, then process what it read, and repeat
 * (encoder, 编码器). A layer has two sublayers (子层), multi-head self-attention and feed-forward,
 * each with a residual connection and a norm, the *Add & Norm* of the pictures. $N$ layers of
 * equal shape are stacked; vectors keep their width, so the output is again one
 * vector per word.
 *
 * **Formula.** One layer, in the paper's order, maps $x$ to $r$ by way of $z$:
 *
 * $$z = \mathrm{norm}\big(x + \mathrm{attention}(x)\big), \qquad r = \mathrm{norm}\big(z + \mathrm{FFN}(z)\big)$$
 *
 * | symbol | in code                            | shape       |
 * | ------ | ---------------------------------- | ----------- |
 * | $x$    | `hidden` on entry                  | `[B, S, E]` |
 * | $z$    | `hidden` after `attentionResidual` | `[B, S, E]` |
 * | $r$    | the result                         | `[B, S, E]` |
 *
 * ```diagram One layer in the paper's order, read from the bottom.
 * $r$
 * [norm](normalization.ts)
 * + [feed-forward](feed_forward/mod.ts)
 * $z$
 * [norm](normalization.ts)
 * + [self-attention](../04_attention/self_and_cross.ts)
 * $x$
 * ```
 *
 * **Why it may look both ways.** The source sentence (源语句) is known before the first word of
 * the translation is generated. Nothing in it is predicted, so nothing has to be hidden
 * (bidirectional, 双向). The only mask is that of the padding.
 *
 * **The notes, 003.52.** $z_1$ is made from $x_1$ *and all the others*, by a
 * weighted sum with as many terms as there are words. No weight matrix has a side that depends on
 * the length.
 *
 * Source: Vaswani et al. 2017, *Attention Is All You Need*, §3.1.
 *
 * @module
 */

import { readPairs, startsCheck } from "../engine/allowed.ts";
import { aMask, aTensorLike, checkText, MOST_PARTS } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { type LayerInitialization, layerInitializationCheck } from "../engine/initialization.ts";
import { Module } from "../engine/module.ts";
import {
  callback,
  type Check,
  checkFunction,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  integer,
  required,
} from "../engine/options.ts";
import { partOf } from "../engine/part.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import type { Tensor, TensorLike } from "../engine/tensor.ts";
import { overPairs } from "../04_attention/masks.ts";
import {
  type Attention,
  type AttentionScheme,
  cacheCheck,
  type KeyValueMemory,
  multiHead,
  type PositionRule,
  positionRuleCheck,
} from "../04_attention/multi_head.ts";
import { type Activation, activationCheck, type GatedActivation } from "./feed_forward/activations.ts";
import { FeedForward } from "./feed_forward/mod.ts";
import { layerNormalization, type Norm } from "./normalization.ts";
import { Residual, residualChecks, type ResidualOptions } from "./residual.ts";

/** What layers and whole models have in common. */
export interface LayerChoices extends ResidualOptions {
  /** Groups of heads that share keys and values; as many as heads by default. */
  readonly numGroups?: number | undefined;
  /** Width of a head; `hiddenSize / numHeads` by default. */
  readonly headSize?: number | undefined;
  /** Width inside the feed-forward; `4 · hiddenSize` by default. */
  readonly feedForwardSize?: number | undefined;
  /** Which attention; {@linkcode multiHead} by default. */
  readonly attention?: AttentionScheme | undefined;
  /** What the feed-forward does between its matrices; {@linkcode relu} by default. */
  readonly activation?: Activation | GatedActivation | undefined;
}

/** An attention as an option. */
export const attentionSchemeCheck: Check<AttentionScheme> = partOf(
  "an attention, such as multiHead()",
  ({ create }) => create !== undefined,
);

/** What the choices may be. */
export const choiceChecks: Checks<LayerChoices> = {
  ...residualChecks,
  numGroups: integer(),
  headSize: integer(),
  feedForwardSize: integer(),
  attention: attentionSchemeCheck,
  activation: activationCheck,
};

/** How one layer is laid out. */
export interface LayerOptions extends LayerChoices {
  /** Width of a position. */
  readonly hiddenSize: number;
  /** Heads of each attention. */
  readonly numHeads: number;
  /** How positions enter self-attention; not at all by default. */
  readonly positions?: PositionRule | undefined;
  /** How the matrices start; {@linkcode glorot} by default. */
  readonly initialization?: LayerInitialization | undefined;
}

const LAYER: Checks<LayerOptions> = {
  ...choiceChecks,
  hiddenSize: required(integer()),
  numHeads: required(integer()),
  positions: positionRuleCheck,
  initialization: layerInitializationCheck,
};

/** The parts that layers are made of, as their options ask for them. */
export interface LayerParts {
  /**
   * Makes an attention within the sequence, or to a context.
   *
   * @param positions how positions enter; not at all by default
   * @returns an attention from `[B, T, E]` to `[B, T, E]`
   */
  attend(positions?: PositionRule): Attention;
  /** Makes Add & Norm around a step. */
  residual(): Residual;
  /** Makes what works within each position. */
  think(): FeedForward;
}

/**
 * Makers of the parts of a layer.
 *
 * @param options widths, heads, norms
 * @param random where the first values come from
 * @returns one maker for each kind of part
 * @throws {TypeError} if an option is unknown
 * @throws {RangeError} if a size is impossible
 */
export function partsOfLayer(options: LayerOptions, random: Random): LayerParts {
  checkOptions("build a layer", options, LAYER);
  checkRandom("build a layer", random);
  const { hiddenSize, numHeads, numGroups, headSize, feedForwardSize = 4 * hiddenSize, initialization } = options;
  const { norm, placement, dropout, bias, activation, attention = multiHead() } = options;
  const sizes = { numGroups, headSize, bias, initialization };
  return {
    attend: (positions) => attention.create(hiddenSize, numHeads, random, { ...sizes, positions }),
    residual: () => new Residual(hiddenSize, { norm, placement, dropout, bias }),
    think: () => new FeedForward(hiddenSize, feedForwardSize, random, { activation, bias, initialization }),
  };
}

/** Receives attention weights `[B, H, T, S]` and the path of the attention they come from. */
export type Observer = (path: string, weights: Tensor) => void;

/** What goes with every pass through a model, down to its layers. */
export interface Pass {
  /** Receives the attention weights and their path, at extra cost; nobody does by default. */
  readonly observe?: Observer | undefined;
}

/** What each of {@linkcode Pass} may be. */
export const passChecks: Checks<Pass> = { observe: callback() };

/** What one pass through a layer of self-attention looks at. */
export interface LayerCall extends Pass {
  /** True where looking is allowed, bool, broadcast to `[B, H, T, S]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Added to the scores, `-Infinity` forbids, broadcast to `[B, H, T, S]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** Whether a position sees only itself and what came before; false by default. */
  readonly causal?: boolean | undefined;
  /** Keys and values of earlier calls; none by default. */
  readonly cache?: KeyValueMemory | undefined;
  /** Position of each row's first token; after what the cache holds by default. */
  readonly starts?: readonly number[] | undefined;
}

const LAYER_CALL: Checks<LayerCall> = {
  ...passChecks,
  mask: aMask,
  bias: aTensorLike,
  causal: flag,
  cache: cacheCheck,
  starts: startsCheck,
};

/** One layer: self-attention between positions, then a feed-forward within each. */
export class EncoderLayer extends Module {
  /** Reads the other positions. */
  readonly attention: Attention;
  /** Add & Norm around the attention. */
  readonly attentionResidual: Residual;
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
    this.attention = attend(options.positions);
    this.attentionResidual = residual();
    this.feedForward = think();
    this.feedForwardResidual = residual();
    shareChance(this.chances(), random);
  }

  /**
   * Rewrites each position in the light of the others.
   *
   * @param hidden `[B, S, E]`
   * @param call masks, cache
   * @returns `[B, S, E]`
   */
  forward(hidden: Tensor, call: LayerCall = {}): Tensor {
    checkOptions("pass a layer", call, LAYER_CALL);
    const { mask, bias, causal, cache, starts, observe } = call;
    const read = (x: Tensor): Tensor =>
      this.attention.forward(x, {
        mask,
        bias,
        causal,
        cache,
        starts,
        observe: observe && ((weights) => observe("attention", weights)),
      });
    const think = (x: Tensor): Tensor => this.feedForward.forward(x);

    hidden = this.attentionResidual.forward(hidden, read);
    return this.feedForwardResidual.forward(hidden, think);
  }
}

/** How a stack of layers is laid out. */
export interface StackOptions extends LayerOptions {
  /** Number of layers: the paper's $N$. */
  readonly numLayers: number;
  /** Whether a norm stands behind the last layer; where layers are not post-norm by default. */
  readonly closingNorm?: boolean | undefined;
}

const STACK: Checks<StackOptions> = {
  ...LAYER,
  numLayers: required(integer({ min: 1, max: MOST_PARTS })),
  closingNorm: flag,
};

/** Layers of equal shape, each fed what the one before made. */
export abstract class LayerStack<Layer extends Module> extends Module {
  /** The layers, first one first. */
  readonly layers: readonly Layer[];
  /** Closes the stack, where there is one. */
  readonly norm: Norm | undefined;

  /**
   * Makes the layers one after the other.
   *
   * @param stack layers, widths, heads, norms
   * @param create makes one layer of its options
   */
  constructor(stack: StackOptions, create: (options: LayerOptions) => Layer) {
    super();
    checkOptions("stack layers", stack, STACK);
    const { numLayers, closingNorm: isClosed, ...options } = stack;
    this.layers = Array.from({ length: numLayers }, () => create(options));
    this.norm = closingNorm(options, isClosed);
  }

  /** Sends `hidden`, `[B, T, E]`, through every layer in turn and through the closing norm. */
  protected pass(hidden: Tensor, through: (layer: Layer, hidden: Tensor, index: number) => Tensor): Tensor {
    const top = this.layers.reduce((x, layer, index) => through(layer, x, index), hidden);
    return this.norm ? this.norm.forward(top) : top;
  }
}

/**
 * The norm after a stack, if there is one.
 *
 * Nothing else normalizes the sum of a stack whose norms stand within the steps. After post-norm layers none is needed, though some libraries
 * have one there.
 *
 * @param options those of the layers
 * @param isClosed whether there is one; where the layers are not post-norm by default
 * @returns undefined where there is none
 */
export function closingNorm(options: LayerOptions, isClosed?: boolean): Norm | undefined {
  checkOptions("build a layer", options, LAYER);
  const { hiddenSize, placement, norm = layerNormalization(), bias } = options;
  if (isClosed !== undefined) checkValue("close a stack", "isClosed", isClosed, flag);
  return isClosed ?? (placement === "pre" || placement === "both") ? norm.create(hiddenSize, { bias }) : undefined;
}

/** What one pass through an {@linkcode Encoder} looks at. */
export interface EncoderCall extends Pass {
  /** True for tokens, `[B, S]`, or pairs that may look, `[B, H, S, S]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Added to all layers' scores, `-Infinity` forbids, `[B, H, S, S]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
}

/** What each option of a pass through an encoder may be. */
export const encoderChecks: Checks<EncoderCall> = { ...passChecks, mask: aMask, bias: aTensorLike };

/** A stack of layers that turns a set of vectors into vectors that know the set. */
export class Encoder extends LayerStack<EncoderLayer> {
  /**
   * Starts from random weights.
   *
   * @param options layers, widths, heads, norms
   * @param random where the first values come from; dropout draws from a stream that is split off
   */
  constructor(options: StackOptions, random: Random) {
    super(options, (layer) => new EncoderLayer(layer, random));
    shareChance(this.chances(), random);
  }

  /**
   * Reads a batch of sentences.
   *
   * @param hidden embedded words with their positions, `[B, S, E]`
   * @param call who may look at whom
   * @returns one vector per word, `[B, S, E]`; at padding, numbers without meaning
   */
  forward(hidden: Tensor, call: EncoderCall = {}): Tensor {
    checkOptions("encode", call, encoderChecks);
    const { observe } = call, { mask, bias } = readPairs("encode", call, hidden);
    const { B, S } = dims(hidden, "B S E");
    if (mask?.rank === 2) dims(mask, "B S", { B, S });
    const within = { mask: mask && overPairs(mask), bias };
    return this.pass(
      hidden,
      (layer, x, index) => layer.forward(x, { ...within, observe: below(observe, `layers.${index}`) }),
    );
  }
}

/**
 * Prefixes the paths that an observer receives with the name of a part.
 *
 * @param observe who observes the whole, if anybody
 * @param part path of the part within the whole
 * @returns who observes the part
 */
export function below(observe: Observer | undefined, part: string): Observer | undefined {
  if (observe !== undefined) checkFunction("observe by", observe);
  checkText("observe", "part", part);
  return observe && ((path, weights) => observe(`${part}.${path}`, weights));
}

// ## What an encoder adds to a look-up table
//
// The table gives static vectors (静态词向量). The encoder gives contextual word vectors
// (动态词向量): the same id gets another vector in another sentence. All positions are
// computed in parallel.

// ## One word, two sentences
//
// The experiment sends two sentences that share *apple* (polysemy, 一词多义) through untrained
// encoders. Before the first layer both have the same vector, as no positions are added here. After it
// they differ, because each has read its own sentence. The architecture makes them differ. Training makes the
// difference useful.
//
// The third figure is a mean over many encoders. A post-norm step adds something random and scales the sum back, so
// that less of the word itself is left after each layer. A pre-norm step only adds. [The notes](notes:004.84) expect
// of post-norm that it keeps more of the original; the figure tests this for random weights.

// ## Any input, any head
//
// An encoder takes vectors and returns vectors. It does not know whether they were words: patches of an image enter by
// a matrix instead of a table. Nor does it know how its output is used. A product with the table gives scores of the
// vocabulary at every position, to fill gaps. A matrix applied to the first vector or to the mean gives one answer for
// the whole sequence. The vectors can also be the answer themselves. For each of these uses, write a module around the
// encoder, with the input layer before it and the head after it. The test "Encoder() carries any head" builds three.

// ## Pitfall: padding that is read
//
// Leaving the mask out changes nothing while all sentences of a batch are equally long, as they
// are in most first tests. In a mixed batch each sentence then depends on how far it was padded. The
// test "Encoder() reads a sentence the same with and without padding" holds them together.

// ## Exercise
//
// Feed the same sentence twice, the second time with two words exchanged and no positions added.
// Which outputs change? ([Section](../04_attention/positions/mod.ts) says: each word keeps its vector,
// so two outputs change places.)
