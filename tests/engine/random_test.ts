import { assert, assertEquals, assertGreater, assertLess, assertRejects, assertThrows } from "@std/assert";
import { linear } from "../../core/engine/weight.ts";
import { Random, threefry } from "../../core/engine/random.ts";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { assertClose, onEveryBackend } from "../support.ts";

// ## The bits

/** Threefry-2x32 with 20 rounds: counter, key, result, from the Random123 distribution's test vectors. */
const known: readonly (readonly [readonly [number, number], readonly [number, number], readonly [number, number]])[] = [
  [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
  [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
  [[0x243f6a88, 0x85a308d3], [0x13198a2e, 0x03707344], [0xc4923a9c, 0x483df7a0]],
];

Deno.test("threefry() agrees with the known answers of Random123", () => {
  for (const [counter, key, expected] of known) {
    const words = new Int32Array(2);
    threefry(key[0], key[1], counter[0], counter[1], words);
    assertEquals([words[0]! >>> 0, words[1]! >>> 0], [...expected]);
  }
});

Deno.test("uniforms() takes the words of consecutive blocks in order, 24 bits of each", () => {
  const random = Random.from({ key: [0x13198a2e, 0x03707344], counter: 2 ** 32 - 1 });
  const drawn = random.uniforms(5);
  const words: number[] = [];
  for (const [low, high] of [[2 ** 32 - 1, 0], [0, 1], [1, 1]] as const) {
    const block = new Int32Array(2);
    threefry(0x13198a2e, 0x03707344, low, high, block);
    words.push(block[0]! >>> 0, block[1]! >>> 0);
  }
  assertEquals([...drawn], words.slice(0, 5).map((word) => Math.floor(word / 256) / 2 ** 24));
  assertEquals(random.state().counter, 2 ** 32 + 2);
});

Deno.test("Random of one seed repeats itself, and of another does not", () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  assertEquals(draw(42), draw(42));
  for (const other of [43, 42 + 2 ** 32]) assert(draw(42).every((value, i) => value !== draw(other)[i]));
});

Deno.test("state() and from() continue the stream through JSON, restore() rewinds it", () => {
  const random = new Random(9);
  random.next();
  random.integer(10);
  random.uniforms(3);
  const saved = JSON.stringify(random.state());
  const expected = Array.from({ length: 10 }, () => random.next());
  const resumed = Random.from(JSON.parse(saved));
  assertEquals(Array.from({ length: 10 }, () => resumed.next()), expected);
  random.restore(JSON.parse(saved));
  assertEquals(Array.from({ length: 10 }, () => random.next()), expected);
});

Deno.test("from() refuses what is no state", () => {
  const from = (state: unknown) => () => Random.from(state as never);
  assertThrows(from({ key: [1], counter: 0 }), TypeError, "Cannot continue from key [1]");
  assertThrows(from({ key: [1, 2 ** 32], counter: 0 }), TypeError, "two unsigned 32-bit integers are needed");
  assertThrows(from({ key: [1, 2], counter: -1 }), TypeError, "Cannot continue from counter -1");
  assertThrows(from({ key: [1, 2], counter: 0.5 }), TypeError, "Cannot continue from counter 0.5");
  assertThrows(from({ counter: 0 }), TypeError, "Cannot continue from key undefined");
});

Deno.test("Random refuses seeds and bounds outside their intervals", () => {
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
    assertThrows(() => new Random(seed), RangeError, `Cannot seed with ${seed}`);
  }
  const random = new Random(0);
  for (const n of [0, -3, 1.5, 2 ** 33]) assertThrows(() => random.integer(n), RangeError, `Cannot draw below ${n}`);
  assertThrows(() => random.categorical([0.5, -0.1]), RangeError, "Cannot draw with probability -0.1");
  assertThrows(() => random.categorical([0, 0]), RangeError, "Cannot draw from 2 probabilities that sum to 0");
  assertThrows(() => random.categorical([]), RangeError, "Cannot draw from 0 probabilities");
  assertThrows(() => random.categorical([NaN, 1]), RangeError, "Cannot draw with probability NaN");
});

// ## The distributions
//
// Each statistic is compared with the value that a fair generator exceeds once in 10,000
// seeds; the seeds are fixed, so that the tests do not waver.

/** Pearson's statistic of counts against expectations. */
function chiSquared(counts: ArrayLike<number>, expected: (i: number) => number): number {
  return Array.from(counts).reduce((sum, count, i) => sum + (count - expected(i)) ** 2 / expected(i), 0);
}

/** The quantile of the χ² distribution that is exceeded with probability 1e-4 (Wilson and Hilferty, 1931). */
function critical(degrees: number): number {
  const z = 3.719;
  return degrees * (1 - 2 / (9 * degrees) + z * Math.sqrt(2 / (9 * degrees))) ** 3;
}

/** The largest distance between the numbers' distribution and a given one (Kolmogorov, 1933), times √n. */
function kolmogorov(numbers: ArrayLike<number>, distribution: (x: number) => number): number {
  const sorted = Float64Array.from(numbers).sort(), n = sorted.length;
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = distribution(x);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
  });
  return distance * Math.sqrt(n);
}

/** What {@linkcode kolmogorov} exceeds with probability 1e-4. */
const KOLMOGOROV_CRITICAL = 2.225;

function count(size: number, draws: number, draw: () => number): Int32Array {
  const counts = new Int32Array(size);
  for (let i = 0; i < draws; i++) counts[draw()]!++;
  return counts;
}

Deno.test("next() is uniform in [0, 1)", () => {
  const random = new Random(1);
  const numbers = Float64Array.from({ length: 50_000 }, () => random.next());
  assert(numbers.every((x) => x >= 0 && x < 1));
  assertLess(kolmogorov(numbers, (x) => x), KOLMOGOROV_CRITICAL);
});

Deno.test("next() does not depend on the number before it", () => {
  const random = new Random(2);
  let before = random.next();
  const counts = count(100, 100_000, () => {
    const now = random.next();
    const cell = Math.floor(before * 10) * 10 + Math.floor(now * 10);
    before = now;
    return cell;
  });
  assertLess(chiSquared(counts, () => 1000), critical(99));
});

Deno.test("integer() draws each integer equally often", () => {
  const random = new Random(3);
  for (const n of [2, 3, 10, 257]) {
    const counts = count(n, 400 * n, () => random.integer(n));
    assertLess(chiSquared(counts, () => 400), critical(n - 1));
  }
  assertEquals(random.integer(1), 0);
});

Deno.test("integer() favours no residue where 2³² is no multiple of n", () => {
  // Without rejection, the lower third would be drawn twice as often as the rest.
  const random = new Random(4), n = 3 * 2 ** 30;
  const counts = count(3, 30_000, () => Math.floor(random.integer(n) / 2 ** 30));
  assertLess(chiSquared(counts, () => 10_000), critical(2));
});

Deno.test("categorical() draws by probability, and never what has none", () => {
  const random = new Random(5), weights = [3, 0, 1, 6, 0];
  const counts = count(5, 100_000, () => random.categorical(weights));
  assertEquals([counts[1], counts[4]], [0, 0]);
  const drawn = [counts[0]!, counts[2]!, counts[3]!];
  assertLess(chiSquared(drawn, (i) => [30_000, 10_000, 60_000][i]!), critical(2));
});

Deno.test("permutation() draws each order equally often", () => {
  const random = new Random(6);
  const seen = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const order = random.permutation(4).join("");
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assertEquals(seen.size, 24);
  assertLess(chiSquared([...seen.values()], () => 1000), critical(23));
  assertEquals([...random.permutation(100)].sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  assertEquals(random.permutation(0).length, 0);
});

onEveryBackend("uniform() fills its interval evenly", async () => {
  const numbers = await new Random(7).uniform([100, 101], { min: -3, max: 5 }).read();
  assert(numbers.every((x) => x >= -3 && x < 5));
  assertLess(kolmogorov(numbers, (x) => (x + 3) / 8), KOLMOGOROV_CRITICAL);
});

onEveryBackend("uniform() leaves out its upper end where rounding would reach it", async () => {
  // The first word of this block starts with 24 ones: u is as near to 1 as it gets.
  const draw = () => Random.from({ key: [0, 0], counter: 3154904 });
  assertEquals(draw().uniforms(1)[0], 1 - 2 ** -24);
  assertEquals(await draw().uniform([1], { min: 1, max: 2 }).item() < 2, true);
});

onEveryBackend("normal() has the normal distribution", async () => {
  const numbers = await new Random(8).normal([101, 99], { mean: 2, deviation: 3 }).read();
  // The distribution function, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17).
  const phi = (x: number): number => {
    const t = 1 / (1 + 0.2316419 * Math.abs(x));
    const poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    const tail = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * poly;
    return x > 0 ? 1 - tail : tail;
  };
  assertLess(kolmogorov(numbers, (x) => phi((x - 2) / 3)), KOLMOGOROV_CRITICAL);
  const pairs = numbers.length >> 1;
  let correlation = 0;
  for (let i = 0; i < pairs; i++) correlation += (numbers[2 * i]! - 2) * (numbers[2 * i + 1]! - 2) / 9 / pairs;
  assertLess(Math.abs(correlation), 4 / Math.sqrt(pairs));
});

onEveryBackend("tensors of one seed hold the same numbers on each device", async () => {
  const { reference } = await import("../support.ts");
  const { withBackend } = await import("../../core/engine/device.ts");
  const expected = await withBackend(reference, () => new Random(9).normal([33]).read());
  await assertClose(new Random(9).normal([33]), expected, { tolerance: 0 });
});

// ## Streams

Deno.test("split() makes streams that do not resemble their parent or each other", () => {
  const parent = new Random(10);
  const children = [parent.split(), parent.split(), parent];
  const series = children.map((random) => Array.from({ length: 10_000 }, () => random.next() - 0.5));
  for (const [i, a] of series.entries()) {
    for (const b of series.slice(i + 1)) {
      const correlation = a.reduce((sum, x, j) => sum + x * b[j]!, 0) / (a.length / 12);
      assertLess(Math.abs(correlation), 4 / Math.sqrt(a.length));
    }
  }
  assertEquals(new Set(series.flat()).size, 30_000);
});

Deno.test("split() moves the parent on by one block and repeats with the seed", () => {
  const a = new Random(11), b = new Random(11);
  const child = a.split();
  assertEquals(a.state().counter, 1);
  assertEquals(child.next(), b.split().next());
  assertEquals(a.next(), b.next());
});

Deno.test("reserve() sets blocks aside for a kernel", () => {
  const random = new Random(12);
  random.next();
  const start = random.reserve(10);
  assertEquals(start.counter, 1);
  assertEquals(random.state().counter, 11);
  assertEquals(start.key, random.state().key);
});

Deno.test("neighbouring seeds do not give neighbouring numbers", () => {
  const firsts = Float64Array.from({ length: 10_000 }, (_, seed) => new Random(seed).next());
  assertLess(kolmogorov(firsts, (x) => x), KOLMOGOROV_CRITICAL);
  const counts = count(
    100,
    9_999,
    (() => {
      let i = 0;
      return () => Math.floor(firsts[i]! * 10) * 10 + Math.floor(firsts[++i]! * 10);
    })(),
  );
  assertLess(chiSquared(counts, () => 99.99), critical(99));
  assertGreater(chiSquared(counts, () => 99.99), 20);
});

onEveryBackend(
  "Random.none makes tensors of a shape that throw when they are used, until they are assigned",
  async () => {
    for (const made of [Random.none.normal([2, 3]), Random.none.uniform([2, 3], { min: -1 })]) {
      assertEquals(made.shape, [2, 3]);
      const weight = parameter(made), message = "Cannot use weights that have no values";
      assertThrows(() => weight.add(1), TypeError, message);
      assertThrows(() => weight.transpose().matmul(ones([2, 2])), TypeError, message);
      assertThrows(() => linear(ones([1, 2]), weight), TypeError, message);
      assertThrows(() => zeros([3, 3]).slice(0, 0, 2).assign(weight), TypeError, message);
      await assertRejects(() => weight.read(), TypeError, message);
      // A part does not make the rest readable.
      assertThrows(() => weight.detach().slice(0, 0, 1).assign(1), TypeError, message);
      weight.assign(Random.none.normal([3]));
      await assertRejects(() => weight.read(), TypeError, message);
      weight.assign(tensor([[1, 2, 3], [4, 5, 6]]));
      assertEquals([...await weight.transpose().read()], [1, 4, 2, 5, 3, 6]);
      assertThrows(() => weight.assign(Random.none.normal([3])), TypeError, message);
      assertEquals([...await weight.read()], [1, 2, 3, 4, 5, 6]);
    }
  },
);

Deno.test("Random.none draws nothing, is its own split, and has no position", () => {
  const { none } = Random, message = "Cannot draw from Random.none";
  assertEquals(none.split() === none, true);
  const draws = [
    () => none.next(),
    () => none.integer(3),
    () => none.uniforms(1),
    () => none.permutation(3),
    () => none.categorical([1]),
    () => none.reserve(1),
    () => none.state(),
    () => none.restore(new Random(1).state()),
  ];
  for (const draw of draws) assertThrows(draw, TypeError, message);
});

Deno.test("uniform() and normal() refuse options that they do not know, and values out of range", () => {
  const random = new Random(1);
  assertThrows(() => random.uniform([2], { low: 1 } as never), TypeError, 'Cannot draw with option "low"');
  assertThrows(() => random.uniform([2], { min: 2 }), RangeError, "Cannot draw from 2 to 1: min must be at most max");
  assertThrows(() => random.normal([2], { deviation: -1 }), RangeError, "deviation must be a number of at least 0");
  assertThrows(
    () => Random.none.normal([2], { std: 1 } as never),
    TypeError,
    'option "std": options are mean, deviation',
  );
});
