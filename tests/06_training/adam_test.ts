import { assert, assertEquals, assertThrows } from "@std/assert";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { adam, adamW } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { assertClose, onEveryBackend } from "../support.ts";

onEveryBackend("adamStep by the kernel equals the definition", async () => {
  for (const size of [1, 15, 16, 17, 64, 1000]) {
    const run = (): Tensor[] => {
      const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
      const parameters = new Map([["x", parameter(tensor(values, [1, size]))]]);
      const optimizer = new Optimizer(parameters, adamW({ learningRate: 0.01, weightDecay: 0.1 }));
      for (let step = 1; step <= 3; step++) {
        parameters.get("x")!.grad = tensor(values.map((v) => Math.cos(v * 7 * step)), [1, size]);
        optimizer.step();
      }
      return [...parameters.values(), ...optimizer.state().tensors.values()];
    };
    const [fused, defined] = [run(), withoutFusion(run)];
    for (const [i, x] of fused.entries()) await assertClose(x, defined[i]!, { rtol: 1e-5, atol: 1e-6 });
  }
});

onEveryBackend("adamW() moves by the learning rate at its first step", async () => {
  const parameters = new Map([["x", parameter(tensor([1, 2, 3]))]]);
  const optimizer = new Optimizer(parameters, adamW({ learningRate: 0.1 }));
  parameters.get("x")!.grad = tensor([1e-3, -7, 1e5]);
  optimizer.step();
  await assertClose(parameters.get("x")!, [0.9, 2.1, 2.9], { rtol: 1e-4 });
});

onEveryBackend("adamW() shrinks a weight by the same fraction whatever its gradient", async () => {
  // The gradient changes its sign at every step, so that the moments add almost nothing.
  const parameters = new Map([["x", parameter(tensor([[1, 1]]))]]);
  const shrink = async (optimizer: Optimizer): Promise<number> => {
    parameters.get("x")!.assign(1);
    for (let step = 0; step < 200; step++) {
      const sign = step % 2 ? 1 : -1;
      parameters.get("x")!.grad = tensor([[sign * 0.5, sign * 50]]);
      optimizer.step();
    }
    const [a, b] = await parameters.get("x")!.read();
    return (1 - a!) / (1 - b!);
  };
  const decayed = await shrink(new Optimizer(parameters, adamW({ learningRate: 1e-3, weightDecay: 1, beta1: 0 })));
  const penalized = await shrink(new Optimizer(parameters, adam({ learningRate: 1e-3, penalty: 1, beta1: 0 })));
  assert(Math.abs(decayed - 1) < 0.05, `decayed ${decayed}`);
  assert(penalized > 5, `penalized ${penalized}`);
});

onEveryBackend("weight decay spares what the predicate spares", async () => {
  const parameters = new Map([
    ["gain", parameter(tensor([1]))],
    ["weight", parameter(tensor([[1]]))],
    ["table", parameter(tensor([[1]]))],
  ]);
  const run = async (optimizer: Optimizer): Promise<number[]> => {
    for (const x of parameters.values()) {
      x.assign(1);
      x.grad = tensor(new Float32Array(1), x.shape);
    }
    optimizer.step();
    return await Promise.all([...parameters.values()].map((x) => x.item()));
  };
  const [gain, weight, table] = await run(new Optimizer(parameters, adamW({ learningRate: 0.5, weightDecay: 0.5 })));
  assertEquals([gain, weight, table], [1, 0.75, 0.75]);
  const decays = (path: string): boolean => path === "table";
  assertEquals(await run(new Optimizer(parameters, adamW({ learningRate: 0.5, weightDecay: 0.5, decays }))), [
    1,
    1,
    0.75,
  ]);
});

Deno.test("adam() and adamW() refuse what is out of range, and each other's options", () => {
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [
      () => adamW({ beta2: 1 }),
      RangeError,
      "Cannot optimize with beta2 = 1: beta2 must be a number of at least 0 and less",
    ],
    [() => adamW({ weightDecay: NaN }), RangeError, "Cannot optimize with weightDecay = NaN"],
    [() => adam({ penalty: -1 }), RangeError, "Cannot optimize with penalty = -1"],
    [() => adamW({ penalty: 1 } as never), TypeError, 'Cannot optimize with option "penalty"'],
    [() => adam({ weightDecay: 1 } as never), TypeError, 'Cannot optimize with option "weightDecay"'],
    [() => adamW({ decays: true } as never), TypeError, "decays must be a function"],
  ];
  for (const [make, type, message] of refused) assertThrows(make, type, message);
});
