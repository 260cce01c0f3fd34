/** Runs that `train` saves by itself, and takes up again. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { adamW } from "../../core/06_training/adam.ts";
import { Batches } from "../../core/06_training/batching.ts";
import { type CheckpointStorage, encodeCheckpoint } from "../../core/06_training/checkpoints.ts";
import { type CheckpointOptions, train, type TrainOptions } from "../../core/06_training/loop.ts";
import { EarlyStopping } from "../../core/06_training/early_stopping.ts";
import { meanSquaredError } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import { tensor } from "../../core/engine/create.ts";
import { Dropout } from "../../core/engine/dropout.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import { Sequential } from "../../core/engine/sequential.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { onEveryBackend, onReference } from "../support.ts";

type Example = readonly [x: number, y: number];
const examples: readonly Example[] = Array.from({ length: 12 }, (_, i) => [i / 6 - 1, 3 * i / 6 - 2]);
const STEPS = 9;

type Options = TrainOptions<readonly Example[]>;
interface Setup extends Pick<Options, "model" | "optimizer" | "loss" | "steps"> {
  readonly model: Linear;
  readonly batches: Batches<Example>;
  readonly randoms: { readonly noise: Random };
}

/** A line through noise of a generator that the loss draws from. */
function setup(seed = 1): Setup {
  const model = new Linear(1, 1, new Random(seed)), noise = new Random(seed + 2);
  const column = (numbers: readonly number[]): Tensor => tensor(Float64Array.from(numbers), [numbers.length, 1]);
  return {
    model,
    loss: (batch) => {
      const inputs = column(batch.map(([x]) => x)).add(noise.normal([batch.length, 1]).mul(0.1));
      return meanSquaredError(model.forward(inputs), column(batch.map(([, y]) => y)));
    },
    batches: new Batches(examples, { batchSize: 5, random: new Random(seed + 1) }),
    optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.05 })),
    steps: STEPS,
    randoms: { noise },
  };
}

/** The options of a run that is saved somewhere. */
function saved({ randoms, ...run }: Setup, checkpoints: CheckpointOptions): Options {
  return { ...run, clipNorm: 1, checkpoints: { randoms, ...checkpoints } };
}

const stateOf = ({ model, optimizer, batches, randoms }: Setup): Promise<Uint8Array> =>
  encodeCheckpoint({ model, optimizer, batches, randoms });

/** A place for files that remembers every version. */
function memoryStorage(): CheckpointStorage & {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly versions: Uint8Array<ArrayBuffer>[];
} {
  const files = new Map<string, Uint8Array<ArrayBuffer>>(), versions: Uint8Array<ArrayBuffer>[] = [];
  return {
    files,
    versions,
    read: (name) => Promise.resolve(files.get(name)),
    writeAtomically: (name, bytes) => {
      files.set(name, bytes);
      return Promise.resolve(void versions.push(bytes));
    },
  };
}

onEveryBackend("train() killed after any save and resumed equals the uninterrupted run, bit for bit", async () => {
  const whole = setup(), storage = memoryStorage();
  const expected = await train(saved(whole, { storage, every: 2 }));
  // After the first step, after four times two, and at the end.
  assertEquals([storage.versions.length, [...storage.files.keys()]], [6, ["checkpoint"]]);
  const state = await stateOf(whole), last = storage.versions.at(-1)!;
  const unsaved = setup();
  const { randoms: _, ...plain } = unsaved;
  await train({ ...plain, clipNorm: 1 });
  assertEquals(await stateOf(unsaved), state, "saving changes nothing");
  for (const [at, version] of storage.versions.entries()) {
    const again = setup(77), left = memoryStorage();
    left.files.set("checkpoint", version);
    const reports = await train(saved(again, { storage: left, every: 2, resume: true }));
    // Of a run that had ended there is one report, without a loss.
    const rest = at === 5 ? [NaN] : expected.slice([1, 2, 4, 6, 8][at]).map(({ loss }) => loss);
    assertEquals(reports.map(({ loss }) => loss), rest);
    assertEquals([await stateOf(again), left.files.get("checkpoint")], [state, last], `killed after save ${at}`);
    // A run that had ended is not even saved again.
    assertEquals(left.versions.length === 0, at === 5);
  }
});

onReference("train() saves what is reported: reports of a resumed run are those of the whole one", async () => {
  const storage = memoryStorage(), options = { reportEvery: 4 };
  const expected = await train({ ...saved(setup(), { storage, every: 3 }), ...options });
  assertEquals(expected.map(({ step }) => step), [1, 3, 4, 6, 8, 9]);
  const left = memoryStorage();
  left.files.set("checkpoint", storage.versions[1]!);
  const reports = await train({ ...saved(setup(77), { storage: left, every: 3, resume: true }), ...options });
  assertEquals(reports.map(({ step, loss }) => [step, loss]), expected.slice(2).map(({ step, loss }) => [step, loss]));
});

onReference("train() aborted after any step saves it, and goes on in another process", async () => {
  const whole = setup();
  const { randoms: _, ...plain } = whole;
  await train({ ...plain, clipNorm: 1 });
  const state = await stateOf(whole);
  for (let stop = 0; stop < STEPS; stop++) {
    // Where nothing was learned nothing is saved, and whoever resumes begins.
    const storage = memoryStorage(), controller = new AbortController(), first = setup();
    if (stop === 0) controller.abort(new Error("enough"));
    const onProgress = ({ step }: { step: number }): void => {
      if (step === stop) controller.abort(new Error("enough"));
    };
    const options = { ...saved(first, { storage }), onProgress, signal: controller.signal };
    await assertRejects(() => train(options), Error, "enough");
    assertEquals([storage.versions.length, first.optimizer.steps], [stop === 0 ? 0 : 2, stop]);
    const second = setup(stop === 0 ? 1 : 77);
    await train(saved(second, { storage, resume: true }));
    assertEquals(await stateOf(second), state);
  }
});

onReference("train() does not save a step that is half made", async () => {
  const storage = memoryStorage(), controller = new AbortController(), run = setup();
  const loss: Options["loss"] = (batch, step) => {
    if (step === 4) controller.abort(new Error("enough"));
    controller.signal.throwIfAborted();
    return run.loss(batch, step);
  };
  const options = { ...saved(run, { storage, every: 2 }), loss, signal: controller.signal };
  await assertRejects(() => train(options), Error, "enough");
  // The batch of step 4 is gone; the file still has step 2, from which everything is made again.
  assertEquals(storage.versions.length, 2);
  const whole = setup();
  const { randoms: _, ...plain } = whole;
  await train({ ...plain, clipNorm: 1 });
  await train(saved(run, { storage, every: 2, resume: true }));
  assertEquals(await stateOf(run), await stateOf(whole));
});

onReference("train() loses nothing where the storage is full: neither the old file nor what it learned", async () => {
  const whole = setup();
  const { randoms: _, ...plain } = whole;
  await train({ ...plain, clipNorm: 1 });
  for (const failing of [1, 2, 3, 4, 5, 6]) {
    const storage = memoryStorage(), run = setup();
    let writes = 0;
    const full: CheckpointStorage = {
      read: storage.read,
      writeAtomically: (name, bytes) =>
        ++writes === failing ? Promise.reject(new Error("the disk is full")) : storage.writeAtomically(name, bytes),
    };
    const before = memory().tensors;
    await assertRejects(() => train(saved(run, { storage: full, every: 2 })), Error, "the disk is full");
    assert(memory().tensors <= before + 4);
    assertEquals([storage.versions.length, run.model.training], [failing - 1, false]);
    assertEquals(run.optimizer.steps, [1, 2, 4, 6, 8, 9][failing - 1]);
    await train(saved(run, { storage: full, every: 2, resume: true }));
    assertEquals(await stateOf(run), await stateOf(whole));
  }
  // Where nothing can be saved at all, no hour is spent.
  const run = setup(), broken = { ...memoryStorage(), writeAtomically: () => Promise.reject(new Error("read-only")) };
  await assertRejects(() => train(saved(run, { storage: broken })), Error, "read-only");
  assertEquals(run.optimizer.steps, 1);
});

onReference("train() saves nothing that is no number", async () => {
  const storage = memoryStorage(), run = setup();
  const loss: Options["loss"] = (batch, step) => run.loss(batch, step).mul(step === 5 ? NaN : 1);
  const options = { ...saved(run, { storage, every: 6 }), loss, reportEvery: 100 };
  await assertRejects(() => train(options), RangeError, "the loss is NaN in steps 2 to 6");
  assertEquals(storage.versions.length, 1);
  const controller = new AbortController(), other = memoryStorage(), second = setup();
  const stopping: Options["loss"] = (batch, step) => {
    if (step === 6) controller.abort();
    return second.loss(batch, step).mul(step === 5 ? NaN : 1);
  };
  await assertRejects(
    () => train({ ...saved(second, { storage: other }), loss: stopping, reportEvery: 100, signal: controller.signal }),
    RangeError,
    "the loss is NaN",
  );
  assertEquals(other.versions.length, 1);
});

onReference("train() goes on with no file unless it is asked to, and with none of another run", async () => {
  const storage = memoryStorage();
  await train({ ...saved(setup(), { storage, notes: { data: "a" } }), steps: 3 });
  const bytes = storage.files.get("checkpoint")!;
  const refused = async (options: Options, message: string): Promise<void> => {
    await assertRejects(() => train(options), TypeError, message);
    assertEquals([options.optimizer.steps, storage.files.get("checkpoint")], [0, bytes]);
  };
  const there = 'Cannot train with checkpoints in "checkpoint": a run is saved there; resume: true goes on with it, ' +
    "replace: true gives it up, another name keeps it";
  await refused(saved(setup(), { storage }), there);
  const resume = true, notes = { data: "a" };
  const noted = 'Cannot go on with "checkpoint": notes', ways = "replace: true gives it up, another name keeps it";
  await refused(saved(setup(), { storage, resume }), `${noted} was saved as {"data":"a"}, this run has null; ${ways}`);
  const another = { data: "b".repeat(1000) };
  await refused(
    saved(setup(), { storage, resume, notes: another }),
    `${noted}.data was saved as "a", this run has "${"b".repeat(60)}…"; ${ways}`,
  );
  const further = { data: "a", size: 3 };
  await refused(saved(setup(), { storage, resume, notes: further }), "notes.size was saved as nothing, this run has 3");
  const run = setup(), moved = new Optimizer(run.model.parameters(), sgd());
  await refused({ ...saved(run, { storage, resume, notes }), optimizer: moved }, "Cannot restore an optimizer");
  const more = { noise: new Random(1), other: new Random(2) };
  await refused(saved(run, { storage, resume, notes, randoms: more }), `no random state "other" was saved; ${ways}`);
  const wide = new Linear(2, 1, new Random(1)), widened = new Optimizer(wide.parameters(), adamW());
  await refused(
    { ...saved(run, { storage, resume, notes }), model: wide, optimizer: widened },
    '"weight" was saved as',
  );
  // Two runs share a storage by two names.
  await train(saved(setup(5), { storage, name: "other" }));
  assertEquals(storage.files.get("checkpoint"), bytes);
  const again = setup(77);
  await train(saved(again, { storage, resume, notes }));
  const whole = setup();
  const { randoms: _, ...plain } = whole;
  await train({ ...plain, clipNorm: 1 });
  assertEquals(await stateOf(again), await stateOf(whole));
});

onEveryBackend("train() that fails in its first step leaves nothing that blocks the next", async () => {
  const storage = memoryStorage(), run = setup();
  const broken = (): never => {
    throw new TypeError("a mistake");
  };
  await assertRejects(() => train({ ...saved(run, { storage }), loss: broken }), TypeError, "a mistake");
  const none: Options["loss"] = (batch, step) => run.loss(batch, step).mul(NaN);
  await assertRejects(() => train({ ...saved(run, { storage }), loss: none }), RangeError, "the loss is NaN at step 1");
  assertEquals([storage.files.size, run.optimizer.steps], [0, 0]);
  await train(saved(setup(), { storage, every: 2 }));
  assertEquals(storage.versions.length, 6);
});

onReference(
  "train() begins in the place of a file if it is told to, and gives nothing up before its first step",
  async () => {
    const storage = memoryStorage(), replace = true;
    await train(saved(setup(5), { storage, notes: { data: "a" } }));
    const bytes = storage.files.get("checkpoint")!;
    const failing = { ...saved(setup(), { storage, replace }), loss: () => tensor(NaN) };
    await assertRejects(() => train(failing), TypeError, "Cannot differentiate");
    const aborted = { ...saved(setup(), { storage, replace }), signal: AbortSignal.abort(new Error("enough")) };
    await assertRejects(() => train(aborted), Error, "enough");
    const both = saved(setup(), { storage, replace, resume: true });
    await assertRejects(() => train(both), TypeError, "Cannot train with checkpoints.resume and checkpoints.replace");
    assertEquals(storage.files.get("checkpoint"), bytes);
    const again = setup(), first = memoryStorage();
    await train(saved(again, { storage, replace }));
    await train(saved(setup(), { storage: first }));
    assertEquals(storage.files.get("checkpoint"), first.files.get("checkpoint"));
  },
);

onReference(
  "train() goes on with no other size of a batch or a step, and with no early stopping left out",
  async () => {
    const storage = memoryStorage();
    const stopping = (): Partial<Options> => ({
      evaluate: () => ({ loss: 1 }),
      evaluateEvery: 3,
      earlyStopping: new EarlyStopping({ measure: "loss", patience: 9 }),
    });
    await train({ ...saved(setup(), { storage }), ...stopping(), steps: 4, accumulate: 2 });
    const before = storage.files.get("checkpoint");
    const again = (changes: Partial<Options>): Promise<unknown> =>
      train({ ...saved(setup(), { storage, resume: true }), ...stopping(), accumulate: 2, ...changes });
    const other = new Batches(examples, { batchSize: 6, random: new Random(2) }), { evaluate } = stopping();
    const wrong: [Partial<Options>, string][] = [
      [{ batches: other }, "that pass has 3 batches and one here has"],
      [{ accumulate: 1 }, "Cannot resume with accumulate = 1: the saved run makes a step of 2 batches; replace: true"],
    ];
    for (const [changes, message] of wrong) {
      await assertRejects(() => again(changes), TypeError, message);
    }
    const { earlyStopping: _, ...without } = {
      ...saved(setup(), { storage, resume: true }),
      ...stopping(),
      accumulate: 2,
    };
    await assertRejects(
      () => train({ ...without, evaluate: evaluate! }),
      TypeError,
      'Cannot go on with "checkpoint": the saved run watches "loss", and this one has no earlyStopping; replace: true',
    );
    assertEquals(storage.files.get("checkpoint"), before);
    await again({});
    assert(storage.files.get("checkpoint") !== before);
  },
);

onReference("train() says of a run that had ended that nothing is left", async () => {
  const storage = memoryStorage(), run = setup();
  await train(saved(run, { storage }));
  const report = { step: STEPS, steps: STEPS, loss: NaN, secondsLeft: 0, stopped: "before" as const };
  const heard: unknown[] = [], onProgress = (told: unknown): void => void heard.push(told);
  assertEquals(await train({ ...saved(setup(77), { storage, resume: true }), onProgress }), [report]);
  assertEquals(heard, [report]);
  const fewer = { ...saved(run, { storage, resume: true }), steps: 4 };
  assertEquals(await train(fewer), [{ ...report, steps: 4 }]);
  // Without checkpoints too, and where there are no steps.
  const { randoms: _, ...plain } = setup();
  assertEquals(await train({ ...plain, steps: 0 }), [{ ...report, step: 0, steps: 0 }]);
  assertEquals(storage.versions.length, 2);
});

onReference(
  "train() refuses checkpoints of batches that could not be found again, and what is no storage",
  async () => {
    const { batches, ...run } = setup(), storage = memoryStorage();
    const drawn = { ...saved({ ...run, batches }, { storage }), batches: { next: () => batches.next() } };
    await assertRejects(() => train(drawn), TypeError, "batches without position() and seek()");
    for (const checkpoints of [{}, { storage: {} }, { storage: 5 }, { storage, every: 0 }, { storage, resume: 1 }]) {
      const options = saved({ ...run, batches }, checkpoints as never);
      await assertRejects(() => train(options), Error, "Cannot train with checkpoints.");
    }
    const infinite = saved({ ...run, batches }, { storage, notes: { best: Infinity } });
    await assertRejects(() => train(infinite), Error, "Infinity");
    assertEquals(storage.versions.length, 0);
  },
);

onEveryBackend("train() takes gradients whose sum overflows, since each of them is finite", async () => {
  const model = new Linear(4, 1, new Random(1)), before = (await model.weight.tensor.read())[0]!;
  const [report] = await train({
    model,
    loss: () => model.weight.tensor.mul(3e38).sum(),
    batches: { next: () => undefined },
    optimizer: new Optimizer(model.parameters(), sgd({ learningRate: 1e-38 })),
    steps: 1,
  });
  assert(Number.isFinite(report!.loss));
  const moved = before - (await model.weight.tensor.read())[0]!;
  assert(Math.abs(moved - 3) < 1e-5, `moved by ${moved}`);
});

onReference("train() leaves no file behind for a model that cannot draw what it drops", async () => {
  const storage = memoryStorage(), { batches } = setup();
  const model = new Sequential(new Linear(1, 1, new Random(1)), new Dropout(0.5));
  const options: Options = {
    model,
    batches,
    loss: (batch) => model.forward(batch.map(([x]) => [x])).square().mean(),
    optimizer: new Optimizer(model.parameters(), sgd()),
    steps: 2,
    checkpoints: { storage },
  };
  await assertRejects(() => train(options), TypeError, "Cannot drop in training mode without random numbers");
  assertEquals(storage.files.size, 0);
  // Nothing is in the way of the mended run.
  model.train(new Random(9));
  assertEquals([(await train(options)).length, storage.files.size], [2, 1]);
});
