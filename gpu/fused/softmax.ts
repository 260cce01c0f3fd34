/**
 * # Softmax and its logarithm on the GPU
 *
 * Few long rows would leave most of a GPU idle: their parts are scanned apart, and written apart.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels } from "../../core/engine/backend.ts";
import { plane, type Runtime } from "../runtime.ts";
import { rowsOf } from "./fours.ts";

/** Fewest elements of a part of a row, more than 256 threads take in one turn. */
const PART = 1024;
/** Parts of a row at most, one for each thread that joins them. */
const MOST_PARTS = 128;
/** Rows that keep a GPU busy without being cut into parts. */
const ENOUGH_ROWS = 128;

type Name = "softmax" | "logSoftmax";

/** The kernels of this file. */
export function softmax(runtime: Runtime): Partial<FusedKernels> {
  const forward = (LOGARITHM: boolean): FusedForward<Name> => ([scores]) => {
    if (!scores || scores.dtype !== "float32" || scores.shape.length === 0) return undefined;
    const x = runtime.contiguous(scores), y = runtime.make("float32", x.shape);
    const { rows, count, at, grid, variant } = rowsOf(x);
    if (rows === 0 || count === 0) return [y];
    const kind = variant("Element", "Word", "exponentials", "total", "largest");
    const wanted = Math.min(MOST_PARTS, Math.floor(ENOUGH_ROWS / rows), Math.floor(count / PART));
    const length = Math.ceil(count / Math.max(1, wanted)), parts = Math.ceil(count / length);
    const words = [rows, count, at(x), parts, length];
    const groups = parts === 1 ? grid : plane(rows * parts);
    const partial = parts === 1 ? runtime.nothing : runtime.temporary(4 * rows * parts);
    if (parts > 1) runtime.run("softmax_parts", [x.buffer, partial], words, groups, kind);
    runtime.run("softmax", [x.buffer, partial, y.buffer], words, groups, { LOGARITHM, ...kind });
    return [y];
  };
  const backward = (LOGARITHM: boolean): FusedBackward<Name> => (_inputs, [y], gradient) => {
    const g = runtime.contiguous(gradient), dx = runtime.make("float32", y.shape);
    const { rows, count, at, grid, variant } = rowsOf(y, g);
    const kind = { LOGARITHM, ...variant("Element", "exponentials", "total") };
    const buffers = [y.buffer, g.buffer, dx.buffer];
    if (count > 0) runtime.run("softmax_backward", buffers, [rows, count, at(g)], grid, kind);
    return [dx];
  };
  return {
    forward: { softmax: forward(false), logSoftmax: forward(true) },
    backward: { softmax: backward(false), logSoftmax: backward(true) },
  };
}
