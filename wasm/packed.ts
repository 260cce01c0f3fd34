/**
 * # Weights at inference, on the CPU device
 *
 * One copy of a matrix for products with any number of rows. `core/engine/packed.ts` says what
 * each format keeps of the numbers; here is where the bytes lie.
 *
 * | format  | layout                                                        | one row reads               |
 * | ------- | ------------------------------------------------------------- | --------------------------- |
 * | float32 | the panels of eight columns of the matrix product             | one stream, 4 bytes a weight |
 * | float16 | the same panels, two numbers in four bytes                    | one stream, 2               |
 * | int8    | records of 8 columns × 32, levels in bytes, steps beside them | one stream, 1.125           |
 * | int4    | the same with levels in half bytes                            | one stream, 0.625           |
 * | levels  | the same, of any form that files have                         | one stream, 0.625 to 1.25   |
 *
 * Panels are what the matrix product would pack anyway, so that a prompt saves the packing. Records
 * are multiplied as integers for any number of rows, four rows for each reading.
 *
 * @module
 */

import type { Backend, Buffer, LevelForm, LevelPacking, Packing, View } from "../core/engine/backend.ts";
import { asRows, swept, sweptPacking } from "../core/engine/kernel_device.ts";
import { checkIds } from "../core/engine/requirements.ts";
import { sizeOf } from "../core/engine/shape.ts";
import {
  PACK_BLOCKS,
  PACK_HALVES,
  ROUND_ROWS,
  ROWS_TIMES_BLOCKS,
  ROWS_TIMES_HALVES,
  UNPACK_BLOCKS,
  UNPACK_HALVES,
} from "./assembly/opcodes.ts";
import * as block from "./assembly/words/blocks.ts";
import * as half from "./assembly/words/halves.ts";
import { FEW_PACKED } from "./assembly/words/matvec.ts";
import { multiplyFilling, multiplyPacked, packWhole, wholeBytes } from "./matmul.ts";
import { groupBytes, type Matrix, matrixOf, walkable } from "./matvec.ts";
import { reduce } from "./reduce.ts";
import type { Runtime, WasmBuffer } from "./runtime.ts";
import { placed } from "./views.ts";

/** Address of the first byte. */
function addressOf(buffer: Buffer): number {
  return (buffer as WasmBuffer).address;
}

/** The layouts of this device by format; each member gives back its temporaries. */
export function packings(runtime: Runtime): NonNullable<Backend["packing"]> {
  return {
    float32: sweptPacking(runtime, inPanels(runtime)),
    float16: sweptPacking(runtime, inHalves(runtime)),
    int8: sweptPacking(runtime, inBlocks(runtime, 7)),
    int4: sweptPacking(runtime, inBlocks(runtime, 4)),
  };
}

/** The layout for weights that come as levels. */
export function levelPacking(runtime: Runtime, form: LevelForm): LevelPacking {
  const { words, ...rest } = ofLevels(runtime, form);
  return { words, ...swept(runtime, rest) };
}

/** Rows whose elements lie side by side. */
function rowsOf(runtime: Runtime, x: View): View {
  const rows = asRows(runtime, x);
  return rows.strides[1] === 1 || rows.shape[1] === 1 ? rows : runtime.contiguous(rows);
}

/** A matrix with neighbours along one of its axes. */
function readable(runtime: Runtime, matrix: View): Matrix {
  return matrixOf(runtime, walkable(runtime, matrix));
}

/** Address of a row of biases, or 0. */
function biasAt(runtime: Runtime, bias: View | undefined): number {
  return bias ? runtime.address(runtime.contiguous(bias)) : 0;
}

/** Columns by number out of float32 panels; `panelOf` finds a panel, in elements from the start of a buffer. */
function lookUp(
  runtime: Runtime,
  K: number,
  N: number,
  ids: View,
  panelOf: (panel: number) => { readonly buffer: Buffer; readonly offset: number },
): Buffer {
  const count = sizeOf(ids.shape), names = runtime.address(runtime.contiguous(ids)) / 4;
  const numbers = runtime.memory.int32.slice(names, names + count);
  checkIds("gather", numbers, N);
  const result = runtime.allocate(count * K), shape = [K];
  numbers.forEach((id, i) => {
    const { buffer, offset } = panelOf(id >> 3);
    runtime.copy(
      { buffer, dtype: "float32", shape, strides: [8], offset: offset + (id & 7) },
      { buffer: result, dtype: "float32", shape, strides: [1], offset: i * K },
    );
  });
  return result;
}

/** float32 in the panels of the matrix product. */
function inPanels(runtime: Runtime): Packing {
  return {
    words: (K, N) => wholeBytes(N, K) / 4,
    pack(matrix, target) {
      const [K, N] = matrix.shape as [number, number];
      packWhole(runtime, addressOf(target), readable(runtime, matrix), N, K);
    },
    multiply(x, packed, N, bias) {
      const a = rowsOf(runtime, x), [rows, K] = a.shape as [number, number];
      const left = { address: runtime.address(a), row: a.strides[0]!, column: 1 };
      const y = runtime.allocate(rows * N);
      multiplyPacked(runtime, y.address, left, addressOf(packed), rows, N, K, biasAt(runtime, bias), FEW_PACKED);
      return y;
    },
    columns: (buffer, K, N, ids) => lookUp(runtime, K, N, ids, (panel) => ({ buffer, offset: panel * K * 8 })),
  };
}

/** Refuses NaN, for which these float16 have no bits: all their exponents are those of numbers. */
function requireNumbers(runtime: Runtime, matrix: View): void {
  const most = reduce(runtime, "max", matrix, 2), found = runtime.memory.float32[addressOf(most) / 4]!;
  runtime.release(most);
  if (Number.isNaN(found)) {
    throw new RangeError("Cannot keep weights as float16 on the wasm device: one of them is NaN");
  }
}

/** float16 in panels of the same order. */
function inHalves(runtime: Runtime): Packing {
  return {
    words: (K, N) => wholeBytes(N, K) / 8,
    pack(matrix, target) {
      requireNumbers(runtime, matrix);
      const [K, N] = matrix.shape as [number, number], { address, row, column } = readable(runtime, matrix);
      const words = placed(
        [half.TO, addressOf(target)],
        [half.FROM, address],
        [half.COLUMNS, N],
        [half.DEPTH, K],
        [half.ACROSS, column * 4],
        [half.ALONG, row * 4],
      );
      runtime.run(PACK_HALVES, words, Math.ceil(N / 8), 4 * K, K * 32 + 32);
    },
    multiply(x, packed, N, bias) {
      const a = rowsOf(runtime, x), [rows, K] = a.shape as [number, number], panels = addressOf(packed);
      const y = runtime.allocate(rows * N), added = biasAt(runtime, bias), address = runtime.address(a);
      if (rows > FEW_PACKED) {
        const left = { address, row: a.strides[0]!, column: 1 };
        multiplyFilling(runtime, y.address, left, rows, N, K, added, (to, k, terms, j, wide) => {
          const words = placed(
            [half.TO, to],
            [half.PANELS, panels + 2 * (j * K + k * 8)],
            [half.DEPTH, terms],
            [half.PANEL_BYTES, K * 16],
          );
          runtime.run(UNPACK_HALVES, words, Math.ceil(wide / 8), terms);
        });
      } else {
        const words = placed(
          [half.TO, y.address],
          [half.FROM, address],
          [half.PANELS, panels],
          [half.ROWS, rows],
          [half.COLUMNS, N],
          [half.DEPTH, K],
          [half.FROM_ROW, a.strides[0]! * 4],
          [half.TO_ROW, N * 4],
          [half.BIAS, added],
        );
        const scratch = 512 + (rows > 3 ? 512 * 32 + groupBytes(rows, K) : rows * K * 4);
        runtime.run(
          ROWS_TIMES_HALVES,
          words,
          Math.ceil(N / 8),
          20 + K * (rows > 3 ? 1 + rows / 3 : 0.6 * rows),
          scratch,
        );
      }
      return y;
    },
    columns(packed, K, N, ids) {
      const buffer = runtime.temporary(K * 8);
      return lookUp(runtime, K, N, ids, (panel) => {
        const words = placed(
          [half.TO, buffer.address],
          [half.PANELS, addressOf(packed) + panel * K * 16],
          [half.DEPTH, K],
          [half.PANEL_BYTES, 0],
        );
        runtime.run(UNPACK_HALVES, words, 1, K);
        return { buffer, offset: 0 };
      });
    },
  };
}

/** Numbers rounded to integers of 7 or 4 bits, in records. */
function inBlocks(runtime: Runtime, bits: 7 | 4): Packing {
  const { words, multiply, columns } = ofLevels(runtime, { bits, block: 32, least: false });
  return {
    words,
    pack(matrix, target) {
      const [K, N] = matrix.shape as [number, number], { address, row, column } = readable(runtime, matrix);
      const words = placed(
        [block.TO, addressOf(target)],
        [block.FROM, address],
        [block.COLUMNS, N],
        [block.DEPTH, K],
        [block.ACROSS, column * 4],
        [block.ALONG, row * 4],
        [block.BITS, bits],
      );
      runtime.run(PACK_BLOCKS, words, Math.ceil(N / 8), 8 * K, Math.ceil(K / 32) * 1024);
    },
    multiply,
    columns,
  };
}

/** Levels of any form, in records. */
function ofLevels(runtime: Runtime, { bits, block: terms, least }: LevelForm): LevelPacking {
  const levelWords = (bits === 4 ? terms * 4 : terms * 8) / 4, record = levelWords + (least ? 16 : 8);
  const blocksOf = (K: number): number => Math.ceil(K / terms);
  const form = [[block.BITS, bits], [block.TERMS, terms], [block.LEAST, least ? 1 : 0]] as const;
  return {
    words: (K, N) => Math.ceil(N / 8) * blocksOf(K) * record,
    take({ levels, steps, leasts }, K, from, target) {
      const blocks = K / terms, count = steps.length / blocks, quads = K / 4;
      const source = new Uint32Array(levels.buffer, levels.byteOffset, levels.length / 4);
      const { int32, float32 } = runtime.memory, start = addressOf(target) / 4 + from / 8 * blocks * record;
      for (let column = 0; column < count; column++) {
        let to = start + (column >> 3) * blocks * record + (column & 7), read = column * quads;
        for (let i = 0; i < blocks; i++, to += record) {
          if (bits === 4) {
            for (let m = 0; m < 4; m++, read++) int32[to + m * 8] = source[read]! | source[read + 4]! << 4;
            read += 4;
          } else {
            for (let m = 0; m < terms / 4; m++, read++) int32[to + m * 8] = source[read]!;
          }
          float32[to + levelWords] = steps[column * blocks + i]!;
          if (least) float32[to + levelWords + 8] = leasts![column * blocks + i]!;
        }
      }
    },
    multiply(x, packed, N, bias) {
      const a = rowsOf(runtime, x), [rows, K] = a.shape as [number, number], blocks = blocksOf(K);
      // Four rows take about as long as three apart.
      const together = rows % 4 === 3 ? rows : rows - rows % 4, fours = Math.ceil(together / 4);
      const bytes = blocks * (fours * block.FOUR_BLOCK + (rows - together) * block.ROW_BLOCK);
      const rounded = runtime.temporary(bytes / 4).address;
      const rounding = placed(
        [block.TO, rounded],
        [block.FROM, runtime.address(a)],
        [block.DEPTH, K],
        [block.FROM_ROW, a.strides[0]! * 4],
        [block.TERMS, terms],
        [block.TOGETHER, together],
      );
      runtime.run(ROUND_ROWS, rounding, rows, 20 + K / 2);
      const y = runtime.allocate(rows * N);
      const words = placed(
        [block.TO, y.address],
        [block.FROM, rounded],
        [block.PANELS, addressOf(packed)],
        [block.ROWS, rows],
        [block.COLUMNS, N],
        [block.BLOCKS, blocks],
        [block.TO_ROW, N * 4],
        [block.BIAS, biasAt(runtime, bias)],
        [block.TOGETHER, together],
        ...form,
      );
      const cost = 20 + (fours * 3 + rows - together) * blocks * terms / 8;
      runtime.run(ROWS_TIMES_BLOCKS, words, Math.ceil(N / 8), cost);
      return y;
    },
    columns(packed, K, N, ids) {
      const blocks = blocksOf(K), buffer = runtime.temporary(blocks * terms * 8);
      let held = -1;
      return lookUp(runtime, K, N, ids, (panel) => {
        const words = placed(
          [block.TO, buffer.address],
          [block.PANELS, addressOf(packed) + panel * blocks * record * 4],
          [block.BLOCKS, blocks],
          ...form,
        );
        if (panel !== held) runtime.run(UNPACK_BLOCKS, words, 1, K);
        held = panel;
        return { buffer, offset: 0 };
      });
    },
  };
}
