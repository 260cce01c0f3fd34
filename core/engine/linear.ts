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

import { fusable } from "./fusable.ts";
import { glorot, type Initialization } from "./initialization.ts";
import { Module } from "./module.ts";
import { PackedTensor } from "./packed.ts";
import type { Random } from "./random.ts";
import { dims, format } from "./shape.ts";
import { parameter, zeros } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Multiplies the last axis by a matrix and adds a bias.
 *
 * @param x features, `[…, inputSize]`
 * @param weight `[inputSize, outputSize]`
 * @param bias `[outputSize]`, or none
 * @returns `[…, outputSize]`
 * @throws {TypeError} if the extents disagree
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const { I, O } = dims(weight, "I O");
  if (bias) dims(bias, "O", { O });
  if (x.shape[x.rank - 1] !== I) {
    throw new TypeError(`Cannot map features of shape ${format(x.shape)}: the last extent must be ${I}`);
  }
  if (weight instanceof PackedTensor) return weight.multiply(x, bias);
  return fusable("linear", [x, weight, bias], {}, () => {
    const product = x.matmul(weight);
    return bias ? product.add(bias) : product;
  });
}

/** Options of {@linkcode Linear}. */
export interface LinearOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean | undefined;
  /** How the matrix starts; {@linkcode glorot} by default. */
  readonly initialization?: Initialization | undefined;
}

/** An affine map with trained weights. */
export class Linear extends Module {
  /** `[inputSize, outputSize]` */
  weight: Tensor;
  /** `[outputSize]`, zeros at the start. */
  bias: Tensor | undefined;

  /**
   * Draws the matrix.
   *
   * @param inputSize width of what comes in
   * @param outputSize width of what comes out
   * @param random where the first values come from
   * @param options bias, and how the matrix starts
   */
  constructor(inputSize: number, outputSize: number, random: Random, options: LinearOptions = {}) {
    super();
    const { bias = true, initialization = glorot } = options;
    this.weight = parameter(initialization(inputSize, outputSize, random));
    this.bias = bias ? parameter(zeros([outputSize])) : undefined;
  }

  /** Offers its matrix to `pack` and `quantize`. */
  override packMatrices(pack: (matrix: Tensor, rows: boolean) => Tensor): void {
    this.weight = pack(this.weight, false);
  }

  /** Maps `[…, inputSize]` to `[…, outputSize]`. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
