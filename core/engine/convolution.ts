/**
 * # Convolution and pooling
 *
 * Sliding a window over an axis is a view: overlapping windows read the same memory through
 * other strides ({@linkcode Tensor.unfold}). What remains of a convolution is one matrix
 * product of kernels with windows; what remains of pooling is a reduction of each window.
 *
 * $$y_{o,t} = b_o + \sum_{c,k} w_{o,c,k} \; x_{c,\; t \cdot \mathrm{stride} + k \cdot \mathrm{dilation}}$$
 *
 * Like every deep-learning library, this computes a correlation: kernels are not flipped.
 * [Layers](convolution_layers.ts) hold kernels that are trained.
 *
 * **Why windows lie in columns.** The product needs the windows as one matrix. As columns, element $(c, k)$ of all windows is
 * one row of it, which for a stride of 1 is a run of neighbours in $x$: it is copied in long pieces, and the product comes
 * out in the order of the result. As rows, each window would be copied in pieces of $K$.
 *
 * @module
 */

import { aTensorLike, checkTensors } from "./arguments.ts";
import { pad } from "./joining.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  either,
  integer,
  isWithin,
  type Limits,
  oneOf,
} from "./options.ts";
import { dims, format, type Shape } from "./shape.ts";
import { asOptionalTensor, asTensor, filled, record, type Tensor, type TensorLike } from "./tensor.ts";

/** One number for every sliding axis, or a list with one for each. */
export type PerAxis = number | readonly number[];

/** How windows are laid over the sliding axes. */
export interface WindowOptions {
  /** Distance between neighbouring windows, one or one per axis; 1 by default. */
  readonly stride?: PerAxis | undefined;
  /**
   * Zeros on both sides of each sliding axis, one number or one per axis; 0 by default.
   *
   * `"valid"` is 0, `"same"` as many as keep the extents where the stride is 1.
   */
  readonly padding?: PerAxis | "same" | "valid" | undefined;
  /** Distance between neighbouring elements of a window, one or one per axis; 1 by default. */
  readonly dilation?: PerAxis | undefined;
  /** Groups of channels that do not see each other, a divisor of both numbers; 1 by default. */
  readonly groups?: number | undefined;
}

/** Options of {@linkcode conv1d} and {@linkcode conv2d}. */
export interface ConvolutionOptions extends WindowOptions {
  /** Added to each output channel, `[O]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
}

/** A whole number for every axis, or a list of such. */
export function perAxis(limits: Limits = { min: 1 }): Check<PerAxis> {
  const one = integer(limits);
  const numbers = (value: PerAxis): readonly number[] => typeof value === "number" ? [value] : value;
  return {
    must: `${one.must}, or a list with one for each axis`,
    fits: (value) => one.fits(value) || Array.isArray(value) && value.length > 0 && [...value].every(one.fits),
    allows: (value) => numbers(value).every((n) => isWithin(n, { ...limits, whole: true })),
  };
}

/** What each of {@linkcode WindowOptions} may be. */
export const windowChecks: Checks<WindowOptions> = {
  stride: perAxis(),
  padding: either(oneOf(["same", "valid"]), perAxis({ min: 0 })),
  dilation: perAxis(),
  groups: integer(),
};

const convolutionChecks: Checks<ConvolutionOptions> = { ...windowChecks, bias: aTensorLike };

/** Options of the pooling functions. */
export interface PoolingOptions {
  /** Distance between neighbouring windows, one or one per axis; the window size by default. */
  readonly stride?: PerAxis | undefined;
  /** Margin on both sides of each sliding axis, at most half the window; 0 by default. */
  readonly padding?: PerAxis | undefined;
  /** Distance between neighbouring elements of a window, one or one per axis; 1 by default. */
  readonly dilation?: PerAxis | undefined;
}

/** What each of {@linkcode PoolingOptions} may be. */
export const poolingChecks: Checks<PoolingOptions> = {
  stride: perAxis(),
  padding: perAxis({ min: 0 }),
  dilation: perAxis(),
};

/**
 * Slides kernels over the last axis.
 *
 * @example
 * ```ts
 * import { tensor } from "@heed/heed";
 * import { conv1d } from "@heed/heed/engine";
 *
 * const steps = conv1d(tensor([[[0, 0, 1, 1, 0]]]), [[[-1, 1]]]);
 * console.assert(String(await steps.read()) === "0,1,0,-1");
 * ```
 *
 * @param x `[B, C, T]`
 * @param kernel `[O, C / groups, K]`
 * @param options bias, stride, padding, dilation, groups
 * @returns `[B, O, T']` with $T' = \lfloor (T + 2\,\mathrm{padding} - \mathrm{dilation}(K-1) - 1) / \mathrm{stride} \rfloor + 1$
 */
export function conv1d(x: Tensor, kernel: TensorLike, options: ConvolutionOptions = {}): Tensor {
  dims(x, "B C T");
  kernel = asTensor("convolve", "kernel", kernel, "float32", x);
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
export function conv2d(x: Tensor, kernel: TensorLike, options: ConvolutionOptions = {}): Tensor {
  dims(x, "B C T S");
  kernel = asTensor("convolve", "kernel", kernel, "float32", x);
  dims(kernel, "O C K L");
  return convolve(x, kernel, options);
}

function convolve(x: Tensor, kernel: Tensor, options: ConvolutionOptions): Tensor {
  checkOptions("convolve", options, convolutionChecks);
  const { groups = 1 } = options, bias = asOptionalTensor("convolve", "bias", options.bias, "float32", x);
  const [B, C] = x.shape as [number, number];
  const [O, perGroup, ...size] = kernel.shape as [number, number, ...number[]];
  if (perGroup * groups !== C || O % groups !== 0) {
    const axes = size.length === 1 ? "B, C, T" : "B, C, H, W";
    throw new TypeError(
      `Cannot convolve shape ${format(x.shape)} with kernels ${format(kernel.shape)} in ${groups} groups: ` +
        (O % groups !== 0
          ? `groups must divide the ${O} output channels`
          : `the layout is [${axes}], and C must be ${perGroup * groups}, groups × kernel channels`),
    );
  }
  if (bias) dims(bias, "O", { O });
  const stride = spread("convolve", "stride", options.stride ?? 1, size.length);
  const dilation = spread("convolve", "dilation", options.dilation ?? 1, size.length);
  const widths = paddingOf("convolve", options.padding ?? 0, size, stride, dilation);
  const columns = windowsOf(margin(x, widths, 0), size, stride, dilation); // [B, C, …K, …T']
  const places = columns.shape.slice(2 + size.length);
  const count = places.reduce((a, b) => a * b, 1), width = size.reduce((a, b) => a * b, perGroup);
  const rows = kernel.reshape([groups, O / groups, width]);
  const product = rows.matmul(columns.reshape([B, groups, width, count])).reshape([B, O, ...places]);
  return bias ? product.add(bias.reshape([O, ...places.map(() => 1)])) : product;
}

/** A choice as one number for each sliding axis. */
export function spread(action: string, name: string, choice: PerAxis, axes: number): readonly number[] {
  if (typeof choice === "number") return new Array<number>(axes).fill(choice);
  if (choice.length === axes) return choice;
  const wanted = axes === 1 ? "one number is needed" : `one number is needed, or one for each of ${axes} axes`;
  throw new TypeError(`Cannot ${action} with ${name} = ${format(choice)}: ${wanted}`);
}

/** Widths of the margin before and after each sliding axis. */
export function paddingOf(
  action: string,
  padding: NonNullable<WindowOptions["padding"]>,
  size: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): [number, number][] {
  if (padding === "same") {
    if (stride.some((step) => step !== 1)) {
      throw new TypeError(`Cannot ${action} with padding "same" and stride ${format(stride)}: every stride must be 1`);
    }
    return size.map((extent, i) => {
      const total = dilation[i]! * Math.max(0, extent - 1), before = Math.floor(total / 2);
      return [before, total - before];
    });
  }
  return spread(action, "padding", padding === "valid" ? 0 : padding, size.length).map((width) => [width, width]);
}

/** Adds a margin to every axis behind the channels. */
function margin(x: Tensor, widths: readonly (readonly [number, number])[], value: number): Tensor {
  if (widths.every(([before, after]) => before === 0 && after === 0)) return x;
  return pad(x, [[0, 0], [0, 0], ...widths], value);
}

/** Element of each window, then its place: `[B, C, …T]` to `[B, C, …K, …T']`, a copy in which places are neighbours. */
function windowsOf(x: Tensor, size: readonly number[], stride: readonly number[], dilation: readonly number[]): Tensor {
  const views = size.reduce((view, extent, i) => view.unfold(2 + i, extent, stride[i]!, dilation[i]!), x.detach());
  const n = size.length, axes = size.map((_, i) => 2 + i);
  const result = views.permute([0, 1, ...axes.map((axis) => axis + n), ...axes]).contiguous();
  return record(result, [x], (g) => [addWindows(g, x.shape, stride, dilation)]);
}

/** The transpose of {@linkcode windowsOf}: what overlaps is added. */
function addWindows(windows: Tensor, shape: Shape, stride: readonly number[], dilation: readonly number[]): Tensor {
  const n = stride.length, size = windows.shape.slice(2, 2 + n), places = windows.shape.slice(2 + n);
  const result = filled(windows.device, shape, 0, "float32");
  const add = (part: Tensor, place: Tensor, axis: number): void => {
    if (axis === n) return place.assign(place.add(part));
    const [step, distance] = [stride[axis]!, dilation[axis]!], reach = (places[axis]! - 1) * step + 1;
    for (let k = 0; k < size[axis]!; k++) {
      add(part.at(2, k), place.slice(2 + axis, k * distance, k * distance + reach, step), axis + 1);
    }
  };
  add(windows.detach(), result, 0);
  return record(result, [windows], (g) => [windowsOf(g, size, stride, dilation)]);
}

const sizeCheck: Check<PerAxis> = perAxis();

/** What a pool does on each of its axes. */
export function spreadPool(
  action: string,
  size: PerAxis,
  options: PoolingOptions,
  axes: number,
): Readonly<Record<"extents" | "stride" | "padding" | "dilation", readonly number[]>> {
  const extents = spread(action, "size", size, axes);
  const stride = spread(action, "stride", options.stride ?? extents, axes);
  const padding = spread(action, "padding", options.padding ?? 0, axes);
  const dilation = spread(action, "dilation", options.dilation ?? 1, axes);
  if (extents.some((extent, i) => padding[i]! > extent / 2)) {
    throw new RangeError(
      `Cannot ${action} with windows of ${format(extents)} and padding ${format(padding)}: at most half a window`,
    );
  }
  return { extents, stride, padding, dilation };
}

function pool(
  x: Tensor,
  size: PerAxis,
  options: PoolingOptions,
  edge: number,
  collapse: (windows: Tensor, axes: number[]) => Tensor,
): Tensor {
  checkOptions("pool", options, poolingChecks);
  checkTensors("pool", { x });
  checkValue("pool", "size", size, sizeCheck);
  const { extents, stride, padding, dilation } = spreadPool("pool", size, options, x.rank - 2);
  const whole = margin(x, padding.map((width) => [width, width]), edge);
  return collapse(windowsOf(whole, extents, stride, dilation), extents.map((_, i) => 2 + i));
}

/**
 * Largest element of each window of the last axis.
 *
 * @param x `[B, C, T]`
 * @param size length of a window
 * @param options stride, padding, dilation
 * @returns `[B, C, T']`
 * @throws {RangeError} if the padding is more than half a window, or no window fits
 */
export function maxPool1d(x: Tensor, size: PerAxis, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T");
  return pool(x, size, options, -Infinity, (windows, axes) => windows.max(axes));
}

/**
 * Largest element of each window of the last two axes.
 *
 * @param x `[B, C, T, S]`
 * @param size height and width of a window, one number for both or one for each
 * @param options stride, padding, dilation
 * @returns `[B, C, T', S']`
 * @throws {RangeError} if the padding is more than half a window, or no window fits
 */
export function maxPool2d(x: Tensor, size: PerAxis, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T S");
  return pool(x, size, options, -Infinity, (windows, axes) => windows.max(axes));
}

/**
 * Mean of each window of the last axis; margins count as zeros.
 *
 * @param x `[B, C, T]`
 * @param size length of a window
 * @param options stride, padding, dilation
 * @returns `[B, C, T']`
 * @throws {RangeError} if the padding is more than half a window, or no window fits
 */
export function averagePool1d(x: Tensor, size: PerAxis, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T");
  return pool(x, size, options, 0, (windows, axes) => windows.mean(axes));
}

/**
 * Mean of each window of the last two axes; margins count as zeros.
 *
 * @param x `[B, C, T, S]`
 * @param size height and width of a window, one number for both or one for each
 * @param options stride, padding, dilation
 * @returns `[B, C, T', S']`
 * @throws {RangeError} if the padding is more than half a window, or no window fits
 */
export function averagePool2d(x: Tensor, size: PerAxis, options: PoolingOptions = {}): Tensor {
  dims(x, "B C T S");
  return pool(x, size, options, 0, (windows, axes) => windows.mean(axes));
}
