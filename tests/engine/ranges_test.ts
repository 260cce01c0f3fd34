/** Every kernel of the engine over the whole range of its type, at the ends, and with what is no number. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import type {
  ActivationName,
  ArithmeticOp,
  Backend,
  ComparisonOp,
  FusedName,
  UnaryOp,
} from "../../core/engine/backend.ts";
import { arange, full, lowerTriangle, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { pad, stack } from "../../core/engine/joining.ts";
import { ACTIVATION, UNARY } from "../../core/engine/operations.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { argsort, sort, topK } from "../../core/engine/sorting.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { gelu, geluTanh, relu, silu } from "../../core/05_transformer/feed_forward/activations.ts";
import { softplus } from "../../core/06_training/loss.ts";
import { type Case, cases } from "../cases.ts";
import { type FusedCase, fusedCases } from "../fused_cases.ts";
import {
  assertKinds,
  assertReached,
  Broken,
  integerLandmarks,
  landmarks,
  NORMAL32,
  type Reach,
  Wide,
} from "../ranges.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { devices, Draws, HostArray, onEveryBackend, reference, sumOver, type TestedDevice } from "../support.ts";

type Function = (...inputs: Tensor[]) => Tensor;
/** How close a result comes, everywhere or depending on the number. */
type Promised = Reach | ((x: number) => Reach);

/** What a function makes of some numbers on a device. */
async function valueOf(device: Backend, f: Function, inputs: readonly HostArray[]): Promise<HostArray> {
  return await withBackend(device, async () => {
    const y = scope(() => f(...inputs.map((x) => x.tensor())));
    const numbers = await HostArray.of(y);
    release(y);
    return numbers;
  });
}

/** What is measured against the reference device. */
const measured: readonly Pick<TestedDevice, "name" | "backend">[] = [
  ...devices.filter(({ backend }) => backend !== reference),
  { name: "wasm without fused multiply-adds", backend: createWasmDevice({ threads: 1, relaxed: false }) },
];

/** Registers one test for each device that is measured. */
function onMeasured(name: string, f: (device: Backend) => Promise<void>): void {
  for (const { name: device, backend } of measured) {
    Deno.test({ name: `${name} [${device}]`, ignore: backend === undefined, fn: () => f(backend!) });
  }
}

/** Fails unless a function is the one of the reference device, to within some units, at all of some numbers. */
async function assertFunction(
  device: Backend,
  what: string,
  f: Function,
  inputs: readonly HostArray[],
  reach: Promised,
): Promise<void> {
  const [expected, found] = [await valueOf(reference, f, inputs), await valueOf(device, f, inputs)];
  assertEquals(found.dtype, expected.dtype);
  const at = (i: number): string => `${what} at ${inputs.map(({ data }) => data[i])}`;
  if (found.dtype !== "float32") assertEquals(found.data, expected.data, what);
  else {assertReached(
      found.data,
      expected.data,
      typeof reach === "function" ? (i) => reach(inputs[0]!.data[i]!) : reach,
      at,
    );}
}

// ## Functions of one number

/** Landmarks, and so many draws that the last turn of a loop is not full. */
const wide = new HostArray(Float64Array.of(...landmarks, ...new Wide(1).normal(4003).data), [landmarks.length + 4003]);

const exact: Reach = { units: 0.5 };
/** What the kernels promise; a device may take a subnormal number for zero. */
const close: Reach = { units: 2.6, atol: NORMAL32 };
/** The exponential of less than −87.33 counts as 0. */
const cut = 1.19e-38;

/** How close each function comes, and its gradient: of terms of size 1, each right to a few units. */
const functions: Readonly<Record<UnaryOp, Reach>> = {
  neg: exact,
  abs: exact,
  sign: exact,
  floor: exact,
  exp: { units: 2.6, atol: cut },
  log: close,
  log1p: close,
  sqrt: exact,
  sin: close,
  cos: close,
  tanh: close,
  sigmoid: { units: 2.6, atol: cut },
  erf: close,
};

/** 1 + erf and 1 + tanh cancel in the definition, not in the kernels: what double precision loses of a number up to 10. */
const cancelled = 10 * 2 ** -52;
/** Half a unit for each of sixteen steps, and an exponential of $z$, in which each of two roundings counts $|z|$ times. */
const exponential = (z: number): Reach => ({ units: 8 + 2 * Math.min(z, 90), atol: cancelled });
/** The last weighs a number of up to 104 by an exponential that counts as 0. */
const activations: Readonly<Record<ActivationName, readonly [Function, Promised]>> = {
  relu: [relu, exact],
  gelu: [gelu, (x) => exponential(x * x / 2)],
  geluTanh: [geluTanh, (x) => exponential(Math.abs(1.6 * x + 0.072 * x ** 3))],
  silu: [silu, { units: 4, atol: 104 * cut }],
};

const unary: readonly (readonly [string, Function, Promised])[] = [
  ...(Object.keys(UNARY) as UnaryOp[]).map((op) => [op, (x: Tensor) => x[op](), functions[op]] as const),
  ...(Object.keys(ACTIVATION) as ActivationName[]).map((name) => [name, ...activations[name]] as const),
  ["relu()", (x) => x.relu(), exact],
  ["square()", (x) => x.square(), close],
  ["clamp()", (x) => x.clamp(-0.5, 2 ** 66), exact],
  ["softplus()", softplus, { units: 5, atol: cut }],
  ["cast() to int32", (x) => x.cast("int32"), exact],
  ["cast() to bool", (x) => x.cast("bool"), exact],
];

onMeasured("functions of one number are right over the whole range", async (device) => {
  for (const [name, f, reach] of unary) await assertFunction(device, name, f, [wide], reach);
});

onMeasured("functions of one number are right in rows shorter than a vector", async (device) => {
  const rows = [1, 2, 3, 5, 17].map((n, i) => new HostArray(wide.data.slice(7 * i, 7 * i + n), [n]));
  for (const [name, f, reach] of unary) {
    // Windows of a longer tensor: what lies behind their ends must not be seen.
    await assertFunction(device, name, (x) => f(x.slice(0, 1, -1)), [rows[4]!], reach);
    if (device.name === "wasm") { for (const row of rows) await assertFunction(device, name, f, [row], reach); }
  }
});

onMeasured("slopes are right over the whole range", async (device) => {
  for (const [name, f] of unary) {
    const slope = (x: Tensor): Tensor => {
      const leaf = parameter(x), y = f(leaf);
      if (!y.requiresGrad) return zeros([0]);
      y.sum().backward();
      return leaf.grad ?? zeros([0]);
    };
    await assertFunction(device, `the slope of ${name}`, slope, [wide], { units: 8, atol: 16 * 2 ** -24 });
  }
});

// ## Functions of two numbers

/** Each landmark with each, and draws. */
function pairsOf(marks: readonly number[]): [HostArray, HostArray] {
  const draws = new Wide(2), size = [marks.length ** 2 + 4003];
  const more = [draws.normal(4003), draws.normal(4003)].map(({ data }) => data);
  return [
    new HostArray(Float64Array.of(...marks.flatMap((x) => marks.map(() => x)), ...more[0]!), size),
    new HostArray(Float64Array.of(...marks.flatMap(() => marks), ...more[1]!), size),
  ];
}

const arithmetic: Readonly<Record<ArithmeticOp, readonly [(a: Tensor, b: Tensor) => Tensor, Reach]>> = {
  add: [(a, b) => a.add(b), { units: 0.5, atol: NORMAL32 }],
  sub: [(a, b) => a.sub(b), { units: 0.5, atol: NORMAL32 }],
  mul: [(a, b) => a.mul(b), { units: 0.5, atol: NORMAL32 }],
  div: [(a, b) => a.div(b), exact],
  pow: [(a, b) => a.pow(b), close],
  max: [(a, b) => a.maximum(b), exact],
  min: [(a, b) => a.minimum(b), exact],
  mod: [(a, b) => a.mod(b), exact],
};

const comparisons: Readonly<Record<ComparisonOp, (a: Tensor, b: Tensor | number) => Tensor>> = {
  equal: (a, b) => a.equal(b),
  notEqual: (a, b) => a.notEqual(b),
  less: (a, b) => a.less(b),
  lessEqual: (a, b) => a.lessEqual(b),
};

onMeasured("functions of two numbers are right over the whole range", async (device) => {
  const pairs = pairsOf(landmarks.filter((_, i) => i % 2 === 0));
  for (const [name, [f, reach]] of Object.entries(arithmetic)) {
    await assertFunction(device, name, f as Function, pairs, reach);
  }
  for (const [name, f] of Object.entries(comparisons)) await assertFunction(device, name, f as Function, pairs, exact);
  await assertFunction(device, "where()", (a, b) => a!.where(a!.less(b!), b!), pairs, exact);
});

// ## Many numbers

onMeasured("extremes and orders are right over the whole range, in rows and in columns", async (device) => {
  const rows = new Wide(3).normal(7, 1027), few = new Wide(4).normal(3, 19);
  const ways: Readonly<Record<string, Function>> = {
    max: (x) => x.max(-1),
    min: (x) => x.min(-1),
    argmax: (x) => x.argmax(-1),
    argsort: (x) => argsort(x),
    descending: (x) => argsort(x, { descending: true }),
  };
  for (const [name, f] of Object.entries(ways)) {
    await assertFunction(device, name, f, [rows], exact);
    await assertFunction(device, `${name} of columns`, (x) => f(x.transpose()), [rows], exact);
    await assertFunction(device, `${name} of few`, f, [few], exact);
  }
});

onMeasured("sums and means are right up to the largest number", async (device) => {
  // Terms of a sum must not overflow together; those of a mean may.
  const numbers = new Wide(5).normal(5, 1027), length = 1027;
  const finite = new HostArray(numbers.data.map((x) => Number.isFinite(x) ? x : 1), numbers.shape);
  const small = new HostArray(finite.data.map((x) => Math.abs(x) < 1e35 ? x : 1e35), numbers.shape);
  const size = ({ data }: HostArray): number => sumOver(data.length, (i) => Math.abs(data[i]!));
  const rounding = (x: HostArray): Reach => ({ units: 1, atol: Math.sqrt(length) * 2 ** -24 * size(x) });
  for (const axis of [0, 1]) {
    await assertFunction(device, "sum", (x) => x.sum(axis), [small], rounding(small));
    await assertFunction(device, "mean", (x) => x.mean(axis), [finite], { units: 1, atol: rounding(finite).atol! / 5 });
  }
  await assertFunction(device, "mean", (x) => x.mean(), [finite], { units: 1, atol: rounding(finite).atol! / 5 });
});

onEveryBackend("means and variances do not overflow or vanish on the way", async () => {
  assertReached(await tensor([3e38, 3e38, -1e38]).mean().read(), [Math.fround(3e38) * 5 / 9], { units: 4 });
  assertReached(await tensor([1e19, -1e19, 1e19, -1e19, 0]).variance().read(), [8e37], { units: 8 });
  assertReached(await tensor([1e-18, -1e-18]).variance().read(), [1e-36], { units: 8 });
  assertEquals(await tensor([5, 5]).variance().item(), 0);
  assertEquals(await tensor([5, NaN]).variance().item(), NaN);
  assertEquals(await tensor([5, Infinity]).variance().item(), NaN);
  // Equal numbers have none, whatever their sum rounds to; and one that is too large is infinite.
  for (const x of [0.1, 1e30, -3.4e38]) assertEquals(await full([1000], x).variance().item(), 0, `${x}`);
  assertEquals(Math.fround(await tensor([3.4e38, -3.4e38, 3.4e38]).variance().item()), Infinity);
  // Far from zero, where a rounded mean is off by more than the numbers lie apart.
  const far = tensor(Array.from({ length: 3000 }, (_, i) => -1e9 + 64 * (i % 5)));
  assertReached(await far.variance().read(), [2 * 64 ** 2], { units: 64 });
});

onMeasured("what moves, chooses or rounds once is right over the whole range, in every case", async (device) => {
  const rows = cases.filter(({ closeness: { tolerance, atol } = {} }) => tolerance === 0.5 && atol === undefined);
  for (const { name, inputs, run } of device === devices[1]!.backend ? rows : someOf(rows, 12)) {
    await assertFunction(device, name, (...x) => run(...x), inputs(new Wide(6)), exact);
  }
});

// ## What is no number

/** The value of a case and the gradients of its inputs, for one draw of inputs and one of the arriving gradient. */
async function evaluate(
  device: Backend,
  { inputs, run, differentiable = true }: FusedCase & Pick<Case, "differentiable">,
  draws: Draws,
  arriving: Draws,
): Promise<HostArray[]> {
  return await withBackend(device, async () => {
    const found = scope(() => {
      const leaves = inputs(draws).map((x) =>
        x?.dtype === "float32" && differentiable ? parameter(x.tensor()) : x?.tensor()
      );
      const result = run(...leaves as Tensor[]);
      if (result.requiresGrad) result.backward(arriving.normal(...result.shape).tensor());
      const outcome = [noGrad(() => result.clone()), ...leaves.flatMap((leaf) => leaf?.grad ?? [])];
      for (const leaf of leaves) if (leaf) release(leaf);
      return outcome;
    });
    const numbers = await Promise.all(found.map(HostArray.of));
    for (const tensor of found) release(tensor);
    return numbers;
  });
}

/** One row in `share` of each operation, and up to three of one that has few. */
function someOf(rows: readonly Case[], share: number): Case[] {
  const groups = Map.groupBy(rows, ({ name }) => name.split("()")[0]!);
  return [...groups.values()].flatMap((group) =>
    group.length < share ? group.slice(0, 3) : group.filter((_, i) => i % share === 3)
  );
}

onMeasured("NaN and infinities stand where they stand on the reference device, in every case", async (device) => {
  const rows = cases.filter(({ flops = 0 }) => flops <= 1e6);
  for (const entry of device === devices[1]!.backend ? rows : someOf(rows, 12)) {
    const run = (on: Backend) => evaluate(on, entry, new Broken(1, [NaN, Infinity, -Infinity]), new Draws(2));
    const [expected, actual] = [await run(reference), await run(device)];
    assertEquals(actual.length, expected.length);
    actual.forEach(({ data }, i) => assertKinds(data, expected[i]!.data, `${entry.name}, result ${i}`));
  }
});

/** Kernels that compute element by element, or products. */
const plain: readonly FusedName[] = [...Object.keys(ACTIVATION) as ActivationName[], "linear", "dropout", "rotary"];

onMeasured("NaN and infinities stand where the definition has them, in every kernel of these", async (device) => {
  const none = [NaN, Infinity, -Infinity];
  for (const name of plain) {
    for (const entry of fusedCases[name].cases) {
      const run = (on: Backend, what: Draws, arriving: Draws) => evaluate(on, entry, what, arriving);
      const [expected, actual] = [
        await run(reference, new Broken(1, none), new Draws(2)),
        await run(device, new Broken(1, none), new Draws(2)),
      ];
      actual.forEach(({ data }, i) => assertKinds(data, expected[i]!.data, `${name}, ${entry.name}, result ${i}`));
      // An infinite gradient may become NaN where a definition adds it up from two sides.
      const [sums, found] = [
        await run(reference, new Draws(1), new Broken(2, none)),
        await run(device, new Draws(1), new Broken(2, none)),
      ];
      found.forEach(({ data }, i) =>
        assertEquals(
          Array.from(data, Number.isFinite),
          Array.from(sums[i]!.data, Number.isFinite),
          `${name}, ${entry.name}, result ${i} of a broken gradient`,
        )
      );
    }
  }
});

/** Functions of rows that contain NaN in one place. */
const swallowing: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...Object.fromEntries(unary.map(([name, f]) => [name, f])),
  "maximum()": (x) => x.maximum(0),
  "minimum() from the other side": (x) => tensor(0).minimum(x),
  "mod()": (x) => x.mod(3),
  "pow()": (x) => x.pow(3),
  "pow() of a half": (x) => x.pow(0.5),
  "mul() by zero": (x) => x.mul(0),
  "cumulativeSum()": (x) => x.cumulativeSum(0).slice(0, 5, 6),
  "sum()": (x) => x.sum(),
  "mean()": (x) => x.mean(),
  "variance()": (x) => x.variance(),
  "max()": (x) => x.max(),
  "min()": (x) => x.min(),
  "logSumExp()": (x) => x.logSumExp(),
  "the largest of topK()": (x) => topK(x, 1).values,
  "the last of sort()": (x) => sort(x).values.slice(0, -1),
  "matmul() with zeros": (x) => x.matmul(zeros([7])),
  "matmul() of zeros": (x) => zeros([3, 7]).matmul(x.reshape([7, 1])),
};

onEveryBackend("NaN does not disappear", async () => {
  for (const [name, f] of Object.entries(swallowing)) {
    const y = f(tensor([1, 0.25, 3, 0.5, 4, NaN, 2])), found = await y.read();
    if (y.dtype !== "float32") continue;
    assert(found.length === 7 ? Number.isNaN(found[5]) : found.every(Number.isNaN), `${name}: ${found}`);
    if (found.length === 7) assertEquals(found.filter(Number.isNaN).length, 1, name);
  }
  assertEquals(await tensor([NaN, -0]).cast("int32").read(), Int32Array.of(0, 0));
  assertEquals(await tensor([NaN, -0]).cast("bool").read(), Int32Array.of(1, 0));
  assertEquals(await tensor([1, NaN, 2, NaN]).argmax().item(), 1);
});

onEveryBackend("what has slope 0 passes no gradient on, even if it is infinite or NaN", async () => {
  for (const arriving of [Infinity, -Infinity, NaN]) {
    const flat: readonly (readonly [Function, readonly number[]])[] = [
      [relu, [-1, 0, -0, -1e38, -Infinity]],
      [(x) => x.relu(), [-1, 0, -0, -1e38, -Infinity]],
      [(x) => x.clamp(-1, 1), [2, -2, Infinity, -Infinity, 1e38]],
      [(x) => x.maximum(3), [-1, 0, 2, -1e38, -Infinity]],
      [(x) => x.minimum(3), [4, 5, 1e38, Infinity, 3.5]],
    ];
    for (const [f, numbers] of flat) {
      const x = parameter(tensor(numbers));
      f(x).backward(full([5], arriving));
      assertEquals([...await x.grad!.read()].map(Math.abs), [0, 0, 0, 0, 0]);
    }
    const x = parameter(tensor([1, 3, 2, 3]));
    x.max().backward(tensor(arriving));
    assertEquals([...await x.grad!.read()], [0, arriving, 0, arriving]);
  }
});

onEveryBackend("NaN among the arguments receives the gradient of what it made NaN", async () => {
  const x = parameter(tensor([1, NaN, 2, NaN])), y = parameter(tensor([3, 3, NaN, NaN]));
  x.max().backward(tensor(6));
  assertEquals([...await x.grad!.read()], [0, 3, 0, 3]);
  x.grad = undefined;
  x.maximum(y).backward(full([4], 2));
  assertEquals([[...await x.grad!.read()], [...await y.grad!.read()]], [[0, 2, 2, 2], [2, 2, 2, 2]]);
});

onEveryBackend("activations have their limits at the ends, and their slopes", async () => {
  for (const f of [relu, silu, gelu, geluTanh]) {
    const x = parameter(tensor([-Infinity, -1e38, -1e18, -1000, 1000, 1e18, 1e38, Infinity])), y = f(x);
    y.sum().backward();
    assertEquals(
      [...await y.read()].map(Math.fround),
      [-0, -0, -0, -0, 1000, 1e18, 1e38, Infinity].map(Math.fround).map((x) => x || 0 * x),
    );
    assertEquals([...await x.grad!.read()].map((x) => x || 0), [0, 0, 0, 0, 1, 1, 1, 1]);
  }
});

onEveryBackend("zeros have the sign that IEEE 754 gives them", async () => {
  const a = tensor([0, -0, 0, -0]), b = tensor([0, 0, -0, -0]);
  assertEquals([...await a.maximum(b).read()], [0, 0, 0, -0]);
  assertEquals([...await a.minimum(b).read()], [0, -0, -0, -0]);
  assertEquals([...await a.neg().read()], [-0, 0, -0, 0]);
  assertEquals([...await a.relu().read(), ...await relu(a).read()], [0, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals([...await a.sqrt().read(), ...await a.sin().read()], [0, -0, 0, -0, 0, -0, 0, -0]);
  assertEquals([...await a.tanh().read(), ...await a.erf().read()], [0, -0, 0, -0, 0, -0, 0, -0]);
});

// ## int32

const integers = (x: readonly number[]): Tensor => tensor(Int32Array.from(x));

/** Quotient rounded down. */
function quotient(a: bigint, b: bigint): bigint {
  const q = a / b;
  return q * b !== a && (a < 0n) !== (b < 0n) ? q - 1n : q;
}

const wrapping: Readonly<
  Record<string, readonly [(a: Tensor, b: Tensor) => Tensor, (a: bigint, b: bigint) => bigint]>
> = {
  add: [(a, b) => a.add(b), (a, b) => a + b],
  sub: [(a, b) => a.sub(b), (a, b) => a - b],
  mul: [(a, b) => a.mul(b), (a, b) => a * b],
  div: [(a, b) => a.div(b), quotient],
  mod: [(a, b) => a.mod(b), (a, b) => a - quotient(a, b) * b],
  maximum: [(a, b) => a.maximum(b), (a, b) => a > b ? a : b],
  minimum: [(a, b) => a.minimum(b), (a, b) => a < b ? a : b],
};

onEveryBackend("int32 arithmetic is exact and wraps around, for every pair of ends and signs", async () => {
  const pairs = integerLandmarks.flatMap((a) => integerLandmarks.filter((b) => b !== 0).map((b) => [a, b] as const));
  const a = integers(pairs.map(([a]) => a)), b = integers(pairs.map(([, b]) => b));
  for (const [name, [f, by]] of Object.entries(wrapping)) {
    const found = await f(a, b).read();
    pairs.forEach(([a, b], i) =>
      assertEquals(found[i], Number(BigInt.asIntN(32, by(BigInt(a), BigInt(b)))), `${a} ${name} ${b}`)
    );
  }
  for (const one of [-7, -1, 3, 2 ** 31 - 1, -(2 ** 31)]) {
    const found = await a.mod(one).read();
    pairs.forEach(([a], i) =>
      assertEquals(found[i], Number(BigInt(a) - quotient(BigInt(a), BigInt(one)) * BigInt(one)), `${a} mod ${one}`)
    );
  }
  for (const op of ["div", "mod"] as const) assertThrows(() => a[op](0), RangeError, `Cannot ${op} int32 by zero`);
});

onMeasured("int32 becomes the nearest float32, and bool what it is", async (device) => {
  const draws = new Draws(7), numbers = [...integerLandmarks, ...draws.integers(-(2 ** 31), 2 ** 31, 1003).data];
  const x = new HostArray(Int32Array.from(numbers), [numbers.length], "int32");
  await assertFunction(device, "cast() to float32", (x) => x.cast("float32"), [x], exact);
  await assertFunction(device, "cast() to bool", (x) => x.cast("bool"), [x], exact);
  await assertFunction(device, "cast() of bool", (x) => x.greater(0).cast("float32"), [x], exact);
});

const far: readonly number[] = [
  ...[4294967301, -4294967301, 3e9, -3e9, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 5, 0],
  ...[1.5, -1.5, 2 ** 31 - 0.5, -(2 ** 31) - 0.5, NaN, Infinity, -Infinity],
];

onEveryBackend("int32 and bool compare exactly with any number", async () => {
  const compared: Readonly<
    Record<string, readonly [(a: Tensor, b: number) => Tensor, (a: number, b: number) => boolean]>
  > = {
    equal: [(a, b) => a.equal(b), (a, b) => a === b],
    notEqual: [(a, b) => a.notEqual(b), (a, b) => a !== b],
    less: [(a, b) => a.less(b), (a, b) => a < b],
    lessEqual: [(a, b) => a.lessEqual(b), (a, b) => a <= b],
    greater: [(a, b) => a.greater(b), (a, b) => a > b],
    greaterEqual: [(a, b) => a.greaterEqual(b), (a, b) => a >= b],
  };
  const some = [5, 0, -1, 1, 2, 2 ** 31 - 1, -(2 ** 31)], x = integers(some), both = tensor([false, true]);
  for (const [name, [f, holds]] of Object.entries(compared)) {
    for (const [y, numbers] of [[x, some], [both, [0, 1]]] as const) {
      const found = await stack(far.map((number) => f(y, number))).read();
      const expected = far.flatMap((number) => numbers.map((a) => Number(holds(a, number))));
      assertEquals([...found], expected, `${y.dtype} ${name}`);
    }
  }
});

onEveryBackend("a number beyond int32 becomes the nearest of it, at every door", async () => {
  const [low, high] = [-(2 ** 31), 2 ** 31 - 1], x = integers([7, -7]);
  const doors: readonly (readonly [Tensor, readonly number[]])[] = [
    [tensor([3e9, -3e9, NaN, Infinity, -Infinity, 1.9, -1.9], [7], "int32"), [high, low, 0, high, low, 1, -1]],
    [tensor(Float64Array.of(3e9, -3e9, NaN), [3], "int32"), [high, low, 0]],
    [tensor([3e9, -3e9, NaN, Infinity, -Infinity, 1.9, -1.9]).cast("int32"), [high, low, 0, high, low, 1, -1]],
    [full([2], 3e9, "int32"), [high, high]],
    [full([2], -Infinity, "int32"), [low, low]],
    [x.clamp(0, 3e9), [7, 0]],
    [x.clamp(-3e9, Infinity), [7, -7]],
    [x.maximum(-3e9), [7, -7]],
    [x.minimum(-3e9), [low, low]],
    [x.where(tensor([true, false]), 3e9), [7, high]],
    [x.add(3e9), [high + 7 - 2 ** 32, high - 7]],
    [x.mul(-3e9), [low, low]],
    [pad(x, [[1, 1]], 3e9), [high, 7, -7, high]],
    [arange(high - 1, high + 1), [high - 1, high]],
    [lowerTriangle(2, 2, 3e9), [1, 1, 1, 1]],
    [lowerTriangle(2, 2, -3e9), [0, 0, 0, 0]],
    [integers([low]).neg(), [low]],
    [integers([low]).abs(), [low]],
  ];
  for (const [i, [found, expected]] of doors.entries()) assertEquals([...await found.read()], expected, `door ${i}`);
  const target = zeros([2], "int32");
  target.assign(-3e9);
  assertEquals([...await target.read()], [low, low]);
  assertThrows(() => target.assign(0.5), TypeError, "Cannot use 0.5 as int32");
  assertThrows(() => x.mul(0.5), TypeError, "Cannot use 0.5 as int32");
  assertThrows(() => arange(high, high + 2), RangeError, "the integers must be in");
  assertEquals([...await full([1], 0.5, "bool").read(), ...await full([1], NaN, "bool").read()], [1, 1]);
});

onMeasured("a number beyond float32 is infinite, at every door", async (device) => {
  await withBackend(device, async () => {
    const x = tensor([1, 2]), target = zeros([2]), expected = Float32Array.of(Infinity, Infinity);
    target.assign(1e39);
    for (const found of [target, full([2], 1e39), tensor([1e39, 4e38]), x.add(1e39), x.maximum(1e39)]) {
      assertEquals(await found.read(), expected);
    }
  });
});
