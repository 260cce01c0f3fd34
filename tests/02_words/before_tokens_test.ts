import { assertEquals } from "@std/assert";
import { AlignedText } from "../../core/02_words/before_tokens/aligned_text.ts";
import type { Decoder } from "../../core/02_words/before_tokens/decoders.ts";
import recorded from "../goldens/before_tokens.json" with { type: "json" };
import { decoders, normalizers, preTokenizers } from "./before_tokens/parts.ts";

const written = (decoder: Decoder, tokens: readonly string[]): string => {
  const run = decoder.open(false);
  return [...tokens.flatMap((token) => run.write(token)), ...run.end()].join("");
};

for (const [name, results] of Object.entries(recorded.normalizers)) {
  Deno.test(`normalizer ${name} changes texts as Hugging Face does`, () => {
    recorded.texts.forEach((text, i) => {
      assertEquals(normalizers[name]!.apply(AlignedText.of(text)).text, results[i], JSON.stringify(text));
    });
  });
}

for (const [name, results] of Object.entries(recorded.preTokenizers)) {
  Deno.test(`pre-tokenizer ${name} cuts texts where Hugging Face does`, () => {
    recorded.texts.forEach((text, i) => {
      const cut = text === "" ? [] : preTokenizers[name]!.cut(AlignedText.of(text));
      assertEquals(
        cut.map((piece) => [piece.text, ...piece.source()]),
        results[i] as [string, number, number][],
        JSON.stringify(text),
      );
    });
  });
}

for (const [name, results] of Object.entries(recorded.decoders)) {
  Deno.test(`decoder ${name} writes tokens as Hugging Face does`, () => {
    recorded.tokenLists.forEach((tokens, i) =>
      assertEquals(written(decoders[name]!, tokens), results[i], tokens.join(" "))
    );
  });
}
