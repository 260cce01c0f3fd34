import { assert, assertEquals, assertThrows } from "@std/assert";
import { alignText } from "../../../core/02_words/before_tokens/aligned_text.ts";
import { metaspace } from "../../../core/02_words/before_tokens/metaspace.ts";
import { lowerCase, nfc, replace } from "../../../core/02_words/before_tokens/normalizers.ts";
import { patterns } from "../../../core/02_words/before_tokens/patterns.ts";
import { normalizerSequence } from "../../../core/02_words/before_tokens/pre_tokenizer.ts";
import { byPattern, characters, splitBy } from "../../../core/02_words/before_tokens/pre_tokenizers.ts";
import recorded from "../../goldens/before_tokens.json" with { type: "json" };
import { preTokenizers } from "./parts.ts";

Deno.test("every pre-tokenizer takes a hundred thousand of one letter", () => {
  const texts = [
    " ",
    "a",
    "A",
    "é",
    "\u0301",
    "\ud800",
    "\udc00",
    "中",
    "1",
    "'",
    "🙂",
    "\r\n",
    " \n",
    "'s",
    "aA",
    "文A",
    " a",
  ];
  for (const [name, preTokenizer] of Object.entries(preTokenizers)) {
    for (const part of texts) {
      const text = part.repeat(100_000 / part.length);
      let last = 0;
      for (const piece of preTokenizer.cut(alignText(text))) {
        const [start, end] = piece.source();
        assert(start >= last && end >= start, name);
        last = start;
      }
      assert(last <= text.length);
    }
  }
});

Deno.test("byPattern() drops nothing, whatever the pattern", () => {
  for (const pattern of patterns) {
    for (const text of recorded.texts) {
      assertEquals(byPattern(pattern).cut(alignText(text)).map((piece) => piece.text).join(""), text);
    }
  }
});

Deno.test("a piece says where it stands in the text that was given, after any change", () => {
  const change = normalizerSequence([nfc, lowerCase, replace(" ", "__")]);
  const text = "Cafe\u0301 İS 🙂 Fine";
  const pieces = splitBy("__").cut(change.apply(alignText(text)));
  assertEquals(pieces.map((piece) => text.slice(...piece.source())), ["Cafe\u0301", " ", "İS", " ", "🙂", " ", "Fine"]);
  assertEquals(pieces.map((piece) => piece.text), ["café", "__", "i\u0307s", "__", "🙂", "__", "fine"]);
  const letters = characters.cut(pieces[2]!);
  assertEquals(letters.map((piece) => text.slice(...piece.source())), ["İ", "İ", "S"]);
});

Deno.test("metaspace() puts a mark in front of the first piece of a text alone", () => {
  const first = metaspace({ prependScheme: "first" });
  const text = alignText("ab cd");
  assertEquals(first.cut(text).map((piece) => piece.text), ["▁ab", "▁cd"]);
  assertEquals(first.cut(text.slice(3)).map((piece) => piece.text), ["cd"]);
  assertEquals(metaspace().cut(text.slice(3)).map((piece) => piece.text), ["▁cd"]);
});

Deno.test("splitBy() needs an expression that finds every place", () => {
  assertThrows(() => splitBy(/a/), TypeError, "a regular expression with the flags g and u");
});
