/**
 * # Rows by number, and their order, on the CPU device
 *
 * @module
 */

import type { Buffer, View } from "../core/engine/backend.ts";
import { checkArgsort, checkGather, checkIds, checkScatterAdd } from "../core/engine/requirements.ts";
import { isContiguous, sizeOf } from "../core/engine/shape.ts";
import { ARGSORT, GATHER, SCATTER_ADD } from "./assembly/opcodes.ts";
import * as word from "./assembly/words/rows.ts";
import * as order from "./assembly/words/sort.ts";
import type { Runtime } from "./runtime.ts";
import { placed } from "./views.ts";

/** Remainders among which the rows of a table are dealt to threads. */
const SHARES = 16;

/** Address of contiguous ids, each of which has been found to name a row. */
function namesOf(runtime: Runtime, action: "gather" | "add into", table: View, ids: View): number {
  const address = runtime.address(runtime.contiguous(ids)), start = address / 4;
  checkIds(action, runtime.memory.int32.subarray(start, start + sizeOf(ids.shape)), table.shape[0]!);
  return address;
}

/** Rows of `table` named by `ids`. */
export function gather(runtime: Runtime, table: View, ids: View): Buffer {
  checkGather(table, ids);
  const names = namesOf(runtime, "gather", table, ids);
  const inner = table.shape.slice(1), width = sizeOf(inner), count = sizeOf(ids.shape);
  const direct = isContiguous(inner, table.strides.slice(1)) && sizeOf(table.shape) > 0;
  const source = direct ? table : runtime.contiguous(table);
  const result = runtime.allocate(count * width);
  const words = placed(
    [word.TABLE, runtime.address(source)],
    [word.IDS, names],
    [word.TO, result.address],
    [word.WIDTH, width],
    [word.ROW_BYTES, source.strides[0]! * 4],
  );
  runtime.run(GATHER, words, width === 0 ? 0 : count, 10 + 0.2 * width);
  return result;
}

/** Adds `rows` into `table` at `ids`. */
export function scatterAdd(runtime: Runtime, table: View, ids: View, rows: View): void {
  checkScatterAdd(table, ids, rows);
  const names = namesOf(runtime, "add into", table, ids);
  const count = sizeOf(ids.shape), width = sizeOf(table.shape.slice(1));
  if (count === 0 || width === 0) return;
  const source = runtime.contiguous(rows);
  const words = placed(
    [word.TABLE, runtime.address(table)],
    [word.IDS, names],
    [word.FROM, runtime.address(source)],
    [word.WIDTH, width],
    [word.COUNT, count],
    [word.UNITS, SHARES],
  );
  runtime.run(SCATTER_ADD, words, SHARES, count * (2 + 0.3 * width) / SHARES);
}

/** The order that sorts the last axis. */
export function argsort(runtime: Runtime, x: View, descending: boolean): Buffer {
  checkArgsort(x);
  const size = sizeOf(x.shape), width = x.shape.at(-1)!;
  const source = runtime.contiguous(x);
  const result = runtime.allocate(size);
  if (size === 0) return result;
  const words = placed(
    [order.TO, result.address],
    [order.FROM, runtime.address(source)],
    [order.WIDTH, width],
    [order.DESCENDING, Number(descending)],
    [order.INTEGER, Number(x.dtype === "int32")],
  );
  runtime.run(ARGSORT, words, size / width, 100 + 12 * width, 1024 + 12 * width);
  return result;
}
