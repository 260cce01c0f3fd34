/**
 * # Scaled dot-product attention
 *
 * **Question.** How well does a query match a key? The first answer was additive attention
 * (加性注意力): a network of one hidden layer (multi-layer perceptron, 多层感知机) reads both vectors and
 * returns a score, once for every pair of positions. Can one matrix product compare all pairs
 * instead?
 *
 * **Idea.** Let queries and keys live in the same vector space (向量空间) and let their dot product (点积)
 * say how well they match (similarity, 相似度): it is large where the two point the same way. All pairs
 * then fit in a single matrix product (矩阵乘法), `matmul`, the operation that every machine does best. A
 * [softmax](../02_words/softmax.ts) turns each row of attention scores (注意力分数) into attention weights
 * (注意力权重), and the weights mix the values: attention pooling (注意力汇聚).
 *
 * **Formula.** With the queries $Q$, keys $K$ and values $V$ stacked by row, and $d$ the width
 * of a query and of a key,
 *
 * $$Z = \frac{QK^\top}{\sqrt{d}}, \qquad A = \mathrm{softmax}(Z), \qquad O = AV$$
 *
 * | symbol       | in code   | shape          |
 * | ------------ | --------- | -------------- |
 * | $Q$          | `query`   | `[B, H, T, D]` |
 * | $K$          | `key`     | `[B, G, S, D]` |
 * | $V$          | `value`   | `[B, G, S, W]` |
 * | $d$          | `D`       | one number     |
 * | $1/\sqrt{d}$ | `scale`   | one number     |
 * | $Z$          | `scores`  | `[B, H, T, S]` |
 * | $A$          | `weights` | `[B, H, T, S]` |
 * | $O$          | `output`  | `[B, H, T, W]` |
 *
 * In the shapes, B counts independent examples, and H and G count heads and groups of heads, which
 * come in [section](multi_head.ts). For one example and one head, read $Q$ as `[T, D]`, $K$ as
 * `[S, D]` and $V$ as `[S, W]`, where the width W of a value is mostly D as well.
 *
 * **Why the square root.** The variance of numbers is the mean squared distance from their mean. A dot
 * product of $d$ independent terms of mean 0 and variance 1 has variance $d$: the wider the vectors, the
 * farther apart the scores. Unscaled, wide vectors start with almost one-hot weights, and the softmax
 * passes hardly any gradient back: its [derivative](../02_words/softmax.ts) $p(1-p)$ is 0 at both ends.
 * The factor $1/\sqrt{d}$ returns the variance to 1 whatever the width.
 *
 * **What the notes ask: why multiplicative (乘性注意力) and not additive?** Both learn. The additive
 * score needs a tanh for each pair *and* each hidden unit, $TSD$ of them, and stores as many
 * numbers. The product needs $TSD$ multiply-adds inside one `matmul`, and stores $TS$.
 *
 * Source: Vaswani et al. 2017, *Attention Is All You Need*, §3.2.1.
 *
 * @module
 */

import { requireFloat } from "../engine/refusals.ts";
import { compareAllowed, sumAllowed } from "../engine/allowed.ts";
import { aMask, aTensorLike } from "../engine/arguments.ts";
import { zeros } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { fusable } from "../engine/fusable.ts";
import { concat } from "../engine/joining.ts";
import { checkOptions, type Checks, flag, numeric } from "../engine/options.ts";
import { asOptionalTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { dims } from "../engine/shape.ts";
import { softmax } from "../02_words/softmax.ts";
import { causalMask, checkFitsScores, combineMasks } from "./masks.ts";

/** Who may look at whom, and with what handicap. */
export interface AttentionOptions {
  /** True where looking is allowed, bool, broadcast to `[B, H, T, S]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Added to the scores, `-Infinity` forbids, broadcast to `[B, H, T, S]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** Whether query `t` sees only keys up to `t + S − T`, the last one all; false by default. */
  readonly causal?: boolean | undefined;
  /** Factor of the dot products; `1 / √D` by default. */
  readonly scale?: number | undefined;
}

/**
 * Mixes the rows of `value` by how well each `query` matches each `key`.
 *
 * Takes $O(TSD)$ time and, as spelled out here, $O(TS)$ memory. A query that may look nowhere
 * yields zeros and passes no gradient back. Nothing of a key that a query may not look at reaches it, or comes
 * back from it, not even NaN. With fewer groups than heads, head `h` reads
 * group `⌊h / (H / G)⌋`.
 *
 * @example
 * ```ts
 * import { scaledDotProductAttention, tensor } from "@heed/heed";
 *
 * // One query, two keys: the first matches far better, so its value is what comes out.
 * const query = tensor([[[[10, 0]]]]);
 * const key = tensor([[[[10, 0], [0, 10]]]]);
 * const value = tensor([[[[1, 2], [3, 4]]]]);
 * const output = await scaledDotProductAttention(query, key, value).read();
 * console.assert(output[0] === 1 && output[1] === 2);
 * ```
 *
 * @param query what each position looks for, `[B, H, T, D]`
 * @param key what each position can be found by, `[B, G, S, D]`
 * @param value what each position hands over when found, `[B, G, S, W]`, mostly with W = D
 * @param options mask, bias, causality and scale
 * @returns one mixed value per query, `[B, H, T, W]`
 * @throws {TypeError} if the shapes disagree or the mask is not boolean
 * @throws {RangeError} if the scale is not a finite number
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const read = readOptions(query, options), { B, H, G, T, S, D } = checkShapes(query, key, read);
  const { W } = dims(value, "B G S W", { B, G, S });
  const { mask, bias, causal = false, scale = 1 / Math.sqrt(D) } = read;
  if (W !== D) {
    // Kernels have one width. Zeros change no dot product, and those of the values are cut off again.
    const [q, k, v] = [query, key, value].map((x) => widened(x, Math.max(D, W)));
    return scaledDotProductAttention(q!, k!, v!, { ...read, scale }).slice(-1, 0, W);
  }

  return fusable("attention", [query, key, value, mask, bias], { causal, scale }, () => {
    const weights = attentionWeights(query, key, read);

    // $O$: an average of values, so it never leaves their convex hull.
    const output = sumAllowed(weights, shareAmong(value, H), allowedPairs(T, S, read));
    return output;
  });
}

/**
 * The weights with which each query mixes the values: what attention maps show.
 *
 * @param query what each position looks for, `[B, H, T, D]`
 * @param key what each position can be found by, `[B, G, S, D]`
 * @param options mask, bias, causality and scale
 * @returns rows that sum to one, or to zero where nothing is allowed, `[B, H, T, S]`
 * @throws {TypeError} if the shapes disagree or the mask is not boolean
 * @throws {RangeError} if the scale is not a finite number
 */
export function attentionWeights(query: Tensor, key: Tensor, options: AttentionOptions = {}): Tensor {
  const read = readOptions(query, options), { H, T, S, D } = checkShapes(query, key, read);
  const { bias, scale = 1 / Math.sqrt(D) } = read, allowed = allowedPairs(T, S, read);

  // $Z$: one score for each (query, key) pair, kept at unit variance.
  let scores = compareAllowed(query, shareAmong(key, H).transpose(-2, -1), allowed).mul(scale);
  if (bias) scores = scores.add(bias);

  // A forbidden pair scores $-\infty$ *before* normalizing, so it weighs 0.
  if (allowed) scores = scores.where(allowed, -Infinity);

  // $A$: the scores of a row become shares that sum to one.
  return softmax(scores);
}

/**
 * Mixes the values in given shares: {@linkcode attentionWeights}, some of them dropped.
 *
 * Nothing of a value whose share is 0 reaches the result, or comes back from it, not even NaN.
 *
 * @param weights those of each query, `[B, H, T, S]`
 * @param value what each position hands over, `[B, G, S, W]`
 * @returns one mixed value per query, `[B, H, T, W]`
 * @throws {TypeError} if the shapes disagree
 */
export function weightedValues(weights: Tensor, value: Tensor): Tensor {
  const { B, H, S } = dims(weights, "B H T S"), { G } = dims(value, "B G S W", { B, S });
  for (const input of [weights, value]) requireFloat("attention", input);
  requireGroups(H, G);
  return sumAllowed(weights, shareAmong(value, H), weights.detach().notEqual(0));
}

/** Where mask, causality and bias allow looking; undefined where none of them is given. */
function allowedPairs(T: number, S: number, { mask, bias, causal }: ReadOptions): Tensor | undefined {
  return combineMasks(mask, causal ? causalMask(T, S) : undefined, bias?.detach().notEqual(-Infinity));
}

/** Refuses groups that do not divide the heads. */
function requireGroups(H: number, G: number): void {
  if (G === 0 ? H !== 0 : H % G !== 0) {
    throw new TypeError(`Cannot share ${G} groups of keys among ${H} heads: the groups must divide the heads`);
  }
}

/** Repeats each group for the heads that read it: `[B, G, S, D]` to `[B, H, S, D]`. */
function shareAmong(x: Tensor, H: number): Tensor {
  const { B, G, S, D } = dims(x, "B G S D");
  if (G === H) return x;
  return x.unsqueeze(2).expand([B, G, H / G, S, D]).reshape([B, H, S, D]);
}

/** Fills the last axis up with zeros: `[B, H, T, D]` to `[B, H, T, width]`. */
function widened(x: Tensor, width: number): Tensor {
  const { B, H, T, D } = dims(x, "B H T D");
  return D === width ? x : concat([x, withBackend(x.device, () => zeros([B, H, T, width - D]))], -1);
}

const ATTENTION: Checks<AttentionOptions> = { mask: aMask, bias: aTensorLike, causal: flag, scale: numeric() };

/** Options whose mask and bias are tensors. */
interface ReadOptions extends AttentionOptions {
  readonly mask: Tensor | undefined;
  readonly bias: Tensor | undefined;
}

function readOptions(query: Tensor, options: AttentionOptions): ReadOptions {
  checkOptions("attend", options, ATTENTION);
  const mask = asOptionalTensor("attend", "mask", options.mask, "bool", query);
  return { ...options, mask, bias: asOptionalTensor("attend", "bias", options.bias, "float32", query) };
}

function checkShapes(
  query: Tensor,
  key: Tensor,
  { mask, bias }: ReadOptions,
): Record<"B" | "H" | "G" | "T" | "S" | "D", number> {
  for (const input of [query, key]) requireFloat("attention", input);
  const { B, H, T, D } = dims(query, "B H T D");
  const { G, S } = dims(key, "B G S D", { B, D });
  requireGroups(H, G);
  if (mask && mask.dtype !== "bool") {
    throw new TypeError(`Cannot mask with ${mask.dtype}: a mask must be bool, true where looking is allowed`);
  }
  for (const [name, x] of [["mask", mask], ["bias", bias]] as const) {
    if (x) checkFitsScores(name, x, B, H, T, S);
  }
  return { B, H, G, T, S, D };
}

// ## What the output means
//
// The output of a position is a *context vector* (上下文向量): a weighted average (加权求和) of the
// values, with weights that this position chose. Nothing in the formula says how many positions
// there are, and no step depends on another, so all of them are computed at once. (The *context* of
// [section](self_and_cross.ts) is something else: not what comes out, but the sequence that is asked.)

// ## Pitfall: masking after the softmax
//
// A mask forbids some keys ([section](masks.ts)). Zeroing `weights` instead of `scores` hides what is
// forbidden, such as the future, but loses its weight: rows no longer sum to one. Try it, and watch
// the test "attentionWeights() spends exactly one unit of weight per query" fail.

// ## Pitfall: a finite stand-in for minus infinity
//
// With $-10000$ in the place of $-\infty$ all scores of a row in which everything is forbidden
// are equal, and the softmax spreads the unit evenly over what must not be seen. The test
// "scaledDotProductAttention() yields zeros where nothing is allowed" fails for it.

// ## Exercise
//
// Set `scale` to 1 and draw queries and keys from the standard normal distribution, ten keys for
// each query. The entropy of a row of weights is $-\sum_s A_{ts} \log A_{ts}$, with natural logarithms:
// $\log 10$ if all ten are equal, 0 if one of them is 1. Of the widths 64, 256 and 1024, which is the
// first whose mean entropy is below 0.1? What is it with the default scale?
