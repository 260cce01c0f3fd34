/**
 * # Joining, splitting, moving
 *
 * **Question.** Tensors come in pieces: heads, batches, halves of a rotation. What puts pieces together and takes them
 * apart?
 *
 * **Idea.** Slices are views, so taking apart costs nothing, and putting together is one copy for each piece into memory
 * that is made for all. The derivative goes the other way round: what was joined is sliced, what was sliced is joined.
 *
 * @module
 */

import { checkList, checkTensors, MOST_PARTS } from "./arguments.ts";
import { shown } from "./options.ts";
import { countBeside, take } from "./indexing.ts";
import { isLiteral } from "./literal.ts";
import { format, resolveAxis } from "./shape.ts";
import { asTensor, record, Tensor, type TensorLike, uninitialized } from "./tensor.ts";

/**
 * Joins tensors along an axis.
 *
 * @example
 * ```ts
 * import { concat, ones } from "@heed/heed";
 *
 * const row = concat([[0], ones([2]), [0]]);
 * console.assert(String(await row.read()) === "0,1,1,0");
 * ```
 *
 * @param tensors of equal dtype; equal extents on every other axis. Lists take dtype and device of the first tensor
 * @param axis the axis that grows; 0 by default
 * @returns one tensor, longer along the axis
 * @throws {TypeError} if shapes or dtypes disagree
 */
export function concat(
  tensors: readonly TensorLike[] | readonly TensorLike<boolean>[],
  axis: number = 0,
): Tensor {
  return join(alike("join", tensors), axis);
}

/** A list of which some are written down, as tensors of one dtype on one device. */
function alike(action: string, list: readonly (TensorLike | TensorLike<boolean>)[]): readonly Tensor[] {
  checkList(action, "tensors", list, "tensors or nested lists", (part) => part instanceof Tensor || isLiteral(part));
  const beside = list.find((part) => part instanceof Tensor) as Tensor | undefined;
  return list.map((part, i) => asTensor(action, `tensors[${i}]`, part, beside?.dtype ?? "float32", beside));
}

function join(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0];
  if (!first) throw new TypeError("Cannot join no tensors");
  const along = resolveAxis(axis, first.rank);
  const shape = [...first.shape];
  shape[along] = 0;
  for (const part of tensors) {
    const fits = part.rank === first.rank && part.dtype === first.dtype &&
      part.shape.every((extent, i) => i === along || extent === shape[i]);
    if (!fits) {
      throw new TypeError(
        `Cannot join ${tensors.map((t) => `${t.dtype} ${format(t.shape)}`).join(", ")} along axis ${along}`,
      );
    }
    shape[along] += part.shape[along]!;
  }
  const result = uninitialized(first.device, shape, first.dtype);
  let start = 0;
  const ranges = tensors.map((part) => [start, start += part.shape[along]!] as const);
  tensors.forEach((part, i) => result.slice(along, ...ranges[i]!).assign(part));
  return record(result, tensors, (g) => ranges.map((range) => g.slice(along, ...range)));
}

/**
 * Joins tensors of equal shape along a new axis.
 *
 * @param tensors at least one; lists take dtype and device of the first tensor
 * @param axis where the new axis stands; 0 by default
 * @returns one tensor, with one axis more
 */
export function stack(
  tensors: readonly TensorLike[] | readonly TensorLike<boolean>[],
  axis: number = 0,
): Tensor {
  return join(alike("stack", tensors).map((part) => part.unsqueeze(axis)), axis);
}

/**
 * Cuts a tensor into consecutive parts.
 *
 * @param x what is cut
 * @param parts how many equal parts, or the extent of each
 * @param axis along which axis; 0 by default
 * @returns views, in order
 * @throws {RangeError} if the parts do not make up the axis
 */
export function split(x: Tensor, parts: number | readonly number[], axis: number = 0): Tensor[] {
  checkTensors("split", { x });
  const along = resolveAxis(axis, x.rank);
  const extent = x.shape[along]!;
  const sizes = partsOf(parts, extent);
  const whole = sizes?.every((size) => Number.isInteger(size) && size >= 0);
  if (!sizes || !whole || sizes.reduce((a, b) => a + b, 0) !== extent) {
    const found = Array.isArray(parts) ? format([...parts].map(shown)) : shown(parts);
    throw new RangeError(`Cannot split an extent of ${extent} into ${found}`);
  }
  let start = 0;
  return sizes.map((size) => x.slice(along, start, start += size));
}

/** The extents of parts, if they are said in a way that can be read. */
function partsOf(parts: number | readonly number[], extent: number): readonly number[] | undefined {
  if (Array.isArray(parts)) return [...parts];
  const isCount = Number.isInteger(parts) && parts as number >= 1 && parts as number <= Math.max(MOST_PARTS, extent);
  return isCount ? new Array<number>(parts as number).fill(extent / (parts as number)) : undefined;
}

/**
 * Surrounds a tensor with a constant.
 *
 * @param x what is surrounded
 * @param widths `[before, after]` for each axis
 * @param value what stands in the margin; 0 by default
 * @returns each axis longer by its two widths
 * @throws {RangeError} unless there are two widths of at least 0 for each axis
 */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[], value: number = 0): Tensor {
  checkTensors("pad", { x });
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && [...pair].every((width) => Number.isSafeInteger(width) && width >= 0);
  if (!Array.isArray(widths) || widths.length !== x.rank || ![...widths].every(isPair)) {
    const found = Array.isArray(widths) ? format(widths.map(shownPair)) : shown(widths);
    throw new RangeError(`Cannot pad shape ${format(x.shape)} by ${found}: two widths per axis are needed`);
  }
  const shape = x.shape.map((extent, axis) => extent + widths[axis]![0] + widths[axis]![1]);
  const inner = (whole: Tensor): Tensor =>
    widths.reduce((part, [before], axis) => part.slice(axis, before, before + x.shape[axis]!), whole);
  const result = uninitialized(x.device, shape, x.dtype);
  result.assign(value);
  inner(result).assign(x);
  return record(result, [x], (g) => [inner(g)]);
}

function shownPair(pair: unknown): string {
  return Array.isArray(pair) ? `[${pair.map(shown).join(",")}]` : shown(pair);
}

/** `take` along any axis: index `ids[i]` of the axis becomes index `i`. */
function takeAlong(x: Tensor, axis: number, ids: Tensor): Tensor {
  return axis === 0 ? take(x, ids) : take(x.transpose(0, axis), ids).transpose(0, axis);
}

/**
 * Reverses the order along an axis.
 *
 * @param x what is reversed
 * @param axis along which axis; negative counts from the last
 * @returns the same shape
 */
export function flip(x: Tensor, axis: number): Tensor {
  checkTensors("flip", { x });
  const along = resolveAxis(axis, x.rank);
  return takeAlong(x, along, countBeside(x, x.shape[along]! - 1, -1, -1));
}

/**
 * Moves elements along an axis by some places; what leaves at one end enters at the other.
 *
 * @param x what is moved
 * @param shift by how many places, towards higher indices
 * @param axis along which axis; negative counts from the last
 * @returns the same shape
 * @throws {RangeError} if the number of places is no integer
 */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  checkTensors("roll", { x });
  const along = resolveAxis(axis, x.rank);
  const extent = x.shape[along]!;
  if (!Number.isInteger(shift)) throw new RangeError(`Cannot roll by ${shown(shift)}: it must be an integer`);
  if (extent === 0) return x;
  const cut = ((-shift % extent) + extent) % extent;
  return concat([x.slice(along, cut), x.slice(along, 0, cut)], along);
}
