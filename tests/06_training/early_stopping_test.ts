import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { adamW } from "../../core/06_training/adam.ts";
import { Batches } from "../../core/06_training/batching.ts";
import { type CheckpointStorage, encodeCheckpoint, restoreCheckpoint } from "../../core/06_training/checkpoints.ts";
import { EarlyStopping, type EarlyStoppingOptions } from "../../core/06_training/early_stopping.ts";
import { train, type TrainingReport, type TrainOptions } from "../../core/06_training/loop.ts";
import { meanSquaredError } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { onEveryBackend, onReference } from "../support.ts";

const model = (): Linear => new Linear(2, 1, new Random(1));

/** Hears one evaluation after the other; the steps at which it stopped and was best. */
async function heard(values: readonly number[], options: Partial<EarlyStoppingOptions> = {}) {
  const stopping = new EarlyStopping({ measure: "loss", patience: 2, ...options });
  const stops: boolean[] = [];
  for (const [i, loss] of values.entries()) stops.push(await stopping.watch(i + 1, { loss }, model()));
  return { best: stopping.best?.step, stops: stops.map(Number).join(""), stopped: stopping.stopped };
}

onReference("EarlyStopping stops after `patience` evaluations in a row without improvement", async () => {
  assertEquals(await heard([5, 4, 3, 2, 1]), { best: 5, stops: "00000", stopped: false });
  assertEquals(await heard([5, 4, 6, 3, 7, 8]), { best: 4, stops: "000001", stopped: true });
  assertEquals(await heard([5, 5], { patience: 1 }), { best: 1, stops: "01", stopped: true });
  // An improvement of minDelta is none.
  assertEquals(await heard([5, 4.5, 4.75], { minDelta: 0.5 }), { best: 1, stops: "001", stopped: true });
  assertEquals(await heard([5, 4.75, 4.25], { minDelta: 0.5 }), { best: 3, stops: "000", stopped: false });
  assertEquals(await heard([1, 3, 2, 2], { mode: "max" }), { best: 2, stops: "0001", stopped: true });
});

onReference("EarlyStopping takes NaN and the infinite for no improvement, and never for the best", async () => {
  assertEquals(await heard([NaN, 3, NaN, Infinity]), { best: 2, stops: "0001", stopped: true });
  assertEquals(await heard([-Infinity, 3, -Infinity, 2]), { best: 4, stops: "0000", stopped: false });
  assertEquals(await heard([NaN, NaN]), { best: undefined, stops: "01", stopped: true });
  assertEquals(await heard([Infinity, 3], { mode: "max" }), { best: 2, stops: "00", stopped: false });
});

onReference("EarlyStopping refuses patience 0, a measure that is not there, and what is no model", async () => {
  for (const patience of [0, -1, 1.5, NaN, Infinity]) {
    const options = { measure: "loss", patience };
    assertThrows(() => new EarlyStopping(options), RangeError, "patience must be an integer of at least 1");
  }
  assertThrows(() => new EarlyStopping({ measure: "loss", patience: 1, minDelta: -1 }), RangeError, "minDelta must be");
  const mode = "least" as "min";
  assertThrows(() => new EarlyStopping({ measure: "loss", patience: 1, mode }), TypeError, "one of min, max");
  const stopping = new EarlyStopping({ measure: "bleu", patience: 1 });
  const missing = 'Cannot stop early by "bleu": the evaluation has "loss", "toString"';
  await assertRejects(() => stopping.watch(1, { loss: 1, toString: 2 } as never, model()), TypeError, missing);
  await assertRejects(() => stopping.watch(1, {}, model()), TypeError, "the evaluation has no measure");
  await assertRejects(() => stopping.watch(1, { bleu: 1 }, {} as never), TypeError, "model must be a Module");
  assertEquals([stopping.step, stopping.best], [0, undefined]);
});

type Example = readonly [x: number, y: number];
const examples: readonly Example[] = Array.from({ length: 24 }, (_, i) => [i / 12 - 1, 3 * i / 12 - 2]);

type Saved = Pick<TrainOptions<readonly Example[]>, "model" | "optimizer" | "loss"> & {
  readonly model: Linear;
  readonly batches: Batches<Example>;
};

function setup(seed = 1): Saved {
  const model = new Linear(1, 1, new Random(seed));
  const column = (numbers: readonly number[]): Tensor => tensor(Float64Array.from(numbers), [numbers.length, 1]);
  return {
    model,
    loss: (batch) => meanSquaredError(model.forward(column(batch.map(([x]) => x))), column(batch.map(([, y]) => y))),
    batches: new Batches(examples, { batchSize: 5, random: new Random(seed + 1) }),
    optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.05 })),
  };
}

const weightsOf = async ({ model }: Saved): Promise<number[]> =>
  (await Promise.all([...model.parameters().values()].map((x) => x.read()))).flatMap((x) => [...x]);

/** What is measured by step: best at 6, never as good afterwards. */
const SCORES: Readonly<Record<number, number>> = { 2: 9, 4: 7, 6: 3, 8: 5, 10: 4, 12: 3, 14: 1 };
const evaluate = (step: number) => ({ score: SCORES[step]! });
const stopping = (more: Partial<EarlyStoppingOptions> = {}): EarlyStopping =>
  new EarlyStopping({ measure: "score", patience: 3, ...more });

onEveryBackend("train() that stops early equals the first part of the whole run, bit for bit", async () => {
  const whole = setup(), early = setup(), cut = setup();
  const all = await train({ ...whole, steps: 14, evaluate, evaluateEvery: 2 });
  const earlyStopping = stopping({ restoreBest: false });
  const reports = await train({ ...early, steps: 14, evaluate, evaluateEvery: 2, earlyStopping });
  assertEquals(reports.map(({ loss }) => loss), all.slice(0, 12).map(({ loss }) => loss));
  const last = reports.at(-1)!;
  assertEquals([last.step, last.stopped, last.secondsLeft, last.best], [12, "early", 0, { step: 6, value: 3 }]);
  assertEquals(reports.filter(({ stopped }) => stopped).length, 1);
  await train({ ...cut, steps: 12 });
  assertEquals(await weightsOf(early), await weightsOf(cut));
  // It has ended, and stays so.
  const ended = await train({ ...early, steps: 14, evaluate, evaluateEvery: 2, earlyStopping });
  const { best } = last;
  assertEquals(ended, [{ step: 12, steps: 14, loss: NaN, secondsLeft: 0, best: best!, stopped: "before" }]);
  assertEquals(early.optimizer.steps, 12);
});

onEveryBackend("train() that stops early ends with the weights of the best evaluation, bit for bit", async () => {
  const early = setup(), cut = setup();
  await train({ ...early, steps: 14, evaluate, evaluateEvery: 2, earlyStopping: stopping() });
  await train({ ...cut, steps: 6 });
  assertEquals(await weightsOf(early), await weightsOf(cut));
  // So does a run that makes all its steps.
  const patient = setup(), first = setup();
  const reports = await train({ ...patient, steps: 10, evaluate, evaluateEvery: 2, earlyStopping: stopping() });
  assertEquals([reports.length, reports.at(-1)!.stopped], [10, undefined]);
  assertEquals(await weightsOf(patient), await weightsOf(cut));
  // Where nothing was ever a number, the last weights stay.
  const broken = { evaluate: () => ({ score: NaN }), evaluateEvery: 2, earlyStopping: stopping() };
  assertEquals((await train({ ...first, steps: 14, ...broken })).at(-1)!.step, 6);
  assertEquals(await weightsOf(first), await weightsOf(cut));
});

onReference(
  "train() refuses early stopping that watched another model, whose weights it would put into this one",
  async () => {
    const earlyStopping = new EarlyStopping({ measure: "loss", patience: 2 });
    await earlyStopping.watch(1, { loss: 1 }, new Linear(1, 1, new Random(1)));
    const model = new Linear(1, 1, new Random(2)), optimizer = new Optimizer(model.parameters(), adamW());
    for (let i = 0; i < 3; i++) optimizer.step();
    const options = {
      ...{ model, optimizer, steps: 9, earlyStopping, evaluateEvery: 1, evaluate: () => ({ loss: 1 }) },
      ...{ batches: { next: () => undefined }, loss: () => model.forward([[1]]).square().mean() },
    };
    const before = String(await model.weight.tensor.read());
    await assertRejects(() => train(options), RangeError, "earlyStopping of another run: it watched another model");
    assertEquals(String(await model.weight.tensor.read()), before);
  },
);

onReference("train() refuses early stopping that ended another run, instead of doing nothing", async () => {
  const earlyStopping = stopping(), options = { steps: 14, evaluate, evaluateEvery: 2, earlyStopping };
  await train({ ...setup(), ...options });
  const next = setup(2), before = await weightsOf(next);
  await assertRejects(
    () => train({ ...next, ...options }),
    RangeError,
    "the earlyStopping of another run: it was told of step 12, and the optimizer has made 0",
  );
  assertEquals([await weightsOf(next), next.optimizer.steps], [before, 0]);
});

onReference("train() refuses early stopping without evaluations, and by a measure that is none", async () => {
  const run = setup();
  await assertRejects(
    () => train({ ...run, steps: 4, evaluate, earlyStopping: stopping() }),
    TypeError,
    "Cannot train with earlyStopping: it has no effect without evaluateEvery",
  );
  await assertRejects(
    () => train({ ...run, steps: 4, evaluate, evaluateEvery: 2, earlyStopping: { patience: 1 } as never }),
    TypeError,
    "earlyStopping must be an EarlyStopping",
  );
  await assertRejects(
    () => train({ ...run, steps: 4, evaluate, evaluateEvery: 2, earlyStopping: stopping({ measure: "bleu" }) }),
    TypeError,
    'Cannot stop early by "bleu": the evaluation has "score"',
  );
});

/** Remembers every version of every file. */
function history(): CheckpointStorage & { readonly versions: Uint8Array<ArrayBuffer>[] } {
  const versions: Uint8Array<ArrayBuffer>[] = [];
  return {
    versions,
    read: () => Promise.resolve(versions.at(-1)),
    writeAtomically: (_, bytes) => Promise.resolve(void versions.push(bytes)),
  };
}

const told = (reports: readonly TrainingReport[]): unknown[] =>
  reports.map(({ step, loss, evaluation, best, stopped }) => ({ step, loss, evaluation, best, stopped }));

onEveryBackend(
  "a run with early stopping, killed after any save and resumed, equals the uninterrupted one",
  async () => {
    const whole = setup(), storage = history();
    const options = { steps: 14, evaluate, evaluateEvery: 2 };
    const saves = { storage, every: 1 };
    const expected = await train({ ...whole, ...options, earlyStopping: stopping(), checkpoints: saves });
    // After each of eleven, and at the end.
    assertEquals(storage.versions.length, 12);
    for (const [at, version] of storage.versions.entries()) {
      const again = setup(77), left = history();
      left.versions.push(version);
      const checkpoints = { storage: left, every: 1, resume: true };
      const reports = await train({ ...again, ...options, earlyStopping: stopping(), checkpoints });
      if (at < 11) assertEquals(told(reports), told(expected.slice(at + 1)), `killed after save ${at}`);
      assertEquals(left.versions.at(-1), storage.versions.at(-1), `killed after save ${at}`);
      assertEquals(await weightsOf(again), await weightsOf(whole));
    }
  },
);

onReference("a run aborted in an evaluation makes up for it, here and in another process", async () => {
  const whole = setup(), options = { steps: 14, evaluateEvery: 2 };
  await train({ ...whole, ...options, evaluate, earlyStopping: stopping() });
  for (const at of [2, 6, 10, 12]) {
    for (const isElsewhere of [false, true]) {
      const first = setup(), storage = history(), controller = new AbortController(), kept = stopping();
      const interrupted = (step: number) => {
        if (step === at) controller.abort(new Error("enough"));
        controller.signal.throwIfAborted();
        return evaluate(step);
      };
      const checkpoints = { storage, resume: true };
      const aborted = { ...first, ...options, evaluate: interrupted, signal: controller.signal };
      await assertRejects(() => train({ ...aborted, earlyStopping: kept, checkpoints }), Error, "enough");
      assertEquals([storage.versions.length, first.optimizer.steps], [2, at]);
      const second = isElsewhere ? setup(77) : first, earlyStopping = isElsewhere ? stopping() : kept;
      const reports = await train({ ...second, ...options, evaluate, earlyStopping, checkpoints });
      assertEquals([reports[0]!.step, reports[0]!.loss, reports[0]!.evaluation], [at, NaN, evaluate(at)]);
      assertEquals([reports.at(-1)!.step, earlyStopping.best], [12, { step: 6, value: 3 }]);
      assertEquals(await weightsOf(second), await weightsOf(whole));
    }
  }
});

onReference(
  "a checkpoint of early stopping is refused by another measure, and needs none where nobody asks",
  async () => {
    const run = setup(), earlyStopping = stopping();
    await train({ ...run, steps: 8, evaluate, evaluateEvery: 2, earlyStopping });
    const bytes = await encodeCheckpoint({ ...run, earlyStopping, loss: undefined } as never).catch(() => undefined);
    assertEquals(bytes, undefined, "a loss is no part of a run");
    const { model, optimizer, batches } = run, parts = { model, optimizer, batches };
    const saved = await encodeCheckpoint({ ...parts, earlyStopping }), plain = await encodeCheckpoint(parts);
    const before = await weightsOf(run);
    for (
      const [other, said] of [[stopping({ measure: "bleu" }), "bleu"], [stopping({ mode: "max" }), "score"]] as const
    ) {
      const message = `the saved run watched the min of "score", this one watches the ${
        said === "bleu" ? "min" : "max"
      } of "${said}"`;
      assertThrows(() => restoreCheckpoint(saved, { ...parts, earlyStopping: other }), TypeError, message);
    }
    const lacking = "Cannot resume: no early stopping was saved";
    assertThrows(() => restoreCheckpoint(plain, { ...parts, earlyStopping }), TypeError, lacking);
    restoreCheckpoint(saved, parts);
    assertEquals(await weightsOf(run), before);
    // The best weights are in the file, for whoever wants them.
    const again = stopping();
    restoreCheckpoint(saved, { model, earlyStopping: again });
    again.restoreBest(model);
    const cut = setup();
    await train({ ...cut, steps: 6 });
    assertEquals(await weightsOf(run), await weightsOf(cut));
  },
);

onReference("early stopping on the training loss never stops where the held-out loss does", async () => {
  // A polynomial of degree 9 through ten noisy points.
  const random = new Random(5), points = Array.from({ length: 10 }, (_, i) => i / 4.5 - 1);
  const powers = (xs: readonly number[]): Tensor => tensor(xs.map((x) => Array.from({ length: 10 }, (_, p) => x ** p)));
  const noise = await random.normal([20]).read();
  const held = points.map((x) => x + 0.1), [seen, unseen] = [points, held].map(powers);
  const column = (xs: readonly number[], from: number): Tensor =>
    tensor(xs.map((x, i) => [x + 0.5 * noise[from + i]!]));
  const [learned, kept] = [column(points, 0), column(held, 10)];
  const stepsBy = async (watched: "held" | "learned"): Promise<number> => {
    const model = new Linear(10, 1, new Random(1));
    const measure = (x: Tensor, y: Tensor): Promise<number> =>
      scope(() => noGrad(() => meanSquaredError(model.forward(x), y))).item();
    await train({
      model,
      loss: () => meanSquaredError(model.forward(seen!), learned),
      batches: { next: () => undefined },
      optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.05, weightDecay: 0 })),
      steps: 600,
      evaluate: async () => ({ held: await measure(unseen!, kept), learned: await measure(seen!, learned) }),
      evaluateEvery: 10,
      earlyStopping: new EarlyStopping({ measure: watched, patience: 5 }),
      reportEvery: 600,
      onProgress: ({ step }) => void (last = step),
    });
    return last;
  };
  let last = 0;
  const [onHeldOut, onLearned] = [await stepsBy("held"), await stepsBy("learned")];
  assert(onHeldOut < 600 && onLearned === 600, `stopped after ${onHeldOut} and ${onLearned} steps`);
});
