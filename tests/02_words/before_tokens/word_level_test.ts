import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AlignedText } from "../../../core/02_words/before_tokens/aligned_text.ts";
import { splitBy, wordsAndSigns } from "../../../core/02_words/before_tokens/pre_tokenizers.ts";
import { tokenizerOfWords, trainWordLevel } from "../../../core/02_words/before_tokens/word_level.ts";
import { awkward } from "../byte_pair_encoding/texts.ts";

const piecesOf = (text: string): string[] => wordsAndSigns.cut(AlignedText.of(text)).map(({ text }) => text);

Deno.test("wordsAndSigns cuts words, numbers, signs and line breaks", () => {
  assertEquals(piecesOf("the don't, 42\n"), ["the", "don't", ",", "42", "\n"]);
  assertEquals(piecesOf(" \t "), []);
  const same = splitBy(/[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+|\n|[^\s\p{L}\p{M}\p{N}]/gu, {
    behavior: "removed",
    invert: true,
  });
  for (const text of [...Object.values(awkward), "学生don’t…🙂\r\ne\u0301 '' a'b'c'"]) {
    assertEquals(piecesOf(text), same.cut(AlignedText.of(text)).map(({ text }) => text));
  }
});

Deno.test("trainWordLevel() keeps the frequent words, and decode() undoes encode() but for what is unknown", async () => {
  const tokenizer = await trainWordLevel(["the cat, the dog\nthe don't 42"]);
  assertEquals(tokenizer.tokens.slice(0, 4), ["<unk>", "<s>", "</s>", "the"]);
  assertEquals([tokenizer.unknownToken, tokenizer.beginToken, tokenizer.endToken], [0, 1, 2]);
  assertEquals(tokenizer.decode(tokenizer.encode("the cat sat\nthe dog")), "the cat <unk>\nthe dog");
  assertEquals((await trainWordLevel(["a a b b c"], { minFrequency: 2 })).tokens.slice(3), ["a", "b"]);
  assertEquals((await trainWordLevel(["a a b b c"], { vocabSize: 4 })).tokens.slice(3), ["a"]);
  for (const text of ["", "the", "the cat\nthe dog", "\nthe\n\ncat the\n"]) {
    const ids = tokenizer.encode(text), pieces = await Array.fromAsync(tokenizer.decodeStream(ids));
    assertEquals(tokenizer.decode(ids), text);
    assertEquals(pieces.join(""), text);
  }
});

Deno.test("trainWordLevel() of characters keeps every space", async () => {
  const tokenizer = await trainWordLevel(["a  b\n"], { level: "characters" });
  assertEquals(tokenizer.tokens.slice(3), [" ", "\n", "a", "b"]);
  assertEquals(tokenizer.decode(tokenizer.encode("b  a\n")), "b  a\n");
});

Deno.test("trainWordLevel() says what is wrong with its arguments, and hears an abort", async () => {
  await assertRejects(() => trainWordLevel("a" as never), TypeError, "texts must be a list of strings");
  await assertRejects(() => trainWordLevel(["a"], { vocabSize: 3 }), RangeError, "vocabSize must be");
  await assertRejects(() => trainWordLevel(["a"], { level: "bytes" as never }), TypeError, "level");
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => trainWordLevel(["a"], { signal }), Error, "enough");
});

Deno.test("tokenizerOfWords() numbers words, each once", () => {
  assertEquals(tokenizerOfWords(["b", "a"]).encode("a b c"), [4, 3, 0]);
  assertThrows(() => tokenizerOfWords(["a", "a"]), SyntaxError, "must not be token 3 too");
});
