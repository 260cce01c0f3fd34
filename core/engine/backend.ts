/**
 * # What a device must be able to do
 *
 * Buffers and loops, nothing else. A backend knows no gradients, no models and no words.
 * Reshape, transpose, slice and broadcast never reach it: they only rewrite a
 * {@linkcode View}.
 *
 * Every method enqueues work and returns at once. `download` is the one place where the
 * program waits for the device. A result is always a new, contiguous buffer, except where
 * a member says that it overwrites.
 *
 * **A required member is admitted only if composition cannot express the mathematics.**
 * Speed alone earns an entry in {@linkcode Backend.fused}: a second, faster route to a
 * function that a chapter already defines, under the same name.
 *
 * **To add a device:** implement the members, add one line to `tests/support.ts`, run
 * `deno test tests/engine/backends_test.ts`. That suite compares each member with
 * `reference.ts`; a backend is complete or visibly failing.
 *
 * @module
 */

import type { ActivationName, BinaryOp, ReduceOp, UnaryOp } from "./operations.ts";
import type { Shape } from "./shape.ts";

export type { ActivationName, ArithmeticOp, BinaryOp, ComparisonOp, ReduceOp, UnaryOp } from "./operations.ts";

/** What an element is. On the CPU and the GPU each takes four bytes; a bool is 0 or 1. */
export type DType = "float32" | "int32" | "bool";

/** Numbers in nested arrays, one level for each axis; all of a level have equal length. */
export type Nested = number | boolean | readonly Nested[];

/** What crosses the border between host and device. */
export type Numbers = Float32Array | Float64Array | Int32Array;

/** Device memory, opaque to everyone but the backend that made it. */
export interface Buffer {
  /** Size in bytes. */
  readonly byteLength: number;
}

/** How to walk a buffer: `[i, j]` sits at `offset + i·strides[0] + j·strides[1]`. */
export interface View {
  /** Where the elements live. */
  readonly buffer: Buffer;
  /** What the elements are. */
  readonly dtype: DType;
  /** Extent of each axis. */
  readonly shape: Shape;
  /** Elements to skip per step along each axis; 0 repeats (broadcast). Never negative. */
  readonly strides: Shape;
  /** Element index of `[0, …, 0]`. */
  readonly offset: number;
}

/** The attributes of a function that takes none. */
export type NoAttributes = Readonly<Record<string, never>>;

/**
 * Functions that a device may compute by a kernel of their name, and their attributes.
 *
 * A chapter states the definition and gives every attribute; a kernel of a device finds it under the same name. One
 * that is misspelt does not compile on either side. Activations take none; {@linkcode ActivationName} lists them.
 */
export interface FusedFunctions extends Readonly<Record<ActivationName, NoAttributes>> {
  /** Of {@linkcode softmax}. */
  readonly softmax: NoAttributes;
  /** Of {@linkcode logSoftmax}. */
  readonly logSoftmax: NoAttributes;
  /** Of {@linkcode crossEntropy}, one loss for each row of logits. */
  readonly crossEntropy: { readonly ignoreIndex: number; readonly labelSmoothing: number };
  /** Of {@linkcode layerNorm}. */
  readonly layerNorm: { readonly epsilon: number };
  /** Of {@linkcode rmsNorm}. */
  readonly rmsNorm: { readonly epsilon: number };
  /** Of {@linkcode linear}. */
  readonly linear: NoAttributes;
  /** Of {@linkcode dropout}; the key and the counter of a generator. */
  readonly dropout: {
    readonly rate: number;
    readonly key0: number;
    readonly key1: number;
    readonly counter: number;
  };
  /** Of {@linkcode scaledDotProductAttention}. */
  readonly attention: { readonly causal: boolean; readonly scale: number };
  /** Of {@linkcode applyRotary}. */
  readonly rotary: { readonly interleaved: boolean };
  /** Of {@linkcode RNN}, one direction of one layer. */
  readonly rnn: { readonly reverse: boolean; readonly relu: boolean };
  /** Of {@linkcode LSTM}, one direction of one layer. */
  readonly lstm: { readonly reverse: boolean };
  /** Of {@linkcode GRU}, one direction of one layer. */
  readonly gru: { readonly reverse: boolean };
}

/** Functions that overwrite tensors and may have a kernel, and their attributes. */
export interface FusedUpdates {
  /** Of {@linkcode adamW}; the corrections are those of the two averages at this step. */
  readonly adamStep: {
    readonly learningRate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
    readonly correction1: number;
    readonly correction2: number;
    readonly gradientScale: number;
  };
  /** Adds a gradient to a sum of gradients. */
  readonly accumulate: NoAttributes;
  /** Of {@linkcode clipGradients}: multiplies twice by one number; by 0 it is 0, whatever it was. */
  readonly scale: NoAttributes;
}

/** The name of a function that may have a kernel. */
export type FusedName = keyof FusedFunctions;

/** The name of an update that may have a kernel. */
export type UpdateName = keyof FusedUpdates;

/**
 * What a fused kernel hands back: the value, then what its backward kernel needs again.
 */
export type Outputs = readonly [View, ...View[]];

/**
 * A faster route to a function that a chapter defines.
 *
 * Inputs arrive in the order that the chapter gives them to `fusable`; an input left out by
 * the caller is `undefined`. A kernel may decline a combination it does not cover by
 * returning `undefined`: the definition runs instead.
 */
export type FusedForward<Name extends FusedName = FusedName> = (
  inputs: readonly (View | undefined)[],
  attributes: FusedFunctions[Name],
) => Outputs | undefined;

/**
 * The derivative of a {@linkcode FusedForward}, registered under the same name.
 *
 * Receives the inputs and outputs of the forward kernel and the gradient of its first
 * output; returns the gradient of each input whose place in `wanted` is true, shaped like
 * that input. Returning `undefined` declines.
 */
export type FusedBackward<Name extends FusedName = FusedName> = (
  inputs: readonly (View | undefined)[],
  outputs: Outputs,
  gradient: View,
  wanted: readonly boolean[],
  attributes: FusedFunctions[Name],
) => readonly (View | undefined)[] | undefined;

/**
 * A kernel that overwrites its targets, such as one step of an optimizer. The targets are
 * contiguous. Returning `false` declines.
 */
export type FusedUpdate<Name extends UpdateName = UpdateName> = (
  targets: readonly View[],
  inputs: readonly (View | undefined)[],
  attributes: FusedUpdates[Name],
) => boolean;

/** The kernels of a device, by name. */
export interface FusedKernels {
  /** Kernels that yield a value. */
  readonly forward: { readonly [Name in FusedName]?: FusedForward<Name> };
  /** Their derivatives. */
  readonly backward: { readonly [Name in FusedName]?: FusedBackward<Name> };
  /** Kernels that overwrite. */
  readonly update: { readonly [Name in UpdateName]?: FusedUpdate<Name> };
}

/**
 * How the weights of a model are kept for inference.
 *
 * `"float32"` keeps the numbers as they are, `"float16"` rounds each, `"int8"` and `"int4"` keep blocks of integers.
 */
export type PackedFormat = "float32" | "float16" | "int8" | "int4";

/** How a device keeps rows whose numbers are rounded to integers of eight bits: each as a record of int32 words. */
export interface RowRecords {
  /** Words of a record of so many numbers. */
  words(width: number): number;
  /** Records `[…, words]` of float32 rows `[…, width]`. */
  round(rows: View): Buffer;
  /** The float32 rows `[…, width]` that records stand for. */
  spread(records: View, width: number): Buffer;
  /**
   * Attention of `[B, H, T, D]` to keys and values in records.
   *
   * They are `[B, G, S, words]`, the mask is as in `fused.attention`; the result is laid out as `[B, T, H, D]`.
   */
  attend(
    query: View,
    key: View,
    value: View,
    mask: View | undefined,
    attributes: FusedFunctions["attention"],
  ): Buffer;
}

/**
 * A layout of a device's own for a matrix that is multiplied often and written rarely.
 *
 * One copy serves products with one row, where reading it takes the time, and with many.
 */
export interface Packing {
  /** Elements of four bytes that a matrix takes. */
  words(K: number, N: number): number;
  /** Overwrites `target` with a float32 matrix `[K, N]`. */
  pack(matrix: View, target: Buffer): void;
  /** `[…, K] × [K, N] (+ [N]) → […, N]`, float32. */
  multiply(x: View, packed: Buffer, N: number, bias: View | undefined): Buffer;
  /**
   * Columns of a matrix of `N` columns, each as a row of float32.
   *
   * They are those named by int32 `ids`, `[...ids.shape, K]`.
   *
   * @throws {RangeError} on a CPU device, if an id is outside `[0, N)`
   */
  columns(packed: Buffer, K: number, N: number, ids: View): Buffer;
}

/** How weights of whole numbers are kept: along the depth, blocks of *levels* with a step each. */
export interface LevelForm {
  /** Bits of a level; levels count from 0. */
  readonly bits: 4 | 7 | 8;
  /** Weights that share a step; levels of 4 bits share it by 32. */
  readonly block: 16 | 32;
  /** Whether level 0 stands for a number of the block's own; else the middle level is 0. */
  readonly least: boolean;
}

/** Columns of a matrix in levels, one after the other: a weight is `step · level + least`, or `step · (level − middle)`. */
export interface Levels {
  /** A byte for each weight, along the depth; the bytes start at a multiple of four. */
  readonly levels: Uint8Array;
  /** One for each block. */
  readonly steps: Float32Array;
  /** What level 0 stands for in each block, if the form says so; nothing by default. */
  readonly leasts?: Float32Array | undefined;
}

/**
 * A layout of a device's own for a matrix that comes as levels.
 *
 * Rows are rounded by blocks as long as those of the weights.
 */
export interface LevelPacking extends Pick<Packing, "words" | "multiply" | "columns"> {
  /**
   * Writes whole columns, from one on.
   *
   * @param columns their levels
   * @param K weights of a column, a multiple of a block
   * @param from number of the first of them, a multiple of 8
   * @param target the packed matrix
   */
  take(columns: Levels, K: number, from: number, target: Buffer): void;
}

/** Thrown by a device that has gone: its tensors are lost, and every other device goes on. */
export class DeviceLost extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "DeviceLost";
}

/** Bytes and buffers a device holds at the moment. */
export interface MemoryUse {
  /** Live buffers. */
  readonly buffers: number;
  /** Bytes in live buffers. */
  readonly bytes: number;
}

/** A device: five members for memory, nine for arithmetic, and two tables of bonuses. */
export interface Backend {
  /** `"wasm"`, `"webgpu"`, `"reference"`. */
  readonly name: string;
  /** One sentence that says what runs where, and why. */
  readonly description: string;
  /** Whether the device is gone for good: lost, or disposed of; absent on one that stays. */
  readonly lost?: boolean;
  /** Steps of a loop after which reading a result pays; absent where reading does not wait. */
  readonly readEvery?: number;

  /** Reserves room for `count` elements; what they are is undefined. */
  allocate(dtype: DType, count: number): Buffer;
  /** Copies host numbers to the device, converting them to `dtype`. */
  upload(data: Numbers, dtype: DType): Buffer;
  /** Copies device numbers back in row-major order, once all earlier work is done. */
  download(x: View): Promise<Numbers>;
  /** The same at once; absent on devices that compute while the program goes on. */
  peek?(x: View): Numbers;
  /** Gives memory back; using the buffer afterwards is an error. */
  release(buffer: Buffer): void;
  /** What is held at the moment. */
  memory(): MemoryUse;
  /** Most bytes taken from the host so far; absent where memory is not taken as a whole. */
  readonly reserved?: number;
  /**
   * Ends the device: its threads end, and all its memory is given back at once.
   *
   * That holds for the memory of live tensors too: whoever uses the device or one of them afterwards is told by a {@linkcode DeviceLost}. Doing it twice is doing it once.
   */
  dispose(): void;
  /** The same at the end of a block that began with `using device = …`. */
  [Symbol.dispose](): void;

  /** Overwrites `target` with `source`, of equal shape, converting the dtype where they differ. */
  copy(source: View, target: View): void;
  /** `y[i] = op(x[i])`, float32. */
  unary(op: UnaryOp, x: View): Buffer;
  /**
   * `y[i] = op(a[i], b[i])`; equal shapes and dtypes, broadcasting is in the strides.
   *
   * @throws {RangeError} on a CPU device, if int32 is divided by zero or raised to a negative power
   */
  binary(op: BinaryOp, a: View, b: View): Buffer;
  /** Chooses elements, `y[i] = choose[i] ? a[i] : b[i]`; `choose` is bool, `a` and `b` share a dtype. */
  select(choose: View, a: View, b: View): Buffer;
  /** Collapses the last `axes` axes; the result has the shape of the others. */
  reduce(op: ReduceOp, x: View, axes: number): Buffer;
  /** `[…, M, K] × […, K, N] → […, M, N]`, float32; leading axes equal, any strides. */
  matmul(a: View, b: View): Buffer;
  /**
   * Rows of `table` `[N, …]` named by int32 `ids`: `[...ids.shape, …]`.
   *
   * @throws {RangeError} on a CPU device, if an id is outside `[0, N)`
   */
  gather(table: View, ids: View): Buffer;
  /**
   * Adds each of `rows` `[...ids.shape, …]` into a table `[N, …]` at its id, in order.
   *
   * The table is contiguous float32.
   *
   * @throws {RangeError} on a CPU device, if an id is outside `[0, N)`
   */
  scatterAdd(table: View, ids: View, rows: View): void;
  /** The int32 order that sorts the last axis of numbers; equal elements keep their order. */
  argsort(x: View, descending: boolean): Buffer;

  /** Faster routes to functions that the book already defines. */
  readonly fused: FusedKernels;

  /** Layouts for weights at inference; where one is absent, float32 in rows takes its place. */
  readonly packing?: Readonly<Partial<Record<PackedFormat, Packing>>>;

  /** Layouts for weights that come as levels; where absent, float32 takes their place. */
  readonly levels?: ((form: LevelForm) => LevelPacking) | undefined;

  /** Rows in eight bits, for keys and values. Where it is absent, rounded float32 takes its place. */
  readonly records?: RowRecords;
}
