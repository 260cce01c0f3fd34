import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { bleu, type BleuOptions, bleuTokens, sentenceBleu } from "../../core/06_training/bleu.ts";
import recorded from "../goldens/bleu.json" with { type: "json" };
import { countSteps } from "../steps.ts";

/** Sentence of a golden: an output and two references. */
type Sentence = [string, string[]];

Deno.test("bleuTokens() cuts as sacreBLEU does", () => {
  for (const tokenizer of ["13a", "zh"] as const) {
    for (const [i, text] of recorded.tokenize.texts.entries()) {
      assertEquals(bleuTokens(text, tokenizer), recorded.tokenize[tokenizer][i], JSON.stringify(text));
    }
  }
  assertEquals(bleuTokens(" a.  b, ", "none"), ["a.", "b,"]);
  // Meant by sacreBLEU and missed by its ranges: ideographs beyond the first plane.
  assertEquals(bleuTokens("𠀀𠀁", "zh"), ["𠀀", "𠀁"]);
});

Deno.test("bleuTokens() and bleu() take for white space what sacreBLEU does, and nothing else", () => {
  const { characters, places, scores } = recorded.spaces;
  for (const [i, space] of characters.entries()) {
    const name = `U+${space.codePointAt(0)!.toString(16)}`;
    for (const [j, place] of places.entries()) {
      for (const tokenizer of ["13a", "zh", "none"] as const) {
        const found = bleuTokens(place.replaceAll("{}", space), tokenizer);
        assertEquals(found, recorded.spaces[tokenizer][i]![j], `${name} in ${place}, ${tokenizer}`);
      }
    }
    const { score } = bleu([`the${space}cat sat on the mat`], ["the cat sat on the mat"]);
    assertAlmostEquals(score, scores[i]!, 1e-9, name);
  }
});

for (const tokenizer of ["13a", "zh"] as const) {
  Deno.test(`bleu() and sentenceBleu() agree with sacreBLEU under every option, ${tokenizer}`, () => {
    const { pairs, scores } = recorded[tokenizer] as unknown as {
      pairs: Sentence[];
      scores: (ReturnType<typeof bleu> & { options: BleuOptions; references: number; sentences: number[] })[];
    };
    const outputs = pairs.map(([output]) => output);
    for (const expected of scores) {
      const references = pairs.map(([, both]) => both.slice(0, expected.references));
      const { score, precisions, ...rest } = bleu(outputs, references, expected.options);
      assertAlmostEquals(score, expected.score, 1e-9);
      for (const [n, precision] of precisions.entries()) assertAlmostEquals(precision, expected.precisions[n]!, 1e-9);
      assertAlmostEquals(rest.brevityPenalty, expected.brevityPenalty, 1e-12);
      assertEquals([rest.outputLength, rest.referenceLength], [expected.outputLength, expected.referenceLength]);
      for (const [i, sentence] of expected.sentences.entries()) {
        assertAlmostEquals(sentenceBleu(outputs[i]!, references[i]!, expected.options).score, sentence, 1e-9);
      }
    }
  });
}

Deno.test("bleu() reproduces the counts of Papineni, Roukos, Ward and Zhu", () => {
  const references = [
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being under the command of the Party",
    "It is the practical guide for the army always to heed the directions of the party",
  ];
  const good = "It is a guide to action which ensures that the military always obeys the commands of the party";
  const bad = "It is to insure the troops forever hearing the activity guidebook that party direct";
  const share = (output: string, n: number) => {
    const { matches, totals } = sentenceBleu(output, references, { lowercase: true });
    return [matches[n - 1], totals[n - 1]];
  };
  assertEquals([share(good, 1), share(bad, 1)], [[17, 18], [8, 14]]);
  assertEquals([share(good, 2), share(bad, 2)], [[10, 17], [1, 13]]);
});

Deno.test("bleu() pays a repeated word no more often than a reference holds it", () => {
  const references = ["The cat is on the mat.", "There is a cat on the mat."];
  const { matches, totals } = sentenceBleu("the the the the the the the", references, { lowercase: true });
  assertEquals([matches[0], totals[0]], [2, 7]);
});

Deno.test("bleu() gives the score that sacreBLEU's own documentation shows", () => {
  const outputs = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
  const references = [
    ["The dog bit the man.", "The dog had bit the man."],
    ["It was not unexpected.", "No one was surprised."],
    ["The man bit him first.", "The man had bitten the dog."],
  ];
  const result = bleu(outputs, references);
  assertAlmostEquals(result.score, 48.530827009929865, 1e-12);
  assertEquals(result.precisions.map((precision) => precision.toFixed(1)).join("/"), "82.4/50.0/45.5/37.5");
  assertEquals([result.outputLength, result.referenceLength], [17, 18]);
});

Deno.test("bleu() is 100 for the references themselves and 0 without a common word", () => {
  const references = recorded["13a"].pairs.map((pair) => (pair as Sentence)[1][0]!);
  assertAlmostEquals(bleu(references, references).score, 100, 1e-12);
  for (const smoothing of ["none", "floor", "add-k", "exp"] as const) {
    assertEquals(bleu(["a b c d"], ["e f g h"], { smoothing }).score, 0);
    assertEquals(bleu(["", ""], ["e f", "g h"], { smoothing }).score, 0);
  }
  assertAlmostEquals(sentenceBleu("yes", "yes").score, 100, 1e-12);
});

Deno.test("bleu() is not the mean of sentenceBleu()", () => {
  const long = "the old man who lives next door walks his small dog in the park every morning";
  const references = [long, "she reads"];
  const faithful = [long, "he writes"];
  const brief = [long.replace("small dog", "dog").replace("old man", "man").replace("every", "each"), "she reads"];
  const mean = (outputs: string[]) =>
    outputs.reduce((sum, output, i) => sum + sentenceBleu(output, references[i]!).score, 0) / 2;
  assertGreater(bleu(faithful, references).score, bleu(brief, references).score);
  assertLess(mean(faithful), mean(brief));
});

Deno.test("bleu() punishes what is missing, and neither order of the corpus nor a better reference hurts", () => {
  const references = ["a b c d e f g h", "i j k l m n"];
  const short = bleu(["a b c d", "i j k l m n"], references);
  assertAlmostEquals(short.brevityPenalty, Math.exp(1 - 14 / 10), 1e-15);
  assertAlmostEquals(short.score, 100 * short.brevityPenalty, 1e-12);
  const outputs = ["a b x d e f g", "i j k l"];
  const forwards = bleu(outputs, references);
  assertEquals(bleu([...outputs].reverse(), [...references].reverse()), forwards);
  assertGreater(bleu(outputs, [[references[0]!, "a b x d e f g"], [references[1]!]]).score, forwards.score);
  // Of two references equally near in length the shorter one counts.
  assertEquals(bleu(["a b c"], [["a b c d", "a b"]]).referenceLength, 2);
});

Deno.test("bleu() says what is wrong with its arguments", () => {
  const cases: [() => unknown, new () => Error, string][] = [
    [() => bleu(["a"], []), RangeError, "Cannot compare 1 outputs and 0 references"],
    [() => bleu([], []), RangeError, "there must be as many of both, and at least one"],
    [() => bleu(["a"], [[]]), RangeError, "Cannot score an output without references"],
    [() => bleu(["a"], ["a"], { maxOrder: 0 }), RangeError, "maxOrder = 0: maxOrder must be an integer of at least 1"],
    [() => bleu(["a"], ["a"], { maxOrder: 2.5 }), RangeError, "maxOrder = 2.5"],
    [() => bleu(["a"], ["a"], { smoothingValue: 1 }), TypeError, "has no effect without smoothing = floor or add-k"],
    [
      () => bleu(["a"], ["a"], { smoothing: "floor", smoothingValue: 0 }),
      RangeError,
      "smoothingValue must be a number greater than 0 and at most 1",
    ],
    [() => bleu(["a"], ["a"], { order: 4 } as BleuOptions), TypeError, 'option "order": options are tokenizer'],
    [
      () => bleu(["a"], ["a"], { tokenizer: "14" } as unknown as BleuOptions),
      TypeError,
      'tokenizer = "14": tokenizer must be one of 13a, zh, none',
    ],
    [() => sentenceBleu("a", "a", { smoothing: "exp2" } as unknown as BleuOptions), TypeError, 'smoothing = "exp2"'],
  ];
  for (const [run, kind, message] of cases) assertThrows(run, kind, message);
});

const monotonous = ["a ", ".", "学", "1-", "&amp;"];

Deno.test("bleu() takes at most 20 steps a character, whatever the text", async () => {
  for (const part of monotonous) {
    const text = part.repeat(10_000);
    assertLess(await countSteps(() => assert(bleu([text], [text], { tokenizer: "zh" }).score > 99)), 20 * text.length);
  }
});

Deno.test("bleuTokens() reads a text once: with the square of its length, a megabyte would never end", () => {
  for (const tokenizer of ["13a", "zh", "none"] as const) {
    for (const part of monotonous) assert(bleuTokens(part.repeat(1_000_000 / part.length), tokenizer).length > 0);
  }
});
