/**
 * # Packing
 *
 * The operands of a matrix product are copied into panels.
 *
 * A panel is `MR` rows of the left operand or eight columns of the right one, written in the
 * order in which `tile` reads it: step by step along $k$. What is missing in the last panel
 * is zero. Transposition only changes the order of reading: elements that lie side by side
 * across the panel are copied, those that lie side by side along $k$ are exchanged four by
 * four in registers.
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import { MR, NR } from "./tile.ts";
import * as word from "./words/packing.ts";

/**
 * Rows of the left operand in panels of `MR`. Where one or two would be left over, the last
 * eight or seven rows are computed in two tiles of four: no tile is half empty.
 */
export function wholeRows(rows: i32): i32 {
  const rest = rows % MR;
  return rows - rest - (MR == 6 && (rest == 1 || rest == 2) && rows > MR ? MR : 0);
}

/** Width of the panel that takes the `rest` rows left over by {@linkcode wholeRows}: 4, 6 or 8. */
export function restWidth(rest: i32): i32 {
  return rest <= 4 ? 4 : rest <= 6 ? 6 : 8;
}

/** One panel, `width` (4, 6 or 8) elements wide, whose elements lie side by side in each of `depth` source rows. */
function copyPanel(to: usize, from: usize, ld: usize, depth: i32, width: i32): void {
  if (width == 8) {
    for (; depth > 0; depth--) {
      v128.store(to, v128.load(from));
      v128.store(to + 16, v128.load(from + 16));
      from += ld;
      to += 32;
    }
  } else if (width == 6) {
    for (; depth > 0; depth--) {
      v128.store(to, v128.load(from));
      store<u64>(to + 16, load<u64>(from + 16));
      from += ld;
      to += 24;
    }
  } else {
    for (; depth > 0; depth--) {
      v128.store(to, v128.load(from));
      from += ld;
      to += 16;
    }
  }
}

/** Four source rows of `depth` elements become four neighbouring columns of a panel, `step` bytes from row to row. */
function transposeFour(to: usize, step: usize, from: usize, ld: usize, depth: i32): void {
  const from1 = from + ld, from2 = from1 + ld, from3 = from2 + ld;
  const d1 = from1 - from, d2 = from2 - from, d3 = from3 - from;
  for (; depth >= 4; depth -= 4) {
    const a = v128.load(from), b = v128.load(from + d1), c = v128.load(from + d2), d = v128.load(from + d3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
    to += step;
    v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
    to += step;
    v128.store(to, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5));
    to += step;
    v128.store(to, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7));
    to += step;
    from += 16;
  }
  for (; depth > 0; depth--) {
    store<f32>(to, load<f32>(from));
    store<f32>(to + 4, load<f32>(from + d1));
    store<f32>(to + 8, load<f32>(from + d2));
    store<f32>(to + 12, load<f32>(from + d3));
    from += 4;
    to += step;
  }
}

/** Two source rows become two neighbouring columns of a panel. */
function transposeTwo(to: usize, step: usize, from: usize, ld: usize, depth: i32): void {
  for (; depth >= 4; depth -= 4) {
    const a = v128.load(from), b = v128.load(from + ld);
    const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5), high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    v128.store64_lane(to, low, 0);
    to += step;
    v128.store64_lane(to, low, 1);
    to += step;
    v128.store64_lane(to, high, 0);
    to += step;
    v128.store64_lane(to, high, 1);
    to += step;
    from += 16;
  }
  for (; depth > 0; depth--) {
    store<f32>(to, load<f32>(from));
    store<f32>(to + 4, load<f32>(from + ld));
    from += 4;
    to += step;
  }
}

/** One panel of `width` (4, 6 or 8) source rows. */
function transposePanel(to: usize, from: usize, ld: usize, depth: i32, width: i32): void {
  const step = <usize> width << 2;
  transposeFour(to, step, from, ld, depth);
  if (width == 8) transposeFour(to + 16, step, from + (ld << 2), ld, depth);
  else if (width == 6) transposeTwo(to + 16, step, from + (ld << 2), ld, depth);
}

/** The last panel where fewer than `width` elements are left; the rest is zero. */
function raggedPanel(to: usize, from: usize, across: usize, along: usize, left: i32, depth: i32, width: i32): void {
  for (; depth > 0; depth--) {
    let p = from;
    for (let i = 0; i < width; i++) {
      store<f32>(to, i < left ? load<f32>(p) : 0);
      p += across;
      to += 4;
    }
    from += along;
  }
}

/** Source rows that are copied at a time. */
const STRIP: i32 = 16;

/**
 * Packs the panels `[first, end)` of an operand.
 *
 * | argument | meaning                                                                  |
 * | -------- | ------------------------------------------------------------------------ |
 * | `to`     | panel 0 of the packed operand                                            |
 * | `from`   | the operand                                                              |
 * | `across` | bytes from one element of a panel's row to the next                      |
 * | `along`  | bytes for one step of $k$; this or `across` is 4                         |
 * | `count`  | rows (left operand) or columns (right operand) in all                    |
 * | `depth`  | steps of $k$                                                             |
 * | `width`  | `MR` or 8                                                                |
 */
function packPanels(
  to: usize,
  from: usize,
  across: usize,
  along: usize,
  count: i32,
  depth: i32,
  width: i32,
  first: i32,
  end: i32,
): void {
  const panel = <usize> (width * 4) * <usize> depth, step = <usize> width << 2;
  to += <usize> first * panel;
  from += <usize> (first * width) * across;
  const columns = width == NR, most = columns ? count / width : wholeRows(count) / width, whole = min(end, most);
  if (across == 4) {
    // A few source rows at a time over all panels: neighbouring panels then share cache lines while they are near.
    for (let k = 0; k < depth; k += STRIP) {
      let p = to + <usize> k * step, q = from + <usize> k * along;
      for (let i = first; i < whole; i++) {
        copyPanel(p, q, along, min(STRIP, depth - k), width);
        p += panel;
        q += step;
      }
    }
    to += <usize> max(0, whole - first) * panel;
    from += <usize> max(0, whole - first) * step;
  } else {
    for (let i = first; i < whole; i++) {
      transposePanel(to, from, across, depth, width);
      to += panel;
      from += <usize> width * across;
    }
  }
  const rest = count - most * width;
  if (rest == 0 || first > most || end <= most) return;
  const wide = columns ? NR : restWidth(rest);
  if (rest < wide) raggedPanel(to, from, across, along, rest, depth, wide);
  else if (across == 4) copyPanel(to, from, along, depth, wide);
  else transposePanel(to, from, across, depth, wide);
}

/** Packs a right operand `[depth, columns]` into panels of eight columns. Strides in bytes, one of them 4. */
export function packColumns(
  to: usize,
  from: usize,
  rowStride: usize,
  columnStride: usize,
  columns: i32,
  depth: i32,
): void {
  packPanels(to, from, columnStride, rowStride, columns, depth, NR, 0, (columns + NR - 1) / NR);
}

/** Packs a left operand `[rows, depth]` into panels of `MR` rows. Strides in bytes, one of them 4. */
export function packRows(to: usize, from: usize, rowStride: usize, columnStride: usize, rows: i32, depth: i32): void {
  packPanels(to, from, rowStride, columnStride, rows, depth, MR, 0, (rows + MR - 1) / MR);
}

/**
 * Packs panels of one operand; a unit is a panel.
 */
export function packJob(args: usize, first: i32, end: i32): void {
  packPanels(
    pointer(args, word.TO),
    pointer(args, word.FROM),
    pointer(args, word.ACROSS),
    pointer(args, word.ALONG),
    integer(args, word.COUNT),
    integer(args, word.DEPTH),
    integer(args, word.RIGHT) ? NR : MR,
    first,
    end,
  );
}
