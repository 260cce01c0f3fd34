import { assert, assertEquals, assertThrows } from "@std/assert";
import { sample, toLogProbabilities, toProbabilities } from "../../core/07_generation/sampling.ts";
import { Random } from "../../core/engine/random.ts";
import { Draws } from "../support.ts";
import { assertDrawnFrom, notes } from "./distributions.ts";

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
