/**
 * # Softmax: from scores to probabilities
 *
 * **Question.** A classifier hands out one score (得分) per class, of any sign and size. How do
 * scores become probabilities: positive, with the sum one?
 *
 * **Idea.** Raise $e$ to each score, which makes everything positive and turns equal
 * differences into equal ratios; then divide by the total (normalization, 归一化). This function is
 * called *softmax*, a soft maximum: the largest score gets the largest probability, and the others keep
 * some.
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
 * | $p$         | the result          | `[…, S]` |
 *
 * **Why the maximum is subtracted.** It cancels in the fraction, so nothing changes on
 * paper. On a machine $e^{89}$ is already beyond float32; after the subtraction the largest
 * exponent is 0 and the total lies between 1 and the number of scores.
 *
 * **When the gradient vanishes.** For $z = (1000, 1, -1000)$ [the notes](notes:002.21) find $p \approx (1, 0, 0)$
 * and say that the gradient vanishes (vanishing gradient, 梯度消失). It does: with $[i = j]$, which is 1
 * where $i = j$ and 0 elsewhere (Iverson bracket), the derivative is
 *
 * $$\frac{\partial p_i}{\partial z_j} = p_i\,([i = j] - p_j)$$
 *
 * On the diagonal this is $p_i (1 - p_i)$, elsewhere $-p_i p_j$: where one probability is 1 and the
 * others are 0, each product has a factor 0. [The notes](notes:002.22) write the diagonal as $p_i$ alone; it is the factor
 * $1 - p_i$ that makes it vanish at $p_i = 1$.
 *
 * ## What it responds to
 *
 * Only differences of scores count: the [experiment](experiments/softmax.ts) raises all scores
 * together, and no probability changes.
 *
 * A *temperature* $\tau$ shrinks or stretches the differences. The scores are divided by it first:
 * $\mathrm{softmax}(z / \tau)$. A higher temperature makes the probabilities more even. Their order stays.
 *
 * The derivative $p(1 - p)$ says how much a probability responds to its own score. It is largest where $p$ is
 * one half and zero at 0 and at 1, which is where the scores of [the notes](notes:002.21) have driven it.
 *
 * @module
 */

import { checkTensors } from "../engine/arguments.ts";
import { fusable } from "../engine/fusable.ts";
import { resolveAxis } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";

/** Below every finite score: float32 has nothing smaller but `-Infinity`. */
const LOWEST = -3.4028234663852886e38;

/**
 * Turns scores into probabilities: positive numbers whose sum is one.
 *
 * A score of `-Infinity` gets exactly 0 and passes no gradient back. A row of nothing but
 * `-Infinity` yields zeros, not NaN.
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
    const exponentials = scores.sub(highestOf(scores)).exp();

    // The maximum itself contributes $e^0 = 1$: only a row without a finite score stays below.
    const total = exponentials.sum(-1, { keepDims: true }).maximum(0.5);
    return exponentials.div(total);
  });
}

/**
 * Logarithms of the probabilities that softmax hands out, exact where these underflow.
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
    return shifted.sub(total.log());
  });
}

function isLast(axis: number, scores: Tensor): boolean {
  checkTensors("normalize", { scores });
  return resolveAxis(axis, scores.rank) === scores.rank - 1;
}

/** $m$, detached because shifting a row changes nothing; finite, because $\infty - \infty$ is no number. */
function highestOf(scores: Tensor): Tensor {
  return scores.detach().max(-1, { keepDims: true }).maximum(LOWEST);
}

// ## Pitfall: taking the logarithm afterwards
//
// `softmax(scores).log()` is the same formula and loses everything below the smallest positive
// number: a score 1000 below the best has probability 0 in float32 and in float64, and the
// logarithm of 0 is no loss to learn from. The probability of a sequence is therefore kept as a sum
// of logarithms (log space, 对数参数化). The test "logSoftmax() keeps what softmax().log() loses"
// fails for that version.

// ## Pitfall: leaving the maximum out
//
// The formula without $m$, `scores.exp()` over its sum, passes every test on small scores. The
// test "softmax() takes scores of ±1e4" fails for it: $\infty / \infty$ is NaN.

// ## Exercise
//
// Multiply the scores (2, 1, 0) by 0.1, 1 and 10 before the softmax. The order of the probabilities stays;
// predict what happens to their differences, then measure. To which temperatures do the three
// factors belong? [Section](../07_generation/temperature.ts) uses them to make samples more or less
// diverse.
