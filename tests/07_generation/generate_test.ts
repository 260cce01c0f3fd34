import { assert, assertEquals, assertRejects } from "@std/assert";
import { alibi, learned, rotary, shaw } from "../../core/04_attention/positions/mod.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { BeamSearch, greedy, greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import { type GenerateOptions, rulesOf } from "../../core/07_generation/options.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import { sample, toLogProbabilities } from "../../core/07_generation/sampling.ts";
import { topKRule } from "../../core/07_generation/truncation.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { tensor } from "../../core/engine/create.ts";
import { onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";
import { ids, languageModel, recompute, sizes } from "./models.ts";

onEveryBackend("generate() with a cache equals recomputation", async () => {
  for (const positions of [learned(), rotary(), alibi, shaw()]) {
    const model = languageModel(1, { positions, numGroups: 1 });
    const text = [3, 1, 4];
    const { tokens, logProbability } = await generate(model, text, { maxNewTokens: 15 });
    let total = 0;
    for (const token of tokens) {
      const logits = await recompute((x) => model.forward(x), text);
      assertEquals(token, greedy(logits));
      total += toLogProbabilities(logits)[token]!;
      text.push(token);
    }
    assert(Math.abs(total - logProbability) < 1e-4);
  }
});

onEveryBackend("stream() yields what generate() returns", async () => {
  const model = languageModel(2);
  for (const seed of [undefined, 1, 2]) {
    const options = () => ({
      maxNewTokens: 12,
      eosToken: 5,
      repetitionPenalty: 1.3,
      ...(seed !== undefined && { random: new Random(seed), temperature: 0.8, topK: 6, topP: 0.9 }),
    });
    const whole = await generate(model, [1, 2], options());
    const steps = [];
    for await (const step of stream(model, [1, 2], options())) steps.push(step);
    assertEquals(steps.map(({ token }) => token), whole.tokens);
    assertEquals(steps.map(({ step }) => step), whole.tokens.map((_, i) => i + 1));
    const total = steps.reduce((sum, { logProbability }) => sum + logProbability, 0);
    assert(whole.finished ? total > whole.logProbability : Math.abs(total - whole.logProbability) < 1e-9);
  }
});

onEveryBackend("the same seed gives the same tokens, another seed others", async () => {
  const model = languageModel(3);
  const run = async (seed: number) =>
    (await generate(model, [1], { maxNewTokens: 20, random: new Random(seed) })).tokens.join();
  assertEquals(await run(1), await run(1));
  assert(await run(1) !== await run(2));
});

onEveryBackend("generate() of a batch equals one prompt at a time", async () => {
  const model = languageModel(4);
  const prompts = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]];
  for (const options of [{}, { numBeams: 3 }, { numBeams: 2, lengthPenalty: 0, repetitionPenalty: 1.2 }]) {
    const shared = { maxNewTokens: 10, eosToken: 2, ...options };
    const together = await generate(model, prompts, shared);
    for (const [i, prompt] of prompts.entries()) {
      const alone = await generate(model, prompt, shared);
      assertEquals(together[i]!.tokens, alone.tokens);
      assertEquals(together[i]!.finished, alone.finished);
      assert(Math.abs(together[i]!.logProbability - alone.logProbability) < 1e-4);
    }
  }
});

onEveryBackend("beam search with a cache equals beam search without", async () => {
  const model = languageModel(5);
  for (const numBeams of [2, 4, 7]) {
    const options = { numBeams, maxNewTokens: 8, eosToken: 6, lengthPenalty: 0.7 };
    const prompt = [3, 3];
    const search = new BeamSearch(options);
    while (search.live.length) {
      const rows = await Promise.all(
        search.live.map(({ tokens }) => recompute((x) => model.forward(x), [...prompt, ...tokens])),
      );
      search.extend(rows.map(toLogProbabilities));
    }
    const { beams } = await generate(model, prompt, options);
    assertEquals(beams!.map(({ tokens }) => tokens), search.results.map(({ tokens }) => tokens));
    beams!.forEach(({ score }, i) => assert(Math.abs(score - search.results[i]!.score) < 1e-4));
  }
});

onEveryBackend("generate() translates: beams and batches of an encoder–decoder agree with recomputation", async () => {
  const random = new Random(6);
  const model = new EncoderDecoder({ ...sizes, dropout: 0 }, random).eval();
  for (const weight of model.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.7 }));
  }
  const source = ids([[3, 4, 5, 6], [7, 8, 0, 0], [9, 3, 4, 0]]);
  const sourceMask = tensor([[true, true, true, true], [true, true, false, false], [true, true, true, false]]);
  const memory = noGrad(() => model.encode(source, { mask: sourceMask }));
  const prompts = [[1], [1], [1]];
  for (const numBeams of [1, 3]) {
    const options = { maxNewTokens: 6, eosToken: 2, numBeams };
    const found = await generate(model.given(memory, sourceMask), prompts, options);
    for (const i of [0, 1, 2]) {
      const one = { sourceMask: sourceMask.slice(0, i, i + 1) };
      const forward = (x: ReturnType<typeof ids>) => model.forward(source.slice(0, i, i + 1), x, one);
      const search = new BeamSearch(options);
      while (search.live.length) {
        const rows = await Promise.all(search.live.map(({ tokens }) => recompute(forward, [1, ...tokens])));
        search.extend(rows.map(toLogProbabilities));
      }
      assertEquals(found[i]!.tokens, search.results[0]!.tokens);
      assert(Math.abs(found[i]!.logProbability - search.results[0]!.logProbability) < 1e-4);
    }
  }
});

onReference("sampling through generate() draws from the model's distribution", async () => {
  const model = languageModel(7);
  const logits = await recompute((x) => model.forward(x), [1, 2]);
  const random = new Random(8), other = new Random(8);
  const allowed = topKRule(4).onHost(logits, { tokens: [] });
  for (let i = 0; i < 50; i++) {
    const { tokens } = await generate(model, [1, 2], { maxNewTokens: 1, random, topK: 4 });
    assertEquals(tokens, [sample(allowed, other)]);
  }
});

onReference("options reach their rules, in the order that is written down", async () => {
  const model = languageModel(8);
  const heard: string[] = [];
  const spy: LogitsRule = {
    name: "spy",
    onHost: (logits, { tokens }) => {
      heard.push(tokens.join());
      return logits.map((logit, token) => token === 4 ? logit : -Infinity);
    },
  };
  const { tokens } = await generate(model, [1], { maxNewTokens: 3, rules: [spy], repetitionPenalty: 5 });
  assertEquals(tokens, [4, 4, 4]);
  assertEquals(heard, ["1", "1,4", "1,4,4"]);
  const asked = rulesOf({ typicalP: 1, topP: 1, topK: 1, temperature: 2, repetitionPenalty: 2, rules: [spy] });
  assertEquals(asked.map(({ name }) => name), ["spy", "repetitionPenalty", "temperature", "topK", "topP", "typicalP"]);
  const one = { maxNewTokens: 6, random: new Random(1) };
  const plain = (await generate(model, [1], { maxNewTokens: 6 })).tokens;
  for (const option of [{ topK: 1 }, { topP: 1e-9 }, { minP: 1 }, { epsilonCutoff: 0.99 }, { temperature: 1e-6 }]) {
    assertEquals((await generate(model, [1], { ...one, ...option })).tokens, plain, JSON.stringify(option));
  }
});

onReference("generation stops at END, which is not part of the text", async () => {
  const model = languageModel(18);
  const { tokens } = await generate(model, [1], { maxNewTokens: 10 });
  const eosToken = tokens.find((token, i) => i > 0 && tokens.indexOf(token) === i);
  assert(eosToken !== undefined);
  const cut = await generate(model, [1], { maxNewTokens: 10, eosToken });
  assertEquals([cut.tokens, cut.finished], [tokens.slice(0, tokens.indexOf(eosToken)), true]);
  assertEquals((await generate(model, [1], { maxNewTokens: 10 })).finished, false);
});

onItsOwnBackend("generate() aborted at any token takes no further one and leaves the engine usable", async () => {
  const model = scope(() => languageModel(11));
  const searches: (() => Partial<GenerateOptions>)[] = [
    () => ({ numBeams: 2 }),
    // These two are chosen on the device, where reading takes its time.
    () => ({}),
    () => ({ random: new Random(3), topK: 4 }),
  ];
  for (const search of searches) {
    const whole = await generate(model, [1, 2], { maxNewTokens: 10, ...search() });
    const before = memory().tensors;
    for (let stop = 0; stop < 10; stop++) {
      const controller = new AbortController();
      const reason = new Error("enough");
      if (stop === 0) controller.abort(reason);
      let last = 0;
      const onProgress = ({ step }: { step: number }): void => {
        last = step;
        if (step === stop) controller.abort(reason);
      };
      const options = { maxNewTokens: 10, ...search(), signal: controller.signal, onProgress };
      assertEquals(await assertRejects(() => generate(model, [1, 2], options), Error, "enough"), reason);
      assertEquals([last, memory().tensors], [stop, before]);
    }
    assertEquals(await generate(model, [1, 2], { maxNewTokens: 10, ...search() }), whole);
  }
});

onItsOwnBackend("beam search over a source leaves no memory behind", async () => {
  const model = scope(() => new EncoderDecoder({ ...sizes, dropout: 0 }, new Random(1))).eval();
  const encoded = scope(() => noGrad(() => model.encode(ids([[3, 4, 5], [6, 7, 8]]))));
  const run = () => generate(model.given(encoded), [[1], [1]], { maxNewTokens: 5, numBeams: 3 });
  await run();
  const before = memory().tensors;
  for (let i = 0; i < 5; i++) await run();
  assertEquals(memory().tensors, before);
});

onReference("options that do not exist, are out of range or have no effect are refused", async () => {
  const model = languageModel(14);
  const random = new Random(1);
  const refused: [Record<string, unknown>, string][] = [
    [{ topk: 3 }, 'Cannot generate with option "topk": options are maxNewTokens'],
    [{ maxNewTokens: 0 }, "Cannot generate with maxNewTokens = 0"],
    [{ maxNewTokens: undefined }, "Cannot generate with maxNewTokens = undefined"],
    [{ numBeams: 0 }, "Cannot generate with numBeams = 0"],
    [{ eosToken: -1 }, "Cannot generate with eosToken = -1"],
    [{ rules: [(logits: Float64Array) => logits] }, "rules must be a list of rules with a name and onHost"],
    [{ search: greedy }, "search must be a search, with a name and onHost or begin"],
    [{ numBeams: 2, numBeamGroups: 2, random }, "Cannot use numBeamGroups with random"],
    [{ lengthPenalty: 1 }, "Cannot use lengthPenalty without numBeams"],
    [{ temperature: 1 }, "Cannot use temperature without random"],
    [{ topK: 3 }, "Cannot use topK without random"],
    [{ topP: 0.5, numBeams: 2 }, "Cannot use topP without random"],
    [{ rules: [topKRule(3)] }, "Cannot use topK without random"],
    [{ search: greedySearch(), topK: 3 }, "Cannot use topK without random"],
    [{ search: greedySearch(), random }, "Cannot use random with search"],
    [{ search: greedySearch(), numBeams: 2 }, "Cannot use numBeams with search"],
    [{ random, topP: 1.5 }, "Cannot generate with topP = 1.5: topP must be a number greater than 0 and at most 1"],
    [{ random, temperature: 0 }, "temperature must be a number greater than 0"],
    [{ maxNewTokens: 25 }, "Cannot generate 25 tokens after a prompt of 1: the model sees 24"],
    [{ repetitionPenalty: -1 }, "Cannot generate with repetitionPenalty = -1"],
  ];
  for (const [options, message] of refused) {
    await assertRejects(() => generate(model, [1], { maxNewTokens: 2, ...options }), Error, message);
  }
  await assertRejects(() => generate(model, [], { maxNewTokens: 2 }), RangeError, "from an empty prompt");
  await assertRejects(() => generate(model, [11], { maxNewTokens: 2 }), RangeError, "Cannot read token 11");
  const streaming = async (): Promise<void> => {
    for await (const _ of stream(model, [1], { maxNewTokens: 2, ...{ numBeams: 2 } }));
  };
  await assertRejects(streaming, TypeError, "Cannot stream beams");
});

Deno.test("generate() waits for onProgress, and ends with what it fails with", async () => {
  const model = languageModel(19), failed = new Error("no room");
  let open = 0;
  const onProgress = async (): Promise<void> => {
    assertEquals(open++, 0);
    await Promise.resolve();
    open--;
  };
  await generate(model, [1], { maxNewTokens: 3, onProgress });
  const error = await assertRejects(() =>
    generate(model, [1], { maxNewTokens: 3, onProgress: () => Promise.reject(failed) as never })
  );
  assertEquals(error, failed);
});

onReference("generate() and stream() say what to give them in the place of what they are given", async () => {
  const model = new EncoderDecoder({ vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1 }, new Random(1)).eval();
  const given = "model.given(model.encode(source), sourceMask) is what to give";
  await assertRejects(() => generate(model as never, [1], { maxNewTokens: 2 }), TypeError, given);
  const decoder = model.given(model.encode([[1, 2]]));
  const refused = (prompt: unknown, options: object, message: string) =>
    assertRejects(() => stream(decoder, prompt as never, { maxNewTokens: 2, ...options }).next(), TypeError, message);
  await refused([[1], [1]], {}, "Cannot stream several texts: the prompt must be one list");
  await refused([1], { numBeams: 2 }, "Cannot stream beams: they are known only at the end");
});
