import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  averagePool1d,
  averagePool2d,
  conv1d,
  conv2d,
  maxPool1d,
  maxPool2d,
  type PerAxis,
  type WindowOptions,
} from "../../core/engine/convolution.ts";
import {
  AveragePool1d,
  AveragePool2d,
  Conv1d,
  Conv2d,
  MaxPool1d,
  MaxPool2d,
} from "../../core/engine/convolution_layers.ts";
import { withRecording } from "../../core/engine/autograd.ts";
import { gradientsOf } from "../../core/engine/derivatives.ts";
import { withBackend } from "../../core/engine/device.ts";
import { ones, parameter, zeros } from "../../core/engine/create.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { Sequential } from "../../core/engine/sequential.ts";
import { scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { adam } from "../../core/06_training/adam.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  build,
  devices,
  Draws,
  type HostArray,
  indices,
  normal,
  onEveryBackend,
  onReference,
} from "../support.ts";

// ## By hand

/** A choice for each axis: lists as they are. */
const each = (choice: PerAxis, n: number): readonly number[] =>
  typeof choice === "number" ? Array.from({ length: n }, () => choice) : choice;

interface Layout {
  readonly stride: readonly number[];
  readonly before: readonly number[];
  readonly dilation: readonly number[];
  readonly places: readonly number[];
}

/** Where windows lie, by the formula of the doc comment. */
function layoutOf(extents: readonly number[], size: readonly number[], options: WindowOptions): Layout {
  const n = size.length, stride = each(options.stride ?? 1, n), dilation = each(options.dilation ?? 1, n);
  const { padding = 0 } = options, reach = size.map((k, i) => dilation[i]! * (k - 1) + 1);
  const total = padding === "same"
    ? reach.map((r) => r - 1)
    : each(padding === "valid" ? 0 : padding, n).map((p) => 2 * p);
  const before = total.map((t) => Math.floor(t / 2));
  const places = extents.map((extent, i) => Math.floor((extent + total[i]! - reach[i]!) / stride[i]!) + 1);
  return { stride, dilation, before, places };
}

/** The element of `x` under an element of a window, or `outside`. */
function under(x: HostArray, lead: number[], place: number[], k: number[], at: Layout, outside: number): number {
  const index = place.map((t, i) => t * at.stride[i]! + k[i]! * at.dilation[i]! - at.before[i]!);
  const isInside = index.every((t, i) => t >= 0 && t < x.shape[2 + i]!);
  return isInside ? x.at(...lead, ...index) : outside;
}

function convolved(x: HostArray, w: HostArray, bias: HostArray, options: WindowOptions): HostArray {
  const [O, perGroup, ...size] = w.shape as [number, number, ...number[]], { groups = 1 } = options;
  const at = layoutOf(x.shape.slice(2), size, options);
  return build([x.shape[0]!, O, ...at.places], (b, o, ...place) => {
    let sum = bias.at(o!);
    for (const [c, ...k] of indices([perGroup, ...size])) {
      const channel = Math.floor(o! / (O / groups)) * perGroup + c!;
      sum += w.at(o!, c!, ...k) * under(x, [b!, channel], place, k, at, 0);
    }
    return sum;
  });
}

function pooled(x: HostArray, size: readonly number[], options: WindowOptions, isMax: boolean): HostArray {
  const at = layoutOf(x.shape.slice(2), size, options);
  return build([x.shape[0]!, x.shape[1]!, ...at.places], (b, c, ...place) => {
    const found = [...indices(size)].map((k) => under(x, [b!, c!], place, k, at, isMax ? -Infinity : 0));
    return isMax ? Math.max(...found) : found.reduce((sum, value) => sum + value, 0) / found.length;
  });
}

/** Shapes and options of one random convolution. */
function drawn(draws: Draws, axes: number): { x: HostArray; w: HostArray; bias: HostArray; options: WindowOptions } {
  const pick = (low: number, high: number): number => low + Math.floor((high - low + 1) * draws.next());
  const choice = (low: number, high: number): PerAxis =>
    draws.next() < 0.5 ? pick(low, high) : Array.from({ length: axes }, () => pick(low, high));
  const groups = pick(1, 3), isSame = draws.next() < 0.25;
  const size = Array.from({ length: axes }, () => pick(1, 3)), dilation = choice(1, 2);
  const options: WindowOptions = isSame
    ? { padding: "same", dilation, groups }
    : { stride: choice(1, 3), padding: draws.next() < 0.2 ? "valid" : choice(0, 2), dilation, groups };
  const extents = size.map((k, i) => (k - 1) * each(dilation, axes)[i]! + pick(1, 4));
  const perGroup = pick(1, 2), O = groups * pick(1, 2);
  return {
    x: draws.normal(pick(1, 2), groups * perGroup, ...extents),
    w: draws.normal(O, perGroup, ...size),
    bias: draws.normal(O),
    options,
  };
}

const convolve = (axes: number): typeof conv1d => axes === 1 ? conv1d : conv2d;

onEveryBackend("conv1d() and conv2d() are loops over windows, whatever the options", async () => {
  const draws = new Draws(9);
  for (let trial = 0; trial < 40; trial++) {
    const axes = 1 + trial % 2, { x, w, bias, options } = drawn(draws, axes);
    const length = w.shape.slice(1).reduce((a, b) => a * b, 2);
    const found = convolve(axes)(x.tensor(), w.tensor(), { ...options, bias: bias.tensor() });
    await assertClose(found, convolved(x, w, bias, options), { length });
  }
});

onReference("conv1d() and conv2d() have the slopes of differences, whatever the options", async () => {
  const draws = new Draws(10);
  for (let trial = 0; trial < 16; trial++) {
    const axes = 1 + trial % 2, { x, w, bias, options } = drawn(draws, axes);
    await assertGradients((a, b, c) => convolve(axes)(a, b, { ...options, bias: c }), [x, w, bias]);
  }
});

onEveryBackend("pools are loops over windows, whatever the options", async () => {
  const draws = new Draws(11),
    pick = (low: number, high: number): number => low + Math.floor((high - low + 1) * draws.next());
  for (let trial = 0; trial < 30; trial++) {
    const axes = 1 + trial % 2, size = Array.from({ length: axes }, () => pick(1, 3));
    const list = (low: number, high: number): number[] => size.map(() => pick(low, high));
    const padding = size.map((k) => pick(0, Math.floor(k / 2))), dilation = list(1, 2);
    const options = { stride: trial % 3 ? list(1, 3) : size, padding, dilation };
    const x = draws.spaced(2, 2, ...size.map((k, i) => (k - 1) * dilation[i]! + pick(1, 4)));
    const given = trial % 3 ? options : { padding, dilation };
    const [max, average] = axes === 1 ? [maxPool1d, averagePool1d] : [maxPool2d, averagePool2d];
    await assertClose(max(x.tensor(), size, given), pooled(x, size, options, true), { tolerance: 0 });
    await assertClose(average(x.tensor(), size, given), pooled(x, size, options, false), { length: 9 });
    if (trial > 9) continue;
    await assertGradients((a) => max(a, size, given), [x]);
    await assertGradients((a) => average(a, size, given), [x]);
  }
});

onEveryBackend("conv2d() of 1×1 kernels is a matrix product over channels", async () => {
  const x = normal(1, 2, 3, 4, 5), w = normal(2, 6, 3, 1, 1);
  const expected = w.reshape([6, 3]).matmul(x.reshape([2, 3, 20])).reshape([2, 6, 4, 5]);
  await assertClose(conv2d(x, w), expected, { length: 3 });
});

onEveryBackend("a convolution of nothing is nothing, and its slope zero", async () => {
  const w = parameter(normal(1, 2, 3, 2));
  const y = conv1d(zeros([0, 3, 5]), w, { bias: [1, 2] });
  assertEquals(y.shape, [0, 2, 4]);
  await assertClose(gradientsOf(y, [w], { gradient: zeros([0, 2, 4]) })[0]!, zeros([2, 3, 2]), { tolerance: 0 });
});

onReference("convolutions and pools have second derivatives", async () => {
  const draws = new Draws(12), x = draws.spaced(1, 2, 5, 4), w = draws.normal(2, 2, 2, 2);
  const slope = (f: (x: Tensor) => Tensor) => (a: Tensor): Tensor =>
    withRecording(true, () => {
      const y = f(a), loss = y.mul(y).mul(y).sum();
      return gradientsOf(loss, [a], { createGraph: true })[0]!;
    });
  await assertGradients((a, b) => slope((a) => conv2d(a, b, { padding: 1, stride: [2, 1] }))(a), [x, w]);
  await assertGradients(slope((a) => maxPool2d(a, 2, { stride: 1 })), [x]);
  await assertGradients(slope((a) => averagePool2d(a, [2, 1])), [x]);
});

// ## Layers

onReference("Conv1d(), Conv2d() and the pools compute their functions, with slopes for what they train", async () => {
  const random = new Random(1), x = normal(2, 2, 4, 6), image = normal(3, 2, 4, 6, 5);
  const one = new Conv1d(4, 6, 3, random, { padding: "same", groups: 2 });
  const two = new Conv2d(4, 2, [3, 2], random, { stride: [2, 1], padding: [1, 0], bias: false });
  assertEquals([...one.parameters()].map(([name, { shape }]) => `${name} ${shape}`), ["weight 6,2,3", "bias 6"]);
  assertEquals([...two.parameters()].map(([name, { shape }]) => `${name} ${shape}`), ["weight 2,4,3,2"]);
  await assertClose(one.forward(x), conv1d(x, one.weight, { padding: 1, groups: 2, bias: one.bias }), { tolerance: 0 });
  await assertClose(two.forward(image), conv2d(image, two.weight, { stride: [2, 1], padding: [1, 0] }), {
    tolerance: 0,
  });
  await assertModuleGradients(one, () => one.forward(x));
  await assertModuleGradients(two, () => two.forward(image));
  await assertClose(new MaxPool1d(2).forward(x), maxPool1d(x, 2), { tolerance: 0 });
  await assertClose(new AveragePool1d(3, { stride: 1 }).forward(x), averagePool1d(x, 3, { stride: 1 }), {
    tolerance: 0,
  });
  await assertClose(new MaxPool2d([2, 1]).forward(image), maxPool2d(image, [2, 1]), { tolerance: 0 });
  await assertClose(new AveragePool2d(2).forward(image), averagePool2d(image, 2), { tolerance: 0 });
});

onReference("layers that slide are parts of a Sequential", () => {
  const random = new Random(1), flat = (x: Tensor): Tensor => x.flatten(1);
  const map = new Linear(4 * 3 * 3, 5, random);
  const model = new Sequential(new Conv2d(1, 4, 3, random, { padding: "same" }), new MaxPool2d(2), flat, map);
  assertEquals(model.forward(ones([2, 1, 6, 6])).shape, [2, 5]);
  assertEquals([...model.parameters().keys()], ["0.weight", "0.bias", "3.weight", "3.bias"]);
});

onReference("convolutions and pools print their windows", () => {
  const layer = new Conv2d(4, 2, 3, new Random(1), { stride: [2, 1], groups: 2, bias: false });
  const [title] = String(layer).split("\n");
  assertEquals(title, "Conv2d [3, 3], stride [2, 1], groups 2, 36 parameters, 288 bytes");
  assertEquals(
    String(new Conv1d(1, 1, 5, new Random(1), { padding: "same" })).split("\n")[0],
    "Conv1d [5], padding same, 6 parameters, 48 bytes",
  );
  assertEquals(String(new MaxPool2d(2)).trim(), "MaxPool2d 2, 0 bytes");
  assertEquals(
    String(new AveragePool1d(3, { stride: 1, padding: undefined })).trim(),
    "AveragePool1d 3, stride 1, 0 bytes",
  );
  assertEquals(String(new MaxPool2d([2, 1], { padding: [1, 0] })).trim(), "MaxPool2d [2, 1], padding [1, 0], 0 bytes");
});

onReference("Conv2d() starts uniformly, within a bound that counts what a kernel reads and reaches", async () => {
  const { weight, bias } = new Conv2d(8, 16, [3, 5], new Random(3), { groups: 2 });
  const bound = Math.sqrt(6 / (15 * (4 + 8))), numbers = [...await weight.read()].map(Math.abs);
  assert(numbers.every((x) => x <= bound));
  // Of 960 uniform draws the largest is above 0.98 of the bound, but for a chance of 0.98^960 = 4e-9.
  assert(Math.max(...numbers) > 0.98 * bound);
  await assertClose(bias!, zeros([16]), { tolerance: 0 });
});

onReference("layers that slide refuse what they cannot be", () => {
  const random = new Random(1), x = ones([1, 2, 8]);
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => new Conv1d(3, 4, 3, random, { groups: 2 }), TypeError, "groups must divide both"],
    [() => new Conv1d(2, 4, [3, 3], random), TypeError, "Cannot make a convolution with size = [3, 3]: one number is"],
    [() => new Conv2d(2, 4, [3], random), TypeError, "one number is needed, or one for each of 2 axes"],
    [() => new Conv2d(2, 4, 0, random), RangeError, "size must be an integer of at least 1"],
    [
      () => new Conv2d(2, 4, 3, random, { padding: "full" as "same" }),
      TypeError,
      "padding must be one of same, valid or",
    ],
    [() => new Conv2d(2, 4, 3, undefined as unknown as Random), TypeError, "Cannot make a convolution"],
    [() => new MaxPool2d([2, 2, 2]), TypeError, "Cannot make a pool with size = [2, 2, 2]"],
    [() => new AveragePool1d(2, { groups: 2 } as never), TypeError, 'Cannot make a pool with option "groups"'],
    [() => new Conv1d(2, 4, 3, random).forward(ones([1, 3, 8])), TypeError, "the layout is [B, C, T], and C must be"],
    [
      () => new Conv2d(3, 4, 3, random).forward(ones([2, 8, 8, 3])),
      TypeError,
      "Cannot convolve shape [2, 8, 8, 3] with kernels [4, 3, 3, 3] in 1 groups: the layout is [B, C, H, W], and C must be 3",
    ],
    [() => new Conv2d(2, 4, 3, random, { stride: [1, 2, 3] }), TypeError, "a convolution with stride = [1, 2, 3]: one"],
    [() => new Conv2d(2, 4, 3, random, { padding: [1] }), TypeError, "Cannot make a convolution with padding = [1]"],
    [() => new Conv1d(2, 4, 3, random, { dilation: [1, 1] }), TypeError, "a convolution with dilation = [1, 1]: one"],
    [() => new Conv2d(2, 4, 3, random, { padding: "same", stride: 2 }), TypeError, 'padding "same" and stride [2, 2]'],
    [() => new MaxPool2d(2, { stride: [1] }), TypeError, "Cannot make a pool with stride = [1]: one number is needed"],
    [() => new MaxPool1d(2, { padding: 2 }), RangeError, "Cannot make a pool with windows of [2] and padding [2]"],
    [() => maxPool1d(x, 2, { padding: 2 }), RangeError, "at most half a window"],
    [() => conv1d(x, ones([2, 2, 3]), { padding: "same", stride: 2 }), TypeError, 'padding "same" and stride [2]'],
    [() => conv1d(x, ones([2, 2, 3]), { dilation: [1, 1] }), TypeError, "dilation = [1, 1]: one number is needed"],
    [() => conv1d(x, ones([2, 2, 3]), { stride: [] }), TypeError, "stride must be an integer of at least 1, or a list"],
    [() => conv1d(x, ones([2, 2, 3]), { stride: [0.5] }), RangeError, "stride must be an integer of at least 1, or"],
  ];
  for (const [run, type, message] of refused) assertThrows(run, type, message);
});

// ## Learning

/** Two convolutions, each with a pool, and a map of what remains. */
class Eye extends Module {
  readonly parts: readonly (Conv2d | MaxPool2d)[];
  readonly output: Linear;

  constructor(random: Random) {
    super();
    this.parts = [
      new Conv2d(1, 4, 3, random, { padding: "same" }),
      new MaxPool2d(2),
      new Conv2d(4, 8, 3, random, { padding: "same" }),
      new MaxPool2d(2),
    ];
    this.output = new Linear(8 * 9, 4, random);
  }

  forward(images: Tensor): Tensor {
    const features = this.parts.reduce((x: Tensor, part) => part.forward(x).relu(), images);
    return this.output.forward(features.flatten(1));
  }
}

/** Images with a bar in noise, and its direction: lying, standing, and the two diagonals. */
function bars(draws: Draws, count: number): { images: Tensor; directions: number[] } {
  const directions = Array.from({ length: count }, () => Math.floor(4 * draws.next()));
  const places = directions.map(() => [0, 1].map(() => 3 + Math.floor(6 * draws.next())));
  const steps = [[0, 1], [1, 0], [1, 1], [1, -1]];
  const noise = draws.normal(count, 1, 12, 12);
  const images = build([count, 1, 12, 12], (n, _, row, column) => {
    const [y, x] = places[n!]!, [down, right] = steps[directions[n!]!]!;
    const isBar = [-2, -1, 0, 1, 2].some((k) => row === y! + k * down! && column === x! + k * right!);
    return 0.2 * noise.at(n!, 0, row!, column!) + Number(isBar);
  });
  return { images: images.tensor(), directions };
}

// On the other devices the same steps take far longer; there the cases above say that they are the same.
const wasm = devices.find(({ name }) => name === "wasm")!.backend!;
const onWasm = (f: () => Promise<void>) => () => withBackend(wasm, f);

Deno.test(
  "a small network of Conv2d() and MaxPool2d() learns which way a bar lies",
  onWasm(async () => {
    const draws = new Draws(5), model = new Eye(new Random(7));
    const optimizer = new Optimizer(model.parameters(), adam({ learningRate: 0.01 }));
    for (let step = 0; step < 160; step++) {
      scope(() => {
        const { images, directions } = bars(draws, 32);
        crossEntropy(model.forward(images), directions).backward();
        optimizer.step();
        optimizer.zeroGrad();
      });
    }
    const { images, directions } = bars(draws, 400);
    const answers = await scope(() => model.forward(images).argmax(1)).read();
    const right = directions.filter((direction, i) => direction === answers[i]).length;
    assert(right > 0.95 * 400, `${right} of 400`);
  }),
);

onEveryBackend("convolutions and pools say what disagrees", () => {
  assertThrows(() => conv1d(zeros([1, 4, 9]), zeros([2, 3, 3])), TypeError, "the layout is [B, C, T], and C must be");
  assertThrows(() => conv1d(zeros([1, 4, 2]), zeros([2, 4, 3])), RangeError, "Cannot slide windows of 3");
  assertThrows(() => maxPool1d(zeros([1, 4, 9]), 2, { padding: 2 }), RangeError, "at most half a window");
});

onReference("convolutions and pools refuse options that they do not know, and values out of range", () => {
  const [x, kernel] = [ones([1, 2, 8]), ones([2, 2, 3])];
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => conv1d(x, kernel, { strides: 2 } as never), TypeError, 'Cannot convolve with option "strides"'],
    [() => conv1d(x, kernel, { stride: 0 }), RangeError, "stride must be an integer of at least 1"],
    [
      () => conv1d(x, kernel, { padding: -1 }),
      RangeError,
      "padding must be one of same, valid or an integer of at least 0",
    ],
    [() => conv1d(x, kernel, { bias: "1" } as never), TypeError, "bias must be a Tensor or nested lists"],
    [() => maxPool1d(x, 2, { pad: 1 } as never), TypeError, 'Cannot pool with option "pad"'],
    [() => averagePool1d(x, 2, { stride: 1.5 }), RangeError, "Cannot pool with stride = 1.5"],
  ];
  for (const [run, type, message] of refused) assertThrows(run, type, message);
});
