import { assert, assertEquals, assertThrows } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Linear } from "../../core/engine/linear.ts";
import { tensor } from "../../core/engine/create.ts";
import { pack, quantize } from "../../core/engine/inference.ts";
import { PackedMatrix } from "../../core/engine/packed.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { assertClose, onEveryBackend } from "../support.ts";

const sizes = { vocabSize: 37, contextLength: 24, hiddenSize: 48, numHeads: 4, numLayers: 2 };

onEveryBackend("pack() leaves the numbers of a model as they are", async () => {
  const [plain, packed] = [0, 1].map(() => new DecoderOnly(sizes, new Random(5)).eval());
  pack(packed!);
  const tokens = tensor(Int32Array.of(1, 2, 3, 4), [2, 2]);
  await assertClose(packed!.forward(tokens), noGrad(() => plain!.forward(tokens)), { rtol: 1e-5, atol: 1e-5 });
});

onEveryBackend("pack() keeps paths, shapes and values of the state, and no parameter", async () => {
  const model = new DecoderOnly(sizes, new Random(6)), other = new DecoderOnly(sizes, new Random(7));
  const before = [...model.stateDict()].map(([path, { shape }]) => [path, shape]);
  const packed = pack(model);
  assertEquals([...packed.stateDict()].map(([path, { shape }]) => [path, shape]), before);
  assertEquals(packed.parameters().size, 0);
  packed.loadStateDict(other.stateDict());
  for (const [path, value] of packed.stateDict()) {
    assertEquals([...(await value.read())], [...(await other.stateDict().get(path)!.read())], path);
  }
  other.loadStateDict(packed.stateDict());
});

onEveryBackend("quantize() makes a packed matrix of every Linear and of the table it is tied to", () => {
  const model = quantize(new DecoderOnly(sizes, new Random(8)), "int4");
  for (const [path, value] of model.stateDict()) {
    if (value.shape.length === 2 && path !== "positions.weight") assert(value instanceof PackedMatrix, path);
  }
});

onEveryBackend("quantize() gives the memory of the original back", (device) => {
  const layer = new Linear(1024, 1024, new Random(1));
  const before = memory().bytes;
  scope(() => quantize(layer, "int4"));
  const after = device.packing?.int4 ? 0.625 : 4;
  assertEquals(before - memory().bytes, 1024 * 1024 * (4 - after));
});

onEveryBackend("train() refuses a model with packed weights", () => {
  const model = pack(new DecoderOnly(sizes, new Random(9)));
  assertEquals(model.training, false);
  assertThrows(() => model.train(), TypeError, 'Cannot train a model with packed weights, such as "embedding.weight"');
  assertThrows(() => model.forward(tensor(Int32Array.of(1), [1, 1])).sum().backward(), TypeError, "no parameter");
});

onEveryBackend("quantize() refuses formats that do not exist, and another format than the one in use", () => {
  const layer = quantize(new Linear(4, 4, new Random(1)), "int8");
  assertThrows(() => quantize(layer, "int4"), TypeError, "they are in int8, which has forgotten the original");
  assertEquals(quantize(layer, "int8"), layer);
  assertThrows(() => pack(layer), TypeError, "Cannot keep packed weights in float32: they are in int8");
  assertThrows(() => quantize(layer, "float32" as "int8"), TypeError, 'Cannot quantize weights to "float32"');
});
