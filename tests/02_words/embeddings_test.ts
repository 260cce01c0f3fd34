import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  BagOfWordsClassifier,
  DeepBagOfWordsClassifier,
  Embedding,
  type EmbeddingOptions,
  multiplyOneHot,
  padTokens,
} from "../../core/02_words/embeddings.ts";
import { Random } from "../../core/engine/random.ts";
import { tensor } from "../../core/engine/create.ts";
import { assertClose, assertModuleGradients, onEveryBackend, onReference } from "../support.ts";

const ids = (list: number[][]) => tensor(list, undefined, "int32");

onEveryBackend("Embedding() looks up what a one-hot product computes", async () => {
  const embedding = new Embedding(11, 5, new Random(1));
  const tokens = ids([[3, 0, 10], [7, 7, 1]]);
  const found = embedding.forward(tokens);
  assertEquals(found.shape, [2, 3, 5]);
  await assertClose(found, multiplyOneHot(tokens, embedding.weight.tensor), { tolerance: 0 });
});

onEveryBackend("Embedding() moves only the rows that were looked up", async () => {
  const embedding = new Embedding(4, 2, new Random(1));
  embedding.forward(ids([[1, 3, 1]])).sum().backward();
  await assertClose(embedding.weight.tensor.grad!, [[0, 0], [2, 2], [0, 0], [1, 1]]);
});

onEveryBackend("Embedding() keeps the padding token at zero, forwards and backwards", async () => {
  const embedding = new Embedding(4, 2, new Random(1), { paddingIndex: 3 });
  const found = embedding.forward(ids([[1, 3]]));
  found.sum().backward();
  assertEquals([...await found.at(1, 1).read()], [0, 0]);
  await assertClose(embedding.weight.tensor.grad!, [[0, 0], [1, 1], [0, 0], [0, 0]]);
});

onReference("BagOfWordsClassifier() scores the same when table and output are turned alike", async () => {
  const width = 6, classifier = new BagOfWordsClassifier(9, width, 3, new Random(1));
  const tokens = ids([[1, 2, 3, 4], [8, 0, 0, 5]]), before = classifier.forward(tokens);
  // A reflection: I − 2 v vᵀ / vᵀv.
  const v = new Random(2).normal([width, 1]),
    identity = tensor(
      Array.from({ length: width }, (_, i) => Array.from({ length: width }, (_, j) => i === j ? 1 : 0)),
    );
  const turn = identity.sub(v.matmul(v.transpose(0, 1)).mul(2).div(v.square().sum()));
  const table = classifier.embedding.weight.tensor, output = classifier.output.weight.tensor;
  const moved = classifier.embedding.forward([[1]]);
  table.assign(table.matmul(turn));
  output.assign(turn.transpose(0, 1).matmul(output));
  await assertClose(classifier.forward(tokens), before);
  assertNotEquals(await classifier.embedding.forward([[1]]).read(), await moved.read());
});

onEveryBackend("BagOfWordsClassifier() ignores order", async () => {
  const classifier = new BagOfWordsClassifier(9, 6, 3, new Random(1));
  await assertClose(classifier.forward(ids([[1, 2, 3, 4]])), classifier.forward(ids([[4, 2, 1, 3]])), {
    tolerance: 16,
    length: 24,
  });
});

onEveryBackend("BagOfWordsClassifier() does not see padding", async () => {
  for (
    const classifier of [
      new BagOfWordsClassifier(9, 6, 3, new Random(1), { paddingIndex: 0 }),
      new DeepBagOfWordsClassifier(9, 6, 2, 3, new Random(1), { paddingIndex: 0 }),
    ]
  ) {
    classifier.forward(padTokens([[1, 2, 3], [4]], 0)).square().sum().backward();
    for (const weight of classifier.parameters().values()) weight.assign(weight.detach().sub(weight.grad!));
    await assertClose(
      classifier.forward(padTokens([[4]], 0)),
      classifier.forward(padTokens([[4], [1, 2, 3, 5, 6]], 0)).slice(0, 0, 1),
      { tolerance: 16, length: 24 },
    );
  }
});

Deno.test("a deviation that is undefined counts as not given", async () => {
  const numbers = async (classifier: BagOfWordsClassifier | DeepBagOfWordsClassifier) =>
    String(await classifier.embedding.weight.tensor.read());
  const unset = { deviation: undefined } as unknown as EmbeddingOptions;
  assertEquals(
    await numbers(new BagOfWordsClassifier(9, 6, 3, new Random(1), unset)),
    await numbers(new BagOfWordsClassifier(9, 6, 3, new Random(1))),
  );
  assertEquals(
    await numbers(new DeepBagOfWordsClassifier(9, 6, 1, 3, new Random(1), unset)),
    await numbers(new DeepBagOfWordsClassifier(9, 6, 1, 3, new Random(1))),
  );
});

onEveryBackend("DeepBagOfWordsClassifier() lets words act together, a bag does not", async () => {
  // The effect of a word is a difference of scores; alone and in company.
  const effect = async (classifier: BagOfWordsClassifier | DeepBagOfWordsClassifier, beside: number) => {
    const [with_, without] = await Promise.all(
      [[beside, 2], [beside, 0]].map((sentence) => classifier.forward(ids([sentence])).read()),
    );
    return Math.round(1e4 * (with_![0]! - without![0]!));
  };
  const flat = new BagOfWordsClassifier(9, 6, 1, new Random(1), { paddingIndex: 0, deviation: 1 });
  const deep = new DeepBagOfWordsClassifier(9, 6, 1, 1, new Random(1), { paddingIndex: 0, deviation: 1 });
  assertEquals(await effect(flat, 3), await effect(flat, 4));
  assertNotEquals(await effect(deep, 3), await effect(deep, 4));
});

onReference("DeepBagOfWordsClassifier() has the gradients of its formula", async () => {
  const classifier = new DeepBagOfWordsClassifier(5, 4, 2, 3, new Random(2), { paddingIndex: 0, deviation: 1 });
  await assertModuleGradients(classifier, () => classifier.forward(padTokens([[1, 2, 2], [3]], 0)));
});

onEveryBackend("padTokens() makes a box of ragged sentences", async () => {
  const tokens = padTokens([[5, 6, 7], [], [8]], 9);
  assertEquals(tokens.shape, [3, 3]);
  assertEquals(tokens.dtype, "int32");
  assertEquals([...await tokens.read()], [5, 6, 7, 9, 9, 9, 8, 9, 9]);
  assertEquals(padTokens([[1]], 0, { length: 4 }).shape, [1, 4]);
  assertEquals([...await padTokens([[5, 6], [8]], 0, { side: "left", length: 3 }).read()], [0, 5, 6, 0, 0, 8]);
  assertEquals(padTokens([], 0).shape, [0, 0]);
});

Deno.test("padTokens() refuses what does not fit", () => {
  assertThrows(() => padTokens([[1, 2, 3]], 0, { length: 2 }), RangeError, "Cannot pad a sentence of 3 tokens to 2");
  assertThrows(() => padTokens([[1.5]], 0), RangeError, "Cannot use 1.5 as a token");
});

Deno.test("Embedding() refuses a padding token outside the table", () => {
  assertThrows(
    () => new Embedding(4, 2, new Random(1), { paddingIndex: 4 }),
    RangeError,
    "Cannot pad with token 4: it must be an integer in [0, 3]",
  );
  assertThrows(
    () => new DeepBagOfWordsClassifier(4, 2, 0, 2, new Random(1)),
    RangeError,
    "numLayers must be an integer of at least 1",
  );
});

Deno.test("Embedding() and padTokens() refuse options that they do not know", () => {
  const padding = { padding: 0 } as never;
  assertThrows(() => new Embedding(4, 2, new Random(1), padding), TypeError, 'Cannot embed with option "padding"');
  assertThrows(() => padTokens([[1]], 0, { side: "middle" } as never), TypeError, "side must be one of left, right");
  assertThrows(() => padTokens([[1]], 0, { size: 3 } as never), TypeError, 'option "size": options are side, length');
  assertThrows(() => padTokens([[1]], 0.5), RangeError, "Cannot use 0.5 as a token");
});
