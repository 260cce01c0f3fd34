/**
 * # Loss
 *
 * **Question.** A decoder gives a probability for every entry of its vocabulary, at every
 * position. The reference sentence is known. Which single number, the loss (损失函数), says how wrong
 * the decoder was?
 *
 * **Idea.** Producing one token is a classification (分类) among thousands, so each position is
 * scored as a classifier is: by the surprisal of the right answer, $-\log p$. The loss of a sentence
 * is the sum over all its tokens. END is one of them, because stopping too late is a
 * mistake like any other. This is the cross-entropy (交叉熵) between the reference
 * (ground truth, 正确答案) and the prediction. With the natural logarithm its unit is the nat:
 * a loss of $\ell$ nats is that of a guess among $e^{\ell}$ equally likely tokens, 0 that of certainty.
 *
 * **Formula.** With logits $z$ over $V$ classes, the right class $y$, a probability mass $\varepsilon$
 * spread evenly over all classes (label smoothing) [标签平滑], and $[c = y]$, which is 1 where $c = y$ and 0
 * elsewhere (Iverson bracket),
 *
 * $$\ell = -\sum_{c} q_c \log p_c, \qquad p = \mathrm{softmax}(z), \qquad q_c = (1 - \varepsilon)\,[c = y] + \frac{\varepsilon}{V}$$
 *
 * | symbol        | in code            | shape      |
 * | ------------- | ------------------ | ---------- |
 * | $z$           | `logits`           | `[…, V]`   |
 * | $y$           | `targets`, int32   | `[…]`      |
 * | $q$           | `targets`, float32 | `[…, V]`   |
 * | $\log p$      | `logProbabilities` | `[…, V]`   |
 * | $\varepsilon$ | `labelSmoothing`   | one number |
 *
 * $q$ is the target distribution. Mostly it follows from $y$, as in the formula. Another model, a teacher,
 * may also give it (soft targets).
 *
 * **The smallest loss.** The prediction $p = q$ has the loss $-\sum_c q_c \log q_c$, the entropy of $q$,
 * and no $p$ has a smaller one. It is 0 for hard labels and positive for smoothed ones.
 *
 * **Why from logits.** The derivative with respect to the logits is $p - q$: the logit of the right answer
 * rises in proportion to what its probability lacks, and every other logit falls in proportion to its probability. If the
 * loss is computed from probabilities instead, the gradient passes through $1/p$, which is infinite
 * where the model is most wrong.
 *
 * Source: Szegedy et al. 2016, *Rethinking the Inception Architecture* (label smoothing).
 *
 * @module
 */

import { aTensorLike, checkTensors } from "../engine/arguments.ts";
import { charge } from "../engine/allowed.ts";
import { fusable } from "../engine/fusable.ts";
import { gather } from "../engine/indexing.ts";
import { isLiteral, readLiteral } from "../engine/literal.ts";
import { asOptionalTensor, asTensor, Tensor, type TensorLike } from "../engine/tensor.ts";
import { type Check, checkOptions, type Checks, integer, numeric, oneOf } from "../engine/options.ts";
import { dims, format, sameShape } from "../engine/shape.ts";
import { logSoftmax } from "../02_words/softmax.ts";

/** How the losses of single positions become one tensor. */
export type Reduction = "mean" | "sum" | "none";

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions {
  /** Target that stands for "no question asked here", such as padding; -100 by default. */
  readonly ignoreIndex?: number;
  /** Share of belief spread evenly over all classes, in [0, 1); 0 by default. */
  readonly labelSmoothing?: number;
  /** How much each class counts, `[V]`; all alike by default. */
  readonly classWeights?: TensorLike;
  /** `"mean"` over the positions that count, `"sum"`, or `"none"`: one loss each; `"mean"` by default. */
  readonly reduction?: Reduction;
}

const reduction: Check<Reduction> = oneOf(["mean", "sum", "none"]);

const crossEntropyChecks: Checks<CrossEntropyOptions> = {
  ignoreIndex: integer({}),
  labelSmoothing: numeric({ min: 0, below: 1 }),
  classWeights: aTensorLike,
  reduction,
};

/**
 * Surprisal of the right classes, in nats.
 *
 * With class indices the mean divides by the number of positions that are not ignored, or by
 * the sum of the weights of their classes; with soft targets, by the number of positions.
 *
 * @example
 * ```ts
 * import { crossEntropy, tensor } from "@heed/heed";
 *
 * const logits = tensor([[0, 0, 0, 0], [9, 0, 0, 0]]);
 * const loss = crossEntropy(logits, [2, -100]);
 * console.assert(Math.abs(await loss.item() - Math.log(4)) < 1e-6);
 * ```
 *
 * @param logits one score per class, `[…, V]`
 * @param targets the right classes, int32 `[…]`, or a probability per class, float32 `[…, V]`; lists are read by their depth
 * @param options what is ignored, smoothed, weighted, and how the losses are joined
 * @returns a scalar, or `[…]` without reduction; where every position is ignored, 0; $\infty$ where a right class is impossible
 * @throws {TypeError} if the shapes disagree, or `ignoreIndex` is given with soft targets
 * @throws {RangeError} if `labelSmoothing` is outside [0, 1)
 */
export function crossEntropy(logits: Tensor, targets: TensorLike, options: CrossEntropyOptions = {}): Tensor {
  checkOptions("measure a loss", options, crossEntropyChecks);
  const { ignoreIndex = -100, labelSmoothing = 0, reduction = "mean" } = options;
  checkTensors("measure a loss", { logits });
  targets = readTargets(logits, targets);
  const classWeights = asOptionalTensor("measure a loss", "classWeights", options.classWeights, "float32", logits);
  if (logits.rank === 0) throw new TypeError("Cannot score logits []: an axis of classes is needed");
  const V = logits.shape[logits.rank - 1]!;
  const positions = logits.shape.slice(0, -1);
  if (classWeights) dims(classWeights, "V", { V });
  if (targets.dtype === "float32") {
    if (options.ignoreIndex !== undefined) throw new TypeError("Cannot ignore an index among soft targets");
    return reduce(softLoss(logits, targets, labelSmoothing, classWeights), reduction);
  }
  if (!sameShape(targets.shape, positions)) {
    const found = `Cannot score logits ${format(logits.shape)} against targets ${format(targets.shape)}`;
    throw new TypeError(`${found}: class ids have the shape ${format(positions)}, one for each row of logits`);
  }
  const [rows, classes] = [logits.reshape([-1, V]), targets.reshape([-1])];
  const valid = classes.notEqual(ignoreIndex);
  const safe = classes.where(valid, 0);
  const losses = classWeights
    ? weightedLoss(rows.where(valid.unsqueeze(1), 0), safe, labelSmoothing, classWeights).where(valid, 0)
    : fusable("crossEntropy", [rows, classes], { ignoreIndex, labelSmoothing }, () => {
      const logProbabilities = logSoftmax(rows.where(valid.unsqueeze(1), 0));

      // $-\log p_y$, and its part in the smoothed answer.
      const surprise = gather(logProbabilities, 1, safe.unsqueeze(1)).squeeze(1).neg();
      const spread = (): Tensor => logProbabilities.mul(-labelSmoothing / V).sum(1);
      const mixed = labelSmoothing ? surprise.mul(1 - labelSmoothing).add(spread()) : surprise;
      return mixed.where(valid, 0);
    });
  if (reduction !== "mean") return reduce(losses.reshape(positions), reduction);

  // A batch in which nothing is asked costs nothing: 0, where a plain mean would be 0 / 0.
  const counts = classWeights ? gather(classWeights, 0, safe).where(valid, 0) : valid.cast("float32");
  const total = counts.sum();
  return losses.div(total.where(total.notEqual(0), 1)).sum();
}

/** Targets as a tensor: lists as deep as the logits are shares, others are classes. */
function readTargets(logits: Tensor, targets: TensorLike): Tensor {
  if (targets instanceof Tensor) return targets;
  const isSoft = isLiteral(targets) && readLiteral("measure a loss with targets", targets).shape.length === logits.rank;
  return asTensor("measure a loss", "targets", targets, isSoft ? "float32" : "int32", logits);
}

/** $-\sum_c w_c q_c \log p_c$ for class indices: the right class by its weight, the others by their target. */
function weightedLoss(rows: Tensor, classes: Tensor, labelSmoothing: number, classWeights: Tensor): Tensor {
  const V = rows.shape[1]!;
  const costs = logSoftmax(rows).neg(), weights = gather(classWeights, 0, classes);
  const right = charge(gather(costs, 1, classes.unsqueeze(1)).squeeze(1), weights.mul(1 - labelSmoothing));
  return labelSmoothing ? right.add(charge(costs, classWeights.mul(labelSmoothing / V)).sum(1)) : right;
}

/** $-\sum_c w_c q_c \log p_c$ for given shares; a class with target 0 adds nothing, however improbable. */
function softLoss(logits: Tensor, targets: Tensor, labelSmoothing: number, classWeights?: Tensor): Tensor {
  if (!sameShape(logits.shape, targets.shape)) {
    const found = `Cannot score logits ${format(logits.shape)} against targets ${format(targets.shape)}`;
    throw new TypeError(
      sameShape(targets.shape, logits.shape.slice(0, -1))
        ? `${found} of float32: class ids must be int32, as tensor(ids, shape, "int32") makes them`
        : `${found} of float32: they must be a share for each class, ${format(logits.shape)}`,
    );
  }
  const V = logits.shape[logits.rank - 1]!;
  const shares = labelSmoothing ? targets.mul(1 - labelSmoothing).add(labelSmoothing / V) : targets;
  const weighted = classWeights ? shares.mul(classWeights) : shares;
  // A position without any share asks nothing, whatever its logits are.
  const asked = weighted.detach().notEqual(0).cast("float32").max(-1, { keepDims: true }).notEqual(0);
  return charge(logSoftmax(logits.where(asked, 0)).neg(), weighted).sum(-1);
}

/** Joins losses; where there are none, 0. */
function reduce(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" || losses.size === 0 ? losses.sum() : losses.mean();
}

// ## Infinite losses
//
// A logit of $-\infty$ rules a class out. Where the right class is ruled out, or any class with a positive target, the
// loss is $\infty$ and not NaN: $0 \cdot \infty$ counts as 0, since a class with target 0 adds nothing. The gradient is
// $p - q$ as always, with $p = 0$ for a class that is ruled out; all its numbers are finite. A position that is ignored, or
// whose targets are all 0, has no effect, whatever its logits are: NaN there reaches neither the loss nor a gradient.

// ## Two classes
//
// For a yes or no, one logit is enough: $p = \sigma(z)$, and the loss of a target
// $q \in [0, 1]$ is $-q \log \sigma(z) - (1 - q) \log(1 - \sigma(z))$. With
// $\mathrm{softplus}(z) = \log(1 + e^z)$ both logarithms are exact for any $z$.

/**
 * A smooth `relu` that does not overflow: $\ln(1 + e^x)$.
 *
 * @param x any shape
 * @returns numbers of the same shape
 */
export function softplus(x: Tensor): Tensor {
  checkTensors("compute softplus", { x });
  // $-|x|$, of which no kink is left: at 0 either branch alone has every slope that softplus has.
  const below = x.where(x.lessEqual(0), x.neg());
  return x.relu().add(below.exp().log1p());
}

/** Options of {@linkcode binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions {
  /** How much a yes counts against a no, greater than 0; 1 by default. */
  readonly positiveWeight?: number;
  /** `"mean"` over the questions, `"sum"`, or `"none"`: one loss each; `"mean"` by default. */
  readonly reduction?: Reduction;
}

const binaryChecks: Checks<BinaryCrossEntropyOptions> = { positiveWeight: numeric({ above: 0 }), reduction };

/**
 * Surprisal of the answers to yes-or-no questions, from logits, in nats.
 *
 * @param logits one score per question, any shape; positive means yes
 * @param targets how true a yes is, in [0, 1], of the same shape
 * @param options the weight of a yes, and how the losses are joined
 * @returns a scalar, or one loss per question without reduction
 * @throws {TypeError} if the shapes disagree
 * @throws {RangeError} if `positiveWeight` is not positive
 */
export function binaryCrossEntropy(
  logits: Tensor,
  targets: TensorLike,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  checkOptions("measure a loss", options, binaryChecks);
  const { positiveWeight = 1, reduction = "mean" } = options;
  targets = comparable(logits, targets);
  // $-\log \sigma(z) = \mathrm{softplus}(-z)$ and $-\log(1 - \sigma(z)) = \mathrm{softplus}(z)$.
  const yes = charge(softplus(logits.neg()), targets).mul(positiveWeight);
  const no = charge(softplus(logits), targets.neg().add(1));
  return reduce(yes.add(no), reduction);
}

// ## Numbers instead of classes

/** Options of losses that have no others. */
export interface LossOptions {
  /** `"mean"`, `"sum"`, or `"none"`: one loss each; `"mean"` by default. */
  readonly reduction?: Reduction;
}

const lossChecks: Checks<LossOptions> = { reduction };

/**
 * Mean squared distance between predicted and true numbers.
 *
 * @param predictions any shape
 * @param targets the true numbers, of the same shape
 * @param options how the squares are joined
 * @returns a scalar, or one square per number without reduction
 * @throws {TypeError} if the shapes disagree
 */
export function meanSquaredError(
  predictions: Tensor,
  targets: TensorLike,
  options: LossOptions = {},
): Tensor {
  checkOptions("measure a loss", options, lossChecks);
  const { reduction = "mean" } = options;
  targets = comparable(predictions, targets);
  return reduce(predictions.sub(targets).square(), reduction);
}

/**
 * How many nats a prediction loses on each row of a distribution.
 *
 * The Kullback–Leibler divergence, $\sum_c q_c \log (q_c / p_c)$. It is the cross-entropy less the entropy of $q$,
 * so it is 0 for $p = q$. It measures a student against a teacher.
 *
 * @param logProbabilities $\log p$, `[…, V]`, as `logSoftmax` yields it
 * @param targets $q$, a probability per class, `[…, V]`; a probability of 0 adds exactly 0
 * @param options how the rows are joined; the mean is over rows
 * @returns a scalar, or `[…]` without reduction
 * @throws {TypeError} if the shapes disagree
 */
export function klDivergence(
  logProbabilities: Tensor,
  targets: TensorLike,
  options: LossOptions = {},
): Tensor {
  checkOptions("measure a loss", options, lossChecks);
  const { reduction = "mean" } = options;
  targets = comparable(logProbabilities, targets);
  const present = targets.notEqual(0);

  // Where $q_c = 0$ the term is 0 by its limit; a 1 stands in so that its logarithm is finite.
  const shares = targets.where(present, 1);
  const terms = shares.mul(shares.log().sub(logProbabilities)).where(present, 0);
  return reduce(terms.sum(-1), reduction);
}

/** Targets as a tensor of the shape of what was predicted. */
function comparable(predictions: Tensor, given: TensorLike): Tensor {
  checkTensors("measure a loss", { predictions });
  const targets = asTensor("measure a loss", "targets", given, predictions.dtype, predictions);
  if (!sameShape(predictions.shape, targets.shape)) {
    throw new TypeError(`Cannot compare shape ${format(predictions.shape)} with targets ${format(targets.shape)}`);
  }
  return targets;
}

// ## What the loss asks for
//
// With hard labels the loss falls without end as the margin of the right logit grows. With smoothed labels it has its
// minimum at a finite margin, and the minimum is the entropy of $q$. The experiment finds the minimum by search and
// computes the entropy. It also pads one sentence further and further. Ignored padding does not change the loss. Counted
// padding makes a bad model look good.

// ## Pitfall: averaging over the padding
//
// `losses.mean()` divides by every position, padding included: a short sentence in a long
// batch then counts for less, and the loss falls when the batches get worse. The test
// "crossEntropy() does not change when padding is added" fails for that version.

// ## Pitfall: leaving END out
//
// Without END among the targets every loss looks better, and nothing ever asks the model to
// stop. The test "teacherForcing() asks for END after the last token" holds the shifted
// targets to it.

// ## Exercise
//
// With label smoothing 0.1 and V = 1000, what is the smallest loss any model can reach?
// Compute the entropy of $q$, then train a model on one sentence and compare.
