import { assertEquals, assertThrows } from "@std/assert";
import { WordLevel } from "../../core/02_words/before_tokens/word_level.ts";
import { TokenizerPipeline } from "../../core/02_words/before_tokens/pipeline.ts";
import type { Tokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";
import { Unigram } from "../../core/02_words/unigram/model.ts";
import { writeTokenizerJson } from "../../core/08_pretrained/export/tokenizer_json.ts";
import { readTokenizerJson } from "../../core/08_pretrained/tokenizer_files/mod.ts";
import { readGgufTokenizer } from "../../core/08_pretrained/tokenizer_files/opening.ts";
import * as parts from "../02_words/before_tokens/parts.ts";
import golden from "../goldens/export.json" with { type: "json" };
import files from "../goldens/tokenizer_files.json" with { type: "json" };
import { TEXTS, TOKENIZERS } from "./exported_tokenizers.ts";

interface Recorded {
  readonly file: string;
  readonly found: readonly { readonly ids: readonly number[]; readonly text: string }[];
  readonly special: readonly number[];
}
const recorded = golden.tokenizers as unknown as Readonly<Record<string, Recorded>>;

const sha256 = async (text: string): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
/** What a file is after it was written and read. */
const again = (tokenizer: Tokenizer) => readTokenizerJson(JSON.parse(JSON.stringify(writeTokenizerJson(tokenizer))));

for (const [name, train] of Object.entries(TOKENIZERS)) {
  Deno.test(`${name}: the library tokenizers has the same ids, and so has what is read back`, async () => {
    const tokenizer = await train(), { file, found } = recorded[name]!;
    // What the library has read is what is written here.
    assertEquals(await sha256(JSON.stringify(writeTokenizerJson(tokenizer))), file);
    const back = again(tokenizer);
    assertEquals(back.vocabSize, tokenizer.vocabSize);
    TEXTS.forEach((text, i) => {
      const { ids, text: theirs } = found[i]!;
      assertEquals([tokenizer.encode(text), back.encode(text)], [ids, ids] as number[][], text);
      // The library leaves the unknown token out, which the book shows.
      if (!ids.includes(tokenizer.unknownToken!)) {
        assertEquals([tokenizer.decode(ids), back.decode(ids)], [theirs, theirs]);
      }
    });
  });
}

Deno.test("special tokens are one token in the other program", async () => {
  for (const [name, train] of Object.entries(TOKENIZERS)) {
    const specialTokens = [...(await train()).specialTokens].toSorted(([, a], [, b]) => a - b);
    // What the library made of all of them, one behind the other.
    assertEquals(specialTokens.map(([, id]) => id), [...recorded[name]!.special], name);
    const { added_tokens } = writeTokenizerJson(await train()) as unknown as { added_tokens: { content: string }[] };
    assertEquals(added_tokens.map(({ content }) => content), specialTokens.map(([content]) => content), name);
  }
});

// ## Parts

/** A tokenizer of characters with one part. */
function withPart(given: Partial<TokenizerPipeline["parts"]>): TokenizerPipeline {
  const letters = [...new Set([...TEXTS.join(""), ..."▁Ġ#<>/wx0123456789abcdefABCDEF ".split("")])];
  return new TokenizerPipeline({ model: new WordLevel(["[UNK]", ...letters]), ...given });
}

for (const [kind, table] of Object.entries({ normalizer: parts.normalizers, preTokenizer: parts.preTokenizers })) {
  Deno.test(`each ${kind} is written so that it is read as the same`, () => {
    for (const [name, part] of Object.entries(table)) {
      const tokenizer = withPart({ [kind]: part }), back = again(tokenizer);
      for (const text of TEXTS) {
        const pieces = (one: { readonly text: string }[]) => one.map(({ text }) => text);
        const cut = pieces([...tokenizer.cut(text)]), theirs = back.parts;
        const normal = theirs.normalizer;
        assertEquals(
          back.tokenize(text).map(({ id, start, end }) => [id, start, end]),
          tokenizer.tokenize(text).map(({ id, start, end }) => [id, start, end]),
          `${name}: ${text} is ${cut.join("|")}, with ${normal?.name ?? "no"} normalizer`,
        );
      }
    }
  });
}

Deno.test("each decoder is written so that it is read as the same", () => {
  const tokens = ["▁the", "##er", "Ġa", "<0xE5>", "<0xAD>", "<0xA6>", "er</w>", "it", ",", "▁", "\n", "x"];
  for (const [name, decoder] of Object.entries(parts.decoders)) {
    const tokenizer = new TokenizerPipeline({ model: new WordLevel(["[UNK]", ...tokens]), decoder });
    const back = again(tokenizer), ids = tokens.map((_, i) => i + 1);
    assertEquals(back.decode(ids), tokenizer.decode(ids), name);
    assertEquals(back.decode(ids.reverse()), tokenizer.decode(ids), name);
  }
});

Deno.test("tokens are joined as they are where there is no decoder", () => {
  const tokenizer = withPart({}), ids = tokenizer.encode("aé1");
  assertEquals([again(tokenizer).decode(ids), tokenizer.decode(ids)], ["aé1", "aé1"].map(() => tokenizer.decode(ids)));
});

// ## What was opened

Deno.test("what was opened from a file is written with its words, and does the same", () => {
  const all = Object.values(files.cases as unknown as Record<string, { readonly file: unknown }>);
  let compared = 0;
  for (const { file } of all) {
    const tokenizer = readTokenizerJson(file);
    const written = JSON.parse(JSON.stringify(writeTokenizerJson(tokenizer)));
    const given = file as Record<string, Record<string, unknown>>;
    for (const part of ["normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation", "padding"]) {
      assertEquals(written[part] ?? null, given[part] ?? null, part);
    }
    const { vocab: _, merges: __, type = written.model.type, ...habits } = given["model"]!;
    assertEquals({ ...written.model, ...habits, type }, written.model);
    assertEquals(written.model.vocab, given["model"]!["vocab"]);
    const back = readTokenizerJson(written);
    for (const text of TEXTS) assertEquals(back.prepare(text), tokenizer.prepare(text));
    compared++;
  }
  assertEquals(compared > 5, true);
});

Deno.test("the tokenizer of a GGUF becomes a file with its template", () => {
  const tokens = ["<s>", "</s>", "a", "b", "Ġ", "ab", "1", "2"];
  const tokenizer = readGgufTokenizer(
    new Map<string, never>(Object.entries({
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "smollm",
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.token_type": [3, 3, 1, 1, 1, 1, 1, 1],
      "tokenizer.ggml.merges": ["a b"],
      "tokenizer.ggml.bos_token_id": 0,
      "tokenizer.ggml.eos_token_id": 1,
      "tokenizer.ggml.add_bos_token": true,
    }) as never),
  );
  const back = again(tokenizer);
  for (const text of ["ab 12", "", "b a<s>ab"]) {
    assertEquals(back.prepare(text), tokenizer.prepare(text));
    assertEquals(back.encode(text, { specialTokens: true }), tokenizer.encode(text, { specialTokens: true }));
  }
  assertEquals(back.prepare("ab").ids, [0, 5]);
});

// ## What has no word

Deno.test("a tokenizer that a file has no word for is refused by the name of the part", () => {
  const odd = withPart({ normalizer: { name: "shout", options: {}, apply: (text) => text } });
  assertThrows(() => writeTokenizerJson(odd), RangeError, 'with the normalizer "shout"');
  const penalty = new Unigram({
    pieces: [["a", -1]],
    specialTokens: { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" },
    byteFallback: false,
    prefixSpace: true,
    unknownPenalty: 3,
  });
  assertThrows(() => writeTokenizerJson(penalty), RangeError, "unknownPenalty = 3");
  assertThrows(() => writeTokenizerJson(3 as unknown as Tokenizer), TypeError, "tokenizer = 3");
});
