/**
 * # Rows by number
 *
 * An embedding forwards ({@linkcode gatherJob}) and backwards ({@linkcode scatterAddJob}).
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import * as word from "./words/rows.ts";

/**
 * Copies the rows of a table that `ids` name, one after the other; a unit is one id.
 */
export function gatherJob(args: usize, from: i32, to: i32): void {
  const target = pointer(args, word.TO), table = pointer(args, word.TABLE), ids = pointer(args, word.IDS);
  const n = integer(args, word.WIDTH), ld = pointer(args, word.ROW_BYTES);
  for (let unit = from; unit < to; unit++) {
    const x = table + <usize> load<i32>(ids + (<usize> unit << 2)) * ld, y = target + <usize> unit * (<usize> n << 2);
    if (n == 1) store<u32>(y, load<u32>(x));
    else memory.copy(y, x, <usize> n << 2);
  }
}

/**
 * Adds rows into the rows of a table that `ids` name, in the order of the ids.
 *
 * Unit $u$ of `units` adds the rows whose id leaves remainder $u$: no two threads write the
 * same row, and the terms of each row are added in order.
 */
export function scatterAddJob(args: usize, from: i32, to: i32): void {
  const table = pointer(args, word.TABLE), ids = pointer(args, word.IDS), rows = pointer(args, word.FROM);
  const count = integer(args, word.COUNT), n = integer(args, word.WIDTH), units = integer(args, word.UNITS);
  const ld = <usize> n << 2;
  for (let i = 0; i < count; i++) {
    const id = load<i32>(ids + (<usize> i << 2)), unit = id % units;
    if (unit < from || unit >= to) continue;
    let y = table + <usize> id * ld, x = rows + <usize> i * ld;
    const end = y + ld, vectors = y + (<usize> (n & ~3) << 2);
    for (; y < vectors; y += 16) {
      v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
      x += 16;
    }
    for (; y < end; y += 4) {
      store<f32>(y, load<f32>(y) + load<f32>(x));
      x += 4;
    }
  }
}
