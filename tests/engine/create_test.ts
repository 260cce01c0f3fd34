import { assertEquals, assertThrows } from "@std/assert";
import { arange, full, lowerTriangle, ones, tensor, zeros } from "../../core/engine/create.ts";
import { padTokens } from "../../core/02_words/embeddings.ts";
import { sinusoidalPositions } from "../../core/04_attention/positions/absolute.ts";
import { rotaryAngles } from "../../core/04_attention/positions/rotary.ts";
import { padSequences } from "../../core/06_training/batching.ts";
import { assertClose, build, onEveryBackend, onReference } from "../support.ts";

onEveryBackend("tensor() takes nested lists, typed arrays and single numbers", async () => {
  const nested = tensor([[1, 2, 3], [4, 5, 6]]);
  assertEquals([nested.shape, nested.dtype, nested.rank, nested.size], [[2, 3], "float32", 2, 6]);
  await assertClose(nested, [[1, 2, 3], [4, 5, 6]], { tolerance: 0 });
  assertEquals(tensor(new Int32Array([1, 2])).dtype, "int32");
  assertEquals(tensor([true, false]).dtype, "bool");
  assertEquals(await tensor([true, false]).read(), Int32Array.of(1, 0));
  assertEquals(await tensor([1, 2], [2], "int32").read(), Int32Array.of(1, 2));
  const scalar = tensor(2.5);
  assertEquals([scalar.shape, scalar.size, await scalar.item()], [[], 1, 2.5]);
  assertEquals(tensor(new Float64Array(6), [3, -1]).shape, [3, 2]);
  assertEquals(tensor([[], []]).shape, [2, 0]);
});

onEveryBackend("tensor() refuses ragged lists and numbers that do not fill the shape", () => {
  assertThrows(() => tensor([[1, 2], [3]]), TypeError, "rows of lengths 2 and 1");
  assertThrows(() => tensor([[1, 2], 3]), TypeError, "rows of different depth");
  assertThrows(() => tensor([1, 2, 3], [2]), TypeError, "Cannot reshape 3 elements to [2]");
});

onEveryBackend("zeros(), ones(), full() and arange() fill as named", async () => {
  await assertClose(zeros([2, 2]), [[0, 0], [0, 0]], { tolerance: 0 });
  await assertClose(ones([2]), [1, 1], { tolerance: 0 });
  await assertClose(full([2], -Infinity), [-Infinity, -Infinity], { tolerance: 0 });
  assertEquals(await full([2], 7, "int32").read(), Int32Array.of(7, 7));
  assertEquals(await ones([2], "bool").read(), Int32Array.of(1, 1));
  assertEquals(await arange(4).read(), Int32Array.of(0, 1, 2, 3));
  assertEquals(await arange(2, 9, 3).read(), Int32Array.of(2, 5, 8));
  assertEquals(await arange(3, -1, -2).read(), Int32Array.of(3, 1));
  assertEquals(arange(3, 3).shape, [0]);
  assertEquals((await zeros([0, 3]).read()).length, 0);
  assertThrows(() => arange(0, 1, 0), RangeError, "Cannot count from 0 to 1 by 0");
  assertThrows(() => arange(0.5), RangeError, "Cannot count from 0 to 0.5");
  assertThrows(() => full([2], 0.5, "int32"), TypeError, "Cannot use 0.5 as int32");
});

onEveryBackend("lowerTriangle() is true on and below its diagonal", async () => {
  for (const [T, S, diagonal] of [[4, 4, 0], [2, 5, 3], [5, 2, -2], [3, 3, -9], [0, 2, 0]] as const) {
    const expected = build([T, S], (t, s) => Number(s! <= t! + diagonal), "bool");
    const actual = lowerTriangle(T, S, diagonal);
    assertEquals(actual.dtype, "bool");
    await assertClose(actual, expected, { tolerance: 0 });
  }
});

onReference("what makes tables on the host asks first whether there is room for them", () => {
  const TOO_MANY = 2 ** 31, message = "a tensor has at most 1073741824";
  for (
    const make of [
      () => sinusoidalPositions(TOO_MANY / 2, 512),
      () => rotaryAngles(TOO_MANY / 2, 64),
      () => padTokens([[1, 2]], 0, { length: TOO_MANY }),
      () => padSequences([[1, 2]], { padToken: 0, length: TOO_MANY }),
    ]
  ) assertThrows(make, RangeError, message);
});
