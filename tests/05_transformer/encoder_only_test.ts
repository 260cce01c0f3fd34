import { assert, assertEquals, assertThrows } from "@std/assert";
import { lengthMask } from "../../core/04_attention/masks.ts";
import { noPositions } from "../../core/04_attention/positions/scheme.ts";
import { learned } from "../../core/04_attention/positions/absolute.ts";
import { EncoderOnly, type EncoderOnlyOptions } from "../../core/05_transformer/encoder_only.ts";
import { geGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { train } from "../../core/06_training/loop.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { withBackend } from "../../core/engine/device.ts";
import { pack } from "../../core/engine/inference.ts";
import { concat } from "../../core/engine/joining.ts";
import { Random } from "../../core/engine/random.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { assertClose, assertModuleGradients, onEveryBackend, onReference } from "../support.ts";

const sizes = { vocabSize: 12, contextLength: 8, hiddenSize: 8, numHeads: 2, numLayers: 2, dropout: 0 } as const;
const make = (more: Partial<EncoderOnlyOptions> = {}): EncoderOnly =>
  new EncoderOnly({ ...sizes, ...more }, new Random(1)).eval();
const text = [[1, 7, 3, 9, 2]];

onEveryBackend("EncoderOnly() sees both sides of a word", async () => {
  const model = make(), before = noGrad(() => model.encode(text));
  for (const place of [0, 4]) {
    const changed = [text[0]!.map((token, i) => i === place ? 5 : token)];
    const difference = noGrad(() => model.encode(changed).sub(before).abs().at(1, 2).max());
    assert(await difference.item() > 1e-4, String(place));
  }
});

onEveryBackend("EncoderOnly() knows the order of words by its positions alone", async () => {
  for (const positions of [noPositions, learned()]) {
    const model = make({ positions }), words = [[[4, 5, 6]], [[6, 5, 4]]];
    const [forwards, backwards] = words.map((tokens) => noGrad(() => model.encode(tokens)));
    const difference = await forwards!.at(1, 0).sub(backwards!.at(1, 2)).abs().max().item();
    assertEquals(difference < 1e-5, positions === noPositions, positions.word);
  }
});

onEveryBackend("EncoderOnly() adds the vector of a token's text", async () => {
  const model = make({ numTypes: 2, numLayers: 1 }), types = [[0, 0, 1, 1, 1]];
  const [plain, first, mixed] = [undefined, [[0, 0, 0, 0, 0]], types].map((types) =>
    noGrad(() => model.encode(text, types ? { types } : {}))
  );
  await assertClose(plain!, first!, { tolerance: 0 });
  assert(await mixed!.sub(plain!).abs().max().item() > 1e-4);
  assertThrows(() => make({ numTypes: 0 }).encode(text, { types }), TypeError, "the model has numTypes = 0");
});

onEveryBackend("EncoderOnly() reads a text the same with and without padding", async () => {
  const model = make(), alone = noGrad(() => model.encode([[1, 7, 3]]));
  const padded = noGrad(() => model.encode([[1, 7, 3, 0, 0], [1, 2, 3, 4, 5]], { mask: lengthMask([3, 5], 5) }));
  await assertClose(padded.slice(0, 0, 1).slice(1, 0, 3), alone, { rtol: 1e-5, atol: 1e-5 });
  await assertClose(noGrad(() => model.pool(padded)).slice(0, 0, 1), noGrad(() => model.pool(alone)), {
    rtol: 1e-5,
    atol: 1e-5,
  });
});

onEveryBackend("EncoderOnly() scores some positions as it scores all, packed or not", async (device) => {
  for (const tieHead of [true, false]) {
    const model = make({ tieHead }), all = noGrad(() => model.forward(text));
    const one = noGrad(() => model.score(model.encode(text).at(1, 2)));
    await assertClose(one, all.at(1, 2), { rtol: 1e-5, atol: 1e-5 });
    if (!device.packing) continue;
    pack(model);
    await assertClose(noGrad(() => model.forward(text)), all, { rtol: 1e-4, atol: 1e-5 });
  }
});

onReference("EncoderOnly() has the gradients of its definition", async () => {
  const model = make({ numLayers: 1, contextLength: 4, vocabSize: 5, hiddenSize: 4 }).train();
  await assertModuleGradients(model, () => {
    const hidden = model.encode([[1, 0, 4]], { types: [[0, 1, 1]] });
    return concat([model.score(hidden).reshape([1, 15]), model.pool(hidden)], 1);
    // Norms of vectors as small as 0.02 bend within a step of the usual length.
  }, { step: 1e-6 });
});

Deno.test("EncoderOnly() has BERT's sizes by default, and the heads that it is asked for", () => {
  const { options } = new EncoderOnly({ vocabSize: 30522 }, Random.none);
  assertEquals([options.hiddenSize, options.numLayers, options.contextLength, options.numTypes], [768, 12, 512, 2]);
  const base = new EncoderOnly({ vocabSize: 30522, wordHead: false }, Random.none);
  assertEquals(base.parameterCount(), 109_482_240);
  const bare = make({ pooler: false, wordHead: false, embeddingNorm: false });
  assertEquals([bare.pooler, bare.head, bare.embeddingNorm], [undefined, undefined, undefined]);
  const hidden = noGrad(() => bare.encode(text));
  assertThrows(() => bare.pool(hidden), TypeError, "Cannot pool: the model has pooler = false");
  assertThrows(() => bare.score(hidden), TypeError, "Cannot score words: the model has wordHead = false");
  assertThrows(() => make({ wordHead: false, tieHead: true }), TypeError, "there is no head to be tied");
  assertThrows(() => make().encode([[1, 2, 3, 4, 5, 6, 7, 8, 9]]), RangeError, "contextLength is 8");
  assertEquals(make({ activation: geGlu }).head!.activation.word, "gelu");
});

Deno.test("EncoderOnly() names the attention of its layers", () => {
  const paths: string[] = [];
  noGrad(() => make().encode(text, { observe: (path) => void paths.push(path) }));
  assertEquals(paths, ["encoder.layers.0.attention", "encoder.layers.1.attention"]);
});

Deno.test("EncoderOnly() learns hidden words, and not to copy", async () => {
  // Words come in pairs: 2 after 1, 4 after 3 and so on, in either order.
  const MASK = 0, random = new Random(3), pairs = [[1, 2], [3, 4], [5, 6], [7, 8]];
  const draw = () =>
    Array.from({ length: 32 }, () => {
      const words = [0, 1].flatMap(() => pairs[random.integer(4)]!), hidden = random.integer(4);
      return { words, hidden };
    });
  const accuracies = await withBackend(createWasmDevice(), async () => {
    const found: number[] = [];
    for (const asksAll of [false, true]) {
      const model = new EncoderOnly({ ...sizes, numLayers: 1, hiddenSize: 32 }, new Random(2));
      const masked = ({ words, hidden }: { words: number[]; hidden: number }) =>
        words.map((word, i) => i === hidden && !asksAll ? MASK : word);
      await train({
        model,
        batches: { next: draw },
        optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.01, weightDecay: 0 })),
        steps: 300,
        loss(batch) {
          const logits = model.forward(batch.map(masked));
          const targets = batch.map(({ words, hidden }) => words.map((word, i) => asksAll || i === hidden ? word : -1));
          return crossEntropy(logits, targets, { ignoreIndex: -1 });
        },
      });
      model.eval();
      const judged = draw();
      const tokens = judged.map(({ words, hidden }) => words.map((word, i) => i === hidden ? MASK : word));
      const best = await noGrad(() => model.forward(tokens).argmax(-1)).read();
      found.push(
        judged.filter(({ words, hidden }, b) => best[b * 4 + hidden] === words[hidden]).length / judged.length,
      );
    }
    return found;
  });
  assertEquals(accuracies[0], 1);
  assert(accuracies[1]! < 0.6, String(accuracies));
});
