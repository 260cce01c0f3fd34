import { assert, assertEquals, assertLess, assertNotStrictEquals, assertThrows } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import { withBackend } from "../../core/engine/device.ts";
import { softplus } from "../../core/06_training/loss.ts";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import { record, type Tensor } from "../../core/engine/tensor.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { assertClose, assertGradients, Draws, normal, onEveryBackend, reference } from "../support.ts";

onEveryBackend("backward() of a product gives each factor the other", async () => {
  const a = parameter(tensor([1, 2, 3])), b = parameter(tensor([4, 5, 6]));
  a.mul(b).sum().backward();
  await assertClose(a.grad!, [4, 5, 6], { tolerance: 0 });
  await assertClose(b.grad!, [1, 2, 3], { tolerance: 0 });
});

onEveryBackend("backward() adds to what an earlier call left", async () => {
  const x = parameter(tensor([1, 2]));
  x.square().sum().backward();
  x.mul(10).sum().backward();
  await assertClose(x.grad!, [12, 14], { tolerance: 0 });
});

onEveryBackend("backward() sums over every path through a shared result", async () => {
  const x = parameter(tensor(3));
  const shared = x.mul(2);
  // (2x)² + 2x + 2x·x: 8x + 2 + 4x at 3.
  shared.square().add(shared).add(shared.mul(x)).backward();
  await assertClose(x.grad!, 38, { tolerance: 0 });
});

onEveryBackend("backward() sums over the repetitions of broadcasting", async () => {
  const row = parameter(ones([1, 3])), column = parameter(ones([2, 1])), scalar = parameter(tensor(2));
  row.add(column).mul(scalar).sum().backward();
  assertEquals([row.grad!.shape, column.grad!.shape, scalar.grad!.shape], [[1, 3], [2, 1], []]);
  await assertClose(row.grad!, [[4, 4, 4]], { tolerance: 0 });
  await assertClose(column.grad!, [[6], [6]], { tolerance: 0 });
  await assertClose(scalar.grad!, 12, { tolerance: 0 });
});

onEveryBackend("backward() takes the arriving gradient of a result that is not one number", async () => {
  const x = parameter(tensor([1, 2]));
  x.mul(3).backward(tensor([10, 100]));
  await assertClose(x.grad!, [30, 300], { tolerance: 0 });
});

onEveryBackend("backward() gives a leaf a gradient of its own memory", async () => {
  const a = parameter(tensor([1, 2])), b = parameter(tensor([3, 4]));
  const arriving = tensor([5, 6]);
  a.add(b).backward(arriving);
  assertNotStrictEquals(a.grad!.storage, b.grad!.storage);
  assertNotStrictEquals(a.grad!.storage, arriving.storage);
  a.grad!.assign(0);
  await assertClose(b.grad!, [5, 6], { tolerance: 0 });
  await assertClose(arriving, [5, 6], { tolerance: 0 });
});

onEveryBackend("backward() on a leaf itself passes the gradient on", async () => {
  const x = parameter(tensor([1, 2]));
  x.backward(tensor([3, 4]));
  x.backward(tensor([3, 4]));
  await assertClose(x.grad!, [6, 8], { tolerance: 0 });
});

onEveryBackend("backward() refuses what it cannot differentiate", () => {
  const x = parameter(zeros([2]));
  assertThrows(() => zeros([]).backward(), TypeError, "depends on no parameter");
  assertThrows(() => x.mul(2).backward(), TypeError, "Cannot differentiate shape [2]: pass the arriving gradient");
  assertThrows(() => x.mul(2).backward(zeros([3])), TypeError, "with a gradient of shape [3]");
});

onEveryBackend("a chain of 10,000 results is walked without overflowing the stack", async () => {
  const x = parameter(tensor(1));
  let y: Tensor = x;
  for (let i = 0; i < 10_000; i++) y = y.add(x);
  y.backward();
  await assertClose(x.grad!, 10_001, { tolerance: 0 });
});

onEveryBackend("a ladder of shared results is walked once, not once per path", async () => {
  // 2^60 paths lead from x to y.
  const x = parameter(tensor(1));
  let y: Tensor = x;
  for (let i = 0; i < 60; i++) y = y.add(y).mul(0.5);
  y.backward();
  await assertClose(x.grad!, 1, { tolerance: 0 });
});

onEveryBackend("noGrad() leaves no tape, also when the function throws", () => {
  const x = parameter(ones([2]));
  assert(!noGrad(() => x.mul(2)).requiresGrad);
  assertThrows(() =>
    noGrad(() => {
      throw new RangeError("inside");
    }), RangeError);
  assert(x.mul(2).requiresGrad);
  const kept = noGrad(() => noGrad(() => x.mul(2)) && x.mul(2));
  assert(!kept.requiresGrad && kept.node === undefined);
});

onEveryBackend("detach() stops the gradient", async () => {
  const x = parameter(tensor(3));
  x.mul(x.detach()).backward();
  await assertClose(x.grad!, 3, { tolerance: 0 });
});

onEveryBackend("integers, masks and comparisons carry no gradient", () => {
  const x = parameter(ones([2]));
  for (const y of [x.less(2), x.cast("int32"), x.argmax(), x.floor().cast("int32")]) assert(!y.requiresGrad);
});

onEveryBackend("where() gives each side only the gradient of what was chosen", async () => {
  const a = parameter(tensor([1, 2])), b = parameter(tensor([3, 4]));
  a.where(tensor([true, false]), b).sum().backward();
  await assertClose(a.grad!, [1, 0], { tolerance: 0 });
  await assertClose(b.grad!, [0, 1], { tolerance: 0 });
});

onEveryBackend("where() keeps the gradient finite beside an infinity that was not chosen", async () => {
  const x = parameter(tensor([0, 1]));
  const masked = x.where(tensor([false, true]), -Infinity);
  masked.exp().sum().backward();
  await assertClose(x.grad!, [0, Math.E], { tolerance: 2 });
});

onEveryBackend("equal maxima share the gradient", async () => {
  const x = parameter(tensor([1, 3, 3])), y = parameter(tensor([3, 3, 3]));
  x.max().backward();
  await assertClose(x.grad!, [0, 0.5, 0.5], { tolerance: 0 });
  x.grad = undefined;
  x.maximum(y).sum().backward();
  await assertClose(x.grad!, [0, 0.5, 0.5], { tolerance: 0 });
  await assertClose(y.grad!, [1, 0.5, 0.5], { tolerance: 0 });
});

onEveryBackend("relu(), abs() and clamp() have the slopes their pages name at their kinks", async () => {
  const slopeAt = async (f: (x: Tensor) => Tensor, at: number) => {
    const x = parameter(tensor(at));
    f(x).backward();
    return await x.grad!.item();
  };
  assertEquals(await slopeAt((x) => x.relu(), 0), 0);
  assertEquals(await slopeAt((x) => x.abs(), 0), 0);
  assertEquals(await slopeAt((x) => x.clamp(-1, 1), 2), 0);
  assertEquals(await slopeAt((x) => x.clamp(-1, 1), 1), 1);
  assertEquals(await slopeAt((x) => x.clamp(-1, 1), -1), 1);
  assertEquals(await slopeAt((x) => tensor(0).pow(x), 2), 0);
  assertEquals(await slopeAt((x) => softplus(x), 0), 0.5);
  assertEquals(await slopeAt((x) => x.pow(3), 0), 0);
  assertEquals(await slopeAt((x) => x.pow(0), 0), 0);
  assertEquals(await slopeAt((x) => x.square(), 0), 0);
});

onEveryBackend("gradients flow through views of one tensor to each of its elements", async () => {
  const x = parameter(zeros([4, 3]));
  concat([x.slice(0, 0, 2), x.slice(0, 1, 4)], 0).mul(tensor([[1], [10], [100], [1000], [10000]])).sum().backward();
  await assertClose(x.grad!, [[1, 1, 1], [110, 110, 110], [1000, 1000, 1000], [10000, 10000, 10000]], { tolerance: 0 });
});

onEveryBackend("gradients of several inputs that view one memory are freed once all are used", async () => {
  const x = parameter(zeros([2, 3]));
  scope(() => concat([x, x, x.slice(1, 1, 3)], 1).mul(tensor([[1, 2, 3, 10, 20, 30, 100, 200]])).sum().backward());
  await assertClose(x.grad!, [[11, 122, 233], [11, 122, 233]], { tolerance: 0 });
});

onEveryBackend("backward() frees each gradient as soon as it was passed on", () => {
  const x = parameter(zeros([10]));
  const held: number[] = [];
  scope(() => {
    // The derivative of the first result is asked for last.
    const first = record(x.mul(2).detach(), [x], (gradient) => {
      held.push(memory().tensors);
      return [gradient.mul(2)];
    });
    let y = first;
    for (let i = 0; i < 50; i++) y = y.mul(1.5).sin().add(first);
    const loss = y.sum();
    held.push(memory().tensors);
    loss.backward();
  });
  assertLess(held[1]! - held[0]!, 20);
});

onEveryBackend("a gradient that two tensors wait for is not added to in place", async () => {
  const a = parameter(tensor([1, 2])), b = parameter(tensor([3, 4]));
  // The sum hands one gradient to both; each then receives another.
  a.add(b).add(a.mul(10)).add(b.mul(100)).add(a.add(a)).sum().backward();
  await assertClose(a.grad!, [13, 13], { tolerance: 0 });
  await assertClose(b.grad!, [101, 101], { tolerance: 0 });
  const x = parameter(tensor([1, 2, 3, 4])), z = x.mul(1);
  const y = concat([z, z, z.slice(0, 0, 4)], 0).mul(tensor([1, 2, 3, 4, 10, 20, 30, 40, 5, 5, 5, 5]));
  y.sum().add(z.sum()).backward();
  await assertClose(x.grad!, [17, 28, 39, 50], { tolerance: 0 });
});

onEveryBackend("further contributions are added in the memory of the first", async () => {
  const x = parameter(zeros([1000])), weights = tensor(new Float32Array(1000).fill(2));
  scope(() => {
    const y = x.mul(1);
    let sum = y.mul(weights);
    for (let i = 0; i < 5; i++) sum = sum.add(y.mul(weights));
    sum.sum().backward();
  });
  await assertClose(x.grad!, new Array(1000).fill(12), { tolerance: 0 });
  const grad = x.grad!;
  scope(() => x.mul(weights).sum().backward());
  assert(x.grad === grad);
  await assertClose(x.grad!, new Array(1000).fill(14), { tolerance: 0 });
});

onEveryBackend("the gradient that the caller gave stays as it is", async () => {
  const x = parameter(tensor([1, 2])), given = tensor([3, 4]);
  scope(() => x.add(x).backward(given));
  await assertClose(given, [3, 4], { tolerance: 0 });
  await assertClose(x.grad!, [6, 8], { tolerance: 0 });
});

onEveryBackend("gradients survive the scope that computed them", async () => {
  const x = parameter(tensor([1, 2, 3]));
  for (let i = 0; i < 3; i++) scope(() => x.square().sum().backward());
  await assertClose(x.grad!, [6, 12, 18], { tolerance: 0 });
});

Deno.test("assertGradients() notices a wrong derivative", async () => {
  const wrong = (x: Tensor): Tensor => x.mul(2).add(x.detach());
  let noticed = "";
  await assertGradients(wrong, [new Draws(0).normal(3)]).catch((error) => noticed = error.message);
  assert(noticed.startsWith("derivative by element"), noticed);
});

Deno.test("gradients agree with central differences through a network of many parts", async () => {
  const inputs = withBackend(reference, () => [normal(1, 4, 5), normal(2, 5, 6), normal(3, 6), normal(4, 6, 3)]);
  await assertGradients((x, w, b, v) => {
    const hidden = x!.matmul(w!).add(b!).tanh();
    const scores = hidden.matmul(v!);
    const probabilities = scores.sub(scores.logSumExp(-1, { keepDims: true })).exp();
    return concat([probabilities.log().mul(probabilities).sum(-1), hidden.variance(0)]);
  }, inputs);
});
