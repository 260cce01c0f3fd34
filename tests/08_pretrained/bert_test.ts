import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import { padTokens } from "../../core/02_words/embeddings.ts";
import { lengthMask } from "../../core/04_attention/masks.ts";
import { learned } from "../../core/04_attention/positions/absolute.ts";
import { EncoderOnly, type EncoderOnlyOptions } from "../../core/05_transformer/encoder_only.ts";
import { geluTanh } from "../../core/05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../../core/05_transformer/normalization.ts";
import { encoderFromPretrained, fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource, type ModelSource } from "../../core/08_pretrained/files/mod.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, onEveryBackend, onReference } from "../support.ts";
import golden from "../goldens/bert.json" with { type: "json" };
import pretrained from "../goldens/pretrained.json" with { type: "json" };

/** What the recipe records of a model. */
interface Case {
  readonly config: Record<string, unknown>;
  readonly weights: string;
  readonly hidden: number[][];
  readonly logits?: number[][];
  readonly pooled?: number[][];
  readonly gguf?: string;
}
const cases = golden.cases as unknown as Record<string, Case>;
const { tokens, types } = golden;
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const rows = (numbers: number[][]): Tensor => tensor(numbers.flat(), [numbers.length, numbers[0]!.length]);

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

/** Sums of a few dozen products of numbers around 1, in another order. */
const CLOSE = { rtol: 2e-5, atol: 2e-5 };
const lengths = tokens.map(({ length }) => length), longest = Math.max(...lengths);

/** Both texts as one batch, the second one padded. */
function batch(model: EncoderOnly, pad: number): Tensor {
  return model.encode(padTokens(tokens, pad), {
    mask: lengthMask(lengths, longest),
    types: model.types && model.types.weight.shape[0] === 2 ? padTokens(types, 0) : undefined,
  });
}

/** The rows of the texts alone. */
const own = (hidden: Tensor): Tensor => concat(lengths.map((length, b) => hidden.at(0, b).slice(0, 0, length)), 0);

const padOf = ({ config }: Case): number => config["pad_token_id"] as number;

for (const [name, one] of Object.entries(cases)) {
  const what = one.logits ? "all logits are the library's" : "all vectors are the library's";
  onEveryBackend(`${name}: ${what}`, async () => {
    const model = await encoderFromPretrained(sourceOf(one));
    assertEquals([model.training, model.head !== undefined], [false, one.logits !== undefined]);
    assertEquals(model.pooler !== undefined, one.pooled !== undefined || name.includes("pre-training"));
    const hidden = noGrad(() => batch(model, padOf(one)));
    await assertClose(own(hidden), rows(one.hidden), CLOSE);
    if (one.logits) await assertClose(noGrad(() => own(model.score(hidden))), rows(one.logits), CLOSE);
    if (one.pooled) await assertClose(noGrad(() => model.pool(hidden)), rows(one.pooled), CLOSE);
  });
}

const bert = cases["bert"]!, roberta = cases["roberta"]!, masked = cases["bert, masked words"]!;

onEveryBackend("a GGUF of BERT computes what the library computes", async () => {
  const model = await encoderFromPretrained(bytesSource(new Map([["small.gguf", bytesOf(bert.gguf!)]])));
  assertEquals([model.pooler, model.head], [undefined, undefined]);
  await assertClose(noGrad(() => own(batch(model, 0))), rows(bert.hidden), CLOSE);
});

// ## Pitfalls

/** How far what a model reads lies from what the library read, at most. */
async function far(model: EncoderOnly, one: Case): Promise<number> {
  const found = await noGrad(() => own(batch(model, padOf(one)))).read(), right = one.hidden.flat();
  return Math.max(...Array.from(found, (x, i) => Math.abs(x - right[i]!)));
}

/** The weights of a model in another layout, whose state has the same names. */
async function relaid(one: Case, other: Partial<EncoderOnlyOptions>): Promise<EncoderOnly> {
  const right = await encoderFromPretrained(sourceOf(one));
  const { headSize: _, ...options } = right.options, layout: EncoderOnlyOptions = { ...options, ...other };
  if (!layout.wordHead) delete (layout as { tieHead?: boolean }).tieHead;
  const model = new EncoderOnly(layout, Random.none);
  model.loadStateDict(right.stateDict());
  return model.eval();
}

onReference("a BERT with pre-norm layers is another model", async () => {
  assert(await far(await relaid(bert, {}), bert) < 2e-5);
  assert(await far(await relaid(bert, { placement: "pre", closingNorm: false }), bert) > 0.1);
});

onReference("a BERT with the other GELU is another model", async () => {
  const distance = await far(await relaid(bert, { activation: geluTanh }), bert);
  assert(distance > 1e-4 && distance < 0.05, String(distance));
});

onReference("a BERT keeps its epsilon", async () => {
  // Weights of a hundredth: the sum of the embeddings has a variance of about 1e-5.
  const small = changed(bert, (tensors) => {
    for (const [name, stored] of tensors) {
      if (!/^embeddings\.\w+_embeddings/.test(name)) continue;
      const numbers = new Float32Array(stored.bytes.slice().buffer).map((x) => x / 100);
      tensors.set(name, { ...stored, bytes: new Uint8Array(numbers.buffer) });
    }
  });
  const model = await encoderFromPretrained(sourceOf(small));
  assertEquals((model.embeddingNorm as { readonly epsilon?: number }).epsilon, 1e-12);
  const usual = await relaid(small, { norm: layerNormalization() });
  // A norm forgets the size of what it is given, up to its epsilon.
  assert(await far(model, bert) < 1e-4);
  assert(await far(usual, bert) > 0.1);
});

onReference("a text alone is of the first type", async () => {
  const model = await encoderFromPretrained(sourceOf(bert)), [text] = tokens;
  const alone = noGrad(() => model.encode([text!]));
  await assertClose(alone, noGrad(() => model.encode([text!], { types: [text!.map(() => 0)] })), { tolerance: 0 });
  // Without the table something is missing everywhere.
  const without = new EncoderOnly({ ...model.options, numTypes: 0, wordHead: false, tieHead: undefined }, Random.none);
  const state = new Map([...model.stateDict()].filter(([path]) => !path.startsWith("types.")));
  without.loadStateDict(state);
  const difference = noGrad(() => without.eval().encode([text!]).sub(alone).abs().max());
  assert(await difference.item() > 0.1);
  assertThrows(() => without.encode([text!], { types: [text!.map(() => 0)] }), TypeError, "the model has numTypes = 0");
});

onEveryBackend("a padded text is read as it is read alone", async () => {
  const model = await encoderFromPretrained(sourceOf(bert)), short = tokens[1]!;
  const types = [golden.types[1]!];
  const alone = noGrad(() => model.encode([short], { types })).squeeze(0);
  const beside = noGrad(() => batch(model, 0)).at(0, 1).slice(0, 0, short.length);
  await assertClose(beside, alone, CLOSE);
  const unmasked = noGrad(() => model.encode(padTokens(tokens, 0), { types: padTokens(golden.types, 0) }))
    .at(0, 1).slice(0, 0, short.length);
  assert(await unmasked.sub(alone).abs().max().item() > 0.01);
});

onReference("positions of a RoBERTa begin behind its padding", async () => {
  const model = await encoderFromPretrained(sourceOf(roberta));
  assertEquals([model.contextLength, model.positions!.forward.length > 0], [16, true]);
  assert(await far(model, roberta) < 2e-5);
  const fromZero = await relaid(roberta, { positions: learned(), contextLength: 18 });
  assert(await far(fromZero, roberta) > 0.1);
});

onReference("a head of words adds the bias of its decoder", async () => {
  const untied = cases["bert, masked words, untied"]!, model = await encoderFromPretrained(sourceOf(untied));
  const { tensors } = decodeSafetensors(bytesOf(untied.weights)), scores = rows(untied.logits!);
  const hidden = noGrad(() => own(batch(model, 0)));
  const distanceWith = async (numbers: Float32Array): Promise<number> => {
    model.head!.bias.assign(tensor(numbers));
    return await noGrad(() => model.score(hidden).sub(scores).abs().max()).item();
  };
  const biasOf = (name: string) => new Float32Array(tensors.get(name)!.bytes.slice().buffer);
  assert(await distanceWith(biasOf("cls.predictions.decoder.bias")) < 2e-5);
  assert(await distanceWith(biasOf("cls.predictions.bias")) > 0.05);
  assert(await distanceWith(new Float32Array(24)) > 0.05);
});

// ## Refusals

Deno.test("an encoder, a setting or tensors that do not fit are refused with their names", async () => {
  const open = (one: Case, more: Record<string, unknown> = {}) => encoderFromPretrained(sourceOf(one, more));
  const without = (one: Case, name: string) => changed(one, (tensors) => void tensors.delete(name));
  const refusals: [() => Promise<unknown>, string][] = [
    [() => open(bert, { model_type: "rwkv" }), 'the architecture "rwkv": known are bert, roberta, xlm-roberta'],
    [() => open(bert, { position_embedding_type: "relative_key" }), 'position_embedding_type = "relative_key"'],
    [() => open(bert, { hidden_act: "mish" }), 'hidden_act = "mish" in "config.json": known are gelu, gelu_new'],
    [() => open(bert, { is_decoder: true }), "is_decoder = true"],
    [() => open(bert, { add_cross_attention: true }), "add_cross_attention = true"],
    [() => open(bert, { hidden_size: null }), '"config.json" has no hidden_size'],
    [() => open(bert, { num_hidden_layers: 3 }), "are missing"],
    [() => open(bert, { num_hidden_layers: 1 }), "are unexpected"],
    [
      () => open(bert, { type_vocab_size: 3 }),
      '"embeddings.token_type_embeddings.weight" is F32 [2, 8] instead of float32 [3, 8]',
    ],
    [() => open(roberta, { pad_token_id: -1 }), "pad_token_id = -1"],
    [() => open(without(bert, "embeddings.LayerNorm.bias")), '1 is missing ("embeddings.LayerNorm.bias")'],
    [() => open(without(bert, "pooler.dense.bias")), '1 is missing ("pooler.dense.bias")'],
    [() => open(without(masked, "cls.predictions.bias")), '1 is missing ("cls.predictions.bias")'],
    [() => open(without(masked, "cls.predictions.transform.dense.weight")), "are unexpected"],
    [
      () => open(changed(bert, (tensors) => void tensors.set("extra", tensors.get("pooler.dense.bias")!))),
      '1 is unexpected ("extra")',
    ],
  ];
  for (const [attempt, message] of refusals) await assertRejects(attempt, Error, message);
});

Deno.test("a model of the other kind is refused by the name of what opens it", async () => {
  await assertRejects(
    () => fromPretrained(sourceOf(bert)),
    RangeError,
    'Cannot open a model of the architecture "bert" here: it reads in both directions, and encoderFromPretrained() opens it',
  );
  const one = (pretrained.cases as unknown as Record<string, Case>)["gpt2"]!;
  await assertRejects(
    () => encoderFromPretrained(sourceOf(one)),
    RangeError,
    'Cannot open a model of the architecture "gpt2" here: it continues a text, and fromPretrained() opens it',
  );
});
