import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  type BytePairEncodingOptions,
  plainMerges,
  splitWords,
  trainBytePairEncoding,
} from "../../core/02_words/byte_pair_encoding/mod.ts";
import recorded from "../goldens/byte_pair_encoding.json" with { type: "json" };
import { countSteps } from "../steps.ts";
import { babble, empty, pieces } from "./byte_pair_encoding/texts.ts";

/** Counts everything afresh for every merge: slow, and short enough to be believed. */
function bruteForce(texts: readonly string[], level: "characters" | "bytes", steps: number): [string, string][] {
  const letters = (word: string) =>
    level === "characters"
      ? [...word]
      : Array.from(new TextEncoder().encode(word), (byte) => empty.tokens[4 + rank(byte)]!);
  let words = texts.flatMap(splitWords).map(letters);
  const ids = level === "bytes"
    ? empty.tokens.slice(4)
    : [...new Set(words.flat())].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const merges: [string, string][] = [];
  while (merges.length < steps) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const pair = `${ids.indexOf(word[i - 1]!)} ${ids.indexOf(word[i]!)}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const order = [...counts].map(([pair, count]) =>
      [count, ...pair.split(" ").map(Number)] as [number, number, number]
    )
      .sort((a, b) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]);
    const best = order[0];
    if (!best || best[0] < 2) break;
    const [left, right] = [ids[best[1]]!, ids[best[2]]!];
    merges.push([left, right]);
    ids.push(left + right);
    words = words.map((word) => {
      const joined: string[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) joined.push(left + right), i++;
        else joined.push(word[i]!);
      }
      return joined;
    });
  }
  return merges;
}

// Bytes in the order of GPT-2's letters: the printable ones first.
const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
const bytesInOrder = [
  ...Array(256).keys().filter(printable),
  ...Array(256).keys().filter((byte) => !printable(byte)),
];
const rank = (byte: number) => bytesInOrder.indexOf(byte);
const corpora: Record<string, string[]> = {
  "the recorded texts": recorded.texts,
  "runs of two letters": [1, 2, 3, 4].map((seed) => babble(seed, 200, "aab")),
  "words of three letters": [5, 6].map((seed) => babble(seed, 600, "abc ")),
  "Chinese and emoji": [7, 8].map((seed) => babble(seed, 300, "学生老师🙂,")),
  "one long run": ["a".repeat(77)],
};

for (const [name, texts] of Object.entries(corpora)) {
  for (const level of ["characters", "bytes"] as const) {
    Deno.test(`trainBytePairEncoding() learns what counting afresh learns: ${name}, ${level}`, async () => {
      const encoding = await trainBytePairEncoding(texts, { vocabSize: 600, level });
      const expected = bruteForce(texts, level, encoding.merges.length + 1);
      assertEquals(encoding.merges as [string, string][], expected.slice(0, encoding.merges.length));
      if (encoding.vocabSize < 600) assertEquals(expected.length, encoding.merges.length);
    });
  }
}

Deno.test("trainBytePairEncoding() learns the merges that Hugging Face tokenizers learns", async () => {
  for (const { level, vocabSize, minFrequency, tokens, merges, ids } of recorded.cases) {
    const options = { level, vocabSize, minFrequency } as BytePairEncodingOptions;
    const encoding = await trainBytePairEncoding(recorded.texts, options);
    assertEquals(encoding.tokens, tokens);
    assertEquals(encoding.merges, merges as [string, string][]);
    for (const [i, sample] of recorded.samples.entries()) assertEquals(encoding.encode(sample), ids[i]);
  }
});

for (const [name, texts] of Object.entries(corpora)) {
  Deno.test(`plainMerges() learns what trainBytePairEncoding() learns: ${name}`, async () => {
    const encoding = await trainBytePairEncoding(texts, { vocabSize: 300, level: "characters" });
    const words = new Map<string, number>();
    for (const word of texts.flatMap(splitWords)) words.set(word, (words.get(word) ?? 0) + 1);
    assertEquals(plainMerges(words, encoding.merges.length), encoding.merges as [string, string][]);
  });
}

Deno.test("trainBytePairEncoding() reproduces the example of Sennrich, Haddow and Birch", async () => {
  // Their words end with a mark of their own; here it is ǀ, which Unicode counts among the letters.
  const dictionary: Record<string, number> = { "lowǀ": 5, "lowerǀ": 2, "newestǀ": 6, "widestǀ": 3 };
  const texts = Object.entries(dictionary).flatMap(([word, count]) => Array<string>(count).fill(word));
  const counts: number[] = [];
  const encoding = await trainBytePairEncoding(texts, {
    vocabSize: 4 + 11 + 9,
    level: "characters",
    onProgress: ({ count }) => counts.push(count),
  });
  // Published: es 9, est 9, est</w> 9, lo 7, low 7, ne 6, new 6, newest</w> 6, low</w> 5. Their program leaves the order
  // of equal counts to Python's dictionaries, so the counts and the result agree, and ties may differ.
  assertEquals(counts, [9, 9, 9, 7, 7, 6, 6, 6, 5]);
  assertEquals(encoding.merges[0], ["e", "s"]);
  assertEquals(pieces(encoding, "lowǀ"), ["lowǀ"]);
  assertEquals(pieces(encoding, "lowerǀ"), ["low", "e", "r", "ǀ"]);
  assertEquals(pieces(encoding, "newestǀ"), ["newestǀ"]);
  assertEquals(pieces(encoding, "widestǀ"), ["w", "i", "d", "estǀ"]);
  // The point of the paper: a word that was never seen, from parts that were.
  assertEquals(pieces(encoding, "lowestǀ"), ["low", "estǀ"]);
});

Deno.test("trainBytePairEncoding() finds the notes' subwords er, est, pro and ed", async () => {
  const stems = ["fast", "long", "short", "warm", "kind", "deep", "plain", "sharp"];
  const words = stems.flatMap((stem) => [stem, `${stem}er`, `${stem}est`]);
  const verbs = ["claim", "long", "mote", "noun", "tect", "test", "vid", "voke"].flatMap((stem) => [
    `pro${stem}`,
    `pro${stem}ed`,
    `${stem}ed`,
  ]);
  const encoding = await trainBytePairEncoding([...words, ...verbs], { vocabSize: 60, level: "characters" });
  for (const subword of ["er", "est", "pro", "ed"]) assert(encoding.tokens.includes(subword), subword);
  // Inflected forms share their stem: fewer tokens than the one-hot vectors would need entries.
  assertEquals(pieces(encoding, "longest").at(-1), "est");
  assertEquals(pieces(encoding, "wisest").at(-1), "est");
  assertEquals(pieces(encoding, "produced")[0], "pro");
});

Deno.test("trainBytePairEncoding() breaks ties by the age of the left token, then of the right one", async () => {
  const merges = async (texts: string[], vocabSize = 12) =>
    (await trainBytePairEncoding(texts, { vocabSize, level: "characters", minFrequency: 1 })).merges;
  assertEquals((await merges(["cd", "ab"], 9))[0], ["a", "b"]);
  assertEquals((await merges(["ac", "ab"], 8))[0], ["a", "b"]);
  // A joined token is younger than every character.
  assertEquals(await merges(["xy", "xy", "xyz", "yz"]), [["x", "y"], ["y", "z"], ["xy", "z"]]);
  // The highest count comes before any age.
  assertEquals((await merges(["cd", "ab", "cd"], 9))[0], ["c", "d"]);
});

Deno.test("trainBytePairEncoding() does not depend on the order of the texts", async () => {
  for (const level of ["characters", "bytes"] as const) {
    const options = { vocabSize: 500, level };
    const forwards = await trainBytePairEncoding(recorded.texts, options);
    const backwards = await trainBytePairEncoding([...recorded.texts].reverse(), options);
    assertEquals(backwards.toJSON(), forwards.toJSON());
  }
});

Deno.test("trainBytePairEncoding() stops at minFrequency", async () => {
  const counts: number[] = [];
  const onProgress = ({ count }: { count: number }) => counts.push(count);
  await trainBytePairEncoding(recorded.texts, { vocabSize: 5000, level: "characters", minFrequency: 4, onProgress });
  assert(counts.length > 0 && Math.min(...counts) >= 4);
  const all = await trainBytePairEncoding(["ab", "cd"], { vocabSize: 99, level: "characters" });
  assertEquals(all.merges, []);
});

Deno.test("trainBytePairEncoding() of vocabSize alphabet is a vocabulary of characters", async () => {
  const encoding = await trainBytePairEncoding(["banana", "学生"], { vocabSize: "alphabet", level: "characters" });
  assertEquals(encoding.tokens, ["<pad>", "<begin>", "<end>", "<unknown>", "a", "b", "n", "学", "生"]);
  assertEquals(encoding.encode("生ban"), [8, 5, 4, 6]);
});

Deno.test("trainBytePairEncoding() without limits is a vocabulary of words", async () => {
  const text = "the cat saw the other cat and a saw";
  const encoding = await trainBytePairEncoding([text], { vocabSize: 9999, level: "bytes", minFrequency: 1 });
  assertEquals(pieces(encoding, text).map((piece) => piece.replace("Ġ", " ")), splitWords(text));
});

Deno.test("trainBytePairEncoding() keeps the most frequent characters when there is no room for all", async () => {
  const encoding = await trainBytePairEncoding(["aaab bbc aad"], { vocabSize: 6, level: "characters" });
  assertEquals(encoding.tokens.slice(4), ["a", "b"]);
  assertEquals(encoding.encode("abc"), [4, 5, encoding.unknownToken]);
  // No merge joins an unknown character.
  const merged = await trainBytePairEncoding(["axax", "axax", "ab", "ab"], { vocabSize: 6, level: "characters" });
  assertEquals(merged.tokens.slice(4), ["a", "x"]);
});

Deno.test("trainBytePairEncoding() of nothing has the alphabet only", async () => {
  assertEquals(empty.vocabSize, 260);
  const characters = await trainBytePairEncoding([""], { vocabSize: 100, level: "characters" });
  assertEquals([characters.vocabSize, characters.encode("a")], [4, [3]]);
});

Deno.test("trainBytePairEncoding() stops when its signal says so, and leaves nothing behind", async () => {
  const options = { vocabSize: 400, level: "bytes" } as const;
  const controller = new AbortController();
  let steps = 0;
  const onProgress = () => ++steps === 5 && controller.abort(new Error("enough"));
  await assertRejects(
    () =>
      trainBytePairEncoding(recorded.texts, {
        ...options,
        signal: controller.signal,
        onProgress: () => void onProgress(),
      }),
    Error,
    "enough",
  );
  assertEquals(steps, 5);
  await assertRejects(() => trainBytePairEncoding([], { ...options, signal: AbortSignal.abort() }), DOMException);
  const again = await trainBytePairEncoding(recorded.texts, options);
  assertEquals(again.merges.length, 140 - 1);
});

Deno.test("trainBytePairEncoding() takes at most 16 steps a byte, whatever the text", async () => {
  const texts = ["a".repeat(100_000), babble(2, 100_000, "abcdefgh"), babble(3, 100_000, "aab"), " \n".repeat(50_000)];
  for (const text of texts) {
    assertLess(
      await countSteps(() => trainBytePairEncoding([text], { vocabSize: 2000, level: "bytes" })),
      16 * 100_000,
    );
  }
});

Deno.test("trainBytePairEncoding() says what is wrong with its arguments", async () => {
  const level = "bytes";
  const cases: [unknown, unknown, new () => Error, string][] = [
    ["text", { level, vocabSize: 300 }, TypeError, 'on "text": texts must be a list of strings'],
    [[1], { level, vocabSize: 300 }, TypeError, "on [1]: texts must be a list of strings"],
    [
      [],
      { level, vocabSize: 259 },
      RangeError,
      "vocabSize = 259: at level bytes it must be at least 260",
    ],
    [
      [],
      { level: "characters", vocabSize: 4 },
      RangeError,
      "an integer of at least 5 and less than 67108864 or one of alphabet",
    ],
    [[], { level, vocabSize: 1e9 }, RangeError, "vocabSize = 1000000000"],
    [[], { level, vocabSize: 300.5 }, RangeError, "vocabSize = 300.5"],
    [[], { level, vocabSize: NaN }, RangeError, "vocabSize = NaN"],
    [[], { level: "words", vocabSize: 300 }, TypeError, 'level = "words": level must be one of characters, bytes'],
    [
      [],
      { level, vocabSize: 300, minFrequency: 0 },
      RangeError,
      "minFrequency = 0: minFrequency must be an integer of at least 1",
    ],
    [[], { level, vocabSize: 300, size: 1 }, TypeError, 'option "size": options are vocabSize, level'],
    [[], { level, vocabSize: 300, specialTokens: { end: "<pad>" } }, TypeError, "four different texts"],
    [[], { level, vocabSize: "all" }, TypeError, 'vocabSize = "all"'],
    [[], { level, vocabSize: 300, specialTokens: { end: "" } }, TypeError, 'specialTokens.end = ""'],
    [[], { level, vocabSize: 300, specialTokens: { stop: "x" } }, TypeError, 'option "specialTokens.stop"'],
  ];
  for (const [texts, options, kind, message] of cases) {
    await assertRejects(
      () => trainBytePairEncoding(texts as string[], options as BytePairEncodingOptions),
      kind,
      message,
    );
  }
});
