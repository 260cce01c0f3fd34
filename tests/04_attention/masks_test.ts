import { assertEquals, assertThrows } from "@std/assert";
import { softmax } from "../../core/02_words/softmax.ts";
import {
  additiveMask,
  causalMask,
  combineMasks,
  lengthMask,
  overKeys,
  paddingMask,
  prefixMask,
  windowMask,
} from "../../core/04_attention/masks.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, normal, onEveryBackend } from "../support.ts";

/** Rows of a mask as strings of 1 and 0. */
async function picture(mask: Tensor): Promise<string[]> {
  assertEquals(mask.dtype, "bool");
  const width = mask.shape.at(-1)!;
  const cells = [...await mask.read()].join("");
  return Array.from({ length: mask.size / width }, (_, row) => cells.slice(row * width, (row + 1) * width));
}

onEveryBackend("causalMask() hides the future, not the past", async () => {
  assertEquals(await picture(causalMask(4)), ["1000", "1100", "1110", "1111"]);
  assertEquals(await picture(causalMask(2, 4)), ["1110", "1111"]);
});

onEveryBackend("causalMask() of one query allows everything", async () => {
  assertEquals(await picture(causalMask(1, 5)), ["11111"]);
});

onEveryBackend("paddingMask() and lengthMask() mark the same positions", async () => {
  const tokens = tensor([[5, 6, 7], [8, 0, 0]], undefined, "int32");
  assertEquals(await picture(paddingMask(tokens, 0)), ["111", "100"]);
  assertEquals(await picture(lengthMask([3, 1], 3)), ["111", "100"]);
  assertEquals(overKeys(lengthMask([3, 1], 3)).shape, [2, 1, 1, 3]);
});

onEveryBackend("prefixMask() opens the prefix to everybody", async () => {
  const mask = prefixMask(4, [2, 0]);
  assertEquals(mask.shape, [2, 1, 4, 4]);
  assertEquals(await picture(mask), ["1100", "1100", "1110", "1111", "1000", "1100", "1110", "1111"]);
});

onEveryBackend("windowMask() shows a neighbourhood", async () => {
  assertEquals(await picture(windowMask(4, 4, { before: 1, after: 0 })), ["1000", "1100", "0110", "0011"]);
  assertEquals(await picture(windowMask(3, 3, { before: 1, after: 1 })), ["110", "111", "011"]);
  assertEquals(await picture(windowMask(2, 4, { before: 1, after: 0 })), ["0110", "0011"]);
  assertEquals(await picture(windowMask(3, 3, { after: 0 })), await picture(causalMask(3)));
  assertEquals(await picture(windowMask(2, 2, {})), ["11", "11"]);
});

onEveryBackend("combineMasks() allows what all allow", async () => {
  const padding = overKeys(lengthMask([2], 3));
  assertEquals(await picture(combineMasks(undefined, causalMask(3), padding)!), ["100", "110", "110"]);
  assertEquals(combineMasks(undefined, undefined), undefined);
  assertEquals(await picture(combineMasks(padding)!), ["110"]);
});

onEveryBackend(
  "additiveMask() with -Infinity is the mask; with 0 it is none; with -10000 it fails on full rows",
  async () => {
    const scores = normal(1, 3, 4);
    const mask = tensor([[true, true, false, true], [false, true, false, false], [false, false, false, false]]);
    const expected = softmax(scores.where(mask, -Infinity));
    await assertClose(softmax(scores.add(additiveMask(mask))), expected, { tolerance: 0 });

    const almost = softmax(scores.add(additiveMask(mask, -10000)));
    await assertClose(almost.slice(0, 0, 2), expected.slice(0, 0, 2), { rtol: 1e-3 });
    await assertClose(almost.at(0, 2), softmax(scores.at(0, 2)), { rtol: 1e-2 });

    // A score of 0 is an ordinary score: the forbidden positions get their share.
    const zeroed = await softmax(scores.where(mask, 0)).read();
    assertEquals(zeroed[2]! > 0.05, true);
  },
);

Deno.test("masks() refuse impossible lengths and distances", () => {
  assertThrows(() => lengthMask([4], 3), RangeError, "Cannot mark 4 of 3 positions");
  assertThrows(() => prefixMask(3, [-1]), RangeError, "Cannot mark -1 of 3 positions");
  assertThrows(() => windowMask(3, 3, { before: -1 }), RangeError, "before must be a number of at least 0");
  assertThrows(() => overKeys(zeros([3], "bool")), TypeError, "Cannot read shape [3] as [B, S]");
});
