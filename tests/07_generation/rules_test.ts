import { assert, assertEquals, assertThrows } from "@std/assert";
import { sample, toLogProbabilities, toProbabilities } from "../../core/07_generation/sampling.ts";
import { repetitionRule } from "../../core/07_generation/repetition.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { epsilonRule, minPRule, topKRule, topPRule, typicalRule } from "../../core/07_generation/truncation.ts";
import { Random } from "../../core/engine/random.ts";
import { Draws } from "../support.ts";

const none = { tokens: [] };
const logs = (...shares: number[]): Float64Array => Float64Array.from(shares, Math.log);
/** The tokens that a rule leaves in. */
const kept = (rule: LogitsRule, logits: Float64Array): number[] =>
  [...rule.onHost(logits, none).entries()].filter(([, logit]) => logit > -Infinity).map(([token]) => token);

/** Three heads of 30, 20 and 10 %, and a thousand tokens of 0.04 % each. */
const notes = logs(0.3, 0.2, 0.1, ...new Array<number>(1000).fill(0.0004));

/** Upper tail of χ² with many degrees of freedom (Wilson and Hilferty, 1931). */
function chiSquareTail(value: number, freedom: number): number {
  const z = ((value / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  const tail = density * t *
    (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? tail : 1 - tail;
}

function assertDrawnFrom(probabilities: Float64Array, draw: () => number, count = 100_000): void {
  const counts = new Float64Array(probabilities.length);
  for (let i = 0; i < count; i++) counts[draw()]!++;
  let value = 0, cells = 0;
  probabilities.forEach((p, token) => {
    if (p === 0) return assertEquals(counts[token], 0, `token ${token} has probability 0`);
    value += (counts[token]! - count * p) ** 2 / (count * p);
    cells++;
  });
  const tail = cells > 1 ? chiSquareTail(value, cells - 1) : 1;
  assert(tail > 1e-4, `χ² = ${value} with ${cells - 1} degrees of freedom, p = ${tail}`);
}

Deno.test("toProbabilities() and toLogProbabilities() agree and survive ±1e4", () => {
  const probabilities = toProbabilities([1e4, 1e4 - Math.log(3), -1e4, -Infinity]);
  assertEquals([...probabilities].map((p) => Number(p.toFixed(9))), [0.75, 0.25, 0, 0]);
  const logits = new Draws(1).normal(50).data;
  const p = toProbabilities(logits), log = toLogProbabilities(logits);
  p.forEach((share, i) => assert(Math.abs(Math.exp(log[i]!) - share) < 1e-15));
  assert(Math.abs(p.reduce((a, b) => a + b) - 1) < 1e-14);
  assert(Math.abs(toLogProbabilities([0, -1000])[1]! + 1000) < 1e-9);
});

Deno.test("toProbabilities() has no error beyond the last bits", () => {
  for (let x = 0; x > -760; x -= 0.0371) {
    // Two logits: the larger one is exact, and the other one's share is $e^x / (1 + e^x)$.
    const [, share] = toProbabilities([0, x]), truth = Math.exp(x) / (1 + Math.exp(x));
    assert(Math.abs(share! - truth) <= 6e-16 * truth + 5e-324, `${x}: ${share} and not ${truth}`);
  }
});

Deno.test("sample() draws as often as the probabilities say", () => {
  const logits = new Draws(2).normal(40).data;
  const random = new Random(1);
  assertDrawnFrom(toProbabilities(logits), () => sample(logits, random));
});

Deno.test("sample() takes the long tail as often as the notes say", () => {
  const random = new Random(2);
  assertDrawnFrom(Float64Array.of(0.3, 0.2, 0.1, 0.4), () => Math.min(3, sample(notes, random)));
});

Deno.test("sample() never draws a forbidden token", () => {
  const logits = [-2e4, -Infinity, -2e4 - 1, -Infinity];
  const random = new Random(3);
  for (let i = 0; i < 1000; i++) assertEquals(sample(logits, random) % 2, 0);
  assertThrows(() => sample([-Infinity, -Infinity], random), RangeError, "every one of them is forbidden");
  assertThrows(() => sample([], random), RangeError, "Cannot choose among 0 tokens");
  assertThrows(() => sample([0, NaN], random), RangeError, "that of token 1 is NaN");
  assertThrows(() => sample([Infinity], random), RangeError, "that of token 0 is Infinity");
});

Deno.test("every rule draws from its own renormalized distribution", () => {
  const logits = Float64Array.from(new Draws(4).normal(30).data);
  const rules = [topKRule(7), topPRule(0.8), epsilonRule(0.03), minPRule(0.2), typicalRule(0.7), temperatureRule(0.6)];
  rules.forEach((rule, i) => {
    const changed = rule.onHost(logits, none);
    const random = new Random(i);
    assertDrawnFrom(toProbabilities(changed), () => sample(changed, random), 20_000);
  });
});

Deno.test("topKRule() keeps exactly k, lower ids first", () => {
  const logits = Float64Array.of(1, 3, 3, 2, 3);
  assertEquals(kept(topKRule(1), logits), [1]);
  assertEquals(kept(topKRule(2), logits), [1, 2]);
  assertEquals(kept(topKRule(4), logits), [1, 2, 3, 4]);
  assertEquals(kept(topKRule(5), logits), [0, 1, 2, 3, 4]);
  assertEquals(kept(topKRule(500), logits), [0, 1, 2, 3, 4]);
  assertEquals(kept(topKRule(3), new Float64Array(1000)), [0, 1, 2]);
});

Deno.test("topKRule() agrees with sorting", () => {
  const draws = new Draws(5);
  for (const size of [1, 2, 15, 16, 17, 1000]) {
    const logits = Float64Array.from(draws.coarse(size).data);
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
    for (const k of [1, 2, 7, size]) {
      assertEquals(kept(topKRule(k), logits), order.slice(0, k).sort((a, b) => a - b));
    }
  }
});

Deno.test("topPRule() keeps the token that reaches p", () => {
  const logits = logs(0.5, 0.3, 0.15, 0.05);
  assertEquals(kept(topPRule(0.01), logits), [0]);
  assertEquals(kept(topPRule(0.5), logits), [0], "landing on p exactly closes the nucleus");
  assertEquals(kept(topPRule(0.51), logits), [0, 1]);
  assertEquals(kept(topPRule(0.8), logits), [0, 1]);
  assertEquals(kept(topPRule(0.96), logits), [0, 1, 2, 3]);
  assertEquals(kept(topPRule(0.5), new Float64Array(4)), [0, 1], "ties by id");
});

Deno.test("topPRule() agrees with sorting", () => {
  const draws = new Draws(6);
  for (const p of [0.01, 0.5, 0.9, 0.999, 1 - 1e-9]) {
    // Rounded, so that there are ties.
    const logits = Float64Array.from({ length: 500 }, () => Math.round(draws.next() * 40) / 4);
    const probabilities = toProbabilities(logits);
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
    let sum = 0;
    const kept = new Set<number>();
    for (const token of order) {
      if (sum >= p - 1e-12) break;
      kept.add(token);
      sum += probabilities[token]!;
    }
    const cut = topPRule(p).onHost(logits, { tokens: [] });
    assertEquals([...cut.keys()].filter((token) => cut[token]! > -Infinity), [...kept].sort((a, b) => a - b));
  }
});

Deno.test("topPRule() at 1 is plain sampling", () => {
  for (const rule of [topPRule(1), typicalRule(1), temperatureRule(1)]) assertEquals(rule.onHost(notes, none), notes);
});

Deno.test("topPRule() of the notes' distribution cuts off the tail", () => {
  assertEquals(kept(topPRule(0.6), notes), [0, 1, 2]);
  assertEquals(kept(topPRule(0.61), notes).length, 3 + 25);
});

Deno.test("epsilonRule() is strict and leaves the likeliest", () => {
  const logits = logs(0.5, 0.25, 0.25);
  assertEquals(kept(epsilonRule(0.2), logits), [0, 1, 2]);
  assertEquals(kept(epsilonRule(toProbabilities(logits)[1]!), logits), [0]);
  assertEquals(kept(epsilonRule(0.9), logits), [0]);
  assertEquals(kept(epsilonRule(0.9), new Float64Array(5)), [0]);
  assertEquals(kept(epsilonRule(0.001), notes), [0, 1, 2]);
});

Deno.test("minPRule() keeps what is at least p times the likeliest", () => {
  const logits = Float64Array.of(0, Math.log(0.5), Math.log(0.49), -Infinity);
  assertEquals(kept(minPRule(0.5), logits), [0, 1]);
  assertEquals(kept(minPRule(1), Float64Array.of(2, 2, 1)), [0, 1]);
  assertEquals(kept(minPRule(0.01), logits), [0, 1, 2]);
});

Deno.test("typicalRule() keeps what surprises as much as is to be expected", () => {
  // The entropy is 1.28 nats: 0.25 (1.39 nats) is closest to it, then 0.2 (1.61), 0.5 (0.69), 0.05 (3.0).
  const logits = logs(0.5, 0.25, 0.2, 0.05);
  const p = [0.5, 0.25, 0.2, 0.05];
  const entropy = -p.reduce((sum, share) => sum + share * Math.log(share), 0);
  const order = [0, 1, 2, 3].sort((a, b) =>
    Math.abs(-Math.log(p[a]!) - entropy) - Math.abs(-Math.log(p[b]!) - entropy)
  );
  assertEquals(kept(typicalRule(0.2), logits), order.slice(0, 1));
  assertEquals(kept(typicalRule(0.7), logits), order.slice(0, 3).sort());
  assertEquals(kept(typicalRule(0.1), logits), [1], "the likeliest may be cut off");
  assertEquals(kept(typicalRule(0.5), new Float64Array(4)), [0, 1]);
});

Deno.test("temperature keeps the order and moves the entropy", () => {
  const logits = Float64Array.from(new Draws(6).normal(20).data);
  const entropy = (t: number): number =>
    -toProbabilities(temperatureRule(t).onHost(logits, none)).reduce((sum, p) => sum + (p && p * Math.log(p)), 0);
  const order = (row: Float64Array): string => [...row.keys()].sort((a, b) => row[b]! - row[a]!).join();
  const temperatures = [0.1, 0.5, 1, 2, 10];
  for (const t of temperatures) assertEquals(order(temperatureRule(t).onHost(logits, none)), order(logits));
  const entropies = temperatures.map(entropy);
  assertEquals([...entropies].sort((a, b) => a - b), entropies);
  // Ratios are raised to 1/τ.
  const [p, q] = [toProbabilities(logits), toProbabilities(temperatureRule(2).onHost(logits, none))];
  assert(Math.abs(q[3]! / q[7]! - Math.sqrt(p[3]! / p[7]!)) < 1e-12);
});

Deno.test("repetitionRule() lowers positive and negative logits", () => {
  const changed = repetitionRule(2).onHost(Float64Array.of(4, -4, 4, -Infinity, 0), { tokens: [0, 1, 1, 3, 4, 99] });
  assertEquals([...changed], [2, -8, 4, -Infinity, 0]);
});

Deno.test("rules leave their argument as it is", () => {
  const logits = logs(0.5, 0.25, 0.25), before = logits.slice();
  const rules = [topKRule(1), topPRule(0.3), epsilonRule(0.3), minPRule(0.9), typicalRule(0.3), temperatureRule(3)];
  for (const rule of [...rules, repetitionRule(2)]) rule.onHost(logits, { tokens: [0] });
  assertEquals(logits, before);
});

Deno.test("rules refuse what is out of range", () => {
  const refused: [() => unknown, string][] = [
    [() => topKRule(0), "Cannot sample with topK = 0: topK must be an integer of at least 1"],
    [() => topKRule(1.5), "topK = 1.5"],
    [() => topPRule(0), "Cannot sample with topP = 0: topP must be a number greater than 0 and at most 1"],
    [() => topPRule(1.5), "Cannot sample with topP = 1.5: topP must be a number greater than 0 and at most 1"],
    [
      () => epsilonRule(1),
      "Cannot sample with epsilonCutoff = 1: epsilonCutoff must be a number greater than 0 and less than 1",
    ],
    [() => minPRule(NaN), "Cannot sample with minP = NaN"],
    [() => typicalRule(-1), "Cannot sample with typicalP = -1"],
    [
      () => temperatureRule(0),
      "temperature must be a number greater than 0; without random the likeliest token is taken",
    ],
    [() => temperatureRule(Infinity), "temperature must be a number greater than 0"],
    [() => repetitionRule(0), "Cannot generate with repetitionPenalty = 0"],
  ];
  for (const [make, message] of refused) assertThrows(make, RangeError, message);
});
