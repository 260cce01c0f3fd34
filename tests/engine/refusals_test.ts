import { assertThrows } from "@std/assert";
import { arange, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { take } from "../../core/engine/indexing.ts";
import { concat } from "../../core/engine/joining.ts";
import { onEveryBackend } from "../support.ts";

onEveryBackend("int32 and bool are refused by name where only float32 has a meaning", () => {
  const counts = arange(3), flags = tensor([true, false, true]), x = zeros([3]);
  assertThrows(() => counts.exp(), TypeError, "Cannot compute exp of int32: cast it to float32 first");
  assertThrows(() => flags.log(), TypeError, "Cannot compute log of bool");
  assertThrows(() => flags.add(flags), TypeError, "Cannot compute add of bool");
  assertThrows(() => flags.sum(), TypeError, "Cannot compute sum of bool");
  assertThrows(() => counts.mean(), TypeError, "Cannot compute mean of int32");
  assertThrows(() => counts.pow(2), TypeError, "Cannot compute pow of int32");
  assertThrows(() => counts.matmul(counts), TypeError, "Cannot compute matmul of int32");
  assertThrows(() => x.add(counts), TypeError, "Cannot add float32 and int32: cast one of them first");
  assertThrows(() => x.and(flags), TypeError, "Cannot compute and of float32");
  assertThrows(() => x.not(), TypeError, "Cannot compute not of float32");
  assertThrows(() => x.where(x, 0), TypeError, "Cannot choose by a float32 mask");
  assertThrows(() => parameter(counts), TypeError, "int32");
  assertThrows(() => counts.add(0.5), TypeError, "Cannot use 0.5 as int32");
});

onEveryBackend("tensors of two devices are refused together", async () => {
  const { createReferenceDevice } = await import("../../core/engine/reference.ts");
  const { withBackend } = await import("../../core/engine/device.ts");
  const elsewhere = withBackend(createReferenceDevice(), () => zeros([2]));
  const sentence = "Cannot combine tensors of two devices";
  assertThrows(() => zeros([2]).add(elsewhere), TypeError, sentence);
  assertThrows(() => zeros([2]).assign(elsewhere), TypeError, sentence);
  assertThrows(() => zeros([2]).where(elsewhere.less(1), 0), TypeError, sentence);
  assertThrows(() => zeros([2]).matmul(elsewhere), TypeError, sentence);
  assertThrows(() => concat([zeros([2]), elsewhere]), TypeError, sentence);
  assertThrows(() => take(zeros([2]), elsewhere.cast("int32")), TypeError, sentence);
});

Deno.test("what is no number, shape or dtype is refused by what was found", () => {
  const refused: [() => unknown, string][] = [
    [() => tensor("abc" as never), 'Cannot make a tensor of "abc": numbers or booleans are needed'],
    [() => tensor([1, null] as never), "Cannot make a tensor of null: numbers or booleans are needed"],
    [() => zeros([2, -1]), "Cannot make a tensor of shape [2, -1]: a list of integers of at least 0 is needed"],
    [() => zeros([2, 1.5]), "Cannot make a tensor of shape [2, 1.5]: a list of integers of at least 0 is needed"],
    [() => zeros([2], "int64" as never), 'Cannot make a tensor of "int64": float32, int32 or bool is needed'],
    [() => zeros([2]).add("3" as never), 'Cannot compute with "3": a tensor or a number is needed'],
    [() => zeros([2]).sum("x" as never), 'Cannot use axes "x": a number or a list of numbers is needed'],
  ];
  for (const [act, message] of refused) assertThrows(act, TypeError, message);
});
