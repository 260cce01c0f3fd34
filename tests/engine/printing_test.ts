/** What `console.log` shows of a tensor, and its numbers as nested arrays. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { arange, ones, tensor, zeros } from "../../core/engine/create.ts";
import { parameter } from "../../core/engine/create.ts";
import { quantize } from "../../core/engine/inference.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { release } from "../../core/engine/scope.ts";
import { assertClose, normal, onEveryBackend, onReference } from "../support.ts";
import { backend } from "../../core/engine/device.ts";

/** A module of whatever parts. */
class Part extends Module {
  readonly parts: Readonly<Record<string, unknown>>;

  constructor(parts: Readonly<Record<string, unknown>>) {
    super();
    this.parts = parts;
  }
}

const printed = (x: unknown): string => Deno.inspect(x, { colors: false });

onReference("a tensor is printed as what it is and its numbers, columns aligned", () => {
  assertEquals(printed(tensor([1, 2, 3])), "tensor float32 [3] on reference: [1, 2, 3]");
  assertEquals(printed(tensor(-2.5)), "tensor float32 [] on reference: -2.5");
  assertEquals(
    printed(tensor([[1, 2], [3.25, -14]])),
    "tensor float32 [2, 2] on reference:\n[[  1.00,   2.00],\n [  3.25, -14.00]]",
  );
  assertEquals(printed(tensor([true, false])), "tensor bool [2] on reference: [ true, false]");
  assertEquals(printed(parameter(zeros([1]))), "tensor float32 [1] on reference, with gradient: [0]");
  assertEquals(printed(ones([1, 2, 2])), "tensor float32 [1, 2, 2] on reference:\n[[[1, 1],\n  [1, 1]]]");
  assertEquals(printed({ x: tensor([1]) }), "{ x: tensor float32 [1] on reference: [1] }");
});

onReference("numbers that look like zero, are huge, or are none, are written as what they are", () => {
  const table = (...numbers: number[]): string => printed(tensor(numbers)).split(": ")[1]!;
  assertEquals(table(1, 1e-7), "[1e+0, 1e-7]");
  assertEquals(table(0.001, 0.0025), "[0.0010, 0.0025]");
  assertEquals(table(1.5e9, 2), "[1.5e+9, 2.0e+0]");
  assertEquals(table(NaN, -Infinity, 2), "[      NaN, -Infinity,         2]");
  assertEquals(table(123456.75, 1), "[123456.8,      1.0]");
});

onReference("of a large tensor the ends of long axes are shown, and only they are read", () => {
  const lines = printed(arange(2000).reshape([40, 50])).split("\n");
  assertEquals(lines.length, 8);
  assertEquals(lines[1], "[[   0,    1,    2, …,   47,   48,   49],");
  assertEquals(lines[4], " …,");
  assertEquals(lines[7], " [1950, 1951, 1952, …, 1997, 1998, 1999]]");
  // A billion elements that lie in one place: to read them all would take memory that there is not.
  assertEquals(printed(ones([1]).expand([1e9])), "tensor float32 [1000000000] on reference: [1, 1, 1, …, 1, 1, 1]");
});

onReference("empty and freed tensors are printed too, and long rows are broken", () => {
  assertEquals(printed(zeros([0, 3])), "tensor float32 [0, 3] on reference: []");
  assertEquals(printed(zeros([2, 0])), "tensor float32 [2, 0] on reference:\n[[],\n []]");
  const gone = ones([2]);
  release(gone);
  assertStringIncludes(printed(gone), "tensor float32 [2] on reference: Cannot use a tensor after it was freed");
  const lines = printed(arange(100)).split("\n");
  assert(lines.every((line) => line.length <= 81), lines.join("\n"));
});

onEveryBackend("what is printed are the numbers, through every view", async (device) => {
  const x = normal(1, 4, 6).transpose().slice(0, 1, 5, 2);
  const text = `${x}`;
  assertStringIncludes(text, `tensor float32 [2, 4] on ${device.name}`);
  if (device.peek) {
    const numbers = text.slice(text.indexOf("\n")).match(/-?[\d.]+/g)!.map(Number);
    // Half a unit of the fourth decimal, and the rounding of float32.
    await assertClose(Float64Array.from(numbers), await x.read(), { atol: 5e-5 });
  } else assertStringIncludes(text, "await x.read()");
});

onEveryBackend("toArray() nests as deep as there are axes", async () => {
  assertEquals(await tensor([[1, 2, 3], [4, 5, 6]]).transpose().toArray(), [[1, 4], [2, 5], [3, 6]]);
  assertEquals(await tensor(7).toArray(), 7);
  assertEquals(await tensor([[true], [false]]).toArray(), [[true], [false]]);
  assertEquals(await zeros([2, 0]).toArray(), [[], []]);
});

onEveryBackend("JSON.stringify() writes dtype, shape and device, no memory", (device) => {
  assertEquals(JSON.stringify(ones([2, 2])), `{"dtype":"float32","shape":[2,2],"device":"${device.name}"}`);
});

onReference("a module is printed as an outline, and layers that are built alike share their lines", () => {
  const layer = (size: number): Part => new Part({ map: new Linear(2, size, new Random(1)), random: new Random(2) });
  const model = new Part({ layers: [layer(3), layer(3), layer(3), layer(4)], scale: parameter(ones([2])) });
  assertEquals(
    printed(model),
    `Part, 41 parameters, 328 bytes
  parts.layers.0–2: 3 × Part, 9 parameters
    parts.map: Linear, 9 parameters
      weight: float32 [2, 3]
      bias: float32 [3]
    parts.random: Random
  parts.layers.3: Part, 12 parameters
    parts.map: Linear, 12 parameters
      weight: float32 [2, 4]
      bias: float32 [4]
    parts.random: Random
  parts.scale: float32 [2]`,
  );
});

onReference("packed weights say their format, and parts that hold each other end", () => {
  const model = new Part({ map: new Linear(32, 8, new Random(1)) });
  quantize(model, "int8");
  assertStringIncludes(printed(model), "weight: int8 [32, 8]");
  let inner = new Part({});
  for (let depth = 0; depth < 1e4; depth++) inner = new Part({ inner });
  assert(printed(inner).split("\n").length < 100);
});

onEveryBackend("a device is printed as its name and what it is", () => {
  const { name, description } = backend();
  assertEquals(printed(backend()), `${name}: ${description}`);
});

onReference("a weight is printed as its values, packed as what it is", () => {
  const layer = new Linear(2, 1, new Random(1));
  assertEquals(printed(layer.weight), printed(layer.weight.tensor));
  quantize(layer.eval(), "int8");
  assertEquals(printed(layer.weight), "weight int8 [2, 1]");
});
