import { assertEquals, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { DataError } from "../../core/cli/errors.ts";
import { Translator } from "../../core/cli/translator.ts";
import { Random } from "../../core/engine/random.ts";
import "../../mod.ts";

const vocabulary = await trainBytePairEncoding(["a b c"], { vocabSize: "alphabet", level: "characters" });
const { vocabSize } = vocabulary;
const sizes = { vocabSize, sourceVocabSize: vocabSize, contextLength: 6, hiddenSize: 8, numLayers: 1, numHeads: 2 };
const translator = new Translator(new EncoderDecoder(sizes, new Random(1)).eval(), vocabulary, vocabulary);
const [token] = vocabulary.encode("b");

Deno.test("Translator shows what each word was read from, of a translation that fills the context too", async () => {
  const columns = ["a", "b", "END"];
  for (const [length, last] of [[0, "END"], [5, "END"], [6, "b"]] as const) {
    const map = await translator.attention("ab", Array(length).fill(token));
    assertEquals([map.rows.length, map.rows.at(-1), map.columns], [Math.min(length + 1, 6), last, columns]);
    assertEquals(map.weights.map((row) => row.length), map.rows.map(() => 3));
  }
});

Deno.test("Translator reads what it has room for, and characters that it does not know", async () => {
  assertEquals(translator.read("abcab").length, 6);
  assertThrows(() => translator.read("abcabc"), DataError, "it has 7 tokens, and the model reads 6");
  const texts = await translator.translate(["a", "\ufeff", "龘"], { numBeams: 2 }, { maxNewTokens: 1e9 });
  assertEquals(texts.map(({ beams }) => beams.length), [2, 2, 2]);
});
