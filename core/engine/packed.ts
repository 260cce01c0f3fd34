/**
 * # Weights at inference
 *
 * **Question.** A model that answers token by token multiplies one row by every weight it has,
 * and each weight is used once. The time is that of reading the weights. How can they be read
 * faster?
 *
 * **Idea.** Keep them as a device likes to read them, and keep fewer bytes. {@linkcode pack}
 * replaces each matrix of a model by one copy in the device's own layout; {@linkcode quantize}
 * rounds it to integers of eight or four bits on the way. The same bytes serve a prompt of
 * many tokens and the single tokens that follow, and the memory of the original is given back.
 *
 * **Formula.** Integers are rounded in *blocks* of 32 along the depth. With $e$ the weight of a
 * block that lies farthest from zero, $h$ = 64 (int8) or 8 (int4) and $m = \max_k |x_k|$ over
 * the same block of the row that is multiplied,
 *
 * $$s = -\frac{e}{h}, \qquad \hat w_k = s \cdot \mathrm{clip}_{[-h,\,h-1]}\Big\lfloor \frac{w_k}{s} + \frac12 \Big\rfloor, \qquad \hat x_k = \frac{m}{127} \Big\lfloor \frac{127\,x_k}{m} + \frac12 \Big\rfloor, \qquad y = \hat x \hat W + b$$
 *
 * | symbol        | in code                  | stored as                                          |
 * | ------------- | ------------------------ | -------------------------------------------------- |
 * | $\hat W$      | `roundWeights(W, h)`     | levels of 8 or 4 bits and, per block, $s$ in float32 |
 * | $\hat x$      | `roundRows(x)`           | made for each product                              |
 *
 * **Why the row is rounded too.** Products of small integers are what makes the arithmetic as
 * fast as the reading: one instruction adds sixteen of them. The sum over a block is exact;
 * $|\hat x_k - x_k| \le m / 254$ and $|\hat w_k - w_k| \le |s|$ (half of it, unless the block has
 * numbers on the other side that are as far from zero) bound the error. A row is rounded in the
 * same way whether it comes alone or with others, so that a cache changes nothing.
 *
 * **Why blocks.** One large weight makes the steps of its whole block coarse, and nobody else's.
 *
 * **Levels of a file.** Files of trained models hold weights that are rounded already: levels of 4 to 8 bits in blocks of 16 or 32, with a step
 * each, and where the form says so with a least weight, $\hat w_k = s\,q_k + m$. [Levels](levels.ts) are kept
 * as they are, without a second rounding.
 *
 * **float32 and float16.** `float32` changes the order of the weights and no bit of them.
 * `float16` rounds each to eleven significant bits, in steps of at least $2^{-24}$ and up to 65504,
 * and halves the bytes. Rows stay as they are.
 *
 * **What is lost.** A character model of four layers, trained on the English half of the book's corpus, reads
 * a text that was kept aside (`bench/quantization.ts`). The error is that of the logits, relative to their standard
 * deviation:
 *
 * | format  | bits per weight | perplexity | error of logits | same likeliest character |
 * | ------- | --------------- | ---------- | --------------- | ------------------------ |
 * | float32 | 32              | 3.363      | 0               | 100.0 %                  |
 * | float16 | 16              | 3.363      | 0.02 %          | 100.0 %                  |
 * | int8    | 9               | 3.364      | 1.4 %           | 98.7 %                   |
 * | int4    | 5               | 3.480      | 10.4 %          | 91.5 %                   |
 *
 * A device without a layout of its own keeps the rounded weights as float32: the definition below
 * is then what runs, with the same results and without the gain.
 *
 * @module
 */

import { checkOptionalTensors, checkSizes, checkTensors } from "./arguments.ts";
import { isRecording, noGrad } from "./autograd.ts";
import type { Backend, PackedFormat, Packing, View } from "./backend.ts";
import { withBackend } from "./device.ts";
import { isFusing } from "./fusable.ts";
import { checkValue, flag, shown } from "./options.ts";
import { requireFloat, sameDevice } from "./refusals.ts";
import { keep, release, scope, Storage } from "./scope.ts";
import { dims, format as show, type Shape, sizeOf } from "./shape.ts";
import { full, tensor } from "./create.ts";
import { adopt, type Tensor, uninitialized } from "./tensor.ts";

// ## The definition

/** Weights or features that share a step. */
const BLOCK = 32;

/** Levels on either side of zero; 0 where no integers are kept. */
const HALF: Readonly<Record<PackedFormat, number>> = { float32: 0, float16: 0, int8: 64, int4: 8 };

/** The formats there are. */
const FORMATS = Object.keys(HALF) as readonly PackedFormat[];

/**
 * Refuses a format that is none, or none of those that a function makes.
 *
 * @param action what is attempted
 * @param format what was given
 * @param formats those that it may be
 * @throws {TypeError} if it is another
 */
export function requireFormat(action: string, format: PackedFormat, formats: readonly PackedFormat[]): void {
  if (!formats.includes(format)) {
    throw new TypeError(`Cannot ${action} ${shown(format)}: it must be ${formats.join(" or ")}`);
  }
}

/** Rounds numbers block by block: `step` says how coarsely, `[…, blocks, 1]` from `[…, blocks, size]`. */
function inBlocks(x: Tensor, step: (blocks: Tensor) => Tensor, low: number, high: number, size = BLOCK): Tensor {
  const width = x.shape[x.rank - 1]!, count = Math.ceil(width / size);
  const whole = uninitialized(x.device, [...x.shape.slice(0, -1), count * size], "float32");
  whole.assign(0);
  whole.slice(-1, 0, width).assign(x);
  const blocks = whole.reshape([...x.shape.slice(0, -1), count, size]);
  const steps = step(blocks);
  // The floor of a sum that is never negative: one rounding rule for both signs.
  const levels = blocks.div(steps.where(steps.notEqual(0), 1)).add(0.5 - low).floor().clamp(0, high - low).add(low);
  return levels.mul(steps).reshape(whole.shape).slice(-1, 0, width);
}

/** Refuses what has no rows of float32. */
function requireRows(tensors: Readonly<Record<string, Tensor>>): void {
  checkTensors("round", tensors);
  for (const x of Object.values(tensors)) {
    requireFloat("rounded rows", x);
    if (x.rank === 0) throw new TypeError("Cannot round the rows of a scalar: it has no axis");
  }
}

/**
 * Rounds rows of weights to as many levels per block of 32 as a format has.
 *
 * `int8` has 2 · 64 levels, `int4` 2 · 8.
 *
 * @param weights rows along which the product sums, `[…, K]`
 * @param half levels on either side of zero
 * @returns the rounded weights, of the same shape
 */
export function roundWeights(weights: Tensor, half: number): Tensor {
  requireRows({ weights });
  checkSizes("round", { half }, { min: 1 });
  const farthest = (blocks: Tensor): Tensor => {
    const high = blocks.max(-1, { keepDims: true }), low = blocks.min(-1, { keepDims: true });
    return high.where(high.greaterEqual(low.neg()), low);
  };
  return noGrad(() => scope(() => inBlocks(weights, (blocks) => farthest(blocks).mul(-1 / half), -half, half - 1)));
}

/**
 * Rounds rows of features to 255 levels per block, for products with integers.
 *
 * @param x rows, `[…, K]`
 * @param block features that share a step; 32 by default
 * @returns the rounded rows, of the same shape
 */
export function roundRows(x: Tensor, block: number = 32): Tensor {
  requireRows({ x });
  checkSizes("round", { block }, { min: 1 });
  const step = (blocks: Tensor): Tensor => blocks.abs().max(-1, { keepDims: true }).div(127);
  return noGrad(() => scope(() => inBlocks(x, step, -127, 127, block)));
}

/**
 * Rounds weights to float16: to the nearest, ties away from zero.
 *
 * @param weights numbers; beyond ±65504 they become that, and NaN stays
 * @returns the rounded weights, of the same shape
 */
export function roundHalves(weights: Tensor): Tensor {
  checkTensors("round", { weights });
  return noGrad(() =>
    scope(() => {
      const size = weights.abs().minimum(65504);
      // Ten bits behind the first one; below $2^{-14}$ the steps grow no finer.
      const exponent = size.maximum(2 ** -14).log().div(Math.LN2).floor();
      const step = full([], 2).pow(exponent.sub(10));
      return size.div(step).add(0.5).floor().mul(step).mul(weights.sign());
    })
  );
}

/** What a format keeps of a matrix `[K, N]`. */
function kept(matrix: Tensor, format: PackedFormat): Tensor {
  const half = HALF[format];
  if (half) return roundWeights(matrix.transpose(), half).transpose();
  return format === "float16" ? withBackend(matrix.device, () => roundHalves(matrix)) : matrix.clone();
}

// ## A matrix in packed form

/** What a device does with packed weights. */
type Layout = Pick<Packing, "words" | "multiply" | "columns">;

/** How a packed matrix is kept. */
export interface Kept {
  /** A format, or what a file calls its levels. */
  readonly format: string;
  /** Whether it is a table, whose rows are the columns that are multiplied. */
  readonly turned: boolean;
  /** What stands for the packed bytes on a device that has no layout for them, `[K, N]`. */
  readonly plain: Tensor | undefined;
  /** Features of a row that are rounded together; 0 if rows stay as they are. */
  readonly block: number;
  /** What a device does with them, unless `plain` stands for them. */
  readonly layout: Layout | undefined;
  /** Overwrites them with others, where numbers can be packed. */
  readonly fill: ((matrix: Tensor) => void) | undefined;
}

/** Memory for a matrix `[K, N]`: in the layout of the device, or as plain numbers where it has none. */
export function roomFor(
  device: Backend,
  layout: Layout | undefined,
  K: number,
  N: number,
): Pick<Kept, "plain"> & { readonly storage: Storage } {
  const plain = layout ? undefined : keep(uninitialized(device, [K, N], "float32"));
  const storage = plain?.storage ?? new Storage(device, device.allocate("float32", layout!.words(K, N)));
  return { storage, plain };
}

/**
 * A matrix that is kept for multiplication: the packed form of a weight or of a table.
 *
 * {@linkcode PackedMatrix.read} returns the values that it keeps and {@linkcode PackedMatrix.assign} packs
 * others, so that a packed model is saved and loaded like any other. It has no elements to compute with, and no gradient.
 */
export class PackedMatrix {
  /** The packed bytes, or what stands for them on a device that has no layout. */
  readonly storage: Storage;
  /** Always float32: what is kept stands for such numbers. */
  readonly dtype = "float32" as const;
  /** Extents of what was packed. */
  readonly shape: Shape;
  /** How the numbers are kept: a format, or what a file calls its levels. */
  readonly format: string;
  /** What a device does with them; nothing if {@linkcode PackedMatrix.#plain} stands for it. */
  readonly #layout: Layout | undefined;
  /** Overwrites them with others, where numbers can be packed. */
  readonly #fill: ((matrix: Tensor) => void) | undefined;
  /** Features of a row that are rounded together; 0 if rows stay as they are. */
  readonly #block: number;
  /** Whether this is the transpose of the matrix that is multiplied from the right. */
  readonly #turned: boolean;
  /** What stands for the packed bytes on a device that has no layout for them: `[K, N]`. */
  readonly #plain: Tensor | undefined;

  /**
   * Takes over packed memory.
   *
   * @param storage the bytes
   * @param shape extents of what they stand for
   * @param kept how they are kept
   */
  constructor(storage: Storage, shape: Shape, { format, turned, plain, block, layout, fill }: Kept) {
    this.storage = storage;
    this.shape = shape;
    this.format = format;
    this.#turned = turned;
    this.#plain = plain;
    this.#block = block;
    this.#layout = layout;
    this.#fill = fill;
  }

  /** Packs a copy of a matrix `[K, N]`, or of a table `[N, K]` whose rows are its columns. */
  static of(matrix: Tensor, format: PackedFormat, isTable: boolean): PackedMatrix {
    checkTensors("pack", { matrix });
    requireFormat("pack weights as", format, FORMATS);
    checkValue("pack", "isTable", isTable, flag);
    requireFloat("packed weights", matrix);
    const { device } = matrix, { M, N } = dims(matrix, "M N");
    return scope(() => {
      const layout = sizeOf(matrix.shape) > 0 ? device.packing?.[format] : undefined;
      const [K, columns] = isTable ? [N, M] : [M, N];
      const { storage, plain } = roomFor(device, layout, K, columns);
      const fill = (matrix: Tensor): void => {
        if (plain) plain.assign(kept(matrix, format));
        else layout!.pack(matrix, storage.buffer);
      };
      const rest = { format, turned: isTable, plain, layout, fill, block: HALF[format] ? BLOCK : 0 };
      const packed = keep(new PackedMatrix(storage, matrix.shape, rest));
      packed.assign(matrix);
      return packed;
    });
  }

  /** Number of elements that it stands for. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether these are levels of a file, into which no other numbers are rounded. */
  get isFixed(): boolean {
    return this.#fill === undefined;
  }

  /** Where it lies. */
  get device(): Backend {
    return this.storage.device;
  }

  /** Extents of the matrix that is multiplied from the right. */
  get #extents(): readonly [K: number, N: number] {
    const [a, b] = this.shape as readonly [number, number];
    return this.#turned ? [b, a] : [a, b];
  }

  /** The transpose, a view of the same bytes. */
  transpose(): PackedMatrix {
    return new PackedMatrix(this.storage, [...this.shape].reverse(), {
      ...{ format: this.format, turned: !this.#turned, plain: this.#plain },
      ...{ block: this.#block, layout: this.#layout, fill: this.#fill },
    });
  }

  /** The values that are kept, as an ordinary tensor. */
  unpack(): Tensor {
    const [K, N] = this.#extents, layout = this.#layout;
    if (!layout) return noGrad(() => this.#turned ? this.#plain!.transpose().clone() : this.#plain!.clone());
    return noGrad(() =>
      scope(() => {
        const ids = withBackend(this.device, () => tensor(Int32Array.from({ length: N }, (_, column) => column)));
        const table = adopt(this.device, layout.columns(this.storage.buffer, K, N, ids), "float32", [N, K]);
        return this.#turned ? table : table.transpose();
      })
    );
  }

  /** Copies the values that are kept back from the device. */
  async read(): ReturnType<Tensor["read"]> {
    const values = scope(() => this.unpack());
    try {
      return await values.read();
    } finally {
      release(values);
    }
  }

  /**
   * Packs other values in the same place.
   *
   * @param source the values
   * @throws {TypeError} if these are levels of a file, into which numbers are not rounded
   */
  assign(source: Tensor): void {
    checkTensors("pack", { source });
    const fill = this.#fill;
    if (!fill) {
      throw new TypeError(`Cannot overwrite weights in ${this.format}: they stay as their file has them`);
    }
    noGrad(() =>
      scope(() => {
        const given = uninitialized(this.device, this.shape, "float32");
        given.assign(source);
        fill(this.#turned ? given.transpose() : given);
      })
    );
  }

  /**
   * Multiplies the last axis: what `linear` does.
   *
   * @param x `[…, K]`
   * @param bias `[N]`; none by default
   * @returns `[…, N]`
   * @throws {TypeError} if a gradient is wanted, or this is a table that has not been transposed
   */
  multiply(x: Tensor, bias?: Tensor): Tensor {
    checkTensors("multiply by a packed matrix", { x });
    checkOptionalTensors("multiply by a packed matrix", { bias });
    for (const other of [x, bias]) if (other) sameDevice(this, other);
    for (const other of [x, bias]) if (other) requireFloat("a product", other);
    if (this.#turned) {
      throw new TypeError(`Cannot multiply by a packed table of shape ${show(this.shape)}: transpose() it first`);
    }
    if (isRecording() && (x.requiresGrad || bias?.requiresGrad)) {
      throw new TypeError("Cannot differentiate through packed weights: call the model inside noGrad()");
    }
    const [K, N] = this.#extents, layout = isFusing() ? this.#layout : undefined;
    if (x.shape[x.rank - 1] !== K) {
      throw new TypeError(`Cannot map features of shape ${show(x.shape)}: the last extent must be ${K}`);
    }
    if (bias) dims(bias, "O", { O: N });
    const shape = [...x.shape.slice(0, -1), N];
    if (layout && K > 0 && sizeOf(shape) > 0) {
      return adopt(this.device, layout.multiply(x, this.storage.buffer, N, bias), "float32", shape);
    }
    return scope(() => {
      const product = (this.#block > 0 ? roundRows(x, this.#block) : x).matmul(this.#plain ?? this.unpack());
      return bias ? product.add(bias) : product;
    });
  }

  /**
   * Rows of a table by number: what `take` does.
   *
   * @param ids int32 `[…]`
   * @returns `[...ids.shape, K]`
   */
  rows(ids: Tensor): Tensor {
    checkTensors("take rows", { ids });
    sameDevice(this, ids);
    if (ids.dtype !== "int32") throw new TypeError(`Cannot take rows by ${ids.dtype}: ids must be int32`);
    const [K, N] = this.#extents, layout = this.#layout;
    const shape = [...ids.shape, this.shape[1]!];
    return scope(() => {
      const buffer = layout && this.#turned
        ? layout.columns(this.storage.buffer, K, N, ids)
        : this.device.gather(this.#plain && this.#turned ? this.#plain.transpose() as View : this.unpack(), ids);
      return adopt(this.device, buffer, "float32", shape);
    });
  }
}
