import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { BatchNorm, LayerNorm, layerNorm, RMSNorm, rmsNorm } from "../../core/05_transformer/normalization.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { ones, tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { goldens, leaf, precision, read } from "../goldens/read.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  Draws,
  normal,
  onEveryBackend,
  onReference,
} from "../support.ts";

const golden = goldens.norms;

onEveryBackend("layerNorm() agrees with PyTorch", async (device) => {
  const [x, gain, bias] = [leaf(golden.x), leaf(golden.gain), leaf(golden.bias)];
  const y = layerNorm(x, gain, bias);
  await assertClose(y, read(golden.layerNorm.y), precision(device));
  y.backward(read(golden.direction));
  await assertClose(x.grad!, read(golden.layerNorm.x), precision(device));
  await assertClose(gain.grad!, read(golden.layerNorm.gain), precision(device));
  await assertClose(bias.grad!, read(golden.layerNorm.bias), precision(device));
});

onEveryBackend("rmsNorm() agrees with PyTorch", async (device) => {
  const [x, gain] = [leaf(golden.x), leaf(golden.gain)];
  const y = rmsNorm(x, gain);
  await assertClose(y, read(golden.rmsNorm.y), precision(device));
  y.backward(read(golden.direction));
  await assertClose(x.grad!, read(golden.rmsNorm.x), precision(device));
  await assertClose(gain.grad!, read(golden.rmsNorm.gain), precision(device));
});

onEveryBackend("BatchNorm() agrees with PyTorch, in training and after it", async (device) => {
  const norm = new BatchNorm(6);
  norm.gain.assign(read(golden.gain));
  norm.bias.assign(read(golden.bias));
  const x = leaf(golden.x);
  const first = norm.forward(x);
  await assertClose(first, read(goldens.batchNorm.first), precision(device));
  first.backward(read(golden.direction));
  await assertClose(x.grad!, read(goldens.batchNorm.gradient), precision(device));
  await assertClose(norm.forward(x.mul(2).sub(1)), read(goldens.batchNorm.second), precision(device));
  await assertClose(norm.runningMean, read(goldens.batchNorm.mean), precision(device));
  await assertClose(norm.runningVariance, read(goldens.batchNorm.variance), precision(device));
  await assertClose(norm.eval().forward(x), read(goldens.batchNorm.eval), precision(device));
  assertEquals([...norm.parameters().keys()], ["gain", "bias"]);
  assertEquals([...norm.stateDict().keys()], ["gain", "bias", "runningMean", "runningVariance"]);
});

onEveryBackend("layerNorm() ignores shift and scale, rmsNorm() only scale", async () => {
  const x = normal(1, 4, 65);
  await assertClose(layerNorm(x.mul(8).add(4)), layerNorm(x), { rtol: 1e-4, atol: 1e-4 });
  await assertClose(rmsNorm(x.mul(8)), rmsNorm(x), { rtol: 1e-4, atol: 1e-4 });
  assert(await rmsNorm(x.add(4)).sub(rmsNorm(x)).abs().max().item() > 0.1);
  await assertClose(layerNorm(x).mean(-1), zeros([4]), { atol: 1e-5 });
  await assertClose(layerNorm(x).variance(-1), ones([4]), { rtol: 1e-4 });
});

onEveryBackend("layerNorm() takes rows without variance, and large ones", async () => {
  await assertClose(layerNorm(tensor([[0, 0], [1e4, 1e4]])), zeros([2, 2]), { tolerance: 0 });
  await assertClose(rmsNorm(tensor([[0, 0]])), zeros([1, 2]), { tolerance: 0 });
  await assertClose(layerNorm(tensor([[1e4, -1e4]])), [[1, -1]], { rtol: 1e-5 });
});

onEveryBackend("layerNorm() and rmsNorm() by kernel are their definitions", async () => {
  for (const width of [1, 15, 16, 17, 63, 64, 65, 1000]) {
    const [x, gain, bias] = [normal(1, 5, width), normal(2, width), normal(3, width)];
    for (const f of [() => layerNorm(x, gain, bias), () => layerNorm(x), () => rmsNorm(x, gain), () => rmsNorm(x)]) {
      await assertClose(f(), withoutFusion(f), { tolerance: 16, length: width });
    }
  }
  assertEquals(layerNorm(zeros([0, 4])).shape, [0, 4]);
});

onEveryBackend("LayerNorm() treats a sentence the same whatever stands beside it, BatchNorm() does not", async () => {
  const sentence = normal(1, 1, 3, 4), other = normal(2, 1, 3, 4).mul(5);
  const beside = async (norm: LayerNorm | RMSNorm | BatchNorm): Promise<number> =>
    await norm.forward(concat([sentence, other], 0)).slice(0, 0, 1).sub(norm.forward(sentence)).abs().max().item();
  assert(await beside(new LayerNorm(4)) < 1e-5);
  assert(await beside(new RMSNorm(4)) < 1e-5);
  assert(await beside(new BatchNorm(4)) > 0.1);
});

onEveryBackend("BatchNorm() leaves masked positions out of its statistics", async () => {
  const long = normal(1, 2, 5, 4), mask = tensor([[true, true, true, true, true], [true, true, false, false, false]]);
  const kept = concat([long.at(0, 0), long.at(0, 1).slice(0, 0, 2)], 0);
  const garbage = long.where(mask.unsqueeze(-1), 1e3);
  const [masked, plain] = [new BatchNorm(4), new BatchNorm(4)];
  const expected = plain.forward(kept), actual = masked.forward(garbage, mask);
  await assertClose(actual.at(0, 0), expected.slice(0, 0, 5), { rtol: 1e-4, atol: 1e-5 });
  await assertClose(actual.at(0, 1).slice(0, 0, 2), expected.slice(0, 5), { rtol: 1e-4, atol: 1e-5 });
  await assertClose(masked.runningMean, plain.runningMean, { rtol: 1e-4, atol: 1e-6 });
  await assertClose(masked.runningVariance, plain.runningVariance, { rtol: 1e-4, atol: 1e-6 });
});

Deno.test("layerNorm() and rmsNorm() have the gradients of their formulas", async () => {
  const draws = new Draws(1);
  const inputs = [draws.normal(2, 3, 5), draws.normal(5), draws.normal(5)];
  await assertGradients((x, gain, bias) => layerNorm(x, gain, bias), inputs);
  await assertGradients((x) => layerNorm(x), inputs.slice(0, 1));
  await assertGradients((x, gain) => rmsNorm(x, gain), inputs.slice(0, 2));
});

onReference("BatchNorm() has the gradients of its formula, through mean and variance", async () => {
  const mask = tensor([[true, true, false], [true, true, true]]);
  await assertGradients((x) => new BatchNorm(4).forward(x, mask), [new Draws(1).normal(2, 3, 4)]);
  const norm = new BatchNorm(4), x = normal(1, 6, 4);
  await assertModuleGradients(norm, () => norm.forward(x));
});

Deno.test("layerNorm() refuses other widths and a negative epsilon", () => {
  const fails = (f: () => Tensor, kind: typeof TypeError | typeof RangeError, text: string) =>
    void assertThrows(f, kind, text);
  fails(() => layerNorm(zeros([2, 4]), ones([3])), TypeError, "Cannot read shape [3] as [E=4]");
  fails(() => rmsNorm(zeros([2, 4]), undefined, { epsilon: -1 }), RangeError, "epsilon must be a number of at least 0");
  fails(() => layerNorm(zeros([])), TypeError, "an axis of features is needed");
  assertThrows(
    () => new BatchNorm(4, { momentum: 2 }),
    RangeError,
    "momentum must be a number of at least 0 and at most 1",
  );
  assertAlmostEquals(new LayerNorm(4).epsilon, 1e-5);
});

onEveryBackend("RMSNorm() with an offset is one with larger gains", async () => {
  const x = normal(1, 2, 3, 4), stored = normal(2, 4);
  const [less, plain] = [new RMSNorm(4, { offset: 1 }), new RMSNorm(4)];
  // Both start as the plain normalization.
  await assertClose(less.forward(x), plain.forward(x), { tolerance: 0 });
  less.gain.assign(stored);
  plain.gain.assign(stored.add(1));
  await assertClose(less.forward(x), plain.forward(x), { tolerance: 0 });
});
