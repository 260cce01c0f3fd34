/**
 * # Residual connections
 *
 * **Question.** In a chain of layers the gradient is a product with one factor per layer. If the
 * factors are below one, the first layers learn nothing (vanishing gradient, 梯度消失):
 * $w_3(w_2(w_1 x))$ with small $w$ is almost zero. How can a network have a hundred layers?
 *
 * **Idea.** Let a layer compute what should be *changed*, and add it to its input (残差连接). Layers of this kind
 * make a residual network (残差网络). A layer that has nothing to say outputs zero, and the input passes unharmed. Plain layers find it hard to
 * learn the identity mapping (恒等映射; degradation, 退化). With the addition it is the easiest thing to
 * learn.
 *
 * **Formula.** For a step $F$ (attention or feed-forward) in post-norm and in pre-norm form,
 *
 * $$y = \mathrm{norm}(x + F(x)), \qquad y = x + F(\mathrm{norm}(x))$$
 *
 * | symbol          | in code    | shape       |
 * | --------------- | ---------- | ----------- |
 * | $x$             | `hidden`   | `[B, T, E]` |
 * | $F$             | `step`     | a function  |
 * | $\mathrm{norm}$ | `norm`     | a module    |
 *
 * ```diagram Post-norm at the left, pre-norm at the right, read from the bottom.
 * $y$
 * [$\mathrm{norm}$](normalization.ts)
 * + [$F$]
 * $x$
 *
 * $y$
 * +:
 *   [$F$]
 *   [$\mathrm{norm}$](normalization.ts)
 * $x$
 * ```
 *
 * **Why it helps the gradient.** $\partial (x + F(x)) / \partial x = I + F'(x)$. The
 * identity is there whatever $F'$ is. The product over a hundred layers therefore has one term in which no layer
 * occurs at all. [The notes](notes:004.76) say that the gradient is then at least about 1. This holds for that one
 * path. The sum over all paths can be smaller where $F'$ is negative.
 *
 * The argument is that of pre-norm, whose norm is a part of the step. In post-norm the derivative
 * of the norm is a factor of the whole sum, so that every path goes through every norm. Post-norm is the
 * default here because it is the paper's. [Section](normalization.ts) measures what it costs.
 *
 * **Where dropout sits.** {@linkcode Dropout} sets numbers to zero at random in training, so that the model
 * does not rely on any single one. Here it acts on the output of each step, before the addition, as in the paper
 * (§5.4 of Vaswani et al. 2017). The paper's text does not drop attention weights; its authors' own program, *tensor2tensor*, does. Here
 * `attention: multiHead({ dropout: 0.1 })` asks for it.
 *
 * Sources: He, Zhang, Ren and Sun 2016, *Deep Residual Learning*; Xiong et al. 2020, *On Layer
 * Normalization in the Transformer Architecture*.
 *
 * @module
 */

import { checkTensors } from "../engine/arguments.ts";
import { Dropout } from "../engine/dropout.ts";
import { Module } from "../engine/module.ts";
import { checkFunction, checkOptions, type Checks, flag, numeric, oneOf } from "../engine/options.ts";
import { partOf } from "../engine/part.ts";
import type { Tensor } from "../engine/tensor.ts";
import { layerNormalization, type Norm, type Normalization } from "./normalization.ts";

/** Where norms stand: after the addition, before the step, or before and after the step. */
export type Placement = "post" | "pre" | "both";

/** How a {@linkcode Residual} is laid out. */
export interface ResidualOptions {
  /** Which norm; {@linkcode layerNormalization} by default. */
  readonly norm?: Normalization | undefined;
  /** Whether the norm stands after the addition, or inside: before the step, or on `"both"` sides of it; `"post"` by default. */
  readonly placement?: Placement | undefined;
  /** Fraction of the step's output that is dropped in training, in [0, 1); 0 by default. */
  readonly dropout?: number | undefined;
  /** Whether layer norms have a bias; true by default. */
  readonly bias?: boolean | undefined;
}

/** What the options of a residual connection may be. */
export const residualChecks: Checks<ResidualOptions> = {
  norm: partOf("a norm, such as rmsNormalization()", ({ create }) => create !== undefined),
  placement: oneOf<Placement>(["post", "pre", "both"]),
  dropout: numeric({ min: 0, below: 1 }),
  bias: flag,
};

/** Adds what a step computes to what it was computed from, and normalizes. */
export class Residual extends Module {
  /** The norm, after the addition or before the step. */
  readonly norm: Norm;
  /** The norm of what the step computed, before it is added, where norms stand on both sides. */
  readonly outputNorm: Norm | undefined;
  /** Where the norm stands. */
  readonly placement: Placement;
  /** Drops a fraction of the step's output in training. */
  readonly dropout: Dropout;

  /**
   * Starts with a plain norm.
   *
   * @param hiddenSize number of features
   * @param options norm, placement and dropout
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if the dropout is outside its interval
   */
  constructor(hiddenSize: number, options: ResidualOptions = {}) {
    super();
    checkOptions("add and normalize", options, residualChecks);
    const { norm = layerNormalization(), placement = "post", dropout = 0, bias } = options;
    this.norm = norm.create(hiddenSize, { bias });
    this.outputNorm = placement === "both" ? norm.create(hiddenSize, { bias }) : undefined;
    this.placement = placement;
    this.dropout = new Dropout(dropout);
  }

  /**
   * Runs a step with its residual connection.
   *
   * @param hidden `[B, T, E]`
   * @param step attention or feed-forward, keeping the shape
   * @returns `[B, T, E]`
   * @throws {TypeError} if it drops in training and has no random numbers: give them by `train(random)`
   */
  forward(hidden: Tensor, step: (x: Tensor) => Tensor): Tensor {
    checkTensors("add and normalize", { hidden });
    checkFunction("add and normalize by", step);
    if (this.placement === "post") return this.norm.forward(hidden.add(this.dropout.forward(step(hidden))));
    const made = step(this.norm.forward(hidden));
    return hidden.add(this.dropout.forward(this.outputNorm ? this.outputNorm.forward(made) : made));
  }
}

// ## The residual connection, measured
//
// The experiment sends a signal through a chain of steps that shrink it, and a gradient back, with the addition and
// without. The dashed line of the second figure is a counterexample: every step there opposes its input. The gradient
// then vanishes with the addition too, so the “at least about 1” of [the notes](notes:004.76) is no law. In the last
// figure two networks learn to return their input. With the addition the steps only have to become small.

// ## On both sides
//
// In pre-norm nothing bounds what a step adds to the sum: a few layers may add numbers that are hundreds of times larger than all others. Gemma 2 and 3 normalize what comes out of a step as well, $y = x + \mathrm{norm}_2(F(\mathrm{norm}_1(x)))$, with the option `placement: "both"`. The direct path has no norm, as in pre-norm,
// and each layer adds a vector whose size is that of a trained gain.

// ## Pitfall: the norm on the direct path
//
// $\mathrm{norm}(x) + F(\mathrm{norm}(x))$ looks like pre-norm and is neither: the direct path runs
// through the norm, and the signal of the first layer is rescaled by every later one. The test
// "Residual() with a step that says nothing hands its input through" fails for it.

// ## Exercise
//
// Stack 30 steps `x => x.matmul(W)` with random $W$ of variance $0.1 / E$, with and without the
// residual. Print the norm of the gradient at the input of each layer.
