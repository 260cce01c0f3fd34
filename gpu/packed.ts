/**
 * # Weights at inference, on the GPU device
 *
 * One copy of a matrix for products with any number of rows. `core/engine/packed.ts` says what each format
 * keeps of the numbers; here is where they lie: column by column, so that the terms of a sum are neighbours
 * and a column, which is the row of a table, is one run of memory.
 *
 * | format  | a column                                          | bits per weight |
 * | ------- | ------------------------------------------------- | --------------- |
 * | float32 | numbers                                           | 32              |
 * | float16 | two numbers per word                              | 16              |
 * | int8    | blocks of 32 levels; steps behind all columns     | 9               |
 * | int4    | the same with levels of half a byte               | 5               |
 *
 * **A few rows** are multiplied as integers where the weights are (`packed_matvec.wgsl`). **Many rows** take
 * the tiles of the matrix product, which turn levels into numbers while they fetch them: the rounded row
 * and the rounded weight are the same, and only the order of the sum differs.
 *
 * @module
 */

import type { Backend, Buffer, PackedFormat, Packing, View } from "../core/engine/backend.ts";
import { asRows, sweptPacking } from "../core/engine/kernel_device.ts";
import { sizeOf } from "../core/engine/shape.ts";
import { LANES } from "./copy.ts";
import { biasOf } from "./fused/linear.ts";
import { type Lines, linesOf, multiply, PACKED, type Product, routeOf, rowsOfVariant } from "./matmul.ts";
import { plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Weights that share a step. */
const BLOCK = 32;
/** Rows that are few. */
const FEW = 8;

/** Columns of a packed matrix by number. */
function lookUp(
  runtime: Runtime,
  { packed, K, N, ids, pitch, steps, variant }: {
    packed: Buffer;
    K: number;
    N: number;
    ids: View;
    pitch: number;
    steps: number;
    variant: Variant;
  },
): Buffer {
  const count = sizeOf(ids.shape), result = runtime.allocate(count * K);
  const names = runtime.contiguous(ids);
  const words = [count, K, N, pitch, names.offset, steps];
  const grid = plane(Math.ceil(count * K / LANES));
  runtime.run("packed_columns", [packed, packed, names.buffer, result], words, grid, variant);
  return result;
}

/** Numbers that are kept one by one: float32 and float16. */
function singly(runtime: Runtime, format: "float32" | "float16"): Packing {
  const pitchOf = (K: number): number => Math.ceil(K / 4) * 4;
  return {
    words: (K, N) => pitchOf(K) * N / (format === "float32" ? 1 : 2),
    pack(matrix, target) {
      const [K, N] = matrix.shape as [number, number], pitch = pitchOf(K);
      if (format === "float32") {
        const strides = [1, pitch];
        return runtime.copy(matrix, { buffer: target, dtype: "float32", shape: [K, N], strides, offset: 0 });
      }
      const [term, column] = matrix.strides as [number, number];
      const words = [K, N, pitch / 2, matrix.offset, term, column];
      runtime.run("packed_halves", [matrix.buffer, target], words, plane(Math.ceil(N * pitch / 2 / LANES)));
    },
    multiply(x, packed, N, bias) {
      const a = asRows(runtime, x), [rows, K] = a.shape as [number, number];
      const y = runtime.allocate(rows * N),
        right: Lines = {
          ...{ buffer: packed, offset: 0, line: pitchOf(K), term: 1, batch: [], format },
        };
      const route = routeOf(rows, N, K, 1), left = linesOf(a, -2, []);
      const product: Product = { left, right, rows, columns: N, depth: K, batch: [], bias: biasOf(runtime, bias) };
      // Halves are read by kernels that read them from the right.
      const direct = format === "float16" && (route.name === "each" || route.name === "columns");
      multiply(runtime, product, y, direct ? { name: rows <= FEW ? "rows" : "tile32", parts: 1 } : route);
      return y;
    },
    columns(packed, K, N, ids) {
      return lookUp(runtime, { packed, K, N, ids, pitch: pitchOf(K), steps: 0, variant: PACKED[format] });
    },
  };
}

/** Integers of 8 or 4 bits in blocks. */
function inBlocks(runtime: Runtime, format: "int8" | "int4"): Packing {
  const blocksOf = (K: number): number => Math.ceil(K / BLOCK);
  const nibbles = format === "int4", blockWords = nibbles ? 4 : 8;
  const stepsAt = (K: number, N: number): number => N * blocksOf(K) * blockWords;

  /** Rounded rows: levels and scales, or numbers if they are to be `numbers`. */
  const round = (a: View, numbers: boolean): readonly [Buffer, Buffer] => {
    const [rows, K] = a.shape as [number, number], blocks = blocksOf(K);
    const rounded = runtime.temporary(rows * blocks * (numbers ? BLOCK : BLOCK / 4));
    const scales = runtime.temporary(rows * blocks * 2);
    const words = [rows, K, blocks, a.offset, ...a.strides];
    const variant: Variant = numbers ? { Rounded: "vec4f", form: "vec4f(levels) * step" } : {};
    runtime.run("packed_rows", [a.buffer, rounded, scales], words, plane(Math.ceil(rows * blocks / 32)), variant);
    return [rounded, scales];
  };

  return {
    words: (K, N) => stepsAt(K, N) + N * blocksOf(K),
    pack(matrix, target) {
      const [K, N] = matrix.shape as [number, number], blocks = blocksOf(K);
      const words = [K, N, blocks, matrix.offset, ...matrix.strides];
      const variant: Variant = { HALF: nibbles ? 8 : 64 };
      runtime.run("packed_blocks", [matrix.buffer, target], words, plane(Math.ceil(N * blocks / 32)), variant);
    },
    multiply(x, packed, N, bias) {
      const a = asRows(runtime, x), [rows, K] = a.shape as [number, number], blocks = blocksOf(K);
      const y = runtime.allocate(rows * N), plus = biasOf(runtime, bias), steps = stepsAt(K, N);
      if (rows * N === 0) return y;
      if (rows <= FEW) {
        const [levels, scales] = round(a, false);
        const lanes = N >= 4096 || blocks <= 16 ? 8 : 32;
        const words = [rows, N, blocks, steps, plus?.offset ?? 0, plus ? 1 : 0];
        const buffers = [levels, scales, packed, packed, plus?.buffer ?? runtime.nothing, y];
        const variant: Variant = { ROWS: rowsOfVariant(rows), LANES: lanes, NIBBLES: nibbles };
        runtime.run("packed_matvec", buffers, words, plane(Math.ceil(N * lanes / 256)), variant);
        return y;
      }
      const [numbers] = round(a, true), depth = blocks * BLOCK;
      const left: Lines = { buffer: numbers, offset: 0, line: depth, term: 1, batch: [] };
      const right: Lines = { buffer: packed, offset: 0, line: depth, term: 1, batch: [], format, steps };
      const chosen = routeOf(rows, N, depth, 1);
      const route = chosen.name.startsWith("tile") ? chosen : { name: "tile32", parts: 1 } as const;
      multiply(runtime, { left, right, rows, columns: N, depth, batch: [], bias: plus }, y, route);
      return y;
    },
    columns(packed, K, N, ids) {
      const steps = stepsAt(K, N), pitch = blocksOf(K) * BLOCK;
      return lookUp(runtime, { packed, K, N, ids, pitch, steps, variant: PACKED[format] });
    },
  };
}

/** The layouts of this device by format; each member gives back its temporaries. */
export function packings(runtime: Runtime): NonNullable<Backend["packing"]> {
  const table: Record<PackedFormat, Packing> = {
    float32: sweptPacking(runtime, singly(runtime, "float32")),
    float16: sweptPacking(runtime, singly(runtime, "float16")),
    int8: sweptPacking(runtime, inBlocks(runtime, "int8")),
    int4: sweptPacking(runtime, inBlocks(runtime, "int4")),
  };
  return table;
}
