/** Features, scores, decisions and errors of rules. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  accuracy,
  chineseSentiment,
  decide,
  englishSentiment,
  findErrors,
  findFeatures,
  RuleBasedClassifier,
  scoreFeatures,
  splitText,
} from "../../core/01_introduction/rule_based_classifier.ts";
import { type LabelledText, sentiment, SENTIMENTS } from "../../core/corpora/sentiment.ts";

const rules = {
  tokenize: splitText,
  points: { good: 1, "good for nothing": -2, bad: -1, 好吃: 1, 不好吃: -1 },
  factors: { not: -1, very: 2, 不: -1, "a little": 0.5 },
  contrasts: ["but"],
  concession: 0.5,
};
const values = (text: string, more = {}): number[] =>
  findFeatures(text, { ...rules, ...more }).map(({ value }) => value);

Deno.test("splitText() cuts words at what is no letter, and Chinese at every character", () => {
  assertEquals(splitText("Don’t PANIC, it's 3.5 km!"), ["don’t", "panic", "it's", "3", "5", "km"]);
  assertEquals(splitText("很好吃abc，ok。カキ"), ["很", "好", "吃", "abc", "ok", "カ", "キ"]);
  assertEquals(splitText("caf\u0065\u0301 naïve"), ["café", "naïve"]);
  assertEquals(splitText(" \n"), []);
});

Deno.test("findFeatures() takes the longest phrase, and lets words before it modify it", () => {
  assertEquals(values("good"), [1]);
  assertEquals(values("He is good for nothing"), [-2]);
  assertEquals(values("not good"), [-1]);
  assertEquals(values("not very good"), [-2]);
  assertEquals(values("a little bad"), [-0.5]);
  // The reach is three words, and what another feature has used is used up.
  assertEquals(values("not a b good"), [-1]);
  assertEquals(values("not a b c good"), [1]);
  assertEquals(values("not good, good"), [-1, 1]);
  assertEquals(values("not good", { reach: 0 }), [1]);
  assertEquals(values("bad but good"), [-0.5, 1]);
  assertEquals(values("bad but good but bad"), [-0.5, 0.5, -1]);
  assertEquals(values("bad but good", { concession: undefined }), [-1, 1]);
  assertEquals(values("不好吃"), [-1]);
  assertEquals(values("不很好吃"), [-1]);
  assertEquals(findFeatures("very bad", rules), [{ phrase: "bad", at: 1, points: -1, value: -2, because: ["very"] }]);
});

Deno.test("decide() gives each score one class, thresholds outwards", () => {
  const labels = ["negative", "neutral", "positive"];
  const of = (value: number) => decide(value, [-0.5, 0.5], labels);
  assertEquals([-9, -0.5, -0.49, 0, 0.49, 0.5, 9].map(of), [
    ...["negative", "negative", "neutral", "neutral", "neutral", "positive", "positive"],
  ]);
  assertEquals(decide(3, [], ["only"]), "only");
  assertThrows(() => decide(0, [1, 1], labels), RangeError, "each must be greater");
  assertThrows(() => decide(0, [1], labels), RangeError, "one threshold fewer");
});

Deno.test("scoreFeatures() of a text is the same whatever stands between its features", () => {
  assertEquals(scoreFeatures(findFeatures("good film and bad cast", rules)), 0);
  assertEquals(scoreFeatures([]), 0);
});

Deno.test("the tables for reviews contradict themselves nowhere, and hold no phrase that can never be found", () => {
  for (const { points, factors, tokenize } of [englishSentiment, chineseSentiment]) {
    for (const [phrase, value] of Object.entries(points)) {
      const words = tokenize(phrase);
      assert(words.length > 0, phrase);
      const found = findFeatures(phrase, { tokenize, points });
      assertEquals(found.map((one) => [one.phrase, one.value]), [[phrase, value]]);
      assert(!(phrase in factors!), phrase);
    }
  }
});

Deno.test("rules patched on some texts are right about these and no better on others", () => {
  const { validation, test } = sentiment("english");
  const of = (points: Readonly<Record<string, number>>) =>
    new RuleBasedClassifier<string>({ ...englishSentiment, points }, [-0.5, 0.5], SENTIMENTS);
  const right = (classifier: RuleBasedClassifier<string>, examples: readonly LabelledText[]) =>
    accuracy(examples.map(({ label }) => label), examples.map(({ text }) => classifier.classify(text)));
  const before = of(englishSentiment.points), errors = findErrors<string>(before, validation);
  // Each wrong text becomes a rule of its own.
  const patches = errors.map((
    { text, label },
  ) => [text, 99 * (SENTIMENTS.indexOf(label as typeof SENTIMENTS[number]) - 1)]);
  const after = of({ ...englishSentiment.points, ...Object.fromEntries(patches) });
  assert(errors.length > 5);
  assertEquals(right(after, validation), 1);
  assertEquals(right(after, test), right(before, test));
});

Deno.test("findErrors() returns the wrong ones with both answers", () => {
  const classifier = { classify: (text: string) => text.length };
  const examples = [{ text: "a", label: 1 }, { text: "bb", label: 1 }];
  assertEquals(findErrors(classifier, examples), [{ text: "bb", label: 1, answer: 2 }]);
});
