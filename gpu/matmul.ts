/**
 * # Matrix products on the GPU device
 *
 * A product is a question of traffic. Every number of a tile that a workgroup fetches is used once per line of
 * the other tile, so large tiles need few bytes per operation; but a small result has few tiles, and a GPU
 * wants some hundred workgroups at a time. The route depends on shapes alone:
 *
 * | route     | case                                     | a workgroup makes                                |
 * | --------- | ---------------------------------------- | ------------------------------------------------ |
 * | `each`    | small matrices, or sums of a few terms   | 256 numbers, one per thread                      |
 * | `rows`    | at most eight rows                       | a run of columns; weights are read once          |
 * | `columns` | at most eight columns                    | the same with the roles of the operands exchanged |
 * | `tile32`  | what has few tiles                       | 32 × 32, 4 × 4 per thread                        |
 * | `tile64`  | what is larger                           | 64 × 64, 4 × 4 per thread                        |
 * | `tile128` | at least {@linkcode MANY} tiles          | 128 × 128, 8 × 8 per thread                      |
 *
 * One right matrix for a whole batch makes the batch more rows. Where the tiles are few and the sums long,
 * the depth is cut into *parts* (split-K) that are summed by a second dispatch, in order: the same bits each time.
 *
 * **Operands are never copied** for their strides. Where four neighbours lie side by side, along the depth or
 * across the lines, they are read as one vector; else one by one.
 *
 * @module
 */

import type { Buffer, PackedFormat, View } from "../core/engine/backend.ts";
import { checkMatmul } from "../core/engine/requirements.ts";
import { contiguousStrides, simplify, sizeOf } from "../core/engine/shape.ts";
import { LANES } from "./copy.ts";
import { plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Rows, or columns, that are few. */
const FEW = 8;
/** Workgroups that keep a GPU busy. */
const MANY = 128;
/** Parts of the depth at most. */
const MOST_PARTS = 32;
/** Axes of a batch that a kernel walks. */
const MOST_AXES = 4;

/** How a product is done. */
export interface Route {
  /** A name of the table above. */
  readonly name: "each" | "rows" | "columns" | "tile32" | "tile64" | "tile128";
  /** Parts that the depth is cut into. */
  readonly parts: number;
}

/** Parts that bring `groups` workgroups up to `wanted`, none of fewer terms than `least`. */
function partsFor(groups: number, depth: number, wanted: number, least: number): number {
  if (groups * 1.5 > wanted) return 1;
  return Math.max(1, Math.min(Math.round(wanted / groups), Math.floor(depth / least), MOST_PARTS));
}

/** The route of `batch` products `[rows, depth] × [depth, columns]`. */
export function routeOf(rows: number, columns: number, depth: number, batch: number): Route {
  const few = Math.min(rows, columns);
  if (depth <= 4 || (depth <= 32 && few <= FEW) || (depth <= 64 && rows * columns <= 256)) {
    return { name: "each", parts: 1 };
  }
  if (few <= FEW) {
    const long = Math.max(rows, columns), groups = Math.ceil(long / 32) * batch;
    return { name: rows <= columns ? "rows" : "columns", parts: partsFor(groups, depth, MANY / 2, 2048) };
  }
  const tiles = (edge: number): number => Math.ceil(rows / edge) * Math.ceil(columns / edge) * batch;
  if (few >= 96 && depth >= 32 && tiles(128) >= MANY) return { name: "tile128", parts: 1 };
  if (few > 32 && tiles(64) * Math.max(1, Math.floor(depth / 512)) >= MANY / 2) {
    return { name: "tile64", parts: partsFor(tiles(64), depth, MANY, 256) };
  }
  return { name: "tile32", parts: partsFor(tiles(32), depth, 2 * MANY, 128) };
}

// ## Operands

/** The lines of one operand: rows of the left matrices, columns of the right ones. */
export interface Lines {
  /** Where they lie. */
  readonly buffer: Buffer;
  /** Element index of the first. */
  readonly offset: number;
  /** Elements from line to line. */
  readonly line: number;
  /** Elements from term to term. */
  readonly term: number;
  /** Elements along each axis of the batch. */
  readonly batch: readonly number[];
  /** How the numbers are kept; float32 unless said. */
  readonly format?: PackedFormat;
  /** Index of the first step, for levels. */
  readonly steps?: number;
}

/** A row of biases, contiguous. */
export interface Bias {
  /** Where it lies. */
  readonly buffer: Buffer;
  /** Element index of the first. */
  readonly offset: number;
}

/** How four neighbours of an operand are read. */
type Reading = "along" | "across" | "singly";

/** Whether vectors of four can be read where one of the strides is 1 and `other` is the other one. */
function whole({ offset, batch }: Lines, other: number): boolean {
  return offset % 4 === 0 && other % 4 === 0 && batch.every((step) => step % 4 === 0);
}

function readingOf(lines: Lines): Reading {
  if (lines.format && lines.format !== "float32") return "along";
  if (lines.term === 1 && whole(lines, lines.line)) return "along";
  return lines.line === 1 && whole(lines, lines.term) ? "across" : "singly";
}

/** What stands for `right` in a shader that reads packed weights, by format. */
export const PACKED: Readonly<Record<PackedFormat, Variant>> = {
  float32: { Right: "vec4f", right: "b[at / 4u]" },
  float16: { Right: "vec2u", right: "vec4f(unpack2x16float(b[at / 4u].x), unpack2x16float(b[at / 4u].y))" },
  int8: { Right: "u32", right: "vec4f(unpack4xI8(b[at / 4u])) * stepAt(at / 32u)" },
  int4: {
    Right: "u32",
    right: "(vec4f(unpack4xU8((b[at / 8u] >> (at & 4u)) & 0x0f0f0f0fu)) - 8.0) * stepAt(at / 32u)",
  },
};

/** The part of a tile kernel's variant that reads the left operand. */
function leftVariant(lines: Lines): Variant {
  const reading = readingOf(lines);
  return reading === "singly" ? {} : { Left: "vec4f", left: "a[at / 4u]", LEFT_ALONG: reading === "along" };
}

/** The same for the right operand. */
function rightVariant(lines: Lines): Variant {
  const reading = readingOf(lines);
  return reading === "singly" ? {} : { ...PACKED[lines.format ?? "float32"], RIGHT_ALONG: reading === "along" };
}

/** A batch of products: what {@linkcode multiply} does. */
export interface Product {
  /** The left matrices. */
  readonly left: Lines;
  /** The right matrices. */
  readonly right: Lines;
  /** Rows of a left matrix. */
  readonly rows: number;
  /** Columns of a right matrix. */
  readonly columns: number;
  /** Terms of a sum. */
  readonly depth: number;
  /** Extents of the batch, at most four. */
  readonly batch: readonly number[];
  /** Added to every row. */
  readonly bias?: Bias | undefined;
}

const FOUR_ONES = [1, 1, 1, 1] as const;

/** Four numbers, the last of which are the given ones. */
function lastOf(four: readonly number[], given: readonly number[]): number[] {
  return [...four.slice(given.length), ...given];
}

/** The words of `Params` in `matmul_operands.wgsl`. */
function wordsOf(
  { left, right, rows, columns, depth, batch, bias }: Product,
  { part, down, across, parts, turned }: {
    part: number;
    down: number;
    across: number;
    parts: number;
    turned: boolean;
  },
): number[] {
  const count = sizeOf(batch), size = rows * columns;
  // With exchanged roles, "rows" are the columns of the result.
  const strides = turned ? [1, rows] : [columns, 1];
  const biased = bias && parts === 1;
  return [
    ...[rows, columns, depth, part],
    ...[left.offset, left.line, left.term, 0],
    ...[right.offset, right.line, right.term, right.steps ?? 0],
    ...[...strides, size, size * count],
    ...[biased ? bias.offset : 0, turned ? 1 : 0, turned ? 0 : 1, biased ? 1 : 0],
    ...[down, across, count, parts],
    ...lastOf(FOUR_ONES, batch),
    ...lastOf([0, 0, 0, 0], left.batch),
    ...lastOf([0, 0, 0, 0], right.batch),
  ];
}

// ## Products

/** Does a batch of products on a given route; `to` holds `[batch, rows, columns]`. */
export function multiply(runtime: Runtime, product: Product, to: Buffer, route: Route): void {
  const { rows, columns, depth, batch, bias } = product, count = sizeOf(batch) * rows * columns;
  if (count === 0) return;
  if (route.name === "each") {
    const words = wordsOf(product, { part: depth, down: 1, across: 1, parts: 1, turned: false });
    const buffers = [product.left.buffer, product.right.buffer, bias?.buffer ?? runtime.nothing, to];
    return runtime.run("matmul_each", buffers, words, plane(Math.ceil(count / LANES)));
  }
  const part = Math.ceil(depth / route.parts / 32) * 32, parts = Math.ceil(depth / part);
  const target = parts > 1 ? runtime.temporary(parts * count) : to;
  if (route.name === "rows") few(runtime, product, target, part, parts, false);
  else if (route.name === "columns") {
    const { left, right } = product;
    few(runtime, { ...product, left: right, right: left, rows: columns, columns: rows }, target, part, parts, true);
  } else tiles(runtime, product, target, part, parts, { tile32: 32, tile64: 64, tile128: 128 }[route.name]);
  if (parts === 1) return;
  const words = [count, parts, columns, bias?.offset ?? 0, bias ? 1 : 0];
  runtime.run("matmul_sum", [target, bias?.buffer ?? runtime.nothing, to], words, plane(Math.ceil(count / LANES)));
}

/** A product by tiles of `edge` × `edge`. */
function tiles(runtime: Runtime, product: Product, to: Buffer, part: number, parts: number, edge: number): void {
  const { left, right, rows, columns, batch, bias } = product;
  const down = Math.ceil(rows / edge), across = Math.ceil(columns / edge), nothing = runtime.nothing;
  const words = wordsOf(product, { part, down, across, parts, turned: false });
  const buffers = [
    left.buffer,
    right.buffer,
    right.steps === undefined ? nothing : right.buffer,
    parts === 1 ? bias?.buffer ?? nothing : nothing,
    to,
  ];
  const variant: Variant = {
    ...leftVariant(left),
    ...rightVariant(right),
    ...(columns % 4 === 0 ? { Cell: "vec4f", part: "v", WIDTH: 4 } : {}),
    ...(edge === 64 ? { QUADS: 16, QUADS_DEEP: 8 } : {}),
  };
  const grid = plane(down * across * sizeOf(batch) * parts);
  runtime.run(edge === 128 ? "matmul_large" : "matmul", buffers, words, grid, variant);
}

/** The rows that a variant for few of them takes. */
export function rowsOfVariant(rows: number): 1 | 4 | 8 {
  return rows === 1 ? 1 : rows <= 4 ? 4 : 8;
}

/** A product of at most eight rows; with exchanged roles if `turned`. */
function few(runtime: Runtime, product: Product, to: Buffer, part: number, parts: number, turned: boolean): void {
  const { right, rows, columns, depth, batch, bias } = product, count = sizeOf(batch);
  const ROWS = rowsOfVariant(rows), nothing = runtime.nothing, added = parts === 1 ? bias?.buffer ?? nothing : nothing;
  const packed = right.format === "float16";
  if (!packed && (right.line === 1 || (right.term !== 1 && right.line < right.term))) {
    const QUADS = columns >= 8192 ? 32 : 8, across = Math.ceil(columns / (4 * QUADS));
    const variant: Variant = {
      ROWS,
      QUADS,
      ...(right.line === 1 && whole(right, right.term) ? { Right: "vec4f", right: "b[at / 4u]" } : {}),
    };
    const words = wordsOf(product, { part, down: 1, across, parts, turned });
    const buffers = [product.left.buffer, right.buffer, added, to];
    return runtime.run("matvec_rows", buffers, words, plane(across * count * parts), variant);
  }
  const wide = packed || (depth % 4 === 0 && right.term === 1 && whole(right, right.line));
  const left = wide && depth % 4 === 0 ? vectors(runtime, product) : product.left;
  const LANES = packed ? 32 : lanesFor(columns * count, depth);
  const variant: Variant = {
    ROWS,
    LANES,
    ...(left.term === 1 && whole(left, left.line) && depth % 4 === 0 ? { Left: "vec4f", left: "a[at / 4u]" } : {}),
    ...(wide ? PACKED[right.format ?? "float32"] : {}),
  };
  const across = Math.ceil(columns * LANES / 256);
  const words = wordsOf({ ...product, left }, { part, down: 1, across, parts, turned });
  runtime.run("matvec_columns", [left.buffer, right.buffer, added, to], words, plane(across * count * parts), variant);
}

/** Threads that share a column: more where columns are few. */
function lanesFor(columns: number, depth: number): number {
  if (columns <= 64 && depth >= 1024) return 256;
  return columns >= 8192 || depth < 128 ? 8 : 32;
}

/** The few left rows such that vectors can be read: themselves, or a copy. */
function vectors(runtime: Runtime, { left, rows, depth, batch }: Product): Lines {
  if (left.term === 1 && whole(left, left.line)) return left;
  // A batch that repeats its rows would be copied again and again; such rows are read one by one.
  if (left.batch.some((step, axis) => step === 0 && batch[axis] !== 1)) return left;
  const { buffer, offset } = left;
  const view: View = {
    buffer,
    dtype: "float32",
    shape: [...batch, rows, depth],
    strides: [...left.batch, left.line, left.term],
    offset,
  };
  const strides = contiguousStrides(view.shape), copy = runtime.temporary(sizeOf(view.shape));
  runtime.copy(view, { ...view, buffer: copy, strides, offset: 0 });
  return { buffer: copy, offset: 0, line: depth, term: 1, batch: strides.slice(0, batch.length) };
}

// ## Views

/** A stride that matters: that of an axis of extent 1 is 0. */
function strideOf(x: View, axis: number): number {
  return x.shape.at(axis) === 1 ? 0 : x.strides.at(axis)!;
}

/** The lines of matrices `[…, lines, terms]`. */
export function linesOf(x: View, lineAxis: -1 | -2, batch: readonly number[]): Lines {
  const termAxis = lineAxis === -1 ? -2 : -1;
  return { buffer: x.buffer, offset: x.offset, line: strideOf(x, lineAxis), term: strideOf(x, termAxis), batch };
}

/** `[rows, K] × [K, columns] (+ [columns])` into a buffer that holds the result. */
export function multiplyViews(runtime: Runtime, a: View, b: View, bias: Bias | undefined, to: Buffer): void {
  const [rows, depth] = a.shape as [number, number], columns = b.shape[1]!;
  const left = linesOf(a, -2, []), right = linesOf(b, -1, []);
  multiply(
    runtime,
    { left, right, rows, columns, depth, batch: [], bias },
    to,
    routeOf(rows, columns, depth, 1),
  );
}

/** `[…, M, K] × […, K, N] → […, M, N]`. */
export function matmul(runtime: Runtime, a: View, b: View): Buffer {
  checkMatmul(a, b);
  const rank = a.shape.length, lead = a.shape.slice(0, -2);
  const rows = a.shape[rank - 2]!, depth = a.shape[rank - 1]!, columns = b.shape[rank - 1]!, batch = sizeOf(lead);
  const result = runtime.allocate(batch * rows * columns);
  if (batch * rows * columns === 0) return result;
  const axes = simplify(lead, [a.strides.slice(0, -2), b.strides.slice(0, -2)]);
  if (axes.strides[1]!.every((step) => step === 0)) {
    const merged = simplify([...lead, rows], [a.strides.slice(0, -1)]);
    if (merged.shape.length <= 1) {
      const left = { ...linesOf(a, -2, []), line: merged.strides[0]![0] ?? 0 }, right = linesOf(b, -1, []);
      const product: Product = { left, right, rows: batch * rows, columns, depth, batch: [] };
      multiply(runtime, product, result, routeOf(batch * rows, columns, depth, 1));
      return result;
    }
  }
  if (axes.shape.length > MOST_AXES) {
    const [x, y] = [runtime.contiguous(a), runtime.contiguous(b)];
    const left = linesOf(x, -2, [rows * depth]), right = linesOf(y, -1, [depth * columns]);
    const product: Product = { left, right, rows, columns, depth, batch: [batch] };
    multiply(runtime, product, result, routeOf(rows, columns, depth, batch));
    return result;
  }
  const left = linesOf(a, -2, axes.strides[0]!), right = linesOf(b, -1, axes.strides[1]!);
  const product: Product = { left, right, rows, columns, depth, batch: axes.shape };
  multiply(runtime, product, result, routeOf(rows, columns, depth, batch));
  return result;
}
