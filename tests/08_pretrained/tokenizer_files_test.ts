import { assertEquals, assertThrows } from "@std/assert";
import { readTokenizerJson } from "../../core/08_pretrained/tokenizer_files/mod.ts";

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
