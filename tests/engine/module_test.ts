import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { pack } from "../../core/engine/inference.ts";
import { Random } from "../../core/engine/random.ts";
import { ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Weight } from "../../core/engine/weight.ts";
import { assertClose, onEveryBackend, onReference } from "../support.ts";

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

class Node extends Module {
  readonly gain: Tensor = parameter(ones([2]));
  parent: Node | undefined = undefined;
  readonly children: Node[] = [];
  readonly random: Random = new Random(1);
  readonly weight: Weight = Weight.matrix(parameter(ones([2, 3])));

  adopt(child: Node): this {
    child.parent = this;
    this.children.push(child, child);
    return this;
  }
}

onEveryBackend(
  "a module may hold its parent, itself and a child twice: each part is met once, under its first path",
  () => {
    const root = new Node(), child = new Node(), paths = ["gain", "children.0.gain", "children.0.weight", "weight"];
    root.adopt(child);
    child.children.push(root, child);
    assertEquals([...root.stateDict().keys()], paths);
    assertEquals([...root.parameters().keys()], paths);
    assertEquals(root.parameterCount(), 16);
    assertEquals([...root.randoms().keys()], ["children.0.random", "random"]);
    assertEquals(root.packable().size, 2);
    assertEquals([...root.modules()], [root, child]);
    root.eval();
    assertEquals([root.training, child.training], [false, false]);
    root.train();
    assertEquals([root.training, child.training], [true, true]);
    root.loadStateDict(new Map(root.stateDict()));
    // Seen from below, the root is a part.
    assertEquals([...child.modules()], [child, root]);
    assertEquals(child.parameterCount(), 16);
    pack(root);
    assertEquals([root.parameterCount(), root.training], [0, false]);
  },
);

class Chain extends Module {
  next: Chain | undefined = undefined;
  readonly gain: Tensor = parameter(ones([1]));
}

onReference("modules may be nested deeper than any call stack", () => {
  const root = new Chain(), depth = 20_000;
  let last = root;
  for (let i = 1; i < depth; i++) last = last.next = new Chain();
  assertEquals(root.modules().size, depth);
  root.eval();
  assertEquals(last.training, false);
});

class Scattered extends Module {
  readonly parts: unknown;

  constructor(parts: unknown) {
    super();
    this.parts = parts;
  }
}

onEveryBackend("parts are found in plain objects, maps, sets and lists, as deep as they are nested", () => {
  const part = (): Part => new Part(1);
  const cases: [unknown, string[]][] = [
    [{ up: part(), down: part() }, ["parts.up.gain", "parts.down.gain"]],
    [Object.assign(Object.create(null), { up: part() }), ["parts.up.gain"]],
    [new Map<unknown, Part>([["q", part()], [3, part()]]), ["parts.q.gain", "parts.3.gain"]],
    [new Set([part(), part()]), ["parts.0.gain", "parts.1.gain"]],
    [[[part()], [[part()]]], ["parts.0.0.gain", "parts.1.0.0.gain"]],
    [{ heads: new Map([["a", [{ deep: new Set([part()]) }]]]) }, ["parts.heads.a.0.deep.0.gain"]],
    [{ free: parameter(ones([2])), fixed: 3, none: null, f: () => 1 }, ["parts.free"]],
  ];
  for (const [parts, paths] of cases) {
    const whole = new Scattered(parts);
    assertEquals([...whole.parameters().keys()], paths);
    whole.eval();
    for (const module of whole.modules()) assertEquals(module.training, false);
    const other = new Map([...whole.stateDict()].map(([path, x]) => [path, ones(x.shape).mul(5)]));
    whole.loadStateDict(other);
  }
  // No program can look into these; the training loop refuses a loss that depends on them.
  assertEquals(
    new Scattered(
      new (class Other {
        inner = part();
      })(),
    ).parameters().size,
    0,
  );
});

onEveryBackend("parts without a name of their own are refused", () => {
  const named = new Scattered(new Map([[{}, new Part(1)]]));
  assertThrows(
    () => named.parameters(),
    TypeError,
    "Cannot name what a Map holds under an object: a key must be a string",
  );
  const twice = new Scattered(new Map<string, unknown>([["a.gain", parameter(ones([2]))], ["a", new Part(1)]]));
  assertThrows(() => twice.stateDict(), TypeError, 'Cannot name two tensors "parts.a.gain"');
});

Deno.test("A frozen module keeps its mode, and says so where that would have to change", () => {
  const model = new Linear(2, 2, new Random(1));
  assertEquals(Object.freeze(model).train(), model);
  assertThrows(() => model.eval(), TypeError, "Cannot evaluate a Linear that is frozen: its mode has to change");
  const watched = new Proxy(new Linear(2, 2, new Random(1)), {});
  assertEquals(watched.eval().training, false);
});

Deno.test("loadStateDict() refuses values that are no tensors, and has changed nothing", async () => {
  const model = new Linear(2, 2, new Random(1)), before = await model.stateDict().get("weight")!.read();
  const bias = zeros([2]), likeness = { shape: [2], dtype: "float32", storage: {} };
  for (const wrong of [3, "a", [0, 0], new Float32Array(2), likeness]) {
    const state = new Map<string, unknown>([["weight", ones([2, 2])], ["bias", wrong]]);
    assertThrows(() => model.loadStateDict(state as never), TypeError, 'Cannot load "bias" from ');
  }
  assertEquals(await model.stateDict().get("weight")!.read(), before);
  model.loadStateDict(new Map([["weight", ones([2, 2])], ["bias", bias]]));
});
