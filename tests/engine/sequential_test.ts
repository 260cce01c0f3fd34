import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { relu } from "../../core/05_transformer/feed_forward/activations.ts";
import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import { ones } from "../../core/engine/create.ts";
import { Dropout } from "../../core/engine/dropout.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { Sequential } from "../../core/engine/sequential.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, assertModuleGradients, normal, onEveryBackend, onReference } from "../support.ts";

function double(x: Tensor): Tensor {
  return x.mul(2);
}

onEveryBackend("Sequential() is its parts in turn, by number", async () => {
  const random = new Random(1), x = normal(2, 5, 4);
  const [first, last] = [new Linear(4, 8, random), new Linear(8, 2, random, { bias: false })];
  const model = new Sequential(first, relu, new Dropout(0.5), double, new Sequential(last));
  assertEquals([...model.stateDict().keys()], ["0.weight", "0.bias", "4.0.weight"]);
  assertEquals(model.length, 5);
  assertStrictEquals(model.parts[0], first);
  assertStrictEquals(model.parts[1], relu);
  assertStrictEquals(model.parts[4].parts[0], last);
  await assertClose(model.eval().forward(x), last.forward(relu(first.forward(x)).mul(2)), { tolerance: 0 });

  const dropped = new Dropout(0.5, new Random(3)).forward(relu(first.forward(x)));
  await assertClose(model.train(new Random(3)).forward(x), last.forward(dropped.mul(2)), { tolerance: 0 });
  assertEquals([...model.randoms().keys()], ["2.chance"]);
});

onReference("Sequential() of nothing hands its input through, and a part may stand in it twice", async () => {
  const x = ones([2, 4]), map = new Linear(4, 4, new Random(1)), twice = new Sequential(map, map);
  assertStrictEquals(new Sequential().forward(x), x);
  assertEquals([...twice.parameters().keys()], ["0.weight", "0.bias"]);
  await assertClose(twice.forward(x), map.forward(map.forward(x)), { tolerance: 0 });
  const other = new Sequential(new Linear(4, 4, new Random(2)));
  other.loadStateDict(twice.stateDict());
  await assertClose(other.forward(x), map.forward(x), { tolerance: 0 });
  await assertClose(other.forward([1, 1, 1, 1]), map.forward(ones([4])), { tolerance: 0 });
});

onReference("Sequential() has the gradients of its parts, each once", async () => {
  const random = new Random(1),
    model = new Sequential(new Linear(3, 4, random), (x: Tensor) => x.tanh(), new Linear(4, 2, random));
  const x = normal(4, 2, 3);
  await assertModuleGradients(model, () => model.forward(x));
});

onReference("Sequential() takes any module of one tensor, its own subclass too, and prints functions by name", () => {
  class Classifier extends Sequential<readonly [MultiHeadAttention, (x: Tensor) => Tensor]> {}
  const model = new Classifier(new MultiHeadAttention(4, 2, new Random(1)), (x) => x.mean(1));
  assertEquals(model.forward(ones([2, 3, 4])).shape, [2, 4]);
  assertEquals(
    // What compiles the test may drop the spaces around the arrow.
    String(new Sequential(new Linear(2, 3, new Random(1)), relu, double, (x) => x, new Dropout(0.1)))
      .replace("(x)=>x", "(x) => x"),
    `Sequential, 9 parameters, 72 bytes
  0: Linear, 9 parameters
    weight: float32 [2, 3]
    bias: float32 [3]
  1: relu
  2: double
  3: (x) => x
  4: Dropout 0.1`,
  );
});

onReference("Sequential() refuses what is no part, and what returns no tensor", () => {
  class Deaf extends Module {}
  const needed = ": a module with forward(x) or a function is needed";
  const refused: [unknown, string][] = [
    [3, "3"],
    [null, "null"],
    [undefined, "undefined"],
    [[relu, relu], "a list"],
    [{ forward: relu }, "an object"],
    [new Deaf(), "a Deaf"],
    [Linear, "the class Linear"],
    [ones([2]), "a Tensor"],
  ];
  for (const [part, name] of refused) {
    assertThrows(
      () => new Sequential(relu, part as never),
      TypeError,
      `Cannot make a Sequential with ${name} as part 1${needed}`,
    );
  }
  const model = new Sequential(relu, (() => Promise.resolve(1)) as never);
  assertThrows(() => model.forward(ones([2])), TypeError, "Cannot pass part 1 of a Sequential: it returned a Promise");
  assertThrows(() => model.forward([1] as never), TypeError, "Cannot pass a Sequential with x = a list");
});
