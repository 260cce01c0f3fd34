import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readTokenizer } from "../../../core/02_words/before_tokens/file.ts";
import { normalizerSequence, preTokenizerSequence } from "../../../core/02_words/before_tokens/pre_tokenizer.ts";
import { TokenizerPipeline } from "../../../core/02_words/before_tokens/pipeline.ts";
import type { Tokenizer } from "../../../core/02_words/before_tokens/tokenizer.ts";
import { trainWordLevel, WordLevel } from "../../../core/02_words/before_tokens/word_level.ts";
import { WordPiece } from "../../../core/02_words/before_tokens/word_piece.ts";
import { BytePairEncoding, trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import { trainUnigram } from "../../../core/02_words/unigram/mod.ts";
import { decoderSequence } from "../../../core/02_words/before_tokens/decoders.ts";
import type { Json } from "../../../core/engine/json.ts";
import recorded from "../../goldens/before_tokens.json" with { type: "json" };
import { empty } from "../byte_pair_encoding/texts.ts";
import { decoders, normalizers, preTokenizers } from "./parts.ts";

const text = recorded.texts.join("\n");
const again = (tokenizer: TokenizerPipeline) => readTokenizer(JSON.parse(JSON.stringify(tokenizer)));

Deno.test("readTokenizer() brings every normalizer, pre-tokenizer and decoder back", () => {
  const model = new WordPiece(recorded.wordPiece.vocabulary);
  const all = [
    ...Object.values(normalizers).map((normalizer) => ({ normalizer: normalizerSequence([normalizer]) })),
    ...Object.values(preTokenizers).map((preTokenizer) => ({ preTokenizer: preTokenizerSequence([preTokenizer]) })),
    ...Object.values(decoders).map((decoder) => ({ decoder })),
    {},
  ];
  for (const parts of all) {
    const tokenizer = new TokenizerPipeline({ model, specialTokens: ["[CLS]"], roles: { unknown: "[UNK]" }, ...parts });
    const copy = again(tokenizer);
    assertEquals(copy.toJSON(), tokenizer.toJSON());
    assertEquals(copy.tokenize(text), tokenizer.tokenize(text));
    assertEquals(copy.decode(tokenizer.encode(text)), tokenizer.decode(tokenizer.encode(text)));
  }
});

Deno.test("readTokenizer() reads tables of words, and byte-pair encodings", () => {
  const words = new TokenizerPipeline({
    model: new WordLevel(["<?>", "a", "b"], { unknown: "<?>" }),
    preTokenizer: preTokenizers["whitespace"]!,
  });
  assertEquals(again(words).encode("b a c"), [2, 1, 0]);
  const pairs = readTokenizer(empty.toJSON());
  assertEquals(pairs instanceof BytePairEncoding && pairs.encode("a"), empty.encode("a"));
});

Deno.test("readTokenizer() believes nothing", () => {
  const good = new TokenizerPipeline({ model: new WordPiece(["[UNK]", "a"]) }).toJSON();
  const cases: [unknown, string][] = [
    [null, "of format undefined"],
    [{ format: "x" }, 'of format "x": it must be "heed tokenizer 1"'],
    [{ ...good, model: null }, "with the model undefined: it must be one of"],
    [{ ...good, model: { kind: "wordPiece" } }, "tokens must be a list of strings"],
    [{ ...good, model: { kind: "wordPiece", tokens: ["[UNK]", 1] } }, "tokens must be a list of strings"],
    [{ ...good, normalizer: { name: "no" } }, 'with the normalizer "no"'],
    [{ ...good, normalizer: { name: "strip", left: 1 } }, "left must be true or false"],
    [{ ...good, normalizer: { name: "sequence" } }, "a list is needed"],
    [{ ...good, preTokenizer: { name: "pattern", pattern: "gpt9" } }, "a published pattern"],
    [{ ...good, preTokenizer: { name: "split", expression: "(" } }, "Invalid regular expression"],
    [{ ...good, specialTokens: ["b"] }, 'with the special token "b": it must be in the model'],
    [{ ...good, other: 1 }, 'option "other"'],
  ];
  for (const [data, message] of cases) assertThrows(() => readTokenizer(data), SyntaxError, message);
});

/** Changes one field of a file at a time, wherever it stands. */
function* damaged(value: unknown, wrong: readonly unknown[]): Generator<unknown> {
  yield* wrong;
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  // Of a long list the first elements stand for all.
  for (const [key, part] of Object.entries(value).slice(0, isList ? 2 : 20)) {
    if (!isList) {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      yield rest;
    }
    for (const other of damaged(part, wrong)) {
      yield isList ? value.map((one, i) => String(i) === key ? other : one) : { ...value, [key]: other };
    }
  }
  if (!isList) yield { ...value, more: 1 };
}

Deno.test("readTokenizer() answers a damaged file with a tokenizer or one sentence", async () => {
  const model = new WordPiece(["[UNK]", "a", "##b"]), texts = ["a b ab ba"];
  const good: Tokenizer[] = [
    new TokenizerPipeline({
      model,
      normalizer: normalizerSequence(Object.values(normalizers)),
      preTokenizer: preTokenizerSequence(Object.values(preTokenizers)),
      decoder: decoderSequence(Object.values(decoders)),
      specialTokens: ["a"],
      roles: { unknown: "[UNK]" },
    }),
    await trainWordLevel(texts),
    await trainUnigram(texts, { vocabSize: 12 }),
    await trainBytePairEncoding(texts, { vocabSize: 9, level: "characters" }),
  ];
  const wrong = [null, true, 0, -1, 1e9, 0.5, "", "x", "(", [], [null], ["x"], {}, { name: "nfc" }, "__proto__"];
  let refused = 0;
  for (const tokenizer of good) {
    for (const data of damaged(JSON.parse(JSON.stringify(tokenizer)), wrong)) {
      let read: Tokenizer;
      try {
        read = readTokenizer(data);
      } catch (error) {
        refused++;
        assert(error instanceof SyntaxError, String(error));
        assertMatch(error.message, /^Cannot [^\n]*[^.\n]$/);
        continue;
      }
      // What is accepted is of use.
      read.decode(read.encode("ab a"));
    }
  }
  assert(refused > 1000, String(refused));
});

Deno.test("readTokenizer() refuses rows of steps without end", () => {
  const good = new TokenizerPipeline({ model: new WordPiece(["[UNK]", "a"]) }).toJSON();
  const rows = (depth: number): Json => {
    let row: Json = { name: "nfc" };
    for (let i = 0; i < depth; i++) row = { name: "sequence", parts: [row] };
    return row;
  };
  readTokenizer({ ...good, normalizer: rows(32) });
  assertThrows(() => readTokenizer({ ...good, normalizer: rows(33) }), SyntaxError, "more than 32 rows");
  assertThrows(() => readTokenizer({ ...good, decoder: rows(50_000) }), SyntaxError, "more than 32 rows");
});
