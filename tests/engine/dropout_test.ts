import { assert, assertEquals, assertThrows } from "@std/assert";
import { Dropout, dropout } from "../../core/engine/dropout.ts";
import { ones, parameter, tensor } from "../../core/engine/create.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { normal, onEveryBackend, onReference } from "../support.ts";
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

onEveryBackend("dropout() draws nothing at rate 0, and refuses rate 1 and no generator", () => {
  const x = ones([3]);
  assertThrows(() => dropout(x, 0.5, undefined as never), TypeError, "Cannot drop with random = undefined");
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

onEveryBackend("Dropout() drops in training alone, as the function does", async () => {
  const x = normal(1, 5, 40), drop = new Dropout(0.3, new Random(7));
  assertEquals(await drop.forward(x).read(), await dropout(x, 0.3, new Random(7)).read());
  assertEquals(drop.eval().forward(x), x);
  assertEquals(drop.train().training, true);
  // One generator goes on; another one at its place gives the same bits.
  const again = new Dropout(0.3, new Random(7));
  const twice = [again.forward(x), again.forward(x)];
  assertEquals(await drop.forward(x).read(), await twice[1]!.read());

  const none = new Dropout(0), random = new Random(1);
  assertEquals([none.forward(x), none.train(random).forward(x)], [x, x]);
  assertEquals([random.state().counter, none.randoms().size, none.chances().size], [0, 0, 0]);
});

onReference("Dropout() keeps the mean, and masks the gradient as the value", async () => {
  const values = [1, -2, 3, 0.5], rate = 0.4, draws = 4000, drop = new Dropout(rate, new Random(2));
  const rows = parameter(tensor(Array.from({ length: draws }, () => values).flat(), [draws, 4]));
  const y = drop.forward(rows), means = await y.detach().mean(0).read();
  // Five standard deviations of a mean of draws that are x / (1 - p) with probability 1 - p, and 0 otherwise.
  values.forEach((x, i) => assert(Math.abs(means[i]! - x) < 5 * Math.abs(x) * Math.sqrt(rate / (1 - rate) / draws)));
  y.sum().backward();
  const kept = await y.detach().notEqual(0).read(), gradient = await rows.grad!.read();
  kept.forEach((isKept, i) => assertEquals(gradient[i], isKept ? 1 / (1 - rate) : 0));
});

onEveryBackend("Dropout() refuses a wrong rate, no generator, and what has no fractions", () => {
  for (const rate of [1, -0.1, NaN, Infinity, "0.5", undefined, null]) {
    assertThrows(() => new Dropout(rate as number), RangeError, "Cannot drop with rate ");
  }
  assertThrows(() => new Dropout(0.5, 1 as never), TypeError, "Cannot make a dropout with random = 1");
  const drop = new Dropout(0.5, Random.none), x = ones([3]);
  assertThrows(() => drop.forward(x), TypeError, "Cannot drop in training mode without random numbers: give a Random");
  assertEquals(drop.eval().forward(x), x);
  for (const mode of [drop, new Dropout(0.5, new Random(1))]) {
    assertThrows(() => mode.forward(tensor([1, 2], [2], "int32")), TypeError, "dropout");
    assertThrows(() => mode.forward(3 as never), TypeError, "Cannot drop with x = 3");
  }
});
