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
 * **By hand.** Two parameters of one number each have the gradients 3 and 4. Together they are the vector $(3, 4)$ of
 * length $\sqrt{3^2 + 4^2} = 5$. With the bound $c = 1$ the factor is $1 / 5 = 0.2$, and the gradients become 0.6 and 0.8: length 1, the
 * same direction. With $c = 10$ nothing changes. Clipped one by one to 1, both would be 1: another direction.
 *
 * ```ts
 * import { clipGradients, parameter, tensor } from "@heed/heed";
 *
 * for (const bound of [1, 10]) {
 *   const parameters = new Map([["a", parameter(tensor([0]))], ["b", parameter(tensor([0]))]]);
 *   parameters.get("a")!.grad = tensor([3]);
 *   parameters.get("b")!.grad = tensor([4]);
 *   const length = await clipGradients(parameters, bound).item();
 *   const clipped = await Promise.all([...parameters.values()].map(({ grad }) => grad!.item()));
 *   console.log(`bound ${bound}: length ${length.toFixed(1)}, gradients ${clipped.map((g) => g.toFixed(1)).join(" and ")}`);
 * }
 * ```
 *
 * ```text
 * bound 1: length 5.0, gradients 0.6 and 0.8
 * bound 10: length 5.0, gradients 3.0 and 4.0
 * ```
 *
 * **Formula.** With the gradients $g$ of all parameters as one vector, its length $\lVert g \rVert$, the root of the sum of all squares, a bound $c$ and a factor $f$,
 *
 * $$f = \min\big(1,\; c / \lVert g \rVert\big), \qquad g \leftarrow f g$$
 *
 * | symbol            | in code     | shape             |
 * | ----------------- | ----------- | ----------------- |
 * | $g$               | `gradients` | of the parameters |
 * | $\lVert g \rVert$ | `norm`      | one number        |
 * | $c$               | `maxNorm`   | one number        |
 * | $f$               | `root`, squared | one number   |
 *
 * **Why nothing is read back.** The factor could be computed by the program, but then each step would
 * wait for the device to answer. It stays a tensor of one number, and the device multiplies by it.
 *
 * **At the ends of float32.** The square of $10^{20}$ is beyond float32, and that of $10^{-30}$ is 0, yet both are lengths. So the length is
 * measured in units of the largest number, and $f$, which may be too small for float32 itself, is applied as its root, twice.
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
  const gradients = gradientsOf(parameters, maxNorm);
  if (gradients.length === 0) return zeros([]);
  // Clipping is [no part of what is differentiated](../engine/autograd.ts), and [its intermediate results are freed](../engine/scope.ts).
  return noGrad(() =>
    scope(() => {
      // $\lVert g \rVert$, over all parameters together.
      const { unit, length } = lengthOf(gradients), norm = length.mul(unit);

      // $f = \min(1, c / \lVert g \rVert)$, as its root.
      const root = rootOfFactor({ unit, length, norm }, maxNorm);

      // $g \leftarrow f g$: one factor for all keeps the direction. What is infinite becomes 0. A device may have
      // [one kernel](../engine/fusable.ts) for this line.
      for (const gradient of gradients) {
        const scaled = () => [gradient.mul(root).mul(root).where(root.notEqual(0), 0)];
        fusableUpdate("scale", [gradient], [root], {}, scaled);
      }
      return norm;
    })
  );
}

// #region What is refused, and lengths at the ends of float32

/** The gradients that count, once everything is as it must be. */
function gradientsOf(parameters: ReadonlyMap<string, Tensor>, maxNorm: number): Tensor[] {
  checkInstance("clip gradients", "parameters", parameters, Map);
  checkTensorList("clip gradients", "parameters", [...parameters.values()]);
  if (typeof maxNorm !== "number" || !(maxNorm > 0)) {
    throw new RangeError(`Cannot clip gradients to ${shown(maxNorm)}: maxNorm must be positive`);
  }
  return [...parameters.values()].flatMap(({ grad }) => grad && grad.size > 0 ? [grad] : []);
}

/** The length of all gradients: that of a vector of numbers of at most one unit, and the unit. */
interface Length {
  readonly unit: Tensor;
  readonly length: Tensor;
}

/** The root of $f$. A length below the bound gives exactly 1, which leaves every bit of the gradients alone. */
function rootOfFactor({ unit, length, norm }: Length & { readonly norm: Tensor }, maxNorm: number): Tensor {
  const root = length.pow(-1).mul(maxNorm).sqrt().div(unit.sqrt());
  const bounded = root.where(unit.less(Infinity), 0).minimum(1);
  // A bound that float32 does not hold is exceeded by an infinite number alone.
  const beyond = maxNorm < Infinity && Math.fround(maxNorm) === Infinity;
  return bounded.where(beyond ? unit.equal(Infinity) : norm.greater(maxNorm), 1);
}

/** The length of all gradients in units of their largest number. */
function lengthOf(gradients: readonly Tensor[]): Length {
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

// #endregion

// ## Pitfall: clipping each parameter alone
//
// Bounding every gradient by itself changes the direction of the whole. The test
// "clipGradients() keeps the direction" compares the ratios before and after.

// ## Exercise
//
// Adam divides by the size of the gradient. So a gradient that is a thousand times too long should not matter to it. Give the weight
// of [section](adam.ts) a gradient of 1 at each step, and of 1000 at step 50, with and without clipping to 1. Look at the steps
// before, at and after it. What does the second moment remember of it?
//
// **Hint.** At step 50, $m$ and $v$ are nearly those of a constant gradient of 1. What does 1000 add to each?
//
// **Solution.** The step itself is not longer: the outlier enters $m$ and the root of $v$ together. The harm comes after it.
// $m$ forgets at a rate of 0.9, $v$ at 0.999. Thirty steps later $m$ is back at its size and $v$ is not: Adam nearly stands still, for
// hundreds of steps. With clipping nothing happens at all.
//
// ```ts
// import { adam, clipGradients, Optimizer, parameter, tensor } from "@heed/heed";
//
// for (const bound of [Infinity, 1]) {
//   const weight = parameter(tensor([0])), parameters = new Map([["weight", weight]]);
//   const optimizer = new Optimizer(parameters, adam({ learningRate: 1 })), lengths: number[] = [];
//   for (let step = 1; step <= 150; step++) {
//     const before = await weight.item();
//     weight.grad = tensor([step === 50 ? 1000 : 1]);
//     clipGradients(parameters, bound);
//     optimizer.step();
//     lengths.push(before - await weight.item());
//   }
//   const shown = [49, 50, 51, 80, 150].map((step) => `step ${step} ${lengths[step - 1]!.toFixed(2)}`);
//   console.log(`${bound === 1 ? "clipped" : "as it is"}: ${shown.join(", ")}`);
// }
// ```
//
// ```text
// as it is: step 49 1.00, step 50 0.71, step 51 0.64, step 80 0.05, step 150 0.01
// clipped: step 49 1.00, step 50 1.00, step 51 1.00, step 80 1.00, step 150 1.00
// ```
