import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { scope } from "../../core/engine/scope.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { Optimizer, type OptimizerRule } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import goldens from "../goldens/training.json" with { type: "json" };
import { assertClose, onEveryBackend, onReference, reference } from "../support.ts";
import { numbers, recorded, rules, setGradients, SHAPES, start } from "./trajectories.ts";

for (const [name, trajectory] of Object.entries(goldens.optimizers)) {
  onEveryBackend(`${name} follows the trajectory that PyTorch takes`, async (device) => {
    const close = device === reference ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-5, atol: 1e-5 };
    const parameters = start();
    const optimizer = new Optimizer(parameters, recorded[name as keyof typeof recorded]);
    for (const [step, expected] of trajectory.entries()) {
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
  for (const rule of Object.values(rules)) {
    const once = start(), again = start();
    const first = new Optimizer(once, rule), second = new Optimizer(again, rule);
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

onEveryBackend("an optimizer restored in the middle goes on as if nothing had happened", async () => {
  for (const rule of Object.values(rules)) {
    const one = start(), other = start();
    const first = new Optimizer(one, rule), second = new Optimizer(other, rule);
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
  const adam = new Optimizer(parameters, adamW()), rolling = new Optimizer(parameters, sgd({ momentum: 0.5 }));
  setGradients(parameters, 0);
  adam.step();
  assertThrows(
    () => adam.restore(rolling.state()),
    TypeError,
    'Cannot restore an optimizer: its state is that of "sgd" with momentum 0.5, and this one moves by "adamW" with beta1',
  );
  assertThrows(
    () => new Optimizer(parameters, sgd()).restore(adam.state()),
    TypeError,
    'is that of "adamW" with beta1',
  );
  const { tensors, ...rest } = adam.state(), averages = new Map(tensors);
  averages.delete("matrix.firstMoment");
  assertThrows(() => adam.restore({ ...rest, tensors: averages }), TypeError, '"matrix.firstMoment" is missing');
  averages.set("matrix.firstMoment", tensors.get("matrix.firstMoment")!).set("x.secondMoment", tensor([1]));
  assertThrows(() => adam.restore({ ...rest, tensors: averages }), TypeError, 'its state has "x.secondMoment"');
  const counts: [counts: [string, number][], message: string][] = [
    [[["matrix", 1]], 'the count of "bias" is missing'],
    [[["matrix", 1], ["bias", 2]], 'the count of "bias" is 2, it must be an integer from 0 to the number of steps, 1'],
    [[["matrix", 1], ["bias", 0.5]], 'the count of "bias" is 0.5'],
    [[["matrix", 1], ["bias", 1], ["x", 0]], 'counts steps of "x", which is no parameter'],
  ];
  for (const [wrong, message] of counts) {
    assertThrows(() => adam.restore({ ...rest, tensors, counts: new Map(wrong) }), TypeError, message);
  }
  assertThrows(() => adam.restore({ ...rest, tensors, steps: -1 }), TypeError, "it made -1 steps");
  const small = new Optimizer(new Map([["matrix", parameter(tensor([1]))], ["bias", parameter(tensor([1]))]]), adamW());
  assertThrows(() => adam.restore(small.state()), TypeError, '"matrix.firstMoment" is [1], it must be [3, 2]');
  assertEquals(adam.steps, 1);
  assert((await adam.state().tensors.get("matrix.firstMoment")!.read())[0] !== 0);
});

onEveryBackend("a parameter without a gradient stays where it is and is not counted", async () => {
  const parameters = start();
  const optimizer = new Optimizer(parameters, adamW({ learningRate: 0.05 }));
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

onReference("sgd() with nesterov takes the gradient where the velocity leads", async () => {
  // As Nesterov has it: look ahead by the velocity, take the gradient there, and correct the velocity by it.
  const slope = (x: number): number => 4 * x, rate = 0.05, momentum = 0.9, start = 1;
  let place = start, velocity = 0;
  const x = parameter(tensor([start]));
  const optimizer = new Optimizer([x], sgd({ learningRate: rate, momentum, nesterov: true }));
  for (let step = 1; step <= 20; step++) {
    velocity = momentum * velocity + slope(place - rate * momentum * velocity);
    place -= rate * velocity;
    x.square().mul(2).sum().backward();
    optimizer.step();
    optimizer.zeroGrad();
    // The parameter is the place looked at.
    await assertClose(x, [place - rate * momentum * velocity], { rtol: 1e-12, atol: 1e-14 });
  }
});

Deno.test("sgd() refuses nesterov without momentum", () => {
  assertThrows(() => sgd({ nesterov: true, momentum: 0 }), RangeError, "momentum must be greater than 0");
  assertThrows(() => sgd({ nesterov: true }), TypeError, "momentum");
  assertEquals(sgd({ momentum: 0.5, nesterov: false }).settings, sgd({ momentum: 0.5 }).settings);
});

onReference("without zeroGrad() gradients add up", async () => {
  const run = async (frees: boolean): Promise<number[]> => {
    const x = parameter(tensor([1])), optimizer = new Optimizer(new Map([["x", x]]), sgd({ learningRate: 0.1 }));
    const path: number[] = [];
    for (let step = 0; step < 3; step++) {
      x.square().mul(2).sum().backward();
      optimizer.step();
      if (frees) optimizer.zeroGrad();
      path.push(await x.item());
    }
    return path;
  };
  await assertClose(tensor(await run(true)), [0.6, 0.36, 0.216], { rtol: 1e-12 });
  // The second step goes along 4 + 2.4, the third along 4 + 2.4 - 0.16.
  await assertClose(tensor(await run(false)), [0.6, -0.04, -0.664], { rtol: 1e-12 });
});

onReference("zeroGrad() frees the gradients", () => {
  const parameters = start();
  const optimizer = new Optimizer(parameters, sgd());
  setGradients(parameters, 0);
  const { storage } = parameters.get("bias")!.grad!;
  optimizer.zeroGrad();
  assertEquals([parameters.get("bias")!.grad, storage.live], [undefined, false]);
});

onReference("an optimizer survives the scope it was made in", async () => {
  const parameters = start();
  const optimizer = scope(() => ({ inner: new Optimizer(parameters, adamW()) })).inner;
  setGradients(parameters, 0);
  scope(() => optimizer.step());
  assert((await optimizer.state().tensors.get("matrix.firstMoment")!.read())[0] !== 0);
});

onReference("Optimizer moves by any rule, and keeps the averages that it names", async () => {
  // The mean of all gradients so far.
  const mean: OptimizerRule<"mean"> = {
    learningRate: 0.5,
    averages: ["mean"],
    move({ parameter, gradient, averages: { mean }, count, learningRate }) {
      mean.assign(mean.add(gradient.sub(mean).div(count)));
      parameter.assign(parameter.sub(mean.mul(learningRate)));
    },
  };
  const x = parameter(tensor([0]));
  const optimizer = new Optimizer(new Map([["x", x]]), mean);
  for (const [gradient, place] of [[2, -1], [4, -2.5], [-3, -3]] as const) {
    x.grad = tensor([gradient]);
    optimizer.step();
    assertEquals(await x.item(), place);
  }
  assertEquals([...optimizer.state().tensors.keys()], ["x.mean"]);
  assertStrictEquals(optimizer.state().counts.get("x"), 3);
});

onReference("step() takes the learning rate of a schedule, and refuses what is none", async () => {
  const x = parameter(tensor([1]));
  const optimizer = new Optimizer(new Map([["x", x]]), sgd());
  x.grad = tensor([1]);
  optimizer.step(0.5);
  optimizer.step(0);
  assertEquals(await x.item(), 0.5);
  for (const rate of [NaN, -1, Infinity]) {
    assertThrows(() => optimizer.step(rate), RangeError, `Cannot optimize with learningRate = ${rate}`);
  }
  assertEquals([optimizer.steps, await x.item()], [2, 0.5]);
});

onReference("Optimizer() takes a list of tensors, and names them by their places", async () => {
  const [a, b] = [parameter([1, 2]), parameter([[3]])];
  const optimizer = new Optimizer([a, b], sgd({ learningRate: 0.5, momentum: 0.9 }));
  a.sum().add(b.sum()).backward();
  optimizer.step();
  assertEquals([[...await a.read()], [...await b.read()]], [[0.5, 1.5], [2.5]]);
  assertEquals([...optimizer.parameters], [["0", a], ["1", b]]);
  assertEquals([...optimizer.state().tensors.keys()], ["0.velocity", "1.velocity"]);
  const wrong: unknown[] = [[], [a, 1], [undefined], "ab", 3, null, new Set([a])];
  for (const parameters of wrong) {
    assertThrows(() => new Optimizer(parameters as never, sgd()), TypeError, "Cannot optimize");
  }
});

onReference("sgd() and Optimizer refuse what they do not know", () => {
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [
      () => sgd({ momentum: 1 }),
      RangeError,
      "Cannot optimize with momentum = 1: momentum must be a number of at least",
    ],
    [() => sgd({ learningRate: -1 }), RangeError, "learningRate must be a number of at least 0"],
    [() => sgd({ dampening: 0 } as never), TypeError, 'Cannot optimize with option "dampening"'],
    [() => new Optimizer(start(), {} as never), TypeError, "one such as adamW() is needed"],
    [() => new Optimizer(start(), undefined as never), TypeError, "Cannot optimize without a rule"],
    [
      () => new Optimizer(new Linear(2, 3, new Random(1)) as never, sgd()),
      TypeError,
      "Cannot optimize a Linear: its parameters are needed, as model.parameters() names them",
    ],
    [() => new Optimizer(new Map(), sgd()), TypeError, "Cannot optimize nothing: parameters() names what requires"],
  ];
  for (const [make, type, message] of refused) assertThrows(make, type, message);
});
