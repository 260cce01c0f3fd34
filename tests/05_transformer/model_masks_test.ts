/** Windows, prefixes and masks of pairs in whole models, with and without caches. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { additiveMask, causalMask, lengthMask, overKeys } from "../../core/04_attention/masks.ts";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import {
  alibi,
  learned,
  noPositions,
  type PositionScheme,
  rotary,
  shaw,
  sinusoidal,
  t5,
} from "../../core/04_attention/positions/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { tensor } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import { padTokens } from "../../core/02_words/embeddings.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, onEveryBackend } from "../support.ts";
import { PlainMemory } from "../04_attention/memory.ts";

const ids = (list: number[][]): Tensor => tensor(list, undefined, "int32");
const small = { vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 2, contextLength: 12 };
const text = [[1, 5, 9, 4, 3, 7, 2, 6], [2, 2, 7, 0, 10, 1, 8, 3]];
const T = 8, closeness = { rtol: 1e-4, atol: 1e-5 };

/** The text with one token replaced in every row. */
const changed = (at: number): number[][] =>
  text.map((row) => row.map((token, t) => t === at ? (token + 1) % 11 : token));

/** Positions whose outputs differ by more than rounding. */
async function moved(a: Tensor, b: Tensor): Promise<number[]> {
  const differences = await a.sub(b).abs().max(-1).max(0).read();
  return [...differences].flatMap((difference, t) => difference > 1e-6 ? [t] : []);
}

onEveryBackend("DecoderOnly() with a window sees no token outside of it", async () => {
  for (const positions of [rotary(), alibi]) {
    const attention = multiHead({ window: { before: 2 } });
    const model = new DecoderOnly({ ...small, positions, attention }, new Random(1));
    const before = model.forward(ids(text));
    // Each of two layers hands on what it saw two positions back.
    assertEquals(await moved(model.forward(ids(changed(1))), before), [1, 2, 3, 4, 5]);
    assertEquals(await moved(model.forward(ids(changed(6))), before), [6, 7]);
    const everything = new DecoderOnly({ ...small, positions }, new Random(1));
    assertEquals(await moved(everything.forward(ids(changed(1))), everything.forward(ids(text))), [
      1,
      2,
      3,
      4,
      5,
      6,
      7,
    ]);
  }
});

onEveryBackend("DecoderOnly() with a window and caches computes what it computes without", async () => {
  const attention = multiHead({ window: { before: 2 } });
  const model = new DecoderOnly({ ...small, attention, numGroups: 1 }, new Random(1));
  const caches = model.newCaches(() => new PlainMemory()), tokens = ids(text);
  const parts = [[0, 3], [3, 4], [4, 5], [5, 8]].map(([from, to]) =>
    model.forward(tokens.slice(1, from!, to!), { caches })
  );
  await assertClose(concat(parts, 1), model.forward(tokens), closeness);
});

onEveryBackend("EncoderDecoder() with a window sees so far on both sides of the source", async () => {
  const attention = multiHead({ window: { before: 1, after: 1 } });
  const model = new EncoderDecoder({ ...small, numLayers: 1, attention }, new Random(1)).eval();
  assertEquals(await moved(model.encode(ids(changed(4))), model.encode(ids(text))), [3, 4, 5]);
  // The source itself is seen from everywhere.
  const target = ids([[1, 2, 3], [1, 4, 5]]), read = (rows: number[][]) => model.forward(ids(rows), target);
  assertEquals(await moved(read(changed(4)), read(text)), [0, 1, 2]);
});

onEveryBackend("DecoderOnly() with a prefix sees it both ways, and what follows one way", async () => {
  const model = new DecoderOnly({ ...small, positions: rotary() }, new Random(1)), prefix = [4, 2];
  const run = (rows: number[][], lengths = prefix): Tensor => model.forward(ids(rows), { prefix: lengths });
  const rows = async (at: number): Promise<number[][]> => {
    const [after, before] = [run(changed(at)), run(text)], found: number[][] = [];
    for (const row of [0, 1]) found.push(await moved(after.slice(0, row, row + 1), before.slice(0, row, row + 1)));
    return found;
  };
  // Position 1 is in both prefixes, position 3 only in the first.
  assertEquals(await rows(1), [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]]);
  assertEquals(await rows(3), [[0, 1, 2, 3, 4, 5, 6, 7], [3, 4, 5, 6, 7]]);
  assertEquals(await rows(5), [[5, 6, 7], [5, 6, 7]]);
  await assertClose(run(text, [0, 0]), model.forward(ids(text)), closeness);
  await assertClose(run(text, [1, 1]), model.forward(ids(text)), closeness);
});

onEveryBackend("DecoderOnly() with a prefix and caches computes what it computes without", async () => {
  const model = new DecoderOnly({ ...small, positions: alibi }, new Random(1)), prefix = [4, 2], tokens = ids(text);
  const caches = model.newCaches(() => new PlainMemory());
  const parts = [[0, 4], [4, 5], [5, 8]].map(([from, to]) =>
    model.forward(tokens.slice(1, from!, to!), { caches, prefix })
  );
  await assertClose(concat(parts, 1), model.forward(tokens, { prefix }), closeness);
  // Once the prefix is in the caches, what follows needs no word of it.
  const again = model.newCaches(() => new PlainMemory());
  model.forward(tokens.slice(1, 0, 4), { caches: again, prefix });
  await assertClose(model.forward(tokens.slice(1, 4), { caches: again }), concat(parts.slice(1), 1), closeness);
});

Deno.test("DecoderOnly() refuses a prefix in parts, or longer than the text", () => {
  const model = new DecoderOnly(small, new Random(1)), caches = model.newCaches(() => new PlainMemory());
  const tokens = ids(text);
  assertThrows(() => model.forward(tokens, { prefix: [9, 1] }), RangeError, "Cannot mark 9 of 8 positions");
  model.forward(tokens.slice(1, 0, 3), { caches });
  assertThrows(
    () => model.forward(tokens.slice(1, 3), { caches, prefix: [4, 2] }),
    RangeError,
    "Cannot read a prefix of 4 tokens in parts: 3 were read before",
  );
});

onEveryBackend("models take a mask of pairs", async () => {
  const model = new DecoderOnly({ ...small, positions: rotary() }, new Random(1));
  const translator = new EncoderDecoder(small, new Random(1)).eval();
  // Blocks of four positions that do not see each other.
  const blocks = tensor(Array.from({ length: T }, (_, t) => Array.from({ length: T }, (_, s) => t >> 2 === s >> 2)))
    .reshape([1, 1, T, T]);
  const alone = ids(text.map((row) => row.slice(4)));
  const packed = model.forward(ids(text), { mask: blocks }).slice(1, 4);
  await assertClose(packed, model.forward(alone), closeness);
  const before = translator.encode(ids(text), { mask: blocks });
  assertEquals(await moved(translator.encode(ids(changed(2)), { mask: blocks }), before), [0, 1, 2, 3]);

  // A causal mask makes a decoder of an encoder; the target of a decoder takes one too.
  const causal = causalMask(T).reshape([1, 1, T, T]);
  assertEquals(
    await moved(translator.encode(ids(changed(5)), { mask: causal }), translator.encode(ids(text), { mask: causal })),
    [5, 6, 7],
  );
  const memory = translator.encode(ids(text));
  const write = (rows: number[][]): Tensor => translator.decode(ids(rows), memory, { mask: blocks });
  assertEquals(await moved(write(changed(2)), write(text)), [2, 3]);
  assert((await moved(translator.decode(ids(changed(2)), memory), translator.decode(ids(text), memory))).length > 2);
});

const everyPosition: readonly PositionScheme[] = [learned(), sinusoidal, shaw(), t5(), rotary(), alibi, noPositions];

/** Texts of different lengths, padded on the left. */
const short = [[1, 5, 9, 4, 3], [2, 7], [8, 8, 6]];
const starts = short.map(({ length }) => length - 5);
const present = short.map(({ length }) => Array.from({ length: 5 }, (_, t) => t >= 5 - length));

onEveryBackend("DecoderOnly() reads left-padded rows as it reads them alone, for every kind of positions", async () => {
  const tokens = padTokens(short, 10, { side: "left" }), mask = tensor(present);
  for (const positions of everyPosition) {
    // Rows that end at the last position there is: padding takes none.
    const model = new DecoderOnly({ ...small, contextLength: 5, positions }, new Random(1));
    const logits = model.forward(tokens, { mask, starts });
    const caches = model.newCaches(() => new PlainMemory());
    const parts = [[0, 1], [1, 4], [4, 5]].map(([from, to]) =>
      model.forward(tokens.slice(1, from!, to!), { caches, starts: starts.map((start) => start + from!) })
    );
    // What stands before position 0 is padding, whether or not a mask says so too.
    await assertClose(model.forward(tokens, { starts }), logits, { tolerance: 0 });
    for (const [row, text] of short.entries()) {
      const alone = model.forward(ids([text])), last = (x: Tensor) => x.slice(0, row, row + 1).slice(1, -text.length);
      await assertClose(last(logits), alone, closeness);
      await assertClose(last(concat(parts, 1)), alone, closeness);
    }
  }
});

onEveryBackend("EncoderDecoder() reads left-padded rows as it reads them alone", async () => {
  const tokens = padTokens(short, 10, { side: "left" }), mask = tensor(present);
  for (const positions of [sinusoidal, learned(), t5()]) {
    const model = new EncoderDecoder({ ...small, contextLength: 5, positions }, new Random(1)).eval();
    const memory = model.encode(tokens, { mask, starts });
    const logits = model.decode(tokens, memory, { mask, starts, sourceMask: mask });
    for (const [row, text] of short.entries()) {
      const last = (x: Tensor) => x.slice(0, row, row + 1).slice(1, -text.length);
      const alone = model.encode(ids([text]));
      await assertClose(last(memory), alone, closeness);
      await assertClose(last(logits), model.decode(ids([text]), alone), closeness);
    }
  }
});

onEveryBackend("models read rows that start further along at those positions", async () => {
  const model = new DecoderOnly({ ...small, positions: learned() }, new Random(1)), tokens = ids(text);
  const moved = model.forward(tokens, { starts: [0, 3] });
  const same = model.forward(tokens);
  await assertClose(moved.slice(0, 0, 1), same.slice(0, 0, 1), { tolerance: 0 });
  const placed = model.positions!.forward(model.embedding.forward(tokens.slice(0, 1)), 3);
  await assertClose(model.positions!.forward(model.embedding.forward(tokens), [0, 3]).slice(0, 1), placed, {
    tolerance: 0,
  });
});

Deno.test("models refuse starts that are not one per row, or end behind their table", () => {
  for (const positions of [learned(), alibi]) {
    const model = new DecoderOnly({ ...small, positions }, new Random(1));
    assertThrows(
      () => model.forward(ids(text), { starts: [0] }),
      TypeError,
      "Cannot place 2 rows by 1 starts: one is needed for each row",
    );
    assertThrows(() => model.forward(ids(text), { starts: [0, 0.5] }), TypeError, "must be a list of whole numbers");
  }
  assertThrows(
    () => new DecoderOnly(small, new Random(1)).forward(ids(text), { starts: [0, 5] }),
    RangeError,
    "Cannot place 8 tokens from position 5: the table ends at position 11",
  );
});

onEveryBackend("EncoderDecoder() takes masks of the target in training too", async () => {
  const model = new EncoderDecoder(small, new Random(1)).eval(), source = ids(text);
  const mask = lengthMask([5, 8], T), junk = ids([[1, 5, 9, 4, 3, 0, 0, 0], text[1]!]);
  // What is no token is not read, wherever it stands.
  const left = lengthMask([3, 3], T).equal(tensor(false));
  const run = (target: Tensor, at: Tensor): Tensor => model.forward(source, target, { mask: at });
  await assertClose(run(junk, mask).slice(1, 0, 5), run(ids(text), mask).slice(1, 0, 5), { tolerance: 0 });
  assertEquals(await moved(run(ids(changed(1)), left).slice(1, 3), run(ids(text), left).slice(1, 3)), []);
  // Without causality every position sees all.
  const open = model.forward(source, ids(text), { causal: false });
  assertEquals(await moved(model.forward(source, ids(changed(6)), { causal: false }), open), [0, 1, 2, 3, 4, 5, 6, 7]);
  const causal = causalMask(T).reshape([1, 1, T, T]);
  await assertClose(
    model.forward(source, ids(text), { causal: false, mask: causal }),
    model.forward(source, ids(text)),
    closeness,
  );
  assertThrows(
    () => model.forward(source, source, { causal: false, prefix: [1, 1] }),
    TypeError,
    "Cannot mask a text with a prefix and causal = false",
  );
});

onEveryBackend("models add biases to the scores of every layer", async () => {
  const mask = causalMask(T), bias = additiveMask(mask), keys = lengthMask([5, 8], T);
  const model = new DecoderOnly({ ...small, positions: alibi }, new Random(1));
  await assertClose(model.forward(ids(text), { causal: false, bias }), model.forward(ids(text)), closeness);
  const translator = new EncoderDecoder(small, new Random(1)).eval(), source = ids(text);
  const pairs = mask.reshape([1, 1, T, T]);
  const memory = translator.encode(source, { bias });
  await assertClose(memory, translator.encode(source, { mask: pairs }), closeness);
  const wanted = translator.decode(source, memory, { sourceMask: keys });
  for (const call of [{ sourceBias: additiveMask(overKeys(keys)) }, { sourceMask: overKeys(keys) }]) {
    await assertClose(translator.decode(source, memory, { causal: false, bias, ...call }), wanted, closeness);
  }
});
