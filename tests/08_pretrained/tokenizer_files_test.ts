import { assertEquals, assertThrows } from "@std/assert";
import { readExpression } from "../../core/08_pretrained/tokenizer_files/expressions.ts";
import { readTokenizerJson } from "../../core/08_pretrained/tokenizer_files/mod.ts";
import lengths from "../goldens/tokenizer_lengths.json" with { type: "json" };

Deno.test("a part that is not known is refused by name", () => {
  const model = { type: "BPE", vocab: { a: 0 }, merges: [] };
  const refusals: [object, string][] = [
    [{ model: { type: "Magic" } }, 'the model "Magic" is not known here; known are BPE, Unigram, WordPiece, WordLevel'],
    [{ model, normalizer: { type: "Rot13" } }, 'the normalizer "Rot13" is not known here'],
    [{ model, normalizer: { type: "Sequence", normalizers: [{ type: "Rot13" }] } }, '"Rot13"'],
    [{ model, pre_tokenizer: { type: "UnicodeScripts" } }, 'the pre-tokenizer "UnicodeScripts"'],
    [{ model, decoder: { type: "CTC" } }, 'the decoder "CTC"'],
    [{ model, post_processor: { type: "Other" } }, 'the post-processor "Other"'],
    [
      { model, pre_tokenizer: { type: "Split", pattern: { Regex: "a++" }, behavior: "Isolated" } },
      "a possessive repetition",
    ],
    [
      { model, pre_tokenizer: { type: "Split", pattern: { Regex: "[a[b]]" }, behavior: "Isolated" } },
      "a set within a set",
    ],
    [{ model, pre_tokenizer: { type: "Split", pattern: { Regex: "\\Gx" }, behavior: "Isolated" } }, "it has \\G"],
    [{ model, pre_tokenizer: { type: "Split", pattern: { String: "a" }, behavior: "Gone" } }, 'behavior = "Gone"'],
    [{ model: { ...model, merges: ["a"] } }, "a merge is"],
    [{ model: { ...model, dropout: 0.1 } }, "dropout = 0.1"],
    [{ model: { ...model, merges: ["a b"] } }, '"b" is no token'],
    [{ model: { ...model, vocab: { a: -1 } } }, 'token "a" has the id -1'],
    [{ model, added_tokens: [{ content: "x" }] }, "id"],
  ];
  for (const [file, message] of refusals) assertThrows(() => readTokenizerJson(file), SyntaxError, message);
});

Deno.test("an expression of a file means here what it means there", () => {
  const found = (source: string, text: string) => Array.from(text.matchAll(readExpression(source)), ([part]) => part);
  assertEquals(found("(?i:'s|'ll)", "it's IT'S we'LL 'ſ"), ["'s", "'S", "'LL", "'ſ"]);
  assertEquals(found("\\s+", "a \u0085\u2003b\ufeff"), [" \u0085\u2003"]);
  assertEquals(found("\\d+", "12 ٣٤"), ["12", "٣٤"]);
  assertEquals(found("[^\\w\\s]+", "a-b_c é!"), ["-", "!"]);
  assertEquals(found("\\p{N}{1,3}", "12345"), ["123", "45"]);
  assertEquals(found("x{,2}y", "xxxy y"), ["xxy", "y"]);
  assertEquals(found("[\\[\\]{}]|\\'", "[a]{b}'"), ["[", "]", "{", "}", "'"]);
  assertEquals(found("\\x{4E00}|\\p{^L}", "一a1"), ["一", "1"]);
});

/** What the recipe records. */
interface Golden {
  readonly inputs: readonly string[];
  readonly cases: Readonly<
    Record<string, {
      readonly file: Record<string, unknown>;
      readonly texts: readonly { readonly ids: number[]; readonly offsets: number[][]; readonly decoded: string }[];
      readonly single: number[];
      readonly pair: [number[], number[], number[]];
      readonly short: [number[], number[]];
    }>
  >;
}

const golden = JSON.parse(
  Deno.readTextFileSync(new URL("../goldens/tokenizer_files.json", import.meta.url)),
) as Golden;
const names = Object.keys(golden.cases);
/** Places in code points, as Python counts. */
const inPoints = (text: string, place: number): number => Array.from(text.slice(0, place)).length;

for (const name of names) {
  const { file, texts, single, pair, short } = golden.cases[name]!;

  Deno.test(`${name}: every text has the ids, the places and the way back of the library`, () => {
    const tokenizer = readTokenizerJson(file);
    golden.inputs.forEach((text, i) => {
      const { ids, offsets, decoded } = texts[i]!;
      assertEquals(tokenizer.encode(text, { specialTokens: true }), ids, JSON.stringify(text));
      const found = tokenizer.tokenize(text, { specialTokens: true });
      assertEquals(found.map(({ id }) => id), ids);
      const places = found.map(({ start, end }) => [inPoints(text, start), inPoints(text, end)]);
      // The library gives a letter that was composed the range of its first part alone; here it has all of it.
      const isComposed = /e\u0301/.test(text);
      const kept = (all: number[][]) => isComposed ? all.map(([start]) => start) : all;
      assertEquals(kept(places), kept(offsets), JSON.stringify(text));
      assertEquals(tokenizer.decode(ids), decoded, JSON.stringify(text));
    });
  });

  Deno.test(`${name}: templates, pairs and long texts come as from the library`, () => {
    const tokenizer = readTokenizerJson(file);
    assertEquals(tokenizer.prepare("the quick").ids, single);
    const both = tokenizer.prepare("the quick brown fox", { pair: "over the dog" });
    assertEquals([both.ids, both.typeIds, both.specialMask], pair);
    const cut = tokenizer.prepare("the quick brown fox jumps", { pair: "over the lazy dog, and", maxLength: 7 });
    assertEquals([cut.ids, cut.typeIds], short);
  });
}

Deno.test("truncation and padding of a file are done where they are asked for", () => {
  for (const { file, found } of lengths.cases) {
    const tokenizer = readTokenizerJson(file);
    for (const { texts: [text, pair], error, ...expected } of found as readonly LengthCase[]) {
      const prepare = () => tokenizer.prepare(text!, { pair, truncation: true, padding: true });
      if (error !== undefined) assertThrows(prepare, RangeError, "as the file says");
      else {
        const { offsets: _, ...prepared } = prepare();
        assertEquals(prepared, expected as unknown as typeof prepared);
      }
      const whole = tokenizer.prepare(text!, { pair });
      assertEquals(
        whole.ids.length,
        tokenizer.encode(text!).length + 2 + (pair ? tokenizer.encode(pair).length + 1 : 0),
      );
      assertEquals(whole.attentionMask, undefined);
    }
  }
  const both = () => readTokenizerJson(lengths.cases[0]!.file).prepare("a", { truncation: true, maxLength: 3 });
  assertThrows(both, TypeError, "one of them is needed");
  const { truncation: _, padding: __, ...silent } = lengths.cases[0]!.file;
  assertThrows(() => readTokenizerJson(silent).prepare("a", { truncation: true }), TypeError, "it has no truncation");
  assertThrows(() => readTokenizerJson(silent).prepare("a", { padding: true }), TypeError, "it has no padding");
});

/** What the recipe records of texts. */
interface LengthCase {
  readonly texts: readonly string[];
  readonly error?: string;
}
