import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  dims,
  format,
  isContiguous,
  reshapeStrides,
  resolveAxes,
  resolveAxis,
  resolveShape,
  sameShape,
  sizeOf,
} from "../../core/engine/shape.ts";
import { Draws, indices } from "../support.ts";

Deno.test("sizeOf() multiplies the extents and gives a scalar one element", () => {
  assertEquals([[2, 3, 4], [], [5, 0, 2], [7]].map(sizeOf), [24, 1, 0, 7]);
});

Deno.test("contiguousStrides() makes the last axis the fastest", () => {
  assertEquals(contiguousStrides([2, 3, 4]), [12, 4, 1]);
  assertEquals(contiguousStrides([]), []);
});

Deno.test("isContiguous() ignores axes of extent 1 and arrays of no elements", () => {
  assert(isContiguous([2, 3], [3, 1]));
  assert(isContiguous([2, 1, 3], [3, 99, 1]));
  assert(isContiguous([2, 0], [7, 7]));
  assert(!isContiguous([2, 3], [1, 2]));
  assert(!isContiguous([2, 3], [4, 1]));
  assert(!isContiguous([2, 3], [0, 1]));
});

Deno.test("sameShape() compares rank and extents", () => {
  assert(sameShape([2, 3], [2, 3]));
  assert(!sameShape([2, 3], [3, 2]));
  assert(!sameShape([2], [2, 1]));
});

Deno.test("format() prints a shape in brackets", () => {
  assertEquals(format([2, 3]), "[2, 3]");
  assertEquals(format([]), "[]");
});

Deno.test("broadcastShapes() follows NumPy's rules", () => {
  assertEquals(broadcastShapes([5, 4], [1]), [5, 4]);
  assertEquals(broadcastShapes([15, 3, 5], [15, 1, 5]), [15, 3, 5]);
  assertEquals(broadcastShapes([8, 1, 6, 1], [7, 1, 5]), [8, 7, 6, 5]);
  assertEquals(broadcastShapes([], [2, 3]), [2, 3]);
  assertEquals(broadcastShapes([0, 1], [1, 3], [3]), [0, 3]);
  assertEquals(broadcastShapes(), []);
});

Deno.test("broadcastShapes() names both shapes and the extents that differ", () => {
  assertThrows(
    () => broadcastShapes([2, 3], [4]),
    TypeError,
    "Cannot broadcast [2, 3] with [4]: extents 3 and 4 differ and neither is 1",
  );
  assertThrows(() => broadcastShapes([0], [2]), TypeError, "extents 0 and 2 differ");
});

Deno.test("broadcastStrides() steps by zero along repeated axes", () => {
  assertEquals(broadcastStrides([3, 1], [1, 7], [2, 3, 5]), [0, 1, 0]);
  assertEquals(broadcastStrides([], [], [2]), [0]);
  assertThrows(() => broadcastStrides([3], [1], [3, 2]), TypeError, "Cannot broadcast [3] to [3, 2]");
  assertThrows(() => broadcastStrides([2, 3], [3, 1], [3]), TypeError, "Cannot broadcast [2, 3] to [3]");
});

Deno.test("resolveAxis() counts negative axes from the back and refuses others by name", () => {
  assertEquals([0, 2, -1, -3].map((axis) => resolveAxis(axis, 3)), [0, 2, 2, 0]);
  assertThrows(() => resolveAxis(3, 3), RangeError, "Cannot use axis 3 of an array with 3 axes");
  assertThrows(() => resolveAxis(-4, 3), RangeError, "axis must be an integer in [-3, 2]");
  assertThrows(() => resolveAxis(0.5, 3), RangeError, "Cannot use axis 0.5");
  assertThrows(() => resolveAxis(0, 0), RangeError, "a scalar has none");
});

Deno.test("resolveAxes() sorts the axes, takes all by default and refuses repetitions", () => {
  assertEquals(resolveAxes([-1, 0], 3), [0, 2]);
  assertEquals(resolveAxes(1, 3), [1]);
  assertEquals(resolveAxes(undefined, 3), [0, 1, 2]);
  assertThrows(() => resolveAxes([0, -3], 3), TypeError, "an axis is named twice");
});

Deno.test("resolveShape() fills in one missing extent", () => {
  assertEquals(resolveShape([2, -1], 12), [2, 6]);
  assertEquals(resolveShape([3, 4], 12), [3, 4]);
  assertEquals(resolveShape([-1], 0), [0]);
  assertEquals(resolveShape([], 1), []);
  for (const shape of [[5, -1], [-1, -1], [3, 5], [2.5, -1], [-2, -6]]) {
    assertThrows(() => resolveShape(shape, 12), TypeError, `Cannot reshape 12 elements to ${format(shape)}`);
  }
});

/** Offsets of all elements, in row-major order. */
function offsets(shape: readonly number[], strides: readonly number[]): number[] {
  return [...indices(shape)].map((index) => index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0));
}

Deno.test("reshapeStrides() presents the same elements in the same order, or declines", () => {
  const draws = new Draws(1);
  const extents = [1, 2, 3, 4, 6];
  let views = 0;
  for (let round = 0; round < 2000; round++) {
    const shape = Array.from(
      { length: 1 + Math.floor(4 * draws.next()) },
      () => extents[Math.floor(5 * draws.next())]!,
    );
    const order = draws.permutation(shape.length);
    const row = contiguousStrides(shape);
    const permuted = order.map((axis) => shape[axis]!);
    const strides = order.map((axis) => draws.next() < 0.1 ? 0 : row[axis]!);
    // Another way to write the same number of elements: factors in random groups.
    const target: number[] = [];
    for (let rest = sizeOf(shape); rest > 1;) {
      const factors = [2, 3, 4, 6].filter((factor) => rest % factor === 0);
      const factor = factors[Math.floor(draws.next() * factors.length)]!;
      target.push(factor);
      rest /= factor;
      if (draws.next() < 0.2) target.push(1);
    }
    const found = reshapeStrides(permuted, strides, target);
    if (found) {
      views++;
      assertEquals(offsets(target, found), offsets(permuted, strides));
    } else assert(!isContiguous(permuted, strides));
  }
  assert(views > 200 && views < 1900);
});

Deno.test("reshapeStrides() splits and merges axes of a transposed array where it can", () => {
  // [4, 6] transposed: the axis of 6 splits into 2 and 3, merging both axes needs a copy.
  assertEquals(reshapeStrides([6, 4], [1, 6], [2, 3, 4]), [3, 1, 6]);
  assertEquals(reshapeStrides([6, 4], [1, 6], [24]), undefined);
  assertEquals(reshapeStrides([2, 3, 4], [12, 4, 1], [6, 4]), [4, 1]);
});

Deno.test("dims() names the axes and checks the known ones", () => {
  assertEquals(dims({ shape: [2, 5, 8] }, "B T E"), { B: 2, T: 5, E: 8 });
  assertEquals(dims({ shape: [2, 5] }, "B T", { T: 5 }), { B: 2, T: 5 });
  assertEquals(dims({ shape: [5, 5] }, "T T"), { T: 5 });
});

Deno.test("dims() says which axis disagrees", () => {
  assertThrows(
    () => dims({ shape: [2, 5, 7] }, "B H S D", { B: 2, H: 3, D: 4 }),
    TypeError,
    "Cannot read shape [2, 5, 7] as [B=2, H=3, S, D=4]",
  );
  assertThrows(() => dims({ shape: [5, 6] }, "T T"), TypeError, "Cannot read shape [5, 6] as [T, T]");
  assertThrows(() => dims({ shape: [5] }, "T", { T: 4 }), TypeError, "Cannot read shape [5] as [T=4]");
});
