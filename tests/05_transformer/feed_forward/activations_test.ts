import { assert, assertEquals, assertThrows } from "@std/assert";
import { activations, gelu, geluTanh, relu, silu } from "../../../core/05_transformer/feed_forward/mod.ts";
import { withoutFusion } from "../../../core/engine/fusable.ts";
import { readPart, writePart } from "../../../core/engine/part.ts";
import { arange, tensor } from "../../../core/engine/create.ts";
import { goldens, leaf, precision, read } from "../../goldens/read.ts";
import { assertClose, assertGradients, Draws, normal, onEveryBackend } from "../../support.ts";

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

Deno.test("activations are found by their words", () => {
  for (const [word, make] of Object.entries(activations)) {
    const part = make({} as never);
    assertEquals([part.word, writePart(part), readPart("an activation", word, activations)], [word, word, part]);
  }
  assertThrows(() => readPart("an activation", "toString", activations), TypeError, "Cannot read an activation");
  assertThrows(() => readPart("an activation", { word: "relu", slope: 1 }, activations), TypeError, "it has none");
});
