/**
 * # Rows by number, and their order, on the CPU device
 *
 * @module
 */

import type { Buffer, View } from "../core/engine/backend.ts";
import { contiguousStrides, format, isContiguous, sameShape, sizeOf } from "../core/engine/shape.ts";
import { ARGSORT, GATHER, SCATTER_ADD } from "./assembly/opcodes.ts";
import type { Runtime } from "./runtime.ts";

/** Remainders among which the rows of a table are dealt to threads. */
const SHARES = 16;

/** Contiguous ids, each of which has been found to name a row. */
function checkedIds(runtime: Runtime, action: string, table: View, ids: View): number {
  if (ids.dtype !== "int32") throw new TypeError(`Cannot ${action} by ids of dtype ${ids.dtype}: it must be int32`);
  if (table.shape.length === 0) throw new TypeError(`Cannot ${action} rows of a scalar: the table needs an axis`);
  const address = runtime.address(runtime.contiguous(ids));
  const rows = table.shape[0]!, words = runtime.memory.int32, start = address / 4, end = start + sizeOf(ids.shape);
  for (let i = start; i < end; i++) {
    const id = words[i]!;
    if (id < 0 || id >= rows) throw new RangeError(`Cannot ${action} row ${id}: ids must be in [0, ${rows})`);
  }
  return address;
}

/** Rows of `table` named by `ids`. */
export function gather(runtime: Runtime, table: View, ids: View): Buffer {
  const names = checkedIds(runtime, "gather", table, ids);
  const inner = table.shape.slice(1), width = sizeOf(inner), count = sizeOf(ids.shape);
  const direct = isContiguous(inner, table.strides.slice(1)) && sizeOf(table.shape) > 0;
  const source = direct ? table : runtime.contiguous(table);
  const result = runtime.allocate(count * width);
  const words = [result.address, runtime.address(source), names, width, source.strides[0]! * 4];
  runtime.run(GATHER, words, width === 0 ? 0 : count, 10 + 0.2 * width);
  return result;
}

/** Adds `rows` into `table` at `ids`. */
export function scatterAdd(runtime: Runtime, table: View, ids: View, rows: View): void {
  for (const x of [table, rows]) {
    if (x.dtype !== "float32") throw new TypeError(`Cannot add rows of ${x.dtype}: it must be float32`);
  }
  if (!isContiguous(table.shape, table.strides)) {
    throw new TypeError(
      `Cannot add into strides ${format(table.strides)}: they must be ${format(contiguousStrides(table.shape))}`,
    );
  }
  const names = checkedIds(runtime, "add into", table, ids);
  const shape = [...ids.shape, ...table.shape.slice(1)];
  if (!sameShape(rows.shape, shape)) {
    throw new TypeError(`Cannot add rows of shape ${format(rows.shape)}: it must be ${format(shape)}`);
  }
  const count = sizeOf(ids.shape), width = sizeOf(table.shape.slice(1));
  if (count === 0 || width === 0) return;
  const source = runtime.contiguous(rows);
  const words = [runtime.address(table), names, runtime.address(source), count, width, SHARES];
  runtime.run(SCATTER_ADD, words, SHARES, count * (2 + 0.3 * width) / SHARES);
}

/** The order that sorts the last axis. */
export function argsort(runtime: Runtime, x: View, descending: boolean): Buffer {
  if (x.dtype === "bool") throw new TypeError("Cannot sort bool: it must be float32 or int32");
  if (x.shape.length === 0) throw new TypeError("Cannot sort a scalar: it has no last axis");
  const size = sizeOf(x.shape), width = x.shape.at(-1)!;
  const source = runtime.contiguous(x);
  const result = runtime.allocate(size);
  if (size === 0) return result;
  const words = [result.address, runtime.address(source), width, descending ? 1 : 0, x.dtype === "int32" ? 1 : 0];
  runtime.run(ARGSORT, words, size / width, 100 + 12 * width, 1024 + 12 * width);
  return result;
}
