/**
 * # Matrix product
 *
 * $$C_{ij} = \sum_{k<K} A_{ik} B_{kj}$$
 *
 * **Why panels.** A product of two $n \times n$ matrices does $2n^3$ operations on $2n^2$
 * numbers, so each number should be fetched once and used often. Both operands are first
 * *packed*: the left one into panels of `MR` rows, the right one into panels of eight
 * columns, each panel written in the order in which the innermost loop reads it. That loop,
 * {@linkcode tile}, keeps a tile of $C$ in registers and streams one panel of either side
 * past it (Goto and van de Geijn 2008; Van Zee and van de Geijn 2015).
 *
 * **Transposition costs nothing.** It changes the order in which packing reads, and packing
 * is $O(n^2)$.
 *
 * **Rounding.** Each element is a sum in the order of $k$, in blocks of at most `KC` terms:
 * the tile sums a block, blocks are added in order. How many threads take part decides who
 * computes a tile and never how.
 *
 * **Addresses.** An engine that checks bounds in code compares `p + constant` with a limit
 * of its own for every constant offset. Written as an index addition (`load(p + 4)` instead
 * of `load(p, 4)`) all accesses share one limit.
 *
 * @module
 */

import { madd } from "./simd";
import { offsetOf } from "./walk";

/** Rows of a panel of the left operand. */
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
/** Columns of a panel of the right operand. */
export const NR: i32 = 8;

/**
 * One tile of the product: $C = L R$, or $C = L R + \text{addend}$.
 *
 * | argument             | meaning                                                      |
 * | -------------------- | ------------------------------------------------------------ |
 * | `left`               | a panel of `MR` rows, $k$-major: `depth` × `MR`              |
 * | `right`              | a panel of eight columns, $k$-major: `depth` × 8             |
 * | `c`, `ldc`           | the tile of the result and the bytes from row to row         |
 * | `depth`              | terms to sum, any                                            |
 * | `addend`, `ldAddend` | what to add: the result itself, one row of biases (with 0 bytes from row to row), or 0 for nothing |
 */
export function tile(left: usize, right: usize, c: usize, ldc: usize, depth: i32, addend: usize, ldAddend: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) tileOfSix(left, right, c, ldc, depth, addend, ldAddend);
  else tileOfFour(left, right, c, ldc, depth, addend, ldAddend);
}

/**
 * Six rows by eight columns: twelve accumulators, two vectors of the right operand and one
 * splat of the left, fifteen registers in all, exactly what the engine has.
 */
@inline
function tileOfSix(left: usize, right: usize, c: usize, ldc: usize, depth: i32, addend: usize, ldAddend: usize): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00;
  let c50 = c00, c51 = c00;
  let a: v128, b0: v128, b1: v128;

  for (; depth >= 2; depth -= 2) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left + 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(left + 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(left + 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    b0 = v128.load(right + 32);
    b1 = v128.load(right + 48);
    a = v128.load32_splat(left + 24);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + 28);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + 32);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left + 36);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(left + 40);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(left + 44);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    left += 48;
    right += 64;
  }
  if (depth) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left + 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(left + 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(left + 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
  }

  if (addend) {
    c00 = f32x4.add(c00, v128.load(addend));
    c01 = f32x4.add(c01, v128.load(addend + 16));
    addend += ldAddend;
    c10 = f32x4.add(c10, v128.load(addend));
    c11 = f32x4.add(c11, v128.load(addend + 16));
    addend += ldAddend;
    c20 = f32x4.add(c20, v128.load(addend));
    c21 = f32x4.add(c21, v128.load(addend + 16));
    addend += ldAddend;
    c30 = f32x4.add(c30, v128.load(addend));
    c31 = f32x4.add(c31, v128.load(addend + 16));
    addend += ldAddend;
    c40 = f32x4.add(c40, v128.load(addend));
    c41 = f32x4.add(c41, v128.load(addend + 16));
    addend += ldAddend;
    c50 = f32x4.add(c50, v128.load(addend));
    c51 = f32x4.add(c51, v128.load(addend + 16));
  }
  v128.store(c, c00);
  v128.store(c + 16, c01);
  c += ldc;
  v128.store(c, c10);
  v128.store(c + 16, c11);
  c += ldc;
  v128.store(c, c20);
  v128.store(c + 16, c21);
  c += ldc;
  v128.store(c, c30);
  v128.store(c + 16, c31);
  c += ldc;
  v128.store(c, c40);
  v128.store(c + 16, c41);
  c += ldc;
  v128.store(c, c50);
  v128.store(c + 16, c51);
}

/** Four rows by eight columns, where a multiplication and an addition need a sixteenth register for six. */
@inline
function tileOfFour(left: usize, right: usize, c: usize, ldc: usize, depth: i32, addend: usize, ldAddend: usize): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let a: v128, b0: v128, b1: v128;

  for (; depth >= 2; depth -= 2) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left + 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    b0 = v128.load(right + 32);
    b1 = v128.load(right + 48);
    a = v128.load32_splat(left + 16);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + 20);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + 24);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left + 28);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    left += 32;
    right += 64;
  }
  if (depth) {
    b0 = v128.load(right);
    b1 = v128.load(right + 16);
    a = v128.load32_splat(left);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(left + 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(left + 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(left + 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
  }

  if (addend) {
    c00 = f32x4.add(c00, v128.load(addend));
    c01 = f32x4.add(c01, v128.load(addend + 16));
    addend += ldAddend;
    c10 = f32x4.add(c10, v128.load(addend));
    c11 = f32x4.add(c11, v128.load(addend + 16));
    addend += ldAddend;
    c20 = f32x4.add(c20, v128.load(addend));
    c21 = f32x4.add(c21, v128.load(addend + 16));
    addend += ldAddend;
    c30 = f32x4.add(c30, v128.load(addend));
    c31 = f32x4.add(c31, v128.load(addend + 16));
  }
  v128.store(c, c00);
  v128.store(c + 16, c01);
  c += ldc;
  v128.store(c, c10);
  v128.store(c + 16, c11);
  c += ldc;
  v128.store(c, c20);
  v128.store(c + 16, c21);
  c += ldc;
  v128.store(c, c30);
  v128.store(c + 16, c31);
}

// ## Packing

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
function packPanels(to: usize, from: usize, across: usize, along: usize, count: i32, depth: i32, width: i32, first: i32, end: i32): void {
  const panel = <usize>(width * 4) * <usize>depth, step = <usize>width << 2;
  to += <usize>first * panel;
  from += <usize>(first * width) * across;
  const whole = min(end, count / width);
  if (across == 4) {
    // A few source rows at a time over all panels: neighbouring panels then share cache lines while they are near.
    for (let k = 0; k < depth; k += STRIP) {
      let p = to + <usize>k * step, q = from + <usize>k * along;
      for (let i = first; i < whole; i++) {
        copyPanel(p, q, along, min(STRIP, depth - k), width);
        p += panel;
        q += step;
      }
    }
    to += <usize>max(0, whole - first) * panel;
    from += <usize>max(0, whole - first) * step;
  } else {
    for (let i = first; i < whole; i++) {
      transposeFour(to, step, from, across, depth);
      if (width == 8) transposeFour(to + 16, step, from + (across << 2), across, depth);
      else if (width == 6) transposeTwo(to + 16, step, from + (across << 2), across, depth);
      to += panel;
      from += <usize>width * across;
    }
  }
  if (whole < end) raggedPanel(to, from, across, along, count - whole * width, depth, width);
}

/** Packs a right operand `[depth, columns]` into panels of eight columns; strides in bytes, one of them 4. */
export function packColumns(to: usize, from: usize, rowStride: usize, columnStride: usize, columns: i32, depth: i32): void {
  packPanels(to, from, columnStride, rowStride, columns, depth, NR, 0, (columns + NR - 1) / NR);
}

/** Packs a left operand `[rows, depth]` into panels of `MR` rows; strides in bytes, one of them 4. */
export function packRows(to: usize, from: usize, rowStride: usize, columnStride: usize, rows: i32, depth: i32): void {
  packPanels(to, from, rowStride, columnStride, rows, depth, MR, 0, (rows + MR - 1) / MR);
}

/**
 * Packs panels of one operand; a unit is a panel.
 *
 * Words: to, from, across, along, count, depth, width (0 = rows of the left operand, 1 = columns of the right one).
 */
export function packJob(args: usize, first: i32, end: i32): void {
  packPanels(
    load<usize>(args),
    load<usize>(args + 4),
    load<usize>(args + 8),
    load<usize>(args + 12),
    load<i32>(args + 16),
    load<i32>(args + 20),
    load<i32>(args + 24) ? NR : MR,
    first,
    end,
  );
}

// ## Multiplying

/** A tile that sticks out of the result: computed in full aside, copied in part. */
function raggedTile(left: usize, right: usize, c: usize, ldc: usize, rows: i32, columns: i32, depth: i32, addend: usize, ldAddend: usize, aside: usize): void {
  tile(left, right, aside, 32, depth, 0, 0);
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
      const value = load<f32>(aside + j);
      store<f32>(c + j, addend ? value + load<f32>(addend + j) : value);
    }
    c += ldc;
    addend += addend ? ldAddend : 0;
    aside += 32;
  }
}

/**
 * A block of the product from packed operands: $C = L R\;(+\;\text{addend})$.
 *
 * A panel of the right operand stays in the nearest cache while all panels of the left one
 * pass by.
 *
 * | argument  | meaning                                              |
 * | --------- | ---------------------------------------------------- |
 * | `left`    | packed rows, $\lceil$`rows` / `MR`$\rceil$ panels  |
 * | `right`   | packed columns, $\lceil$`columns` / 8$\rceil$ panels, `rightStep` bytes apart |
 * | `addend`  | as in {@linkcode tile}                               |
 * | `aside`   | 256 bytes of scratch                                 |
 */
export function multiplyBlock(left: usize, right: usize, rightStep: usize, c: usize, ldc: usize, rows: i32, columns: i32, depth: i32, addend: usize, ldAddend: usize, aside: usize): void {
  const leftStep = <usize>(MR * 4) * <usize>depth;
  for (let j = 0; j < columns; j += NR) {
    let panel = left, to = c, plus = addend;
    const width = min(NR, columns - j);
    for (let i = 0; i < rows; i += MR) {
      const height = min(MR, rows - i);
      if (width == NR && height == MR) tile(panel, right, to, ldc, depth, plus, ldAddend);
      else raggedTile(panel, right, to, ldc, height, width, depth, plus, ldAddend, aside);
      panel += leftStep;
      to += ldc * <usize>MR;
      plus += addend ? ldAddend * <usize>MR : 0;
    }
    right += rightStep;
    c += 32;
    addend += addend ? 32 : 0;
  }
}

/**
 * Multiplies packed operands; a unit is a block of `blockRows` × `blockColumns`, row blocks first.
 *
 * Words: left, right, c, ldc, rows, columns, depth, addend, ldAddend, blockRows, blockColumns
 * (multiples of `MR` and 8), bytes from panel to panel of the right operand.
 */
export function multiplyJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const left = load<usize>(args), right = load<usize>(args + 4), c = load<usize>(args + 8), ldc = load<usize>(args + 12);
  const rows = load<i32>(args + 16), columns = load<i32>(args + 20), depth = load<i32>(args + 24);
  const addend = load<usize>(args + 28), ldAddend = load<usize>(args + 32);
  const blockRows = load<i32>(args + 36), blockColumns = load<i32>(args + 40), rightStep = load<usize>(args + 44);
  const down = (rows + blockRows - 1) / blockRows;
  for (let unit = from; unit < to; unit++) {
    const i = (unit % down) * blockRows, j = (unit / down) * blockColumns;
    const corner = <usize>i * ldc + (<usize>j << 2);
    multiplyBlock(
      left + (<usize>i << 2) * <usize>depth,
      right + (<usize>j >> 3) * rightStep,
      rightStep,
      c + corner,
      ldc,
      min(blockRows, rows - i),
      min(blockColumns, columns - j),
      depth,
      addend ? addend + <usize>i * ldAddend + (<usize>j << 2) : 0,
      ldAddend,
      scratch,
    );
  }
}

/**
 * Whole products, one per unit: batches of matrices that fit into the scratch of a thread.
 *
 * Words: a, b, c, rows, columns, depth, then the bytes from row to row and from column to
 * column of `a` and of `b`, the largest depth of one block, the number of batch axes, and
 * from word 16 on their extents, from 24 the bytes per step in `a`, from 32 in `b`.
 */
export function multiplyEachJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const a = load<usize>(args), b = load<usize>(args + 4), c = load<usize>(args + 8);
  const rows = load<i32>(args + 12), columns = load<i32>(args + 16), depth = load<i32>(args + 20);
  const aRow = load<usize>(args + 24), aColumn = load<usize>(args + 28);
  const bRow = load<usize>(args + 32), bColumn = load<usize>(args + 36);
  const block = load<i32>(args + 40), axes = load<i32>(args + 44);
  const ldc = <usize>columns << 2;
  const left = scratch + 256, right = left + <usize>((rows + MR - 1) / MR * MR) * (<usize>block << 2);
  for (let unit = from; unit < to; unit++) {
    const x = a + offsetOf(unit, axes, args + 64, args + 96), y = b + offsetOf(unit, axes, args + 64, args + 128);
    const z = c + <usize>unit * (<usize>rows * ldc);
    for (let k = 0; k < depth; k += block) {
      const terms = min(block, depth - k);
      packRows(left, x + <usize>k * aColumn, aRow, aColumn, rows, terms);
      packColumns(right, y + <usize>k * bRow, bRow, bColumn, columns, terms);
      multiplyBlock(left, right, <usize>(NR * 4) * <usize>terms, z, ldc, rows, columns, terms, k ? z : 0, ldc, scratch);
    }
  }
}
