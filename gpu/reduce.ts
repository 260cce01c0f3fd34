/**
 * # Reductions on the GPU device
 *
 * A GPU reads fast where neighbouring threads read neighbouring words. Rows whose elements lie side by side
 * are read along, columns that lie side by side are read across; anything else is copied first.
 *
 * **Enough to do.** One row of a million elements would keep one workgroup busy and the others idle. Rows
 * and columns are therefore cut into parts where there are few of them, and a second pass joins the parts.
 *
 * | many short rows          | few long rows                | columns, as of a bias gradient  |
 * | ------------------------ | ---------------------------- | ------------------------------- |
 * | a few threads to each    | several workgroups to each   | 32 columns and a part of the rows to a workgroup |
 *
 * The order of every sum depends on the shape alone: the same bits each time.
 *
 * @module
 */

import type { Buffer, DType, ReduceOp, View } from "../core/engine/backend.ts";
import { checkReduce } from "../core/engine/requirements.ts";
import { type Axes, simplify, sizeOf } from "../core/engine/shape.ts";
import { wordsOf } from "./copy.ts";
import type { GpuBuffer } from "./memory.ts";
import { plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Workgroups that keep a GPU busy. */
const BUSY = 512;
/** Elements of a row, and rows of a column, that a part has at least. */
const ROW_PART = 4096, COLUMN_PART = 128;
/** Elements from which a view that lies across is copied before. */
const LARGE = 32768;

/** How elements become totals, and the last total the outcome. */
export interface Rule {
  /** Type of an element. */
  readonly Element: string;
  /** Type of a total. */
  readonly Total: string;
  /** Words of a total. */
  readonly words: number;
  /** Type of the outcome. */
  readonly Outcome: string;
  /** Formulas. */
  readonly entry: string;
  readonly join: string;
  readonly outcome: string;
}

/** The rule of an operation on elements of a dtype. */
export function ruleOf(op: ReduceOp, dtype: DType): Rule {
  const float = dtype === "float32", Element = float ? "f32" : "i32", key = float ? "keyOf(x)" : "integerKeyOf(x)";
  if (op === "sum") {
    return { Element, Total: Element, words: 1, Outcome: Element, entry: "x", join: "a + b", outcome: "total" };
  }
  if (op === "argmax") {
    const entry = `vec2u(${key}, i)`, join = "greaterOf(a, b)";
    return { Element, Total: "vec2u", words: 2, Outcome: "u32", entry, join, outcome: "total.y" };
  }
  const keys = { Element, Total: "u32", words: 1, Outcome: Element, join: "max(a, b)" };
  if (op === "max") return { ...keys, entry: key, outcome: float ? "numberOf(total)" : "integerOf(total)" };
  return {
    ...keys,
    entry: float ? "lowKeyOf(x)" : "~integerKeyOf(x)",
    outcome: float ? "lowNumberOf(total)" : "integerOf(~total)",
  };
}

/** What a variant of a shader is given; `first` and `last` say which passes it is. */
function variantOf({ Element, Total, Outcome, entry, join, outcome }: Rule, first: boolean, last: boolean): Variant {
  return {
    Element: first ? Element : Total,
    Total,
    Outcome: last ? Outcome : Total,
    entry: first ? entry : "x",
    join,
    outcome: last ? outcome : "total",
  };
}

/** Rows to collapse, and where they lie. */
interface Rows {
  readonly buffer: Buffer;
  /** Where they begin. */
  readonly outer: Axes;
  readonly offset: number;
  readonly count: number;
  /** Elements of a row, `step` apart. */
  readonly width: number;
  readonly step: number;
}

/** Collapses the last `axes` axes. */
export function reduce(runtime: Runtime, op: ReduceOp, x: View, axes: number): Buffer {
  checkReduce(op, x, axes);
  const kept = x.shape.length - axes, count = sizeOf(x.shape.slice(0, kept)), width = sizeOf(x.shape.slice(kept));
  const result = runtime.allocate(count);
  if (count === 0) return result;
  const rule = ruleOf(op, x.dtype);

  let view = x;
  let inner = innerOf(op, view, kept), outer = outerOf(view, kept);
  const across = (inner.strides[0]!.at(-1) ?? 1) > 1 && outer.strides[0]!.at(-1) !== 1;
  if (inner.shape.length > 1 || across && count * width >= LARGE) {
    view = runtime.contiguous(x);
    inner = innerOf(op, view, kept);
    outer = outerOf(view, kept);
  }
  const step = inner.strides[0]![0] ?? 1;
  const rows: Rows = { buffer: view.buffer, outer, offset: view.offset, count, width, step };
  if (step !== 1 && width > 1 && outer.strides[0]!.at(-1) === 1) reduceColumns(runtime, rule, rows, result);
  else reduceRows(runtime, rule, rows, result);
  return result;
}

/** The axes that stay. */
function outerOf(x: View, kept: number): Axes {
  return simplify(x.shape.slice(0, kept), [x.strides.slice(0, kept)]);
}

/** The axes that are collapsed, in the order of memory where it does not matter. */
function innerOf(op: ReduceOp, x: View, kept: number): Axes {
  const axes = x.shape.slice(kept).map((extent, i) => ({ extent, stride: x.strides[kept + i]! }));
  if (op !== "argmax") axes.sort((a, b) => b.stride - a.stride);
  return simplify(axes.map(({ extent }) => extent), [axes.map(({ stride }) => stride)]);
}

/** One pass where each row gets a workgroup or a part of one; two where rows are few and long. */
function reduceRows(
  runtime: Runtime,
  rule: Rule,
  { buffer, outer, offset, count, width, step }: Rows,
  result: GpuBuffer,
): void {
  const most = Math.min(Math.ceil(width / ROW_PART), Math.ceil(BUSY / count)), parts = most > 1 ? most : 1;
  const length = Math.ceil(width / parts), target = parts > 1 ? runtime.temporary(count * parts * rule.words) : result;
  const items = count * parts, TEAM = length <= 16 ? 4 : length <= 256 ? 32 : 256;
  const words = [items, width, step, parts, length, 0, 0, 0, ...wordsOf(outer, [offset])];
  const variant = { ...variantOf(rule, true, parts === 1), TEAM };
  runtime.run("reduce_rows", [buffer, target], words, plane(Math.ceil(items / (256 / TEAM))), variant);
  if (parts === 1) return;
  const rest = [count, parts, 1, 1, parts, 0, 0, 0, ...wordsOf({ shape: [count], strides: [[parts]] }, [0])];
  runtime.run("reduce_rows", [target, result], rest, plane(count), { ...variantOf(rule, false, true), TEAM: 256 });
}

/** The same for columns that lie side by side. */
function reduceColumns(runtime: Runtime, rule: Rule, rows: Rows, result: GpuBuffer): void {
  const { buffer, outer, offset, count, width, step } = rows, columns = outer.shape.at(-1)!;
  const matrices = { shape: outer.shape.slice(0, -1), strides: [outer.strides[0]!.slice(0, -1)] };
  const number = count / columns, WIDE = columns < 16 ? 4 : 32, blocks = Math.ceil(columns / WIDE);
  const most = Math.min(Math.ceil(width / COLUMN_PART), Math.ceil(BUSY / (number * blocks)));
  const parts = most > 1 ? most : 1, length = Math.ceil(width / parts);
  const target = parts > 1 ? runtime.temporary(count * parts * rule.words) : result;
  const groups = number * parts * blocks;
  const words = [groups, width, step, parts, length, columns, blocks, 0, ...wordsOf(matrices, [offset])];
  runtime.run("reduce_columns", [buffer, target], words, plane(groups), {
    ...variantOf(rule, true, parts === 1),
    WIDE,
  });
  if (parts === 1) return;
  const together = { shape: [number], strides: [[parts * columns]] };
  const rest = [number * blocks, parts, columns, 1, parts, columns, blocks, 0, ...wordsOf(together, [0])];
  const variant = { ...variantOf(rule, false, true), WIDE };
  runtime.run("reduce_columns", [target, result], rest, plane(number * blocks), variant);
}
