/**
 * # The affine map
 *
 * The one layer that every other is made of (线性层): each row of features is multiplied by a
 * matrix and shifted,
 *
 * $$Y = XW + b$$
 *
 * with `weight` $W$ stored as `[inputSize, outputSize]`, as the formula has it, and `bias`
 * $b$ as `[outputSize]`.
 *
 * @module
 */

import { checkSizes } from "./arguments.ts";
import { glorot, type Initialization } from "./initialization.ts";
import { Module } from "./module.ts";
import { callback, checkOptions, type Checks, flag } from "./options.ts";
import { checkRandom, type Random } from "./random.ts";
import { parameter, zeros } from "./create.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { Weight } from "./weight.ts";

/** Options of {@linkcode Linear}. */
export interface LinearOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean | undefined;
  /** How the matrix starts; {@linkcode glorot} by default. */
  readonly initialization?: Initialization | undefined;
}

const LINEAR: Checks<LinearOptions> = { bias: flag, initialization: callback() };

/** An affine map with trained weights. */
export class Linear extends Module {
  /** The matrix, `[inputSize, outputSize]`. */
  readonly weight: Weight;
  /** What is added, `[outputSize]`, zeros at the start. */
  readonly bias: Tensor | undefined;

  /**
   * Draws the matrix.
   *
   * @param inputSize width of what comes in
   * @param outputSize width of what comes out
   * @param random where the first values come from
   * @param options whether there is a bias, and how the matrix starts
   */
  constructor(inputSize: number, outputSize: number, random: Random, options: LinearOptions = {}) {
    super();
    checkOptions("make a linear layer", options, LINEAR);
    checkSizes("make a linear layer", { inputSize, outputSize });
    checkRandom("make a linear layer", random);
    const { bias = true, initialization = glorot } = options;
    this.weight = Weight.matrix(parameter(initialization(inputSize, outputSize, random)));
    this.bias = bias ? parameter(zeros([outputSize])) : undefined;
  }

  /** Maps `[…, inputSize]` to `[…, outputSize]`. */
  forward(x: TensorLike): Tensor {
    return this.weight.multiply(x, this.bias);
  }
}
