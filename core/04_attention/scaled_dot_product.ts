/**
 * # Scaled dot-product attention
 *
 * **Question.** In attention each position of a sequence asks by a vector, its *query*. It is found by a second one, its *key*, and hands
 * over a third one, its *value* ([chapter](mod.ts)). How well does a query match a key? The first answer was
 * additive attention (加性注意力): a network with one hidden layer (multi-layer perceptron, 多层感知机) reads both
 * vectors and returns a score, once for every pair of positions (its formula is [below](#what-the-output-means)). Can one matrix product compare all pairs
 * instead?
 *
 * **Idea.** Queries and keys are vectors of the same space (vector space, 向量空间). Their dot product (点积) is the score: it
 * is large where both point the same way (similarity, 相似度), 0 where they are perpendicular, and negative where they point in
 * opposite directions. At a fixed angle its absolute value grows with their lengths. A [softmax](../02_words/softmax.ts) turns the scores of a query (attention scores, 注意力分数) into positive weights with
 * the sum one (attention weights, 注意力权重). Each key has a value, and the output is the average of the values by these weights (attention pooling, 注意力汇聚).
 *
 * ```picture attention_by_hand The example worked below. Left: the query of 苹果 and three keys; the dot product is largest for the key of
 * 喜欢. Middle: the scores, divided by √2, become weights. Right: the output lies between the values, nearest to the one of the largest weight.
 * ```
 *
 * **By hand.** Three words, 我 喜欢 苹果 (*I like apples*), in two dimensions. A model computes queries, keys and values
 * from the vectors of the words ([section](self_and_cross.ts)); here they are chosen. The query of 苹果 is (1, 1). The keys are (0, 1),
 * (2, 1) and (2, 0), so the scores are 0 + 1 = 1, 2 + 1 = 3 and 2 + 0 = 2. The width is 2. Divided by its square root, 1.414, they are 0.707,
 * 2.121 and 1.414. Their exponentials, powers of $e$, are 2.028, 8.342 and 4.113, with the sum 14.484. Each exponential divided by the sum is a weight: 0.140, 0.576
 * and 0.284. The values are (1, 0), (0, 2) and (2, 1). The output is 0.140 · (1, 0) + 0.576 · (0, 2) + 0.284 · (2, 1) =
 * (0.708, 1.436).
 *
 * ```ts
 * import { plainAttention } from "@heed/heed/attention";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 *
 * const query = tensor([[1, 1]]);
 * const key = tensor([[0, 1], [2, 1], [2, 0]]);
 * const value = tensor([[1, 0], [0, 2], [2, 1]]);
 *
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * const scores = query.matmul(key.transpose(0, 1));
 * const exponentials = scores.div(Math.sqrt(2)).exp();
 * await print("scores      ", scores);
 * await print("divided     ", scores.div(Math.sqrt(2)));
 * await print("exponentials", exponentials);
 * await print("their sum   ", exponentials.sum());
 * await print("weights     ", exponentials.div(exponentials.sum()));
 * await print("output      ", plainAttention(query, key, value));
 * ```
 *
 * ```text
 * scores       1.000 3.000 2.000
 * divided      0.707 2.121 1.414
 * exponentials 2.028 8.342 4.113
 * their sum    14.484
 * weights      0.140 0.576 0.284
 * output       0.708 1.436
 * ```
 *
 * **Formula.** With the queries $Q$, keys $K$ and values $V$ stacked by row, and $d$ the width
 * of a query and of a key,
 *
 * $$Z = \frac{QK^\top}{\sqrt{d}}, \qquad A = \mathrm{softmax}(Z), \qquad O = AV$$
 *
 * | symbol       | in code   | shape      |
 * | ------------ | --------- | ---------- |
 * | $Q$          | `query`   | `[T, D]`   |
 * | $K$          | `key`     | `[S, D]`   |
 * | $V$          | `value`   | `[S, W]`   |
 * | $d$          | `D`       | one number |
 * | $1/\sqrt{d}$ | `scale`   | one number |
 * | $Z$          | `scores`  | `[T, S]`   |
 * | $A$          | `weights` | `[T, S]`   |
 * | $O$          | `output`  | `[T, W]`   |
 *
 * `[T, D]` is a matrix of T rows and D columns. T counts the positions that ask, S those that are asked. The softmax is taken of each row of
 * $Z$. The width W of a value is D in most models.
 *
 * ```picture attention_matrices The same as matrices, for all three queries. The last row is the one worked by hand. No row of $A$ needs another
 * row, so all of them are computed at once.
 * ```
 *
 * **Why the square root.** Let the coordinates of query and key be independent, with mean 0 and variance 1. Each product of two
 * coordinates has mean 0 and, since $E[q^2 k^2] = E[q^2]\, E[k^2] = 1$, variance 1. A dot product is a sum of $d$ of them: its variance is $d$, its standard deviation
 * $\sqrt{d}$. The wider the vectors, the farther apart the scores, and a softmax of scores that are far apart is almost one-hot:
 * one weight near 1, the others near 0. The [derivative](../02_words/softmax.ts) of a weight $p$ by its own score, $p(1-p)$, is almost 0 there. The factor $1/\sqrt{d}$ returns the variance to 1 at any width.
 *
 * **Why not the distance.** A key could also match a query because it is near. A Gaussian kernel weighs a key $k$ by its distance from the
 * query $q$: $e^{-\lVert q - k \rVert^2/2}$. The exponent is $q^\top k - \lVert q \rVert^2/2 - \lVert k \rVert^2/2$. The term of the query is the same
 * for all its keys: as a factor of every exponential it cancels in the softmax. That of the keys
 * cancels as well, if they all have the same length. The dot product is what is left.
 *
 * Sources: Vaswani et al. 2017, *Attention Is All You Need*, §3.2.1 (scaled dot product); Bahdanau, Cho and Bengio 2015, *Neural
 * Machine Translation by Jointly Learning to Align and Translate* (additive); Luong, Pham and Manning 2015, *Effective Approaches to
 * Attention-based Neural Machine Translation* (dot product); Zhang, Lipton, Li and Smola 2023, *Dive into Deep Learning*, §11.3 (from the
 * Gaussian kernel); Yang et al. 2022, *Tensor Programs V: Tuning Large Neural Networks via
 * Zero-Shot Hyperparameter Transfer* (division by $d$); Jain and Wallace 2019, *Attention is not Explanation*; Radford, Narasimhan, Salimans and
 * Sutskever 2018, *Improving Language Understanding by Generative Pre-Training* (GPT, which drops weights at a rate of 0.1).
 *
 * @module
 */

import { requireFloat } from "../engine/refusals.ts";
import { compareAllowed, sumAllowed } from "../engine/allowed.ts";
import { aMask, aTensorLike, checkTensors } from "../engine/arguments.ts";
import { zeros } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { fusable } from "../engine/fusable.ts";
import { concat } from "../engine/joining.ts";
import { checkOptions, type Checks, checkValue, flag, numeric } from "../engine/options.ts";
import { asOptionalTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { dims } from "../engine/shape.ts";
import { softmax } from "../02_words/softmax.ts";
import { causalMask, checkFitsScores, combineMasks } from "./masks.ts";

/**
 * Mixes the rows of `value` by how well each `query` matches each `key`.
 *
 * The formula line by line. {@linkcode scaledDotProductAttention} computes the same for many heads, which are attentions side by side.
 *
 * @param query what each position looks for, `[T, D]`
 * @param key what each position can be found by, `[S, D]`
 * @param value what each position hands over when found, `[S, W]`
 * @param mask true where looking is allowed, bool `[T, S]`; everywhere by default
 * @returns one mixed value per query, `[T, W]`
 * @throws {TypeError} if the shapes disagree
 */
export function plainAttention(query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor {
  const { D } = checkPlain(query, key, value, mask);

  // $1/\sqrt{d}$: what returns the variance of a dot product of $d$ terms to 1.
  const scale = 1 / Math.sqrt(D);

  // $Z$: row $t$ holds the scores of query $t$, one for each key.
  const scores = query.matmul(key.transpose(0, 1)).mul(scale); // [T, S]

  // A forbidden pair gets the score $-\infty$ before the softmax, since $e^{-\infty} = 0$.
  const allowed = mask ? scores.where(mask, -Infinity) : scores;

  // $A$: no weight is negative, and each row sums to one; where all is forbidden, to zero.
  const weights = softmax(allowed);

  // $O$: row $t$ is an average of the values, so it lies between them.
  const output = weights.matmul(value); // [T, W]
  return output;
}

// ## A map of the weights
//
// The weights $A$ of a trained model can be drawn (attention map) [注意力图]: a row for each query, a column for each key. Every row sums to one,
// since each query has one unit of weight to give. A column sums to anything: a key may serve many queries, or none.
//
// ```picture attention_map One head of a small trained translator, that is, one of the attentions that it computes side by side, while it translates 我喜欢吃苹果. Each row is a step of the translation: it
// reads the word before the arrow and writes the word behind it; BEGIN is a token that stands before the first word. Each column is a token of the sentence, or its END. The darker, the larger the weight.
// ```
//
// The step that writes *like* looks at 喜欢, the step that writes *apples* at the two tokens of 苹果. Other rows divide their weight, as the one that
// writes *eat* does. A map says from where this head takes values. It does not say why a word was written: other heads and layers take part, and
// other weights can lead to the same word (Jain and Wallace 2019).

// ## Vanishing or exploding
//
// **The notes, 001.17, 002.20 and 004.73.** They give three reasons: the gradient would vanish or explode, it would vanish, it would explode. For the variance $d$, coordinates
// that are independent, with mean 0 and variance 1, are enough; that they are normally distributed is neither needed nor enough. The
// [experiment](experiments/scaled_dot_product.ts) measures the gradient of each query: both happen, to different queries. The median
// vanishes, the largest explodes. The first statement is right, and each of the others tells one half.

// ## What the output means
//
// The output of a position is a *context vector* (上下文向量): a weighted average [加权平均] of the values. That is a weighted sum (加权求和) whose weights sum to
// one, and this position chose them. No output waits for another output, so all of them are computed at once.
// (The *context* of [section](self_and_cross.ts) is something else: not what comes out, but the sequence that is asked.)
//
// **The notes, 004.57.** There is one context vector for each query, not one for the sentence. It is a sum of values by their
// weights, not of scores.
//
// **The notes, 001.16.** It holds for vectors of equal length. A dot product is the cosine of the angle *times both lengths*:
// a key of twice the length scores twice as much at the same angle.
//
// **The notes, 003.29.** Refuted. Regularization adds a penalty on the weights of a model, or noise to its training. The
// division does neither. It is a constant temperature ([softmax](../02_words/softmax.ts)).
//
// **The notes, 003.30.** A slip of the pen: the scores are products of a query with *keys*. A product of a query with itself would
// say nothing of other positions.
//
// **The notes, 002.19.** It holds. An additive score is $a^\top \tanh(M_1 q + M_2 k)$, with learned matrices $M_1$, $M_2$ and a learned vector $a$: with D hidden units it needs D values of tanh for each of the $TS$ pairs,
// $TSD$ of them, and stores as many numbers. The product needs $TSD$ multiply-adds inside one `matmul` (matrix multiplication, 矩阵乘法),
// the operation that processors do best, and stores $TS$. Vaswani et al. add that for wide keys the additive score is the better one unless the product is scaled.

// ## Dropout of the weights
//
// In training some models set attention weights to zero at random ([dropout](../engine/dropout.ts)), with a probability called the rate, and multiply the
// others by $1/(1 - \mathrm{rate})$. A query then cannot rely on one key alone. A row no longer sums to one, but on average it does.
// Vaswani et al. 2017 do not speak of it; their own program, *tensor2tensor*, does it, and so does GPT (Radford et al. 2018).
//
// The functions of this page have no such option. They are functions of their inputs alone: they own no generator of random numbers, and do
// not know whether a model is in training. A layer knows both. `MultiHeadAttention` with the option `dropout` ([section](multi_head.ts))
// computes the weights first, drops some of them, and averages the values by the rest:
//
// ```ts
// import { attentionWeights, weightedValues } from "@heed/heed/attention";
// import { dropout, Random, type Tensor, tensor } from "@heed/heed/engine";
//
// const query = tensor([[[[1, 1]]]]), key = tensor([[[[0, 1], [2, 1], [2, 0]]]]), value = tensor([[[[1, 0], [0, 2], [2, 1]]]]);
// const print = async (name: string, x: Tensor) =>
//   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
//
// const weights = attentionWeights(query, key), random = new Random(1);
// await print("weights      ", weights);
// for (const name of ["dropped once ", "dropped again"]) {
//   const dropped = dropout(weights, 0.5, random);
//   await print(name, dropped);
//   await print("output       ", weightedValues(dropped, value));
// }
// const N = 20_000, many = dropout(weights.expand([N, 1, 1, 3]), 0.5, random);
// await print("mean of many ", weightedValues(many, value.expand([N, 1, 3, 2])).mean(0));
// await print("not dropped  ", weightedValues(weights, value));
// ```
//
// ```text
// weights       0.140 0.576 0.284
// dropped once  0.280 1.152 0.000
// output        0.280 2.304
// dropped again 0.000 1.152 0.568
// output        1.136 2.872
// mean of many  0.717 1.430
// not dropped   0.708 1.436
// ```

// ## The library's function
//
// A model computes B examples with H heads each ([section](multi_head.ts)) in one call. The steps are those above. Options are a mask,
// the causal mask ([section](masks.ts)), and a bias: a number that is added to each score before the softmax. `fusable` names the steps: a device that has one fast program for all of them
// (a kernel, in another sense than that of Gauss) runs it, every other device runs the steps ([how](../engine/fusable.ts)). `compareAllowed` and `sumAllowed` are `matmul`, except that what
// is forbidden cannot pass NaN on ([how](../engine/allowed.ts)). The test "plainAttention() is scaledDotProductAttention() for one
// head" checks that both forms give the same numbers.

/**
 * Mixes the rows of `value` by how well each `query` matches each `key`.
 *
 * Takes $O(TSD)$ time and, as spelled out here, $O(TS)$ memory. A query that may look nowhere
 * yields zeros and passes no gradient back. A key that a query may not look at does not change its
 * output, even if it holds NaN, and gets no gradient from it. Where heads share keys and values, `G` groups
 * for `H` heads, head `h` reads group `⌊h / (H / G)⌋`.
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
  if (W !== D) return inOneWidth(query, key, value, { ...read, scale });
  if (read.softCap !== undefined) return weightedValues(attentionWeights(query, key, read), value);

  return fusable("attention", [query, key, value, mask, bias], { causal, scale }, () => {
    const weights = attentionWeights(query, key, read);

    // $O$: an average of values, so it lies between them.
    const output = sumAllowed(weights, shareAmong(value, H), allowedPairs(T, S, read));
    return output;
  });
}

/**
 * The weights by which each query mixes the values: what attention maps show.
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

  // $Z$: one score for each (query, key) pair, of variance 1 where both are independent.
  let scores = compareAllowed(query, shareAmong(key, H).transpose(-2, -1), allowed).mul(scale);
  if (read.softCap !== undefined) scores = softCap(scores, read.softCap);
  if (bias) scores = scores.add(bias);

  // A forbidden pair scores $-\infty$ *before* normalizing, so it weighs 0.
  if (allowed) scores = scores.where(allowed, -Infinity);

  // $A$: the scores of a row become weights that sum to one.
  return softmax(scores);
}

// ## Scores with a bound
//
// A score may be as large as query and key are long, and the softmax of one very large score is one weight of 1: no gradient comes back through it. Gemma 2 bends every score towards a bound $c$ (soft-capping), as $c \tanh(z/c)$: small scores stay what they are, and none passes
// $c$. The bend comes before the mask, since $-\infty$ would come out of it as $-c$. No kernel has it, so a layer with `softCap` runs the steps above. Sources: Bello et al. 2016, *Neural Combinatorial Optimization with Reinforcement Learning*; Gemma Team 2024, *Gemma 2: Improving Open Language Models at a Practical Size*.

/**
 * Bends numbers towards a bound that none of them passes.
 *
 * @param x numbers of any shape
 * @param bound above 0
 * @returns $c \tanh(x / c)$, of the same shape
 * @throws {RangeError} if the bound is not above 0
 */
export function softCap(x: Tensor, bound: number): Tensor {
  checkTensors("cap", { x });
  checkValue("cap", "bound", bound, numeric({ above: 0 }));
  return x.div(bound).tanh().mul(bound);
}

// #region Weights that are given, groups of heads, values of another width
// With dropout, or where the map of each head is asked for, the weights are computed first, and the values are mixed by them afterwards. Grouped heads share keys and values
// ([section](multi_head.ts)). Kernels have one width for keys and values; zeros fill the narrower ones up.

/**
 * Mixes the values by given weights: {@linkcode attentionWeights}, some of them dropped.
 *
 * Nothing of a value whose weight is 0 reaches the result, or comes back from it, not even NaN.
 *
 * @param weights of each query, `[B, H, T, S]`
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

/** Repeats each group for the heads that read it: `[B, G, S, D]` to `[B, H, S, D]`. */
function shareAmong(x: Tensor, H: number): Tensor {
  const { B, G, S, D } = dims(x, "B G S D");
  if (G === H) return x;
  return x.unsqueeze(2).expand([B, G, H / G, S, D]).reshape([B, H, S, D]);
}

/** The same for values of another width: zeros change no dot product, and those of the values are cut off again. */
function inOneWidth(query: Tensor, key: Tensor, value: Tensor, options: ReadOptions): Tensor {
  const W = value.shape.at(-1)!, width = Math.max(query.shape.at(-1)!, W);
  const [q, k, v] = [query, key, value].map((x) => widened(x, width));
  return scaledDotProductAttention(q!, k!, v!, options).slice(-1, 0, W);
}

/** Fills the last axis up with zeros: `[B, H, T, D]` to `[B, H, T, width]`. */
function widened(x: Tensor, width: number): Tensor {
  const { B, H, T, D } = dims(x, "B H T D");
  return D === width ? x : concat([x, withBackend(x.device, () => zeros([B, H, T, width - D]))], -1);
}
// #endregion

// #region Options, and checks at the door
// Options and shapes are checked before anything is computed. Errors say which axis disagrees.

/** Who may look at whom, and what is added to the scores. */
export interface AttentionOptions {
  /** True where looking is allowed, bool, broadcast to `[B, H, T, S]`; everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Added to the scores, `-Infinity` forbids, broadcast to `[B, H, T, S]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** Whether query `t` sees keys up to `t + S − T`, so the last sees all; false by default. */
  readonly causal?: boolean | undefined;
  /** Factor of the dot products; `1 / √D` by default. */
  readonly scale?: number | undefined;
  /** Bound that scores are bent towards before bias and mask; none by default. */
  readonly softCap?: number | undefined;
}

const ATTENTION: Checks<AttentionOptions> = {
  mask: aMask,
  bias: aTensorLike,
  causal: flag,
  scale: numeric(),
  softCap: numeric({ above: 0 }),
};

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

function checkShapes(
  query: Tensor,
  key: Tensor,
  { mask, bias }: ReadOptions,
): Record<"B" | "H" | "G" | "T" | "S" | "D", number> {
  for (const input of [query, key]) requireFloat("attention", input);
  const { B, H, T, D } = dims(query, "B H T D");
  const { G, S } = dims(key, "B G S D", { B, D });
  requireGroups(H, G);
  requireBool(mask);
  for (const [name, x] of [["mask", mask], ["bias", bias]] as const) {
    if (x) checkFitsScores(name, x, B, H, T, S);
  }
  return { B, H, G, T, S, D };
}

function checkPlain(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | undefined,
): { readonly D: number } {
  const { T, D } = dims(query, "T D"), { S } = dims(key, "S D", { D });
  dims(value, "S W", { S });
  for (const input of [query, key, value]) requireFloat("attention", input);
  if (mask !== undefined) dims(mask, "T S", { T, S });
  requireBool(mask);
  return { D };
}

function requireBool(mask: Tensor | undefined): void {
  if (mask && mask.dtype !== "bool") {
    throw new TypeError(`Cannot mask with ${mask.dtype}: a mask must be bool, true where looking is allowed`);
  }
}
// #endregion

// ## Pitfall: masking after the softmax
//
// A mask forbids some keys ([section](masks.ts)). Setting their `weights` to zero after the softmax does not hide them: their scores
// stay in the denominator of all other weights. The larger a forbidden score, the less weight is left for the others. The output depends
// on what must not be seen, and the row no longer sums to one. Try it, and watch the
// test "attentionWeights() spends exactly one unit of weight per query" fail.

// ## Pitfall: the softmax of a column
//
// A softmax along the wrong axis makes the *columns* sum to one: keys choose queries. No shape
// shows it, since a softmax leaves the shape as it is. The test "attentionWeights() spends exactly one unit of weight per query" fails for it.

// ## Pitfall: a finite stand-in for minus infinity
//
// Take a row in which everything is forbidden. If $-10000$ *replaces* its scores, all of them are equal, and the softmax spreads the unit
// evenly over what must not be seen. If $-10000$ is *added*, the row keeps its weights as if nothing were forbidden. The test
// "scaledDotProductAttention() yields zeros where nothing is allowed" fails for both.

// ## Exercise
//
// Set `scale` to 1 and draw queries and keys from the standard normal distribution, ten keys for
// each query. The entropy of a row of weights is $-\sum_s A_{ts} \log A_{ts}$, with natural logarithms:
// $\log 10$ if all ten are equal, 0 if one of them is 1. Of the widths 64, 256 and 1024, which is the
// first whose mean entropy is below 0.1? What is it with the default scale?
//
// **Hint.** Give every query keys of its own: a batch of 2000 examples with one query each, `[2000, 1, 1, D]`, and keys
// `[2000, 1, 10, D]`. A weight of 0 adds nothing to the entropy, but its logarithm is $-\infty$: `weights.maximum(1e-30).log()`.
//
// **Solution.** Width 1024. The scores of two keys differ by about $\sqrt{2d}$, so one weight is almost always almost 1; at the default
// scale the entropy is the same at every width.
//
// ```ts
// import { attentionWeights } from "@heed/heed/attention";
// import { Random } from "@heed/heed/engine";
//
// const random = new Random(1);
// for (const width of [64, 256, 1024]) {
//   const query = random.normal([2000, 1, 1, width]), key = random.normal([2000, 1, 10, width]);
//   for (const scale of [1, 1 / Math.sqrt(width)]) {
//     const weights = attentionWeights(query, key, { scale });
//     const entropy = weights.mul(weights.maximum(1e-30).log()).sum(-1).neg().mean();
//     console.log(`width ${width}, scale ${scale.toFixed(3)}: ${(await entropy.item()).toFixed(2)}`);
//   }
// }
// ```
//
// ```text
// width 64, scale 1.000: 0.35
// width 64, scale 0.125: 1.93
// width 256, scale 1.000: 0.16
// width 256, scale 0.063: 1.92
// width 1024, scale 1.000: 0.08
// width 1024, scale 0.031: 1.93
// ```
