import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import {
  classify,
  type LanguageModel,
  measureScores,
  perplexity,
  posterior,
  score,
  targetLogProbabilities,
} from "../../core/03_language_models/autoregressive.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { tensor } from "../../core/engine/create.ts";
import { memory } from "../../core/engine/mod.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, normal, onEveryBackend } from "../support.ts";

const SIZES = { vocabSize: 11, contextLength: 8, hiddenSize: 16, numHeads: 2, numLayers: 2 };
const draw = (length: number, seed = 7): number[] => {
  const random = new Random(seed);
  return Array.from({ length }, () => random.integer(SIZES.vocabSize));
};

/** Scores each token alone: its context is the last tokens before it, as many as a window shows. */
async function oneByOne(model: LanguageModel, tokens: readonly number[], shows: (target: number) => number) {
  const found: number[] = [];
  for (let target = 1; target < tokens.length; target++) {
    const context = tokens.slice(target - shows(target), target);
    const logits = model.forward(tensor([context], [1, context.length], "int32")).at(1, -1);
    const row = Array.from(await logits.read()), highest = Math.max(...row);
    found.push(row[tokens[target]!]! - highest - Math.log(row.reduce((sum, z) => sum + Math.exp(z - highest), 0)));
  }
  return found;
}

onEveryBackend("targetLogProbabilities() is minus the cross-entropy of each position", async () => {
  const logits = normal(3, 2, 5, 11), targets = tensor(draw(10), [2, 5], "int32");
  await assertClose(
    targetLogProbabilities(logits, targets),
    crossEntropy(logits, targets, { reduction: "none" }).neg(),
    {
      rtol: 1e-5,
    },
  );
});

Deno.test("score() of a text within the context is that of each token after its whole prefix", async () => {
  const model = new DecoderOnly(SIZES, new Random(1)).eval(), tokens = draw(9);
  const expected = await oneByOne(model, tokens, (target) => target);
  const found = await score(model, tokens);
  assertEquals(found.length, 8);
  found.forEach((one, i) => assertAlmostEquals(one, expected[i]!, 1e-5));
});

Deno.test("score() of a longer text shows each token what its window shows", async () => {
  const model = new DecoderOnly(SIZES, new Random(1)).eval();
  for (const [window, stride] of [[8, 4], [8, 8], [5, 1], [1, 1]] as const) {
    for (const length of [window + 1, 18, 19]) {
      // The windows by their definition: each ends `stride` targets after the one before, the last with the text.
      const ends: number[] = [window];
      while (ends.at(-1)! < length - 1) ends.push(Math.min(ends.at(-1)! + stride, length - 1));
      const tokens = draw(length, length);
      const expected = await oneByOne(model, tokens, (target) => {
        const end = ends.find((end) => target <= end)!;
        return target - (end - window);
      });
      for (const batchSize of [1, 3]) {
        const found = await score(model, tokens, { window, stride, batchSize });
        assertEquals(found.length, length - 1);
        found.forEach((one, i) => assertAlmostEquals(one, expected[i]!, 1e-5, `${window} ${stride} ${length} ${i}`));
      }
    }
  }
});

Deno.test("score() gives every token past the first window at least window − stride tokens of context", async () => {
  // A model that tells how far it sees: the logit of token 0 is the position in the window.
  const seen: LanguageModel = {
    vocabSize: 2,
    contextLength: 16,
    forward(tokens: Tensor): Tensor {
      const [B, T] = tokens.shape as [number, number];
      return tensor(Float32Array.from({ length: B * T * 2 }, (_, i) => i % 2 ? 0 : Math.floor(i / 2) % T), [B, T, 2]);
    },
  };
  for (const stride of [1, 4, 16]) {
    const logProbabilities = await score(seen, Array(100).fill(0), { window: 16, stride });
    const contexts = Array.from(logProbabilities, (log) => 1 - Math.log(Math.exp(-log) - 1));
    const past = contexts.slice(16);
    // $\ell = -\log(1 + e^{-p})$ at place $p$, whose context has $p + 1$ tokens.
    assert(Math.min(...past) > 16 - stride + 1 - 0.1, `${stride}: ${Math.min(...past)}`);
    assert(Math.min(...past) < 16 - stride + 1 + 0.1 + (stride === 16 ? 1e-9 : 0));
  }
});

Deno.test("score() with beginToken scores the first token as well", async () => {
  const model = new DecoderOnly(SIZES, new Random(1)).eval(), tokens = draw(20);
  const whole = await score(model, tokens, { beginToken: 0 }), same = await score(model, [0, ...tokens]);
  assertEquals([...whole], [...same]);
  assertEquals(whole.length, 20);
});

Deno.test("score() hears an abort, tells its progress, and leaves no tensor", async () => {
  const model = new DecoderOnly(SIZES, new Random(1)).eval(), tokens = draw(200);
  const before = memory().tensors, heard: number[] = [];
  await score(model, tokens, { batchSize: 2, onProgress: (done) => void heard.push(done) });
  assert(memory().tensors <= before);
  assertEquals(heard.at(-1), 1);
  assert(heard.length > 5 && heard.every((done, i) => i === 0 || done > heard[i - 1]!));
  const controller = new AbortController();
  await assertRejects(
    () =>
      score(model, tokens, {
        batchSize: 1,
        signal: controller.signal,
        onProgress: () => controller.abort(new Error("enough")),
      }),
    Error,
    "enough",
  );
  assert(memory().tensors <= before);
});

Deno.test("score() asks a model that looks probabilities up for stretches of the whole sequence", async () => {
  const asked: [number, number][] = [];
  const model: LanguageModel = {
    vocabSize: 4,
    contextLength: 2,
    forward: () => {
      throw new Error("not needed");
    },
    scoreTokens(tokens, from, end) {
      asked.push([from, end]);
      return Float64Array.from({ length: end - from }, (_, i) => -tokens[from + i]!);
    },
  };
  const tokens = Array.from({ length: 10_000 }, (_, i) => i % 4);
  const found = await score(model, tokens);
  assertEquals([...found], tokens.slice(1).map((token) => -token));
  assertEquals(asked, [[1, 4097], [4097, 8193], [8193, 10_000]]);
});

Deno.test("score() says what is wrong in one sentence", async () => {
  const model = new DecoderOnly(SIZES, new Random(1)).eval();
  await assertRejects(() => score(model, []), RangeError, "Cannot score no token: at least two tokens, or one and");
  await assertRejects(() => score(model, [1]), RangeError, "Cannot score one token without a context");
  await assertRejects(
    () => score(model, [1, 11]),
    RangeError,
    "Cannot score token 11: it must be an integer in [0, 10]",
  );
  await assertRejects(() => score(model, [1, 2], { window: 9 }), RangeError, "window = 9: the model sees 8 tokens");
  await assertRejects(
    () => score(model, [1, 2], { window: 4, stride: 5 }),
    RangeError,
    "stride = 5: it must be at most",
  );
  await assertRejects(
    () => score({} as never, [1, 2]),
    TypeError,
    "a model with vocabSize, contextLength and forward()",
  );
  const dropping = new DecoderOnly({ ...SIZES, dropout: 0.5 }, new Random(1));
  await assertRejects(() => score(dropping, [1, 2]), TypeError);
});

Deno.test("measureScores() gives the numbers of the example worked by hand", () => {
  const { perplexity, logProbability, bitsPerToken } = measureScores([0.4, 0.5, 0.3, 0.2].map(Math.log));
  assertAlmostEquals(logProbability, Math.log(0.012), 1e-12);
  assertAlmostEquals(perplexity, 0.012 ** (-1 / 4), 1e-12);
  assertAlmostEquals(bitsPerToken, -Math.log2(0.012) / 4, 1e-12);
});

Deno.test("measureScores() keeps what a product of probabilities loses", () => {
  const [worse, better] = [0.01, 0.02].map((p) => Array<number>(500).fill(p));
  const product = (list: readonly number[]): number => list.reduce((a, b) => a * b);
  assertEquals([product(worse!), product(better!)], [0, 0]);
  assertAlmostEquals(measureScores(worse!.map(Math.log)).perplexity, 100, 1e-9);
  assertAlmostEquals(measureScores(better!.map(Math.log)).perplexity, 50, 1e-9);
});

Deno.test("perplexity() of a uniform model is the size of its vocabulary", async () => {
  const uniform: LanguageModel = {
    vocabSize: 37,
    contextLength: 4,
    forward: (tokens) => tensor(new Float32Array(tokens.size * 37), [...tokens.shape, 37]),
  };
  const { perplexity: found, tokens } = await perplexity(uniform, draw(50));
  assertAlmostEquals(found, 37, 1e-3);
  assertEquals(tokens, 49);
});

Deno.test("perplexity() of one distribution is another per token and the same per byte", async () => {
  // Letters that are independent and uniform, once as tokens of one letter, once as tokens of two.
  const text = "abbaaabbbabababb".repeat(4);
  const uniform = (vocabSize: number): LanguageModel => ({
    vocabSize,
    contextLength: 8,
    forward: (tokens) => tensor(new Float32Array(tokens.size * vocabSize), [...tokens.shape, vocabSize]),
  });
  const code = (letters: string): number => [...letters].reduce((sum, letter) => 2 * sum + (letter === "a" ? 0 : 1), 0);
  const ones = { encode: (text: string) => [...text].map(code) };
  const twos = { encode: (text: string) => text.match(/../g)!.map(code) };
  const one = await perplexity(uniform(2), text, { tokenizer: ones });
  const two = await perplexity(uniform(4), text, { tokenizer: twos });
  assertAlmostEquals(one.perplexity, 2, 1e-5);
  assertAlmostEquals(two.perplexity, 4, 1e-5);
  assertAlmostEquals(one.bitsPerByte!, 1, 1e-5);
  assertAlmostEquals(two.bitsPerByte!, 1, 1e-5);
});

Deno.test("perplexity() counts characters by code points and bytes in UTF-8", async () => {
  const text = "我喜欢吃苹果🍎";
  const tokenizer = await trainBytePairEncoding([text], { vocabSize: "alphabet", level: "characters" });
  const model = new DecoderOnly({ ...SIZES, vocabSize: tokenizer.vocabSize }, new Random(1)).eval();
  const { bitsPerToken, bitsPerCharacter, bitsPerByte } = await perplexity(model, text, { tokenizer });
  assertAlmostEquals(bitsPerCharacter!, bitsPerToken, 1e-12);
  assertAlmostEquals(bitsPerByte!, bitsPerToken * 7 / (6 * 3 + 4), 1e-12);
  await assertRejects(() => perplexity(model, text), TypeError, "Cannot measure the perplexity of a text without");
});

Deno.test("posterior() is Bayes' rule, where both probabilities underflow too", () => {
  assertEquals([...posterior([Math.log(0.2), Math.log(0.1)], [1, 6])].map((p) => p.toFixed(6)), [
    "0.250000",
    "0.750000",
  ]);
  const [first] = posterior([-5000, -5001]);
  assertAlmostEquals(first!, 1 / (1 + Math.exp(-1)), 1e-12);
  assertEquals([...posterior([-Infinity, -1])], [0, 1]);
  assertThrows(() => posterior([-Infinity, -Infinity]), RangeError, "impossible under each");
  assertThrows(() => posterior([NaN, 0]), RangeError, "a log-likelihood of NaN");
  assertThrows(() => posterior([0, 0], [1]), TypeError, "2 classes with 1 priors");
});

Deno.test("classify() chooses the class whose model makes the text more probable", async () => {
  const always = (favourite: number): LanguageModel => ({
    vocabSize: 3,
    contextLength: 5,
    forward: (tokens) =>
      tensor(Float32Array.from({ length: tokens.size * 3 }, (_, i) => i % 3 === favourite ? 1 : 0), [
        ...tokens.shape,
        3,
      ]),
  });
  const probabilities = await classify([always(0), always(1)], [2, 1, 1, 0, 1], { priors: [3, 1] });
  // Of four predictions, three favour the second class by one nat each and one the first.
  assertAlmostEquals(probabilities[1]!, Math.exp(2) / (3 + Math.exp(2)), 1e-5);
  await assertRejects(() => classify([], [1, 2]), TypeError, "one for each class");
});

Deno.test("the scores of a model sum to the log-probability of its loss", async () => {
  const model = new DecoderOnly({ ...SIZES, contextLength: 32 }, new Random(1)).eval(), tokens = draw(20);
  const { logProbability } = await perplexity(model, tokens);
  const loss = scope(() =>
    crossEntropy(model.forward([tokens.slice(0, -1)]), tensor(tokens.slice(1), [1, 19], "int32"), { reduction: "sum" })
  );
  assertAlmostEquals(-logProbability, await loss.item(), 1e-3);
});
