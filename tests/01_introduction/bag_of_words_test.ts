/** Bags of words, against one-hot sums, central differences and a mean over all updates. */

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BagOfWords,
  gradient,
  perceptron,
  rewarding,
  trainBagOfWords,
  type UpdateRule,
  withPairs,
} from "../../core/01_introduction/bag_of_words.ts";
import { splitText } from "../../core/01_introduction/rule_based_classifier.ts";
import { Random } from "../../core/engine/random.ts";

const labels = ["a", "b", "c"], vocabulary = ["x", "y", "z"];
const model = (seed = 1): BagOfWords => {
  const made = new BagOfWords({ labels, vocabulary, tokenize: splitText }), random = new Random(seed);
  for (const table of [made.weights, made.bias]) for (let i = 0; i < table.length; i++) table[i] = random.next() - 0.5;
  return made;
};

Deno.test("BagOfWords.scores() is W times the sum of one-hot vectors, plus the bias", () => {
  const bag = model(), text = "x z x unknown y x";
  const sum = vocabulary.map((word) => splitText(text).filter((one) => one === word).length);
  const expected = labels.map((_, c) =>
    sum.reduce((total, count, v) => total + count * bag.weights[3 * c + v]!, bag.bias[c]!)
  );
  bag.scores(text).forEach((score, c) => assertAlmostEquals(score, expected[c]!, 1e-12));
  assertEquals(bag.scores("x y z"), bag.scores("z x y"));
  assertAlmostEquals(bag.probabilities(text).reduce((a, b) => a + b), 1, 1e-12);
  // Scores whose exponentials are no numbers any more.
  bag.bias.set([1e4, 0, -1e4]);
  assertEquals(Array.from(bag.probabilities("")), [1, 0, 0]);
});

Deno.test("gradient is the derivative of the cross-entropy, and rules move only the words of the text", () => {
  const text = "x y x", rate = 0.1, epsilon = 1e-6;
  for (let target = 0; target < 3; target++) {
    const bag = model(4),
      before = bag.weights.slice(),
      loss = (): number => -Math.log(bag.probabilities(text)[target]!);
    const slopes = Array.from(before, (_, i) => {
      const at = (shift: number): number => {
        bag.weights[i] = before[i]! + shift;
        const value = loss();
        bag.weights[i] = before[i]!;
        return value;
      };
      return (at(epsilon) - at(-epsilon)) / (2 * epsilon);
    });
    bag.update(text, labels[target]!, gradient, rate);
    bag.weights.forEach((weight, i) => assertAlmostEquals(weight, before[i]! - rate * slopes[i]!, 1e-9));
    for (const c of [0, 1, 2]) assertEquals(bag.weights[3 * c + 2], before[3 * c + 2]);
  }
});

Deno.test("perceptron moves nothing after a right answer, rewarding does", () => {
  const bag = model(2), answer = bag.classify("x y"), before = bag.weights.slice();
  assert(bag.update("x y", answer, perceptron));
  assertEquals(bag.weights, before);
  bag.update("x y", answer, rewarding);
  const row = 3 * labels.indexOf(answer);
  assertEquals(Array.from(bag.weights, (weight, i) => Math.round(10 * (weight - before[i]!))).slice(row, row + 3), [
    10,
    10,
    0,
  ]);
});

Deno.test("trainBagOfWords() with average answers with the mean of the weights after every text", async () => {
  const random = new Random(6), words = ["p", "q", "r", "s", "t"];
  const examples = Array.from({ length: 30 }, () => ({
    text: Array.from({ length: 4 }, () => words[random.integer(5)]!).join(" "),
    label: ["u", "v"][random.integer(2)]!,
  }));
  for (const rule of [perceptron, gradient, rewarding]) {
    const trained = await trainBagOfWords(examples, { rule, epochs: 3, learningRate: 0.3, random: new Random(8) });
    const slow = new BagOfWords({ labels: trained.labels, vocabulary: trained.vocabulary }), draws = new Random(8);
    const sum = new Float64Array(slow.weights.length), bias = new Float64Array(2);
    let steps = 0;
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const i of draws.permutation(30)) {
        slow.update(examples[i]!.text, examples[i]!.label, rule, 0.3);
        slow.weights.forEach((weight, w) => sum[w]! += weight);
        slow.bias.forEach((one, c) => bias[c]! += one);
        steps++;
      }
    }
    trained.weights.forEach((weight, w) => assertAlmostEquals(weight, sum[w]! / steps, 1e-9));
    trained.bias.forEach((one, c) => assertAlmostEquals(one, bias[c]! / steps, 1e-9));
  }
});

Deno.test("trainBagOfWords() separates what can be separated, with any number of classes and any pieces", async () => {
  const random = new Random(3), classes = Array.from({ length: 7 }, (_, c) => `class ${c}`);
  const draw = () => {
    const c = random.integer(7);
    return { text: `${"ab".repeat(c)} w${random.integer(50)} w${random.integer(50)}`, label: classes[c]! };
  };
  const training = Array.from({ length: 400 }, draw), test = Array.from({ length: 100 }, draw);
  const byLetters = (text: string): string[] => text.split(/\s/).map((word) => `${word.length}`);
  for (const tokenize of [splitText, byLetters, withPairs(splitText)]) {
    const bag = await trainBagOfWords(training, { tokenize, epochs: 20 });
    assertEquals(bag.labels, classes);
    const right = test.filter(({ text, label }) => bag.classify(text) === label).length;
    assert(right >= 95, String(right));
  }
});

Deno.test("trainBagOfWords() knows no word that only the test has", async () => {
  const bag = await trainBagOfWords([{ text: "one two", label: "a" }, { text: "two three", label: "b" }]);
  assertEquals(bag.vocabulary, ["one", "two", "three"]);
  assertEquals(bag.scores("four five"), bag.scores(""));
  const frequent = await trainBagOfWords([{ text: "one two", label: "a" }, { text: "two two", label: "b" }], {
    minCount: 2,
  });
  assertEquals(frequent.vocabulary, ["two"]);
});

Deno.test("trainBagOfWords() takes thousands of texts, can be stopped, and reports each epoch", async () => {
  const random = new Random(1), words = Array.from({ length: 20_000 }, (_, i) => `w${i}`);
  const examples = Array.from({ length: 5000 }, (_, i) => ({
    text: Array.from({ length: 20 }, () => words[random.integer(words.length)]!).join(" ") + (i % 2 ? " odd" : ""),
    label: i % 2 ? "odd" : "even",
  }));
  const seen: number[] = [];
  const bag = await trainBagOfWords(examples, { epochs: 3, onProgress: ({ epoch }) => seen.push(epoch) });
  assertEquals(seen, [1, 2, 3]);
  assertEquals(bag.tellingWords("odd", 1)[0]!.word, "odd");
  const controller = new AbortController(), reason = new Error("enough");
  controller.abort(reason);
  await assertRejects(() => trainBagOfWords(examples, { signal: controller.signal }), Error, "enough");
});

Deno.test("BagOfWords() refuses what it cannot count or learn", async () => {
  assertThrows(() => new BagOfWords({ labels: ["a"], vocabulary: [] }), RangeError, "at least two classes");
  assertThrows(() => new BagOfWords({ labels: ["a", "b"], vocabulary: ["x", "x"] }), RangeError, 'hold "x" twice');
  assertThrows(
    () => model().update("x", "d", gradient),
    RangeError,
    'Cannot learn the label "d": it must be one of a, b, c',
  );
  assertThrows(() => model().update("x", "a", {} as UpdateRule), TypeError, "an update rule");
  assertThrows(() => model().weightsOf("d"), RangeError, 'Cannot find the label "d"');
  await assertRejects(() => trainBagOfWords([{ text: "x", label: "a" }]), RangeError, "at least two classes");
  await assertRejects(
    () => trainBagOfWords([{ text: "x", label: "a" }, { text: "y", label: "b" }], { labels: ["a", "c"] }),
    RangeError,
    '"b"',
  );
});

Deno.test("withPairs() adds neighbours up to the length that is asked for", () => {
  assertEquals(withPairs(splitText)("a b c"), ["a", "b", "c", "a b", "b c"]);
  assertEquals(withPairs(splitText, 3)("a b c"), ["a", "b", "c", "a b", "b c", "a b c"]);
  assertEquals(withPairs(splitText, 1)("a b"), ["a", "b"]);
  assertEquals(withPairs(splitText)(""), []);
});
