/** Scores of answers, against scikit-learn, statsmodels and closed forms. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  accuracyInterval,
  confusionMatrix,
  expectedBest,
  mcNemar,
  pairedBootstrap,
  precisionRecall,
  splitExamples,
} from "../../core/01_introduction/evaluation.ts";
import { accuracy } from "../../core/01_introduction/rule_based_classifier.ts";
import { Random } from "../../core/engine/random.ts";
import goldens from "../goldens/evaluation.json" with { type: "json" };

Deno.test("precisionRecall(), confusionMatrix() and mcNemar() agree with scikit-learn and statsmodels", () => {
  for (const { labels, first, second, classes, ...golden } of goldens.cases) {
    assertAlmostEquals(accuracy(labels, first), golden.accuracy, 1e-12);
    assertEquals(confusionMatrix(labels, first, classes).counts, golden.confusion);
    const found = precisionRecall(labels, first, classes);
    found.classes.forEach((one, c) => {
      [one.precision, one.recall, one.f1, one.support].forEach((value, i) =>
        assertAlmostEquals(value, golden.each[i]![c]!, 1e-12)
      );
    });
    for (const mean of ["macro", "micro", "weighted"] as const) {
      const { precision, recall, f1 } = found[mean];
      [precision, recall, f1].forEach((value, i) => assertAlmostEquals(value, golden[mean][i]!, 1e-12));
    }
    assertAlmostEquals(mcNemar(labels, first, second).pValue, golden.mcNemar, 1e-9);
    const right = labels.filter((label, i) => label === first[i]).length;
    accuracyInterval(right, labels.length, 1.959963984540054).forEach((bound, i) =>
      assertAlmostEquals(bound, golden.wilson[i]!, 1e-12)
    );
  }
});

Deno.test("precisionRecall() shows what accuracy hides where one class is rare", () => {
  const labels = Array.from({ length: 100 }, (_, i) => i < 5 ? "spam" : "other"), never = labels.map(() => "other");
  const { classes: [other, spam], macro } = precisionRecall(labels, never);
  assertEquals(accuracy(labels, never), 0.95);
  assertEquals([spam!.label, spam!.recall, spam!.precision, spam!.f1], ["spam", 0, 0, 0]);
  assertEquals([other!.recall, other!.precision], [1, 0.95]);
  assert(macro.f1 < 0.5);
});

Deno.test("precisionRecall() takes labels of any kind, and its micro mean over all classes is the accuracy", () => {
  const random = new Random(3), cases = [[true, false], [0, 1, 10, 2], ["b", "a"], [Symbol("x"), Symbol("y")]];
  for (const kinds of cases) {
    const draw = (): unknown[] => Array.from({ length: 50 }, () => kinds[random.integer(kinds.length)]);
    const labels = draw(), answers = draw();
    const { micro, classes } = precisionRecall<unknown>(labels, answers, kinds);
    for (const value of Object.values(micro)) assertAlmostEquals(value, accuracy(labels, answers), 1e-12);
    assertEquals(classes.map(({ label }) => label), kinds);
  }
  // Numbers are in the order of their size, not of their digits.
  assertEquals(confusionMatrix([10, 2], [2, 10]).labels, [2, 10]);
});

Deno.test("evaluation refuses answers that do not fit the labels", () => {
  assertThrows(() => accuracy([1, 2], [1]), RangeError, "1 answers with 2 labels");
  assertThrows(() => precisionRecall([], []), RangeError, "at least one is needed");
  assertThrows(
    () => confusionMatrix(["a"], ["b"], ["a", "c"]),
    RangeError,
    'Cannot count the answer "b": it must be one of a, c',
  );
  assertThrows(() => confusionMatrix(["a"], ["a"], ["a", "a"]), RangeError, "hold one twice");
  assertThrows(() => expectedBest(1, 10, 1.5), RangeError, "trueAccuracy");
  assertThrows(() => accuracyInterval(5, 4), RangeError, "right");
});

Deno.test("pairedBootstrap() has the standard error of a paired difference, and the same draws from the same seed", () => {
  // Differences are +1, 0 and −1; the standard error of their mean is known.
  const n = 400, random = new Random(5);
  const labels = Array.from({ length: n }, () => 1),
    wrongAt = (p: number) => labels.map(() => random.next() < p ? 0 : 1);
  const first = wrongAt(0.2), second = wrongAt(0.35);
  const options = () => ({ draws: 4000, random: new Random(1) });
  const found = pairedBootstrap(labels, first, second, accuracy, options());
  const differences = first.map((one, i) => one - second[i]!), middle = differences.reduce((a, b) => a + b, 0) / n;
  const error = Math.sqrt(differences.reduce((sum, one) => sum + (one - middle) ** 2, 0) / n / n);
  assertAlmostEquals(found.difference, middle, 1e-12);
  // Ends of the interval scatter by about 1.5 % of it with so many draws.
  assertAlmostEquals(found.interval[0], middle - 1.96 * error, 0.15 * error);
  assertAlmostEquals(found.interval[1], middle + 1.96 * error, 0.15 * error);
  assertEquals(pairedBootstrap(labels, first, second, accuracy, options()), found);
});

Deno.test("pairedBootstrap() finds a difference in a tenth of the cases without one at p = 0.1, and hardly ever calls equal answers different", () => {
  let below = 0;
  const repeats = 200, random = new Random(9);
  for (let i = 0; i < repeats; i++) {
    const labels = Array.from({ length: 80 }, () => 1), draw = () => labels.map(() => random.next() < 0.3 ? 0 : 1);
    if (pairedBootstrap(labels, draw(), draw(), accuracy, { draws: 200, random: random.split() }).pValue < 0.1) below++;
  }
  // Binomial with mean 20 and deviation 4.2: four deviations, and some for the discreteness of the scores.
  assert(below > 3 && below < 42, String(below));
  const labels = [1, 0, 1, 1], same = [1, 1, 1, 0];
  const { pValue, interval } = pairedBootstrap(labels, same, same);
  assertEquals([pValue, ...interval], [1, 0, 0]);
});

Deno.test("pairedBootstrap() is too sure where few texts differ, and mcNemar() is not", () => {
  // Of 13 texts the first wins 5, the second none: wins in a draw are binomial, whatever is drawn.
  const labels = Array.from({ length: 13 }, () => 1), second = labels.map((_, i) => i < 5 ? 0 : 1), draws = 20_000;
  const far = (wins: number) => Math.abs(wins - 5) >= 5;
  let coefficient = 1, exact = 0;
  for (let wins = 0; wins <= 13; wins++) {
    if (far(wins)) exact += coefficient * (5 / 13) ** wins * (8 / 13) ** (13 - wins);
    coefficient *= (13 - wins) / (wins + 1);
  }
  const { difference, pValue } = pairedBootstrap(labels, labels, second, accuracy, { draws, random: new Random(4) });
  assertAlmostEquals(difference, 5 / 13, 1e-12);
  // Within four standard errors of the draws; the data count as one of them.
  assertAlmostEquals(pValue, exact, 4 * Math.sqrt(exact / draws) + 1 / draws);
  assertAlmostEquals(exact, 0.0074, 5e-5);
  assertEquals(mcNemar(labels, labels, second), { onlyFirst: 5, onlySecond: 0, pValue: 0.0625 });
});

Deno.test("pairedBootstrap() takes any measure of answers", () => {
  const labels = ["a", "a", "b", "b", "a", "b"],
    first = ["a", "a", "b", "a", "a", "b"],
    second = ["a", "b", "b", "a", "b", "b"];
  const f1 = (labels: readonly string[], answers: readonly string[]) =>
    precisionRecall(labels, answers, ["a", "b"]).macro.f1;
  const { difference, interval: [low, high] } = pairedBootstrap(labels, first, second, f1, {
    draws: 300,
    confidence: 0.9,
  });
  assertAlmostEquals(difference, f1(labels, first) - f1(labels, second), 1e-12);
  assert(low <= difference && difference <= high);
});

Deno.test("expectedBest() is the mean of the largest of several binomials", () => {
  // By enumeration: two models, two texts.
  const p = 0.3, distribution = [(1 - p) ** 2, 2 * p * (1 - p), p * p];
  let mean = 0;
  for (let a = 0; a <= 2; a++) {
    for (let b = 0; b <= 2; b++) mean += Math.max(a, b) * distribution[a]! * distribution[b]!;
  }
  assertAlmostEquals(expectedBest(2, 2, p), mean / 2, 1e-12);
  assertEquals(expectedBest(2, 2, 0.5), 0.6875);
  assertAlmostEquals(expectedBest(1, 1000, 0.37), 0.37, 1e-9);
  assertEquals([expectedBest(9, 10, 0), expectedBest(9, 10, 1)], [0, 1]);
  assertAlmostEquals(expectedBest(1, 100_000, 0.5), 0.5, 1e-6);
  assert(expectedBest(50, 100, 0.7) > expectedBest(5, 100, 0.7));
});

Deno.test("splitExamples() learns from a group that is too large to choose on or to judge by", () => {
  // One group of 15 and five single examples: 4 are wanted to judge by, and 4 to choose on.
  const examples = Array.from({ length: 20 }, (_, i) => i), group = (i: number) => i < 15 ? "large" : i;
  for (let seed = 1; seed <= 20; seed++) {
    const { training, validation, test } = splitExamples(examples, new Random(seed), { group });
    assertEquals([training.length, validation.length, test.length], [15, 1, 4]);
    assertEquals(training.toSorted((a, b) => a - b), examples.slice(0, 15));
  }
  // Three groups of 10, of which 6 examples are wanted: each set has one, since none is more than twice too large.
  const tens = splitExamples(Array.from({ length: 30 }, (_, i) => i), new Random(1), {
    group: (i) => Math.floor(i / 10),
  });
  assertEquals(Object.values(tens).map(({ length }) => length), [10, 10, 10]);
});

Deno.test("splitExamples() shares nothing, keeps groups together and loses none", () => {
  const examples = Array.from({ length: 103 }, (_, i) => ({ id: i, group: Math.floor(i / 4) }));
  const split = splitExamples(examples, new Random(2), { validation: 0.1, test: 0.3, group: ({ group }) => group });
  const sets = [split.training, split.validation, split.test];
  assertEquals(sets.flat().map(({ id }) => id).sort((a, b) => a - b), examples.map(({ id }) => id));
  const groups = sets.map((set) => new Set(set.map(({ group }) => group)));
  assertEquals(
    groups[0]!.intersection(groups[1]!).size + groups[0]!.intersection(groups[2]!).size +
      groups[1]!.intersection(groups[2]!).size,
    0,
  );
  assert(Math.abs(split.test.length - 31) <= 4 && Math.abs(split.validation.length - 10) <= 4);
  const again = splitExamples(examples, new Random(2), { validation: 0.1, test: 0.3, group: ({ group }) => group });
  assertEquals(again, split);
  assertThrows(() => splitExamples([1, 2], new Random(1)), RangeError, "set would be empty");
  assertThrows(
    () => splitExamples(examples, new Random(1), { validation: 0.5, test: 0.5 }),
    RangeError,
    "sum must be less than 1",
  );
});
