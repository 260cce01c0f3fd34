import { assert, assertEquals } from "@std/assert";
import { AlignedText } from "../../../core/02_words/before_tokens/aligned_text.ts";
import * as normal from "../../../core/02_words/before_tokens/normalizers.ts";
import { bertPreTokenizer } from "../../../core/02_words/before_tokens/pre_tokenizers.ts";
import type { Normalizer } from "../../../core/02_words/before_tokens/pre_tokenizer.ts";
import { Random } from "../../../core/engine/random.ts";
import recorded from "../../goldens/before_tokens.json" with { type: "json" };
import { normalizers } from "./parts.ts";

const forms = { NFC: normal.nfc, NFD: normal.nfd, NFKC: normal.nfkc, NFKD: normal.nfkd };
const apply = (normalizer: Normalizer, text: string): string => normalizer.apply(AlignedText.of(text)).text;

/** Every character that a form changes or that is a mark, a sign or no letter at all, and one of 50 others. */
const points = Array.from({ length: 0x110000 }, (_, point) => point).filter((point) => {
  if (point >= 0xd800 && point <= 0xdfff) return false;
  const letter = String.fromCodePoint(point);
  return point % 50 === 0 || letter.normalize("NFKD") !== letter && !/\p{Script=Hangul}/u.test(letter) ||
    /[\p{M}\p{P}\p{Z}\p{Cc}\p{Cf}\u1100-\u11ff]/u.test(letter);
});
const letters = points.map((point) => String.fromCodePoint(point));

for (const [form, normalizer] of Object.entries(forms)) {
  Deno.test(`${form.toLowerCase()} is the form ${form} of every character beside every kind of neighbour`, () => {
    // Letters that take accents, Korean and Japanese ones that join, a mark of each kind, and nothing.
    const before = ["", "e", "\u1112", "\uac00", "\u3134", "\u304b", "\uff76", "\u09c7", "a\u0327", "\u0301", "\ud800"];
    const after = ["", "\u0323", "\u1161", "\u11a8", "\u3099", "\uff9e", "\u314f", "\u09d7", "\udc00"];
    for (const left of before) {
      for (const right of left === "" ? after : [""]) {
        // All in one text, kept apart by a letter that nothing joins.
        const text = letters.map((letter) => left + letter + right).join("中");
        assert(apply(normalizer, text) === text.normalize(form), `${left} ? ${right}`);
      }
    }
  });

  Deno.test(`${form.toLowerCase()} says of each character where it comes from`, () => {
    const random = new Random(3);
    const alphabet = [..."aé\u0301\u0323\u0327ṩ한\u1112\u1161\u11abがか\u3099ﬁ①ｶ\uff9e 中🙂\ud835\udd18"];
    for (let i = 0; i < 2000; i++) {
      const text = Array.from({ length: 10 }, () => alphabet[random.integer(alphabet.length)]!).join("");
      const aligned = normalizer.apply(AlignedText.of(text));
      assertEquals(aligned.text, text.normalize(form));
      let last = 0;
      for (let place = 0; place < aligned.text.length; place++) {
        const [start, end] = aligned.source(place, place + 1);
        // No character is left out, and the ranges run from left to right.
        assert(start <= last && end >= last && start < end);
        last = end;
      }
      assertEquals(last, text.length);
      // Alone, the source of all becomes all.
      const [start, end] = aligned.source();
      assertEquals(text.slice(start, end).normalize(form), aligned.text);
    }
  });

  Deno.test(`${form.toLowerCase()} puts any number of marks in order, in time proportional to them`, () => {
    for (
      const marks of [
        "\u0301\u0323",
        "\u0345\u0334\u0301\u0327",
        "\u0308\u0e38\u05b0",
        "\u3099\u0301\uff9e\u0334",
        "\u0301\u034f\u0323",
      ]
    ) {
      const few = `a${marks.repeat(40)}b`;
      assertEquals(apply(normalizer, few), few.normalize(form));
      // A host that sorts by insertion needs minutes for so many.
      assert(apply(normalizer, `a${marks.repeat(60_000)}`).length > 60_000);
    }
  });
}

Deno.test("lowerCase makes small letters of every letter, and keeps its place", () => {
  for (const letter of letters) {
    const lower = letter === "Σ" ? "σ" : letter.toLowerCase(), changed = normal.lowerCase.apply(AlignedText.of(letter));
    assertEquals(changed.text, lower);
    assertEquals(changed.source(), [0, letter.length]);
  }
  const text = normal.lowerCase.apply(AlignedText.of("xİyΣ"));
  assertEquals(text.text, "xi\u0307yσ");
  assertEquals([0, 1, 2, 3, 4].map((place) => text.source(place, place + 1)), [[0, 1], [1, 2], [1, 2], [2, 3], [3, 4]]);
});

Deno.test("bertNormalizer() and bertPreTokenizer drop, blank and cut the characters that Hugging Face does", () => {
  const among = (ranges: readonly number[][], point: number): boolean =>
    ranges.some(([first, last]) => point >= first! && point <= last!);
  const clean = normal.bertNormalizer({ stripAccents: false, lowercase: false, handleChineseCharacters: false });
  const newer: number[] = [];
  for (const [i, letter] of letters.entries()) {
    const point = points[i]!, text = apply(clean, `a${letter}b`);
    const cuts = bertPreTokenizer.cut(AlignedText.of(`a${letter}b`)).length;
    const same = (text === "ab") === among(recorded.bert.dropped, point) &&
      (text === "a b") === among(recorded.bert.spaces, point) && (cuts === 3) === among(recorded.bert.signs, point);
    if (!same) newer.push(point);
  }
  // Their tables are those of an old Unicode; signs that came later are few.
  assert(
    newer.length < 200 && newer.every((point) => point > 0x600),
    newer.map((point) => point.toString(16)).join(" "),
  );
});

Deno.test("every normalizer takes a hundred thousand of one letter", () => {
  const texts = [
    " ",
    "a",
    "É",
    "e\u0301",
    "\ud800",
    "\udc00",
    "中",
    "İ",
    "\u0301",
    "🙂",
    "\n\u3000",
    "\u1112\u1161\u11ab",
  ];
  for (const [name, normalizer] of Object.entries(normalizers)) {
    for (const part of texts) {
      const text = part.repeat(100_000 / part.length), changed = normalizer.apply(AlignedText.of(text));
      const [start, end] = changed.source();
      assert(start >= 0 && end <= text.length, name);
    }
  }
});
