/**
 * # Copies on the CPU device
 *
 * A copy may walk its axes in any order. It walks them so that the target is written from
 * front to back, and picks the kernel of `assembly/copy.ts` by how the source runs along the
 * innermost axis: side by side, repeated, along another axis, or in steps.
 *
 * @module
 */

import type { View } from "../core/engine/backend.ts";
import { checkCopy } from "../core/engine/requirements.ts";
import { contiguousStrides, isContiguous, product, simplify, sizeOf } from "../core/engine/shape.ts";
import * as kind from "./assembly/kinds.ts";
import { CONVERT, COPY_ROWS, COPY_STRIDED, COPY_TRANSPOSED } from "./assembly/opcodes.ts";
import * as word from "./assembly/words/copy.ts";
import type { Runtime } from "./runtime.ts";
import { placed, writeAxes } from "./views.ts";

/** Overwrites `target` with `source`, converting the dtype where they differ. */
export function copy(runtime: Runtime, source: View, target: View): void {
  checkCopy(source, target);
  const what = conversion(source, target);
  if (what === undefined) {
    // Words must not be overwritten before they are read.
    const overlaps = source.buffer === target.buffer;
    return move(runtime, overlaps ? packed(runtime, source) : source, target);
  }
  const from = runtime.contiguous(source);
  const direct = isContiguous(target.shape, target.strides);
  const to = direct ? target : temporary(runtime, target);
  const size = sizeOf(source.shape);
  const words = placed(
    [word.CONVERSION, what],
    [word.TO, runtime.address(to)],
    [word.FROM, runtime.address(from)],
    [word.COUNT, size],
  );
  runtime.run(CONVERT, words, Math.ceil(size / word.BLOCK), 0.4 * Math.min(size, word.BLOCK));
  if (!direct) move(runtime, to, target);
}

/** The code of the conversion, or undefined if the words stay as they are. */
function conversion(source: View, target: View): number | undefined {
  if (source.dtype === target.dtype) return undefined;
  if (source.dtype === "float32") return target.dtype === "int32" ? kind.FLOAT_TO_INTEGER : kind.FLOAT_TO_BOOL;
  if (target.dtype === "float32") return kind.INTEGER_TO_FLOAT;
  return target.dtype === "bool" ? kind.INTEGER_TO_BOOL : undefined;
}

/** A contiguous block of the same shape that goes away by itself. */
function temporary(runtime: Runtime, like: View): View {
  return {
    buffer: runtime.temporary(sizeOf(like.shape)),
    dtype: like.dtype,
    shape: like.shape,
    strides: contiguousStrides(like.shape),
    offset: 0,
  };
}

/** A contiguous copy in any case. */
function packed(runtime: Runtime, source: View): View {
  const result = temporary(runtime, source);
  move(runtime, source, result);
  return result;
}

/** Moves words between views that do not overlap. */
function move(runtime: Runtime, source: View, target: View): void {
  const size = sizeOf(target.shape);
  if (size === 0) return;
  // Axes in the order in which the target is written front to back.
  const order = target.shape.map((_, axis) => axis);
  order.sort((i, j) => target.strides[j]! - target.strides[i]! || source.strides[j]! - source.strides[i]! || i - j);
  const axes = simplify(order.map((axis) => target.shape[axis]!), [
    order.map((axis) => target.strides[axis]!),
    order.map((axis) => source.strides[axis]!),
  ]);
  const { shape, strides } = axes;
  const [to, from] = strides as [number[], number[]];
  const y = runtime.address(target), x = runtime.address(source);

  const last = shape.length - 1;
  const inner = shape[last] ?? 1, stepY = to[last] ?? 1, stepX = from[last] ?? 1;
  if (stepY === 1 && stepX > 1 && inner >= 4) {
    const rows = from.findIndex((stride, axis) => stride === 1 && axis !== last && shape[axis]! >= 4);
    if (rows >= 0) return transpose(runtime, y, x, shape, to, from, rows);
  }
  shape.pop();
  to.pop();
  from.pop();
  const blocks = Math.ceil(inner / word.BLOCK);
  const words = placed(
    [word.TO, y],
    [word.FROM, x],
    [word.COUNT, inner],
    [word.STEP_TO, stepY * 4],
    [word.STEP_FROM, stepX * 4],
    [word.AXES, shape.length],
    [word.BLOCKS, blocks],
  );
  writeAxes(words, shape, strides);
  const runs = stepY === 1 && stepX <= 1;
  runtime.run(
    runs ? COPY_ROWS : COPY_STRIDED,
    words,
    product(shape) * blocks,
    10 + (runs ? 0.2 : 1) * Math.min(inner, word.BLOCK),
  );
}

/** Moves words where the target runs along the last axis and the source along the axis `rows`. */
function transpose(
  runtime: Runtime,
  y: number,
  x: number,
  shape: number[],
  to: number[],
  from: number[],
  rows: number,
): void {
  const last = shape.length - 1;
  const words = placed(
    [word.TO, y],
    [word.FROM, x],
    [word.ROWS, shape[rows]!],
    [word.COLUMNS, shape[last]!],
    [word.DOWN, to[rows]! * 4],
    [word.ACROSS, from[last]! * 4],
    [word.AXES, shape.length - 2],
  );
  const rest = [shape, to, from].map((list) => list.filter((_, axis) => axis !== rows && axis !== last));
  writeAxes(words, rest[0]!, [rest[1]!, rest[2]!]);
  const blocks = Math.ceil(shape[rows]! / word.STRIP);
  runtime.run(COPY_TRANSPOSED, words, product(rest[0]!) * blocks, 10 + 0.5 * word.STRIP * shape[last]!);
}
