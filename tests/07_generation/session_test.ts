import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { greedy, greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import { chooseOnDevice } from "../../core/07_generation/on_device.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { Session } from "../../core/07_generation/session.ts";
import { withBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";
import { counted } from "./counted.ts";
import { languageModel, recompute } from "./models.ts";

onItsOwnBackend("leaving a stream early stops the model and frees its memory", async (device) => {
  const model = scope(() => languageModel(10));
  const { decoder, calls } = counted(model);
  const run = async (): Promise<void> => {
    for await (const { step } of stream(decoder, [1], { maxNewTokens: 20 })) if (step === 3) break;
  };
  await run();
  const before = memory().tensors;
  calls();
  await run();
  // A device that reads several tokens at once has asked for all of them by then.
  assertEquals([calls(), memory().tensors], [Math.max(3, device.readEvery ?? 1), before]);
});

onEveryBackend("slide goes on past the context by reading its newer half again", async () => {
  const model = languageModel(12);
  const text = [1, 2, 3];
  const { tokens } = await generate(model, text, { maxNewTokens: 60, slide: true });
  // By hand: the text since the last time the context was full.
  let window = [...text];
  for (const token of tokens) {
    if (window.length > 24) window = window.slice(-12);
    assertEquals(token, greedy(await recompute((x) => model.forward(x), window)));
    window.push(token);
  }
  const long = Array.from({ length: 40 }, (_, i) => i % 11);
  assertEquals(
    (await generate(model, long, { maxNewTokens: 1, slide: true })).tokens,
    (await generate(model, long.slice(-24), { maxNewTokens: 1 })).tokens,
  );
});

onReference("the loop asks a model for the scores after the last token, and for no others", async () => {
  const model = languageModel(16);
  const asked: string[] = [];
  const decoder: Decoder = {
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, call) => {
      const logits = model.forward(tokens, call);
      asked.push(`${tokens.shape[1]} ${logits.shape[1]}`);
      return logits;
    },
  };
  const { tokens } = await generate(decoder, [1, 2, 3], { maxNewTokens: 3 });
  assertEquals(asked, ["3 1", "1 1", "1 1"]);

  // A model that knows no such option scores every position, and serves as well.
  const whole: Decoder = { ...decoder, forward: (tokens, { caches }) => model.forward(tokens, { caches }) };
  assertEquals((await generate(whole, [1, 2, 3], { maxNewTokens: 3 })).tokens, tokens);
});

/** A model without caches: what it is fed is all it knows of. */
function forgetful(model: DecoderOnly, newCaches?: Decoder["newCaches"]): Decoder & { readonly fed: number[] } {
  const { vocabSize, contextLength } = model, fed: number[] = [];
  return {
    vocabSize,
    contextLength,
    fed,
    ...(newCaches && { newCaches }),
    forward: (tokens, { caches, lastOnly }) => {
      assertEquals(caches, newCaches && []);
      fed.push(tokens.shape[1]!);
      return model.forward(tokens, { lastOnly });
    },
  };
}

onEveryBackend("a model without caches is fed the whole text, and writes what it writes with caches", async () => {
  const model = languageModel(5), random = () => new Random(3);
  const searches: (() => Omit<GenerateOptions, "maxNewTokens">)[] = [
    () => ({}),
    () => ({ repetitionPenalty: 1.3, noRepeatNgramSize: 2 }),
    () => ({ random: random(), topK: 4 }),
    () => ({ random: random(), temperature: 0.7, topP: 0.9 }),
    () => ({ numBeams: 3 }),
    () => ({ numBeams: 4, numBeamGroups: 2 }),
    () => ({ numBeams: 3, stochastic: true, random: random() }),
  ];
  for (const prompt of [[[3]], [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1]]]) {
    for (const options of searches) {
      // To the last place of the context, and beyond it.
      for (const more of [{ maxNewTokens: 25 - prompt[0]!.length }, { maxNewTokens: 40, slide: true }]) {
        const expected = await generate(model, prompt, { ...options(), ...more });
        for (const decoder of [forgetful(model), forgetful(model, () => [])]) {
          const found = await generate(decoder, prompt, { ...options(), ...more });
          assertEquals(found.map(({ tokens }) => tokens), expected.map(({ tokens }) => tokens));
          // A float32 log-probability of each token, of at most some 10 nats, computed in another order.
          found.forEach(({ logProbability }, i) =>
            assertAlmostEquals(logProbability, expected[i]!.logProbability, more.maxNewTokens * 1e-4)
          );
          assertEquals([decoder.fed[0], Math.max(...decoder.fed)], [prompt[0]!.length, model.contextLength]);
        }
      }
    }
  }
  const streamed: number[] = [];
  for await (const { token } of stream(forgetful(model), [1, 2], { maxNewTokens: 9 })) streamed.push(token);
  assertEquals(streamed, (await generate(model, [1, 2], { maxNewTokens: 9 })).tokens);
});

onEveryBackend("a device that runs ahead feeds the whole text where there are no caches", async () => {
  const model = languageModel(6), choose = chooseOnDevice(greedySearch(), [])!;
  const run = async (decoder: Decoder): Promise<number[][]> => {
    const session = new Session(decoder, [[1, 2, 3], [4, 5, 6]], { maxNewTokens: Infinity, slide: true });
    const rows: number[][] = [];
    for (const count of [1, 4, 3, 16, 16, 5]) {
      for (const tokens of await session.ahead(count, choose)) rows.push(tokens.map(({ token }) => token));
    }
    session.dispose();
    return rows;
  };
  assertEquals(await run(forgetful(model)), await run(model));
});

Deno.test("a model that says no vocabSize, contextLength or forward is refused", async () => {
  const { vocabSize, contextLength, forward } = forgetful(languageModel(1));
  for (const wrong of [{ vocabSize, contextLength }, { vocabSize, forward }, { contextLength, forward }, {}, 3, null]) {
    await assertRejects(
      () => generate(wrong as unknown as Decoder, [1], { maxNewTokens: 1 }),
      TypeError,
      "decoder must be a model with vocabSize, contextLength and forward()",
    );
  }
});

onReference("generate() begins all sources with one prompt of a list, and says so of one prompt alone", async () => {
  const layout = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 16 };
  const model = new EncoderDecoder(layout, new Random(1)).eval(), options = { maxNewTokens: 4 };
  const two = model.given(model.encode([[1, 2], [3, 4]]));
  for (const extra of [{}, { numBeams: 2 }, { random: new Random(1), topK: 2 }]) {
    if ("random" in extra) {
      assertEquals((await generate(two, [[7]], { ...options, ...extra })).length, 2);
      continue;
    }
    const shared = await generate(two, [[7]], { ...options, ...extra });
    assertEquals(shared, await generate(two, [[7], [7]], { ...options, ...extra }));
    const [first] = shared, one = model.given(model.encode([[1, 2]]));
    assertEquals(first!.tokens, (await generate(one, [7], { ...options, ...extra })).tokens);
  }
  const way = "generate begins all of them with the one of a list such as [[BEGIN]]";
  await assertRejects(
    () => generate(two, [7], options),
    TypeError,
    `Cannot generate from one prompt with 2 sources: each source needs a prompt, and ${way}`,
  );
  await assertRejects(() => generate(two, [[7], [7], [7]], options), TypeError, "from 3 prompts with 2 sources");
  await assertRejects(
    () => generate(model.given(model.encode([[1, 2]])), [[7], [7]], options),
    TypeError,
    "from 2 prompts with 1 source",
  );
  await assertRejects(() => stream(two, [7], options).next(), TypeError, "from one prompt with 2 sources");
});

Deno.test("a model that reads a source is no decoder, and its type says what to give instead", () => {
  const model = new EncoderDecoder({ vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1 }, new Random(1));
  // @ts-expect-error: 'give model.given(model.encode(source), sourceMask) in its place'
  const decoder: Decoder = model;
  const given: Decoder = model.given(model.encode([[1]]));
  assertEquals([decoder.vocabSize, given.vocabSize, model.contextLength], [9, 9, given.contextLength]);
});

Deno.test("stream() keeps memory flat over 10,000 tokens", async () => {
  await withBackend(createWasmDevice(), async () => {
    const model = languageModel(13, { hiddenSize: 4, numHeads: 1, numLayers: 1 });
    let early = 0, count = 0;
    for await (const { step } of stream(model, [1], { maxNewTokens: Infinity, slide: true, random: new Random(1) })) {
      if (step === 1000) early = memory().bytes;
      count = step;
      // The same place in the sliding window.
      if (step === 1000 + 12 * 750) break;
    }
    assertEquals(count, 10_000);
    assertEquals(memory().bytes <= early, true);
  });
});

onReference("a model in training mode is refused where it would drop, whatever stands around it", async () => {
  const sizes = { vocabSize: 9, contextLength: 8, hiddenSize: 8, numHeads: 2, numLayers: 1, dropout: 0.5 };
  const model = new DecoderOnly(sizes, new Random(1));
  const translator = new EncoderDecoder({ ...sizes, sourceVocabSize: 9 }, new Random(2));
  const given = translator.given(new Random(3).normal([1, 3, 8]));
  const refused = "Cannot drop while a text is generated: the model is in training mode, and model.eval() is needed";
  const options = { maxNewTokens: 2 };
  for (const decoder of [model, given]) {
    await assertRejects(() => generate(decoder, [1], options), TypeError, refused);
    await assertRejects(() => generate(decoder, [1], { ...options, numBeams: 2 }), TypeError, refused);
    await assertRejects(() => Array.fromAsync(stream(decoder, [1], options)), TypeError, refused);
  }
  // Training goes on afterwards.
  model.forward([[1]]);
  for (const whole of [model, translator]) whole.eval();
  for (const decoder of [model, given]) assertEquals((await generate(decoder, [1], options)).tokens.length, 2);
});
