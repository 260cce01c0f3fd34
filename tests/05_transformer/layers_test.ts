import { assert, assertEquals, assertThrows } from "@std/assert";
import { Embedding } from "../../core/02_words/embeddings.ts";
import { lengthMask, overKeys } from "../../core/04_attention/masks.ts";
import { DecoderLayer, DecoderStack, shiftRight } from "../../core/05_transformer/decoder.ts";
import { Encoder, EncoderLayer } from "../../core/05_transformer/encoder.ts";
import { gelu, relu, swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { goldens, precision, read, state } from "../goldens/read.ts";
import { assertClose, assertModuleGradients, normal, onEveryBackend, onReference, withLast } from "../support.ts";
import { PlainMemory } from "../04_attention/memory.ts";

const [B, T, S, E] = [2, 4, 5, 8];
const layer = { hiddenSize: E, numHeads: 2, feedForwardSize: 12 }, sizes = { ...layer, numLayers: 2 };
const orders = [
  { placement: "post", activation: relu, golden: goldens["encoderLayer post"], decoder: goldens["decoderLayer post"] },
  { placement: "pre", activation: gelu, golden: goldens["encoderLayer pre"], decoder: goldens["decoderLayer pre"] },
] as const;

onEveryBackend("EncoderLayer() agrees with PyTorch, post-norm and pre-norm", async (device) => {
  for (const { placement, activation, golden } of orders) {
    const built = new EncoderLayer({ ...layer, placement, activation }, new Random(1));
    built.loadStateDict(state(golden.state));
    const found = built.forward(read(golden.hidden), { mask: overKeys(read(golden.mask)) });
    await assertClose(found, read(golden.y), precision(device));
  }
});

onEveryBackend("DecoderLayer() agrees with PyTorch, post-norm and pre-norm", async (device) => {
  for (const { placement, activation, decoder: golden } of orders) {
    const built = new DecoderLayer({ ...layer, placement, activation }, new Random(1));
    built.loadStateDict(state(golden.state));
    const call = { sourceMask: overKeys(read(golden.mask)) };
    const found = built.forward(read(golden.hidden), read(golden.memory), call);
    await assertClose(found, read(golden.y), precision(device));
  }
});

onEveryBackend("Encoder() reads a sentence the same with and without padding", async () => {
  for (const placement of ["post", "pre"] as const) {
    const encoder = new Encoder({ ...sizes, placement }, new Random(1));
    const sentence = normal(1, 1, 3, E), beside = normal(2, 1, S, E);
    const padded = concat([concat([sentence, normal(3, 1, 2, E).mul(50)], 1), beside], 0);
    const both = encoder.forward(padded, { mask: lengthMask([3, 5], S) });
    const closeness = { tolerance: 64, length: E * S };
    await assertClose(both.slice(0, 0, 1).slice(1, 0, 3), encoder.forward(sentence), closeness);
    await assertClose(both.slice(0, 1, 2), encoder.forward(beside), closeness);
  }
});

onEveryBackend("Encoder() without positions commutes with permutation", async () => {
  const encoder = new Encoder(sizes, new Random(1)), hidden = normal(1, B, S, E);
  const shuffle = (x: Tensor): Tensor => concat([4, 2, 0, 1, 3].map((s) => x.slice(1, s, s + 1)), 1);
  await assertClose(encoder.forward(shuffle(hidden)), shuffle(encoder.forward(hidden)), {
    tolerance: 64,
    length: E * S,
  });
});

onEveryBackend("Encoder() shows every attention to an observer", async () => {
  const encoder = new Encoder(sizes, new Random(1)), seen = new Map<string, Tensor>();
  const hidden = normal(1, B, S, E);
  const observed = encoder.forward(hidden, { observe: (path, weights) => void seen.set(path, weights) });
  assertEquals([...seen.keys()], ["layers.0.attention", "layers.1.attention"]);
  for (const weights of seen.values()) assertEquals(weights.shape, [B, 2, S, S]);
  await assertClose(observed, encoder.forward(hidden), { tolerance: 0 });
});

/** A table or a matrix in front of an encoder, and a head behind it. */
class Reader extends Module {
  readonly table: Embedding = new Embedding(11, E, new Random(1));
  readonly patches: Linear = new Linear(6, E, new Random(2));
  readonly encoder: Encoder = new Encoder(sizes, new Random(3));
  readonly classes: Linear = new Linear(E, 3, new Random(4));

  /** Scores of the vocabulary at every position. */
  fill(tokens: Tensor): Tensor {
    return this.table.weight.multiplyTransposed(this.encoder.forward(this.table.forward(tokens)));
  }

  /** One class for each text, from its first vector. */
  classify(tokens: Tensor, mask: Tensor): Tensor {
    return this.classes.forward(this.encoder.forward(this.table.forward(tokens), { mask }).at(1, 0));
  }

  /** One vector for each image, the mean of its patches. */
  pool(images: Tensor): Tensor {
    return this.encoder.forward(this.patches.forward(images)).mean(1);
  }
}

onEveryBackend("Encoder() carries any head", async () => {
  const model = new Reader(), tokens = tensor([[5, 6, 2], [7, 2, 0]], undefined, "int32");
  assertEquals(model.fill(tokens).shape, [2, 3, 11]);
  const mask = tokens.notEqual(0), padded = tensor([[5, 6, 2], [7, 2, 9]], undefined, "int32");
  const classes = model.classify(tokens, mask);
  assertEquals(classes.shape, [2, 3]);
  await assertClose(model.classify(padded, mask), classes, { tolerance: 0 });
  // Patches are a set as long as nothing says where they stand.
  const images = normal(1, 2, 4, 6), turned = concat([images.slice(1, 2), images.slice(1, 0, 2)], 1);
  await assertClose(model.pool(turned), model.pool(images), { tolerance: 64, length: E * S });
  model.fill(tokens).square().mean().backward();
  assert(model.table.weight.tensor.grad !== undefined);
});

onEveryBackend("DecoderStack() cannot see the future, and sees all of the source", async () => {
  const decoder = new DecoderStack(sizes, new Random(1));
  const target = normal(1, B, T, E), memory = normal(2, B, S, E);
  const before = decoder.forward(target, memory), past = (x: Tensor): Tensor => x.slice(1, 0, T - 1);
  await assertClose(past(decoder.forward(withLast(target, 3), memory)), past(before), { tolerance: 0 });
  const changed = await decoder.forward(target, withLast(memory, 3)).sub(before).abs().max(-1).read();
  assert(changed.every((difference) => difference > 1e-6));
});

onEveryBackend("DecoderStack() with caches computes what it computes without", async () => {
  for (const placement of ["post", "pre"] as const) {
    const decoder = new DecoderStack({ ...sizes, placement, numGroups: 1 }, new Random(1));
    const target = normal(1, B, T, E), memory = normal(2, B, S, E), sourceMask = lengthMask([5, 3], S);
    const caches = Array.from({ length: 4 }, () => new PlainMemory());
    const parts = [[0, 1], [1, 3], [3, 4]].map(([start, end]) =>
      decoder.forward(target.slice(1, start!, end!), memory, { sourceMask, caches })
    );
    assertEquals(caches.map(({ length }) => length), [T, S, T, S]);
    await assertClose(concat(parts, 1), decoder.forward(target, memory, { sourceMask }), {
      tolerance: 64,
      length: E * S,
    });
    assertThrows(
      () => decoder.forward(target, memory, { caches: caches.slice(1) }),
      TypeError,
      "Cannot use 3 caches in 2 layers",
    );
  }
});

onReference("EncoderLayer() and DecoderLayer() have the gradients of their formulas", async () => {
  for (
    const options of [{}, { placement: "pre", norm: rmsNormalization(), activation: swiGlu, bias: false }] as const
  ) {
    const encoder = new EncoderLayer({ ...layer, ...options }, new Random(1));
    const hidden = normal(1, B, T, E), memory = normal(2, B, S, E);
    await assertModuleGradients(encoder, () => encoder.forward(hidden), { tolerance: 1e-5 });
    const decoder = new DecoderLayer({ ...layer, ...options }, new Random(2));
    await assertModuleGradients(decoder, () => decoder.forward(hidden, memory), { tolerance: 1e-5 });
  }
});

onEveryBackend("shiftRight() hides each word from the position that predicts it", async () => {
  const targets = tensor([[5, 6, 2], [7, 2, 0]], undefined, "int32");
  const shifted = shiftRight(targets, 1);
  assertEquals(shifted.shape, [2, 3]);
  assertEquals(shifted.dtype, "int32");
  assertEquals([...await shifted.read()], [1, 5, 6, 1, 7, 2]);
  assertEquals(shiftRight(zeros([2, 0], "int32"), 1).shape, [2, 0]);
});

onEveryBackend("Encoder() and DecoderStack() have a closing norm where they are asked to", async () => {
  for (const placement of ["post", "pre"] as const) {
    const [open, closed] = [false, true].map((closingNorm) =>
      new Encoder({ ...sizes, placement, closingNorm }, new Random(1))
    );
    const plain = new Encoder({ ...sizes, placement }, new Random(1));
    assertEquals([open!.norm !== undefined, closed!.norm !== undefined], [false, true]);
    assertEquals(plain.norm !== undefined, placement === "pre");
    const hidden = normal(1, B, S, E);
    await assertClose(closed!.forward(hidden), closed!.norm!.forward(open!.forward(hidden)), { tolerance: 0 });
    assertEquals(new DecoderStack({ ...sizes, placement, closingNorm: true }, new Random(1)).norm !== undefined, true);
    assertEquals(new DecoderStack({ ...sizes, placement, closingNorm: false }, new Random(1)).norm, undefined);
  }
});
