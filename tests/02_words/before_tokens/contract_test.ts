/** What every tokenizer promises, whatever it is made of. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readTokenizer } from "../../../core/02_words/before_tokens/file.ts";
import type { Tokenizer } from "../../../core/02_words/before_tokens/tokenizer.ts";
import { trainWordLevel } from "../../../core/02_words/before_tokens/word_level.ts";
import { trainWordPiece } from "../../../core/02_words/before_tokens/word_piece_training.ts";
import { trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import { trainUnigram } from "../../../core/02_words/unigram/mod.ts";
import recorded from "../../goldens/byte_pair_encoding.json" with { type: "json" };
import { awkward } from "../byte_pair_encoding/texts.ts";

const { texts } = recorded;
const tokenizers: Readonly<Record<string, Tokenizer>> = {
  "BPE of characters": await trainBytePairEncoding(texts, { vocabSize: 400, level: "characters" }),
  "BPE of bytes": await trainBytePairEncoding(texts, { vocabSize: 400, level: "bytes" }),
  "unigram": await trainUnigram(texts, { vocabSize: 350 }),
  "unigram with bytes": await trainUnigram(texts, { vocabSize: 600, byteFallback: true }),
  "unigram without a space in front": await trainUnigram(texts, { vocabSize: 350, prefixSpace: false }),
  "WordPiece": await trainWordPiece(texts, { vocabSize: 400 }),
  "words": await trainWordLevel(texts, { vocabSize: 100 }),
  "characters": await trainWordLevel(texts, { level: "characters" }),
};
const everyText = [...texts, ...Object.values(awkward), "a\ud800b", "x".repeat(200), "Ωmega 🙂 e\u0301"];

for (const [name, tokenizer] of Object.entries(tokenizers)) {
  Deno.test(`${name} says where its tokens stand, from left to right within the text`, () => {
    for (const text of everyText) {
      const tokens = tokenizer.tokenize(text);
      assertEquals(tokens.map(({ id }) => id), tokenizer.encode(text), text);
      let [from, last] = [0, 0];
      for (const { id, token, start, end } of tokens) {
        assertEquals(token, tokenizer.tokens[id]);
        assert(start >= from && end >= last && end <= text.length && start <= end, `${text} ${token}`);
        // No token begins or ends inside a character.
        assert(!/[\ud800-\udbff]$/.test(text.slice(0, start)) || !/^[\udc00-\udfff]/.test(text.slice(start)));
        [from, last] = [start, end];
      }
      const whole = tokens.length > 0 && tokens[0]!.start === 0 && last === text.length;
      if (name !== "WordPiece" && name !== "words" && text !== "") assert(whole, text);
    }
  });

  Deno.test(`${name} reads special tokens only if asked`, () => {
    const [special, id] = [...tokenizer.specialTokens][0]!, text = `a${special}b ${special}`;
    assert(!tokenizer.encode(text).includes(id));
    const tokens = tokenizer.tokenize(text, { specialTokens: true });
    assertEquals(tokens.filter((token) => token.id === id).map(({ start, end }) => text.slice(start, end)), [
      special,
      special,
    ]);
    assertEquals(tokens.map(({ id }) => id), tokenizer.encode(text, { specialTokens: true }));
    assert(!tokenizer.decode([id]).includes(special));
    assertEquals(tokenizer.decode([id], { specialTokens: true }).trim(), special);
  });

  Deno.test(`${name} has an id for each token, and a file that brings it back`, async () => {
    for (const [id, token] of tokenizer.tokens.entries()) {
      assertEquals(tokenizer.tokens[tokenizer.idOf(token)!], token, String(id));
    }
    assertEquals(tokenizer.idOf("no such token"), undefined);
    assertEquals(tokenizer.vocabSize, tokenizer.tokens.length);
    const copy = readTokenizer(JSON.parse(JSON.stringify(tokenizer)));
    for (const text of everyText) {
      const ids = tokenizer.encode(text), back = tokenizer.decode(ids);
      assertEquals(copy.encode(text), ids);
      assertEquals(copy.decode(ids), back);
      assertEquals((await Array.fromAsync(tokenizer.decodeStream(ids))).join(""), back);
    }
  });

  Deno.test(`${name} refuses what is no text and no token`, () => {
    assertThrows(() => tokenizer.encode(3 as unknown as string), TypeError, "Cannot encode 3");
    assertThrows(() => tokenizer.decode([1e6]), RangeError, "Cannot decode token 1000000");
    assertThrows(() => tokenizer.encode("a", { specialToken: true } as object), TypeError, "specialToken");
  });
}
