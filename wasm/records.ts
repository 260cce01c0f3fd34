/**
 * # Rows in eight bits, on the CPU device
 *
 * Keys and values of a generation in a quarter of the memory; the kernels are those of `assembly/records.ts`. A few queries read
 * records where they lie. Many, those of a prompt, have them spread over float32 first, which is little beside what they do with them.
 *
 * @module
 */

import type { Buffer, RowRecords, View } from "../core/engine/backend.ts";
import { swept } from "../core/engine/kernel_device.ts";
import { contiguousStrides, sizeOf } from "../core/engine/shape.ts";
import { ROUND_RECORDS, SPREAD_RECORDS } from "./assembly/opcodes.ts";
import * as word from "./assembly/words/records.ts";
import { attendRecords, attention } from "./fused/attention.ts";
import type { Runtime, WasmBuffer } from "./runtime.ts";
import { placed } from "./views.ts";

const wordsOf = (width: number): number => 1 + Math.ceil(width / 4);

/** How this device keeps rows in eight bits. */
export function records(runtime: Runtime): RowRecords {
  const run = (operation: number, to: number, from: View, width: number, rows: number): void => {
    const words = placed(
      [word.TO, to],
      [word.FROM, runtime.address(runtime.contiguous(from))],
      [word.WIDTH, width],
      [word.RECORD, wordsOf(width) * 4],
    );
    runtime.run(operation, words, rows, 10 + (operation === ROUND_RECORDS ? 4 : 0.5) * width);
  };
  const { forward } = attention(runtime);

  const round = (rows: View): Buffer => {
    const width = rows.shape.at(-1)!, count = sizeOf(rows.shape) / width;
    const buffer = runtime.allocate(count * wordsOf(width)) as WasmBuffer;
    run(ROUND_RECORDS, buffer.address, rows, width, count);
    return buffer;
  };
  /** Rows filled up to whole fours, as a view of their first `width` numbers. */
  const spreadWide = (from: View, width: number, temporary: boolean): View => {
    const whole = Math.ceil(width / 4) * 4, shape = [...from.shape.slice(0, -1), width];
    const count = sizeOf(from.shape.slice(0, -1)), size = count * whole;
    const buffer = (temporary ? runtime.temporary(size) : runtime.allocate(size)) as WasmBuffer;
    if (count > 0) run(SPREAD_RECORDS, buffer.address, from, width, count);
    return { buffer, dtype: "float32", shape, strides: contiguousStrides([...shape.slice(0, -1), whole]), offset: 0 };
  };
  const spread = (from: View, width: number): Buffer => {
    if (width % 4 === 0) return spreadWide(from, width, false).buffer;
    const wide = spreadWide(from, width, true), buffer = runtime.allocate(sizeOf(wide.shape));
    runtime.copy(wide, { ...wide, buffer, strides: contiguousStrides(wide.shape) });
    return buffer;
  };
  const attend: RowRecords["attend"] = (query, key, value, mask, attributes) => {
    const few = attendRecords(runtime, [query, key, value, mask], attributes);
    if (few) return few.buffer;
    const width = query.shape[3]!;
    const [keys, values] = [spreadWide(key, width, true), spreadWide(value, width, true)];
    return forward!.attention!([query, keys, values, mask, undefined], attributes)![0]!.buffer;
  };
  return { words: wordsOf, ...swept(runtime, { round, spread, attend }) };
}
