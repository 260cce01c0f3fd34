/** Prompts as text, and labels by the probability that a model gives them. */

import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  answerOf,
  chainOfThoughtPrompt,
  continuationScorer,
  fewShotPrompt,
  type PromptTask,
  scoreLabels,
  zeroShotPrompt,
} from "../../core/01_introduction/three_ways.ts";

const task: PromptTask = { labels: ["good", "bad"], instruction: "Judge.", input: "Q:", output: "A:" };

Deno.test("prompts are the instruction, the examples and the question, and end where the answer begins", () => {
  assertEquals(zeroShotPrompt("x", { labels: ["a", "b"] }), "Text: x\nLabel:");
  assertEquals(
    fewShotPrompt("x", [{ text: "y", label: "bad" }, { text: "z", label: "good" }], task),
    "Judge.\n\nQ: y\nA: bad\n\nQ: z\nA: good\n\nQ: x\nA:",
  );
  assertEquals(fewShotPrompt("x", [], { ...task, instruction: undefined, input: "" }), "x\nA:");
  assertEquals(
    chainOfThoughtPrompt("x", [{ text: "y", label: "bad", reasoning: "It broke." }], task, "Because:"),
    "Judge.\n\nQ: y\nBecause: It broke.\nA: bad\n\nQ: x\nBecause:",
  );
  assertEquals(chainOfThoughtPrompt("x", [], task), "Judge.\n\nQ: x\nLet's think step by step.");
  assertThrows(() => fewShotPrompt("x", [{ text: "y", label: "ugly" }], task), RangeError, 'an example of "ugly"');
  assertThrows(() => chainOfThoughtPrompt("x", [{ text: "y", label: "bad" }], task), RangeError, "has no reasoning");
  assertThrows(() => zeroShotPrompt("x", { labels: ["a"] }), RangeError, "at least two are needed");
});

Deno.test("answerOf() reads the label behind the last mark, the longer of two that fit", () => {
  assertEquals(answerOf(" It broke.\nA: bad\n\nQ:", task), "bad");
  assertEquals(answerOf("A: good\nA: bad", task), "bad");
  assertEquals(answerOf(" good", task), "good");
  assertEquals(answerOf("nothing", task), undefined);
  assertEquals(answerOf("A: not good", { ...task, labels: ["not", "not good"] }), "not good");
});

/** Tokens are characters; each has a probability that depends on the one before it. */
const encode = (text: string): number[] => [...text].map((character) => character.codePointAt(0)!);
const probability = (before: number, token: number): number => 1 / (2 + ((7 * before + 3 * token) % 11));
const byCharacters = {
  score: (tokens: readonly number[]) => tokens.slice(1).map((token, i) => Math.log(probability(tokens[i]!, token))),
};

Deno.test("continuationScorer() sums the log-probabilities of the continuation, each given all before it", async () => {
  const scorer = continuationScorer(byCharacters, encode);
  let expected = 0;
  const text = encode("ab cd");
  for (let i = 2; i < text.length; i++) expected += Math.log(probability(text[i - 1]!, text[i]!));
  assertAlmostEquals(await scorer.logProbability("ab", " cd"), expected, 1e-12);
  // Of a model that scores the first token too, the numbers are the same.
  const whole = { score: (tokens: readonly number[]) => [-5, ...byCharacters.score(tokens)] };
  assertAlmostEquals(await continuationScorer(whole, encode).logProbability("ab", " cd"), expected, 1e-12);
  assertAlmostEquals(await continuationScorer(whole, encode).logProbability("", "x"), -5, 1e-12);
  const short = continuationScorer({ score: () => [0] }, encode);
  await assertRejects(() => Promise.resolve(short.logProbability("ab", "cd")), RangeError, "1 scores of 4 tokens");
  // Where a tokenizer joins both sides, what is not the same without the continuation counts.
  const pairs = (text: string): number[] =>
    text.match(/..?/gs)?.map((pair) => encode(pair).reduce((a, b) => 256 * a + b)) ?? [];
  const joined = continuationScorer({ score: (tokens) => tokens.slice(1).map(() => -1) }, pairs);
  assertEquals(await joined.logProbability("abc", "d"), -1);
  assertEquals(await joined.logProbability("ab", "cd"), -1);
});

Deno.test("scoreLabels() never splits the space from its word", async () => {
  const asked: [string, string][] = [];
  const model = {
    logProbability: (
      prefix: string,
      continuation: string,
    ) => (asked.push([prefix, continuation]), -continuation.length),
  };
  await scoreLabels(model, "x", task, { neutral: "" });
  for (const [prefix, continuation] of asked) {
    assertEquals([/\s$/.test(prefix), /^ \S/.test(continuation)], [false, true]);
  }
  assertEquals(asked.map(([, continuation]) => continuation), [" good", " good", " bad", " bad"]);
});

Deno.test("scoreLabels() takes the most probable label, divided as the softmax of the scores, less what labels have anyway", async () => {
  // ln P: after "x" good 0.2, bad 0.1; after nothing good 0.4, bad 0.1.
  const table: Record<string, number> = { "x good": 0.2, "x bad": 0.1, " good": 0.4, " bad": 0.1 };
  const model = {
    logProbability: (prefix: string, continuation: string) =>
      Promise.resolve(Math.log(table[(prefix.includes("Q: x") ? "x" : "") + continuation]!)),
  };
  const plain = await scoreLabels(model, "x", task);
  assertEquals(plain.label, "good");
  assertAlmostEquals(plain.probabilities[0]!, 2 / 3, 1e-12);
  const less = await scoreLabels(model, "x", task, { neutral: "" });
  assertEquals(less.label, "bad");
  assertAlmostEquals(less.probabilities[1]!, 1 / (1 + 0.5), 1e-12);
  const shorter = await scoreLabels({ logProbability: (_, one) => -one.length }, "x", task, { perCharacter: true });
  assertEquals(shorter.scores, [-1, -1]);
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assertRejects(() => scoreLabels(model, "x", task, { signal: controller.signal }), Error, "enough");
});
