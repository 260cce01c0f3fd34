import { assert, assertEquals } from "@std/assert";
import type { Backend, UnaryOp } from "../../core/engine/backend.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { noisy, take, upload, view } from "./support.ts";

const builds: readonly (readonly [string, Backend])[] = [
  ["relaxed", createWasmDevice({ threads: 1 })],
  ["strict", createWasmDevice({ threads: 1, relaxed: false })],
];

/** Largest relative error of a function over arguments drawn from an interval. */
async function worst(device: Backend, op: UnaryOp, exact: (x: number) => number, low: number, high: number) {
  const n = 20_000;
  const arguments_ = noisy(11, n).map((x) => low + (high - low) * (x + 1) / 2);
  const x = upload(device, arguments_, [n]);
  const found = await take(device, device.unary(op, x), [n]);
  device.release(x.buffer);
  let error = 0;
  arguments_.forEach((argument, i) => {
    const value = exact(argument);
    if (Math.abs(value) > 1.2e-38) error = Math.max(error, Math.abs(found[i]! / value - 1));
  });
  return error;
}

const cases: readonly (readonly [UnaryOp, (x: number) => number, number, number])[] = [
  ["exp", Math.exp, -87, 88.7],
  ["exp", Math.exp, -1, 1],
  ["log", Math.log, 1e-30, 1e30],
  ["log", Math.log, 0.5, 1.5],
  ["log1p", Math.log1p, -0.999, 3],
  ["log1p", Math.log1p, -1e-6, 1e-6],
  ["sin", Math.sin, -7, 7],
  ["sin", Math.sin, -1e5, 1e5],
  ["cos", Math.cos, -1e5, 1e5],
  ["tanh", Math.tanh, -2, 2],
  ["tanh", Math.tanh, -20, 20],
  ["sigmoid", (x) => 1 / (1 + Math.exp(-x)), -80, 80],
];

for (const [build, device] of builds) {
  for (const [op, exact, low, high] of cases) {
    Deno.test(`unary() ${op} is right to a millionth between ${low} and ${high} [${build}]`, async () => {
      const error = await worst(device, op, exact, low, high);
      const bound = op === "exp" ? 2 * 2 ** -23 : 1e-6;
      assert(error <= bound, `relative error ${error}`);
    });
  }

  Deno.test(`unary() exp has exact ends [${build}]`, async () => {
    const x = upload(device, Float32Array.of(-Infinity, -200, 0, 200, Infinity, NaN), [6]);
    const found = await take(device, device.unary("exp", x), [6]);
    assertEquals([...found], [0, 0, 1, Infinity, Infinity, NaN]);
    device.release(x.buffer);
  });
}

Deno.test("reduce() sums a million numbers to within a rounding or two", async () => {
  const device = builds[0]![1], n = 1_000_003;
  const data = noisy(3, n).map((x) => x + 1);
  const exact = data.reduce((sum, x) => sum + x, 0);
  const x = upload(device, data, [n]);
  const [row] = await take(device, device.reduce("sum", x, 1), []);
  const [column] = await take(device, device.reduce("sum", { ...x, shape: [1, n], strides: [0, 1] }, 2), []);
  assert(Math.abs(row! / exact - 1) < 2 ** -23);
  assertEquals(column, row);
  const tall = { ...x, shape: [2, n >> 1], strides: [1, 2] };
  const sums = await take(device, device.reduce("sum", tall, 1), [2]);
  assert(Math.abs((sums[0]! + sums[1]! + data[n - 1]!) / exact - 1) < 2 ** -21);
  device.release(x.buffer);
});

Deno.test("argsort() keeps the order of equal elements in rows of any length", async () => {
  const device = builds[0]![1];
  for (const n of [1, 2, 48, 49, 3000]) {
    const data = noisy(9, n).map((x) => Math.round(x * 10));
    const x = upload(device, data, [n]);
    for (const descending of [false, true]) {
      const order = await take(device, device.argsort(x, descending), [n], "int32");
      const expected = [...data.keys()].sort((i, j) => descending ? data[j]! - data[i]! : data[i]! - data[j]!);
      assertEquals([...order], expected);
    }
    device.release(x.buffer);
  }
});

Deno.test("every member leaves no temporary behind", async () => {
  const device = builds[0]![1];
  const x = upload(device, noisy(1, 6 * 8 * 10), [6, 8, 10]);
  const odd = { ...x, shape: [3, 4, 5], strides: [160, 20, 2] };
  const results = [
    device.unary("exp", odd),
    device.binary("mul", odd, { ...odd, strides: [2, 20, 160].map((s) => s / 2) }),
    device.reduce("max", odd, 2),
    device.matmul(odd, { ...odd, shape: [3, 5, 4], strides: [160, 2, 20] }),
    device.argsort(odd, true),
  ];
  assertEquals(device.memory().buffers, 1 + results.length);
  for (const buffer of results) device.release(buffer);
  device.copy(odd, view(x.buffer, [3, 4, 5]));
  assertEquals(device.memory(), { buffers: 1, bytes: 6 * 8 * 10 * 4 });
  device.release(x.buffer);
  await Promise.resolve();
});
