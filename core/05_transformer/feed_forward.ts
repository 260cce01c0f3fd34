/**
 * # Feed-forward layers
 *
 * **Question.** Attention outputs averages of values: sums with positive weights. However many
 * are stacked, who *computes* something with what has been brought together?
 *
 * **Idea.** After each attention, a small network of two layers works on every position by
 * itself (前馈层), the same network at all positions. It widens the vector, bends it by an
 * activation function (激活函数), and narrows it again.
 *
 * **Formula.** The original one, its gated successor SwiGLU, with $\mathrm{silu}(z) = z\,\sigma(z)$ and
 * $\sigma(z) = 1 / (1 + e^{-z})$, and the smooth relative of $\max(0, z)$ that BERT and GPT use, in
 * which $\tfrac{1}{2}(1 + \mathrm{erf}(z / \sqrt 2))$ is the probability that a normal draw lies below $z$:
 *
 * $$\mathrm{FFN}(x) = \max(0,\, xW_1 + b_1)\,W_2 + b_2, \qquad \mathrm{SwiGLU}(x) = \big(\mathrm{silu}(xW_3) \odot xW_1\big)\,W_2$$
 *
 * $$\mathrm{gelu}(z) = \tfrac{z}{2}\left(1 + \mathrm{erf}\tfrac{z}{\sqrt{2}}\right) \approx \tfrac{z}{2}\left(1 + \tanh\!\left(\sqrt{\tfrac{2}{\pi}}\,(z + 0.044715\,z^3)\right)\right)$$
 *
 * | symbol | in code       | shape       |
 * | ------ | ------------- | ----------- |
 * | $x$    | `hidden`      | `[B, T, E]` |
 * | $W_1$  | `up.weight`   | `[E, F]`    |
 * | $W_2$  | `down.weight` | `[F, E]`    |
 * | $W_3$  | `gate.weight` | `[E, F]`    |
 *
 * `up`, `gate` and `down` are the names that model files use.
 *
 * **Why four times as wide.** $F$ is the width inside. Each of the $F$ inner units is a question, *is this
 * pattern here?*, and its row of $W_2$ the answer to be written if so. The paper takes $F = 4E$, which puts two
 * thirds of the weights of an encoder layer here. The gated form has three matrices and takes
 * $F = \tfrac{8}{3}E$ to cost the same.
 *
 * **What the notes ask: why is a nonlinearity (非线性) needed?** Two linear maps (线性变换) in a row
 * are one linear map. Without the bend a stack of feed-forward layers has the power of a single
 * matrix.
 *
 * Sources: Vaswani et al. 2017, §3.3; Hendrycks and Gimpel 2016, *Gaussian Error Linear Units*;
 * Shazeer 2020, *GLU Variants Improve Transformer*.
 *
 * @module
 */

import { fusable } from "../engine/fusable.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import type { Random } from "../engine/random.ts";
import type { Tensor } from "../engine/tensor.ts";

/**
 * Cuts off what is negative.
 *
 * @param x any shape
 * @returns the same shape; the slope at 0 is 0
 */
export function relu(x: Tensor): Tensor {
  return fusable("relu", [x], {}, () => x.where(x.greater(0), 0));
}

/**
 * Weighs each number by the probability that a normal draw lies below it.
 *
 * @param x any shape
 * @param options `approximate`: whether the tanh form is used, as GPT-2 does; false by default
 * @returns the same shape
 */
export function gelu(x: Tensor, { approximate = false }: { readonly approximate?: boolean | undefined } = {}): Tensor {
  return fusable("gelu", [x], { approximate }, () => {
    const bend = approximate
      ? x.add(x.square().mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh()
      : x.mul(Math.SQRT1_2).erf();
    return x.mul(bend.add(1)).mul(0.5);
  });
}

/**
 * Weighs each number by its own sigmoid; also known as swish.
 *
 * @param x any shape
 * @returns the same shape
 */
export function silu(x: Tensor): Tensor {
  return fusable("silu", [x], {}, () => x.mul(x.sigmoid()));
}

/** Names of what a feed-forward layer does between its matrices. */
export type ActivationName = "relu" | "gelu" | "geluTanh" | "silu" | "swiglu";

/** The functions of one number among them. */
const activations: Readonly<Record<Exclude<ActivationName, "swiglu">, (x: Tensor) => Tensor>> = {
  relu,
  gelu: (x) => gelu(x),
  geluTanh: (x) => gelu(x, { approximate: true }),
  silu,
};

/** How a feed-forward layer is laid out. */
export interface FeedForwardOptions {
  /** What stands between the matrices; `"relu"` by default. */
  readonly activation?: ActivationName | undefined;
  /** Whether the matrices add a bias; true by default. */
  readonly bias?: boolean | undefined;
}

/** Two matrices with a bend between them, or three with a gate, applied to each position. */
export class FeedForward extends Module {
  /** $W_1$ */
  readonly up: Linear;
  /** $W_3$: what passes the silu, if there is a gate. */
  readonly gate: Linear | undefined;
  /** $W_2$. */
  readonly down: Linear;
  /** What stands between the matrices. */
  readonly activation: ActivationName;

  /**
   * Starts from random matrices.
   *
   * @param hiddenSize width outside
   * @param feedForwardSize width inside
   * @param random where the first values come from
   * @param options activation and bias
   * @throws {TypeError} if there is no such activation
   */
  constructor(hiddenSize: number, feedForwardSize: number, random: Random, options: FeedForwardOptions = {}) {
    super();
    const { activation = "relu", bias = true } = options;
    if (activation !== "swiglu" && !Object.hasOwn(activations, activation)) {
      const known = [...Object.keys(activations), "swiglu"].join(", ");
      throw new TypeError(`Cannot activate by "${activation}": activation must be one of ${known}`);
    }
    this.activation = activation;
    this.up = new Linear(hiddenSize, feedForwardSize, random, { bias });
    this.gate = activation === "swiglu" ? new Linear(hiddenSize, feedForwardSize, random, { bias }) : undefined;
    this.down = new Linear(feedForwardSize, hiddenSize, random, { bias });
  }

  /** Works on each position of `[…, E]` by itself. */
  forward(hidden: Tensor): Tensor {
    const wide = this.up.forward(hidden);
    const bent = this.activation === "swiglu"
      ? silu(this.gate!.forward(hidden)).mul(wide)
      : activations[this.activation](wide);
    return this.down.forward(bent);
  }
}

// ## The bend, measured
//
// The experiment lets layers of one shape learn a curve. Without an activation the best that training
// finds is the best straight line, and the layer equals one matrix to within rounding. With any of the
// four activations it follows the curve.

// ## Pitfall: two functions of one name
//
// `gelu` with erf and `gelu` with tanh differ by up to 0.0005: enough to make a loaded model
// disagree with its source, and never enough to make it fail. GPT-2 was trained with the tanh, BERT
// with erf. The test "gelu() has two forms that differ" states by how much.

// ## Exercise
//
// Count the weights of `FeedForward(512, 2048)` and of the gated one with $F = 1365$. Then leave the
// activation out: the weights are as many. To which single matrix is the layer equal, and how many
// weights has that?
