/**
 * # One definition, faster routes
 *
 * **Question.** A chapter writes softmax as four lines that a reader can check. A device can
 * do it in one pass, several times faster. Which of the two is the library?
 *
 * **Idea.** Both, and the chapter decides what is right. {@linkcode fusable} names a
 * function, lists its inputs and states its definition. A device that has a kernel of that
 * name runs the kernel instead; every other device runs the definition.
 *
 * **Gradients.** A kernel may come with a backward kernel. Where it does not, the definition
 * is computed once more on the tape and differentiated, down to the inputs and no further. So it is
 * where the gradient is to be differentiated itself: what a kernel computes has no slope.
 *
 * **Why this is safe.** For every name, the tests compute kernel and definition on the same
 * inputs, forwards and backwards, and compare; {@linkcode withoutFusion} forces the
 * definition, for them and for curious readers.
 *
 * @module
 */

import { isRecording, walkTo, withRecording } from "./autograd.ts";
import type { FusedFunctions, FusedName, FusedUpdates, Outputs, UpdateName, View } from "./backend.ts";
import { checkFunction, checkSynchronous, shown } from "./options.ts";
import { Storage } from "./scope.ts";
import { sameDevice } from "./refusals.ts";
import { record, Tensor } from "./tensor.ts";

let fusing = true;

/**
 * Runs a function in which every fusable name computes its definition.
 *
 * @param f synchronous
 * @returns what `f` returns
 */
export function withoutFusion<T>(f: () => T): T {
  checkFunction("run", f);
  const before = fusing;
  fusing = false;
  try {
    const result = f();
    checkSynchronous("run without fusion", result, "await its parts outside, and compute inside");
    return result;
  } finally {
    fusing = before;
  }
}

/** Whether kernels take the place of definitions at the moment. */
export function isFusing(): boolean {
  return fusing;
}

/** Owns what a kernel returned: each distinct buffer once, each output as a view of it. */
function wrap(views: readonly (View | undefined)[], like: Tensor): (Tensor | undefined)[] {
  const storages = new Map<unknown, Storage>();
  return views.map((view) => {
    if (!view) return undefined;
    let storage = storages.get(view.buffer);
    if (!storage) storages.set(view.buffer, storage = new Storage(like.device, view.buffer, view.dtype, view.shape));
    return new Tensor(storage, view.dtype, view.shape, view.strides, view.offset);
  });
}

/** Differentiates the definition; on the tape, where one is kept. */
function define(
  inputs: readonly (Tensor | undefined)[],
  wanted: readonly boolean[],
  gradient: Tensor,
  definition: () => Tensor,
): (Tensor | undefined)[] {
  const targets = inputs.filter((_input, i): _input is Tensor => wanted[i]!), createGraph = isRecording();
  const result = withRecording(true, definition);
  const found = walkTo(result, gradient, targets, createGraph);
  // An input that is passed twice has one gradient, which already counts both uses.
  return inputs.map((input, i) =>
    wanted[i] && inputs.indexOf(input) === i ? found[targets.indexOf(input!)] : undefined
  );
}

/**
 * Computes a named function by the device's kernel, or else by its definition.
 *
 * @example
 * ```ts
 * import { tensor, type Tensor } from "@heed/heed";
 * import { fusable } from "@heed/heed/engine";
 *
 * const silu = (x: Tensor) => fusable("silu", [x], {}, () => x.mul(x.sigmoid()));
 * console.assert(Math.abs((await silu(tensor([1])).read())[0]! - 0.7310586) < 1e-6);
 * ```
 *
 * @param name what a device calls its kernel
 * @param inputs every tensor that the definition uses, in the order the kernel expects
 * @param attributes numbers and switches that the definition uses
 * @param definition computes the result from the inputs
 * @returns the result, on the tape if an input wants a gradient
 */
export function fusable<Name extends FusedName>(
  name: Name,
  inputs: readonly (Tensor | undefined)[],
  attributes: FusedFunctions[Name],
  definition: () => Tensor,
): Tensor {
  checkCall(name, attributes, definition);
  if (!Array.isArray(inputs)) throw noInputs(name, inputs);
  const present = inputs.filter((input) => input !== undefined);
  const first = present[0]!;
  if (!(first instanceof Tensor)) throw noInputs(name, first);
  for (const other of present) sameDevice(first, other);
  const { forward, backward } = first.device.fused;
  const kernel = fusing ? forward[name] : undefined;
  const produced = kernel?.(inputs, attributes);
  if (!produced) return definition();

  const outputs = wrap(produced, first) as [Tensor, ...Tensor[]];
  return record(outputs[0], present, (gradient, asked) => {
    const wanted = inputs.map((input) => input !== undefined && asked[present.indexOf(input)]!);
    const saved = outputs as unknown as Outputs;
    // What a kernel computes has no slope.
    const fast = isRecording() ? undefined : backward[name]?.(inputs, saved, gradient, wanted, attributes);
    const gradients = fast ? wrap(fast, first) : define(inputs, wanted, gradient, definition);
    return gradients.filter((_, i) => inputs[i] !== undefined);
  });
}

/** Refuses a name, attributes or a definition that are none. */
function checkCall(name: string, attributes: object, definition: unknown): void {
  if (typeof name !== "string" || typeof attributes !== "object" || attributes === null || Array.isArray(attributes)) {
    throw new TypeError(`Cannot compute ${shown(name)} with ${shown(attributes)}: a name and attributes are needed`);
  }
  checkFunction(`compute ${name} by`, definition);
}

/** Refuses what a function cannot be computed from. */
function noInputs(name: string, found: unknown): TypeError {
  return new TypeError(`Cannot compute ${shown(name)} from ${shown(found)}: a list of tensors is needed`);
}

/**
 * Overwrites tensors by the device's kernel of a name, or else by the definition's values.
 *
 * @param name what a device calls its kernel
 * @param targets what is overwritten
 * @param inputs what else the definition uses
 * @param attributes numbers and switches that the definition uses
 * @param definition computes the new value of each target, all of them before any is written
 */
export function fusableUpdate<Name extends UpdateName>(
  name: Name,
  targets: readonly Tensor[],
  inputs: readonly (Tensor | undefined)[],
  attributes: FusedUpdates[Name],
  definition: () => readonly Tensor[],
): void {
  checkCall(name, attributes, definition);
  for (const list of [targets, inputs]) if (!Array.isArray(list)) throw noInputs(name, list);
  if (!(targets[0] instanceof Tensor)) throw noInputs(name, targets[0]);
  const kernel = fusing ? targets[0]!.device.fused.update[name] : undefined;
  if (kernel?.(targets, inputs, attributes)) return;
  const values = withRecording(false, definition);
  if (!Array.isArray(values)) throw noInputs(name, values);
  values.forEach((value, i) => targets[i]!.assign(value));
}
