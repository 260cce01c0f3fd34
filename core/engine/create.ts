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
import { HIGHEST, LOWEST } from "./numbers.ts";
import { shown } from "./options.ts";
import { checkHostCount } from "./requirements.ts";
import { checkDType, requireFloat } from "./refusals.ts";
import { keep } from "./scope.ts";
import { checkShape, resolveShape, type Shape } from "./shape.ts";
import { adopt, filled, Tensor, uninitialized } from "./tensor.ts";

/**
 * Makes a tensor from numbers.
 *
 * Plain numbers become float32 and booleans bool, unless `dtype` says otherwise; an
 * `Int32Array` becomes int32.
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
 * @param data nested arrays, or a typed array in row-major order
 * @param shape extents; default: the nesting, or one axis
 * @param dtype what the elements are
 * @throws {TypeError} if rows differ in length, or the numbers do not fill the shape
 */
export function tensor(data: Nested | Numbers, shape?: Shape, dtype?: DType): Tensor {
  const device = backend();
  if (dtype !== undefined) checkDType(dtype);
  if (shape === null) checkShape(shape);
  if (ArrayBuffer.isView(data)) {
    if (!isNumbers(data)) {
      throw new TypeError(
        `Cannot make a tensor of ${shown(data)}: a Float32Array, Float64Array or Int32Array is needed`,
      );
    }
    const extents = resolveShape(shape ?? [data.length], data.length);
    const kind = dtype ?? (data instanceof Int32Array ? "int32" : "float32");
    return adopt(device, device.upload(data, kind), kind, extents);
  }
  const nesting = nestingOf(data);
  const flat: (number | boolean)[] = [];
  flatten(data, nesting, 0, flat);
  const kind = dtype ?? (typeof flat[0] === "boolean" ? "bool" : "float32");
  const numbers = Float64Array.from(flat, Number);
  return adopt(device, device.upload(numbers, kind), kind, resolveShape(shape ?? nesting, flat.length));
}

/** Whether a typed array is one of those that devices take. */
function isNumbers(data: ArrayBufferView): data is Numbers {
  return data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array;
}

/** More brackets than any shape has axes: what is deeper holds itself, or is no array of numbers. */
const MOST_BRACKETS = 64;

/** How long the first row of each depth is. */
function nestingOf(data: Nested): number[] {
  const nesting: number[] = [];
  for (let level: Nested = data; Array.isArray(level); level = level[0] as Nested) {
    if (nesting.length === MOST_BRACKETS) {
      throw new TypeError(`Cannot make a tensor of more than ${MOST_BRACKETS} axes`);
    }
    nesting.push(level.length);
  }
  return nesting;
}

/** The numbers in brackets, in row-major order. */
function flatten(value: Nested, nesting: readonly number[], depth: number, flat: (number | boolean)[]): void {
  if (!Array.isArray(value)) {
    if (typeof value !== "number" && typeof value !== "boolean") {
      throw new TypeError(`Cannot make a tensor of ${shown(value)}: numbers or booleans are needed`);
    }
    if (depth !== nesting.length) throw new TypeError("Cannot make a tensor of rows of different depth");
    flat.push(value);
    return;
  }
  if (value.length !== nesting[depth]) {
    throw new TypeError(`Cannot make a tensor of rows of lengths ${nesting[depth]} and ${value.length}`);
  }
  for (const element of value) flatten(element as Nested, nesting, depth + 1, flat);
}

/**
 * A tensor of zeros.
 *
 * @param shape extent of each axis
 * @param dtype float32 by default
 */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 0, dtype);
}

/**
 * A tensor of ones.
 *
 * @param shape extent of each axis
 * @param dtype float32 by default
 */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 1, dtype);
}

/**
 * A tensor whose elements all have one value.
 *
 * @param shape extent of each axis
 * @param value of every element
 * @param dtype float32 by default
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  if (typeof value !== "number") throw new TypeError(`Cannot fill a tensor with ${shown(value)}: a number is needed`);
  return filled(backend(), checkShape(shape), value, checkDType(dtype));
}

/**
 * The integers `start ≤ i < end` in steps, int32.
 *
 * @param start first integer; with one argument, the end of a count from 0
 * @param end first integer left out
 * @param step distance, negative to count down
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
 * It is taken out of its scope and off the tape; no element is copied.
 *
 * @param initial the values at the start, float32
 */
export function parameter(initial: Tensor): Tensor {
  if (!(initial instanceof Tensor)) throw new TypeError(`Cannot train ${shown(initial)}: a tensor is needed`);
  requireFloat("a gradient", initial);
  const leaf = keep(initial.detach());
  leaf.requiresGrad = true;
  return leaf;
}

/**
 * A triangle of true: row `t` is true in columns `s ≤ t + diagonal`.
 *
 * @param T rows
 * @param S columns
 * @param diagonal how far the triangle reaches beyond the main diagonal
 * @returns bool `[T, S]`
 */
export function lowerTriangle(T: number, S: number, diagonal: number = 0): Tensor {
  checkShape([T, S]);
  if (typeof diagonal !== "number") {
    throw new TypeError(`Cannot make a triangle with diagonal = ${shown(diagonal)}: it must be a number`);
  }
  return arange(S).lessEqual(arange(T).add(Math.max(-T, Math.min(diagonal, S))).unsqueeze(1));
}

/**
 * A tensor without values: using it throws a `TypeError` until all of it has been assigned.
 *
 * @param shape extents, float32
 * @param refusal what the error says
 */
export function unset(shape: Shape, refusal: string): Tensor {
  const result = uninitialized(backend(), checkShape(shape), "float32");
  if (result.size) result.storage.unset = { size: result.size, refusal };
  return result;
}
