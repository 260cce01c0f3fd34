import { assertAlmostEquals, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { alibi, learned, rotary, shaw } from "../../core/04_attention/positions/mod.ts";
import { lstm, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import { noRepeatNgramRule } from "../../core/07_generation/repetition.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import { ancestralSampling, type Decoder, sample, toProbabilities } from "../../core/07_generation/sampling.ts";
import {
  acceptanceRate,
  adaptiveLength,
  constantLength,
  type Draft,
  expectedTokens,
  judge,
  modelDraft,
  promptLookup,
  residual,
  speculate,
  type SpeculationOptions,
} from "../../core/07_generation/speculative.ts";
import type { Generation } from "../../core/07_generation/search.ts";
import { stopStrings } from "../../core/07_generation/stops.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { topPRule } from "../../core/07_generation/truncation.ts";
import { Random } from "../../core/engine/random.ts";
import { full, tensor } from "../../core/engine/create.ts";
import { onEveryBackend } from "../support.ts";
import { assertDrawnFrom } from "./distributions.ts";
import { languageModel, recompute } from "./models.ts";

/** Distributions drawn by chance; some tokens of some have none. */
function distribution(random: Random, size: number): Float64Array {
  const shares = Float64Array.from({ length: size }, () => random.next() < 0.2 ? 0 : random.next() ** 3);
  shares[random.integer(size)]! += 0.1;
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

interface Told {
  tokens: number[];
  calls: number;
  proposed: number;
  accepted: number;
}

/** All that comes of a text. */
async function all(
  target: Decoder,
  prompt: readonly number[],
  { random, ...options }: Partial<SpeculationOptions> & { readonly draft: Draft; readonly random?: Random },
): Promise<Told> {
  const told: Told = { tokens: [], calls: 0, proposed: 0, accepted: 0 };
  const search = random ? ancestralSampling(random) : greedySearch();
  const complete = { maxNewTokens: 20, rules: [], search, promptLength: prompt.length, ...options };
  for await (const step of speculate(target, prompt, complete)) {
    told.tokens.push(...step.tokens.map(({ token }) => token));
    told.calls++;
    told.proposed += step.proposed;
    told.accepted += step.accepted;
  }
  return told;
}

Deno.test("a proposal that is accepted or replaced has the probabilities of the target, whatever was proposed", () => {
  const random = new Random(1);
  for (let round = 0; round < 200; round++) {
    const size = 2 + random.integer(6), p = distribution(random, size), q = distribution(random, size);
    const rate = acceptanceRate(p, q), left = rate < 1 - 1e-12 ? residual(p, q) : p;
    // Summed over all that can happen, in closed form.
    p.forEach((wanted, x) => assertAlmostEquals(Math.min(p[x]!, q[x]!) + (1 - rate) * left[x]!, wanted, 1e-12));
    const distance = p.reduce((sum, wanted, x) => sum + Math.abs(wanted - q[x]!), 0) / 2;
    assertAlmostEquals(rate, 1 - distance, 1e-12);
  }
});

Deno.test("judge() draws from the target", () => {
  const random = new Random(2);
  for (let round = 0; round < 5; round++) {
    const p = distribution(random, 6), q = distribution(random, 6);
    assertDrawnFrom(p, () => judge(p, { token: random.categorical(q), probabilities: q }, random).token, 20_000);
    // A guess without chance, whichever it is.
    for (const token of [0, 3]) assertDrawnFrom(p, () => judge(p, { token }, random).token, 20_000);
  }
});

Deno.test("judge() accepts as often as acceptanceRate() says", () => {
  const random = new Random(3), p = distribution(random, 8), q = distribution(random, 8), count = 40_000;
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    accepted += Number(judge(p, { token: random.categorical(q), probabilities: q }, random).accepted);
  }
  const rate = acceptanceRate(p, q);
  assertGreater(5 * Math.sqrt(rate * (1 - rate) / count), Math.abs(accepted / count - rate));
});

Deno.test("accepting what equals the most probable token or with a token that is drawn again is not the target's distribution", () => {
  const p = [0.5, 0.3, 0.2], q = [0.2, 0.6, 0.2], sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  // Compared with the most probable token, drawn from p after a refusal.
  const most = p.map((share, x) => (x === 0 ? q[0]! : 0) + (1 - q[0]!) * share);
  assertAlmostEquals(sum(most), 1, 1e-12);
  assertGreater(most[0]! - p[0]!, 0.09);
  // Compared with a token drawn from p, and another one drawn from p after a refusal.
  const rate = sum(p.map((share, x) => share * q[x]!));
  const again = p.map((share, x) => share * q[x]! + (1 - rate) * share);
  assertAlmostEquals(sum(again), 1, 1e-12);
  assertGreater(again[1]! - p[1]!, 0.05);
  assertGreater(acceptanceRate(p, q), rate);
});

onEveryBackend("speculate() writes what greedy search writes, with any draft", async () => {
  for (const positions of [learned(), rotary(), alibi, shaw()]) {
    const target = languageModel(1, { positions, numGroups: 1 }), prompt = [3, 1, 4, 1];
    const options = { maxNewTokens: 18, eosToken: 6 };
    const { tokens, finished } = await generate(target, prompt, options);
    const wanted = finished ? [...tokens, 6] : tokens;
    const drafts = [
      modelDraft(target),
      modelDraft(languageModel(7), { length: constantLength(1) }),
      modelDraft(languageModel(8), { length: adaptiveLength(), minConfidence: 0.3 }),
      promptLookup({ length: constantLength(3) }),
    ];
    for (const draft of drafts) {
      assertEquals((await all(target, prompt, { ...options, draft })).tokens, wanted, draft.name);
    }
  }
});

onEveryBackend("speculate() with the target itself as draft accepts everything", async () => {
  const target = languageModel(2), length = constantLength(4);
  const { calls, proposed, accepted, tokens } = await all(target, [1], {
    draft: modelDraft(target, { length }),
    maxNewTokens: 20,
  });
  assertEquals([calls, proposed, accepted, tokens.length], [4, 16, 16, 20]);
});

Deno.test("speculate() draws whole texts with the probabilities of the target, enumerated", async () => {
  // Texts of three tokens out of four, all 64 scored one by one.
  const small = { vocabSize: 4, contextLength: 8 },
    target = languageModel(11, small),
    draftOf = languageModel(12, small);
  const rules: LogitsRule[] = [temperatureRule(1.5), topPRule(0.9)];
  const rows = new Map<string, Float64Array>();
  const rowOf = async (text: number[]): Promise<Float64Array> => {
    const known = rows.get(text.join());
    if (known) return known;
    const logits = await recompute((x) => target.forward(x), text);
    const row = toProbabilities(rules.reduce((left, rule) => rule.onHost(left, { tokens: text }), logits));
    rows.set(text.join(), row);
    return row;
  };
  const probabilities = new Float64Array(64);
  for (let i = 0; i < 64; i++) {
    const text = [2];
    probabilities[i] = 1;
    for (const token of [i >> 4, (i >> 2) & 3, i & 3]) {
      probabilities[i]! *= (await rowOf(text))[token]!;
      text.push(token);
    }
  }
  for (const draft of [modelDraft(draftOf, { length: constantLength(2) }), promptLookup()]) {
    const random = new Random(5), drawn: number[] = [], count = 1200;
    for (let i = 0; i < count; i++) {
      const { tokens } = await all(target, [2], { draft, rules, random, maxNewTokens: 3 });
      drawn.push(tokens[0]! * 16 + tokens[1]! * 4 + tokens[2]!);
    }
    let at = 0;
    assertDrawnFrom(probabilities, () => drawn[at++]!, count);
  }
});

onEveryBackend("a rule that looks at the text acts on every token, proposed or not", async () => {
  const target = languageModel(3), rules = [noRepeatNgramRule(2)];
  const wanted = await generate(target, [1, 2], { maxNewTokens: 20, noRepeatNgramSize: 2 });
  for (const draft of [modelDraft(languageModel(4)), promptLookup()]) {
    assertEquals((await all(target, [1, 2], { draft, rules })).tokens, wanted.tokens);
  }
});

onEveryBackend("speculate() ends at END, at the last token, and in a context that is full", async () => {
  const target = languageModel(5);
  const long = await all(target, [1, 2], { draft: modelDraft(languageModel(6)), maxNewTokens: 22 });
  assertEquals(long.tokens.length, 22);
  const end = long.tokens[7]!, first = long.tokens.indexOf(end);
  const short = await all(target, [1, 2], { draft: modelDraft(target, { length: constantLength(9) }), eosToken: end });
  assertEquals(short.tokens, long.tokens.slice(0, first + 1));
  const one = await all(target, [1, 2], { draft: modelDraft(target), maxNewTokens: 1 });
  assertEquals([one.tokens, one.proposed], [[long.tokens[0]!], 0]);
});

onEveryBackend("a draft with a smaller context begins anew with the newer half", async () => {
  const target = languageModel(6),
    draft = modelDraft(languageModel(9, { contextLength: 7 }), { length: constantLength(3) });
  const wanted = await generate(target, [4], { maxNewTokens: 22 });
  assertEquals((await all(target, [4], { draft, maxNewTokens: 22 })).tokens, wanted.tokens);
});

onEveryBackend("a recurrent network drafts, and is drafted for", async () => {
  const recurrent = new RecurrentLanguageModel({ vocabSize: 11, hiddenSize: 8, recurrence: lstm }, new Random(3));
  recurrent.eval();
  const target = languageModel(7);
  const wanted = await generate(target, [4, 4], { maxNewTokens: 15 });
  assertEquals((await all(target, [4, 4], { draft: modelDraft(recurrent), maxNewTokens: 15 })).tokens, wanted.tokens);
  const other = await generate(recurrent, [4, 4], { maxNewTokens: 15 });
  assertEquals((await all(recurrent, [4, 4], { draft: modelDraft(target), maxNewTokens: 15 })).tokens, other.tokens);
});

Deno.test("tokens of one call are as many as expectedTokens() says, where the rate is the same everywhere", async () => {
  // Two models that say the same at every place, whatever was before.
  const p = [0.5, 0.3, 0.2], q = [0.2, 0.6, 0.2];
  const constant = (shares: number[]): Decoder => ({
    vocabSize: 3,
    contextLength: Infinity,
    forward: (tokens) => full([1, tokens.shape[1]!, 3], 0).add(tensor(shares.map(Math.log))),
  });
  assertEquals(expectedTokens(0.7, 0), 1);
  assertEquals(expectedTokens(1, 4), 5);
  assertAlmostEquals(expectedTokens(0.7, 3), 1 + 0.7 + 0.49 + 0.343, 1e-12);
  const length = 3, draft = modelDraft(constant(q), { length: constantLength(length) });
  const { calls, tokens } = await all(constant(p), [0], { draft, maxNewTokens: 4000, random: new Random(8) });
  const found = tokens.length / calls, rate = acceptanceRate(p, q);
  // The standard deviation of the tokens of a call is below 1.5.
  assertGreater(5 * 1.5 / Math.sqrt(calls), Math.abs(found - expectedTokens(rate, length)));
});

Deno.test("promptLookup() proposes what followed the last tokens, of the longest run first", async () => {
  const drafter = promptLookup({ maxNgramSize: 2 }).begin({ vocabSize: 10, rules: [], random: undefined });
  const proposed = async (text: number[], count: number) =>
    (await drafter.propose(text, count)).map(({ token }) => token);
  const text = [1, 2, 3, 4, 9, 2, 5, 1, 2];
  assertEquals(await proposed(text, 2), [3, 4]); // behind 1 2, not behind the later 2
  assertEquals(await proposed([...text, 9], 3), [2, 5, 1]); // 2 9 is new, 9 is not
  assertEquals(await proposed([...text, 9, 7], 3), []);
  const fresh = promptLookup().begin({ vocabSize: 10, rules: [], random: undefined });
  assertEquals(await fresh.propose([5], 3), []);
  assertEquals((await fresh.propose([5, 5], 3)).map(({ token }) => token), [5]);
});

Deno.test("adaptiveLength() grows while all is accepted and shrinks otherwise", () => {
  const { start, next } = adaptiveLength({ start: 3, most: 6 });
  assertEquals([start, next(3, 3, 3), next(5, 5, 5), next(4, 3, 4), next(1, 0, 1)], [3, 5, 6, 3, 1]);
});

Deno.test("speculative decoding says what is wrong with its arguments", async () => {
  assertThrows(() => residual([0.5, 0.5], [0.5, 0.5]), RangeError, "there is nothing left");
  assertThrows(() => acceptanceRate([1], [0.5, 0.5]), TypeError, "one vocabulary is needed");
  assertThrows(() => expectedTokens(1.5, 2), RangeError, "rate");
  assertThrows(() => constantLength(0), RangeError, "length");
  assertThrows(() => modelDraft(languageModel(1), { minConfidence: 1 }), RangeError, "minConfidence");
  assertThrows(() => promptLookup({ size: 3 } as never), TypeError, "size");
  const other = modelDraft(languageModel(1, { vocabSize: 12 }));
  await assertRejects(() => all(languageModel(1), [1], { draft: other }), TypeError, "both need one vocabulary");
});

onEveryBackend("generate() and stream() with a draft write what they write without one", async () => {
  const target = languageModel(9), draft = modelDraft(languageModel(10)), prompt = [5, 2, 5];
  for (const options of [{}, { noRepeatNgramSize: 2 }, { repetitionPenalty: 1.4, eosToken: 3 }]) {
    const shared = { maxNewTokens: 16, ...options };
    const wanted = await generate(target, prompt, shared);
    const { speculation, ...found } = await generate(target, prompt, { ...shared, draft });
    assertEquals([found.tokens, found.finished], [wanted.tokens, wanted.finished]);
    assertAlmostEquals(found.logProbability, wanted.logProbability, 1e-4);
    const { calls, accepted } = speculation!;
    assertEquals(calls + accepted >= found.tokens.length, true);
    const streamed: number[] = [];
    for await (const { token } of stream(target, prompt, { ...shared, draft })) streamed.push(token);
    assertEquals(streamed, wanted.tokens);
  }
});

Deno.test("a search of the caller's own can have a draft: its own token is written in any case", async () => {
  const target = languageModel(9), random = new Random(3);
  const second = {
    name: "second best",
    onHost: (allowed: Float64Array) => {
      const order = Array.from(allowed, (_, token) => token).sort((a, b) => allowed[b]! - allowed[a]!);
      return order[1]!;
    },
  };
  const wanted = await generate(target, [1], { maxNewTokens: 15, search: second });
  const found = await generate(target, [1], { maxNewTokens: 15, search: second, draft: modelDraft(target) });
  assertEquals(found.tokens, wanted.tokens);
  // One that draws in its own way, with the same numbers at the same places.
  const drawing = (from: Random) => ({
    name: "drawing",
    random: from,
    onHost: (allowed: Float64Array) => sample(allowed, from),
  });
  const one = await generate(target, [1], { maxNewTokens: 15, search: drawing(random.fork()) });
  const other = await generate(target, [1], {
    maxNewTokens: 15,
    search: drawing(random.fork()),
    draft: promptLookup(),
  });
  assertEquals(other.tokens, one.tokens);
});

onEveryBackend("several texts with a draft, ends and stop strings are written as without one", async () => {
  const target = languageModel(9), draft = modelDraft(languageModel(10)), prompts = [[5, 2, 5], [1], [3, 3]];
  const alone = await generate(target, prompts, { maxNewTokens: 16 });
  const ends = [alone[0]!.tokens[9]!, alone[1]!.tokens[4]!];
  const letters = {
    decode: (tokens: Iterable<number>) => Array.from(tokens, (token) => "abcdefghijk"[token]).join(""),
  };
  const text = letters.decode(alone[2]!.tokens), strings = stopStrings(letters, [text.slice(4, 7)]);
  for (const options of [{}, { eosToken: ends }, { stopStrings: strings }, { eosToken: ends, stopStrings: strings }]) {
    const shared = { maxNewTokens: 16, ...options };
    const wanted = await generate(target, prompts, shared),
      found = await generate(target, prompts, { ...shared, draft });
    const kept = (results: readonly Generation[]) =>
      results.map(({ tokens, finished, stop, text }) => ({ tokens, finished, stop, text }));
    assertEquals(kept(found), kept(wanted));
    for (const { speculation, tokens } of found) {
      assertGreater(speculation!.calls + speculation!.accepted + 1, tokens.length);
    }
    const steps: number[] = [];
    await generate(target, prompts, { ...shared, draft, onProgress: ({ done }) => void steps.push(done) });
    assertEquals([steps, steps.at(-1)], [steps.toSorted(), 3]);
  }
});

onEveryBackend("a translation with a draft is the translation without one", async () => {
  const random = new Random(8), sizes = { vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 2 };
  const translator = new EncoderDecoder(sizes, random).eval(), draft = promptLookup();
  for (const weight of translator.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.7 }));
  }
  const options = { maxNewTokens: 14 };
  // One that is nearly always rejected: what the caches hold of the text is taken back, and what they hold of the source is not.
  const stubborn: Draft = {
    name: "the same token again and again",
    length: constantLength(4),
    begin: () => ({
      propose: (_, count) => Promise.resolve(Array.from({ length: count }, () => ({ token: 7 }))),
      dispose() {},
    }),
  };
  // Sources as long as what is read of the text at some step, and others.
  for (const length of [1, 3, 5, 6, 20]) {
    const given = translator.given(random.normal([1, length, 8]));
    const wanted = await generate(given, [[1]], options);
    assertEquals(wanted[0]!.tokens.length, 14);
    for (const one of [draft, stubborn]) {
      const found = await generate(given, [[1]], { ...options, draft: one });
      assertEquals(found[0]!.tokens, wanted[0]!.tokens);
    }
  }
});

Deno.test("several texts drawn from one prompt with a draft are as probable as they would be without", async () => {
  const target = languageModel(3), draft = modelDraft(languageModel(4)), count = 1000;
  const options = { maxNewTokens: 2, topK: 4, temperature: 0.9, numReturnSequences: count };
  const { sequences } = await generate(target, [5], { ...options, draft, random: new Random(1) });
  const plain = await generate(target, [5], { ...options, random: new Random(2) });
  const tally = (results: readonly Generation[]) => {
    const counts = new Map<string, number>();
    for (const { tokens } of results) counts.set(tokens.join(), (counts.get(tokens.join()) ?? 0) + 1);
    return counts;
  };
  const found = tally(sequences!), wanted = tally(plain.sequences!);
  // Two samples of one distribution: each count differs by chance alone, five standard deviations of the difference.
  for (const key of new Set([...found.keys(), ...wanted.keys()])) {
    const a = found.get(key) ?? 0, b = wanted.get(key) ?? 0;
    assertGreater(5 * Math.sqrt(a + b + 1), Math.abs(a - b));
  }
});

Deno.test("generate() says why a draft cannot be used", async () => {
  const target = languageModel(1), draft = promptLookup();
  const translator = new EncoderDecoder({ vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 1 }, new Random(1))
    .eval();
  const two = translator.given(new Random(3).normal([2, 3, 8]));
  await assertRejects(() => generate(two, [[1]], { maxNewTokens: 3, draft }), TypeError, "that holds 2 sources");
  await assertRejects(
    () => generate(target, [1], { maxNewTokens: 3, draft, numBeams: 3 }),
    TypeError,
    "with beam search",
  );
  await assertRejects(() => generate(target, [1], { maxNewTokens: 3, draft: {} as Draft }), TypeError, "draft");
  await assertRejects(() => generate(target, [1], { maxNewTokens: 30, draft }), RangeError, "the model sees 24");
});
