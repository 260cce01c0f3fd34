/**
 * # What the tests stand on
 *
 * Devices to run on, numbers to feed them, and the two comparisons that everything comes
 * down to: {@linkcode assertClose} between two results, {@linkcode assertGradients} between
 * a derivative and a quotient of differences.
 *
 * **To add a device,** add a line to {@linkcode devices}. Each test registered by
 * {@linkcode onEveryBackend} then runs on it too; where it is absent, the test is reported
 * as ignored under the device's name.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { noGrad } from "../core/engine/autograd.ts";
import type { Backend, DType, Numbers } from "../core/engine/backend.ts";
import { withBackend } from "../core/engine/device.ts";
import type { Module } from "../core/engine/module.ts";
import { full, lowerTriangle, parameter, tensor } from "../core/engine/create.ts";
import { concat } from "../core/engine/joining.ts";
import { Tensor } from "../core/engine/tensor.ts";
import { createReferenceDevice } from "../core/engine/reference.ts";
import { scope } from "../core/engine/scope.ts";
import { contiguousStrides, sizeOf } from "../core/engine/shape.ts";
import { createWebgpuDevice } from "../gpu/mod.ts";
import { createWasmDevice } from "../wasm/mod.ts";
import { note } from "./permissions.ts";

// ## Devices

/** A device that tests run on, or the reason why it is absent. */
export interface TestedDevice {
  /** Appears in the names of tests. */
  readonly name: string;
  /** The device, if it can be had here. */
  readonly backend: Backend | undefined;
  /** Another device of the same kind, with memory of its own. */
  readonly another: () => Backend | Promise<Backend>;
}

/** The judge: double precision, plain loops. */
export const reference: Backend = createReferenceDevice();

const openWebgpu = (): Promise<Backend> => createWebgpuDevice({ allowSoftware: true });
const webgpu = await openWebgpu().catch((error: Error) => {
  note(`tests on webgpu are ignored: ${error.message}`);
  return undefined;
});
if (webgpu) note(`tests on webgpu run on this: ${webgpu.description}`);

/** Every device that tests run on. */
export const devices: readonly TestedDevice[] = [
  { name: "reference", backend: reference, another: createReferenceDevice },
  { name: "wasm", backend: createWasmDevice(), another: () => createWasmDevice() },
  { name: "webgpu", backend: webgpu, another: openWebgpu },
];

/**
 * Registers one test per device; inside `f`, new tensors live on that device.
 *
 * On webgpu it is ignored where the driver has a fault that it cannot do without; `faults` of `gpu/driver.ts` finds them.
 */
export function onEveryBackend(
  name: string,
  f: (device: Backend) => void | Promise<void>,
  faults: readonly string[] = [],
): void {
  for (const device of devices) {
    Deno.test({
      name: `${name} [${device.name}]`,
      ignore: device.backend === undefined || (device.name === "webgpu" && faults.length > 0),
      fn: () => withBackend(device.backend!, () => f(device.backend!)),
    });
  }
}

/**
 * Registers one test per device, each with a device of its own.
 *
 * For tests that count memory on both sides of an `await`: what earlier tests left on a
 * shared device is collected whenever the program waits, and would be counted too.
 */
export function onItsOwnBackend(name: string, f: (device: Backend) => void | Promise<void>): void {
  for (const device of devices) {
    Deno.test({
      name: `${name} [${device.name}]`,
      ignore: device.backend === undefined,
      fn: async () => {
        const own = await device.another();
        await withBackend(own, () => f(own));
      },
    });
  }
}

/** Registers a test whose tensors live on the reference device. */
export function onReference(name: string, f: () => void | Promise<void>): void {
  Deno.test(name, () => withBackend(reference, f));
}

// ## Numbers on the host

/** Numbers on the host with a shape; what a test computes by hand. */
export class HostArray {
  /** Row-major elements. */
  readonly data: Numbers;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** What a tensor made of it holds. */
  readonly dtype: DType;

  /** Takes the numbers as they are, without a copy. */
  constructor(data: Numbers, shape: readonly number[], dtype: DType = "float32") {
    assertEquals(data.length, sizeOf(shape));
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** The element at an index. */
  at(...index: number[]): number {
    const strides = contiguousStrides(this.shape);
    const inside = index.length === strides.length && index.every((i, axis) => i >= 0 && i < this.shape[axis]!);
    if (!inside) throw new RangeError(`Cannot read index [${index.join(", ")}] of shape [${this.shape.join(", ")}]`);
    return this.data[index.reduce((position, i, axis) => position + i * strides[axis]!, 0)]!;
  }

  /** A tensor of these numbers on the current device. */
  tensor(): Tensor {
    return tensor(this.data, this.shape, this.dtype);
  }

  /** A tensor of these numbers, rounded to float32 where another device would round them. */
  static async of(x: Tensor): Promise<HostArray> {
    return new HostArray(await x.read(), x.shape, x.dtype);
  }
}

/** All indices of a shape, in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const strides = contiguousStrides(shape);
  for (let i = 0; i < sizeOf(shape); i++) {
    yield shape.map((extent, axis) => Math.floor(i / strides[axis]!) % extent);
  }
}

/** An array whose element at each index is what `f` says: the brute force of many tests. */
export function build(
  shape: readonly number[],
  f: (...index: number[]) => number,
  dtype: DType = "float32",
): HostArray {
  const data = dtype === "float32" ? new Float64Array(sizeOf(shape)) : new Int32Array(sizeOf(shape));
  let i = 0;
  for (const index of indices(shape)) data[i++] = f(...index);
  return new HostArray(data, shape, dtype);
}

/** The sum of `f(i)` for `i` from 0 to `n − 1`. */
export function sumOver(n: number, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += f(i);
  return sum;
}

/**
 * A small seeded generator for test data (Mulberry32, Ettinger 2017), independent of the
 * engine's own `Random`, which is itself under test.
 *
 * Floats are rounded to float32, so that each device receives the same numbers.
 */
export class Draws {
  #state: number;

  /** The same seed draws the same numbers. */
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b9) | 0;
  }

  /** A number in `[0, 1)`. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  #fill(shape: readonly number[], f: () => number, dtype: DType = "float32"): HostArray {
    const data = dtype === "float32" ? new Float64Array(sizeOf(shape)) : new Int32Array(sizeOf(shape));
    return new HostArray(data.map(f), shape, dtype);
  }

  /** Standard normal numbers. */
  normal(...shape: number[]): HostArray {
    return this.#fill(shape, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
      return Math.fround(radius * Math.cos(2 * Math.PI * this.next()));
    });
  }

  /** Numbers spread evenly over an interval. */
  uniform(min: number, max: number, ...shape: number[]): HostArray {
    return this.#fill(shape, () => Math.fround(min + (max - min) * this.next()));
  }

  /** Distinct numbers in random order, a step of 1/16 apart: no ties, and no near ones. */
  spaced(...shape: number[]): HostArray {
    const order = this.permutation(sizeOf(shape));
    let i = 0;
    return this.#fill(shape, () => (order[i++]! - order.length / 2 + 0.25) / 16);
  }

  /** Multiples of 1/4 from −1 to 1: many ties. */
  coarse(...shape: number[]): HostArray {
    return this.#fill(shape, () => Math.floor(9 * this.next()) / 4 - 1);
  }

  /** Whole numbers from `min` to `max − 1`. */
  integers(min: number, max: number, ...shape: number[]): HostArray {
    return this.#fill(shape, () => min + Math.floor((max - min) * this.next()), "int32");
  }

  /** True with the given probability. */
  booleans(probability: number, ...shape: number[]): HostArray {
    return this.#fill(shape, () => Number(this.next() < probability), "bool");
  }

  /** The numbers from 0 to `n − 1` in random order. */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor((i + 1) * this.next());
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

/** Standard normal numbers on the current device, the same float32 values on each. */
export function normal(seed: number, ...shape: number[]): Tensor {
  return new Draws(seed).normal(...shape).tensor();
}

/** True where query `t` may see key `s`: the past and itself, with the last query at the last key. */
export function causalMask(T: number, S: number = T): Tensor {
  return lowerTriangle(T, S, S - T);
}

/** A copy of `x` `[…, T, D]` with every number of its last position replaced. */
export function withLast(x: Tensor, value: number): Tensor {
  const past = x.slice(-2, 0, -1);
  return concat([past, full([...x.shape.slice(0, -2), 1, x.shape.at(-1)!], value)], -2);
}

// ## Comparisons

/** Anything that holds numbers: a tensor, numbers with a shape, a nested list, a single number. */
export type Comparable = Tensor | HostArray | Numbers | number | NestedNumbers;

/** Numbers or booleans in lists of lists. */
export type NestedNumbers = readonly (number | boolean | NestedNumbers)[];

/** How far two results may lie apart. */
export interface Closeness {
  /** Multiple of √`length` · ε that rounding may cost, relative to the larger of the number and `scale`. */
  readonly tolerance?: number;
  /** How many terms were added up for one number; 1 by default. */
  readonly length?: number;
  /** Size that partial sums reach; by default √`length`, as of terms of size 1, and 0 where nothing is added. */
  readonly scale?: number;
  /** Relative difference allowed in addition. */
  readonly rtol?: number;
  /** Absolute difference allowed in addition. */
  readonly atol?: number;
}

/** The spacing of float32 numbers at 1. */
export const EPSILON32: number = 2 ** -23;

/**
 * Fails unless two results agree in shape and, to within rounding, in every number.
 *
 * ε is that of the actual numbers' precision. Without options, 8 units are allowed.
 */
export async function assertClose(actual: Comparable, expected: Comparable, options: Closeness = {}): Promise<void> {
  const a = await numbersOf(actual), e = await numbersOf(expected);
  if (a.shape && e.shape) assertEquals(a.shape, e.shape, "shapes differ");
  assertEquals(a.data.length, e.data.length, "numbers of elements differ");
  const unstated = options.tolerance === undefined && options.rtol === undefined && options.atol === undefined;
  const { tolerance = unstated ? 8 : 0, length = 1, scale = length > 1 ? Math.sqrt(length) : 0, rtol = 0, atol = 0 } =
    options;
  const epsilon = a.data instanceof Float64Array ? Number.EPSILON : EPSILON32;
  const unit = tolerance * Math.sqrt(length) * epsilon;
  for (let i = 0; i < a.data.length; i++) {
    const found = a.data[i]!, wanted = e.data[i]!;
    if (Object.is(found, wanted) || found === wanted) continue;
    const allowed = unit * Math.max(Math.abs(wanted), scale) + rtol * Math.abs(wanted) + atol;
    assert(
      Number.isFinite(wanted) && Math.abs(found - wanted) <= allowed,
      `element ${i} of ${a.data.length}, shape [${a.shape ?? e.shape}]: ` +
        `actual ${found}, expected ${wanted}, difference ${Math.abs(found - wanted)} exceeds ${allowed}`,
    );
  }
}

async function numbersOf(x: Comparable): Promise<{ data: Numbers; shape: readonly number[] | undefined }> {
  if (x instanceof Tensor) return { data: await x.read(), shape: x.shape };
  if (x instanceof HostArray) return x;
  if (typeof x === "number") return { data: Float64Array.of(x), shape: undefined };
  if (ArrayBuffer.isView(x)) return { data: x, shape: undefined };
  const shape: number[] = [];
  for (let list: unknown = x; Array.isArray(list); list = list[0]) shape.push(list.length);
  return { data: Float64Array.from(flatten(x)), shape };
}

function flatten(x: NestedNumbers): number[] {
  return x.flatMap((element) => Array.isArray(element) ? flatten(element) : Number(element));
}

// ## Gradients

/** Distance of the two points of a difference quotient from the one between them. */
const STEP = 1e-5;

/** How {@linkcode assertGradients} looks. */
export interface GradientOptions {
  /** Difference allowed, relative to the derivative or 1, whichever is larger. */
  readonly tolerance?: number;
  /** Seed of the directions. */
  readonly seed?: number;
  /** Distance of the two points of a quotient from the one between; smaller where third derivatives are large. */
  readonly step?: number;
}

/**
 * Fails unless the gradients of `f` agree with central differences, on the reference device.
 *
 * The loss is a random weighting of all outputs. It is differenced along random directions
 * through all inputs at once, where a mistake in any one element shows, and along single
 * elements of each input, which say where.
 *
 * @param f differentiable in each float32 input
 * @param inputs numbers for the inputs; int32 and bool ones stay as they are
 */
export async function assertGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly (HostArray | Tensor)[],
  options: GradientOptions = {},
): Promise<void> {
  const arrays = await Promise.all(inputs.map((x) => x instanceof Tensor ? HostArray.of(x) : x));
  await withBackend(reference, async () => {
    const leaves = arrays.map((x) => x.dtype === "float32" ? parameter(x.tensor()) : x.tensor());
    await checkGradients(leaves, () => f(...leaves), options);
  });
}

/**
 * Fails unless the gradients of a module's parameters agree with central differences.
 *
 * @param module made on the reference device
 * @param f runs the module on fixed inputs
 */
export async function assertModuleGradients(
  module: Module,
  f: () => Tensor,
  options: GradientOptions = {},
): Promise<void> {
  await checkGradients([...module.parameters().values()], f, options);
}

async function checkGradients(leaves: readonly Tensor[], f: () => Tensor, options: GradientOptions): Promise<void> {
  const { tolerance = 1e-6, seed = 0, step = STEP } = options;
  const draws = new Draws(seed);
  const variables = leaves.filter((leaf) => leaf.requiresGrad);
  const centers = await Promise.all(variables.map((x) => x.read()));

  for (const x of variables) x.grad = undefined;
  const output = f();
  const weights = draws.normal(...output.shape);
  if (output.requiresGrad) output.backward(weights.tensor());
  const gradients = await Promise.all(variables.map(async (x, i) => {
    if (!x.grad) return new Float64Array(centers[i]!.length);
    assertEquals(x.grad.shape, x.shape, `gradient of input ${i} has another shape`);
    return await x.grad.read();
  }));

  const moveTo = (directions: readonly (Numbers | undefined)[], step: number): void =>
    variables.forEach((x, i) => {
      const direction = directions[i];
      if (direction) x.assign(tensor(centers[i]!.map((value, j) => value + step * direction[j]!), x.shape));
    });
  const lossAt = async (directions: readonly (Numbers | undefined)[], step: number): Promise<number> => {
    const y = scope(() =>
      noGrad(() => {
        moveTo(directions, step);
        return f();
      })
    );
    const values = await y.read();
    return sumOver(values.length, (i) => values[i]! * weights.data[i]!);
  };
  const check = async (directions: readonly (Numbers | undefined)[], what: string): Promise<void> => {
    const numeric = (await lossAt(directions, step) - await lossAt(directions, -step)) / (2 * step);
    scope(() => noGrad(() => moveTo(directions, 0)));
    const analytic = sumOver(variables.length, (i) => {
      const direction = directions[i];
      return direction ? sumOver(direction.length, (j) => direction[j]! * gradients[i]![j]!) : 0;
    });
    const allowed = tolerance * Math.max(1, Math.abs(numeric), Math.abs(analytic));
    assert(
      Math.abs(numeric - analytic) <= allowed,
      `derivative ${what}: gradient says ${analytic}, differences say ${numeric}`,
    );
  };

  for (const [i, x] of variables.entries()) {
    for (let n = 0; n < Math.min(x.size, 3); n++) {
      const single = new Float64Array(x.size), j = Math.floor(draws.next() * x.size);
      single[j] = 1;
      await check(variables.map((_, k) => k === i ? single : undefined), `by element ${j} of input ${i}`);
    }
  }
  for (let n = 0; n < 2; n++) {
    await check(variables.map((x) => draws.normal(...x.shape).data), "along a random direction");
  }
}
