import { assert, assertEquals } from "@std/assert";
import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import {
  AlibiPositions,
  RelativePositions,
  RotaryPositions,
  T5Positions,
} from "../../core/04_attention/positions/mod.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, normal, onEveryBackend } from "../support.ts";

// ## All of them

onEveryBackend("position rules give a part what they give the whole", async () => {
  const random = new Random(1), query = normal(1, 1, 2, 9, 4);
  const rules = [new AlibiPositions(2), new T5Positions(2, random), new RelativePositions(4, 2, random)];
  for (const rule of rules) {
    const full = (x: Tensor): Tensor => x.expand([1, 2, ...x.shape.slice(-2)]);
    const whole = full(rule.bias(query, 9));
    for (const [T, S] of [[4, 4], [1, 7], [1, 9], [3, 8], [9, 9]] as const) {
      const part = full(rule.bias(query.slice(2, S - T, S), S));
      await assertClose(part, whole.slice(2, S - T, S).slice(3, 0, S), { rtol: 1e-5, atol: 1e-5 });
    }
    assertEquals(full(rule.bias(normal(2, 1, 2, 1, 4), 1000)).shape, [1, 2, 1, 1000]);
  }
});

onEveryBackend("position rules make attention see order", async () => {
  const random = new Random(1);
  const hidden = normal(1, 1, 4, 8);
  const swap = (x: Tensor): Tensor => concat([1, 0, 2, 3].map((t) => x.slice(1, t, t + 1)), 1);
  for (
    const positions of [
      new RotaryPositions(4),
      new AlibiPositions(2),
      new T5Positions(2, random),
      new RelativePositions(4, 2, random),
    ]
  ) {
    const layer = new MultiHeadAttention(8, 2, random, { positions });
    const difference = layer.forward(swap(hidden)).sub(swap(layer.forward(hidden))).abs().max();
    assert(await difference.item() > 1e-4, positions.constructor.name);
  }
});
