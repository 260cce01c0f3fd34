import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import { rotary, yarnScaling } from "../../core/04_attention/positions/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { encodeCheckpoint, type Json } from "../../core/06_training/checkpoints.ts";
import { WEIGHT_FORMATS } from "../../core/cli/device.ts";
import { DataError } from "../../core/cli/errors.ts";
import { describeModel } from "../../core/cli/commands/info.ts";
import { readLayout, writeLayout } from "../../core/cli/layouts.ts";
import { hasModel, openLanguageModel, readLanguageModel, readModel, saveModel, settle } from "../../core/cli/models.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import { testWithFolder } from "../permissions.ts";
import "../../mod.ts";

const vocabulary = await trainBytePairEncoding(["the cat sat"], { vocabSize: "alphabet", level: "characters" });
const sizes = { contextLength: 8, hiddenSize: 8, numLayers: 1, numHeads: 2 };
const model = new DecoderOnly({ vocabSize: vocabulary.vocabSize, ...sizes }, new Random(1));
const notes = {
  format: "heed language model 1",
  layout: model.options,
  vocabulary,
  recipe: { steps: 3 },
  measured: { loss: 2 },
} as const;

testWithFolder("a saved language model is read back with the same weights", async (folder) => {
  assertEquals(await hasModel(folder), false);
  await saveModel(folder, { model }, notes);
  assertEquals(await hasModel(folder), true);
  const saved = await readLanguageModel(folder);
  const opened = openLanguageModel(saved);
  for (const [path, weight] of model.parameters()) {
    assertEquals(await opened.parameters().get(path)!.read(), await weight.read(), path);
  }
  assertEquals(saved.notes.vocabulary.encode("cat"), vocabulary.encode("cat"));
  assertEquals(saved.notes.recipe, { steps: 3 });
});

testWithFolder(
  "a saved language model is opened in every format of weights, and info says how many bytes",
  async (folder) => {
    await saveModel(folder, { model }, notes);
    const saved = await readLanguageModel(folder), rows = new Map(describeModel(saved)), sizes: number[] = [];
    for (const format of WEIGHT_FORMATS) {
      const before = memory().bytes, opened = openLanguageModel(saved, format);
      const weight = opened.layers[0]!.feedForward.up.weight;
      assertEquals(weight.format, format);
      sizes.push(memory().bytes - before);
      if (format === "float32") {
        assertEquals(await weight.read(), await model.layers[0]!.feedForward.up.weight.read());
      }
    }
    const formats = WEIGHT_FORMATS.map((format, i) => `${format} ${sizes[i]!.toLocaleString("en")}`);
    assertEquals(rows.get("memory"), `${formats.join(", ")} bytes`);
  },
);

const layout = writeLayout(model.options);

/** Notes that a file must not get away with, and what is said about them. */
const hostile: [name: string, notes: unknown, message: string][] = [
  ["none", null, "its notes lack the description of a model"],
  ["a list", [1], "its notes lack the description of a model"],
  ["no layout", { ...notes, layout: 3 }, "its notes lack the layout"],
  [
    "a model that is too large for the file",
    { ...notes, layout: { ...layout, hiddenSize: 1e6 } },
    "of at least",
  ],
  [
    "a long context of learned positions",
    { ...notes, layout: { ...layout, contextLength: 1e9 } },
    "of at least",
  ],
  ["a negative size", { ...notes, layout: { ...layout, numLayers: -1 } }, "numLayers = -1"],
  ["a size that is text", { ...notes, layout: { ...layout, hiddenSize: "8" } }, 'hiddenSize = "8"'],
  ["no recipe", { ...notes, layout, recipe: undefined }, "its notes lack the recipe"],
  ["another format", { ...notes, layout, format: "heed poem 1" }, "describe no model"],
  ["an activation that nobody knows", { ...notes, layout: { ...layout, activation: "bend" } }, 'from "bend"'],
  ["no vocabulary", { ...notes, layout, vocabulary: 3 }, "Cannot read byte-pair encoding"],
];
for (const [name, wrong, message] of hostile) {
  testWithFolder(`readModel() refuses notes with ${name}`, async (folder) => {
    const bytes = await encodeCheckpoint({ model, notes: JSON.parse(JSON.stringify(wrong)) as Json });
    await Deno.writeFile(`${folder}/model.safetensors`, bytes);
    await assertRejects(() => readModel(folder), DataError, message);
  });
}

testWithFolder("readModel() refuses a file in which one byte is changed", async (folder) => {
  const path = `${folder}/model.safetensors`;
  await saveModel(folder, { model }, notes);
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 5]! ^= 1;
  await Deno.writeFile(path, bytes);
  await assertRejects(() => readModel(folder), DataError, "the file is damaged");
});

testWithFolder("openLanguageModel() refuses weights of another layout than the notes state", async (folder) => {
  const other = { ...notes, layout: { ...model.options, contextLength: 9 } };
  await saveModel(folder, { model }, other as typeof notes);
  const saved = await readLanguageModel(folder);
  assertThrows(() => openLanguageModel(saved), DataError, "Cannot resume");
});

Deno.test("readLayout() reads what older programs wrote, and writeLayout() writes the same words", () => {
  // As the notes of files saved before parts were values have them.
  const decoderOnly = {
    ...{ vocabSize: 33, contextLength: 64, hiddenSize: 128, numLayers: 4, numHeads: 4, activation: "geluTanh" },
    ...{ norm: "pre", normalization: "layer", epsilon: 1e-5, bias: true, positions: "learned", tieHead: true },
    ...{ dropout: 0, numGroups: 4, feedForwardSize: 512 },
  };
  const translator = { ...decoderOnly, sourceVocabSize: 20, activation: "swiglu", norm: "post", normalization: "rms" };
  for (const positions of ["learned", "sinusoidal", "relative", "t5", "rotary", "alibi", "none"]) {
    for (const written of [{ ...decoderOnly, positions }, { ...translator, positions, epsilon: 1e-6 }]) {
      assertEquals(writeLayout(readLayout(written)), written);
    }
  }
  assertEquals(new DecoderOnly(readLayout(decoderOnly), Random.none).options.norm.word, "layer");
  assertThrows(
    () => readLayout({ ...decoderOnly, positions: "circular" }),
    TypeError,
    'Cannot read positions from "circular": it must be one of sinusoidal, alibi, none, learned, relative, t5, rotary',
  );
});

Deno.test("writeLayout() keeps what parts were made with", () => {
  const options = {
    ...{ vocabSize: 33, hiddenSize: 64, numHeads: 4, headSize: 32, norm: rmsNormalization({ epsilon: 1e-6 }) },
    attention: multiHead({ window: { before: 127 } }),
    positions: rotary({ base: 500000, share: 0.5, scaling: yarnScaling({ factor: 4, trainedLength: 4096 }) }),
  };
  const written = JSON.parse(JSON.stringify(writeLayout(options)));
  assertEquals(written.positions, {
    ...{ word: "rotary", base: 500000, share: 0.5 },
    scaling: { word: "yarn", factor: 4, trainedLength: 4096 },
  });
  assertEquals([written.normalization, written.epsilon, written.headSize], ["rms", 1e-6, 32]);
  assertEquals(written.attention, { word: "multiHead", window: { before: 127 } });
  assertEquals(writeLayout(readLayout(written)), written);
});

Deno.test("settle() takes what is given, else what was saved, else the default", () => {
  const defaults = { steps: 10, hiddenSize: 8, seed: 1 };
  assertEquals(settle({ steps: 20, seed: undefined }, defaults, undefined, []), { steps: 20, hiddenSize: 8, seed: 1 });
  const saved = { steps: 10, hiddenSize: 16, seed: 5 };
  assertEquals(settle({ steps: 20, hiddenSize: 16 }, defaults, saved, ["steps"]), {
    steps: 20,
    hiddenSize: 16,
    seed: 5,
  });
  const refused = (given: Record<string, string | number>, before: Record<string, string | number>): string =>
    assertThrows(() => settle(given, { ...defaults, data: "", checksum: "" }, before, ["data"]), DataError).message;
  assertEquals(
    refused({ hiddenSize: 8 }, saved),
    "Cannot resume with --hidden-size 8: the saved run has --hidden-size 16",
  );
  const learned = { ...saved, data: "a.txt", checksum: "1" };
  assertEquals(
    refused({ data: "a.txt", checksum: "2" }, learned),
    'Cannot resume: "a.txt" has changed since the run began',
  );
  assertEquals(
    refused({ data: "b.txt", checksum: "2" }, learned),
    'Cannot resume with --data "b.txt": the saved run learns from "a.txt", which holds something else',
  );
  assertEquals(settle({ data: "moved.txt", checksum: "1" }, { data: "", checksum: "" }, learned, ["data"]), {
    data: "moved.txt",
    checksum: "1",
  });
});
