/**
 * How the rows of `fused_cases.ts` are held: a kernel against its definition on the reference device.
 *
 * @module
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Backend, FusedName, FusedUpdates } from "../core/engine/backend.ts";
import { withBackend } from "../core/engine/device.ts";
import { withoutFusion } from "../core/engine/fusable.ts";
import { release, scope } from "../core/engine/scope.ts";
import { parameter, tensor } from "../core/engine/create.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { type BorderCase, type FusedCase, fusedCases } from "./fused_cases.ts";
import { Draws, HostArray, reference } from "./support.ts";

/** Unit roundoff of float32. */
export const UNIT: number = 2 ** -24;

/** How a row is run. */
export interface Evaluation {
  /** Whether kernels take the place of definitions; true by default. */
  readonly fuse?: boolean;
  /** Which inputs are differentiated; all floats by default. */
  readonly wanted?: (input: number) => boolean;
  /** Elements into its buffer at which every input begins. */
  readonly offset?: number;
}

/** A tensor of numbers that begins some elements into its buffer. */
function placed({ data, shape, dtype }: HostArray, offset: number): Tensor {
  if (offset === 0) return tensor(data, shape, dtype);
  const padded = dtype === "float32" ? new Float64Array(offset + data.length) : new Int32Array(offset + data.length);
  padded.set(data, offset);
  return tensor(padded, [padded.length], dtype).slice(0, offset).reshape(shape);
}

/** Value and gradients of a row, by `what(inputs)`; empty for inputs that receive none. */
export async function evaluate(
  device: Backend,
  { inputs, run }: FusedCase,
  { fuse = true, wanted = () => true, offset = 0 }: Evaluation = {},
): Promise<HostArray[]> {
  return await withBackend(device, async () => {
    const draws = new Draws(2), arrays = inputs(draws);
    const leaves = arrays.map((x, i) => {
      if (x === undefined) return undefined;
      const made = placed(x, offset);
      return x.dtype === "float32" && wanted(i) ? parameter(made) : made;
    });
    const call = (): Tensor => {
      const result = run(...leaves as Tensor[]);
      if (result.requiresGrad) result.backward(placed(draws.normal(...result.shape), offset));
      return result.detach();
    };
    const results = scope(() => [(fuse ? call() : withoutFusion(call)).clone()]);
    results.push(...leaves.map((leaf) => leaf?.grad ?? tensor([])));
    const numbers = await Promise.all(results.map(HostArray.of));
    for (const used of [...results, ...leaves]) if (used) release(used);
    return numbers;
  });
}

/** Fails unless value and gradients agree to some units of roundoff, relative to the largest magnitude of each. */
export function assertUnits(actual: readonly HostArray[], expected: readonly HostArray[], units: number): void {
  assertEquals(actual.length, expected.length);
  actual.forEach(({ data, shape }, k) => {
    const judge = expected[k]!;
    assertEquals(shape, judge.shape);
    const what = k === 0 ? "value" : `gradient of input ${k - 1}`;
    // Terms of a gradient are of size 1 and may cancel.
    let size = k === 0 ? 1e-30 : 1;
    for (const x of judge.data) if (Number.isFinite(x)) size = Math.max(size, Math.abs(x));
    const allowed = units * UNIT * size;
    for (let i = 0; i < data.length; i++) {
      const x = judge.data[i]!, found = data[i]!;
      if (Object.is(found, x) || found === x || Math.abs(found - x) <= allowed) continue;
      throw new Error(
        `${what}, element ${i}: ${found} instead of ${x}, off by ${Math.abs(found - x) / UNIT / size} units`,
      );
    }
  });
}

/** Calls of a kernel of a device, and of its derivative, that were not declined. */
export interface Accepted {
  /** Calls forwards. */
  forward: number;
  /** Calls backwards. */
  backward: number;
}

/** Runs `f` and counts the calls of a kernel that it does not decline. */
export async function countAccepted(device: Backend, name: FusedName, f: () => Promise<void>): Promise<Accepted> {
  const accepted: Accepted = { forward: 0, backward: 0 }, restore: (() => void)[] = [];
  for (const kind of ["forward", "backward"] as const) {
    const table = device.fused[kind] as Record<string, (...args: readonly unknown[]) => unknown>;
    const kernel = table[name];
    if (!kernel) continue;
    table[name] = (...args) => {
      const outputs = kernel(...args);
      if (outputs) accepted[kind]++;
      return outputs;
    };
    restore.push(() => table[name] = kernel);
  }
  try {
    await f();
  } finally {
    for (const back of restore) back();
  }
  return accepted;
}

/** What the reference device found, for all devices. */
const judgements = new Map<FusedCase, HostArray[]>();

/** Fails unless the kernel of a device takes a row at a border, forwards and backwards, and is its definition. */
async function assertBorder(name: FusedName, device: Backend, row: BorderCase, offset: number): Promise<void> {
  const wanted = (i: number): boolean => row.wanted?.includes(i) ?? true;
  let expected = judgements.get(row);
  if (!expected) judgements.set(row, expected = await evaluate(reference, row, { fuse: false, wanted }));
  let actual: HostArray[] = [];
  const accepted = await countAccepted(device, name, async () => {
    actual = await evaluate(device, row, { wanted, offset });
  });
  assertGreater(accepted.forward, 0, "the kernel declines");
  assertGreater(accepted.backward, 0, "the kernel declines backwards");
  const { units } = row;
  assertUnits(actual, expected, typeof units === "number" ? units : units[device.name as "wasm" | "webgpu"]);
}

/** Fails unless the kernel of a device is its definition at every border, with inputs at each of some offsets. */
export async function assertBorders(name: FusedName, device: Backend, offsets: readonly number[]): Promise<void> {
  for (const row of fusedCases[name].borders) {
    if (row.only !== undefined && row.only !== device.name) continue;
    for (const offset of row.only ? offsets.slice(0, 1) : offsets) {
      await assertBorder(name, device, row, offset).catch((error) => {
        throw new Error(`${name}, ${row.name}, offset ${offset}: ${error.message}`, { cause: error });
      });
    }
  }
}

// ## A step of Adam

/** Numbers of a step of Adam: parameter, first and second average, gradient. */
export type AdamNumbers = readonly [HostArray, HostArray, HostArray, HostArray];

/** What a step is made with in tests: the third, with decay and a gradient that is halved. */
export const ADAM: FusedUpdates["adamStep"] = {
  ...{ learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.5 },
  ...{ correction1: 1 - 0.9 ** 3, correction2: 1 - 0.999 ** 3 },
};

/** Draws the numbers of a step; the second average is of squares. */
export function drawAdam(draws: Draws, count: number): AdamNumbers {
  const [p, m, v, g] = [1, 2, 3, 4].map(() => draws.normal(count)) as [HostArray, HostArray, HostArray, HostArray];
  return [p, m, new HostArray(v.data.map((x) => Math.fround(x ** 2)), v.shape), g];
}

/** Fails unless parameter and averages are, at one place, what a step by hand makes of them; `units` of roundoff. */
export function assertAdam(
  [parameter, first, second]: readonly [number, number, number],
  before: AdamNumbers,
  i: number,
  units: number,
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale } = ADAM;
  const [p, m, v, g] = before.map(({ data }) => data[i]!) as [number, number, number, number];
  const slope = g * gradientScale;
  const mean = beta1 * m + (1 - beta1) * slope, square = beta2 * v + (1 - beta2) * slope ** 2;
  const step = learningRate * (mean / correction1) / (Math.sqrt(square / correction2) + epsilon);
  const moved = p * (1 - learningRate * weightDecay) - step;
  assert(Math.abs(first - mean) <= 4 * UNIT * (Math.abs(m) + Math.abs(slope)));
  assert(Math.abs(second - square) <= 4 * UNIT * square);
  assert(Math.abs(parameter - moved) <= units * UNIT * (Math.abs(p) + Math.abs(step) * (1 + Math.abs(m / mean))));
}
