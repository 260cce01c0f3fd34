import { assertEquals, assertThrows } from "@std/assert";
import { tensor, zeros } from "../../core/engine/create.ts";
import { argsort, sort, topK } from "../../core/engine/sorting.ts";
import { assertClose, normal, onEveryBackend } from "../support.ts";
import { assertStayOn } from "./elsewhere.ts";

onEveryBackend("topK() and sort() keep the order of equal elements", async () => {
  const x = tensor([1, 3, 2, 3, 1, 3]);
  assertEquals(await topK(x, 4).indices.read(), Int32Array.of(1, 3, 5, 2));
  assertEquals(await argsort(x).read(), Int32Array.of(0, 4, 2, 1, 3, 5));
  assertEquals(await argsort(x, { descending: true }).read(), Int32Array.of(1, 3, 5, 2, 0, 4));
  await assertClose(sort(x).values, [1, 1, 2, 3, 3, 3], { tolerance: 0 });
  assertEquals(topK(x, 0).values.shape, [0]);
});

onEveryBackend("argsort(), sort() and topK() refuse what cannot be sorted, and options that they do not know", () => {
  const x = zeros([2, 3]);
  assertThrows(() => topK(x, 4), RangeError, "Cannot take the top 4 of 3: k must be in [0, 3]");
  assertThrows(() => argsort(x.less(1)), TypeError, "Cannot sort bool");
  assertThrows(() => sort(x, { reverse: true } as never), TypeError, 'Cannot sort with option "reverse"');
  assertThrows(() => argsort(x, { descending: 1 } as never), TypeError, "descending must be true or false");
});

onEveryBackend("topK() runs on the device of its argument, whichever is current", (device) => {
  const x = normal(1, 3, 4);
  assertStayOn(device, () => [topK(x, 2).values]);
});
