import { assertEquals, assertThrows } from "@std/assert";
import { Linear } from "../../core/engine/linear.ts";
import { linear } from "../../core/engine/weight.ts";
import { Random } from "../../core/engine/random.ts";
import { zeros } from "../../core/engine/create.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  build,
  Draws,
  normal,
  onEveryBackend,
  onReference,
  sumOver,
} from "../support.ts";

onEveryBackend("linear() is the affine map of each row", async () => {
  const x = new Draws(1).normal(2, 3, 17), weight = new Draws(2).normal(17, 5), bias = new Draws(3).normal(5);
  const expected = build([2, 3, 5], (b, t, o) => bias.at(o!) + sumOver(17, (i) => x.at(b!, t!, i) * weight.at(i, o!)));
  await assertClose(linear(x.tensor(), weight.tensor(), bias.tensor()), expected, { tolerance: 4, length: 18 });
  const vector = linear(x.tensor().at(0, 0).at(0, 0), weight.tensor());
  assertEquals(vector.shape, [5]);
});

onEveryBackend("linear() says which extents disagree", () => {
  const weight = zeros([3, 4]);
  assertThrows(
    () => linear(zeros([2, 4]), weight),
    TypeError,
    "Cannot map features of shape [2, 4]: the last extent must be 3",
  );
  assertThrows(() => linear(zeros([2, 3]), weight, zeros([3])), TypeError, "Cannot read shape [3] as [O=4]");
});

onEveryBackend("Linear starts with Glorot's variance and a bias of zeros", async () => {
  const layer = new Linear(200, 100, new Random(3));
  await assertClose(layer.bias!, zeros([100]), { tolerance: 0 });
  await assertClose(layer.weight.tensor.variance(), 2 / 300, { rtol: 0.03 });
  await assertClose(layer.weight.tensor.mean(), 0, { atol: 0.003 });
  assertEquals([...new Linear(2, 3, new Random(0), { bias: false }).parameters().keys()], ["weight"]);
});

onEveryBackend("Linear of one seed starts with the same weights, and of another with others", async () => {
  const weights = async (seed: number) => await new Linear(3, 4, new Random(seed)).weight.read();
  assertEquals(await weights(5), await weights(5));
  const [a, b] = [await weights(5), await weights(6)];
  assertEquals(a.every((value, i) => value === b[i]), false);
});

onReference("Linear has the gradients of differences", async () => {
  const layer = new Linear(4, 3, new Random(1)), x = normal(2, 5, 4);
  await assertModuleGradients(layer, () => layer.forward(x).tanh());
  await assertGradients((input) => layer.forward(input!), [x]);
});
