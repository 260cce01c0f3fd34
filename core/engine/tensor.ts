/**
 * # Tensors
 *
 * **Question.** Every formula of this book is about arrays of numbers with some axes. What is
 * such an array in a program, if it has to read like the formula, run on any device and know
 * its own derivative?
 *
 * **Idea.** A {@linkcode Tensor} is a value: some device memory, and the shape and strides that
 * say how to walk it. Methods make new tensors. Reshaping, transposing, slicing and repeating make
 * *views* of the same memory and cost nothing. [Making tensors](create.ts) from numbers has a page
 * of its own.
 *
 * **What changes all the same.** {@linkcode Tensor.assign} overwrites memory in place: it is how
 * optimizers move parameters and how caches grow. Three fields belong to the
 * [tape](autograd.ts) and are set after a tensor is made: `requiresGrad` and `node` by whoever
 * records it, `grad` by `backward`, which adds to it, and by whoever clears it. None of them changes
 * what a formula that uses the tensor computes.
 *
 * **What has to wait.** Reading numbers back is asynchronous (`await t.read()`), because a GPU
 * cannot do it otherwise.
 *
 * **Broadcasting** is NumPy's: axes are matched from the last one, and an axis of
 * extent 1 repeats.
 *
 * @module
 */

import { backward as walk, isRecording, type TapeNode } from "./autograd.ts";
import type {
  Backend,
  BinaryOp,
  Buffer,
  ComparisonOp,
  DType,
  Nested,
  Numbers,
  ReduceOp,
  UnaryOp,
  View,
} from "./backend.ts";
import { constantStorage } from "./constants.ts";
import { backend } from "./device.ts";
import { binaryRules, unaryRules } from "./elementwise.ts";
import { type Bytes, isLiteral, type Literal, literalMust, readAs, type Rows, type TypedRows } from "./literal.ts";
import { exactly } from "./numbers.ts";
import { isComparison } from "./operations.ts";
import { type Check, checkOptions, type Checks, checkValue, flag, numeric, shown } from "./options.ts";
import { rest } from "./pace.ts";
import { nest, print, printsItself } from "./printing.ts";
import { checkDType, requireFloat, requireNumeric, sameDevice, sameKind } from "./refusals.ts";
import { checkIntegers } from "./requirements.ts";
import { Storage } from "./scope.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  contiguousStrides,
  format,
  isContiguous,
  reshapeStrides,
  resolveAxes,
  resolveAxis,
  resolveShape,
  sameShape,
  type Shape,
  sizeOf,
} from "./shape.ts";

/** Whether collapsed axes stay, with extent 1. */
export interface ReduceOptions {
  /** Whether each collapsed axis stays, with extent 1; false by default. */
  readonly keepDims?: boolean;
}

/** Options of {@linkcode Tensor.variance}. */
export interface VarianceOptions extends ReduceOptions {
  /** What is subtracted from the count in the divisor, 1 for a sample; 0 by default. */
  readonly correction?: number;
}

const REDUCE: Checks<ReduceOptions> = { keepDims: flag };
const VARIANCE: Checks<VarianceOptions> = { ...REDUCE, correction: numeric() };

function keepDimsOf(op: string, options: ReduceOptions): boolean {
  checkOptions(`take the ${op}`, options, REDUCE);
  return options.keepDims ?? false;
}

/**
 * A tensor, or numbers that become one where they stand: one, nested lists, a typed array.
 *
 * @example
 * ```ts
 * import { ones, type TensorLike } from "@heed/heed";
 *
 * const shift = (by: TensorLike) => ones([2, 2]).add(by);
 * console.assert(String(await shift([[1, 2], [3, 4]]).read()) === "2,3,4,5");
 * console.assert(String(await shift(1).read()) === "2,2,2,2");
 * ```
 *
 * @typeParam E `boolean` where a mask is needed; numbers by default
 */
export type TensorLike<E extends number | boolean = number> =
  | Tensor
  | Rows<E>
  | ([E] extends [boolean] ? never : Numbers | Bytes | TypedRows);

let created = 0;

/** An array of numbers on a device, with any number of axes. */
export class Tensor implements View {
  /** Extent of each axis, outermost first. */
  readonly shape: Shape;
  /** What the elements are. */
  readonly dtype: DType;
  /** Elements to skip per step along each axis. */
  readonly strides: Shape;
  /** Element index of the first element in its memory. */
  readonly offset: number;
  /** The memory, shared with every view of it. */
  readonly storage: Storage;
  /** Creation number: inputs have smaller ones than what is computed from them. */
  readonly order: number = created++;
  /** Whether gradients flow to or through this tensor. */
  requiresGrad: boolean = false;
  /** What `backward` has accumulated; only leaves that require a gradient have one. */
  grad: Tensor | undefined = undefined;
  /** How it was computed, while the tape is on. */
  node: TapeNode | undefined = undefined;

  /**
   * Views memory; programs call {@linkcode tensor}, {@linkcode zeros} and the like instead.
   *
   * @param storage the memory
   * @param dtype what the elements are
   * @param shape extent of each axis
   * @param strides elements to skip per step along each axis; those of row-major order by default
   * @param offset element index of the first element; 0 by default
   */
  constructor(storage: Storage, dtype: DType, shape: Shape, strides?: Shape, offset: number = 0) {
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides ?? contiguousStrides(shape);
    this.offset = offset;
  }

  /** The device memory. */
  get buffer(): Buffer {
    return this.storage.buffer;
  }

  /** The device it lives on. */
  get device(): Backend {
    return this.storage.device;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether the elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  /** Whether it is all of its memory, in order. */
  isWhole(): boolean {
    return this.offset === 0 && this.isContiguous() && this.size * 4 >= this.buffer.byteLength;
  }

  // ## Reading

  /**
   * Copies the numbers back from the device, as they are now.
   *
   * Now and then it pauses after that, so that a loop which reads a number in each step lets timers and clicks through.
   *
   * @returns the elements in row-major order; 0 and 1 for bool
   */
  async read(): Promise<Numbers> {
    const numbers = await this.device.download(this);
    await rest();
    return numbers;
  }

  /**
   * The value of a tensor of one element.
   *
   * @throws {TypeError} if there are more or fewer
   */
  async item(): Promise<number> {
    if (this.size !== 1) throw new TypeError(`Cannot take one number from shape ${format(this.shape)}`);
    return (await this.read())[0]!;
  }

  /** The numbers as nested arrays, as deep as there are axes; booleans for bool. */
  async toArray(): Promise<Nested> {
    return nest(await this.read(), this.shape, this.dtype);
  }

  /** What it is, and its numbers as a table where the device can say them at once. */
  toString(): string {
    return print(this, () => this);
  }

  /** Kind, shape and device: what `JSON.stringify` writes. Numbers are read with {@linkcode toArray}. */
  toJSON(): { readonly dtype: DType; readonly shape: Shape; readonly device: string } {
    return { dtype: this.dtype, shape: this.shape, device: this.device.name };
  }

  /**
   * Accumulates gradients of this tensor into the `grad` of every leaf that requires one.
   *
   * @param gradient the gradient arriving here; a single 1 by default, for a tensor of one element
   * @throws {TypeError} if it depends on no parameter, or has several elements and no gradient is given
   */
  backward(gradient?: Tensor): void {
    checkArriving(this, gradient);
    walk(this, gradient ?? constant(this.device, 1, "float32").expand(this.shape));
  }

  // ## Views: no element moves

  #view(shape: Shape, strides: Shape, offset: number, derivative: (g: Tensor) => Tensor): Tensor {
    const result = new Tensor(this.storage, this.dtype, shape, strides, offset);
    return record(result, [this], (g) => [derivative(g)]);
  }

  /** The gradient of a view that names each element at most once: zeros elsewhere. */
  #embed(gradient: Tensor, view: (whole: Tensor) => Tensor): Tensor {
    const whole = filled(this.device, this.shape, 0, this.dtype);
    view(whole).assign(gradient);
    return record(whole, [gradient], (g) => [view(g)]);
  }

  /**
   * The same elements in the same order under another shape.
   *
   * A view where strides can express it, a copy otherwise.
   *
   * @param shape extents; one of them may be -1, which takes what is left
   * @returns a tensor of that shape
   */
  reshape(shape: Shape): Tensor {
    const target = resolveShape(shape, this.size);
    const strides = reshapeStrides(this.shape, this.strides, target);
    if (!strides) return this.contiguous().reshape(target);
    return this.#view(target, strides, this.offset, (g) => g.reshape(this.shape));
  }

  /** Reorders the axes: axis `i` of the result is axis `axes[i]` of this tensor. */
  permute(axes: readonly number[]): Tensor {
    if (!Array.isArray(axes)) throw new TypeError(`Cannot permute axes by ${shown(axes)}: a list is needed`);
    const order = [...axes].map((axis) => resolveAxis(axis, this.rank));
    if (order.length !== this.rank || new Set(order).size !== this.rank) {
      throw new TypeError(`Cannot permute ${this.rank} axes by ${format(axes)}: each axis must be named once`);
    }
    const inverse = order.map((_, axis) => order.indexOf(axis));
    const pick = (list: Shape): number[] => order.map((axis) => list[axis]!);
    return this.#view(pick(this.shape), pick(this.strides), this.offset, (g) => g.permute(inverse));
  }

  /** Exchanges two axes; the last two by default. */
  transpose(axisA: number = -2, axisB: number = -1): Tensor {
    const order = this.shape.map((_, axis) => axis);
    const [a, b] = [resolveAxis(axisA, this.rank), resolveAxis(axisB, this.rank)];
    [order[a], order[b]] = [b, a];
    return this.permute(order);
  }

  /**
   * Elements `start ≤ i < end` of an axis, every `step`-th one.
   *
   * @param axis which axis
   * @param start first index, negative counts from the end
   * @param end first index left out, negative counts from the end; the extent by default
   * @param step distance of the elements taken, at least 1; 1 by default
   * @returns a view
   * @throws {RangeError} if the bounds or the step are none
   */
  slice(axis: number, start: number, end?: number, step: number = 1): Tensor {
    const along = resolveAxis(axis, this.rank);
    const extent = this.shape[along]!;
    const clip = (index: number): number => Math.min(extent, Math.max(0, index < 0 ? index + extent : index));
    const whole = typeof start === "number" && (end === undefined || typeof end === "number");
    const [from, to] = whole ? [clip(start), clip(end ?? extent)] : [NaN, NaN];
    if (![from, to, step].every(Number.isInteger) || step < 1) {
      throw new RangeError(
        `Cannot slice ${shown(start)} to ${shown(end)} by ${shown(step)}: indices must be integers and step at least 1`,
      );
    }
    const shape = [...this.shape], strides = [...this.strides];
    shape[along] = Math.max(0, Math.ceil((to - from) / step));
    strides[along] = this.strides[along]! * step;
    const offset = this.offset + (shape[along] ? from * this.strides[along]! : 0);
    const again = (whole: Tensor): Tensor => whole.slice(along, from, to, step);
    return this.#view(shape, strides, offset, (g) => this.#embed(g, again));
  }

  /** One index of an axis; the axis disappears. Negative indices count from the end. */
  at(axis: number, index: number): Tensor {
    const along = resolveAxis(axis, this.rank);
    const extent = this.shape[along]!;
    const i = Number.isInteger(index) && index < 0 ? index + extent : index;
    if (!Number.isInteger(index) || i < 0 || i >= extent) {
      throw new RangeError(`Cannot take index ${shown(index)} of an axis of extent ${extent}`);
    }
    return this.slice(along, i, i + 1).squeeze(along);
  }

  /** Repeats axes of extent 1, and new leading axes, to fill `shape`. */
  expand(shape: Shape): Tensor {
    const target = checkShape(shape, "expand to");
    if (sameShape(target, this.shape)) return this;
    const strides = broadcastStrides(this.shape, this.strides, target);
    return this.#view(target, strides, this.offset, (g) => collapseTo(g, this.shape));
  }

  /** Adds an axis of extent 1 in front of `axis`; -1 adds it at the end. */
  unsqueeze(axis: number): Tensor {
    const shape = [...this.shape], strides = [...this.strides];
    const at = resolveAxis(axis, this.rank + 1);
    shape.splice(at, 0, 1);
    strides.splice(at, 0, 0);
    return this.#view(shape, strides, this.offset, (g) => g.reshape(this.shape));
  }

  /** Removes an axis of extent 1. */
  squeeze(axis: number): Tensor {
    const at = resolveAxis(axis, this.rank);
    if (this.shape[at] !== 1) {
      throw new TypeError(`Cannot squeeze axis ${axis} of shape ${format(this.shape)}: its extent is not 1`);
    }
    const without = (list: Shape): number[] => list.filter((_, i) => i !== at);
    return this.#view(without(this.shape), without(this.strides), this.offset, (g) => g.reshape(this.shape));
  }

  /** Merges the axes from `start` to `end` into one; all of them by default. */
  flatten(start: number = 0, end: number = -1): Tensor {
    if (this.rank === 0) return this.reshape([1]);
    const [from, to] = [resolveAxis(start, this.rank), resolveAxis(end, this.rank)];
    return this.reshape([
      ...this.shape.slice(0, from),
      sizeOf(this.shape.slice(from, to + 1)),
      ...this.shape.slice(to + 1),
    ]);
  }

  /**
   * Sliding windows over an axis: a new last axis holds the elements of each window.
   *
   * @param axis which axis slides; its extent becomes the number of windows
   * @param size elements in a window
   * @param step distance between the starts of neighbouring windows; 1 by default
   * @param dilation distance between neighbouring elements of one window; 1 by default
   * @returns the extent of `axis` becomes the number of windows, the last axis has `size`
   * @throws {RangeError} if a window does not fit
   */
  unfold(axis: number, size: number, step: number = 1, dilation: number = 1): Tensor {
    const along = resolveAxis(axis, this.rank);
    const extent = this.shape[along]!;
    const whole = [size, step, dilation].every((n) => Number.isInteger(n) && n >= 1);
    const reach = whole ? (size - 1) * dilation + 1 : Infinity;
    if (reach > extent) {
      throw new RangeError(
        `Cannot slide windows of ${shown(size)} (step ${shown(step)}, dilation ${
          shown(dilation)
        }) over an axis of extent ${extent}`,
      );
    }
    const shape = [...this.shape, size], strides = [...this.strides, this.strides[along]! * dilation];
    const windows = shape[along] = Math.floor((extent - reach) / step) + 1;
    strides[along] = this.strides[along]! * step;
    return this.#view(shape, strides, this.offset, (gradient) => {
      // Windows overlap: each of the `size` places adds its own strided slice.
      const whole = filled(this.device, this.shape, 0, "float32"), parts = gradient.detach();
      for (let i = 0; i < size; i++) {
        const place = whole.slice(along, i * dilation, i * dilation + (windows - 1) * step + 1, step);
        place.assign(place.add(parts.at(-1, i)));
      }
      return record(whole, [gradient], (g) => [g.unfold(along, size, step, dilation)]);
    });
  }

  /** The diagonal of two axes of equal extent, as the last axis; of the last two by default. */
  diagonal(axisA: number = -2, axisB: number = -1): Tensor {
    const [a, b] = [resolveAxis(axisA, this.rank), resolveAxis(axisB, this.rank)];
    if (a === b || this.shape[a] !== this.shape[b]) {
      throw new TypeError(`Cannot take a diagonal of shape ${format(this.shape)} over axes ${a} and ${b}`);
    }
    const others = (list: Shape): number[] => list.filter((_, axis) => axis !== a && axis !== b);
    const shape = [...others(this.shape), this.shape[a]!];
    const strides = [...others(this.strides), this.strides[a]! + this.strides[b]!];
    return this.#view(shape, strides, this.offset, (g) => this.#embed(g, (whole) => whole.diagonal(a, b)));
  }

  // ## Copies

  /** The same elements in row-major order without gaps: itself, or a copy. */
  contiguous(): Tensor {
    return this.isContiguous() ? this : this.clone();
  }

  /** A copy with memory of its own. */
  clone(): Tensor {
    const result = uninitialized(this.device, this.shape, this.dtype);
    if (this.size) this.device.copy(this, result);
    return record(result, [this], (g) => [g]);
  }

  /** The same memory, cut off from the tape. */
  detach(): Tensor {
    return new Tensor(this.storage, this.dtype, this.shape, this.strides, this.offset);
  }

  /**
   * Elements as another kind of number.
   *
   * Towards int32, fractions are cut off, what is beyond the range goes to its end, and NaN becomes 0; towards bool, all but
   * 0 is true.
   */
  cast(dtype: DType): Tensor {
    if (checkDType(dtype) === this.dtype) return this;
    if (this.dtype === "bool" && dtype === "int32") return this.#as("int32");
    if (dtype === "bool") return this.notEqual(0);
    const result = uninitialized(this.device, this.shape, dtype);
    if (this.size) this.device.copy(this, result);
    return result;
  }

  /** Reads the same words as another dtype: bool and int32 share their representation. */
  #as(dtype: DType): Tensor {
    return new Tensor(this.storage, dtype, this.shape, this.strides, this.offset);
  }

  /**
   * Overwrites the elements in place; every view of the same memory sees it.
   *
   * The tape does not: assign to parameters between steps, and to memory that no recorded
   * result still needs.
   *
   * @param source what broadcasts to this shape: a tensor, nested lists, or one number for all elements
   */
  assign(source: TensorLike | TensorLike<boolean>): void {
    if (this.node) throw new TypeError("Cannot assign to a tensor that the tape has recorded: assign to its detach()");
    const from = operand("assign", source, this);
    sameDevice(this, from);
    const values = from.detach().expand(this.shape), { storage, size } = this;
    const fills = storage.unset?.size === size && this.offset === 0 && this.isContiguous();
    if (fills && from.storage.unset) return;
    if (fills) {
      const { dtype, shape, strides, offset } = this;
      this.device.copy(values, { buffer: storage.bytes, dtype, shape, strides, offset });
      storage.unset = undefined;
    } else if (size) this.device.copy(values, this);
  }

  // ## Elementwise functions

  #unary(op: UnaryOp): Tensor {
    requireFloat(op, this);
    const result = adopt(this.device, this.device.unary(op, this), "float32", this.shape);
    return record(result, [this], (g) => [unaryRules[op].slope(g, this, result)]);
  }

  #binary(op: BinaryOp, other: TensorLike | TensorLike<boolean>): Tensor {
    // No device has to look at the divisors to see this one.
    if (other === 0 && this.dtype === "int32") checkIntegers(op, Int32Array.of(0));
    return binary(op, this, operand(op, other, this));
  }

  /** Negates each element: $-x$. */
  neg(): Tensor {
    return this.dtype === "int32" ? operand("neg", 0, this).sub(this) : this.#unary("neg");
  }
  /** Absolute value: $|x|$. */
  abs(): Tensor {
    return this.dtype === "int32" ? this.maximum(this.neg()) : this.#unary("abs");
  }
  /** The sign of each element: -1, 0 or 1. */
  sign(): Tensor {
    return this.#unary("sign");
  }
  /** The largest integer that is not above the element. */
  floor(): Tensor {
    return this.#unary("floor");
  }
  /** Exponential: $e^x$. */
  exp(): Tensor {
    return this.#unary("exp");
  }
  /** Natural logarithm: $\ln x$. */
  log(): Tensor {
    return this.#unary("log");
  }
  /** Logarithm of one more, exact for small elements: $\ln(1 + x)$. */
  log1p(): Tensor {
    return this.#unary("log1p");
  }
  /** Square root: $\sqrt x$. */
  sqrt(): Tensor {
    return this.#unary("sqrt");
  }
  /** Sine, of radians: $\sin x$. */
  sin(): Tensor {
    return this.#unary("sin");
  }
  /** Cosine, of radians: $\cos x$. */
  cos(): Tensor {
    return this.#unary("cos");
  }
  /** Hyperbolic tangent: $\tanh x$. */
  tanh(): Tensor {
    return this.#unary("tanh");
  }
  /** Logistic function: $1 / (1 + e^{-x})$. */
  sigmoid(): Tensor {
    return this.#unary("sigmoid");
  }
  /** The error function. */
  erf(): Tensor {
    return this.#unary("erf");
  }
  /** Square: $x^2$. */
  square(): Tensor {
    return this.mul(this);
  }
  /** Rectified: $\max(x, 0)$; slope 0 at 0, and NaN stays. */
  relu(): Tensor {
    return operand("relu", 0, this).where(this.lessEqual(0), this);
  }

  /** Sum with what stands beside it: a tensor, a number, or nested lists, `x.add([1, 2])`. */
  add(other: TensorLike): Tensor {
    return this.#binary("add", other);
  }
  /** Difference. */
  sub(other: TensorLike): Tensor {
    return this.#binary("sub", other);
  }
  /** Elementwise product. */
  mul(other: TensorLike): Tensor {
    return this.#binary("mul", other);
  }
  /** Quotient; of int32 tensors rounded down. */
  div(other: TensorLike): Tensor {
    return this.#binary("div", other);
  }
  /** Power; `NaN` for a negative base and a fractional exponent. */
  pow(exponent: TensorLike): Tensor {
    requireFloat("pow", this);
    return exponent === 2 ? this.square() : this.#binary("pow", exponent);
  }
  /** The remainder with the sign of the divisor. */
  mod(other: TensorLike): Tensor {
    return this.#binary("mod", other);
  }
  /** The larger of two; NaN if one of them is. */
  maximum(other: TensorLike): Tensor {
    return this.#binary("max", other);
  }
  /** The smaller of two; NaN if one of them is. */
  minimum(other: TensorLike): Tensor {
    return this.#binary("min", other);
  }

  /** Moves elements below `low` or above `high` to that bound; the slope outside is 0. NaN stays. */
  clamp(low: number, high: number): Tensor {
    if (typeof low !== "number" || typeof high !== "number") {
      throw new TypeError(`Cannot clamp to [${shown(low)}, ${shown(high)}]: two numbers are needed`);
    }
    if (!(low <= high)) {
      throw new RangeError(`Cannot clamp to [${low}, ${high}]: the lower bound must not exceed the upper`);
    }
    const inside = this.greaterEqual(low).and(this.lessEqual(high));
    return this.where(inside, this.detach().maximum(low).minimum(high));
  }

  /** `this op other`, or `other op this` for an operation that has its own name turned round. */
  #compare(op: ComparisonOp, other: TensorLike | TensorLike<boolean>, turned?: "greater" | "greaterEqual"): Tensor {
    if (typeof other !== "number" || this.dtype === "float32") {
      return turned ? operand(turned, other, this).#binary(op, this) : this.#binary(op, other);
    }
    const [exact, limit] = exactly(op, other, turned !== undefined);
    const whole = this.dtype === "bool" ? this.#as("int32") : this;
    return turned ? operand(turned, limit, whole).#binary(exact, whole) : whole.#binary(exact, limit);
  }
  /** Where elements are equal. */
  equal(other: TensorLike | TensorLike<boolean>): Tensor {
    return this.#compare("equal", other);
  }
  /** Where elements differ. */
  notEqual(other: TensorLike | TensorLike<boolean>): Tensor {
    return this.#compare("notEqual", other);
  }
  /** Where this is smaller. */
  less(other: TensorLike | TensorLike<boolean>): Tensor {
    return this.#compare("less", other);
  }
  /** Where this is smaller or equal. */
  lessEqual(other: TensorLike | TensorLike<boolean>): Tensor {
    return this.#compare("lessEqual", other);
  }
  /** Where this is larger. */
  greater(other: TensorLike | TensorLike<boolean>): Tensor {
    return this.#compare("less", other, "greater");
  }
  /** Where this is larger or equal. */
  greaterEqual(other: TensorLike | TensorLike<boolean>): Tensor {
    return this.#compare("lessEqual", other, "greaterEqual");
  }

  #logical(op: "min" | "max", name: string, given: TensorLike<boolean>): Tensor {
    const other = asTensor(`compute ${name}`, "other", given, "bool", this);
    for (const x of [this, other]) {
      if (x.dtype !== "bool") throw new TypeError(`Cannot compute ${name} of ${x.dtype}: both must be bool`);
    }
    return this.#as("int32").#binary(op, other.#as("int32")).#as("bool");
  }
  /** Where both are true. */
  and(other: TensorLike<boolean>): Tensor {
    return this.#logical("min", "and", other);
  }
  /** Where at least one is true. */
  or(other: TensorLike<boolean>): Tensor {
    return this.#logical("max", "or", other);
  }
  /** Where it is false. */
  not(): Tensor {
    if (this.dtype !== "bool") throw new TypeError(`Cannot compute not of ${this.dtype}: it must be bool`);
    return this.#as("int32").equal(0);
  }

  /**
   * This tensor where `mask` is true, `other` elsewhere.
   *
   * @example
   * ```ts
   * import { tensor } from "@heed/heed";
   *
   * const x = tensor([1, 2, 3]).where([true, false, true], 0);
   * console.assert(String(await x.read()) === "1,0,3");
   * ```
   *
   * @param mask bool, broadcast together with the values
   * @param other what stands where the mask is false
   * @returns the shape that all three broadcast to
   * @throws {TypeError} if the mask is not bool
   */
  where(mask: TensorLike<boolean>, other: TensorLike | TensorLike<boolean>): Tensor {
    mask = asTensor("choose", "mask", mask, "bool", this);
    if (mask.dtype !== "bool") throw new TypeError(`Cannot choose by a ${mask.dtype} mask: it must be bool`);
    const alternative = operand("where", other, this);
    sameDevice(this, mask);
    sameKind("choose between", this, alternative);
    const shape = broadcastShapes(this.shape, alternative.shape, mask.shape);
    const choose = mask.expand(shape);
    const [a, b] = [this.detach().expand(shape), alternative.detach().expand(shape)];
    const result = adopt(this.device, this.device.select(choose, a, b), this.dtype, shape);
    return record(result, [this, alternative], (g, [chosen, other]) => [
      chosen ? collapseTo(g.where(mask, 0), this.shape) : undefined,
      other ? collapseTo(operand("where", 0, g).where(mask, g), alternative.shape) : undefined,
    ]);
  }

  // ## Products

  /**
   * Matrix product over the last two axes; leading axes broadcast.
   *
   * `[…, M, K] × […, K, N] → […, M, N]`. A tensor of one axis counts as a row on the left and
   * as a column on the right, and its axis disappears from the result.
   *
   * @throws {TypeError} if the inner extents differ
   */
  matmul(matrix: TensorLike): Tensor {
    requireFloat("matmul", this);
    const other = asTensor("multiply", "matrix", matrix, "float32", this);
    requireFloat("matmul", other);
    if (this.rank === 0 || other.rank === 0) {
      throw new TypeError("Cannot multiply matrices with a scalar: use mul");
    }
    if (this.rank === 1) return this.unsqueeze(0).matmul(other).squeeze(other.rank === 1 ? 0 : -2);
    if (other.rank === 1) return this.matmul(other.unsqueeze(1)).squeeze(-1);
    const inner = this.shape[this.rank - 1]!;
    if (inner !== other.shape[other.rank - 2]) {
      throw new TypeError(
        `Cannot multiply ${format(this.shape)} by ${format(other.shape)}: the inner extents must be equal`,
      );
    }
    if (this.rank > 2 && other.rank === 2) {
      // One matrix for all: the rows of the left side form one tall matrix.
      const rows = this.reshape([sizeOf(this.shape.slice(0, -1)), inner]);
      return rows.matmul(other).reshape([...this.shape.slice(0, -1), other.shape[1]!]);
    }
    return product(this, other);
  }

  // ## Reductions

  #reduce(op: ReduceOp, axes: number | readonly number[] | undefined, keepDims: boolean): [Tensor, Shape] {
    const collapsed = resolveAxes(axes, this.rank);
    const kept = this.shape.map((_, axis) => axis).filter((axis) => !collapsed.includes(axis));
    const order = [...kept, ...collapsed];
    const pick = (list: Shape, from: readonly number[]): number[] => from.map((axis) => list[axis]!);
    if (op !== "sum" && collapsed.some((axis) => this.shape[axis] === 0)) {
      throw new RangeError(`Cannot take the ${op} over an empty axis of shape ${format(this.shape)}`);
    }
    const view = new Tensor(this.storage, this.dtype, pick(this.shape, order), pick(this.strides, order), this.offset);
    const buffer = this.device.reduce(op, view, collapsed.length);
    const whole = this.shape.map((extent, axis) => collapsed.includes(axis) ? 1 : extent);
    const shape = keepDims ? whole : pick(this.shape, kept);
    return [adopt(this.device, buffer, op === "argmax" ? "int32" : this.dtype, shape), whole];
  }

  /** Sum over axes; all of them by default. Empty sums are 0. */
  sum(axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
    requireNumeric("sum", this);
    const [result, whole] = this.#reduce("sum", axes, keepDimsOf("sum", options));
    return record(result, [this], (g) => [g.reshape(whole).expand(this.shape)]);
  }

  #extreme(op: "max" | "min", axes: number | readonly number[] | undefined, keepDims: boolean): Tensor {
    requireNumeric(op, this);
    const [result, whole] = this.#reduce(op, axes, keepDims);
    return record(result, [this], (g) => {
      // Equal extremes share the gradient, and so do NaN, which are equal to nothing.
      const x = this.detach();
      const hits = x.equal(result.detach().reshape(whole)).or(x.notEqual(x));
      const share = g.reshape(whole).div(hits.cast("float32").sum(axes, { keepDims: true }));
      return [share.expand(this.shape).where(hits, 0)];
    });
  }
  /** Largest element over axes; all of them by default. NaN if one is; equal maxima share the gradient. */
  max(axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
    return this.#extreme("max", axes, keepDimsOf("max", options));
  }
  /** Smallest element over axes; all of them by default. NaN if one is; equal minima share the gradient. */
  min(axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
    return this.#extreme("min", axes, keepDimsOf("min", options));
  }
  /** Where the largest element of an axis stands, int32; the last axis by default. The first of equal ones, or of NaN. */
  argmax(axis: number = -1, options: ReduceOptions = {}): Tensor {
    requireNumeric("argmax", this);
    return this.#reduce("argmax", resolveAxis(axis, this.rank), keepDimsOf("argmax", options))[0];
  }
  /** Arithmetic mean over axes; all of them by default. The sum on the way to it does not overflow. */
  mean(axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
    requireFloat("mean", this);
    const keepDims = keepDimsOf("mean", options), count = this.#count(axes);
    // A power of two leaves every bit of the sum as it is.
    const part = 2 ** -Math.ceil(Math.log2(Math.max(1, count)));
    const parts = part === 1 ? this : this.mul(part);
    return parts.sum(axes, { keepDims }).mul(1 / (part * count));
  }
  /** Mean squared distance from the mean, over axes; all of them by default. Equal numbers have 0, and nothing overflows. */
  variance(
    axes?: number | readonly number[],
    options: VarianceOptions = {},
  ): Tensor {
    requireFloat("variance", this);
    checkOptions("take the variance", options, VARIANCE);
    const { correction = 0, keepDims = false } = options, count = this.#count(axes);
    if (count === 0) return this.sum(axes, { keepDims }).mul(1 / count);
    // From the middle of the range equal numbers have no distance at all, and halves of the others fit.
    const x = this.detach(), [high, low] = [x.max(axes, { keepDims: true }), x.min(axes, { keepDims: true })];
    const halves = this.mul(0.5).sub(high.mul(0.25).add(low.mul(0.25)));
    const centred = halves.sub(halves.mean(axes, { keepDims: true }));
    // In units of the largest distance, where there is one.
    const far = centred.detach().abs().max(axes, { keepDims: true }), unit = far.where(far.notEqual(0), 1);
    const total = centred.div(unit).mul(centred).sum(axes, { keepDims });
    return total.mul(unit.reshape(total.shape).mul(4 / (count - correction)));
  }
  /** Elements over which axes are collapsed. */
  #count(axes: number | readonly number[] | undefined): number {
    return resolveAxes(axes, this.rank).reduce((n, axis) => n * this.shape[axis]!, 1);
  }
  /**
   * Logarithm of the sum of exponentials, over axes; all of them by default.
   *
   * $\ln \sum e^x$ without overflow; $-\infty$, with slope 0, where every element is or there are none.
   */
  logSumExp(axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
    requireFloat("logSumExp", this);
    const keepDims = keepDimsOf("logSumExp", options);
    if (resolveAxes(axes, this.rank).some((axis) => this.shape[axis] === 0)) {
      return this.sum(axes, { keepDims }).add(-Infinity);
    }
    const top = this.detach().max(axes, { keepDims: true });
    const shift = top.where(top.abs().less(Infinity), 0);
    const total = this.sub(shift).exp().sum(axes, { keepDims });
    const some = total.detach().notEqual(0);
    return total.where(some, 1).log().add(shift.reshape(total.shape)).where(some, -Infinity);
  }
  /** Running sums along an axis, of elements `0 … i`; the last axis by default. */
  cumulativeSum(axis: number = -1): Tensor {
    requireNumeric("cumulativeSum", this);
    return runningSum(this, resolveAxis(axis, this.rank), false);
  }
}

printsItself(Tensor);

// ## The parts that methods share

/** Refuses to differentiate what is on no tape, or with a gradient that does not fit. */
export function checkArriving(output: Tensor, gradient: Tensor | undefined): void {
  requireFloat("a derivative", output);
  if (!output.requiresGrad) {
    throw new TypeError(
      "Cannot differentiate a tensor that depends on no parameter: parameter(x) makes one of x, and a gradient depends " +
        "on some if it was made with createGraph: true",
    );
  }
  if (gradient === undefined) {
    if (output.size === 1) return;
    throw new TypeError(
      `Cannot differentiate shape ${format(output.shape)}: pass the arriving gradient, or reduce to one number`,
    );
  }
  requireFloat("a derivative", gradient);
  sameDevice(output, gradient);
  if (sameShape(gradient.shape, output.shape)) return;
  throw new TypeError(
    `Cannot differentiate shape ${format(output.shape)} with a gradient of shape ${format(gradient.shape)}`,
  );
}

/** Puts a result on the tape if one of its inputs wants a gradient. */
export function record(
  result: Tensor,
  inputs: readonly Tensor[],
  derivative: TapeNode["derivative"],
): Tensor {
  if (isRecording() && inputs.some((input) => input.requiresGrad)) {
    result.requiresGrad = true;
    result.node = { inputs, derivative };
  }
  return result;
}

/** Wraps a device buffer as a contiguous tensor. */
export function adopt(device: Backend, buffer: Buffer, dtype: DType, shape: Shape): Tensor {
  return new Tensor(new Storage(device, buffer, dtype, shape), dtype, shape);
}

/** A tensor whose elements are to be written next. */
export function uninitialized(device: Backend, shape: Shape, dtype: DType): Tensor {
  return adopt(device, device.allocate(dtype, sizeOf(shape)), dtype, shape);
}

/** A tensor without values, and without memory until they come: until then its use is refused. */
export function unset(device: Backend, shape: Shape, refusal: string): Tensor {
  const storage = new Storage(device, undefined, "float32", shape), size = sizeOf(shape);
  if (size) storage.unset = { size, refusal };
  else storage.provide(0);
  return new Tensor(storage, "float32", shape);
}

/** A tensor whose elements all have one value. */
export function filled(device: Backend, shape: Shape, value: number, dtype: DType): Tensor {
  const result = uninitialized(device, shape, dtype);
  if (result.size) device.copy(constant(device, value, dtype).expand(shape), result);
  return result;
}

/** One number as a tensor of no axes. */
function constant(device: Backend, value: number, dtype: DType): Tensor {
  return new Tensor(constantStorage(device, value, dtype), dtype, []);
}

/** What stands beside a tensor: of its dtype, on its device. */
function operand(action: string, value: TensorLike | TensorLike<boolean>, beside: Tensor): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return constant(beside.device, value, beside.dtype);
  return asTensor(`compute ${action}`, "other", value, beside.dtype, beside);
}

const aLiteral: Check<TensorLike | TensorLike<boolean>> = { must: literalMust, fits: isLiteral };

/**
 * The tensor that stands for numbers written down; a tensor is returned as it is.
 *
 * @param action what is attempted, as in `Cannot train`
 * @param name of the argument
 * @param value a tensor or a [literal](literal.ts)
 * @param dtype what a literal becomes
 * @param beside on whose device; the current one by default
 * @throws {TypeError} if it is neither, ragged, or of another kind
 */
export function asTensor(
  action: string,
  name: string,
  value: TensorLike | TensorLike<boolean>,
  dtype: DType,
  beside?: { readonly device: Backend },
): Tensor {
  if (value instanceof Tensor) return value;
  if (!isLiteral(value)) checkValue(action, name, value, aLiteral);
  const { shape, numbers } = readAs(`${action} with ${name}`, value as Literal, dtype);
  const device = beside?.device ?? backend();
  return adopt(device, device.upload(numbers, dtype), dtype, resolveShape(shape, numbers.length));
}

/** The same for what may be left out. */
export function asOptionalTensor(
  action: string,
  name: string,
  value: TensorLike | TensorLike<boolean> | undefined,
  dtype: DType,
  beside?: { readonly device: Backend },
): Tensor | undefined {
  return value === undefined ? undefined : asTensor(action, name, value, dtype, beside);
}

/** Sums over the axes along which `shape` was broadcast: the derivative of broadcasting. */
function collapseTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const shift = gradient.rank - shape.length;
  const repeated = gradient.shape.map((_, axis) => axis)
    .filter((axis) => axis < shift || (shape[axis - shift] === 1 && gradient.shape[axis] !== 1));
  return gradient.sum(repeated).reshape(shape);
}

/** Running sums from either end of an axis; each is the derivative of the other. */
function runningSum(x: Tensor, axis: number, fromEnd: boolean): Tensor {
  const extent = x.shape[axis]!;
  // Doubling: after round r every element holds the sum of the last 2^r.
  let sums = x.detach();
  for (let reach = 1; reach < extent; reach *= 2) {
    const next = sums.clone();
    const target = fromEnd ? next.slice(axis, 0, extent - reach) : next.slice(axis, reach);
    target.assign(target.add(fromEnd ? sums.slice(axis, reach) : sums.slice(axis, 0, extent - reach)));
    sums = next;
  }
  return record(sums, [x], (g) => [runningSum(g, axis, !fromEnd)]);
}

function binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor {
  sameDevice(a, b);
  sameKind(op, a, b);
  if (a.dtype === "bool") {
    if (!isComparison(op)) throw new TypeError(`Cannot compute ${op} of bool: cast it to int32 or float32 first`);
    return binary(op, a.cast("int32"), b.cast("int32"));
  }
  const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShapes(a.shape, b.shape);
  const buffer = a.device.binary(op, stretch(a, shape), stretch(b, shape));
  const result = adopt(a.device, buffer, isComparison(op) ? "bool" : a.dtype, shape);
  if (isComparison(op) || a.dtype !== "float32") return result;
  const rule = binaryRules[op];
  return record(result, [a, b], (g, [first, second]) => {
    const da = first ? rule.a(g, a, b, result) : undefined;
    const db = second ? rule.b(g, a, b, result) : undefined;
    return [da && collapseTo(da, a.shape), db && collapseTo(db, b.shape)];
  });
}

/** A broadcast view that the tape does not see. */
function stretch(x: Tensor, shape: Shape): View {
  if (sameShape(x.shape, shape)) return x;
  return {
    buffer: x.buffer,
    dtype: x.dtype,
    shape,
    strides: broadcastStrides(x.shape, x.strides, shape),
    offset: x.offset,
  };
}

function product(a: Tensor, b: Tensor): Tensor {
  sameDevice(a, b);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = stretch(a, [...batch, ...a.shape.slice(-2)]);
  const right = stretch(b, [...batch, ...b.shape.slice(-2)]);
  const shape = [...batch, a.shape[a.rank - 2]!, b.shape[b.rank - 1]!];
  const result = adopt(a.device, a.device.matmul(left, right), "float32", shape);
  return record(result, [a, b], (g, [first, second]) => [
    first ? collapseTo(g.matmul(b.transpose()), a.shape) : undefined,
    second ? collapseTo(a.transpose().matmul(g), b.shape) : undefined,
  ]);
}
