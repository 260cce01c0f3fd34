/** Models that drop: when they do, where their random numbers come from, and what stays the same. */

import { assert, assertEquals, assertNotEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { adamW } from "../../core/06_training/adam.ts";
import { encodeCheckpoint, restoreCheckpoint } from "../../core/06_training/checkpoints.ts";
import { train } from "../../core/06_training/loop.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { DecoderLayer, DecoderStack } from "../../core/05_transformer/decoder.ts";
import { Encoder, EncoderLayer } from "../../core/05_transformer/encoder.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { normal, onEveryBackend, onReference } from "../support.ts";

const sizes = { hiddenSize: 8, numHeads: 2 };
const layout = { ...sizes, vocabSize: 9, contextLength: 8, numLayers: 2 };
const ids = (rows: number[][]): Tensor => tensor(rows.flat(), [rows.length, rows[0]!.length], "int32");
const hidden = (): Tensor => normal(1, 2, 3, 8);

/** Every class that drops, with one pass through it. */
const kinds: Readonly<
  Record<string, { build(dropout: number, random: Random): Module; pass(model: never): Tensor; parts: number }>
> = {
  EncoderLayer: {
    build: (dropout, random) => new EncoderLayer({ ...sizes, dropout }, random),
    pass: (model: EncoderLayer) => model.forward(hidden()),
    parts: 2,
  },
  DecoderLayer: {
    build: (dropout, random) => new DecoderLayer({ ...sizes, dropout }, random),
    pass: (model: DecoderLayer) => model.forward(hidden(), hidden()),
    parts: 3,
  },
  Encoder: {
    build: (dropout, random) => new Encoder({ ...sizes, numLayers: 2, dropout }, random),
    pass: (model: Encoder) => model.forward(hidden()),
    parts: 4,
  },
  DecoderStack: {
    build: (dropout, random) => new DecoderStack({ ...sizes, numLayers: 2, dropout }, random),
    pass: (model: DecoderStack) => model.forward(hidden(), hidden()),
    parts: 6,
  },
  DecoderOnly: {
    build: (dropout, random) => new DecoderOnly({ ...layout, dropout }, random),
    pass: (model: DecoderOnly) => model.forward(ids([[1, 2, 3], [4, 5, 6]])),
    parts: 5,
  },
  EncoderDecoder: {
    build: (dropout, random) => new EncoderDecoder({ ...layout, dropout }, random),
    pass: (model: EncoderDecoder) => model.forward(ids([[1, 2, 3]]), ids([[4, 5]])),
    parts: 11,
  },
};

onEveryBackend("a model with dropout drops from one stream of its own, which repeats with the seed", async () => {
  for (const [name, { build, pass, parts }] of Object.entries(kinds)) {
    const run = (model: Module): Promise<Iterable<number>> => pass(model as never).read();
    const [model, twin] = [1, 1].map((seed) => build(0.3, new Random(seed))), plain = build(0, new Random(1));
    assertEquals([model!.chances().size, model!.randoms().size, plain.randoms().size], [parts, 1, 0], name);
    const first = await run(model!);
    assertEquals(await run(twin!), first, name);
    assertNotEquals(await run(model!), first, name);
    // Without dropout, and in evaluation mode with it, a model computes the same.
    assertEquals(await run(model!.eval()), await run(plain), name);
  }
});

onReference("weights and what the caller draws next are the same with dropout and without", async () => {
  for (const [name, { build }] of Object.entries(kinds)) {
    const [with_, without] = [new Random(1), new Random(1)];
    const [a, b] = [build(0.3, with_).stateDict(), build(0, without).stateDict()];
    assertEquals(with_.state(), without.state(), name);
    assertEquals([...a.keys()], [...b.keys()], name);
    for (const [path, value] of a) assertEquals(await value.read(), await b.get(path)!.read(), path);
  }
});

onReference("a model made with Random.none drops once it is given random numbers, and not before", () => {
  for (const [name, { build, pass }] of Object.entries(kinds)) {
    const model = build(0.3, Random.none);
    assertEquals(model.randoms().size, 0, name);
    model.loadStateDict(build(0, new Random(1)).stateDict());
    assertThrows(() => pass(model as never), TypeError, "Cannot drop in training mode without random numbers", name);
    const random = new Random(2);
    pass(model.train(random) as never);
    assertEquals([...model.randoms().values()], [random], name);
    assert(random.state().counter > 0, name);
    const { counter } = random.state();
    pass(model.eval() as never);
    assertEquals(random.state().counter, counter, name);
  }
});

onReference("one layer in training drops alone", async () => {
  const model = new DecoderOnly({ ...layout, dropout: 0.5 }, new Random(1)).eval(), tokens = ids([[1, 2, 3]]);
  const plain = await model.forward(tokens).read(), random = new Random(5);
  model.layers[1]!.train(random);
  assertNotEquals(await model.forward(tokens).read(), plain);
  // Two steps of three positions and eight features, two numbers to a block.
  assertEquals(random.state().counter, 2 * 3 * 8 / 2);
  assertEquals(model.randoms().size, 2);
});

/** A language model in training, on one text. */
function learner(model: DecoderOnly) {
  const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: 0.01 }));
  const text = [1, 2, 3, 4, 5, 6];
  const go = (steps: number): Promise<unknown> =>
    train({
      model,
      optimizer,
      steps,
      batches: { next: () => text },
      loss: () => crossEntropy(model.forward(ids([text.slice(0, -1)])), ids([text.slice(1)])),
    });
  return { run: { model, optimizer }, go };
}

onEveryBackend(
  "a run with dropout equals two with a checkpoint between, from its own numbers and from given",
  async () => {
    for (const given of [false, true]) {
      const start = (weights: Random, numbers: number) => {
        const model = new DecoderOnly({ ...layout, dropout: 0.3 }, weights);
        if (given || weights === Random.none) model.train(new Random(numbers));
        return learner(model);
      };
      const whole = start(new Random(1), 2), first = start(new Random(1), 2);
      await whole.go(6);
      await first.go(3);
      const file = await encodeCheckpoint(first.run);
      for (const second of [start(new Random(77), 78), start(Random.none, 79)]) {
        restoreCheckpoint(file, second.run);
        await second.go(6);
        assertEquals(await encodeCheckpoint(second.run), await encodeCheckpoint(whole.run));
      }
    }
  },
);

onReference(
  "train() with a model that drops and has no random numbers moves nothing, and says what to do",
  async () => {
    const trained = new DecoderOnly({ ...layout, dropout: 0.3 }, new Random(1));
    const model = new DecoderOnly({ ...layout, dropout: 0.3 }, Random.none), { run, go } = learner(model);
    model.loadStateDict(trained.stateDict());
    await assertRejects(
      () => go(3),
      TypeError,
      "Cannot drop in training mode without random numbers: give a Random at construction, call model.train(random)",
    );
    assertEquals([run.optimizer.steps, model.training], [0, false]);
    for (const [path, value] of model.stateDict()) {
      assertEquals(await value.read(), await trained.stateDict().get(path)!.read(), path);
    }
    model.train(new Random(3));
    await go(3);
    assertEquals(run.optimizer.steps, 3);
  },
);

onReference("a checkpoint names the generator of a model once, and opens for who only answers", async () => {
  const random = new Random(4), model = new DecoderOnly({ ...layout, dropout: 0.3 }, new Random(1)).train(random);
  const stated = (bytes: Uint8Array): string[] => {
    const text = new TextDecoder().decode(bytes);
    return Object.keys(JSON.parse(JSON.parse(/"training":("(?:[^"\\]|\\.)*")/.exec(text)![1]!)).randoms);
  };
  const coins = new Random(5), alone = await encodeCheckpoint({ model });
  assertEquals(stated(alone), ["model/dropout.chance"]);
  assertEquals(await encodeCheckpoint({ model, randoms: { dropout: random } }), alone);
  assertEquals(stated(await encodeCheckpoint({ model, randoms: { random, coins } })), [
    "model/dropout.chance",
    "coins",
  ]);
  await assertRejects(
    () => encodeCheckpoint({ model, randoms: { "model/dropout.chance": coins } }),
    TypeError,
    'Cannot name a generator "model/dropout.chance"',
  );

  // Named twice, it is restored as one.
  const other = new Random(9), twin = new DecoderOnly({ ...layout, dropout: 0.3 }, new Random(2)).train(other);
  random.next();
  restoreCheckpoint(await encodeCheckpoint({ model }), { model: twin, randoms: { anything: other } });
  assertEquals(other.state(), random.state());

  // Who answers needs no generator; a file without one opens too, and leaves a model's own where it is.
  const tokens = ids([[1, 2, 3]]), expected = await model.eval().forward(tokens).read();
  const answering = new DecoderOnly({ ...layout, dropout: 0.3 }, Random.none).eval();
  restoreCheckpoint(alone, { model: answering });
  assertEquals([await answering.forward(tokens).read(), answering.randoms().size], [expected, 0]);
  const plain = await encodeCheckpoint({ model: new DecoderOnly({ ...layout, dropout: 0 }, new Random(1)) });
  const before = other.state();
  restoreCheckpoint(plain, { model: twin });
  assertEquals(other.state(), before);
  assertThrows(
    () => restoreCheckpoint(plain, { model: twin, randoms: { other } }),
    TypeError,
    'Cannot resume: no random state "model/dropout.chance" was saved',
  );
});

onReference("every part of a model is given its own rate, and a model without dropout holds no generator", () => {
  const model = new EncoderDecoder({ ...layout, dropout: 0.25 }, new Random(1));
  assertEquals([model.dropout.rate, model.encoder.layers[0]!.attentionResidual.dropout.rate], [0.25, 0.25]);
  assertStrictEquals(
    model.dropout.chance!.generator,
    model.decoder.layers[1]!.feedForwardResidual.dropout.chance!.generator,
  );
  const none = new EncoderDecoder({ ...layout, dropout: 0 }, new Random(1)).train(new Random(2));
  assertEquals([none.randoms().size, none.chances().size], [0, 0]);
});
