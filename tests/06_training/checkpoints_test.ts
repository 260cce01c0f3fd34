import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import {
  alibi,
  learned,
  linearScaling,
  noPositions,
  rotary,
  sinusoidal,
  t5,
} from "../../core/04_attention/positions/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import type { TransformerOptions } from "../../core/05_transformer/layout.ts";
import { relu } from "../../core/05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../../core/05_transformer/normalization.ts";
import { Batches, padSequences } from "../../core/06_training/batching.ts";
import {
  checkpointNotes,
  type CheckpointStorage,
  crc32,
  encodeCheckpoint,
  type Json,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type TrainingRun,
} from "../../core/06_training/checkpoints.ts";
import { EarlyStopping } from "../../core/06_training/early_stopping.ts";
import { train, type TrainOptions } from "../../core/06_training/loop.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { adaGrad, rmsProp } from "../../core/06_training/adagrad_and_rmsprop.ts";
import { adam, adamW } from "../../core/06_training/adam.ts";
import { lion } from "../../core/06_training/lion.ts";
import { Optimizer, type OptimizerRule } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type TensorFile,
} from "../../core/06_training/safetensors.ts";
import { cosineSchedule } from "../../core/06_training/schedules.ts";
import { linearDecay, scheduledSampling, teacherForcing } from "../../core/06_training/teacher_forcing.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Draws, onEveryBackend, onReference } from "../support.ts";

type Pair = readonly [source: readonly number[], target: readonly number[]];
const tokens = { beginToken: 1, endToken: 2, padToken: 0 };
const STEPS = 20;

/** Sentences of several lengths and their reversals. */
const pairs: readonly Pair[] = (() => {
  const random = new Random(3);
  return Array.from({ length: 30 }, () => {
    const source = Array.from({ length: 2 + random.integer(4) }, () => 3 + random.integer(6));
    return [source, [...source].reverse()] as const;
  });
})();

interface Run extends TrainingRun {
  readonly model: EncoderDecoder;
  readonly optimizer: Optimizer;
  readonly batches: Batches<Pair>;
  readonly randoms: { readonly coins: Random };
}

/** A translator with dropout and scheduled sampling; 30 sentences in batches of 4, so that a pass ends at step 8. */
function translator(seed: number): Run {
  const sizes = { vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1, feedForwardSize: 16, dropout: 0.2 };
  const model = new EncoderDecoder(sizes, new Random(seed)).train(new Random(seed + 1));
  return {
    model,
    optimizer: new Optimizer(model.parameters(), adamW()),
    batches: new Batches(pairs, { batchSize: 4, length: ([s]) => s.length, pool: 2, random: new Random(seed + 3) }),
    randoms: { coins: new Random(seed + 2) },
  };
}

/** The loss of a run: with the words that the model itself would have put, more of them at each step. */
function lossOf({ model, randoms: { coins } }: Run): TrainOptions<readonly Pair[]>["loss"] {
  const truth = linearDecay({ slope: 0.03 });
  return (batch, step) => {
    const { tokens: source, mask: sourceMask } = padSequences(batch.map(([s]) => s), { padToken: 0 });
    const { inputs, targets } = teacherForcing(batch.map(([, t]) => t), tokens);
    const first = noGrad(() => model.forward(source, inputs, { sourceMask }));
    const mixed = scheduledSampling(inputs, first, truth(step), coins);
    return crossEntropy(model.forward(source, mixed, { sourceMask }), targets);
  };
}

async function learn(run: Run, steps: number): Promise<number[]> {
  const schedule = cosineSchedule({ peak: 0.01, warmupSteps: 5, steps: STEPS });
  const { model, optimizer, batches } = run;
  const reports = await train({ model, optimizer, batches, loss: lossOf(run), schedule, steps, clipNorm: 1 });
  return reports.map((report) => report.loss);
}

const stateOf = (run: Run): Promise<Uint8Array> => encodeCheckpoint(run);

function memoryStorage(): CheckpointStorage & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: (name) => Promise.resolve(files.get(name)),
    writeAtomically: (name, bytes) => Promise.resolve(void files.set(name, bytes)),
  };
}

onEveryBackend("20 steps equal 10, a checkpoint and 10 more, bit for bit", async () => {
  const whole = translator(1);
  const losses = await learn(whole, STEPS);
  const expected = await stateOf(whole);
  for (const stop of [1, 8, 10]) {
    const storage = memoryStorage();
    const first = translator(1);
    const before = await learn(first, stop);
    await saveCheckpoint(storage, "run", first);

    // Another seed: whatever is not restored shows.
    const second = translator(77);
    await learn(second, 2);
    assertEquals(await loadCheckpoint(storage, "run", second), { notes: null });
    assertEquals(await stateOf(second), await stateOf(first), "loading restores everything");
    assertEquals([...before, ...await learn(second, STEPS)], losses);
    assertEquals(await stateOf(second), expected);
  }
});

onEveryBackend("a checkpoint that was loaded leaves no memory behind", async () => {
  const run = translator(1);
  await learn(run, 2);
  const bytes = await encodeCheckpoint(run);
  restoreCheckpoint(bytes, run);
  const before = memory().bytes;
  for (let i = 0; i < 5; i++) restoreCheckpoint(bytes, run);
  assert(memory().bytes <= before);
});

onReference("notes travel with a checkpoint, and one that is missing is refused", async () => {
  const storage = memoryStorage();
  const model = new Linear(2, 3, new Random(1));
  const notes = { options: { vocabSize: 9 }, words: ["我", "\u0000", "__proto__"], __proto__x: null };
  const missing = 'Cannot load "none": there is no such checkpoint';
  await assertRejects(() => loadCheckpoint(storage, "none", { model }), RangeError, missing);
  await saveCheckpoint(storage, "model", { model, notes });
  assertEquals(await loadCheckpoint(storage, "model", { model: new Linear(2, 3, new Random(2)) }), { notes });
  assertEquals(checkpointNotes(storage.files.get("model")!), notes);
});

onReference("the best weights are in the file of a run that goes on, and are loaded by their name", async () => {
  const storage = memoryStorage(), model = new Linear(2, 3, new Random(1));
  const optimizer = new Optimizer(model.parameters(), adamW());
  const earlyStopping = new EarlyStopping({ measure: "loss", patience: 9 });
  const weights = async (of: Linear): Promise<number[]> => [...await of.weight.tensor.read()];
  await saveCheckpoint(storage, "fresh", { model, earlyStopping });
  const best = await weights(model);
  await earlyStopping.watch(1, { loss: 1 }, model);
  model.loadStateDict(new Linear(2, 3, new Random(2)).stateDict());
  await earlyStopping.watch(2, { loss: 2 }, model);
  await saveCheckpoint(storage, "run", { model, optimizer, earlyStopping });

  const other = new Linear(2, 3, new Random(3));
  await loadCheckpoint(storage, "run", { model: other });
  assertEquals(await weights(other), await weights(model));
  await loadCheckpoint(storage, "run", { model: other }, { weights: "best" });
  assertEquals(await weights(other), best);
  const load = (name: string, run: TrainingRun, options: unknown) => () =>
    loadCheckpoint(storage, name, run, options as never);
  await assertRejects(load("fresh", { model }, { weights: "best" }), TypeError, "the file has none");
  await assertRejects(load("run", { model, optimizer }, { weights: "best" }), TypeError, "those of the latest");
  await assertRejects(load("run", { model }, { weights: "worst" }), TypeError, "must be one of latest, best");
  await assertRejects(
    load("run", { model: new Linear(2, 2, new Random(3)) }, { weights: "best" }),
    TypeError,
    "was saved as",
  );
});

onEveryBackend(
  "a checkpoint fills a model made with Random.none, and a refused one leaves it without values",
  async () => {
    const model = new Linear(2, 3, new Random(1)), bytes = await encodeCheckpoint({ model });
    const loaded = new Linear(2, 3, Random.none);
    assertThrows(() => restoreCheckpoint(bytes.subarray(0, -1), { model: loaded }), SyntaxError);
    await assertRejects(() => encodeCheckpoint({ model: loaded }), TypeError, "load its state first");
    restoreCheckpoint(bytes, { model: loaded });
    assertEquals(await encodeCheckpoint({ model: loaded }), bytes);
  },
);

onReference("a checkpoint keeps the averages of any rule, and under the names that files have always had", async () => {
  const names = {
    "firstMoment secondMoment": adamW(),
    velocity: sgd({ momentum: 0.5 }),
    momentum: lion({ learningRate: 0.01 }),
  };
  for (const [averages, rule] of Object.entries(names)) {
    const make = (seed: number) => {
      const model = new Linear(2, 3, new Random(seed));
      return { model, optimizer: new Optimizer(model.parameters(), rule), randoms: { inputs: new Random(seed) } };
    };
    const go = (run: ReturnType<typeof make>, steps: number) =>
      train({
        model: run.model,
        optimizer: run.optimizer,
        batches: { next: () => run.randoms.inputs.normal([4, 2]) },
        loss: (x: Tensor) => run.model.forward(x).square().mean(),
        steps,
      });
    const whole = make(1), first = make(1), second = make(2);
    await go(whole, 6);
    await go(first, 3);
    const bytes = await encodeCheckpoint(first);
    const saved = [...decodeSafetensors(bytes).tensors.keys()].filter((name) => name.startsWith("optimizer/"));
    const expected = ["weight", "bias"].flatMap((path) =>
      averages.split(" ").map((name) => `optimizer/${path}.${name}`)
    );
    assertEquals(saved.sort(), expected.sort());
    restoreCheckpoint(bytes, second);
    await go(second, 6);
    assertEquals(await encodeCheckpoint(second), await encodeCheckpoint(whole));
  }
});

onReference("a checkpoint of something else is refused, and nothing is changed", async () => {
  const run = translator(1);
  await learn(run, 3);
  const bytes = await encodeCheckpoint(run);
  const before = await stateOf(run);
  const sizes = { vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1, contextLength: 8 };
  const decoderOnly = new DecoderOnly(sizes, new Random(1));
  assertThrows(() => restoreCheckpoint(bytes, { model: decoderOnly }), TypeError, "the model was saved with positions");
  const misspelt = { ...run, optimiser: run.optimizer };
  assertThrows(() => restoreCheckpoint(bytes, misspelt), TypeError, 'Cannot load a checkpoint with option "optimiser"');
  await assertRejects(() => encodeCheckpoint(misspelt), TypeError, 'Cannot save a checkpoint with option "optimiser"');

  const { model, randoms } = run;
  const plain = await encodeCheckpoint({ model, randoms: randoms! });
  const refused: [Uint8Array, TrainingRun, string][] = [
    [plain, run, "Cannot resume: no optimizer was saved"],
    [plain, { ...run, optimizer: undefined! }, "Cannot resume: no position in the data was saved"],
    [bytes, { ...run, randoms: { other: new Random(1) } }, 'Cannot resume: no random state "other" was saved'],
    [bytes, { ...run, randoms: {} }, "was saved, and this run draws from no generator of that name"],
    [
      bytes,
      { ...run, optimizer: new Optimizer(model.parameters(), sgd({ momentum: 0.5 })) },
      "Cannot restore an optimizer",
    ],
    [
      bytes,
      { ...run, batches: new Batches([1], { batchSize: 1, random: new Random(1) }) },
      "Cannot continue at batch 3 of pass 0",
    ],
  ];
  for (const [file, target, message] of refused) {
    assertThrows(() => restoreCheckpoint(file, target), Error, message);
    assertEquals(await stateOf(run), before, message);
  }
});

/** The same checkpoint with another state of training, under a checksum that fits. */
function withState(bytes: Uint8Array, change: (state: Record<string, unknown>) => unknown): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const state = change(JSON.parse(metadata.get("training")!));
  return sealed(tensors, typeof state === "string" ? state : JSON.stringify(state));
}

function sealed(tensors: TensorFile["tensors"], training: string): Uint8Array {
  const text = new TextEncoder();
  let sum = crc32(text.encode(training));
  for (const [name, { kind, shape, bytes }] of [...tensors].sort(([a], [b]) => a < b ? -1 : 1)) {
    sum = crc32(bytes, crc32(text.encode(JSON.stringify([name, kind, shape])), sum));
  }
  const checksum = `crc32:${sum.toString(16).padStart(8, "0")}`;
  return encodeSafetensors({ tensors, metadata: new Map([["training", training], ["checksum", checksum]]) });
}

onReference("a checkpoint that counts so far that it could not be saved again is refused", async () => {
  const model = new Linear(2, 3, new Random(1)), optimizer = new Optimizer(model.parameters(), adamW());
  const batches = { position: () => ({ epoch: 0, batch: 0, random: new Random(1).state() }), seek: () => {} };
  const run = { model, optimizer, batches, randoms: { dropout: new Random(2) } };
  const bytes = await encodeCheckpoint(run);
  // deno-lint-ignore no-explicit-any -- JSON of any shape
  const changes: [field: string, change: (state: any, count: number) => void][] = [
    ["optimizer.steps", (state, count) => state.optimizer.steps = count],
    ["batches.epoch", (state, count) => state.batches.epoch = count],
    ["batches.batch", (state, count) => state.batches.batch = count],
    ["batches.random.counter", (state, count) => state.batches.random.counter = count],
    ['randoms["dropout"].counter', (state, count) => state.randoms.dropout.counter = count],
  ];
  for (const [field, change] of changes) {
    const counting = (count: number) =>
      withState(bytes, (state) => {
        change(state, count);
        return state;
      });
    restoreCheckpoint(counting(2 ** 52), run);
    assertThrows(() => restoreCheckpoint(counting(2 ** 52 + 1), run), SyntaxError, `${field} is 4503599627370497`);
  }
});

onReference("a checkpoint without a checksum is refused as one", async () => {
  const model = new Linear(2, 3, new Random(1));
  const { tensors, metadata } = decodeSafetensors(await encodeCheckpoint({ model }));
  const bytes = encodeSafetensors({ tensors, metadata: new Map([["training", metadata.get("training")!]]) });
  assertThrows(
    () => restoreCheckpoint(bytes, { model }),
    SyntaxError,
    "Cannot load a checkpoint: the file has no checksum",
  );
});

onReference("checkpoints refuse what is no run, no storage, no file and no state in heed's words", async () => {
  const model = new Linear(2, 3, new Random(1)), optimizer = new Optimizer(model.parameters(), adamW());
  const asks = (value: unknown): never => value as never;
  const storage = (bytes: unknown) => ({ ...memoryStorage(), read: () => Promise.resolve(asks(bytes)) });
  const runs = [undefined, null, 5, {}, [], { model: 1 }, { model, optimizer: {} }, { model, batches: {} }];
  const more = [{ model, batches: { position: 1, seek: 2 } }, { model, randoms: [1] }, { model, randoms: { a: 1 } }];
  for (const run of [...runs, ...more]) {
    await assertRejects(() => encodeCheckpoint(asks(run)), TypeError, "Cannot save a checkpoint with");
    await assertRejects(
      () => loadCheckpoint(storage(new Uint8Array(9)), "x", asks(run)),
      TypeError,
      "Cannot load a checkpoint with",
    );
  }
  for (const place of [undefined, null, {}, { read: 1, writeAtomically: 2 }]) {
    await assertRejects(() => saveCheckpoint(asks(place), "x", { model }), TypeError, "with storage = ");
    await assertRejects(() => loadCheckpoint(asks(place), "x", { model }), TypeError, "with storage = ");
  }
  await assertRejects(() => saveCheckpoint(memoryStorage(), asks(7), { model }), TypeError, "name must be a string");
  for (const bytes of [null, 5, "x", [1, 2], new ArrayBuffer(20), new Float32Array(9), {}]) {
    await assertRejects(() => loadCheckpoint(storage(bytes), "x", { model }), TypeError, "file must be a Uint8Array");
  }
  const empty = { steps: 1, counts: new Map(), tensors: new Map() };
  for (
    const state of [undefined, null, {}, { ...empty, counts: {} }, { ...empty, tensors: [] }, { ...empty, rule: 5 }]
  ) {
    assertThrows(() => optimizer.restore(asks(state)), TypeError, "Cannot restore an optimizer with");
  }
});

onReference("a checkpoint says its rule, and another is refused", async () => {
  const model = new Linear(2, 3, new Random(1));
  const own: OptimizerRule = { ...sgd({ momentum: 0.5 }), word: undefined };
  const rules = [
    ...[adamW(), adamW({ beta2: 0.98 }), adamW({ weightDecay: 0 }), adam(), adam({ penalty: 0.1 })],
    ...[sgd(), sgd({ momentum: 0.5 }), sgd({ momentum: 0.9 }), lion(), lion({ beta1: 0.8 }), own],
    ...[sgd({ momentum: 0.5, nesterov: true }), adaGrad(), rmsProp(), rmsProp({ beta2: 0.9 })],
  ];
  const optimizers = rules.map((rule) => new Optimizer(model.parameters(), rule));
  for (const [i, optimizer] of optimizers.entries()) {
    const bytes = await encodeCheckpoint({ model, optimizer });
    for (const [j, other] of optimizers.entries()) {
      const restore = () => restoreCheckpoint(bytes, { model, optimizer: other });
      if (i === j) restore();
      else assertThrows(restore, TypeError, "Cannot restore an optimizer: its state is that of");
    }
    restoreCheckpoint(bytes, { model });
  }
  // The learning rate belongs to the schedule.
  const bytes = await encodeCheckpoint({ model, optimizer: optimizers[0]! });
  restoreCheckpoint(bytes, { model, optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 1 })) });
});

onReference("a checkpoint of an older program goes on with the rule that keeps its averages", async () => {
  const model = new Linear(2, 3, new Random(1));
  const older = async (rule: OptimizerRule) => {
    const optimizer = new Optimizer(model.parameters(), rule);
    return withState(await encodeCheckpoint({ model, optimizer }), ({ options: _, ...state }) => {
      const { rule: __, ...rest } = state["optimizer"] as Record<string, unknown>;
      return { ...state, optimizer: rest };
    });
  };
  const cases: [saved: OptimizerRule, goesOn: OptimizerRule, fits: boolean][] = [
    [adamW(), adamW({ beta2: 0.98 }), true],
    [adam(), adamW(), true],
    [adamW(), adam(), false],
    [sgd({ momentum: 0.5 }), sgd({ momentum: 0.9 }), true],
    [lion(), lion(), true],
    [sgd(), sgd(), true],
    [lion(), sgd({ momentum: 0.5 }), false],
    [adamW(), sgd(), false],
  ];
  for (const [saved, rule, fits] of cases) {
    const bytes = await older(saved);
    const restore = () => restoreCheckpoint(bytes, { model, optimizer: new Optimizer(model.parameters(), rule) });
    if (fits) restore();
    else assertThrows(restore, TypeError, "Cannot restore an optimizer: its state is that of");
  }
});

onReference("a checkpoint knows its model even where another has the same shapes", async () => {
  const sizes = { vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1, contextLength: 8, positions: rotary() };
  const make = (options: Partial<TransformerOptions> = {}) => new DecoderOnly({ ...sizes, ...options }, new Random(1));
  const model = make(), bytes = await encodeCheckpoint({ model });
  restoreCheckpoint(bytes, { model: make() });
  const others: [Partial<TransformerOptions>, string][] = [
    [{ numHeads: 4 }, "the model was saved with numHeads = 2, this one has 4"],
    [{ activation: relu }, 'the model was saved with activation = "geluTanh", this one has "relu"'],
    [{ positions: noPositions }, 'positions = "rotary", this one has "none"'],
    [{ vocabSize: 10 }, "vocabSize = 9, this one has 10"],
  ];
  for (const [options, message] of others) {
    assertThrows(() => restoreCheckpoint(bytes, { model: make(options) }), TypeError, message);
  }
  const based = await encodeCheckpoint({ model: make({ positions: rotary({ base: 500 }) }) });
  const other = make({ positions: rotary({ base: 1000 }) });
  assertThrows(() => restoreCheckpoint(based, { model: other }), TypeError, "positions = {");
  // Rows mean different things, and most have the same shapes; within a row the same is said in several ways.
  const rows: Partial<TransformerOptions>[][] = [
    [rotary(), rotary({ base: 10000, interleaved: false, share: 1 })].map((positions) => ({ positions })),
    [rotary({ base: 500000 })].map((positions) => ({ positions })),
    [rotary({ interleaved: true })].map((positions) => ({ positions })),
    [rotary({ scaling: linearScaling({ factor: 2 }) })].map((positions) => ({ positions })),
    [rotary({ scaling: linearScaling({ factor: 4 }) })].map((positions) => ({ positions })),
    [alibi].map((positions) => ({ positions })),
    [noPositions].map((positions) => ({ positions })),
    [sinusoidal].map((positions) => ({ positions })),
    [multiHead({ window: { before: 3 } })].map((attention) => ({ attention })),
    [multiHead({ window: { before: 2 } })].map((attention) => ({ attention })),
    [layerNormalization({ epsilon: 1e-3 })].map((norm) => ({ norm })),
    [{ placement: "post", norm: layerNormalization({ epsilon: 1e-5 }) }, { placement: "post" }],
    [{ activation: relu }],
    [{ numHeads: 4 }],
  ];
  for (const [i, row] of rows.entries()) {
    const saved = await encodeCheckpoint({ model: make(row[0]) });
    for (const [j, others] of rows.entries()) {
      for (const options of others) {
        const restore = () => restoreCheckpoint(saved, { model: make(options) });
        if (i === j) restore();
        else assertThrows(restore, TypeError, "Cannot load a checkpoint: ", `${i} ${j}`);
      }
    }
  }
  const tables = [t5(), t5({ numBuckets: 32, maxDistance: 128 }), t5({ maxDistance: 64 })];
  const [first, second, third] = tables.map((positions) => make({ positions }));
  const table = await encodeCheckpoint({ model: first! });
  restoreCheckpoint(table, { model: second! });
  assertThrows(() => restoreCheckpoint(table, { model: third! }), TypeError, "positions = ");
  const drawn = await encodeCheckpoint({ model: make({ positions: learned({ deviation: 1 }) }) });
  restoreCheckpoint(drawn, { model: make({ positions: learned() }) });
  // Weights mean the same in a longer context and without dropout; a run that goes on does not go on with them.
  const longer = make({ contextLength: 16, dropout: 0.5 });
  restoreCheckpoint(bytes, { model: longer });
  const whole = await encodeCheckpoint({ model, optimizer: new Optimizer(model.parameters(), sgd()) });
  assertThrows(
    () => restoreCheckpoint(whole, { model: longer, optimizer: new Optimizer(longer.parameters(), sgd()) }),
    TypeError,
    "contextLength = 8, this one has 16",
  );
});

/** Options of a model as a program declares them: an interface has no index signature. */
interface Sizes {
  readonly width: number;
}

onReference("notes may be of an interface, and come back as one", async () => {
  const sizes: Sizes = { width: 3 };
  const bytes = await encodeCheckpoint({ model: new Linear(2, 3, new Random(1)), notes: { sizes } });
  const { sizes: found } = checkpointNotes(bytes) as { readonly sizes: Sizes };
  assertEquals(found, sizes);
});

onReference("encodeCheckpoint() refuses notes that would come back as others, by their name", async () => {
  const model = new Linear(2, 3, new Random(1));
  const refused: [notes: unknown, message: string][] = [
    [{ best: Infinity }, "Cannot save a checkpoint with notes.best = Infinity: it must be something that JSON"],
    [[1, { loss: NaN }], "notes[1].loss = NaN"],
    [{ when: new Date(0) }, "notes.when = a Date"],
    [{ words: new Map() }, "notes.words = a Map"],
    [{ a: undefined }, "notes.a = undefined"],
    [10n, "notes = 10n"],
    [{ model }, "notes.model = a Linear"],
  ];
  for (const [notes, message] of refused) {
    await assertRejects(() => encodeCheckpoint({ model, notes }), TypeError, message);
  }
  const circle: Json[] = [];
  circle.push(circle);
  await assertRejects(() => encodeCheckpoint({ model, notes: circle }), RangeError, "notes[0]: it holds itself");
});

onReference("a state of training with any field wrong is refused in one sentence", async () => {
  const model = new Linear(2, 3, new Random(1)), optimizer = new Optimizer(model.parameters(), adamW());
  const batches = new Batches([1, 2, 3], { batchSize: 2, random: new Random(2) });
  const run = { model, optimizer, batches, randoms: { dropout: new Random(3) } };
  const bytes = await encodeCheckpoint(run), before = await encodeCheckpoint(run);
  const values = [
    ...[undefined, null, true, -1, 0.5, 1e300, "", "NaN", "3", "\ud800\u202e", [], {}, [[]], { toString: 1 }],
    ...[JSON.parse('{"__proto__":{"steps":1}}'), { constructor: null, hasOwnProperty: 1 }, "x".repeat(10_000)],
  ];
  type Fields = Record<string, unknown>;
  let refused = 0;
  const tryState = (state: unknown, what: string): void => {
    try {
      restoreCheckpoint(withState(bytes, () => state), run);
      restoreCheckpoint(before, run);
    } catch (error) {
      assert(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError, what);
      assert(/^Cannot (read|load|resume|restore|continue)/.test(error.message), `${what}: ${error.message}`);
      assert(!/undefined|\[object|reading '|not a function|iterable/.test(error.message), `${what}: ${error.message}`);
      assert(error.message.length < 700, what);
      refused++;
    }
  };
  const original = JSON.parse(decodeSafetensors(bytes).metadata.get("training")!) as Fields;
  /** Puts every value in the place of every member, however deep. */
  const visit = (node: unknown, put: (value: unknown) => unknown, path: string): void => {
    if (path.startsWith(".notes") || path.startsWith(".options.")) return;
    for (const value of values) tryState(put(value), `${path} = ${JSON.stringify(value)?.slice(0, 40)}`);
    if (typeof node !== "object" || node === null) return;
    const names = Object.keys(node).slice(0, 4);
    for (const name of names) {
      const members = (value: unknown): unknown => {
        const copy = (Array.isArray(node) ? [...node] : { ...node }) as Fields;
        copy[name] = value;
        return put(copy);
      };
      visit((node as Fields)[name], members, `${path}.${name}`);
    }
    if (!Array.isArray(node)) tryState(put({ ...node, extra: 1 }), `${path}.extra`);
  };
  visit(original, (value) => value ?? null, "");
  for (const text of ["", "{", "[".repeat(100_000), '{"version":1,"version":1}', `{"version":${"1".repeat(5000)}}`]) {
    tryState(text, text.slice(0, 20));
  }
  assert(refused > 200, `refused ${refused}`);
  assertThrows(() => restoreCheckpoint(withState(bytes, () => ({})), run), SyntaxError, "version is missing");
  assertThrows(
    () => restoreCheckpoint(withState(bytes, (state) => ({ ...state, batches: {} })), run),
    SyntaxError,
    "batches.epoch is missing, and it must be an integer of at least 0",
  );
});

onReference(
  "10,000 damaged checkpoints under a right checksum are refused in one sentence, or restore the run",
  async () => {
    const model = new Linear(2, 3, new Random(1));
    const optimizer = new Optimizer(model.parameters(), adamW());
    const batches = new Batches([1, 2, 3], { batchSize: 2, random: new Random(2) });
    const run = { model, optimizer, batches, randoms: { dropout: new Random(3) }, notes: { words: ["我", "b"] } };
    const { tensors, metadata } = decodeSafetensors(await encodeCheckpoint(run)), training = metadata.get("training")!;
    const draws = new Draws(11), below = (n: number): number => Math.floor(draws.next() * n);
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    const lies = [
      "-1",
      "0",
      "1",
      "7",
      "0.5",
      "1e999",
      "1e300",
      "null",
      '""',
      '"x"',
      "[]",
      "{}",
      "[[",
      '{"word":"lion"}',
    ];
    const keys = ['"__proto__"', '"toString"', '"steps"', '"key"', '"weight"', '"\\ud800"', '"rule"', '"counts"'];
    const kinds: StoredTensor["kind"][] = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"];
    const widths = [8, 4, 2, 2, 8, 4, 2, 1, 1, 1];

    const damages: (() => Uint8Array)[] = [
      // Statements of the state that lie.
      () =>
        sealed(
          tensors,
          training
            .replace(/-?\d+(\.\d+)?(e-?\d+)?/g, (n) => draws.next() < 0.1 ? pick(lies) : n)
            .replace(/"[A-Za-z0-9.]+"(?=:)/g, (k) => draws.next() < 0.05 ? pick(keys) : k)
            .replace(/null|true|false/g, (v) => draws.next() < 0.1 ? pick(lies) : v),
        ),
      // A piece of it missing or doubled.
      () => {
        const [from, to] = [below(training.length), below(training.length)].sort((a, b) => a - b) as [number, number];
        const cut = Math.min(to, from + 1 + below(40));
        return sealed(
          tensors,
          draws.next() < 0.5
            ? training.slice(0, from) + training.slice(cut)
            : training.slice(0, cut) + training.slice(from),
        );
      },
      // A tensor that is missing, doubled, renamed, or of another kind or shape.
      () => {
        const changed = new Map(tensors), [name, stored] = pick([...tensors]);
        const turn = below(5), kind = below(kinds.length);
        if (turn === 0) changed.delete(name);
        if (turn === 1) changed.set(pick(["x", "model/", "optimizer/x", "model/__proto__", `${name}.0`]), stored);
        if (turn === 2) {
          changed.set(name, {
            ...stored,
            shape: pick([[1, ...stored.shape], [...stored.shape].reverse()]),
          });
        }
        if (turn === 3) {
          const size = stored.shape.reduce((a, b) => a * b, 1);
          changed.set(name, { ...stored, kind: kinds[kind]!, bytes: new Uint8Array(size * widths[kind]!) });
        }
        if (turn === 4) changed.set(name, { ...stored, bytes: stored.bytes.map(() => below(256)) });
        return sealed(changed, training);
      },
    ];
    const before = await encodeCheckpoint(run), held = memory().bytes;
    let refused = 0;
    for (let n = 0; n < 10_000; n++) {
      const file = pick(damages)();
      try {
        restoreCheckpoint(file, run);
        restoreCheckpoint(before, run);
      } catch (error) {
        const isTyped = error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;
        assert(isTyped && /^Cannot (read|load|resume|restore|continue)/.test(error.message), `file ${n}: ${error}`);
        assert(!/undefined|\[object|reading '|not a function|iterable/.test(error.message), `file ${n}: ${error}`);
        refused++;
        if (refused % 500 === 0) assertEquals(await encodeCheckpoint(run), before, "a refused file changes nothing");
      }
      assert(memory().bytes <= held, `file ${n} leaves memory behind`);
    }
    assert(refused > 6000 && refused < 9990, `refused ${refused}`);
  },
);

onReference("a checkpoint with tensors of nobody, or averages of whole numbers, is refused", async () => {
  const run = { model: new Linear(2, 3, new Random(1)) };
  const optimizer = new Optimizer(run.model.parameters(), sgd({ momentum: 0.5 }));
  const { tensors, metadata } = decodeSafetensors(await encodeCheckpoint({ ...run, optimizer }));
  const training = metadata.get("training")!;
  const extra = new Map(tensors).set("other/x", tensors.get("model/bias")!);
  assertThrows(() => restoreCheckpoint(sealed(extra, training), run), SyntaxError, '"other/x" belongs to none of');
  const whole = new Map(tensors).set("optimizer/bias.velocity", { ...tensors.get("model/bias")!, kind: "I64" });
  assertThrows(() => restoreCheckpoint(sealed(whole, training), { ...run, optimizer }), TypeError, "saved as I64");
});

onReference("a damaged checkpoint is refused, whichever byte is wrong", async () => {
  const run = { model: new Linear(3, 4, new Random(1)), randoms: { dropout: new Random(2) } };
  const bytes = await encodeCheckpoint({ ...run, optimizer: new Optimizer(run.model.parameters(), adamW()) });
  let accepted = 0;
  for (let place = 0; place < bytes.length; place++) {
    const damaged = bytes.slice();
    damaged[place]! ^= 1 << place % 8;
    try {
      checkpointNotes(damaged);
      accepted++;
    } catch (error) {
      assert(error instanceof SyntaxError, `byte ${place}: ${error}`);
    }
  }
  // Only the note that nobody reads, "format": "pt", may change unnoticed.
  assert(accepted <= 8, `${accepted} damaged files were accepted`);
  assertThrows(() => checkpointNotes(bytes.slice(0, -1)), SyntaxError, "beyond the end of the file");
  await assertRejects(
    () => loadCheckpoint({ ...memoryStorage(), read: () => Promise.resolve(new Uint8Array(3)) }, "x", run),
    SyntaxError,
    "the file has 3 bytes",
  );
});

Deno.test("crc32() is the sum that zip uses", () => {
  const text = new TextEncoder();
  assertEquals(crc32(text.encode("123456789")), 0xcbf43926);
  assertEquals(crc32(new Uint8Array()), 0);
  const long = text.encode("The quick brown fox jumps over the lazy dog");
  assertEquals(crc32(long), 0x414fa339);
  for (let cut = 0; cut <= long.length; cut++) {
    assertEquals(crc32(long.subarray(cut), crc32(long.subarray(0, cut))), 0x414fa339);
  }
});
