import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { SequenceTokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";
import { trainWordLevel } from "../../core/02_words/before_tokens/word_level.ts";
import { trainWordPiece } from "../../core/02_words/before_tokens/word_piece_training.ts";
import { trainUnigram } from "../../core/02_words/unigram/mod.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { ConvolutionalLanguageModel } from "../../core/03_language_models/cnn/language_model.ts";
import { FeedForwardLanguageModel } from "../../core/03_language_models/feed_forward_lm.ts";
import { elman, gru, lstm, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { RecurrentEncoderDecoder } from "../../core/03_language_models/rnn_encoder_decoder.ts";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import {
  alibi,
  noPositions,
  rotary,
  shaw,
  sinusoidal,
  t5,
  yarnScaling,
} from "../../core/04_attention/positions/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import type { TransformerOptions } from "../../core/05_transformer/layout.ts";
import { swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { encodeCheckpoint, type Json } from "../../core/06_training/checkpoints.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import { WEIGHT_FORMATS } from "../../core/cli/device.ts";
import { DataError } from "../../core/cli/errors.ts";
import { describeModel } from "../../core/cli/commands/info.ts";
import { kind as convolutionalKind } from "../../core/cli/kinds/convolutional.ts";
import { kind as decoderOnlyKind } from "../../core/cli/kinds/decoder_only.ts";
import { kind as feedForwardKind } from "../../core/cli/kinds/feed_forward.ts";
import { kind as recurrentKind } from "../../core/cli/kinds/recurrent.ts";
import { kind as translatorKind } from "../../core/cli/kinds/translator.ts";
import { hasModel, loadKind, type NetworkFormat, NETWORKS } from "../../core/cli/model_kinds.ts";
import { readLayout, writeLayout } from "../../core/cli/layouts.ts";
import {
  checkNotes,
  openModel,
  readModel,
  readTextModel,
  readTextModelOf,
  readTranslation,
  readTranslationOf,
  saveModel,
  settle,
} from "../../core/cli/models.ts";
import { FileError } from "../../core/host/reasons.ts";
import { folderStorage, readWhole } from "../../core/host/storage.ts";
import { fileHandles } from "../host/handles.ts";
import { Random } from "../../core/engine/random.ts";
import { memory } from "../../core/engine/scope.ts";
import { granted, makeSocket, testWithFolder } from "../permissions.ts";
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
  const saved = await readTextModelOf(decoderOnlyKind, folder, "lm");
  const opened = openModel(saved);
  for (const [path, weight] of model.parameters()) {
    assertEquals(await opened.parameters().get(path)!.read(), await weight.read(), path);
  }
  assertEquals(saved.notes.vocabulary.encode("cat"), vocabulary.encode("cat"));
  assertEquals(saved.notes.recipe, { steps: 3 });
});

testWithFolder("a saved language model keeps its tokenizer, whatever it is", async (folder) => {
  const texts = ["the cat sat on the mat, the dog sat on the log"];
  const tokenizers = [
    await trainWordLevel(texts),
    await trainWordLevel(texts, { level: "characters" }),
    await trainWordPiece(texts, { vocabSize: 40 }),
    await trainUnigram(texts, { vocabSize: 30 }),
  ];
  const kinds = ["words", "characters", "word pieces", "unigram pieces"];
  for (const [i, vocabulary] of tokenizers.entries()) {
    const own = new DecoderOnly({ vocabSize: vocabulary.vocabSize, ...sizes }, new Random(1));
    await saveModel(folder, { model: own }, { ...notes, layout: own.options, vocabulary });
    const saved = await readTextModelOf(decoderOnlyKind, folder, "lm");
    assertEquals(saved.notes.vocabulary.toJSON(), vocabulary.toJSON());
    assertStringIncludes(String(new Map(describeModel(saved)).get("vocabulary")), `tokens of ${kinds[i]}`);
  }
  await saveModel(folder, { model }, { ...notes, vocabulary: tokenizers[2]! });
  await assertRejects(() => readModel(folder), DataError, "its vocabulary has");
  const words = tokenizers[0]!;
  const layout = { ...sizes, vocabSize: words.vocabSize, sourceVocabSize: words.vocabSize };
  const translator = new EncoderDecoder(layout, new Random(1));
  const sequences = words as unknown as SequenceTokenizer;
  const { vocabulary: _, ...common } = notes;
  await saveModel(folder, { model: translator }, {
    ...common,
    format: "heed translator 1",
    layout: translator.options,
    source: sequences,
    target: sequences,
  });
  await assertRejects(() => readModel(folder), DataError, "in its source: it must have tokens for padding");
});

testWithFolder(
  "a saved recurrent model is read back with the same weights, and a damaged one is refused",
  async (folder) => {
    for (const recurrence of [elman, lstm, gru]) {
      const own = new RecurrentLanguageModel(
        { vocabSize: vocabulary.vocabSize, hiddenSize: 8, embeddingSize: 4, numLayers: 3, recurrence },
        new Random(1),
      );
      const recurrent = { ...notes, format: "heed recurrent model 1", layout: own.options } as const;
      await saveModel(folder, { model: own }, recurrent);
      const saved = await readTextModelOf(recurrentKind, folder, recurrence.word), opened = openModel(saved);
      for (const [path, weight] of own.parameters()) {
        assertEquals(await opened.parameters().get(path)!.read(), await weight.read(), path);
      }
      assertEquals(saved.notes.layout, own.options);
      assertEquals(new Map(describeModel(saved)).get("kind"), `language model (${recurrence.word})`);
      await assertRejects(
        () => readTextModelOf(decoderOnlyKind, folder, "lm"),
        DataError,
        `it is one of "heed train ${recurrence.word}"`,
      );
      for (
        const [layout, message] of [
          [{ hiddenSize: 1e6 }, "of at least"],
          [{ numLayers: 2 }, "a model of"],
          [{ hiddenSize: "8" }, "layout.hiddenSize"],
          [{ recurrence: "transformer" }, 'a recurrence from "transformer"'],
          [{ numHeads: 2 }, "layout.numHeads"],
          [{ bias: false }, "a model of"],
        ] as const
      ) {
        const { recurrence: { word }, ...sizes } = own.options;
        const wrong = {
          ...recurrent,
          vocabulary: vocabulary.toJSON(),
          layout: { recurrence: word, ...sizes, ...layout },
        };
        await Deno.writeFile(
          `${folder}/model.safetensors`,
          await encodeCheckpoint({ model: own, notes: wrong as Json }),
        );
        await assertRejects(() => readModel(folder), DataError, message);
      }
    }
  },
);

testWithFolder("a saved recurrent translator is read back, and a damaged one is refused", async (folder) => {
  const { vocabSize } = vocabulary, { vocabulary: source, ...common } = notes, target = source;
  for (const recurrence of [elman, lstm, gru]) {
    const own = new RecurrentEncoderDecoder(
      {
        vocabSize,
        sourceVocabSize: vocabSize,
        hiddenSize: 8,
        numLayers: 3,
        recurrence,
        reverseSource: recurrence !== gru,
      },
      new Random(1),
    );
    const translator = {
      ...common,
      format: "heed recurrent translator 1",
      layout: own.options,
      source,
      target,
    } as const;
    await saveModel(folder, { model: own }, translator);
    const saved = await readTranslation(folder), opened = openModel(saved);
    for (const [path, weight] of own.parameters()) {
      assertEquals(await opened.parameters().get(path)!.read(), await weight.read(), path);
    }
    assertEquals(saved.notes.layout, own.options);
    assertEquals(new Map(describeModel(saved)).get("kind"), `translator (encoder–decoder, ${recurrence.word})`);
    await assertRejects(
      () => readTranslationOf(translatorKind, folder, "translator"),
      DataError,
      `it is one of "heed train translator --recurrence ${recurrence.word}"`,
    );
    await assertRejects(() => readTextModel(folder), DataError, "it is a translator");
    for (
      const [layout, message] of [
        [{ hiddenSize: 1e6 }, "of at least"],
        [{ sourceVocabSize: 1e5 }, "layout.sourceVocabSize"],
        [{ numLayers: 2 }, "a model of"],
        [{ reverseSource: 1 }, "layout.reverseSource"],
        [{ recurrence: "transformer" }, 'a recurrence from "transformer"'],
      ] as const
    ) {
      const { recurrence: { word }, ...sizes } = own.options;
      const wrong = {
        ...translator,
        source: source.toJSON(),
        target: target.toJSON(),
        layout: { recurrence: word, ...sizes, ...layout },
      };
      await Deno.writeFile(`${folder}/model.safetensors`, await encodeCheckpoint({ model: own, notes: wrong as Json }));
      await assertRejects(() => readModel(folder), DataError, message);
    }
  }
});

testWithFolder("a saved feed-forward model is read back, and a damaged one is refused", async (folder) => {
  for (const direct of [false, true]) {
    const sizes = { vocabSize: vocabulary.vocabSize, windowSize: 3, embeddingSize: 4, hiddenSize: 8, direct };
    const own = new FeedForwardLanguageModel(sizes, new Random(1));
    const model = { ...notes, format: "heed feed-forward model 1", layout: own.options } as const;
    await saveModel(folder, { model: own }, model);
    const saved = await readTextModelOf(feedForwardKind, folder, "feedforward"), opened = openModel(saved);
    for (const [path, weight] of own.parameters()) {
      assertEquals(await opened.parameters().get(path)!.read(), await weight.read(), path);
    }
    assertEquals(saved.notes.layout, own.options);
    assertEquals(new Map(describeModel(saved)).get("kind"), "language model (feed-forward)");
    await assertRejects(() => readTextModelOf(decoderOnlyKind, folder, "lm"), DataError, '"heed train feedforward"');
    for (
      const [layout, recipe, message] of [
        [{ hiddenSize: 1e6 }, {}, "of at least"],
        [{ windowSize: 1 }, {}, "layout.windowSize"],
        [{ windowSize: 4 }, {}, '"hidden.weight"'],
        [{ numLayers: 2 }, {}, "layout.numLayers"],
        [{ direct: !direct }, {}, "a model of"],
        [{}, { windowSize: 4 }, "its recipe states windowSize = 4, and its layout 3"],
        [{}, { embeddingSize: 0 }, "recipe.embeddingSize is 0, and it must be"],
        [{}, { recurrence: "gru" }, "there is a field recipe.recurrence"],
      ] as const
    ) {
      const wrong = { ...model, vocabulary: vocabulary.toJSON(), layout: { ...own.options, ...layout }, recipe };
      await Deno.writeFile(`${folder}/model.safetensors`, await encodeCheckpoint({ model: own, notes: wrong as Json }));
      await assertRejects(() => readModel(folder), DataError, message);
    }
  }
});

testWithFolder(
  "a saved convolutional model is read back with the same weights, and a damaged one is refused",
  async (folder) => {
    const sizes = { vocabSize: vocabulary.vocabSize, hiddenSize: 8, numLayers: 5, kernelSize: 2 };
    const own = new ConvolutionalLanguageModel(sizes, new Random(1));
    const convolutional = { ...notes, format: "heed convolutional model 1", layout: own.options } as const;
    await saveModel(folder, { model: own }, convolutional);
    const saved = await readTextModelOf(convolutionalKind, folder, "cnn"), opened = openModel(saved);
    for (const [path, weight] of own.parameters()) {
      assertEquals(await opened.parameters().get(path)!.read(), await weight.read(), path);
    }
    assertEquals(saved.notes.layout, own.options);
    assertEquals(new Map(describeModel(saved)).get("kind"), "language model (cnn)");
    await assertRejects(
      () => readTextModelOf(decoderOnlyKind, folder, "lm"),
      DataError,
      'it is one of "heed train cnn"',
    );
    await assertRejects(
      () => readTextModelOf(recurrentKind, folder, "gru"),
      DataError,
      'it is one of "heed train cnn"',
    );
    for (
      const [layout, message] of [
        [{ hiddenSize: 1e6 }, "of at least"],
        [{ numLayers: 2 }, "a model of"],
        [{ kernelSize: 1 }, "layout.kernelSize"],
        [{ dilationCycle: 40 }, "layout.dilationCycle"],
        [{ numHeads: 2 }, "layout.numHeads"],
        [{ tieHead: false }, "a model of"],
      ] as const
    ) {
      const wrong = { ...convolutional, vocabulary: vocabulary.toJSON(), layout: { ...own.options, ...layout } };
      await Deno.writeFile(
        `${folder}/model.safetensors`,
        await encodeCheckpoint({ model: own, notes: wrong as Json }),
      );
      await assertRejects(() => readModel(folder), DataError, message);
    }
  },
);

Deno.test("the kind of every format of a network is a file that says the same format, and no file is without a line", async () => {
  for (const format of Object.keys(NETWORKS) as NetworkFormat[]) assertEquals((await loadKind(format)).format, format);
  if (!granted("read")) return;
  const files = [...Deno.readDirSync(new URL("../../core/cli/kinds/", import.meta.url))].map(({ name }) =>
    `kinds/${name}`
  );
  assertEquals(files.filter((file) => file !== "kinds/kind.ts").sort(), Object.values(NETWORKS).sort());
});

testWithFolder(
  "a saved language model is opened in every format of weights, and info says how many bytes",
  async (folder) => {
    await saveModel(folder, { model }, notes);
    const saved = await readTextModelOf(decoderOnlyKind, folder, "lm"),
      rows = new Map(describeModel(saved)),
      sizes: number[] = [];
    for (const format of WEIGHT_FORMATS) {
      const before = memory().bytes, opened = openModel(saved, format);
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

const recipe = { ...notes.recipe, contextLength: 8 };

/** Notes that a file must not get away with, and what is said about them. */
const hostile: [name: string, notes: unknown, message: string][] = [
  ["none", null, "in its notes, the whole is null, and it must be an object with format, layout, recipe"],
  ["a list", [1], "in its notes, the whole is a list"],
  ["no layout", { ...notes, layout: 3 }, "in its notes, layout is 3"],
  ["a list for a layout", { ...notes, layout: [] }, "layout is [], and it must be an object with vocabSize"],
  ["a model that is too large for the file", { ...notes, layout: { ...layout, hiddenSize: 1e6 } }, "of at least"],
  ["a long context of learned positions", { ...notes, layout: { ...layout, contextLength: 1e6 } }, "of at least"],
  ["a longer context than any", { ...notes, layout: { ...layout, contextLength: 1e9 } }, "and at most 1000000"],
  ["more layers than any", { ...notes, layout: { ...layout, numLayers: 200_000 } }, "layout.numLayers is 200000, and"],
  ["a negative size", { ...notes, layout: { ...layout, numLayers: -1 } }, "layout.numLayers is -1, and it must be"],
  [
    "a size that is text",
    { ...notes, layout: { ...layout, hiddenSize: "8" } },
    'layout.hiddenSize is "8", and it must',
  ],
  ["a missing size", { ...notes, layout: { ...layout, numHeads: undefined } }, "layout.numHeads is missing"],
  ["an unknown size", { ...notes, layout: { ...layout, toString: 1 } }, "there is a field layout.toString"],
  ["more layers than weights", { ...notes, layout: { ...layout, feedForwardSize: 1, numLayers: 2 } }, "a model of"],
  ["other heads", { ...notes, layout: { ...layout, numGroups: 1 } }, "layers.0.attention.key.weight"],
  ["no recipe", { ...notes, layout, recipe: undefined }, "recipe is missing"],
  ["a batch of a billion", { ...notes, layout, recipe: { batchSize: 1e9 } }, "recipe.batchSize is 1000000000, and it"],
  ["a batch of nothing", { ...notes, layout, recipe: { batchSize: 0 } }, "recipe.batchSize is 0, and it must be"],
  ["a batch of text", { ...notes, layout, recipe: { batchSize: "12" } }, 'recipe.batchSize is "12", and it must be'],
  ["an odd setting", { ...notes, layout, recipe: { constructor: 1 } }, "there is a field recipe.constructor"],
  [
    "another recipe",
    { ...notes, layout, recipe: { ...recipe, contextLength: 9 } },
    "its recipe states contextLength = 9",
  ],
  ["another width", { ...notes, layout, recipe: { ...recipe, hiddenSize: 16 } }, "hiddenSize = 16, and its layout 8"],
  ["a smaller vocabulary", { ...notes, layout, recipe: { vocabSize: 5 } }, "tokens, and its recipe allows 5"],
  ["other tokens", { ...notes, layout, recipe: { tokens: "bytes" } }, "is made of characters, and its recipe states"],
  ["odd columns", { ...notes, layout, recipe: { columns: "1,b" } }, 'recipe.columns is "1,b", and it must be two'],
  ["no number", { ...notes, layout, measured: { BLEU: "12" } }, 'measured["BLEU"] = "12", and it must be a number'],
  ["an endless name", { ...notes, layout, measured: { ["x".repeat(65)]: 1 } }, "a name has at most 64 characters"],
  ["a list of measurements", { ...notes, layout, measured: [] }, "measured is [], and it must be"],
  ["another format", { ...notes, layout, format: "heed poem 1" }, 'format is "heed poem 1", and it must be one of'],
  ["an activation that nobody knows", { ...notes, layout: { ...layout, activation: "bend" } }, 'from "bend"'],
  ["an activation of the prototype", { ...notes, layout: { ...layout, activation: "toString" } }, 'from "toString"'],
  [
    "a part without a word",
    { ...notes, layout: { ...layout, positions: {} } },
    "layout.positions is an object, and it",
  ],
  ["no vocabulary", { ...notes, layout, vocabulary: 3 }, "vocabulary is 3, and it must be an object that is"],
  ["an empty vocabulary", { ...notes, layout, vocabulary: {} }, "in its vocabulary: Cannot read byte-pair encoding"],
  [
    "a vocabulary of another size",
    { ...notes, layout, vocabulary: { ...vocabulary.toJSON(), alphabet: ["a"] } },
    "its vocabulary has 5 tokens, and its layout states",
  ],
  ["the vocabulary of another kind", { ...notes, layout, source: vocabulary }, "its notes hold source, and heed"],
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

testWithFolder("readModel() refuses weights of another layout than the notes state", async (folder) => {
  const other = { ...notes, layout: { ...model.options, contextLength: 9 } };
  await saveModel(folder, { model }, other as typeof notes);
  const message = '"positions.weight" was saved as float32 [8, 8], the model has float32 [9, 8]';
  await assertRejects(() => readModel(folder), DataError, message);
});

testWithFolder("readModel() refuses averages that are not those of the weights", async (folder) => {
  const averages = sgd({ momentum: 0.5 });
  await saveModel(folder, { model, optimizer: new Optimizer(model.parameters(), averages) }, notes);
  await assertRejects(() => readModel(folder), DataError, '.firstMoment" is not in the file');
  await saveModel(folder, { model, optimizer: new Optimizer(model.parameters(), adamW()) }, notes);
  assertEquals((await readModel(folder)).notes.recipe, notes.recipe);
});

testWithFolder("a model of every layout that can be saved is read", async (folder) => {
  const layouts: Partial<TransformerOptions>[] = [
    ...[sinusoidal, alibi, noPositions, shaw(), t5(), rotary()].map((positions) => ({ positions })),
    { numLayers: 1 },
    { numLayers: 5, headSize: 3, numGroups: 1, activation: swiGlu, tieHead: false, bias: false },
    { placement: "post", norm: rmsNormalization({ epsilon: 1e-6 }), attention: multiHead({ window: { before: 3 } }) },
    { placement: "post", closingNorm: true },
    { placement: "pre", closingNorm: false },
  ];
  for (const options of layouts) {
    const layout = { vocabSize: vocabulary.vocabSize, ...sizes, numLayers: 3, ...options };
    const model = new DecoderOnly(layout, new Random(1));
    await saveModel(folder, { model }, { ...notes, layout: model.options });
    openModel(await readTextModelOf(decoderOnlyKind, folder, "lm"));
    const translator = new EncoderDecoder({ ...layout, sourceVocabSize: vocabulary.vocabSize }, new Random(1));
    const { vocabulary: _, ...rest } = notes, format = "heed translator 1";
    const vocabularies = { source: vocabulary, target: vocabulary };
    await saveModel(folder, { model: translator }, { ...rest, format, layout: translator.options, ...vocabularies });
    openModel(await readTranslationOf(translatorKind, folder, "translator"));
  }
});

testWithFolder("readModel() answers any value of any field with one sentence, or reads the model", async (folder) => {
  const values = [
    ...[undefined, null, true, -1, 0, 0.5, 7, 1e9, 1e300, "", "NaN", "8", "\ud800\u202e", [], {}, [[]]],
    ...[{ word: "rotary", scaling: null }, { word: "multiHead", window: 3 }, { word: [] }, { toString: 1 }],
    ...[JSON.parse('{"__proto__":{"word":"relu"}}'), { constructor: null }, "x".repeat(10_000), Array(300).fill("a")],
  ];
  let refused = 0, read = 0;
  const tryNotes = async (changed: unknown, what: string): Promise<void> => {
    const bytes = await encodeCheckpoint({ model, notes: JSON.parse(JSON.stringify(changed ?? null)) as Json });
    await Deno.writeFile(`${folder}/model.safetensors`, bytes);
    try {
      const saved = await readTextModelOf(decoderOnlyKind, folder, "lm");
      openModel(saved);
      describeModel(saved);
      read++;
    } catch (error) {
      assert(error instanceof DataError, `${what}: ${error}`);
      assert(error.message.startsWith(`Cannot read "${folder}`), `${what}: ${error.message}`);
      assert(!/undefined|\[object|reading '|not a function|iterable/.test(error.message), `${what}: ${error.message}`);
      assert(error.message.length < 800, what);
      refused++;
    }
  };
  const visit = async (node: unknown, put: (value: unknown) => unknown, path: string): Promise<void> => {
    for (const value of values) await tryNotes(put(value), `${path} = ${JSON.stringify(value)?.slice(0, 40)}`);
    if (typeof node !== "object" || node === null) return;
    if (!Array.isArray(node)) await tryNotes(put({ ...node, extra: 1 }), `${path}.extra`);
    for (const [name, member] of Object.entries(node).slice(0, Array.isArray(node) ? 2 : undefined)) {
      const members = (value: unknown): unknown =>
        put(Array.isArray(node) ? node.with(Number(name), value) : { ...node, [name]: value });
      await visit(member, members, `${path}.${name}`);
    }
  };
  const original = { ...notes, layout, vocabulary, recipe: { steps: 3, vocabSize: "characters", seed: 1, data: "x" } };
  await visit(JSON.parse(JSON.stringify(original)), (value) => value, "notes");
  assert(refused > 500 && read > 10, `refused ${refused}, read ${read}`);
});

testWithFolder("a file is looked at before it is read, and only as far as needed", async (folder) => {
  const path = `${folder}/model.safetensors`, handles = await fileHandles(), { read } = handles;
  let bytes = 0;
  handles.read = async function (...place) {
    const done = await read.call(this, ...place);
    bytes += done.bytesRead;
    return done;
  };
  const header = (text: string): Uint8Array => {
    const front = new Uint8Array(8 + text.length);
    new DataView(front.buffer).setBigUint64(0, BigInt(text.length), true);
    front.set(new TextEncoder().encode(text), 8);
    return front;
  };
  /** A file that begins with something, and has holes up to its size. */
  const sparse = async (front: Uint8Array, size: number): Promise<void> => {
    await Deno.writeFile(path, front);
    await Deno.truncate(path, size);
  };
  const GB = 2 ** 30;
  const whole = '{"a":{"dtype":"U8","shape":[1073741724],"data_offsets":[0,1073741724]}}';
  const cases: [front: Uint8Array, size: number, most: number, message: string][] = [
    [new Uint8Array(8), 5 * GB, 0, "it has 5368709120 bytes, and at most 4294967296 are read"],
    [new Uint8Array(8), 3 * GB, 8, "it must start with {, found is its end"],
    [new Uint8Array(0), 0, 0, "the file has 0 bytes, 8 are needed"],
    [Uint8Array.of(1, 2, 3), 3, 3, "the file has 3 bytes, 8 are needed"],
    [Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0), 3 * GB, 8, "the limit is 100000000"],
    [header(whole), 8 + whole.length + 1073741724, 8 + whole.length, "no state of a training run"],
    [header("{}"), GB, 10, "bytes at the end belong to none"],
  ];
  try {
    for (const [front, size, most, message] of cases) {
      await sparse(front, size);
      bytes = 0;
      await assertRejects(() => readModel(folder), DataError, message);
      assert(bytes <= most, `${message}: ${bytes} bytes were read`);
    }
  } finally {
    handles.read = read;
  }
});

testWithFolder("a model that is no file is refused by its kind", async (folder) => {
  const path = `${folder}/model.safetensors`;
  await Deno.mkdir(path);
  await assertRejects(() => readModel(folder), DataError, "it is a folder, and a file is needed");
  await Deno.remove(path);
  if (Deno.build.os === "windows") return;
  await Deno.symlink("/dev/zero", path);
  await assertRejects(() => readModel(folder), DataError, "it is a device, and a file is needed");
  await assertRejects(() => folderStorage(folder).read("model.safetensors"), FileError, "it is a device");
  await Deno.remove(path);
  await makeSocket(path);
  await assertRejects(() => readModel(folder), DataError, "it is a socket, and a file is needed");
  await Deno.remove(path);
  if (!(await new Deno.Command("mkfifo", { args: [path] }).output()).success) return;
  await assertRejects(() => readModel(folder), DataError, "it is a pipe, and a file is needed");
}, "run");

testWithFolder("a file that becomes shorter or changes while it is read is refused", async (folder) => {
  const path = `${folder}/model.safetensors`;
  await saveModel(folder, { model }, notes);
  const shorten = async (front: (end: number) => Promise<Uint8Array>, size: number): Promise<void> => {
    await front(8);
    await Deno.truncate(path, size - 4);
  };
  await assertRejects(() => readWhole(path, shorten), FileError, "bytes");
  await saveModel(folder, { model }, notes);
  const touch = () => Deno.utime(path, 1, 1);
  await assertRejects(() => readWhole(path, touch), FileError, "it changed while it was read");
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
    ...{ vocabSize: 33, contextLength: 64, numLayers: 2, feedForwardSize: 256 },
    ...{ hiddenSize: 64, numHeads: 4, headSize: 32, norm: rmsNormalization({ epsilon: 1e-6 }) },
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

Deno.test("checkNotes() refuses a vocabulary that no program could read again, before anything is trained", async () => {
  await checkNotes(notes);
  const merges = Array.from(
    { length: 300_000 },
    (_, i) => ["ourselves", String.fromCodePoint(0x4e00 + i % 20_000)] as const,
  );
  const large = { toJSON: () => ({ ...vocabulary.toJSON(), merges: merges.slice(0, 200_000) }) };
  const wrong = { ...notes, vocabulary: large as unknown as typeof vocabulary };
  await assertRejects(
    () => checkNotes(wrong),
    DataError,
    "bytes of a file, and at most 4194304 are read; a smaller --vocab-size",
  );
  const more = { ...notes, vocabulary: { toJSON: () => ({ merges }) } as unknown as typeof vocabulary };
  await assertRejects(() => checkNotes(more), RangeError, "Cannot train with vocabulary.merges");
});
