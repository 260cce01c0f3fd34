import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Activation,
  activations,
  FeedForward,
  geGlu,
  gelu,
  geluTanh,
  reGlu,
  relu,
  silu,
  swiGlu,
} from "../../core/05_transformer/feed_forward/mod.ts";
import {
  layerNormalization,
  type Normalization,
  normalizations,
  rmsNormalization,
} from "../../core/05_transformer/normalization.ts";
import { Residual } from "../../core/05_transformer/residual.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { readPart, writePart } from "../../core/engine/part.ts";
import { Random } from "../../core/engine/random.ts";
import { arange, tensor, zeros } from "../../core/engine/create.ts";
import { goldens, leaf, precision, read } from "../goldens/read.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  Draws,
  normal,
  onEveryBackend,
  onReference,
} from "../support.ts";

onEveryBackend("relu(), gelu() and silu() agree with PyTorch, forwards and backwards", async (device) => {
  const golden = goldens.activations;
  for (
    const [f, y, gradient] of [
      [relu, golden.relu, golden.reluGradient],
      [gelu, golden.gelu, golden.geluGradient],
      [geluTanh, golden.geluTanh, golden.geluTanhGradient],
      [silu, golden.silu, golden.siluGradient],
    ] as const
  ) {
    const x = leaf(golden.x);
    const found = f(x);
    await assertClose(found, read(y), precision(device));
    found.sum().backward();
    await assertClose(x.grad!, read(gradient), precision(device));
  }
});

onEveryBackend("gelu() and geluTanh() differ", async () => {
  const x = arange(-600, 601).cast("float32").mul(0.01);
  const difference = await gelu(x).sub(geluTanh(x)).abs().max().item();
  assert(difference > 0.0004 && difference < 0.0005, `${difference}`);
});

onEveryBackend("activations take large numbers", async () => {
  const x = tensor([-1e4, 1e4, 0]);
  for (const f of [relu, gelu, silu, geluTanh]) {
    await assertClose(f(x).abs(), [0, 1e4, 0]);
  }
});

onEveryBackend("activations by kernel are their definitions", async () => {
  for (const count of [1, 15, 16, 17, 65, 1000]) {
    const x = normal(count, count).mul(3);
    for (const f of [relu, gelu, silu, geluTanh]) {
      await assertClose(f(x), withoutFusion(() => f(x)), { rtol: 1e-5, atol: 1e-6 });
      await assertClose(
        f(x.reshape([count, 1]).expand([count, 3])),
        withoutFusion(() => f(x)).unsqueeze(1).expand([
          count,
          3,
        ]),
        { rtol: 1e-5, atol: 1e-6 },
      );
    }
  }
});

Deno.test("activations have the gradients of their formulas", async () => {
  const x = new Draws(1).normal(3, 5);
  for (const f of [gelu, silu, geluTanh]) {
    await assertGradients((y) => f(y), [x]);
  }
});

onEveryBackend("FeedForward() works on each position by itself", async () => {
  for (const activation of [relu, gelu, geluTanh, silu, swiGlu, geGlu, reGlu]) {
    const layer = new FeedForward(4, 6, new Random(1), { activation });
    const hidden = normal(1, 2, 3, 4);
    const whole = layer.forward(hidden);
    for (const [b, t] of [[0, 0], [1, 2]] as const) {
      await assertClose(layer.forward(hidden.at(0, b).slice(0, t, t + 1)), whole.at(0, b).slice(0, t, t + 1), {
        tolerance: 16,
        length: 6,
      });
    }
  }
});

onEveryBackend("FeedForward() with swiglu is its formula", async () => {
  const layer = new FeedForward(4, 6, new Random(1), { activation: swiGlu, bias: false });
  assertEquals([...layer.parameters().keys()], ["up.weight", "gate.weight", "down.weight"]);
  const hidden = normal(1, 3, 4), gate = hidden.matmul(layer.gate!.weight.tensor);
  const expected = gate.div(gate.neg().exp().add(1)).mul(hidden.matmul(layer.up.weight.tensor)).matmul(
    layer.down.weight.tensor,
  );
  await assertClose(layer.forward(hidden), expected, { rtol: 1e-4, atol: 1e-5 });
});

onReference("FeedForward() has the gradients of its formula", async () => {
  for (const activation of [gelu, swiGlu]) {
    const layer = new FeedForward(4, 6, new Random(1), { activation });
    await assertModuleGradients(layer, () => layer.forward(normal(1, 2, 3, 4)));
  }
});

Deno.test("FeedForward() refuses an activation it does not know", () => {
  assertThrows(
    () => new FeedForward(4, 6, new Random(1), { activation: "relu" as unknown as Activation }),
    TypeError,
    'activation = "relu": activation must be an activation, such as relu or swiGlu',
  );
  assertThrows(
    () => readPart("an activation", "softsign", activations),
    TypeError,
    'Cannot read an activation from "softsign": it must be one of relu, gelu, geluTanh, silu, swiglu, geglu',
  );
});

Deno.test("activations are found by their words", () => {
  for (const [word, make] of Object.entries(activations)) {
    const part = make({} as never);
    assertEquals([part.word, writePart(part), readPart("an activation", word, activations)], [word, word, part]);
  }
  assertThrows(() => readPart("an activation", "toString", activations), TypeError, "Cannot read an activation");
  assertThrows(() => readPart("an activation", { word: "relu", slope: 1 }, activations), TypeError, "it has none");
});

// ## Residual connections

onEveryBackend("Residual() with a step that says nothing hands its input through", async () => {
  const hidden = normal(1, 2, 3, 4).mul(7).add(5);
  const silent = (x: typeof hidden) => zeros(x.shape);
  await assertClose(new Residual(4, { placement: "pre" }).forward(hidden, silent), hidden, { tolerance: 0 });
  const post = new Residual(4);
  await assertClose(post.forward(hidden, silent), post.norm.forward(hidden), { tolerance: 0 });
});

onEveryBackend("Residual() places its norm before or after", async () => {
  const hidden = normal(1, 2, 3, 4), double = (x: typeof hidden) => x.mul(2);
  for (const norm of [layerNormalization(), rmsNormalization()]) {
    const pre = new Residual(4, { placement: "pre", norm }), post = new Residual(4, { norm });
    await assertClose(pre.forward(hidden, double), hidden.add(pre.norm.forward(hidden).mul(2)), { tolerance: 0 });
    await assertClose(post.forward(hidden, double), post.norm.forward(hidden.mul(3)), { rtol: 1e-4, atol: 1e-5 });
  }
});

onEveryBackend("Residual() drops only in training and only by a Random", async () => {
  const hidden = zeros([1, 200, 5]), fixed = (x: typeof hidden) => x.add(1);
  const residual = new Residual(5, { placement: "pre", dropout: 0.5 });
  const values = async (random?: Random) => new Set(await residual.forward(hidden, fixed, random).read());
  assertEquals(await values(), new Set([1]));
  assertEquals(await values(new Random(1)), new Set([0, 2]));
  const [a, b] = [new Random(3), new Random(3)].map((random) => residual.forward(hidden, fixed, random));
  await assertClose(a!, b!, { tolerance: 0 });
  residual.eval();
  assertEquals(await values(new Random(1)), new Set([1]));
});

Deno.test("Residual() refuses what it does not know", () => {
  assertThrows(() => new Residual(4, { placement: "both" as "pre" }), TypeError, "must be one of post, pre");
  assertThrows(() => new Residual(4, { norm: "rms" as unknown as Normalization }), TypeError, "norm must be a norm");
  assertThrows(() => readPart("a norm", "batch", normalizations), TypeError, "it must be one of layer, rms");
  assertThrows(
    () => new Residual(4, { dropout: 1 }),
    RangeError,
    "dropout = 1: dropout must be a number of at least 0 and less than 1",
  );
});
