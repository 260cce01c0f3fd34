import { assertEquals } from "@std/assert";
import { averagePool1d, averagePool2d, conv1d, conv2d, maxPool1d, maxPool2d } from "../../core/engine/convolution.ts";
import { softplus } from "../../core/06_training/loss.ts";
import { lowerTriangle } from "../../core/engine/create.ts";
import { einsum } from "../../core/engine/einsum.ts";
import { gather, oneHot, scatter } from "../../core/engine/indexing.ts";
import { flip, pad, roll } from "../../core/engine/joining.ts";
import { argsort, sort, topK } from "../../core/engine/sorting.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, HostArray, onReference } from "../support.ts";
import goldens from "../goldens/engine.json" with { type: "json" };

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
