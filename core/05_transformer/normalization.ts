/**
 * # Normalization
 *
 * **Question.** Each layer multiplies its input by a matrix. After thirty layers the numbers have
 * exploded or vanished. How do they stay in a range in which training works?
 *
 * **Idea.** Shift and scale the numbers to mean 0 and variance 1 (归一化), after each step. Norms
 * differ in the numbers that mean and variance are taken over: the features of one
 * position (层归一化, LayerNorm), or over one feature of all examples (BatchNorm).
 *
 * ```picture norm_axes Two sentences of four positions with five features each. The filled squares are the numbers that the
 * marked one is normalized with. LayerNorm and RMSNorm stay within one position; BatchNorm takes one feature of all positions of all sentences.
 * ```
 *
 * **Formula.** With $x$ the $n$ features of one position, $\mu$ their mean (均值) and $\sigma^2$
 * their variance (方差), and $\odot$ the product feature by feature,
 *
 * $$\mathrm{LayerNorm}(x) = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \odot g + b, \qquad \mathrm{RMSNorm}(x) = \frac{x}{\sqrt{\frac{1}{n}\sum_i x_i^2 + \epsilon}} \odot g$$
 *
 * | symbol                   | in code      | shape      |
 * | ------------------------ | ------------ | ---------- |
 * | $x$                      | `x`          | `[…, E]`   |
 * | $x - \mu$                | `centered`   | `[…, E]`   |
 * | $\sigma^2$, $\frac{1}{n}\sum_i x_i^2$ | `meanSquare` | `[…, 1]`  |
 * | $g$                      | `gain`       | `[E]`      |
 * | $b$                      | `bias`       | `[E]`      |
 * | $\epsilon$               | `epsilon`    | one number |
 *
 * The variance divides by $n$, not by $n - 1$. [The notes](notes:002.6,004.83) write $\alpha, \beta$ for $g, b$, and
 * RMSNorm without $\epsilon$; a position of zeros would then be divided by zero.
 *
 * **Why gain and bias.** Normalized features all have the same size, and some may need to be large. [The
 * notes](notes:004.81) compare normalization with a uniform that everyone wears and gain and bias with accessories
 * that each may choose. Training chooses a gain (增益) and a bias (偏置) per feature. A second reason of [the
 * notes](notes:002.7): numbers of mean 0 and variance 1 may lie where an activation function (激活函数,
 * [section](feed_forward/mod.ts)) is almost a straight line, and gain and bias can move them out of it.
 *
 * **Why RMSNorm leaves the mean alone.** The division keeps the numbers in range. Zhang and Sennrich
 * found models as good without the subtraction, which costs one more pass over the features.
 *
 * **The notes, 004.80.** This page measures gradients, and not the shape of the loss. The picture of the round valley
 * is exact for a linear model, whose valley is the rounder, the more alike its inputs' variances are (LeCun et al. 1998,
 * *Efficient BackProp*). For deep networks with BatchNorm, Santurkar et al. 2018, *How Does Batch Normalization Help
 * Optimization?*, found a smoother loss.
 *
 * **Why not BatchNorm.** Its mean and variance are those of a batch: of one feature, over all positions of all sentences in
 * it. The output for a word then depends on the other sentences of the batch and, where padding is not masked,
 * on their lengths. At inference, when the trained model is used on one sentence, stored averages replace those of the
 * batch. A layer norm sees one position and nothing else: padding, batch size and length have no effect on it.
 *
 * Sources: Ba, Kiros and Hinton 2016, *Layer Normalization*; Ioffe and Szegedy 2015, *Batch
 * Normalization*; Zhang and Sennrich 2019, *Root Mean Square Layer Normalization*.
 *
 * ## Before or after
 *
 * A layer consists of steps $F$, attention or feed-forward. The original paper normalizes after
 * each step, $\mathrm{norm}(x + F(x))$ (post-norm, 后置): the output is always in range, but
 * every gradient passes through every norm on its way back. Pre-norm (前置) normalizes inside the step, $x +
 * F(\mathrm{norm}(x))$. It leaves a path without any norm, and needs one
 * more norm at the very end. [Section](residual.ts) has both.
 *
 * The experiment below trains deep stacks of both kinds, with words that later sections explain.
 * The loss ([section](../06_training/loss.ts)) measures in nats how wrong a model is: a loss of $\ell$
 * nats is that of a uniform guess among $e^{\ell}$ equally likely answers. Adam
 * ([section](../06_training/adam.ts)) moves the weights, and the learning rate says how far.
 * In a warm-up it rises to its full value over the first steps. $W_2$ is the second matrix of a
 * feed-forward layer ([section](feed_forward/mod.ts)).
 *
 * @module
 */

import { requireFloat } from "../engine/refusals.ts";
import { checkOptionalTensors, checkSizes, checkTensors } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { fusable } from "../engine/fusable.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, flag, numeric } from "../engine/options.ts";
import { type Part, type PartTable, settingsOf } from "../engine/part.ts";
import { dims, format } from "../engine/shape.ts";
import { ones, parameter, zeros } from "../engine/create.ts";
import { asOptionalTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";

/** The number that keeps a norm from dividing by zero. */
export interface NormOptions {
  /** Added to the variance, at least 0; 1e-5 by default. */
  readonly epsilon?: number | undefined;
}

/**
 * Shifts and scales the features of each position to mean 0 and variance 1.
 *
 * @param x features, `[…, E]`
 * @param gain what each feature is multiplied by afterwards, `[E]`; nothing by default
 * @param bias what is then added to it, `[E]`; nothing by default
 * @param options the epsilon
 * @returns `[…, E]`
 * @throws {TypeError} if gain or bias has another width
 */
export function layerNorm(x: Tensor, gain?: Tensor, bias?: Tensor, options: NormOptions = {}): Tensor {
  checkOptions("normalize", options, NORM);
  checkWidths({ x, gain, bias });
  const { epsilon = 1e-5 } = options;
  return fusable("layerNorm", [x, gain, bias], { epsilon }, () => {
    const centered = center(x, -1);
    return adjust(divideBySize(centered, -1, epsilon), gain, bias);
  });
}

/**
 * Scales the features of each position to a mean square of 1.
 *
 * @param x features, `[…, E]`
 * @param gain what each feature is multiplied by afterwards, `[E]`; nothing by default
 * @param options the epsilon
 * @returns `[…, E]`
 * @throws {TypeError} if the gain has another width
 */
export function rmsNorm(x: Tensor, gain?: Tensor, options: NormOptions = {}): Tensor {
  checkOptions("normalize", options, NORM);
  checkWidths({ x, gain });
  const { epsilon = 1e-5 } = options;
  return fusable("rmsNorm", [x, gain], { epsilon }, () => {
    return adjust(divideBySize(x, -1, epsilon), gain);
  });
}

/** Means over an axis, whose extent stays as 1; not every entry need count. */
type Mean = (x: Tensor, axis: number) => Tensor;

const plainMean: Mean = (x, axis) => x.mean(axis, { keepDims: true });

/** $x - \mu$. The mean of large numbers is off by its rounding: what is left of it is subtracted as well. */
function center(x: Tensor, axis: number, mean: Mean = plainMean): Tensor {
  const centered = x.sub(mean(x, axis));
  return centered.sub(mean(centered, axis));
}

/**
 * Divides by the root of the mean square and epsilon.
 *
 * The square of $10^{20}$ is beyond float32, and that of $10^{-30}$ is 0. Numbers are therefore measured in units of the
 * largest one along the axis; the unit cancels.
 */
function divideBySize(x: Tensor, axis: number, epsilon: number, mean: Mean = plainMean, counted = x): Tensor {
  if (x.size === 0) return x;
  const root = Math.sqrt(epsilon), largest = counted.detach().abs().max(axis, { keepDims: true }).maximum(root);
  // Beside an infinite number all others are 0.
  const unit = largest.where(largest.less(Infinity), 1);
  const meanSquare = mean(counted.div(unit).square(), axis);
  const floor = epsilon === 0 ? 0 : unit.pow(-1).mul(root).square();
  return x.div(unit).div(meanSquare.add(floor).sqrt());
}

function adjust(x: Tensor, gain?: Tensor, bias?: Tensor): Tensor {
  const scaled = gain ? x.mul(gain) : x;
  return bias ? scaled.add(bias) : scaled;
}

const NORM: Checks<NormOptions> = { epsilon: numeric({ min: 0 }) };

function checkWidths({ x, gain, bias }: { x: Tensor; gain?: Tensor | undefined; bias?: Tensor | undefined }): void {
  checkTensors("normalize", { x });
  checkOptionalTensors("normalize", { gain, bias });
  const E = x.shape[x.rank - 1];
  if (E === undefined) throw new TypeError(`Cannot normalize shape ${format(x.shape)}: an axis of features is needed`);
  for (const width of [gain, bias]) {
    if (!width) continue;
    requireFloat("a norm", width);
    dims(width, "E", { E });
  }
}

/** How a {@linkcode LayerNorm} is laid out. */
export interface LayerNormOptions extends NormOptions {
  /** Whether features are shifted afterwards; true by default. */
  readonly bias?: boolean | undefined;
}

const LAYER_NORM: Checks<LayerNormOptions> = { ...NORM, bias: flag };

/** Any norm that can stand around a step: over the features of each position alone. */
export interface Norm extends Module {
  /** Normalizes the last axis of `[…, E]`. */
  forward(x: Tensor): Tensor;
}

/** Layer normalization with a trained gain and bias. */
export class LayerNorm extends Module implements Norm {
  /** What features are multiplied by, ones at the start, `[E]`: $g$. */
  readonly gain: Tensor;
  /** What is added to features, zeros at the start, `[E]`: $b$. */
  readonly bias: Tensor | undefined;
  /** What is added to the variance: $\epsilon$. */
  readonly epsilon: number;

  /**
   * Starts as the plain normalization.
   *
   * @param hiddenSize number of features
   * @param options epsilon, and whether there is a bias
   */
  constructor(hiddenSize: number, options: LayerNormOptions = {}) {
    super();
    checkOptions("normalize", options, LAYER_NORM);
    checkSizes("normalize", { hiddenSize });
    const { epsilon = 1e-5, bias = true } = options;
    this.gain = parameter(ones([hiddenSize]));
    this.bias = bias ? parameter(zeros([hiddenSize])) : undefined;
    this.epsilon = epsilon;
  }

  /** Normalizes the last axis of `[…, E]`. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.gain, this.bias, { epsilon: this.epsilon });
  }
}

/** How an {@linkcode RMSNorm} is laid out. */
export interface RMSNormOptions extends NormOptions {
  /** What is added to the gain, which is stored without it; 0 by default. */
  readonly offset?: number | undefined;
}

const RMS_NORM: Checks<RMSNormOptions> = { ...NORM, offset: numeric() };

/** Root-mean-square normalization with a trained gain. */
export class RMSNorm extends Module implements Norm {
  /** What features are multiplied by, less the offset, `[E]`: $g$. */
  readonly gain: Tensor;
  /** What is added to the variance: $\epsilon$. */
  readonly epsilon: number;
  /** What is added to the gain. */
  readonly offset: number;

  /**
   * Starts as the plain normalization.
   *
   * @param hiddenSize number of features
   * @param options epsilon, and what is added to the gain
   */
  constructor(hiddenSize: number, options: RMSNormOptions = {}) {
    super();
    checkOptions("normalize", options, RMS_NORM);
    checkSizes("normalize", { hiddenSize });
    const { epsilon = 1e-5, offset = 0 } = options;
    this.gain = parameter(offset === 0 ? ones([hiddenSize]) : ones([hiddenSize]).sub(offset));
    this.epsilon = epsilon;
    this.offset = offset;
  }

  /** Normalizes the last axis of `[…, E]`. */
  forward(x: Tensor): Tensor {
    const gain = this.offset === 0 ? this.gain : this.gain.add(this.offset);
    return rmsNorm(x, gain, { epsilon: this.epsilon });
  }
}

// ## As parts of a model

/** A norm as a part of a model. */
export interface Normalization extends Part {
  /**
   * Makes a norm.
   *
   * @param hiddenSize number of features
   * @param options whether the model's parts have biases
   * @returns a norm over the last axis
   */
  create(hiddenSize: number, options: { readonly bias?: boolean | undefined }): Norm;
}

/**
 * Layer norms, with this epsilon.
 *
 * @param options the epsilon
 * @returns a part for the option `norm` of a model
 */
export function layerNormalization(options: NormOptions = {}): Normalization {
  checkOptions("normalize", options, NORM);
  return {
    word: "layer",
    ...settingsOf(options),
    create: (hiddenSize, given) => new LayerNorm(hiddenSize, { ...options, ...given }),
  };
}

/**
 * Root-mean-square norms, with this epsilon and offset.
 *
 * @param options the epsilon, and what is added to the gain
 * @returns a part for the option `norm` of a model
 */
export function rmsNormalization(options: RMSNormOptions = {}): Normalization {
  checkOptions("normalize", options, RMS_NORM);
  return { word: "rms", ...settingsOf(options), create: (hiddenSize) => new RMSNorm(hiddenSize, options) };
}

/** Norms by the word that a file has for them. */
export const normalizations: PartTable<Normalization> = { layer: layerNormalization, rms: rmsNormalization };

// ## A gain that is stored less one
//
// Weight decay pulls every weight towards 0, and a gain of 0 is a layer that says nothing. With `offset: 1` the norm multiplies by $1 + g$, so that a $g$ of 0 is the plain norm. The files of Gemma store gains in this way. The test "RMSNorm() with an offset is one with larger gains" states it.

// ## Over the batch

/** How a {@linkcode BatchNorm} is laid out. */
export interface BatchNormOptions extends NormOptions {
  /** Weight of the newest batch in the running statistics, in [0, 1]; 0.1 by default. */
  readonly momentum?: number | undefined;
}

const BATCH: Checks<BatchNormOptions> = { ...NORM, momentum: numeric({ min: 0, max: 1 }) };

/** Batch normalization: each feature against the same feature elsewhere in the batch. */
export class BatchNorm extends Module {
  /** What features are multiplied by, ones at the start, `[E]`: $g$. */
  readonly gain: Tensor;
  /** What is added to features, zeros at the start, `[E]`: $b$. */
  readonly bias: Tensor;
  /** Means that stand in for the batch at inference, `[E]`; saved, not trained. */
  readonly runningMean: Tensor;
  /** Variances that stand in for the batch at inference, `[E]`; saved, not trained. */
  readonly runningVariance: Tensor;
  /** What is added to the variance: $\epsilon$. */
  readonly epsilon: number;
  /** Weight of the newest batch in the running statistics. */
  readonly momentum: number;

  /**
   * Starts as the plain normalization.
   *
   * @param hiddenSize number of features
   * @param options epsilon and momentum
   * @throws {RangeError} if one of them is out of range
   */
  constructor(hiddenSize: number, options: BatchNormOptions = {}) {
    super();
    checkOptions("normalize", options, BATCH);
    checkSizes("normalize", { hiddenSize });
    const { epsilon = 1e-5, momentum = 0.1 } = options;
    this.gain = parameter(ones([hiddenSize]));
    this.bias = parameter(zeros([hiddenSize]));
    this.runningMean = zeros([hiddenSize]);
    this.runningVariance = ones([hiddenSize]);
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /**
   * Normalizes each feature by the batch in training, by stored statistics otherwise.
   *
   * The running variance is that of a sample: it divides by the count less one.
   *
   * @param x features, `[…, E]`
   * @param mask true where a position counts, bool, `[…]`; all by default
   * @returns `[…, E]`, also at positions that do not count
   */
  forward(x: Tensor, mask?: TensorLike<boolean>): Tensor {
    checkTensors("normalize", { x });
    mask = asOptionalTensor("normalize", "mask", mask, "bool", x);
    const E = this.gain.shape[0]!;
    const rows = x.reshape([-1, E]);
    if (!this.training) {
      const deviation = this.runningVariance.add(this.epsilon).sqrt();
      return adjust(rows.sub(this.runningMean).div(deviation), this.gain, this.bias).reshape(x.shape);
    }
    const { N } = dims(rows, "N E", { E });
    const counts = mask?.reshape([N, 1]);
    const count = counts?.cast("float32").sum().maximum(1);
    const counted = (values: Tensor): Tensor => counts ? values.where(counts, 0) : values;
    const average: Mean = (values, axis) =>
      count ? counted(values).sum(axis, { keepDims: true }).div(count) : plainMean(values, axis);

    // What does not count and is no number stays what it is, and the statistics do not hear of it.
    const seen = counts && rows.detach().abs().less(Infinity).or(counts);
    const known = seen ? rows.where(seen, 0) : rows, centered = center(known, 0, average);
    noGrad(() => {
      const variance = average(centered.square(), 0).squeeze(0);
      const sample = count ? variance.mul(count).div(count.sub(1).maximum(1)) : variance.mul(N / Math.max(1, N - 1));
      const mix = (before: Tensor, after: Tensor): void =>
        before.assign(before.mul(1 - this.momentum).add(after.mul(this.momentum)));
      mix(this.runningMean, average(known, 0).squeeze(0));
      mix(this.runningVariance, sample);
    });
    const normalized = divideBySize(centered, 0, this.epsilon, average, counted(centered));
    const adjusted = adjust(normalized, this.gain, this.bias);
    return (seen ? adjusted.where(seen, rows.detach()) : adjusted).reshape(x.shape);
  }
}

// ## Before or after, measured
//
// The experiment trains a deep stack of each kind for a few steps. Move *Layers* to 6, the depth of the paper's two
// stacks, and to 10. The toy does not show what practice shows: BERT is post-norm with 12 and with 24 layers, and it
// trains with a warm-up of 10,000 steps (Devlin et al. 2019). Where post-norm trains, it can end better than pre-norm
// (Liu et al. 2020). That is what is true of the claim of [the notes](notes:004.84) that post-norm keeps more
// information.
//
// The gradients differ in size. Near the output those of post-norm do not depend on the depth of the stack,
// while those of pre-norm shrink with it (Xiong et al. 2020, *On Layer Normalization in the Transformer Architecture*).
// Adam divides by the size of the gradients, so this alone is no explanation.
// Liu et al. 2020, *Understanding the Difficulty of Training Transformers*, find that every step changes
// the output of a post-norm stack more.
//
// The last figure holds one sentence fixed while the other sentences of its batch grow.

// ## Pitfall: the deviation of a sample
//
// Dividing by $n - 1$, as statistics libraries do by default, or adding $\epsilon$ outside of the
// root, as the first annotated Transformers did, gives a model that trains well and loads
// nobody's weights. The test "layerNorm() agrees with PyTorch" fails for both.

// ## Pitfall: padding in the statistics
//
// BatchNorm without the mask averages over padding: the same sentence comes out differently in a
// batch with longer neighbours. The test "BatchNorm() leaves masked positions out of its
// statistics" compares.

// ## Exercise
//
// Feed `layerNorm` a position multiplied by 1000, then one with 1000 added to every feature. What
// changes in the output? Which of the two does `rmsNorm` ignore?
