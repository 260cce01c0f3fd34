import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { gru, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { DataError, UsageError } from "../../core/cli/errors.ts";
import { saveModel } from "../../core/cli/models.ts";
import {
  checkRecipe,
  fittingDefaults,
  folderOf,
  refuseToReplace,
  requireMemory,
  withinMemory,
} from "../../core/cli/training.ts";
import { withBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { testWithFolder } from "../permissions.ts";
import "../../mod.ts";

const PLACE = { data: undefined, out: undefined, resume: false, replace: false };

Deno.test("folderOf() keeps what is learned from a file away from what is learned from the code's own corpus", () => {
  const of = (data?: string, out?: string): string => folderOf({ ...PLACE, data, out }, "models/lm");
  assertEquals(of(), "models/lm");
  assertEquals(of("my-text.txt"), "models/my-text");
  assertEquals(of("/a/b.c/d.tar.gz"), "models/d.tar");
  assertEquals(of("C:\\a\\诗.txt"), "models/诗");
  assertEquals(of(".hidden"), "models/.hidden");
  for (const data of ["-", "..", "a/", "/", "lm", "a/lm.txt"]) assertEquals(of(data), "models/lm-data");
  for (const name of ["translator", "feedforward", "classifier"]) {
    assertEquals(of(`${name}.tsv`), `models/${name}-data`);
  }
  assertEquals(of("my-text.txt", "x"), "x");
});

const usual = {
  steps: 500,
  warmupSteps: 60,
  hiddenSize: 128,
  numHeads: 4,
  numLayers: 2,
  batchSize: 8,
  contextLength: 64,
};

Deno.test("fittingDefaults() fits every default to what is given, and changes nothing that is not touched", () => {
  assertEquals(fittingDefaults(usual, {}), usual);
  assertEquals(fittingDefaults(usual, { steps: 500 }), usual);
  const fits = (given: Record<string, number>): void => checkRecipe({ ...fittingDefaults(usual, given), ...given });
  for (let n = 1; n <= 70; n++) {
    fits({ steps: n });
    fits({ hiddenSize: n });
    fits({ numHeads: n });
    fits({ hiddenSize: n * 7, numHeads: 7 });
  }
  assertEquals(fittingDefaults(usual, { steps: 50 })["warmupSteps"], 10);
  assertEquals(fittingDefaults(usual, { hiddenSize: 30 })["numHeads"], 3);
  assertEquals(fittingDefaults(usual, { numHeads: 3 })["hiddenSize"], 126);
});

Deno.test("checkRecipe() refuses what contradicts itself, or what no device holds", () => {
  const refused = (changed: Record<string, number>): string =>
    assertThrows(() => checkRecipe({ ...usual, ...changed }), UsageError).message;
  assertEquals(
    refused({ numHeads: 3 }),
    "Cannot split --hidden-size 128 into --num-heads 3: the heads must divide the width",
  );
  assertEquals(
    refused({ warmupSteps: 500 }),
    "Cannot warm up in 500 of 500 steps: --warmup-steps must be less than --steps",
  );
  assertEquals(refused({ hiddenSize: 100_000 }).includes("the most"), true);
  assertEquals(refused({ batchSize: 1_000_000 }).includes("--batch-size 1000000, --context-length 64"), true);
});

Deno.test("withinMemory() says which settings need less", async () => {
  const full = (): Promise<never> => Promise.reject(new RangeError("Cannot allocate 5 bytes: …"));
  await assertRejects(() => withinMemory(full), DataError, "smaller values of --batch-size");
  await assertRejects(() => withinMemory(() => Promise.reject(new RangeError("else"))), RangeError, "else");
});

Deno.test("requireMemory() refuses at the door what WebAssembly cannot address, and nothing on other devices", () => {
  // 12 matrices of the width in a layer, each four times: as weights, gradients and two averages.
  const fits = { numLayers: 4, hiddenSize: 2048, numHeads: 8 }, tooMuch = { ...fits, numLayers: 6 };
  withBackend(createWasmDevice({ threads: 1 }), () => {
    requireMemory(fits);
    assertThrows(() => requireMemory(tooMuch), DataError, "is too small; smaller values of --batch-size");
  });
  withBackend(createReferenceDevice(), () => requireMemory(tooMuch));
});

testWithFolder("refuseToReplace() gives up no model unless it is asked to, or would make it again", async (folder) => {
  const vocabulary = await trainBytePairEncoding(["the cat"], { vocabSize: "alphabet", level: "characters" });
  const sizes = { contextLength: 8, hiddenSize: 8, numLayers: 1, numHeads: 2 };
  const model = new DecoderOnly({ vocabSize: vocabulary.vocabSize, ...sizes }, new Random(1));
  const format = "heed language model 1", own = { steps: 3, data: "a.txt", checksum: "1" };
  const ours = { ...own, data: "" };
  const refused = async (recipe: typeof own, word = "lm") =>
    (await assertRejects(() => refuseToReplace(PLACE, folder, word, recipe), DataError)).message;

  assertEquals(await refuseToReplace(PLACE, folder, "lm", own), 0);
  await saveModel(folder, { model }, { format, layout: model.options, vocabulary, recipe: own, measured: {} });
  const holds = `Cannot save in "${folder}": it holds a language model trained on "a.txt"; `;
  assertEquals(
    await refused(own),
    `${holds}--resume continues it, --replace gives it up, --out names another folder`,
  );
  for (const other of [await refused(ours), await refused(own, "translator")]) {
    assertEquals(other, `${holds}--replace gives it up, --out names another folder`);
  }
  await saveModel(folder, { model }, {
    format,
    layout: model.options,
    vocabulary,
    recipe: { ...own, data: "-" },
    measured: {},
  });
  assertEquals((await refused(own)).includes("it holds a language model trained on standard input; "), true);
  await refuseToReplace({ ...PLACE, replace: true }, folder, "lm", ours);
  await refuseToReplace({ ...PLACE, resume: true }, folder, "lm", own);

  await saveModel(folder, { model }, { format, layout: model.options, vocabulary, recipe: ours, measured: {} });
  assertEquals(await refuseToReplace(PLACE, folder, "lm", ours), 3);
  await saveModel(folder, { model }, {
    format,
    layout: model.options,
    vocabulary,
    recipe: ours,
    measured: { steps: 2 },
  });
  assertEquals(await refuseToReplace(PLACE, folder, "lm", ours), 2);
  // A file that says it has made more than the run has steps would keep the run from ever being saved.
  const measured = { steps: 2 ** 53 };
  await saveModel(folder, { model }, { format, layout: model.options, vocabulary, recipe: ours, measured });
  assertEquals(await refuseToReplace(PLACE, folder, "lm", ours), 3);
  await refused(own);
  assertEquals(
    (await refused({ ...ours, steps: 4 })).includes("come with the code, with other settings; --resume"),
    true,
  );
  await refused({ ...ours, checksum: "2" });
  await refused(ours, "translator");
  await Deno.writeTextFile(`${folder}/model.safetensors`, "damaged");
  assertEquals((await refused(ours)).includes("it holds a model that cannot be read"), true);
});

testWithFolder("refuseToReplace() tells apart what one kind of file holds, and sees other kinds", async (folder) => {
  const vocabulary = await trainBytePairEncoding(["the cat"], { vocabSize: "alphabet", level: "characters" });
  const recipe = { steps: 3, data: "", checksum: "1" }, format = "heed recurrent model 1";
  const sizes = { vocabSize: vocabulary.vocabSize, hiddenSize: 8, recurrence: gru };
  const model = new RecurrentLanguageModel(sizes, new Random(1)), layout = model.options;
  await saveModel(folder, { model }, { format, layout, vocabulary, recipe, measured: {} });
  assertEquals(await refuseToReplace(PLACE, folder, "gru", recipe), 3);
  const lost = "it holds a recurrent language model trained on the sentences";
  await assertRejects(() => refuseToReplace(PLACE, folder, "lstm", recipe), DataError, lost);

  await Deno.rename(`${folder}/model.safetensors`, `${folder}/model.arpa`);
  for (const replace of [false, true]) {
    const beside = () => refuseToReplace({ ...PLACE, replace }, folder, "gru", recipe);
    await assertRejects(beside, DataError, "it holds an n-gram model; --out names another folder");
  }
});
