/**
 * # Layers that slide
 *
 * [Convolutions](convolution.ts) whose kernels are trained, and pools, as parts of a chain:
 *
 * $$y_o = b_o + \sum_{c} w_{o,c} \star x_c$$
 *
 * with the kernels $w$ stored as `[O, C / groups, K]` or `[O, C / groups, K, L]`, as PyTorch stores them, and the bias $b$ as
 * `[O]`. Each has `forward(x)`, so that a [chain](module.ts) of them needs no class.
 *
 * **How kernels start.** Uniformly in $\pm\sqrt{6 / (n_\mathrm{in} + n_\mathrm{out})}$, as matrices do ([glorot](initialization.ts)).
 * Of a kernel, $n_\mathrm{in}$ counts the numbers that one output sums up, $C / \mathrm{groups} \cdot K L$, and $n_\mathrm{out}$ the
 * outputs that one number goes to, $O / \mathrm{groups} \cdot K L$.
 *
 * @module
 */

import { checkSizes } from "./arguments.ts";
import {
  averagePool1d,
  averagePool2d,
  conv1d,
  conv2d,
  maxPool1d,
  maxPool2d,
  paddingOf,
  type PerAxis,
  perAxis,
  poolingChecks,
  type PoolingOptions,
  spread,
  spreadPool,
  windowChecks,
  type WindowOptions,
} from "./convolution.ts";
import { parameter, zeros } from "./create.ts";
import { Module } from "./module.ts";
import { checkOptions, type Checks, checkValue, flag } from "./options.ts";
import { checkRandom, type Random } from "./random.ts";
import { format } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Options of {@linkcode Conv1d} and {@linkcode Conv2d}. */
export interface ConvolutionLayerOptions extends WindowOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean | undefined;
}

const LAYER: Checks<ConvolutionLayerOptions> = { ...windowChecks, bias: flag };

/** Refuses where the layer is made what its first pass would refuse. */
function checkWindows(
  action: string,
  { stride = 1, dilation = 1, padding = 0 }: WindowOptions,
  size: readonly number[],
): void {
  const [strides, dilations] = [
    spread(action, "stride", stride, size.length),
    spread(action, "dilation", dilation, size.length),
  ];
  paddingOf(action, padding, size, strides, dilations);
}

/** What both convolutions share: kernels, a bias, and how windows are laid. */
export abstract class ConvolutionLayer extends Module {
  /** The kernels, `[O, C / groups, K]` or `[O, C / groups, K, L]`. */
  readonly weight: Tensor;
  /** What is added, `[O]`, zeros at the start. */
  readonly bias: Tensor | undefined;
  /** How windows are laid. */
  readonly windows: WindowOptions;

  /**
   * Draws the kernels.
   *
   * @param axes how many axes the kernels slide over
   * @param channels of what comes in, and of what comes out
   * @param size extents of a kernel
   * @param random where the first values come from
   * @param options stride, padding, dilation, groups, bias
   */
  constructor(
    axes: number,
    channels: readonly [input: number, output: number],
    size: PerAxis,
    random: Random,
    options: ConvolutionLayerOptions,
  ) {
    super();
    const action = "make a convolution", [inputChannels, outputChannels] = channels;
    checkOptions(action, options, LAYER);
    checkSizes(action, { inputChannels, outputChannels });
    checkValue(action, "size", size, perAxis());
    checkRandom(action, random);
    const { bias = true, ...windows } = options, { groups = 1 } = windows, extents = spread(action, "size", size, axes);
    checkWindows(action, windows, extents);
    if (inputChannels % groups !== 0 || outputChannels % groups !== 0) {
      throw new TypeError(
        `Cannot ${action} of ${inputChannels} to ${outputChannels} channels in ${groups} groups: groups must divide both`,
      );
    }
    const area = extents.reduce((a, b) => a * b, 1), perGroup = inputChannels / groups;
    const bound = Math.sqrt(6 / Math.max(1, area * (perGroup + outputChannels / groups)));
    this.weight = parameter(random.uniform([outputChannels, perGroup, ...extents], { min: -bound, max: bound }));
    this.bias = bias ? parameter(zeros([outputChannels])) : undefined;
    this.windows = windows;
  }

  /** What an outline calls it: its class, its kernels and its windows. */
  protected override get outlineTitle(): string {
    return titleOf(super.outlineTitle, this.weight.shape.slice(2), this.windows);
  }
}

/**
 * A convolution over the last axis with trained kernels.
 *
 * @example
 * ```ts
 * import { Conv1d, Random } from "@heed/heed";
 *
 * const random = new Random(1);
 * const layer = new Conv1d(4, 8, 3, random, { padding: "same" });
 * console.assert(String(layer.forward(random.normal([2, 4, 20])).shape) === "2,8,20");
 * ```
 */
export class Conv1d extends ConvolutionLayer {
  /**
   * Draws the kernels.
   *
   * @param inputChannels channels of what comes in
   * @param outputChannels channels of what comes out
   * @param size length of a kernel
   * @param random where the first values come from
   * @param options stride, padding, dilation, groups, bias
   */
  constructor(
    inputChannels: number,
    outputChannels: number,
    size: PerAxis,
    random: Random,
    options: ConvolutionLayerOptions = {},
  ) {
    super(1, [inputChannels, outputChannels], size, random, options);
  }

  /** Maps `[B, C, T]` to `[B, O, T']`; see {@linkcode conv1d}. */
  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, { ...this.windows, bias: this.bias });
  }
}

/**
 * A convolution over the last two axes with trained kernels.
 *
 * @example
 * ```ts
 * import { Conv2d, Random } from "@heed/heed";
 *
 * const random = new Random(1);
 * const layer = new Conv2d(1, 16, 3, random, { stride: [2, 1], padding: 1 });
 * console.assert(String(layer.forward(random.normal([2, 1, 28, 28])).shape) === "2,16,14,28");
 * ```
 */
export class Conv2d extends ConvolutionLayer {
  /**
   * Draws the kernels.
   *
   * @param inputChannels channels of what comes in
   * @param outputChannels channels of what comes out
   * @param size height and width of a kernel, one number for both or one for each
   * @param random where the first values come from
   * @param options stride, padding, dilation, groups, bias
   */
  constructor(
    inputChannels: number,
    outputChannels: number,
    size: PerAxis,
    random: Random,
    options: ConvolutionLayerOptions = {},
  ) {
    super(2, [inputChannels, outputChannels], size, random, options);
  }

  /** Maps `[B, C, T, S]` to `[B, O, T', S']`; see {@linkcode conv2d}. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.windows, bias: this.bias });
  }
}

// ## Pools
//
// They have nothing to train. As parts of a chain they carry their window.

/** What all pools share: their window, and how it is laid. */
export abstract class Pool extends Module {
  /** Extents of a window. */
  readonly size: PerAxis;
  /** How windows are laid. */
  readonly windows: PoolingOptions;

  /**
   * Chooses the window.
   *
   * @param axes how many axes the window slides over
   * @param size extents of a window
   * @param windows stride, padding, dilation
   */
  constructor(axes: number, size: PerAxis, windows: PoolingOptions) {
    super();
    checkOptions("make a pool", windows, poolingChecks);
    checkValue("make a pool", "size", size, perAxis());
    spreadPool("make a pool", size, windows, axes);
    this.size = size;
    this.windows = windows;
  }

  /** What an outline calls it: its class and its window. */
  protected override get outlineTitle(): string {
    return titleOf(super.outlineTitle, this.size, this.windows);
  }
}

/** The largest element of each window of the last axis, as a part of a chain. */
export class MaxPool1d extends Pool {
  /**
   * Chooses the window.
   *
   * @param size length of a window
   * @param windows stride, padding, dilation
   */
  constructor(size: PerAxis, windows: PoolingOptions = {}) {
    super(1, size, windows);
  }

  /** Maps `[B, C, T]` to `[B, C, T']`; see {@linkcode maxPool1d}. */
  forward(x: Tensor): Tensor {
    return maxPool1d(x, this.size, this.windows);
  }
}

/** The largest element of each window of the last two axes, as a part of a chain. */
export class MaxPool2d extends Pool {
  /**
   * Chooses the window.
   *
   * @param size height and width of a window, one number for both or one for each
   * @param windows stride, padding, dilation
   */
  constructor(size: PerAxis, windows: PoolingOptions = {}) {
    super(2, size, windows);
  }

  /** Maps `[B, C, T, S]` to `[B, C, T', S']`; see {@linkcode maxPool2d}. */
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.size, this.windows);
  }
}

/** The mean of each window of the last axis, as a part of a chain. */
export class AveragePool1d extends Pool {
  /**
   * Chooses the window.
   *
   * @param size length of a window
   * @param windows stride, padding, dilation
   */
  constructor(size: PerAxis, windows: PoolingOptions = {}) {
    super(1, size, windows);
  }

  /** Maps `[B, C, T]` to `[B, C, T']`; see {@linkcode averagePool1d}. */
  forward(x: Tensor): Tensor {
    return averagePool1d(x, this.size, this.windows);
  }
}

/** The mean of each window of the last two axes, as a part of a chain. */
export class AveragePool2d extends Pool {
  /**
   * Chooses the window.
   *
   * @param size height and width of a window, one number for both or one for each
   * @param windows stride, padding, dilation
   */
  constructor(size: PerAxis, windows: PoolingOptions = {}) {
    super(2, size, windows);
  }

  /** Maps `[B, C, T, S]` to `[B, C, T', S']`; see {@linkcode averagePool2d}. */
  forward(x: Tensor): Tensor {
    return averagePool2d(x, this.size, this.windows);
  }
}

/** What a layer is printed as. */
function titleOf(name: string, size: PerAxis, windows: object): string {
  const said = (value: PerAxis | string): string => typeof value === "object" ? format(value) : `${value}`;
  const options = Object.entries(windows as Readonly<Record<string, PerAxis | string | undefined>>)
    .flatMap(([option, value]) => value === undefined ? [] : [`${option} ${said(value)}`]);
  return `${name} ${[said(size), ...options].join(", ")}`;
}
