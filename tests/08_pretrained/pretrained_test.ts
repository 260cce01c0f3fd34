import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource, type ModelSource } from "../../core/08_pretrained/files/mod.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { assertClose, onEveryBackend } from "../support.ts";
import golden from "../goldens/pretrained.json" with { type: "json" };
import { tensor } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";

/** What the recipe records of a model. */
interface Case {
  readonly config: Record<string, unknown>;
  readonly weights: string;
  readonly logits: number[][];
  readonly gguf?: string;
}
const cases = golden.cases as unknown as Record<string, Case>;
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function sourceOf({ config, weights }: Case, more: Record<string, unknown> = {}): ModelSource {
  const files = { "config.json": json({ ...config, ...more }), "model.safetensors": bytesOf(weights) };
  return bytesSource(new Map<string, Uint8Array>(Object.entries(files)));
}

/** The file of a model, changed. */
function changed(one: Case, change: (tensors: Map<string, StoredTensor>) => void): Case {
  const tensors = new Map(decodeSafetensors(bytesOf(one.weights)).tensors);
  change(tensors);
  return { ...one, weights: btoa(String.fromCharCode(...encodeSafetensors({ tensors }))) };
}

/** Of those that pages name. */
const TITLES: Readonly<Record<string, string>> = {
  gpt2: "GPT-2 computes what the library computes",
  gemma3: "gemma3: all logits are the library's",
  "qwen3, wide heads": "qwen3, wide heads: all logits are the library's",
};

for (const [name, one] of Object.entries(cases)) {
  const title = TITLES[name] ?? `${name}: all logits are the library's`;
  onEveryBackend(title, async () => {
    const model = await fromPretrained(sourceOf(one));
    const logits = noGrad(() => model.forward([golden.tokens]));
    // Sums of a few dozen products of numbers around 1, in another order.
    await assertClose(logits.squeeze(0), tensor(one.logits.flat(), [one.logits.length, one.logits[0]!.length]), {
      rtol: 2e-5,
      atol: 2e-5,
    });
    const prompt = golden.tokens.slice(0, 5);
    const { tokens } = await generate(model, prompt, { maxNewTokens: 6 });
    assertEquals(tokens.length, 6);

    // In pieces with caches, and as a row of a batch.
    const caches = model.newCaches(() => new KeyValueCache());
    const pieces = [golden.tokens.slice(0, 7), golden.tokens.slice(7, 8), golden.tokens.slice(8)];
    const parts = noGrad(() => pieces.map((piece) => model.forward([piece], { caches })));
    await assertClose(concat(parts, 1), logits, { rtol: 2e-5, atol: 2e-5 });
    const rows = noGrad(() => model.forward([golden.tokens.toReversed(), golden.tokens]));
    await assertClose(rows.slice(0, 1, 2), logits, { rtol: 2e-5, atol: 2e-5 });
  });
}

const llama = cases["llama, tied"]!;

const BLOCKS = {
  "a GGUF of this family pairs neighbours": "llama, tied",
  "a GGUF of Qwen pairs halves": "qwen2, tied",
  "a GGUF of Qwen 3 has the norms of a head": "qwen3, wide heads",
  "a GGUF of Gemma has the one added to its gains": "gemma3",
};

for (const [title, name] of Object.entries(BLOCKS)) {
  onEveryBackend(title, async () => {
    const { gguf, logits: expected } = cases[name]!;
    const model = await fromPretrained(bytesSource(new Map([["small.gguf", bytesOf(gguf!)]])));
    const logits = noGrad(() => model.forward([golden.tokens])).squeeze(0);
    await assertClose(logits, tensor(expected.flat(), [expected.length, expected[0]!.length]), {
      rtol: 2e-5,
      atol: 2e-5,
    });
  });
}

/** Largest difference of a model's logits from the recorded ones, at each position. */
async function differences(one: Case, more: Record<string, unknown> = {}): Promise<number[]> {
  const model = await fromPretrained(sourceOf(one, more));
  const found = await noGrad(() => model.forward([golden.tokens])).squeeze(0).read(), width = one.logits[0]!.length;
  return one.logits.map((row, t) => Math.max(...row.map((logit, i) => Math.abs(logit - found[t * width + i]!))));
}

Deno.test("a window that Qwen turns off is none", async () => {
  const off = await differences(cases["qwen2, tied"]!, { sliding_window: 4, use_sliding_window: false });
  assert(Math.max(...off) < 1e-4, `${off}`);
  const { layer_types: _, ...older } = cases["qwen2, window in upper layers"]!.config;
  const upper = { ...cases["qwen2, window in upper layers"]!, config: older };
  assert(Math.max(...await differences(upper)) < 1e-4);
  const ignored = await differences(upper, { use_sliding_window: false });
  assert(Math.max(...ignored.slice(0, 4)) < 1e-4 && Math.max(...ignored.slice(5)) > 0.01, `${ignored}`);
});

Deno.test("a window and a base in the wrong layers of Gemma show only in long texts", async () => {
  const one = cases["gemma3, scaled"]!;
  const swapped = await differences(one, { layer_types: ["sliding_attention", "sliding_attention"] });
  assert(swapped[0]! < 1e-4 && Math.max(...swapped.slice(4)) > 0.01, `${swapped}`);
  const none = await differences(one, { sliding_window: null, layer_types: null });
  assert(Math.max(...none) > 0.01);
  const unscaled = await differences(one, {
    rope_parameters: { full_attention: { rope_theta: 1000 }, sliding_attention: { rope_theta: 100 } },
  });
  assert(unscaled[0]! < 1e-4 && Math.max(...unscaled) > 0.01, `${unscaled}`);
});

Deno.test("older files of Gemma have a field for each base and one scaling", async () => {
  const one = cases["gemma3, scaled"]!;
  const older = await differences(one, {
    rope_parameters: null,
    layer_types: null,
    sliding_window_pattern: 2,
    rope_theta: 1000,
    rope_local_base_freq: 100,
    rope_scaling: { rope_type: "linear", factor: 8 },
  });
  assert(Math.max(...older) < 1e-4, `${older}`);
  const { layer_types: _, ...config } = cases["gemma2, capped"]!.config;
  assert(Math.max(...await differences({ ...cases["gemma2, capped"]!, config }, { rope_theta: 10000 })) < 1e-4);
});

Deno.test("each setting of Gemma changes what it computes", async () => {
  const capped = cases["gemma2, capped"]!;
  const changes = [{ attn_logit_softcapping: null }, { final_logit_softcapping: null }, { query_pre_attn_scalar: 8 }];
  for (const more of changes) assert(Math.max(...await differences(capped, more)) > 0.01, JSON.stringify(more));
});

Deno.test("rotation that is slowed changes logits, and dynamic scaling only texts that are too long", async () => {
  const yarn = cases["llama, yarn"]!, rotation = yarn.config["rope_parameters"] as Record<string, unknown>;
  const factor = await differences(yarn, { rope_parameters: { ...rotation, attention_factor: 1 } });
  assert(Math.max(...factor) > 1e-3, `${factor}`);
  const dynamic = await differences(llama, { rope_parameters: { rope_type: "dynamic", rope_theta: 10000, factor: 4 } });
  assert(Math.max(...dynamic) < 1e-4, `${dynamic}`);
  const model = await fromPretrained(sourceOf(yarn, { max_position_embeddings: 8 }));
  assertEquals(model.contextLength, 32);
});

Deno.test("a model is filled tensor by tensor, with progress, and stops when it is told to", async () => {
  const told: number[] = [];
  const model = await fromPretrained(sourceOf(llama), {
    onProgress: ({ loaded, total }) => void told.push(loaded / total),
  });
  assertEquals([told.length, told.at(-1)], [decodeSafetensors(bytesOf(llama.weights)).tensors.size, 1]);
  assertEquals(model.training, false);
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  await assertRejects(() => fromPretrained(sourceOf(llama), { signal: stop.signal, onProgress }), Error, "enough");
});

Deno.test("an architecture, a setting or tensors that do not fit are refused with their names", async () => {
  const open = (one: Case, more: Record<string, unknown> = {}) => fromPretrained(sourceOf(one, more));
  const refusals: [() => Promise<unknown>, string][] = [
    [() => open(llama, { model_type: "rwkv" }), 'the architecture "rwkv": known are llama, mistral, qwen2'],
    [() => open(llama, { hidden_act: "gelu" }), 'hidden_act = "gelu" in "config.json": known are silu'],
    [() => open(llama, { attention_bias: true }), "are missing"],
    [
      () => open(cases["gemma3"]!, { model_type: "gemma3" }),
      'model_type = "gemma3" in "config.json": known are gemma3_text',
    ],
    [() => open(cases["gemma3"]!, { layer_types: ["full_attention"] }), "one for each of 7 layers"],
    [() => open(cases["qwen3, wide heads"]!, { hidden_act: "gelu" }), 'hidden_act = "gelu"'],
    [() => open(cases["gemma"]!, { hidden_act: "gelu" }), 'hidden_act = "gelu"'],
    [() => open(llama, { partial_rotary_factor: 0.5 }), "partial_rotary_factor = 0.5"],
    [() => open(llama, { rope_parameters: { rope_type: "longrope" } }), 'rope_type = "longrope"'],
    [() => open(llama, { hidden_size: null }), '"config.json" has no hidden_size'],
    [() => open(llama, { num_hidden_layers: 2.5 }), "num_hidden_layers = 2.5"],
    [() => open(llama, { num_hidden_layers: 3 }), "are missing"],
    [() => open(llama, { num_hidden_layers: 1 }), "are unexpected"],
    [() => open(llama, { intermediate_size: 24 }), "are unfit"],
    [
      () => open(changed(llama, (tensors) => void tensors.delete("model.norm.weight"))),
      '1 is missing ("model.norm.weight")',
    ],
    [
      () => open(changed(llama, (tensors) => void tensors.set("extra", tensors.get("model.norm.weight")!))),
      '1 is unexpected ("extra")',
    ],
    [() => open(cases["gpt2"]!, { activation_function: "relu" }), 'activation_function = "relu"'],
  ];
  for (const [attempt, message] of refusals) await assertRejects(attempt, Error, message);
  const noConfig = bytesSource(new Map([["model.safetensors", bytesOf(llama.weights)]]));
  await assertRejects(() => fromPretrained(noConfig), RangeError, "there is no config.json");
});
