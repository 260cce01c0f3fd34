import { assert, assertEquals, assertThrows } from "@std/assert";
import { averagePool1d, averagePool2d, conv1d, conv2d, maxPool1d, maxPool2d } from "../../core/engine/convolution.ts";
import { withBackend } from "../../core/engine/device.ts";
import { dropout } from "../../core/engine/dropout.ts";
import { softplus } from "../../core/06_training/loss.ts";
import { arange, lowerTriangle, ones, tensor, zeros } from "../../core/engine/create.ts";
import { einsum } from "../../core/engine/einsum.ts";
import { gather, oneHot, scatter, take } from "../../core/engine/indexing.ts";
import { concat, flip, pad, roll, split, stack } from "../../core/engine/joining.ts";
import { argsort, sort, topK } from "../../core/engine/sorting.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
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
import goldens from "../goldens/engine.json" with { type: "json" };

// ## As PyTorch computes it

type Golden = { shape: number[]; dtype: string; data: number[] };

function unpack({ shape, dtype, data }: Golden): HostArray {
  return new HostArray(Float64Array.from(data), shape, dtype as HostArray["dtype"]);
}

const here: Record<string, (...inputs: Tensor[]) => Tensor> = {
  "mean over 0 and 2": (x) => x!.mean([0, 2]),
  "variance over 1": (x) => x!.variance(1),
  "sample variance over 2, kept": (x) => x!.variance(2, { correction: 1, keepDims: true }),
  "logSumExp over 0 and 1": (x) => x!.logSumExp([0, 1]),
  "max over 2": (x) => x!.max(2),
  "argmax over 1": (x) => x!.argmax(1),
  "cumulativeSum over 1": (x) => x!.cumulativeSum(1),
  "broadcast sum of three": (x, y, z) => x!.add(y!.mul(z!)),
  remainder: (x, y) => x!.mod(y!),
  power: (x, y) => x!.abs().pow(y!),
  erf: (x) => x!.erf(),
  softplus: (x) => softplus(x!.mul(10)),
  clamp: (x) => x!.clamp(-0.5, 0.75),
  unfold: (x) => x!.unfold(2, 2, 1),
  "flip over 1": (x) => flip(x!, 1),
  "roll over 2 by -3": (x) => roll(x!, -3, 2),
  pad: (x) => pad(x!, [[0, 0], [0, 1], [1, 2]], 0.5),
  "gather over 1": (x, index) => gather(x!.slice(0, 0, 2), 1, index!),
  "scatter over 2": (x, index, values) => scatter(x!, 2, index!, values!),
  oneHot: (ids) => oneHot(ids!, 5),
  sort: (x) => sort(x!).values,
  "argsort, descending": (x) => argsort(x!, { descending: true }),
  topK: (x) => topK(x!, 2).values,
  "lower triangle": () => lowerTriangle(3, 4, 1),
  "matmul of batches": (a, b) => a!.matmul(b!),
  "einsum bthd,bshd->bhts": (a, b) => einsum("bthd,bshd->bhts", a!, b!),
  "einsum ...ij,...jk->...ki": (a, b) => einsum("...ij,...jk->...ki", a!, b!),
  "einsum iji->j": (a) => einsum("iji->j", a!),
  "einsum ba": (a) => einsum("ba", a!),
  "einsum ij,jk,k->i": (a, b, c) => einsum("ij,jk,k->i", a!, b!, c!),
  conv1d: (x, w, bias) => conv1d(x!, w!, { bias: bias! }),
  "conv1d with stride 2, padding 2, dilation 2, groups 2": (x, w) =>
    conv1d(x!, w!, { stride: 2, padding: 2, dilation: 2, groups: 2 }),
  conv2d: (x, w) => conv2d(x!, w!, { padding: 1 }),
  "conv2d with stride 2, dilation 2, groups 2": (x, w, bias) =>
    conv2d(x!, w!, { stride: 2, dilation: 2, groups: 2, bias: bias! }),
  maxPool1d: (x) => maxPool1d(x!, 3, { stride: 2, padding: 1 }),
  maxPool2d: (x) => maxPool2d(x!, 2),
  averagePool1d: (x) => averagePool1d(x!, 3, { stride: 2, padding: 1 }),
  averagePool2d: (x) => averagePool2d(x!, 3, { stride: 1 }),
};

Deno.test("engine.json and the table of operations name the same cases", () => {
  assertEquals(Object.keys(here).sort(), Object.keys(goldens.cases).sort());
});

for (const [name, { inputs, output }] of Object.entries(goldens.cases)) {
  onReference(`the engine agrees with PyTorch on ${name}`, async () => {
    const actual = await HostArray.of(here[name]!(...inputs.map((input) => unpack(input).tensor())));
    assertEquals(actual.dtype, output.dtype);
    await assertClose(actual, unpack(output), { rtol: 1e-12, atol: 1e-13 });
  });
}

// ## By definition

const x345 = new Draws(7).normal(3, 4, 5);

onEveryBackend("concat() and split() undo each other", async () => {
  const x = x345.tensor();
  for (const axis of [0, 1, 2, -1]) {
    const extent = x.shape.at(axis)!;
    const parts = split(x, [1, 0, extent - 1], axis);
    assertEquals(parts[1]!.size, 0);
    await assertClose(concat(parts, axis), x345, { tolerance: 0.5 });
  }
  await assertClose(concat(split(x, 4, 1), 1), x345, { tolerance: 0.5 });
});

onEveryBackend("stack() adds an axis whose elements are the parts", async () => {
  const x = x345.tensor();
  const stacked = stack([x, x.neg()], 2);
  assertEquals(stacked.shape, [3, 4, 2, 5]);
  await assertClose(stacked.at(2, 1), x.neg(), { tolerance: 0 });
});

onEveryBackend("flip() and roll() move each element to its place", async () => {
  const x = x345.tensor();
  await assertClose(flip(x, 1), build([3, 4, 5], (i, j, k) => x345.at(i!, 3 - j!, k!)), { tolerance: 0.5 });
  for (const shift of [0, 1, -1, 7, -13]) {
    const from = (k: number): number => (((k - shift) % 5) + 5) % 5;
    const expected = build([3, 4, 5], (i, j, k) => x345.at(i!, j!, from(k!)));
    await assertClose(roll(x, shift, -1), expected, { tolerance: 0.5 });
  }
});

onEveryBackend("take() returns rows in the order of the ids, repeated ones too", async () => {
  const ids = tensor(new Int32Array([2, 0, 2, 1]), [2, 2]);
  const expected = build([2, 2, 4, 5], (i, j, k, l) => x345.at([[2, 0], [2, 1]][i!]![j!]!, k!, l!));
  await assertClose(take(x345.tensor(), ids), expected, { tolerance: 0.5 });
});

onEveryBackend("gather() reads and scatter() adds where the index says", async () => {
  const index = new Draws(3).integers(0, 4, 3, 2, 5), values = new Draws(4).normal(3, 2, 5);
  const gathered = build([3, 2, 5], (i, j, k) => x345.at(i!, index.at(i!, j!, k!), k!));
  await assertClose(gather(x345.tensor(), 1, index.tensor()), gathered, { tolerance: 0.5 });
  const sums = build(
    [3, 4, 5],
    (i, j, k) => x345.at(i!, j!, k!) + sumOver(2, (n) => index.at(i!, n, k!) === j ? values.at(i!, n, k!) : 0),
  );
  await assertClose(scatter(x345.tensor(), 1, index.tensor(), values.tensor()), sums, { tolerance: 4, length: 3 });
});

onEveryBackend("topK() and sort() keep the order of equal elements", async () => {
  const x = tensor([1, 3, 2, 3, 1, 3]);
  assertEquals(await topK(x, 4).indices.read(), Int32Array.of(1, 3, 5, 2));
  assertEquals(await argsort(x).read(), Int32Array.of(0, 4, 2, 1, 3, 5));
  assertEquals(await argsort(x, { descending: true }).read(), Int32Array.of(1, 3, 5, 2, 0, 4));
  await assertClose(sort(x).values, [1, 1, 2, 3, 3, 3], { tolerance: 0 });
  assertEquals(topK(x, 0).values.shape, [0]);
});

onEveryBackend("lowerTriangle() is true on and below its diagonal", async () => {
  for (const [T, S, diagonal] of [[4, 4, 0], [2, 5, 3], [5, 2, -2], [3, 3, -9], [0, 2, 0]] as const) {
    const expected = build([T, S], (t, s) => Number(s! <= t! + diagonal), "bool");
    const actual = lowerTriangle(T, S, diagonal);
    assertEquals(actual.dtype, "bool");
    await assertClose(actual, expected, { tolerance: 0 });
  }
});

onEveryBackend("oneHot() gives a row of zeros to an id outside its rows", async () => {
  await assertClose(oneHot(tensor([1, 3, -1], [3], "int32"), 3), [[0, 1, 0], [0, 0, 0], [0, 0, 0]], { tolerance: 0 });
});

onEveryBackend("softplus() neither overflows nor vanishes", async () => {
  await assertClose(softplus(tensor([-1e4, -80, 0, 1e4])), [0, Math.exp(-80), Math.LN2, 1e4], { rtol: 1e-6 });
});

onReference("conv2d() is the sevenfold loop", async () => {
  const draws = new Draws(9), x = draws.normal(2, 4, 7, 6), w = draws.normal(6, 2, 3, 2);
  const [stride, padding, dilation, groups] = [2, 1, 2, 2];
  const inside = (b: number, c: number, t: number, s: number): number =>
    t >= 0 && t < 7 && s >= 0 && s < 6 ? x.at(b, c, t, s) : 0;
  const expected = build([2, 6, 3, 3], (b, o, t, s) => {
    let sum = 0;
    for (const [c, k, l] of indices([2, 3, 2])) {
      const channel = Math.floor(o! / 3) * 2 + c!;
      const row = t! * stride + k! * dilation - padding, column = s! * stride + l! * dilation - padding;
      sum += w.at(o!, c!, k!, l!) * inside(b!, channel, row, column);
    }
    return sum;
  });
  await assertClose(conv2d(x.tensor(), w.tensor(), { stride, padding, dilation, groups }), expected, { length: 12 });
});

// ## Dropout

onEveryBackend("dropout() zeroes about the given share and keeps the expectation", async () => {
  const n = 100_000, rate = 0.3;
  const kept = await dropout(ones([n]), rate, new Random(11)).read();
  const zeroed = kept.filter((value) => value === 0).length;
  // Five standard deviations of a binomial count.
  assert(Math.abs(zeroed - n * rate) < 5 * Math.sqrt(n * rate * (1 - rate)));
  for (const value of kept) assert(value === 0 || Math.abs(value - 1 / 0.7) < 1e-6);
});

onEveryBackend("dropout() drops the same elements from the same position of a stream, and others later", async () => {
  const random = new Random(4), x = ones([1000]);
  const state = random.state();
  const first = await dropout(x, 0.5, random).read();
  const second = await dropout(x, 0.5, random).read();
  const again = await dropout(x, 0.5, Random.from(state)).read();
  assertEquals(first, again);
  assert(first.some((value, i) => value !== second[i]));
  dropout(ones([5]), 0.5, random);
  assertEquals(random.state().counter, 500 + 500 + 3);
});

onEveryBackend("dropout() does nothing without a generator or at rate 0, and refuses rate 1", () => {
  const x = ones([3]);
  assertEquals(dropout(x, 0.5, undefined), x);
  const random = new Random(0);
  assertEquals(dropout(x, 0, random), x);
  assertEquals(random.state().counter, 0);
  assertThrows(() => dropout(x, 1, random), RangeError, "Cannot drop with rate 1: it must be in [0, 1)");
  assertThrows(() => dropout(x, NaN, random), RangeError, "Cannot drop with rate NaN");
});

// ## Refusals

onEveryBackend("operations say what disagrees", (device) => {
  const x = zeros([2, 3]), ids = arange(2);
  assertThrows(() => concat([]), TypeError, "Cannot join no tensors");
  assertThrows(
    () => concat([x, zeros([2, 4])], 0),
    TypeError,
    "Cannot join float32 [2, 3], float32 [2, 4] along axis 0",
  );
  assertThrows(() => concat([x, zeros([2, 3], "int32")]), TypeError, "int32 [2, 3]");
  assertThrows(() => split(x, 2, 1), RangeError, "Cannot split an extent of 3 into 2");
  assertThrows(() => split(x, [1, 1], 1), RangeError, "Cannot split an extent of 3 into [1, 1]");
  assertThrows(() => pad(x, [[1, 1]]), RangeError, "Cannot pad shape [2, 3] by [[1,1]]");
  assertThrows(() => take(x, x), TypeError, "Cannot take rows by float32: ids must be int32");
  assertThrows(() => gather(x, 0, ids), TypeError, "Cannot gather from shape [2, 3] along axis 0");
  assertThrows(() => roll(x, 0.5, 0), RangeError, "Cannot roll by 0.5");
  assertThrows(() => topK(x, 4), RangeError, "Cannot take the top 4 of 3: k must be in [0, 3]");
  assertThrows(() => argsort(x.less(1)), TypeError, "Cannot sort bool");
  assertThrows(() => oneHot(x, 3), TypeError, "Cannot encode by float32");
  assertThrows(() => einsum("ij,jk", x), SyntaxError, 'Cannot read einsum("ij,jk") for 1 tensors');
  assertThrows(() => einsum("ij->ik", x), SyntaxError, '"k" must stand once, and on the left');
  assertThrows(() => einsum("i->i", x), TypeError, 'Cannot name the axes of [2, 3] by "i"');
  assertThrows(() => einsum("ij,ij->i", x, zeros([2, 4])), TypeError, 'axis "j" is 3 and 4');
  assertThrows(() => conv1d(zeros([1, 4, 9]), zeros([2, 3, 3])), TypeError, "input channels must be");
  assertThrows(() => conv1d(zeros([1, 4, 2]), zeros([2, 4, 3])), RangeError, "Cannot slide windows of 3");
  assertThrows(() => maxPool1d(zeros([1, 4, 9]), 2, { padding: 2 }), RangeError, "at most half a window");
  // The GPU device yields NaN: it cannot look at ids without waiting.
  if (device.name === "webgpu") return;
  assertThrows(() => take(x, tensor([2], [1], "int32")), RangeError, "row 2");
  assertThrows(() => take(x, tensor([-1], [1], "int32")), RangeError, "row -1");
  assertThrows(() => gather(x, 1, tensor([[3], [0]], [2, 1], "int32")), RangeError, "row 3");
  assertThrows(() => scatter(x, 1, tensor([[3], [0]], [2, 1], "int32"), zeros([2, 1])), RangeError, "row 3");
});

onEveryBackend("operations run on the device of their arguments, whichever is current", (device) => {
  const x = normal(1, 3, 4), ids = arange(3), index = zeros([1, 4], "int32");
  const results = withBackend(createReferenceDevice(), () => [
    flip(x, 1),
    gather(x, 0, index),
    scatter(x, 0, index, x.slice(0, 0, 1)),
    oneHot(ids, 4),
    roll(x, 1, 0),
    topK(x, 2).values,
    x.add(1).maximum(0).clamp(0, 1),
    dropout(x, 0.5, new Random(0)),
  ]);
  for (const result of results) assertEquals(result.device, device);
});

onReference("operations refuse options that they do not know, and values out of range", () => {
  const [x, kernel] = [ones([1, 2, 8]), ones([2, 2, 3])];
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => conv1d(x, kernel, { strides: 2 } as never), TypeError, 'Cannot convolve with option "strides"'],
    [() => conv1d(x, kernel, { stride: 0 }), RangeError, "stride must be an integer of at least 1"],
    [() => conv1d(x, kernel, { padding: -1 }), RangeError, "padding must be an integer of at least 0"],
    [() => conv1d(x, kernel, { bias: 1 } as never), TypeError, "bias must be a Tensor"],
    [() => maxPool1d(x, 2, { pad: 1 } as never), TypeError, 'Cannot pool with option "pad"'],
    [() => averagePool1d(x, 2, { stride: 1.5 }), RangeError, "Cannot pool with stride = 1.5"],
    [() => sort(x, { reverse: true } as never), TypeError, 'Cannot sort with option "reverse"'],
    [() => argsort(x, { descending: 1 } as never), TypeError, "descending must be true or false"],
  ];
  for (const [run, type, message] of refused) assertThrows(run, type, message);
});
