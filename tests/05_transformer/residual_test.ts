import { assertEquals, assertThrows } from "@std/assert";
import {
  layerNormalization,
  type Normalization,
  normalizations,
  rmsNormalization,
} from "../../core/05_transformer/normalization.ts";
import { Residual } from "../../core/05_transformer/residual.ts";
import { readPart } from "../../core/engine/part.ts";
import { Random } from "../../core/engine/random.ts";
import { ones, zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, normal, onEveryBackend } from "../support.ts";

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

onEveryBackend("Residual() drops in training alone, and refuses to without random numbers", async () => {
  const hidden = zeros([1, 200, 5]), fixed = (x: typeof hidden) => x.add(1);
  const residual = new Residual(5, { placement: "pre", dropout: 0.5 });
  const values = async () => new Set(await residual.forward(hidden, fixed).read());
  assertThrows(() => residual.forward(hidden, fixed), TypeError, "Cannot drop in training mode without random numbers");
  residual.train(new Random(1));
  assertEquals(await values(), new Set([0, 2]));
  const [a, b] = [new Random(3), new Random(3)].map((random) => residual.train(random).forward(hidden, fixed));
  await assertClose(a!, b!, { tolerance: 0 });
  residual.eval();
  assertEquals(await values(), new Set([1]));
});

Deno.test("Residual() refuses what it does not know", () => {
  assertThrows(() => new Residual(4, { placement: "sandwich" as "pre" }), TypeError, "must be one of post, pre, both");
  assertThrows(() => new Residual(4, { norm: "rms" as unknown as Normalization }), TypeError, "norm must be a norm");
  assertThrows(() => readPart("a norm", "batch", normalizations), TypeError, "it must be one of layer, rms");
  assertThrows(
    () => new Residual(4, { dropout: 1 }),
    RangeError,
    "dropout = 1: dropout must be a number of at least 0 and less than 1",
  );
});

onEveryBackend("Residual() with norms on both sides hands its input on, and adds a vector of one size", async () => {
  const residual = new Residual(4, { norm: rmsNormalization({ epsilon: 0 }), placement: "both" });
  const hidden = normal(1, 2, 3, 4).mul(5);
  const added = residual.forward(hidden, (x) => x.mul(1000)).sub(hidden);
  await assertClose(added.square().mean(-1), ones([2, 3]), { rtol: 1e-4, atol: 1e-4 });
  const seen: Tensor[] = [];
  residual.forward(hidden, (x) => (seen.push(x), x));
  await assertClose(seen[0]!.square().mean(-1), ones([2, 3]), { rtol: 1e-5, atol: 1e-5 });
});
