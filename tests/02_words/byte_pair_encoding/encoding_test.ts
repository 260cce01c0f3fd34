import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { BytePairEncoding, splitWords, trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import { Random } from "../../../core/engine/random.ts";
import recorded from "../../goldens/byte_pair_encoding.json" with { type: "json" };
import { countSteps } from "../../steps.ts";
import { awkward, babble, empty, everyText, letters, pieces } from "./texts.ts";

Deno.test("encode() and decode() are inverse at the level of bytes, for any string", async () => {
  const encoding = await trainBytePairEncoding(recorded.texts, { vocabSize: 500, level: "bytes" });
  for (const [name, text] of Object.entries(awkward)) assertEquals(encoding.decode(encoding.encode(text)), text, name);
  const random = new Random(1);
  for (let i = 0; i < 300; i++) {
    const points = Array.from({ length: 20 }, () => random.integer(i % 2 ? 0x110000 : 0x300));
    const text = String.fromCodePoint(...points).toWellFormed();
    assertEquals(encoding.decode(encoding.encode(text)), text);
    assert(!encoding.encode(text).includes(encoding.unknownToken));
  }
});

Deno.test("encode() turns half a surrogate pair into U+FFFD at the level of bytes", async () => {
  const texts = ["a\ud800b", "\udc00", "\udfff\ud8ff", "🙂\ude42"];
  for (const text of texts) assertEquals(empty.decode(empty.encode(text)), text.toWellFormed());
  // Characters keep it as it is.
  const characters = await trainBytePairEncoding(texts, { vocabSize: "alphabet", level: "characters" });
  for (const text of texts) assertEquals(characters.decode(characters.encode(text)), text);
  const copy = BytePairEncoding.fromJSON(JSON.parse(JSON.stringify(characters)));
  for (const text of texts) assertEquals(copy.decode(copy.encode(text)), text);
});

Deno.test("encode() and decode() are inverse at the level of characters, over the alphabet", async () => {
  const encoding = await trainBytePairEncoding(everyText, { vocabSize: 700, level: "characters" });
  for (const text of everyText) assertEquals(encoding.decode(encoding.encode(text)), text);
  assertEquals(encoding.decode(encoding.encode("학 student")), "� student");
});

Deno.test("encode() cuts a word of the training texts as the training left it", async () => {
  const encoding = await trainBytePairEncoding(recorded.texts, { vocabSize: 500, level: "characters" });
  for (const text of recorded.texts) {
    let words = splitWords(text).map((word) => [...word]);
    for (const [left, right] of encoding.merges) {
      words = words.map((word) => {
        const joined: string[] = [];
        for (let i = 0; i < word.length; i++) {
          joined.push(word[i] === left && word[i + 1] === right ? word[i]! + word[++i]! : word[i]!);
        }
        return joined;
      });
    }
    assertEquals(pieces(encoding, text), words.flat());
  }
});

Deno.test("encode() follows the order of the merges, not the length of the tokens", () => {
  const file = { ...letters("abcd"), merges: [["b", "c"], ["a", "b"], ["ab", "c"]] };
  const encoding = BytePairEncoding.fromJSON(file);
  assertEquals(pieces(encoding, "abc"), ["a", "bc"]);
  assertEquals(pieces(encoding, "abd"), ["ab", "d"]);
});

Deno.test("encode() knows no special token in a text", async () => {
  const encoding = await trainBytePairEncoding(["<end> <end> end"], { vocabSize: 50, level: "characters" });
  const ids = encoding.encode("<end> <end>");
  assert(ids.every((id) => id >= 4));
  assertEquals(encoding.decode(ids), "<end> <end>");
});

Deno.test("encode() takes at most 16 steps a byte, whatever the text", async () => {
  const trained = await trainBytePairEncoding([babble(1, 20000, "abcdefgh "), "a".repeat(5000), "学生".repeat(500)], {
    vocabSize: 1500,
    level: "bytes",
  });
  const texts = [
    "a".repeat(100_000),
    "ab".repeat(50_000),
    babble(2, 100_000, "abcdefgh"),
    babble(3, 100_000, "aab"),
    " ".repeat(100_000),
    "'".repeat(100_000),
    " \n".repeat(50_000) + "a",
    "学生".repeat(17_000),
    babble(4, 25_000, "🙂👩‍👧學𠀀"),
  ];
  for (const text of texts) {
    const steps = await countSteps(() => trained.encode(text));
    assertLess(steps, 16 * new TextEncoder().encode(text).length);
    assertEquals(trained.decode(trained.encode(text)), text);
  }
});

Deno.test("decode() drops pad, begin and end, and shows what is unknown", async () => {
  const encoding = await trainBytePairEncoding(["ab"], { vocabSize: "alphabet", level: "characters" });
  assertEquals(encoding.decode([1, 4, 3, 5, 2, 0, 0]), "a�b");
  assertEquals(empty.decode([1, ...empty.encode("学"), 3, 2, 0]), "学�");
  assertEquals(empty.decode(Int32Array.of(70)), empty.tokens[70]);
});

Deno.test("decode() refuses what is no token", () => {
  for (const id of [260, -1, 1.5, NaN]) {
    assertThrows(() => empty.decode([id]), RangeError, `Cannot decode token ${id}: ids must be integers in [0, 260)`);
  }
});

Deno.test("decodeStream() yields whole characters only", async () => {
  const text = "a学🙂\ufeff生";
  const ids = empty.encode(text);
  // Token by token, every byte of a longer character is a mistake.
  assertNotEquals(ids.map((id) => empty.decode([id])).join(""), text);
  assertEquals(await Array.fromAsync(empty.decodeStream(ids)), ["a", "学", "🙂", "\ufeff", "生"]);
  // What never becomes whole is shown at the end.
  assertEquals(await Array.fromAsync(empty.decodeStream(ids.slice(0, 3))), ["a", "�"]);
  const characters = await trainBytePairEncoding([text], { vocabSize: "alphabet", level: "characters" });
  assertEquals((await Array.fromAsync(characters.decodeStream([1, ...characters.encode(text), 2]))).join(""), text);
});

Deno.test("encode() refuses what is no string", () => {
  assertThrows(() => empty.encode(1 as unknown as string), TypeError, "Cannot encode 1: text must be a string");
});

/** BPE dropout as the paper's Algorithm 1 has it: each possible merge is dropped, and the first of the others is made. */
function dropMerges(
  word: string,
  merges: readonly (readonly [string, string])[],
  dropout: number,
  random: Random,
): string[] {
  const parts = [...word];
  for (;;) {
    const possible = parts.slice(1).flatMap((right, i) => {
      const rank = merges.findIndex((pair) => pair[0] === parts[i] && pair[1] === right);
      return rank >= 0 && random.next() >= dropout ? [{ rank, i }] : [];
    });
    const [first] = possible.sort((a, b) => a.rank - b.rank || a.i - b.i);
    if (first === undefined) return parts;
    parts.splice(first.i, 2, parts[first.i]! + parts[first.i + 1]!);
  }
}

Deno.test("encode() with dropout draws what the paper's algorithm draws, equally often", async () => {
  const encoding = await trainBytePairEncoding(["banana bandana banana nab"], { vocabSize: 20, level: "characters" });
  for (const dropout of [0.1, 0.5, 0.9]) {
    const [a, b] = [new Random(1), new Random(2)], draws = 4000, counts = new Map<string, [number, number]>();
    for (let i = 0; i < draws; i++) {
      const here = encoding.encode("banana", { dropout, random: a }).map((id) => encoding.tokens[id]!).join("|");
      const paper = dropMerges("banana", encoding.merges, dropout, b).join("|");
      for (const [key, side] of [[here, 0], [paper, 1]] as const) {
        const row = counts.get(key) ?? [0, 0];
        row[side]++;
        counts.set(key, row);
      }
    }
    // Two samples of one distribution: the sum of (a - b)² / (a + b) follows χ² with a degree less than there are rows.
    const rows = [...counts.values()], degrees = rows.length - 1;
    const chi = rows.reduce((sum, [x, y]) => sum + (x - y) ** 2 / (x + y), 0);
    assertLess(2, rows.length);
    assertLess(chi, degrees + 4 * Math.sqrt(2 * degrees));
  }
});

Deno.test("encode() with dropout keeps the text, and its extremes are none of it and no merge", async () => {
  const encoding = await trainBytePairEncoding(recorded.texts, { vocabSize: 500, level: "bytes" });
  const random = new Random(3);
  for (const [name, text] of Object.entries(awkward)) {
    assertEquals(encoding.decode(encoding.encode(text, { dropout: 0.3, random })), text, name);
    assertEquals(encoding.encode(text, { dropout: 0, random }), encoding.encode(text));
    assertEquals(encoding.encode(text, { dropout: 1, random }).length, new TextEncoder().encode(text).length);
  }
});

Deno.test("encode() says what is wrong with its dropout", () => {
  const encode = (options: unknown) => () => empty.encode("a", options as Record<string, never>);
  assertThrows(encode({ dropout: 0.1 }), TypeError, "dropout");
  assertThrows(encode({ random: new Random(1) }), TypeError, "random");
  assertThrows(encode({ dropout: 1.5, random: new Random(1) }), RangeError, "dropout = 1.5");
});
