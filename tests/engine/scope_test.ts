import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { keep, memory, release, scope } from "../../core/engine/scope.ts";
import { parameter, tensor, zeros } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { hostClock, useClock } from "../../core/engine/pace.ts";
import { Tensor, uninitialized } from "../../core/engine/tensor.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { assertClose, normal, onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";

onEveryBackend("scope() frees what it made and did not return", async () => {
  const x = tensor([1, 2, 3]);
  x.add(1).mul(2); // uploads the constants that the engine keeps
  const before = memory();
  const y = scope(() => x.add(1).mul(2).add(1).mul(2));
  assertEquals(memory().tensors, before.tensors + 1);
  await assertClose(y, [10, 14, 18], { tolerance: 0 });
  await assertClose(x, [1, 2, 3], { tolerance: 0 });
});

onEveryBackend("scope() keeps tensors inside arrays, objects, maps, sets, modules and views", async () => {
  const result = scope(() => ({
    list: [zeros([2]).add(1)],
    map: new Map([["a", { deep: zeros([2]).add(2) }]]),
    set: new Set([zeros([2]).add(3)]),
    module: new Linear(2, 2, new Random(0)),
    view: zeros([2, 3]).add(4).slice(1, 0, 1).transpose(),
    nothing: undefined,
    count: 3,
  }));
  await assertClose(result.list[0]!, [1, 1]);
  await assertClose(result.map.get("a")!.deep, [2, 2]);
  await assertClose([...result.set][0]!, [3, 3]);
  await assertClose(result.view, [[4, 4]]);
  assertEquals((await result.module.forward(zeros([1, 2])).read()).length, 2);
});

onEveryBackend("scope() frees everything when the function throws", () => {
  const x = tensor([1, 2]).add(0);
  const before = memory().tensors;
  assertThrows(() =>
    scope(() => {
      x.add(0).mul(0);
      throw new RangeError("inside");
    }), RangeError);
  assertEquals(memory().tensors - before <= 1, true); // at most the constant 0
});

onEveryBackend("an inner scope hands its result to the outer one, which frees it", () => {
  zeros([3]).add(1);
  const before = memory().tensors;
  scope(() => {
    const inner = scope(() => zeros([3]).add(1));
    assert(inner.storage.live);
    return undefined;
  });
  assertEquals(memory().tensors, before);
});

onItsOwnBackend("keep() takes a tensor out of every scope, until release()", async () => {
  const before = memory().tensors;
  let kept!: Tensor;
  scope(() => {
    scope(() => {
      kept = keep(tensor([1, 2]));
    });
  });
  await assertClose(kept, [1, 2], { tolerance: 0 });
  assertEquals(memory().tensors, before + 1);
  release(kept);
  release(kept);
  assertEquals(memory().tensors, before);
});

onEveryBackend("scope() refuses an asynchronous function", () => {
  assertThrows(() => scope(() => Promise.resolve(1)), TypeError, "Cannot scope an asynchronous function");
});

onEveryBackend("scope() returns what the function returns", () => {
  assertEquals(scope(() => 5), 5);
  assertEquals(scope(() => undefined), undefined);
  const x = zeros([2]);
  assertStrictEquals(scope(() => x), x);
});

onEveryBackend("a tensor cannot be used after it was freed", async () => {
  let lost!: Tensor;
  scope(() => {
    lost = zeros([2]).add(1);
  });
  const sentence = "Cannot use a tensor after it was freed";
  assertThrows(() => lost.add(1), TypeError, sentence);
  assertThrows(() => lost.transpose(0, 0).exp(), TypeError, sentence);
  await assertRejects(() => lost.read(), TypeError, sentence);
});

onEveryBackend("release() frees a tensor and every view of it", () => {
  const x = zeros([2, 2]), view = x.transpose();
  const before = memory();
  release(view);
  assertEquals(memory().tensors, before.tensors - 1);
  assert(memory().bytes < before.bytes);
  assertThrows(() => x.add(1), TypeError, "freed");
});

onItsOwnBackend("1,000 training steps leave memory flat", async () => {
  const layer = new Linear(5, 3, new Random(1));
  const x = normal(1, 16, 5), target = normal(2, 16, 3);
  const losses: number[] = [];
  const step = (): Tensor => {
    const loss = scope(() => {
      const error = layer.forward(x).relu().sub(target).square().mean();
      error.backward();
      return error.detach();
    });
    noGrad(() =>
      scope(() => {
        for (const weight of layer.parameters().values()) {
          weight.assign(weight.sub(weight.grad!.mul(0.05)));
          release(weight.grad!);
          weight.grad = undefined;
        }
      })
    );
    return loss;
  };
  release(step());
  const before = memory();
  for (let i = 0; i < 1000; i++) {
    const loss = step();
    if (i % 999 === 0) losses.push(await loss.item());
    release(loss);
    assertEquals(memory().tensors, before.tensors);
  }
  assertEquals(memory(), before);
  assert(losses[1]! < losses[0]!);
});

onEveryBackend("backward() leaves behind nothing but the gradients of the leaves", () => {
  const x = parameter(normal(1, 8, 8)), w = parameter(normal(2, 8, 8));
  const step = (): void =>
    scope(() => {
      let h: Tensor = x;
      for (let i = 0; i < 5; i++) h = h.matmul(w).tanh().add(x.transpose()).reshape([4, 16]).reshape([8, 8]);
      h.square().sum().backward();
    });
  step();
  const before = memory();
  for (let i = 0; i < 10; i++) step();
  assertEquals(memory(), before);
});

Deno.test("a loop without a scope that awaits its loss never runs out of memory, and loses nothing it holds", async () => {
  const device = createWasmDevice();
  useClock({ ...hostClock, period: 0 });
  try {
    await withBackend(device, async () => {
      const held: Tensor[] = [];
      // 64 MiB a step: 64 steps would take all there is.
      for (let step = 0; step < 200; step++) {
        const x = uninitialized(device, [2 ** 24], "float32").slice(0, 0, 1);
        x.assign(step);
        held.push(x.add(1));
        assertEquals(await x.mul(2).item(), 2 * step);
      }
      for (const [step, x] of held.entries()) assertEquals(await x.item(), step + 1);
    });
  } finally {
    useClock();
  }
});

onReference("scope() finds what its result holds, however deep it is nested or whether it holds itself", async () => {
  const result = scope(() => {
    let nested: unknown = zeros([1]).add(5);
    for (let depth = 0; depth < 100_000; depth++) nested = depth % 2 ? [nested] : { nested };
    const around: unknown[] = [nested, new Map([["own", zeros([1]).add(6)]])];
    around.push(around);
    return around;
  });
  let inner: unknown = result[0];
  while (!(inner instanceof Tensor)) inner = Object.values(inner as object)[0];
  assertEquals(await inner.item(), 5);
  assertEquals(await (result[1] as Map<string, Tensor>).get("own")!.item(), 6);
});
