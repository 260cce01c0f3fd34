import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { Linear } from "../../core/engine/linear.ts";
import { memorySummary } from "../../core/engine/memory_summary.ts";
import { Random } from "../../core/engine/random.ts";
import { keep, memory, release, scope } from "../../core/engine/scope.ts";
import { adam } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import { onItsOwnBackend, onReference } from "../support.ts";

/** Bytes of an element: the reference computes in double precision. */
const widthOf = (device: string): number => device === "reference" ? 8 : 4;

onItsOwnBackend("memorySummary() says to the byte what each name holds", ({ name }) => {
  const width = widthOf(name), random = new Random(1);
  const model = new Linear(30, 20, random), optimizer = new Optimizer(model.parameters(), adam());
  const cache = new KeyValueCache();
  cache.append(ones([1, 2, 16, 4]), ones([1, 2, 16, 4]));
  scope(() => {
    model.forward(ones([2, 30])).sum().backward();
    optimizer.step();
  });
  const forgotten = [zeros([32, 784]), zeros([32, 784]), zeros([7])];
  const summary = memorySummary({ model, optimizer, cache });
  const parameters = { tensors: 2, bytes: width * (30 * 20 + 20) };
  assertEquals(summary.named.model, parameters);
  assertEquals(summary.gradients, parameters);
  // Two averages of each parameter; the parameters themselves are counted for the model.
  assertEquals(summary.named.optimizer, { tensors: 4, bytes: 2 * parameters.bytes });
  assertEquals(summary.named.cache, { tensors: 2, bytes: width * 2 * 2 * 16 * 4 });
  assertEquals({ tensors: summary.tensors, bytes: summary.bytes }, memory());
  const all = [...Object.values(summary.named), summary.gradients, summary.constants, summary.others];
  assertEquals(all.reduce((sum, { bytes }) => sum + bytes, 0), summary.bytes);
  assertEquals(all.reduce((sum, { tensors }) => sum + tensors, 0), summary.tensors);
  assertEquals(summary.largest[0], { tensors: 2, bytes: width * 2 * 32 * 784, dtype: "float32", shape: [32, 784] });
  assert(forgotten.every(({ storage }) => storage.live));
});

onItsOwnBackend("memorySummary() counts by dtype, in a scope and outside, and forgets what is freed", ({ name }) => {
  const width = widthOf(name), ids = tensor([1, 2, 3], [3], "int32"), kept = keep(ones([5]));
  const { int32 } = memorySummary().dtypes;
  assertEquals(int32, { tensors: 1, bytes: 4 * 3 });
  scope(() => {
    const inside = ones([6, 2]);
    assertEquals(memorySummary({ kept, inside }).named.inside, { tensors: 1, bytes: width * 12 });
    assert(memorySummary({ kept }).largest.some(({ shape }) => String(shape) === "6,2"));
  });
  assertEquals(memorySummary().largest.some(({ shape }) => String(shape) === "6,2"), false);
  release(ids);
  assertEquals(memorySummary().dtypes.int32, undefined);
  assertEquals(memorySummary({ kept, again: kept }).named.again, { tensors: 0, bytes: 0 });
  assertEquals(memorySummary({ views: [kept.slice(0, 1), kept] }).named.views!.tensors, 1);
});

onReference("memorySummary() prints a table, and refuses what has no names", () => {
  const model = new Linear(300, 20, new Random(1)), text = String(memorySummary({ model }));
  assertMatch(text, /^memory on reference: [\d,]+ tensors, [\d,]+ bytes\n {2}model +2 tensors +48,160 bytes\n/);
  assertMatch(text, /\n {2}others +[\d,]+ tensors +[\d,]+ bytes\n/);
  assertMatch(text, /\n {2}in bytes: .*float32 [\d,]+/);
  const weight = parameter(ones([2]));
  for (const wrong of [null, [weight], weight, "model", new Map()]) {
    assertThrows(() => memorySummary(wrong as never), TypeError, "an object of named things is needed");
  }
});
