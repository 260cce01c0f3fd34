import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cosine } from "../../core/02_words/word2vec/mod.ts";
import { bytesSource, type ModelSource } from "../../core/08_pretrained/files/mod.ts";
import {
  firstPooling,
  lastPooling,
  maxPooling,
  meanPooling,
  nearestVectors,
  openSentenceModel,
  type Pooling,
  sentenceVectors,
} from "../../core/08_pretrained/sentence_vectors.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { withBackend } from "../../core/engine/device.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { tensor } from "../../core/engine/create.ts";
import { pack } from "../../core/engine/inference.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { folderSource } from "../../core/host/sources.ts";
import { assertClose, onEveryBackend, onItsOwnBackend } from "../support.ts";
import { testWithModels } from "../permissions.ts";
import golden from "../goldens/bert.json" with { type: "json" };
import minilm from "../goldens/minilm.json" with { type: "json" };

const { config, weights, gguf } = golden.cases.bert;
const { texts, ...pooled } = golden.sentences as unknown as { texts: string[] } & Record<string, number[][]>;
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ..."abcdefghijklmnopqrs"].join("\n");
const step = (kind: string, path = "") => ({ idx: 0, name: "0", path, type: `sentence_transformers.models.${kind}` });
const MODULES = [step("Transformer"), step("Pooling", "1_Pooling")];

/** The folder of a model of sentence vectors; `undefined` for a file that is not there. */
function folder(files: Readonly<Record<string, unknown>> = {}): ModelSource {
  const all = {
    "config.json": config,
    "modules.json": MODULES,
    "1_Pooling/config.json": only("mean_tokens"),
    ...files,
  };
  const written = Object.entries(all).filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, Uint8Array] => [name, utf8(JSON.stringify(value))]);
  return bytesSource(
    new Map([["model.safetensors", bytesOf(weights)], ["vocab.txt", utf8(VOCABULARY)], ...written]),
  );
}

/** The settings of a pooling. */
const only = (...modes: readonly string[]) => ({
  word_embedding_dimension: 8,
  ...Object.fromEntries(
    ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
      .map((mode) => [`pooling_mode_${mode}`, modes.includes(mode)]),
  ),
});

/** Sums of a few dozen products of numbers around 1, in another order. */
const CLOSE = { rtol: 2e-5, atol: 2e-5 };
const asTensor = (rows: readonly ArrayLike<number>[]) =>
  tensor(rows.flatMap((row) => Array.from(row)), [rows.length, rows[0]!.length]);

onEveryBackend("sentenceVectors() pools as the files say, special tokens included", async () => {
  for (
    const [mode, name, more] of [
      ["mean_tokens", "mean"],
      ["max_tokens", "max"],
      ["cls_token", "first"],
      ["lasttoken", "last"],
      ["mean_tokens", "normalized mean", { "modules.json": [...MODULES, step("Normalize", "2_Normalize")] }],
    ] as const
  ) {
    const model = await openSentenceModel(folder({ "1_Pooling/config.json": only(mode), ...more }));
    const found = await sentenceVectors(model, texts);
    await assertClose(asTensor(found), asTensor(pooled[name]!), CLOSE);
  }
  const both = await openSentenceModel(folder({ "1_Pooling/config.json": only("max_tokens", "cls_token") }));
  const sides = pooled["first"]!.map((first, i) => [...first, ...pooled["max"]![i]!]);
  await assertClose(asTensor(await sentenceVectors(both, texts)), asTensor(sides), CLOSE);
});

onEveryBackend("sentenceVectors() of a batch are those of single texts", async () => {
  for (const mode of ["mean_tokens", "max_tokens", "cls_token", "lasttoken"]) {
    const model = await openSentenceModel(folder({ "1_Pooling/config.json": only(mode) }));
    const alone = await sentenceVectors(model, texts, { batchSize: 1 });
    for (const batchSize of [2, 5]) {
      await assertClose(asTensor(await sentenceVectors(model, texts, { batchSize })), asTensor(alone), CLOSE);
    }
  }
});

onItsOwnBackend("sentenceVectors() gives back all memory, also packed", async (device) => {
  const model = await openSentenceModel(folder());
  if (device.packing) pack(model.encoder);
  for (const batchSize of [1, 2]) await sentenceVectors(model, texts, { batchSize });
  const before = memory().tensors;
  for (let i = 0; i < 3; i++) await sentenceVectors(model, texts, { batchSize: 2 });
  assertEquals(memory().tensors, before);
});

Deno.test("sentenceVectors() takes any number of texts, and says how far it is", async () => {
  const model = await openSentenceModel(folder());
  assertEquals(await sentenceVectors(model, []), []);
  const told: number[][] = [], many = Array.from({ length: 70 }, (_, i) => texts[i % texts.length]!);
  const found = await sentenceVectors(model, many, { onProgress: (...numbers) => void told.push(numbers) });
  assertEquals([told.at(-1), found.length], [[70, 70], 70]);
  // Texts of like lengths are read together, and no more than 32 at once.
  assertEquals(told.map(([done]) => done), [14, 28, 42, 56, 70]);
  const small: number[] = [], batchSize = 5;
  await sentenceVectors(model, many, { batchSize, onProgress: (done) => void small.push(done) });
  assert(small.every((done, i) => done - (small[i - 1] ?? 0) <= batchSize) && small.at(-1) === 70, String(small));
  assertEquals(nearestVectors(found[1]!, found, { topK: 3 }).map(({ index }) => index % texts.length), [1, 1, 1]);
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  await assertRejects(() => sentenceVectors(model, many, { signal: stop.signal, onProgress }), Error, "enough");
});

Deno.test("sentenceVectors() cuts long texts, lowercases and writes prompts as the files say", async () => {
  const limits = (more: object) => folder({ "sentence_bert_config.json": { max_seq_length: 4, ...more } });
  const short = await openSentenceModel(limits({}));
  assertEquals([short.maxLength, short.lowercase], [4, false]);
  const [cut, whole] = await sentenceVectors(short, ["a b c d e f g h", "a b"]);
  assertEquals(cut, whole);
  assertEquals((await openSentenceModel(limits({ do_lower_case: true }))).lowercase, true);
  const prompts = { prompts: { query: "a b " }, default_prompt_name: "query" };
  const asked = await openSentenceModel(folder({ "config_sentence_transformers.json": prompts }));
  const plain = await openSentenceModel(folder({ "tokenizer_config.json": { model_max_length: 1e30 } }));
  assertEquals([asked.prompt, plain.prompt, plain.maxLength], ["a b ", "", 16]);
  const expected = await sentenceVectors(plain, ["a b c"]);
  assertEquals(await sentenceVectors(asked, ["c"]), expected);
  assertEquals(await sentenceVectors(plain, ["c"], { prompt: "a b " }), expected);
});

Deno.test("an encoder alone has means that keep their length, and a GGUF names its pooling", async () => {
  const alone = await openSentenceModel(folder({ "modules.json": undefined, "1_Pooling/config.json": undefined }));
  assertEquals([alone.pooling, alone.normalize], [[meanPooling], false]);
  const file = await openSentenceModel(bytesSource(new Map([["small.gguf", bytesOf(gguf)]])));
  assertEquals([file.pooling, file.normalize], [[firstPooling], true]);
  const found = await sentenceVectors(file, texts);
  found.forEach((vector, i) => assert(cosine(vector, pooled["first"]![i]!) > 1 - 1e-6, texts[i]));
});

Deno.test("files that ask for what is not computed here are refused by its name", async () => {
  const refusals: [Readonly<Record<string, unknown>>, string][] = [
    [{ "1_Pooling/config.json": only("weightedmean_tokens") }, "pooling_mode_weightedmean_tokens = true"],
    [{ "1_Pooling/config.json": only() }, "without a pooling: known are pooling_mode_cls_token"],
    [{ "1_Pooling/config.json": { ...only("mean_tokens"), word_embedding_dimension: 7 } }, "embedding_dimension = 7"],
    [{ "modules.json": [...MODULES, step("Dense", "2_Dense")] }, "its steps are Transformer, Pooling, Dense"],
    [{ "modules.json": {} }, '"modules.json": it must be a list'],
    [{ "modules.json": [{}] }, "every step must have a type and a path"],
  ];
  for (const [files, message] of refusals) {
    await assertRejects(() => openSentenceModel(folder(files)), Error, message);
  }
});

Deno.test("nearestVectors() compares directions", () => {
  const vectors = [[10, 0], [1, 1], [0, 0], [-1, 0], [2, 2]];
  const found = nearestVectors([1, 1], vectors);
  assertEquals(found.map(({ index }) => index), [1, 4, 0, 2, 3]);
  found.forEach(({ index, cosine: similar }) => assertEquals(similar, cosine([1, 1], vectors[index]!)));
  assertEquals(nearestVectors([1, 1], vectors, { topK: 2 }).length, 2);
  assertThrows(() => nearestVectors([1], vectors), TypeError, "Cannot compare 1 numbers with 2");
});

onEveryBackend("poolings refuse lengths that no text has", () => {
  const hidden = tensor([[[1, 2], [3, 4]]]);
  for (const pooling of [meanPooling, maxPooling, firstPooling, lastPooling] as Pooling[]) {
    assertThrows(() => pooling.pool(hidden, [0]), RangeError, "Cannot pool 0 of 2 tokens");
    assertThrows(() => pooling.pool(hidden, [1, 1]), TypeError, "Cannot pool 1 texts by 2 lengths");
    scope(() => noGrad(() => pooling.pool(hidden, [2])));
  }
});

testWithModels("MiniLM makes the vectors that transformers makes, within 1e-5", "minilm", async (path) => {
  const found = await withBackend(createWasmDevice(), async () => {
    const model = await openSentenceModel(folderSource(path));
    assertEquals([model.pooling, model.normalize, model.maxLength], [[meanPooling], true, 256]);
    pack(model.encoder);
    return await sentenceVectors(model, minilm.texts);
  });
  const recorded = bytesOf(minilm.vectors);
  const right = new Float32Array(recorded.buffer), width = right.length / minilm.texts.length;
  const far = found.flatMap((vector, i) => Array.from(vector, (x, e) => Math.abs(x - right[i * width + e]!)));
  assert(Math.max(...far) < 1e-5, String(Math.max(...far)));
});
