import { assert, assertEquals, assertThrows } from "@std/assert";
import { dropout } from "../../core/engine/dropout.ts";
import { ones, parameter, tensor } from "../../core/engine/create.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { normal, onEveryBackend } from "../support.ts";
import { assertStayOn } from "./elsewhere.ts";

onEveryBackend("dropout() zeroes about the given share and keeps the expectation", async () => {
  const n = 100_000, rate = 0.3;
  const kept = await dropout(ones([n]), rate, new Random(11)).read();
  const zeroed = kept.filter((value) => value === 0).length;
  // Five standard deviations of a binomial count.
  assert(Math.abs(zeroed - n * rate) < 5 * Math.sqrt(n * rate * (1 - rate)));
  for (const value of kept) assert(value === 0 || Math.abs(value - 1 / 0.7) < 1e-6);
});

onEveryBackend("dropout() drops the same elements from the same position of a stream, and others later", async () => {
  const random = new Random(4), x = ones([1000]);
  const state = random.state();
  const first = await dropout(x, 0.5, random).read();
  const second = await dropout(x, 0.5, random).read();
  const again = await dropout(x, 0.5, Random.from(state)).read();
  assertEquals(first, again);
  assert(first.some((value, i) => value !== second[i]));
  dropout(ones([5]), 0.5, random);
  assertEquals(random.state().counter, 500 + 500 + 3);
});

onEveryBackend("dropout() does nothing without a generator or at rate 0, and refuses rate 1", () => {
  const x = ones([3]);
  assertEquals(dropout(x, 0.5, undefined), x);
  const random = new Random(0);
  assertEquals(dropout(x, 0, random), x);
  assertEquals(random.state().counter, 0);
  assertThrows(() => dropout(x, 1, random), RangeError, "Cannot drop with rate 1: it must be in [0, 1)");
  assertThrows(() => dropout(x, NaN, random), RangeError, "Cannot drop with rate NaN");
});

onEveryBackend("dropout() runs on the device of its argument, whichever is current", (device) => {
  const x = normal(1, 3, 4);
  assertStayOn(device, () => [dropout(x, 0.5, new Random(0))]);
});

onEveryBackend("dropout() leaves nothing of what it drops, forwards and backwards, not even NaN", async () => {
  for (const n of [3, 16, 41]) {
    for (const fuse of [true, false]) {
      const strange = [NaN, Infinity, -Infinity, 1], values = Array.from({ length: n }, (_, i) => strange[i % 4]!);
      const x = parameter(tensor(values)), ones = tensor(values.map(() => 1));
      const run = (): Tensor[] => {
        const kept = dropout(ones, 0.5, new Random(3)), y = dropout(x, 0.5, new Random(3));
        y.backward(tensor(values));
        return [kept, y.detach()];
      };
      const [kept, y] = await Promise.all((fuse ? run() : withoutFusion(run)).map((x) => x.read()));
      const expected = values.map((value, i) => kept![i] === 0 ? 0 : 2 * value);
      assertEquals([...y!].map((value) => value + 0), expected);
      assertEquals([...await x.grad!.read()].map((value) => value + 0), expected);
    }
  }
});
