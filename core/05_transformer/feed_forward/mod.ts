/**
 * # Feed-forward layers
 *
 * **Question.** Attention outputs averages of values: sums with positive weights. Stacked averages
 * are averages. What *computes* something with the information that attention has collected?
 *
 * **Idea.** After each attention, a small network of two layers is applied to every position
 * separately (前馈层), the same network at all positions. It widens the vector, applies an
 * activation function (激活函数), and narrows the vector again.
 *
 * **Formula.** The original one, with any [activation](activations.ts) in the place of $\max(0, \cdot)$, and its gated
 * successor SwiGLU, with $\mathrm{silu}(z) = z\,\sigma(z)$:
 *
 * $$\mathrm{FFN}(x) = \max(0,\, xW_1 + b_1)\,W_2 + b_2, \qquad \mathrm{SwiGLU}(x) = \big(\mathrm{silu}(xW_3) \odot xW_1\big)\,W_2$$
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
 * **Why four times as wide.** $F$ is the width inside. Each of the $F$ inner units detects one
 * pattern, and its row of $W_2$ is what is added to the output if the pattern is there. The paper takes $F = 4E$, which puts two
 * thirds of the weights of an encoder layer here. The gated form has three matrices and takes
 * $F = \tfrac{8}{3}E$ to cost the same.
 *
 * **Why a nonlinearity (非线性).** [The notes](notes:001.37) put a ReLU between two linear maps. Two linear maps (线性变换)
 * in a row are one linear map. Without an activation a stack of feed-forward layers has the power of a single
 * matrix.
 *
 * Sources: Vaswani et al. 2017, §3.3; Shazeer 2020, *GLU Variants Improve Transformer*.
 *
 * @module
 */

import { type LayerInitialization, layerInitializationCheck } from "../../engine/initialization.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { checkOptions, type Checks, flag } from "../../engine/options.ts";
import type { Random } from "../../engine/random.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { type Activation, activationCheck, type GatedActivation, relu } from "./activations.ts";

export * from "./activations.ts";

/** How a feed-forward layer is laid out. */
export interface FeedForwardOptions {
  /** What stands between the matrices; {@linkcode relu} by default. */
  readonly activation?: Activation | GatedActivation | undefined;
  /** Whether the matrices add a bias; true by default. */
  readonly bias?: boolean | undefined;
  /** How the matrices start; {@linkcode glorot} by default. */
  readonly initialization?: LayerInitialization | undefined;
}

const FEED_FORWARD: Checks<FeedForwardOptions> = {
  activation: activationCheck,
  bias: flag,
  initialization: layerInitializationCheck,
};

/** Two matrices with an activation between them, or three with a gate, for each position. */
export class FeedForward extends Module {
  /** From outside to inside: $W_1$. */
  readonly up: Linear;
  /** What passes the activation, if there is a gate: $W_3$. */
  readonly gate: Linear | undefined;
  /** From inside to outside: $W_2$. */
  readonly down: Linear;
  /** What stands between the matrices. */
  readonly activation: Activation | GatedActivation;

  /**
   * Starts from random matrices.
   *
   * @param hiddenSize width outside
   * @param feedForwardSize width inside
   * @param random where the first values come from
   * @param options activation, bias, first values
   * @throws {TypeError} if the activation is none
   */
  constructor(hiddenSize: number, feedForwardSize: number, random: Random, options: FeedForwardOptions = {}) {
    super();
    checkOptions("work on positions", options, FEED_FORWARD);
    const { activation = relu, bias, initialization } = options;
    const within = { bias, initialization: initialization?.within };
    this.activation = activation;
    this.up = new Linear(hiddenSize, feedForwardSize, random, within);
    this.gate = "gate" in activation ? new Linear(hiddenSize, feedForwardSize, random, within) : undefined;
    this.down = new Linear(feedForwardSize, hiddenSize, random, { bias, initialization: initialization?.intoSum });
  }

  /** Works on each position of `[…, E]` by itself. */
  forward(hidden: Tensor): Tensor {
    const { activation } = this, wide = this.up.forward(hidden);
    const bent = "gate" in activation ? activation.gate(this.gate!.forward(hidden)).mul(wide) : activation(wide);
    return this.down.forward(bent);
  }
}

// ## The activation, measured
//
// The experiment lets layers of one shape learn a curve: one without an activation, which equals a single matrix,
// and one with each of four activations.

// ## Exercise
//
// Count the weights of `FeedForward(512, 2048)` and of the gated one with $F = 1365$. Then leave the
// activation out: the weights are as many. To which single matrix is the layer equal, and how many
// weights has that?
