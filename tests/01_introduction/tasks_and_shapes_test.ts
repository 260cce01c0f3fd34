/** Tasks by their shapes, and what goes in as a set of vectors, against cuts by loops. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  audioFrames,
  graphNodes,
  imagePatches,
  type ManyToOne,
  type SequenceLabeling,
  type SequenceToSequence,
  taskShape,
} from "../../core/01_introduction/tasks_and_shapes.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend } from "../support.ts";

Deno.test("taskShape() is the narrowest shape that fits all examples", () => {
  const of = (...sizes: [number, number][]): string =>
    taskShape(sizes.map(([N, M]) => ({ input: Array(N).fill("x"), output: Array(M).fill("y") })));
  assertEquals(of([3, 1], [5, 1]), "N→1");
  assertEquals(of([3, 3], [5, 5]), "N→N");
  assertEquals(of([3, 3], [1, 1]), "N→N");
  assertEquals(of([1, 1]), "N→1");
  assertEquals(of([3, 3], [5, 4]), "N→M");
  assertEquals(of([3, 0]), "N→M");
  assertThrows(() => taskShape([]), RangeError, "without examples");
});

Deno.test("SequenceLabeling counts labels in its type", () => {
  const capitals: SequenceLabeling<string, boolean> = (input) =>
    input.map((word) => word !== word.toLowerCase()) as { readonly [K in keyof typeof input]: boolean };
  // The compiler knows that there are two.
  const [first, second]: readonly [boolean, boolean] = capitals(["Ada", "wrote"]);
  assertEquals([first, second], [true, false]);
  const length: ManyToOne<string, number> = ({ length }) => length;
  assertEquals(length(["a", "b"]), 2);
  const twice: SequenceToSequence<string, string> = function* (input) {
    for (const word of input) yield* [word, word];
  };
  assertEquals([...twice(["a", "b"])], ["a", "a", "b", "b"]);
});

onEveryBackend("audioFrames() cuts as a loop does, and drops an incomplete end", async () => {
  const samples = Array.from({ length: 23 }, (_, i) => i * i % 17);
  for (const [size, hop] of [[4, 2], [5, 5], [23, 1], [3, 7], [1, 1]] as const) {
    const frames = audioFrames(tensor(samples), { size, hop });
    const expected: number[] = [];
    for (let start = 0; start + size <= samples.length; start += hop) {
      expected.push(...samples.slice(start, start + size));
    }
    assertEquals(Array.from(await frames.read()), expected);
    assertEquals(frames.shape, [expected.length / size, size]);
  }
  assertEquals(audioFrames(tensor(samples.slice(0, 20), [2, 10]), { size: 4, hop: 3 }).shape, [2, 3, 4]);
  assertThrows(() => audioFrames(tensor([1, 2])), RangeError, "Cannot cut frames of 400 from 2 samples");
});

onEveryBackend("imagePatches() puts neighbours of both directions together", async () => {
  const [height, width, channels, size] = [6, 4, 3, 2];
  const pixels = Array.from({ length: height * width * channels }, (_, i) => i);
  const at = (y: number, x: number, c: number): number => pixels[(y * width + x) * channels + c]!;
  const expected: number[] = [];
  for (let top = 0; top < height; top += size) {
    for (let left = 0; left < width; left += size) {
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) for (let c = 0; c < channels; c++) expected.push(at(top + y, left + x, c));
      }
    }
  }
  const patches = imagePatches(tensor(pixels, [height, width, channels]), { size });
  assertEquals(patches.shape, [6, 12]);
  assertEquals(Array.from(await patches.read()), expected);
  // Several images are cut as each alone.
  const two = imagePatches(tensor([...pixels, ...pixels.toReversed()], [2, height, width, channels]), { size });
  assertEquals(Array.from(await two.at(0, 0).read()), expected);
  assertThrows(
    () => imagePatches(tensor(pixels, [height, width, channels]), { size: 4 }),
    RangeError,
    "Cannot cut patches of 4 × 4 from 6 × 4 pixels",
  );
});

Deno.test("graphNodes() joins nodes both ways unless edges have a direction", async () => {
  const features = new Random(1).normal([4, 2]);
  const edges = [[0, 1], [3, 1]] as const;
  const matrix = async (directed: boolean) => {
    const numbers = Array.from(await graphNodes(features, edges, { directed }).mask.read());
    return Array.from({ length: 4 }, (_, i) => numbers.slice(4 * i, 4 * i + 4).join(""));
  };
  assertEquals(await matrix(false), ["1100", "1101", "0010", "0101"]);
  assertEquals(await matrix(true), ["1100", "0100", "0010", "0101"]);
  assertThrows(
    () => graphNodes(features, [[0, 4]]),
    RangeError,
    "Cannot join node 4: a node must be an integer in [0, 3]",
  );
});
