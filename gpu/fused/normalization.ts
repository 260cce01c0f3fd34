/**
 * # Normalizations on the GPU
 *
 * One shader does both: the root-mean-square form is that of the layer with a mean of zero. Gradients are computed only
 * where they are wanted.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import { bits, type Runtime } from "../runtime.ts";
import { rowsOf } from "./fours.ts";

/** Columns of a workgroup that sums over rows. */
const COLUMNS = 64;
/** Fewest rows of a block whose gradients of gain and bias are added up apart. */
const BLOCK_ROWS = 16;
/** Workgroups that keep a GPU busy. */
const ENOUGH_GROUPS = 1024;

type Norm = "layerNorm" | "rmsNorm";

function normalize(runtime: Runtime, centred: boolean): FusedForward<Norm> {
  return ([features, gain, bias], { epsilon }) => {
    if (!features || features.dtype !== "float32" || features.shape.length === 0) return undefined;
    const x = runtime.contiguous(features), E = x.shape[x.shape.length - 1]!;
    for (const vector of [gain, bias]) {
      if (vector && !(vector.dtype === "float32" && vector.shape.length === 1 && vector.shape[0] === E)) {
        return undefined;
      }
    }
    const [factors, shifts] = [gain, bias].map((vector) => vector && runtime.contiguous(vector));
    const { rows, count, columns, at, grid, variant } = rowsOf(x, factors, shifts);
    const y = runtime.make("float32", x.shape), found = runtime.make("float32", [rows, 4]);
    runtime.run(
      "normalize",
      [x.buffer, factors?.buffer ?? runtime.nothing, shifts?.buffer ?? runtime.nothing, y.buffer, found.buffer],
      [
        rows,
        count,
        bits(columns),
        bits(epsilon),
        at(x),
        factors ? at(factors) : 0,
        shifts ? at(shifts) : 0,
        Number(centred),
        factors ? 1 : 0,
        shifts ? 1 : 0,
      ],
      grid,
      variant("Element", "total", "largest"),
    );
    return [y, found];
  };
}

function normalizeBackward(runtime: Runtime, centred: boolean): FusedBackward<Norm> {
  return ([features, gain, bias], [, found], gradient, wanted) => {
    const x = runtime.contiguous(features!), g = runtime.contiguous(gradient);
    const dx = wanted[0] ? runtime.make("float32", x.shape) : undefined;
    if (dx) {
      const factors = gain && runtime.contiguous(gain);
      const { rows, count, columns, at, grid, variant } = rowsOf(x, g, factors);
      runtime.run(
        "normalize_backward",
        [x.buffer, g.buffer, factors?.buffer ?? runtime.nothing, found!.buffer, dx.buffer],
        [rows, count, bits(columns), Number(centred), at(x), at(g), factors ? at(factors) : 0, factors ? 1 : 0],
        grid,
        variant("Element", "total"),
      );
    }
    const wantsGain = gain && wanted[1], wantsBias = bias && wanted[2];
    if (!wantsGain && !wantsBias) return [dx, undefined, undefined];
    const { gains, biases } = vectorGradients(runtime, x, g, found!);
    return [dx, wantsGain ? gains : undefined, wantsBias ? biases : undefined];
  };
}

/**
 * The gradients of gain and bias, sums over all rows: blocks of rows apart, then the blocks in order.
 *
 * The length of a block depends on the shape alone, so every run adds in the same order.
 */
function vectorGradients(
  runtime: Runtime,
  x: View,
  g: View,
  found: View,
): { readonly gains: View; readonly biases: View } {
  const columns = x.shape[x.shape.length - 1]!, rows = found.shape[0]!;
  // Both sums share a buffer; the second begins where a four of numbers begins.
  const pitch = Math.ceil(columns / 4) * 4, tiles = Math.ceil(columns / COLUMNS);
  const most = Math.ceil(ENOUGH_GROUPS / Math.max(1, tiles));
  const length = Math.max(BLOCK_ROWS, Math.ceil(rows / most)), blocks = Math.max(1, Math.ceil(rows / length));
  const sums = runtime.make("float32", [2 * pitch]);
  const partial = blocks === 1 ? sums.buffer : runtime.temporary(blocks * 2 * pitch);
  const words = [rows, columns, length, pitch, x.offset, g.offset];
  runtime.run("normalize_columns", [x.buffer, g.buffer, found.buffer, partial], words, [tiles, blocks]);
  if (blocks > 1) {
    runtime.run("normalize_sum", [partial, sums.buffer], [blocks, 2 * pitch], [Math.ceil(2 * pitch / COLUMNS)]);
  }
  const part = (offset: number): View => ({
    buffer: sums.buffer,
    dtype: "float32",
    shape: [columns],
    strides: [1],
    offset,
  });
  return { gains: part(0), biases: part(pitch) };
}

/** The kernels of this file. */
export function normalization(runtime: Runtime): Partial<FusedKernels> {
  return {
    forward: { layerNorm: normalize(runtime, true), rmsNorm: normalize(runtime, false) },
    backward: { layerNorm: normalizeBackward(runtime, true), rmsNorm: normalizeBackward(runtime, false) },
  };
}
