import { assertEquals, assertThrows } from "@std/assert";
import { readSentencePiece } from "../../core/08_pretrained/tokenizer_files/sentence_piece.ts";
import { Random } from "../../core/engine/random.ts";
import golden from "../goldens/sentence_piece.json" with { type: "json" };

const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

for (const [name, { file, ids, decoded }] of Object.entries(golden.cases)) {
  Deno.test(`SentencePiece, ${name}: every text has the ids and the way back of the library`, () => {
    const tokenizer = readSentencePiece(bytesOf(file));
    golden.inputs.forEach((text, i) => {
      assertEquals(tokenizer.encode(text), ids[i], JSON.stringify(text));
      assertEquals(tokenizer.decode(ids[i]!), decoded[i], JSON.stringify(text));
    });
  });
}
