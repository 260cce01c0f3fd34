import { assert, assertEquals, assertThrows } from "@std/assert";
import { softmax } from "../../core/02_words/softmax.ts";
import {
  type AttentionOptions,
  attentionWeights,
  plainAttention,
  scaledDotProductAttention as attention,
} from "../../core/04_attention/scaled_dot_product.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { goldens, leaf, precision, read } from "../goldens/read.ts";
import {
  assertClose,
  assertGradients,
  causalMask,
  Draws,
  normal,
  onEveryBackend,
  onReference,
  withLast,
} from "../support.ts";

const [B, H, T, S, D] = [2, 3, 5, 7, 4];
const inputs = (): [Tensor, Tensor, Tensor] => [normal(1, B, H, T, D), normal(2, B, H, S, D), normal(3, B, H, S, D)];

onEveryBackend("scaledDotProductAttention() agrees with PyTorch, forwards and backwards", async (device) => {
  const golden = goldens.attention;
  const options: Record<string, AttentionOptions> = {
    plain: {},
    masked: { mask: read(golden.mask) },
    biased: { bias: read(golden.bias), scale: 0.25 },
    causal: { causal: true },
    grouped: { mask: read(golden.mask) },
  };
  for (const name of ["plain", "masked", "biased", "causal", "grouped"] as const) {
    const [query, key, value] = [leaf(golden.query), leaf(golden.key), leaf(golden.value)];
    const part = (x: Tensor): Tensor =>
      name === "causal" ? x.slice(2, 0, 5) : name === "grouped" ? x.slice(1, 0, 2) : x;
    const output = attention(query, part(key), part(value), options[name]);
    await assertClose(output, read(golden[name].y), precision(device));
    output.backward(read(golden.direction));
    await assertClose(query.grad!, read(golden[name].query), precision(device));
    await assertClose(part(key.grad!), read(golden[name].key), precision(device));
    await assertClose(part(value.grad!), read(golden[name].value), precision(device));
  }
});

onEveryBackend("plainAttention() is scaledDotProductAttention() for one head", async () => {
  const closeness = { tolerance: 16, length: S * D };
  for (const mask of [undefined, causalMask(T, S), new Draws(6).booleans(0.5, T, S).tensor()]) {
    for (const W of [D, 1]) {
      const [query, key, value] = [normal(1, T, D), normal(2, S, D), normal(3, S, W)];
      const heads = [query, key, value].map((x) => x.unsqueeze(0).unsqueeze(0));
      const all = attention(heads[0]!, heads[1]!, heads[2]!, { mask });
      await assertClose(plainAttention(query, key, value, mask), all.reshape([T, W]), closeness);
    }
  }
});

onEveryBackend("scaledDotProductAttention() cannot see the future through a causal mask", async () => {
  const [query, key, value] = [normal(1, B, H, T, D), normal(2, B, H, T, D), normal(3, B, H, T, D)];
  const past = (x: Tensor): Tensor => x.slice(2, 0, T - 1);
  for (const options of [{ mask: causalMask(T) }, { causal: true }]) {
    const before = attention(query, key, value, options);
    const after = attention(query, withLast(key, 8), withLast(value, 9), options);
    await assertClose(past(after), past(before), { tolerance: 0 });
  }
});

onEveryBackend("scaledDotProductAttention() is causal from the last key backwards", async () => {
  const [query, key, value] = inputs();
  await assertClose(
    attention(query, key, value, { causal: true }),
    attention(query, key, value, { mask: causalMask(T, S) }),
    { tolerance: 16, length: S * D },
  );
});

onEveryBackend("attentionWeights() spends exactly one unit of weight per query", async () => {
  const [query, key] = inputs();
  for (const options of [{}, { mask: causalMask(T, S) }, { causal: true }, { bias: normal(4, T, S) }]) {
    const sums = attentionWeights(query, key, options).sum(-1);
    await assertClose(sums, ones([B, H, T]), { tolerance: 4, length: S });
  }
});

onEveryBackend("scaledDotProductAttention() yields zeros where nothing is allowed", async () => {
  const golden = goldens.attention;
  const [query, key, value] = [leaf(golden.query), leaf(golden.key), leaf(golden.value)];
  const mask = read(golden.mask).slice(0, 0, 1).and(
    tensor([[true], [false], [true], [false], [true]]).expand([5, 7]),
  );
  const output = attention(query, key, value, { mask });
  output.sum().backward();
  for (const row of [1, 3]) {
    assertEquals(new Set(await output.at(2, row).read()), new Set([0]));
    assert((await query.grad!.at(2, row).read()).every((g) => g === 0));
  }
  assert((await key.grad!.read()).every(Number.isFinite));
  const nothing = attention(query, key, value, { mask: zeros([1, 1], "bool") });
  assertEquals(new Set(await nothing.read()), new Set([0]));
});

onEveryBackend("scaledDotProductAttention() commutes with any order of the keys", async () => {
  const [query, key, value] = inputs();
  const reorder = (x: Tensor): Tensor => concat([3, 0, 6, 1, 5, 2, 4].map((s) => x.slice(2, s, s + 1)), 2);
  await assertClose(attention(query, reorder(key), reorder(value)), attention(query, key, value), {
    tolerance: 16,
    length: S * D,
  });
});

onEveryBackend("scaledDotProductAttention() computes one head like all of them", async () => {
  const [query, key, value] = inputs();
  const mask = causalMask(T, S);
  const all = attention(query, key, value, { mask });
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      const one = (x: Tensor): Tensor => x.slice(0, b, b + 1).slice(1, h, h + 1);
      await assertClose(attention(one(query), one(key), one(value), { mask }), one(all), {
        tolerance: 16,
        length: S * D,
      });
    }
  }
});

onEveryBackend("scaledDotProductAttention() takes scores of ±1e4", async () => {
  const query = tensor([[[[100, 0]]]]), key = tensor([[[[100, 0], [-100, 0]]]]), value = tensor([[[[1, 2], [3, 4]]]]);
  await assertClose(attention(query, key, value, { scale: 1 }), [[[[1, 2]]]]);
  await assertClose(attention(query, key, value, { scale: -1 }), [[[[3, 4]]]]);
});

onEveryBackend("scaledDotProductAttention() takes shapes with zeros", () => {
  assertEquals(attention(zeros([2, 1, 0, 4]), zeros([2, 1, 3, 4]), zeros([2, 1, 3, 4])).shape, [2, 1, 0, 4]);
  assertEquals(attention(zeros([0, 1, 2, 4]), zeros([0, 1, 3, 4]), zeros([0, 1, 3, 4])).shape, [0, 1, 2, 4]);
  assertEquals(attention(zeros([1, 1, 2, 4]), zeros([1, 1, 0, 4]), zeros([1, 1, 0, 4])).shape, [1, 1, 2, 4]);
});

onEveryBackend("scaledDotProductAttention() by kernel is its definition", async () => {
  for (
    const [t, s, d, g] of [[1, 1, 1, 4], [1, 65, 16, 2], [17, 17, 15, 1], [33, 64, 32, 4], [64, 65, 64, 2]] as const
  ) {
    const [query, key, value] = [normal(1, 2, 4, t, d), normal(2, 2, g, s, d), normal(3, 2, g, s, d)];
    for (
      const options of [
        {},
        { causal: true },
        { mask: new Draws(4).booleans(0.7, 2, 1, t, s).tensor() },
        { bias: normal(5, 4, t, s), causal: true },
      ]
    ) {
      const closeness = { tolerance: 16, length: s * d };
      await assertClose(
        attention(query, key, value, options),
        withoutFusion(() => attention(query, key, value, options)),
        closeness,
      );
    }
  }
});

Deno.test("scaledDotProductAttention() has the gradients of its formula", async () => {
  const draws = new Draws(1);
  const [query, key, value] = [draws.normal(B, 4, T, D), draws.normal(B, 2, S, D), draws.normal(B, 2, S, D)];
  const mask = draws.booleans(0.6, B, 1, T, S);
  await assertGradients((q, k, v, m, b) => attention(q, k, v, { mask: m, bias: b, causal: true }), [
    query,
    key,
    value,
    mask,
    draws.normal(4, T, S),
  ]);
});

onEveryBackend("scaledDotProductAttention() keeps scores at variance one by its square root", async () => {
  // The claim of the notes: unscaled, the variance of a dot product is the width.
  for (const width of [16, 256]) {
    const scores = normal(1, 1, 1, 64, width).matmul(normal(2, 1, 1, 64, width).transpose());
    const variance = await scores.variance().item();
    assert(Math.abs(variance / width - 1) < 0.2, `${variance} for width ${width}`);
  }
  const saturated = softmax(normal(1, 1, 1, 64, 256).matmul(normal(2, 1, 1, 64, 256).transpose()));
  assert(await saturated.max(-1).mean().item() > 0.9);
});

Deno.test("scaledDotProductAttention() says which axis disagrees", () => {
  const query = zeros([2, 3, 5, 4]), key = zeros([2, 3, 7, 4]);
  assertThrows(
    () => attention(query, zeros([2, 3, 5, 5]), key),
    TypeError,
    "Cannot read shape [2, 3, 5, 5] as [B=2, G, S, D=4]",
  );
  assertThrows(() => attention(query, key, zeros([2, 3, 6, 4])), TypeError, "S=7");
  assertThrows(() => attention(query, zeros([2, 2, 7, 4]), zeros([2, 2, 7, 4])), TypeError, "2 groups of keys among 3");
  assertThrows(() => attention(query, key, key, { mask: zeros([5, 7]) }), TypeError, "a mask must be bool");
  assertThrows(() => attention(query, key, key, { mask: zeros([5, 6], "bool") }), TypeError, "a mask of shape [5, 6]");
  assertThrows(
    () => attention(query, key, key, { mask: zeros([2, 2, 3, 5, 7], "bool") }),
    TypeError,
    "of shape [2, 2, 3, 5, 7]",
  );
  assertThrows(
    () => attention(query, key, key, { scale: Infinity }),
    RangeError,
    "scale = Infinity: scale must be a number",
  );
});

onEveryBackend("scaledDotProductAttention() mixes values of any width by the same weights", async () => {
  const [B, H, G, T, S, D] = [2, 4, 2, 5, 7, 6], mask = new Draws(5).booleans(0.7, B, 1, T, S).tensor();
  for (const W of [0, 1, D - 1, D + 7]) {
    const leaves = (): Tensor[] =>
      [[B, H, T, D], [B, G, S, D], [B, G, S, W], [T, S]].map((shape, i) => parameter(normal(i, ...shape)));
    const call = (bias: Tensor) => ({ mask, bias, causal: true, scale: 0.3 });
    const own = leaves(), found = attention(own[0]!, own[1]!, own[2]!, call(own[3]!));
    const wanted = leaves(), weights = attentionWeights(wanted[0]!, wanted[1]!, call(wanted[3]!));
    const shared = wanted[2]!.unsqueeze(2).expand([B, G, H / G, S, W]).reshape([B, H, S, W]);
    const output = weights.matmul(shared);
    const closeness = { tolerance: 32, length: S * D };
    await assertClose(found, output, closeness);
    const direction = normal(9, B, H, T, W);
    found.mul(direction).sum().backward();
    output.mul(direction).sum().backward();
    for (const [i, leaf] of own.entries()) {
      await assertClose(leaf.grad!, wanted[i]!.grad!, { ...closeness, length: B * H * T * S });
    }
  }
});

onReference("scaledDotProductAttention() says that what allows and forbids is a mask, not a bias", () => {
  const x = normal(1, 1, 1, 2, 4);
  assertThrows(
    () => attention(x, x, x, { bias: causalMask(2) }),
    TypeError,
    "Cannot attend with a bias of bool: it is added to the scores and must be float32; what allows and forbids is a mask",
  );
});
