/**
 * # Copies
 *
 * Reshaping, transposing and slicing cost nothing until somebody needs the elements side by
 * side. These kernels then move words of four bytes, whatever they mean.
 *
 * Words of the copies: to, from, elements of a run, bytes per element in the target, in the
 * source, outer axes, blocks of a run; from word 16 on the outer extents, from 24 the bytes
 * per step in the target, from 32 in the source.
 *
 * @module
 */

import * as kinds from "./kinds.ts";
import { offsetOf } from "./walk.ts";

/** Elements of one unit. */
const BLOCK: i32 = 4096;

/** Copies runs of neighbours, or repeats one element. A unit is a block of a run; 0 bytes per source element repeat. */
export function copyRowsJob(args: usize, from: i32, to: i32): void {
  const target = load<usize>(args), source = load<usize>(args + 4), n = load<i32>(args + 8);
  const repeat = load<i32>(args + 16) == 0, axes = load<i32>(args + 20), blocks = load<i32>(args + 24);
  // Along the innermost outer axis, addresses advance by its strides; only its ends are worked out anew.
  const last = <usize> max(0, axes - 1) << 2, extent = axes && blocks == 1 ? load<i32>(args + 64 + last) : 1;
  const down = load<usize>(args + 96 + last), across = load<usize>(args + 128 + last);
  let place = extent - 1, to0: usize = 0, from0: usize = 0;
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * BLOCK, count = min(BLOCK, n - first);
    if (++place < extent) {
      to0 += down;
      from0 += across;
    } else {
      place = extent > 1 ? row % extent : 0;
      to0 = target + offsetOf(row, axes, args + 64, args + 96);
      from0 = source + offsetOf(row, axes, args + 64, args + 128);
    }
    let y = to0 + (<usize> first << 2), x = from0;
    const end = y + (<usize> count << 2), vectors = y + (<usize> (count & ~3) << 2);
    if (repeat) {
      const value = v128.load32_splat(x);
      for (; y < vectors; y += 16) v128.store(y, value);
      for (; y < end; y += 4) v128.store32_lane(y, value, 0);
      continue;
    }
    x += <usize> first << 2;
    if (count >= 256) memory.copy(y, x, <usize> count << 2);
    else {
      for (; y < vectors; y += 16) {
        v128.store(y, v128.load(x));
        x += 16;
      }
      for (; y < end; y += 4) {
        store<u32>(y, load<u32>(x));
        x += 4;
      }
    }
  }
}

/** Copies element by element; a unit is a block of a run. */
export function copyStridedJob(args: usize, from: i32, to: i32): void {
  const target = load<usize>(args), source = load<usize>(args + 4), n = load<i32>(args + 8);
  const stepY = load<usize>(args + 12), stepX = load<usize>(args + 16);
  const axes = load<i32>(args + 20), blocks = load<i32>(args + 24);
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * BLOCK;
    let y = target + offsetOf(row, axes, args + 64, args + 96) + <usize> first * stepY;
    let x = source + offsetOf(row, axes, args + 64, args + 128) + <usize> first * stepX;
    for (let i = min(BLOCK, n - first); i > 0; i--) {
      store<u32>(y, load<u32>(x));
      y += stepY;
      x += stepX;
    }
  }
}

/**
 * Transposes: the target has its neighbours along one axis, the source along another.
 *
 * Sixteen target rows at a time: they use up whole cache lines of the source, four columns of
 * four rows being exchanged in registers.
 *
 * Words: to, from, rows and columns of the target, bytes from row to row of the target, bytes
 * from column to column in the source (its rows are neighbours), outer axes; extents and
 * strides as above. A unit is sixteen target rows.
 */
export function copyTransposedJob(args: usize, from: i32, to: i32): void {
  const target = load<usize>(args), source = load<usize>(args + 4);
  const rows = load<i32>(args + 8), columns = load<i32>(args + 12);
  const down = load<usize>(args + 16), across = load<usize>(args + 20), axes = load<i32>(args + 24);
  const blocks = (rows + 15) >> 4;
  for (let unit = from; unit < to; unit++) {
    const outer = unit / blocks, first = (unit % blocks) << 4, height = min(16, rows - first);
    let y = target + offsetOf(outer, axes, args + 64, args + 96) + <usize> first * down;
    let x = source + offsetOf(outer, axes, args + 64, args + 128) + (<usize> first << 2);
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      let i = 0, p = x, q = y;
      for (; i + 4 <= height; i += 4) {
        const a = v128.load(p), b = v128.load(p + across), c = v128.load(p + across * 2), d = v128.load(p + across * 3);
        const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
        const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
        v128.store(q, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
        q += down;
        v128.store(q, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
        q += down;
        v128.store(q, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5));
        q += down;
        v128.store(q, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7));
        q += down;
        p += 16;
      }
      for (; i < height; i++) {
        store<u32>(q, load<u32>(p));
        store<u32>(q + 4, load<u32>(p + across));
        store<u32>(q + 8, load<u32>(p + across * 2));
        store<u32>(q + 12, load<u32>(p + across * 3));
        q += down;
        p += 4;
      }
      x += across << 2;
      y += 16;
    }
    for (; j < columns; j++) {
      let p = x, q = y;
      for (let i = 0; i < height; i++) {
        store<u32>(q, load<u32>(p));
        q += down;
        p += 4;
      }
      x += across;
      y += 4;
    }
  }
}

/**
 * Changes the type of contiguous elements; a unit is 4096 of them.
 *
 * Words: which conversion of `kinds.ts`, to, from, elements.
 */
export function convertJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const what = load<i32>(args), target = load<usize>(args + 4);
  const source = load<usize>(args + 8), n = load<i32>(args + 12);
  const one = i32x4.splat(1), zero = i32x4.splat(0);
  for (let unit = from; unit < to; unit++) {
    const first = unit * BLOCK;
    let y = target + (<usize> first << 2), x = source + (<usize> first << 2);
    for (let i = min(BLOCK, n - first); i > 0; i -= 4) {
      if (i < 4) {
        // The last turn reads and writes scratch, where there is room for a whole vector.
        memory.copy(scratch, x, <usize> i << 2);
        x = scratch;
      }
      const v = v128.load(x);
      let w: v128;
      switch (what) {
        case kinds.FLOAT_TO_INTEGER:
          w = i32x4.trunc_sat_f32x4_s(v);
          break;
        case kinds.FLOAT_TO_BOOL:
          w = v128.and(f32x4.ne(v, f32x4.splat(0)), one);
          break;
        case kinds.INTEGER_TO_FLOAT:
          w = f32x4.convert_i32x4_s(v);
          break;
        case kinds.INTEGER_TO_BOOL:
          w = v128.and(i32x4.ne(v, zero), one);
          break;
        default:
          unreachable();
          return;
      }
      if (i < 4) {
        v128.store(scratch, w);
        memory.copy(y, scratch, <usize> i << 2);
        break;
      }
      v128.store(y, w);
      y += 16;
      x += 16;
    }
  }
}
