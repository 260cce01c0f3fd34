import { assertEquals, assertThrows } from "@std/assert";
import { CrossAttention, SelfAttention } from "../../core/04_attention/self_and_cross.ts";
import { Random } from "../../core/engine/random.ts";
import { full, zeros } from "../../core/engine/create.ts";
import {
  assertClose,
  assertModuleGradients,
  build,
  HostArray,
  normal,
  onEveryBackend,
  onReference,
} from "../support.ts";

const [B, T, S, E, C, D] = [2, 4, 5, 6, 3, 4];

onReference("SelfAttention() in matrix form is the loop over positions", async () => {
  const layer = new SelfAttention(E, D, new Random(1));
  const hidden = normal(1, 1, T, E);
  const rows = await Promise.all(
    [layer.attention.query, layer.attention.key, layer.attention.value].map((matrix) =>
      HostArray.of(matrix.forward(hidden))
    ),
  );
  const [query, key, value] = rows as [HostArray, HostArray, HostArray];
  const dot = (t: number, s: number): number => {
    let sum = 0;
    for (let d = 0; d < D; d++) sum += query.at(0, t, d) * key.at(0, s, d);
    return sum / Math.sqrt(D);
  };
  const expected = build([1, T, D], (_, t, d) => {
    let total = 0, mixed = 0;
    for (let s = 0; s < T; s++) {
      total += Math.exp(dot(t!, s));
      mixed += Math.exp(dot(t!, s)) * value.at(0, s, d!);
    }
    return mixed / total;
  });
  await assertClose(layer.forward(hidden), expected, { rtol: 1e-12, atol: 1e-12 });
});

onEveryBackend("SelfAttention() is cross-attention to itself", async () => {
  const layer = new SelfAttention(E, D, new Random(1));
  const hidden = normal(1, B, T, E);
  await assertClose(layer.forward(hidden), layer.attention.forward(hidden, hidden), { tolerance: 0 });
  await assertClose(layer.weights(hidden).sum(-1), full([B, T], 1), { tolerance: 4, length: T });
});

onEveryBackend("CrossAttention() says only what the context says", async () => {
  const layer = new CrossAttention(E, C, D, new Random(1));
  const context = full([B, S, C], 0.5);
  const output = layer.forward(normal(1, B, T, E), context);
  // All values are equal, so their mixture is that value, whatever is asked.
  await assertClose(output, layer.value.forward(context).slice(1, 0, 1).expand([B, T, D]), {
    tolerance: 16,
    length: S * C,
  });
  assertEquals(layer.weights(normal(1, B, T, E), context).shape, [B, T, S]);
});

onReference("CrossAttention() has the gradients of its formula", async () => {
  const layer = new CrossAttention(E, C, D, new Random(1));
  const hidden = normal(1, B, T, E), context = normal(2, B, S, C);
  await assertModuleGradients(layer, () => layer.forward(hidden, context));
});

Deno.test("CrossAttention() wants as many contexts as sequences", () => {
  const layer = new CrossAttention(E, C, D, new Random(1));
  assertThrows(
    () => layer.forward(zeros([2, 3, E]), zeros([1, 3, C])),
    TypeError,
    "Cannot read shape [1, 3, 3] as [B=2, S, C]",
  );
});
