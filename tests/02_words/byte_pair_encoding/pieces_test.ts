import { assertEquals } from "@std/assert";
import { splitWords } from "../../../core/02_words/byte_pair_encoding/pieces.ts";
import { babble, everyText } from "./texts.ts";

Deno.test("splitWords() loses nothing", () => {
  for (const text of everyText) assertEquals(splitWords(text).join(""), text);
  assertEquals(splitWords("I saw  a saw, didn't I?"), ["I", " saw", " ", " a", " saw", ",", " didn", "'t", " I", "?"]);
  assertEquals(splitWords("我喜欢吃苹果。我是学生"), ["我喜欢吃苹果", "。", "我是学生"]);
});

Deno.test("splitWords() reads a text once: with the square of its length, a megabyte would never end", () => {
  const texts = ["a", " ", "'", " \n", "a ", "学生", "1.", babble(1, 1000, "a1 '\n.")];
  for (const text of texts) {
    const long = text.repeat(1_000_000 / text.length) + "a";
    assertEquals(splitWords(long).reduce((size, piece) => size + piece.length, 0), long.length);
  }
});

Deno.test("white space is what tokenizers and Python's regex take for it", () => {
  // Asked of tokenizers 0.23.3 and regex 2026.11.19: U+0085 is, U+001C to U+001F and U+FEFF are not.
  const white = new Set([...range(0x9, 0xd), 0x20, 0x85, 0xa0, 0x1680, ...range(0x2000, 0x200a)]);
  for (const code of [0x2028, 0x2029, 0x202f, 0x205f, 0x3000]) white.add(code);
  for (const code of range(0, 0xffff)) {
    const sign = String.fromCharCode(code);
    if (sign === " " || sign === "'" || /[\p{L}\p{N}\p{Surrogate}]/u.test(sign)) continue;
    // Of two that are white, the second stands before what follows them.
    assertEquals(splitWords(`a${sign}${sign}b`), white.has(code) ? ["a", sign, sign, "b"] : ["a", sign + sign, "b"]);
  }
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
