import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { folderStorage } from "../../core/cli/storage.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { Batches, padSequences } from "../../core/06_training/batching.ts";
import {
  checkpointNotes,
  type CheckpointStorage,
  crc32,
  encodeCheckpoint,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type TrainingRun,
} from "../../core/06_training/checkpoints.ts";
import { train, type TrainOptions } from "../../core/06_training/loop.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { lion } from "../../core/06_training/lion.ts";
import { Optimizer, sgd } from "../../core/06_training/optimizers.ts";
import { decodeSafetensors } from "../../core/06_training/safetensors.ts";
import { cosineSchedule } from "../../core/06_training/schedules.ts";
import { linearDecay, scheduledSampling, teacherForcing } from "../../core/06_training/teacher_forcing.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { onEveryBackend, onReference } from "../support.ts";
import { granted } from "../permissions.ts";

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
  readonly randoms: { readonly dropout: Random; readonly coins: Random };
}

/** A translator with dropout and scheduled sampling; 30 sentences in batches of 4, so that a pass ends at step 8. */
function translator(seed: number): Run {
  const sizes = { vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1, feedForwardSize: 16, dropout: 0.2 };
  const model = new EncoderDecoder(sizes, new Random(seed));
  return {
    model,
    optimizer: new Optimizer(model.parameters(), adamW()),
    batches: new Batches(pairs, { batchSize: 4, length: ([s]) => s.length, pool: 2, random: new Random(seed + 3) }),
    randoms: { dropout: new Random(seed + 1), coins: new Random(seed + 2) },
  };
}

/** The loss of a run: with the words that the model itself would have put, more of them at each step. */
function lossOf({ model, randoms: { dropout: random, coins } }: Run): TrainOptions<readonly Pair[]>["loss"] {
  const truth = linearDecay({ slope: 0.03 });
  return (batch, step) => {
    const { tokens: source, mask: sourceMask } = padSequences(batch.map(([s]) => s), { padToken: 0 });
    const { inputs, targets } = teacherForcing(batch.map(([, t]) => t), tokens);
    const first = noGrad(() => model.forward(source, inputs, { sourceMask, random }));
    const mixed = scheduledSampling(inputs, first, truth(step), coins);
    return crossEntropy(model.forward(source, mixed, { sourceMask, random }), targets);
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

onReference("notes travel with a checkpoint, and a missing file is no error", async () => {
  const storage = memoryStorage();
  const model = new Linear(2, 3, new Random(1));
  const notes = { options: { vocabSize: 9 }, words: ["我", "\u0000", "__proto__"], __proto__x: null };
  assertEquals(await loadCheckpoint(storage, "none", { model }), undefined);
  await saveCheckpoint(storage, "model", { model, notes });
  assertEquals(await loadCheckpoint(storage, "model", { model: new Linear(2, 3, new Random(2)) }), { notes });
  assertEquals(checkpointNotes(storage.files.get("model")!), notes);
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
  assertThrows(() => restoreCheckpoint(bytes, { model: decoderOnly }), TypeError, "the model has");
  const misspelt = { ...run, optimiser: run.optimizer };
  assertThrows(() => restoreCheckpoint(bytes, misspelt), TypeError, 'Cannot resume with option "optimiser"');
  await assertRejects(() => encodeCheckpoint(misspelt), TypeError, 'Cannot save a checkpoint with option "optimiser"');

  const { model, randoms } = run;
  const plain = await encodeCheckpoint({ model, randoms: randoms! });
  const refused: [Uint8Array, TrainingRun, string][] = [
    [plain, run, "Cannot resume: no optimizer was saved"],
    [plain, { ...run, optimizer: undefined! }, "Cannot resume: no position in the data was saved"],
    [bytes, { ...run, randoms: { other: new Random(1) } }, 'Cannot resume: no random state "other" was saved'],
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

Deno.test(
  "folderStorage reads what it wrote and takes no path for a name",
  { ignore: !granted("read", "write") },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const storage = folderStorage(folder);
      assertEquals(await storage.read("a"), undefined);
      await storage.writeAtomically("a", Uint8Array.of(1, 2));
      await storage.writeAtomically("a", Uint8Array.of(3));
      assertEquals(await storage.read("a"), Uint8Array.of(3));
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a"]);
      for (const name of ["../a", "b/c", "..", ".", "", "a\u0000"]) {
        await assertRejects(() => storage.read(name), RangeError, "as a file name");
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("folderStorage keeps the old file when writing fails", { ignore: !granted("read", "write") }, async () => {
  const folder = await Deno.makeTempDir();
  const write = Deno.FsFile.prototype.write;
  try {
    const storage = folderStorage(folder);
    await storage.writeAtomically("a", new Uint8Array(100).fill(1));
    let calls = 0;
    Deno.FsFile.prototype.write = function (bytes: Uint8Array): Promise<number> {
      if (++calls > 2) return Promise.reject(new Error("No space left on device"));
      return write.call(this, bytes.subarray(0, 10));
    };
    await assertRejects(() => storage.writeAtomically("a", new Uint8Array(100).fill(2)), Error, "No space left");
    Deno.FsFile.prototype.write = write;
    assertEquals(await storage.read("a"), new Uint8Array(100).fill(1));
    assertEquals([...Deno.readDirSync(folder)].length, 1, "nothing is left lying about");
  } finally {
    Deno.FsFile.prototype.write = write;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(
  "a process killed while saving leaves a complete file",
  { ignore: !granted("read", "write", "run") },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const module = new URL("../../core/cli/storage.ts", import.meta.url).href;
      const program = `
      import { folderStorage } from ${JSON.stringify(module)};
      const storage = folderStorage(${JSON.stringify(folder)});
      for (let n = 0;; n++) {
        await storage.writeAtomically("a", new Uint8Array(3_000_000).fill(n % 251));
        if (n === 0) console.log("saved");
      }`;
      for (const delay of [1, 7, 20]) {
        const child = new Deno.Command(Deno.execPath(), {
          args: ["eval", "--no-check", program],
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const reader = child.stdout.getReader();
        await reader.read();
        await new Promise((resolve) => setTimeout(resolve, delay));
        child.kill("SIGKILL");
        await child.status;
        await reader.cancel();
        const bytes = (await folderStorage(folder).read("a"))!;
        assertEquals(bytes.length, 3_000_000);
        assert(bytes.every((byte) => byte === bytes[0]));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
