import { assert, assertEquals, assertThrows } from "@std/assert";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { scope } from "../../core/engine/scope.ts";
import { parameter, type Tensor, tensor } from "../../core/engine/tensor.ts";
import {
  Adam,
  AdamW,
  clipGradients,
  cosineSchedule,
  inverseSquareRootSchedule,
  linearSchedule,
  type Optimizer,
  SGD,
} from "../../core/06_training/optimizers.ts";
import goldens from "../goldens/training.json" with { type: "json" };
import { assertClose, onEveryBackend, onReference, reference } from "../support.ts";

const numbers = (text: string): Float64Array => Float64Array.from(text.split(" "), Number);
const SHAPES = { matrix: [3, 2], bias: [2] };

function start(): Map<string, Tensor> {
  return new Map([
    ["matrix", parameter(tensor(numbers(goldens.start.matrix), SHAPES.matrix))],
    ["bias", parameter(tensor(numbers(goldens.start.bias), SHAPES.bias))],
  ]);
}

function setGradients(parameters: Map<string, Tensor>, step: number): void {
  const { matrix, bias } = goldens.gradients[step]!;
  parameters.get("matrix")!.grad = tensor(numbers(matrix), SHAPES.matrix);
  parameters.get("bias")!.grad = tensor(numbers(bias), SHAPES.bias);
}

const makers: Record<keyof typeof goldens.optimizers, (p: Map<string, Tensor>) => Optimizer> = {
  sgd: (p) => new SGD(p, { learningRate: 0.1 }),
  momentum: (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9 }),
  adam: (p) => new Adam(p, { learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }),
  adamPenalty: (p) => new Adam(p, { learningRate: 0.05, penalty: 0.1 }),
  adamw: (p) => new AdamW(p, { learningRate: 0.05, weightDecay: 0.1 }),
};

for (const [name, make] of Object.entries(makers)) {
  onEveryBackend(`${name} follows the trajectory that PyTorch takes`, async (device) => {
    const close = device === reference ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-5, atol: 1e-5 };
    const parameters = start();
    const optimizer = make(parameters);
    for (const [step, expected] of goldens.optimizers[name as keyof typeof makers].entries()) {
      setGradients(parameters, step);
      optimizer.step();
      assertEquals(optimizer.steps, step + 1);
      for (const key of ["matrix", "bias"] as const) {
        await assertClose(await parameters.get(key)!.read(), numbers(expected[key]), close);
      }
    }
  });
}

onEveryBackend("a step leaves the gradients as they are, so a second one sees the same", async () => {
  for (const make of Object.values(makers)) {
    const once = start(), again = start();
    const first = make(once), second = make(again);
    setGradients(once, 0);
    setGradients(again, 0);
    for (let step = 0; step < 3; step++) {
      first.step();
      // The other optimizer finds new gradients of the same values before every step.
      if (step > 0) setGradients(again, 0);
      second.step();
    }
    for (const key of ["matrix", "bias"] as const) {
      const { grad } = once.get(key)!;
      const untouched = tensor(numbers(goldens.gradients[0]![key]), SHAPES[key]);
      await assertClose(grad!, await untouched.read(), { tolerance: 0 });
      await assertClose(once.get(key)!, await again.get(key)!.read(), { tolerance: 0 });
    }
  }
});

onEveryBackend("adamStep by the kernel equals the definition", async () => {
  for (const size of [1, 15, 16, 17, 64, 1000]) {
    const run = async (): Promise<Tensor[]> => {
      const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
      const parameters = new Map([["x", parameter(tensor(values, [1, size]))]]);
      const optimizer = new AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1 });
      for (let step = 1; step <= 3; step++) {
        parameters.get("x")!.grad = tensor(values.map((v) => Math.cos(v * 7 * step)), [1, size]);
        optimizer.step();
      }
      await parameters.get("x")!.read();
      return [...parameters.values(), ...optimizer.state().tensors.values()];
    };
    const [fused, defined] = [await run(), await withoutFusion(() => run())];
    for (const [i, x] of fused.entries()) await assertClose(x, defined[i]!, { rtol: 1e-5, atol: 1e-6 });
  }
});

onEveryBackend("an optimizer restored in the middle goes on as if nothing had happened", async () => {
  for (const make of Object.values(makers)) {
    const one = start(), other = start();
    const first = make(one), second = make(other);
    for (let step = 0; step < 12; step++) {
      if (step === 5) {
        second.restore(first.state());
        for (const [path, x] of one) other.get(path)!.assign(x);
      }
      setGradients(one, step);
      first.step();
      if (step < 5) continue;
      setGradients(other, step);
      second.step();
      for (const [path, x] of one) await assertClose(other.get(path)!, x, { tolerance: 0 });
    }
    assertEquals(second.steps, 12);
  }
});

onReference("restore() refuses the state of another optimizer and changes nothing", async () => {
  const parameters = start();
  const adam = new AdamW(parameters), sgd = new SGD(parameters, { momentum: 0.5 });
  setGradients(parameters, 0);
  adam.step();
  assertThrows(
    () => adam.restore(sgd.state()),
    TypeError,
    "Cannot restore an optimizer: matrix.firstMoment is missing",
  );
  assertThrows(() => new SGD(parameters).restore(adam.state()), TypeError, "the state is of another kind");
  const small = new AdamW(new Map([["matrix", parameter(tensor([1]))], ["bias", parameter(tensor([1]))]]));
  assertThrows(() => adam.restore(small.state()), TypeError, "matrix.firstMoment is [1], it must be [3, 2]");
  assertEquals(adam.steps, 1);
  assert((await adam.state().tensors.get("matrix.firstMoment")!.read())[0] !== 0);
});

onEveryBackend("a parameter without a gradient stays where it is and is not counted", async () => {
  const parameters = start();
  const optimizer = new AdamW(parameters, { learningRate: 0.05 });
  const before = await parameters.get("bias")!.read();
  setGradients(parameters, 0);
  parameters.get("bias")!.grad = undefined;
  optimizer.step();
  await assertClose(parameters.get("bias")!, before, { tolerance: 0 });
  assertEquals([...optimizer.state().counts], [["matrix", 1], ["bias", 0]]);

  // Its first step is as long as any first step: the correction counts its own steps.
  setGradients(parameters, 1);
  optimizer.step();
  const after = await parameters.get("bias")!.read();
  for (let i = 0; i < 2; i++) assert(Math.abs(Math.abs(after[i]! - before[i]!) - 0.05) < 1e-5);
});

onEveryBackend("AdamW moves by the learning rate at its first step", async () => {
  const parameters = new Map([["x", parameter(tensor([1, 2, 3]))]]);
  const optimizer = new AdamW(parameters, { learningRate: 0.1 });
  parameters.get("x")!.grad = tensor([1e-3, -7, 1e5]);
  optimizer.step();
  await assertClose(parameters.get("x")!, [0.9, 2.1, 2.9], { rtol: 1e-4 });
});

onEveryBackend("AdamW shrinks a weight by the same share whatever its gradient", async () => {
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
  const decayed = await shrink(new AdamW(parameters, { learningRate: 1e-3, weightDecay: 1, beta1: 0 }));
  const penalized = await shrink(new Adam(parameters, { learningRate: 1e-3, penalty: 1, beta1: 0 }));
  assert(Math.abs(decayed - 1) < 0.05, `decayed ${decayed}`);
  assert(penalized > 5, `penalized ${penalized}`);
});

onEveryBackend("weight decay spares what the predicate spares", async () => {
  const parameters = new Map([
    ["gain", parameter(tensor([1]))],
    ["weight", parameter(tensor([[1]]))],
    ["table", parameter(tensor([[1]]))],
  ]);
  const run = async (optimizer: AdamW): Promise<number[]> => {
    for (const x of parameters.values()) {
      x.assign(1);
      x.grad = tensor(new Float32Array(1), x.shape);
    }
    optimizer.step();
    return await Promise.all([...parameters.values()].map((x) => x.item()));
  };
  const [gain, weight, table] = await run(new AdamW(parameters, { learningRate: 0.5, weightDecay: 0.5 }));
  assertEquals([gain, weight, table], [1, 0.75, 0.75]);
  const decays = (path: string): boolean => path === "table";
  assertEquals(await run(new AdamW(parameters, { learningRate: 0.5, weightDecay: 0.5, decays })), [1, 1, 0.75]);
});

onEveryBackend("clipGradients() agrees with PyTorch", async () => {
  for (const { maxNorm, norm, gradients } of goldens.clip) {
    const parameters = start();
    setGradients(parameters, 0);
    await assertClose(clipGradients(parameters, maxNorm), numbers(norm)[0]!, { rtol: 1e-6 });
    for (const [i, x] of [...parameters.values()].entries()) {
      // PyTorch adds 1e-6 to the norm it divides by.
      await assertClose(await x.grad!.read(), numbers(gradients[i]!), { rtol: 2e-6 });
    }
  }
});

onEveryBackend("clipGradients() keeps the direction", async () => {
  const parameters = start();
  setGradients(parameters, 0);
  clipGradients(parameters, 0.1);
  const ratio = async (key: "matrix" | "bias"): Promise<number> =>
    (await parameters.get(key)!.grad!.read())[0]! / numbers(goldens.gradients[0]![key])[0]!;
  await assertClose(await ratio("matrix"), await ratio("bias"), { rtol: 1e-6 });
  let squares = 0;
  for (const x of parameters.values()) for (const g of await x.grad!.read()) squares += g * g;
  await assertClose(Math.sqrt(squares), 0.1, { rtol: 1e-6 });
});

onEveryBackend("clipGradients() leaves every bit of a short gradient alone", async () => {
  const parameters = start();
  setGradients(parameters, 1);
  const before = await parameters.get("matrix")!.grad!.read();
  clipGradients(parameters, 1e3);
  await assertClose(parameters.get("matrix")!.grad!, before, { tolerance: 0 });
  assertEquals(await clipGradients(new Map(), 1).item(), 0);
});

onReference("zeroGrad() frees the gradients", () => {
  const parameters = start();
  const optimizer = new SGD(parameters);
  setGradients(parameters, 0);
  const { storage } = parameters.get("bias")!.grad!;
  optimizer.zeroGrad();
  assertEquals([parameters.get("bias")!.grad, storage.live], [undefined, false]);
});

onReference("an optimizer survives the scope it was made in", async () => {
  const parameters = start();
  const optimizer = scope(() => ({ inner: new AdamW(parameters) })).inner;
  setGradients(parameters, 0);
  scope(() => optimizer.step());
  assert((await optimizer.state().tensors.get("matrix.firstMoment")!.read())[0] !== 0);
});

Deno.test("cosineSchedule() and linearSchedule() agree with PyTorch", () => {
  for (
    const [make, expected] of [[cosineSchedule, goldens.schedules.cosine], [
      linearSchedule,
      goldens.schedules.linear,
    ]] as const
  ) {
    const schedule = make({ peak: 0.3, floor: 0.03, steps: 20 });
    for (const [i, rate] of numbers(expected).entries()) assert(Math.abs(schedule(i + 1) - rate) < 1e-13);
  }
});

Deno.test("schedules climb to the peak, then fall to the floor and stay there", () => {
  for (const make of [cosineSchedule, linearSchedule]) {
    const schedule = make({ peak: 2, floor: 0.5, warmupSteps: 4, steps: 14 });
    assertEquals([1, 2, 3, 4].map(schedule), [0.5, 1, 1.5, 2]);
    assertEquals([9, 14, 15, 1000].map((step) => Number(schedule(step).toFixed(12))), [1.25, 0.5, 0.5, 0.5]);
  }
});

Deno.test("inverseSquareRootSchedule() is the one of the paper", () => {
  const schedule = inverseSquareRootSchedule({ hiddenSize: 512, warmupSteps: 4000 });
  for (const [step, rate] of [[1, 1.7469e-7], [4000, 6.9877e-4], [100_000, 1.39754e-4]] as const) {
    assert(Math.abs(schedule(step) / rate - 1) < 1e-4, `${step}: ${schedule(step)}`);
  }
  assert(schedule(3999) < schedule(4000) && schedule(4001) < schedule(4000));
});

onReference("optimizers and schedules refuse what is out of range", () => {
  const p = start();
  const refused: [() => unknown, string][] = [
    [() => new SGD(p, { momentum: 1 }), "Cannot optimize with momentum = 1: momentum must be in [0, 1)"],
    [() => new SGD(p, { learningRate: -1 }), "learningRate must be a number of at least 0"],
    [() => new AdamW(p, { beta2: 1 }), "Cannot optimize with beta2 = 1: beta2 must be in [0, 1)"],
    [() => new AdamW(p, { weightDecay: NaN }), "Cannot optimize with weightDecay = NaN"],
    [() => new Adam(p, { penalty: -1 }), "Cannot optimize with penalty = -1"],
    [() => clipGradients(p, 0), "Cannot clip gradients to 0: maxNorm must be positive"],
    [() => cosineSchedule({ peak: 1, warmupSteps: 5, steps: 5 }), "Cannot warm up for 5 of 5 steps"],
    [() => linearSchedule({ peak: 1, floor: 2, steps: 5 }), "Cannot fall from peak 1 to floor 2"],
    [() => inverseSquareRootSchedule({ hiddenSize: 0, warmupSteps: 1 }), "Cannot schedule with hiddenSize = 0"],
  ];
  for (const [make, message] of refused) assertThrows(make, RangeError, message);
});
