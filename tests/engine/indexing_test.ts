import { assertThrows } from "@std/assert";
import { arange, tensor, zeros } from "../../core/engine/create.ts";
import { gather, oneHot, scatter, take } from "../../core/engine/indexing.ts";
import { assertClose, build, Draws, onEveryBackend, sumOver } from "../support.ts";
import { assertStayOn } from "./elsewhere.ts";

const x345 = new Draws(7).normal(3, 4, 5);

onEveryBackend("take() returns rows in the order of the ids, repeated ones too", async () => {
  const ids = tensor(new Int32Array([2, 0, 2, 1]), [2, 2]);
  const expected = build([2, 2, 4, 5], (i, j, k, l) => x345.at([[2, 0], [2, 1]][i!]![j!]!, k!, l!));
  await assertClose(take(x345.tensor(), ids), expected, { tolerance: 0.5 });
});

onEveryBackend("gather() reads and scatter() adds where the index says", async () => {
  const index = new Draws(3).integers(0, 4, 3, 2, 5), values = new Draws(4).normal(3, 2, 5);
  const gathered = build([3, 2, 5], (i, j, k) => x345.at(i!, index.at(i!, j!, k!), k!));
  await assertClose(gather(x345.tensor(), 1, index.tensor()), gathered, { tolerance: 0.5 });
  const sums = build(
    [3, 4, 5],
    (i, j, k) => x345.at(i!, j!, k!) + sumOver(2, (n) => index.at(i!, n, k!) === j ? values.at(i!, n, k!) : 0),
  );
  await assertClose(scatter(x345.tensor(), 1, index.tensor(), values.tensor()), sums, { tolerance: 4, length: 3 });
});

onEveryBackend("oneHot() gives a row of zeros to an id outside its rows", async () => {
  await assertClose(oneHot(tensor([1, 3, -1], [3], "int32"), 3), [[0, 1, 0], [0, 0, 0], [0, 0, 0]], { tolerance: 0 });
});

onEveryBackend("take(), gather(), scatter() and oneHot() say what disagrees", (device) => {
  const x = zeros([2, 3]), ids = arange(2);
  assertThrows(() => take(x, x), TypeError, "Cannot take rows by float32: ids must be int32");
  assertThrows(() => gather(x, 0, ids), TypeError, "Cannot gather from shape [2, 3] along axis 0");
  assertThrows(() => oneHot(x, 3), TypeError, "Cannot encode by float32");
  // The GPU device yields NaN: it cannot look at ids without waiting.
  if (device.name === "webgpu") return;
  assertThrows(() => take(x, tensor([2], [1], "int32")), RangeError, "row 2");
  assertThrows(() => take(x, tensor([-1], [1], "int32")), RangeError, "row -1");
  assertThrows(() => gather(x, 1, tensor([[3], [0]], [2, 1], "int32")), RangeError, "row 3");
  assertThrows(() => scatter(x, 1, tensor([[3], [0]], [2, 1], "int32"), zeros([2, 1])), RangeError, "row 3");
});

onEveryBackend(
  "gather(), scatter() and oneHot() run on the device of their arguments, whichever is current",
  (device) => {
    const x = x345.tensor(), index = zeros([1, 4, 5], "int32"), ids = arange(3);
    assertStayOn(device, () => [gather(x, 0, index), scatter(x, 0, index, x.slice(0, 0, 1)), oneHot(ids, 4)]);
  },
);
