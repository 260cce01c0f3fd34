import { assertEquals, assertRejects } from "@std/assert";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource, type ModelSource } from "../../core/08_pretrained/files/mod.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { assertClose, onEveryBackend } from "../support.ts";
import golden from "../goldens/pretrained.json" with { type: "json" };
import { tensor } from "../../core/engine/create.ts";

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

for (const [name, one] of Object.entries(cases)) {
  const title = name === "gpt2" ? "GPT-2 computes what the library computes" : `${name}: all logits are the library's`;
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
  });
}

const llama = cases["llama, tied"]!;

onEveryBackend("a GGUF of this family pairs neighbours", async () => {
  const model = await fromPretrained(bytesSource(new Map([["small.gguf", bytesOf(llama.gguf!)]])));
  const logits = noGrad(() => model.forward([golden.tokens])).squeeze(0);
  await assertClose(logits, tensor(llama.logits.flat(), [llama.logits.length, llama.logits[0]!.length]), {
    rtol: 2e-5,
    atol: 2e-5,
  });
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
    [() => open(llama, { model_type: "rwkv" }), 'the architecture "rwkv": known are llama, mistral, gpt2'],
    [() => open(llama, { hidden_act: "gelu" }), 'hidden_act = "gelu" in "config.json": known are silu'],
    [() => open(llama, { attention_bias: true }), "attention_bias = true"],
    [() => open(llama, { partial_rotary_factor: 0.5 }), "partial_rotary_factor = 0.5"],
    [() => open(llama, { rope_parameters: { rope_type: "dynamic" } }), 'rope_type = "dynamic"'],
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
