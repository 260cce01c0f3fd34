/**
 * # Weights
 *
 * **Question.** A layer multiplies by a matrix. An embedding looks rows up, and a model that is tied to it multiplies by
 * the same table. In training the values are a tensor; at inference other forms are [read faster](packed.ts). Does every
 * layer have to know the forms?
 *
 * **Idea.** No. A layer holds a weight and asks it for what it needs, a product or rows:
 *
 * $$Y = XW + b, \qquad Z = XW^\top, \qquad e = W_{\mathrm{id}}$$
 *
 * The weight holds the values in one form and can pass to another one. Its place in the model, its path and its shape stay.
 *
 * @module
 */

import { requireFloat } from "./refusals.ts";
import { checkTensors } from "./arguments.ts";
import { fusable } from "./fusable.ts";
import { take } from "./indexing.ts";
import { type Check, checkValue, object } from "./options.ts";
import { PackedMatrix } from "./packed.ts";
import { printsItself } from "./printing.ts";
import type { Storage } from "./scope.ts";
import { dims, format, type Shape } from "./shape.ts";
import { asOptionalTensor, asTensor, Tensor, type TensorLike } from "./tensor.ts";

/**
 * Multiplies the last axis by a matrix and adds a bias.
 *
 * @param x features, `[…, inputSize]`
 * @param weight `[inputSize, outputSize]`
 * @param bias `[outputSize]`; none by default
 * @returns `[…, outputSize]`
 * @throws {TypeError} if the extents disagree
 */
export function linear(x: TensorLike, weight: TensorLike, bias?: TensorLike): Tensor {
  const beside = x instanceof Tensor ? x : weight instanceof Tensor ? weight : undefined;
  x = asTensor("map features", "x", x, "float32", beside);
  weight = asTensor("map features", "weight", weight, "float32", beside);
  bias = asOptionalTensor("map features", "bias", bias, "float32", beside);
  for (const input of [x, weight, bias]) if (input !== undefined) requireFloat("a linear map", input);
  const { I, O } = dims(weight, "I O");
  if (bias !== undefined) dims(bias, "O", { O });
  if (x.shape[x.rank - 1] !== I) {
    throw new TypeError(`Cannot map features of shape ${format(x.shape)}: the last extent must be ${I}`);
  }
  return fusable("linear", [x, weight, bias], {}, () => {
    const product = x.matmul(weight);
    return bias ? product.add(bias) : product;
  });
}

const aPackedMatrix: Check<PackedMatrix> = object(
  "a PackedMatrix",
  (value) => value instanceof PackedMatrix,
);

/** The values of a layer's matrix or table, in the form that serves best. */
export class Weight {
  /** Whether it is a table `[N, K]`, whose rows are looked up; else it is a matrix `[K, N]`. */
  readonly isTable: boolean;
  #form: Tensor | PackedMatrix;

  private constructor(values: Tensor, isTable: boolean) {
    this.#form = values;
    this.isTable = isTable;
  }

  /** A matrix `[K, N]` that rows are multiplied by. */
  static matrix(values: Tensor): Weight {
    checkTensors("make a weight", { values });
    return new Weight(values, false);
  }

  /** A table `[N, K]` whose rows are looked up. */
  static table(values: Tensor): Weight {
    checkTensors("make a weight", { values });
    return new Weight(values, true);
  }

  /** The values, or how they are packed; what `console.log` shows. */
  toString(): string {
    return this.#form instanceof Tensor ? String(this.#form) : `weight ${this.#form.format} ${format(this.shape)}`;
  }

  /** The values as they are kept: what a state dictionary holds. */
  get form(): Tensor | PackedMatrix {
    return this.#form;
  }

  /** The memory of the values. */
  get storage(): Storage {
    return this.#form.storage;
  }

  /** Extents, whatever the form. */
  get shape(): Shape {
    return this.#form.shape;
  }

  /** How the values are packed, if they are: a format, or what their file calls it. */
  get format(): string | undefined {
    return this.#form instanceof Tensor ? undefined : this.#form.format;
  }

  /** The values as a tensor; throws a `TypeError` once they are packed. */
  get tensor(): Tensor {
    if (this.#form instanceof Tensor) return this.#form;
    throw new TypeError(
      "Cannot use packed weights as elements: a weight multiplies, looks rows up, and can be read; its form can be unpacked",
    );
  }

  /** Copies the values back from the device, whatever the form. */
  read(): ReturnType<Tensor["read"]> {
    return this.#form.read();
  }

  /** Keeps the values in packed form from now on. */
  replace(form: PackedMatrix): void {
    checkValue("keep a weight", "form", form, aPackedMatrix);
    this.#form = form;
  }

  /**
   * Multiplies the last axis by the matrix and adds a bias.
   *
   * @param x `[…, K]`
   * @param bias `[N]`; none by default
   * @returns `[…, N]`
   */
  multiply(x: TensorLike, bias?: Tensor): Tensor {
    x = asTensor("map features", "x", x, "float32", this.storage);
    return this.#form instanceof Tensor ? linear(x, this.#form, bias) : this.#form.multiply(x, bias);
  }

  /**
   * Multiplies the last axis by every row of the table, to see how well each matches.
   *
   * @param x `[…, K]`
   * @returns `[…, N]`
   */
  multiplyTransposed(x: Tensor): Tensor {
    return this.#form instanceof Tensor ? linear(x, this.#form.transpose()) : this.#form.transpose().multiply(x);
  }

  /**
   * Looks rows of the table up.
   *
   * @param ids int32 `[…]`
   * @returns `[…, K]`
   */
  rows(ids: TensorLike): Tensor {
    ids = asTensor("take rows", "ids", ids, "int32", this.storage);
    return this.#form instanceof Tensor ? take(this.#form, ids) : this.#form.rows(ids);
  }
}

printsItself(Weight);
