import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { additiveMask, causalMask, lengthMask, overKeys } from "../../core/04_attention/masks.ts";
import { multiHead, MultiHeadAttention, type MultiHeadOptions } from "../../core/04_attention/multi_head.ts";
import {
  AlibiPositions,
  RelativePositions,
  RotaryPositions,
  T5Positions,
} from "../../core/04_attention/positions/mod.ts";
import { scaledDotProductAttention, softCap } from "../../core/04_attention/scaled_dot_product.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { EncoderLayer } from "../../core/05_transformer/encoder.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { dropout } from "../../core/engine/dropout.ts";
import { writePart } from "../../core/engine/part.ts";
import type { Linear } from "../../core/engine/linear.ts";
import { linear } from "../../core/engine/weight.ts";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";

import { goldens, precision, read, state } from "../goldens/read.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  normal,
  onEveryBackend,
  onReference,
  withLast,
} from "../support.ts";
import { PlainMemory } from "./memory.ts";

const [B, T, S, E, H] = [2, 5, 7, 12, 3];

onEveryBackend("MultiHeadAttention() agrees with PyTorch", async (device) => {
  const golden = goldens.multiHead;
  const layer = new MultiHeadAttention(8, 2, new Random(1));
  layer.loadStateDict(state(golden.state));
  let weights: Tensor | undefined;
  const observe = (observed: Tensor): void => void (weights = observed);

  await assertClose(layer.forward(read(golden.hidden), { causal: true, observe }), read(golden.own), precision(device));
  await assertClose(weights!, read(golden.ownWeights), precision(device));
  const call = { context: read(golden.context), mask: overKeys(read(golden.mask)), observe };
  await assertClose(layer.forward(read(golden.hidden), call), read(golden.cross), precision(device));
  await assertClose(weights!, read(golden.crossWeights), precision(device));
});

onEveryBackend("MultiHeadAttention() is a loop over heads", async () => {
  const layer = new MultiHeadAttention(E, H, new Random(1));
  const hidden = normal(1, B, T, E), D = E / H;
  const heads = Array.from({ length: H }, (_, h) => {
    const [query, key, value] = [layer.query, layer.key, layer.value].map(({ weight, bias }) =>
      linear(hidden, weight.tensor.slice(1, h * D, (h + 1) * D), bias!.slice(0, h * D, (h + 1) * D)).unsqueeze(1)
    );
    return scaledDotProductAttention(query!, key!, value!).squeeze(1);
  });
  await assertClose(layer.forward(hidden), layer.output.forward(concat(heads, -1)), { tolerance: 32, length: E * T });
});

onEveryBackend("MultiHeadAttention() without positions commutes with permutation", async () => {
  const layer = new MultiHeadAttention(E, H, new Random(1));
  const hidden = normal(1, B, T, E);
  const shuffle = (x: Tensor): Tensor => concat([3, 1, 4, 0, 2].map((t) => x.slice(1, t, t + 1)), 1);
  await assertClose(layer.forward(shuffle(hidden)), shuffle(layer.forward(hidden)), { tolerance: 32, length: E * T });
});

onEveryBackend("MultiHeadAttention() hides the future with a causal mask", async () => {
  const layer = new MultiHeadAttention(E, H, new Random(1), { positions: new RotaryPositions(E / H) });
  const hidden = normal(1, B, T, E);
  const past = (x: Tensor): Tensor => x.slice(1, 0, T - 1);
  const before = layer.forward(hidden, { causal: true });
  await assertClose(past(layer.forward(withLast(hidden, 9), { causal: true })), past(before), { tolerance: 0 });
  await assertClose(layer.forward(hidden, { mask: causalMask(T) }), before, { tolerance: 32, length: E * T });
});

onEveryBackend("MultiHeadAttention() ignores what padding holds", async () => {
  const layer = new MultiHeadAttention(E, H, new Random(1));
  const hidden = normal(1, B, T, E), mask = overKeys(lengthMask([4, 4], T));
  const real = (x: Tensor): Tensor => x.slice(1, 0, 4);
  await assertClose(real(layer.forward(withLast(hidden, 100), { mask })), real(layer.forward(hidden, { mask })), {
    tolerance: 0,
  });
});

onEveryBackend("MultiHeadAttention() with a group per head is ordinary multi-head attention", async () => {
  const grouped = new MultiHeadAttention(E, 4, new Random(1), { numGroups: 2 });
  const full = new MultiHeadAttention(E, 4, new Random(2));
  assertEquals(grouped.key.weight.shape, [E, E / 2]);
  // Each group's columns, once for every head that reads them.
  const repeat = (x: Tensor): Tensor => {
    const groups = [0, 1].map((g) => x.slice(-1, g * 3, g * 3 + 3));
    return concat([groups[0]!, groups[0]!, groups[1]!, groups[1]!], -1);
  };
  const repeated = new Map(
    [...grouped.parameters()].map(([path, x]) => [path, /key|value/.test(path) ? repeat(x) : x]),
  );
  full.loadStateDict(repeated);
  const hidden = normal(1, B, T, E);
  await assertClose(grouped.forward(hidden), full.forward(hidden), { tolerance: 32, length: E * T });

  const one = new MultiHeadAttention(E, 4, new Random(3), { numGroups: 1 });
  assertEquals(one.key.weight.shape, [E, 3]);
  assertEquals(one.forward(hidden).shape, [B, T, E]);
});

onEveryBackend("MultiHeadAttention() with a cache computes what it computes without", async () => {
  const random = new Random(1);
  for (
    const positions of [
      undefined,
      new RotaryPositions(4),
      new RotaryPositions(4, { interleaved: true }),
      new AlibiPositions(H),
      new T5Positions(H, random, { bidirectional: false }),
      new RelativePositions(4, 2, random),
    ]
  ) {
    const layer = new MultiHeadAttention(E, H, random, { positions });
    const hidden = normal(1, B, T, E);
    const whole = layer.forward(hidden, { causal: true });
    const cache = new PlainMemory();
    const parts = [[0, 2], [2, 3], [3, 5]].map(([start, end]) =>
      layer.forward(hidden.slice(1, start!, end!), { causal: true, cache })
    );
    assertEquals(cache.length, T);
    await assertClose(concat(parts, 1), whole, { tolerance: 64, length: E * T });
  }
});

onEveryBackend("MultiHeadAttention() asks its context for keys and values once", async () => {
  const layer = new MultiHeadAttention(E, H, new Random(1), { contextSize: 4 });
  const hidden = normal(1, B, T, E), context = normal(2, B, S, 4), cache = new PlainMemory();
  const first = layer.forward(hidden, { context, cache });
  const again = layer.forward(hidden, { context: context.mul(100), cache });
  assertEquals(cache.length, S);
  await assertClose(again, first, { tolerance: 0 });
});

onEveryBackend("MultiHeadAttention() with nothing to look at yields its output bias", async () => {
  const layer = new MultiHeadAttention(E, H, new Random(1));
  layer.output.bias!.assign(3);
  const output = layer.forward(normal(1, B, T, E), { mask: zeros([1, 1], "bool") });
  await assertClose(output, ones([B, T, E]).mul(3), { tolerance: 0 });
});

onReference("MultiHeadAttention() has the gradients of its formula", async () => {
  const hidden = normal(1, B, T, E), random = new Random(1);
  for (
    const positions of [
      undefined,
      new RotaryPositions(4),
      new AlibiPositions(H),
      new T5Positions(H, random),
      new RelativePositions(4, 2, random),
    ]
  ) {
    const layer = new MultiHeadAttention(E, H, random, { positions, scale: 0.7 });
    await assertModuleGradients(layer, () => layer.forward(hidden, { causal: true }));
  }
  const cross = new MultiHeadAttention(E, H, random, { contextSize: 4, numGroups: 1, bias: false });
  await assertModuleGradients(cross, () => cross.forward(hidden, { context: normal(2, B, S, 4) }));
});

Deno.test("MultiHeadAttention() has as many weights whatever its heads", () => {
  const count = (heads: number): number => new MultiHeadAttention(E, heads, new Random(1)).parameterCount();
  assertEquals([1, 2, 3, 12].map(count), [1, 2, 3, 12].map(() => 4 * (E * E + E)));
  assert(
    new MultiHeadAttention(E, H, new Random(1), { positions: new T5Positions(H, new Random(1)) })
      .parameters().has("positions.weight"),
  );
});

Deno.test("MultiHeadAttention() refuses impossible layouts", () => {
  const build = (...args: [number, number, object?]) =>
    new MultiHeadAttention(args[0], args[1], new Random(1), args[2]);
  assertThrows(() => build(10, 3), RangeError, "Cannot split width 10 into 3 heads: numHeads must divide hiddenSize");
  assertThrows(() => build(12, 4, { numGroups: 3 }), RangeError, "numGroups must divide numHeads");
  assertThrows(() => build(12, 4, { numGroups: 0 }), RangeError, "numGroups must be an integer of at least 1");
  assertThrows(() => build(12, 4, { numGroup: 2 }), TypeError, 'option "numGroup"');
  const layer = build(12, 3, { positions: new RotaryPositions(4) });
  assertThrows(
    () => layer.forward(zeros([1, 2, 12]), { context: zeros([1, 2, 12]) }),
    TypeError,
    "Cannot attend to a context with a position rule",
  );
});

onEveryBackend("MultiHeadAttention() adds a bias to the scores, beside that of its positions", async () => {
  const random = new Random(1), hidden = normal(1, B, T, E);
  for (const positions of [undefined, new AlibiPositions(H), new RelativePositions(4, 2, random)]) {
    const layer = new MultiHeadAttention(E, H, random, { positions });
    const mask = causalMask(T).or(tensor([[true, true, false, false, false]]));
    // A forbidden pair is a bias of minus infinity.
    await assertClose(layer.forward(hidden, { bias: additiveMask(mask) }), layer.forward(hidden, { mask }), {
      tolerance: 32,
      length: E * T,
    });
    const bias = normal(2, B, H, T, T);
    let plain: Tensor | undefined, biased: Tensor | undefined;
    layer.forward(hidden, { observe: (weights) => void (plain = weights) });
    layer.forward(hidden, { bias, observe: (weights) => void (biased = weights) });
    // softmax(log A + b): the weights are those without it, reweighted.
    await assertClose(biased!, softmax(plain!.log().add(bias)), { tolerance: 64, length: E * T });
  }
});

onEveryBackend("MultiHeadAttention() takes keys and values of different origin and width", async () => {
  const [C, W, D, V] = [4, 6, 5, 3], hidden = normal(1, B, T, E);
  const context = normal(2, B, S, C), valueContext = normal(3, B, S, W);
  for (const valueSize of [V, D, D + 4]) {
    const layer = new MultiHeadAttention(E, H, new Random(1), {
      contextSize: C,
      valueContextSize: W,
      headSize: D,
      valueSize,
    });
    assertEquals(layer.value.weight.shape, [W, H * valueSize]);
    assertEquals(layer.output.weight.shape, [H * valueSize, E]);
    // Head by head, by the formula.
    const columns = ({ weight, bias }: Linear, h: number, width: number, x: Tensor): Tensor =>
      linear(x, weight.tensor.slice(1, h * width, (h + 1) * width), bias!.slice(0, h * width, (h + 1) * width));
    const heads = Array.from({ length: H }, (_, h) => {
      const query = columns(layer.query, h, D, hidden), key = columns(layer.key, h, D, context);
      const weights = softmax(query.matmul(key.transpose(1, 2)).div(Math.sqrt(D)));
      return weights.matmul(columns(layer.value, h, valueSize, valueContext));
    });
    const found = layer.forward(hidden, { context, valueContext });
    await assertClose(found, layer.output.forward(concat(heads, -1)), { tolerance: 64, length: E * S });
    const cache = new PlainMemory();
    layer.forward(hidden, { context, valueContext, cache });
    await assertClose(layer.forward(hidden, { context: context.mul(2), cache }), found, { tolerance: 0 });
  }
});

onReference("MultiHeadAttention() has the gradients of its formula for biases and other widths", async () => {
  const bias = parameter(normal(4, B, H, T, S)), hidden = normal(1, B, T, E);
  const layer = new MultiHeadAttention(E, H, new Random(1), { contextSize: 4, valueContextSize: 6, valueSize: 3 });
  const call = { context: normal(2, B, S, 4), valueContext: normal(3, B, S, 6) };
  await assertModuleGradients(layer, () => layer.forward(hidden, { ...call, bias }));
  await assertGradients((given) => layer.forward(hidden, { ...call, bias: given! }), [bias]);
});

Deno.test("attention says which mask does not fit, and how a mask of tokens becomes one of pairs", () => {
  const hidden = zeros([32, 40, 8]), padding = lengthMask(new Array(32).fill(40), 40);
  const found = "Cannot attend with a mask of shape [32, 40]: the scores are [B=32, H=2, T=40, S=40], " +
    "and a mask must be [T, S], [B, H, T, S], or have 1 for what it is the same for; " +
    "overKeys(mask) makes a mask of tokens, [B, S], one of keys, [B, 1, 1, S]";
  for (const options of [{}, { window: { before: 2 } }, { positions: new AlibiPositions(2) }]) {
    const layer = new MultiHeadAttention(8, 2, new Random(1), options);
    assertThrows(() => layer.forward(hidden, { mask: padding }), TypeError, found);
    assertEquals(layer.forward(hidden, { mask: overKeys(padding) }).shape, [32, 40, 8]);
    const wrong = zeros([39, 40]), said = "Cannot attend with a bias of shape [39, 40]: ";
    assertThrows(() => layer.forward(hidden, { bias: wrong }), TypeError, said);
    assertThrows(() => layer.forward(hidden, { mask: wrong.equal(0) }), TypeError, "a mask of shape [39, 40]: ");
  }
  const x = zeros([3, 2, 4, 5]);
  const attend = (mask: Tensor) => () => scaledDotProductAttention(x, x, x, { mask });
  assertThrows(attend(zeros([3, 4], "bool")), TypeError, "overKeys(mask) makes a mask of tokens");
  for (const shape of [[], [4], [4, 1], [3, 1, 1, 4], [1, 2, 4, 4]]) attend(zeros(shape, "bool"))();
  for (const shape of [[3], [3, 2, 4, 4, 1], [2, 2, 4, 4], [0, 4]]) {
    assertThrows(attend(zeros(shape, "bool")), TypeError, "Cannot attend with a mask of shape");
  }
});

Deno.test("MultiHeadAttention() refuses values of other origin where they have no effect or do not fit", () => {
  const layer = new MultiHeadAttention(E, H, new Random(1), { contextSize: 4, valueContextSize: 6 });
  const hidden = zeros([B, T, E]), context = zeros([B, S, 4]);
  assertThrows(
    () => layer.forward(hidden, { valueContext: zeros([B, S, 6]) }),
    TypeError,
    "Cannot attend with valueContext: it has no effect without context",
  );
  // What is refused is what was given, in its own shape.
  assertThrows(
    () => layer.forward(hidden, { context, valueContext: zeros([B, S + 1, 6]) }),
    TypeError,
    "Cannot read shape [2, 8, 6] as [B=2, S=7, W]",
  );
  assertThrows(
    () => layer.forward(hidden, { context: zeros([B + 1, S, 4]) }),
    TypeError,
    "Cannot read shape [3, 7, 4]",
  );
  assertThrows(() => layer.forward(hidden, { context }), TypeError, "the last extent must be 6");
  assertThrows(
    () => layer.forward(hidden, { context, valueContext: zeros([B, S, 6]), bias: zeros([T, S + 1]) }),
    TypeError,
    "Cannot attend with a bias of shape [5, 8]: the scores are [B=2, H=3, T=5, S=7]",
  );
  assertThrows(
    () =>
      new MultiHeadAttention(E, H, new Random(1), {
        positions: new RelativePositions(4, 2, new Random(1)),
        valueSize: 3,
      }),
    TypeError,
    "Cannot attend with values of width 3 and a position rule that adds to them: headSize is 4",
  );
});

onEveryBackend(
  "MultiHeadAttention() drops weights in training, as its definition says, and in no other mode",
  async () => {
    const layer = new MultiHeadAttention(E, H, new Random(1), { dropout: 0.4 });
    const plain = new MultiHeadAttention(E, H, new Random(1));
    const hidden = normal(1, B, T, E), mask = causalMask(T), length = E * T;
    assertEquals([...layer.stateDict().keys()], [...plain.stateDict().keys()]);

    const random = new Random(5);
    let weights: Tensor | undefined;
    const dropped = layer.train(random).forward(hidden, { mask, observe: (seen) => weights = seen });
    const shares = dropout(weights!, 0.4, new Random(5));
    assert((await shares.read()).some((share, i) => share === 0 && i % T === 0), "something is dropped");
    const values = plain.value.forward(hidden).reshape([B, T, H, E / H]).transpose(1, 2);
    const mixed = shares.matmul(values).transpose(1, 2).reshape([B, T, E]);
    await assertClose(dropped, plain.output.forward(mixed), { tolerance: 32, length });

    await assertClose(layer.eval().forward(hidden, { mask }), plain.forward(hidden, { mask }), { tolerance: 0 });
    assertEquals(layer.randoms().size, 1);
    assertThrows(
      () => new MultiHeadAttention(E, H, Random.none, { dropout: 0.4 }).dropout!.forward(weights!),
      TypeError,
      "Cannot drop in training mode without random numbers",
    );
  },
);

onReference(
  "MultiHeadAttention() with dropout is right on average, and its gradients are those of what was kept",
  async () => {
    const layer = new MultiHeadAttention(E, H, new Random(1), { dropout: 0.25, numGroups: 1, valueSize: 2 });
    const hidden = normal(1, 1, T, E);
    let sum = zeros([1, T, E]);
    const draws = 4000;
    layer.train(new Random(2));
    for (let i = 0; i < draws; i++) sum = sum.add(layer.forward(hidden).detach());
    const mean = sum.div(draws), expected = layer.eval().forward(hidden);
    // The output is linear in the weights: a mean of draws is off by their deviation, at most 1 here, over the root of their number.
    assert((await mean.sub(expected).abs().max().item()) < 5 / Math.sqrt(draws));

    const state = layer.train(new Random(3)).dropout!.chance!.generator!.state();
    await assertModuleGradients(layer, () => {
      layer.dropout!.chance!.generator!.restore(state);
      return layer.forward(hidden);
    });
  },
);

onReference("a layer with dropout of its attention shares one generator, and a model keeps the option", () => {
  const attention = multiHead({ dropout: 0.1 });
  const layer = new EncoderLayer({ hiddenSize: E, numHeads: H, attention, dropout: 0.1 }, new Random(1));
  assertEquals(layer.randoms().size, 1);
  assertEquals(layer.chances().size, 3);
  assertEquals(writePart(attention), { word: "multiHead", dropout: 0.1 });
});

onEveryBackend("MultiHeadAttention() normalizes the queries and keys of each head alone", async () => {
  const positions = new RotaryPositions(E / H), D = E / H, epsilon = 1e-6;
  const layer = new MultiHeadAttention(E, H, new Random(1), {
    positions,
    queryKeyNorm: rmsNormalization({ epsilon }),
  });
  for (const norm of [layer.queryNorm, layer.keyNorm]) {
    norm!.parameters().get("gain")!.assign(normal(7, D).abs().add(0.5));
  }
  const hidden = normal(1, B, T, E), split = (x: Tensor) => x.reshape([B, T, H, D]).transpose(1, 2);
  // By hand: divide by the root of the mean square of the head, multiply by the gain, and turn only then.
  const brought = (x: Tensor, gain: Tensor) =>
    positions.mark(x.div(x.square().mean(-1, { keepDims: true }).add(epsilon).sqrt()).mul(gain), 0);
  const [query, key] = [[layer.query, layer.queryNorm], [layer.key, layer.keyNorm]].map(([map, norm]) =>
    brought(split((map as Linear).forward(hidden)), norm!.parameters().get("gain")!)
  );
  const heads = scaledDotProductAttention(query!, key!, split(layer.value.forward(hidden)), { causal: true });
  const expected = layer.output.forward(heads.transpose(1, 2).reshape([B, T, E]));
  await assertClose(layer.forward(hidden, { causal: true }), expected, { tolerance: 64, length: E * T });
});

Deno.test("MultiHeadAttention() has biases where it is told to", () => {
  const paths = (options: MultiHeadOptions) =>
    [...new MultiHeadAttention(E, H, new Random(1), options).parameters().keys()].filter((path) => /bias/.test(path));
  const inner = ["query.bias", "key.bias", "value.bias"];
  assertEquals(paths({ bias: false, inputBias: true }), inner);
  assertEquals(paths({ inputBias: false }), ["output.bias"]);
  assertEquals(paths({ bias: false, inputBias: true, outputBias: true }), [...inner, "output.bias"]);
  assertEquals(paths({ outputBias: false }), inner);
});

onEveryBackend("softCap bends scores before the mask, and in every route", async () => {
  const [query, key, value] = [1, 2, 3].map((seed) => normal(seed, B, H, T, 4).mul(3));
  const mask = causalMask(T), bound = 1.5, z = query!.matmul(key!.transpose(-2, -1)).mul(0.5);
  const weights = softmax(z.div(bound).tanh().mul(bound).where(mask, -Infinity));
  const expected = weights.matmul(value!), close = { tolerance: 64, length: 4 * T };
  await assertClose(scaledDotProductAttention(query!, key!, value!, { mask, softCap: bound }), expected, close);
  await assertClose(scaledDotProductAttention(query!, key!, value!, { causal: true, softCap: bound }), expected, close);
  const layer = new MultiHeadAttention(E, H, new Random(1), { softCap: 0.5 }), hidden = normal(4, B, T, E).mul(4);
  const plain = new MultiHeadAttention(E, H, new Random(1));
  let seen: Tensor | undefined;
  const found = layer.forward(hidden, { causal: true, observe: (weights) => void (seen = weights) });
  await assertClose(layer.forward(hidden, { causal: true }), found, close);
  // No weight of the last row is more than e times another: scores are at most 0.5 apart from 0.
  const last = await seen!.slice(2, -1).slice(0, 0, 1).slice(1, 0, 1).read(),
    largest = Math.max(...last),
    smallest = Math.min(...last);
  assert(largest / smallest <= Math.E * 1.001, `${largest / smallest}`);
  await assertRejects(() => assertClose(plain.forward(hidden, { causal: true }), found, close));
  assertThrows(() => softCap(z, 0), RangeError, "bound");
});

onReference(
  "MultiHeadAttention() with norms of heads and a bound of scores has the gradients of its parameters",
  async () => {
    const layer = new MultiHeadAttention(4, 2, new Random(1), { queryKeyNorm: rmsNormalization(), softCap: 2 });
    const hidden = normal(2, 1, 3, 4);
    await assertModuleGradients(layer, () => layer.forward(hidden, { causal: true }));
  },
);
