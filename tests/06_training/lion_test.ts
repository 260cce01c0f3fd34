import { assert, assertEquals, assertThrows } from "@std/assert";
import { parameter, tensor } from "../../core/engine/create.ts";
import { lion, type LionOptions } from "../../core/06_training/lion.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import goldens from "../goldens/training.json" with { type: "json" };
import { assertClose, onEveryBackend, onReference, reference } from "../support.ts";
import { numbers, setGradients, start } from "./trajectories.ts";

/** Lion in plain numbers: Algorithm 2 of the paper, line by line. */
class PlainLion {
  readonly #memory: number[];
  readonly #weights: number[];
  readonly #options: Required<Omit<LionOptions, "decays">>;

  constructor(weights: readonly number[], options: Required<Omit<LionOptions, "decays">>) {
    this.#weights = [...weights];
    this.#memory = weights.map(() => 0);
    this.#options = options;
  }

  step(gradients: ArrayLike<number>): readonly number[] {
    const { learningRate, beta1, beta2, weightDecay } = this.#options;
    for (let i = 0; i < this.#weights.length; i++) {
      const update = beta1 * this.#memory[i]! + (1 - beta1) * gradients[i]!;
      this.#weights[i]! -= learningRate * (Math.sign(update) + weightDecay * this.#weights[i]!);
      this.#memory[i] = beta2 * this.#memory[i]! + (1 - beta2) * gradients[i]!;
    }
    return this.#weights;
  }
}

onEveryBackend("lion() follows the algorithm of its paper in plain numbers", async (device) => {
  const close = device === reference ? { rtol: 1e-12, atol: 1e-12 } : { rtol: 1e-5, atol: 1e-6 };
  const options = { learningRate: 0.02, beta1: 0.8, beta2: 0.95, weightDecay: 0.3 };
  const parameters = start();
  const optimizer = new Optimizer(parameters, lion({ ...options, decays: () => true }));
  const plain = {
    matrix: new PlainLion([...numbers(goldens.start.matrix)], options),
    bias: new PlainLion([...numbers(goldens.start.bias)], options),
  };
  for (const [step, gradients] of goldens.gradients.entries()) {
    setGradients(parameters, step);
    optimizer.step();
    for (const key of ["matrix", "bias"] as const) {
      await assertClose(await parameters.get(key)!.read(), [...plain[key].step(numbers(gradients[key]))], close);
    }
  }
});

onReference("lion() goes to and fro as on its page", async () => {
  const x = parameter(tensor([1]));
  const optimizer = new Optimizer(new Map([["x", x]]), lion({ learningRate: 0.1 }));
  const momentum = optimizer.state().tensors.get("x.momentum")!;
  for (const [gradient, place, remembered] of [[0.5, 0.9, 0.005], [-1, 1, -0.00505]] as const) {
    x.grad = tensor([gradient]);
    optimizer.step();
    await assertClose(x, [place], { rtol: 1e-12 });
    await assertClose(momentum, [remembered], { rtol: 1e-12 });
  }
});

onEveryBackend("lion() moves every number by the learning rate, whatever its gradient", async () => {
  const x = parameter(tensor([1, 2, 3, 4]));
  x.grad = tensor([1e-3, -7, 1e5, 0]);
  new Optimizer(new Map([["x", x]]), lion({ learningRate: 0.5 })).step();
  assertEquals([...await x.read()], [0.5, 2.5, 2.5, 4]);
});

onReference("lion() steers by a shorter memory than it keeps", async () => {
  // Ten gradients one way and one back: a tenth of the last outweighs what is remembered, a hundredth does not.
  const turns = async (beta1: number): Promise<boolean> => {
    const x = parameter(tensor([0]));
    const optimizer = new Optimizer(new Map([["x", x]]), lion({ learningRate: 1, beta1, beta2: 0.99 }));
    for (let step = 1; step <= 11; step++) {
      x.grad = tensor([step <= 10 ? 1 : -1]);
      optimizer.step();
    }
    return await x.item() === -9;
  };
  assertEquals([await turns(0.9), await turns(0.99)], [true, false]);
});

onReference("weights decay beside the sign, and only those that the predicate names", async () => {
  const parameters = new Map([["gain", parameter(tensor([1]))], ["weight", parameter(tensor([[1]]))]]);
  const optimizer = new Optimizer(parameters, lion({ learningRate: 0.5, weightDecay: 0.5 }));
  for (const x of parameters.values()) x.grad = tensor(new Float32Array(1), x.shape);
  optimizer.step();
  assertEquals(await Promise.all([...parameters.values()].map((x) => x.item())), [1, 0.75]);
});

Deno.test("lion() refuses what is out of range, and options of other rules", () => {
  assertThrows(
    () => lion({ beta1: 1 }),
    RangeError,
    "Cannot optimize with beta1 = 1: beta1 must be a number of at least",
  );
  assertThrows(() => lion({ weightDecay: -1 }), RangeError, "Cannot optimize with weightDecay = -1");
  assertThrows(() => lion({ epsilon: 1e-8 } as never), TypeError, 'Cannot optimize with option "epsilon"');
  assert(lion().learningRate < 1e-3);
});
