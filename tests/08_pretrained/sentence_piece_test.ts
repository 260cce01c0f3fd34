import { assertEquals, assertThrows } from "@std/assert";
import { readSentencePiece } from "../../core/08_pretrained/tokenizer_files/sentence_piece.ts";
import { Random } from "../../core/engine/random.ts";
import golden from "../goldens/sentence_piece.json" with { type: "json" };

const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

Deno.test("readSentencePiece() answers damaged files with a SyntaxError or a tokenizer", () => {
  const random = new Random(3), whole = bytesOf(golden.cases.merges.file);
  for (let round = 0; round < 2000; round++) {
    const damaged = random.next() < 0.3 ? whole.slice(0, random.integer(whole.length)) : whole.slice();
    for (let i = random.integer(3); i >= 0 && damaged.length > 0; i--) {
      damaged[random.integer(damaged.length)] = random.integer(256);
    }
    try {
      readSentencePiece(damaged).encode("the quick brown fox");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  assertThrows(() => readSentencePiece(new Uint8Array(0)), SyntaxError, "it has no piece");
});

for (const [name, { file, ids, decoded }] of Object.entries(golden.cases)) {
  Deno.test(`SentencePiece, ${name}: every text has the ids and the way back of the library`, () => {
    const tokenizer = readSentencePiece(bytesOf(file));
    golden.inputs.forEach((text, i) => {
      assertEquals(tokenizer.encode(text), ids[i], JSON.stringify(text));
      assertEquals(tokenizer.decode(ids[i]!), decoded[i], JSON.stringify(text));
    });
  });
}
