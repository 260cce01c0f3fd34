/**
 * # Matrix product
 *
 * $$C_{ij} = \sum_{k<K} A_{ik} B_{kj}$$
 *
 * **Why panels.** A product of two $n \times n$ matrices does $2n^3$ operations on $2n^2$
 * numbers, so each number should be fetched once and used often. Both operands are first
 * *packed*: the left one into panels of `MR` rows, the right one into panels of eight
 * columns, each panel written in the order in which the innermost loop reads it. That loop,
 * `tile`, keeps a tile of $C$ in registers and streams one panel of either side
 * past it (Goto and van de Geijn 2008; Van Zee and van de Geijn 2015).
 *
 * **Transposition costs nothing.** It changes the order in which packing reads, and packing
 * is $O(n^2)$.
 *
 * **Rounding.** Each element is a sum in the order of $k$, in blocks of at most `KC` terms:
 * the tile sums a block, blocks are added in order. How many threads take part decides who
 * computes a tile and never how.
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import { packColumns, packRows, restWidth, wholeRows } from "./packing.ts";
import { lowTile, MR, NR, tile } from "./tile.ts";
import { offsetOf } from "./walk.ts";

export { packColumns, packRows } from "./packing.ts";
export { MR, NR } from "./tile.ts";
import * as word from "./words/matmul.ts";

/**
 * A tile of which the rows `[first, end)` and `width` columns belong to the result; `c` and
 * `addend` belong to row `first`. What sticks out is computed aside and left there.
 */
function partOfTile(
  low: bool,
  left: usize,
  row: usize,
  step: usize,
  right: usize,
  rightRow: usize,
  c: usize,
  ldc: usize,
  first: i32,
  end: i32,
  width: i32,
  depth: i32,
  addend: usize,
  ldAddend: usize,
  aside: usize,
): void {
  if (low) lowTile(left, row, step, right, rightRow, aside, 32, depth, 0, 0);
  else tile(left, row, step, right, rightRow, aside, 32, depth, 0, 0);
  aside += <usize> first << 5;
  for (let i = first; i < end; i++) {
    for (let j: usize = 0; j < <usize> width << 2; j += 4) {
      const value = load<f32>(aside + j);
      store<f32>(c + j, addend ? value + load<f32>(addend + j) : value);
    }
    c += ldc;
    addend += addend ? ldAddend : 0;
    aside += 32;
  }
}

/**
 * A block of the product: $C = L R\;(+\;\text{addend})$.
 *
 * A panel of the right operand stays in the nearest cache while all rows of the left one
 * pass by.
 *
 * | argument  | meaning                                              |
 * | --------- | ---------------------------------------------------- |
 * | `left`    | packed rows, or the first element of the left operand |
 * | `leftRow` | 0 for packed rows, else the bytes from row to row     |
 * | `right`   | packed columns, $\lceil$`columns` / 8$\rceil$ panels, `rightStep` bytes apart |
 * | `addend`  | as in {@linkcode tile}                               |
 * | `aside`   | 256 bytes of scratch                                 |
 */
export function multiplyBlock(
  left: usize,
  leftRow: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  rightRow: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  addend: usize,
  ldAddend: usize,
  aside: usize,
): void {
  const whole = wholeRows(rows), rest = rows - whole, low = MR == 4 || rest != 5;
  const ahead = leftRow ? leftRow : <usize> depth << 2, row: usize = leftRow ? leftRow : 4;
  const step: usize = leftRow ? leftStep : MR << 2, lastStep: usize = leftRow ? leftStep : restWidth(rest) << 2;
  // Behind the last row of an operand that is not packed there may be no memory: the last tile begins earlier.
  const again = leftRow ? (low ? -rest & 3 : MR - rest) : 0;
  for (let j = 0; j < columns; j += NR) {
    let from = left, to = c, plus = addend;
    const width = min(NR, columns - j);
    for (let i = 0; i < whole; i += MR) {
      if (width == NR) tile(from, row, step, right, rightRow, to, ldc, depth, plus, ldAddend);
      else partOfTile(false, from, row, step, right, rightRow, to, ldc, 0, MR, width, depth, plus, ldAddend, aside);
      from += ahead * <usize> MR;
      to += ldc * <usize> MR;
      plus += addend ? ldAddend * <usize> MR : 0;
    }
    let i = rest;
    while (low && i >= 4) {
      if (width == NR) lowTile(from, row, lastStep, right, rightRow, to, ldc, depth, plus, ldAddend);
      else partOfTile(true, from, row, lastStep, right, rightRow, to, ldc, 0, 4, width, depth, plus, ldAddend, aside);
      from += leftRow ? leftRow << 2 : 16;
      to += ldc << 2;
      plus += addend ? ldAddend << 2 : 0;
      i -= 4;
    }
    if (i > 0) {
      from -= leftRow * <usize> again;
      partOfTile(
        low,
        from,
        row,
        lastStep,
        right,
        rightRow,
        to,
        ldc,
        again,
        again + i,
        width,
        depth,
        plus,
        ldAddend,
        aside,
      );
    }
    right += rightStep;
    c += 32;
    addend += addend ? 32 : 0;
  }
}

/**
 * Multiplies; a unit is a block of `blockRows` × `blockColumns`, row blocks first. Up to eight rows
 * that would be left over belong to the last block.
 */
export function multiplyJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const left = pointer(args, word.LEFT), right = pointer(args, word.RIGHT);
  const c = pointer(args, word.TO), ldc = pointer(args, word.TO_ROW);
  const rows = integer(args, word.ROWS), columns = integer(args, word.COLUMNS), depth = integer(args, word.DEPTH);
  const addend = pointer(args, word.ADDEND), ldAddend = pointer(args, word.ADDEND_ROW);
  const blockRows = integer(args, word.BLOCK_ROWS),
    blockColumns = integer(args, word.BLOCK_COLUMNS),
    rightStep = pointer(args, word.RIGHT_PANEL);
  const rightRow = pointer(args, word.RIGHT_ROW),
    leftRow = pointer(args, word.LEFT_ROW),
    leftStep = pointer(args, word.LEFT_COLUMN);
  const ahead = leftRow ? leftRow : <usize> depth << 2;
  const down = max(1, (rows - 9 + blockRows) / blockRows);
  for (let unit = from; unit < to; unit++) {
    const block = unit % down, i = block * blockRows, j = (unit / down) * blockColumns;
    const corner = <usize> i * ldc + (<usize> j << 2);
    multiplyBlock(
      left + <usize> i * ahead,
      leftRow,
      leftStep,
      right + (<usize> j >> 3) * rightStep,
      rightStep,
      rightRow,
      c + corner,
      ldc,
      block + 1 == down ? rows - i : blockRows,
      min(blockColumns, columns - j),
      depth,
      addend ? addend + <usize> i * ldAddend + (<usize> j << 2) : 0,
      ldAddend,
      scratch,
    );
  }
}

/**
 * Whole products, one per unit: batches of matrices that fit into the scratch of a thread.
 */
export function multiplyEachJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const a = pointer(args, word.LEFT), b = pointer(args, word.RIGHT), c = pointer(args, word.TO);
  const rows = integer(args, word.ROWS), columns = integer(args, word.COLUMNS), depth = integer(args, word.DEPTH);
  const aRow = pointer(args, word.LEFT_ROW), aColumn = pointer(args, word.LEFT_COLUMN);
  const bRow = pointer(args, word.RIGHT_ROW), bColumn = pointer(args, word.RIGHT_COLUMN);
  const block = integer(args, word.BLOCK), axes = integer(args, word.AXES);
  const ldc = <usize> columns << 2;
  const left = scratch + 256, right = left + <usize> ((rows + MR - 1) / MR * MR) * (<usize> block << 2);
  for (let unit = from; unit < to; unit++) {
    const x = a + offsetOf(args, 0, unit, axes), y = b + offsetOf(args, 1, unit, axes);
    const z = c + <usize> unit * (<usize> rows * ldc);
    for (let k = 0; k < depth; k += block) {
      const terms = min(block, depth - k);
      packRows(left, x + <usize> k * aColumn, aRow, aColumn, rows, terms);
      packColumns(right, y + <usize> k * bRow, bRow, bColumn, columns, terms);
      multiplyBlock(
        left,
        0,
        0,
        right,
        <usize> (NR * 4) * <usize> terms,
        NR << 2,
        z,
        ldc,
        rows,
        columns,
        terms,
        k ? z : 0,
        ldc,
        scratch,
      );
    }
  }
}
