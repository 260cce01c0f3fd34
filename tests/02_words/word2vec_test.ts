import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  AliasTable,
  analogy,
  cbow,
  contextModels,
  cosine,
  keepProbabilities,
  negativeSamplingLoss,
  negativeSamplingStep,
  neighbours,
  noiseProbabilities,
  principalComponents,
  readWordVectors,
  skipGram,
  trainWord2vec,
  type Word2vecProgress,
  wordVectorLines,
  WordVectors,
} from "../../core/02_words/word2vec/mod.ts";
import { wordAt } from "../../core/02_words/word2vec/noise.ts";
import { Learner, sfc32 } from "../../core/02_words/word2vec/training.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import recorded from "../goldens/word2vec.json" with { type: "json" };
import { assertClose, assertGradients, normal, onEveryBackend, onReference } from "../support.ts";

const near = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-12): void => {
  assertEquals(a.length, b.length);
  Array.from(a).forEach((x, i) => assertAlmostEquals(x, b[i]!, tolerance));
};
const SENTENCES = ["we drink hot tea", "we drink hot coffee", "they read a book", "they read a letter"]
  .map((sentence) => sentence.split(" "));

// ## The step

Deno.test("negativeSamplingStep() trains both tables as numpy does", () => {
  const [inputs, outputs] = [recorded.start.inputs, recorded.start.outputs].map((rows) =>
    rows.map((row) => row.slice())
  );
  for (const { from, words, rate, loss } of recorded.steps) {
    const hidden = inputs![0]!.map((_, e) => from.reduce((sum, id) => sum + inputs![id]![e]!, 0) / from.length);
    const before = words.map((word) => outputs![word]!.slice());
    const step = negativeSamplingStep(hidden, before, rate);
    assertAlmostEquals(step.loss, loss, 1e-10);
    step.outputs.forEach((row, k) => row.forEach((x, e) => outputs![words[k]!]![e]! += x - before[k]![e]!));
    for (const id of from) step.hidden.forEach((x, e) => inputs![id]![e]! += (x - hidden[e]!) / from.length);
  }
  recorded.trained.inputs.forEach((row, id) => near(inputs![id]!, row, 1e-10));
  recorded.trained.outputs.forEach((row, id) => near(outputs![id]!, row, 1e-10));
});

/** A learner with given tables. */
function learnerOf(
  inputs: readonly (readonly number[])[],
  outputs: readonly (readonly number[])[],
  numNegatives = 5,
): Learner {
  const learner = new Learner(inputs.length, inputs[0]!.length, numNegatives, new Random(1));
  inputs.forEach((row, id) => learner.inputs[id]!.set(row));
  outputs.forEach((row, id) => learner.outputs[id]!.set(row));
  return learner;
}

Deno.test("Learner.step() trains both tables as numpy does, with means and with words that were drawn twice", () => {
  const learner = learnerOf(recorded.start.inputs, recorded.start.outputs);
  for (const { from, words, rate, loss } of recorded.steps) {
    assertAlmostEquals(learner.step(from, Int32Array.from(words), rate), loss, 1e-10);
  }
  assert(recorded.steps.some(({ words }) => new Set(words).size < words.length), "some word was drawn twice");
  assert(recorded.steps.some(({ from }) => new Set(from).size < from.length), "some row was used twice");
  recorded.trained.inputs.forEach((row, id) => near(learner.inputs[id]!, row, 1e-10));
  recorded.trained.outputs.forEach((row, id) => near(learner.outputs[id]!, row, 1e-10));
});

Deno.test("Learner.step() does what the definition does, for any width and number of negatives", () => {
  for (const E of [1, 2, 3, 4, 15, 16, 17, 64]) {
    for (const K of [0, 1, 2, 3, 5, 8]) {
      const random = new Random(E * 10 + K),
        table = () => Array.from({ length: 12 }, () => Array.from({ length: E }, () => 2 * random.next() - 1));
      const inputs = table(), outputs = table(), learner = learnerOf(inputs, outputs, K);
      const words = Array.from({ length: K + 1 }, (_, k) => k + 1);
      const step = negativeSamplingStep(inputs[0]!, words.map((word) => outputs[word]!), 0.3);
      assertAlmostEquals(learner.step([0], Int32Array.from(words), 0.3), step.loss, 1e-12);
      near(learner.inputs[0]!, step.hidden);
      words.forEach((word, k) => near(learner.outputs[word]!, step.outputs[k]!));
      near(learner.inputs[1]!, inputs[1]!, 0);
      near(learner.outputs[0]!, outputs[0]!, 0);
    }
  }
});

Deno.test("negativeSamplingStep() goes against the difference quotients of its loss", () => {
  const hidden = [0.4, -0.7, 1.1], outputs = [[0.3, 0.2, -0.5], [1, -1, 0.4], [-0.2, 0.9, 0.6]], rate = 1;
  const step = negativeSamplingStep(hidden, outputs, rate), small = 1e-6;
  const loss = (h: number[], rows: number[][]): number => negativeSamplingStep(h, rows, rate).loss;
  hidden.forEach((x, e) => {
    const slope = (loss(hidden.with(e, x + small), outputs) - loss(hidden.with(e, x - small), outputs)) / (2 * small);
    assertAlmostEquals(step.hidden[e]!, x - slope, 1e-8);
  });
  outputs.forEach((row, k) =>
    row.forEach((x, e) => {
      const at = (y: number): number => loss(hidden, outputs.with(k, row.with(e, y)));
      assertAlmostEquals(step.outputs[k]![e]!, x - (at(x + small) - at(x - small)) / (2 * small), 1e-8);
    })
  );
});

onEveryBackend("negativeSamplingLoss() is the loss of the step, and its gradient the step's direction", async () => {
  const hidden = [0.4, -0.7, 1.1], outputs = [[0.3, 0.2, -0.5], [1, -1, 0.4], [-0.2, 0.9, 0.6]];
  const h = parameter(tensor(hidden)), rows = parameter(tensor(outputs)), loss = negativeSamplingLoss(h, rows);
  loss.backward();
  const step = negativeSamplingStep(hidden, outputs, 1);
  await assertClose(loss, step.loss, { rtol: 1e-5, atol: 1e-6 });
  await assertClose(h.grad!, hidden.map((x, e) => x - step.hidden[e]!), { rtol: 1e-4, atol: 1e-5 });
  await assertClose(rows.grad!, outputs.map((row, k) => row.map((x, e) => x - step.outputs[k]![e]!)), {
    rtol: 1e-4,
    atol: 1e-5,
  });
  await assertClose(negativeSamplingLoss(tensor([200, 0]), tensor([[-1, 0], [1, 0]])), 400, { rtol: 1e-5 });
});

onReference("negativeSamplingLoss() has the gradient of its formula", async () => {
  const h = parameter(normal(1, 4)), rows = parameter(normal(2, 3, 4));
  await assertGradients(() => negativeSamplingLoss(h, rows), [h, rows]);
});

Deno.test("negativeSamplingStep() and negativeSamplingLoss() refuse widths that disagree", () => {
  assertThrows(() => negativeSamplingStep([1, 2], [[1, 2, 3]], 0.1), TypeError, "Cannot compare 2 numbers with 3");
  assertThrows(() => negativeSamplingStep([1, 2], [], 0.1), RangeError, "Cannot sample negatives of no rows");
  assertThrows(() => negativeSamplingLoss(tensor([1, 2]), tensor([[1, 2, 3]])), TypeError, "E=2");
});

// ## Noise

Deno.test("noiseProbabilities() and keepProbabilities() are gensim's", () => {
  near(noiseProbabilities(recorded.counts), recorded.noise, 1e-8);
  near(keepProbabilities(recorded.counts, recorded.threshold), recorded.keep, 1e-8);
  near(keepProbabilities([5, 1], 0), [1, 1], 0);
  near(noiseProbabilities([4, 0, 4], 0), [0.5, 0, 0.5], 0);
  assertThrows(() => noiseProbabilities([0, 0]), RangeError, "2 counts that sum to 0");
  assertThrows(() => keepProbabilities([1, -1], 0.1), RangeError, "the count -1");
});

Deno.test("AliasTable() gives every word the measure of its weight, exactly", () => {
  for (const weights of [[1], [1, 1], [16, 1, 1], [0, 5, 0, 1], [3, 1, 4, 1, 5, 9, 2, 6], [1e-9, 1], recorded.counts]) {
    const { thresholds, aliases } = new AliasTable(weights), sum = weights.reduce((a, b) => a + b);
    // The measure of a word: what its own column leaves to it, and what others leave to it above.
    const measure = weights.map((_, word) =>
      thresholds.reduce(
        (total, filled, column) => total + (column === word ? filled : 0) + (aliases[column] === word ? 1 - filled : 0),
        0,
      )
    );
    near(measure.map((x) => x / weights.length), weights.map((weight) => weight / sum), 1e-14);
  }
});

Deno.test("AliasTable.draw() draws as often as the weights say", () => {
  const weights = noiseProbabilities(recorded.counts), table = new AliasTable(weights), draws = 200_000;
  for (const next of [(random: Random) => () => random.next(), sfc32]) {
    const number = next(new Random(3)), found = new Array<number>(weights.length).fill(0);
    for (let i = 0; i < draws; i++) found[wordAt(table, number())]!++;
    // Chi-square with six degrees of freedom: above 33 in one of 10⁵ cases.
    const chi = found.reduce(
      (sum, count, word) => sum + (count - draws * weights[word]!) ** 2 / (draws * weights[word]!),
      0,
    );
    assertLess(chi, 33);
  }
  assertEquals(table.draw(new Random(5)), table.draw(new Random(5)));
});

Deno.test("trainWord2vec() never draws a word against itself", () => {
  const learner = new Learner(3, 2, 20, new Random(1)),
    noise = new AliasTable([100, 1, 1]),
    next = sfc32(new Random(2));
  for (let i = 0; i < 100; i++) {
    const [word, ...negatives] = learner.draw(0, noise, next);
    assertEquals(word, 0);
    assert(negatives.every((negative) => negative !== 0));
  }
});

// ## Training

Deno.test("trainWord2vec() brings together words that stand beside the same words", async () => {
  for (const model of [skipGram, cbow]) {
    for (const seed of [1, 2, 3]) {
      const { vectors, contexts, counts, losses } = await trainWord2vec(SENTENCES, new Random(seed), {
        model,
        hiddenSize: 12,
        window: 3,
        epochs: 300,
        threshold: 0,
      });
      const like = (a: string, b: string): number => cosine(vectors.vectorOf(a), vectors.vectorOf(b));
      assertGreater(like("tea", "coffee"), like("tea", "book") + 0.3);
      assertGreater(like("book", "letter"), like("book", "coffee") + 0.3);
      assertEquals([vectors.size, vectors.width, contexts.size], [10, 12, 10]);
      assertEquals(counts, [2, 2, 2, 2, 2, 2, 1, 1, 1, 1]);
      assertLess(losses.at(-1)!, losses[0]!);
    }
  }
});

Deno.test("trainWord2vec() is the same for the same seed", async () => {
  const train = async (seed: number) =>
    (await trainWord2vec(SENTENCES, new Random(seed), { hiddenSize: 5, epochs: 3 })).vectors.numbers;
  assertEquals(await train(4), await train(4));
  assert(String(await train(4)) !== String(await train(5)));
});

Deno.test("trainWord2vec() learns the shifted pointwise mutual information where the loss is lowest", async () => {
  // Two words beside two others, in unequal numbers; with as many dimensions as words every score can be reached.
  const pairs: Record<string, number> = { "a x": 300, "a y": 100, "b x": 50, "b y": 350 };
  const sentences = Object.entries(pairs).flatMap(([pair, count]) =>
    Array.from({ length: count }, () => pair.split(" "))
  );
  const order = new Random(1).permutation(sentences.length), K = 2;
  const { vectors, contexts } = await trainWord2vec(Array.from(order, (i) => sentences[i]!), new Random(2), {
    hiddenSize: 8,
    window: 1,
    numNegatives: K,
    epochs: 300,
    threshold: 0,
    noisePower: 1,
    learningRate: 0.05,
  });
  // Each pair is seen from both of its words. A draw of the word itself is no negative, which leaves its noise out: so much for the formula.
  const total = 1600,
    count = (word: string): number =>
      Object.entries(pairs).reduce((sum, [pair, n]) => sum + (pair.includes(word) ? n : 0), 0);
  for (const [pair, n] of Object.entries(pairs)) {
    const [v, w] = pair.split(" ") as [string, string], together = n, centre = count(v);
    // Of the negatives of this centre, w is drawn wherever another word is to be predicted.
    const against = K * (centre - together) * count(w) / total;
    const expected = Math.log(together / against);
    const score = vectors.vectorOf(v).reduce((sum, x, e) => sum + x * contexts.vectorOf(w)[e]!, 0);
    assertAlmostEquals(score, expected, 0.25, pair);
  }
});

Deno.test("trainWord2vec() leaves out rare words, reports, and stops", async () => {
  const text = [[..."aaab"], [..."abc"]], reports: Word2vecProgress[] = [];
  const { vectors } = await trainWord2vec(text, new Random(1), { minCount: 2, hiddenSize: 2 });
  assertEquals(vectors.words, ["a", "b"]);
  const long = [Array.from({ length: 12_000 }, (_, i) => "abcde"[i % 5]!)];
  const epochs = 2, onProgress = (report: Word2vecProgress): void => void reports.push(report);
  await trainWord2vec(long, new Random(1), { hiddenSize: 2, epochs, onProgress });
  assertEquals(reports.at(-1)!.epoch, 2);
  assert(reports.every(({ done, loss }) => done > 0 && done <= 1 && Number.isFinite(loss)));
  const controller = new AbortController(), { signal } = controller;
  controller.abort(new Error("enough"));
  await assertRejects(() => trainWord2vec(long, new Random(1), { hiddenSize: 2, signal }), Error, "enough");
  await assertRejects(
    () => trainWord2vec(text, new Random(1), { minCount: 9 }),
    RangeError,
    "none of 3 words occurs 9 times",
  );
  await assertRejects(() => trainWord2vec(text, new Random(1), { width: 3 } as never), TypeError, 'option "width"');
  assertEquals(Object.keys(contextModels), Object.values(contextModels).map(({ word }) => word));
});

Deno.test("trainWord2vec() takes texts without windows", async () => {
  const { vectors, losses } = await trainWord2vec([["a"], []], new Random(1), { hiddenSize: 3, epochs: 2 });
  assertEquals([vectors.words, losses], [["a"], [0, 0]]);
});

// ## Vectors

const gensims = (): Promise<WordVectors> => readWordVectors(recorded.text);

Deno.test("neighbours() and analogy() find what gensim finds", async () => {
  const vectors = await gensims();
  const same = (found: { word: string; cosine: number }[], expected: (string | number)[][]): void => {
    assertEquals(found.map(({ word }) => word), expected.map(([word]) => word));
    near(found.map(({ cosine }) => cosine), expected.map(([, cosine]) => cosine as number), 1e-6);
  };
  for (const [word, expected] of Object.entries(recorded.near)) same(neighbours(vectors, word, { count: 4 }), expected);
  recorded.asked.forEach((question, i) =>
    same(analogy(vectors, question as [string, string, string], { count: 4 }), recorded.answers[i]!)
  );
});

Deno.test("neighbours() leaves out the word, not what equals it, and takes a vector", () => {
  const vectors = new WordVectors(["a", "b", "c", "zero"], Float32Array.of(1, 0, 2, 0, 0, 1, 0, 0));
  assertEquals(neighbours(vectors, "a").map(({ word }) => word), ["b", "c", "zero"]);
  assertEquals(neighbours(vectors, [0, 3], { count: 1 }), [{ word: "c", cosine: 1 }]);
  assertEquals(analogy(vectors, ["a", "b", "c"], { excludeQuestion: false, count: 1 })[0]!.word, "c");
  assertEquals(analogy(vectors, ["a", "b", "c"]).map(({ word }) => word), ["zero"]);
  assertThrows(() => neighbours(vectors, "d"), RangeError, 'Cannot look up "d": it is none of the 4 words');
  assertThrows(() => neighbours(vectors, [1, 2, 3]), TypeError, "the widths must agree");
  assertThrows(() => analogy(vectors, ["a", "b"] as never), TypeError, "an analogy of 2 words: three are needed");
});

Deno.test("WordVectors() refuses what are no rows", () => {
  assertThrows(() => new WordVectors(["a", "b"], new Float32Array(3)), TypeError, "vectors of 2 words from 3 numbers");
  assertThrows(() => new WordVectors([], new Float32Array(3)), TypeError, "0 words");
  assertThrows(() => new WordVectors(["a", "a"], new Float32Array(2)), TypeError, 'the word "a" twice');
  assertThrows(() => new WordVectors(["a"], new Float32Array(2)).rowOf(1), RangeError, "row 1");
});

Deno.test("cosine() ignores lengths", () => {
  assertAlmostEquals(cosine([1, 2, 3], [2, 4, 6]), 1, 1e-15);
  assertAlmostEquals(cosine([1e-100, 0], [1e-100, 1e-100]), Math.SQRT1_2, 1e-15);
  assertEquals(cosine([1, 0], [0, 1]), 0);
  assertEquals(cosine([0, 0], [0, 1]), 0);
});

// ## Components

Deno.test("principalComponents() finds what a singular value decomposition finds", () => {
  const { variances, coordinates, directions, total } = principalComponents(recorded.rows, 3);
  near(variances, recorded.variances, 1e-10);
  recorded.directions.forEach((row, c) => near(directions[c]!, row, 1e-7));
  recorded.coordinates.forEach((row, i) => near(coordinates[i]!, row, 1e-7));
  const all = principalComponents(recorded.rows, 6);
  assertAlmostEquals(all.variances.reduce((sum, x) => sum + x), total, 1e-9);
});

Deno.test("principalComponents() takes points on a line, one point and points that are equal", () => {
  const line = principalComponents([[0, 0, 1], [3, 4, 1], [6, 8, 1]], 3);
  near(line.directions[0]!, [0.6, 0.8, 0]);
  near(line.variances, [50 / 3, 0, 0], 1e-12);
  near(line.coordinates.map(([x]) => x!), [-5, 0, 5]);
  near(principalComponents([[1, 2]], 2).variances, [0, 0], 0);
  near(principalComponents([[1, 2], [1, 2]], 1).coordinates.flat(), [0, 0], 0);
  assertThrows(() => principalComponents([[1, 2]], 3), RangeError, "3 directions in 2 dimensions");
  assertThrows(() => principalComponents([[1, 2], [1]], 1), TypeError, "of 2 and of 1 numbers");
});

// ## Files

Deno.test("readWordVectors() reads what gensim writes, and wordVectorLines() writes what it reads", async () => {
  const vectors = await gensims();
  assertEquals([vectors.size, vectors.width], [11, 5]);
  const again = await readWordVectors([...wordVectorLines(vectors)].map((line) => `${line} `));
  assertEquals([again.words, again.numbers], [vectors.words, vectors.numbers]);
  const odd = Float32Array.of(1e-40, 3.4028234663852886e38, -0, 1 / 3, 16777217, 0.1);
  assertEquals((await readWordVectors([...wordVectorLines(new WordVectors(["x", "y"], odd))])).numbers, odd);
});

Deno.test("readWordVectors() says which line is wrong", async () => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    ["", "line 1 must be two numbers"],
    ["the 0.1 0.2\n", "line 1 must be two numbers"],
    ["2 2 2\n", "line 1 must be two numbers"],
    ["0 2\n", "says 0 words of 2 numbers"],
    ["2 2\na 1 2\n", "there are 1 words, and the first line says 2"],
    ["999999999999 2\na 1 2\n", "there are 1 words"],
    ["1 2\na 1 2\nb 1 2\n", "line 3 is one more than the 1 words"],
    ["2 2\na 1 2\nb 1\n", 'line 3 has 1 numbers after the word "b", and 2 are needed'],
    ["1 999999999\na 1 2\n", "and 999999999 are needed"],
    ["2 2\na 1 2\na 1 2\n", 'line 3 has the word "a" of line 2 again'],
    ["1 2\na 1 x\n", 'line 2 has "x" where a finite number is needed'],
    ["1 2\na 1 nan\n", "finite number"],
    ["1 2\na 1 1e39\n", "finite number"],
    ["1 2\n 1 2\n", "line 2 begins with a space"],
  ];
  for (const [text, message] of cases) {
    await assertRejects(() => readWordVectors(text), SyntaxError, message);
  }
  await assertRejects(() => readWordVectors([]), SyntaxError, "there is no line");
  await assertRejects(() => readWordVectors(7 as never), TypeError, "a string or an iterable of lines");
  await assertRejects(() => readWordVectors([7] as never), TypeError, "as line 1");
  assertThrows(() => wordVectorLines(new WordVectors(["a b"], Float32Array.of(1))), TypeError, 'the word "a b"');
});
