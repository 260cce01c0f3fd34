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
import { Module } from "./module.ts";
import { PackedTensor } from "./packed.ts";
import type { Random } from "./random.ts";
import { dims, format } from "./shape.ts";
import { parameter, type Tensor, zeros } from "./tensor.ts";

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
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
}

/** An affine map with trained weights. */
export class Linear extends Module {
  /** `[inputSize, outputSize]` */
  weight: Tensor;
  /** `[outputSize]`, zeros at the start. */
  bias: Tensor | undefined;

  /**
   * Draws the weights uniformly with variance $2 / (\mathrm{in} + \mathrm{out})$ (Glorot and
   * Bengio, 2010).
   */
  constructor(inputSize: number, outputSize: number, random: Random, { bias = true }: LinearOptions = {}) {
    super();
    const bound = Math.sqrt(6 / (inputSize + outputSize));
    this.weight = parameter(random.uniform([inputSize, outputSize], { min: -bound, max: bound }));
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
