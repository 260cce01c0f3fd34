import { assert, assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { sentenceBleu } from "../../core/06_training/bleu.ts";
import { sentenceChrf } from "../../core/06_training/chrf.ts";
import {
  bleuGain,
  chrfGain,
  exactMatch,
  type Gain,
  minimumBayesRisk,
  poolOutputs,
  probabilityWeights,
  selfConsistency,
  wordOverlap,
} from "../../core/07_generation/minimum_bayes_risk.ts";
import { Random } from "../../core/engine/random.ts";

/** The sentences of the notes and their probabilities. */
const CAT = ["The cat sat down.", "The cat got out of there.", "The cat sprinted off.", "The cat ran away."];
const PROBABILITIES = [0.3, 0.15, 0.2, 0.25];

/** Whether two of them say the same. */
const meaning: Gain<string, boolean> = {
  prepare: (sentence) => sentence === CAT[0],
  gain: (candidate, reference) => candidate === reference ? 1 : 0,
};

/** Texts of a few words drawn by chance. */
function texts(seed: number, count: number): string[] {
  const random = new Random(seed), words = ["a", "b", "c", "d"];
  return Array.from(
    { length: count },
    () => Array.from({ length: 1 + random.integer(4) }, () => words[random.integer(4)]!).join(" "),
  );
}

Deno.test("minimumBayesRisk() chooses what the notes choose, if the gain sees the meaning", () => {
  const weights = PROBABILITIES;
  const { output, index, gains } = minimumBayesRisk(CAT, meaning, { weights });
  assertEquals([output, index], [CAT[1]!, 1]);
  assertAlmostEquals(gains[0]!, 0.3 / 0.9, 1e-12);
  for (const gain of gains.slice(1)) assertAlmostEquals(gain, 0.6 / 0.9, 1e-12);
  // By their words the first sentence is as near to each of the others as they are to one another.
  assertEquals(minimumBayesRisk(CAT, wordOverlap, { weights }).index, 0);
  assertEquals(minimumBayesRisk(CAT, exactMatch, { weights }).index, 0);
});

Deno.test("minimumBayesRisk() by exact match is the most probable output", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const samples = texts(seed, 30), counts = new Map<string, number>();
    for (const sample of samples) counts.set(sample, (counts.get(sample) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const { output, gains, index } = minimumBayesRisk(samples, exactMatch);
    assertEquals(counts.get(output), most);
    assertAlmostEquals(gains[index]!, most / samples.length, 1e-12);
  }
});

Deno.test("minimumBayesRisk() is the double sum of its formula", () => {
  const gain: Gain<string> = { prepare: (text) => text, gain: (a, b) => Math.sin(a.length + 3 * b.length) };
  for (let seed = 1; seed <= 20; seed++) {
    const candidates = texts(seed, 7), references = texts(seed + 100, 5), random = new Random(seed);
    const weights = references.map(() => random.next());
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const { gains, index } = minimumBayesRisk(candidates, gain, { references, weights });
    candidates.forEach((candidate, i) => {
      let expected = 0;
      references.forEach((reference, j) => expected += weights[j]! / total * gain.gain(candidate, reference));
      assertAlmostEquals(gains[i]!, expected, 1e-12);
      assert(gains[index]! >= gains[i]!);
    });
  }
});

Deno.test("minimumBayesRisk() chooses the same whether a candidate is compared with itself or not", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const samples = texts(seed, 12), { gains, index } = minimumBayesRisk(samples, wordOverlap);
    const others = samples.map((sample, i) =>
      samples.reduce((sum, other, j) => {
        const [a, b] = [wordOverlap.prepare(sample), wordOverlap.prepare(other)];
        return i === j ? sum : sum + wordOverlap.gain(a, b);
      }, 0)
    );
    // The gain of a sentence with itself is 1, for each of them.
    gains.forEach((gain, i) => assertAlmostEquals(gain * samples.length, others[i]! + 1, 1e-9));
    assertAlmostEquals(others[index]!, Math.max(...others), 1e-9);
  }
});

Deno.test("the risk is what is missing from the gain: the smallest is the largest", () => {
  const samples = texts(3, 20);
  const risk: Gain<string, ReadonlyMap<string, number>> = {
    prepare: wordOverlap.prepare,
    gain: (a, b) => -(1 - wordOverlap.gain(a, b)),
  };
  assertEquals(minimumBayesRisk(samples, risk).index, minimumBayesRisk(samples, wordOverlap).index);
});

Deno.test("gains are the measures they are named after", () => {
  const [a, b] = ["The cat sat on the mat", "the cat is on the mat, the cat"];
  // 5 words in common (the, the, cat, on, mat), of 6 and 8.
  const overlap = wordOverlap.gain(wordOverlap.prepare(a), wordOverlap.prepare(b));
  assertAlmostEquals(overlap, 2 * 5 / 14, 1e-12);
  assertEquals(wordOverlap.gain(wordOverlap.prepare(""), wordOverlap.prepare("!")), 1);
  assertEquals(wordOverlap.gain(wordOverlap.prepare("a"), wordOverlap.prepare("")), 0);
  assertEquals(bleuGain.gain(bleuGain.prepare(a), bleuGain.prepare(b)), sentenceBleu(a, b).score);
  for (const options of [{}, { wordOrder: 2, beta: 1 }]) {
    const gain = chrfGain(options);
    assertEquals(gain.gain(gain.prepare(a), gain.prepare(b)), sentenceChrf(a, b, options).score);
  }
});

Deno.test("probabilityWeights() are shares of the probability, in any unit of it", () => {
  const logs = PROBABILITIES.map((p) => Math.log(p)), far = logs.map((log) => log - 1e4);
  for (const given of [logs, far]) {
    probabilityWeights(given).forEach((weight, i) => assertAlmostEquals(weight, PROBABILITIES[i]! / 0.9, 1e-9));
  }
  const even = probabilityWeights([-1, -3], 1e9);
  assertAlmostEquals(even[0]!, 0.5, 1e-6);
  assertEquals(probabilityWeights([0, -Infinity]), [1, 0]);
  assertThrows(() => probabilityWeights([-Infinity]), RangeError, "Cannot weigh outputs");
  assertThrows(() => probabilityWeights([0], 0), RangeError, "temperature");
});

Deno.test("poolOutputs() gives every model its weight, however much it says", () => {
  const { outputs, weights } = poolOutputs([
    { outputs: ["a", "b", "a", "a"] },
    { outputs: ["c"], weight: 2 },
    { outputs: ["d", "e"], weights: [3, 1], weight: 0.5 },
  ]);
  assertEquals(outputs, ["a", "b", "a", "a", "c", "d", "e"]);
  assertEquals(weights, [0.25, 0.25, 0.25, 0.25, 2, 0.375, 0.125]);
  // Each as one vote, the four of the first model would win.
  assertEquals(minimumBayesRisk(outputs, exactMatch).output, "a");
  assertEquals(minimumBayesRisk(outputs, exactMatch, { weights }).output, "c");
  assertThrows(() => poolOutputs([{ outputs: [] }]), RangeError, "Cannot pool 0 outputs of model 0");
  assertThrows(() => poolOutputs([{ outputs: ["a"], weights: [1, 2] }]), RangeError, "Cannot pool 1 outputs");
});

Deno.test("selfConsistency() is minimumBayesRisk() with exact match of answers", () => {
  const random = new Random(4);
  for (let round = 0; round < 50; round++) {
    const chains = Array.from({ length: 15 }, () => `${random.next()} so ${random.integer(4)}`);
    const answerOf = (chain: string): string => chain.split(" so ")[1]!;
    const answers: Gain<string> = { prepare: answerOf, gain: (a, b) => a === b ? 1 : 0 };
    const { answer, share, voters } = selfConsistency(chains, answerOf);
    const { output, gains, index } = minimumBayesRisk(chains, answers);
    assertEquals(answer, answerOf(output));
    assertAlmostEquals(share, gains[index]!, 1e-12);
    assertEquals(voters.map((i) => answerOf(chains[i]!)), voters.map(() => answer));
  }
});

Deno.test("selfConsistency() gives no vote to an output without an answer", () => {
  const answerOf = (text: string) => /\d/.exec(text)?.[0];
  assertEquals(selfConsistency(["no", "no", "1", "2", "2"], answerOf), { answer: "2", share: 2 / 3, voters: [3, 4] });
  assertEquals(selfConsistency(["1", "2"], answerOf, [1, 3]).answer, "2");
  assertThrows(() => selfConsistency(["no"], answerOf), RangeError, "none of 1 outputs has an answer");
});

Deno.test("a gain without a penalty for length chooses the longest candidate", () => {
  const samples = ["a b", "a b", "a b c d e f a b c d e f"];
  const common: Gain<string, string[]> = {
    prepare: (text) => text.split(" "),
    gain: (candidate, reference) => candidate.filter((word) => reference.includes(word)).length,
  };
  assertEquals(minimumBayesRisk(samples, common).index, 2);
  assertEquals(minimumBayesRisk(samples, wordOverlap).index, 0);
});

Deno.test("minimumBayesRisk() approaches the expected gain as samples are added", () => {
  // Three outputs of known probability: the estimate from samples is within five standard errors.
  const outputs = ["a b", "a c", "d"], p = [0.3, 0.3, 0.4], random = new Random(9), count = 4000;
  const exact = minimumBayesRisk(outputs, wordOverlap, { weights: p }).gains;
  const references = Array.from({ length: count }, () => outputs[random.categorical(p)]!);
  minimumBayesRisk(outputs, wordOverlap, { references }).gains.forEach((gain, i) =>
    assertGreater(5 * 0.5 / Math.sqrt(count), Math.abs(gain - exact[i]!))
  );
  // The most probable output is not the one with the largest expected gain.
  assertEquals(exact.indexOf(Math.max(...exact)), 0);
});

Deno.test("minimumBayesRisk() says what is wrong with its arguments", () => {
  assertThrows(() => minimumBayesRisk([], exactMatch), RangeError, "Cannot choose among 0 candidates");
  assertThrows(() => minimumBayesRisk(["a"], exactMatch, { references: [] }), RangeError, "by 0 references");
  assertThrows(() => minimumBayesRisk(["a"], exactMatch, { weights: [1, 2] }), RangeError, "2 weights for 1");
  assertThrows(() => minimumBayesRisk(["a"], exactMatch, { weights: [0] }), RangeError, "add up to 0");
  assertThrows(() => minimumBayesRisk(["a"], exactMatch, { weights: [-1] }), "weights");
  const broken: Gain<string> = { prepare: (text) => text, gain: () => NaN };
  assertThrows(() => minimumBayesRisk(["a"], broken), RangeError, "candidate 0 is NaN");
  assertThrows(() => minimumBayesRisk(["a"], {} as Gain<string>), TypeError, "gain");
  assertThrows(() => minimumBayesRisk(["a"], exactMatch, { weight: [1] } as never), TypeError, "weight");
});
