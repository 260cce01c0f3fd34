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
 * **Derivatives of derivatives.** The walk runs off the tape, and frees each gradient once it is passed on. It can be recorded
 * instead: what it computes at each result is a formula of the same operations, with a derivative of its own.
 * [Derivatives in formulas](derivatives.ts) has the function that asks for it, and its pitfalls: a gradient on the tape holds all
 * it came from, and flat pieces such as those of `relu` have no second derivative.
 *
 * @module
 */

import { checkFunction, checkSynchronous, shown } from "./options.ts";
import { requireFloat } from "./refusals.ts";
import { keepWith, scope, type Storage } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/** How one result came about. */
export interface TapeNode {
  /** What it was computed from. */
  readonly inputs: readonly Tensor[];
  /**
   * Turns the gradient of the result into a gradient for each input, or `undefined` for none.
   *
   * What is not `wanted` may be left out. It computes with the inputs themselves: what it detaches, a second
   * derivative does not see.
   */
  readonly derivative: (gradient: Tensor, wanted: readonly boolean[]) => readonly (Tensor | undefined)[];
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

/** What a walk visits, latest result first, and what it computes gradients of. */
interface Tape {
  readonly order: readonly Tensor[];
  readonly wanted: ReadonlySet<Tensor>;
}

/**
 * Everything between a result and the leaves, or the targets, if there are some: nothing else is computed then.
 *
 * What was made before the tensor of number `since` counts as a leaf.
 */
function tapeFrom(output: Tensor, targets?: ReadonlySet<Tensor>, since: number = 0): Tape {
  const found = new Set<Tensor>([output]);
  const pending = [output];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (!next.node || next.order < since || targets?.has(next)) continue;
    for (const input of next.node.inputs) {
      if (input.requiresGrad && !found.has(input)) {
        found.add(input);
        pending.push(input);
      }
    }
  }
  const order = [...found].sort((a, b) => b.order - a.order);
  if (!targets) return { order, wanted: found };
  const wanted = new Set(targets);
  for (const result of order.toReversed()) {
    if (result.order >= since && result.node?.inputs.some((x) => wanted.has(x))) wanted.add(result);
  }
  return { order: order.filter((result) => wanted.has(result)), wanted };
}

/**
 * The tensors that gradients of a result would arrive at: leaves that require one.
 *
 * @param output what is differentiated
 * @returns each once
 */
export function leavesOf(output: Tensor): Tensor[] {
  requireFloat("a derivative", output);
  return tapeFrom(output).order.filter(({ node, requiresGrad }) => !node && requiresGrad);
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
  readonly #recorded: boolean;

  /** Where the walk is recorded, the tape still needs every gradient: nothing is written or freed. */
  constructor(recorded: boolean) {
    this.#recorded = recorded;
  }

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
    return !this.#recorded && storage.scoped && !this.#kept.has(storage) && !this.#uses.get(storage);
  }

  /** Frees a gradient that was taken, unless another tensor waits for the same memory. */
  drop(gradient: Tensor): void {
    if (this.#idle(gradient.storage)) gradient.storage.release();
  }
}

/** How a walk goes. */
interface Walk {
  /** Tensors that it does not go beyond, and whose gradients alone are computed; every leaf by default. */
  readonly targets?: ReadonlySet<Tensor> | undefined;
  /** Whether it is recorded itself. */
  readonly createGraph: boolean;
  /** Number of the tensor before which everything counts as a leaf; 0 by default. */
  readonly since?: number | undefined;
}

/** Walks the chain rule back, and hands each finished gradient to `arrived`, which returns whether it keeps the memory. */
function walkBack(
  output: Tensor,
  gradient: Tensor,
  { targets, createGraph, since }: Walk,
  arrived: (leaf: Tensor, gradient: Tensor) => boolean,
): void {
  const { order, wanted } = tapeFrom(output, targets, since), pending = new Pending(createGraph);
  pending.keep(gradient.storage);
  withRecording(createGraph, () => {
    pending.add(output, gradient);
    for (const result of order) {
      const arriving = pending.take(result);
      if (!arriving) continue;
      if (!result.node || targets?.has(result)) {
        if (arrived(result, arriving)) pending.keep(arriving.storage);
      } else {
        const { inputs, derivative } = result.node, asked = inputs.map((input) => wanted.has(input));
        const compute = (): readonly (Tensor | undefined)[] => derivative(arriving, asked);
        // Temporaries of one derivative are freed before the next one needs memory, unless they are on the tape.
        const gradients = createGraph ? compute() : scope(compute);
        const replaced = gradients.map((part, i) =>
          part && asked[i] ? pending.add(inputs[i]!, part, [...gradients, arriving]) : undefined
        );
        // Only here: gradients of several inputs may be views of one memory.
        for (const done of replaced) if (done) pending.drop(done);
      }
      pending.drop(arriving);
    }
  });
}

/**
 * Gradients with respect to targets, each of which counts as independent of the others.
 *
 * @param output what is differentiated
 * @param gradient the gradient arriving at `output`, of its shape
 * @param targets tensors that the walk does not go beyond
 * @param createGraph whether the gradients are on the tape
 * @param since number of the tensor before which everything counts as a leaf; 0 by default
 * @returns one gradient for each target; `undefined` where `output` does not depend on it
 */
export function walkTo(
  output: Tensor,
  gradient: Tensor,
  targets: readonly Tensor[],
  createGraph: boolean,
  since?: number,
): (Tensor | undefined)[] {
  const find = (): (Tensor | undefined)[] => {
    const found = new Map<Tensor, Tensor>();
    walkBack(output, gradient, { targets: new Set(targets), createGraph, since }, (target, arrived) => {
      found.set(target, arrived);
      return true;
    });
    return targets.map((target) => found.get(target));
  };
  return createGraph ? find() : scope(find);
}

/**
 * Adds gradients of `output` to the `grad` of every leaf that requires one.
 *
 * A `grad` lives as long as its leaf: in the same scope, or kept.
 *
 * @param output what is differentiated
 * @param gradient the gradient arriving at `output`, of its shape
 */
export function backward(output: Tensor, gradient: Tensor): void {
  scope(() =>
    walkBack(output, gradient, { createGraph: false }, (leaf, arrived) => {
      const before = leaf.grad;
      // A gradient belongs to its leaf; memory that something else owns or views is copied.
      if (before?.isContiguous()) {
        accumulate(before, arrived);
        return false;
      }
      if (before) {
        leaf.grad = keepWith(before.add(arrived), leaf);
        before.storage.release();
        return false;
      }
      const own = arrived.storage.scoped && arrived.storage !== gradient.storage && arrived.isWhole();
      leaf.grad = keepWith(own ? arrived : arrived.clone(), leaf);
      return own;
    })
  );
}
