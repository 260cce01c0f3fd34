/**
 * # A few rows times a matrix
 *
 * **Question.** One token at a time is how text is generated, and then every product has a
 * single row. Each weight is used once. How fast can weights be read?
 *
 * **Idea.** As fast as the memory delivers them, if it is asked in the way that it likes. The
 * prefetcher of a core follows a run of addresses and fetches what comes next, one page at a time;
 * a single run leaves it idle at every page. Two to four runs, far apart, keep it busy.
 *
 * **Stored row by row** (`[K, N]`): eight rows of weights are swept at a time, and the
 * result, short enough for the nearest cache, is read and written once per sweep.
 *
 * **Stored column by column** (`[N, K]`): every result is an inner product of two rows. Where the
 * weights come from main memory, four columns from the four quarters of the work are read at a time.
 *
 * **In panels** (`packing.ts`), eight columns side by side:
 *
 * ```text
 * panel 0: w[0, 0..8) w[1, 0..8) … w[K-1, 0..8)   panel 1: w[0, 8..16) w[1, 8..16) …
 * ```
 *
 * A row meets four panels at a time, one of each quarter of the work: eight sums in registers, in eight
 * independent chains, which also hides the latency of the multiply-adds. Several rows meet a piece of a panel
 * four at a time: the rows lie interleaved, so that one load fetches a factor of each, and the piece is short enough
 * for the nearest cache, so that all rows cost one reading. Pieces of two or four panels far apart take turns: while one is
 * multiplied, the next of the others are on their way.
 *
 * **Rounding.** In panels and row by row, every result is $b_j + x_0 w_{0j} + x_1 w_{1j} + \dots$ in
 * this order. The bits are the same for both layouts and for any number of rows.
 *
 * @module
 */

import { integer, madd, pointer, sumLanes } from "./simd.ts";
import { offsetOf } from "./walk.ts";
import * as word from "./words/matvec.ts";

/** `y[0..n) += Σ x[k] w[k, 0..n)` for eight rows of weights, `ld` bytes apart. */
function sweepEight(y: usize, x: usize, w: usize, ld: usize, n: i32): void {
  const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x + 4), x2 = v128.load32_splat(x + 8);
  const x3 = v128.load32_splat(x + 12), x4 = v128.load32_splat(x + 16), x5 = v128.load32_splat(x + 20);
  const x6 = v128.load32_splat(x + 24), x7 = v128.load32_splat(x + 28);
  const ld2 = ld + ld, ld3 = ld2 + ld;
  let v = w + (ld << 2);
  const end = y + (<usize> (n & ~3) << 2);
  for (; y < end; y += 16) {
    let a = madd(v128.load(w), x0, v128.load(y));
    a = madd(v128.load(w + ld), x1, a);
    a = madd(v128.load(w + ld2), x2, a);
    a = madd(v128.load(w + ld3), x3, a);
    a = madd(v128.load(v), x4, a);
    a = madd(v128.load(v + ld), x5, a);
    a = madd(v128.load(v + ld2), x6, a);
    v128.store(y, madd(v128.load(v + ld3), x7, a));
    w += 16;
    v += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    let a = v128.load32_splat(y);
    v = w;
    for (let k: usize = 0; k < 32; k += 4) {
      a = madd(v128.load32_splat(v), v128.load32_splat(x + k), a);
      v += ld;
    }
    v128.store32_lane(y, a, 0);
    y += 4;
    w += 4;
  }
}

/** `y[0..n) += x w[0..n)` for one row of weights. */
function sweepOne(y: usize, x: f32, w: usize, n: i32): void {
  const vx = f32x4.splat(x);
  const end = y + (<usize> (n & ~3) << 2);
  for (; y < end; y += 16) {
    v128.store(y, madd(v128.load(w), vx, v128.load(y)));
    w += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    v128.store32_lane(y, madd(v128.load32_splat(w), vx, v128.load32_splat(y)), 0);
    y += 4;
    w += 4;
  }
}

/**
 * Rows times a matrix stored row by row. A unit is a block of 2048 columns of one batch element.
 *
 * The elements of each row lie side by side; y is contiguous over
 * the batch.
 */
export function rowsTimesMatrixJob(args: usize, from: i32, to: i32): void {
  const x = pointer(args, word.FROM), w = pointer(args, word.MATRIX), y = pointer(args, word.TO);
  const rows = integer(args, word.ROWS), columns = integer(args, word.COLUMNS), depth = integer(args, word.DEPTH);
  const ldx = pointer(args, word.FROM_ROW), ldw = pointer(args, word.MATRIX_LINE), ldy = pointer(args, word.TO_ROW);
  const bias = pointer(args, word.BIAS), axes = integer(args, word.AXES);
  const blocks = (columns + word.RUN - 1) / word.RUN;
  for (let unit = from; unit < to; unit++) {
    const batch = unit / blocks, j = (unit % blocks) * word.RUN, n = min(word.RUN, columns - j);
    const skip = <usize> j << 2;
    const px = x + offsetOf(args, 0, batch, axes);
    let pw = w + offsetOf(args, 1, batch, axes) + skip;
    const py = y + <usize> (batch * rows) * ldy + skip;
    for (let i = 0; i < rows; i++) {
      if (bias) memory.copy(py + <usize> i * ldy, bias + skip, <usize> n << 2);
      else memory.fill(py + <usize> i * ldy, 0, <usize> n << 2);
    }
    let k = 0;
    for (; k + 8 <= depth; k += 8) {
      for (let i = 0; i < rows; i++) {
        sweepEight(py + <usize> i * ldy, px + <usize> i * ldx + (<usize> k << 2), pw, ldw, n);
      }
      pw += ldw << 3;
    }
    for (; k < depth; k++) {
      for (let i = 0; i < rows; i++) {
        sweepOne(py + <usize> i * ldy, load<f32>(px + <usize> i * ldx + (<usize> k << 2)), pw, n);
      }
      pw += ldw;
    }
  }
}

/** Four inner products with one row `x`; the columns start `ld` bytes apart. Results go to `y`, `step` bytes apart. */
function dotFour(y: usize, step: usize, x: usize, w: usize, ld: usize, n: i32): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const ld2 = ld + ld, ld3 = ld2 + ld;
  const end = x + (<usize> (n & ~7) << 2);
  for (; x < end; x += 32) {
    const u = v128.load(x), v = v128.load(x + 16), z = w + 16;
    a0 = madd(v128.load(w), u, a0);
    b0 = madd(v128.load(z), v, b0);
    a1 = madd(v128.load(w + ld), u, a1);
    b1 = madd(v128.load(z + ld), v, b1);
    a2 = madd(v128.load(w + ld2), u, a2);
    b2 = madd(v128.load(z + ld2), v, b2);
    a3 = madd(v128.load(w + ld3), u, a3);
    b3 = madd(v128.load(z + ld3), v, b3);
    w += 32;
  }
  let s0 = sumLanes(f32x4.add(a0, b0)), s1 = sumLanes(f32x4.add(a1, b1));
  let s2 = sumLanes(f32x4.add(a2, b2)), s3 = sumLanes(f32x4.add(a3, b3));
  for (let i = n & 7; i > 0; i--) {
    const value = load<f32>(x);
    s0 += value * load<f32>(w);
    s1 += value * load<f32>(w + ld);
    s2 += value * load<f32>(w + ld2);
    s3 += value * load<f32>(w + ld3);
    x += 4;
    w += 4;
  }
  store<f32>(y, s0);
  store<f32>(y + step, s1);
  store<f32>(y + step + step, s2);
  store<f32>(y + step + step + step, s3);
}

/**
 * Rows times a matrix stored column by column; a unit is 32 columns of one batch element.
 *
 * Four neighbouring columns at a time share what is read of the row: best while the weights fit into a
 * cache. From main memory the four come from the four quarters of the work. One that is left over takes
 * all four places.
 */
export function rowsTimesTransposeJob(args: usize, from: i32, to: i32): void {
  const x = pointer(args, word.FROM), w = pointer(args, word.MATRIX), y = pointer(args, word.TO);
  const rows = integer(args, word.ROWS), columns = integer(args, word.COLUMNS), depth = integer(args, word.DEPTH);
  const ldx = pointer(args, word.FROM_ROW), ldw = pointer(args, word.MATRIX_LINE);
  const down = pointer(args, word.TO_ROW),
    across = pointer(args, word.TO_COLUMN),
    batchBytes = pointer(args, word.TO_BATCH);
  const streamed = integer(args, word.STREAMED) && to - from > 1, axes = integer(args, word.AXES);
  const blocks = (columns + word.FEW_COLUMNS - 1) / word.FEW_COLUMNS;
  for (let unit = from; unit < to; unit++) {
    const batch = unit / blocks, first = (unit % blocks) * word.FEW_COLUMNS;
    // All columns of this batch element that are among the units, or those of this unit.
    const units = streamed ? min(to - unit, blocks - unit % blocks) : 1,
      end = min(first + units * word.FEW_COLUMNS, columns);
    const px = x + offsetOf(args, 0, batch, axes);
    const pw = w + offsetOf(args, 1, batch, axes), py = y + <usize> batch * batchBytes;
    const quarter = (end - first) >> 2, apart = streamed ? quarter : 1, step = streamed ? 1 : 4;
    let j = first;
    for (let n = quarter; n > 0; n--) {
      for (let i: usize = 0; i < <usize> rows; i++) {
        dotFour(py + i * down + across * j, across * apart, px + i * ldx, pw + ldw * j, ldw * apart, depth);
      }
      j += step;
    }
    for (j = first + (quarter << 2); j < end; j++) {
      for (let i: usize = 0; i < <usize> rows; i++) {
        dotFour(py + i * down + across * j, 0, px + i * ldx, pw + ldw * j, 0, depth);
      }
    }
    unit += units - 1;
  }
}

// ## Panels

/** Terms of a panel that all rows take before the next piece: it stays in the nearest cache, and what follows is fetched meanwhile. */
const TERMS: i32 = 32;

/** Writes up to four rows side by side, number by number; where rows are missing, the last one takes their places. */
function interleaveFour(to: usize, x: usize, ldx: usize, rows: i32, depth: i32): void {
  const b = rows > 1 ? ldx : 0, c = rows > 2 ? b + ldx : b, d = rows > 3 ? c + ldx : c;
  for (; depth >= 4; depth -= 4) {
    const v0 = v128.load(x), v1 = v128.load(x + b), v2 = v128.load(x + c), v3 = v128.load(x + d);
    const low = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5), high = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
    const low2 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5), high2 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low, low2, 0, 1, 4, 5));
    v128.store(to + 16, v128.shuffle<f32>(low, low2, 2, 3, 6, 7));
    v128.store(to + 32, v128.shuffle<f32>(high, high2, 0, 1, 4, 5));
    v128.store(to + 48, v128.shuffle<f32>(high, high2, 2, 3, 6, 7));
    to += 64;
    x += 16;
  }
  for (; depth > 0; depth--) {
    store<f32>(to, load<f32>(x));
    store<f32>(to + 4, load<f32>(x + b));
    store<f32>(to + 8, load<f32>(x + c));
    store<f32>(to + 12, load<f32>(x + d));
    to += 16;
    x += 4;
  }
}

/** Rows in groups of four, as {@linkcode fourRows} reads them: 16 bytes for each term of a group. */
export function interleave(to: usize, x: usize, ldx: usize, rows: i32, depth: i32): void {
  for (let i = 0; i < rows; i += 4) {
    interleaveFour(to, x + ldx * i, ldx, rows - i, depth);
    to += <usize> depth << 4;
  }
}

/**
 * Up to four rows times `depth` terms of a panel, added to eight sums each.
 *
 * `x` holds the rows as {@linkcode interleave} writes them, so that one load fetches four factors; rows of `y` are `ldy`
 * bytes apart. Where rows are missing, the last one takes their places: it is computed again from the same sums.
 */
export function fourRows(y: usize, ldy: usize, x: usize, rows: i32, p: usize, depth: i32): void {
  const y1 = rows > 1 ? y + ldy : y, y2 = rows > 2 ? y1 + ldy : y1, y3 = rows > 3 ? y2 + ldy : y2;
  let a0 = v128.load(y), a1 = v128.load(y + 16), b0 = v128.load(y1), b1 = v128.load(y1 + 16);
  let c0 = v128.load(y2), c1 = v128.load(y2 + 16), d0 = v128.load(y3), d1 = v128.load(y3 + 16);
  let u: v128, v: v128, s: v128, r: v128;
  for (; depth >= 2; depth -= 2) {
    u = v128.load(p);
    v = v128.load(p + 16);
    r = v128.load(x);
    s = v128.shuffle<f32>(r, r, 0, 0, 0, 0);
    a0 = madd(u, s, a0);
    a1 = madd(v, s, a1);
    s = v128.shuffle<f32>(r, r, 1, 1, 1, 1);
    b0 = madd(u, s, b0);
    b1 = madd(v, s, b1);
    s = v128.shuffle<f32>(r, r, 2, 2, 2, 2);
    c0 = madd(u, s, c0);
    c1 = madd(v, s, c1);
    s = v128.shuffle<f32>(r, r, 3, 3, 3, 3);
    d0 = madd(u, s, d0);
    d1 = madd(v, s, d1);
    u = v128.load(p + 32);
    v = v128.load(p + 48);
    r = v128.load(x + 16);
    s = v128.shuffle<f32>(r, r, 0, 0, 0, 0);
    a0 = madd(u, s, a0);
    a1 = madd(v, s, a1);
    s = v128.shuffle<f32>(r, r, 1, 1, 1, 1);
    b0 = madd(u, s, b0);
    b1 = madd(v, s, b1);
    s = v128.shuffle<f32>(r, r, 2, 2, 2, 2);
    c0 = madd(u, s, c0);
    c1 = madd(v, s, c1);
    s = v128.shuffle<f32>(r, r, 3, 3, 3, 3);
    d0 = madd(u, s, d0);
    d1 = madd(v, s, d1);
    x += 32;
    p += 64;
  }
  if (depth) {
    u = v128.load(p);
    v = v128.load(p + 16);
    r = v128.load(x);
    s = v128.shuffle<f32>(r, r, 0, 0, 0, 0);
    a0 = madd(u, s, a0);
    a1 = madd(v, s, a1);
    s = v128.shuffle<f32>(r, r, 1, 1, 1, 1);
    b0 = madd(u, s, b0);
    b1 = madd(v, s, b1);
    s = v128.shuffle<f32>(r, r, 2, 2, 2, 2);
    c0 = madd(u, s, c0);
    c1 = madd(v, s, c1);
    s = v128.shuffle<f32>(r, r, 3, 3, 3, 3);
    d0 = madd(u, s, d0);
    d1 = madd(v, s, d1);
  }
  v128.store(y, a0);
  v128.store(y + 16, a1);
  v128.store(y1, b0);
  v128.store(y1 + 16, b1);
  v128.store(y2, c0);
  v128.store(y2 + 16, c1);
  v128.store(y3, d0);
  v128.store(y3 + 16, d1);
}

/** One row times four panels that start `apart` bytes apart, added to eight sums each, `step` bytes apart. */
function fourPanels(y: usize, x: usize, p: usize, apart: usize, step: usize, depth: i32): void {
  let q = p + apart, r = q + apart, t = r + apart;
  const y1 = y + step, y2 = y1 + step, y3 = y2 + step;
  let a0 = v128.load(y), a1 = v128.load(y + 16), b0 = v128.load(y1), b1 = v128.load(y1 + 16);
  let c0 = v128.load(y2), c1 = v128.load(y2 + 16), d0 = v128.load(y3), d1 = v128.load(y3 + 16);
  for (const end = x + (<usize> depth << 2); x < end; x += 4) {
    const s = v128.load32_splat(x);
    a0 = madd(v128.load(p), s, a0);
    a1 = madd(v128.load(p + 16), s, a1);
    b0 = madd(v128.load(q), s, b0);
    b1 = madd(v128.load(q + 16), s, b1);
    c0 = madd(v128.load(r), s, c0);
    c1 = madd(v128.load(r + 16), s, c1);
    d0 = madd(v128.load(t), s, d0);
    d1 = madd(v128.load(t + 16), s, d1);
    p += 32;
    q += 32;
    r += 32;
    t += 32;
  }
  v128.store(y, a0);
  v128.store(y + 16, a1);
  v128.store(y1, b0);
  v128.store(y1 + 16, b1);
  v128.store(y2, c0);
  v128.store(y2 + 16, c1);
  v128.store(y3, d0);
  v128.store(y3 + 16, d1);
}

/** Writes biases, or zeros, where sums will be added up. */
export function begin(y: usize, bias: usize, bytes: usize): void {
  if (bias) memory.copy(y, bias, bytes);
  else memory.fill(y, 0, bytes);
}

/** The sums of all rows in one panel: the biases, or zeros. Rows of `y` are 32 bytes apart. */
function beginPanel(y: usize, rows: i32, bias: usize, bytes: usize): void {
  for (; rows > 0; rows--) {
    begin(y, bias, bytes);
    y += 32;
  }
}

/** All rows times `terms` terms of a panel; groups of four rows are `group` bytes apart. */
function piece(y: usize, x: usize, group: usize, rows: i32, panel: usize, terms: i32): void {
  for (; rows > 0; rows -= 4) {
    fourRows(y, 32, x, rows, panel, terms);
    y += 128;
    x += group;
  }
}

/** Writes the sums of all rows in one panel to where they belong. */
function endPanel(y: usize, ldy: usize, sums: usize, rows: i32, bytes: usize): void {
  if (bytes == 32) {
    for (; rows > 0; rows--) {
      v128.store(y, v128.load(sums));
      v128.store(y + 16, v128.load(sums + 16));
      y += ldy;
      sums += 32;
    }
    return;
  }
  for (; rows > 0; rows--) {
    memory.copy(y, sums, bytes);
    y += ldy;
    sums += 32;
  }
}

/**
 * Rows times panels of eight columns, as `packColumns` writes them; a unit is a panel.
 *
 * There are at most `FEW_PACKED` rows. Scratch: `SUMS` bytes, and the rows in groups of four.
 */
export function rowsTimesPanelsJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const x = pointer(args, word.FROM), panels = pointer(args, word.MATRIX), y = pointer(args, word.TO);
  const rows = integer(args, word.ROWS), columns = integer(args, word.COLUMNS), depth = integer(args, word.DEPTH);
  const ldx = pointer(args, word.FROM_ROW), ldy = pointer(args, word.TO_ROW), bias = pointer(args, word.BIAS);
  const bytes = <usize> depth << 5, whole = min(to, columns >> 3);
  let unit = from;
  if (rows == 1) {
    // One panel of each quarter, whose sums grow in place; up to three are left.
    const apart = max(0, whole - from) >> 2, at = <usize> from << 5;
    begin(y + at, bias ? bias + at : 0, <usize> apart << 7);
    for (const end = from + apart; unit < end; unit++) {
      fourPanels(y + (<usize> unit << 5), x, panels + bytes * unit, bytes * apart, <usize> apart << 5, depth);
    }
    unit = from + (apart << 2);
    if (unit == to) return;
  }
  const fours = scratch + <usize> word.SUMS, group = <usize> depth << 4, sums = <usize> rows << 5;
  interleave(fours, x, ldx, rows, depth);
  for (let runs = rows > 4 ? 2 : 4; runs > 0; runs = runs > 1 ? 1 : 0) {
    // Pieces of panels in turn: while one is multiplied, the next of the others are on their way.
    const apart = (runs > 1 ? max(0, whole - unit) : to - unit) / runs;
    for (const end = unit + apart; unit < end; unit++) {
      for (let run = 0; run < runs; run++) {
        const j = <usize> (unit + run * apart) << 5, wide = <usize> min(32, (columns << 2) - <i32> j);
        beginPanel(scratch + sums * run, rows, bias ? bias + j : 0, wide);
      }
      for (let k = 0; k < depth; k += TERMS) {
        const terms = min(TERMS, depth - k), z = fours + (<usize> k << 4), skip = <usize> k << 5;
        for (let run = 0; run < runs; run++) {
          piece(scratch + sums * run, z, group, rows, panels + bytes * (unit + run * apart) + skip, terms);
        }
      }
      for (let run = 0; run < runs; run++) {
        const j = <usize> (unit + run * apart) << 5, wide = <usize> min(32, (columns << 2) - <i32> j);
        endPanel(y + j, ldy, scratch + sums * run, rows, wide);
      }
    }
    unit += apart * (runs - 1);
  }
}
