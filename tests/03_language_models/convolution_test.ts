/** Convolutional networks: PyTorch's numbers, what a window sees, generation with a memory of fixed size. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { PhraseClassifier } from "../../core/03_language_models/cnn/classifier.ts";
import { ConvolutionalLanguageModel } from "../../core/03_language_models/cnn/language_model.ts";
import { plainConvolution, receptiveField, SequenceConvolution } from "../../core/03_language_models/cnn/mod.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { SequenceWindows } from "../../core/06_training/batching.ts";
import { train } from "../../core/06_training/loop.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { decodeSafetensors, restoreTensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import { exportState, importState } from "../../core/06_training/state_names.ts";
import { nextTokens } from "../../core/06_training/teacher_forcing.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { quantize } from "../../core/engine/inference.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import {
  assertClose,
  assertModuleGradients,
  normal,
  onEveryBackend,
  onItsOwnBackend,
  onReference,
} from "../support.ts";

const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

// ## PyTorch

const golden = decodeSafetensors(Deno.readFileSync(new URL("../goldens/convolutional.safetensors", import.meta.url)));
const recorded = (path: string): Map<string, StoredTensor> =>
  new Map(
    [...golden.tensors].flatMap(([name, stored]) => name.startsWith(path) ? [[name.slice(path.length), stored]] : []),
  );
const tensors = (path: string): Map<string, Tensor> => restoreTensors(recorded(path));

/** The part with the names of PyTorch, and what it computes from the inputs of the case. */
function made(name: string): { readonly part: Module; readonly run: (input: Tensor) => Tensor } {
  if (name === "classifier") {
    const part = new PhraseClassifier(
      { vocabSize: 9, numClasses: 2, embeddingSize: 4, kernelSizes: [2, 3], numFeatures: 3 },
      Random.none,
    ).eval();
    return { part, run: (input) => part.forward(input) };
  }
  if (name.startsWith("model")) {
    const gated = name.endsWith("gated"), sizes = { vocabSize: 9, hiddenSize: 4, numLayers: 3, dilationCycle: 2 };
    const part = new ConvolutionalLanguageModel({ ...sizes, gated, tieHead: gated }, Random.none);
    return { part, run: (input) => part.forward(input) };
  }
  const [, size, dilation] = /(\d) (\d)$/.exec(name)!.map(Number) as [number, number, number];
  const part = new SequenceConvolution(4, 3, size, Random.none, { dilation, causal: name.startsWith("causal") });
  return { part, run: (input) => part.forward(input) };
}

const cases = [...new Set([...golden.tensors.keys()].map((name) => name.split("/")[0]!))];
/** The names of a layer alone have no part before them. */
const stateOf = (name: string): Map<string, StoredTensor> =>
  new Map([...recorded(`${name}/state/`)].map(([key, value]) => [
    /^(model|classifier)/.test(name) ? key : key.replace("convolution.", ""),
    value,
  ]));

for (const name of cases) {
  onEveryBackend(`importState() reads the convolutional networks of PyTorch, ${name}`, async (device) => {
    const { part, run } = made(name), [[kind, input]] = [...tensors(`${name}/input/`)] as [[string, Tensor]];
    importState(part, stateOf(name));
    const given = kind === "x" ? parameter(input) : input, output = run(given);
    const close = device.name === "reference" ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-6 };
    await assertClose(output, tensors(`${name}/output`).get("")!, close);

    output.square().mean().backward();
    const found = tensors(`${name}/gradient/`);
    if (kind === "x") await assertClose(given.grad!, found.get("x")!, close);
    for (const [path, value] of part.parameters()) {
      const ofName = found.get(path) ?? found.get(`convolution.${path}`)!;
      await assertClose(path === "head.weight" ? value.grad!.transpose() : value.grad!, ofName, close);
    }
  });
}

Deno.test("exportState() names a convolutional network as PyTorch does, and gives its numbers back", async () => {
  for (const name of cases) {
    const { part } = made(name), state = stateOf(name);
    importState(part, state);
    const exported = await exportState(part);
    assertEquals([...exported.keys()].sort(), [...state.keys()].sort());
    const ours = restoreTensors(exported), theirs = restoreTensors(state);
    for (const [key, value] of ours) await assertClose(value, theirs.get(key)!, { tolerance: 0 });
  }
});

// ## Laws

const windows = [[1, 1], [2, 1], [3, 2], [4, 3]] as const;

onEveryBackend("plainConvolution() is what SequenceConvolution() computes for each text", async () => {
  for (const [size, dilation] of windows) {
    for (const causal of [false, true]) {
      const layer = new SequenceConvolution(4, 5, size, new Random(1), { dilation, causal }), x = normal(2, 3, 6, 4);
      const batch = layer.forward(x);
      for (const b of [0, 1, 2]) {
        const one = plainConvolution(x.at(0, b), layer.weight, layer.bias!, { dilation, causal });
        await assertClose(batch.at(0, b), one, { length: 4 * size, scale: 4 });
      }
    }
  }
});

onEveryBackend("a causal convolution does not see the future, another one does", async () => {
  const x = normal(3, 2, 6, 4), changed = concat([x.slice(1, 0, 5), normal(4, 2, 1, 4)], 1);
  for (const causal of [true, false]) {
    const layer = new SequenceConvolution(4, 3, 3, new Random(1), { causal });
    const [before, after] = [layer.forward(x), layer.forward(changed)].map((y) => y.slice(1, 0, 5)) as [Tensor, Tensor];
    const difference = await before.sub(after).abs().max().item();
    assertEquals(difference === 0, causal);
  }
});

onEveryBackend(
  "SequenceConvolution() is shifted with its input, and tells the order of words in its window",
  async () => {
    const layer = new SequenceConvolution(4, 3, 3, new Random(1), { causal: true }), x = normal(5, 1, 9, 4);
    // Away from the ends, what moves by two positions is computed two positions later.
    const moved = layer.forward(concat([normal(6, 1, 2, 4), x], 1)).slice(1, 4);
    await assertClose(moved, layer.forward(x).slice(1, 2), { tolerance: 0 });
    const swapped = concat([x.slice(1, 0, 6), x.slice(1, 7, 8), x.slice(1, 6, 7), x.slice(1, 8)], 1);
    const difference = await layer.forward(x).sub(layer.forward(swapped)).at(1, 8).abs().max().item();
    assert(difference > 1e-3);
  },
);

onEveryBackend(
  "SequenceConvolution() goes on from the words before, and treats padding as the end of a text",
  async () => {
    const layer = new SequenceConvolution(4, 3, 3, new Random(1), { causal: true, dilation: 2 }),
      x = normal(7, 2, 9, 4);
    const rest = layer.forward(x.slice(1, 5), { before: x.slice(1, 1, 5) });
    await assertClose(rest, layer.forward(x).slice(1, 5), { length: 12, scale: 4 });

    const both = new SequenceConvolution(4, 3, 4, new Random(1)), short = x.slice(0, 0, 1).slice(1, 0, 5);
    const mask = tensor([Array.from({ length: 9 }, (_, t) => t < 5), new Array<boolean>(9).fill(true)]);
    const padded = both.forward(x, { mask }).slice(0, 0, 1).slice(1, 0, 5);
    await assertClose(padded, both.forward(short), { length: 16, scale: 4 });
  },
);

Deno.test("receptiveField() is how far back an output changes with its input", async () => {
  for (const [kernelSize, cycle, numLayers] of [[2, 4, 4], [3, 1, 3], [3, 2, 5]] as const) {
    const model = new ConvolutionalLanguageModel(
      { vocabSize: 5, hiddenSize: 4, numLayers, kernelSize, dilationCycle: cycle },
      new Random(1),
    );
    const dilations = Array.from({ length: numLayers }, (_, layer) => 2 ** (layer % cycle));
    const R = receptiveField(kernelSize, dilations), length = R + 3;
    assertEquals(model.receptiveField, R);
    const text = Array.from({ length }, (_, t) => t % 5);
    const last = async (tokens: number[]): Promise<Tensor> => {
      const scores = model.forward([tokens], { lastOnly: true });
      await scores.read();
      return scores;
    };
    const before = await last(text);
    for (let t = 0; t < length; t++) {
      const changed = await last(text.map((token, i) => i === t ? (token + 1) % 5 : token));
      assertEquals(await before.sub(changed).abs().max().item() > 0, t >= length - R, `token ${t} of ${length}`);
    }
  }
});

// ## The language model

const layout = { vocabSize: 11, hiddenSize: 8, numLayers: 3, dilationCycle: 3 };
const model = (gated = true): ConvolutionalLanguageModel =>
  new ConvolutionalLanguageModel({ ...layout, gated }, new Random(1)).eval();

/** The same model, which reads the whole text at each step. */
const forgetful = (of: ConvolutionalLanguageModel): Decoder => ({
  vocabSize: of.vocabSize,
  contextLength: of.contextLength,
  forward: (tokens, { lastOnly }) => of.forward(tokens, { lastOnly }),
});

onEveryBackend("generate() with the memory of a convolutional model equals recomputation", async () => {
  for (const gated of [true, false]) {
    for (const options of [{ maxNewTokens: 24 }, { maxNewTokens: 8, numBeams: 4 }]) {
      const prompts = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]];
      const remembered = await generate(model(gated), prompts, options);
      const recomputed = await generate(forgetful(model(gated)), prompts, options);
      assertEquals(remembered.map(({ tokens }) => tokens), recomputed.map(({ tokens }) => tokens));
    }
  }
});

onEveryBackend("ConvolutionalLanguageModel() reads a text in pieces as it reads it whole", async () => {
  const one = model(), tokens = ids([[1, 2, 3, 4, 5, 6, 7], [6, 7, 8, 9, 10, 0, 1]]);
  const whole = one.forward(tokens), cache = new KeyValueCache();
  for (const [from, to] of [[0, 1], [1, 4], [4, 7]] as const) {
    const piece = one.forward(tokens.slice(1, from, to), { caches: [cache] });
    await assertClose(piece, whole.slice(1, from, to), { length: 24, scale: 1 });
  }
  assertEquals(cache.length, one.receptiveField - 1);
  cache.dispose();
});

onEveryBackend("ConvolutionalLanguageModel() reads a text behind padding as it reads it alone", async () => {
  const one = model(), text = [3, 1, 4, 1, 5], alone = one.forward([text]);
  const mask = [[false, false, false, true, true, true, true, true]];
  await assertClose(one.forward([[7, 7, 7, ...text]], { mask }).slice(1, 3), alone, { length: 24, scale: 1 });
});

onItsOwnBackend("a convolutional model remembers as much after a hundred tokens as after thirty", async (device) => {
  const one = model(), most: number[] = [];
  for (const maxNewTokens of [30, 100]) {
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
  assertLess(most[1]! - most[0]!, 70);
});

onEveryBackend("train() teaches a convolutional model to count", async (device) => {
  if (device.name === "reference") return;
  const one = new ConvolutionalLanguageModel({ vocabSize: 8, hiddenSize: 16, numLayers: 2 }, new Random(1));
  const text = Int32Array.from({ length: 400 }, (_, i) => i % 8);
  const batches = new SequenceWindows(text, { contextLength: 10, batchSize: 8, random: new Random(2) });
  let last = Infinity;
  await train({
    model: one,
    batches,
    optimizer: new Optimizer(one.parameters(), adamW({ learningRate: 0.02 })),
    loss: (batch) => {
      const { inputs, targets } = nextTokens(batch);
      return crossEntropy(one.forward(inputs), targets);
    },
    steps: 60,
    onProgress: ({ loss }) => {
      last = loss;
    },
  });
  assertLess(last, 0.1);
});

onEveryBackend("ConvolutionalLanguageModel() can be quantized and written by", async () => {
  const one = new ConvolutionalLanguageModel({ vocabSize: 40, hiddenSize: 32, numLayers: 2 }, new Random(1)).eval();
  const tokens = [[1, 2, 3, 4]], before = await one.forward(tokens).read();
  const after = await quantize(one, "int8").forward(tokens).read();
  before.forEach((value, i) => assertAlmostEquals(after[i]!, value, 0.05));
  assertEquals((await generate(one, [1], { maxNewTokens: 3 })).tokens.length, 3);
});

Deno.test("ConvolutionalLanguageModel() says what does not fit", () => {
  const one = model(), caches = [new KeyValueCache(), new KeyValueCache()];
  assertThrows(() => one.forward([[1]], { caches }), TypeError, "Cannot use 2 caches");
  const make = (options: object) => () => new ConvolutionalLanguageModel({ vocabSize: 4, ...options }, new Random(1));
  assertThrows(make({ kernelSize: 1 }), RangeError, "kernelSize");
  assertThrows(make({ dilationCycle: 0 }), RangeError, "dilationCycle");
  const layer = new SequenceConvolution(4, 3, 3, new Random(1)), x = normal(1, 2, 5, 4);
  assertThrows(() => layer.forward(x, { before: normal(1, 2, 2, 4) }), TypeError, "the window looks ahead");
  const causal = new SequenceConvolution(4, 3, 3, new Random(1), { causal: true });
  assertThrows(() => causal.forward(x, { before: normal(1, 2, 1, 4) }), TypeError, "reach=2");
});

// ## The classifier

onEveryBackend("PhraseClassifier() answers for a text as it does without padding", async () => {
  const one = new PhraseClassifier({ vocabSize: 9, numClasses: 3, kernelSizes: [2, 4] }, new Random(1)).eval();
  // A positive bias, which windows of padding alone would yield.
  for (const { bias } of one.convolutions) bias!.assign(5);
  const text = [3, 1, 4], alone = one.forward([text]);
  const mask = [[true, true, true, false, false, false, false, false, false]];
  await assertClose(one.forward([[...text, 7, 7, 7, 7, 7, 7]], { mask }), alone, { length: 64, scale: 8 });
});

onEveryBackend("PhraseClassifier() finds a phrase wherever it stands, and shows where", async () => {
  const one = new PhraseClassifier({ vocabSize: 9, numClasses: 2, kernelSizes: [2], numFeatures: 1 }, new Random(1))
    .eval();
  // The kernel is the phrase 5 6 itself, and the rows of the other tokens are as long.
  const rows = one.embedding.weight.tensor, phrase = rows.slice(0, 5, 7);
  one.convolutions[0]!.weight.assign(phrase.transpose(0, 1).unsqueeze(0));
  const texts = [[5, 6, 1, 2, 3], [1, 2, 3, 5, 6], [1, 5, 6, 2, 3], [6, 5, 1, 2, 3]];
  const places = await one.findPhrases(texts)[0]!.place.read();
  assertEquals(Array.from(places).slice(0, 3), [1, 4, 2]);
  const scores = one.forward(texts), first = scores.slice(0, 0, 1);
  for (const b of [1, 2]) await assertClose(scores.slice(0, b, b + 1), first, { length: 64, scale: 8 });
  assert(await scores.slice(0, 3, 4).sub(first).abs().max().item() > 1e-3);
});

onReference("convolutional networks have the gradients of central differences", async () => {
  const x = normal(8, 2, 5, 3), tokens = ids([[1, 2, 3, 4], [0, 2, 4, 1]]);
  const mask = tensor([[true, true, true, true], [true, true, true, false]]);
  for (const [size, dilation] of windows) {
    const layer = new SequenceConvolution(3, 2, size, new Random(1), { dilation, causal: size === 3 });
    await assertModuleGradients(layer, () => layer.forward(x).square().sum());
  }
  const one = new ConvolutionalLanguageModel(
    { vocabSize: 5, hiddenSize: 3, numLayers: 2, dilationCycle: 2 },
    new Random(1),
  );
  await assertModuleGradients(one, () => one.forward(tokens, { mask }).square().sum());
});
