import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  brierScore,
  calibrationError,
  confidenceOf,
  equalMassBins,
  equalWidthBins,
  fitTemperature,
  type Prediction,
  topPredictions,
} from "../../core/07_generation/confidence.ts";
import { logProbabilityOf, toProbabilities } from "../../core/07_generation/sampling.ts";
import { Random } from "../../core/engine/random.ts";
import golden from "../goldens/confidence.json" with { type: "json" };

const answer = (confidence: number, correct: boolean): Prediction => ({ confidence, correct });

/** Answers that are right exactly as often as their confidence says. */
function calibrated(count: number, random: Random): Prediction[] {
  return Array.from({ length: count }, () => {
    const confidence = random.next();
    return answer(confidence, random.next() < confidence);
  });
}

/** Rows of logits, and labels drawn from the softmax of the rows divided by a temperature. */
function drawnWith(temperature: number, count: number, classes: number, random: Random): [number[][], number[]] {
  const rows = Array.from({ length: count }, () => Array.from({ length: classes }, () => 6 * random.next() - 3));
  return [rows, rows.map((row) => random.categorical(toProbabilities(row.map((logit) => logit / temperature))))];
}

function lossAt(rows: readonly number[][], labels: readonly number[], temperature: number): number {
  return rows.reduce((sum, row, i) => sum - logProbabilityOf(row.map((z) => z / temperature), labels[i]!), 0) /
    rows.length;
}

Deno.test("confidenceOf() measures the example of the notes in three ways", () => {
  const sure = confidenceOf([0.99, 0.01]), unsure = confidenceOf([0.5, 0.3, 0.1, 0.1]);
  assertAlmostEquals(sure.margin, 0.98, 1e-15);
  assertAlmostEquals(unsure.margin, 0.2, 1e-15);
  assertAlmostEquals(unsure.entropy, 0.5 * Math.log(2) + 0.3 * Math.log(10 / 3) + 0.2 * Math.log(10), 1e-15);
  assert(sure.probability > unsure.probability && sure.margin > unsure.margin && sure.entropy < unsure.entropy);
  assertEquals(confidenceOf([0, 1, 0]), { probability: 1, margin: 1, entropy: 0 });
  assertEquals(confidenceOf([0.5, 0.5]).margin, 0);
  assertEquals(confidenceOf([1]), { probability: 1, margin: 1, entropy: 0 });
  assertThrows(() => confidenceOf([2, 1]), RangeError, "Cannot measure confidence with a probability of 2");
  assertThrows(() => confidenceOf([0.2, 0.2]), RangeError, "must sum to 1");
});

Deno.test("calibrationError() is the one worked by hand", () => {
  const answers = [answer(0.9, true), answer(0.9, false), answer(0.8, true), answer(0.4, false), answer(0.3, true)];
  assertAlmostEquals(calibrationError(equalWidthBins(answers, 2)), 0.18, 1e-15);
  // Ten bins: {0.3}, {0.4}, {0.8}, {0.9, 0.9}.
  assertAlmostEquals(calibrationError(equalWidthBins(answers, 10)), (0.7 + 0.4 + 0.2 + 2 * 0.4) / 5, 1e-15);
  // One bin: 3 of 5 are right, the mean confidence is 0.66.
  assertAlmostEquals(calibrationError(equalMassBins(answers, 1)), 0.06, 1e-15);
});

Deno.test("equalWidthBins() puts a border into the lower bin, whatever rounds", () => {
  for (const numBins of [3, 7, 10, 15, 49]) {
    for (let m = 0; m <= numBins; m++) {
      const [bin] = equalWidthBins([answer(m / numBins, true)], numBins);
      assertEquals(bin!.to, Math.max(1, m) / numBins, `border ${m} of ${numBins}`);
    }
  }
});

Deno.test("equalMassBins() parts answers evenly and keeps equal ones together", () => {
  const random = new Random(4), answers = calibrated(100, random);
  assertEquals(equalMassBins(answers, 8).map(({ predictions }) => predictions.length), [
    13,
    12,
    13,
    12,
    13,
    12,
    13,
    12,
  ]);
  const same = [0.5, 0.5, 0.5, 0.5, 0.9].map((confidence) => answer(confidence, true));
  assertEquals(equalMassBins(same, 5).map(({ predictions }) => predictions.length), [4, 1]);
  // The order of equal answers does not matter.
  const mixed = [answer(0.5, true), answer(0.5, false), answer(0.5, true), answer(0.7, false)];
  assertEquals(
    calibrationError(equalMassBins(mixed, 3)),
    calibrationError(equalMassBins([mixed[1]!, mixed[3]!, mixed[0]!, mixed[2]!], 3)),
  );
});

Deno.test("bins, errors, Brier score and temperature are those of scikit-learn and SciPy", () => {
  for (const { logits, labels, bins, width, mass, brier, temperature, loss } of golden.cases) {
    const predictions = topPredictions(logits, labels);
    for (
      const [found, wanted] of [[equalWidthBins(predictions, bins), width], [
        equalMassBins(predictions, bins),
        mass,
      ]] as const
    ) {
      assertEquals(found.map(({ predictions }) => predictions.length), wanted.counts);
      found.forEach(({ accuracy, confidence }, m) => {
        assertAlmostEquals(accuracy, wanted.accuracies[m]!, 1e-12);
        assertAlmostEquals(confidence, wanted.confidences[m]!, 1e-12);
      });
      assertAlmostEquals(calibrationError(found), wanted.error, 1e-12);
      assertAlmostEquals(brierScore(found).score, brier, 1e-12);
    }
    const fitted = fitTemperature(logits, labels);
    // SciPy searches by values, so it knows the place of a minimum to the root of float64's precision.
    assertAlmostEquals(fitted / temperature, 1, 1e-6);
    assert(lossAt(logits, labels, fitted) <= loss + 1e-13);
  }
});

Deno.test("brierScore() is the sum of its parts, and nothing is left within bins of equal answers", () => {
  const random = new Random(5), answers = calibrated(500, random);
  for (const bins of [equalWidthBins(answers, 10), equalMassBins(answers, 7)]) {
    const { score, reliability, resolution, uncertainty, within } = brierScore(bins);
    assertAlmostEquals(score, reliability - resolution + uncertainty + within, 1e-15);
    assertAlmostEquals(
      score,
      answers.reduce((sum, { confidence, correct }) => sum + (confidence - Number(correct)) ** 2 / 500, 0),
      1e-12,
    );
    // The remainder by its own formula: variance of the confidence minus twice its covariance with correctness.
    const own = bins.reduce((sum, { predictions, confidence, accuracy }) =>
      sum + predictions.reduce((inner, one) => {
          const away = one.confidence - confidence;
          return inner + away * away - 2 * away * (Number(one.correct) - accuracy);
        }, 0) / 500, 0);
    assertAlmostEquals(within, own, 1e-12);
  }
  const tenths = answers.map(({ confidence, correct }) => answer(Math.round(10 * confidence) / 10, correct));
  assertAlmostEquals(
    brierScore(equalWidthBins(tenths, 10)).within,
    brierScore(equalMassBins(tenths, 500)).within,
    0.02,
  );
  assertAlmostEquals(brierScore(equalMassBins(tenths, 500)).within, 0, 1e-15);
});

Deno.test("the calibration error of a calibrated model falls as the answers become more", () => {
  const errors = [100, 10_000, 1_000_000].map((count) => {
    const answers = calibrated(count, new Random(6));
    return [equalWidthBins(answers, 15), equalMassBins(answers, 15)].map(calibrationError);
  });
  // A gap of one bin of n answers is at most 0.5 / √n on average, and there are 15 bins.
  [100, 10_000, 1_000_000].forEach((count, i) => {
    for (const error of errors[i]!) assert(error < 0.5 * Math.sqrt(15 / count), `${count}: ${error}`);
  });
});

Deno.test("fitTemperature() finds the temperature that labels were drawn with", () => {
  for (const [seed, temperature] of [[1, 0.5], [2, 1], [3, 2.5]] as const) {
    const [rows, labels] = drawnWith(temperature, 20_000, 5, new Random(seed)), fitted = fitTemperature(rows, labels);
    // The standard error of β is 1 / √(N · variance of the logits under the model).
    assertAlmostEquals(fitted, temperature, 0.05 * temperature);
    // At the minimum the expected logit is that of the labels, to float64's precision.
    const gap = rows.reduce((sum, row, i) => {
      const p = toProbabilities(row.map((z) => z / fitted));
      return sum + row.reduce((inner, z, token) => inner + p[token]! * z, 0) - row[labels[i]!]!;
    }, 0) / rows.length;
    assert(Math.abs(gap) < 1e-12, `${gap}`);
  }
  // Two classes: the logistic function of 2/τ is 3/4.
  assertAlmostEquals(fitTemperature([[2, 0], [2, 0], [2, 0], [2, 0]], [0, 0, 0, 1]), 2 / Math.log(3), 4e-16);
});

Deno.test("fitTemperature() does not depend on the scale of the logits but for its own", () => {
  const [rows, labels] = drawnWith(1.3, 300, 4, new Random(8)), fitted = fitTemperature(rows, labels);
  for (const scale of [1e-150, 1e-6, 1e4, 1e150]) {
    const scaled = fitTemperature(rows.map((row) => row.map((z) => z * scale)), labels);
    assertAlmostEquals(scaled / scale / fitted, 1, 1e-12);
  }
  const shifted = fitTemperature(rows.map((row, i) => row.map((z) => z + 8 * i)), labels);
  assertAlmostEquals(shifted / fitted, 1, 1e-9);
});

Deno.test("a temperature changes no answer, and lowers the loss of what it was fitted on", () => {
  const [rows, labels] = drawnWith(3, 500, 6, new Random(9)), temperature = fitTemperature(rows, labels);
  const before = topPredictions(rows, labels), after = topPredictions(rows, labels, temperature);
  assertEquals(after.map(({ correct }) => correct), before.map(({ correct }) => correct));
  assert(lossAt(rows, labels, temperature) < lossAt(rows, labels, 1));
  for (const near of [0.999, 1.001]) {
    assert(lossAt(rows, labels, temperature) < lossAt(rows, labels, near * temperature));
  }
  assert(calibrationError(equalWidthBins(after, 10)) < calibrationError(equalWidthBins(before, 10)) / 3);
});

Deno.test("a temperature fitted on training examples does not repair an overfitted model", () => {
  // By heart: on its own examples all but one in a hundred are right, on others three in four.
  const rows = Array.from({ length: 400 }, () => [4, 0]);
  const own = rows.map((_, i) => Number(i % 100 === 0)), unseen = rows.map((_, i) => Number(i % 4 === 0));
  const error = (temperature: number) =>
    calibrationError(equalWidthBins(topPredictions(rows, unseen, temperature), 15));
  assert(error(fitTemperature(rows, own)) > 0.2);
  assert(error(fitTemperature(rows, unseen)) < 1e-12);
});

Deno.test("forbidden tokens and ignored labels take no part", () => {
  const plain = [[2, 0, 1], [0.5, 1, 0], [1, 3, 2], [0, 1, 0.5]], labels = [0, 0, 1, 2];
  const wider = plain.map((row) => [...row, -Infinity]);
  assertEquals(fitTemperature(wider, labels), fitTemperature(plain, labels));
  assertEquals(fitTemperature([...plain, [9, 9, 0]], [...labels, -100]), fitTemperature(plain, labels));
  assertEquals(topPredictions([...plain, [9, 9, 0]], [...labels, -100]), topPredictions(plain, labels));
});

Deno.test("fitTemperature() says why no temperature is the best", () => {
  assertThrows(() => fitTemperature([[1, 0], [3, 2]], [0, 0]), RangeError, "a lower temperature is always better");
  assertThrows(() => fitTemperature([[1, 0], [3, 2]], [1, 1]), RangeError, "a higher one is always better");
  assertThrows(() => fitTemperature([[1, 1]], [1]), RangeError, "Cannot fit a temperature");
  assertThrows(() => fitTemperature([[1, 0], [-Infinity, 0]], [1, 0]), RangeError, "is forbidden");
  assertThrows(() => fitTemperature([[1, 0]], [0, 1]), TypeError, "1 rows of logits and 2 labels");
  assertThrows(() => fitTemperature([[1, 0]], [2]), RangeError, "label");
  assertThrows(() => fitTemperature([[1, 0]], [-100]), RangeError, "at least one is needed");
  assertThrows(() => equalWidthBins([], 3), RangeError, "without answers");
  assertThrows(() => equalMassBins([answer(1.5, true)], 3), RangeError, "a confidence of 1.5");
  assertThrows(() => calibrationError([]), RangeError, "without answers");
});
