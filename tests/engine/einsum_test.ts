import { assertThrows } from "@std/assert";
import { zeros } from "../../core/engine/create.ts";
import { einsum } from "../../core/engine/einsum.ts";
import { assertClose, build, Draws, onEveryBackend, sumOver } from "../support.ts";

onEveryBackend("einsum() sums products over the letters that are missing on the right", async () => {
  const a = new Draws(1).normal(2, 3, 4), b = new Draws(2).normal(4, 2, 5);
  const expected = build([5, 2], (m, i) => sumOver(3, (j) => sumOver(4, (k) => a.at(i!, j, k) * b.at(k, i!, m!))));
  await assertClose(einsum("ijk,kim->mi", a.tensor(), b.tensor()), expected, { tolerance: 4, length: 12 });
});

onEveryBackend("einsum() says what it cannot read, and which extents disagree", () => {
  const x = zeros([2, 3]);
  assertThrows(() => einsum("ij,jk", x), SyntaxError, 'Cannot read einsum("ij,jk") for 1 tensors');
  assertThrows(() => einsum("ij->ik", x), SyntaxError, '"k" must stand once, and on the left');
  assertThrows(() => einsum("i->i", x), TypeError, 'Cannot name the axes of [2, 3] by "i"');
  assertThrows(() => einsum("ij,ij->i", x, zeros([2, 4])), TypeError, 'axis "j" is 3 and 4');
});
