/**
 * # Derivatives, backwards
 *
 * **Question.** A loss is one number computed from millions. How does each of the millions
 * learn in which direction to move, at the price of about one more pass?
 *
 * **Idea.** While the formula is computed (forward pass, 前向传播), every result remembers its
 * inputs and a function that turns the gradient of the result into gradients of the inputs. What is
 * remembered is called the tape: it can be played backwards. Afterwards the chain rule (链式法则) is
 * walked once from the loss to the leaves, tensors that no operation made: the parameters
 * (backpropagation, 反向传播).
 *
 * **Formula.** For $y = f(x_1, \dots, x_n)$ and a loss $\ell$,
 *
 * $$\frac{\partial \ell}{\partial x_i} \mathrel{+}= \frac{\partial \ell}{\partial y} \frac{\partial y}{\partial x_i}$$
 *
 * **Why no recursion.** A recurrent network of ten thousand steps is a chain of ten thousand
 * results. Results are numbered as they are made, inputs always before outputs, so that
 * walking the numbers downwards is a valid order and needs no call stack.
 *
 * @module
 */

import { checkFunction, checkSynchronous, shown } from "./options.ts";
import { requireFloat, sameDevice } from "./refusals.ts";
import { keep, scope, type Storage } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/** How one result came about. */
export interface TapeNode {
  /** What it was computed from. */
  readonly inputs: readonly Tensor[];
  /** Turns the gradient of the result into a gradient for each input, or `undefined` for none. */
  readonly derivative: (gradient: Tensor) => readonly (Tensor | undefined)[];
}

let recording = true;

/** Whether operations remember how their results came about. */
export function isRecording(): boolean {
  return recording;
}

/**
 * Runs a function with the tape switched on or off.
 *
 * @param on whether operations are recorded
 * @param f synchronous; a promise as its result throws a `TypeError`
 * @returns what `f` returns
 */
export function withRecording<T>(on: boolean, f: () => T): T {
  checkFunction("run", f);
  if (typeof on !== "boolean") throw new TypeError(`Cannot record with on = ${shown(on)}: it must be true or false`);
  const before = recording;
  recording = on;
  try {
    const result = f();
    checkSynchronous(on ? "record" : "run without recording", result, "await its parts outside, and compute inside");
    return result;
  } finally {
    recording = before;
  }
}

/**
 * Runs a function without recording it: for inference and for updates of parameters.
 *
 * @param f synchronous; a promise as its result throws a `TypeError`
 * @returns what `f` returns
 */
export function noGrad<T>(f: () => T): T {
  return withRecording(false, f);
}

/** Everything the walk has to visit, latest result first. */
function tapeFrom(output: Tensor, stopAt: ReadonlySet<Tensor>): Tensor[] {
  const found = new Set<Tensor>([output]);
  const pending = [output];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (!next.node || stopAt.has(next)) continue;
    for (const input of next.node.inputs) {
      if (input.requiresGrad && !found.has(input)) {
        found.add(input);
        pending.push(input);
      }
    }
  }
  return [...found].sort((a, b) => b.order - a.order);
}

/**
 * The tensors that gradients of a result would arrive at: leaves that require one.
 *
 * @param output what is differentiated
 */
export function leavesOf(output: Tensor): Tensor[] {
  requireFloat("a derivative", output);
  return tapeFrom(output, new Set()).filter(({ node, requiresGrad }) => !node && requiresGrad);
}

/** `sum += part`, in the memory of `sum`, which is contiguous. */
function accumulate(sum: Tensor, part: Tensor): void {
  if (sum.device.fused.update.accumulate?.([sum], [part], {})) return;
  scope(() => {
    sum.assign(sum.add(part));
  });
}

/** Gradients under way; a gradient's memory is freed with the last tensor that waits for it. */
class Pending {
  readonly #gradients = new Map<Tensor, Tensor>();
  readonly #uses = new Map<Storage, number>();
  readonly #kept = new Set<Storage>();

  /** Leaves memory to the caller: from now on it is neither written nor freed. */
  keep(storage: Storage): void {
    this.#kept.add(storage);
  }

  /**
   * Adds up what arrives at a target, in the memory of what came before where nobody else reads that.
   *
   * @param others gradients that are still to be read
   * @returns what nobody waits for any more
   */
  add(target: Tensor, gradient: Tensor, others: readonly (Tensor | undefined)[] = []): Tensor | undefined {
    const before = this.take(target);
    if (!before) {
      this.#set(target, gradient);
      return undefined;
    }
    const { storage } = before;
    const own = this.#idle(storage) && before.isContiguous() && !others.some((other) => other?.storage === storage);
    if (!own) {
      this.#set(target, before.add(gradient));
      return before;
    }
    accumulate(before, gradient);
    this.#set(target, before);
    return gradient;
  }

  #set(target: Tensor, gradient: Tensor): void {
    this.#gradients.set(target, gradient);
    this.#uses.set(gradient.storage, (this.#uses.get(gradient.storage) ?? 0) + 1);
  }

  take(target: Tensor): Tensor | undefined {
    const gradient = this.#gradients.get(target);
    this.#gradients.delete(target);
    if (gradient) this.#uses.set(gradient.storage, this.#uses.get(gradient.storage)! - 1);
    return gradient;
  }

  /** Whether memory made during the walk is waited for by nobody. */
  #idle(storage: Storage): boolean {
    return storage.scoped && !this.#kept.has(storage) && !this.#uses.get(storage);
  }

  /** Frees a gradient that was taken, unless another tensor waits for the same memory. */
  drop(gradient: Tensor): void {
    if (this.#idle(gradient.storage)) gradient.storage.release();
  }
}

/**
 * Walks the chain rule from `output` and hands each finished gradient to `arrived`.
 *
 * @param output where the walk starts
 * @param gradient $\partial \ell / \partial$ `output`, of its shape
 * @param stopAt tensors that count as leaves
 * @param arrived receives each leaf and its gradient; returns whether it keeps the memory
 */
export function walkBack(
  output: Tensor,
  gradient: Tensor,
  stopAt: ReadonlySet<Tensor>,
  arrived: (leaf: Tensor, gradient: Tensor) => boolean,
): void {
  const pending = new Pending();
  pending.keep(gradient.storage);
  noGrad(() => {
    pending.add(output, gradient);
    for (const result of tapeFrom(output, stopAt)) {
      const arriving = pending.take(result);
      if (!arriving) continue;
      if (!result.node || stopAt.has(result)) {
        if (arrived(result, arriving)) pending.keep(arriving.storage);
      } else {
        const { inputs, derivative } = result.node;
        // Temporaries of one derivative are freed before the next one needs memory.
        const gradients = scope(() => derivative(arriving));
        const replaced = gradients.map((part, i) => {
          const input = inputs[i]!;
          return part && input.requiresGrad ? pending.add(input, part, [...gradients, arriving]) : undefined;
        });
        // Only here: gradients of several inputs may be views of one memory.
        for (const done of replaced) if (done) pending.drop(done);
      }
      pending.drop(arriving);
    }
  });
}

/**
 * Gradients of `output` with respect to given tensors.
 *
 * @param output what is differentiated
 * @param gradient the gradient arriving at `output`, of its shape
 * @param targets tensors that the walk does not go beyond
 * @returns one gradient per target; `undefined` where `output` does not depend on it
 */
export function gradientsOf(
  output: Tensor,
  gradient: Tensor,
  targets: readonly Tensor[],
): (Tensor | undefined)[] {
  if (!Array.isArray(targets)) throw new TypeError(`Cannot differentiate by ${shown(targets)}: a list is needed`);
  for (const x of [output, gradient, ...targets]) requireFloat("a derivative", x);
  sameDevice(output, gradient);
  return scope(() => {
    const found = new Map<Tensor, Tensor>();
    const wanted = new Set(targets);
    walkBack(output, gradient, wanted, (leaf, arrived) => {
      if (wanted.has(leaf)) found.set(leaf, arrived);
      return true;
    });
    return targets.map((target) => found.get(target));
  });
}

/**
 * Adds gradients of `output` to the `grad` of every leaf that requires one.
 *
 * @param output what is differentiated
 * @param gradient the gradient arriving at `output`, of its shape
 */
export function backward(output: Tensor, gradient: Tensor): void {
  scope(() =>
    walkBack(output, gradient, new Set(), (leaf, arrived) => {
      const before = leaf.grad;
      // A gradient belongs to its leaf; memory that something else owns or views is copied.
      if (before?.isContiguous()) {
        accumulate(before, arrived);
        return false;
      }
      if (before) {
        leaf.grad = keep(before.add(arrived));
        before.storage.release();
        return false;
      }
      const own = arrived.storage.scoped && arrived.storage !== gradient.storage && arrived.isWhole();
      leaf.grad = keep(own ? arrived : arrived.clone());
      return own;
    })
  );
}
