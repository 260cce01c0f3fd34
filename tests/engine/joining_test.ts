import { assertEquals, assertThrows } from "@std/assert";
import { concat, flip, pad, roll, split, stack } from "../../core/engine/joining.ts";
import { zeros } from "../../core/engine/create.ts";
import { assertClose, build, Draws, onEveryBackend } from "../support.ts";
import { assertStayOn } from "./elsewhere.ts";

const x345 = new Draws(7).normal(3, 4, 5);

onEveryBackend("concat() and split() undo each other", async () => {
  const x = x345.tensor();
  for (const axis of [0, 1, 2, -1]) {
    const extent = x.shape.at(axis)!;
    const parts = split(x, [1, 0, extent - 1], axis);
    assertEquals(parts[1]!.size, 0);
    await assertClose(concat(parts, axis), x345, { tolerance: 0.5 });
  }
  await assertClose(concat(split(x, 4, 1), 1), x345, { tolerance: 0.5 });
});

onEveryBackend("stack() adds an axis whose elements are the parts", async () => {
  const x = x345.tensor();
  const stacked = stack([x, x.neg()], 2);
  assertEquals(stacked.shape, [3, 4, 2, 5]);
  await assertClose(stacked.at(2, 1), x.neg(), { tolerance: 0 });
});

onEveryBackend("flip() and roll() move each element to its place", async () => {
  const x = x345.tensor();
  await assertClose(flip(x, 1), build([3, 4, 5], (i, j, k) => x345.at(i!, 3 - j!, k!)), { tolerance: 0.5 });
  for (const shift of [0, 1, -1, 7, -13]) {
    const from = (k: number): number => (((k - shift) % 5) + 5) % 5;
    const expected = build([3, 4, 5], (i, j, k) => x345.at(i!, j!, from(k!)));
    await assertClose(roll(x, shift, -1), expected, { tolerance: 0.5 });
  }
});

onEveryBackend("concat(), split(), pad() and roll() say what disagrees", () => {
  const x = zeros([2, 3]);
  assertThrows(() => concat([]), TypeError, "Cannot join no tensors");
  assertThrows(
    () => concat([x, zeros([2, 4])], 0),
    TypeError,
    "Cannot join float32 [2, 3], float32 [2, 4] along axis 0",
  );
  assertThrows(() => concat([x, zeros([2, 3], "int32")]), TypeError, "int32 [2, 3]");
  assertThrows(() => split(x, 2, 1), RangeError, "Cannot split an extent of 3 into 2");
  for (const parts of [1e9, 1.5, 0, -3, NaN, Infinity]) {
    assertThrows(() => split(x, parts, 1), RangeError, `Cannot split an extent of 3 into ${parts}`);
  }
  assertThrows(() => split(x, [1, 1], 1), RangeError, "Cannot split an extent of 3 into [1, 1]");
  assertThrows(() => pad(x, [[1, 1]]), RangeError, "Cannot pad shape [2, 3] by [[1,1]]");
  assertThrows(() => roll(x, 0.5, 0), RangeError, "Cannot roll by 0.5");
});

onEveryBackend("flip() and roll() run on the device of their argument, whichever is current", (device) => {
  const x = x345.tensor();
  assertStayOn(device, () => [flip(x, 1), roll(x, 1, 0)]);
});
