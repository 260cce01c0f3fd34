import { assertEquals, assertThrows } from "@std/assert";
import { sample, toProbabilities } from "../../core/07_generation/sampling.ts";
import { repetitionRule } from "../../core/07_generation/repetition.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { epsilonRule, minPRule, topKRule, topPRule, typicalRule } from "../../core/07_generation/truncation.ts";
import { Random } from "../../core/engine/random.ts";
import { Draws } from "../support.ts";
import { assertDrawnFrom, logs, none } from "./distributions.ts";

Deno.test("every rule draws from its own renormalized distribution", () => {
  const logits = Float64Array.from(new Draws(4).normal(30).data);
  const rules = [topKRule(7), topPRule(0.8), epsilonRule(0.03), minPRule(0.2), typicalRule(0.7), temperatureRule(0.6)];
  rules.forEach((rule, i) => {
    const changed = rule.onHost(logits, none);
    const random = new Random(i);
    assertDrawnFrom(toProbabilities(changed), () => sample(changed, random), 20_000);
  });
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
      "temperature must be a number greater than 0; without random the most probable token is taken",
    ],
    [() => temperatureRule(Infinity), "temperature must be a number greater than 0"],
    [() => repetitionRule(0), "Cannot generate with repetitionPenalty = 0"],
  ];
  for (const [make, message] of refused) assertThrows(make, RangeError, message);
});
