import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import {
  AlibiPositions,
  alibiSlopes,
  applyRotary,
  LearnedPositions,
  relativeBucket,
  RelativePositions,
  rotaryAngles,
  RotaryPositions,
  SinusoidalPositions,
  sinusoidalPositions,
  T5Positions,
} from "../../core/04_attention/positions/mod.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { zeros } from "../../core/engine/create.ts";
import { einsum } from "../../core/engine/einsum.ts";
import { take } from "../../core/engine/indexing.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { goldens, numbers, precision, read } from "../goldens/read.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  build,
  Draws,
  normal,
  onEveryBackend,
  onReference,
} from "../support.ts";

// ## Learned and sinusoidal

onEveryBackend("LearnedPositions() adds a row per position", async () => {
  const positions = new LearnedPositions(6, 4, new Random(1));
  const hidden = normal(1, 2, 3, 4);
  await assertClose(positions.forward(hidden, 2).sub(hidden).at(0, 1), positions.weight.slice(0, 2, 5), { atol: 1e-6 });
  assertThrows(
    () => positions.forward(hidden, 4),
    RangeError,
    "Cannot place 3 tokens from position 4: the table ends at position 5",
  );
});

onEveryBackend("sinusoidalPositions() agrees with its published program", async (device) => {
  await assertClose(sinusoidalPositions(12, 8), read(goldens.sinusoidal), precision(device));
  await assertClose(sinusoidalPositions(5, 8, 7), read(goldens.sinusoidal).slice(0, 7), precision(device));
});

onReference("sinusoidalPositions() at p + k are one rotation of those at p, for every p", async () => {
  const E = 8, k = 5;
  const codes = sinusoidalPositions(40, E);
  // (sin, cos) of p + k from (sin, cos) of p: the addition theorems, as a matrix that knows only k.
  const turn = build([E, E], (row, column) => {
    if (Math.floor(row! / 2) !== Math.floor(column! / 2)) return 0;
    const angle = k * 10000 ** (-2 * Math.floor(row! / 2) / E);
    if (row === column) return Math.cos(angle);
    return row! % 2 === 1 ? Math.sin(angle) : -Math.sin(angle);
  });
  await assertClose(codes.slice(0, 0, 35).matmul(turn.tensor()), codes.slice(0, k), { atol: 1e-12 });
});

onEveryBackend("SinusoidalPositions() adds codes at any start, also far beyond the first", async () => {
  const positions = new SinusoidalPositions(6);
  for (const start of [0, 3, 100, 5]) {
    const codes = positions.forward(zeros([2, 4, 6]), start);
    await assertClose(codes.at(0, 1), sinusoidalPositions(4, 6, start), { tolerance: 0 });
  }
  assertEquals(sinusoidalPositions(2, 5).shape, [2, 5]);
});

// ## Shaw

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

// ## T5

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

// ## Rotation

onEveryBackend("applyRotary() agrees with its published programs", async (device) => {
  const golden = goldens.rotary;
  const { cosine, sine } = rotaryAngles(5, 8, { start: golden.start });
  for (const [interleaved, y] of [[false, golden.halves], [true, golden.interleaved]] as const) {
    await assertClose(applyRotary(read(golden.x), cosine, sine, { interleaved }), read(y), precision(device));
  }
});

onReference("applyRotary() leaves only the distance in a dot product", async () => {
  const query = normal(1, 1, 1, 1, 8), key = normal(2, 1, 1, 1, 8);
  for (const interleaved of [false, true]) {
    const rule = new RotaryPositions(8, { interleaved });
    const score = (t: number, s: number): Promise<number> => rule.mark(query, t).mul(rule.mark(key, s)).sum().item();
    const expected = await score(7, 3);
    for (const shift of [1, 5, 100]) assertAlmostEquals(await score(7 + shift, 3 + shift), expected, 1e-10);
    assertAlmostEquals(await score(0, 0), await query.mul(key).sum().item(), 1e-10);
    assert(Math.abs(await score(8, 3) - expected) > 1e-3);
  }
});

onEveryBackend("applyRotary() keeps lengths, and turns back with the opposite sine", async () => {
  const x = normal(1, 2, 3, 65, 16);
  const { cosine, sine } = rotaryAngles(65, 16);
  for (const interleaved of [false, true]) {
    const turned = applyRotary(x, cosine, sine, { interleaved });
    await assertClose(turned.square().sum(-1), x.square().sum(-1), { rtol: 1e-5 });
    await assertClose(applyRotary(turned, cosine, sine.neg(), { interleaved }), x, { rtol: 1e-5, atol: 1e-5 });
    await assertClose(turned, withoutFusion(() => applyRotary(x, cosine, sine, { interleaved })), { atol: 1e-6 });
  }
});

onEveryBackend("applyRotary() in both pairings differs by a fixed order of coordinates", async () => {
  const x = normal(1, 1, 2, 5, 8);
  const { cosine, sine } = rotaryAngles(5, 8);
  // Coordinate 2i of the neighbours' form is coordinate i of the halves' form, 2i + 1 is i + D/2.
  const sorted = (y: Tensor): Tensor => concat([y.slice(-1, 0, 8, 2), y.slice(-1, 1, 8, 2)], -1);
  await assertClose(
    sorted(applyRotary(x, cosine, sine, { interleaved: true })),
    applyRotary(sorted(x), cosine, sine),
    { atol: 1e-6 },
  );
});

onEveryBackend("RotaryPositions() marks the same with and without a cache", async () => {
  const x = normal(1, 2, 3, 130, 8), rule = new RotaryPositions(8);
  const parts = [[0, 1], [1, 64], [64, 130]].map(([start, end]) => rule.mark(x.slice(2, start!, end!), start!));
  await assertClose(concat(parts, 2), rule.mark(x, 0), { tolerance: 0 });
});

Deno.test("applyRotary() has the gradients of its formula", async () => {
  const draws = new Draws(1);
  const [x, cosine, sine] = [draws.normal(1, 2, 3, 4), draws.normal(3, 2), draws.normal(3, 2)];
  for (const interleaved of [false, true]) {
    await assertGradients((a, b, c) => applyRotary(a, b, c, { interleaved }), [x, cosine, sine]);
  }
});

Deno.test("RotaryPositions() refuses odd heads and bases that are none", () => {
  assertThrows(() => new RotaryPositions(5), RangeError, "Cannot rotate heads of width 5: headSize must be even");
  assertThrows(() => new RotaryPositions(4, { base: 0 }), RangeError, "base must be a number greater than 0");
});

// ## ALiBi

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

// ## All of them

onEveryBackend("position rules give a part what they give the whole", async () => {
  const random = new Random(1), query = normal(1, 1, 2, 9, 4);
  const rules = [new AlibiPositions(2), new T5Positions(2, random), new RelativePositions(4, 2, random)];
  for (const rule of rules) {
    const full = (x: Tensor): Tensor => x.expand([1, 2, ...x.shape.slice(-2)]);
    const whole = full(rule.bias(query, 9));
    for (const [T, S] of [[4, 4], [1, 7], [1, 9], [3, 8], [9, 9]] as const) {
      const part = full(rule.bias(query.slice(2, S - T, S), S));
      await assertClose(part, whole.slice(2, S - T, S).slice(3, 0, S), { rtol: 1e-5, atol: 1e-5 });
    }
    assertEquals(full(rule.bias(normal(2, 1, 2, 1, 4), 1000)).shape, [1, 2, 1, 1000]);
  }
});

onEveryBackend("position rules make attention see order", async () => {
  const random = new Random(1);
  const hidden = normal(1, 1, 4, 8);
  const swap = (x: Tensor): Tensor => concat([1, 0, 2, 3].map((t) => x.slice(1, t, t + 1)), 1);
  for (
    const positions of [
      new RotaryPositions(4),
      new AlibiPositions(2),
      new T5Positions(2, random),
      new RelativePositions(4, 2, random),
    ]
  ) {
    const layer = new MultiHeadAttention(8, 2, random, { positions });
    const difference = layer.forward(swap(hidden)).sub(swap(layer.forward(hidden))).abs().max();
    assert(await difference.item() > 1e-4, positions.constructor.name);
  }
});
