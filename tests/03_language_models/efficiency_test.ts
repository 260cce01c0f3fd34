/** What a model costs: counts against the models and the device itself, times by a clock that the tests turn. */

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  attainable,
  decoderWork,
  intensityOf,
  leastTime,
  measureLatency,
  measureMachine,
  measureThroughput,
  recurrentWork,
  summarizeTimes,
  watchDevice,
} from "../../core/03_language_models/efficiency.ts";
import { elman, gru, lstm, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";

import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import type { View } from "../../core/engine/backend.ts";
import { ones } from "../../core/engine/create.ts";
import { backend } from "../../core/engine/device.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { onEveryBackend, onItsOwnBackend } from "../support.ts";

const layout = { vocabSize: 11, hiddenSize: 8, numLayers: 3 };
const heads = { ...layout, numHeads: 4, contextLength: 16 }, headSize = 2;

/** Numbers of the matrices of a model, without those that are only looked up. */
const matrices = (model: Module): number =>
  [...model.parameters()].filter(([name, { rank }]) => rank === 2 && !/^(embedding|positions)\./.test(name))
    .reduce((sum, [, { size }]) => sum + size, 0);

/**
 * Operations of all matrix products. The definition of attention multiplies the values more than once, for scores that are no
 * numbers: products of scores count twice instead.
 */
function productsOf(run: () => void): number {
  const device = backend() as { matmul(a: View, b: View): unknown }, real = device.matmul;
  let operations = 0;
  device.matmul = (a, b) => {
    const times = a.shape.length < 4 ? 1 : a.shape.at(-1) === headSize ? 2 : 0;
    operations += times * 2 * a.shape.reduce((product, size) => product * size, 1) * b.shape.at(-1)!;
    return real.call(device, a, b);
  };
  try {
    withoutFusion(() => noGrad(() => scope(run)));
  } finally {
    device.matmul = real;
  }
  return operations;
}

Deno.test("decoderWork() and recurrentWork() count the weights of the models' matrices", () => {
  const untied = { ...heads, tieHead: false };
  assertEquals(decoderWork(layout).weights, matrices(new DecoderOnly(untied, Random.none)));
  assertEquals(
    decoderWork({ ...layout, feedForwardSize: 20, keyValueSize: 4 }).weights,
    matrices(new DecoderOnly({ ...untied, feedForwardSize: 20, numGroups: 2 }, Random.none)),
  );
  for (const [recurrence, gates] of [[elman, 1], [gru, 3], [lstm, 4]] as const) {
    for (const embeddingSize of [8, 5]) {
      const options = { ...layout, recurrence, embeddingSize, tieHead: false };
      assertEquals(
        recurrentWork({ ...layout, gates, embeddingSize }).weights,
        matrices(new RecurrentLanguageModel(options, Random.none)),
      );
    }
  }
});

onItsOwnBackend("decoderWork() and recurrentWork() count the operations of the products that are done", () => {
  const prompt = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]];
  const network = new RecurrentLanguageModel({ ...layout, tieHead: false }, new Random(1)).eval();
  assertEquals(
    productsOf(() => void network.forward(prompt)),
    recurrentWork({ ...layout, gates: 4 }, { batchSize: 2, tokens: 5, scored: 5 }).operations,
  );
  const model = new DecoderOnly(heads, new Random(1)).eval();
  const caches = model.newCaches(() => new KeyValueCache());
  noGrad(() => void model.forward(prompt, { caches, lastOnly: true }));
  assertEquals(
    productsOf(() => void model.forward([[1], [2]], { caches, lastOnly: true })),
    decoderWork(layout, { batchSize: 2, past: 5 }).operations,
  );
  for (const cache of caches) cache.dispose();
});

Deno.test("decoderWork() of a prompt is that of its tokens, but for what is read once", () => {
  const whole = decoderWork(layout, { tokens: 7, scored: 7 });
  const single = Array.from({ length: 7 }, (_, past) => decoderWork(layout, { past }));
  assertEquals(whole.operations, single.reduce((sum, { operations }) => sum + operations, 0));
  assertEquals(whole.bytes, single.at(-1)!.bytes);
});

Deno.test("recurrentWork() does not grow with what was read before", () => {
  const sizes = { ...layout, gates: 4 } as const;
  assertEquals(recurrentWork(sizes, { past: 1000 }), recurrentWork(sizes));
  assertEquals(recurrentWork(sizes, { bytesPerWeight: 1 }).bytes - 4 * 2 * 3 * 8 * 2, recurrentWork(sizes).weights);
});

Deno.test("attainable() is the lower bound of two, and leastTime() the longer time", () => {
  const machine = { peak: 40, bandwidth: 10 };
  assertEquals([0.5, 4, 100].map((intensity) => attainable(machine, intensity)), [5, 40, 40]);
  for (const work of [{ operations: 32, bytes: 64 }, { operations: 4000, bytes: 64 }]) {
    assertEquals(leastTime(machine, work), Math.max(work.operations / 40, work.bytes / 10));
  }
  assertThrows(() => intensityOf({ operations: 1, bytes: 0 }), RangeError, "bytes must be a number greater than 0");
  assertThrows(() => attainable(machine, 0), RangeError, "Cannot find what is attainable with intensity = 0");
  assertThrows(
    () => decoderWork(layout, { scored: 2 }),
    RangeError,
    "Cannot count the work of a pass with scored = 2: scored must be an integer of at least 0 and at most 1",
  );
});

Deno.test("summarizeTimes() is the median and the 10th and 90th percentile", () => {
  const times = Array.from({ length: 11 }, (_, i) => 10 - i);
  assertEquals(summarizeTimes(times), { median: 5, low: 1, high: 9 });
  assertEquals(summarizeTimes([3]), { median: 3, low: 3, high: 3 });
  assertEquals(summarizeTimes([1, 2]).median, 1.5);
  assertThrows(() => summarizeTimes([]), RangeError, "there are none");
});

Deno.test("measureThroughput() waits for what it measures", async () => {
  let time = 0, calls = 0;
  const run = async (): Promise<void> => {
    calls++;
    await Promise.resolve();
    // The first two calls take longer, and are left out.
    time += calls <= 2 ? 5000 : 20;
  };
  const found = await measureThroughput(run, { items: 3, repeats: 5, now: () => time });
  assertEquals(calls, 7);
  assertEquals(found, { seconds: { median: 0.02, low: 0.02, high: 0.02 }, perSecond: 150 });
});

Deno.test("measureLatency() tells the first item from the others", async () => {
  let time = 0;
  async function* stream(): AsyncGenerator<number> {
    for (const wait of [400, 100, 100, 300]) {
      time += await Promise.resolve(wait);
      yield wait;
    }
    time += 100;
  }
  const { first, total, items, between, perSecond } = await measureLatency(stream(), () => time);
  assertEquals([first, total, items, between!.median, perSecond], [0.4, 1, 4, 0.1, 4]);
  assertEquals("between" in await measureLatency([1], () => time++), false);
  await assertRejects(() => measureLatency([]), RangeError, "the stream has no item");
});

onEveryBackend("measureMachine() finds two positive speeds", async () => {
  let time = 0;
  const { peak, bandwidth } = await measureMachine({ size: 16, megabytes: 0.01, repeats: 2, now: () => time++ });
  assertAlmostEquals(peak, 2 * 16 ** 3 * 1000, 1);
  assertAlmostEquals(bandwidth, 4 * 3 * 1024 * 1000, 1);
});

onItsOwnBackend("watchDevice() counts calls, transfers and memory, and leaves the device as it was", async (device) => {
  const matmul = device.matmul,
    own = Object.keys(device),
    upload = device.upload,
    kernels = { ...device.fused.forward };
  const { result, traffic } = await watchDevice(() => ones([4, 8]).add(1).matmul(ones([8, 2]).add(1)).read());
  assertEquals([...result], new Array(8).fill(32));
  const { calls, downloads, downloadedBytes, peakBytes } = traffic;
  assert(calls >= 3);
  assertEquals([downloads, downloadedBytes], [1, 32]);
  assert(peakBytes >= 4 * (4 * 8 + 8 * 2 + 4 * 2));
  assertEquals([device.matmul, device.upload, Object.keys(device)], [matmul, upload, own]);
  assertEquals({ ...device.fused.forward }, kernels);
  await assertRejects(() =>
    watchDevice(() => {
      throw new Error("no");
    })
  );
  assertEquals(device.matmul, matmul);
});
