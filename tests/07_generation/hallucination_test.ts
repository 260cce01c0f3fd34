import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Prediction, topPredictions } from "../../core/07_generation/confidence.ts";
import { agreementOf, auroc, falseMass, selectiveErrors } from "../../core/07_generation/hallucination.ts";
import { sample, toProbabilities } from "../../core/07_generation/sampling.ts";
import { topKRule } from "../../core/07_generation/truncation.ts";
import { Random } from "../../core/engine/random.ts";
import { resultOf, splitSums } from "../../core/experiments/sums.ts";
import golden from "../goldens/confidence.json" with { type: "json" };

const answer = (confidence: number, correct: boolean): Prediction => ({ confidence, correct });

Deno.test("falseMass() is the mass of all tokens but the true ones, and at least what the range of the logits allows", () => {
  const random = new Random(1);
  for (let i = 0; i < 100; i++) {
    const V = 2 + random.integer(30), logits = Array.from({ length: V }, () => 20 * random.next() - 10);
    const truth = [random.integer(V)], mass = falseMass(logits, truth);
    assertAlmostEquals(mass, 1 - toProbabilities(logits)[truth[0]!]!, 1e-14);
    const range = Math.max(...logits) - Math.min(...logits);
    assert(mass >= (V - 1) * Math.exp(-range) / V && mass > 0);
  }
  assertEquals(falseMass([1, -Infinity], [0]), 0);
  assertAlmostEquals(falseMass([3, 1, 2], []), 1, 1e-15);
  assertAlmostEquals(falseMass([3, 3, 3, 3], [0, 2, 2]), 0.5, 1e-15);
  assertThrows(() => falseMass([1, 2], [2]), RangeError, "trueTokens");
});

Deno.test("falseMass() is exact where one minus the true mass is 0", () => {
  const logits = [0, -50, -60];
  assertEquals(1 - toProbabilities(logits)[0]!, 0);
  assertAlmostEquals(falseMass(logits, [0]) / (Math.exp(-50) + Math.exp(-60)), 1, 1e-14);
});

Deno.test("samples are false as often as the false mass says, and truncation to the true token leaves none", () => {
  const random = new Random(2), logits = [1, 0, 0.5, -1], count = 40_000;
  const wrong = Array.from({ length: count }, () => sample(logits, random)).filter((token) => token !== 0).length;
  const mass = falseMass(logits, [0]);
  // Four standard deviations.
  assert(Math.abs(wrong / count - mass) < 4 * Math.sqrt(mass * (1 - mass) / count));
  assertEquals(falseMass(topKRule(1).onHost(Float64Array.from(logits), { tokens: [] }), [0]), 0);
});

Deno.test("auroc() counts pairs, equal ones half", () => {
  assertEquals(auroc([answer(0.9, true), answer(0.8, true), answer(0.85, false), answer(0.3, false)]), 0.75);
  assertEquals(auroc([answer(0.9, true), answer(0.1, false)]), 1);
  assertEquals(auroc([answer(0.9, false), answer(0.1, true)]), 0);
  assertEquals(auroc([answer(0.5, false), answer(0.5, true), answer(0.5, true)]), 0.5);
  const random = new Random(3);
  for (let i = 0; i < 20; i++) {
    const answers = Array.from(
      { length: 60 },
      (_, j) => answer(random.integer(8) / 8, j < 2 ? j === 0 : random.next() < 0.6),
    );
    const right = answers.filter(({ correct }) => correct), wrong = answers.filter(({ correct }) => !correct);
    const pairs = right.flatMap((a) =>
      wrong.map((b): number => a.confidence > b.confidence ? 1 : a.confidence < b.confidence ? 0 : 0.5)
    );
    assertAlmostEquals(auroc(answers), pairs.reduce((sum, one) => sum + one, 0) / pairs.length, 1e-12);
  }
  assertThrows(() => auroc([answer(0.5, true)]), RangeError, "all right");
  assertThrows(() => auroc([answer(0.5, false)]), RangeError, "all wrong");
});

Deno.test("auroc() is that of scikit-learn", () => {
  for (const { logits, labels, auroc: wanted } of golden.cases) {
    assertAlmostEquals(auroc(topPredictions(logits, labels)), wanted, 1e-12);
  }
});

Deno.test("selectiveErrors() answers the most certain first, and everything at last", () => {
  const answers = [answer(0.9, true), answer(0.3, false), answer(0.6, false), answer(0.6, true), answer(0.8, true)];
  assertEquals(selectiveErrors(answers), [
    { coverage: 0.2, threshold: 0.9, error: 0 },
    { coverage: 0.4, threshold: 0.8, error: 0 },
    { coverage: 0.8, threshold: 0.6, error: 0.25 },
    { coverage: 1, threshold: 0.3, error: 0.4 },
  ]);
  assertThrows(() => selectiveErrors([]), RangeError, "without answers");
});

Deno.test("agreementOf() is the fraction of the most frequent answer, the first of equal ones", () => {
  assertEquals(agreementOf(["4", "4", "5", "4"]), { answer: "4", agreement: 0.75 });
  assertEquals(agreementOf(["b", "a", "a", "b"]), { answer: "b", agreement: 0.5 });
  assertEquals(agreementOf([""]), { answer: "", agreement: 1 });
  assertThrows(() => agreementOf([]), RangeError, "at least one");
});

Deno.test("agreement at a low temperature says nothing", () => {
  // Half sure, and of something false: samples show it at temperature 1, and agree at 0.02.
  const logits = [0, Math.log(1.2), -1], random = new Random(4);
  const agreed = (temperature: number): number =>
    agreementOf(Array.from({ length: 2000 }, () => String(sample(logits.map((z) => z / temperature), random))))
      .agreement;
  assertAlmostEquals(agreed(1), toProbabilities(logits)[1]!, 0.05);
  assert(agreed(0.02) > 0.99);
});

Deno.test("splitSums() parts all sums, and the one that is named is learned", () => {
  for (const share of [0.05, 0.6, 1]) {
    const { learned, unseen } = splitSums(9, share, new Random(5), { a: 2, b: 2 });
    assertEquals(learned.length, Math.round(100 * share));
    assertEquals(new Set([...learned, ...unseen].map(({ a, b }) => 10 * a + b)).size, 100);
    assertEquals(learned[0], { a: 2, b: 2 });
    assertEquals(resultOf(learned[0]!), 4);
  }
});
