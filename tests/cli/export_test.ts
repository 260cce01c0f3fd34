/** `export` as its user meets it. Starting programs needs permission; without it these tests are reported as ignored. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { gru, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { alibi } from "../../core/04_attention/positions/relative.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { openTokenizer } from "../../core/08_pretrained/tokenizer_files/opening.ts";
import { saveModel } from "../../core/cli/models.ts";
import { Random } from "../../core/engine/random.ts";
import { folderSource } from "../../core/host/sources.ts";
import golden from "../goldens/pretrained.json" with { type: "json" };
import { testWithFolder } from "../permissions.ts";
import "../../mod.ts";

const root = new URL("../../", import.meta.url);
const vocabulary = await trainBytePairEncoding(["the cat sat"], { vocabSize: "alphabet", level: "characters" });
const sizes = { vocabSize: vocabulary.vocabSize, contextLength: 8, hiddenSize: 8, numLayers: 1, numHeads: 2 };
const decoderOnly = (options: object = {}): DecoderOnly => new DecoderOnly({ ...sizes, ...options }, new Random(1));

const RECURRENT = { vocabSize: vocabulary.vocabSize, hiddenSize: 4, numLayers: 1 };

/** Saves a model as `train lm` does. */
async function save(folder: string, model: DecoderOnly): Promise<void> {
  const notes = { layout: model.options, vocabulary, recipe: { steps: 3 }, measured: { loss: 2 } };
  await Deno.mkdir(folder);
  await saveModel(folder, { model }, { format: "heed language model 1", ...notes });
}

async function run(...args: readonly string[]): Promise<{ code: number; output: string; errors: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-write", "mod.ts", "export", ...args],
    cwd: root,
    stdin: "null",
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp" },
  }).output();
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

const filesIn = async (folder: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

testWithFolder("export writes what train lm saves as a folder that is opened with the same weights", async (folder) => {
  const model = decoderOnly(), out = `${folder}/out`;
  await save(`${folder}/model`, model);
  const { code, output, errors } = await run(`${folder}/model`, "--out", out);
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(output, `as gpt2: model.safetensors, tokenizer.json`);
  assertStringIncludes(output, `AutoModelForCausalLM.from_pretrained("${out}")`);
  const source = folderSource(out), back = await fromPretrained(source);
  for (const [path, weight] of model.stateDict()) {
    assertEquals(await back.stateDict().get(path)!.read(), await weight.read(), path);
  }
  const tokenizer = await openTokenizer(source);
  assertEquals(tokenizer.encode("the cat"), vocabulary.encode("the cat"));
  assertEquals([tokenizer.endToken, tokenizer.padToken], [vocabulary.endToken, vocabulary.padToken]);
});

testWithFolder("export halves weights, cuts files, and writes ONNX", async (folder) => {
  await save(`${folder}/model`, decoderOnly());
  const cut = await run(`${folder}/model`, "--out", `${folder}/cut`, "--dtype", "bfloat16", "--max-shard-bytes", "900");
  assertEquals([cut.code, cut.errors], [0, ""]);
  const names = await filesIn(`${folder}/cut`);
  const weights = names.filter((name) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(name));
  assert(weights.length > 1 && names.includes("model.safetensors.index.json"), names.join());
  await fromPretrained(folderSource(`${folder}/cut`));

  // What was exported is a model like any other.
  const onnx = await run(`${folder}/cut`, "--out", `${folder}/onnx`, "--format", "onnx", "--cache");
  assertEquals([onnx.code, onnx.errors], [0, ""]);
  assertEquals(await filesIn(`${folder}/onnx`), ["model.onnx", "tokenizer.json", "tokenizer_config.json"]);
  const again = await run(`${folder}/cut`, "--out", `${folder}/again`);
  assertEquals([again.code, again.errors], [0, ""]);
  assertEquals(
    await Deno.readTextFile(`${folder}/again/tokenizer.json`),
    await Deno.readTextFile(`${folder}/cut/tokenizer.json`),
  );
});

testWithFolder("export opens a GGUF", async (folder) => {
  const { gguf, config } = golden.cases["llama, tied"];
  await Deno.writeFile(`${folder}/small.gguf`, Uint8Array.fromBase64(gguf));
  const { code, output, errors } = await run(`${folder}/small.gguf`, "--out", `${folder}/out`);
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(output, "as llama");
  const written = JSON.parse(await Deno.readTextFile(`${folder}/out/config.json`));
  for (const field of ["hidden_size", "num_key_value_heads", "intermediate_size", "vocab_size"] as const) {
    assertEquals(written[field], config[field]);
  }
});

testWithFolder("export says in a sentence why it does not write", async (folder) => {
  const model = `${folder}/model`, out = `${folder}/out`;
  await save(model, decoderOnly());
  const refusals: [readonly string[], number, string][] = [
    [[], 2, "Cannot export without a model"],
    [[model], 2, "Cannot export without a place: --out must name a folder"],
    [[model, "--out", out, "--cache"], 2, "Cannot use --cache with --format transformers"],
    [[model, "--out", out, "--format", "onnx", "--max-shard-bytes", "9"], 2, "Cannot use --max-shard-bytes"],
    [[model, "--out", out, "--dtype", "int8"], 2, "one of float32, float16, bfloat16"],
    [[model, "--out", model], 1, 'it has files, such as "model.safetensors"; --replace'],
    [[`${folder}/none`, "--out", out], 1, "Cannot read a model"],
  ];
  for (const [args, code, sentence] of refusals) {
    const found = await run(...args);
    assertEquals(found.code, code, found.errors);
    assertStringIncludes(found.errors, sentence);
    assertEquals(found.errors.split("\n").length, 2, found.errors);
  }
  assertEquals(await filesIn(folder), ["model"]);
});

testWithFolder("export refuses models that nobody has a layout for, by name", async (folder) => {
  await save(`${folder}/alibi`, decoderOnly({ positions: alibi }));
  const odd = await run(`${folder}/alibi`, "--out", `${folder}/out`);
  assertEquals(odd.code, 1);
  assertStringIncludes(odd.errors, 'positions = "alibi", which must be "learned"');
  await Deno.mkdir(`${folder}/gru`);
  const recurrent = new RecurrentLanguageModel({ ...RECURRENT, recurrence: gru }, new Random(1));
  const notes = { layout: recurrent.options, vocabulary, recipe: { steps: 3 }, measured: {} };
  await saveModel(`${folder}/gru`, { model: recurrent }, { format: "heed recurrent model 1", ...notes });
  const other = await run(`${folder}/gru`, "--out", `${folder}/out`);
  assertEquals(other.code, 1);
  assertStringIncludes(other.errors, 'of "heed train gru"');
  assertStringIncludes(other.errors, 'models of "heed train lm" are exported');
});
