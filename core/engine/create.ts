/**
 * # Making tensors
 *
 * **Question.** Numbers are written in a program, counted, or come from a file. How do they get onto a device?
 *
 * **Idea.** A few functions, the same on every device: from nested brackets or a typed array, from one value, from a
 * count. What they make lives on the device that is [current](device.ts). A {@linkcode parameter} is a tensor that is to
 * be trained: it outlives its [scope](scope.ts), and gradients accumulate in it.
 *
 * @module
 */

import type { DType, Nested, Numbers } from "./backend.ts";
import { backend } from "./device.ts";
import { type Bytes, readLiteral, type TypedRows } from "./literal.ts";
import { HIGHEST, LOWEST } from "./numbers.ts";
import { shown } from "./options.ts";
import { checkHostCount } from "./requirements.ts";
import { checkDType, requireFloat } from "./refusals.ts";
import { keep } from "./scope.ts";
import { checkShape, resolveShape, type Shape } from "./shape.ts";
import { adopt, asTensor, filled, type Tensor, type TensorLike } from "./tensor.ts";

/**
 * Makes a tensor from numbers.
 *
 * Plain numbers become float32 and booleans bool, unless `dtype` says otherwise; an
 * `Int32Array`, or a list of such, becomes int32, and bytes, such as the pixels of a canvas, float32.
 *
 * @example
 * ```ts
 * import { tensor } from "@heed/heed";
 *
 * const a = tensor([[1, 2], [3, 4]]);
 * const b = tensor(new Float32Array([5, 6]), [2, 1]);
 * console.assert((await a.matmul(b).read())[0] === 17);
 * ```
 *
 * @param data nested arrays, a typed array in row-major order, or a list of typed arrays of one length
 * @param shape extents; those of the nesting by default, one axis for a typed array
 * @param dtype what the elements are; by their kind by default
 * @returns a tensor on the default device
 * @throws {TypeError} if rows differ in length, or the numbers do not fill the shape
 */
export function tensor(data: Nested | Numbers | Bytes | TypedRows, shape?: Shape, dtype?: DType): Tensor {
  if (dtype !== undefined) checkDType(dtype);
  if (shape === null) checkShape(shape);
  const { numbers, booleans, shape: nesting } = readLiteral("make a tensor", data);
  if (dtype === undefined && booleans > 0 && booleans < numbers.length) {
    throw new TypeError("Cannot make a tensor of numbers and booleans: name the dtype that is meant");
  }
  const kind = dtype ?? (booleans > 0 ? "bool" : numbers instanceof Int32Array ? "int32" : "float32");
  const device = backend(), extents = resolveShape(shape ?? nesting, numbers.length);
  return adopt(device, device.upload(numbers, kind), kind, extents);
}

/**
 * A tensor of zeros.
 *
 * @param shape extent of each axis
 * @param dtype what the elements are; float32 by default
 * @returns a tensor of that shape
 */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 0, dtype);
}

/**
 * A tensor of ones.
 *
 * @param shape extent of each axis
 * @param dtype what the elements are; float32 by default
 * @returns a tensor of that shape
 */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 1, dtype);
}

/**
 * A tensor whose elements all have one value.
 *
 * @param shape extent of each axis
 * @param value of every element
 * @param dtype what the elements are; float32 by default
 * @returns a tensor of that shape
 * @throws {TypeError} if the value is no number
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  if (typeof value !== "number") throw new TypeError(`Cannot fill a tensor with ${shown(value)}: a number is needed`);
  return filled(backend(), checkShape(shape), value, checkDType(dtype));
}

/**
 * The integers `start ≤ i < end` in steps, int32.
 *
 * @param start first integer, or with one argument the end of a count from 0
 * @param end first integer left out; the only argument by default
 * @param step distance, negative to count down; 1 by default
 * @returns int32, one axis
 * @throws {RangeError} if the count leaves int32
 */
export function arange(start: number, end?: number, step: number = 1): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (![from, to, step].every(Number.isSafeInteger) || step === 0) {
    throw new RangeError(
      `Cannot count from ${shown(from)} to ${shown(to)} by ${shown(step)}: integers and a step other than 0 are needed`,
    );
  }
  const count = Math.max(0, Math.ceil((to - from) / step)), last = from + (count - 1) * step;
  if (count > 0 && [from, last].some((i) => i < LOWEST || i > HIGHEST)) {
    throw new RangeError(`Cannot count from ${from} to ${last}: the integers must be in [${LOWEST}, ${HIGHEST}]`);
  }
  requireRoom(count);
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = from + i * step;
  return tensor(numbers);
}

/** Elements that are quicker made than asked about. */
const FEW = 2 ** 16;

/**
 * Refuses more elements than the current device has room for, before the host makes them.
 *
 * @throws {RangeError} if it has none
 */
export function requireRoom(count: number): void {
  checkHostCount(count);
  if (count <= FEW) return;
  const device = backend();
  device.release(device.allocate("float32", count));
}

/**
 * Marks a tensor as a leaf to be trained: gradients accumulate in its `grad`.
 *
 * It is taken out of its scope and off the tape; no element of a tensor is copied.
 *
 * @example
 * ```ts
 * import { parameter } from "@heed/heed";
 *
 * const x = parameter([1, 2, 3]);
 * x.square().sum().backward();
 * console.assert(String(await x.grad!.read()) === "2,4,6");
 * ```
 *
 * @param initial the values at the start: a tensor of float32, or nested lists
 * @returns a leaf with these values
 */
export function parameter(initial: TensorLike): Tensor {
  const values = asTensor("train", "initial", initial, "float32");
  requireFloat("a gradient", values);
  const leaf = keep(values.detach());
  leaf.requiresGrad = true;
  return leaf;
}

/**
 * A triangle of true: row `t` is true in columns `s ≤ t + diagonal`.
 *
 * @param T rows
 * @param S columns
 * @param diagonal how far the triangle reaches beyond the main diagonal; 0 by default
 * @returns bool `[T, S]`
 */
export function lowerTriangle(T: number, S: number, diagonal: number = 0): Tensor {
  checkShape([T, S]);
  if (typeof diagonal !== "number") {
    throw new TypeError(`Cannot make a triangle with diagonal = ${shown(diagonal)}: it must be a number`);
  }
  return arange(S).lessEqual(arange(T).add(Math.max(-T, Math.min(diagonal, S))).unsqueeze(1));
}
