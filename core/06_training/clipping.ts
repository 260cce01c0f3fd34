/**
 * # Clipping
 *
 * **Question.** One bad batch can have a gradient a thousand times the usual one (an exploding
 * gradient, 梯度爆炸), and a single step of that length undoes an hour of training. What keeps such a
 * batch from doing harm, without knowing it in advance?
 *
 * **Idea.** Bound the length. All gradients together are one long vector; where it is longer than
 * the bound, it is made as long as the bound, in the same direction (gradient clipping).
 *
 * **Formula.** With the gradients $g$ of all parameters as one vector, a bound $c$ and a factor $f$,
 *
 * $$f = \min\big(1,\; c / \lVert g \rVert\big), \qquad g \leftarrow f g$$
 *
 * | symbol            | in code     | shape             |
 * | ----------------- | ----------- | ----------------- |
 * | $g$               | `gradients` | of the parameters |
 * | $\lVert g \rVert$ | `norm`      | one number        |
 * | $c$               | `maxNorm`   | one number        |
 * | $f$               | `exact`, squared | one number   |
 *
 * **Why nothing is read back.** The factor could be computed by the program, but then each step would
 * wait for the device to answer. It stays a tensor of one number, and the device multiplies by it.
 *
 * Source: Pascanu, Mikolov and Bengio 2013, *On the Difficulty of Training Recurrent Neural Networks*.
 *
 * @module
 */

import { checkInstance, checkTensorList } from "../engine/arguments.ts";
import { shown } from "../engine/options.ts";
import { noGrad } from "../engine/autograd.ts";
import { fusableUpdate } from "../engine/fusable.ts";
import { zeros } from "../engine/create.ts";
import { concat, stack } from "../engine/joining.ts";
import type { Tensor } from "../engine/tensor.ts";
import { scope } from "../engine/scope.ts";

/**
 * Scales all gradients in place so that together they are no longer than `maxNorm`.
 *
 * The factor stays on the device: nothing waits for a number to be read back. An infinite gradient has no direction: all
 * gradients become 0, and the length says so. NaN stays in its own place, and the length is NaN.
 *
 * @param parameters those whose gradients count; without a gradient they are skipped
 * @param maxNorm the length allowed, more than 0
 * @returns the length before clipping, a scalar
 * @throws {RangeError} if `maxNorm` is not positive
 */
export function clipGradients(parameters: ReadonlyMap<string, Tensor>, maxNorm: number): Tensor {
  checkInstance("clip gradients", "parameters", parameters, Map);
  checkTensorList("clip gradients", "parameters", [...parameters.values()]);
  if (typeof maxNorm !== "number" || !(maxNorm > 0)) {
    throw new RangeError(`Cannot clip gradients to ${shown(maxNorm)}: maxNorm must be positive`);
  }
  const gradients = [...parameters.values()].flatMap(({ grad }) => grad && grad.size > 0 ? [grad] : []);
  if (gradients.length === 0) return zeros([]);
  return noGrad(() =>
    scope(() => {
      const { unit, length } = lengthOf(gradients), norm = length.mul(unit);

      // A length below the bound gives a factor of exactly 1, which leaves every bit alone. $f$ itself may be too small for
      // float32: gradients are multiplied by its root, twice.
      const root = length.pow(-1).mul(maxNorm).sqrt().div(unit.sqrt());
      const bounded = root.where(unit.less(Infinity), 0).minimum(1);
      // A bound that float32 does not hold is exceeded by an infinite number alone.
      const beyond = maxNorm < Infinity && Math.fround(maxNorm) === Infinity;
      const exact = bounded.where(beyond ? unit.equal(Infinity) : norm.greater(maxNorm), 1);
      for (const gradient of gradients) {
        fusableUpdate(
          "scale",
          [gradient],
          [exact],
          {},
          () => [gradient.mul(exact).mul(exact).where(exact.notEqual(0), 0)],
        );
      }
      return norm;
    })
  );
}

/**
 * The length of all gradients in units of their largest number.
 *
 * The square of $10^{20}$ is beyond float32, that of $10^{-30}$ is 0, and both are lengths.
 */
function lengthOf(gradients: readonly Tensor[]): { readonly unit: Tensor; readonly length: Tensor } {
  const parts = inParts(gradients);
  const [highest, lowest] = [parts.map((part) => part.max()), parts.map((part) => part.min())];
  const largest = stack(highest, 0).max().maximum(stack(lowest, 0).min().neg());
  const unit = largest.where(largest.notEqual(0), 1);
  const squares = stack(parts.map((part) => part.div(unit).square().sum()), 0).sum();
  // Of an infinite gradient the length is one of its units.
  return { unit, length: squares.sqrt().where(unit.notEqual(Infinity), 1) };
}

/** Gradients of fewer numbers than a call is worth. */
const SHORT = 4096;

/** The same numbers in fewer tensors: what is short is joined. */
function inParts(gradients: readonly Tensor[]): readonly Tensor[] {
  const short = gradients.filter(({ size }) => size < SHORT), long = gradients.filter(({ size }) => size >= SHORT);
  return short.length < 2 ? gradients : [...long, concat(short.map((gradient) => gradient.reshape([-1])), 0)];
}

// ## Pitfall: clipping each parameter alone
//
// Bounding every gradient by itself changes the direction of the whole. The test
// "clipGradients() keeps the direction" compares the ratios before and after.

// ## Exercise
//
// Adam divides by the size of the gradient, so a gradient a thousand times as long should not matter to
// it. Train with `adamW` and without clipping, multiply the loss of one batch by 1000, and look at the
// steps before, at and after it. What does the second moment remember of it?
