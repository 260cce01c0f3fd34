import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Unigram } from "../../../core/02_words/unigram/mod.ts";
import { Lattice, ScoredPieces } from "../../../core/02_words/unigram/lattice.ts";
import { Random } from "../../../core/engine/random.ts";
import recorded from "../../goldens/unigram.json" with { type: "json" };
import { awkward, babble } from "../byte_pair_encoding/texts.ts";
import { everyWay, randomVocabulary, vocabularyOf } from "./texts.ts";

const EST = { e: 0.3, s: 0.1, t: 0.2, es: 0.1, st: 0.15 };
const specialTokens = { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" };
const byBytes = new Unigram({
  pieces: [["▁", -2], ["▁a", -3], ["a", -4], ["b", -4], ["▁▁", -5]],
  specialTokens,
  byteFallback: true,
  prefixSpace: true,
  unknownPenalty: 10,
});

/** What SentencePiece learned, with its own scores. */
const learned = recorded.cases.map(({ pieces, byteFallback }) =>
  new Unigram({
    pieces: pieces as [string, number][],
    specialTokens,
    byteFallback,
    prefixSpace: true,
    unknownPenalty: 10,
  })
);

/** The first id that is neither special nor a byte. */
const FIRST = recorded.cases.map(({ byteFallback }) => byteFallback ? 260 : 4);

Deno.test("segment() of est is e st, as the page works out", () => {
  const vocabulary = vocabularyOf(EST), { pieces, logProbability } = vocabulary.segment("est");
  assertEquals(pieces, ["e", "st"]);
  assertAlmostEquals(Math.exp(logProbability), 0.045, 1e-12);
  assertAlmostEquals(Math.exp(vocabulary.logProbability("est")), 0.071, 1e-12);
  assertEquals(vocabulary.nBest("est", 9).map(({ pieces }) => pieces.join(" ")), ["e st", "es t", "e s t"]);
});

Deno.test("segment() is the most probable of all segmentations, and nBest() all of them in order", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const probabilities = randomVocabulary(seed, seed % 2 ? "abc" : "学a🙂", 12), random = new Random(seed);
    const vocabulary = vocabularyOf(probabilities), letters = Object.keys(probabilities).slice(0, 3);
    const text = Array.from({ length: 1 + seed % 11 }, () => letters[random.integer(3)]!).join("");
    const ways = everyWay(text, probabilities), found = vocabulary.nBest(text, 65536);
    assertEquals(found.length, ways.length);
    for (const [i, { logProbability, pieces }] of found.entries()) {
      assertAlmostEquals(Math.exp(logProbability), ways[i]!.probability, 1e-12 * ways[i]!.probability);
      // Of equal ones the order is open.
      const equals = ways.filter(({ probability }) => Math.abs(probability / ways[i]!.probability - 1) < 1e-9);
      assert(equals.some((way) => way.pieces.join("|") === pieces.join("|")));
    }
    assertEquals(new Set(found.map(({ pieces }) => pieces.join("|"))).size, ways.length);
    assertAlmostEquals(vocabulary.segment(text).logProbability, Math.log(ways[0]!.probability), 1e-9);
    assertEquals(found.slice(0, 3), vocabulary.nBest(text, 3));
  }
});

Deno.test("logProbability() is the sum over all segmentations, so that their probabilities sum to one", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const probabilities = randomVocabulary(seed, "abcd", 20), vocabulary = vocabularyOf(probabilities);
    const text = babble(seed, 1 + seed % 13, "abcd"), ways = everyWay(text, probabilities);
    const sum = ways.reduce((sum, { probability }) => sum + probability, 0), total = vocabulary.logProbability(text);
    assertAlmostEquals(total, Math.log(sum), 1e-11);
    const given = vocabulary.nBest(text, 65536).map(({ logProbability }) => Math.exp(logProbability - total));
    assertAlmostEquals(given.reduce((sum, p) => sum + p, 0), 1, 1e-11);
  }
  // A product of so many probabilities is 0 in float64; its logarithm is not.
  const long = vocabularyOf(EST).logProbability("est".repeat(5000));
  assertAlmostEquals(long, 5000 * vocabularyOf(EST).logProbability("est"), Math.abs(long));
  assert(long < -5000 && long > -Infinity);
});

Deno.test("sample() draws each segmentation as often as its probability to the power of alpha says", () => {
  const vocabulary = vocabularyOf(EST), draws = 20000;
  for (const [i, alpha] of [0, 0.2, 1, 3].entries()) {
    const random = new Random(7 + i), counts = new Map<string, number>();
    const ways = everyWay("estest", EST), total = ways.reduce((sum, { probability }) => sum + probability ** alpha, 0);
    for (let draw = 0; draw < draws; draw++) {
      const key = vocabulary.sample("estest", random, { alpha }).pieces.join("|");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Pearson's statistic: χ² with one degree less than there are ways, whose variance is twice its degrees.
    const chi = ways.reduce((sum, { pieces, probability }) => {
      const expected = draws * probability ** alpha / total;
      return sum + ((counts.get(pieces.join("|")) ?? 0) - expected) ** 2 / expected;
    }, 0);
    const degrees = ways.length - 1;
    assertLess(chi, degrees + 4 * Math.sqrt(2 * degrees));
    assertEquals([...counts.values()].reduce((sum, count) => sum + count, 0), draws);
  }
});

Deno.test("encode() with alpha draws what sample() draws, and one seed draws one sequence", () => {
  const vocabulary = vocabularyOf(EST), text = "estestest";
  for (const alpha of [0, 0.5, 1]) {
    const [a, b] = [new Random(3), new Random(3)];
    for (let i = 0; i < 20; i++) {
      assertEquals(vocabulary.encode(text, { alpha, random: a }), vocabulary.sample(text, b, { alpha }).tokens);
    }
  }
  const random = new Random(4);
  assertEquals(vocabulary.encode(text, { alpha: 200, random }), vocabulary.encode(text));
});

Deno.test("encode() cuts texts as SentencePiece does with the same pieces and scores", () => {
  for (const [c, { segmentations, unknown }] of recorded.cases.entries()) {
    for (const [i, sample] of recorded.samples.entries()) {
      const { tokens, pieces } = learned[c]!.segment(sample);
      assertEquals(pieces, segmentations[i], sample);
      assertEquals(tokens.map((token) => token === learned[c]!.unknownToken), unknown[i]);
      assertEquals(learned[c]!.encode(sample), tokens);
    }
  }
});

Deno.test("nBest() and the sum over all segmentations are those of SentencePiece", () => {
  for (const [c, { pieces, nBest, marginals, entropies }] of recorded.cases.entries()) {
    const model = new ScoredPieces(
      pieces.map(([piece]) => (piece as string).replaceAll("▁", " ")),
      pieces.map(([, score]) => score as number),
      10,
    );
    for (const [i, sample] of recorded.samples.entries()) {
      const found = learned[c]!.nBest(sample, 6), isKnown = !learned[c]!.encode(sample).some((id) => id < FIRST[c]!);
      assertEquals(found[0]?.pieces ?? [], nBest[i]![0] ?? []);
      assertEquals(found.length, sample === "" ? 1 : nBest[i]!.length);
      if (sample === "" || !isKnown) continue;
      // Of equally probable ones the order is open, and which of them is the last: the scores are compared.
      const scores = new Map(pieces as [string, number][]);
      for (const [j, { logProbability }] of found.entries()) {
        const score = nBest[i]![j]!.reduce((sum, piece) => sum + scores.get(piece)!, 0);
        assertAlmostEquals(logProbability, score, 1e-9);
      }
      const lattice = new Lattice(model).read(` ${sample}`);
      for (const [j, alpha] of recorded.alphas.entries()) {
        const total = lattice.forwards(alpha), tolerance = 64 * 2 ** -23 * Math.max(1, Math.abs(total));
        assertAlmostEquals(total, marginals[i]![j]!, tolerance);
        if (alpha !== 1) continue;
        // The entropy of the segmentations: the logarithm of the sum, less the expected score.
        const counts = new Float64Array(pieces.length), total1 = lattice.expect(counts, 1);
        const mean = pieces.reduce((sum, [, score], k) => sum + counts[k]! * (score as number), 0);
        assertAlmostEquals(total1 - mean, entropies[i]![j]!, tolerance);
      }
    }
  }
});

Deno.test("decode() gives back what SentencePiece gives back, but for what is unknown", () => {
  for (const [c, { decoded }] of recorded.cases.entries()) {
    for (const [i, sample] of recorded.samples.entries()) {
      const text = learned[c]!.decode(learned[c]!.encode(sample));
      // SentencePiece takes a space alone for one in front of nothing, and shows what is unknown as ⁇ between spaces.
      assertEquals(text.replaceAll("\uFFFD", " ⁇ "), decoded[i]);
    }
  }
});

Deno.test("encode() and decode() are inverse with bytes, for any string", () => {
  for (const [name, text] of Object.entries(awkward)) {
    for (const vocabulary of [byBytes, learned[1]!]) {
      assertEquals(vocabulary.decode(vocabulary.encode(text)), text.toWellFormed(), name);
    }
  }
  const random = new Random(1);
  for (let i = 0; i < 300; i++) {
    const points = Array.from({ length: 20 }, () => random.integer(i % 2 ? 0x110000 : 0x300));
    const text = String.fromCodePoint(...points).toWellFormed();
    assertEquals(byBytes.decode(byBytes.encode(text)), text);
    assert(!byBytes.encode(text).includes(byBytes.unknownToken));
    assertEquals(byBytes.decode(byBytes.encode(text, { alpha: 0.3, random })), text);
  }
});

Deno.test("encode() keeps spaces, and does not take ▁ for one", () => {
  for (const text of ["a b", " a", "a ", "  ", "a  b", "▁", "a▁b", " ▁ "]) {
    assertEquals(byBytes.decode(byBytes.encode(text)), text);
  }
  assertEquals(byBytes.segment("a").pieces, ["▁a"]);
  assertEquals(byBytes.segment("▁").pieces, ["▁", "<0xE2>", "<0x96>", "<0x81>"]);
  const plain = vocabularyOf({ a: 0.5, "▁": 0.5 });
  assertEquals(plain.segment("a a").pieces, ["a", "▁", "a"]);
  assertEquals(plain.decode(plain.encode("a▁a")), "a�a");
});

Deno.test("a run of unknown characters is one token, and scores by the penalty", () => {
  const vocabulary = vocabularyOf(EST), tokens = vocabulary.encode("e学生🙂st");
  assertEquals(tokens.map((id) => vocabulary.tokens[id]), ["e", "<unknown>", "st"]);
  assertEquals(vocabulary.segment("e学生🙂st").pieces, ["e", "学生🙂", "st"]);
  assertEquals(vocabulary.decode(tokens), "e�st");
  const lowest = Math.log(0.1);
  assertAlmostEquals(vocabulary.segment("学").logProbability, lowest - 10, 1e-12);
  assertAlmostEquals(vocabularyOf(EST, { unknownPenalty: 3 }).segment("学").logProbability, lowest - 3, 1e-12);
  // A letter without a piece of its own is unknown where no longer piece has it.
  assertEquals(vocabularyOf({ ab: 1 }).segment("abb").pieces, ["ab", "b"]);
  assertEquals(vocabularyOf({}).encode("any"), [3]);
});

Deno.test("encode() takes time in proportion to the text, whatever the text", () => {
  const pieces = Object.fromEntries(Array.from({ length: 16 }, (_, i) => ["a".repeat(i + 1), 1 / 2 ** (i + 1)]));
  const vocabulary = vocabularyOf(pieces),
    seconds = (text: string): number => {
      const start = performance.now();
      assertEquals(vocabulary.decode(vocabulary.encode(text)), text);
      return performance.now() - start;
    };
  seconds("a".repeat(20_000));
  const short = Math.min(...[1, 2, 3].map(() => seconds("a".repeat(20_000))));
  const long = Math.min(...[1, 2, 3].map(() => seconds("a".repeat(160_000))));
  // Eight times the text; a quadratic search would take sixty-four times as long.
  assertLess(long, 32 * short);
});

Deno.test("decodeStream() yields what decode() returns, in whole characters", async () => {
  for (const text of ["a学🙂\ufeff生 b", " a", "▁", "", "ab"]) {
    const ids = byBytes.encode(text);
    const parts = await Array.fromAsync(byBytes.decodeStream([1, ...ids, 2, 0]));
    assertEquals(parts.join(""), text);
    assert(parts.every((part) => part !== "" && !part.includes("\uFFFD")));
  }
  const [id] = byBytes.encode("é").slice(1);
  assertEquals((await Array.fromAsync(byBytes.decodeStream([id!]))).join(""), "�");
  assertEquals(byBytes.decode([id!]), "�");
});

Deno.test("decode() refuses what is no token", () => {
  const vocabulary = vocabularyOf(EST);
  for (const id of [9, -1, 1.5, NaN]) {
    assertThrows(
      () => vocabulary.decode([id]),
      RangeError,
      `Cannot decode token ${id}: ids must be integers in [0, 9)`,
    );
  }
});

Deno.test("toJSON() and fromJSON() keep everything", () => {
  for (const vocabulary of [byBytes, ...learned, vocabularyOf({})]) {
    const copy = Unigram.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    assertEquals([copy.tokens, copy.scores], [vocabulary.tokens, vocabulary.scores]);
    assertEquals(copy.toJSON(), vocabulary.toJSON());
    for (const text of recorded.samples) assertEquals(copy.encode(text), vocabulary.encode(text));
  }
});

Deno.test("fromJSON() says what is wrong with a file", () => {
  const good = vocabularyOf(EST).toJSON();
  const cases: [unknown, string][] = [
    [null, "the file is null"],
    [[], "the file is []"],
    [{ ...good, format: "heed byte-pair encoding 1" }, "format is"],
    [{ ...good, extra: 1 }, 'the file has the field "extra"'],
    [{ ...good, pieces: undefined }, "pieces is undefined"],
    [{ ...good, pieces: [["a"]] }, 'pieces[0] is ["a"]'],
    [{ ...good, pieces: [["a", "b"]] }, "a finite score"],
    [{ ...good, pieces: [["a", NaN]] }, "a finite score"],
    [{ ...good, pieces: [["a b", 0]] }, "a text without spaces"],
    [{ ...good, pieces: [["", 0]] }, "a text without spaces"],
    [{ ...good, pieces: [["\ud800", 0]] }, "a text without spaces"],
    [{ ...good, pieces: [["a", 0], ["a", 1]] }, 'pieces[1] is "a" again'],
    [{ ...good, byteFallback: 1 }, "byteFallback is 1"],
    [{ ...good, prefixSpace: "yes" }, 'prefixSpace is "yes"'],
    [{ ...good, unknownPenalty: -1 }, "unknownPenalty is -1"],
    [{ ...good, specialTokens: { ...specialTokens, end: "<pad>" } }, "four different texts"],
  ];
  for (const [data, message] of cases) assertThrows(() => Unigram.fromJSON(data), SyntaxError, message);
  const { unknownPenalty: _, ...lacking } = good;
  assertThrows(() => Unigram.fromJSON(lacking), SyntaxError, "the file lacks unknownPenalty");
});

Deno.test("encode(), nBest() and sample() say what is wrong with their arguments", () => {
  const vocabulary = vocabularyOf(EST), random = new Random(1);
  assertThrows(() => vocabulary.encode(1 as never), TypeError, "Cannot encode 1: text must be a string");
  assertThrows(() => vocabulary.encode("e", { alpha: 1 }), TypeError, "random");
  assertThrows(() => vocabulary.encode("e", { random }), TypeError, "alpha");
  assertThrows(() => vocabulary.encode("e", { alpha: -1, random }), RangeError, "alpha = -1");
  assertThrows(() => vocabulary.sample("e", random, { alpha: Infinity }), RangeError, "alpha = Infinity");
  assertThrows(() => vocabulary.sample("e", 1 as never), TypeError, "random = 1");
  assertThrows(() => vocabulary.nBest("e", 0), RangeError, "count = 0");
  assertThrows(() => vocabulary.nBest(2 as never, 1), TypeError, "text = 2");
});

Deno.test("idOf() of a name that a piece shares with a special token is the special token", () => {
  const vocabulary = vocabularyOf({ "<end>": 0.5, a: 0.5 });
  assertEquals(vocabulary.idOf("<end>"), vocabulary.endToken);
  assertEquals(vocabulary.idOf("a"), 5);
  assertEquals(vocabulary.idOf("b"), undefined);
});
