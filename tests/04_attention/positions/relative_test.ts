import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { MultiHeadAttention } from "../../../core/04_attention/multi_head.ts";
import {
  AlibiPositions,
  alibiSlopes,
  relativeBucket,
  RelativePositions,
  T5Positions,
} from "../../../core/04_attention/positions/mod.ts";
import { softmax } from "../../../core/02_words/softmax.ts";
import { zeros } from "../../../core/engine/create.ts";
import { einsum } from "../../../core/engine/einsum.ts";
import { take } from "../../../core/engine/indexing.ts";
import type { Tensor } from "../../../core/engine/tensor.ts";
import { Random } from "../../../core/engine/random.ts";
import { goldens, numbers } from "../../goldens/read.ts";
import { assertClose, assertModuleGradients, build, normal, onEveryBackend, onReference } from "../../support.ts";

onReference("RelativePositions() is Shaw's formula, pair by pair", async () => {
  const [T, D, k] = [6, 4, 2];
  const rule = new RelativePositions(D, k, new Random(1));
  // The scale multiplies the scores of words and of distances alike.
  for (const scale of [undefined, 1, 0.3]) {
    const layer = new MultiHeadAttention(8, 2, new Random(2), { positions: rule, scale });
    const hidden = normal(1, 2, T, 8);
    const [query, key, value] = [layer.query, layer.key, layer.value].map((matrix) =>
      matrix.forward(hidden).reshape([2, T, 2, D]).transpose(1, 2)
    ) as [Tensor, Tensor, Tensor];
    const distance = build([T, T], (t, s) => Math.max(-k, Math.min(k, s! - t!)) + k, "int32").tensor();
    const scores = query.matmul(key.transpose()).add(einsum("bhtd,tsd->bhts", query, take(rule.keys, distance)));
    const weights = softmax(scores.mul(scale ?? 1 / Math.sqrt(D)));
    const heads = weights.matmul(value).add(einsum("bhts,tsd->bhtd", weights, take(rule.valueTable, distance)));
    const expected = layer.output.forward(heads.transpose(1, 2).reshape([2, T, 8]));
    await assertClose(layer.forward(hidden), expected, { rtol: 1e-12, atol: 1e-12 });
    await assertModuleGradients(layer, () => layer.forward(hidden));
  }
});

Deno.test("relativeBucket() agrees with T5's published function", () => {
  for (const [name, record] of Object.entries(goldens.buckets)) {
    const [bidirectional, numBuckets, maxDistance] = name.split(" ");
    const options = {
      bidirectional: bidirectional === "True",
      numBuckets: Number(numBuckets),
      maxDistance: Number(maxDistance),
    };
    const expected = [...numbers(record)];
    assertEquals(expected.map((_, index) => relativeBucket(index - 300, options)), expected, name);
  }
});

Deno.test("relativeBucket() refuses too few buckets", () => {
  assertThrows(() => relativeBucket(1, { numBuckets: 2 }), RangeError, "each direction needs 2 whole buckets");
  assertThrows(() => relativeBucket(1, { numBuckets: 32, maxDistance: 8 }), RangeError, "maxDistance must be above 8");
});

onEveryBackend("T5Positions() gives equal distances equal scores", async () => {
  const rule = new T5Positions(2, new Random(1));
  const bias = rule.bias(zeros([1, 2, 5, 4]), 7);
  assertEquals(bias.shape, [2, 5, 7]);
  await assertClose(bias.slice(1, 1, 5).slice(2, 1, 7), bias.slice(1, 0, 4).slice(2, 0, 6), { tolerance: 0 });
  // Query 2 of 5 stands at position 4 of 7.
  await assertClose(bias.at(1, 2).at(1, 4), rule.weight.at(0, relativeBucket(0)), { tolerance: 0 });
  await assertClose(bias.at(1, 2).at(1, 6), rule.weight.at(0, relativeBucket(2)), { tolerance: 0 });
});

Deno.test("alibiSlopes() are the published ones, also for heads that are no power of two", () => {
  assertEquals(alibiSlopes(8), [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]);
  // Printed by the authors' get_slopes(12), get_slopes(3) and get_slopes(16)[0].
  const twelve = [
    0.5,
    0.25,
    0.125,
    0.0625,
    0.03125,
    0.015625,
    0.0078125,
    0.00390625,
    0.7071067811865476,
    0.35355339059327384,
    0.17677669529663692,
    0.08838834764831849,
  ];
  alibiSlopes(12).forEach((slope, head) => assertAlmostEquals(slope, twelve[head]!, 1e-12));
  [0.0625, 0.00390625, 0.25].forEach((slope, head) => assertAlmostEquals(alibiSlopes(3)[head]!, slope, 1e-12));
  assertAlmostEquals(alibiSlopes(16)[0]!, Math.SQRT1_2, 1e-12);
  assertEquals(alibiSlopes(1), [2 ** -8]);
});

onEveryBackend("AlibiPositions() penalizes distance and nothing else", async () => {
  const rule = new AlibiPositions(2);
  const bias = rule.bias(zeros([1, 2, 2, 4]), 3);
  await assertClose(bias, [
    [[-1, 0, -1], [-2, -1, 0]].map((row) => row.map((x) => x / 16)),
    [[-1, 0, -1], [-2, -1, 0]]
      .map((row) => row.map((x) => x / 256)),
  ]);
});

onEveryBackend("RelativePositions() treats all distances beyond the largest alike", async () => {
  const positions = new RelativePositions(4, 2, new Random(1)), row = normal(1, 1, 1, 1, 4).expand([1, 1, 9, 4]);
  const bias = positions.bias(row.contiguous(), 9).reshape([9, 9]);
  // The last query looks back over distances 8 to 0: those from 8 to 2 share a vector, 1 and 0 have their own.
  const numbers = [...await bias.at(0, 8).read()];
  assertEquals(new Set(numbers.slice(0, 7)).size, 1);
  assertEquals(new Set(numbers).size, 3);
});
