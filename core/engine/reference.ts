/**
 * # The reference device
 *
 * **Question.** Fast kernels reorder sums, approximate $e^x$ and walk memory in blocks.
 * What tells whether their answer is right?
 *
 * **Idea.** A second answer that is slow and plain. This device keeps every float32 element
 * in double precision, lays the elements of a view in a row, and loops over the row. Its
 * rounding errors are some $10^8$ times smaller than those of a float32 device, so in a
 * comparison it counts as exact. It is the judge in every test, the ground on which
 * gradients are checked by differences, and the last resort where nothing faster runs.
 *
 * **Rules.** Where mathematics leaves a choice, the choice is made here and holds on every
 * device:
 *
 * | case                             | rule                                                          |
 * | -------------------------------- | ------------------------------------------------------------- |
 * | int32 `add`, `sub`, `mul`, `sum` | wrap around at 32 bits                                        |
 * | int32 `div`                      | rounds towards $-\infty$: $-7 / 2 = -4$                       |
 * | int32 `div`, `mod` by zero       | `RangeError`; 0 on a GPU device, which does not look at them  |
 * | int32 `pow` to less than 0       | `RangeError` on a CPU device                                  |
 * | `mod`                            | takes the sign of the divisor: $-7 \bmod 3 = 2$               |
 * | `max`, `min` of NaN and a number | NaN, elementwise and over axes                                |
 * | `argmax` of a row with NaN       | the first NaN; among equal maxima the first                   |
 * | `argsort`                        | stable in both directions; NaN counts as the greatest number  |
 * | `sum`, `max`, `min` of nothing   | 0, $-\infty$, $\infty$; int32 `max`, `min` and `argmax` throw |
 *
 * NaN among the arguments makes a result NaN, but $\mathrm{NaN}^0 = 1^{\mathrm{NaN}} = 1$, and comparisons with it are false, `notEqual`
 * true. What becomes of a number that a dtype does not have stands in [numbers](numbers.ts).
 *
 * **Why double precision under the name float32.** A central difference
 * $(f(x + h) - f(x - h)) / 2h$ loses half the digits it is computed with. Half of sixteen
 * leaves eight, enough to convict a wrong gradient; half of seven does not.
 *
 * @module
 */

import type { Backend, Buffer, DType, MemoryUse, Numbers, View } from "./backend.ts";
import { printsItself } from "./printing.ts";
import { binaryRules, comparisonRules, unaryRules } from "./elementwise.ts";
import { converted } from "./numbers.ts";
import { type BinaryOp, isComparison, type ReduceOp, type UnaryOp } from "./operations.ts";
import {
  checkArgsort,
  checkBinary,
  checkCopy,
  checkGather,
  checkHostCount,
  checkIds,
  checkIntegers,
  checkMatmul,
  checkReduce,
  checkScatterAdd,
  checkSelect,
  checkUnary,
  disposed,
} from "./requirements.ts";
import { format, isContiguous, sizeOf } from "./shape.ts";

/** What a buffer holds: doubles for float32, integers for int32 and bool. */
type Elements = Float64Array | Int32Array;

/** An array of the host behind the opaque {@linkcode Buffer}. */
class HostBuffer implements Buffer {
  readonly byteLength: number;
  #elements: Elements | undefined;
  #gone: Error | undefined;

  constructor(elements: Elements) {
    this.byteLength = elements.byteLength;
    this.#elements = elements;
  }

  get elements(): Elements {
    if (this.#elements === undefined) throw this.#gone ?? new TypeError("Cannot use a buffer that was released");
    return this.#elements;
  }

  /** Gives the elements back; `gone` is what is said then, that the buffer was released by default. */
  clear(gone?: Error): void {
    this.#elements = undefined;
    this.#gone = gone;
  }
}

const { floor } = Math;

// ## From views to rows of numbers

function allocate(dtype: DType, count: number): Elements {
  checkHostCount(count);
  try {
    return dtype === "float32" ? new Float64Array(count) : new Int32Array(count);
  } catch {
    throw new RangeError(`Cannot allocate ${count} elements: the engine grants no memory for them`);
  }
}

function elementsOf(x: View): Elements {
  const { elements } = x.buffer as HostBuffer;
  if (x.shape.length !== x.strides.length) {
    throw new TypeError(`Cannot walk shape ${format(x.shape)} with strides ${format(x.strides)}: the lengths differ`);
  }
  if ((x.dtype === "float32") !== (elements instanceof Float64Array)) {
    throw new TypeError(`Cannot read a buffer of ${x.dtype === "float32" ? "integers" : "float32"} as ${x.dtype}`);
  }
  const last = x.shape.reduce((sum, extent, axis) => sum + (extent - 1) * x.strides[axis]!, x.offset);
  if (sizeOf(x.shape) > 0 && (x.offset < 0 || last >= elements.length)) {
    throw new RangeError(
      `Cannot reach elements ${x.offset} to ${last} of a buffer of ${elements.length}`,
    );
  }
  return elements;
}

/** Where each element of a view lies in its buffer, in row-major order. */
function positions(x: View): Int32Array {
  let found = Int32Array.of(x.offset);
  x.shape.forEach((extent, axis) => {
    const stride = x.strides[axis]!;
    const finer = allocate("int32", found.length * extent) as Int32Array<ArrayBuffer>;
    for (let i = 0, at = 0; i < found.length; i++) {
      for (let j = 0; j < extent; j++) finer[at++] = found[i]! + j * stride;
    }
    found = finer;
  });
  return found;
}

/** The elements of a view in row-major order; shared with the buffer where they already lie so. */
function row(x: View): Elements {
  const elements = elementsOf(x);
  if (isContiguous(x.shape, x.strides)) return elements.subarray(x.offset, x.offset + sizeOf(x.shape));
  const at = positions(x);
  const result = allocate(x.dtype, at.length);
  for (let i = 0; i < at.length; i++) result[i] = elements[at[i]!]!;
  return result;
}

// ## Rows by number

/** Rows that gather and scatterAdd move: how long each is, and which one each id names. */
function namedRows(action: "gather" | "add into", table: View, ids: View): { width: number; names: Int32Array } {
  const names = row(ids) as Int32Array;
  checkIds(action, names, table.shape[0]!);
  return { width: sizeOf(table.shape.slice(1)), names };
}

// ## Collapsing a row

/** Where the greatest element of a row lies; the first NaN beats all. */
function argmax(x: Elements, start: number, end: number): number {
  let best = start;
  for (let i = start; i < end && !Number.isNaN(x[best]!); i++) {
    if (x[i]! > x[best]! || Number.isNaN(x[i]!)) best = i;
  }
  return best - start;
}

function fold(op: "sum" | "max" | "min", x: Elements, start: number, end: number): number {
  const combine = binaryRules[op === "sum" ? "add" : op].value;
  let result = op === "sum" ? 0 : op === "max" ? -Infinity : Infinity;
  for (let i = start; i < end; i++) result = combine(result, x[i]!);
  return result;
}

/** Ascending, NaN last. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Number(a > b) - Number(a < b);
}

/** The device in double precision that every other device is measured against. */
class ReferenceDevice implements Backend {
  readonly name = "reference";
  readonly description =
    "Double precision on the main thread in plain loops: slow, and the measure of all other devices";
  readonly fused: Backend["fused"] = { forward: {}, backward: {}, update: {} };
  readonly #live = new Set<Buffer>();
  #bytes = 0;

  #isDisposed = false;

  get lost(): boolean {
    return this.#isDisposed;
  }

  dispose(): void {
    for (const buffer of this.#live) (buffer as HostBuffer).clear(disposed(this.name));
    this.#live.clear();
    this.#bytes = 0;
    this.#isDisposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `${this.name}: ${this.description}`;
  }

  #own(elements: Elements): Buffer {
    if (this.#isDisposed) throw disposed(this.name);
    const buffer = new HostBuffer(elements);
    this.#live.add(buffer);
    this.#bytes += buffer.byteLength;
    return buffer;
  }

  allocate(dtype: DType, count: number): Buffer {
    return this.#own(allocate(dtype, count));
  }

  upload(data: Numbers, dtype: DType): Buffer {
    const elements = allocate(dtype, data.length);
    for (let i = 0; i < data.length; i++) elements[i] = converted(data[i]!, dtype);
    return this.#own(elements);
  }

  // A refusal arrives as a rejected promise, as it does on a device that answers later.
  // deno-lint-ignore require-await
  async download(x: View): Promise<Numbers> {
    return this.peek(x);
  }

  peek(x: View): Numbers {
    return row(x).slice();
  }

  release(buffer: Buffer): void {
    if (this.#isDisposed) return;
    if (!this.#live.delete(buffer)) throw new TypeError("Cannot release a buffer that this device does not hold");
    this.#bytes -= buffer.byteLength;
    (buffer as HostBuffer).clear();
  }

  memory(): MemoryUse {
    return { buffers: this.#live.size, bytes: this.#bytes };
  }

  copy(source: View, target: View): void {
    checkCopy(source, target);
    // A copy of its own, in case that both views share a buffer and overlap.
    const from = row(source).slice();
    const to = elementsOf(target);
    const at = positions(target);
    for (let i = 0; i < at.length; i++) to[at[i]!] = converted(from[i]!, target.dtype);
  }

  unary(op: UnaryOp, x: View): Buffer {
    checkUnary(op, x);
    const from = row(x), to = new Float64Array(from.length), apply = unaryRules[op].value;
    for (let i = 0; i < to.length; i++) to[i] = apply(from[i]!);
    return this.#own(to);
  }

  binary(op: BinaryOp, a: View, b: View): Buffer {
    checkBinary(op, a, b);
    const left = row(a), right = row(b);
    if (isComparison(op)) return this.#own(this.#zip(comparisonRules[op], left, right, "bool"));
    if (a.dtype === "float32") return this.#own(this.#zip(binaryRules[op].value, left, right, "float32"));

    checkIntegers(op, right as Int32Array);
    return this.#own(this.#zip(binaryRules[op].integers, left, right, "int32"));
  }

  #zip(f: (a: number, b: number) => number, a: Elements, b: Elements, dtype: DType): Elements {
    const to = allocate(dtype, a.length);
    for (let i = 0; i < to.length; i++) to[i] = f(a[i]!, b[i]!);
    return to;
  }

  select(choose: View, a: View, b: View): Buffer {
    checkSelect(choose, a, b);
    const mask = row(choose), left = row(a), right = row(b), to = allocate(a.dtype, mask.length);
    for (let i = 0; i < to.length; i++) to[i] = mask[i] ? left[i]! : right[i]!;
    return this.#own(to);
  }

  reduce(op: ReduceOp, x: View, axes: number): Buffer {
    checkReduce(op, x, axes);
    const kept = sizeOf(x.shape.slice(0, x.shape.length - axes));
    const width = sizeOf(x.shape.slice(x.shape.length - axes));
    const from = row(x), to = allocate(op === "argmax" ? "int32" : x.dtype, kept);
    for (let i = 0; i < kept; i++) {
      const start = i * width, end = start + width;
      to[i] = op === "argmax" ? argmax(from, start, end) : fold(op, from, start, end);
    }
    return this.#own(to);
  }

  matmul(a: View, b: View): Buffer {
    checkMatmul(a, b);
    const [M, K] = a.shape.slice(-2) as [number, number], N = b.shape.at(-1)!, batch = a.shape.slice(0, -2);
    const left = row(a), right = row(b), to = new Float64Array(sizeOf(batch) * M * N);
    // Row i of the result is the sum over k of a[i, k] times row k of b.
    for (let i = 0; i < sizeOf(batch) * M; i++) {
      const block = floor(i / M) * K * N;
      for (let k = 0; k < K; k++) {
        const weight = left[i * K + k]!, from = block + k * N;
        for (let j = 0; j < N; j++) to[i * N + j]! += weight * right[from + j]!;
      }
    }
    return this.#own(to);
  }

  gather(table: View, ids: View): Buffer {
    checkGather(table, ids);
    const { width, names } = namedRows("gather", table, ids);
    const from = row(table), to = allocate(table.dtype, names.length * width);
    names.forEach((id, i) => to.set(from.subarray(id * width, (id + 1) * width), i * width));
    return this.#own(to);
  }

  scatterAdd(table: View, ids: View, rows: View): void {
    checkScatterAdd(table, ids, rows);
    const { width, names } = namedRows("add into", table, ids);
    const from = row(rows), to = row(table);
    for (let i = 0; i < from.length; i++) to[names[floor(i / width)]! * width + i % width]! += from[i]!;
  }

  argsort(x: View, descending: boolean): Buffer {
    checkArgsort(x);
    const width = x.shape.at(-1)!, from = row(x), to = new Int32Array(from.length);
    const direction = descending ? -1 : 1;
    for (let start = 0; start < from.length; start += width) {
      const order = Array.from({ length: width }, (_, i) => i);
      order.sort((i, j) => direction * ascending(from[start + i]!, from[start + j]!));
      to.set(order, start);
    }
    return this.#own(to);
  }
}

printsItself(ReferenceDevice);

/** Makes a device that computes in double precision, in plain loops. */
export function createReferenceDevice(): Backend {
  return new ReferenceDevice();
}
