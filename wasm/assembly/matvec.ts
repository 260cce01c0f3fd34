/**
 * # A few rows times a matrix
 *
 * One token at a time is how text is generated, and then every product has a single row.
 * Each weight is used once, so nothing is gained by packing: the work is to read the
 * weights as fast as the memory delivers them.
 *
 * **Stored row by row** (`[K, N]`): eight rows of weights are swept at a time, and the
 * result, short enough for the nearest cache, is read and written once per sweep.
 *
 * **Stored column by column** (`[N, K]`): every result is an inner product of two rows.
 *
 * @module
 */

import { madd, sumLanes } from "./simd";
import { offsetOf } from "./walk";

/** Columns of one unit: long runs read fastest. */
const RUN: i32 = 2048;

/** `y[0..n) += Σ x[k] w[k, 0..n)` for eight rows of weights, `ld` bytes apart. */
function sweepEight(y: usize, x: usize, w: usize, ld: usize, n: i32): void {
  const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x + 4), x2 = v128.load32_splat(x + 8);
  const x3 = v128.load32_splat(x + 12), x4 = v128.load32_splat(x + 16), x5 = v128.load32_splat(x + 20);
  const x6 = v128.load32_splat(x + 24), x7 = v128.load32_splat(x + 28);
  const ld2 = ld + ld, ld3 = ld2 + ld;
  let v = w + (ld << 2);
  const end = y + (<usize>(n & ~3) << 2);
  for (; y < end; y += 16) {
    let a = f32x4.mul(v128.load(w), x0), b = f32x4.mul(v128.load(v), x4);
    a = madd(v128.load(w + ld), x1, a);
    b = madd(v128.load(v + ld), x5, b);
    a = madd(v128.load(w + ld2), x2, a);
    b = madd(v128.load(v + ld2), x6, b);
    a = madd(v128.load(w + ld3), x3, a);
    b = madd(v128.load(v + ld3), x7, b);
    v128.store(y, f32x4.add(v128.load(y), f32x4.add(a, b)));
    w += 16;
    v += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    let a = f32x4.mul(v128.load32_splat(w), x0), b = f32x4.mul(v128.load32_splat(v), x4);
    a = madd(v128.load32_splat(w + ld), x1, a);
    b = madd(v128.load32_splat(v + ld), x5, b);
    a = madd(v128.load32_splat(w + ld2), x2, a);
    b = madd(v128.load32_splat(v + ld2), x6, b);
    a = madd(v128.load32_splat(w + ld3), x3, a);
    b = madd(v128.load32_splat(v + ld3), x7, b);
    v128.store32_lane(y, f32x4.add(v128.load32_splat(y), f32x4.add(a, b)), 0);
    y += 4;
    w += 4;
    v += 4;
  }
}

/** `y[0..n) += x w[0..n)` for one row of weights. */
function sweepOne(y: usize, x: f32, w: usize, n: i32): void {
  const vx = f32x4.splat(x);
  const end = y + (<usize>(n & ~3) << 2);
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
 * Rows times a matrix stored row by row; a unit is a block of 2048 columns of one batch element.
 *
 * Words: x, w, y, rows of x, columns, depth, bytes from row to row of x, of w, of y, address
 * of one row of biases or 0, batch axes, and from word 16 on their extents, from 24 the bytes
 * per step in x, from 32 in w. The elements of each row lie side by side; y is contiguous over
 * the batch.
 */
export function rowsTimesMatrixJob(args: usize, from: i32, to: i32): void {
  const x = load<usize>(args), w = load<usize>(args + 4), y = load<usize>(args + 8);
  const rows = load<i32>(args + 12), columns = load<i32>(args + 16), depth = load<i32>(args + 20);
  const ldx = load<usize>(args + 24), ldw = load<usize>(args + 28), ldy = load<usize>(args + 32);
  const bias = load<usize>(args + 36), axes = load<i32>(args + 40);
  const blocks = (columns + RUN - 1) / RUN;
  for (let unit = from; unit < to; unit++) {
    const batch = unit / blocks, j = (unit % blocks) * RUN, n = min(RUN, columns - j);
    const skip = <usize>j << 2;
    const px = x + offsetOf(batch, axes, args + 64, args + 96);
    let pw = w + offsetOf(batch, axes, args + 64, args + 128) + skip;
    const py = y + <usize>(batch * rows) * ldy + skip;
    for (let i = 0; i < rows; i++) {
      if (bias) memory.copy(py + <usize>i * ldy, bias + skip, <usize>n << 2);
      else memory.fill(py + <usize>i * ldy, 0, <usize>n << 2);
    }
    let k = 0;
    for (; k + 8 <= depth; k += 8) {
      for (let i = 0; i < rows; i++) sweepEight(py + <usize>i * ldy, px + <usize>i * ldx + (<usize>k << 2), pw, ldw, n);
      pw += ldw << 3;
    }
    for (; k < depth; k++) {
      for (let i = 0; i < rows; i++) {
        sweepOne(py + <usize>i * ldy, load<f32>(px + <usize>i * ldx + (<usize>k << 2)), pw, n);
      }
      pw += ldw;
    }
  }
}

/** Inner product of two rows: sixteen elements per turn in four accumulators, then single ones. */
export function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const end = a + (<usize>(n & ~15) << 2);
  for (; a < end; a += 64) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a + 16), v128.load(b + 16), s1);
    s2 = madd(v128.load(a + 32), v128.load(b + 32), s2);
    s3 = madd(v128.load(a + 48), v128.load(b + 48), s3);
    b += 64;
  }
  const four = a + (<usize>((n & 15) >> 2) << 4);
  for (; a < four; a += 16) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    b += 16;
  }
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (let i = n & 3; i > 0; i--) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

/** Four inner products with one row `x`; the others start `ld` bytes apart. Results go to `y`, `step` bytes apart. */
function dotFour(y: usize, step: usize, x: usize, w: usize, ld: usize, n: i32): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const ld2 = ld + ld, ld3 = ld2 + ld;
  const end = x + (<usize>(n & ~7) << 2);
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

/** Outputs of one unit. */
const OUTPUTS: i32 = 32;

/**
 * Rows times a matrix stored column by column; a unit is 32 columns of one batch element.
 *
 * Four columns at a time read four streams: best while the weights fit into a cache. One
 * at a time reads one: best from main memory, whose prefetcher follows a single stream.
 *
 * Words: x, w, y, rows of x, columns, depth, bytes from row to row of x, bytes from column to
 * column of w, bytes from row to row of y, from column to column of y, bytes of y per batch
 * element, columns at a time (1 or 4), batch axes, and from word 16 on their extents, from 24
 * the bytes per step in x, from 32 in w.
 */
export function rowsTimesTransposeJob(args: usize, from: i32, to: i32): void {
  const x = load<usize>(args), w = load<usize>(args + 4), y = load<usize>(args + 8);
  const rows = load<i32>(args + 12), columns = load<i32>(args + 16), depth = load<i32>(args + 20);
  const ldx = load<usize>(args + 24), ldw = load<usize>(args + 28);
  const down = load<usize>(args + 32), across = load<usize>(args + 36), batchBytes = load<usize>(args + 40);
  const four = load<i32>(args + 44) == 4, axes = load<i32>(args + 48);
  const blocks = (columns + OUTPUTS - 1) / OUTPUTS;
  for (let unit = from; unit < to; unit++) {
    const batch = unit / blocks, first = (unit % blocks) * OUTPUTS, end = min(first + OUTPUTS, columns);
    const px = x + offsetOf(batch, axes, args + 64, args + 96);
    let pw = w + offsetOf(batch, axes, args + 64, args + 128) + <usize>first * ldw;
    let py = y + <usize>batch * batchBytes + <usize>first * across;
    let j = first;
    if (four) {
      for (; j + 4 <= end; j += 4) {
        for (let i = 0; i < rows; i++) dotFour(py + <usize>i * down, across, px + <usize>i * ldx, pw, ldw, depth);
        pw += ldw << 2;
        py += across << 2;
      }
    }
    for (; j < end; j++) {
      for (let i = 0; i < rows; i++) store<f32>(py + <usize>i * down, dot(px + <usize>i * ldx, pw, depth));
      pw += ldw;
      py += across;
    }
  }
}

/** A row `x` times a panel; the eight sums `y` are added up in the order of {@linkcode sweepEight}. */
export function onePanel(y: usize, x: usize, p: usize, depth: i32): void {
  let y0 = v128.load(y), y1 = v128.load(y + 16);
  let a0: v128, a1: v128, b0: v128, b1: v128, s: v128;
  const end = x + (<usize>(depth & ~7) << 2);
  for (; x < end; x += 32) {
    s = v128.load32_splat(x);
    a0 = f32x4.mul(v128.load(p), s);
    a1 = f32x4.mul(v128.load(p + 16), s);
    s = v128.load32_splat(x + 4);
    a0 = madd(v128.load(p + 32), s, a0);
    a1 = madd(v128.load(p + 48), s, a1);
    s = v128.load32_splat(x + 8);
    a0 = madd(v128.load(p + 64), s, a0);
    a1 = madd(v128.load(p + 80), s, a1);
    s = v128.load32_splat(x + 12);
    a0 = madd(v128.load(p + 96), s, a0);
    a1 = madd(v128.load(p + 112), s, a1);
    s = v128.load32_splat(x + 16);
    b0 = f32x4.mul(v128.load(p + 128), s);
    b1 = f32x4.mul(v128.load(p + 144), s);
    s = v128.load32_splat(x + 20);
    b0 = madd(v128.load(p + 160), s, b0);
    b1 = madd(v128.load(p + 176), s, b1);
    s = v128.load32_splat(x + 24);
    b0 = madd(v128.load(p + 192), s, b0);
    b1 = madd(v128.load(p + 208), s, b1);
    s = v128.load32_splat(x + 28);
    b0 = madd(v128.load(p + 224), s, b0);
    b1 = madd(v128.load(p + 240), s, b1);
    y0 = f32x4.add(y0, f32x4.add(a0, b0));
    y1 = f32x4.add(y1, f32x4.add(a1, b1));
    p += 256;
  }
  for (let k = depth & 7; k > 0; k--) {
    s = v128.load32_splat(x);
    y0 = madd(v128.load(p), s, y0);
    y1 = madd(v128.load(p + 16), s, y1);
    p += 32;
    x += 4;
  }
  v128.store(y, y0);
  v128.store(y + 16, y1);
}

/**
 * Rows times panels of eight columns, as `packColumns` writes them; a unit is a panel.
 *
 * One panel is one stream of memory, which is what a prefetcher follows best. The bits are
 * those of {@linkcode rowsTimesMatrixJob}: whether weights have been packed shows in the time
 * alone.
 *
 * Words: x, panels, y, rows of x, columns, depth, bytes from row to row of x, of y, biases or 0.
 */
export function rowsTimesPanelsJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const x = load<usize>(args), panels = load<usize>(args + 4), y = load<usize>(args + 8);
  const rows = load<i32>(args + 12), columns = load<i32>(args + 16), depth = load<i32>(args + 20);
  const ldx = load<usize>(args + 24), ldy = load<usize>(args + 28), bias = load<usize>(args + 32);
  for (let unit = from; unit < to; unit++) {
    const panel = panels + (<usize>unit << 5) * <usize>depth, j = unit << 3;
    const left = min(8, columns - j), bytes = <usize>left << 2;
    for (let i = 0; i < rows; i++) {
      const row = y + <usize>i * ldy + (<usize>j << 2), to = left == 8 ? row : scratch;
      if (bias) memory.copy(to, bias + (<usize>j << 2), bytes);
      else memory.fill(to, 0, bytes);
      onePanel(to, x + <usize>i * ldx, panel, depth);
      if (left < 8) memory.copy(row, scratch, bytes);
    }
  }
}
