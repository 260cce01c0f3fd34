import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tokenizerOfWords } from "../../core/02_words/before_tokens/word_level.ts";
import golden from "../goldens/n_grams.json" with { type: "json" };
import { arpaOfSentences } from "../goldens/n_grams_arpa.ts";
import { perplexity, score } from "../../core/03_language_models/autoregressive.ts";
import {
  absoluteDiscounting,
  addK,
  arpaLines,
  filterByPerplexity,
  jelinekMercer,
  kneserNey,
  modifiedDiscounts,
  modifiedKneserNey,
  type NGramModel,
  readArpa,
  type Smoothing,
  smoothings,
  TfIdf,
  trainNGrams,
  wittenBell,
} from "../../core/03_language_models/n_grams/mod.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend } from "../support.ts";

/** Tokens whose frequencies fall with their ids, and depend on the token before. */
function draw(length: number, V: number, seed = 1): number[] {
  const random = new Random(seed), tokens: number[] = [];
  for (let i = 0; i < length; i++) {
    const before = tokens.at(-1) ?? 0;
    const weights = Array.from({ length: V - 1 }, (_, id) => 1 / (1 + (id * 7 + before * 3) % V));
    tokens.push(random.categorical(weights.map((w) => w / weights.reduce((a, b) => a + b))));
  }
  return tokens;
}

/** The formulas of the page, by counting in lists of strings, without a tree, a table or a logarithm. */
class BruteForce {
  readonly #sequences: readonly (readonly number[])[];
  readonly #order: number;
  readonly #V: number;
  readonly #smoothing: Smoothing;

  constructor(sequences: readonly (readonly number[])[], order: number, V: number, smoothing: Smoothing) {
    [this.#sequences, this.#order, this.#V, this.#smoothing] = [sequences, order, V, smoothing];
  }

  /** All n-grams of a length, with repetitions, and what stands before each. */
  #all(n: number): { gram: string; before: number | undefined }[] {
    return this.#sequences.flatMap((sequence) =>
      sequence.slice(0, Math.max(0, sequence.length - n + 1)).map((_, i) => ({
        gram: sequence.slice(i, i + n).join(" "),
        before: sequence[i - 1],
      }))
    );
  }

  count(gram: readonly number[]): number {
    const found = this.#all(gram.length).filter((one) => one.gram === gram.join(" "));
    if (!this.#smoothing.continuation || gram.length === this.#order) return found.length;
    return new Set(found.flatMap(({ before }) => before ?? [])).size || found.length;
  }

  probability(context: readonly number[], word: number): number {
    const n = context.length + 1, V = this.#V;
    const grams = [...new Set(this.#all(n).map(({ gram }) => gram))].map((gram) => gram.split(" ").map(Number));
    const counts = [0, 0, 0, 0, 0];
    for (const gram of grams) if (this.count(gram) < counts.length) counts[this.count(gram)]!++;
    const estimator = this.#smoothing.estimator(n, counts, V);
    const after = grams.filter((gram) => gram.slice(0, -1).join(" ") === context.join(" ")).map((gram) =>
      this.count(gram)
    );
    const shorter = n === 1 || this.#smoothing.uniform ? 1 / V : this.probability(context.slice(1), word);
    if (after.length === 0) return shorter;
    const seen = {
      total: after.reduce((a, b) => a + b),
      ones: after.filter((count) => count === 1).length,
      twos: after.filter((count) => count === 2).length,
      more: after.filter((count) => count > 2).length,
    };
    return estimator.kept(this.count([...context, word]), seen) + estimator.left(seen) * shorter;
  }
}

const METHODS = [
  ...Object.values(smoothings).map((make) => make()),
  addK({ k: 0.01 }),
  jelinekMercer({ weights: [0.5, 1, 0] }),
  absoluteDiscounting({ discounts: [0, 1, 0.3] }),
  kneserNey({ discounts: [0.1, 0.2, 0.3] }),
];

for (const smoothing of METHODS) {
  Deno.test(`trainNGrams() with ${smoothing.name} counts as brute force does (${METHODS.indexOf(smoothing)})`, async () => {
    const sequences = [draw(60, 6), draw(1, 6, 2), draw(25, 6, 3)];
    for (const order of [1, 2, 3]) {
      const model = await trainNGrams(sequences, { order, vocabSize: 6, smoothing });
      const slow = new BruteForce(sequences, order, 6, smoothing);
      for (const context of [[0], [1], [5], [0, 0], [0, 1], [1, 0], [5, 0], [2, 5], [3, 2]]) {
        if (context.length !== order - 1) continue;
        const row = model.next(context);
        row.forEach((log, word) => assertAlmostEquals(Math.exp(log), slow.probability(context, word), 2e-6));
      }
    }
  });
}

Deno.test("next() sums to one after every context, seen and unseen, short and long", async () => {
  const text = draw(2000, 20);
  for (const smoothing of METHODS) {
    const model = await trainNGrams(text, { order: 4, vocabSize: 20, smoothing });
    const contexts = [[], [19], [0], text.slice(0, 3), text.slice(40, 43), [19, 19, 19], [0, 19, 1], text.slice(0, 50)];
    for (const context of contexts) {
      const sum = model.next(context).reduce((sum, log) => sum + Math.exp(log), 0);
      assertAlmostEquals(sum, 1, 1e-6, `${smoothing.name} after ${context}`);
    }
  }
});

const GOLDEN: readonly (readonly [string, Smoothing, readonly (readonly number[])[]])[] = [
  ["kneserNey() gives the probabilities of NLTK", kneserNey({ discounts: [0, 0.75, 0.75] }), golden.kneserNey],
  [
    "absoluteDiscounting() gives the probabilities of NLTK",
    absoluteDiscounting({ discounts: [0, 0.75, 0.75] }),
    golden.absolute,
  ],
  ["wittenBell() gives the probabilities of NLTK", wittenBell(), golden.wittenBell],
  ["addK() gives the probabilities of NLTK after contexts of full length", addK({ k: 0.5 }), golden.lidstone],
];

for (const [name, smoothing, expected] of GOLDEN) {
  Deno.test(name, async () => {
    const { vocabSize, order, text, contexts } = golden;
    // NLTK adds to the count of an unknown word as well.
    const model = await trainNGrams(text, {
      order,
      vocabSize: smoothing.uniform ? vocabSize + 1 : vocabSize,
      smoothing,
    });
    contexts.forEach((context, i) => {
      if (smoothing.uniform && context.length < order - 1) return;
      const row = model.next(context);
      expected[i]!.forEach((p, word) => assertAlmostEquals(Math.exp(row[word]!), p, 1e-6, `${context} ${word}`));
    });
  });
}

Deno.test("modifiedDiscounts() are those worked out by hand", () => {
  // n₁ = 10, n₂ = 4, n₃ = 2, n₄ = 1: Y = 10 / 18.
  const Y = 10 / 18, [one, two, three] = modifiedDiscounts([0, 10, 4, 2, 1]);
  assertAlmostEquals(one, 1 - 2 * Y * 4 / 10, 1e-12);
  assertAlmostEquals(two, 2 - 3 * Y * 2 / 4, 1e-12);
  assertAlmostEquals(three, 3 - 4 * Y * 1 / 2, 1e-12);
  assertEquals(modifiedDiscounts([0, 3, 0, 0, 0]), [0.5, 1, 1.5]);
});

Deno.test("trainNGrams() gives the numbers of the example worked by hand", async () => {
  const model = await trainNGrams([0, 1, 0, 2, 0, 1], {
    order: 2,
    vocabSize: 4,
    smoothing: absoluteDiscounting({ discounts: [0.5, 0.5] }),
  });
  const [, like, , apples] = model.next([0]).map(Math.exp);
  assertAlmostEquals(like!, 1.5 / 3 + 1 / 3 * (1.5 / 6 + 0.25 / 4), 1e-6);
  assertAlmostEquals(apples!, 1 / 3 * 0.25 / 4, 1e-6);
});

Deno.test("scoreTokens() is next() of every position, from anywhere", async () => {
  const text = draw(3000, 12), test = draw(300, 12, 9);
  for (const order of [1, 2, 5]) {
    const model = await trainNGrams(text, { order, vocabSize: 12 });
    const rows = test.map((token, t) => model.next(test.slice(0, t))[token]!);
    for (const [from, end] of [[0, 300], [1, 5], [7, 8], [150, 300]] as const) {
      const found = model.scoreTokens(Int32Array.from(test), from, end);
      found.forEach((log, i) => assertAlmostEquals(log, rows[from + i]!, 1e-6));
    }
    const whole = await score(model, test);
    whole.forEach((log, i) => assertAlmostEquals(log, rows[i + 1]!, 1e-6));
  }
});

Deno.test("score() by rows of logits agrees with scoreTokens()", async () => {
  const model = await trainNGrams(draw(2000, 12), { order: 3, vocabSize: 12 }), test = draw(100, 12, 4);
  const { vocabSize } = model, rows = { vocabSize, contextLength: Infinity, forward: model.forward.bind(model) };
  const direct = await score(model, test), byRows = await score(rows, test);
  direct.forEach((log, i) => assertAlmostEquals(log, byRows[i]!, 1e-5));
});

Deno.test("an n-gram model of begin and end tokens predicts no begin, and knows where sentences start", async () => {
  const vocabulary = tokenizerOfWords(["the", "cat", "sat"]), { vocabSize } = vocabulary;
  const [beginToken, endToken] = [vocabulary.beginToken!, vocabulary.endToken!];
  const sequences = ["the cat sat", "the cat", "the sat"].map((text) => vocabulary.encode(text));
  const model = await trainNGrams(sequences, { order: 3, vocabSize, beginToken, endToken });
  for (const context of [[], [beginToken], [beginToken, 3], [3, 4], [endToken]]) {
    const row = model.next(context);
    assertEquals(row[beginToken], -Infinity);
    assertAlmostEquals(row.reduce((sum, log) => sum + Math.exp(log), 0), 1, 1e-6);
  }
  assertEquals(model.next([beginToken]).indexOf(Math.max(...model.next([beginToken]))), 3);
});

Deno.test("the smallest text has a model", async () => {
  for (const make of Object.values(smoothings)) {
    const model = await trainNGrams([2], { order: 3, vocabSize: 4, smoothing: make() });
    assertEquals(model.sizes, [4, 0, 0]);
    assertAlmostEquals(model.next([2, 2]).reduce((sum, log) => sum + Math.exp(log), 0), 1, 1e-6);
  }
});

Deno.test("a table counts each different n-gram once and says its size", async () => {
  const text = draw(500, 9), model = await trainNGrams(text, { order: 4, vocabSize: 9 });
  const different = (n: number): number => new Set(text.slice(n - 1).map((_, i) => text.slice(i, i + n).join())).size;
  assertEquals(model.sizes, [9, different(2), different(3), different(4)]);
  const [one, two, three, four] = model.sizes as [number, number, number, number];
  assertEquals(model.byteLength, 16 * (one + two + three) + 4 * 3 + 8 * four);
  assertEquals(model.find(text.slice(10, 14)) >= 0, true);
  assertEquals(model.find([8, 8, 8, 8]), text.join().includes("8,8,8,8") ? model.find([8, 8, 8, 8]) : -1);
  assertEquals([model.find([9]), model.find([]), model.find([0, 0, 0, 0, 0])], [-1, -1, -1]);
});

Deno.test("trainNGrams() hears an abort and tells its progress", async () => {
  const text = draw(200, 9), heard: number[] = [];
  await trainNGrams(text, { order: 4, vocabSize: 9, onProgress: (done) => void heard.push(done) });
  assertEquals(heard, [1 / 3, 2 / 3, 1]);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => trainNGrams(text, { order: 4, vocabSize: 9, signal }), Error, "enough");
});

Deno.test("trainNGrams() says what is wrong in one sentence", async () => {
  const options = { order: 2, vocabSize: 3 };
  await assertRejects(() => trainNGrams([], options), RangeError, "Cannot train an n-gram model on no token");
  await assertRejects(
    () => trainNGrams([3], options),
    RangeError,
    "Cannot count token 3: it must be an integer in [0, 2]",
  );
  await assertRejects(() => trainNGrams([0.5], options), RangeError, "Cannot count token 0.5");
  await assertRejects(() => trainNGrams([1], { ...options, beginToken: 1 }), RangeError, "beginToken stands before");
  await assertRejects(
    () => trainNGrams([1], { ...options, endToken: 3 }),
    RangeError,
    "endToken = 3: the vocabulary has 3",
  );
  await assertRejects(() => trainNGrams([1], { ...options, order: 0 }), RangeError, "order = 0");
});

Deno.test("an n-gram model generates by the loop of all models", async () => {
  const model = await trainNGrams([0, 1, 2, 3].flatMap(() => [0, 1, 2, 3]), {
    order: 2,
    vocabSize: 4,
    smoothing: kneserNey(),
  });
  const { tokens } = await generate(model, [0], { maxNewTokens: 7 });
  assertEquals(tokens, [1, 2, 3, 0, 1, 2, 3]);
  const sampled = await generate(model, [[0], [1]], { maxNewTokens: 5, random: new Random(1), topK: 2 });
  assertEquals(sampled.map(({ tokens }) => tokens.length), [5, 5]);
  const { beams } = await generate(model, [0], { maxNewTokens: 3, numBeams: 2 });
  assertEquals(beams!.length, 2);
});

onEveryBackend("forward() of an n-gram model reads tokens of every device that can be read at once", async (device) => {
  const model = await trainNGrams(draw(100, 5), { order: 3, vocabSize: 5 });
  const tokens = tensor([[1, 2, 3], [0, 4, 1]], [2, 3], "int32");
  if (!device.peek) {
    assertThrows(() => model.forward(tokens), TypeError, "Cannot score tokens on webgpu by a table on the host");
    return;
  }
  const logits = model.forward(tokens), last = model.forward([[1, 2, 3], [0, 4, 1]], { lastOnly: true });
  assertEquals([logits.shape, last.shape], [[2, 3, 5], [2, 1, 5]]);
  assertEquals([...await last.read()], [...await logits.slice(1, 2).read()]);
});

// ## ARPA files

Deno.test("arpaLines() writes what KenLM reads, and readArpa() gives KenLM's scores", async () => {
  assertEquals((await arpaOfSentences()).join("\n"), golden.kenlm.arpa.trimEnd());
  const { model, words, beginToken, endToken, unknownToken } = await readArpa(golden.kenlm.arpa);
  for (const { text, log10 } of golden.kenlm.sentences) {
    const ids = text.split(" ").map((word) => words.includes(word) ? words.indexOf(word) : unknownToken!);
    const found = await score(model, [beginToken!, ...ids, endToken!]);
    assertEquals(found.length, log10.length);
    found.forEach((log, i) => assertAlmostEquals(log / Math.LN10, log10[i]!, 2e-6, `${text}: ${i}`));
  }
});

const BY_HAND = `
\\data\\
ngram 1=4
ngram 2=2
ngram 3=1

\\1-grams:
-99\t<s>\t-0.5
-0.4\ta\t-0.3
-0.6\tb\t-0.2
-1.0\t</s>

\\2-grams:
-0.2\t<s> a\t-0.1
-0.3\ta b

\\3-grams:
-0.05\t<s> a b

\\end\\
`;

Deno.test("readArpa() backs off as the format says, worked by hand", async () => {
  const { model, words } = await readArpa(BY_HAND),
    [s, a, b, end] = ["<s>", "a", "b", "</s>"].map((w) => words.indexOf(w));
  const log10 = (context: number[], word: number): number => model.next(context)[word]! / Math.LN10;
  assertAlmostEquals(log10([s!], a!), -0.2, 1e-6);
  assertAlmostEquals(log10([s!, a!], b!), -0.05, 1e-6);
  assertAlmostEquals(log10([a!], b!), -0.3, 1e-6);
  // Not after <s> a: its weight, and then a bigram that is not there: that of a, and the unigram.
  assertAlmostEquals(log10([s!, a!], a!), -0.1 - 0.3 - 0.4, 1e-6);
  assertAlmostEquals(log10([s!, a!], end!), -0.1 - 0.3 - 1, 1e-6);
  // b a was never seen as a context, so it has no weight.
  assertAlmostEquals(log10([b!, a!], b!), -0.3, 1e-6);
  assertAlmostEquals(log10([b!, b!], b!), -0.2 - 0.6, 1e-6);
  assertEquals(log10([a!], s!), -Infinity);
});

Deno.test("an ARPA file brings a model back", async () => {
  const words = ["", " ", "\n", "\t", "a b", "\\u{20}", "\u2028", "ü", "<x>", "\ufeff", "\\"];
  const text = draw(800, words.length);
  for (const make of Object.values(smoothings)) {
    const model = await trainNGrams(text, { order: 4, vocabSize: words.length, smoothing: make() });
    const lines = [...arpaLines(model, words)];
    assertEquals(lines.filter((line) => /\n/.test(line)), []);
    const back = await readArpa(lines);
    assertEquals(back.words, words);
    assertEquals(back.model.sizes, model.sizes);
    const test = draw(200, words.length, 5), [one, two] = [await score(model, test), await score(back.model, test)];
    one.forEach((log, i) => assertAlmostEquals(log, two[i]!, 1e-5));
    assertEquals([...arpaLines(back.model, words)], lines);
  }
});

Deno.test("readArpa() says which line is wrong", async () => {
  const wrong = async (from: string, to: string, says: string): Promise<void> => {
    assert(BY_HAND.includes(from));
    const line = BY_HAND.slice(0, BY_HAND.indexOf(from)).split("\n").length;
    const sentence = `Cannot read an ARPA file: ${says.replace("#", String(line))}`;
    await assertRejects(() => readArpa(BY_HAND.replace(from, to)), SyntaxError, sentence);
  };
  await wrong("\\data\\", "data", "it has no line \\data\\");
  await wrong("\\end\\", "", "it has no line \\end\\");
  await wrong("-0.3\ta b\n\n\\3-grams:", "\n\n\\3-grams:", "line 17 ends 1 n-grams of order 2, and the head counts 2");
  await wrong("ngram 2=2", "ngram 3=2", "line # counts order 3, and 2 is next");
  await wrong("-0.3\ta b", "-0.3\ta c", 'line # has the word "c", which is no unigram');
  await wrong("-0.3\ta b", "-0.3\ta", "line # has 2 columns, and 3 or 4 are needed");
  await wrong("-0.3\ta b", "0.3\ta b", 'line # has the logarithm "0.3" for a probability');
  await wrong("-0.3\ta b", "x\ta b", 'line # has the logarithm "x"');
  await wrong("\\2-grams:", "\\3-grams:", "line # comes after order 1 of 3");
  await wrong("-0.6\tb", "-0.6\ta", 'line # has the word "a" again');
});

/** What the format says of a model: two rules, by looking up strings. */
function byDefinition(lines: readonly string[]): (ids: readonly string[]) => number {
  const listed = new Map<string, { readonly log: number; readonly backoff: number }>();
  let order = 0;
  for (const line of lines) {
    order = Number(/^\\(\d+)-grams:/.exec(line)?.[1] ?? order);
    const cells = line.split(/\s+/);
    if (cells.length <= order || order === 0) continue;
    const [log, ...rest] = cells, backoff = Number(rest[order] ?? 0);
    listed.set(rest.slice(0, order).join(" "), { log: Number(log), backoff });
  }
  const of = (ids: readonly string[]): number => {
    const own = listed.get(ids.join(" "));
    if (own) return own.log;
    return (listed.get(ids.slice(0, -1).join(" "))?.backoff ?? 0) + of(ids.slice(1));
  };
  return (ids) => of(ids) * Math.LN10;
}

Deno.test("readArpa() reads a pruned file by the definition: n-grams whose prefix or suffix is not listed", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = new Random(seed), vocabSize = 6, words = ["a", "b", "c", "d", "e", "f"];
    const full = [...arpaLines(await trainNGrams(draw(400, vocabSize, seed), { order: 4, vocabSize }), words)];
    // Any n-gram but a unigram may be absent.
    const kept = full.filter((line) => !/^\S+\t\S+ /.test(line) || random.next() < 0.5);
    const lines = kept.map((line) => {
      const [, n] = /^ngram (\d)=/.exec(line) ?? [];
      if (n === undefined) return line;
      return `ngram ${n}=${kept.filter((one) => one.split("\t")[1]?.split(" ").length === Number(n)).length}`;
    });
    const { model, words: read } = await readArpa(lines), expected = byDefinition(lines);
    assertEquals(read, words);
    assert(model.sizes[1]! > Number(lines.find((line) => line.startsWith("ngram 2="))!.split("=")[1]));
    const text = draw(200, vocabSize, seed + 10), scores = await score(model, text);
    for (let t = 1; t < text.length; t++) {
      const context = text.slice(Math.max(0, t - 3), t), row = model.next(context);
      for (let id = 0; id < vocabSize; id++) {
        assertAlmostEquals(row[id]!, expected([...context, id].map((one) => words[one]!)), 1e-5);
      }
      assertAlmostEquals(scores[t - 1]!, row[text[t]!]!, 1e-6);
    }
    // It is written, and read again, as the same model.
    const again = await readArpa([...arpaLines(model, words)]);
    assertEquals(again.model.sizes, model.sizes);
  }
});

Deno.test("readArpa() reads a trigram that SRILM has left without its bigrams", async () => {
  const file = "\\data\\\nngram 1=3\nngram 2=0\nngram 3=1\n\n\\1-grams:\n-0.5\ta\t-0.1\n-0.4\tb\t-0.2\n-0.6\tc\n\n" +
    "\\2-grams:\n\n\\3-grams:\n-0.01\ta b c\n\n\\end\\\n";
  const { model } = await readArpa(file),
    of = (context: number[], id: number): number => model.next(context)[id]! / Math.LN10;
  assertAlmostEquals(of([0, 1], 2), -0.01, 1e-6);
  assertAlmostEquals(of([0], 1), -0.1 - 0.4, 1e-6);
  assertAlmostEquals(of([0, 1], 0), -0.2 - 0.5, 1e-6);
});

// ## Words, search, filter

Deno.test("TfIdf() without idf gives the cosines of counts", () => {
  const documents = [[0, 0, 1], [1, 2], [3]], query = [0, 1, 1];
  const index = new TfIdf(documents, { vocabSize: 4, idf: false }), found = index.search(query);
  assertEquals(found.map(({ document }) => document), [0, 1]);
  assertAlmostEquals(found[0]!.score, 4 / 5, 1e-6);
  assertAlmostEquals(found[1]!.score, 2 / Math.sqrt(10), 1e-6);
});

Deno.test("TfIdf() gives the cosines of scikit-learn", () => {
  const { documents, query, scores, sublinear } = golden.tfIdf;
  for (const [expected, options] of [[scores, {}], [sublinear, { sublinear: true }]] as const) {
    const found = new TfIdf(documents, { vocabSize: golden.vocabSize, ...options }).search(query);
    const order = expected.map((_, i) => i).filter((i) => expected[i]! > 0).sort((a, b) => expected[b]! - expected[a]!);
    assertEquals(found.map(({ document }) => document), order);
    for (const { document, score } of found) assertAlmostEquals(score, expected[document]!, 1e-6);
  }
  assertEquals(new TfIdf(documents, { vocabSize: 6 }).search(query, { limit: 1 }).length, 1);
  assertThrows(() => new TfIdf([[6]], { vocabSize: 6 }), RangeError, "Cannot count token 6");
});

Deno.test("filterByPerplexity() keeps the documents that are like the model's text", async () => {
  const model = await trainNGrams(draw(3000, 12), { order: 3, vocabSize: 12 });
  const random = new Random(3);
  const noise = (): number[] => Array.from({ length: 40 }, () => random.integer(12));
  const documents = Array.from({ length: 20 }, (_, i) => i % 2 ? noise() : draw(30 + i, 12, 20 + i));
  const { kept, perplexities } = await filterByPerplexity(model, [...documents, [1]], { keep: 10 / 21 });
  assertEquals(kept, Array.from({ length: 10 }, (_, i) => 2 * i));
  assertEquals(perplexities[20], Infinity);
  assertAlmostEquals(perplexities[4]!, (await perplexity(model, documents[4]!)).perplexity, 1e-9);
});

Deno.test("the perplexity of the text itself falls with the order, and that of another text ends to", async () => {
  const text = draw(1500, 30), other = draw(1500, 30, 8), own: number[] = [], unseen: number[] = [];
  for (const order of [1, 2, 3, 4]) {
    const model: NGramModel = await trainNGrams(text, { order, vocabSize: 30, smoothing: modifiedKneserNey() });
    own.push((await perplexity(model, text)).perplexity);
    unseen.push((await perplexity(model, other)).perplexity);
  }
  assert(own.every((one, i) => i === 0 || one < own[i - 1]!));
  assert(unseen[1]! < unseen[0]! && unseen[3]! > own[3]!);
});
