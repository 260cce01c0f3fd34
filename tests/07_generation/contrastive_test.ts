import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { contrast, contrastiveDecoder, jointDecoder } from "../../core/07_generation/contrastive.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { greedy, plainBeamSearch } from "../../core/07_generation/greedy_and_beam.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { type Decoder, toLogProbabilities, toProbabilities } from "../../core/07_generation/sampling.ts";
import { minPRule } from "../../core/07_generation/truncation.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { tensor } from "../../core/engine/create.ts";
import { Draws, onEveryBackend, onReference } from "../support.ts";
import { ids, languageModel, recompute, sizes } from "./models.ts";

const logs = (probabilities: readonly number[]): number[] => probabilities.map(Math.log);

/** The expert with its caches taken away: it reads the whole sequence at each step. */
function forgetful(model: Decoder): Decoder {
  const { vocabSize, contextLength } = model;
  return { vocabSize, contextLength, forward: (tokens, { lastOnly }) => model.forward(tokens, { lastOnly }) };
}

/** The scores of both models after a text, from whole passes without a cache. */
async function scoresOf(
  expert: Decoder,
  amateur: Decoder,
  text: readonly number[],
  options = {},
): Promise<Float64Array> {
  const rows = [];
  for (const model of [expert, amateur]) rows.push(await recompute((x) => model.forward(x, {}), text));
  return contrast(rows[0]!, rows[1]!, options);
}

Deno.test("contrast() is the difference of logarithms among plausible tokens", () => {
  const scores = contrast(logs([0.4, 0.35, 0.25]), logs([0.5, 0.05, 0.45]));
  [Math.log(0.8), Math.log(7), Math.log(5 / 9)].forEach((wanted, i) => assertAlmostEquals(scores[i]!, wanted, 1e-15));
  // The border itself is plausible.
  assertEquals([...contrast([0, Math.log(0.5), -1], [0, 0, 0], { alpha: 0.5 })], [0, Math.log(0.5), -Infinity]);
  assertEquals([...contrast([1, 3, -Infinity], [9, 1, 5], { alpha: 1e-9, strength: 0.5 })], [-3.5, 2.5, -Infinity]);
  assertEquals([...contrast([-Infinity, -Infinity], [0, 0])], [-Infinity, -Infinity]);
});

Deno.test("subtracting probabilities, as the notes have it, leaves no distribution and errs where both models know", () => {
  const expert = [0.9, 0.06, 0.04], amateur = [0.95, 0.02, 0.03];
  const differences = expert.map((p, i) => p - amateur[i]!);
  assertAlmostEquals(differences.reduce((sum, one) => sum + one, 0), 0, 1e-15);
  assert(differences[0]! < 0);
  assertEquals(greedy(differences), 1);
  assertEquals(greedy(contrast(logs(expert), logs(amateur), { alpha: 1e-9 })), 1);
  assertEquals(greedy(contrast(logs(expert), logs(amateur))), 0);
});

Deno.test("contrast() without a cut prefers what is not plausible", () => {
  const expert = [0.6, 0.399, 0.001], amateur = [0.5, 0.49999, 0.00001];
  assertEquals(greedy(contrast(logs(expert), logs(amateur), { alpha: 1e-9 })), 2);
  assertEquals(greedy(contrast(logs(expert), logs(amateur))), 0);
});

Deno.test("a temperature of the amateur is one over the strength, and the form of O'Brien and Lewis is another scale", () => {
  const draws = new Draws(1), expert = [...draws.normal(20).data], amateur = [...draws.normal(20).data], beta = 0.5;
  const same = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
    const [p, q] = [toProbabilities(a), toProbabilities(b)];
    p.forEach((one, i) => assertAlmostEquals(one, q[i]!, 1e-14));
  };
  same(
    contrast(expert, amateur, { strength: 2 }),
    contrast(expert, toLogProbabilities(amateur.map((z) => z / 0.5))),
  );
  const theirs = contrast(expert, amateur, { strength: beta / (1 + beta) }).map((s) => (1 + beta) * s);
  same(theirs, expert.map((z, i) => theirs[i] === -Infinity ? -Infinity : (1 + beta) * z - beta * amateur[i]!));
  // A strength near 0 leaves min-p.
  same(contrast(expert, amateur, { strength: 1e-16 }), minPRule(0.1).onHost(Float64Array.from(expert), { tokens: [] }));
});

onEveryBackend("contrastiveDecoder() scores by tensors what contrast() scores by numbers", async () => {
  const [expert, amateur] = [languageModel(1), languageModel(2, { numLayers: 1, hiddenSize: 4 })];
  for (const options of [{}, { alpha: 0.5, strength: 0.3 }, { alpha: 1e-6 }]) {
    const joint = contrastiveDecoder(expert, { amateur, ...options });
    const found = await recompute((x) => joint.forward(x, {}), [3, 1, 4]);
    const wanted = await scoresOf(expert, amateur, [3, 1, 4], options);
    // Float32 holds seven digits of logits of about ten.
    wanted.forEach((score, i) =>
      assert(score === found[i] || Math.abs(score - found[i]!) < 1e-5, `${score} ${found[i]}`)
    );
  }
});

onEveryBackend("contrastive decoding with caches equals recomputation without", async () => {
  const expert = languageModel(1), amateur = languageModel(2, { numLayers: 1 });
  const text = [3, 1, 4], contrastive = { amateur, alpha: 0.05, strength: 0.7 };
  const { tokens, logProbability } = await generate(expert, text, { maxNewTokens: 15, contrastive });
  let total = 0;
  for (const token of tokens) {
    const scores = await scoresOf(expert, amateur, text, { alpha: 0.05, strength: 0.7 });
    assertEquals(token, greedy(scores));
    total += toLogProbabilities(scores)[token]!;
    text.push(token);
  }
  assertAlmostEquals(total, logProbability, 1e-4);
});

onEveryBackend("contrastive decoding works under every search, with caches of both, of one and of none", async () => {
  const expert = languageModel(3), amateur = languageModel(4, { numLayers: 1 });
  const searches: readonly (() => Partial<GenerateOptions>)[] = [
    () => ({}),
    () => ({ random: new Random(1), temperature: 1.5, topK: 4 }),
    () => ({ numBeams: 3 }),
    () => ({ numBeams: 4, numBeamGroups: 2 }),
    () => ({ numBeams: 3, stochastic: true, random: new Random(1) }),
    () => ({ noRepeatNgramSize: 2, repetitionPenalty: 1.2 }),
  ];
  for (const search of searches) {
    const run = async (first: Decoder, second: Decoder) =>
      (await generate(first, [[1, 2, 3], [5, 6, 8]], {
        maxNewTokens: 10,
        eosToken: 7,
        contrastive: { amateur: second, alpha: 0.01 },
        ...search(),
      })).map(({ tokens, beams }) => [tokens, ...beams?.map(({ tokens }) => tokens) ?? []]);
    const wanted = await run(expert, amateur);
    assertEquals(await run(forgetful(expert), forgetful(amateur)), wanted);
    assertEquals(await run(expert, forgetful(amateur)), wanted);
    assertEquals(await run(forgetful(expert), amateur), wanted);
  }
});

onReference("beams of a contrastive decoder are those of the plain search over the scores", async () => {
  const expert = languageModel(5), amateur = languageModel(6), V = sizes.vocabSize, prompt = [1, 2], maxNewTokens = 3;
  const table = new Map<string, Float64Array>();
  for (let level: number[][] = [[]], length = 0; length < maxNewTokens; length++) {
    for (const tokens of level) {
      table.set(tokens.join(), toLogProbabilities(await scoresOf(expert, amateur, [...prompt, ...tokens])));
    }
    level = level.flatMap((tokens) => Array.from({ length: V }, (_, token) => [...tokens, token]));
  }
  const wanted = plainBeamSearch((tokens) => table.get(tokens.join())!, {
    numBeams: 4,
    maxNewTokens,
    eosToken: 7,
    lengthPenalty: (length) => length,
  });
  const { beams } = await generate(expert, prompt, {
    maxNewTokens,
    eosToken: 7,
    numBeams: 4,
    contrastive: { amateur },
  });
  assertEquals(beams!.map(({ tokens }) => tokens), wanted.map(({ tokens }) => tokens));
  beams!.forEach(({ score }, i) => assertAlmostEquals(score, wanted[i]!.score, 1e-5));
});

onEveryBackend("an amateur of another kind, and one without a source, contrast as well", async () => {
  const recurrent = new RecurrentLanguageModel(
    { vocabSize: sizes.vocabSize, hiddenSize: 6, numLayers: 1 },
    new Random(1),
  );
  recurrent.eval();
  const expert = languageModel(7), plain = { maxNewTokens: 8, numBeams: 3 };
  const both = await generate(expert, [1, 2], { ...plain, contrastive: { amateur: recurrent } });
  const without = await generate(expert, [1, 2], { ...plain, contrastive: { amateur: forgetful(recurrent) } });
  assertEquals(both.beams!.map(({ tokens }) => tokens), without.beams!.map(({ tokens }) => tokens));

  // A translator against a language model of its target: two sources, three beams each.
  const { contextLength, hiddenSize, numHeads } = sizes;
  const translator = new EncoderDecoder(
    { vocabSize: sizes.vocabSize, contextLength, hiddenSize, numHeads, numLayers: 1 },
    new Random(2),
  );
  for (const weight of translator.parameters().values()) {
    if (weight.rank === 2) weight.assign(new Random(3).normal(weight.shape, { deviation: 0.7 }));
  }
  translator.eval();
  const sources = [[5, 6, 7], [8, 9, 1]], amateur = languageModel(8);
  const memories = sources.map((source) => scope(() => noGrad(() => translator.encode([source]))));
  const together = translator.given(scope(() => noGrad(() => translator.encode(sources))));
  const found = await generate(together, [[1]], { ...plain, contrastive: { amateur } });
  for (const [i, memory] of memories.entries()) {
    const alone = await generate(translator.given(memory), [1], { ...plain, contrastive: { amateur } });
    assertEquals(found[i]!.beams!.map(({ tokens }) => tokens), alone.beams!.map(({ tokens }) => tokens));
    const scores = [];
    for (const model of [translator.given(memory), amateur]) {
      scores.push(await recompute((x) => model.forward(x, {}), [1]));
    }
    const greedyOne = await generate(translator.given(memory), [1], { maxNewTokens: 1, contrastive: { amateur } });
    assertEquals(greedyOne.tokens, [greedy(contrast(scores[0]!, scores[1]!))]);
  }
});

onEveryBackend("contrastive decoding streams, slides and goes on as one model does", async () => {
  const expert = languageModel(9), amateur = languageModel(10, { contextLength: 12, numLayers: 1 });
  const options = { maxNewTokens: 40, slide: true, contrastive: { amateur, alpha: 0.01 } };
  const { tokens } = await generate(expert, [1, 2], options), streamed: number[] = [];
  for await (const { token } of stream(expert, [1, 2], options)) streamed.push(token);
  assertEquals(streamed, tokens);
  assertEquals(tokens.length, 40);
  await assertRejects(
    () => generate(expert, [1, 2], { maxNewTokens: 15, contrastive: { amateur } }),
    RangeError,
    "the model sees 12",
  );
});

onEveryBackend("contrastive decoding of prompts of different lengths equals one at a time", async () => {
  const expert = languageModel(9),
    amateur = languageModel(10, { numLayers: 1 }),
    prompts = [[1, 2, 3, 4, 5], [6], [7, 8]];
  for (const search of [{}, { numBeams: 3 }]) {
    const options = { maxNewTokens: 8, eosToken: 7, contrastive: { amateur, alpha: 0.01 }, ...search };
    const found = await generate(expert, prompts, options);
    for (const [i, prompt] of prompts.entries()) {
      assertEquals(found[i]!.tokens, (await generate(expert, prompt, options)).tokens);
    }
  }
});

onEveryBackend("jointDecoder() makes an ensemble: the mean of the probabilities", async () => {
  const models = [11, 12, 13].map((seed) => languageModel(seed));
  const ensemble = jointDecoder(
    models,
    (logits) => logits.map((one) => softmax(one)).reduce((sum, one) => sum.add(one)).div(models.length).log(),
  );
  const text = [1, 2, 3], rows: Float64Array[] = [];
  for (const model of models) rows.push(toProbabilities(await recompute((x) => model.forward(x), text)));
  const mean = rows[0]!.map((_, token) => rows.reduce((sum, row) => sum + row[token]!, 0) / 3);
  const { tokens, logProbability } = await generate(ensemble, text, { maxNewTokens: 1 });
  assertEquals(tokens, [greedy(mean)]);
  assertAlmostEquals(logProbability, Math.log(Math.max(...mean)), 1e-5);
  // A model joined alone is itself, beams included.
  const alone = jointDecoder([models[0]!], ([logits]) => logits!);
  const beams = { maxNewTokens: 10, numBeams: 3 };
  assertEquals(await generate(alone, [ids([[1]]).shape[0]!], beams), await generate(models[0]!, [1], beams));
});

Deno.test("what cannot be contrasted is refused in a sentence", async () => {
  const expert = languageModel(1), other = languageModel(2, { vocabSize: 12 });
  assertThrows(() => contrast([1, 2], [1]), TypeError, "Cannot contrast 2 logits with 1");
  assertThrows(() => contrast([1, 2], [1, 2], { alpha: 0 }), RangeError, "alpha");
  assertThrows(() => contrast([1, 2], [1, 2], { strength: 0 }), RangeError, "strength");
  assertThrows(() => contrastiveDecoder(expert, { amateur: other }), TypeError, "vocabularies of 11 and 12");
  assertThrows(() => contrastiveDecoder(expert, {} as never), TypeError, "amateur");
  assertThrows(() => jointDecoder([], ([logits]) => logits!), RangeError, "at least one");
  const translator = new EncoderDecoder({ vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 1 }, new Random(1));
  assertThrows(() => jointDecoder([expert, translator as never], ([logits]) => logits!), TypeError, "model.given(");
  const one = { vocabSize: 11, contextLength: 5, forward: () => tensor([0]) };
  assertThrows(
    () => jointDecoder([{ ...one, numSources: 2 }, { ...one, numSources: 3 }], ([logits]) => logits!),
    TypeError,
    "2 and 3 sources",
  );
  await assertRejects(
    () => generate(expert, [1], { maxNewTokens: 2, contrastive: { amateur: other } }),
    TypeError,
    "they need one vocabulary",
  );
});
