import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { alibi, learned, rotary } from "../../core/04_attention/positions/mod.ts";
import { Batch, type BatchedText, type JoinOptions } from "../../core/07_generation/batch.ts";
import { generate } from "../../core/07_generation/generate.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";
import { languageModel, sizes } from "./models.ts";

async function read(text: BatchedText): Promise<number[]> {
  const tokens: number[] = [];
  for await (const { token, step } of text) {
    tokens.push(token);
    assertEquals(step, tokens.length);
  }
  return tokens;
}

/** Each with options of its own; fresh, since random numbers are used up. */
const GUESTS: readonly (readonly [number[], () => JoinOptions])[] = [
  [[3, 1, 4, 1, 5], () => ({ maxNewTokens: 12, eosToken: 2 })],
  [[2], () => ({ maxNewTokens: 3 })],
  [[6, 5], () => ({ maxNewTokens: 9, random: new Random(3), topK: 4, temperature: 0.8 })],
  [[7, 7, 7, 7, 7, 7, 7, 7], () => ({ maxNewTokens: 14, repetitionPenalty: 1.4, noRepeatNgramSize: 2 })],
  [[9, 8], () => ({ maxNewTokens: 40, slide: true })],
  [[1], () => ({ maxNewTokens: 1 })],
  [[4, 5, 6], () => ({ maxNewTokens: 11, eosToken: [1, 3], random: new Random(5) })],
];

onEveryBackend("texts that join and leave a batch are those that are generated apart", async () => {
  const recurrent = new RecurrentLanguageModel({ vocabSize: sizes.vocabSize, hiddenSize: 8 }, new Random(1)).eval();
  const models: Decoder[] = [
    ...[learned(), rotary(), alibi].map((positions) => languageModel(1, { positions })),
    recurrent as RecurrentLanguageModel,
  ];
  for (const model of models) {
    const batch = new Batch(model, { maxTexts: 3 }), texts: BatchedText[] = [];
    const guests = GUESTS.filter(([, options]) => !(options().slide && model.contextLength === Infinity));
    for (const [i, [prompt, options]] of guests.entries()) {
      texts.push(batch.add(prompt, options()));
      // Some come while others are being written.
      if (i % 2 === 1) await texts[0]![Symbol.asyncIterator]().next;
      if (i === 3) await texts[1]!.result;
    }
    for (const [i, [prompt, options]] of guests.entries()) {
      const tokens = await read(texts[i]!),
        result = await texts[i]!.result,
        alone = await generate(model, prompt, options());
      assertEquals([tokens, result.tokens, result.finished], [alone.tokens, alone.tokens, alone.finished], `${prompt}`);
      assert(Math.abs(result.logProbability - alone.logProbability) < 40 * 1e-4);
    }
    assertEquals([batch.active, batch.waiting], [0, 0]);
  }
});

onReference("a text leaves a batch when it ends, and another takes its place", async () => {
  const model = languageModel(2), rows: number[] = [];
  const decoder: Decoder = {
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, call) => {
      if (tokens.shape[1] === 1) rows.push(tokens.shape[0]!);
      return model.forward(tokens, call);
    },
  };
  const batch = new Batch(decoder, { maxTexts: 2 });
  const texts = [[[1, 2], 6], [[3, 4], 3], [[5, 6], 4]].map(([prompt, maxNewTokens]) =>
    batch.add(prompt as number[], { maxNewTokens: maxNewTokens as number })
  );
  assertEquals([batch.active, batch.waiting], [0, 3]);
  await Promise.all(texts.map(({ result }) => result));
  // Steps of one token: both, then the longer one beside the newcomer, each leaving at its end.
  assertEquals(rows, [2, 2, 1, 2, 2, 1]);
});

onReference("a text that is aborted, left or whose rule fails leaves the others as they are", async () => {
  const model = languageModel(3), batch = new Batch(model), controller = new AbortController();
  const failing: LogitsRule = {
    name: "failing",
    onHost: (logits, { tokens }) => {
      if (tokens.length > 3) throw new Error("no more");
      return logits;
    },
  };
  const good = batch.add([1, 2], { maxNewTokens: 10 });
  const aborted = batch.add([3], { maxNewTokens: 20, signal: controller.signal });
  const failed = batch.add([4, 5], { maxNewTokens: 10, rules: [failing] });
  const left = batch.add([6], { maxNewTokens: 20 });
  for await (const { step } of left) if (step === 2) break;
  controller.abort(new Error("enough"));
  await assertRejects(() => read(aborted), Error, "enough");
  await assertRejects(() => aborted.result, Error, "enough");
  await assertRejects(() => read(failed), Error, "no more");
  assertEquals((await good.result).tokens, (await generate(model, [1, 2], { maxNewTokens: 10 })).tokens);
  assertEquals((await left.result).tokens.length >= 2, true);
  const never = batch.add([1], { maxNewTokens: 3, signal: AbortSignal.abort(new Error("too late")) });
  await assertRejects(() => never.result, Error, "too late");
  // A batch that was empty begins again.
  assertEquals((await batch.add([1, 2], { maxNewTokens: 4 }).result).tokens.length, 4);
});

onReference("a model that fails ends all texts, and the batch serves the next ones", async () => {
  const model = languageModel(4), { vocabSize, contextLength } = model;
  let fails = true;
  const decoder: Decoder = {
    vocabSize,
    contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, call) => {
      if (fails) throw new Error("no device");
      return model.forward(tokens, call);
    },
  };
  const batch = new Batch(decoder), texts = [batch.add([1], { maxNewTokens: 2 }), batch.add([2], { maxNewTokens: 2 })];
  for (const { result } of texts) await assertRejects(() => result, Error, "no device");
  fails = false;
  assertEquals((await batch.add([1], { maxNewTokens: 2 }).result).tokens.length, 2);
});

onItsOwnBackend("a batch gives its memory back when nobody is left", async () => {
  const model = scope(() => languageModel(5)), batch = new Batch(model);
  let before = Infinity;
  for (let i = 0; i < 4; i++) {
    await Promise.all(
      [[1, 2, 3], [4], [5, 6]].map((prompt) => batch.add(prompt, { maxNewTokens: 4 + prompt.length }).result),
    );
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (i > 0) assertEquals(memory().tensors, before);
    before = memory().tensors;
  }
});

Deno.test("a batch refuses what cannot join, at once", () => {
  const model = languageModel(6), batch = new Batch(model);
  const refused: [unknown, object, string][] = [
    [[], { maxNewTokens: 1 }, "from an empty prompt"],
    [[11], { maxNewTokens: 1 }, "Cannot read token 11"],
    [[1], { maxNewTokens: 25 }, "the model sees 24"],
    [[1], { maxNewTokens: 2, topK: 3 }, "Cannot use topK without random"],
    [[1], { maxNewTokens: 2, numBeams: 2 }, 'option "numBeams"'],
    [[1], { maxNewTokens: 2, cache: {} }, "Cannot use cache in a batch"],
  ];
  for (const [prompt, options, message] of refused) {
    assertThrows(() => batch.add(prompt as number[], options as JoinOptions), Error, message);
  }
  assertThrows(() => new Batch({} as Decoder), TypeError, "decoder must be a model");
  assertThrows(() => new Batch(model, { maxTexts: 0 }), RangeError, "maxTexts");
});
