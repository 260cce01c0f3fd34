/**
 * # Rows in eight bits
 *
 * A record is what is kept of a row: its step as float32, then a byte for each number, filled up to whole words with
 * zeros. `core/engine/records.ts` is the definition.
 *
 * ```text
 * bytes   0…3    4  5  6  …
 *         step   c0 c1 c2 …
 * ```
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import * as word from "./words/records.ts";

/** Rounds rows; a unit is a row. */
export function roundRecordsJob(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), record = pointer(args, word.RECORD);
  for (let unit = from; unit < to; unit++) {
    const x = pointer(args, word.FROM) + <usize> unit * (<usize> width << 2);
    const y = pointer(args, word.TO) + <usize> unit * record;
    let most: f32 = 0;
    for (let i: usize = 0; i < <usize> width << 2; i += 4) most = max(most, abs(load<f32>(x + i)));
    const step = most / 127, divisor: f32 = step == 0 ? 1 : step;
    store<f32>(y, step);
    for (let i: usize = 0; i < <usize> width; i++) {
      store<i8>(y + 4 + i, <i8> <i32> floor(load<f32>(x + (i << 2)) / divisor + 0.5));
    }
    memory.fill(y + 4 + width, 0, record - 4 - width);
  }
}

/** Writes `n` rows that stand in records as float32, each filled up to whole fours. */
export function spreadRows(y: usize, x: usize, record: usize, n: i32, width: i32): void {
  const whole = <usize> (width & ~15), end = <usize> (width + 3) & ~3;
  for (; n > 0; n--) {
    const step = v128.load32_splat(x);
    let i: usize = 0;
    for (; i < whole; i += 16) {
      const c = v128.load(x + 4 + i), low = i16x8.extend_low_i8x16_s(c), high = i16x8.extend_high_i8x16_s(c);
      v128.store(y, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), step));
      v128.store(y + 16, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), step));
      v128.store(y + 32, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), step));
      v128.store(y + 48, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), step));
      y += 64;
    }
    for (; i < end; i += 4) {
      const c = v128.load32_zero(x + 4 + i);
      const wide = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(c));
      v128.store(y, f32x4.mul(f32x4.convert_i32x4_s(wide), step));
      y += 16;
    }
    x += record;
  }
}

/** Spreads records over float32 rows, of whole fours; a unit is a row. */
export function spreadRecordsJob(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), record = pointer(args, word.RECORD);
  const row = <usize> ((width + 3) & ~3) << 2;
  spreadRows(
    pointer(args, word.TO) + <usize> from * row,
    pointer(args, word.FROM) + <usize> from * record,
    record,
    to - from,
    width,
  );
}
