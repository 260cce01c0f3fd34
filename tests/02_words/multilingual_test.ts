import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { mixCorpora, plainDropout, samplingProbabilities } from "../../core/02_words/multilingual.ts";
import { Random } from "../../core/engine/random.ts";

Deno.test("samplingProbabilities() at temperature 1 are the fractions, without bound all equal, and square roots at 2", () => {
  for (const [temperature, large] of [[1, 0.9], [2, 0.75], [Infinity, 0.5]] as const) {
    const found = samplingProbabilities([900, 100], { temperature });
    assertAlmostEquals(found[0]!, large, 1e-12);
    assertAlmostEquals(found[1]!, 1 - large, 1e-12);
  }
  assertEquals(samplingProbabilities([900, 100, 7], { temperature: Infinity }), [1 / 3, 1 / 3, 1 / 3]);
  const sizes = [1e6, 3e4, 500, 12];
  for (const temperature of [1, 1.5, 3.3, 5, 40]) {
    const found = samplingProbabilities(sizes, { temperature });
    assertAlmostEquals(found.reduce((sum, p) => sum + p, 0), 1, 1e-12);
    // The formula: the ratio of two probabilities is the ratio of the sizes to the power of 1/T.
    for (const [i, size] of sizes.entries()) {
      assertAlmostEquals(Math.log(found[i]! / found[0]!), Math.log(size / sizes[0]!) / temperature, 1e-9);
    }
  }
  assertEquals(samplingProbabilities([1e300, 1e300], { temperature: 1 }), [0.5, 0.5]);
});

Deno.test("samplingProbabilities() gives a language without text nothing, at any temperature", () => {
  for (const temperature of [1, 2, 1e9, Infinity]) {
    assertEquals(samplingProbabilities([5, 0, 5], { temperature }), [0.5, 0, 0.5]);
  }
});

Deno.test("mixCorpora() draws each language as often as its probability says, and no text much more often than another", () => {
  const corpora = [900, 100, 9, 0].map((size, i) => Array.from({ length: size }, (_, j) => `${i} ${j}`));
  for (const temperature of [1, 2, 5, Infinity]) {
    for (const total of [0, 1, 50, 1009, 20_000]) {
      const texts = mixCorpora(corpora, new Random(1), { temperature, total });
      assertEquals(texts.length, total);
      const probabilities = samplingProbabilities([900, 100, 9, 0], { temperature });
      for (const [i, corpus] of corpora.entries()) {
        const own = texts.filter((text) => text.startsWith(`${i} `));
        assertLess(Math.abs(own.length - total * probabilities[i]!), 1 + 1e-9);
        const counts = corpus.map((text) => own.filter((one) => one === text).length);
        if (counts.length > 0) assertLess(Math.max(...counts) - Math.min(...counts), 2);
      }
    }
  }
  // As they occur, every text once.
  const whole = mixCorpora(corpora, new Random(2), { temperature: 1 });
  assertEquals(whole.toSorted(), corpora.flat().toSorted());
});

Deno.test("mixCorpora() depends on its seed alone", () => {
  const corpora = [Array.from({ length: 50 }, (_, i) => `a${i}`), ["b", "c"]], options = { temperature: 3 };
  assertEquals(mixCorpora(corpora, new Random(1), options), mixCorpora(corpora, new Random(1), options));
  assert(mixCorpora(corpora, new Random(1), options).join() !== mixCorpora(corpora, new Random(2), options).join());
});

Deno.test("plainDropout() has the probabilities that follow from the algorithm", () => {
  const merges = [["e", "s"], ["es", "t"]] as const, random = new Random(1), draws = 20_000;
  for (const p of [0.1, 0.5]) {
    const counts = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const cut = plainDropout("est", merges, p, random).join(" ");
      counts.set(cut, (counts.get(cut) ?? 0) + 1);
    }
    const expected = { "e s t": p, "es t": (1 - p) * p, "est": (1 - p) ** 2 };
    let chi = 0;
    for (const [cut, q] of Object.entries(expected)) chi += ((counts.get(cut) ?? 0) - draws * q) ** 2 / (draws * q);
    // χ² with two degrees of freedom exceeds 14 once in a thousand times.
    assertLess(chi, 14);
  }
});

Deno.test("plainDropout() of 0 is byte-pair encoding, of 1 the letters", async () => {
  const encoding = await trainBytePairEncoding(["banana bandana banana nab"], { vocabSize: 20, level: "characters" });
  const random = new Random(1);
  for (const word of ["banana", "bandana", "nabanna", "", "b"]) {
    const merged = encoding.encode(word).map((id) => encoding.tokens[id]!);
    assertEquals(plainDropout(word, encoding.merges, 0, random), merged);
    assertEquals(plainDropout(word, encoding.merges, 1, random), [...word]);
  }
});

Deno.test("samplingProbabilities(), mixCorpora() and plainDropout() say what is wrong with their arguments", () => {
  const random = new Random(1);
  assertThrows(() => samplingProbabilities([1], { temperature: 0.5 }), RangeError, "temperature = 0.5");
  assertThrows(() => samplingProbabilities([1], {} as never), TypeError, "temperature");
  assertThrows(() => samplingProbabilities([-1, 2], { temperature: 1 }), RangeError, "a size of -1");
  assertThrows(() => samplingProbabilities([NaN], { temperature: 1 }), RangeError, "a size of NaN");
  assertThrows(() => samplingProbabilities([0, 0], { temperature: 1 }), RangeError, "2 languages without text");
  assertThrows(() => mixCorpora([["a"], [1]] as never, random, { temperature: 1 }), TypeError, "corpora[1]");
  assertThrows(() => mixCorpora([[]], random, { temperature: 1 }), RangeError, "1 languages without text");
  assertThrows(() => mixCorpora([["a"]], random, { temperature: 1, total: -1 }), RangeError, "total = -1");
  assertThrows(() => plainDropout("a", [["a"]] as never, 0, random), TypeError, "merges[0]");
  assertThrows(() => plainDropout("a", [], 2, random), RangeError, "dropout = 2");
});
