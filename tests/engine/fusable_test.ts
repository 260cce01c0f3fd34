/**
 * Each fused kernel of each device against the definition that its chapter states.
 *
 * The truth is the definition on the reference device. A kernel that declines every case
 * fails, and so does a name in a device's table that has no case here.
 */

import { assert, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import { adamW } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Backend, FusedForward, FusedName, FusedUpdate, UpdateName } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { fusable, fusableUpdate, withoutFusion } from "../../core/engine/fusable.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { sizes } from "../cases.ts";
import { countAccepted, evaluate } from "../fused.ts";
import { fusedCases } from "../fused_cases.ts";
import { assertClose, type Closeness, devices, Draws, HostArray, onReference, reference } from "../support.ts";

const usual: Closeness = { rtol: 1e-4, atol: 1e-5 };

/** Updates that a device may have a kernel for; each has a test below. */
const updates: Readonly<Record<UpdateName, true>> = { accumulate: true, adamStep: true, scale: true };

async function assertAgree(actual: HostArray[], expected: HostArray[], closeness: Closeness): Promise<void> {
  for (const [i, one] of actual.entries()) {
    await assertClose(one, expected[i]!, closeness).catch((error) => {
      throw new Error(`${i === 0 ? "value" : `gradient of input ${i - 1}`}: ${error.message}`);
    });
  }
}

for (const { name: deviceName, backend: device } of devices) {
  if (device === reference) continue;
  const ignore = device === undefined;

  Deno.test({
    name: `every fused kernel of ${deviceName} has a case`,
    ignore,
    fn: () => {
      const { forward, backward, update } = device!.fused;
      assertEquals(Object.keys(forward).filter((name) => !(name in fusedCases)), []);
      assertEquals(Object.keys(backward).filter((name) => !(name in forward)), []);
      assertEquals(Object.keys(update).filter((name) => !(name in updates)), []);
      assertGreater(Object.keys(forward).length, 0);
    },
  });

  for (const name of Object.keys(fusedCases) as FusedName[]) {
    if (!ignore && !(name in device!.fused.forward)) continue;
    const { cases: entries, large } = fusedCases[name];
    Deno.test({
      name: `${name}() of ${deviceName} is its definition, forwards and backwards`,
      ignore,
      fn: async (t) => {
        const accepted = await countAccepted(device!, name, async () => {
          for (const entry of entries) {
            await t.step(entry.name, async () => {
              const closeness = entry.closeness ?? usual;
              const expected = await evaluate(reference, entry, { fuse: false });
              await assertAgree(await evaluate(device!, entry), expected, closeness);
              await assertAgree(await evaluate(device!, entry, { fuse: false }), expected, closeness);
              for (let only = 0; only + 1 < expected.length; only++) {
                const one = await evaluate(device!, entry, { wanted: (i) => i === only });
                const alone = expected.map((x, i) => i === 0 || i === only + 1 ? x : one[i]!);
                await assertAgree(one, alone, closeness);
              }
            });
          }
        });
        assertGreater(accepted.forward, entries.length / 2, "the kernel declines most cases");

        for (const entry of large) {
          await t.step(entry.name, async () => {
            const expected = await evaluate(reference, entry, { fuse: false });
            await assertAgree(await evaluate(device!, entry), expected, entry.closeness ?? usual);
          });
        }
        await t.step("leaves no memory behind", async () => {
          const before = device!.memory();
          for (const entry of entries) await evaluate(device!, entry);
          assertLessOrEqual(device!.memory().buffers, before.buffers);
        });
      },
    });
  }

  Deno.test({
    name: `accumulate() and scale() of ${deviceName} write where they read`,
    ignore,
    fn: async () => {
      const { accumulate, scale } = device!.fused.update;
      await withBackend(device!, async () => {
        for (const n of [1, 3, 4, 15, 16, 17, 100, 4095, 5000]) {
          const draws = new Draws(n);
          const x = draws.normal(3, n).tensor(), y = draws.normal(n, 3).tensor().transpose(), factor = tensor(0.25);
          // What scales is multiplied twice.
          const sum = await HostArray.of(x.add(y)), scaled = await HostArray.of(x.add(y).mul(0.0625));
          // Counted without waiting in between: whoever waits lets the garbage of earlier tests go.
          const writes = (kernel: () => boolean): void => {
            const { buffers } = device!.memory();
            assert(kernel());
            assertEquals(device!.memory().buffers, buffers);
          };
          if (accumulate) {
            writes(() => accumulate([x], [y], {}));
            await assertClose(x, sum, { tolerance: 0 });
          } else x.assign(x.add(y));
          if (scale) {
            writes(() => scale([x], [factor], {}));
            await assertClose(x, scaled, { tolerance: 0 });
          }
        }
      });
    },
  });

  Deno.test({
    name: `adamStep() of ${deviceName} is its definition over several steps`,
    ignore: ignore || !("adamStep" in device!.fused.update),
    fn: async () => {
      const table = device!.fused.update as { adamStep?: FusedUpdate<"adamStep"> };
      const kernel = table.adamStep!;
      let accepted = 0;
      table.adamStep = (...call) => {
        const done = kernel(...call);
        if (done) accepted++;
        return done;
      };
      try {
        for (const n of sizes) {
          const run = (on: Backend): Promise<HostArray[]> =>
            withBackend(on, async () => {
              const draws = new Draws(3);
              const weights = new Map([["a", parameter(draws.normal(n).tensor())], [
                "b",
                parameter(draws.normal(3, n).tensor()),
              ]]);
              const optimizer = new Optimizer(weights, adamW({ learningRate: 0.01, weightDecay: 0.1 }));
              for (let step = 0; step < 5; step++) {
                weights.get("a")!.grad = draws.normal(n).tensor();
                weights.get("b")!.grad = noGrad(() => draws.normal(n, 3).tensor().transpose());
                optimizer.step();
                optimizer.zeroGrad();
              }
              return await Promise.all([...weights.values()].map(HostArray.of));
            });
          await assertAgree(await run(device!), await run(reference), { rtol: 1e-5, atol: 1e-6 });
        }
      } finally {
        table.adamStep = kernel;
      }
      assertGreater(accepted, 5 * sizes.length);
    },
  });
}

// ## The mechanism, without any device's kernels

/** A reference device with a kernel that triples under a name whose definition here doubles: a test can tell who ran. */
function withKernel(forward: FusedForward<"relu">): Backend {
  const plain = createReferenceDevice();
  return Object.assign(plain, { fused: { forward: { relu: forward }, backward: {}, update: {} } });
}

function double(x: Tensor): Tensor {
  return fusable("relu", [x], {}, () => x.mul(2));
}

function tripling(device: () => Backend): FusedForward<"relu"> {
  return ([x]) => {
    const y = device().binary("add", x!, { ...x!, buffer: device().binary("add", x!, x!) });
    return [{ buffer: y, dtype: "float32", shape: x!.shape, strides: [1], offset: 0 }];
  };
}

Deno.test("fusable() runs the kernel of its name, and withoutFusion() the definition", async () => {
  const device: Backend = withKernel(tripling(() => device));
  await withBackend(device, async () => {
    const x = tensor([1, 2]);
    await assertClose(double(x), [3, 6], { tolerance: 0 });
    await assertClose(withoutFusion(() => double(x)), [2, 4], { tolerance: 0 });
    await assertClose(double(x), [3, 6], { tolerance: 0 });
  });
});

Deno.test("fusable() runs the definition where the kernel declines or there is none", async () => {
  const device = withKernel(() => undefined);
  for (const on of [device, reference]) {
    await withBackend(on, async () => {
      await assertClose(double(tensor([1, 2])), [2, 4], { tolerance: 0 });
    });
  }
});

Deno.test("fusable() differentiates the definition where there is no backward kernel", async () => {
  const device: Backend = withKernel(tripling(() => device));
  await withBackend(device, async () => {
    const x = parameter(tensor([1, 2])), before = x.mul(10);
    double(before).sum().backward();
    await assertClose(x.grad!, [20, 20], { tolerance: 0 });
  });
});

Deno.test("fusable() counts an input that is passed twice once", async () => {
  const plain = createReferenceDevice();
  const multiply: FusedForward<"linear"> = ([a, b]) => [
    { buffer: plain.binary("mul", a!, b!), dtype: "float32", shape: a!.shape, strides: [1], offset: 0 },
  ];
  const device = Object.assign(plain, { fused: { forward: { linear: multiply }, backward: {}, update: {} } });
  await withBackend(device, async () => {
    const x = parameter(tensor([3, 5]));
    fusable("linear", [x, x], {}, () => x.mul(x)).sum().backward();
    await assertClose(x.grad!, [6, 10], { tolerance: 0 });
  });
});

Deno.test("fusableUpdate() runs the kernel, and the definition where it declines or fusion is off", async () => {
  const device = createReferenceDevice();
  let declines = false;
  const nine: FusedUpdate<"scale"> = ([target]) => {
    if (!declines) device.copy(tensor([9, 9]), target!);
    return !declines;
  };
  Object.assign(device, { fused: { forward: {}, backward: {}, update: { scale: nine } } });
  await withBackend(device, async () => {
    const x = tensor([1, 2]), y = tensor([3, 4]);
    // Both new values are computed before either is written.
    const swap = (): void => fusableUpdate("scale", [x, y], [], {}, () => [y.add(0), x.add(0)]);
    withoutFusion(swap);
    await assertClose(x, [3, 4], { tolerance: 0 });
    await assertClose(y, [1, 2], { tolerance: 0 });
    declines = true;
    swap();
    await assertClose(x, [1, 2], { tolerance: 0 });
    declines = false;
    swap();
    await assertClose(x, [9, 9], { tolerance: 0 });
  });
});

Deno.test("withoutFusion() restores fusion when the function throws", async () => {
  const device: Backend = withKernel(tripling(() => device));
  const failing = (): never => {
    throw new RangeError("inside");
  };
  assertThrows(() => withoutFusion(failing), RangeError, "inside");
  await withBackend(device, () => assertClose(double(tensor([1])), [3], { tolerance: 0 }));
});

Deno.test("fusable() does not compile with an attribute that the function does not have", () => {
  const x = tensor([1]), same = (): Tensor => x;
  const silent = (..._calls: readonly (() => unknown)[]): void => {};
  silent(
    () => fusable("layerNorm", [x], { epsilon: 1e-5 }, same),
    // @ts-expect-error misspelt
    () => fusable("layerNorm", [x], { epsilonn: 1e-5 }, same),
    // @ts-expect-error left out
    () => fusable("layerNorm", [x], {}, same),
    // @ts-expect-error of another function
    () => fusable("softmax", [x], { epsilon: 1e-5 }, same),
    // @ts-expect-error a function that no device can know
    () => fusable("layerNormm", [x], { epsilon: 1e-5 }, same),
    // @ts-expect-error misspelt, on the side of the device
    (): FusedForward<"layerNorm"> => (_inputs, { epsilonn }) => epsilonn,
    // @ts-expect-error an update without what it needs
    () => fusableUpdate("adamStep", [x], [x], { learningRate: 1 }, () => [x]),
  );
});

onReference("fusable() passes gradients to inputs only", async () => {
  const x = parameter(tensor([1, 2])), y = parameter(tensor([3, 4]));
  fusable("softmax", [x, y], {}, () => x.mul(y)).sum().backward();
  await assertClose(x.grad!, [3, 4], { tolerance: 0 });
  await assertClose(y.grad!, [1, 2], { tolerance: 0 });
});
