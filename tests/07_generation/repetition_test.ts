import { assertEquals, assertThrows } from "@std/assert";
import { generate } from "../../core/07_generation/generate.ts";
import { noRepeatNgramRule, repetitionRule } from "../../core/07_generation/repetition.ts";
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
