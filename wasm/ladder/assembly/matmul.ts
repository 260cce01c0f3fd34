/**
 * # The ladder of the matrix product
 *
 * **Question.** Three nested loops and the kernel of the device do the same $2MNK$ operations.
 * Where does the time of the loops go?
 *
 * $$C_{ij} = \sum_{k<K} A_{ik} B_{kj}$$
 *
 * | symbol | in code | shape, row by row |
 * | ------ | ------- | ----------------- |
 * | $A$    | `a`     | `[M, K]`          |
 * | $B$    | `b`     | `[K, N]`          |
 * | $C$    | `c`     | `[M, N]`          |
 *
 * **Ceiling.** A core starts two multiply-adds of four numbers in each cycle, 16 operations:
 * at 2.6 GHz 42 GFLOP/s, at a boost of 4 GHz 64. `bench/ladder.ts` measures the rate from
 * registers and divides by it. The arithmetic is the bound, because there are $2n^3$ operations on
 * $3n^2$ numbers: whatever else a rung is bounded by can be removed, and the rungs remove it
 * in turn.
 *
 * **Sources.** Goto and van de Geijn 2008 (panels and cache blocks); Van Zee and van de
 * Geijn 2015 (the tile in registers as the only part that depends on the processor).
 *
 * @module
 */

import { madd } from "../../assembly/simd.ts";

// ## Rung 1 · naive
//
// The definition, an inner product for each element. Two things bound it. Each addition waits
// about four cycles for the one before it, since all of them go into one sum; and one step of $k$
// goes down a column of $B$, a whole row further, so that every number comes from another cache line.

/** The definition, in the order i, j, k. */
export function matmulNaive(c: usize, a: usize, b: usize, M: i32, N: i32, K: i32): void {
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum: f32 = 0;
      for (let k = 0; k < K; k++) {
        sum += load<f32>(a + (<usize> (i * K + k) << 2)) * load<f32>(b + (<usize> (k * N + j) << 2));
      }
      store<f32>(c + (<usize> (i * N + j) << 2), sum);
    }
  }
}

// ## Rung 2 · rows
//
// The two inner loops change places: a row of $C$ gains a multiple of a row of $B$. Both are
// walked along memory, so that each cache line that is fetched is used whole, and neighbouring
// sums do not wait for each other. The price is that each term reads and writes $C$: two
// loads and a store for one multiplication. Those bound it now.

/** The order i, k, j: rows are walked along. */
export function matmulRows(c: usize, a: usize, b: usize, M: i32, N: i32, K: i32): void {
  const ld = <usize> N << 2;
  for (let i = 0; i < M; i++) {
    const row = c + ld * <usize> i, end = row + ld;
    memory.fill(row, 0, ld);
    for (let k = 0; k < K; k++) {
      const x = load<f32>(a + (<usize> (i * K + k) << 2));
      let y = b + ld * <usize> k;
      for (let z = row; z < end; z += 4) {
        store<f32>(z, load<f32>(z) + x * load<f32>(y));
        y += 4;
      }
    }
  }
}

// ## Rung 3 · vectors
//
// Four neighbours per instruction, a quarter of the instructions. An engine does not do this by
// itself: WebAssembly is compiled as it is written. The bound is still the same: two loads
// and a store per multiply-add keep the arithmetic idle most of the time.

/** `c[0..N) += x b[0..N)`, four at a time. */
// @inline
function addRow(c: usize, x: f32, b: usize, N: i32): void {
  const v = f32x4.splat(x), end = c + (<usize> (N & ~3) << 2);
  for (; c < end; c += 16) {
    v128.store(c, madd(v, v128.load(b), v128.load(c)));
    b += 16;
  }
  for (let j = N & 3; j > 0; j--) {
    store<f32>(c, load<f32>(c) + x * load<f32>(b));
    b += 4;
    c += 4;
  }
}

/** The same with four numbers per instruction. */
export function matmulVectors(c: usize, a: usize, b: usize, M: i32, N: i32, K: i32): void {
  const ld = <usize> N << 2;
  for (let i = 0; i < M; i++) {
    const row = c + ld * <usize> i;
    memory.fill(row, 0, ld);
    for (let k = 0; k < K; k++) addRow(row, load<f32>(a + (<usize> (i * K + k) << 2)), b + ld * <usize> k, N);
  }
}

// ## Rung 4 · tiles
//
// A tile of $C$, four rows by eight columns, stays in eight registers until its sums are complete.
// A step of $k$ loads two vectors of $B$ and four numbers of $A$ and does eight multiply-adds:
// six loads where there were sixteen, and no stores. Eight sums under way also cover the four
// cycles that each waits for itself. What is left is the way to the operands: eight columns
// of $B$ are a strip with the whole width of $B$ from step to step, in as many cache lines as
// there are steps, and in few sets of the cache where the width is a power of two.

/** Four rows by eight columns; steps in bytes. */
function tile(c: usize, cRow: usize, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, depth: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  const aRow2 = aRow + aRow, aRow3 = aRow2 + aRow;
  for (; depth > 0; depth--) {
    const b0 = v128.load(b), b1 = v128.load(b + 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a + aRow);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a + aRow2);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a + aRow3);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    a += aStep;
    b += bStep;
  }
  v128.store(c, c00);
  v128.store(c + 16, c01);
  c += cRow;
  v128.store(c, c10);
  v128.store(c + 16, c11);
  c += cRow;
  v128.store(c, c20);
  v128.store(c + 16, c21);
  c += cRow;
  v128.store(c, c30);
  v128.store(c + 16, c31);
}

/** What no whole tile covers: rows `[i, iEnd)`, columns `[j, N)`. */
function border(c: usize, a: usize, b: usize, i: i32, iEnd: i32, j: i32, N: i32, K: i32): void {
  for (; i < iEnd; i++) {
    for (let column = j; column < N; column++) {
      let sum: f32 = 0;
      for (let k = 0; k < K; k++) {
        sum += load<f32>(a + (<usize> (i * K + k) << 2)) * load<f32>(b + (<usize> (k * N + column) << 2));
      }
      store<f32>(c + (<usize> (i * N + column) << 2), sum);
    }
  }
}

/** Tiles in registers, operands where they lie. */
export function matmulTiles(c: usize, a: usize, b: usize, M: i32, N: i32, K: i32): void {
  const aRow = <usize> K << 2, bRow = <usize> N << 2, wholeRows = M & ~3, wholeColumns = N & ~7;
  for (let j = 0; j < wholeColumns; j += 8) {
    for (let i = 0; i < wholeRows; i += 4) {
      tile(c + bRow * <usize> i + (<usize> j << 2), bRow, a + aRow * <usize> i, aRow, 4, b + (<usize> j << 2), bRow, K);
    }
  }
  border(c, a, b, 0, wholeRows, wholeColumns, N, K);
  border(c, a, b, wholeRows, M, 0, N, K);
}

// ## Rung 5 · panels
//
// Both operands are first written anew in the order in which the tile reads them: four rows of
// $A$ and eight columns of $B$ side by side, step after step. Every load then goes to the next
// address, which caches and prefetchers serve best, and a panel of $B$ stays in the nearest cache
// while all panels of $A$ pass by. Packing takes $O(n^2)$ for a product of $O(n^3)$: it pays where
// rows are long or a power of two, and costs where strips were near anyway. Now the loads of the tile
// itself bound it, six for eight multiply-adds; beyond some thousand steps of $k$ a panel no longer
// fits into the nearest cache either.

/** Rows of the left operand four by four, missing ones zero. */
function packRows(to: usize, a: usize, M: i32, K: i32): void {
  const row = <usize> K << 2;
  for (let i = 0; i < M; i += 4) {
    for (let k = 0; k < K; k++) {
      const p = a + row * <usize> i + (<usize> k << 2);
      for (let r = 0; r < 4; r++) store<f32>(to + (<usize> r << 2), i + r < M ? load<f32>(p + row * <usize> r) : 0);
      to += 16;
    }
  }
}

/** Columns of the right operand eight by eight, missing ones zero. */
function packColumns(to: usize, b: usize, N: i32, K: i32): void {
  const row = <usize> N << 2;
  for (let j = 0; j < N; j += 8) {
    const columns = min(8, N - j);
    let p = b + (<usize> j << 2);
    for (let k = 0; k < K; k++) {
      if (columns == 8) {
        v128.store(to, v128.load(p));
        v128.store(to + 16, v128.load(p + 16));
      } else {
        memory.fill(to, 0, 32);
        memory.copy(to, p, <usize> columns << 2);
      }
      to += 32;
      p += row;
    }
  }
}

/** Tiles on packed operands; `scratch` holds 32 numbers and `K` (`M` + `N` + 12) more. */
export function matmulPanels(c: usize, a: usize, b: usize, M: i32, N: i32, K: i32, scratch: usize): void {
  const aside = scratch, left = aside + 128, right = left + (<usize> ((M + 3 & ~3) * K) << 2), ld = <usize> N << 2;
  packRows(left, a, M, K);
  packColumns(right, b, N, K);
  for (let j = 0; j < N; j += 8) {
    for (let i = 0; i < M; i += 4) {
      const to = c + ld * <usize> i + (<usize> j << 2), rows = min(4, M - i), columns = min(8, N - j);
      const whole = rows == 4 && columns == 8;
      const x = left + (<usize> (i * K) << 2), y = right + (<usize> (j * K) << 2);
      tile(whole ? to : aside, whole ? ld : 32, x, 4, 16, y, 32, K);
      if (whole) continue;
      for (let r = 0; r < rows; r++) memory.copy(to + ld * <usize> r, aside + (<usize> r << 5), <usize> columns << 2);
    }
  }
}

// ## Rung 6 · cache blocks
//
// The kernel of the device, `../../assembly/matmul.ts`, on one thread. The operands are cut
// so that a panel stays in the first cache, a block of panels in the second, and what is
// packed at a time in the third; the tile has as many rows as there are registers for, so that each
// number that is loaded serves more multiply-adds; packing moves vectors on both sides. What is left to
// the ceiling is the start and the end of each tile, and the packing.

// ## Rung 7 · threads
//
// The same blocks, drawn by several threads as tickets (`../../assembly/threads.ts`). Each block is
// computed as by one thread, so that the bits do not depend on who draws it. The ceiling is that
// of all cores; small products end before the threads have met.
