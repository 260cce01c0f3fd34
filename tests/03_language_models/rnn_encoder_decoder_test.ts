/** A translator of two recurrent networks: the numbers of PyTorch, laws, and generation from its states. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { elman, gru, lstm, type Recurrence } from "../../core/03_language_models/lstm/language_model.ts";
import {
  RecurrentEncoderDecoder,
  type RecurrentEncoderDecoderOptions,
} from "../../core/03_language_models/rnn_encoder_decoder.ts";
import { logSoftmax } from "../../core/02_words/softmax.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { padSequences } from "../../core/06_training/batching.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { train } from "../../core/06_training/loop.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { decodeSafetensors, restoreTensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import { exportState, importState } from "../../core/06_training/state_names.ts";
import { teacherForcing } from "../../core/06_training/teacher_forcing.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { arange, tensor } from "../../core/engine/create.ts";
import { quantize } from "../../core/engine/inference.ts";
import { concat } from "../../core/engine/joining.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, assertModuleGradients, onEveryBackend, onReference } from "../support.ts";

const recurrences: readonly Recurrence[] = [elman, lstm, gru];
const layout = { vocabSize: 9, sourceVocabSize: 8, hiddenSize: 8, numLayers: 2 };
const made = (options: Partial<RecurrentEncoderDecoderOptions> = {}): RecurrentEncoderDecoder =>
  new RecurrentEncoderDecoder({ ...layout, ...options }, new Random(1)).eval();
const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
const sources = [[3, 1, 4, 1, 5], [2, 7], [6]];

// ## PyTorch

const golden = decodeSafetensors(
  Deno.readFileSync(new URL("../goldens/rnn_encoder_decoder.safetensors", import.meta.url)),
);

function recorded(path: string): Map<string, StoredTensor> {
  return new Map(
    [...golden.tensors].flatMap(([name, stored]) => name.startsWith(path) ? [[name.slice(path.length), stored]] : []),
  );
}

const CASES: Readonly<Record<string, Partial<RecurrentEncoderDecoderOptions>>> = {
  "lstm": { recurrence: lstm, embeddingSize: 5, reverseSource: false },
  "lstm reversed": { recurrence: lstm, reverseSource: true, tieHead: true },
  "gru": { recurrence: gru, reverseSource: true, tieHead: true },
  "rnn": { recurrence: elman, embeddingSize: 5, reverseSource: false },
};
// The second and the third case were recorded with these orders of reading.
const REVERSED = ["lstm reversed", "gru"];

for (const [name, options] of Object.entries(CASES)) {
  onEveryBackend(
    `RecurrentEncoderDecoder() computes what PyTorch computes, forwards and backwards, ${name}`,
    async (device) => {
      const sizes = { vocabSize: 7, sourceVocabSize: 6, hiddenSize: 4, numLayers: 2 };
      const model = new RecurrentEncoderDecoder({ ...sizes, ...options }, Random.none);
      assertEquals(model.options.reverseSource, REVERSED.includes(name));
      importState(model, recorded(`${name}/state/`));
      const given = restoreTensors(recorded(`${name}/`)), input = (key: string): Tensor => given.get(key)!;
      const source = input("source"), mask = arange(source.shape[1]!).unsqueeze(0).less(input("lengths").unsqueeze(1));
      const close = device.name === "reference" ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-6 };

      const logits = model.forward(source, input("target"), { sourceMask: mask });
      await assertClose(logits, input("logits"), close);
      const loss = crossEntropy(logits, input("labels"));
      await assertClose(loss, input("loss"), close);

      loss.backward();
      // The gradients take the places of the weights, and so get their names and PyTorch's order of axes.
      noGrad(() => [...model.parameters().values()].forEach((weight) => void weight.assign(weight.grad!)));
      const found = restoreTensors(await exportState(model)), expected = restoreTensors(recorded(`${name}/gradient/`));
      assertEquals([...found.keys()].sort(), [...expected.keys()].sort());
      for (const [key, gradient] of found) {
        // What was exported are float32 numbers.
        await assertClose(gradient, expected.get(key)!, { rtol: 1e-4, atol: 1e-6 });
      }
    },
  );
}

onReference("RecurrentEncoderDecoder() has the gradients of its differences, through both networks", async () => {
  for (const recurrence of recurrences) {
    const model = new RecurrentEncoderDecoder(
      { vocabSize: 5, hiddenSize: 3, numLayers: 2, recurrence, dropout: 0 },
      new Random(2),
    );
    const { tokens, mask } = padSequences([[1, 2, 3], [4]], { padToken: 0 });
    const target = ids([[0, 1], [0, 3]]);
    await assertModuleGradients(model, () => model.forward(tokens, target, { sourceMask: mask }));
  }
});

// ## Laws

for (const recurrence of recurrences) {
  onEveryBackend(
    `RecurrentEncoderDecoder() reads a padded source as it reads it alone, by ${recurrence.word}`,
    async () => {
      for (const reverseSource of [false, true]) {
        const model = made({ recurrence, reverseSource }), target = [[1, 2, 3]];
        for (const side of ["right", "left"] as const) {
          const { tokens, mask } = padSequences(sources, { padToken: 0, side });
          const together = model.forward(tokens, sources.map(() => target[0]!), { sourceMask: mask });
          const encoded = model.encode(tokens, { mask });
          for (const [row, source] of sources.entries()) {
            const alone = model.forward([source], target);
            await assertClose(together.slice(0, row, row + 1), alone, { length: 8, scale: 1 });
            const width = tokens.shape[1]!, { length } = source;
            const [from, to] = side === "right" ? [0, length] : [width - length, width];
            await assertClose(
              encoded.output.slice(0, row, row + 1).slice(1, from, to),
              model.encode([source]).output,
              { length: 8, scale: 1 },
            );
          }
        }
      }
    },
  );

  onEveryBackend(
    `RecurrentEncoderDecoder() decodes step by step as it scores a known target, by ${recurrence.word}`,
    async () => {
      const model = made({ recurrence }), target = ids([[0, 3, 8, 2], [0, 5, 5, 1]]);
      const { tokens, mask } = padSequences(sources.slice(0, 2), { padToken: 0 });
      const whole = model.forward(tokens, target, { sourceMask: mask }),
        decoder = model.given(model.encode(tokens, { mask }));
      const caches = decoder.newCaches(() => new KeyValueCache());
      assertEquals(caches.length, 1);
      const steps = Array.from(
        { length: 4 },
        (_, t) => decoder.forward(target.slice(1, t, t + 1), { caches, lastOnly: true }),
      );
      await assertClose(concat(steps, 1), whole, { length: 8, scale: 1 });
      caches.forEach((cache) => cache.dispose());
    },
  );
}

onEveryBackend("RecurrentEncoderDecoder() reads the same from either end, reversed", async () => {
  const forwards = made({ reverseSource: false }), backwards = made({ reverseSource: true });
  const source = [3, 1, 4], a = backwards.encode([source]), b = forwards.encode([[...source].reverse()]);
  await assertClose(a.hiddenState, b.hiddenState, { tolerance: 0 });
  await assertClose(a.cellState!, b.cellState!, { tolerance: 0 });
  // The state after a word stands at its place.
  await assertClose(a.output.slice(1, 0, 1), b.output.slice(1, 2, 3), { tolerance: 0 });
});

onEveryBackend("RecurrentEncoderDecoder() hands on nothing but the last states", async () => {
  const model = made(), memory = model.encode([[3, 1, 4]]), target = [[0, 2]];
  const other = { ...memory, output: memory.output.mul(0) };
  await assertClose(model.decode(target, other), model.decode(target, memory), { tolerance: 0 });
  // Its size does not depend on the length of the source.
  const longer = model.encode([Array.from({ length: 50 }, (_, i) => i % 8)]);
  assertEquals([longer.hiddenState.shape, longer.cellState!.shape], [
    memory.hiddenState.shape,
    memory.cellState!.shape,
  ]);
});

// ## Generation

/** The same model without a memory, which reads the whole text at each step. */
function forgetful(decoder: Decoder): Decoder {
  const { vocabSize, contextLength, numSources } = decoder;
  return {
    vocabSize,
    contextLength,
    ...(numSources !== undefined && { numSources }),
    forward: (tokens, { lastOnly }) => decoder.forward(tokens, { lastOnly }),
    select: (rows) => forgetful(decoder.select!(rows)),
  };
}

onEveryBackend("beam search with a recurrent translator equals beam search without its cache", async () => {
  for (const recurrence of recurrences) {
    const model = made({ recurrence }), { tokens, mask } = padSequences(sources, { padToken: 0 });
    const decoder = model.given(model.encode(tokens, { mask })), prompts = sources.map(() => [0]);
    for (const numBeams of [1, 3]) {
      const options = { maxNewTokens: 8, numBeams, eosToken: 1 };
      const remembered = await generate(decoder, prompts, options);
      const recomputed = await generate(forgetful(decoder), prompts, options);
      assertEquals(remembered.map(({ tokens }) => tokens), recomputed.map(({ tokens }) => tokens));
      // And each source is continued as it is alone.
      const alone = await generate(model.given(model.encode([sources[1]!])), [[0]], options);
      assertEquals(alone[0]!.tokens, remembered[1]!.tokens);
    }
  }
});

onReference("beam search of full width finds the likeliest of all translations", async () => {
  const V = 4, END = 1, maxNewTokens = 4;
  for (const recurrence of recurrences) {
    const model = new RecurrentEncoderDecoder({ vocabSize: V, hiddenSize: 6, recurrence }, new Random(3)).eval();
    // Drawn small, all texts would be about as likely.
    noGrad(() => [...model.parameters().values()].forEach((weight) => void weight.assign(weight.mul(3))));
    const memory = model.encode([[2, 3, 0]]);
    let best = { tokens: [] as number[], logProbability: -Infinity };
    const visit = async (tokens: number[], logProbability: number): Promise<void> => {
      const ended = tokens.at(-1) === END;
      if (ended || tokens.length === maxNewTokens) {
        if (logProbability > best.logProbability) {
          best = { tokens: ended ? tokens.slice(0, -1) : tokens, logProbability };
        }
        return;
      }
      const row = await logSoftmax(model.decode([[0, ...tokens]], memory, { lastOnly: true })).read();
      for (let token = 0; token < V; token++) await visit([...tokens, token], logProbability + row[token]!);
    };
    await visit([], 0);
    const found = await generate(model.given(memory), [[0]], {
      maxNewTokens,
      numBeams: V ** maxNewTokens,
      lengthPenalty: 0,
      eosToken: END,
    });
    assertEquals([...found[0]!.tokens], best.tokens);
    assertAlmostEquals(found[0]!.logProbability, best.logProbability, 1e-9);
    const narrow = await generate(model.given(memory), [[0]], {
      maxNewTokens,
      numBeams: 2,
      lengthPenalty: 0,
      eosToken: END,
    });
    assert(narrow[0]!.logProbability <= best.logProbability + 1e-9);
  }
});

for (const recurrence of recurrences) {
  onEveryBackend(`train() teaches a translator by ${recurrence.word} to say a sentence again`, async (device) => {
    if (device.name === "reference") return;
    const model = new RecurrentEncoderDecoder({ vocabSize: 8, hiddenSize: 24, recurrence }, new Random(1));
    const random = new Random(2), tokens = { beginToken: 0, endToken: 1, padToken: 0 };
    const sentence = (): number[] => Array.from({ length: 1 + random.integer(2) }, () => 2 + random.integer(6));
    let last = Infinity;
    await train({
      model,
      batches: { next: () => Array.from({ length: 32 }, sentence) },
      optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.02 })),
      loss: (batch) => {
        const { tokens: source, mask } = padSequences(batch, { padToken: 0 });
        const { inputs, targets } = teacherForcing(batch, tokens);
        return crossEntropy(model.forward(source, inputs, { sourceMask: mask }), targets);
      },
      steps: 150,
      onProgress: ({ loss }) => {
        last = loss;
      },
    });
    // Without the source, a word costs the logarithm of six.
    assertLess(last, Math.log(6) / 4);
  });
}

onEveryBackend("RecurrentEncoderDecoder() can be quantized and written by", async () => {
  const model = new RecurrentEncoderDecoder({ vocabSize: 40, hiddenSize: 32 }, new Random(1)).eval();
  const before = await model.forward([[1, 2, 3]], [[4, 5]]).read();
  const after = await quantize(model, "int8").forward([[1, 2, 3]], [[4, 5]]).read();
  before.forEach((value, i) => assertAlmostEquals(after[i]!, value, 0.05));
  const found = await generate(model.given(model.encode([[1, 2]])), [[0]], { maxNewTokens: 3 });
  assertEquals(found[0]!.tokens.length, 3);
});

// ## Layout and refusals

Deno.test("RecurrentEncoderDecoder() has one table for both languages, or one for each", () => {
  const count = (options: Partial<RecurrentEncoderDecoderOptions>): number =>
    new RecurrentEncoderDecoder({ vocabSize: 10, hiddenSize: 4, recurrence: elman, ...options }, new Random(1))
      .parameterCount();
  // Two matrices of four by four and two biases, twice.
  const networks = 2 * 40;
  assertEquals(count({}), 40 + networks + 40 + 10);
  assertEquals(count({ sourceVocabSize: 6 }), 40 + 24 + networks + 40 + 10);
  assertEquals(count({ tieHead: true }), 40 + networks);
  assertEquals(count({ embeddingSize: 6, bias: false }), 60 + 2 * (24 + 16) + 40 + 10);
});

Deno.test("RecurrentEncoderDecoder() drops in training alone, from a stream of its own", async () => {
  const model = new RecurrentEncoderDecoder({ ...layout, dropout: 0.5 }, new Random(1)),
    call = [[[3, 1, 4]], [[0, 2]]] as const;
  const still = await model.eval().forward(...call).read();
  assertEquals(await model.forward(...call).read(), still);
  model.train(new Random(5));
  const one = await model.forward(...call).read();
  assert(one.some((value, i) => value !== still[i]));
  assert((await model.forward(...call).read()).some((value, i) => value !== one[i]));
});

Deno.test("RecurrentEncoderDecoder() says what does not fit", async () => {
  const model = made(), memory = model.encode([[1]]);
  assertThrows(() => model.encode([[1]], { mask: [[true, false]] }), TypeError, "S=1");
  assertThrows(() => model.decode([[1]], {} as never), TypeError, "output must be a Tensor");
  assertThrows(() => model.decode([[1], [2]], memory), TypeError, "B=2");
  assertThrows(() => made({ reverseSource: "yes" as never }), TypeError, "reverseSource");
  assertThrows(() => made({ numHeads: 2 } as never), TypeError, "numHeads");
  let said = "";
  await generate(model as never, [[0]], { maxNewTokens: 1 }).catch((error: Error) => said = error.message);
  assert(said.includes("model.given(model.encode(source)"), said);
});
