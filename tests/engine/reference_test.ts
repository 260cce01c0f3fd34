import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Backend, BinaryOp, Buffer, DType, Numbers, ReduceOp, UnaryOp, View } from "../../core/engine/backend.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { contiguousStrides } from "../../core/engine/shape.ts";
import { assertClose, build, Draws } from "../support.ts";
import erfGolden from "../goldens/erf.json" with { type: "json" };

const device: Backend = createReferenceDevice();

function view(buffer: Buffer, dtype: DType, shape: readonly number[]): View {
  return { buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

function floats(...data: number[]): View {
  return view(device.upload(new Float64Array(data), "float32"), "float32", [data.length]);
}

function ints(...data: number[]): View {
  return view(device.upload(new Int32Array(data), "int32"), "int32", [data.length]);
}

function bools(...data: number[]): View {
  return view(device.upload(new Int32Array(data), "bool"), "bool", [data.length]);
}

async function unary(op: UnaryOp, ...x: number[]): Promise<number[]> {
  return [...await device.download(view(device.unary(op, floats(...x)), "float32", [x.length]))];
}

async function binary(op: BinaryOp, a: View, b: View, dtype: DType = a.dtype): Promise<number[]> {
  return [...await device.download(view(device.binary(op, a, b), dtype, a.shape))];
}

async function reduce(op: ReduceOp, x: View, axes = 1): Promise<number[]> {
  const dtype = op === "argmax" ? "int32" : x.dtype;
  return [...await device.download(view(device.reduce(op, x, axes), dtype, x.shape.slice(0, -axes)))];
}

Deno.test("createReferenceDevice() computes float32 in double precision", async () => {
  const third = await binary("div", floats(1), floats(3));
  assertEquals(third, [1 / 3]);
});

Deno.test("erf() agrees with forty-digit arithmetic to 1e-15", async () => {
  const found = await unary("erf", ...erfGolden.x);
  await assertClose(found, erfGolden.erf, { rtol: 1e-15 });
  const negative = await unary("erf", ...erfGolden.x.map((x) => -x));
  assertEquals(negative, found.map((y) => -y));
  assertEquals(await unary("erf", 0, Infinity, -Infinity, NaN), [0, 1, -1, NaN]);
});

Deno.test("sigmoid() neither overflows nor loses small values", async () => {
  const [far, near, half, top] = await unary("sigmoid", -800, -700, 0, 800);
  assertEquals([far, half, top], [0, 0.5, 1]);
  await assertClose(near!, Math.exp(-700));
  assertEquals(await unary("sigmoid", -Infinity, Infinity, NaN), [0, 1, NaN]);
});

Deno.test("log1p() is exact where 1 + x is not", async () => {
  await assertClose(await unary("log1p", 1e-20), [1e-20]);
});

Deno.test("sign() and floor() keep NaN and step at the integers", async () => {
  assertEquals(await unary("sign", -2, 0, 3, NaN), [-1, 0, 1, NaN]);
  assertEquals(await unary("floor", -1.5, -1, 1.5), [-2, -1, 1]);
});

Deno.test("mod() takes the sign of the divisor", async () => {
  assertEquals(await binary("mod", floats(7, -7, 7, -7, 6), floats(3, 3, -3, -3, 3)), [1, 2, -2, -1, 0]);
  assertEquals(await binary("mod", ints(7, -7, 7, -7, 6), ints(3, 3, -3, -3, 3)), [1, 2, -2, -1, 0]);
  assertEquals(await binary("mod", floats(1, -1), floats(Infinity, Infinity)), [1, Infinity]);
});

Deno.test("pow() keeps one to any power at one", async () => {
  const result = await binary("pow", floats(1, -1, 0, -2, -2), floats(NaN, Infinity, 0, 3, 0.5));
  assertEquals(result, [1, 1, 1, -8, NaN]);
});

Deno.test("max() and min() hand NaN on, elementwise and over axes", async () => {
  assertEquals(await binary("max", floats(1, NaN), floats(NaN, 1)), [NaN, NaN]);
  assertEquals(await reduce("max", floats(1, NaN, 2)), [NaN]);
  assertEquals(await reduce("min", floats(1, NaN, 2)), [NaN]);
});

Deno.test("int32 arithmetic wraps around at 32 bits", async () => {
  const top = 2 ** 31 - 1;
  assertEquals(await binary("add", ints(top), ints(1)), [-(2 ** 31)]);
  assertEquals(await binary("sub", ints(-top), ints(2)), [top]);
  assertEquals(await binary("mul", ints(65537), ints(65537)), [131073]);
  assertEquals(await binary("pow", ints(3, -2, 7), ints(21, 31, 0)), [Math.imul(3 ** 20, 3), -(2 ** 31), 1]);
  assertEquals(await reduce("sum", ints(top, top)), [-2]);
});

Deno.test("int32 div() rounds down", async () => {
  assertEquals(await binary("div", ints(7, -7, 7, -7, -8), ints(2, 2, -2, -2, 2)), [3, -4, -4, 3, -4]);
});

Deno.test("int32 div(), mod() and pow() refuse what has no integer answer", () => {
  assertThrows(() => device.binary("div", ints(1), ints(0)), RangeError, "Cannot div int32 by zero");
  assertThrows(() => device.binary("mod", ints(1), ints(0)), RangeError, "Cannot mod int32 by zero");
  assertThrows(() => device.binary("pow", ints(2), ints(-1)), RangeError, "negative power");
});

Deno.test("comparisons with NaN are false, and notEqual() is true", async () => {
  const a = floats(NaN, 1, NaN), b = floats(1, NaN, NaN);
  for (const op of ["equal", "less", "lessEqual"] as const) assertEquals(await binary(op, a, b, "bool"), [0, 0, 0]);
  assertEquals(await binary("notEqual", a, b, "bool"), [1, 1, 1]);
});

Deno.test("reduce() over nothing gives the neutral element, or refuses where there is none", async () => {
  const none = { ...floats(), shape: [2, 0], strides: [0, 1] };
  assertEquals(await reduce("sum", none), [0, 0]);
  assertEquals(await reduce("max", none), [-Infinity, -Infinity]);
  assertEquals(await reduce("min", none), [Infinity, Infinity]);
  assertThrows(() => device.reduce("argmax", none, 1), RangeError, "argmax of no elements");
  const integers = { ...ints(), shape: [2, 0], strides: [0, 1] };
  assertThrows(() => device.reduce("max", integers, 1), RangeError, "max of no int32 elements");
});

Deno.test("argmax() takes the first of equal maxima and the first NaN", async () => {
  assertEquals(await reduce("argmax", floats(1, 3, 3)), [1]);
  assertEquals(await reduce("argmax", floats(5, NaN, 9, NaN)), [1]);
  assertEquals(await reduce("argmax", floats(-Infinity, -Infinity)), [0]);
});

Deno.test("argsort() is stable in both directions and counts NaN as the greatest", async () => {
  const x = floats(2, NaN, 1, 2, -0, 0);
  const order = async (descending: boolean) => [
    ...await device.download(view(device.argsort(x, descending), "int32", [6])),
  ];
  assertEquals(await order(false), [4, 5, 2, 0, 3, 1]);
  assertEquals(await order(true), [1, 0, 3, 2, 4, 5]);
});

Deno.test("upload() rounds towards zero, saturates and knows what is true", async () => {
  const data = new Float64Array([1.9, -1.9, 1e20, -1e20, NaN, 0]);
  const as = (dtype: DType) => device.download(view(device.upload(data, dtype), dtype, [6]));
  assertEquals(await as("int32"), new Int32Array([1, -1, 2 ** 31 - 1, -(2 ** 31), 0, 0]));
  assertEquals(await as("bool"), new Int32Array([1, 1, 1, 1, 1, 0]));
  assertEquals(await as("float32"), data);
});

Deno.test("download() walks any strides", async () => {
  const buffer = device.upload(Float64Array.from({ length: 24 }, (_, i) => i), "float32");
  const x: View = { buffer, dtype: "float32", shape: [3, 2, 2], strides: [2, 0, 7], offset: 1 };
  const expected = build([3, 2, 2], (i, _, k) => 1 + 2 * i + 7 * k);
  assertEquals(await device.download(x), expected.data);
});

Deno.test("copy() behaves as if overlapping views did not overlap", async () => {
  const buffer = device.upload(Int32Array.of(0, 1, 2, 3, 4), "int32");
  const part = (offset: number): View => ({ buffer, dtype: "int32", shape: [4], strides: [1], offset });
  device.copy(part(0), part(1));
  assertEquals(await device.download(view(buffer, "int32", [5])), Int32Array.of(0, 0, 1, 2, 3));
});

Deno.test("matmul() is the triple loop over any strides", async () => {
  const draws = new Draws(3), a = draws.normal(2, 3, 4), b = draws.normal(2, 5, 4);
  const left = view(device.upload(a.data, "float32"), "float32", a.shape);
  const right: View = { ...view(device.upload(b.data, "float32"), "float32", [2, 4, 5]), strides: [20, 1, 4] };
  const expected = build([2, 3, 5], (n, i, j) => {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += a.at(n, i, k) * b.at(n, j, k);
    return sum;
  });
  await assertClose(await device.download(view(device.matmul(left, right), "float32", [2, 3, 5])), expected.data);
});

Deno.test("scatterAdd() adds repeated ids in order", async () => {
  const table = view(device.upload(new Float64Array(6), "float32"), "float32", [3, 2]);
  const rows = view(device.upload(Float64Array.of(1, 2, 3, 4, 5, 6), "float32"), "float32", [3, 2]);
  device.scatterAdd(table, ints(2, 0, 2), rows);
  assertEquals(await device.download(table), Float64Array.of(3, 4, 0, 0, 6, 8));
});

Deno.test("gather() and scatterAdd() refuse ids outside the table", () => {
  const table = view(device.upload(new Float64Array(6), "float32"), "float32", [3, 2]);
  assertThrows(() => device.gather(table, ints(3)), RangeError, "Cannot gather row 3: ids must be in [0, 3)");
  assertThrows(() => device.gather(table, ints(-1)), RangeError, "Cannot gather row -1");
  const row = view(device.upload(new Float64Array(2), "float32"), "float32", [1, 2]);
  assertThrows(() => device.scatterAdd(table, ints(9), row), RangeError, "Cannot add into row 9");
});

Deno.test("the reference device refuses the wrong kind of number by name", () => {
  assertThrows(() => device.unary("exp", ints(1)), TypeError, "Cannot take exp of int32: it must be float32");
  assertThrows(() => device.binary("add", bools(1), bools(1)), TypeError, "Cannot add bool");
  assertThrows(() => device.binary("add", ints(1), floats(1)), TypeError, "Cannot add int32 and float32");
  assertThrows(() => device.binary("add", floats(1), floats(1, 2)), TypeError, "shape [2]: it must be [1]");
  assertThrows(() => device.select(ints(1), ints(1), ints(1)), TypeError, "Cannot choose by int32");
  assertThrows(() => device.reduce("sum", bools(1), 1), TypeError, "Cannot take the sum of bool");
  assertThrows(() => device.reduce("sum", floats(1), 2), RangeError, "Cannot collapse 2 axes of [1]");
  assertThrows(() => device.matmul(floats(1), floats(1)), TypeError, "Cannot multiply [1] by [1]");
  assertThrows(() => device.argsort(bools(1), false), TypeError, "Cannot sort bool");
  assertThrows(() => device.allocate("float32", -1), RangeError, "Cannot allocate -1 elements");
});

Deno.test("a view that leaves its buffer is refused", async () => {
  const x: View = { ...floats(1, 2, 3), shape: [4] };
  await assertRejects(() => device.download(x), RangeError, "Cannot reach elements 0 to 3 of a buffer of 3");
});

Deno.test("memory() counts live buffers, and a released one cannot be used", async () => {
  const own = createReferenceDevice();
  const buffer = own.upload(new Float64Array(3), "float32");
  own.allocate("int32", 2);
  assertEquals(own.memory(), { buffers: 2, bytes: 32 });
  own.release(buffer);
  assertEquals(own.memory(), { buffers: 1, bytes: 8 });
  await assertRejects(() => own.download(view(buffer, "float32", [3])), TypeError, "buffer that was released");
  assertThrows(() => own.release(buffer), TypeError, "Cannot release a buffer");
});

Deno.test("download() hands out numbers that later work does not change", async () => {
  const x = floats(1, 2);
  const before: Numbers = await device.download(x);
  device.copy(floats(3, 4), x);
  assertEquals(before, Float64Array.of(1, 2));
  assert(device.fused.forward.softmax === undefined);
});
