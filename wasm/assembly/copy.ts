/**
 * # Copies
 *
 * Reshaping, transposing and slicing cost nothing until somebody needs the elements side by
 * side. These kernels then move words of four bytes, whatever they mean.
 *
 * The words are those of `words/copy.ts`.
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import * as kinds from "./kinds.ts";
import { extentsOf, offsetOf, stridesOf } from "./walk.ts";
import * as word from "./words/copy.ts";

/** Copies runs of neighbours, or repeats one element. A unit is a block of a run; 0 bytes per source element repeat. */
export function copyRowsJob(args: usize, from: i32, to: i32): void {
  const target = pointer(args, word.TO), source = pointer(args, word.FROM), n = integer(args, word.COUNT);
  const repeat = integer(args, word.STEP_FROM) == 0,
    axes = integer(args, word.AXES),
    blocks = integer(args, word.BLOCKS);
  // Along the innermost outer axis, addresses advance by its strides; only its ends are worked out anew.
  const last = <usize> max(0, axes - 1) << 2, extent = axes && blocks == 1 ? load<i32>(extentsOf(args) + last) : 1;
  const down = load<usize>(stridesOf(args, 0) + last), across = load<usize>(stridesOf(args, 1) + last);
  let place = extent - 1, to0: usize = 0, from0: usize = 0;
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * word.BLOCK, count = min(word.BLOCK, n - first);
    if (++place < extent) {
      to0 += down;
      from0 += across;
    } else {
      place = extent > 1 ? row % extent : 0;
      to0 = target + offsetOf(args, 0, row, axes);
      from0 = source + offsetOf(args, 1, row, axes);
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
  const target = pointer(args, word.TO), source = pointer(args, word.FROM), n = integer(args, word.COUNT);
  const stepY = pointer(args, word.STEP_TO), stepX = pointer(args, word.STEP_FROM);
  const axes = integer(args, word.AXES), blocks = integer(args, word.BLOCKS);
  for (let unit = from; unit < to; unit++) {
    const row = unit / blocks, first = (unit % blocks) * word.BLOCK;
    let y = target + offsetOf(args, 0, row, axes) + <usize> first * stepY;
    let x = source + offsetOf(args, 1, row, axes) + <usize> first * stepX;
    for (let i = min(word.BLOCK, n - first); i > 0; i--) {
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
 * A unit is sixteen target rows.
 */
export function copyTransposedJob(args: usize, from: i32, to: i32): void {
  const target = pointer(args, word.TO), source = pointer(args, word.FROM);
  const rows = integer(args, word.ROWS), columns = integer(args, word.COLUMNS);
  const down = pointer(args, word.DOWN), across = pointer(args, word.ACROSS), axes = integer(args, word.AXES);
  const blocks = (rows + word.STRIP - 1) / word.STRIP;
  for (let unit = from; unit < to; unit++) {
    const outer = unit / blocks, first = (unit % blocks) * word.STRIP, height = min(word.STRIP, rows - first);
    let y = target + offsetOf(args, 0, outer, axes) + <usize> first * down;
    let x = source + offsetOf(args, 1, outer, axes) + (<usize> first << 2);
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
 */
export function convertJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const what = integer(args, word.CONVERSION), target = pointer(args, word.TO);
  const source = pointer(args, word.FROM), n = integer(args, word.COUNT);
  const one = i32x4.splat(1), zero = i32x4.splat(0);
  for (let unit = from; unit < to; unit++) {
    const first = unit * word.BLOCK;
    let y = target + (<usize> first << 2), x = source + (<usize> first << 2);
    for (let i = min(word.BLOCK, n - first); i > 0; i -= 4) {
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
