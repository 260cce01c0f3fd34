import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { relu } from "../../core/05_transformer/feed_forward/activations.ts";
import { alibi } from "../../core/04_attention/positions/relative.ts";
import { sinusoidal } from "../../core/04_attention/positions/absolute.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import { yarnScaling } from "../../core/04_attention/positions/rotary_scaling.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { decodeSafetensors, readHeader } from "../../core/06_training/safetensors.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource, type ModelSource } from "../../core/08_pretrained/files/mod.ts";
import { type SaveOptions, savePretrained } from "../../core/08_pretrained/export/saving.ts";
import { saveOnnx } from "../../core/08_pretrained/export/onnx.ts";
import { elementsAs } from "../../core/08_pretrained/export/shards.ts";
import { bytesSink, type MemorySink } from "../../core/08_pretrained/export/sink.ts";
import { tensor } from "../../core/engine/create.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Module } from "../../core/engine/module.ts";
import { halfToNumber, numberToHalf } from "../../core/engine/numbers.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, onEveryBackend } from "../support.ts";
import golden from "../goldens/export.json" with { type: "json" };
import { exactModel, LAYOUTS, TOKENS } from "./exported.ts";
import { TOKENIZERS } from "./exported_tokenizers.ts";

/** What the recipe records of a model that transformers opens. */
interface Recorded {
  readonly class: string;
  readonly files: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, string>>;
  readonly logits: readonly (readonly number[])[];
  readonly stepped?: {
    readonly processes: number;
    readonly config: unknown;
    readonly weights: string;
    readonly logits: readonly (readonly number[])[];
  };
}
const recorded = golden.models as unknown as Readonly<Record<string, Recorded>>;

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
const textOf = (sink: MemorySink, path: string): string => new TextDecoder().decode(sink.files.get(path));
const jsonOf = (sink: MemorySink, path: string) => JSON.parse(textOf(sink, path));
const sourceOf = (sink: MemorySink): ModelSource => bytesSource(sink.files);

async function saved(model: DecoderOnly, options: SaveOptions = {}): Promise<MemorySink> {
  const sink = bytesSink();
  await savePretrained(model, sink, options);
  return sink;
}

/** All numbers of a model, by path. */
async function numbersOf(model: Module): Promise<Record<string, number[]>> {
  const entries = [...model.stateDict()];
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ([path, entry]): Promise<[string, number[]]> => [path, [...await entry.read()]]),
    ),
  );
}

// ## What transformers makes of it

for (const [name, layout] of Object.entries(LAYOUTS)) {
  onEveryBackend(`${name}: transformers computes the logits of what savePretrained() writes`, async () => {
    const { logits } = recorded[name]!;
    const own = noGrad(() => exactModel(layout).forward([TOKENS])).squeeze(0);
    await assertClose(own, tensor(logits.flat(), [TOKENS.length, layout.vocabSize]), { rtol: 2e-5, atol: 2e-5 });
  });

  Deno.test(`${name}: files and tensors are those that transformers has read and saved again`, async () => {
    const { files, tensors, class: kind } = recorded[name]!, sink = await saved(exactModel(layout));
    for (const [file, hash] of Object.entries(files)) assertEquals(await sha256(sink.files.get(file)!), hash, file);
    const own = decodeSafetensors(sink.files.get("model.safetensors")!).tensors;
    assertEquals([...own.keys()].sort(), Object.keys(tensors).sort());
    for (const [tensor, { bytes }] of own) assertEquals(await sha256(bytes), tensors[tensor], tensor);
    assertEquals(jsonOf(sink, "config.json").architectures, [kind]);
  });

  Deno.test(`${name}: from here to files and back, every number is the same`, async () => {
    const model = exactModel(layout), back = await fromPretrained(sourceOf(await saved(model)));
    const isTurned = name === "llama, neighbours", wanted = await numbersOf(model), found = await numbersOf(back);
    for (const [path, numbers] of Object.entries(wanted)) {
      // Rows whose pairs were neighbours are in another order, and no number is another.
      const sorted = (all: number[]) => isTurned && /query|key/.test(path) ? all.toSorted((a, b) => a - b) : all;
      assertEquals(sorted(found[path]!), sorted(numbers), path);
    }
    assertEquals(Object.keys(found), Object.keys(wanted));
    const { options } = back;
    for (const option of ["vocabSize", "contextLength", "headSize", "numGroups", "tieHead", "bias"] as const) {
      assertEquals(options[option], model.options[option], option);
    }
    assertEquals(options.norm.settings ?? { epsilon: 1e-5 }, model.options.norm.settings ?? { epsilon: 1e-5 });
    await assertClose(
      noGrad(() => back.forward([TOKENS])),
      noGrad(() => model.forward([TOKENS])),
      isTurned ? { rtol: 1e-5, atol: 1e-5 } : { tolerance: 0 },
    );
  });
}

for (const [name, { stepped }] of Object.entries(recorded)) {
  if (!stepped) continue;
  onEveryBackend(`${name}: what two processes of torchrun trained is opened with their logits`, async () => {
    assertEquals(stepped.processes, 2);
    const files = new Map([
      ["config.json", new TextEncoder().encode(JSON.stringify(stepped.config))],
      ["model.safetensors", Uint8Array.fromBase64(stepped.weights)],
    ]);
    const model = await fromPretrained(bytesSource(files));
    const wanted = tensor(stepped.logits.flat(), [TOKENS.length, LAYOUTS[name]!.vocabSize]);
    await assertClose(noGrad(() => model.forward([TOKENS])).squeeze(0), wanted, { rtol: 2e-5, atol: 2e-5 });
    const before = await numbersOf(exactModel(LAYOUTS[name]!)), after = await numbersOf(model);
    // Every tensor has learned something, but what is added to all keys alike: a softmax does not see it.
    const still = Object.keys(before).filter((path) => before[path]!.every((x, i) => x === after[path]![i]));
    assertEquals(still, Object.keys(before).filter((path) => path.endsWith("key.bias")));
  });
}

// ## The folder

const gpt2 = (): DecoderOnly => exactModel(LAYOUTS["gpt2"]!);

Deno.test("the settings come last, and a file is there once all of it is written", async () => {
  const tokenizer = await TOKENIZERS["characters alone"]!();
  const model = new DecoderOnly({ ...LAYOUTS["gpt2"]!, vocabSize: tokenizer.vocabSize }, new Random(1));
  const { files, architecture, bytes } = await savePretrained(model, bytesSink(), { tokenizer });
  assertEquals(files, [
    ...["model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json", "config.json"],
  ]);
  assertEquals([architecture, bytes], ["gpt2", 4 * model.parameterCount()]);
});

Deno.test("transposed matrices: GPT-2's lie as they are used, and those of others the other way round", async () => {
  const shapes = async (name: string) => {
    const { tensors } = decodeSafetensors((await saved(exactModel(LAYOUTS[name]!))).files.get("model.safetensors")!);
    return (tensor: string) => [...tensors.get(tensor)!.shape];
  };
  const [gpt2, starcoder2] = [await shapes("gpt2"), await shapes("starcoder2")];
  assertEquals(gpt2("transformer.h.0.mlp.c_fc.weight"), [8, 12]);
  assertEquals(gpt2("transformer.h.0.attn.c_attn.weight"), [8, 24]);
  assertEquals(starcoder2("model.layers.0.mlp.c_fc.weight"), [12, 8]);
  assertEquals(starcoder2("model.layers.0.self_attn.k_proj.weight"), [4, 8]);
});

Deno.test("a tied head is written once", async () => {
  const names = async (name: string) => [
    ...decodeSafetensors((await saved(exactModel(LAYOUTS[name]!))).files.get("model.safetensors")!).tensors.keys(),
  ];
  for (const name of ["gpt2", "llama", "mistral", "starcoder2"]) {
    assertEquals((await names(name)).includes("lm_head.weight"), false, name);
  }
  for (const name of ["gpt2, untied", "llama, untied, scaled, wide heads"]) {
    assertEquals((await names(name)).includes("lm_head.weight"), true, name);
  }
});

Deno.test("generation ends: the end token stands in both files of settings, and is null where there is none", async () => {
  const tokenizer = await TOKENIZERS["characters alone"]!();
  const model = new DecoderOnly({ ...LAYOUTS["gpt2"]!, vocabSize: tokenizer.vocabSize }, new Random(1));
  const known = await saved(model, { tokenizer }), unknown = await saved(model);
  for (const file of ["config.json", "generation_config.json"]) {
    assertEquals(jsonOf(known, file).eos_token_id, tokenizer.endToken);
    assertEquals(jsonOf(known, file).pad_token_id, tokenizer.padToken);
    assertEquals(jsonOf(unknown, file).eos_token_id, null);
  }
  assertEquals(jsonOf(known, "tokenizer_config.json").eos_token, "<end>");
});

Deno.test("dropout stands in the settings of GPT-2 even where it is 0", async () => {
  assertEquals(jsonOf(await saved(gpt2()), "config.json").resid_pdrop, 0);
  const dropping = new DecoderOnly({ ...LAYOUTS["gpt2"]!, dropout: 0.25 }, new Random(1));
  assertEquals(jsonOf(await saved(dropping), "config.json").embd_pdrop, 0.25);
});

// ## Files of a size

Deno.test("a model is cut into files of a size, with a list that is opened again", async () => {
  const model = gpt2(), sink = await saved(model, { maxShardBytes: 1500 });
  const index = jsonOf(sink, "model.safetensors.index.json"), files = [...new Set(Object.values(index.weight_map))];
  const parts = [...sink.files].filter(([name]) => name.endsWith(".safetensors"));
  assertEquals(parts.map(([name]) => name), (files as string[]).sort());
  assertEquals(parts[0]![0], `model-00001-of-0000${parts.length}.safetensors`);
  assertEquals(index.metadata.total_size, 4 * model.parameterCount());
  let total = 0;
  for (const [name, bytes] of parts) {
    const { tensors, metadata } = readHeader(bytes, bytes.length);
    assertEquals(metadata.get("format"), "pt", name);
    const held = [...tensors.values()].reduce((sum, { begin, end }) => sum + end - begin, 0);
    assertEquals(held <= 1500, true, `${name} has ${held} bytes`);
    total += held;
  }
  assertEquals(total, index.metadata.total_size);
  assertEquals(await numbersOf(await fromPretrained(sourceOf(sink))), await numbersOf(model));
});

Deno.test("a tensor that is larger than a file may be has a file of its own", async () => {
  const sink = await saved(gpt2(), { maxShardBytes: 1 });
  const parts = [...sink.files.keys()].filter((name) => name.endsWith(".safetensors"));
  assertEquals(parts.length, Object.keys(recorded["gpt2"]!.tensors).length);
  assertEquals(await numbersOf(await fromPretrained(sourceOf(sink))), await numbersOf(gpt2()));
});

// ## Kinds of numbers

for (const dtype of ["float16", "bfloat16"] as const) {
  Deno.test(`weights that ${dtype} holds are the same numbers in half the bytes`, async () => {
    const model = gpt2(), sink = await saved(model, { dtype });
    const { tensors } = decodeSafetensors(sink.files.get("model.safetensors")!);
    const kinds = new Set([...tensors.values()].map(({ kind }) => kind));
    assertEquals([...kinds], [dtype === "float16" ? "F16" : "BF16"]);
    assertEquals([...tensors.values()].reduce((sum, { bytes }) => sum + bytes.length, 0), 2 * model.parameterCount());
    assertEquals(jsonOf(sink, "config.json").dtype, dtype);
    assertEquals(await numbersOf(await fromPretrained(sourceOf(sink))), await numbersOf(model));
  });
}

Deno.test("float16 is the nearest, ties to even, of every size", () => {
  const every = Array.from({ length: 0x7c00 }, (_, half) => halfToNumber(half));
  const between = every.slice(1).map((x, i) => (x + every[i]!) / 2);
  const beside = between.flatMap((x) => [x * (1 + 2 ** -20), x * (1 - 2 ** -20)]);
  const all = Float32Array.from([...every, ...between, ...beside, 65519, Infinity].flatMap((x) => [x, -x]));
  const stored = { kind: "F32", shape: [all.length], bytes: new Uint8Array(all.buffer) } as const;
  const found = new Uint16Array(elementsAs("x", stored, "F16").slice().buffer);
  assertEquals(found, Uint16Array.from(all, numberToHalf));
});

Deno.test("bfloat16 is the nearest, ties to even", async () => {
  const model = gpt2(), weight = model.stateDict().get("embedding.weight")!;
  // A step of bfloat16 above 1 is 2⁻⁷: half of it, a little more, and the odd half.
  const some = [1 + 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 1 + 3 * 2 ** -8, -1 - 2 ** -9, 3e38, 0, -0, 2 ** -130];
  weight.assign(tensor(Float32Array.from({ length: weight.size }, (_, i) => some[i % some.length]!), weight.shape));
  const back = await fromPretrained(sourceOf(await saved(model, { dtype: "bfloat16" })));
  const wanted = [1, 1 + 2 ** -7, 1 + 2 ** -6, -1, 226 * 2 ** 120, 0, -0, 2 ** -130];
  const found = [...(await back.stateDict().get("embedding.weight")!.read()).slice(0, some.length)];
  assertEquals(found, wanted);
});

Deno.test("a number that float16 does not have is refused by the name of its tensor", async () => {
  const model = gpt2(), { bias } = model.layers[0]!.feedForward.up;
  bias!.assign(tensor(Float32Array.from({ length: bias!.size }, (_, i) => i === 3 ? 7e4 : 0)));
  const sink = bytesSink(), attempt = () => savePretrained(model, sink, { dtype: "float16" });
  const error = await assertRejects(attempt, RangeError, 'tensor "transformer.h.0.mlp.c_fc.bias" as float16');
  assertEquals(error.message.includes("70000"), true);
  // Half of a file is none.
  assertEquals([...sink.files.keys()], []);
});

// ## What does not fit

Deno.test("a layout that no family has is refused with what does not fit", async () => {
  const base = LAYOUTS["gpt2"]!, llama = LAYOUTS["llama"]!;
  const refusals: [DecoderOnly["options"] | object, string[]][] = [
    [{ ...base, placement: "post", positions: sinusoidal }, [
      "the nearest is gpt2",
      'placement = "post", which must be "pre"',
      'positions = "sinusoidal", which must be "learned"',
      "closingNorm = false",
    ]],
    [{ ...base, positions: alibi }, ['positions = "alibi"']],
    [{ ...base, activation: relu }, ['activation = "relu", which must be "geluTanh"']],
    [{ ...base, bias: false }, ["bias = false, which must be true"]],
    [{ ...llama, headSize: 4, positions: rotary({ share: 0.5 }) }, [
      "the nearest is llama",
      "share = 0.5, which must be 1",
    ]],
    [{ ...llama, positions: rotary({ scaling: yarnScaling({ factor: 2, trainedLength: 8 }) }) }, ["yarn"]],
  ];
  for (const [options, sentences] of refusals) {
    const model = new DecoderOnly(options as DecoderOnly["options"], new Random(1));
    const error = await assertRejects(() => saved(model), RangeError, "Cannot save the model as one of llama, gpt2");
    for (const sentence of sentences) assertEquals(error.message.includes(sentence), true, error.message);
  }
});

Deno.test("an option or a setting that no writer knows is refused, and not left out", async () => {
  const model = gpt2(), norm = { ...model.options.norm, settings: { epsilon: 1e-5, shift: 2 } };
  for (const more of [{ depth: 3 }, { norm }]) {
    const odd = Object.defineProperty(gpt2(), "options", { value: { ...model.options, ...more } }) as DecoderOnly;
    const name = "depth" in more ? "depth = 3" : "shift = 2";
    await assertRejects(() => saved(odd), RangeError, `${name}, which must be left out`);
    await assertRejects(() => saveOnnx(odd, bytesSink()), RangeError, `${name}, which must be left out`);
  }
});

Deno.test("a model with rotary positions and the rest of GPT-2 is a StarCoder 2", async () => {
  const model = new DecoderOnly({ ...LAYOUTS["gpt2"]!, positions: rotary() }, new Random(1));
  const sink = await saved(model);
  assertEquals(jsonOf(sink, "config.json").model_type, "starcoder2");
  assertEquals(await numbersOf(await fromPretrained(sourceOf(sink))), await numbersOf(model));
});

Deno.test("a window of all positions is none, and one of a few makes a Mistral", async () => {
  assertEquals(jsonOf(await saved(exactModel(LAYOUTS["mistral"]!)), "config.json").sliding_window, 3);
  assertEquals("sliding_window" in jsonOf(await saved(exactModel(LAYOUTS["llama"]!)), "config.json"), false);
});

// ## What is said, and when it is stopped

Deno.test("savePretrained() tells how far it is, and stops when it is told to", async () => {
  const told: number[] = [];
  await saved(gpt2(), { onProgress: ({ written, total }) => void told.push(written / total) });
  assertEquals([told.length, told.at(-1)], [Object.keys(recorded["gpt2"]!.tensors).length, 1]);
  const stop = new AbortController(), sink = bytesSink();
  const onProgress = () => stop.abort(new Error("enough"));
  await assertRejects(() => savePretrained(gpt2(), sink, { signal: stop.signal, onProgress }), Error, "enough");
  assertEquals(sink.files.size, 0);
});

Deno.test("what stands beside a model is copied as it is", async () => {
  const files: Record<string, string> = {
    "config.json": '{"bos_token_id": 7, "eos_token_id": [8, 9], "vocab_size": 3}',
    "tokenizer.json": '{  "as": "it was" }',
    "generation_config.json": '{"eos_token_id": [8, 9], "temperature": 0.6}',
    "chat_template.jinja": "{{ messages }}",
    "README.md": "is no part of it",
  };
  const bytes = new Map(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)]));
  const sink = await saved(gpt2(), { from: bytesSource(bytes) });
  for (const name of ["tokenizer.json", "generation_config.json", "chat_template.jinja"]) {
    assertEquals(textOf(sink, name), files[name]);
  }
  assertEquals(sink.files.has("README.md"), false);
  const { bos_token_id, eos_token_id, pad_token_id, vocab_size } = jsonOf(sink, "config.json");
  assertEquals([bos_token_id, eos_token_id, pad_token_id, vocab_size], [7, [8, 9], null, 20]);
});

Deno.test("a tokenizer that does not belong to the model is refused, and one that is given twice", async () => {
  const tokenizer = await TOKENIZERS["characters alone"]!(), from = bytesSource(new Map());
  await assertRejects(
    () => saved(gpt2(), { tokenizer }),
    TypeError,
    "Cannot save a model of 20 tokens with a tokenizer",
  );
  await assertRejects(() => saved(gpt2(), { tokenizer, from }), TypeError, "tokenizer and from");
  assertThrows(() => bytesSink(3 as unknown as string), TypeError, "name");
});
