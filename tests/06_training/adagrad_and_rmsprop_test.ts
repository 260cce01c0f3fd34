import { assert, assertThrows } from "@std/assert";
import { adaGrad, rmsProp } from "../../core/06_training/adagrad_and_rmsprop.ts";
import { Optimizer, type OptimizerRule } from "../../core/06_training/optimizer.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { assertClose, onEveryBackend } from "../support.ts";

/** Lengths of the steps of one number, in learning rates, under given gradients. */
async function lengths(rule: OptimizerRule, gradients: readonly number[]): Promise<number[]> {
  const x = parameter(tensor([0])), optimizer = new Optimizer([x], rule), found: number[] = [];
  for (const gradient of gradients) {
    const before = await x.item();
    x.grad = tensor([gradient]);
    optimizer.step(1);
    found.push(before - await x.item());
  }
  return found;
}

onEveryBackend(
  "adaGrad() makes step t of a constant gradient 1 / √t learning rates long, whatever the gradient",
  async () => {
    const expected = Array.from({ length: 9 }, (_, i) => 1 / Math.sqrt(i + 1));
    for (const size of [1e-3, 4, 1e6]) {
      await assertClose(tensor(await lengths(adaGrad(), Array(9).fill(size))), expected, { rtol: 1e-5, atol: 1e-6 });
    }
  },
);

onEveryBackend(
  "rmsProp() makes steps of one learning rate of a constant gradient in the end, whatever the gradient",
  async () => {
    for (const size of [1e-3, 4, 1e6]) {
      const found = await lengths(rmsProp({ beta2: 0.5 }), Array(30).fill(size));
      assert(Math.abs(found[0]! - Math.SQRT2) < 1e-4 && Math.abs(found.at(-1)! - 1) < 1e-4, `${found}`);
    }
  },
);

onEveryBackend("adaGrad() remembers a burst of large gradients, rmsProp() forgets it", async () => {
  const gradients = [...Array(10).fill(100), ...Array(90).fill(1)];
  const kept = (await lengths(adaGrad(), gradients)).at(-1)!;
  assert(kept > 0.003 && kept < 0.0032, `${kept}`);
  const forgotten = (await lengths(rmsProp({ beta2: 0.8 }), gradients)).at(-1)!;
  assert(Math.abs(forgotten - 1) < 0.01, `${forgotten}`);
});

Deno.test("adaGrad() and rmsProp() refuse what is out of range, and each other's options", () => {
  for (const make of [adaGrad, rmsProp]) {
    assertThrows(() => make({ learningRate: -1 }), RangeError, "Cannot optimize with learningRate = -1");
    assertThrows(() => make({ epsilon: NaN }), RangeError, "epsilon");
  }
  assertThrows(() => rmsProp({ beta2: 1 }), RangeError, "Cannot optimize with beta2 = 1");
  assertThrows(() => adaGrad({ beta2: 0.9 } as object), TypeError, "beta2");
});
