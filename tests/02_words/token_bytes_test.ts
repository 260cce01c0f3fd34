/** What tokens add to a text, alone, is what a tokenizer makes of them in a row. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Tokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";
import {
  byteFallbackDecoder,
  byteLevelDecoder,
  type Decoder,
  decoderSequence,
  fuse,
  metaspaceDecoder,
  replaceDecoder,
  stripDecoder,
  suffixDecoder,
  wordDecoder,
  wordPieceDecoder,
} from "../../core/02_words/before_tokens/decoders.ts";
import { TokenizerPipeline } from "../../core/02_words/before_tokens/pipeline.ts";
import { WordLevel } from "../../core/02_words/before_tokens/word_level.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { LETTERS } from "../../core/02_words/byte_pair_encoding/letters.ts";
import { trainUnigram } from "../../core/02_words/unigram/mod.ts";
import { Random } from "../../core/engine/random.ts";

/** The text of tokens, put together from what each adds. */
function joined(tokenizer: Tokenizer, ids: readonly number[]): string | undefined {
  const { first, later, restarts } = tokenizer.tokenBytes();
  let isFirst = true;
  const bytes: number[] = [];
  for (const id of ids) {
    const own = (isFirst ? first : later)[id];
    if (!own) continue;
    bytes.push(...own);
    isFirst = restarts.has(id);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    // Rows of tokens that are no text have none to compare.
    return undefined;
  }
}

/** Random rows, and the tokens of texts. */
function agrees(tokenizer: Tokenizer, texts: readonly string[]): void {
  const random = new Random(1), { later } = tokenizer.tokenBytes();
  const spoken = later.flatMap((bytes, id) => bytes ? [id] : []);
  const rows = texts.map((text) => tokenizer.encode(text));
  for (let i = 0; i < 300; i++) {
    rows.push(Array.from({ length: i % 6 }, () => spoken[Math.floor(random.next() * spoken.length)]!));
  }
  let compared = 0;
  for (const row of rows) {
    if (tokenizer.unknownToken !== undefined && row.includes(tokenizer.unknownToken)) continue;
    const text = joined(tokenizer, row);
    if (text === undefined) continue;
    compared++;
    assertEquals(text, tokenizer.decode(row), `tokens ${row}`);
  }
  assert(compared > 50, `only ${compared} rows compared`);
}

const TEXTS = ["the cat sat on the mat", "naïve café 日本", " two  spaces", "a\nb\n c"];

Deno.test("tokenBytes() of byte-pair encodings joins to what decode() says", async () => {
  for (const level of ["bytes", "characters"] as const) {
    const vocabSize = level === "bytes" ? 280 : 40;
    agrees(await trainBytePairEncoding(TEXTS, { vocabSize, level }), TEXTS);
  }
});

Deno.test("tokenBytes() of a unigram model drops the space that was put in front, and knows bytes", async () => {
  for (const byteFallback of [false, true]) {
    agrees(await trainUnigram(TEXTS, { vocabSize: byteFallback ? 300 : 45, byteFallback }), TEXTS);
  }
});

Deno.test("tokenBytes() of a pipeline follows its decoder", () => {
  const pieces = ["a", "▁a", "▁", "bc", "##bc", ".", "##.", "n't", "\n", "x</w>", "y", " z"];
  const decoders: readonly (Decoder | undefined)[] = [
    undefined,
    wordDecoder,
    wordPieceDecoder(),
    wordPieceDecoder({ cleanup: false }),
    metaspaceDecoder(),
    metaspaceDecoder({ prependScheme: "never" }),
    suffixDecoder(),
    replaceDecoder("bc", "d"),
    decoderSequence([replaceDecoder("▁", " "), byteFallbackDecoder, fuse, stripDecoder({ content: " ", start: 1 })]),
    stripDecoder({ content: "a", start: 1, stop: 1 }),
  ];
  for (const decoder of decoders) {
    const tokens = ["[UNK]", ...pieces, "<0xE6>", "<0x97>", "<0xA5>", "<0x41>", "<s>"];
    agrees(new TokenizerPipeline({ model: new WordLevel(tokens), decoder, specialTokens: ["<s>"] }), []);
  }
  const bytes = ["[UNK]", LETTERS[0xc3]!, LETTERS[0xa9]!, "ab", LETTERS[0x20] + "c"];
  agrees(new TokenizerPipeline({ model: new WordLevel(bytes), decoder: byteLevelDecoder }), []);
});

Deno.test("tokenBytes() refuses decoders that need to see what follows", () => {
  const pipeline = (decoder: Decoder): TokenizerPipeline =>
    new TokenizerPipeline({ model: new WordLevel(["[UNK]", "a"]), decoder });
  for (
    const decoder of [
      decoderSequence([fuse, replaceDecoder("ab", "c")]),
      decoderSequence([fuse, stripDecoder({ content: " ", stop: 1 })]),
      { name: "mine", options: {}, open: fuse.open },
    ]
  ) assertThrows(() => pipeline(decoder).tokenBytes(), TypeError, "writes a token by what follows it");
});
