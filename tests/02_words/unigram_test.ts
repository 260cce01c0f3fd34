import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  expectedCounts,
  plainMarginal,
  plainSegmentation,
  trainUnigram,
  Unigram,
  type UnigramOptions,
  type UnigramStep,
} from "../../core/02_words/unigram/mod.ts";
import { repeatedSubstrings } from "../../core/02_words/unigram/seeds.ts";
import { digamma, improve, prune, type ScoredPiece } from "../../core/02_words/unigram/training.ts";
import { splitWords } from "../../core/02_words/byte_pair_encoding/mod.ts";
import recorded from "../goldens/unigram.json" with { type: "json" };
import { babble } from "./byte_pair_encoding/texts.ts";
import { everyWay, randomVocabulary, vocabularyOf } from "./unigram/texts.ts";

const pause = (): Promise<void> => Promise.resolve();
const logs = (probabilities: Readonly<Record<string, number>>): Map<string, number> =>
  new Map(Object.entries(probabilities).map(([piece, p]) => [piece, Math.log(p)]));

Deno.test("plainSegmentation() and plainMarginal() find what the lattice finds", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const probabilities = randomVocabulary(seed, "abc", 15), vocabulary = vocabularyOf(probabilities);
    const scores = logs(probabilities), text = babble(seed, 30, "abc"), plain = plainSegmentation(text, scores);
    assertAlmostEquals(plain.logProbability, vocabulary.segment(text).logProbability, 1e-9);
    assertEquals(plain.pieces, vocabulary.segment(text).pieces);
    assertAlmostEquals(plainMarginal(text, scores), vocabulary.logProbability(text), 1e-9);
  }
  assertEquals(plainSegmentation("", new Map()), { pieces: [], logProbability: 0 });
  assertEquals(plainSegmentation("ab", new Map([["a", -1]])), { pieces: [], logProbability: -Infinity });
  assertEquals(plainMarginal("ab", new Map([["a", -1]])), -Infinity);
});

/** Expected counts by trying every way. */
function countsByHand(text: string, probabilities: Readonly<Record<string, number>>): Map<string, number> {
  const ways = everyWay(text, probabilities), total = ways.reduce((sum, { probability }) => sum + probability, 0);
  const counts = new Map(Object.keys(probabilities).map((piece) => [piece, 0]));
  for (const { pieces, probability } of ways) {
    for (const piece of pieces) counts.set(piece, counts.get(piece)! + probability / total);
  }
  return counts;
}

Deno.test("expectedCounts() counts each piece in every segmentation, weighted by its probability", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const probabilities = randomVocabulary(seed, "abc", 12), text = babble(seed, 1 + seed % 10, "abc");
    const found = expectedCounts(text, logs(probabilities));
    for (const [piece, count] of countsByHand(text, probabilities)) {
      assertAlmostEquals(found.get(piece)!, count, 1e-12, piece);
    }
  }
  assertEquals(expectedCounts("x", new Map([["a", 0]])), new Map([["a", 0]]));
});

Deno.test("digamma() has its known values and its recurrence", () => {
  const gamma = 0.5772156649015329;
  assertAlmostEquals(digamma(1), -gamma, 1e-9);
  assertAlmostEquals(digamma(0.5), -gamma - 2 * Math.log(2), 1e-9);
  assertAlmostEquals(digamma(10), 7129 / 2520 - gamma, 1e-9);
  for (const x of [0.01, 0.5, 1, 3.7, 6.99, 7, 50]) assertAlmostEquals(digamma(x + 1), digamma(x) + 1 / x, 1e-9);
  // Nearly the logarithm of its argument less a half.
  assertAlmostEquals(digamma(1e6), Math.log(1e6 - 0.5), 1e-9);
});

Deno.test("improve() is one turn of EM: expected counts over all segmentations, then their digamma", async () => {
  const probabilities = randomVocabulary(3, "abc", 12), words = new Map([["abcab", 3], ["cab", 5], ["bbac", 1]]);
  const pieces: ScoredPiece[] = [...logs(probabilities)], characters = new Set(["a", "b", "c"]);
  const found = await improve(pieces, { words, characters, pause });
  const counts = new Map(pieces.map(([piece]) => [piece, 0]));
  let logProbability = 0;
  for (const [word, times] of words) {
    for (const [piece, count] of countsByHand(word, probabilities)) {
      counts.set(piece, counts.get(piece)! + times * count);
    }
    logProbability += times *
      Math.log(everyWay(word, probabilities).reduce((sum, { probability }) => sum + probability, 0));
  }
  assertAlmostEquals(found.logProbability, logProbability, 1e-9);
  const kept = [...counts].flatMap(([piece, count]): [string, number][] =>
    characters.has(piece) ? [[piece, Math.max(count, 0.5)]] : count < 0.5 ? [] : [[piece, count]]
  );
  assertLess(kept.length, pieces.length);
  const total = kept.reduce((sum, [, count]) => sum + count, 0);
  assertEquals(found.pieces.map(([piece]) => piece), kept.map(([piece]) => piece));
  for (const [i, [, score]] of found.pieces.entries()) {
    assertAlmostEquals(score, digamma(kept[i]![1]) - digamma(total), 1e-9);
  }
});

Deno.test("prune() keeps the pieces whose loss is largest, and every character", async () => {
  const words = new Map([["abab", 4], ["abc", 3], ["cab", 2], ["bc", 5]]), characters = new Set(["a", "b", "c"]);
  const probabilities = { a: 0.1, b: 0.1, c: 0.1, ab: 0.3, abab: 0.1, bc: 0.1, abc: 0.15, cab: 0.04, ca: 0.01 };
  // By the best segmentations: ab ab (0.09) loses to abab (0.1); ab c (0.03) to abc; c ab (0.03) to cab.
  const uses: Record<string, number> = { abab: 4, abc: 3, cab: 2, bc: 5 }, total = 14;
  const loss = (piece: string, instead: string[]): number => {
    const totalWithout = total + uses[piece]! * (instead.length - 1);
    const alternative = instead.reduce(
      (sum, one) => sum + Math.log(((uses[one] ?? 0) + uses[piece]!) / totalWithout),
      0,
    );
    return uses[piece]! * (Math.log(uses[piece]! / total) - alternative);
  };
  const losses = [
    ["abab", loss("abab", ["ab", "ab"])],
    ["abc", loss("abc", ["ab", "c"])],
    ["cab", loss("cab", ["c", "ab"])],
    ["bc", loss("bc", ["b", "c"])],
  ] as const;
  const order = losses.toSorted((a, b) => b[1] - a[1]).map(([piece]) => piece);
  for (let size = 3; size <= 9; size++) {
    const kept = await prune([...logs(probabilities)], { words, characters, pause }, size);
    // ab and ca are in no best segmentation, so they go first.
    const expected = new Set(["a", "b", "c", ...order.slice(0, size - 3)]);
    assertEquals(new Set(kept.map(([piece]) => piece)), expected);
  }
});

Deno.test("repeatedSubstrings() finds what counting every substring finds", async () => {
  for (const texts of [recorded.texts, [babble(1, 400, "ab ")], [babble(2, 300, "学生a🙂 ")], ["a".repeat(50)]]) {
    const words = new Map<string, number>();
    for (const word of texts.flatMap((text) => splitWords(text))) words.set(word, (words.get(word) ?? 0) + 1);
    const counts = new Map<string, number>(), followers = new Map<string, Map<string, number>>();
    for (const [word, times] of words) {
      const letters = [...word];
      for (let start = 0; start < letters.length; start++) {
        for (let end = start + 2; end <= Math.min(letters.length, start + 6); end++) {
          const piece = letters.slice(start, end).join(""), after = letters[end] ?? `end ${word}`;
          counts.set(piece, (counts.get(piece) ?? 0) + times);
          const row = followers.get(piece) ?? new Map<string, number>();
          followers.set(piece, row.set(after, (row.get(after) ?? 0) + times));
        }
      }
    }
    const expected = [...counts].filter(([piece, count]) => {
      const always = [...followers.get(piece)!].some(([after, times]) => times === count && !after.startsWith("end "));
      return count >= 2 && (!always || [...piece].length === 6);
    });
    const found = await repeatedSubstrings(words, { maxLength: 6, most: 1e6 }, pause);
    assertEquals(new Map(found), new Map(expected));
    const coverage = found.map(([piece, count]) => [...piece].length * count);
    assertEquals(coverage, coverage.toSorted((a, b) => b - a));
    assertEquals(await repeatedSubstrings(words, { maxLength: 6, most: 3 }, pause), found.slice(0, 3));
    assertEquals(await repeatedSubstrings(words, { maxLength: 1, most: 3 }, pause), []);
  }
});

Deno.test("trainUnigram() gives the texts about the probability that SentencePiece gives them with as many pieces", async () => {
  const { pieces } = recorded.cases[0]!;
  const theirs = new Unigram({
    pieces: pieces as [string, number][],
    specialTokens: { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" },
    byteFallback: false,
    prefixSpace: true,
    unknownPenalty: 10,
  });
  const here = await trainUnigram(recorded.texts, { vocabSize: pieces.length + 4 });
  assertEquals(here.vocabSize, theirs.vocabSize);
  const perPiece = (vocabulary: Unigram): number =>
    recorded.texts.reduce((sum, text) => sum + vocabulary.logProbability(text), 0) /
    recorded.texts.reduce((sum, text) => sum + vocabulary.encode(text).length, 0);
  const difference = perPiece(here) / perPiece(theirs) - 1;
  // A corpus of a page: two programs that break ties differently keep other pieces.
  assertLess(Math.abs(difference), 0.05);
});

Deno.test("trainUnigram() raises the probability in each turn and lowers it by each pruning, and ends at its size", async () => {
  const steps: UnigramStep[] = [];
  const vocabulary = await trainUnigram(recorded.texts, { vocabSize: 120, onProgress: (step) => steps.push(step) });
  assertEquals(vocabulary.vocabSize, 120);
  assert(steps.length >= 4);
  for (const [i, { round, turn, pieces, logProbability }] of steps.entries()) {
    assertEquals([round, turn], [1 + (i >> 1), 1 + i % 2]);
    const before = steps[i - 1];
    if (before) assert(pieces <= before.pieces);
    if (turn === 2) assert(logProbability > before!.logProbability, `round ${round}`);
  }
});

Deno.test("trainUnigram() finds the endings that words share", async () => {
  const stems = ["fast", "long", "short", "warm", "kind", "deep", "plain", "sharp", "cold", "dark", "soft", "hard"];
  const texts = stems.flatMap((stem) => [stem, `${stem}er`, `${stem}est`]);
  const vocabulary = await trainUnigram(texts, { vocabSize: 44 });
  for (const piece of ["er", "est"]) assert(vocabulary.tokens.includes(piece), piece);
  assertEquals(vocabulary.segment("deepest").pieces.at(-1), "est");
  assertEquals(vocabulary.segment("oldest").pieces.at(-1), "est");
});

Deno.test("trainUnigram() keeps every character, so nothing of the texts is unknown", async () => {
  const texts = [...recorded.texts, "a rare ✓ sign, and 𠀀"];
  const vocabulary = await trainUnigram(texts, { vocabSize: 130 });
  for (const letter of new Set(texts.join("").replaceAll(" ", "▁"))) assert(vocabulary.tokens.includes(letter), letter);
  for (const text of texts) {
    assert(!vocabulary.encode(text).includes(vocabulary.unknownToken));
    assertEquals(vocabulary.decode(vocabulary.encode(text)), text);
  }
  const covered = await trainUnigram(texts, { vocabSize: 130, characterCoverage: 0.98 });
  assert(!covered.tokens.includes("✓") && covered.tokens.includes("e"));
  assertEquals(covered.decode(covered.encode("a ✓")), "a �");
  const bytes = await trainUnigram(texts, { vocabSize: 386, characterCoverage: 0.98, byteFallback: true });
  assertEquals(bytes.vocabSize, 386);
  assertEquals(bytes.decode(bytes.encode("a ✓ 𠀀 ▁")), "a ✓ 𠀀 ▁");
});

Deno.test("trainUnigram() does not depend on the order of the texts", async () => {
  const forwards = await trainUnigram(recorded.texts, { vocabSize: 120 });
  const backwards = await trainUnigram([...recorded.texts].reverse(), { vocabSize: 120 });
  assertEquals(backwards.tokens, forwards.tokens);
  for (const [i, score] of backwards.scores.entries()) assertAlmostEquals(score, forwards.scores[i]!, 1e-9);
});

Deno.test("trainUnigram() of little ends smaller, of nothing with the special tokens", async () => {
  assertEquals((await trainUnigram([], { vocabSize: 100 })).tokens.length, 4);
  assertEquals((await trainUnigram(["", ""], { vocabSize: 100 })).tokens.length, 4);
  const little = await trainUnigram(["ab", "ab"], { vocabSize: 100, prefixSpace: false });
  assertEquals(new Set(little.tokens.slice(4)), new Set(["a", "b", "ab"]));
  assertEquals((await trainUnigram(["▁"], { vocabSize: 100, prefixSpace: false })).encode("▁"), [3]);
});

Deno.test("trainUnigram() takes runs and long words as they are", async () => {
  const vocabulary = await trainUnigram(["a".repeat(20_000), "🙂".repeat(5000), "学生".repeat(3000)], {
    vocabSize: 40,
  });
  for (const text of ["a".repeat(33), "🙂🙂🙂", "生学生"]) {
    assertEquals(vocabulary.decode(vocabulary.encode(text)), text);
    assert(!vocabulary.encode(text).includes(3));
  }
  const longest = Math.max(...vocabulary.tokens.slice(4).map((piece) => [...piece].length));
  assertEquals(longest <= 16, true);
  const short = await trainUnigram(["a".repeat(1000)], { vocabSize: 40, maxPieceLength: 3 });
  assertEquals(Math.max(...short.tokens.slice(4).map((piece) => piece.length)), 3);
});

Deno.test("trainUnigram() stops when its signal says so", async () => {
  const controller = new AbortController();
  let turns = 0;
  const onProgress = (): void => void (++turns === 2 && controller.abort(new Error("enough")));
  await assertRejects(
    () => trainUnigram(recorded.texts, { vocabSize: 100, signal: controller.signal, onProgress }),
    Error,
    "enough",
  );
  assertEquals(turns, 2);
  await assertRejects(() => trainUnigram([], { vocabSize: 100, signal: AbortSignal.abort() }), DOMException);
});

Deno.test("trainUnigram() says what is wrong with its arguments", async () => {
  const cases: [unknown, unknown, new () => Error, string][] = [
    ["text", { vocabSize: 300 }, TypeError, 'on "text": texts must be a list of strings'],
    [[1], { vocabSize: 300 }, TypeError, "on [1]: texts must be a list of strings"],
    [[], {}, TypeError, "vocabSize"],
    [[], { vocabSize: 4 }, RangeError, "vocabSize = 4"],
    [["abc"], { vocabSize: 7 }, RangeError, "the 4 characters of the texts need at least 8"],
    [
      ["abc"],
      { vocabSize: 260, byteFallback: true },
      RangeError,
      "bytes and the 4 characters of the texts need at least 264",
    ],
    [[], { vocabSize: 30, shrinkingFactor: 1 }, RangeError, "shrinkingFactor = 1"],
    [[], { vocabSize: 30, characterCoverage: 0 }, RangeError, "characterCoverage = 0"],
    [[], { vocabSize: 30, level: "bytes" }, TypeError, 'option "level"'],
    [[], { vocabSize: 30, specialTokens: { end: "<pad>" } }, TypeError, "four different texts"],
  ];
  for (const [texts, options, kind, message] of cases) {
    await assertRejects(() => trainUnigram(texts as string[], options as UnigramOptions), kind, message);
  }
  assertThrows(() => plainSegmentation("a", { a: 1 } as never), TypeError, "scores must be a Map of numbers by piece");
  assertThrows(() => plainMarginal(1 as never, new Map()), TypeError, "text = 1");
});
