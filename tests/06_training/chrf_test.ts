import { assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { bleu, corpusBleu, sentenceBleu } from "../../core/06_training/bleu.ts";
import {
  chrf,
  type ChrfOptions,
  chrfPieces,
  comparePieces,
  corpusChrf,
  sentenceChrf,
} from "../../core/06_training/chrf.ts";
import recorded from "../goldens/chrf.json" with { type: "json" };

const pairs = recorded.pairs as unknown as readonly (readonly [string, readonly string[]])[];

Deno.test("chrf() and sentenceChrf() agree with sacreBLEU under every option", () => {
  const outputs = pairs.map(([output]) => output);
  for (const expected of recorded.scores) {
    const references = pairs.map(([, both]) => both.slice(0, expected.references)), { options } = expected;
    assertAlmostEquals(chrf(outputs, references, options).score, expected.score, 1e-9, JSON.stringify(options));
    for (const [i, score] of expected.sentences.entries()) {
      const found = sentenceChrf(outputs[i]!, references[i]!, options).score;
      assertAlmostEquals(found, score, 1e-9, `${outputs[i]} ${JSON.stringify(options)}`);
    }
  }
});

Deno.test("chrf() gives 100 to a perfect sentence of one character", () => {
  assertEquals(chrf(["a", "好"], ["a", "好"]).score, 100);
  assertEquals(chrf([""], ["a"]).score, 0);
  assertEquals(chrf(["a"], ["b"]).score, 0);
});

Deno.test("chrf() is the formula on counts made by hand", () => {
  // abc and abd: 2 of 3 characters, 1 of 2 pairs, both ways.
  const { matches, totals, referenceTotals, precision, recall } = chrf(["abc"], ["abd"], { characterOrder: 2 });
  assertEquals([matches, totals, referenceTotals], [[2, 1], [3, 2], [3, 2]]);
  assertAlmostEquals(precision, 7 / 12, 1e-15);
  assertAlmostEquals(recall, 7 / 12, 1e-15);
  // Twice as long as the reference: precision halves, recall is whole.
  const long = chrf(["aaaa"], ["aa"], { characterOrder: 1, beta: 1 });
  assertAlmostEquals(long.score, 100 * 2 * 0.5 * 1 / 1.5, 1e-12);
});

Deno.test("chrf() sees a wrong ending as a small mistake, bleu() as a wrong word", () => {
  const ending = ["he walks home"], word = ["he drives home"], reference = ["he walked home"];
  assertGreater(chrf(ending, reference).score, chrf(word, reference).score);
  const options = { maxOrder: 2 };
  assertEquals(bleu(ending, reference, options).score, bleu(word, reference, options).score);
});

Deno.test("comparePieces() of texts that were cut before is sentenceChrf()", () => {
  for (const [output, [reference]] of pairs) {
    for (const options of [{}, { wordOrder: 2, beta: 1 }] as ChrfOptions[]) {
      const found = comparePieces(chrfPieces(output, options), chrfPieces(reference!, options), options);
      assertEquals(found, sentenceChrf(output, reference!, options));
    }
  }
});

Deno.test("corpusChrf() and corpusBleu() of sentences are the scores of the corpus", () => {
  const outputs = pairs.map(([output]) => output), references = pairs.map(([, both]) => both);
  for (const rows of [[0, 1, 2], [5, 5, 7, 13], outputs.map((_, i) => i)]) {
    const [own, others] = [rows.map((i) => outputs[i]!), rows.map((i) => references[i]!)];
    assertEquals(corpusChrf(own.map((one, i) => sentenceChrf(one, others[i]!))), chrf(own, others));
    assertEquals(corpusBleu(own.map((one, i) => sentenceBleu(one, others[i]!))), bleu(own, others));
  }
  assertThrows(() => corpusChrf([]), RangeError, "Cannot compute chrF of no sentences");
  assertThrows(() => corpusBleu([]), RangeError, "Cannot compute BLEU of no sentences");
});

Deno.test("chrf() refuses what cannot be compared", () => {
  assertThrows(() => chrf(["a"], []), RangeError, "Cannot compare 1 outputs and 0 references");
  assertThrows(() => chrf(["a"], [[]]), RangeError, "Cannot score an output without references");
  assertThrows(() => chrf(["a"], ["a"], { order: 3 } as ChrfOptions), TypeError, "order");
  assertThrows(() => chrf(["a"], ["a"], { beta: -1 }), RangeError, "beta");
  assertThrows(() => sentenceChrf("a", ["a"], { characterOrder: 0 }), RangeError, "characterOrder");
});
