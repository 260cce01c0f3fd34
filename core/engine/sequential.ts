/**
 * # One part after the other
 *
 * **Question.** Many small networks are a chain: a matrix, an activation, another matrix. Does each need a class?
 *
 * **Idea.** No. A list of parts is a module that sends its input through all of them in turn:
 *
 * $$y = (f_n \circ \dots \circ f_1)(x)$$
 *
 * A part is a module or a function. Each has its index for a name, as PyTorch has it, so that the weights of a matrix, an
 * activation and a matrix are `0.weight`, `0.bias`, `2.weight` and `2.bias`.
 *
 * @module
 */

import { checkTensors } from "./arguments.ts";
import { Module } from "./module.ts";
import { shown } from "./shown.ts";
import { Tensor, type TensorLike } from "./tensor.ts";

/** A function of one tensor, such as {@linkcode relu}. It has no state: weights in it would not be found. */
export type TensorFunction = (x: Tensor) => Tensor;

/** What a {@linkcode Sequential} is made of: a module that maps one tensor to one, or a function that does. */
export type SequentialPart = (Module & { forward(x: Tensor): Tensor }) | TensorFunction;

/** A function in the place of a module. */
class Applied extends Module {
  readonly apply: TensorFunction;

  constructor(apply: TensorFunction) {
    super();
    this.apply = apply;
  }

  forward(x: Tensor): Tensor {
    return this.apply.call(undefined, x);
  }

  protected override get outlineTitle(): string {
    return wordOf(this.apply);
  }
}

/** Letters of a function that are printed. */
const LONGEST = 50;

/** What a function is called: an activation by its word, another one by its name, one without a name by its text. */
function wordOf(f: TensorFunction & { readonly word?: unknown }): string {
  if (typeof f.word === "string") return f.word;
  const text = f.name || String(f).replaceAll(/\s+/g, " ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/**
 * Sends a tensor through its parts in turn.
 *
 * @example
 * ```ts
 * import { Dropout, Linear, Random, relu, Sequential } from "@heed/heed";
 *
 * const random = new Random(1);
 * const model = new Sequential(new Linear(4, 8, random), relu, new Dropout(0.1, random), new Linear(8, 2, random));
 * console.assert(String([...model.parameters().keys()]) === "0.weight,0.bias,3.weight,3.bias");
 * console.assert(String(model.forward(random.normal([5, 4])).shape) === "5,2");
 * ```
 */
export class Sequential<Parts extends readonly SequentialPart[] = readonly SequentialPart[]> extends Module {
  /** Number of parts. */
  readonly length: number;

  /**
   * Takes its parts in the order of the chain.
   *
   * @param parts modules with `forward(x)`, and functions; without any, the input is handed through
   * @throws {TypeError} if one is neither
   */
  constructor(...parts: Parts) {
    super();
    parts.forEach((part, index) => checkPart(part, index));
    this.length = parts.length;
    Object.assign(this, parts.map((part) => typeof part === "function" ? new Applied(part) : part));
  }

  /** The parts as they were given. */
  get parts(): Parts {
    return modulesOf(this).map((part) => part instanceof Applied ? part.apply : part) as unknown as Parts;
  }

  /**
   * Sends a tensor through every part.
   *
   * @param x what the first part takes; numbers, if it is a module that takes them, such as a linear layer
   * @returns what the last part makes
   * @throws {TypeError} if a part returns something else than a tensor
   */
  forward(x: TensorLike): Tensor {
    const parts = modulesOf(this);
    if (!parts[0] || parts[0] instanceof Applied) checkTensors("pass a Sequential", { x: x as Tensor });
    let output = x as Tensor;
    parts.forEach((part, index) => {
      const y: unknown = part.forward(output);
      if (!(y instanceof Tensor)) {
        throw new TypeError(`Cannot pass part ${index} of a Sequential: it returned ${shown(y)}, a Tensor is needed`);
      }
      output = y;
    });
    return output;
  }
}

/** What stands under the numbers. */
function modulesOf(chain: Module): Exclude<SequentialPart, TensorFunction>[] {
  return Array.from(chain as unknown as ArrayLike<Applied>);
}

function checkPart(part: unknown, index: number): void {
  const isClass = typeof part === "function" && part.prototype instanceof Module;
  if (typeof part === "function" && !isClass) return;
  if (part instanceof Module && typeof (part as { readonly forward?: unknown }).forward === "function") return;
  throw new TypeError(
    `Cannot make a Sequential with ${isClass ? `the class ${part.name}` : shown(part)} as part ${index}: ` +
      "a module with forward(x) or a function is needed",
  );
}
