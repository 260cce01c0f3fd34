/**
 * # Convolution and pooling
 *
 * Sliding a window over an axis is a view: overlapping windows read the same memory through
 * other strides ({@linkcode Tensor.unfold}). What remains of a convolution is one matrix
 * product of windows with kernels; what remains of pooling is a reduction of each window.
 *
 * $$y_{o,t} = b_o + \sum_{c,k} w_{o,c,k} \; x_{c,\; t \cdot \mathrm{stride} + k \cdot \mathrm{dilation}}$$
 *
 * Like every deep-learning library, this computes a correlation: kernels are not flipped.
 *
 * @module
 */

import { checkSizes, checkTensors } from "./arguments.ts";
import { pad } from "./joining.ts";
import { Tensor } from "./tensor.ts";
import { checkOptions, type Checks, instance, integer } from "./options.ts";
import { dims, format } from "./shape.ts";

/** Options of {@linkcode conv1d} and {@linkcode conv2d}. */
export interface ConvolutionOptions {
  /** Added to each output channel, `[O]`. */
  readonly bias?: Tensor;
  /** Distance between neighbouring windows. Default 1. */
  readonly stride?: number;
  /** Zeros added on both sides of each sliding axis. Default 0. */
  readonly padding?: number;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: number;
  /** Channels are cut into this many groups that do not see each other. Default 1. */
  readonly groups?: number;
}

const convolutionChecks: Checks<ConvolutionOptions> = {
  bias: instance(Tensor),
  stride: integer(),
  padding: integer({ min: 0 }),
  dilation: integer(),
  groups: integer(),
};

/** Options of the pooling functions. */
export interface PoolingOptions {
  /** Distance between neighbouring windows. Default: the window size. */
  readonly stride?: number;
  /** Margin on both sides of each sliding axis, at most half the window. Default 0. */
  readonly padding?: number;
}

const poolingChecks: Checks<PoolingOptions> = { stride: integer(), padding: integer({ min: 0 }) };

/**
 * Slides kernels over the last axis.
 *
 * @param x `[B, C, T]`
 * @param kernel `[O, C / groups, K]`
 * @param options bias, stride, padding, dilation, groups
 * @returns `[B, O, T']` with $T' = \lfloor (T + 2\,\mathrm{padding} - \mathrm{dilation}(K-1) - 1) / \mathrm{stride} \rfloor + 1$
 */
export function conv1d(x: Tensor, kernel: Tensor, options: ConvolutionOptions = {}): Tensor {
  dims(x, "B C T");
  dims(kernel, "O C K");
  return convolve(x, kernel, options);
}

/**
 * Slides kernels over the last two axes.
 *
 * @param x `[B, C, T, S]`
 * @param kernel `[O, C / groups, K, L]`
 * @param options bias, stride, padding, dilation, groups
 * @returns `[B, O, T', S']`
 */
export function conv2d(x: Tensor, kernel: Tensor, options: ConvolutionOptions = {}): Tensor {
  dims(x, "B C T S");
  dims(kernel, "O C K L");
  return convolve(x, kernel, options);
}

function convolve(x: Tensor, kernel: Tensor, options: ConvolutionOptions): Tensor {
  checkOptions("convolve", options, convolutionChecks);
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [B, C] = x.shape as [number, number];
  const [O, perGroup, ...size] = kernel.shape as [number, number, ...number[]];
  if (perGroup * groups !== C || O % groups !== 0) {
    throw new TypeError(
      `Cannot convolve shape ${format(x.shape)} with kernels ${format(kernel.shape)} in ${groups} groups: ` +
        "input channels must be groups × kernel channels, and groups must divide output channels",
    );
  }
  if (bias) dims(bias, "O", { O });
  const windows = slide(margin(x, padding, 0), size, stride, dilation); // [B, C, …T', …K]
  const places = windows.shape.slice(2, 2 + size.length);

  // One row per window: [B, groups, …T', C / groups · K].
  const grouped = windows.reshape([B, groups, perGroup, ...windows.shape.slice(2)]);
  const n = size.length;
  const order = [0, 1, ...places.map((_, i) => 3 + i), 2, ...size.map((_, i) => 3 + n + i)];
  const count = places.reduce((a, b) => a * b, 1);
  const width = size.reduce((a, b) => a * b, perGroup);
  const rows = grouped.permute(order).reshape([B, groups, count, width]);
  const columns = kernel.reshape([groups, O / groups, width]).transpose();
  const product = rows.matmul(columns).transpose().reshape([B, O, ...places]);
  return bias ? product.add(bias.reshape([O, ...places.map(() => 1)])) : product;
}

/** Adds a margin to every axis behind the channels. */
function margin(x: Tensor, padding: number, value: number): Tensor {
  if (padding === 0) return x;
  return pad(x, x.shape.map((_, axis) => axis < 2 ? [0, 0] : [padding, padding]), value);
}

/** Windows over every axis behind the channels; their places come last. */
function slide(x: Tensor, size: readonly number[], stride: number, dilation: number): Tensor {
  return size.reduce((view, extent, i) => view.unfold(2 + i, extent, stride, dilation), x);
}

function pool(
  x: Tensor,
  size: readonly number[],
  options: PoolingOptions,
  edge: number,
  collapse: (windows: Tensor, axes: number[]) => Tensor,
): Tensor {
  checkOptions("pool", options, poolingChecks);
  checkTensors("pool", { x });
  for (const extent of size) checkSizes("pool", { size: extent }, { min: 1 });
  const { stride, padding = 0 } = options;
  if (size.some((extent) => padding > extent / 2)) {
    throw new RangeError(`Cannot pool windows of ${format(size)} with padding ${padding}: at most half a window`);
  }
  const windows = size.reduce(
    (view, extent, i) => view.unfold(2 + i, extent, stride ?? extent),
    margin(x, padding, edge),
  );
  return collapse(windows, size.map((_, i) => windows.rank - 1 - i));
}

/**
 * Largest element of each window of the last axis: `[B, C, T] → [B, C, T']`.
 *
 * @param x `[B, C, T]`
 * @param size length of a window
 * @param options stride and padding
 */
export function maxPool1d(x: Tensor, size: number, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T");
  return pool(x, [size], options, -Infinity, (windows, axes) => windows.max(axes));
}

/**
 * Largest element of each square window of the last two axes.
 *
 * @param x `[B, C, T, S]`
 * @param size height and width of a window
 * @param options stride and padding
 */
export function maxPool2d(x: Tensor, size: number, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T S");
  return pool(x, [size, size], options, -Infinity, (windows, axes) => windows.max(axes));
}

/**
 * Mean of each window of the last axis; margins count as zeros.
 *
 * @param x `[B, C, T]`
 * @param size length of a window
 * @param options stride and padding
 */
export function averagePool1d(x: Tensor, size: number, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T");
  return pool(x, [size], options, 0, (windows, axes) => windows.mean(axes));
}

/**
 * Mean of each square window of the last two axes; margins count as zeros.
 *
 * @param x `[B, C, T, S]`
 * @param size height and width of a window
 * @param options stride and padding
 */
export function averagePool2d(x: Tensor, size: number, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T S");
  return pool(x, [size, size], options, 0, (windows, axes) => windows.mean(axes));
}
