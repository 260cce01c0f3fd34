import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Embedding } from "../../core/02_words/embeddings.ts";
import { overKeys } from "../../core/04_attention/masks.ts";
import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import { rotary } from "../../core/04_attention/positions/mod.ts";
import { DecoderStack } from "../../core/05_transformer/decoder.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { Encoder } from "../../core/05_transformer/encoder.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { gelu, relu, swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { BatchNorm, RMSNorm, rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  restoreTensors,
  type StoredTensor,
} from "../../core/06_training/safetensors.ts";
import { exportState, type ImportOptions, importState, type StateNames } from "../../core/06_training/state_names.ts";
import { Conv1d } from "../../core/engine/convolution_layers.ts";
import { tensor } from "../../core/engine/create.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import { Sequential } from "../../core/engine/sequential.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { quantize } from "../../core/engine/inference.ts";
import { assertClose, normal, onEveryBackend, onItsOwnBackend } from "../support.ts";

/** What `state_names.py` recorded. */
const golden = decodeSafetensors(Deno.readFileSync(new URL("../goldens/state_names.safetensors", import.meta.url)));

/** The tensors whose names begin so, by what follows. */
function recorded(path: string): Map<string, StoredTensor> {
  const found = [...golden.tensors].flatMap(([name, stored]) =>
    name.startsWith(path) ? [[name.slice(path.length), stored] as const] : []
  );
  return new Map(found.sort(([a], [b]) => a < b ? -1 : 1));
}

const sizes = { hiddenSize: 4, numHeads: 2, feedForwardSize: 6 };
const orders = {
  post: { ...sizes, placement: "post", activation: relu, closingNorm: true },
  pre: { ...sizes, placement: "pre", activation: gelu, closingNorm: false },
} as const;

class Translator extends Module {
  readonly encoder: Encoder = new Encoder({ ...orders.post, numLayers: 1 }, Random.none);
  readonly decoder: DecoderStack = new DecoderStack({ ...orders.post, numLayers: 1 }, Random.none);
}

class Reader extends Module {
  readonly table: Embedding = new Embedding(7, 4, Random.none);
  readonly conv: Conv1d = new Conv1d(4, 3, 2, Random.none);
  readonly mix: Sequential = new Sequential(
    new Linear(3, 6, Random.none),
    gelu,
    new Linear(6, 2, Random.none, { bias: false }),
  );
  readonly scale: RMSNorm = new RMSNorm(2);

  forward(tokens: Tensor): Tensor {
    const read = this.conv.forward(this.table.forward(tokens).transpose(1, 2)).transpose(1, 2);
    return this.scale.forward(this.mix.forward(read));
  }
}

type Inputs = Readonly<Record<string, Tensor>>;

/** True where PyTorch says false. */
const present = (padding: Tensor): Tensor => padding.equal(tensor(false));

interface Case {
  readonly name: string;
  readonly names?: StateNames;
  run(): { readonly model: Module; call(inputs: Inputs): Tensor };
}

const stacks = (["post", "pre"] as const).flatMap((order): Case[] => [
  {
    name: `encoder ${order}`,
    run: () => {
      const model = new Encoder({ ...orders[order], numLayers: 2 }, Random.none);
      return { model, call: ({ x, bias, padding }) => model.forward(x!, { bias, mask: present(padding!) }) };
    },
  },
  {
    name: `decoder ${order}`,
    run: () => {
      const model = new DecoderStack({ ...orders[order], numLayers: 1 }, Random.none);
      return {
        model,
        call: ({ x, memory, padding, source_padding }) =>
          model.forward(x!, memory!, { mask: present(padding!), sourceMask: present(source_padding!) }),
      };
    },
  },
]);

const cases: readonly Case[] = [
  ...stacks,
  {
    name: "attention",
    run: () => {
      const model = new MultiHeadAttention(4, 2, Random.none, { contextSize: 3, valueContextSize: 5 });
      return {
        model,
        call: ({ x, key, value, bias, padding }) =>
          model.forward(x!, { context: key, valueContext: value, bias, mask: overKeys(present(padding!)) }),
      };
    },
  },
  {
    name: "transformer",
    run: () => {
      const model = new Translator();
      return { model, call: ({ x, y }) => model.decoder.forward(y!, model.encoder.forward(x!)) };
    },
  },
  {
    name: "reader",
    names: { "head": "mix" },
    run: () => {
      const model = new Reader();
      return { model, call: ({ tokens }) => model.forward(tokens!) };
    },
  },
  {
    name: "batch norm",
    run: () => {
      const model = new BatchNorm(4).eval();
      return { model, call: ({ x }) => model.forward(x!) };
    },
  },
];

// A number is a sum of a few dozen products of numbers of size 1, six layers deep at most.
const closeness = { tolerance: 64, length: 32 };

for (const { name, names, run } of cases) {
  onEveryBackend(
    `importState() computes what PyTorch computes, and exportState() gives its bytes back: ${name}`,
    async () => {
      const { model, call } = run(), state = recorded(`${name}/state/`);
      assertEquals(importState(model, state, { names }), { missing: [], unexpected: [] });
      const output = call(Object.fromEntries(restoreTensors(recorded(`${name}/input/`))));
      const [answer] = restoreTensors(recorded(`${name}/output`)).values();
      await assertClose(output, answer!, closeness);

      state.delete("num_batches_tracked");
      const exported = await exportState(model, { names });
      assertEquals([...exported.keys()].sort(), [...state.keys()]);
      const wanted = restoreTensors(state), found = restoreTensors(exported);
      for (const [key, weight] of wanted) await assertClose(found.get(key)!, weight, { tolerance: 0 });
      if ([...exported.values()].every(({ kind }) => kind === "F32")) {
        const [theirs, ours] = [state, exported].map((tensors) => encodeSafetensors({ tensors, metadata: new Map() }));
        assertEquals(ours, theirs);
      }

      // One step of the same descent leads to the same weights.
      if (recorded(`${name}/after/`).size === 0) return;
      output.square().mean().backward();
      new Optimizer(model.parameters(), sgd({ learningRate: 0.5 })).step();
      const after = restoreTensors(recorded(`${name}/after/`));
      const stepped = restoreTensors(await exportState(model, { names }));
      for (const [key, weight] of after) await assertClose(stepped.get(key)!, weight, closeness);
    },
  );
}

/** Float32 numbers as a stored tensor. */
function stored(values: readonly number[], shape: readonly number[]): StoredTensor {
  return { kind: "F32", shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

const small = { vocabSize: 5, contextLength: 6, hiddenSize: 4, numHeads: 2, numLayers: 2 };

/** GPT-2 as Hugging Face names it. */
const parts = ["query", "key", "value"];
const gpt2: StateNames = {
  "wte": "embedding",
  "lm_head": "embedding",
  "wpe": "positions",
  "ln_f": "norm",
  "h.*.ln_1": "layers.*.attentionResidual.norm",
  "h.*.ln_2": "layers.*.feedForwardResidual.norm",
  "h.*.attn.bias": null,
  "h.*.attn.c_attn.weight": { paths: parts.map((part) => `layers.*.attention.${part}.weight`) },
  "h.*.attn.c_attn.bias": { paths: parts.map((part) => `layers.*.attention.${part}.bias`) },
  "h.*.attn.c_proj.weight": { paths: ["layers.*.attention.output.weight"] },
  "h.*.attn.c_proj.bias": "layers.*.attention.output.bias",
  "h.*.mlp.c_fc.weight": { paths: ["layers.*.feedForward.up.weight"] },
  "h.*.mlp.c_fc.bias": "layers.*.feedForward.up.bias",
  "h.*.mlp.c_proj.weight": { paths: ["layers.*.feedForward.down.weight"] },
  "h.*.mlp.c_proj.bias": "layers.*.feedForward.down.bias",
};

onEveryBackend("names of one's own place every tensor of GPT-2, with matrices as they are", async () => {
  const model = new DecoderOnly(small, new Random(1)), names = gpt2;
  const exported = await exportState(model, { names });
  assertEquals(exported.get("h.1.attn.c_attn.weight")!.shape, [4, 12]);
  assertEquals(exported.get("h.1.mlp.c_fc.weight")!.shape, [4, 16]);
  assertEquals(exported.get("lm_head.weight"), exported.get("wte.weight"));
  assertEquals(exported.size, 3 + 2 * 12 + 2);
  const c = restoreTensors(exported).get("h.1.attn.c_attn.weight")!;
  await assertClose(c.slice(1, 4, 8), model.layers[1]!.parameters().get("attention.key.weight")!, { tolerance: 0 });

  const other = new DecoderOnly(small, Random.none), tokens = tensor([[1, 2, 3]], undefined, "int32");
  exported.set("h.0.attn.bias", stored([1], [1]));
  assertEquals(importState(other, exported, { names }), { missing: [], unexpected: [] });
  await assertClose(other.forward(tokens), model.forward(tokens), { tolerance: 0 });
  // A tensor that is there twice may be there once, and must be the same both times.
  exported.delete("wte.weight");
  importState(other, exported, { names });
  exported.set("wte.weight", stored(Array(20).fill(1), [5, 4]));
  assertThrows(
    () => importState(other, exported, { names }),
    TypeError,
    'Cannot import a state: of its tensors 1 is there twice and unlike ("wte.weight" and "lm_head.weight")',
  );
});

onEveryBackend("importState() reads other precisions, into packed weights too", async () => {
  const halves = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x0000, 0x4200, 0x3555).buffer);
  const model = new Linear(3, 2, Random.none, { bias: false }), wanted = [1, -2, 0.5, 0, 3, 0.333251953125];
  importState(model, new Map([["weight", { kind: "F16", shape: [2, 3], bytes: halves }]]));
  await assertClose(model.weight.tensor.transpose(), tensor(wanted, [2, 3]), { tolerance: 0 });
  const brain = new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x0000, 0x4040, 0x3eaa).buffer);
  importState(model, new Map([["weight", { kind: "BF16", shape: [2, 3], bytes: brain }]]));
  await assertClose(model.weight.tensor.at(0, 2), tensor([0.5, 0.33203125]), { tolerance: 0 });

  const layout = { ...orders.pre, hiddenSize: 32, numLayers: 1 }, x = normal(1, 1, 2, 32);
  const trained = new Encoder(layout, new Random(1)), packed = new Encoder(layout, new Random(2));
  quantize(packed.eval(), "int8");
  importState(packed, await exportState(trained));
  quantize(trained.eval(), "int8");
  await assertClose(packed.forward(x), trained.forward(x), { tolerance: 0 });
});

Deno.test("importState() names all that does not fit, and changes nothing", async () => {
  const model = new Encoder({ ...orders.post, numLayers: 1 }, new Random(1));
  const before = await exportState(model),
    state = await exportState(new Encoder({ ...orders.post, numLayers: 1 }, new Random(2)));
  state.set("layers.0.linear3.weight", state.get("layers.0.linear1.weight")!);
  state.set("layers.0.linear1.weight", stored(Array(24).fill(0), [4, 6]));
  state.set("layers.0.linear2.bias", { kind: "I32", shape: [4], bytes: new Uint8Array(16) });
  for (const name of ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "self_attn.in_proj_bias"]) {
    state.delete(`layers.0.${name}`);
  }
  const sentence = "Cannot import a state: of its tensors 5 are missing (" +
    '"layers.0.self_attn.in_proj_bias", "layers.0.norm1.weight", "layers.0.norm1.bias", "layers.0.norm2.weight" and ' +
    '1 more), 1 is unexpected ("layers.0.linear3.weight"), 2 are unfit ("layers.0.linear1.weight" is F32 [4, 6] ' +
    'instead of float32 [6, 4], "layers.0.linear2.bias" is I32 [4] instead of float32 [4])';
  const error = assertThrows(() => importState(model, state), TypeError);
  assertEquals((error as Error).message, sentence);
  // What does not fit is refused without strictness too.
  assertThrows(() => importState(model, state, { strict: false }), TypeError, "of its tensors 2 are unfit");
  assertEquals(await exportState(model), before);
});

Deno.test("importState() without strictness loads what is there, and says what is not", async () => {
  const model = new Encoder({ ...orders.post, numLayers: 2 }, new Random(1));
  const state = await exportState(new Encoder({ ...orders.pre, numLayers: 1 }, new Random(2)));
  state.set("head.weight", stored([1], [1]));
  const before = await exportState(model), { missing, unexpected } = importState(model, state, { strict: false });
  assertEquals(unexpected, ["head.weight"]);
  assertEquals(missing, [...model.stateDict().keys()].filter((path) => /^(layers.1|norm)/.test(path)));
  const after = await exportState(model);
  for (const [name, tensor] of after) assertEquals(tensor, (state.has(name) ? state : before).get(name), name);
  // Where nothing fits, a prefix is forgotten.
  const prefixed = new Map([...state].map(([name, tensor]) => [`module.${name}`, tensor]));
  assertThrows(() => importState(model, prefixed, { strict: false }), TypeError, 'unexpected ("module.layers.0');
  importState(model, prefixed, { strict: false, names: { "module": "" } });
  const whole = new Map([...await exportState(model)].map(([name, tensor]) => [`module.${name}`, tensor]));
  assertThrows(() => importState(model, whole), TypeError, '; with names = { "module": "" } all are found');
  importState(model, whole, { names: { "module": "" } });
  // What is left alone may have any shape.
  const other = new Encoder({ ...orders.post, numLayers: 2, closingNorm: true }, new Random(1));
  const file = await exportState(other);
  file.set("norm.weight", stored([1], [1]));
  assertEquals(importState(other, file, { names: { "norm": null }, strict: false }).missing, [
    "norm.gain",
    "norm.bias",
  ]);
});

Deno.test("names that lead nowhere, or two tensors to one name, are refused", async () => {
  const model = new Encoder({ ...orders.post, numLayers: 1 }, new Random(1));
  const wrong: [StateNames, string][] = [
    [{ "body": "layer" }, 'Cannot name "layer" as "body": the model has no such tensor or part'],
    [{ "h.*": "layers.0" }, 'Cannot name "layers.0" as "h.*": both must have the same number of indices *'],
    [{ "layers.0.norm1": "norm" }, "Cannot name both"],
    [{ "x": { paths: ["norm.gain", "layers.0.feedForward.up.weight"] } }, "they must lie beside each other"],
    [{ "x": { paths: ["norm.gain"], transposed: true } }, "and two axes be exchanged"],
  ];
  for (const [names, sentence] of wrong) {
    assertThrows(() => importState(model, new Map(), { names }), TypeError, sentence);
    await assertRejects(() => exportState(model, { names }), TypeError, sentence);
  }
  for (const names of [{ a: 3 }, { a: { paths: [] } }, { a: { paths: ["b"], turned: true } }, []]) {
    assertThrows(
      () => importState(model, new Map(), { names } as unknown as ImportOptions),
      TypeError,
      "names must be an object of paths",
    );
  }
  assertThrows(
    () => importState(model, new Map([["norm.bias", { kind: "F32", shape: [4], bytes: new Uint8Array(3) }]])),
    TypeError,
    'Cannot import tensor "norm.bias": 3 bytes as F32 [4]',
  );
});

onEveryBackend("exportState() reads the model as it is when it is asked", async () => {
  const model = new Linear(2, 3, new Random(1)), before = await exportState(model);
  const reading = exportState(model);
  model.weight.tensor.assign(7);
  assertEquals(await reading, before);
  assert([...restoreTensors(await exportState(model)).get("weight")!.shape].join() === "3,2");
});

onEveryBackend("names of one's own place nn.Transformer between tables and a head", async () => {
  const layout = { ...small, sourceVocabSize: 7, closingNorm: true, tieHead: false };
  const model = new EncoderDecoder(layout, new Random(1)).eval(),
    other = new EncoderDecoder(layout, Random.none).eval();
  const names: StateNames = {
    "transformer": "",
    "source.table": "sourceEmbedding",
    "target.table": "targetEmbedding",
    "generator": "head",
    "places.table": null,
  };
  const state = await exportState(model, { names });
  assertEquals([...state.keys()].filter((name) => !/^transformer\.(en|de)coder\./.test(name)), [
    "target.table.weight",
    "source.table.weight",
    "generator.weight",
  ]);
  assert(state.has("transformer.decoder.layers.1.multihead_attn.in_proj_weight"));
  assert(state.has("transformer.encoder.norm.bias"));
  state.set("places.table", stored([1], [1]));
  importState(other, state, { names });
  const [source, target] = [[[6, 2, 3]], [[1, 2]]];
  await assertClose(other.forward(source, target), model.forward(source, target), { tolerance: 0 });
});

onItsOwnBackend("importState() and exportState() leave nothing on the device", async () => {
  const model = new Encoder({ ...orders.post, numLayers: 2 }, new Random(1)), before = memory().tensors;
  importState(model, await exportState(model));
  assertEquals(memory().tensors, before);
});

Deno.test("a part under a key with a dot is refused, since its kind is not found", () => {
  class Parts extends Module {
    readonly parts: Map<string, Linear> = new Map([["a.b", new Linear(2, 2, new Random(1))]]);
  }
  assertThrows(
    () => importState(new Parts(), new Map()),
    TypeError,
    'Cannot name "parts.a.b.weight": a key with a dot in it must be renamed',
  );
});

Deno.test("the exercise's rows give a DecoderOnly the names of Llama", async () => {
  const layout = {
    ...small,
    norm: rmsNormalization(),
    activation: swiGlu,
    bias: false,
    tieHead: false,
    positions: rotary(),
  };
  const model = new DecoderOnly({ ...layout, numLayers: 1, numGroups: 1 }, new Random(1)), at = "model.layers.*";
  const names: StateNames = {
    "model.embed_tokens": "embedding",
    "model.norm": "norm",
    "lm_head": "head",
    [`${at}.self_attn.q_proj`]: "layers.*.attention.query",
    [`${at}.self_attn.k_proj`]: "layers.*.attention.key",
    [`${at}.self_attn.v_proj`]: "layers.*.attention.value",
    [`${at}.self_attn.o_proj`]: "layers.*.attention.output",
    [`${at}.mlp.gate_proj`]: "layers.*.feedForward.gate",
    [`${at}.mlp.up_proj`]: "layers.*.feedForward.up",
    [`${at}.mlp.down_proj`]: "layers.*.feedForward.down",
    [`${at}.input_layernorm`]: "layers.*.attentionResidual.norm",
    [`${at}.post_attention_layernorm`]: "layers.*.feedForwardResidual.norm",
  };
  const state = await exportState(model, { names });
  const shapes = Object.fromEntries([...state].map(([name, { shape }]) => [name, shape.join()]));
  assertEquals(shapes, {
    "model.embed_tokens.weight": "5,4",
    "model.layers.0.self_attn.q_proj.weight": "4,4",
    "model.layers.0.self_attn.k_proj.weight": "2,4",
    "model.layers.0.self_attn.v_proj.weight": "2,4",
    "model.layers.0.self_attn.o_proj.weight": "4,4",
    "model.layers.0.input_layernorm.weight": "4",
    "model.layers.0.mlp.gate_proj.weight": "16,4",
    "model.layers.0.mlp.up_proj.weight": "16,4",
    "model.layers.0.mlp.down_proj.weight": "4,16",
    "model.layers.0.post_attention_layernorm.weight": "4",
    "model.norm.weight": "4",
    "lm_head.weight": "5,4",
  });
});

Deno.test("a star in a pattern is an index, not a key that is a star", async () => {
  class Keyed extends Module {
    readonly parts: ReadonlyMap<string, Linear> = new Map(
      ["*", "1"].map((key) => [key, new Linear(1, 1, new Random(1))]),
    );
  }
  const names = [...(await exportState(new Keyed(), { names: { "p.*": "parts.*" } })).keys()];
  assertEquals(names, ["parts.*.weight", "parts.*.bias", "p.1.weight", "p.1.bias"]);
});

Deno.test("importState() says what it needs where a tensor is no stored one", () => {
  const model = new Linear(1, 1, new Random(1));
  for (const wrong of [model.weight.tensor, null, 1]) {
    const tensors = new Map([["weight", wrong], ["bias", wrong]]) as unknown as ReadonlyMap<string, StoredTensor>;
    assertThrows(
      () => importState(model, tensors),
      TypeError,
      "kind, shape and bytes are needed, as exportState() and decodeSafetensors() return them",
    );
  }
});
