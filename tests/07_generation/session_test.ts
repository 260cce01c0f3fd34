import { assertEquals, assertRejects } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { greedy } from "../../core/07_generation/greedy_and_beam.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
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
