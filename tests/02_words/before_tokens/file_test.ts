import { assertEquals, assertThrows } from "@std/assert";
import { readTokenizer } from "../../../core/02_words/before_tokens/file.ts";
import { normalizerSequence, preTokenizerSequence } from "../../../core/02_words/before_tokens/pre_tokenizer.ts";
import { TokenizerPipeline } from "../../../core/02_words/before_tokens/pipeline.ts";
import { WordLevel } from "../../../core/02_words/before_tokens/word_level.ts";
import { WordPiece } from "../../../core/02_words/before_tokens/word_piece.ts";
import { BytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
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
