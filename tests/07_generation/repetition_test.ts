import { assertEquals, assertThrows } from "@std/assert";
import { generate } from "../../core/07_generation/generate.ts";
import {
  dryRule,
  frequencyRule,
  noRepeatNgramRule,
  presenceRule,
  repetitionRule,
} from "../../core/07_generation/repetition.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend } from "../support.ts";

Deno.test("repetitionRule() lowers positive and negative logits", () => {
  const changed = repetitionRule(2).onHost(Float64Array.of(4, -4, 4, -Infinity, 0), { tokens: [0, 1, 1, 3, 4, 99] });
  assertEquals([...changed], [2, -8, 4, -Infinity, 0]);
});

/** The tokens that a rule forbids after a text. */
const forbidden = (size: number, tokens: readonly number[], V = 5): number[] =>
  [...noRepeatNgramRule(size).onHost(new Float64Array(V), { tokens }).entries()]
    .filter(([, logit]) => logit === -Infinity).map(([token]) => token);

Deno.test("noRepeatNgramRule() forbids what would complete an n-gram again, and nothing else", () => {
  // The cat sat on the …
  const [the, cat, sat, on] = [0, 1, 2, 3];
  assertEquals(forbidden(2, [the, cat, sat, on, the]), [cat]);
  assertEquals(forbidden(3, [the, cat, sat, on, the]), []);
  assertEquals(forbidden(3, [the, cat, sat, on, the, cat]), [sat]);
  assertEquals(forbidden(1, [the, cat, the]), [the, cat]);
  // Overlapping n-grams count, and several may have followed.
  assertEquals(forbidden(3, [1, 1, 1]), [1]);
  assertEquals(forbidden(2, [4, 1, 4, 2, 4]), [1, 2]);
  // Too short to have repeated anything.
  for (const tokens of [[], [1], [1, 1]]) assertEquals(forbidden(3, tokens), []);
  assertEquals(forbidden(100, [1, 2, 3]), []);
});

Deno.test("noRepeatNgramRule() agrees with a set of all n-grams", () => {
  const random = new Random(1);
  for (let i = 0; i < 200; i++) {
    const size = 1 + Math.floor(random.next() * 4), length = Math.floor(random.next() * 12);
    const tokens = Array.from({ length }, () => Math.floor(random.next() * 3));
    const seen = new Set(tokens.flatMap((_, at) => at + size <= length ? [tokens.slice(at, at + size).join()] : []));
    const before = size === 1 ? [] : tokens.slice(-(size - 1));
    const wanted = [0, 1, 2].filter((token) => seen.has([...before, token].join()));
    assertEquals(forbidden(size, tokens, 3), length < size - 1 ? [] : wanted, `${size} after ${tokens}`);
  }
});

Deno.test("rules about repetition leave the context's other tokens, and refuse what is out of range", () => {
  const logits = Float64Array.of(3, -1, 2);
  assertEquals([...repetitionRule(2).onHost(logits, { tokens: [0, 1] })], [1.5, -2, 2]);
  assertEquals([...noRepeatNgramRule(2).onHost(logits, { tokens: [2, 0, 2] })], [-Infinity, -1, 2]);
  assertEquals([...logits], [3, -1, 2]);
  for (const size of [0, 1.5, NaN, -2]) {
    assertThrows(() => noRepeatNgramRule(size), RangeError, "noRepeatNgramSize must be an integer of at least 1");
  }
});

onEveryBackend("a penalty leaves infinite logits to whoever refuses them", async () => {
  for (const logit of [Infinity, -Infinity, NaN]) {
    for (const penalty of [0.5, 2, 1e30]) {
      const rule = repetitionRule(penalty), row = [3, logit, -1];
      assertEquals(rule.onHost(Float64Array.from(row), { tokens: [1] })[1], logit);
      const lowered = rule.onDevice!(tensor([row]), { tokens: tensor([1], [1, 1], "int32") });
      assertEquals((await lowered.read())[1], logit, `${logit} with ${penalty}`);
    }
  }
});

onEveryBackend("noRepeatNgramSize lets no n-gram occur twice, under every search", async () => {
  const random = new Random(3);
  const model = new DecoderOnly({ vocabSize: 29, contextLength: 40, hiddenSize: 8, numHeads: 2, numLayers: 1 }, random);
  for (const options of [{}, { random }, { numBeams: 3 }, { numBeams: 4, stochastic: true, random }]) {
    const { tokens } = await generate(model, [1, 2, 1], { maxNewTokens: 25, noRepeatNgramSize: 2, ...options });
    const text = [1, 2, 1, ...tokens], pairs = text.slice(1).map((token, i) => `${text[i]} ${token}`);
    assertEquals(new Set(pairs).size, pairs.length, text.join());
  }
});

Deno.test("frequencyRule() and presenceRule() count what was generated, and not the prompt", () => {
  const context = { tokens: [0, 0, 1, 2, 1, 1], promptLength: 2 }, logits = Float64Array.of(1, 2, -1, -Infinity);
  assertEquals([...frequencyRule(0.5).onHost(logits, context)], [1, 0.5, -1.5, -Infinity]);
  assertEquals([...presenceRule(0.5).onHost(logits, context)], [1, 1.5, -1.5, -Infinity]);
  assertEquals([...frequencyRule(-1).onHost(logits, context)], [1, 5, 0, -Infinity]);
  assertEquals([...frequencyRule(1).onHost(logits, { tokens: [0, 1], promptLength: 2 })], [...logits]);
  // The example of the page: the cat sat on the.
  const page = { tokens: [0, 1, 2, 3, 0] }, zeros = new Float64Array(4);
  assertEquals([...frequencyRule(0.5).onHost(zeros, page)], [-1, -0.5, -0.5, -0.5]);
  assertEquals([...presenceRule(0.5).onHost(zeros, page)], [-0.5, -0.5, -0.5, -0.5]);
});

Deno.test("a difference does not depend on where zero is, as a factor does", () => {
  const logits = Float64Array.of(3, 2, -1), raised = logits.map((logit) => logit - 10), context = { tokens: [0, 2, 2] };
  const apart = (row: Float64Array): number[] => [row[0]! - row[1]!, row[2]! - row[1]!];
  for (const rule of [frequencyRule(0.5), presenceRule(0.5), dryRule({ multiplier: 1, allowedLength: 1 })]) {
    assertEquals(apart(rule.onHost(logits, context)), apart(rule.onHost(raised, context)), rule.name);
  }
  const rule = repetitionRule(2);
  assertEquals(apart(rule.onHost(logits, context)), [-0.5, -4]);
  assertEquals(apart(rule.onHost(raised, context)), [-6, -14]);
});

Deno.test("dryRule() costs more the longer the passage is that a token would continue", () => {
  const [the, cat, sat, on, mat] = [0, 1, 2, 3, 4], dry = dryRule({ multiplier: 0.8 });
  const cost = (tokens: readonly number[], rule = dry): number[] =>
    [...rule.onHost(new Float64Array(5), { tokens })].map((x) => Number((0 - x).toFixed(6)));
  assertEquals(cost([the, cat, sat, on, the]), [0, 0, 0, 0, 0], "one token is below the allowed length");
  assertEquals(cost([the, cat, sat, on, the, cat]), [0, 0, 0.8, 0, 0]);
  assertEquals(cost([the, cat, sat, on, the, cat, sat]), [0, 0, 0, 1.4, 0]);
  // The longest of several passages, and each token that has followed one.
  const several = [the, cat, sat, mat, cat, on, the, cat, sat, the, cat];
  assertEquals(cost(several), [0, 0, 0.8, 0, 0]);
  assertEquals(cost(several, dryRule({ multiplier: 1, base: 3, allowedLength: 1 })), [0, 0, 3, 1, 0]);
  // A breaker ends a passage, and what follows one is free.
  const broken = dryRule({ multiplier: 1, allowedLength: 1, breakers: [mat] });
  assertEquals(cost([cat, mat, on, sat, cat, mat, on], broken), [0, 0, 1, 0, 0]);
  assertEquals(cost([cat, mat, on, cat, mat], broken), [0, 0, 0, 0, 0]);
  assertEquals(cost([on, mat, on], broken), [0, 0, 0, 0, 0]);
  // No passage counts as longer than fifty tokens, and no cost forbids.
  const long = cost(new Array<number>(200).fill(the), dryRule({ multiplier: 1, base: 1.01 }));
  assertEquals(long[0], Number((1.01 ** 48).toFixed(6)));
  const [huge] = dryRule({ multiplier: 1e300, base: 1e30 }).onHost(new Float64Array(5), { tokens: [0, 0, 0, 0] });
  assertEquals(huge, -(2 ** 128 - 2 ** 104));
  for (const tokens of [[], [the]]) assertEquals(cost(tokens), [0, 0, 0, 0, 0]);
});
