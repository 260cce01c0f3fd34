import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { alibi, learned, rotary, t5 } from "../../core/04_attention/positions/mod.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { PromptCache } from "../../core/07_generation/prompt_cache.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";
import { languageModel, sizes } from "./models.ts";

/** A model that counts the tokens that it is fed. */
function counting(model: Decoder): { readonly decoder: Decoder; readonly fed: () => number } {
  let count = 0;
  const { vocabSize, contextLength } = model;
  const decoder: Decoder = {
    vocabSize,
    contextLength,
    newCaches: (create) => model.newCaches!(create),
    forward: (tokens, call) => {
      count += tokens.size;
      return model.forward(tokens, call);
    },
  };
  return {
    decoder,
    fed: () => {
      const before = count;
      count = 0;
      return before;
    },
  };
}

onEveryBackend("a prompt cache re-uses the longest prefix that is the same", async (device) => {
  for (const positions of [learned(), rotary(), alibi, t5()]) {
    const model = languageModel(1, { positions, contextLength: 64 }), { decoder, fed } = counting(model);
    const cache = new PromptCache(), text = [3, 1, 4, 1, 5];
    for (const [turn, question] of [[], [9, 2], [6], [5, 3, 5, 8]].entries()) {
      text.push(...question);
      // A device that runs ahead may have written beyond the end of the last turn.
      const held = cache.tokens.findIndex((token, i) => token !== text[i]);
      const before = held < 0 ? cache.tokens.length : held, options = { maxNewTokens: 5, eosToken: 2, cache };
      const found = await generate(decoder, text, options);
      const { cache: _, ...alone } = options, expected = await generate(model, text, alone);
      assertEquals([found.tokens, found.finished], [expected.tokens, expected.finished]);
      assert(Math.abs(found.logProbability - expected.logProbability) < 1e-3);
      const count = fed();
      // What was there is not read again; every token generated but the last is read. A device that runs ahead may read further.
      if ((device.readEvery ?? 1) === 1) {
        assertEquals(count, text.length - before + found.tokens.length + (found.finished ? 1 : 0) - 1, `turn ${turn}`);
      } else assert(count <= text.length - before + 5);
      text.push(...found.tokens);
    }
    // Another text shares its first tokens; the same prompt once more is fed by one token.
    const other = [3, 1, 4, 7, 7, 7];
    const found = await generate(decoder, other, { maxNewTokens: 3, cache });
    assertEquals(found.tokens, (await generate(model, other, { maxNewTokens: 3 })).tokens);
    assert(fed() <= 3 + 2 + (device.readEvery ?? 0));
    await generate(decoder, other, { maxNewTokens: 1, cache });
    assertEquals(fed(), 1);
    cache.dispose();
  }
});

onEveryBackend("forks of a cache go on apart, and a saved one as if nothing had happened", async () => {
  const model = languageModel(2, { positions: rotary(), numGroups: 1, contextLength: 48 });
  const cache = new PromptCache(), text = [1, 2, 3, 4];
  text.push(...(await generate(model, text, { maxNewTokens: 4, cache })).tokens);
  const fork = cache.fork(), saved = PromptCache.load(await cache.save());
  assertEquals([fork.tokens, saved.tokens], [cache.tokens, cache.tokens]);
  for (const [one, next] of [[cache, 5], [fork, 6], [saved, 7], [fork, 8]] as const) {
    const prompt = [...text, next], options = { maxNewTokens: 5 };
    assertEquals(
      (await generate(model, prompt, { ...options, cache: one })).tokens,
      (await generate(model, prompt, options)).tokens,
    );
  }
  const streamed: number[] = [];
  for await (const { token } of stream(model, [...text, 9], { maxNewTokens: 6, cache })) {
    streamed.push(token);
    if (streamed.length === 3) break;
  }
  const after = [...text, 9, ...streamed];
  assertEquals(
    (await generate(model, after, { maxNewTokens: 4, cache })).tokens,
    (await generate(model, after, { maxNewTokens: 4 })).tokens,
  );
  for (const one of [cache, fork, saved]) one.dispose();
  assertEquals([cache.tokens, cache.bytes], [[], 0]);
});

onEveryBackend("the state of a recurrent model is re-used where the prompt continues all that it read", async () => {
  const model = new RecurrentLanguageModel({ vocabSize: sizes.vocabSize, hiddenSize: 8 }, new Random(1))
    .eval() as RecurrentLanguageModel;
  const { decoder, fed } = counting(model), cache = new PromptCache();
  const { tokens } = await generate(decoder, [1, 2, 3], { maxNewTokens: 1, cache });
  fed();
  const next = [1, 2, 3, ...tokens, 4];
  const found = await generate(decoder, next, { maxNewTokens: 1, cache });
  assertEquals([found.tokens, fed()], [(await generate(model, next, { maxNewTokens: 1 })).tokens, 2]);
  const other = [1, 2, 7];
  assertEquals(
    (await generate(decoder, other, { maxNewTokens: 1, cache })).tokens,
    (await generate(model, other, { maxNewTokens: 1 })).tokens,
  );
  assertEquals(fed(), 3);
  const saved = PromptCache.load(await cache.save());
  await generate(decoder, [...other, 5], { maxNewTokens: 1, cache: saved });
  assertEquals(fed(), 1);
  cache.dispose();
  saved.dispose();
});

onItsOwnBackend("a cache holds memory until it is disposed, and slides with its text", async () => {
  const model = scope(() => languageModel(3));
  await generate(model, [1, 2, 3], { maxNewTokens: 30, slide: true });
  const before = memory().tensors;
  const cache = new PromptCache();
  let text = [1, 2, 3];
  for (let turn = 0; turn < 4; turn++) {
    const { tokens } = await generate(model, text, { maxNewTokens: 15, slide: true, cache });
    text = [...text, ...tokens].slice(-20);
    const expected = await generate(model, text, { maxNewTokens: 2, slide: true });
    assertEquals((await generate(model, text, { maxNewTokens: 2, slide: true, cache })).tokens, expected.tokens);
  }
  const controller = new AbortController();
  await assertRejects(() =>
    generate(model, text, {
      maxNewTokens: 5,
      slide: true,
      cache,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
  );
  const expected = await generate(model, text, { maxNewTokens: 3, slide: true });
  assertEquals((await generate(model, text, { maxNewTokens: 3, slide: true, cache })).tokens, expected.tokens);
  cache.dispose();
  assertEquals(memory().tensors, before);
});

onReference("a cache is refused where it can remember nothing", async () => {
  const model = languageModel(4), cache = new PromptCache(), options = { maxNewTokens: 2, cache };
  const { vocabSize, contextLength } = model;
  const forgetful: Decoder = { vocabSize, contextLength, forward: (x, call) => model.forward(x, call) };
  const refused: [() => Promise<unknown>, string][] = [
    [() => generate(model, [1], { ...options, numBeams: 2 }), "Cannot use cache with beam search"],
    [() => generate(model, [[1], [2]], options), "Cannot use cache with 2 texts"],
    [
      () => generate(model, [1], { ...options, random: new Random(1), numReturnSequences: 3 }),
      "Cannot use cache with 3 texts",
    ],
    [() => generate(forgetful, [1], options), "Cannot use cache with a model that has no caches"],
  ];
  for (const [call, message] of refused) await assertRejects(call, TypeError, message);
  await generate(model, [1, 2], options);
  await assertRejects(
    () => generate(languageModel(5), [1, 2, 3], options),
    TypeError,
    "the cache of one model with another",
  );
  assertThrows(() => PromptCache.load(new Uint8Array([1, 2, 3])), SyntaxError, "Cannot read a saved cache");
  const bytes = await cache.save();
  assertThrows(() => PromptCache.load(bytes.slice(0, -4)), SyntaxError, "its numbers end too early");
});
