import { assertEquals, assertThrows } from "@std/assert";
import { type Activation, activations, FeedForward, gelu, swiGlu } from "../../core/05_transformer/feed_forward/mod.ts";
import { readPart } from "../../core/engine/part.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, assertModuleGradients, normal, onEveryBackend, onReference } from "../support.ts";

onEveryBackend("FeedForward() works on each position by itself", async () => {
  for (const word of Object.keys(activations)) {
    const activation = readPart("an activation", word, activations);
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
    `Cannot read an activation from "softsign": it must be one of ${Object.keys(activations).join(", ")}`,
  );
});
