/**
 * # How weights start
 *
 * **Question.** Before training, a matrix holds random numbers. How large?
 *
 * **Idea.** Large enough that a signal passes, small enough that it does not explode. A product with a matrix of
 * `inputSize` rows sums that many terms, so the variance of its entries decides whether numbers grow or shrink from
 * layer to layer. Which rule a matrix starts by is a property of the part that owns it: whoever makes a `Linear` says so.
 *
 * **Formula.** Glorot and Bengio take the mean of both directions, forwards and backwards:
 *
 * $$w \sim U(-a, a), \quad a = \sqrt{\frac{6}{\mathrm{in} + \mathrm{out}}}, \qquad \mathrm{Var}(w) = \frac{2}{\mathrm{in} + \mathrm{out}}$$
 *
 * Source: Glorot and Bengio 2010, *Understanding the Difficulty of Training Deep Feedforward Neural Networks*.
 *
 * @module
 */

import { checkSizes } from "./arguments.ts";
import { callback, type Check, checkValue, group, numeric, required } from "./options.ts";
import { checkRandom, type Random } from "./random.ts";
import type { Tensor } from "./tensor.ts";

/** Draws the first values of a matrix `[inputSize, outputSize]`. */
export type Initialization = (inputSize: number, outputSize: number, random: Random) => Tensor;

/** How the matrices of a layer start. */
export interface LayerInitialization {
  /** The matrices within. */
  readonly within: Initialization;
  /** Those that write into the residual sum. */
  readonly intoSum: Initialization;
}

/** Two initializations as an option. */
export const layerInitializationCheck: Check<LayerInitialization> = group<LayerInitialization>({
  within: required(callback<Initialization>()),
  intoSum: required(callback<Initialization>()),
});

/** Uniform draws whose variance suits both directions; also known as Xavier's. */
export const glorot: Initialization = (inputSize: number, outputSize: number, random: Random): Tensor => {
  checkSizes("draw a matrix", { inputSize, outputSize });
  checkRandom("draw a matrix", random);
  const bound = Math.sqrt(6 / (inputSize + outputSize));
  return random.uniform([inputSize, outputSize], { min: -bound, max: bound });
};

/**
 * Normal draws of one standard deviation, whatever the widths.
 *
 * @param deviation the standard deviation, such as GPT-2's 0.02
 * @returns how matrices of given widths are drawn
 */
export function normal(deviation: number): Initialization {
  checkValue("draw a matrix", "deviation", deviation, numeric({ min: 0 }));
  return (inputSize, outputSize, random) => random.normal([inputSize, outputSize], { deviation });
}
