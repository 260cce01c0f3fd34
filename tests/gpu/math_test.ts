/** The elementary functions of the GPU device against double precision. */

import { assert, assertEquals } from "@std/assert";
import type { Backend, BinaryOp, UnaryOp } from "../../core/engine/backend.ts";
import { HostArray, reference } from "../support.ts";
import { noisy } from "../wasm/support.ts";
import { onGpu, upload } from "./support.ts";

const COUNT = 20_000;
/** Units in the last place that are promised. */
const BOUND = 2.6;

/** Arguments with any bits that stand for numbers of ordinary size. */
function ordinary(seed: number): Float32Array {
  return noisy(seed, COUNT).map((x, i) => Math.sign(x) * 2 ** (i % 220 - 100) * (1 + Math.abs(x)));
}

function between(low: number, high: number, seed = 3): Float32Array {
  return noisy(seed, COUNT).map((x) => low + (high - low) * (x + 1) / 2);
}

/** Largest error in units of the last place, leaving out results that are subnormal or as they should be. */
function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  for (let i = 0; i < found.length; i++) {
    const value = expected[i]!, rounded = Math.fround(value), size = Math.abs(value);
    if (Object.is(found[i], rounded) || size < 1.3e-38 && Math.abs(found[i]!) < 1.3e-38) continue;
    const here = Math.abs(found[i]! - value) / 2 ** (Math.floor(Math.log2(size)) - 23);
    error = Number.isFinite(here) ? Math.max(error, here) : Infinity;
  }
  return error;
}

async function apply(device: Backend, op: UnaryOp, x: Float32Array): Promise<ArrayLike<number>> {
  const view = upload(device, new HostArray(x, [x.length])), y = device.unary(op, view);
  const found = await device.download({ ...view, buffer: y });
  device.release(view.buffer);
  device.release(y);
  return found;
}

async function applyTwo(
  device: Backend,
  op: BinaryOp,
  a: Float32Array,
  b: Float32Array,
): Promise<ArrayLike<number>> {
  const left = upload(device, new HostArray(a, [a.length])), right = upload(device, new HostArray(b, [b.length]));
  const y = device.binary(op, left, right), found = await device.download({ ...left, buffer: y });
  for (const buffer of [left.buffer, right.buffer, y]) device.release(buffer);
  return found;
}

/** Arguments at which functions end or turn. */
const ends = Float32Array.of(
  0,
  -0,
  Infinity,
  -Infinity,
  NaN,
  1,
  -1,
  0.5,
  -0.5,
  1000,
  -1000,
  1e-30,
  3e38,
  -3e38,
  2 ** 24,
);

const functions: readonly (readonly [UnaryOp, readonly Float32Array[]])[] = [
  ["exp", [between(-87.3, 88.7), between(-1, 1)]],
  ["log", [ordinary(5).map(Math.abs), between(0.5, 1.5)]],
  ["log1p", [between(-0.999, 3), between(-1e-6, 1e-6), ordinary(6).map(Math.abs)]],
  ["sqrt", [ordinary(7).map(Math.abs)]],
  ["sin", [between(-10, 10), between(-1e6, 1e6), ordinary(8)]],
  ["cos", [between(-10, 10), between(-1e6, 1e6), ordinary(9)]],
  ["tanh", [between(-2, 2), between(-20, 20)]],
  ["sigmoid", [between(-80, 80), between(-3, 3)]],
  ["erf", [between(-4, 4), between(-0.1, 0.1)]],
];

for (const [op, intervals] of functions) {
  onGpu(`${op} is right to a few units in the last place`, async (device) => {
    for (const x of [...intervals, ends]) {
      const error = worst(await apply(device, op, x), await apply(reference, op, x));
      assert(error <= (op === "sqrt" ? 0.5 : BOUND), `${error} units`);
    }
  });
}

const one = 2 ** 24;
const endings: Partial<Record<UnaryOp, number[]>> = {
  neg: [-0, 0, -Infinity, Infinity, NaN, -1000, 1000, 2, -one, 0.5],
  abs: [0, 0, Infinity, Infinity, NaN, 1000, 1000, 2, one, 0.5],
  sign: [0, -0, 1, -1, NaN, 1, -1, -1, 1, -1],
  floor: [0, -0, Infinity, -Infinity, NaN, 1000, -1000, -2, one, -1],
  exp: [1, 1, Infinity, 0, NaN, Infinity, 0, Math.exp(-2), Infinity, Math.exp(-0.5)].map(Math.fround),
};

onGpu("functions have their limits at the ends", async (device) => {
  const x = Float32Array.of(0, -0, Infinity, -Infinity, NaN, 1000, -1000, -2, 2 ** 24, -0.5);
  for (const op of Object.keys(endings) as UnaryOp[]) {
    assertEquals([...await apply(device, op, x) as number[]], endings[op], op);
  }
});

onGpu("quotients, remainders and roots are rounded exactly", async (device) => {
  const a = ordinary(11), b = ordinary(12).reverse();
  const divided = await applyTwo(device, "div", a, b), rest = await applyTwo(device, "mod", a, b);
  for (let i = 0; i < COUNT; i++) {
    const quotient = Math.fround(a[i]! / b[i]!), plain = a[i]! % b[i]!;
    if (Math.abs(quotient) > 1.2e-38 || quotient === 0) assertEquals(divided[i], quotient);
    assertEquals(rest[i], Math.fround(plain !== 0 && plain < 0 !== b[i]! < 0 ? plain + b[i]! : plain));
  }
});

onGpu("powers are right to a few units in the last place, and at the ends", async (device) => {
  for (
    const [a, b] of [[between(0, 4), between(-20, 20, 4)], [between(0.99, 1.01), between(-8000, 8000, 5)]] as const
  ) {
    const error = worst(await applyTwo(device, "pow", a, b), doubles(a, b));
    assert(error <= BOUND, `${error} units`);
  }
  const corners = [0, -0, Infinity, -Infinity, NaN, 1, -1, 2, -2, 0.5, -3, 16777216, 1e38];
  const a = Float32Array.from(corners.flatMap((x) => corners.map(() => x)));
  const b = Float32Array.from(corners.flatMap(() => corners));
  const error = worst(await applyTwo(device, "pow", a, b), doubles(a, b));
  assert(error <= BOUND, `${error} units`);
});

/** Powers in double precision, with the special cases of IEEE 754. */
function doubles(a: Float32Array, b: Float32Array): Float64Array {
  return Float64Array.from(a, (x, i) => x === 1 || x === -1 && Math.abs(b[i]!) === Infinity ? 1 : x ** b[i]!);
}

onGpu("comparisons and extremes know NaN and subnormal numbers", async (device) => {
  const some = [NaN, 0, -0, 1, -1, Infinity, -Infinity, 1e-40, -1e-40, 2e-40];
  const a = Float32Array.from(some.flatMap((x) => some.map(() => x))), b = Float32Array.from(some.flatMap(() => some));
  const left = upload(device, new HostArray(a, [100])), right = upload(device, new HostArray(b, [100]));
  const expected: [BinaryOp, (x: number, y: number) => number][] = [
    ["equal", (x, y) => Number(x === y)],
    ["notEqual", (x, y) => Number(x !== y)],
    ["less", (x, y) => Number(x < y)],
    ["lessEqual", (x, y) => Number(x <= y)],
  ];
  for (const [op, f] of expected) {
    const y = device.binary(op, left, right);
    const found = await device.download({ ...left, buffer: y, dtype: "bool" });
    device.release(y);
    assertEquals([...found], [...a].map((x, i) => f(x, b[i]!)), op);
  }
  for (const [op, f] of [["max", Math.max], ["min", Math.min]] as const) {
    const found = await applyTwo(device, op, a, b);
    assertEquals([...found as number[]].map((x) => x + 0), [...a].map((x, i) => f(x, b[i]!) + 0), op);
  }
  device.release(left.buffer);
  device.release(right.buffer);
});
