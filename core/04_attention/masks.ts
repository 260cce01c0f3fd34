/**
 * # Masks
 *
 * **Question.** Attention connects every position with every other. Some connections are
 * forbidden: the position that predicts a word must not see that word, and no position needs
 * to see padding. How are they cut without leaving the matrix form?
 *
 * **Idea.** Compute all scores, and forbid some pairs before the softmax. A forbidden pair
 * scores $-\infty$; $e^{-\infty} = 0$, so its weight is 0, and the weights of the others still
 * sum to one. A mask (掩码) is the table that says which pairs are allowed.
 *
 * ```picture mask_matrix Four masks of six positions. A filled square: the query of its row may look at the key of its column.
 * The padding is two positions at the end, the prefix three at the beginning, and the window reaches two positions back.
 * ```
 *
 * **By hand.** A query scores three keys 1, 3 and 2, and may not look at the second one. Without a mask the exponentials are 2.718,
 * 20.086 and 7.389 with the sum 30.193, and the weights 0.090, 0.665 and 0.245. With it the second exponential is 0, the sum
 * 10.107, and the weights are 0.269, 0 and 0.731. The two that are left keep their ratio: 0.731 / 0.269 = 2.718, which is $e$,
 * since their scores differ by 1.
 *
 * ```ts
 * import { tensor, type Tensor } from "@heed/heed/engine";
 * import { softmax } from "@heed/heed/words";
 *
 * const scores = tensor([1, 3, 2]), allowed = tensor([true, false, true]);
 * const print = async (name: string, numbers: Tensor) =>
 *   console.log(name, Array.from(await numbers.read(), (number) => number.toFixed(3)).join(" "));
 *
 * for (const [name, masked] of [["without", scores], ["with   ", scores.where(allowed, -Infinity)]] as const) {
 *   const exponentials = masked.exp();
 *   await print(`${name} a mask: exponentials`, exponentials);
 *   await print(`${name} a mask: their sum   `, exponentials.sum());
 *   await print(`${name} a mask: weights     `, softmax(masked));
 * }
 * ```
 *
 * ```text
 * without a mask: exponentials 2.718 20.086 7.389
 * without a mask: their sum    30.193
 * without a mask: weights      0.090 0.665 0.245
 * with    a mask: exponentials 2.718 0.000 7.389
 * with    a mask: their sum    10.107
 * with    a mask: weights      0.269 0.000 0.731
 * ```
 *
 * **Formula.** $Z$ and $A$ are the scores and weights of [section](scaled_dot_product.ts). $[M_{ts}]$ is 1 if query $t$
 * may look at key $s$, and 0 if not (Iverson bracket); $M$ is `mask` in code.
 *
 * $$A_{ts} = \frac{[M_{ts}]\, e^{Z_{ts}}}{\sum_{r} [M_{tr}]\, e^{Z_{tr}}}$$
 *
 * | mask    | allowed where                     | shape          | used in                                          |
 * | ------- | --------------------------------- | -------------- | ------------------------------------------------ |
 * | causal  | $s \le t$                         | `[T, S]`       | self-attention of a decoder                      |
 * | padding | $s$ holds a token                 | `[B, S]`       | encoder, and cross-attention to it               |
 * | prefix  | $s \le t$ or $s$ is in the prefix | `[B, 1, T, S]` | models that read a question as a whole, like GLM |
 * | window  | $t - b \le s \le t + a$           | `[T, S]`       | long sequences; $b$ `before`, $a$ `after`        |
 *
 * **Why a decoder masks.** A decoder generates a sequence word by word
 * ([section](../05_transformer/decoder.ts)). At test time nothing lies to the right: word $t$ is
 * generated when only the words before it exist. In training the whole target is the input, so
 * that one pass serves every position. The target is *shifted by one*: position 1 gets a begin token,
 * position $t$ gets word $t - 1$ and has to predict word $t$. A position may therefore see
 * itself. The next position holds the word to be predicted. Without a mask the model would
 * read that word and learn to copy. The causal mask (掩码注意力) lets each row of the matrix see
 * exactly what it would see at test time. One sentence of length $T$ becomes $T$ training examples.
 *
 * **The notes, 001.40.** Without the mask the target leaks into the input. Overfitting (过拟合) is something else:
 * an overfitted model fails on new sentences, and a model that reads the target is as good on them as in training,
 * until it has to generate.
 *
 * **When queries are fewer than keys.** A cache ([section](../07_generation/kv_cache.ts)) keeps the keys of
 * the prefix, and only the last words are queries. Query $t$ then stands at position $t + S - T$, in
 * every mask of this page. Without a cache $T = S$, and it stands at $t$.
 *
 * ## 0, −10000 or −∞
 *
 * "Covering the future with 0", as [the notes](notes:001.25) have it, is a picture of the *weights*. A score of 0 is an
 * ordinary score: $e^0 = 1$, and the forbidden position gets some weight, often a large one, since real scores may be
 * negative. $-10000$ works because $e^{-10000}$ underflows to 0 in float32, as long as one score of the row is
 * allowed. It fits into float16, which ends at 65504; $-10^9$ does not. If nothing is allowed, it
 * matters how the number is used. *Added* to the scores, as in the code of BERT, it lowers all of them together: the softmax
 * ignores the shift, and the row keeps the weights that it would have without a mask. If it *replaces* the scores, as
 * [the notes](notes:002.23) describe it, they become equal, and each position gets the same weight. Either way the
 * weights of the forbidden positions sum to one. $-\infty$ says what is meant: the softmax of this book makes such a
 * row zero.
 *
 * ## Is the mask needed when generating?
 *
 * | input of the decoder             | causal mask | padding mask           | why                                             |
 * | -------------------------------- | ----------- | ---------------------- | ----------------------------------------------- |
 * | the whole target, in training    | needed      | if the source has any  | the future is in the input                      |
 * | the whole prefix, at every step  | needed      | if source or prompts have any | earlier rows must be what they were in training |
 * | the last token, with a cache     | no effect   | if source or prompts have any | its row of the causal mask is all true          |
 *
 * The source is that of a translator. A decoder-only model has none: there the prompts of a batch are padded.
 *
 * **The notes, 003.49.** The third line settles it. For one token the causal mask is one row of
 * `true`, since all keys in the cache are of the past; the test "causalMask() of one query allows
 * everything" says so. Padding must be excluded whatever is fed: its positions are there. The `attention_mask` of the
 * code that [the notes](notes:003.57) step through is the padding mask, one number per token, and all of them are 1; the
 * causal mask is made inside the model.
 *
 * The [experiment](experiments/masks.ts) measures all three. It also finds a case between them. In a
 * stack of one layer the newest output needs no mask even if the whole history is fed, since its row
 * allows everything. In a stack of two layers it does, because the second layer reads the outputs of the first
 * at earlier positions.
 *
 * @module
 */

import { startMask, startsCheck } from "../engine/allowed.ts";
import { arange, lowerTriangle, tensor, zeros } from "../engine/create.ts";
import { asOptionalTensor, asTensor, Tensor, type TensorLike } from "../engine/tensor.ts";
import { checkOptions, type Checks, checkValue, flag, list, numeric, oneOf } from "../engine/options.ts";
import { aMask, checkList, checkSizes, checkTensors } from "../engine/arguments.ts";
import { dims, format, sameShape } from "../engine/shape.ts";

/**
 * Lets each position see itself and what came before.
 *
 * @param T number of queries
 * @param S number of keys; as many as queries by default
 * @returns true where looking is allowed, `[T, S]`
 */
export function causalMask(T: number, S: number = T): Tensor {
  checkSizes("mask", { T, S });
  return lowerTriangle(T, S, S - T);
}

/**
 * Marks the tokens that are not padding.
 *
 * The result is a mask of tokens, which encoders and models take as it is. It is no mask of pairs: an attention takes
 * {@linkcode overKeys} of it.
 *
 * @param tokens ids, int32 `[B, S]`
 * @param paddingToken the id that fills short sentences
 * @returns true where a token is, `[B, S]`
 */
export function paddingMask(tokens: TensorLike, paddingToken: number): Tensor {
  tokens = asTensor("mark padding", "tokens", tokens, "int32");
  dims(tokens, "B S");
  return tokens.notEqual(paddingToken);
}

/**
 * Marks the first positions of each sentence.
 *
 * @param lengths how many positions of each sentence hold something
 * @param S positions in a row of the batch
 * @returns true where something is, `[B, S]`
 * @throws {RangeError} if a length does not fit
 */
export function lengthMask(lengths: readonly number[], S: number): Tensor {
  checkSizes("mark positions", { S });
  checkList("mark positions", "lengths", lengths, "numbers", (length) => typeof length === "number");
  for (const length of lengths) {
    if (!(Number.isInteger(length) && 0 <= length && length <= S)) {
      throw new RangeError(`Cannot mark ${length} of ${S} positions: a length must be an integer in [0, ${S}]`);
    }
  }
  const ends = tensor(Int32Array.from(lengths), [lengths.length, 1]);
  return arange(S).unsqueeze(0).less(ends);
}

/**
 * Applies a mask of positions to keys, whoever asks.
 *
 * @example
 * ```ts
 * import { MultiHeadAttention, overKeys, paddingMask, Random } from "@heed/heed";
 *
 * const random = new Random(1), attention = new MultiHeadAttention(8, 2, random);
 * const mask = overKeys(paddingMask([[5, 6, 0], [7, 0, 0]], 0));
 * console.assert(String(attention.forward(random.normal([2, 3, 8]), { mask }).shape) === "2,3,8");
 * ```
 *
 * @param mask true where a position may be looked at, `[B, S]`
 * @returns the same, `[B, 1, 1, S]`, which broadcasts over heads and queries
 */
export function overKeys(mask: TensorLike<boolean>): Tensor {
  mask = asTensor("mask keys", "mask", mask, "bool");
  const { B, S } = dims(mask, "B S");
  return mask.reshape([B, 1, 1, S]);
}

/**
 * Lets every position see the prefix, and the later ones only what came before.
 *
 * @param T number of queries
 * @param prefixLengths length of the prefix of each sentence
 * @param S number of keys; as many as queries by default
 * @returns true where looking is allowed, `[B, 1, T, S]`
 * @throws {RangeError} if a prefix does not fit
 */
export function prefixMask(T: number, prefixLengths: readonly number[], S: number = T): Tensor {
  checkSizes("mask", { T, S });
  return overKeys(lengthMask(prefixLengths, S)).or(causalMask(T, S));
}

/** How far to either side a position sees. */
export interface Window {
  /** Positions before it; all by default. */
  readonly before?: number | undefined;
  /** Positions after it; all by default. */
  readonly after?: number | undefined;
}

const WINDOW: Checks<Window> = {
  before: numeric({ min: 0, max: Infinity }),
  after: numeric({ min: 0, max: Infinity }),
};

/**
 * Lets each position see its neighbourhood, a sliding window (滑动窗口).
 *
 * @param T number of queries
 * @param S number of keys
 * @param window how many positions before and after are seen
 * @returns true where looking is allowed, `[T, S]`
 * @throws {RangeError} if a distance is negative
 */
export function windowMask(
  T: number,
  S: number,
  window: Window,
): Tensor {
  checkOptions("see a window", window, WINDOW);
  checkSizes("see a window", { T, S });
  const { before = Infinity, after = Infinity } = window;
  // Distances beyond the sequence are all the same; clipped, they stay integers.
  const [nearest, farthest] = [-Math.min(Math.floor(before), T + S), Math.min(Math.floor(after), T + S)];
  const offset = arange(S).unsqueeze(0).sub(arange(S - T, S).unsqueeze(1));
  return offset.greaterEqual(nearest).and(offset.lessEqual(farthest));
}

/**
 * Allows what every mask allows.
 *
 * @param masks bool, broadcast against each other; `undefined` allows everything
 * @returns the intersection, or `undefined` if no mask was given
 */
export function combineMasks(...masks: readonly (TensorLike<boolean> | undefined)[]): Tensor | undefined {
  checkList("combine masks", "masks", masks, "tensors or lists", (mask) => mask === undefined || aMask.fits(mask));
  const beside = masks.find((mask) => mask instanceof Tensor) as Tensor | undefined;
  const all = masks.map((mask, i) => asOptionalTensor("combine masks", `masks[${i}]`, mask, "bool", beside));
  return all.reduce((both, mask) => both && mask ? both.and(mask) : both ?? mask, undefined);
}

// #region The masks of a sequence, for layers
// A model gives its layers what is forbidden: padding, a prefix, the future. Each attention takes one mask of pairs.

/** What a pass over a sequence forbids besides the future. */
export interface TextMasks {
  /** True for tokens, `[B, S]`, or pairs that may look, `[B, H, T, S]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Length of the prefix of each sequence, seen as a whole; there is none by default. */
  readonly prefix?: readonly number[] | undefined;
  /** Whether a position sees only itself and what came before; true by default. */
  readonly causal?: boolean | undefined;
  /** Position of each row's first token, below 0 for padding; after the caches by default. */
  readonly starts?: readonly number[] | undefined;
}

/** What each of {@linkcode TextMasks} may be. */
export const textMaskChecks: Checks<TextMasks> = {
  mask: aMask,
  prefix: list("a list of lengths", isLength),
  causal: flag,
  starts: startsCheck,
};

function isLength(length: number): boolean {
  return Number.isSafeInteger(length) && length >= 0;
}

/**
 * The masks of self-attention over a sequence, as the attention takes them.
 *
 * @param B number of sequences
 * @param T queries, the last positions of each sequence
 * @param S positions of the sequence, those in a cache included
 * @param masks mask of tokens or pairs, prefixes, whether the future is hidden
 * @returns whether every future is hidden, and a mask of pairs
 * @throws {TypeError} if there is a prefix where nothing is hidden
 * @throws {RangeError} if a prefix is longer than the sequence, or ends after what a cache holds of it
 */
export function textMask(B: number, T: number, S: number, masks: TextMasks): {
  readonly causal: boolean;
  readonly mask: Tensor | undefined;
} {
  checkOptions("mask a text", masks, textMaskChecks);
  checkSizes("mask a text", { B, T, S });
  const { prefix, causal = true, starts } = masks;
  const mask = asOptionalTensor("mask a text", "mask", masks.mask, "bool");
  if (mask?.rank === 2) dims(mask, "B S", { B, S });
  const tokens = starts && startMask(starts, T, S);
  const pairs = combineMasks(mask && overPairs(mask), tokens && overKeys(tokens));
  if (!prefix) return { causal, mask: pairs };
  if (!causal) throw new TypeError("Cannot mask a text with a prefix and causal = false: all see each other already");
  const cached = S - T, split = prefix.find((length) => cached > 0 && length > cached);
  if (split !== undefined) {
    throw new RangeError(
      `Cannot read a prefix of ${split} tokens in parts: ${cached} were read before and saw no more`,
    );
  }
  return { causal: false, mask: combineMasks(pairs, prefixMask(T, prefix, S)) };
}

/**
 * A mask of pairs as it is, a mask of keys for whoever asks.
 *
 * @param mask of keys, `[B, S]`, or of pairs
 * @returns `[B, 1, 1, S]`, or the mask itself
 */
export function overPairs(mask: TensorLike<boolean>): Tensor {
  mask = asTensor("mask pairs", "mask", mask, "bool");
  return mask.rank === 2 ? overKeys(mask) : mask;
}

/**
 * Refuses what does not fit the scores of an attention.
 *
 * @param name what it is
 * @param x a mask or a bias
 * @param B examples
 * @param H heads
 * @param T queries
 * @param S keys
 * @throws {TypeError} if it does not broadcast to the scores
 */
export function checkFitsScores(name: "mask" | "bias", x: Tensor, B: number, H: number, T: number, S: number): void {
  checkValue("attend", "name", name, oneOf(["mask", "bias"]));
  checkTensors("attend", { [name]: x });
  checkSizes("attend", { B, H, T, S });
  if (name === "bias" && x.dtype !== "float32") {
    throw new TypeError(
      `Cannot attend with a bias of ${x.dtype}: it is added to the scores and must be float32; what allows and forbids is a mask`,
    );
  }
  const { length } = x.shape, scores = [B, H, T, S];
  const fits = length <= 4 && x.shape.every((extent, i) => extent === 1 || extent === scores[4 - length + i]);
  if (fits) return;
  const hint = name === "mask" && sameShape(x.shape, [B, S])
    ? "; overKeys(mask) makes a mask of tokens, [B, S], one of keys, [B, 1, 1, S]"
    : "";
  throw new TypeError(
    `Cannot attend with a ${name} of shape ${format(x.shape)}: the scores are [B=${B}, H=${H}, T=${T}, S=${S}], ` +
      `and a ${name} must be [T, S], [B, H, T, S], or have 1 for what it is the same for${hint}`,
  );
}

// #endregion

/**
 * The same mask as numbers to be added to the scores.
 *
 * @param mask true where looking is allowed
 * @param penalty what a forbidden pair scores; `-Infinity` by default
 * @returns 0 where allowed, `penalty` elsewhere, of the shape of the mask
 */
export function additiveMask(mask: TensorLike<boolean>, penalty: number = -Infinity): Tensor {
  mask = asTensor("add a mask", "mask", mask, "bool");
  return zeros(mask.shape).where(mask, penalty);
}

// ## Where does the program mask step by step?
//
// **The notes, 003.45.** The mask hides the future in training too, but there are no steps. Row $t$ of the causal
// mask *is* what step $t$ may see, and one pass applies all rows.
// What a picture shows as an animation is the matrix, read row by row.

// ## In a model
//
// A window belongs to the architecture: the model is trained with it, and every attention of it has it,
// `attention: multiHead({ window: { before: 4095 } })`. Information travels further through several layers: with $L$
// layers a position depends on $L \cdot b$ positions before it. A prefix belongs to the sequence, so it is an argument of the call:
// `model.forward(tokens, { prefix: [12, 7] })`. With caches the whole prefix comes in the first call, since its
// positions see each other; afterwards it is the past, like any other. A mask of pairs may be given as well.
//
// A batch of prompts of different lengths is padded on the left, so that all prompts end at one position. `starts` says where each
// row's first token stands, so that its first word has position 0: `model.forward(padTokens(prompts, pad, { side: "left" }), { starts: [0, -2] })`.
// What stands at a position below 0 is padding, and is hidden. With caches it is the position of the first token of the call:
// after 5 tokens of the first row and 3 of the second one, `starts: [5, 3]`, and the two padding keys in the cache stay hidden. Every row comes out as it does
// alone; the test "DecoderOnly() reads left-padded rows as it reads them alone, for every kind of positions" says so.

// ## Pitfall: a mask with the opposite meaning
//
// PyTorch's `key_padding_mask` is true where a position is *forbidden*, its
// `scaled_dot_product_attention` reads true as *allowed*. A negated causal mask throws no error:
// it makes a model that sees only the future. The test "causalMask() hides the future, not the past"
// says which is which here.

// ## Exercise
//
// Combine a causal mask with a window of two positions before. How many layers does it take
// until position 10 can know about position 0? Check it: change token 0 and see which outputs move.
