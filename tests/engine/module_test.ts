import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { Module } from "../../core/engine/module.ts";
import { pack } from "../../core/engine/inference.ts";
import { Random } from "../../core/engine/random.ts";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, onEveryBackend } from "../support.ts";

class Part extends Module {
  gain: Tensor;
  readonly count: number = 3;
  readonly #hidden: Tensor = zeros([1]);

  constructor(value: number) {
    super();
    this.gain = parameter(tensor([value, value]));
  }

  get hidden(): Tensor {
    return this.#hidden;
  }
}

class Whole extends Module {
  layers: Part[] = [new Part(1), new Part(2)];
  shared: Part = this.layers[0]!;
  running: Tensor = zeros([2]);
  head: Part | undefined = new Part(3);
  absent: Part | undefined = undefined;
  dropout: Random = new Random(7);
}

onEveryBackend("stateDict() names tensors by the path of fields, each once", () => {
  const whole = new Whole();
  assertEquals([...whole.stateDict().keys()], ["layers.0.gain", "layers.1.gain", "running", "head.gain"]);
  assertEquals([...whole.parameters().keys()], ["layers.0.gain", "layers.1.gain", "head.gain"]);
  assertEquals(whole.parameterCount(), 6);
  assertStrictEquals(whole.parameters().get("layers.0.gain"), whole.shared.gain);
});

onEveryBackend("randoms() finds the generators of a module", () => {
  const whole = new Whole();
  assertEquals([...whole.randoms()], [["dropout", whole.dropout]]);
});

onEveryBackend("loadStateDict() copies values into the tensors that are there", async () => {
  const from = new Whole(), to = new Whole();
  from.layers[1]!.gain.assign(9);
  const gain = to.layers[1]!.gain;
  to.loadStateDict(from.stateDict());
  assertStrictEquals(to.layers[1]!.gain, gain);
  await assertClose(gain, [9, 9], { tolerance: 0 });
  from.layers[1]!.gain.assign(1);
  await assertClose(gain, [9, 9], { tolerance: 0 });
});

onEveryBackend("loadStateDict() changes nothing unless everything fits", async () => {
  const whole = new Whole();
  const state = new Map(whole.stateDict());
  state.set("layers.0.gain", ones([2]).mul(5));
  state.delete("head.gain");
  assertThrows(() => whole.loadStateDict(state), TypeError, 'Cannot load a state without "head.gain"');
  state.set("head.gain", zeros([3]));
  assertThrows(
    () => whole.loadStateDict(state),
    TypeError,
    'Cannot load "head.gain" from float32 [3]: float32 [2] is needed',
  );
  state.set("head.gain", zeros([2], "int32"));
  assertThrows(() => whole.loadStateDict(state), TypeError, "from int32 [2]");
  state.set("head.gain", zeros([2])).set("tail", zeros([1]));
  assertThrows(() => whole.loadStateDict(state), TypeError, 'Cannot load a state with unknown "tail"');
  await assertClose(whole.layers[0]!.gain, [1, 1], { tolerance: 0 });
});

onEveryBackend("a model made with Random.none answers once it is loaded, and not before", async () => {
  const options = { vocabSize: 9, contextLength: 4, hiddenSize: 8, numHeads: 2, numLayers: 1 };
  const trained = new DecoderOnly(options, new Random(1)).eval(), tokens = tensor([[1, 2]], undefined, "int32");
  const model = new DecoderOnly(options, Random.none).eval();
  assertThrows(() => model.forward(tokens), TypeError, "load its state first");
  const state = new Map(trained.stateDict());
  state.delete("embedding.weight");
  assertThrows(() => model.loadStateDict(state), TypeError, 'without "embedding.weight"');
  assertThrows(() => model.forward(tokens), TypeError, "load its state first");
  assertThrows(() => pack(model), TypeError, "load its state first");
  assertThrows(() => trained.loadStateDict(model.stateDict()), TypeError, "without values");
  model.loadStateDict(trained.stateDict());
  assertEquals(await model.forward(tokens).read(), await trained.forward(tokens).read());
});

onEveryBackend("train() and eval() reach every part", () => {
  const whole = new Whole();
  assertStrictEquals(whole.eval(), whole);
  assertEquals([whole.training, whole.layers[1]!.training, whole.head!.training], [false, false, false]);
  whole.train();
  assertEquals([whole.training, whole.layers[0]!.training, whole.head!.training], [true, true, true]);
});
