import { assert, assertEquals, assertThrows } from "@std/assert";
import { padTokens } from "../../core/02_words/embeddings.ts";
import { causalMask } from "../../core/04_attention/masks.ts";
import { arange, full, lowerTriangle, ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { oneHot, take } from "../../core/engine/indexing.ts";
import { concat, pad, roll, split } from "../../core/engine/joining.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend, onReference } from "../support.ts";

onEveryBackend("int32 and bool are refused by name where only float32 has a meaning", () => {
  const counts = arange(3), flags = tensor([true, false, true]), x = zeros([3]);
  assertThrows(() => counts.exp(), TypeError, "Cannot compute exp of int32: cast it to float32 first");
  assertThrows(() => flags.log(), TypeError, "Cannot compute log of bool");
  assertThrows(() => flags.add(flags), TypeError, "Cannot compute add of bool");
  assertThrows(() => flags.sum(), TypeError, "Cannot compute sum of bool");
  assertThrows(() => counts.mean(), TypeError, "Cannot compute mean of int32");
  assertThrows(() => counts.pow(2), TypeError, "Cannot compute pow of int32");
  assertThrows(() => counts.matmul(counts), TypeError, "Cannot compute matmul of int32");
  assertThrows(
    () => x.add(counts),
    TypeError,
    'Cannot add float32 and int32: cast one of them first; tensor(…, undefined, "int32") makes whole numbers',
  );
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
    [
      () => zeros([2]).add("3" as never),
      'Cannot compute add with other = "3": other must be a Tensor or nested lists of numbers',
    ],
    [() => zeros([2]).sum("x" as never), 'Cannot use axes "x": a number or a list of numbers is needed'],
  ];
  for (const [act, message] of refused) assertThrows(act, TypeError, message);
});

/** A list whose entries are another thing each time that they are read. */
function changing(): number[] {
  let reads = 0;
  return Object.defineProperty([0, 2], 0, { get: () => reads++ === 0 ? 2 : 2 ** 40, enumerable: true });
}

onEveryBackend(
  "what is no shape, size or index is refused wherever one is taken, and memory stays sound",
  async (device) => {
    const random = new Random(1), x = ones([2, 3]);
    const shapes: unknown[] = [
      ...["xyz", "23", 6, NaN, null, {}, { length: 2, 0: 2, 1: 3 }, () => [6], new Int32Array([6]), true, 6n],
      ...[[NaN], [-2], [0.5], ["6"], [[6]], [6n], [null], [undefined], new Array(1), [Infinity], [2 ** 60, 2 ** 60], [
        -1,
        -1,
      ]],
    ];
    const takers: ((shape: never) => unknown)[] = [
      (shape) => x.expand(shape),
      (shape) => x.reshape(shape),
      (shape) => zeros(shape),
      (shape) => full(shape, 1),
      (shape) => random.normal(shape),
      (shape) => random.uniform(shape),
      (shape) => Random.none.normal(shape),
      (shape) => tensor(new Float32Array(6), shape),
      (shape) => tensor([1, 2, 3, 4, 5, 6], shape),
      (axes) => x.permute(axes),
      (widths) => pad(x, widths),
    ];
    for (const take of takers) {
      for (const shape of shapes) {
        const error = assertThrows(() => take(shape as never));
        assert(error instanceof TypeError || error instanceof RangeError, String(error));
        assert(error.message.startsWith("Cannot "), error.message);
      }
    }
    const numbers: unknown[] = ["1", NaN, 0.5, null, {}, 1n, true];
    const sizes: ((size: never) => unknown)[] = [
      (size) => x.slice(1, size, 2),
      (size) => x.slice(1, 0, 2, size),
      (size) => x.at(1, size),
      (size) => x.unfold(1, size),
      (size) => x.unfold(1, 1, 1, size),
      (axis) => x.unsqueeze(axis),
      (axis) => x.sum(axis),
      (axis) => x.transpose(axis, 1),
      (parts) => split(x, parts),
      (shift) => roll(x, shift, 0),
      (size) => oneHot(tensor([1], [1], "int32"), size),
      (end) => arange(end),
      (count) => random.uniforms(count),
      (n) => random.permutation(n),
      (n) => random.integer(n),
      (blocks) => random.reserve(blocks),
    ];
    for (const take of sizes) {
      for (const size of numbers) {
        const error = assertThrows(() => take(size as never), Error, "Cannot ");
        assert(error instanceof TypeError || error instanceof RangeError, String(error));
      }
    }
    // A shape is read once: what was looked at is what is used.
    assertEquals(x.sum().expand(changing()).shape, [2, 2]);
    assertEquals(zeros(changing()).shape, [2, 2]);

    for (const bytes of [NaN, -1, 0.5, 2 ** 60, "8" as never]) {
      assertThrows(() => device.allocate("float32", bytes), RangeError, "Cannot allocate");
    }
    const many = Array.from({ length: 20 }, (_, i) => ones([100 + i]).mul(i));
    for (const [i, numbers] of many.entries()) assertEquals(await numbers.sum().item(), (100 + i) * i);
  },
);

Deno.test("more than there is room for is refused before it is made", () => {
  const random = new Random(1);
  for (const count of [2 ** 31, 2 ** 32, 2 ** 40]) {
    assertThrows(() => random.normal([count]), RangeError, "Cannot allocate");
    assertThrows(() => random.uniform([count]), RangeError, "Cannot allocate");
    assertThrows(() => random.normal([2 ** 16, count / 2 ** 16]), RangeError, "Cannot allocate");
    assertThrows(() => random.uniforms(count), RangeError, "Cannot allocate");
    assertThrows(() => random.permutation(count), RangeError, "Cannot allocate");
    assertThrows(() => arange(count), RangeError, "Cannot");
    assertThrows(() => zeros([count]), RangeError, "Cannot allocate");
    assertThrows(() => lowerTriangle(2 ** 20, count / 2 ** 10), RangeError, "Cannot allocate");
    assertThrows(() => causalMask(count), RangeError);
    assertThrows(() => new Linear(2 ** 16, count / 2 ** 16, random), RangeError, "Cannot allocate");
    assertThrows(() => padTokens([[1]], 0, { length: count }), RangeError, "Cannot allocate");
  }
  // What was refused has drawn nothing.
  assertEquals(random.state().counter, 0);
});

onReference("reductions refuse options that they do not know", () => {
  const x = ones([2, 3]);
  for (const name of ["sum", "max", "min", "mean", "variance", "logSumExp"] as const) {
    assertThrows(
      () => x[name](0, { keepdim: true } as never),
      TypeError,
      `Cannot take the ${name} with option "keepdim"`,
    );
    assertThrows(() => x[name](0, { keepDims: 1 } as never), TypeError, "keepDims must be true or false");
  }
  assertThrows(() => x.argmax(0, { keepdim: true } as never), TypeError, 'did you mean "keepDims"?');
});
