import { assertEquals } from "@std/assert";
import { toProbabilities } from "../../core/07_generation/sampling.ts";
import { Random } from "../../core/engine/random.ts";
import { applyRules, type LogitsRule, ruleInPlace } from "../../core/07_generation/rules.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import {
  epsilonRule,
  etaRule,
  minPRule,
  topKRule,
  topNSigmaRule,
  topPRule,
  typicalRule,
} from "../../core/07_generation/truncation.ts";
import { Draws } from "../support.ts";
import { logs, none, notes } from "./distributions.ts";

/** The tokens that a rule leaves in. */
const kept = (rule: LogitsRule, logits: Float64Array): number[] =>
  [...rule.onHost(logits, none).entries()].filter(([, logit]) => logit > -Infinity).map(([token]) => token);

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

Deno.test("epsilonRule() is strict and leaves the most probable", () => {
  const logits = logs(0.5, 0.25, 0.25);
  assertEquals(kept(epsilonRule(0.2), logits), [0, 1, 2]);
  assertEquals(kept(epsilonRule(toProbabilities(logits)[1]!), logits), [0]);
  assertEquals(kept(epsilonRule(0.9), logits), [0]);
  assertEquals(kept(epsilonRule(0.9), new Float64Array(5)), [0]);
  assertEquals(kept(epsilonRule(0.001), notes), [0, 1, 2]);
});

Deno.test("minPRule() keeps what is at least p times the most probable", () => {
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
  assertEquals(kept(typicalRule(0.1), logits), [1], "the most probable may be cut off");
  assertEquals(kept(typicalRule(0.5), new Float64Array(4)), [0, 1]);
});

Deno.test("typicalRule() agrees with sorting", () => {
  const draws = new Draws(7);
  for (const p of [0.01, 0.2, 0.5, 0.9, 0.999]) {
    for (const round of [1, 4, 1e6]) {
      const logits = Float64Array.from({ length: 700 }, () => Math.round(draws.next() * 10 * round) / round);
      const probabilities = toProbabilities(logits);
      const entropy = -probabilities.reduce((sum, q) => sum + q * Math.log(q), 0);
      // Rounded, so that equal logits are equally typical whatever the order of the sums.
      const far = probabilities.map((q) => Number(Math.abs(-Math.log(q) - entropy).toFixed(11)));
      const order = [...logits.keys()].sort((a, b) => far[a]! - far[b]! || a - b);
      let sum = 0;
      const wanted: number[] = [];
      for (const token of order) {
        if (sum >= p - 1e-12) break;
        wanted.push(token);
        sum += probabilities[token]!;
      }
      assertEquals(kept(typicalRule(p), logits), wanted.sort((a, b) => a - b), `${p}, ${round}`);
    }
  }
});

Deno.test("etaRule() is epsilon where the model is certain, and lower where it is not", () => {
  // Entropy 0.33: the root of 0.09 times its exponential is 0.22, so that 0.09 counts.
  assertEquals(kept(etaRule(0.09), logs(0.9, 0.1)), kept(epsilonRule(0.09), logs(0.9, 0.1)));
  // A hundred equal ones: 1 % each, and a threshold of 0.1 / 100.
  const flat = new Float64Array(100);
  assertEquals(kept(etaRule(0.01), flat).length, 100);
  assertEquals(kept(epsilonRule(0.01), flat), [0]);
  // Strict: of four equal ones with a root of 1 the threshold is what each has.
  assertEquals(kept(etaRule(0.999), new Float64Array(4)).length, 4);
  assertEquals(kept(etaRule(0.9), logs(0.5, 0.3, 0.2)), [0]);
});

Deno.test("topNSigmaRule() keeps the same at every temperature, and all of equal logits", () => {
  const logits = Float64Array.from(new Draws(8).normal(300).data), before = kept(topNSigmaRule(1.5), logits);
  assertEquals(before.length > 5 && before.length < 200, true);
  for (const temperature of [0.1, 0.7, 5]) {
    assertEquals(kept(topNSigmaRule(1.5), temperatureRule(temperature).onHost(logits, none)), before);
  }
  // By hand: mean 2, deviation 2. What lands on the border stays.
  assertEquals(kept(topNSigmaRule(1), Float64Array.of(4, 0, 4, 0)), [0, 2]);
  assertEquals(kept(topNSigmaRule(2), Float64Array.of(4, 0, 4, 0)), [0, 1, 2, 3]);
  assertEquals(kept(topNSigmaRule(0.01), new Float64Array(5)), [0, 1, 2, 3, 4]);
  // What is forbidden has no part in the deviation.
  assertEquals(kept(topNSigmaRule(1), Float64Array.of(4, -Infinity, 0, 4, 0, -Infinity)), [0, 3]);
});

Deno.test("where everything is forbidden every cut leaves it so", () => {
  const nothing = new Float64Array(5).fill(-Infinity);
  const rules = [topKRule(2), topPRule(0.5), epsilonRule(0.1), etaRule(0.1), minPRule(0.1), typicalRule(0.5)];
  for (const rule of [...rules, topNSigmaRule(1)]) assertEquals(rule.onHost(nothing, none), nothing);
});

Deno.test("rules that cut find what is left, whatever stands between them", () => {
  const random = new Random(5);
  const cuts = [
    topKRule(30),
    topPRule(0.9),
    minPRule(0.02),
    epsilonRule(0.003),
    etaRule(0.005),
    typicalRule(0.8),
    topNSigmaRule(2),
  ];
  /** Allows some tokens again, which those after it have to see. */
  const again = ruleInPlace({ name: "again", inPlace: (row) => row.fill(1, 40, 60) });
  for (let trial = 0; trial < 200; trial++) {
    const logits = Float64Array.from({ length: 100 }, () => Math.round(100 * random.next()) / 20);
    const rules = Array.from({ length: 4 }, () => random.next() < 0.2 ? again : cuts[random.integer(cuts.length)]!);
    const context = { tokens: [1], promptLength: 1 };
    let apart: Float64Array = logits;
    for (const rule of rules) apart = rule.onHost(apart, context);
    assertEquals([...applyRules(rules, logits, context)], [...apart], rules.map(({ name }) => name).join(", "));
  }
});
