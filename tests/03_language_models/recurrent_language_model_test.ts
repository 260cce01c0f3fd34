/** A recurrent language model: it trains, and generation takes its states for a cache like any other. */

import { assertAlmostEquals, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { score, targetLogProbabilities } from "../../core/03_language_models/autoregressive.ts";
import { elman, gru, lstm, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { SequenceWindows } from "../../core/06_training/batching.ts";
import { train } from "../../core/06_training/loop.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { nextTokens } from "../../core/06_training/teacher_forcing.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { Random } from "../../core/engine/random.ts";
import { tensor } from "../../core/engine/create.ts";
import { memory } from "../../core/engine/scope.ts";
import { quantize } from "../../core/engine/inference.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, onEveryBackend, onItsOwnBackend } from "../support.ts";

const kinds = [elman, lstm, gru];
const layout = { vocabSize: 11, hiddenSize: 8, numLayers: 2 };
const model = (recurrence = lstm): RecurrentLanguageModel =>
  new RecurrentLanguageModel({ ...layout, recurrence }, new Random(1)).eval();

const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

/** The same model, which reads the whole text at each step. */
function forgetful(of: RecurrentLanguageModel): Decoder {
  return {
    vocabSize: of.vocabSize,
    contextLength: of.contextLength,
    forward: (tokens, { lastOnly }) => of.forward(tokens, { lastOnly }),
  };
}

for (const recurrence of kinds) {
  onEveryBackend(`generate() with the state of a model by ${recurrence.word} equals recomputation`, async () => {
    const options = { maxNewTokens: 12 }, prompt = [3, 1, 4];
    const remembered = await generate(model(recurrence), prompt, options);
    const recomputed = await generate(forgetful(model(recurrence)), prompt, options);
    assertEquals(remembered.tokens, recomputed.tokens);
  });

  onEveryBackend(`RecurrentLanguageModel() by ${recurrence.word} goes on from states as from a cache`, async () => {
    const one = model(recurrence), tokens = ids([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]), whole = one.forward(tokens);
    const cache = new KeyValueCache();
    one.forward(tokens.slice(1, 0, 3), { caches: [cache] });
    await assertClose(one.forward(tokens.slice(1, 3), { caches: [cache], lastOnly: true }), whole.slice(1, 4), {
      length: 8,
      scale: 1,
    });
    assertEquals(cache.length, 1);
    cache.dispose();
    const { logits: _, ...states } = one.read(tokens.slice(1, 0, 3));
    await assertClose(one.read(tokens.slice(1, 3), states).logits, whole.slice(1, 3), { length: 8, scale: 1 });
  });
}

onEveryBackend("beam search with a recurrent model equals beam search without its cache", async () => {
  for (const recurrence of kinds) {
    const options = { maxNewTokens: 8, numBeams: 4 };
    const prompts = [[3, 1, 4], [1, 5, 9]];
    const remembered = await generate(model(recurrence), prompts, options);
    const recomputed = await generate(forgetful(model(recurrence)), prompts, options);
    assertEquals(remembered.map(({ tokens }) => tokens), recomputed.map(({ tokens }) => tokens));
  }
});

onItsOwnBackend("a recurrent model remembers as much after a hundred tokens as after ten", async (device) => {
  const one = model(), most: number[] = [];
  for (const maxNewTokens of [10, 100]) {
    let bytes = 0;
    const watched: Decoder = {
      vocabSize: one.vocabSize,
      contextLength: one.contextLength,
      newCaches: (create) => one.newCaches(create),
      forward: (tokens, call) => {
        bytes = Math.max(bytes, device.memory().bytes);
        return one.forward(tokens, call as never);
      },
    };
    await generate(watched, [1], { maxNewTokens });
    most.push(bytes);
  }
  // Less than a byte for each further token.
  assertLess(most[1]! - most[0]!, 90);
});

for (const recurrence of kinds) {
  onEveryBackend(`train() teaches a model by ${recurrence.word} to count`, async (device) => {
    if (device.name === "reference") return;
    const one = new RecurrentLanguageModel({ vocabSize: 8, hiddenSize: 16, recurrence, dropout: 0 }, new Random(1));
    const text = Int32Array.from({ length: 400 }, (_, i) => i % 8);
    const batches = new SequenceWindows(text, { contextLength: 10, batchSize: 8, random: new Random(2) });
    let last = Infinity;
    await train({
      model: one,
      batches,
      optimizer: new Optimizer(one.parameters(), adamW({ learningRate: 0.02 })),
      loss: (windows) => {
        const { inputs, targets } = nextTokens(windows);
        return crossEntropy(one.forward(inputs), targets);
      },
      steps: 60,
      onProgress: ({ loss }) => {
        last = loss;
      },
    });
    // The first token of a window says which comes next, so nothing is left to chance.
    assertLess(last, 0.1);
  });
}

onEveryBackend("RecurrentLanguageModel() can be quantized and written by", async () => {
  const one = new RecurrentLanguageModel({ vocabSize: 40, hiddenSize: 32 }, new Random(1)).eval();
  const tokens = ids([[1, 2, 3, 4]]), before = await one.forward(tokens).read();
  const after = await quantize(one, "int8").forward(tokens).read();
  before.forEach((value, i) => assertAlmostEquals(after[i]!, value, 0.05));
  assertEquals((await generate(one, [1], { maxNewTokens: 3 })).tokens.length, 3);
});

Deno.test("RecurrentLanguageModel() has a head of its own, or that of its table", () => {
  const count = (options: { readonly embeddingSize?: number; readonly tieHead?: boolean }): number =>
    new RecurrentLanguageModel({ vocabSize: 10, hiddenSize: 4, recurrence: elman, ...options }, new Random(1))
      .parameterCount();
  // Two matrices of four by four, two biases.
  const network = 40;
  assertEquals(count({}), 40 + network);
  assertEquals(count({ tieHead: false }), 40 + network + 40 + 10);
  assertEquals(count({ embeddingSize: 6 }), 60 + network + 8 + 40 + 10);
  assertThrows(() => count({ embeddingSize: 6, tieHead: true }), RangeError, "Cannot tie the head");
});

Deno.test("RecurrentLanguageModel() says what does not fit", () => {
  const one = model();
  const [a, b] = [new KeyValueCache(), new KeyValueCache()];
  assertThrows(() => one.forward([[1]], { caches: [a, b] }), TypeError, "Cannot use 2 caches");
  assertThrows(() => one.read([[1]], { hiddenState: [[[0]]] }), TypeError, "L=2");
  assertThrows(
    () => new RecurrentLanguageModel({ ...layout, recurrence: "lstm" as never }, new Random(1)),
    TypeError,
    "recurrence",
  );
});

onEveryBackend(
  "score() hands the state of a recurrent model on: windows of any length give the scores of one pass",
  async () => {
    const tokens = Array.from({ length: 61 }, (_, t) => (t * t + 3 * t) % 11);
    for (const recurrence of [elman, lstm, gru]) {
      const model = new RecurrentLanguageModel(
        { vocabSize: 11, hiddenSize: 6, numLayers: 2, recurrence },
        new Random(1),
      );
      model.eval();
      const logits = model.forward(tensor(tokens.slice(0, -1), [1, 60], "int32"));
      const whole = await targetLogProbabilities(logits, tensor(tokens.slice(1), [1, 60], "int32")).read();
      for (const options of [{}, { window: 1 }, { window: 7 }, { window: 59 }]) {
        const found = await score(model, tokens, options);
        found.forEach((log, t) => assertAlmostEquals(log, whole[t]!, 1e-5));
      }
      const before = memory().tensors;
      await score(model, tokens, { window: 1 });
      assertLess(memory().tensors, before + 1);
      for (const options of [{ stride: 3 }, { batchSize: 2 }]) {
        await assertRejects(() => score(model, tokens, options), TypeError, "it reads each token once");
      }
      const heard: number[] = [], signal = AbortSignal.abort(new Error("enough"));
      await score(model, tokens, { window: 20, onProgress: (done) => void heard.push(done) });
      assertEquals(heard, [1 / 3, 2 / 3, 1]);
      await assertRejects(() => score(model, tokens, { signal }), Error, "enough");
    }
  },
);
