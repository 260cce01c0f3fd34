/**
 * # Rows by number, and their order, on the GPU device
 *
 * **Adding rows.** Many positions of a sentence may name one row of a table, and no two threads may add
 * to one number at a time. The ids are therefore sorted, equal ones keeping their order, and one
 * thread adds up all rows of an id: sums have a fixed order, and results the same bits each time.
 *
 * **Sorting.** Pieces of up to 1024 elements are sorted in the memory of a workgroup; each further pass
 * merges neighbours, every element finding its place by a binary search: $\log_2(n / 1024)$ passes.
 *
 * @module
 */

import type { Buffer, View } from "../core/engine/backend.ts";
import { checkArgsort, checkGather, checkScatterAdd } from "../core/engine/requirements.ts";
import { contiguousStrides, simplify, sizeOf } from "../core/engine/shape.ts";
import { LANES } from "./copy.ts";
import type { GpuBuffer } from "./memory.ts";
import { bits, plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Elements of a cell. */
const CELL = 4;
/** Elements that a workgroup sorts. */
const SLOTS = 1024;

/** Rows of `table` named by `ids`; NaN, or the integer 0, for an id that names none. */
export function gather(runtime: Runtime, table: View, ids: View): Buffer {
  checkGather(table, ids);
  const names = runtime.contiguous(ids);
  const width = sizeOf(table.shape.slice(1)), count = sizeOf(ids.shape) * width;
  const result = runtime.allocate(count);
  if (count === 0) return result;
  let source = table;
  let inner = simplify(source.shape.slice(1), [source.strides.slice(1)]);
  if (inner.shape.length > 1) {
    source = runtime.contiguous(table);
    inner = simplify(source.shape.slice(1), [source.strides.slice(1)]);
  }
  const stride = source.strides[0]!, step = inner.strides[0]![0] ?? 1, { offset } = source;
  const wide = step === 1 && [width, stride, offset].every((x) => x % CELL === 0), cell = wide ? CELL : 1;
  const outside = table.dtype === "float32" ? bits(NaN) : 0;
  const parts = [
    count / cell,
    width / cell,
    table.shape[0]!,
    offset / cell,
    stride / cell,
    step,
    names.offset,
    outside,
  ];
  const grid = plane(Math.ceil(count / cell / LANES));
  runtime.run("gather", [source.buffer, names.buffer, result], parts, grid, wide ? {} : { Cell: "u32" });
  return result;
}

/** Adds `rows` into `table` at `ids`; leaves out ids that name no row. */
export function scatterAdd(runtime: Runtime, table: View, ids: View, rows: View): void {
  checkScatterAdd(table, ids, rows);
  const names = runtime.contiguous(ids);
  const n = sizeOf(ids.shape), width = sizeOf(table.shape.slice(1));
  if (n === 0 || width === 0) return;
  let source = runtime.contiguous(rows);
  if (source.buffer === table.buffer) {
    // A shader cannot read the buffer that it writes.
    const copy: View = {
      ...source,
      buffer: runtime.temporary(n * width),
      strides: contiguousStrides(source.shape),
      offset: 0,
    };
    runtime.copy(source, copy);
    source = copy;
  }
  const order = runtime.temporary(n);
  sort(runtime, names, n, false, order);
  const wide = [width, source.offset, table.offset].every((x) => x % CELL === 0), cell = wide ? CELL : 1;
  const count = n * width / cell;
  const words = [count, width / cell, table.shape[0]!, n, source.offset / cell, names.offset, table.offset / cell];
  const buffers = [source.buffer, names.buffer, order, table.buffer];
  runtime.run("scatter_add", buffers, words, plane(Math.ceil(count / LANES)), wide ? {} : { Cell: "f32" });
}

/** The order that sorts the last axis. */
export function argsort(runtime: Runtime, x: View, descending: boolean): Buffer {
  checkArgsort(x);
  const result = runtime.allocate(sizeOf(x.shape));
  if (sizeOf(x.shape) > 0) sort(runtime, runtime.contiguous(x), x.shape.at(-1)!, descending, result);
  return result;
}

/** Sorts contiguous rows of `width` elements. */
function sort(runtime: Runtime, x: View, width: number, descending: boolean, result: GpuBuffer): void {
  const rows = sizeOf(x.shape) / width,
    count = rows * width,
    key = x.dtype === "float32" ? "keyOf(x)" : "integerKeyOf(x)";
  // Short rows share a workgroup; a long one takes several.
  const span = Math.min(2 ** Math.ceil(Math.log2(width)), SLOTS), padded = Math.ceil(width / span) * span;
  const passes = Math.ceil(Math.log2(padded / span)), whole = passes === 0;
  const halves = whole ? [] : [runtime.temporary(2 * count), runtime.temporary(passes > 1 ? 2 * count : 0)];
  const variant: Variant = {
    Element: x.dtype === "float32" ? "f32" : "i32",
    key: descending ? `~${key}` : key,
    ...whole ? {} : { Outcome: "vec2u", outcome: "slot" },
  };
  const words = [rows * padded, width, span, padded, x.offset];
  const grid = plane(Math.ceil(rows * padded / SLOTS));
  runtime.run("argsort_blocks", [x.buffer, halves[0] ?? result], words, grid, variant);
  for (let pass = 0; pass < passes; pass++) {
    const last = pass === passes - 1, target = last ? result : halves[(pass + 1) % 2]!;
    const places: Variant = last ? { Outcome: "u32", outcome: "slot.y" } : {};
    const steps = [count, width, span * 2 ** pass];
    runtime.run("argsort_merge", [halves[pass % 2]!, target], steps, plane(Math.ceil(count / LANES)), places);
  }
}
