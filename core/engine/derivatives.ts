/**
 * # Derivatives in formulas
 *
 * **Question.** `backward()` leaves gradients with the parameters, for an optimizer. What if a formula contains a gradient
 * itself: a penalty on the slope of a critic, the curvature of a solution, a loss after one step of learning?
 *
 * **Idea.** What the [walk back](autograd.ts) computes at each result is a formula of the same operations, so it can be
 * recorded like any other. {@linkcode gradientsOf} hands gradients out as tensors, and with `createGraph` they are on the
 * tape: what is computed from them has gradients again, of any order.
 *
 * **Formula.** The product of a Hessian with a vector is the gradient of a number, and no Hessian is ever made:
 *
 * $$H v = \nabla_x \left( v^\top \nabla_x f \right)$$
 *
 * **Along a direction.** Walking back gives the derivative of one number by many; {@linkcode jvp} gives that of many numbers
 * along one direction $t$. The walk hands $v$ to the output and returns $J^\top v$, which is linear in $v$. Walked
 * back itself, it is transposed once more:
 *
 * $$J t = \nabla_v \left( t^\top J^\top v \right)$$
 *
 * @module
 */

import { aTensor, checkTensorList, checkTensors } from "./arguments.ts";
import { walkTo, withRecording } from "./autograd.ts";
import { checkFunction, checkOptions, type Checks, checkSynchronous, flag, shown } from "./options.ts";
import { requireFloat, sameDevice } from "./refusals.ts";
import { scope } from "./scope.ts";
import { format, sameShape } from "./shape.ts";
import { checkArriving, filled, record, Tensor } from "./tensor.ts";

/** Options of {@linkcode jvp}. */
export interface JvpOptions {
  /** Whether derivatives are on the tape; false by default, true within the `f` of a `jvp`. */
  readonly createGraph?: boolean | undefined;
}

/** Options of {@linkcode gradientsOf}. */
export interface GradientOptions extends JvpOptions {
  /** The gradient arriving at the output, of its shape; a single 1 by default, for one element. */
  readonly gradient?: Tensor | undefined;
}

const JVP: Checks<JvpOptions> = { createGraph: flag };
const GRADIENTS: Checks<GradientOptions> = { ...JVP, gradient: aTensor };

/** One gradient for each target. */
export type GradientsOf<Targets extends readonly Tensor[]> = { -readonly [Index in keyof Targets]: Tensor };

/**
 * Gradients of a result with respect to given tensors, as tensors.
 *
 * Each target counts as independent: the walk does not go beyond it, and only what lies between it and the output is
 * computed. Nobody's `grad` changes. With `createGraph` the gradients are on the tape, in every order; this keeps all of
 * the walk in memory, and functions that a device has kernels for compute their definitions.
 *
 * @example
 * ```ts
 * import { gradientsOf, tensor } from "@heed/heed";
 *
 * const x = tensor([0, 1, 2]);
 * x.requiresGrad = true;
 * const cubes = x.square().mul(x);
 * const [slope] = gradientsOf(cubes.sum(), [x], { createGraph: true });
 * const [curvature] = gradientsOf(slope.sum(), [x]);
 * console.assert(String(await curvature.read()) === "0,6,12");
 *
 * // The Hessian of the sum, times a vector.
 * const [product] = gradientsOf(slope.mul(tensor([1, 10, 100])).sum(), [x]);
 * console.assert(String(await product.read()) === "0,60,1200");
 * ```
 *
 * @param output what is differentiated, on the tape
 * @param targets tensors that require a gradient: parameters, results, or leaves whose `requiresGrad` was set
 * @param options the gradient arriving, and whether the results are on the tape
 * @returns one gradient for each target; zeros where `output` does not depend on it
 * @throws {TypeError} if the output is on no tape, or a target requires no gradient
 */
export function gradientsOf<const Targets extends readonly Tensor[]>(
  output: Tensor,
  targets: Targets,
  options: GradientOptions = {},
): GradientsOf<Targets> {
  checkOptions("differentiate", options, GRADIENTS);
  checkTensors("differentiate", { output });
  checkTensorList("differentiate", "targets", targets);
  const { gradient, createGraph = inside > 0 } = options;
  checkArriving(output, gradient);
  targets.forEach(checkTarget);
  const start = gradient ?? filled(output.device, output.shape, 1, "float32");
  const found = walkTo(output, start, targets, createGraph);
  return found.map((one, i) => one ?? zerosLike(targets[i]!)) as GradientsOf<Targets>;
}

function checkTarget(target: Tensor, i: number): void {
  requireFloat("a derivative", target);
  if (target.requiresGrad) return;
  throw new TypeError(
    `Cannot differentiate by targets[${i}] of shape ${format(target.shape)}: it requires no gradient, ` +
      "and requiresGrad = true has to be set before it is used",
  );
}

function zerosLike(x: Tensor): Tensor {
  return filled(x.device, x.shape, 0, "float32");
}

/** A value, and how it changes along a direction. */
export interface ValueAndTangent {
  /** What the function returned. */
  readonly value: Tensor;
  /** Its derivative along the direction, of the same shape. */
  readonly tangent: Tensor;
}

/**
 * The value of a function, and its derivative along a direction: a Jacobian times a vector.
 *
 * An input counts wherever `f` uses it: as the argument that `f` is given, or as the tensor itself, which is how a module
 * uses its parameters. What was computed from an input before is a constant.
 *
 * It takes four to ten times as long as `f`, whatever the number of inputs and outputs, and fifteen through attention, whose
 * kernels it cannot use. With `createGraph` both results are on the tape, of the inputs and of what else `f` uses. What `f`
 * itself derives, by `jvp` or {@linkcode gradientsOf}, is derived along the direction as well.
 *
 * @example
 * ```ts
 * import { jvp, tensor } from "@heed/heed";
 *
 * const { value, tangent } = jvp((x) => x.square(), [tensor([1, 2, 3])], [tensor([1, 0, 10])]);
 * console.assert(String(await value.read()) === "1,4,9");
 * console.assert(String(await tangent.read()) === "2,0,60");
 * ```
 *
 * @example Along the parameters of a module
 * ```ts
 * import { jvp, Linear, Random, tensor } from "@heed/heed";
 *
 * const layer = new Linear(2, 1, new Random(1)), x = tensor([[3, 4]]);
 * const weights = [...layer.parameters().values()]; // [2, 1] and [1]
 * const { tangent } = jvp(() => layer.forward(x), weights, [tensor([[1], [10]]), tensor([100])]);
 * console.assert(String(await tangent.read()) === "143");
 * ```
 *
 * @param f synchronous; from the inputs to one tensor, and without arguments if it uses them as they are
 * @param inputs where it is computed, float32
 * @param tangents the direction: for each input, a tensor of its shape
 * @param options `createGraph`
 * @returns the value, and the derivative of the same shape
 * @throws {TypeError} if `f` returns no tensor of float32, or a tangent has another shape than its input
 */
export function jvp(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
  options: JvpOptions = {},
): ValueAndTangent {
  checkOptions("differentiate", options, JVP);
  checkFunction("differentiate", f);
  checkDirection(inputs, tangents);
  const { createGraph = inside > 0 } = options;
  const push = (): ValueAndTangent =>
    withRecording(true, () => {
      const places = inputs.map((input) => placeOf(input, createGraph));
      return withGradients(inputs, () => pushForward(f, inputs, tangents, places, createGraph));
    });
  return createGraph ? push() : scope(push);
}

function pushForward(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
  places: readonly Tensor[],
  createGraph: boolean,
): ValueAndTangent {
  const since = places[0]?.order, value = within(() => f(...places));
  checkSynchronous("differentiate", value, "await its parts outside, and compute inside");
  if (!(value instanceof Tensor)) throw new TypeError(`Cannot differentiate ${shown(value)}: a tensor is needed`);
  requireFloat("a derivative", value);

  // $v$: any number will do, and the gradients are linear in it.
  const cotangent = zerosLike(value);
  cotangent.requiresGrad = true;
  const pulled = walkTo(value, cotangent, [...places, ...inputs], true, since);
  const products = pulled.flatMap((gradient, i) => gradient ? [gradient.mul(tangents[i % inputs.length]!).sum()] : []);
  const total = products.reduce((sum, product) => sum.add(product), filled(value.device, [], 0, "float32"));
  const [tangent] = walkTo(total, filled(value.device, [], 1, "float32"), [cotangent], createGraph);
  return { value: createGraph ? value : value.detach(), tangent: tangent ?? zerosLike(value) };
}

/** How many functions of {@linkcode jvp} are being computed: what they differentiate is differentiated again. */
let inside = 0;

function within<T>(f: () => T): T {
  inside++;
  try {
    return f();
  } finally {
    inside--;
  }
}

/** An input that nothing else depends on. */
function placeOf(input: Tensor, createGraph: boolean): Tensor {
  const place = input.detach();
  if (createGraph && input.requiresGrad) return record(place, [input], (g) => [g]);
  place.requiresGrad = true;
  return place;
}

/** Runs a function while its inputs require a gradient, so that it may use them without being given them. */
function withGradients<T>(inputs: readonly Tensor[], f: () => T): T {
  const without = inputs.filter(({ requiresGrad }) => !requiresGrad);
  for (const input of without) input.requiresGrad = true;
  try {
    return f();
  } finally {
    for (const input of without) input.requiresGrad = false;
  }
}

function checkDirection(inputs: readonly Tensor[], tangents: readonly Tensor[]): void {
  checkTensorList("differentiate", "inputs", inputs);
  checkTensorList("differentiate", "tangents", tangents);
  if (inputs.length !== tangents.length) {
    throw new TypeError(
      `Cannot differentiate ${inputs.length} inputs along ${tangents.length} tangents: one each is needed`,
    );
  }
  inputs.forEach((input, i) => {
    const tangent = tangents[i]!;
    for (const x of [input, tangent]) requireFloat("a derivative", x);
    sameDevice(input, tangent);
    if (sameShape(input.shape, tangent.shape)) return;
    throw new TypeError(
      `Cannot differentiate inputs[${i}] of shape ${format(input.shape)} along a tangent of shape ${
        format(tangent.shape)
      }`,
    );
  });
}

// ## Pitfall: a graph that is kept, or is gone
//
// A gradient on the tape needs all it was computed from. Who holds it holds a whole step, and
// `total = total.add(penalty)` over a loop holds all of them: add up `penalty.detach()`. A scope frees what its result does
// not hold, the tape included, and a gradient that it returns is numbers and nothing else: differentiate inside. The test
// "a gradient on the tape ends with its scope, and its numbers do not" shows what is said otherwise.

// ## Pitfall: no curvature
//
// `relu`, `abs`, `max` and all that chooses or sorts are made of flat pieces: their second derivative is 0 wherever there is
// one, and 0 is what the tape says at the kinks too. A network of `relu` has a slope to learn from and no curvature. Where
// a loss contains the second derivative, take `tanh`, `gelu` or `silu`; the test "a network of relu has no curvature"
// fails for those.
