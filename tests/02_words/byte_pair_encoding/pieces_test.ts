import { assertEquals } from "@std/assert";
import { splitWords } from "../../../core/02_words/byte_pair_encoding/pieces.ts";
import { everyText } from "./texts.ts";

Deno.test("splitWords() loses nothing", () => {
  for (const text of everyText) assertEquals(splitWords(text).join(""), text);
  assertEquals(splitWords("I saw  a saw, didn't I?"), ["I", " saw", " ", " a", " saw", ",", " didn", "'t", " I", "?"]);
  assertEquals(splitWords("我喜欢吃苹果。我是学生"), ["我喜欢吃苹果", "。", "我是学生"]);
});
