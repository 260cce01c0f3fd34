/**
 * # Rows, and numbers by fours
 *
 * 16, 64 or 256 threads share a row, so that short rows do not leave most of a workgroup idle. Where
 * the length of a row is a multiple of four, a thread loads four numbers at once.
 *
 * @module
 */

import type { View } from "../../core/engine/backend.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import { LANES } from "../copy.ts";
import { plane, type Runtime } from "../runtime.ts";
import type { Variant } from "../template.ts";

/** What turns a kernel for single numbers into one for fours, by the name in the shader. */
export const FOURS: Readonly<Record<string, string>> = {
  Element: "vec4f",
  Word: "vec4u",
  exponentials: "exponential4(x)",
  total: "(x.x + x.y) + (x.z + x.w)",
  largest: "max(max(x.x, x.y), max(x.z, x.w))",
  numberAt: "x[i / 4u][i % 4u]",
  classesOf: "vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u)",
  within: "select(fresh, old, vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u) >= vec4u(params.count))",
};

/** How a kernel goes through rows. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
  /** Numbers that a thread loads at once: 1 or 4. */
  readonly each: number;
  /** Elements of a row, of `each` numbers. */
  readonly count: number;
  /** Where a view begins, in elements. */
  readonly at: (view: View) => number;
  /** Workgroups. */
  readonly grid: ReturnType<typeof plane>;
  /** The variant of a shader that declares `names` of {@linkcode FOURS}. */
  readonly variant: (...names: (keyof typeof FOURS)[]) => Variant;
}

/** Rows of the last axis of `x`; the other views are read or written in the same way. */
export function rowsOf(x: View, ...others: readonly (View | undefined)[]): Rows {
  const columns = x.shape[x.shape.length - 1]!;
  const rows = x.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const aligned = columns % 4 === 0 && [x, ...others].every((view) => !view || view.offset % 4 === 0);
  const each = aligned ? 4 : 1, count = columns / each;
  const width = count <= 64 ? 16 : count <= 256 ? 64 : 256;
  return {
    rows,
    columns,
    each,
    count,
    at: ({ offset }) => offset / each,
    grid: plane(Math.ceil(rows * width / LANES)),
    variant: (...names) => {
      const parts = each === 4 ? names.map((name) => [name, FOURS[name]!] as const) : [];
      return { WIDTH: width, ...Object.fromEntries(parts) };
    },
  };
}

/** The view, or a copy that is contiguous and begins where a four of numbers begins. */
export function inFours(runtime: Runtime, view: View): View {
  const flat = runtime.contiguous(view);
  if (flat.offset % 4 === 0) return flat;
  const { dtype, shape, strides } = flat;
  const copy: View = { buffer: runtime.temporary(sizeOf(shape)), dtype, shape, strides, offset: 0 };
  runtime.copy(flat, copy);
  return copy;
}
