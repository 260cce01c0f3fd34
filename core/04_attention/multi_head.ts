/**
 * # Multi-head attention
 *
 * **Question.** One softmax gives weights that sum to one. A verb that needs its
 * subject *and* its object has to split them, and reads a blend of both. How can one
 * position ask several questions at once?
 *
 * **Idea.** Run several small attentions side by side, each with its own matrices: several
 * heads (头): multi-head attention (多头注意力). "Related" is no single relation; one head may follow
 * grammar, another meaning, a third only the previous word. Each head has its own softmax, so
 * no head takes weight from another. The results are joined (concatenation, 拼接) and mixed
 * by one more matrix.
 *
 * **Formula.** With heads $i = 1 \dots H$, each of width $d = E / H$,
 *
 * $$\mathrm{head}_i = \mathrm{attention}(XW_Q^i,\; X'W_K^i,\; X'W_V^i), \qquad \mathrm{output} = [\mathrm{head}_1; \dots; \mathrm{head}_H]\, W_O$$
 *
 * | symbol                     | in code                      | shape                                        |
 * | -------------------------- | ---------------------------- | -------------------------------------------- |
 * | $X$                        | `hidden`                     | `[B, T, E]`                                  |
 * | $X'$                       | `context`                    | `[B, S, C]`; $X$ if left out                 |
 * | $W_Q^1 \dots W_Q^H$        | `query.weight`               | `[E, H·D]`, a block of columns for each head |
 * | $W_K^i$, $W_V^i$           | `key.weight`, `value.weight` | `[C, G·D]`, with $G = H$ in the formula      |
 * | $[\mathrm{head}_1; \dots]$ | `merged`                     | `[B, T, H·D]`                                |
 * | $W_O$                      | `output.weight`              | `[H·D, E]`                                   |
 *
 * **Why heads cost nothing.** The $H$ matrices $W_Q^i$ beside each other are one matrix of the old
 * size. A view cuts its product into heads, one batched call computes all heads, and one copy
 * merges them. Multiplications and parameters are those of one wide head. Only the softmax is computed $H$
 * times.
 *
 * **The notes, 002.15, 002.17 and 002.18.** *Several relations* is
 * the one that stands: the softmax of a single head (单头注意力) cannot hold two peaks without
 * halving both. *Parallel computation* (并行计算) holds, but one head is no less parallel. *Less
 * saturation, since narrow heads have smaller dot products* is what
 * $\sqrt{d}$ already does. And a correction of a common picture, which shows $X$ cut into as many pieces as there
 * are heads: every head reads all of $X$ through its own projection (representation subspace,
 * 表示子空间); what is cut is the projection.
 *
 * Sources: Vaswani et al. 2017, *Attention Is All You Need*, §3.2.2; Shazeer 2019, *Fast
 * Transformer Decoding: One Write-Head is All You Need*; Ainslie et al. 2023, *GQA*.
 *
 * ## What one head can do
 *
 * In the [experiment](experiments/multi_head.ts) a verb has to report what its subject says and what
 * its object says, in numbers. A head with the weights $w$ and $1 - w$ for the two returns one
 * blend, and no later matrix can separate what was added. The blend explains $w^2 / (w^2 + (1 - w)^2)$ of
 * the variance of one and the rest of the other: half of the total for every $w$. A head whose
 * weights depend on the numbers can explain more. Two heads can look at the two names separately.
 *
 * @module
 */

import { startsCheck } from "../engine/allowed.ts";
import { aMask, aTensor, aTensorLike, checkSizes } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { Dropout } from "../engine/dropout.ts";
import { type LayerInitialization, layerInitializationCheck } from "../engine/initialization.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  flag,
  group,
  integer,
  needing,
  numeric,
  object,
} from "../engine/options.ts";
import { type Part, partOf, type PartTable, settingsOf } from "../engine/part.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { checkFitsScores, combineMasks, type Window, windowMask } from "./masks.ts";
import {
  type AttentionOptions,
  attentionWeights,
  scaledDotProductAttention,
  weightedValues,
} from "./scaled_dot_product.ts";

/**
 * Keys and values of one attention, remembered from step to step (key–value cache, 键值缓存).
 *
 * {@linkcode KeyValueCache} of `@heed/heed/generation` implements it. Every attention of every layer needs its
 * own: the keys of two layers are made from different vectors by different matrices.
 */
export interface KeyValueMemory {
  /** Positions remembered so far. */
  readonly length: number;
  /**
   * Whether positions are counted within the memory; false by default: along the text.
   *
   * Such a memory forgets, so that the place of a key changes. It is given keys before they are marked, and all of them are
   * marked at each step, by their places in it.
   */
  readonly rebases?: boolean | undefined;
  /**
   * Adds the keys and values of further positions.
   *
   * @param key `[B, G, T, D]`
   * @param value `[B, G, T, W]`
   * @returns everything remembered, `[B, G, length, D]` and `[B, G, length, W]`
   */
  append(key: Tensor, value: Tensor): KeysAndValues;
  /**
   * Everything remembered.
   *
   * @returns `[B, G, length, D]` and `[B, G, length, W]`
   * @throws {TypeError} while there is nothing
   */
  contents(): KeysAndValues;
}

/** Keys and values, as whoever keeps them hands them out. */
export interface KeysAndValues {
  /** The keys, `[B, G, S, D]`. */
  readonly key: Tensor;
  /** The values, `[B, G, S, W]`. */
  readonly value: Tensor;
  /**
   * Attends to them in the form in which they are kept; absent where that is the form above.
   *
   * @param query `[B, H, T, D]`
   * @param options those of an attention
   * @returns `[B, H, T, W]`
   */
  attend?(query: Tensor, options: AttentionOptions): Tensor;
}

/**
 * A way in which positions enter self-attention: one of the three members, or several.
 *
 * {@linkcode RotaryPositions} marks queries and keys, {@linkcode T5Positions} and {@linkcode AlibiPositions} add to the
 * scores, {@linkcode RelativePositions} adds to scores and values.
 *
 * Query `t` of `T` stands at position `t + S − T`, where `S` counts the keys.
 */
export interface PositionRule {
  /**
   * Marks queries and keys with their positions.
   *
   * @param x queries or keys, `[B, H, T, D]`
   * @param start position of the first one, or of the first one of each row, below 0 for padding
   * @returns the same shape
   */
  mark?(x: Tensor, start: number | readonly number[]): Tensor;
  /**
   * Handicaps to be added to the scores, broadcast to `[B, H, T, S]`.
   *
   * @param query `[B, H, T, D]`
   * @param S number of keys
   * @param scale factor of the dot products that the result is added to
   * @returns numbers to add, broadcast to `[B, H, T, S]`
   */
  bias?(query: Tensor, S: number, scale: number): Tensor;
  /**
   * What positions contribute to the output, `[B, H, T, D]`.
   *
   * @param weights `[B, H, T, S]`
   * @returns `[B, H, T, D]`
   */
  values?(weights: Tensor): Tensor;
}

/** What a layer says of the attention that it needs. */
export interface AttentionSizes {
  /** Groups of heads that share keys and values; as many as heads by default. */
  readonly numGroups?: number | undefined;
  /** Width of a head; `hiddenSize / numHeads` by default. */
  readonly headSize?: number | undefined;
  /** Width of the context; `hiddenSize` by default. */
  readonly contextSize?: number | undefined;
  /** Whether the four projections add a bias; true by default. */
  readonly bias?: boolean | undefined;
  /** How positions enter, such as `new RotaryPositions(headSize)`; not at all by default. */
  readonly positions?: PositionRule | undefined;
  /** How the projections start; {@linkcode glorot} by default. */
  readonly initialization?: LayerInitialization | undefined;
}

/** A norm of the features of each head, as a part of a model, such as `rmsNormalization()`. */
export interface HeadNormalization extends Part {
  /**
   * Makes a norm.
   *
   * @param headSize number of features
   * @param options whether the model's parts have biases
   * @returns a norm over the last axis
   */
  create(headSize: number, options: { readonly bias?: boolean | undefined }): HeadNorm;
}

/** A norm of the features of each head. */
export interface HeadNorm extends Module {
  /** Normalizes the last axis of `[B, H, T, D]`. */
  forward(x: Tensor): Tensor;
}

/** What an attention may vary, in whatever layer it stands. */
export interface AttentionVariant {
  /** Whether queries, keys and values add a bias; as the layer says by default. */
  readonly inputBias?: boolean | undefined;
  /** Whether the output adds a bias; as the layer says by default. */
  readonly outputBias?: boolean | undefined;
  /** Norm of each head's queries and keys, before positions enter; none by default. */
  readonly queryKeyNorm?: HeadNormalization | undefined;
  /** Bound that scores are bent towards, by tanh; none by default. No kernel has it: a step keeps `[B, H, T, S]`. */
  readonly softCap?: number | undefined;
  /** Factor of the dot products; `1 / √headSize` by default. */
  readonly scale?: number | undefined;
  /** How far to either side self-attention sees; all by default. */
  readonly window?: Window | undefined;
  /** Fraction of the attention weights dropped in training, below 1; 0 by default. Above 0 a step keeps `[B, H, T, S]`. */
  readonly dropout?: number | undefined;
}

/** How a {@linkcode MultiHeadAttention} is laid out. */
export interface MultiHeadOptions extends AttentionSizes, AttentionVariant {
  /** Width of what a head hands over; `headSize` by default. */
  readonly valueSize?: number | undefined;
  /** Width of what values are made from; `contextSize` by default. */
  readonly valueContextSize?: number | undefined;
}

/** A position rule as an option. */
export const positionRuleCheck: Check<PositionRule> = object(
  "a position rule such as new RotaryPositions(headSize), with mark(), bias() or values()",
  (value) => ["mark", "bias", "values"].some((name) => typeof (value as Record<string, unknown>)[name] === "function"),
);

const VARIANT: Checks<AttentionVariant> = {
  inputBias: flag,
  outputBias: flag,
  queryKeyNorm: partOf("a norm, such as rmsNormalization()", ({ create }) => create !== undefined),
  softCap: numeric({ above: 0 }),
  scale: numeric(),
  window: group<Window>({
    before: integer({ min: 0, max: Infinity }),
    after: integer({ min: 0, max: Infinity }),
  }),
  dropout: numeric({ min: 0, below: 1 }),
};

const MULTI_HEAD: Checks<MultiHeadOptions> = {
  ...VARIANT,
  numGroups: integer(),
  headSize: integer(),
  contextSize: integer(),
  valueSize: integer(),
  valueContextSize: integer(),
  bias: flag,
  positions: positionRuleCheck,
  initialization: layerInitializationCheck,
};

/** What one call of {@linkcode MultiHeadAttention.forward} looks at. */
export interface MultiHeadCall {
  /** Who is asked, `[B, S, C]`; the sequence itself by default. */
  readonly context?: Tensor | undefined;
  /** What the values are made from, `[B, S, W]`; the context by default. Needs `context`. */
  readonly valueContext?: Tensor | undefined;
  /** True where looking is allowed, bool, broadcast to `[B, H, T, S]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Added to the scores, `-Infinity` forbids, broadcast to `[B, H, T, S]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** Whether a position sees only itself and what came before; false by default. */
  readonly causal?: boolean | undefined;
  /**
   * Keys and values of earlier calls; none by default.
   *
   * Without a context it grows by this call's positions; with one it is filled by the first call and only read by the
   * others.
   */
  readonly cache?: KeyValueMemory | undefined;
  /** Position of each row's first token, for rules that mark; after the cache by default. */
  readonly starts?: readonly number[] | undefined;
  /** Receives the attention weights, `[B, H, T, S]`, at extra cost; nobody does by default. */
  readonly observe?: ((weights: Tensor) => void) | undefined;
}

/** A cache as an option. */
export const cacheCheck: Check<KeyValueMemory> = object(
  "a cache, with append() and contents()",
  (value) => "append" in value && "contents" in value,
);

const CALL: Checks<MultiHeadCall> = {
  context: aTensor,
  valueContext: needing("context", aTensor),
  mask: aMask,
  bias: aTensorLike,
  causal: flag,
  cache: cacheCheck,
  starts: startsCheck,
  observe: callback(),
};

/** Any attention that can stand in a layer: over one sequence, or from one to another. */
export interface Attention extends Module {
  /**
   * Rewrites each position by what it found.
   *
   * @param hidden who asks, `[B, T, E]`
   * @param call context, masks, cache; none of them by default
   * @returns `[B, T, E]`
   */
  forward(hidden: Tensor, call?: MultiHeadCall): Tensor;
}

/**
 * The width of a head unless an option says otherwise: the width of a position over the heads.
 *
 * @param hiddenSize the width of a position
 * @param numHeads number of heads
 * @returns `hiddenSize / numHeads`
 * @throws {RangeError} if the heads do not divide the width
 */
export function headSizeOf(hiddenSize: number, numHeads: number): number {
  checkSizes("split heads", { hiddenSize, numHeads });
  const headSize = hiddenSize / numHeads;
  if (Number.isInteger(headSize) && headSize > 0) return headSize;
  throw new RangeError(`Cannot split width ${hiddenSize} into ${numHeads} heads: numHeads must divide hiddenSize`);
}

/** Several attentions side by side, over one sequence or from one to another. */
export class MultiHeadAttention extends Module implements Attention {
  /** Number of questions per position. */
  readonly numHeads: number;
  /** Number of different keys and values per position. */
  readonly numGroups: number;
  /** Width of the queries and keys of a head. */
  readonly headSize: number;
  /** Width of the values of a head. */
  readonly valueSize: number;
  /** Factor of the dot products. */
  readonly scale: number;
  /** Makes the queries of all heads: $W_Q$. */
  readonly query: Linear;
  /** Makes the keys of all groups: $W_K$. */
  readonly key: Linear;
  /** Makes the values of all groups: $W_V$. */
  readonly value: Linear;
  /** Joins what the heads found: $W_O$. */
  readonly output: Linear;
  /** How positions enter, if they do. */
  readonly positions: PositionRule | undefined;
  /** Brings the queries of each head to one size, if it is there. */
  readonly queryNorm: HeadNorm | undefined;
  /** Brings the keys of each group to one size, if it is there. */
  readonly keyNorm: HeadNorm | undefined;
  /** How far self-attention sees, if not everywhere. */
  readonly window: Window | undefined;
  /** Bound of the scores, if there is one. */
  readonly softCap: number | undefined;
  /** Drops attention weights in training, if they are to be dropped. */
  readonly dropout: Dropout | undefined;

  /**
   * Starts from random projections.
   *
   * @param hiddenSize width of the sequence
   * @param numHeads number of heads
   * @param random where the first values come from
   * @param options groups, widths, bias, positions, window, dropout
   * @throws {RangeError} if the heads do not divide the width or the groups the heads, or an option is out of range
   * @throws {TypeError} if an option is unknown, or a position rule adds to values of another width
   */
  constructor(hiddenSize: number, numHeads: number, random: Random, options: MultiHeadOptions = {}) {
    super();
    checkOptions("attend", options, MULTI_HEAD);
    checkSizes("attend", { hiddenSize, numHeads });
    checkRandom("attend", random);
    const { numGroups = numHeads, contextSize = hiddenSize, valueContextSize = contextSize, bias = true } = options;
    const headSize = options.headSize ?? headSizeOf(hiddenSize, numHeads), { valueSize = headSize } = options;
    if (!Number.isInteger(numHeads / numGroups)) {
      throw new RangeError(`Cannot share ${numGroups} groups among ${numHeads} heads: numGroups must divide numHeads`);
    }
    if (options.positions?.values && valueSize !== headSize) {
      throw new TypeError(
        `Cannot attend with values of width ${valueSize} and a position rule that adds to them: headSize is ${headSize}`,
      );
    }
    this.numHeads = numHeads;
    this.numGroups = numGroups;
    this.headSize = headSize;
    this.valueSize = valueSize;
    this.scale = options.scale ?? 1 / Math.sqrt(headSize);
    const { inputBias = bias, outputBias = bias, queryKeyNorm } = options;
    const within = { bias: inputBias, initialization: options.initialization?.within };
    this.query = new Linear(hiddenSize, numHeads * headSize, random, within);
    this.key = new Linear(contextSize, numGroups * headSize, random, within);
    this.value = new Linear(valueContextSize, numGroups * valueSize, random, within);
    const intoSum = { bias: outputBias, initialization: options.initialization?.intoSum };
    this.output = new Linear(numHeads * valueSize, hiddenSize, random, intoSum);
    this.queryNorm = queryKeyNorm?.create(headSize, { bias });
    this.keyNorm = queryKeyNorm?.create(headSize, { bias });
    this.positions = options.positions;
    this.window = options.window;
    this.softCap = options.softCap;
    this.dropout = options.dropout ? new Dropout(options.dropout) : undefined;
    shareChance(this.chances(), random);
  }

  /**
   * Rewrites each position by what its heads found.
   *
   * @param hidden who asks, `[B, T, E]`
   * @param call context, masks, cache
   * @returns `[B, T, E]`
   * @throws {TypeError} if the shapes disagree
   */
  forward(hidden: Tensor, call: MultiHeadCall = {}): Tensor {
    checkOptions("attend", call, CALL);
    const { B, T } = dims(hidden, "B T E");
    const { context, causal = false, observe } = call;
    const { query, kept } = this.#project(hidden, call);
    const S = kept.attend ? call.cache!.length : kept.key.shape[2]!;
    const near = this.window && !context ? windowMask(T, S, this.window) : undefined;
    const own = this.#read(hidden, S, call), mask = combineMasks(own.mask, near);
    const places = this.positions?.bias?.(query, S, this.scale);
    const bias = places && own.bias ? places.add(own.bias) : places ?? own.bias;
    const { scale, softCap } = this;
    const heads = this.#attend(query, kept, { mask, bias, causal, scale, softCap }, observe);

    // $[\mathrm{head}_1; \dots; \mathrm{head}_H]$: positions outside, heads side by side.
    const merged = heads.transpose(1, 2).reshape([B, T, this.numHeads * this.valueSize]);
    return this.output.forward(merged);
  }

  /** What the heads find, `[B, H, T, W]`; weights are computed where somebody needs them. */
  #attend(
    query: Tensor,
    kept: KeysAndValues,
    options: AttentionOptions,
    observe: MultiHeadCall["observe"],
  ): Tensor {
    const drops = this.training && this.dropout, { values } = this.positions ?? {};
    if (!drops && !observe && !values && kept.attend && this.softCap === undefined) return kept.attend(query, options);
    const { key, value } = kept;
    if (!drops && !observe && !values) return scaledDotProductAttention(query, key, value, options);
    const weights = attentionWeights(query, key, options);
    observe?.(weights);
    const shares = drops ? drops.forward(weights) : weights;
    const heads = drops ? weightedValues(shares, value) : scaledDotProductAttention(query, key, value, options);
    return values ? heads.add(values.call(this.positions, shares)) : heads;
  }

  /** Mask and bias of a call, which fit the scores. */
  #read(hidden: Tensor, S: number, call: MultiHeadCall): { mask: Tensor | undefined; bias: Tensor | undefined } {
    const [B, T] = hidden.shape as [number, number];
    const mask = asOptionalTensor("attend", "mask", call.mask, "bool", hidden);
    const bias = asOptionalTensor("attend", "bias", call.bias, "float32", hidden);
    if (mask) checkFitsScores("mask", mask, B, this.numHeads, T, S);
    if (bias) checkFitsScores("bias", bias, B, this.numHeads, T, S);
    return { mask, bias };
  }

  #project(
    hidden: Tensor,
    { context, valueContext, cache, starts }: MultiHeadCall,
  ): { query: Tensor; kept: KeysAndValues } {
    if (context && this.positions) {
      throw new TypeError(
        "Cannot attend to a context with a position rule: its positions are not those of the queries",
      );
    }
    let query = normalized(split(this.query.forward(hidden), this.numHeads), this.queryNorm);
    if (context && cache && cache.length > 0) return { query, kept: cache.contents() };

    const source = context ?? hidden, { B, S } = dims(source, "B S C", { B: hidden.shape[0]! });
    if (valueContext) dims(valueContext, "B S W", { B, S });
    let key = normalized(split(this.key.forward(source), this.numGroups), this.keyNorm);
    const value = split(this.value.forward(valueContext ?? source), this.numGroups);
    if (cache?.rebases) return this.#rebase(query, cache.append(key, value), starts);
    if (this.positions?.mark) {
      const start = starts ?? cache?.length ?? 0;
      query = this.positions.mark(query, start);
      key = this.positions.mark(key, start);
    }
    return { query, kept: cache ? cache.append(key, value) : { key, value } };
  }

  /** Marks what a memory holds by the places there; the queries stand at its end. */
  #rebase(
    query: Tensor,
    { key, value }: ReturnType<KeyValueMemory["append"]>,
    starts: readonly number[] | undefined,
  ): { query: Tensor; kept: KeysAndValues } {
    if (starts) throw new TypeError("Cannot use starts with a cache that counts positions within itself");
    const { positions } = this, T = query.shape[2]!, S = key.shape[2]!;
    if (!positions?.mark) return { query, kept: { key, value } };
    return { query: positions.mark(query, S - T), kept: { key: positions.mark(key, 0), value } };
  }
}

/** An attention as a part of a model. */
export interface AttentionScheme extends Part {
  /**
   * Makes the attention of one layer.
   *
   * @param hiddenSize width of the sequence
   * @param numHeads number of heads
   * @param random where the first values come from
   * @param sizes what the layer says of itself
   * @returns an attention from `[B, T, E]` to `[B, T, E]`
   */
  create(hiddenSize: number, numHeads: number, random: Random, sizes: AttentionSizes): Attention;
}

/**
 * Multi-head attention in every layer, with these choices.
 *
 * @param options scale, window, dropout
 * @returns a part for the option `attention` of a model
 */
export function multiHead(options: AttentionVariant = {}): AttentionScheme {
  checkOptions("attend", options, VARIANT);
  return {
    word: "multiHead",
    ...settingsOf(options),
    create: (hiddenSize, numHeads, random, sizes) =>
      new MultiHeadAttention(hiddenSize, numHeads, random, { ...sizes, ...options }),
  };
}

/** Attentions by the word that a file has for them. */
export const attentions: PartTable<AttentionScheme> = { multiHead };

/** Cuts each row into heads: `[B, T, H·D]` to `[B, H, T, D]`, a view. */
function split(x: Tensor, H: number): Tensor {
  const { B, T, W } = dims(x, "B T W");
  return x.reshape([B, T, H, W / H]).transpose(1, 2);
}

/** The features of each head, brought to one size where a norm is there. */
const normalized = (x: Tensor, norm: HeadNorm | undefined): Tensor => norm ? norm.forward(x) : x;

// ## Fewer keys than queries
//
// Generation word by word spends its time on reading the keys and values of the whole
// prefix: it is limited by memory bandwidth. In multi-query attention (`numGroups: 1`) all heads share one set
// of keys and values and have only their own queries; grouped-query attention (GQA) lies between the two. Cache
// and memory traffic shrink by the factor $H / G$. With as many groups as heads it is the page's formula:
// the test "MultiHeadAttention() with a group per head is ordinary multi-head attention" says so.
//
// ```picture shared_heads Eight query heads, and the keys and values that they read: one set for each head, one for each four, one
// for all. Values are shared as keys are.
// ```

// ## Keys and values of different origin
//
// What a position is found by and what it hands over need not be made from the same vectors. An object detector adds the
// positions in an image to the vectors that are compared, and hands over the vectors without them: `context` is what the keys
// are made from, `valueContext` what the values are. Both count the same positions, and may have widths of their own
// (`contextSize`, `valueContextSize`), as may the values of a head (`valueSize`).

// ## Queries and keys of one size
//
// In large models some queries and keys grow in training until a softmax is one weight of 1. `queryKeyNorm` brings the query and the key of each head to one size, with a gain for each of its D features that all heads of a layer share (QK norm): the scores are then bounded
// by the gains. It stands before the positions: a rotation keeps sizes, but a norm with gains after it would change the angles. Qwen 3 and Gemma 3 have it. Gemma 2 bends the scores instead (`softCap`, [section](scaled_dot_product.ts)). The norm itself is explained [later](../05_transformer/normalization.ts).
//
// `inputBias` and `outputBias` say of queries, keys and values, and of the output, what `bias` says of a whole layer. Qwen 2 has biases for the first three alone.

// ## Pitfall: one norm over all heads
//
// A norm over the whole row of $H \cdot D$ features has other weights, but a norm over it with one repeated gain has not: it lets one large head make the queries of all others small. The test "MultiHeadAttention() normalizes the queries and keys of each head alone" fails for it, and for a norm behind the rotation.

// ## Pitfall: cutting heads without turning the axes
//
// `x.reshape([B, H, T, D])` has the right shape and the wrong numbers: it cuts the *sequence* into
// $H$ pieces, and each head reads fragments of several positions as if they were one. The test
// "MultiHeadAttention() is a loop over heads" computes each head alone from its block of columns,
// and fails for it.

// ## Exercise
//
// Mark one position of a random sequence *a* and another one *b*, and train an attention of width
// 16 to return, at every position, the first eight features at *a* minus those at *b*. Compare one
// head with two. Why does one head suffice for the sum?
