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
