import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { arange, full, ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import {
  assertClose,
  build,
  Draws,
  HostArray,
  indices,
  normal,
  onEveryBackend,
  onReference,
  sumOver,
} from "../support.ts";
import { faults } from "../gpu/driver.ts";
import { assertStayOn } from "./elsewhere.ts";

// ## Making and reading

onEveryBackend("item() refuses more or fewer than one element", async () => {
  assertEquals(await tensor([[3]]).item(), 3);
  await assertRejects(() => zeros([2]).item(), TypeError, "Cannot take one number from shape [2]");
  await assertRejects(() => zeros([0]).item(), TypeError, "Cannot take one number from shape [0]");
});

onEveryBackend("read() returns a copy", async () => {
  const x = tensor([1, 2]);
  const numbers = await x.read();
  numbers[0] = 9;
  await assertClose(x, [1, 2], { tolerance: 0 });
});

// ## Views

const base = new Draws(2).normal(4, 5, 6);

onEveryBackend("views read the elements they name", async () => {
  const x = base.tensor();
  const exactly = (view: Tensor, f: (...index: number[]) => number) =>
    assertClose(view, build(view.shape, f), { tolerance: 0.5 });
  await exactly(x.transpose(), (i, j, k) => base.at(i!, k!, j!));
  await exactly(x.transpose(0, 2), (i, j, k) => base.at(k!, j!, i!));
  await exactly(x.permute([2, 0, 1]), (i, j, k) => base.at(j!, k!, i!));
  await exactly(x.slice(1, 1, -1), (i, j, k) => base.at(i!, j! + 1, k!));
  await exactly(x.slice(2, 1, undefined, 2), (i, j, k) => base.at(i!, j!, 1 + 2 * k!));
  await exactly(x.slice(2, -3), (i, j, k) => base.at(i!, j!, 3 + k!));
  await exactly(x.at(0, -1), (j, k) => base.at(3, j!, k!));
  await exactly(x.unsqueeze(1), (i, _, j, k) => base.at(i!, j!, k!));
  await exactly(x.slice(0, 2, 3).squeeze(0), (j, k) => base.at(2, j!, k!));
  await exactly(x.flatten(1), (i, jk) => base.at(i!, Math.floor(jk! / 6), jk! % 6));
  await exactly(x.transpose(0, 1).reshape([5, 24]), (j, ik) => base.at(Math.floor(ik! / 6), j!, ik! % 6));
  await exactly(x.unfold(1, 3, 2), (i, t, k, w) => base.at(i!, 2 * t! + w!, k!));
  await exactly(x.unfold(2, 2, 1, 3), (i, j, t, w) => base.at(i!, j!, t! + 3 * w!));
  await exactly(x.at(0, 1).slice(1, 0, 5).diagonal(), (i) => base.at(1, i!, i!));
  await exactly(x.slice(0, 0, 1).expand([3, 5, 6]), (_, j, k) => base.at(0, j!, k!));
});

onEveryBackend("views share memory, and copies do not", async () => {
  const x = zeros([3, 4]);
  const views = [
    x.transpose(),
    x.slice(0, 0, 3),
    x.reshape([12]),
    x.unsqueeze(0),
    x.expand([2, 3, 4]),
    x.unfold(1, 2),
    x.detach(),
    x.contiguous(),
  ];
  for (const view of views) assertStrictEquals(view.storage, x.storage);
  assertNotStrictEquals(x.clone().storage, x.storage);
  assertNotStrictEquals(x.transpose().contiguous().storage, x.storage);
  assertNotStrictEquals(x.transpose().reshape([12]).storage, x.storage);
  x.assign(1);
  await assertClose(views[1]!, ones([3, 4]), { tolerance: 0 });
});

onEveryBackend("slice() clips to the axis and may be empty", async () => {
  const x = arange(5);
  assertEquals(await x.slice(0, 3, 99).read(), Int32Array.of(3, 4));
  assertEquals(await x.slice(0, -99, 2).read(), Int32Array.of(0, 1));
  assertEquals(x.slice(0, 4, 2).shape, [0]);
  assertEquals(x.slice(0, 9).shape, [0]);
});

onEveryBackend("views refuse axes, indices and shapes that do not exist", () => {
  const x = zeros([2, 3]);
  assertThrows(() => x.at(0, 2), RangeError, "Cannot take index 2 of an axis of extent 2");
  assertThrows(() => x.at(1, -4), RangeError, "Cannot take index -4 of an axis of extent 3");
  assertThrows(() => x.slice(2, 0), RangeError, "Cannot use axis 2");
  assertThrows(() => x.slice(0, 0, 2, 0), RangeError, "step at least 1");
  assertThrows(() => x.squeeze(0), TypeError, "Cannot squeeze axis 0 of shape [2, 3]");
  assertThrows(() => x.permute([0, 0]), TypeError, "each axis must be named once");
  assertThrows(() => x.permute([0]), TypeError, "Cannot permute 2 axes by [0]");
  assertThrows(() => x.expand([3, 3]), TypeError, "Cannot broadcast [2, 3] to [3, 3]");
  assertThrows(() => x.reshape([4]), TypeError, "Cannot reshape 6 elements to [4]");
  assertThrows(() => x.unfold(1, 4), RangeError, "Cannot slide windows of 4");
  assertThrows(() => x.diagonal(), TypeError, "Cannot take a diagonal of shape [2, 3]");
});

// ## assign()

onEveryBackend("assign() overwrites the named part and nothing else", async () => {
  const x = zeros([3, 4]);
  x.slice(1, 1, 4, 2).assign(tensor([[1, 2]]));
  x.at(0, 1).assign(7);
  await assertClose(x, [[0, 1, 0, 2], [7, 7, 7, 7], [0, 1, 0, 2]], { tolerance: 0 });
  x.transpose().slice(0, 0, 1).assign(tensor([[5, 6, 7]]));
  await assertClose(x.at(1, 0), [5, 6, 7], { tolerance: 0 });
});

onEveryBackend("assign() between overlapping parts copies first", async () => {
  const x = tensor([1, 2, 3, 4, 5]);
  x.slice(0, 1).assign(x.slice(0, 0, 4));
  await assertClose(x, [1, 1, 2, 3, 4], { tolerance: 0 });
  const square = tensor([[1, 2], [3, 4]]);
  square.assign(square.transpose());
  await assertClose(square, [[1, 3], [2, 4]], { tolerance: 0 });
});

onEveryBackend("assign() converts the kind of number and refuses recorded targets", async () => {
  const counts = zeros([3], "int32");
  counts.assign(tensor([1.7, -1.7, 3]));
  assertEquals(await counts.read(), Int32Array.of(1, -1, 3));
  const recorded = parameter(ones([2])).mul(2);
  assertThrows(() => recorded.assign(0), TypeError, "Cannot assign to a tensor that the tape has recorded");
  assertThrows(() => zeros([2]).assign(zeros([3])), TypeError, "Cannot broadcast [3] to [2]");
});

onEveryBackend("cast() rounds towards zero, saturates, and knows what is true", async () => {
  const x = tensor([1.9, -1.9, 0, 1e20, -1e20, NaN]);
  assertEquals(await x.cast("int32").read(), Int32Array.of(1, -1, 0, 2 ** 31 - 1, -(2 ** 31), 0));
  assertEquals(await x.cast("bool").read(), Int32Array.of(1, 1, 0, 1, 1, 1));
  await assertClose(tensor([true, false]).cast("float32"), [1, 0], { tolerance: 0 });
  assertStrictEquals(x.cast("float32"), x);
});

// ## Arithmetic

onEveryBackend("broadcasting stretches axes of extent 1 as in NumPy", async () => {
  const a = new Draws(4).normal(2, 1, 3), b = new Draws(5).normal(4, 1);
  const expected = build([2, 4, 3], (i, j, k) => a.at(i!, 0, k!) - b.at(j!, 0));
  await assertClose(a.tensor().sub(b.tensor()), expected, { tolerance: 0.5, atol: 1e-7 });
  assertEquals(zeros([0, 1]).add(zeros([3])).shape, [0, 3]);
  assertThrows(() => zeros([2, 3]).add(zeros([2])), TypeError, "extents 3 and 2 differ and neither is 1");
});

onEveryBackend("special numbers follow IEEE 754", async () => {
  const [inf, nan] = [Infinity, NaN];
  await assertClose(tensor([1, -1, 0]).div(0), [inf, -inf, nan], { tolerance: 0 });
  await assertClose(tensor([-inf, 0, inf, nan]).exp(), [0, 1, inf, nan], { tolerance: 0 });
  await assertClose(tensor([0, -1, inf]).log(), [-inf, nan, inf], { tolerance: 0 });
  await assertClose(tensor([-1, -1]).sqrt(), [nan, nan], { tolerance: 0 });
  await assertClose(tensor([-1, -2]).log1p(), [-inf, nan], { tolerance: 0 });
  await assertClose(tensor([-inf, inf, nan]).tanh(), [-1, 1, nan], { tolerance: 0 });
  await assertClose(tensor([-inf, inf, nan]).sigmoid(), [0, 1, nan], { tolerance: 0 });
  await assertClose(tensor([-inf, inf, nan]).erf(), [-1, 1, nan], { tolerance: 0 });
  await assertClose(tensor([1, nan]).maximum(tensor([nan, 1])), [nan, nan], { tolerance: 0 });
  await assertClose(tensor([1, nan]).minimum(tensor([nan, 1])), [nan, nan], { tolerance: 0 });
  await assertClose(tensor([nan, 1, -inf]).sign(), [nan, 1, -1], { tolerance: 0 });
  await assertClose(tensor([1, nan, 3]).max(), nan, { tolerance: 0 });
  await assertClose(tensor([1, nan, 3]).min(), nan, { tolerance: 0 });
  await assertClose(tensor([inf, -inf, 0.5]).floor(), [inf, -inf, 0], { tolerance: 0 });
  await assertClose(tensor([1, -1, 0, -2]).pow(tensor([nan, inf, 0, 3])), [1, 1, 1, -8], { tolerance: 1 });
  assertEquals(await tensor([1, nan, 3]).argmax().item(), 1);
  assertEquals(await tensor([nan, 1, nan]).equal(tensor([nan, 1, 1])).read(), Int32Array.of(0, 1, 0));
  assertEquals(await tensor([nan, 1]).notEqual(tensor([nan, 1])).read(), Int32Array.of(1, 0));
  assertEquals(await tensor([nan, 1]).less(tensor([1, nan])).read(), Int32Array.of(0, 0));
  assertEquals(await tensor([nan, 1]).greaterEqual(tensor([1, nan])).read(), Int32Array.of(0, 0));
});

onEveryBackend("exp() and its kin hold over their whole range", async () => {
  const x = build([401], (i) => Math.fround((i! - 200) * 0.43));
  const each = (f: (x: number) => number): Float64Array => Float64Array.from(x.data, f);
  const close = { tolerance: 4, atol: 1e-37 };
  await assertClose(x.tensor().exp(), each(Math.exp), close);
  await assertClose(x.tensor().tanh(), each(Math.tanh), close);
  await assertClose(x.tensor().sigmoid(), each((v) => 1 / (1 + Math.exp(-v))), close);
  await assertClose(x.tensor().sin(), each(Math.sin), { atol: 1e-6 });
  await assertClose(x.tensor().cos(), each(Math.cos), { atol: 1e-6 });
  const tiny = build([300], (i) => Math.fround(10 ** (i! / 4 - 37)));
  const eachTiny = (f: (x: number) => number): Float64Array => Float64Array.from(tiny.data, f);
  await assertClose(tiny.tensor().log(), eachTiny(Math.log), { tolerance: 4, atol: 1e-7 });
  await assertClose(tiny.tensor().log1p(), eachTiny(Math.log1p), { tolerance: 4 });
  await assertClose(tiny.tensor().sqrt(), eachTiny(Math.sqrt), { tolerance: 0.5 });
  await assertClose(tiny.tensor().slice(0, 0, 140).tanh(), eachTiny(Math.tanh).slice(0, 140), { tolerance: 4 });
});

onEveryBackend("pow() of whole, negative and fractional exponents", async () => {
  const x = tensor([0.5, 1, 3]);
  await assertClose(x.pow(0), [1, 1, 1], { tolerance: 2 });
  await assertClose(x.pow(1), [0.5, 1, 3], { tolerance: 2 });
  await assertClose(x.pow(2), [0.25, 1, 9], { tolerance: 2 });
  await assertClose(x.pow(3), [0.125, 1, 27], { tolerance: 2 });
  await assertClose(x.pow(-1), [2, 1, 1 / 3], { tolerance: 2 });
  await assertClose(x.pow(0.5), [Math.SQRT1_2, 1, Math.sqrt(3)], { tolerance: 2 });
  await assertClose(tensor([-2, -2]).pow(tensor([3, -2])), [-8, 0.25], { tolerance: 2 });
});

onEveryBackend("int32 arithmetic is exact, wraps and rounds down", async (device) => {
  const i = (...values: number[]): Tensor => tensor(Int32Array.from(values));
  const top = 2 ** 31 - 1;
  assertEquals(await i(top, 2 ** 30).add(i(1, 2 ** 24 + 1)).read(), Int32Array.of(-(2 ** 31), 2 ** 30 + 2 ** 24 + 1));
  assertEquals(await i(65537, -3).mul(65537).read(), Int32Array.of(131073, -196611));
  assertEquals(await i(7, -7, 7, -7).div(i(2, 2, -2, -2)).read(), Int32Array.of(3, -4, -4, 3));
  assertEquals(await i(7, -7, 7, -7).mod(i(3, 3, -3, -3)).read(), Int32Array.of(1, 2, -2, -1));
  assertEquals(await i(2 ** 24 + 1).equal(2 ** 24).read(), Int32Array.of(0));
  assertEquals(await i(top, top).sum().item(), -2);
  assertEquals(await i(2 ** 24 + 1, 2 ** 24).max().item(), 2 ** 24 + 1);
  assertEquals(await i(2 ** 24, 2 ** 24 + 1).argmax().item(), 1);
  assertEquals(await i(3, -4).neg().abs().read(), Int32Array.of(3, 4));
  // The GPU device yields 0: it cannot look at a divisor without waiting.
  if (device.name === "webgpu") return;
  assertThrows(() => i(1).div(0), RangeError, "by zero");
  assertThrows(() => i(1).mod(0), RangeError, "by zero");
}, await faults(["product", "quotient", "order"]));

onEveryBackend("arithmetic runs on the device of its arguments, whichever is current", (device) => {
  const x = normal(1, 3, 4);
  assertStayOn(device, () => [x.add(1).maximum(0).clamp(0, 1)]);
});

onEveryBackend("clamp() refuses bounds in the wrong order", () => {
  assertThrows(() => zeros([1]).clamp(1, 0), RangeError, "Cannot clamp to [1, 0]");
});

// ## Reductions and products

onEveryBackend("max() and argmax() refuse an empty axis, and sum() of it is zero", async () => {
  const none = zeros([2, 0]);
  await assertClose(none.sum(1), [0, 0], { tolerance: 0 });
  assertThrows(() => none.max(1), RangeError, "Cannot take the max over an empty axis of shape [2, 0]");
  assertThrows(() => none.argmax(1), RangeError, "Cannot take the argmax over an empty axis");
  assertEquals(none.max(0).shape, [0]);
});

onEveryBackend("argmax() takes the first of equal maxima", async () => {
  assertEquals(await tensor([[1, 3, 3], [2, 2, 2]]).argmax().read(), Int32Array.of(1, 0));
  assertEquals(await full([65], -Infinity).argmax().item(), 0);
});

onEveryBackend("logSumExp() neither overflows nor underflows", async () => {
  const x = tensor([[1e4, 1e4], [-1e4, -1e4], [-Infinity, 3], [-Infinity, -Infinity]]);
  const expected = [1e4 + Math.LN2, -1e4 + Math.LN2, 3, -Infinity];
  await assertClose(x.logSumExp(1), expected, { tolerance: 2 });
});

onEveryBackend("sum() keeps small terms beside many others", async () => {
  // A naive float32 sum of 2^24 ones and more stops growing; of these, it drifts by 1e-3.
  const n = 200_000, x = full([n], 0.1);
  await assertClose(x.sum(), n * Math.fround(0.1), { rtol: 1e-5 });
});

onEveryBackend("variance() survives a large mean", async () => {
  const x = new Draws(6).normal(1000);
  const shifted = x.data.map((value) => Math.fround(value + 1000));
  const mean = sumOver(1000, (i) => shifted[i]!) / 1000;
  const expected = sumOver(1000, (i) => (shifted[i]! - mean) ** 2) / 1000;
  await assertClose(tensor(shifted).variance(), expected, { rtol: 1e-3 });
});

onEveryBackend("matmul() is the sum of products over the inner axis", async () => {
  const a = new Draws(1).normal(2, 1, 5, 17), b = new Draws(2).normal(3, 17, 4);
  const expected = build([2, 3, 5, 4], (n, m, i, j) => sumOver(17, (k) => a.at(n!, 0, i!, k) * b.at(m!, k, j!)));
  await assertClose(a.tensor().matmul(b.tensor()), expected, { tolerance: 4, length: 17 });
});

onEveryBackend("matmul() treats vectors as NumPy does and refuses unequal inner extents", () => {
  const v = zeros([3]), m = zeros([3, 4]);
  assertEquals(v.matmul(v).shape, []);
  assertEquals(v.matmul(m).shape, [4]);
  assertEquals(m.transpose().matmul(v).shape, [4]);
  assertEquals(zeros([2, 4, 3]).matmul(v).shape, [2, 4]);
  assertThrows(() => m.matmul(m), TypeError, "Cannot multiply [3, 4] by [3, 4]: the inner extents must be equal");
  assertThrows(() => v.matmul(tensor(1)), TypeError, "Cannot multiply matrices with a scalar");
});

onEveryBackend("matmul() lets NaN and infinity through", async () => {
  const a = tensor([[NaN, 0], [Infinity, 0], [1, 2]]), b = tensor([[0, 1], [1, 1]]);
  await assertClose(a.matmul(b), [[NaN, NaN], [NaN, Infinity], [2, 3]], { tolerance: 0 });
});

onReference("cumulativeSum() is the running sum along each axis", async () => {
  const x = new Draws(3).normal(3, 4, 5);
  for (const axis of [0, 1, 2]) {
    const expected = build(
      [3, 4, 5],
      (...index) => sumOver(index[axis]! + 1, (i) => x.at(...index.map((value, a) => a === axis ? i : value))),
    );
    await assertClose(x.tensor().cumulativeSum(axis), expected, { length: 5 });
  }
});

onEveryBackend("normal() gives each device the same numbers", async () => {
  const host = new Draws(8).normal(3, 5);
  const read = await HostArray.of(normal(8, 3, 5));
  for (const [i, j] of indices([3, 5])) assert(Math.fround(host.at(i!, j!)) === read.at(i!, j!));
});
