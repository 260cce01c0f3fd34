/** A feed-forward language model: PyTorch's numbers, one window and no more, generation with a memory of fixed size. */

import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { FeedForwardLanguageModel, scoreNext } from "../../core/03_language_models/feed_forward_lm.ts";
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
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, assertModuleGradients, onEveryBackend, onReference } from "../support.ts";

const layout = { vocabSize: 9, windowSize: 3, embeddingSize: 4, hiddenSize: 5 };
const model = (direct = true): FeedForwardLanguageModel =>
  new FeedForwardLanguageModel({ ...layout, direct }, new Random(1)).eval();
const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

// ## PyTorch

const golden = decodeSafetensors(Deno.readFileSync(new URL("../goldens/feed_forward_lm.safetensors", import.meta.url)));
const recorded = (path: string): Map<string, StoredTensor> =>
  new Map(
    [...golden.tensors].flatMap(([name, stored]) => name.startsWith(path) ? [[name.slice(path.length), stored]] : []),
  );
const tensors = (path: string): Map<string, Tensor> => restoreTensors(recorded(path));

for (const name of ["direct", "hidden only"]) {
  onEveryBackend(`importState() reads a feed-forward language model of PyTorch, ${name}`, async (device) => {
    const one = new FeedForwardLanguageModel({ ...layout, direct: name === "direct" }, Random.none);
    const state = recorded(`${name}/state/`);
    importState(one, state);
    const output = one.forward(tensors(`${name}/input/`).get("tokens")!);
    const close = device.name === "reference" ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-6 };
    await assertClose(output, tensors(`${name}/output`).get("")!, close);
    output.square().mean().backward();
    const found = tensors(`${name}/gradient/`);
    for (const [path, { grad }] of one.parameters()) {
      const isMatrix = path.endsWith("weight") && path !== "embedding.weight";
      await assertClose(isMatrix ? grad!.transpose() : grad!, found.get(path)!, close);
    }
    assertEquals([...(await exportState(one)).keys()].sort(), [...state.keys()].sort());
  });
}

// ## Laws

onEveryBackend("FeedForwardLanguageModel() scores each window as scoreNext() does", async () => {
  const one = model(), text = [3, 1, 4, 1, 5], scores = one.forward([text]);
  for (let t = layout.windowSize - 1; t < text.length; t++) {
    const window = one.embedding.forward(tensor(Int32Array.from(text.slice(t - layout.windowSize + 1, t + 1))));
    const plain = scoreNext(window, {
      hiddenWeight: one.hidden.weight.tensor,
      hiddenBias: one.hidden.bias!,
      outputWeight: one.head.weight.tensor,
      outputBias: one.head.bias!,
      directWeight: one.direct!.weight.tensor,
    });
    await assertClose(scores.at(1, t).squeeze(0), plain, { length: 12, scale: 4 });
  }
});

onEveryBackend("FeedForwardLanguageModel() sees its window, and no word before it or behind it", async () => {
  const one = model(), text = [3, 1, 4, 1, 5, 2], N = layout.windowSize;
  const before = one.forward([text]);
  for (const changed of text.keys()) {
    const after = one.forward([text.map((token, t) => t === changed ? 8 : token)]);
    const differences = await before.sub(after).abs().max(-1).read();
    assertEquals(
      Array.from(differences, (difference) => difference > 0),
      text.map((_, t) => changed <= t && t < changed + N),
    );
  }
});

/** The same model, which reads the whole text at each step. */
const forgetful = (of: FeedForwardLanguageModel): Decoder => ({
  vocabSize: of.vocabSize,
  contextLength: of.contextLength,
  forward: (tokens, { lastOnly }) => of.forward(tokens, { lastOnly }),
});

onEveryBackend("generate() with the window of a feed-forward model equals recomputation", async () => {
  for (const direct of [true, false]) {
    for (const options of [{ maxNewTokens: 12 }, { maxNewTokens: 8, numBeams: 4 }]) {
      const prompts = [[3, 1, 4, 1, 5], [8, 2, 6, 5, 3]];
      const remembered = await generate(model(direct), prompts, options);
      const recomputed = await generate(forgetful(model(direct)), prompts, options);
      assertEquals(remembered.map(({ tokens }) => tokens), recomputed.map(({ tokens }) => tokens));
    }
  }
});

onEveryBackend("FeedForwardLanguageModel() reads in pieces, and behind padding, as it reads a text whole", async () => {
  const one = model(), text = [3, 1, 4, 1, 5, 2, 6], whole = one.forward([text]), cache = new KeyValueCache();
  for (const [from, to] of [[0, 1], [1, 4], [4, 7]] as const) {
    const piece = one.forward([text.slice(from, to)], { caches: [cache], lastOnly: true });
    await assertClose(piece, whole.slice(1, to - 1, to), { length: 12, scale: 4 });
  }
  assertEquals(cache.length, layout.windowSize - 1);
  cache.dispose();
  const mask = [[false, false, ...text.map(() => true)]];
  await assertClose(one.forward([[7, 7, ...text]], { mask }).slice(1, 2), whole, { length: 12, scale: 4 });
});

onEveryBackend("train() teaches a feed-forward model to count", async (device) => {
  if (device.name === "reference") return;
  const one = new FeedForwardLanguageModel(
    { vocabSize: 8, windowSize: 2, embeddingSize: 8, hiddenSize: 16 },
    new Random(1),
  );
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
  assertLess(last, 0.1);
});

onReference("a feed-forward model has the gradients of central differences", async () => {
  const mask = tensor([[true, true, true, true], [true, true, false, true]]);
  const one = new FeedForwardLanguageModel({ ...layout, vocabSize: 5, direct: true }, new Random(1));
  await assertModuleGradients(one, () => one.forward(ids([[1, 2, 3, 4], [0, 2, 4, 1]]), { mask }).square().sum());
});

Deno.test("FeedForwardLanguageModel() says what does not fit", () => {
  const caches = [new KeyValueCache(), new KeyValueCache()];
  assertThrows(() => model().forward([[1]], { caches }), TypeError, "Cannot use 2 caches");
  assertThrows(
    () => new FeedForwardLanguageModel({ vocabSize: 4, windowSize: 1 }, new Random(1)),
    RangeError,
    "windowSize",
  );
});
