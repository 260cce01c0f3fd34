/**
 * # Softmax: from scores to probabilities
 *
 * **Question.** A classifier gives one score (得分) to each class, of any sign and size. How do
 * scores become probabilities: positive numbers whose sum is one?
 *
 * **Idea.** Raise $e$ to each score. Every result is positive, and equal differences of scores become equal ratios. Then
 * divide by the total (normalization, 归一化). The function is
 * called *softmax*, a soft maximum: the largest score gets the largest probability, and the others keep
 * some.
 *
 * ```picture softmax_by_hand The example worked below. Left: three scores. Middle: $e$ to the power of each, after the largest score was subtracted. Right: each of
 * these divided by their total.
 * ```
 *
 * **By hand.** A classifier gives a review the scores 2 for *good*, 1 for *fair* and −1 for *bad*. The powers of $e$ are 7.389, 2.718 and 0.368, with
 * the total 10.475. Each divided by the total is a probability, rounded to 0.705, 0.259 and 0.035. The class *good* scores 1 above *fair*, and is $e$ = 2.718 times
 * as probable. Subtract the largest score, 2, from all of them first: 0, −1 and −3. The powers are 1, 0.368 and 0.050, with the total 1.418. All of them
 * became $e^2$ = 7.389 times smaller, and the probabilities are the same. Their logarithms need no division: 0 − log 1.418 = −0.349, then −1.349 and
 * −3.349.
 *
 * ```ts
 * import { logSoftmax, softmax } from "@heed/heed/words";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 *
 * const scores = tensor([2, 1, -1]);
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * for (const shifted of [scores, scores.sub(2)]) {
 *   await print("shifted      ", shifted);
 *   await print("powers       ", shifted.exp());
 *   await print("total        ", shifted.exp().sum());
 *   await print("probabilities", shifted.exp().div(shifted.exp().sum()));
 * }
 * await print("softmax()    ", softmax(scores));
 * await print("logSoftmax() ", logSoftmax(scores));
 * ```
 *
 * ```text
 * shifted       2.000 1.000 -1.000
 * powers        7.389 2.718 0.368
 * total         10.475
 * probabilities 0.705 0.259 0.035
 * shifted       0.000 -1.000 -3.000
 * powers        1.000 0.368 0.050
 * total         1.418
 * probabilities 0.705 0.259 0.035
 * softmax()     0.705 0.259 0.035
 * logSoftmax()  -0.349 -1.349 -3.349
 * ```
 *
 * **Formula.** With the scores $z$ of one row and their maximum $m$,
 *
 * $$p_i = \frac{e^{z_i - m}}{\sum_j e^{z_j - m}}, \qquad \log p_i = (z_i - m) - \log \sum_j e^{z_j - m}$$
 *
 * | symbol      | in code             | shape    |
 * | ----------- | ------------------- | -------- |
 * | $z$         | `scores`            | `[…, S]` |
 * | $m$         | `highestOf(scores)` | `[…, 1]` |
 * | $z - m$     | `shifted`           | `[…, S]` |
 * | $e^{z - m}$ | `exponentials`      | `[…, S]` |
 * | $\sum_j$    | `total`             | `[…, 1]` |
 * | $p$         | `probabilities`     | `[…, S]` |
 *
 * A row has S scores, and there may be any number of rows. `log` is the natural logarithm in this book.
 *
 * **Why the maximum is subtracted.** It cancels in the fraction, so nothing changes on
 * paper. On a machine a number has 32 bits (float32) and ends at about $3.4 \cdot 10^{38}$, and $e^{89}$ is larger; after the subtraction the largest
 * exponent is 0 and the total lies between 1 and the number of scores.
 *
 * **Why exponentials.** Any rule that is positive and growing could be normalized. Exponentials make the odds of two classes, the ratio of their probabilities, a function of the difference of their
 * scores, $p_i / p_j = e^{z_i - z_j}$, whatever the other scores are. Another base than $e$ would stretch all differences by one factor, which is a
 * temperature (below).
 *
 * Sources: Bridle 1990, *Probabilistic Interpretation of Feedforward Classification Network Outputs, with Relationships to Statistical Pattern
 * Recognition* (the name); Goodfellow, Bengio and Courville 2016, *Deep Learning*, §4.1 (the maximum); Hinton, Vinyals and Dean 2015, *Distilling the
 * Knowledge in a Neural Network* (the temperature).
 *
 * @module
 */

import { checkTensors } from "../engine/arguments.ts";
import { fusable } from "../engine/fusable.ts";
import { resolveAxis } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";

/**
 * Turns scores into probabilities: positive numbers whose sum is one.
 *
 * A score of `-Infinity` gets exactly 0 and passes no gradient back. A row of nothing but
 * `-Infinity` yields zeros, not NaN, which is the result of an operation without one.
 *
 * @example
 * ```ts
 * import { softmax, tensor } from "@heed/heed";
 *
 * const [first, second] = await softmax(tensor([1000, 1000])).read();
 * console.assert(first === 0.5 && second === 0.5);
 * ```
 *
 * @param scores any numbers, `[…, S]`
 * @param axis the axis along which the probabilities sum to one; the last by default
 * @returns probabilities of the same shape
 * @throws {RangeError} if there is no such axis
 */
export function softmax(scores: Tensor, axis = -1): Tensor {
  if (!isLast(axis, scores)) return softmax(scores.transpose(axis, -1)).transpose(axis, -1);
  if (scores.size === 0) return scores;
  return fusable("softmax", [scores], {}, () => {
    // $z - m$: the best score becomes 0, all others are below it.
    const shifted = scores.sub(highestOf(scores));

    // $e^{z - m}$: positive, and at most 1.
    const exponentials = shifted.exp();

    // $\sum_j$: the maximum contributes $e^0 = 1$, so only a row without a finite score stays below.
    const total = exponentials.sum(-1, { keepDims: true }).maximum(0.5);

    // $p$: the sum of a row is one.
    const probabilities = exponentials.div(total);
    return probabilities;
  });
}

/**
 * Logarithms of the probabilities that softmax gives, exact where these underflow.
 *
 * A score of `-Infinity` stays `-Infinity`, also in a row of nothing else: the logarithm of
 * the zeros that {@linkcode softmax} yields there.
 *
 * @param scores any numbers, `[…, S]`
 * @param axis the axis along which the probabilities sum to one; the last by default
 * @returns numbers of the same shape, none above 0
 * @throws {RangeError} if there is no such axis
 */
export function logSoftmax(scores: Tensor, axis = -1): Tensor {
  if (!isLast(axis, scores)) return logSoftmax(scores.transpose(axis, -1)).transpose(axis, -1);
  if (scores.size === 0) return scores;
  return fusable("logSoftmax", [scores], {}, () => {
    const shifted = scores.sub(highestOf(scores));
    const total = shifted.exp().sum(-1, { keepDims: true }).maximum(0.5);

    // $\log p$: a fraction becomes a difference, so that nothing underflows.
    return shifted.sub(total.log());
  });
}

// #region The axis, and the maximum
// The kernels take the last axis; another one is moved there and back. The maximum passes no gradient, since a shift of a row changes
// nothing.

/** Below every finite score: float32 has nothing smaller but `-Infinity`. */
const LOWEST = -3.4028234663852886e38;

/** Whether an axis is the last one, which is how every device has it. */
function isLast(axis: number, scores: Tensor): boolean {
  checkTensors("normalize", { scores });
  return resolveAxis(axis, scores.rank) === scores.rank - 1;
}

/** $m$, detached because shifting a row changes nothing; finite, because $\infty - \infty$ is no number. */
function highestOf(scores: Tensor): Tensor {
  return scores.detach().max(-1, { keepDims: true }).maximum(LOWEST);
}
// #endregion

// ## What it responds to
//
// Only differences of scores count: the [experiment](experiments/softmax.ts) raises all scores
// together, and no probability changes.
//
// A *temperature* $\tau$ shrinks or stretches the differences. The scores are divided by it first:
// $\mathrm{softmax}(z / \tau)$. A higher temperature makes the probabilities more even. Their order stays.
//
// The derivative says how much a probability responds to a score. $\partial / \partial z_j$ is the derivative if only $z_j$ changes. The logarithm is easier to differentiate. Of $\log p_i = z_i - \log \sum_k e^{z_k}$ the
// first term gives $[i = j]$, which is 1 where $i = j$ and 0 elsewhere (Iverson bracket). The second one, subtracted, gives the derivative of the logarithm of a sum, $e^{z_j} / \sum_k e^{z_k} = p_j$. So $\partial \log p_i / \partial z_j = [i = j] - p_j$. By the chain rule the derivative
// of $\log p_i$ is that of $p_i$ divided by $p_i$, so
//
// $$\frac{\partial p_i}{\partial z_j} = p_i\,([i = j] - p_j)$$
//
// To its own score a probability responds by $p_i (1 - p_i)$: most where it is one half, and not at all at 0 and at 1. To another score it responds by $-p_i p_j$.
// As a matrix with a row for each $i$ and a column for each $j$, the derivative has rows that sum to zero, since raising all scores together changes nothing, and columns that sum to zero, since the
// probabilities keep the sum one.

// ## When the gradient vanishes
//
// **The notes, 002.21.** The probabilities are right, and so is the conclusion that the gradient vanishes (vanishing gradient, 梯度消失). One of the probabilities is 1 and the
// others are 0, so each product $p_i (1 - p_i)$ and $-p_i p_j$ has a factor 0. The numerator is a slip: $e^{1000}$ and not $d^{1000}$. The test "softmax() of (1000, 1, -1000) is one-hot and has no gradient, as the notes say" takes
// these scores.
//
// **The notes, 002.22.** Wrong on the diagonal. With $p_i$ alone the derivative there would be 1 in the example, and the gradient would not vanish. It is the factor $1 - p_i$ that makes
// it vanish.

// ## Pitfall: taking the logarithm afterwards
//
// `softmax(scores).log()` is the same formula and loses everything below the smallest positive
// number: a score 1000 below the best has probability 0 in float32 and in float64, and the
// logarithm of 0 is −∞, from which nothing can be learned. The test "logSoftmax() keeps what softmax().log() loses"
// fails for that version.
//
// **The notes, 004.28.** It holds. A product of many probabilities underflows as well, so the probability of a sequence is kept as the sum of its
// logarithms (log space, 对数参数化), and `logSoftmax` gives its terms.

// ## Pitfall: leaving the maximum out
//
// The formula without $m$, `scores.exp()` over its sum, passes every test on small scores. The
// test "softmax() takes scores of ±1e4" fails for it: $\infty / \infty$ is NaN.

// ## Exercise
//
// Multiply the scores (2, 1, 0) by 0.1, 1 and 10 before the softmax. The order of the probabilities stays;
// predict what happens to their differences, then measure. To which temperatures do the three
// factors belong? And what is the softmax of two scores, as a function of their difference?
//
// **Hint.** Dividing by $\tau$ is multiplying by $1/\tau$. For two scores, divide numerator and denominator of $p_1$ by $e^{z_1}$.
//
// **Solution.** The temperatures are 10, 1 and 0.1. At 10 the probabilities are almost even, at 0.1 the best one is almost 1. [Section](../07_generation/temperature.ts)
// makes samples more or less diverse by them. Of two scores the first has the probability $1 / (1 + e^{-(z_1 - z_2)})$, the sigmoid of the difference.
//
// ```ts
// import { softmax } from "@heed/heed/words";
// import { tensor } from "@heed/heed/engine";
//
// for (const factor of [0.1, 1, 10]) {
//   const probabilities = await softmax(tensor([2, 1, 0]).mul(factor)).read();
//   console.log(`temperature ${1 / factor}: ${Array.from(probabilities, (p) => p.toFixed(4)).join(" ")}`);
// }
// const [first] = await softmax(tensor([2, -1])).read(), sigmoid = await tensor([2 - -1]).sigmoid().item();
// console.log(`${first!.toFixed(4)}, sigmoid ${sigmoid.toFixed(4)}`);
// ```
//
// ```text
// temperature 10: 0.3672 0.3322 0.3006
// temperature 1: 0.6652 0.2447 0.0900
// temperature 0.1: 1.0000 0.0000 0.0000
// 0.9526, sigmoid 0.9526
// ```
