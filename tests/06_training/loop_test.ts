import { assert, assertEquals, assertRejects } from "@std/assert";
import { Batches } from "../../core/06_training/batching.ts";
import { train, type TrainingReport, type TrainOptions } from "../../core/06_training/loop.ts";
import { meanSquaredError } from "../../core/06_training/loss.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import { Linear } from "../../core/engine/linear.ts";
import { useClock } from "../../core/engine/pace.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import { Module } from "../../core/engine/module.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";

type Pair = readonly [number, number];
const line: Pair[] = Array.from({ length: 12 }, (_, i) => [i / 6 - 1, 3 * (i / 6 - 1) - 2]);

interface Setup {
  readonly model: Linear;
  readonly options: Omit<TrainOptions<readonly Pair[]>, "steps">;
}

function setup(batchSize = 4): Setup {
  const model = new Linear(1, 1, new Random(1));
  const column = (numbers: number[]): Tensor => tensor(Float64Array.from(numbers), [numbers.length, 1]);
  return {
    model,
    options: {
      model,
      loss: (batch) => meanSquaredError(model.forward(column(batch.map(([x]) => x))), column(batch.map(([, y]) => y))),
      batches: new Batches(line, { batchSize, random: new Random(2) }),
      optimizer: new Optimizer(model.parameters(), sgd({ learningRate: 0.2 })),
    },
  };
}

async function weightsOf({ model }: Setup): Promise<number[]> {
  return (await Promise.all([...model.parameters().values()].map((x) => x.read()))).flatMap((x) => [...x]);
}

onEveryBackend("train() fits a line and reports what it does", async () => {
  const run = setup();
  const heard: TrainingReport[] = [];
  const history = await train({
    ...run.options,
    steps: 100,
    schedule: (step) => 0.2 / step ** 0.1,
    clipNorm: 10,
    tokens: (batch) => batch.length,
    evaluate: (step) => {
      assertEquals(run.model.training, false);
      return { twice: 2 * step };
    },
    evaluateEvery: 30,
    onProgress: (report) => void heard.push(report),
  });
  await assertClose(await weightsOf(run), [3, -2], { atol: 1e-2 });
  assertEquals(history, heard);
  assertEquals(history.map(({ step }) => step), Array.from({ length: 100 }, (_, i) => i + 1));
  assertEquals(history.filter((r) => r.evaluation).map((r) => r.evaluation!.twice), [60, 120, 180, 200]);
  const last = history[99]!;
  assertEquals([last.steps, last.secondsLeft, last.learningRate], [100, 0, 0.2 / 100 ** 0.1]);
  assert(last.loss < 1e-3 && last.gradientNorm! < 0.1 && last.tokensPerSecond! > 0);
  assertEquals([run.model.training, run.options.optimizer.steps], [false, 100]);
});

onEveryBackend("train() aborted at any step and called again equals the unaborted run", async () => {
  const whole = setup();
  const expected = await train({ ...whole.options, steps: 12, clipNorm: 0.5 });
  for (const stop of [0, 1, 5, 11]) {
    const run = setup();
    const controller = new AbortController();
    const reason = new Error("enough");
    if (stop === 0) controller.abort(reason);
    const losses: number[] = [];
    const options = {
      ...run.options,
      steps: 12,
      clipNorm: 0.5,
      onProgress: ({ step, loss }: TrainingReport) => {
        losses.push(loss);
        if (step === stop) controller.abort(reason);
      },
    };
    assertEquals(await assertRejects(() => train({ ...options, signal: controller.signal }), Error, "enough"), reason);
    assertEquals([run.options.optimizer.steps, run.model.training], [stop, false]);
    await train(options);
    assertEquals(losses, expected.map(({ loss }) => loss));
    assertEquals(await weightsOf(run), await weightsOf(whole));
  }
});

onReference("train() aborted in any pause and called again equals the unaborted run", async () => {
  const whole = setup();
  let pauses = 0, stop: AbortController | undefined;
  // Every question whether to pause is answered with yes, also those of numbers that are read within a step.
  const turn = (): Promise<void> => Promise.resolve(void (--pauses === 0 && stop!.abort()));
  useClock({ period: 0, now: () => 0, turn });
  try {
    await train({ ...whole.options, steps: 5, clipNorm: 0.5 });
    const all = -pauses, expected = await weightsOf(whole);
    assert(all >= 10);
    for (let at = 1; at <= all; at++) {
      const run = setup(), options = { ...run.options, steps: 5, clipNorm: 0.5 };
      [pauses, stop] = [at, new AbortController()];
      // In the last step nothing is left to stop.
      await train({ ...options, signal: stop.signal }).catch((error) => assertEquals(error, stop!.signal.reason));
      await train(options);
      assertEquals(await weightsOf(run), expected, `stopped in pause ${at}`);
    }
  } finally {
    useClock();
  }
});

onReference("an abort arrives although the loop never waits for a device", async () => {
  const run = setup();
  const controller = new AbortController();
  // The timer is set in the third step: its turn comes only if the loop gives it one.
  const loss: typeof run.options.loss = (batch, step) => {
    if (step === 3) setTimeout(() => controller.abort(), 0);
    return run.options.loss(batch, step);
  };
  await assertRejects(
    () => train({ ...run.options, loss, steps: 1e9, reportEvery: 1e9, signal: controller.signal }),
    DOMException,
  );
  assert(run.options.optimizer.steps > 1);
});

onEveryBackend("train() with two batches of half the size equals one of the full size", async () => {
  const full = setup(4), halves = setup(2);
  const order = new Batches(line, { batchSize: 4, random: new Random(5) });
  const queue: (readonly Pair[])[] = [], halfQueue: (readonly Pair[])[] = [];
  for (let i = 0; i < 10; i++) {
    const batch = order.next();
    queue.push(batch);
    halfQueue.push(batch.slice(0, 2), batch.slice(2));
  }
  const [a] = [await train({ ...full.options, steps: 10, batches: { next: () => queue.shift()! } })];
  const b = await train({ ...halves.options, steps: 10, accumulate: 2, batches: { next: () => halfQueue.shift()! } });
  await assertClose(await weightsOf(halves), await weightsOf(full), { rtol: 1e-5 });
  await assertClose(b.map((r) => r.loss), a.map((r) => r.loss), { rtol: 1e-4, atol: 1e-6 });
});

onEveryBackend("train() reports the mean loss of the steps since the last report", async () => {
  const each = await train({ ...setup().options, steps: 10 });
  const some = await train({ ...setup().options, steps: 10, reportEvery: 4 });
  assertEquals(some.map(({ step }) => step), [4, 8, 10]);
  const mean = (from: number, to: number): number =>
    each.slice(from, to).reduce((sum, { loss }) => sum + loss, 0) / (to - from);
  await assertClose(some.map(({ loss }) => loss), [mean(0, 4), mean(4, 8), mean(8, 10)], { rtol: 1e-5 });
});

onEveryBackend("train() names the step at which the loss is no number, and moves nothing", async () => {
  const run = setup();
  const loss = (batch: readonly Pair[], step: number): Tensor =>
    run.options.loss(batch, step).mul(step === 4 ? NaN : 1);
  let before: number[] = [];
  await assertRejects(
    () =>
      train({
        ...run.options,
        loss,
        steps: 10,
        onProgress: async () => {
          before = await weightsOf(run);
        },
      }),
    RangeError,
    "Cannot continue training: the loss is NaN at step 4; a smaller learning rate",
  );
  assertEquals(await weightsOf(run), before);
  assertEquals([run.options.optimizer.steps, run.model.weight.tensor.grad], [3, undefined]);
  await assertRejects(
    () => train({ ...run.options, loss, steps: 10, reportEvery: 5 }),
    RangeError,
    "the loss is NaN in steps 4 to 5",
  );
});

onEveryBackend("train() stops where a gradient is no number although the loss is one, and moves nothing", async () => {
  for (const clipNorm of [undefined, 1]) {
    const run = setup();
    const loss = (batch: readonly Pair[], step: number): Tensor => {
      const value = run.options.loss(batch, step), weight = run.model.weight.tensor;
      // A length of zero, whose slope is 0 / 0.
      return step === 4 ? value.add(weight.sub(weight.detach()).square().sum().sqrt()) : value;
    };
    let before: number[] = [];
    const options = {
      ...{ ...run.options, loss, steps: 10, ...(clipNorm !== undefined && { clipNorm }) },
      onProgress: async () => {
        before = await weightsOf(run);
      },
    };
    const what = clipNorm === undefined ? "the mean of the gradient of weight" : "the length of the gradient";
    await assertRejects(
      () => train(options),
      RangeError,
      `Cannot continue training: ${what} is NaN at step 4; a smaller`,
    );
    assertEquals(await weightsOf(run), before);
    assertEquals([run.options.optimizer.steps, run.model.weight.tensor.grad], [3, undefined]);
    await assertRejects(() => train({ ...options, reportEvery: 5 }), RangeError, "in steps 4 to 5; a smaller");
  }
});

onEveryBackend("train() finds a weight that broke between two reports, whatever the loss says afterwards", async () => {
  for (const ending of ["a report", "an abort"]) {
    const run = setup(), controller = new AbortController(), aside = parameter(tensor([1, 2]));
    const parameters = new Map([...run.model.parameters(), ["aside", aside]]);
    const optimizer = new Optimizer(parameters, sgd({ learningRate: 0.1 }));
    const loss = (batch: readonly Pair[], step: number): Tensor => {
      const value = run.options.loss(batch, step);
      if (step === 5 && ending === "an abort") controller.abort();
      return step === 3 ? value.add(aside.sub(aside.detach()).square().sum().sqrt()) : value;
    };
    const options = { ...run.options, optimizer, loss, steps: 10, reportEvery: 8, signal: controller.signal };
    const last = ending === "a report" ? 8 : 5;
    await assertRejects(() => train(options), RangeError, `the mean of aside is NaN in steps 1 to ${last}`);
  }
});

onEveryBackend("train() names what broke before an abort, so that nobody saves it", async () => {
  const run = setup(), controller = new AbortController(), stopped = new Error("stopped");
  const loss = (batch: readonly Pair[], step: number): Tensor => {
    if (step === 4) controller.abort(stopped);
    return run.options.loss(batch, step).mul(step === 3 ? NaN : 1);
  };
  const options = { ...run.options, loss, steps: 10, reportEvery: 10, signal: controller.signal };
  await assertRejects(() => train(options), RangeError, "the loss is NaN in steps 1 to 4");
  // Without a flaw the abort comes through.
  const sound = setup(), other = new AbortController();
  const stopping = (batch: readonly Pair[], step: number): Tensor => {
    if (step === 4) other.abort(stopped);
    return sound.options.loss(batch, step);
  };
  const whole = { ...sound.options, loss: stopping, steps: 10, reportEvery: 10, signal: other.signal };
  assertEquals(await train(whole).catch((error) => error), stopped);
});

onEveryBackend("train() stops at a weight that is NaN behind a relu", async () => {
  const run = setup();
  run.model.weight.tensor.detach().assign(NaN);
  const loss = (batch: readonly Pair[], step: number): Tensor => run.options.loss(batch, step).relu();
  await assertRejects(() => train({ ...run.options, loss, steps: 3 }), RangeError, "the loss is NaN at step 1");
});

onItsOwnBackend("train() keeps memory flat over 1,000 steps", async () => {
  const run = setup();
  const optimizer = new Optimizer(run.model.parameters(), adamW());
  let early = 0;
  await train({
    ...run.options,
    optimizer,
    steps: 1400,
    clipNorm: 1,
    reportEvery: 200,
    onProgress: ({ step }) => {
      // Numbers used as operands are kept, up to 512 of them; by then all of them are.
      if (step === 400) early = memory().bytes;
    },
  });
  assert(memory().bytes <= early, `${early} bytes after 400 steps, ${memory().bytes} after 1,400`);
});

onReference("train() passes on what the loss throws, and frees its gradients", async () => {
  const run = setup();
  const before = memory().tensors;
  const loss = (batch: readonly Pair[], step: number): Tensor => {
    if (step === 3) throw new Error("broken");
    return run.options.loss(batch, step);
  };
  await assertRejects(() => train({ ...run.options, loss, steps: 5 }), Error, "broken");
  assert(memory().tensors <= before + 8);
  assertEquals(run.model.weight.tensor.grad, undefined);
});

onReference("train() refuses options that are out of range or have no effect", async () => {
  const { options } = setup();
  const refused: [Partial<TrainOptions<readonly Pair[]>>, string][] = [
    [{ steps: -1 }, "Cannot train with steps = -1: steps must be an integer of at least 0"],
    [{ steps: 1.5 }, "Cannot train with steps = 1.5"],
    [{ accumulate: 0 }, "Cannot train with accumulate = 0: accumulate must be an integer of at least 1"],
    [{ reportEvery: 0 }, "Cannot train with reportEvery = 0"],
    [{ clipNorm: 0 }, "Cannot train with clipNorm = 0: clipNorm must be a number greater than 0"],
    [{ evaluateEvery: 5 }, "Cannot train with evaluateEvery: it has no effect without evaluate"],
    [{ learnRate: 1 } as object, 'Cannot train with option "learnRate": options are model, loss, batches'],
    [{ loss: () => tensor([1, 2]) }, "Cannot train on a loss of shape [2]: it must be one number"],
  ];
  for (const [wrong, message] of refused) {
    await assertRejects(() => train({ ...options, steps: 3, ...wrong }), Error, message);
  }
});

class Hiding extends Module {
  readonly shown: Linear = new Linear(1, 2, new Random(1));
  readonly #hidden: Linear = new Linear(2, 1, new Random(2));

  forward(x: Tensor): Tensor {
    return this.#hidden.forward(this.shown.forward(x));
  }
}

class Open extends Module {
  readonly parts: Readonly<Record<string, Linear>>;
  readonly byName: ReadonlyMap<string, Linear>;

  constructor() {
    super();
    this.parts = { up: new Linear(1, 2, new Random(1)) };
    this.byName = new Map([["down", new Linear(2, 1, new Random(2))]]);
  }

  forward(x: Tensor): Tensor {
    return this.byName.get("down")!.forward(this.parts.up!.forward(x));
  }
}

onEveryBackend("train() refuses a loss that depends on parameters which nobody names", async () => {
  const batches = { next: () => tensor([[1], [2]]) };
  const run = async (model: Hiding | Open): Promise<TrainingReport[]> => {
    const optimizer = new Optimizer(model.parameters(), sgd({ learningRate: 0.1 }));
    return await train({ model, optimizer, batches, loss: (x) => model.forward(x).square().mean(), steps: 5 });
  };
  await assertRejects(
    () => run(new Hiding()),
    TypeError,
    "Cannot train with a parameter of shape [1] that neither the model nor the optimizer names: a module names",
  );
  const history = await run(new Open());
  assert(history.at(-1)!.loss < history[0]!.loss);

  // A part of the model may stand still on purpose, and an optimizer may move what no model has.
  const model = new Linear(1, 1, new Random(1)), scale = parameter(tensor([1]));
  const optimizer = new Optimizer(new Map([["scale", scale]]), sgd({ learningRate: 0.1 }));
  await train({ model, optimizer, batches, loss: (x) => model.forward(x).mul(scale).square().mean(), steps: 1 });
});

Deno.test("train() refuses what tokens() and evaluate() must not return", async () => {
  for (const wrong of [undefined, "4", NaN, -1, 3n, Promise.resolve(4)]) {
    await assertRejects(
      () => train({ ...setup().options, steps: 1, tokens: () => wrong as never }),
      Error,
      "Cannot train with tokens() = ",
    );
  }
  for (const wrong of [undefined, 3, "a", [1], new Map([["loss", 1]]), { loss: "1" }, { loss: tensor([1]) }]) {
    await assertRejects(
      () => train({ ...setup().options, steps: 1, evaluate: () => wrong as never }),
      TypeError,
      "Cannot train with evaluate() = ",
    );
  }
  const [report] = await train({ ...setup().options, steps: 1, evaluate: () => ({ loss: NaN }) });
  assertEquals(report!.evaluation, { loss: NaN });
});

Deno.test("train() refuses an optimizer that moves nothing the loss depends on", async () => {
  const { options } = setup();
  const before = memory();
  await assertRejects(
    () => train({ ...options, steps: 1, optimizer: setup().options.optimizer }),
    TypeError,
    "Cannot train with an optimizer of other parameters",
  );
  assert(memory().tensors <= before.tensors + 2);
});

onReference("train() refuses a source whose next() is asynchronous", async () => {
  const { options } = setup();
  const batches = { next: () => Promise.resolve(line) } as never;
  await assertRejects(
    () => train({ ...options, batches, steps: 2 }),
    TypeError,
    "Cannot take a batch from an asynchronous function: next() must return the batch, so load what it needs before",
  );
  assertEquals(options.optimizer.steps, 0);
});

onReference(
  "train() refuses a model and an optimizer that another call is using, and takes them afterwards",
  async () => {
    const { model, options } = setup(), other = setup();
    const first = train({ ...options, steps: 3 });
    await assertRejects(
      () => train({ ...options, steps: 6 }),
      TypeError,
      "Cannot train with model = a Linear: another call",
    );
    await assertRejects(
      () => train({ ...other.options, optimizer: options.optimizer, steps: 6 }),
      TypeError,
      "Cannot train with optimizer = an Optimizer: another call of train is using it, and has to be awaited first",
    );
    await first;
    assertEquals([options.optimizer.steps, model.training], [3, false]);
    await assertRejects(() => train({ ...options, loss: () => tensor([1, 2]), steps: 6 }), TypeError);
    await train({ ...options, steps: 6 });
    assertEquals(options.optimizer.steps, 6);
  },
);
