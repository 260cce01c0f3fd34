import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { learned, LearnedPositions, sinusoidal } from "../../core/04_attention/positions/absolute.ts";
import { alibi, shaw, t5 } from "../../core/04_attention/positions/relative.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import { noPositions } from "../../core/04_attention/positions/scheme.ts";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { Batch, type JoinOptions } from "../../core/07_generation/batch.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import type { StreamOptions } from "../../core/07_generation/options.ts";
import { PromptCache } from "../../core/07_generation/prompt_cache.ts";
import { promptLookup } from "../../core/07_generation/speculative.ts";
import {
  RollingCache,
  rollingMask,
  type RollingOptions,
  rollingWindow,
  streamLosses,
} from "../../core/07_generation/windows_and_sinks.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, normal, onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";
import { ids, languageModel } from "./models.ts";

const POSITIONS = {
  rotary: rotary(),
  part: rotary({ share: 0.5 }),
  alibi,
  t5: t5(),
  shaw: shaw(),
  none: noPositions,
  learned: learned(),
  sinusoidal,
};
/** Size and sinks. */
interface Sizes {
  readonly size: number;
  readonly sinks: number;
}

const SIZES: readonly Sizes[] = [
  { size: 6, sinks: 0 },
  { size: 6, sinks: 1 },
  { size: 6, sinks: 3 },
  {
    size: 2,
    sinks: 1,
  },
];
const text = (length: number, seed = 1): number[] => {
  const random = new Random(seed);
  return Array.from({ length }, () => random.integer(11));
};

/** Logits after each token, which passes the model alone, `[1, T, V]`. */
function oneByOne(model: DecoderOnly, tokens: readonly number[], options: RollingOptions): Tensor {
  const caches = model.newCaches(() => new RollingCache(options));
  const logits = concat(tokens.map((token) => noGrad(() => model.forward(ids([[token]]), { caches }))), 1);
  for (const cache of caches) cache.dispose();
  return logits;
}

/** The same without a cache: each layer computes anew, of what it was given for the tokens that are attended to. */
function byHand(model: DecoderOnly, tokens: readonly number[], { size, sinks }: Sizes): Tensor {
  const attended = (t: number): number[] =>
    Array.from({ length: t + 1 }, (_, s) => s).filter((s) => s < sinks || t - s < size - sinks);
  let inputs = tokens.map((token, t) => {
    const word = model.embedding.forward(ids([[token]]));
    return model.positions ? model.positions.forward(word, Math.min(t, size - 1)) : word;
  });
  for (const layer of model.layers) {
    inputs = inputs.map((_, t) =>
      layer.forward(concat(attended(t).map((s) => inputs[s]!), 1), { causal: true }).slice(1, -1)
    );
  }
  const states = model.norm!.forward(concat(inputs, 1));
  return model.embedding.weight.multiplyTransposed(states);
}

const CLOSE = { rtol: 1e-4, atol: 1e-4 };

onEveryBackend("a rolling cache computes what each layer computes anew of the tokens attended to", async () => {
  for (const [name, positions] of Object.entries(POSITIONS)) {
    for (const [i, options] of SIZES.entries()) {
      const model = languageModel(i + 1, { positions, ...name === "t5" && { numGroups: 1 } }), tokens = text(19, i + 1);
      await assertClose(oneByOne(model, tokens, options), noGrad(() => byHand(model, tokens, options)), CLOSE);
    }
  }
});

onEveryBackend("a rolling cache equals one pass under the mask of window and sinks, where distances stay", async () => {
  const tokens = text(19);
  for (const positions of [noPositions, rotary(), alibi, t5(), shaw()]) {
    for (const { size, sinks } of SIZES) {
      // The distance to a sink is counted in the cache, and in the mask's pass along the text.
      if (sinks > 0 && positions !== noPositions) continue;
      const model = languageModel(3, { positions }), mask = rollingMask(19, { size, sinks }).reshape([1, 1, 19, 19]);
      const whole = noGrad(() => model.forward(ids([tokens]), { mask }));
      await assertClose(oneByOne(model, tokens, { size, sinks }), whole, CLOSE);
    }
  }
});

onEveryBackend("a text that fits a rolling cache is read as by one that grows", async () => {
  for (const positions of Object.values(POSITIONS)) {
    const model = languageModel(4, { positions }), tokens = text(12);
    await assertClose(
      oneByOne(model, tokens, { size: 12, sinks: 2 }),
      noGrad(() => model.forward(ids([tokens]))),
      CLOSE,
    );
  }
});

onEveryBackend("what a rolling cache gives a layer does not depend on how much was evicted", async () => {
  // A single layer: its keys are made of the tokens alone.
  for (const positions of [rotary(), alibi, t5()]) {
    const model = languageModel(5, { positions, numLayers: 1 }), options = { size: 8, sinks: 3 };
    const first = text(3), last = text(5, 2);
    const short = oneByOne(model, [...first, ...text(2, 3), ...last], options).slice(1, -1);
    const long = oneByOne(model, [...first, ...text(90, 4), ...last], options).slice(1, -1);
    await assertClose(long, short, CLOSE);
  }
});

onEveryBackend("a window that is read again differs from one that rolls, from two layers on", async () => {
  const tokens = text(19), options = { size: 6, sinks: 0 };
  const differences = [];
  for (const numLayers of [1, 2]) {
    const model = languageModel(6, { positions: rotary(), numLayers });
    const rolled = await oneByOne(model, tokens, options).slice(1, -1).flatten().read();
    const again = await noGrad(() => model.forward(ids([tokens.slice(-6)])).slice(1, -1)).flatten().read();
    differences.push(Math.max(...Array.from(rolled, (x, i) => Math.abs(x - again[i]!))));
  }
  assert(differences[0]! < 1e-3 && differences[1]! > 0.1, differences.join(" "));
});

onEveryBackend("RollingCache() holds the first positions and the last, in order", async () => {
  for (const { size, sinks } of [...SIZES, { size: 1, sinks: 0 }, { size: 16, sinks: 15 }]) {
    const cache = new RollingCache({ size, sinks }), keys: Tensor[] = [];
    const first = Math.min(size, 3);
    for (let t = 0; t < 3 * size + 5;) {
      const T = t === 0 ? first : 1, key = normal(t, 2, 3, T, 4), value = normal(t + 99, 2, 3, T, 2);
      for (let i = 0; i < T; i++) keys.push(key.slice(2, i, i + 1));
      t += T;
      const held = cache.append(key, value);
      const wanted = keys.map((_, s) => s).filter((s) => s < sinks || t - 1 - s < size - sinks);
      assertEquals(cache.attended, wanted);
      await assertClose(held.key, concat(wanted.map((s) => keys[s]!), 2), { tolerance: 0 });
      assertEquals([held.value.shape[2], cache.length], [wanted.length, Math.min(t, size - 1)]);
      await assertClose(held.value.slice(2, -1), value.slice(2, -1), { tolerance: 0 });
    }
    cache.dispose();
  }
});

onEveryBackend("reorder() of a rolling cache goes on with the sinks of each text", async () => {
  const cache = new RollingCache({ size: 4, sinks: 2 });
  let keys: Tensor[] = [];
  const pick = (x: Tensor, rows: readonly number[]): Tensor => concat(rows.map((row) => x.slice(0, row, row + 1)), 0);
  let B = 2;
  for (const [t, rows] of [[0, 1], [1, 0], [1, 1, 0], [2], [0, 0], [1, 0], [0, 1], [1], [0, 0, 0]].entries()) {
    const key = normal(t, B, 1, 1, 2);
    keys.push(key);
    const held = cache.append(key, key);
    await assertClose(held.key, concat(cache.attended.map((s) => keys[s]!), 2), { tolerance: 0 });
    cache.reorder(rows);
    keys = keys.map((one) => pick(one, rows));
    B = rows.length;
  }
  assertThrows(() => cache.reorder([3]), RangeError, "Cannot go on with text 3 of 3");
  cache.dispose();
});

onItsOwnBackend("a rolling cache takes the same memory however long the text is", async () => {
  const cache = new RollingCache({ size: 8, sinks: 2 }), one = zeros([1, 2, 1, 4]);
  const sizes = new Set<number>();
  for (let t = 0; t < 500; t++) {
    scope(() => cache.append(one, one));
    if (t >= 8) sizes.add(cache.bytes);
  }
  // Room for twice the size, and the sinks once more, of keys and of values.
  assertEquals([...sizes], [2 * (2 * 8 + 2) * 2 * 4 * 4]);
  await cache.contents().key.read();
  cache.dispose();
  assertEquals([cache.bytes, cache.length, cache.attended.length], [0, 0, 0]);
});

onItsOwnBackend("stream() with a window keeps memory flat beyond the context", async () => {
  const model = scope(() => languageModel(7, { positions: rotary() }));
  const window = rollingWindow({ size: 24 });
  let early = 0, late = 0;
  for await (const { step } of stream(model, [1], { maxNewTokens: Infinity, window, random: new Random(1) })) {
    if (step === 60) early = memory().tensors;
    if (step === 300) {
      late = memory().tensors;
      break;
    }
  }
  // A device that runs ahead holds what it has not been asked for yet.
  assert(Math.abs(late - early) <= 64, `${early} ${late}`);
});

onEveryBackend("generate() with a window writes what steps by hand write, at each search", async () => {
  const searches: (() => Omit<StreamOptions, "maxNewTokens">)[] = [
    () => ({}),
    () => ({ random: new Random(3), topK: 4 }),
    () => ({ repetitionPenalty: 1.3 }),
  ];
  for (const positions of [rotary(), alibi]) {
    const model = languageModel(8, { positions }), options = { size: 7, sinks: 2 }, window = rollingWindow(options);
    for (const search of searches) {
      // Prompts that are shorter than the window, fill it, and are longer.
      for (const length of [3, 8, 40]) {
        const prompt = text(length),
          { tokens, logProbability } = await generate(model, prompt, {
            maxNewTokens: 12,
            window,
            ...search(),
          });
        assertEquals(tokens.length, 12);
        const losses = await streamLosses(model, [...prompt, ...tokens], { window });
        const sum = losses.subarray(length - 1).reduce((total, loss) => total - loss, 0);
        assertAlmostEquals(logProbability, sum, 1e-3 * 12);
        const streamed: number[] = [];
        for await (const { token } of stream(model, prompt, { maxNewTokens: 12, window, ...search() })) {
          streamed.push(token);
        }
        assertEquals(streamed, tokens);
      }
    }
  }
});

onEveryBackend("beams, several texts and several models roll together", async () => {
  const model = languageModel(9, { positions: rotary() }), window = rollingWindow({ size: 7, sinks: 2 });
  const check = async (prompt: readonly number[], found: { tokens: readonly number[]; logProbability: number }) => {
    const losses = await streamLosses(model, [...prompt, ...found.tokens], { window });
    const sum = losses.subarray(prompt.length - 1).reduce((total, loss) => total - loss, 0);
    assertAlmostEquals(found.logProbability, sum, 1e-3 * found.tokens.length);
  };
  const prompts = [text(9), text(9, 2), text(9, 3)];
  const alone = [];
  for (const prompt of prompts) alone.push((await generate(model, prompt, { maxNewTokens: 20, window })).tokens);
  const together = await generate(model, prompts, { maxNewTokens: 20, window });
  assertEquals(together.map(({ tokens }) => tokens), alone);
  for (
    const search of [
      { numBeams: 3 },
      { numBeams: 4, numBeamGroups: 2 },
      { numBeams: 3, stochastic: true, random: new Random(2) },
    ]
  ) {
    const all = await generate(model, prompts, { maxNewTokens: 20, window, ...search });
    for (const [i, { beams }] of all.entries()) for (const beam of beams!) await check(prompts[i]!, beam);
  }
  const several = await generate(model, text(9), {
    maxNewTokens: 20,
    window,
    numReturnSequences: 3,
    random: new Random(4),
  });
  for (const one of several.sequences!) await check(text(9), one);
  const searched = await generate(model, text(9), { maxNewTokens: 20, window, penaltyAlpha: 0.5 });
  await check(text(9), searched);
  const amateur = languageModel(10, { positions: alibi });
  const contrasted = await generate(model, text(9), { maxNewTokens: 40, window, contrastive: { amateur } });
  assertEquals(contrasted.tokens.length, 40);
});

Deno.test("a prompt that is longer than the window can be stopped while it is read", async () => {
  const model = languageModel(11, { positions: rotary() }), signal = AbortSignal.abort(new Error("enough"));
  const window = rollingWindow({ size: 8 });
  await assertRejects(() => generate(model, text(500), { maxNewTokens: 1, window, signal }), Error, "enough");
});

Deno.test("streamLosses() of a cache that grows are those of one pass", async () => {
  const model = languageModel(12), tokens = text(24);
  const losses = await streamLosses(model, tokens);
  const logits = await noGrad(() => model.forward(ids([tokens.slice(0, -1)]))).read();
  assertEquals(losses.length, 23);
  losses.forEach((loss, t) => {
    const row = Array.from(logits.subarray(11 * t, 11 * t + 11)),
      sum = row.reduce((total, x) => total + Math.exp(x), 0);
    assertAlmostEquals(loss, Math.log(sum) - row[tokens[t + 1]!]!, 1e-4);
  });
  assertEquals((await streamLosses(model, [1])).length, 0);
  await assertRejects(() => streamLosses(model, text(30)), RangeError, "contextLength is 24");
  const heard: number[] = [];
  await streamLosses(model, text(130), { window: rollingWindow({ size: 24 }), onProgress: (n) => heard.push(n) });
  assertEquals(heard, [64, 128, 129]);
  const { vocabSize, contextLength } = model;
  const without = { vocabSize, contextLength, forward: () => zeros([1, 1, 11]) };
  await assertRejects(() => streamLosses(without, [1, 2]), TypeError, "newCaches() is missing");
});

Deno.test("rollingMask() is S_t", async () => {
  const rows = [
    [1, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0, 0],
    [1, 1, 1, 0, 0, 0],
    [1, 0, 1, 1, 0, 0],
    [1, 0, 0, 1, 1, 0],
    [1, 0, 0, 0, 1, 1],
  ];
  await assertClose(zeros([6, 6]).where(rollingMask(6, { size: 3, sinks: 1 }).not(), 1), rows);
  await assertClose(zeros([3, 3]).where(rollingMask(3, { size: 9 }).not(), 1), [[1, 0, 0], [1, 1, 0], [1, 1, 1]]);
});

onReference("a rolling cache refuses what it cannot keep", () => {
  assertThrows(() => new RollingCache({ size: 4 }), RangeError, "Cannot keep 4 sinks in a cache of 4");
  assertThrows(() => rollingWindow({ size: 0, sinks: 0 }), RangeError, "size");
  const cache = new RollingCache({ size: 4, sinks: 1 });
  assertThrows(() => cache.contents(), TypeError, "before anything was appended");
  const key = (T: number): Tensor => zeros([1, 1, T, 2]);
  assertThrows(() => cache.append(key(5), key(5)), RangeError, "Cannot append 5 positions to a rolling cache of 4");
  cache.append(key(4), key(4));
  assertThrows(() => cache.append(key(2), key(2)), RangeError, "has to come one by one");
  assertThrows(() => cache.append(zeros([2, 1, 1, 2]), zeros([2, 1, 1, 2])), TypeError, "Cannot read shape");
  cache.append(key(1), key(1));
  assertEquals(cache.attended, [0, 2, 3, 4]);
  assertThrows(() => cache.replace(), TypeError, "Cannot keep a window of states");
  cache.dispose();
});

Deno.test("generate() says what a window does not go with", async () => {
  const model = languageModel(13, { positions: rotary() }), window = rollingWindow({ size: 8 });
  const refused = (
    options: object,
    sentence: string,
    prompt: readonly number[] | readonly (readonly number[])[] = [1],
  ) => assertRejects(() => generate(model, prompt, { maxNewTokens: 2, window, ...options }), Error, sentence);
  await refused({ slide: true }, "Cannot use window with slide");
  await refused({ cache: new PromptCache() }, "Cannot use window with cache");
  await refused({ draft: promptLookup() }, "Cannot use window with draft");
  await refused({ output: { attentions: true } }, "Cannot use window with output.attentions");
  await refused({}, "Cannot use window with prompts of 1 and 3 tokens", [[1], [1, 2, 3]]);
  await refused({ window: rollingWindow({ size: 25 }) }, "Cannot use a window of 25 positions: the model sees 24");
  await refused({ window: 8 }, "window must be a window such as rollingWindow");
  await assertRejects(
    async () => await new Batch(model).add([1], { maxNewTokens: 2, window } as JoinOptions).result,
    TypeError,
    "Cannot use window in a batch",
  );
  const layout = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 16 };
  const translator = new EncoderDecoder(layout, new Random(1)).eval() as EncoderDecoder;
  await assertRejects(
    () => generate(translator.given(translator.encode([[1, 2]])), [1], { maxNewTokens: 2, window }),
    TypeError,
    "Cannot use window with a model that holds sources",
  );
  const reader = new RecurrentLanguageModel({ vocabSize: 11, hiddenSize: 8 }, new Random(1)).eval();
  await assertRejects(
    () => generate(reader as RecurrentLanguageModel, [1], { maxNewTokens: 2, window }),
    TypeError,
    "Cannot keep a window of states",
  );
  const { vocabSize, contextLength } = model;
  const forgetful = { vocabSize, contextLength, forward: model.forward.bind(model) };
  await assertRejects(
    () => generate(forgetful, [1], { maxNewTokens: 2, window }),
    TypeError,
    "Cannot use window with a model that has no caches",
  );
});

onReference("an attention refuses starts with a cache that counts positions itself", () => {
  const model = new DecoderOnly(
    { vocabSize: 11, contextLength: 8, hiddenSize: 8, numHeads: 2, numLayers: 1 },
    new Random(1),
  );
  const caches = model.newCaches(() => new RollingCache({ size: 6, sinks: 1 }));
  assertThrows(() => model.forward(tensor([[1, 2]]).mul(1), { caches, starts: [0] }), TypeError);
  assert(model.positions instanceof LearnedPositions);
});
