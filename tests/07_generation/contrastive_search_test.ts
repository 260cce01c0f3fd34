import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import type { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import {
  ContrastiveSearch,
  contrastiveSearch,
  degenerationPenalty,
} from "../../core/07_generation/contrastive_search.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { toLogProbabilities } from "../../core/07_generation/sampling.ts";
import { noRepeatNgramRule } from "../../core/07_generation/repetition.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { onEveryBackend } from "../support.ts";
import { ids, languageModel } from "./models.ts";

/** Logits after a text, and the hidden states of all its tokens, from a whole pass. */
async function look(
  model: DecoderOnly,
  text: readonly number[],
): Promise<{ logits: Float64Array; states: number[][] }> {
  let readings: Promise<ArrayLike<number>[]> | undefined;
  scope(() =>
    noGrad(() => {
      const { logits, states } = model.readStates(ids([text]), { lastOnly: true });
      readings = Promise.all([logits.read(), states.read()]);
    })
  );
  const [logits, flat] = await readings!, E = flat!.length / text.length;
  const states = text.map((_, t) => Array.from({ length: E }, (_, e) => flat![t * E + e]!));
  return { logits: Float64Array.from(logits!), states };
}

/** The algorithm as the paper has it: every candidate is fed with the whole text before it. */
async function plainSearch(
  model: DecoderOnly,
  prompt: readonly number[],
  { penaltyAlpha, topK, maxNewTokens, eosToken }: Record<"penaltyAlpha" | "topK" | "maxNewTokens" | "eosToken", number>,
): Promise<number[]> {
  const text = [...prompt];
  while (text.length < prompt.length + maxNewTokens) {
    const { logits, states } = await look(model, text), logs = toLogProbabilities(logits);
    const candidates = [...logs.keys()].sort((a, b) => logs[b]! - logs[a]!).slice(0, topK);
    const scores = [];
    for (const token of candidates) {
      const own = (await look(model, [...text, token])).states.at(-1)!;
      scores.push((1 - penaltyAlpha) * Math.exp(logs[token]!) - penaltyAlpha * degenerationPenalty(own, states));
    }
    const token = candidates[scores.indexOf(Math.max(...scores))]!;
    if (token === eosToken) break;
    text.push(token);
  }
  return text.slice(prompt.length);
}

Deno.test("degenerationPenalty() is the largest cosine", () => {
  const past = [[1, 0], [0, 2]];
  assertEquals(degenerationPenalty([3, 0], past), 1);
  assertAlmostEquals(degenerationPenalty([1, 1], past), Math.SQRT1_2, 1e-15);
  assertEquals(degenerationPenalty([-1, 0], [[5, 0]]), -1);
  assertEquals(degenerationPenalty([1, 2], []), 0);
  assertEquals(degenerationPenalty([0, 0], past), 0);
  assertThrows(() => degenerationPenalty([1, 2, 3], past), TypeError, "equally long");
});

onEveryBackend("contrastive search finds what the plain algorithm finds, with and without caches", async () => {
  for (const [seed, penaltyAlpha, topK] of [[1, 0.6, 4], [2, 0.3, 3], [3, 1, 11], [4, 0.9, 2]] as const) {
    const model = languageModel(seed),
      prompt = [3, 1, 4],
      options = { penaltyAlpha, topK, maxNewTokens: 10, eosToken: 7 };
    const wanted = await plainSearch(model, prompt, options);
    const { tokens, logProbability, finished } = await generate(model, prompt, options);
    assertEquals(tokens, wanted);
    assertEquals(finished, wanted.length < 10);
    let total = 0;
    for (const [i, token] of (finished ? [...tokens, 7] : tokens).entries()) {
      total += toLogProbabilities((await look(model, [...prompt, ...tokens.slice(0, i)])).logits)[token]!;
    }
    assertAlmostEquals(logProbability, total, 1e-4);
    const { vocabSize, contextLength } = model;
    const forgetful = {
      vocabSize,
      contextLength,
      forward: model.forward.bind(model),
      readStates: model.readStates.bind(model),
    };
    assertEquals((await generate(forgetful, prompt, options)).tokens, wanted);
  }
});

onEveryBackend("contrastive search of prompts of any lengths equals one at a time", async () => {
  const model = languageModel(5), options = { penaltyAlpha: 0.6, topK: 3, maxNewTokens: 8, eosToken: 7 };
  for (const prompts of [[[1, 2, 3], [5, 6, 8]], [[1], [5, 6, 8, 9, 2], [4, 4]]]) {
    const found = await generate(model, prompts, options);
    for (const [i, prompt] of prompts.entries()) {
      assertEquals(found[i]!.tokens, (await generate(model, prompt, options)).tokens);
    }
  }
});

onEveryBackend("the penalty changes what is chosen, and rules act before it", async () => {
  const model = languageModel(6), common = { maxNewTokens: 18 };
  const greedy = await generate(model, [1, 2], common);
  const found = await generate(model, [1, 2], { ...common, penaltyAlpha: 0.9, topK: 5 });
  assert(String(found.tokens) !== String(greedy.tokens));
  assertEquals(
    (await generate(model, [1, 2], { ...common, search: contrastiveSearch({ penaltyAlpha: 0.9, topK: 5 }) })).tokens,
    found.tokens,
  );
  const { tokens } = await generate(model, [1, 2], {
    maxNewTokens: 8,
    penaltyAlpha: 0.6,
    rules: [noRepeatNgramRule(1)],
  });
  assertEquals(new Set([1, 2, ...tokens]).size, 10);
});

onEveryBackend("contrastive search uses the whole context but for one position, and slides", async () => {
  const model = languageModel(7), options = { penaltyAlpha: 0.6, topK: 3 };
  // 24 positions: the last token is fed too, since it is chosen by its hidden state.
  assertEquals((await generate(model, [1, 2], { ...options, maxNewTokens: 22 })).tokens.length, 22);
  await assertRejects(() => generate(model, [1, 2], { ...options, maxNewTokens: 23 }), RangeError, "the model sees 23");
  assertEquals((await generate(model, [1, 2], { ...options, maxNewTokens: 60, slide: true })).tokens.length, 60);
});

onEveryBackend("readStates() scores what forward() scores, by vectors of every position", async () => {
  const model = languageModel(8), { logits, states } = await look(model, [3, 1, 4, 1]);
  const whole = scope(() => noGrad(() => model.forward(ids([[3, 1, 4, 1]]), { lastOnly: true })));
  assertEquals(Array.from(logits), Array.from(await whole.read()));
  assertEquals(states.length, 4);
  // Under a causal mask the states of a prefix do not depend on what follows.
  const { states: fewer } = await look(model, [3, 1]);
  fewer.flat().forEach((x, i) => assertAlmostEquals(x, states.flat()[i]!, 1e-5));
});

Deno.test("what contrastive search lacks is said in a sentence", async () => {
  const model = languageModel(1), common = { maxNewTokens: 3 };
  const refused = (options: object, error: typeof RangeError | typeof TypeError, said: string) =>
    assertRejects(() => generate(model, [1], { ...common, ...options }), error, said);
  await refused({ penaltyAlpha: 0 }, RangeError, "penaltyAlpha");
  await refused({ penaltyAlpha: 0.5, topK: 1 }, RangeError, "topK");
  await refused({ penaltyAlpha: 0.5, numBeams: 2 }, TypeError, "penaltyAlpha");
  await refused({ penaltyAlpha: 0.5, random: new Random(1) }, TypeError, "penaltyAlpha");
  await refused({ topK: 3 }, TypeError, "topK without random");
  await refused({ penaltyAlpha: 0.5, topP: 0.5 }, TypeError, "topP without random");
  const translator = new EncoderDecoder({ vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 1 }, new Random(1))
    .eval();
  const given = (translator as EncoderDecoder).given((translator as EncoderDecoder).encode([[5, 6]]));
  await assertRejects(
    () => generate(given, [1], { ...common, penaltyAlpha: 0.5 }),
    TypeError,
    "readStates() is needed",
  );
  const search = new ContrastiveSearch({ penaltyAlpha: 0.5, topK: 2, maxNewTokens: 3 });
  assertThrows(() => search.extend([]), TypeError, "Cannot extend 1 prefixes by 0 rows");
  search.extend([[-1, -1, -2]]);
  assertThrows(() => search.extend([[-1, -1], [-1, -1]]), TypeError, "the penalty of candidate 0 was not heard");
});
