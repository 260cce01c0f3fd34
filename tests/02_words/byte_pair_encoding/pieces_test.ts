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
