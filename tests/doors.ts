/**
 * # Every door of the library
 *
 * A call that works for each exported function, constructor and method that takes arguments: `doors_test.ts` spoils one
 * argument after the other and listens to what is said. **To add a door,** add its line; without one that test fails.
 *
 * @module
 */

import * as attention from "../core/04_attention/mod.ts";
import * as engine from "../core/engine/mod.ts";
import * as introduction from "../core/01_introduction/mod.ts";
import * as languageModels from "../core/03_language_models/mod.ts";
import * as generation from "../core/07_generation/mod.ts";
import * as gpu from "../gpu/mod.ts";
import * as figures from "../core/figures/mod.ts";
import * as host from "../core/host/mod.ts";
import * as heed from "../mod.ts";
import * as training from "../core/06_training/mod.ts";
import * as pretrained from "../core/08_pretrained/mod.ts";
import * as transformer from "../core/05_transformer/mod.ts";
import * as wasm from "../wasm/mod.ts";
import * as words from "../core/02_words/mod.ts";
import { full, ones, parameter } from "../core/engine/create.ts";
import { backend } from "../core/engine/device.ts";
import type { Tensor } from "../core/engine/tensor.ts";

/** What the entry points export, by file. */
export const entryPoints: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "mod.ts": heed,
  "core/engine/mod.ts": engine,
  "core/01_introduction/mod.ts": introduction,
  "core/02_words/mod.ts": words,
  "core/03_language_models/mod.ts": languageModels,
  "core/04_attention/mod.ts": attention,
  "core/05_transformer/mod.ts": transformer,
  "core/06_training/mod.ts": training,
  "core/07_generation/mod.ts": generation,
  "core/08_pretrained/mod.ts": pretrained,
  "core/host/mod.ts": host,
  "core/figures/mod.ts": figures,
  "wasm/mod.ts": wasm,
  "gpu/mod.ts": gpu,
};

const everything = Object.assign({}, ...Object.values(entryPoints)) as Readonly<Record<string, never>>;

/** A call: what it is made on, for methods, and its arguments. */
export interface Call {
  /** The object that has the method; absent for functions and constructors. */
  readonly on?: object;
  /** Every argument, those that may be left out included. */
  readonly given: readonly unknown[];
}

/** A tokenizer that only spells. */
class Spelling {
  decode(tokens: Iterable<number>): string {
    return String.fromCharCode(...tokens);
  }
}

const random = (): engine.Random => new engine.Random(1);
const x = (...shape: number[]): Tensor => ones(shape.length > 0 ? shape : [2, 4]);
const ids = (...shape: number[]): Tensor => full(shape.length > 0 ? shape : [2, 4], 1, "int32");
const mask = (...shape: number[]): Tensor => full(shape, 1, "bool");
const answers = [{ confidence: 0.9, correct: true }, { confidence: 0.4, correct: false }];
const on = (object: object, ...given: unknown[]): Call => ({ on: object, given });
const call = (...given: unknown[]): Call => ({ given });

const learned = await words.trainBytePairEncoding(["ab"], { vocabSize: "alphabet", level: "characters" });
const unigram = await words.trainUnigram(["ab ab"], { vocabSize: 9 });
const bytePairs = (): words.BytePairEncoding => words.BytePairEncoding.fromJSON(learned.toJSON());
const aModel: words.TokenModel = {
  tokens: ["a", "b"],
  idOf: (token) => ["a", "b"].indexOf(token),
  cut: (piece) => [...piece].map((letter, start) => ({ id: letter === "a" ? 0 : 1, start, end: start + 1 })),
  toJSON: () => ({ kind: "test" }),
};
const pipelineFile = (): words.TokenizerFile =>
  new words.TokenizerPipeline({ model: new words.WordPiece(["[UNK]", "a"]) }).toJSON();
const pipeline = (): words.TokenizerPipeline => new words.TokenizerPipeline({ model: aModel });
const wordVectors = (): words.WordVectors => new words.WordVectors(["a", "b"], Float32Array.of(1, 2, 3, 4));
const ngrams = await languageModels.trainNGrams([0, 1, 0, 2], { order: 2, vocabSize: 3 });
const letterA: generation.Expression = { kind: "characters", set: [[97, 97]] };
const linear = (): engine.Linear => new engine.Linear(4, 4, random());
const layout = { hiddenSize: 4, numHeads: 2 };
const small = { ...layout, vocabSize: 8, contextLength: 8, numLayers: 1 };
const decoder = (): transformer.DecoderOnly => new transformer.DecoderOnly(small, random()).eval();
const translator = (): transformer.EncoderDecoder => new transformer.EncoderDecoder(small, random()).eval();
const optimizer = (): training.Optimizer => new training.Optimizer(linear().parameters(), training.sgd());
const stopping = (): training.EarlyStopping => new training.EarlyStopping({ measure: "loss", patience: 2 });
const reader = (): languageModels.RecurrentLanguageModel =>
  new languageModels.RecurrentLanguageModel({ vocabSize: 8, hiddenSize: 4 }, random()).eval();
const reading = (): languageModels.RecurrentEncoderDecoder =>
  new languageModels.RecurrentEncoderDecoder({ vocabSize: 8, hiddenSize: 4 }, random()).eval();
const states = (): languageModels.EncodedSource => ({
  output: x(2, 4, 4),
  hiddenState: x(2, 1, 4),
  cellState: x(2, 1, 4),
});
const bengio = (): languageModels.FeedForwardLanguageModel =>
  new languageModels.FeedForwardLanguageModel({ vocabSize: 8, windowSize: 3, embeddingSize: 4 }, random()).eval();
const convolutional = (): languageModels.ConvolutionalLanguageModel =>
  new languageModels.ConvolutionalLanguageModel({ vocabSize: 8, hiddenSize: 4, numLayers: 2 }, random()).eval();
const phrases = (): languageModels.PhraseClassifier =>
  new languageModels.PhraseClassifier({ vocabSize: 8, numClasses: 2 }, random()).eval();
const recurrent = <M>(Make: new (options: languageModels.RecurrentOptions, random: engine.Random) => M): M =>
  new Make({ inputSize: 4, hiddenSize: 4 }, random());
const step = (): languageModels.LstmStep => languageModels.lstmStep(x(16), x(4));
const rules = (): introduction.RuleBasedClassifier<string> =>
  new introduction.RuleBasedClassifier(introduction.englishSentiment, [0], ["-", "+"]);
const bag = (): introduction.BagOfWords => new introduction.BagOfWords({ labels: ["-", "+"], vocabulary: ["good"] });
const labelled = () => [{ text: "good", label: "+" }, { text: "bad", label: "-" }];
const heads = (): Tensor => x(1, 2, 3, 4);
const limits = { maxNewTokens: 2, eosToken: 7 };
const rows = [[0, -1, -2, -3, -4, -5, -6, -7]];
const storage = {
  read: () => Promise.resolve(undefined),
  writeAtomically: () => Promise.resolve(),
};
const here = backend();
const device = (): engine.Backend => engine.createReferenceDevice();
const nothing = (): void => {};
const aBatch = { next: () => x() };
const stored = (): training.TensorFile => ({
  tensors: new Map([["a", { kind: "F32", shape: [1], bytes: new Uint8Array(4) }]]),
  metadata: new Map(),
});

const files = (): pretrained.ModelSource => pretrained.bytesSource(new Map([["a", new TextEncoder().encode("{}")]]));
const emptyGguf = (): Uint8Array => Uint8Array.from([..."GGUF\u0003".padEnd(24, "\0")], (c) => c.charCodeAt(0));

const tokenizerJson = () => ({ model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] } });
const withModel = (): pretrained.ModelSource =>
  pretrained.bytesSource(new Map([["model.safetensors", aLlama.weights], ["config.json", aLlama.config]]));
const published = (): pretrained.PretrainedTokenizer =>
  new pretrained.PretrainedTokenizer({ model: new words.WordLevel(["[UNK]", "a"]) });
const withTokenizer = (): pretrained.ModelSource =>
  pretrained.bytesSource(new Map([["tokenizer.json", new TextEncoder().encode(JSON.stringify(tokenizerJson()))]]));
const tokenizerFacts = () =>
  new Map<string, pretrained.GgufValue>([
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.tokens", ["a", "b", "ab"]],
    ["tokenizer.ggml.merges", ["a b"]],
  ]);

const readerLayout = { ...layout, vocabSize: 8, contextLength: 8, numLayers: 1 };
const masked = (): transformer.EncoderOnly => new transformer.EncoderOnly(readerLayout, random()).eval();
const bertFile = training.encodeSafetensors({
  tensors: await training.exportState(masked(), { names: pretrained.bertNames }),
});
const withEncoder = (): pretrained.ModelSource => {
  const config = { model_type: "bert", vocab_size: 8, max_position_embeddings: 8, hidden_size: 4 };
  const sizes = { num_attention_heads: 2, num_hidden_layers: 1, intermediate_size: 16 };
  const text = (value: string) => new TextEncoder().encode(value);
  return pretrained.bytesSource(
    new Map([
      ["model.safetensors", bertFile],
      ["config.json", text(JSON.stringify({ ...config, ...sizes }))],
      ["vocab.txt", text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na")],
    ]),
  );
};

/** A cache with a model, which is there as long as the tests run. */
function cached(): string {
  if (cache !== undefined) return cache;
  const folder = cache = Deno.makeTempDirSync(), model = `${folder}/models--a--b`, commit = "0".repeat(40);
  for (const path of ["refs", `snapshots/${commit}`]) Deno.mkdirSync(`${model}/${path}`, { recursive: true });
  Deno.writeTextFileSync(`${model}/refs/main`, commit);
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return folder;
}
let cache: string | undefined;

/** The smallest Llama there can be, with its settings. */
const aLlama = (() => {
  const config = { model_type: "llama", vocab_size: 4, hidden_size: 4, num_attention_heads: 2, num_hidden_layers: 1 };
  const sizes = { intermediate_size: 4, tie_word_embeddings: true };
  const layer = "model.layers.0",
    f32 = (...shape: number[]) => ({
      kind: "F32" as const,
      shape,
      bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b)),
    });
  const square = [
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
  ];
  const tensors = new Map([
    ...["model.embed_tokens", ...square.map((part) => `${layer}.${part}`)].map((name) =>
      [`${name}.weight`, f32(4, 4)] as const
    ),
    ...["model.norm", `${layer}.input_layernorm`, `${layer}.post_attention_layernorm`].map((name) =>
      [`${name}.weight`, f32(4)] as const
    ),
  ]);
  const bytes = new TextEncoder().encode(JSON.stringify({ ...config, ...sizes }));
  return { config: bytes, weights: training.encodeSafetensors({ tensors }) };
})();

const encoded = (): Uint8Array => training.encodeSafetensors(stored());

/** One good call of every door, by the name of the function, `new Class`, or `Class.method`. */
export const doors: Readonly<Record<string, () => Call | Promise<Call>>> = {
  // mod.ts and the engine
  "Tensor.backward": () => on(parameter(x()).mul(2), x()),
  "Tensor.reshape": () => on(x(), [4, 2]),
  "Tensor.permute": () => on(x(), [1, 0]),
  "Tensor.transpose": () => on(x(), 0, 1),
  "Tensor.slice": () => on(x(), 1, 0, 2, 1),
  "Tensor.at": () => on(x(), 1, 0),
  "Tensor.expand": () => on(x(), [3, 2, 4]),
  "Tensor.unsqueeze": () => on(x(), 0),
  "Tensor.squeeze": () => on(x(1, 4), 0),
  "Tensor.flatten": () => on(x(), 0, 1),
  "Tensor.unfold": () => on(x(), 1, 2, 1, 1),
  "Tensor.diagonal": () => on(x(4, 4), 0, 1),
  "Tensor.cast": () => on(x(), "int32"),
  "Tensor.assign": () => on(x(), 1),
  "Tensor.clamp": () => on(x(), 0, 1),
  "Tensor.where": () => on(x(), mask(2, 4), x()),
  "Tensor.matmul": () => on(x(), x(4, 2)),
  "Tensor.and": () => on(mask(2), mask(2)),
  "Tensor.or": () => on(mask(2), mask(2)),
  "Tensor.argmax": () => on(x(), 1, { keepDims: true }),
  "Tensor.variance": () => on(x(), 1, { keepDims: true, correction: 1 }),
  "Tensor.cumulativeSum": () => on(x(), 1),
  ...Object.fromEntries(
    ["sum", "max", "min", "mean", "logSumExp"].map((name) => [
      `Tensor.${name}`,
      () => on(x(), [1], { keepDims: true }),
    ]),
  ),
  ...Object.fromEntries(
    [
      ...["add", "sub", "mul", "div", "pow", "mod", "maximum", "minimum", "equal", "notEqual"],
      ...["less", "lessEqual", "greater", "greaterEqual"],
    ].map((name) => [`Tensor.${name}`, () => on(x(), x())]),
  ),
  arange: () => call(0, 4, 1),
  dims: () => call(x(), "B T", { B: 2 }),
  full: () => call([2], 1, "float32"),
  noGrad: () => call(nothing),
  ones: () => call([2], "float32"),
  zeros: () => call([2], "float32"),
  pack: () => call(linear(), "float32"),
  quantize: () => call(linear(), "int8"),
  parameter: () => call(x()),
  release: () => call(x()),
  scope: () => call(nothing),
  tensor: () => call([1, 2], [2], "float32"),
  useDevice: () => call("wasm", undefined),
  withBackend: () => call(device(), nothing),
  broadcastShapes: () => call([2, 1], [3]),
  sizeOf: () => call([2, 3]),
  registerDevice: () => call("spare", device),
  setBackend: () => call(here),
  setDefaultDevice: () => call(() => here),
  keep: () => call(x()),
  memorySummary: () => call({ model: linear() }),
  lowerTriangle: () => call(2, 2, 0),
  gradientsOf: () => {
    const leaf = parameter(x());
    return call(leaf.mul(2), [leaf], { gradient: x(), createGraph: true });
  },
  jvp: () => call((input: Tensor) => input.mul(2), [x()], [x()], { createGraph: true }),
  leavesOf: () => call(parameter(x()).mul(2)),
  withRecording: () => call(true, nothing),
  gather: () => call(x(), 1, ids()),
  scatter: () => call(x(), 1, ids(), x()),
  take: () => call(x(), ids(2)),
  oneHot: () => call(ids(2), 4),
  glorot: () => call(2, 3, random()),
  normal: () => call(0.02),
  readPart: () => call("an activation", "relu", transformer.activations),
  writePart: () => call(transformer.relu),
  checkOptions: () => call("try", {}, {}),
  "PackedMatrix.of": () => call(x(), "int8", false),
  "PackedMatrix.assign": () => on(engine.PackedMatrix.of(x(4, 4), "int8", false), x(4, 4)),
  "PackedMatrix.multiply": () => on(engine.PackedMatrix.of(x(4, 4), "int8", false), x(), x(4)),
  "PackedMatrix.rows": () => on(engine.PackedMatrix.of(x(4, 4), "int8", true), ids(2)),
  roundHalves: () => call(x()),
  roundRows: () => call(x(), 16),
  roundWeights: () => call(x(), 8),
  withoutFusion: () => call(nothing),
  fusable: () => call("softmax", [x()], {}, () => x()),
  fusableUpdate: () => call("scale", [x()], [x(), x(1)], {}, () => [x()]),
  concat: () => call([x(), x()], 0),
  stack: () => call([x(), x()], 0),
  split: () => call(x(), [1, 1], 0),
  pad: () => call(x(), [[0, 1], [1, 0]], 0),
  flip: () => call(x(), 0),
  roll: () => call(x(), 1, 0),
  argsort: () => call(x(), { descending: true }),
  sort: () => call(x(), { descending: true }),
  topK: () => call(x(), 2),
  einsum: () => call("ij,jk->ik", x(), x(4, 2)),
  conv1d: () => call(x(1, 2, 8), x(2, 2, 3), { bias: x(2), stride: 1, padding: 1, dilation: 1, groups: 1 }),
  conv2d: () => call(x(1, 2, 8, 8), x(2, 2, 3, 3), { bias: x(2), stride: 1, padding: 1, dilation: 1, groups: 1 }),
  maxPool1d: () => call(x(1, 2, 8), 2, { stride: 1 }),
  maxPool2d: () => call(x(1, 2, 8, 8), 2, { stride: 1 }),
  averagePool1d: () => call(x(1, 2, 8), 2, { stride: 1 }),
  averagePool2d: () => call(x(1, 2, 8, 8), 2, { stride: 1 }),
  "new Conv1d": () => call(2, 2, 3, random(), { stride: 1, padding: "same", dilation: 1, groups: 2, bias: true }),
  "Conv1d.forward": () => on(new engine.Conv1d(2, 2, 3, random()), x(1, 2, 8)),
  "new Conv2d": () => call(2, 2, [3, 2], random(), { stride: [1, 2], padding: 1, dilation: [1, 2], groups: 2 }),
  "Conv2d.forward": () => on(new engine.Conv2d(2, 2, 3, random()), x(1, 2, 8, 8)),
  "new MaxPool1d": () => call(2, { stride: 1 }),
  "MaxPool1d.forward": () => on(new engine.MaxPool1d(2), x(1, 2, 8)),
  "new MaxPool2d": () => call([2, 3], { stride: [1, 2], padding: [1, 0], dilation: 1 }),
  "MaxPool2d.forward": () => on(new engine.MaxPool2d(2), x(1, 2, 8, 8)),
  "new AveragePool1d": () => call(2, { stride: 1 }),
  "AveragePool1d.forward": () => on(new engine.AveragePool1d(2), x(1, 2, 8)),
  "new AveragePool2d": () => call(2, { stride: 1 }),
  "AveragePool2d.forward": () => on(new engine.AveragePool2d(2), x(1, 2, 8, 8)),
  threefry: () => call(1, 2, 3, 4, new Int32Array(2)),
  "new Random": () => call(1),
  "Random.from": () => call(random().state()),
  "Random.restore": () => on(random(), random().state()),
  "Random.reserve": () => on(random(), 2),
  "Random.integer": () => on(random(), 2),
  "Random.uniforms": () => on(random(), 2),
  "Random.uniform": () => on(random(), [2], { min: 0, max: 1 }),
  "Random.normal": () => on(random(), [2], { mean: 0, deviation: 1 }),
  "Random.categorical": () => on(random(), [0.5, 0.5]),
  "Random.permutation": () => on(random(), 4),
  "new Chance": () => call(random()),
  "Chance.replace": () => on(new engine.Chance(), random()),
  "Chance.random": () => on(new engine.Chance(random()), "drop"),
  dropout: () => call(x(), 0.5, random()),
  "new Dropout": () => call(0.5, random()),
  "Dropout.forward": () => on(new engine.Dropout(0.5, random()), x()),
  "Module.train": () => on(linear(), random()),
  "Module.loadStateDict": () => on(linear(), linear().stateDict()),
  linear: () => call(x(), x(4, 4), x(4)),
  "Weight.matrix": () => call(x()),
  "Weight.table": () => call(x()),
  "Weight.replace": () => on(engine.Weight.matrix(x(4, 4)), engine.PackedMatrix.of(x(4, 4), "int8", false)),
  "Weight.multiply": () => on(engine.Weight.matrix(x(4, 4)), x(), x(4)),
  "Weight.multiplyTransposed": () => on(engine.Weight.table(x(4, 4)), x()),
  "Weight.rows": () => on(engine.Weight.table(x(4, 4)), ids(2)),
  "new Linear": () => call(4, 4, random(), { bias: true, initialization: engine.glorot }),
  "Linear.forward": () => on(linear(), x()),
  "new Sequential": () => call(linear(), transformer.relu),
  "Sequential.forward": () => on(new engine.Sequential(linear(), transformer.relu), x()),
  "new Pace": () => call(3),
  rest: () => call(new AbortController().signal),
  useClock: () => call(undefined),
  checkRandom: () => call("try", random()),
  "Pace.secondsLeft": () => on(new engine.Pace(), 3),

  // Introduction
  taskShape: () => call([{ input: ["a"], output: ["b"] }]),
  audioFrames: () => call(x(8), { size: 4, hop: 2 }),
  imagePatches: () => call(x(4, 4, 1), { size: 2 }),
  graphNodes: () => call(x(3, 4), [[0, 1]], { directed: true }),
  splitText: () => call("a fine film"),
  findFeatures: () => call("not good", introduction.englishSentiment),
  scoreFeatures: () => call(introduction.findFeatures("not good", introduction.englishSentiment)),
  decide: () => call(1, [-0.5, 0.5], ["-", "0", "+"]),
  "new RuleBasedClassifier": () => call(introduction.englishSentiment, [0], ["-", "+"]),
  "RuleBasedClassifier.classify": () => on(rules(), "good"),
  accuracy: () => call(["a", "b"], ["a", "a"]),
  findErrors: () => call(rules(), labelled()),
  "new BagOfWords": () => call({ labels: ["-", "+"], vocabulary: ["good"], tokenize: introduction.splitText }),
  "BagOfWords.bagOf": () => on(bag(), "good"),
  "BagOfWords.scores": () => on(bag(), "good"),
  "BagOfWords.probabilities": () => on(bag(), "good"),
  "BagOfWords.classify": () => on(bag(), "good"),
  "BagOfWords.update": () => on(bag(), "good", "+", introduction.gradient, 0.5),
  "BagOfWords.weightsOf": () => on(bag(), "+"),
  "BagOfWords.tellingWords": () => on(bag(), "+", 3),
  trainBagOfWords: () => call(labelled(), { rule: introduction.perceptron, epochs: 2, learningRate: 1, average: true }),
  withPairs: () => call(introduction.splitText, 2),
  confusionMatrix: () => call(["a", "b"], ["a", "a"], ["a", "b"]),
  precisionRecall: () => call(["a", "b"], ["a", "a"], ["a", "b"]),
  pairedBootstrap: () =>
    call(["a", "b"], ["a", "a"], ["b", "a"], introduction.accuracy, { draws: 5, confidence: 0.9, random: random() }),
  mcNemar: () => call(["a", "b"], ["a", "a"], ["b", "a"]),
  accuracyInterval: () => call(5, 9, 1.96),
  expectedBest: () => call(3, 20, 0.7),
  splitExamples: () => call([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], random(), { validation: 0.2, test: 0.2, group: String }),
  zeroShotPrompt: () => call("fine", { labels: ["-", "+"], instruction: "Judge.", input: "Q:", output: "A:" }),
  fewShotPrompt: () => call("fine", [{ text: "dull", label: "-" }], { labels: ["-", "+"] }),
  chainOfThoughtPrompt: () =>
    call("fine", [{ text: "dull", label: "-", reasoning: "It bores." }], { labels: ["-", "+"] }, "Because:"),
  answerOf: () => call("Label: +", { labels: ["-", "+"] }),
  scoreLabels: () =>
    call({ logProbability: () => -1 }, "fine", { labels: ["-", "+"] }, { neutral: "", perCharacter: true }),
  continuationScorer: () => call({ score: () => [-1, -1] }, () => [1, 2]),

  // Words
  "new BytePairEncoding": () => call(learned.toJSON()),
  "BytePairEncoding.fromJSON": () => call(bytePairs().toJSON()),
  "BytePairEncoding.idOf": () => on(bytePairs(), "a"),
  "BytePairEncoding.encode": () => on(bytePairs(), "ab", { dropout: 0.5, random: random(), specialTokens: true }),
  "BytePairEncoding.tokenize": () => on(bytePairs(), "ab", {}),
  "BytePairEncoding.decode": () => on(bytePairs(), [4, 5], {}),
  "BytePairEncoding.decodeStream": () => on(bytePairs(), [4, 5], {}),
  alignText: () => call("ab"),
  "new TokenizerPipeline": () => call({ model: aModel }),
  "TokenizerPipeline.idOf": () => on(pipeline(), "a"),
  "TokenizerPipeline.encode": () => on(pipeline(), "ab", {}),
  "TokenizerPipeline.tokenize": () => on(pipeline(), "ab", {}),
  "TokenizerPipeline.cut": () => on(pipeline(), "ab"),
  "TokenizerPipeline.decode": () => on(pipeline(), [0, 1], {}),
  "TokenizerPipeline.decodeStream": () => on(pipeline(), [0, 1], {}),
  "new WordLevel": () => call(["[UNK]", "a"], { unknown: "[UNK]" }),
  "WordLevel.idOf": () => on(new words.WordLevel(["[UNK]"]), "a"),
  "WordLevel.cut": () => on(new words.WordLevel(["[UNK]"]), "a"),
  tokenizerOfWords: () => call(["a", "b"]),
  trainWordLevel: () => call(["a b"], { level: "words", vocabSize: 4, minFrequency: 1 }),
  "new WordPiece": () => call(["[UNK]", "a"], { unknown: "[UNK]", prefix: "##", maxCharacters: 100 }),
  "WordPiece.idOf": () => on(new words.WordPiece(["[UNK]"]), "a"),
  "WordPiece.cut": () => on(new words.WordPiece(["[UNK]"]), "a"),
  trainWordPiece: () => call(["ab ab"], { vocabSize: 10 }),
  plainMerges: () => call(new Map([["ab", 2]]), 1),
  plainWordPiece: () => call("ab", new Set(["a", "##b"])),
  readTokenizer: () => call(pipelineFile()),
  bertNormalizer: () => call({ lowercase: true }),
  prepend: () => call("a"),
  replace: () => call("a", "b"),
  strip: () => call({ left: true }),
  byPattern: () => call(words.gpt2Pattern),
  byteLevel: () => call({ usePattern: true }),
  digits: () => call({ most: 3 }),
  punctuation: () => call("removed"),
  splitBy: () => call("a", { behavior: "removed", invert: false }),
  decoderSequence: () => call([words.fuse]),
  metaspace: () => call({ prependScheme: "always" }),
  metaspaceDecoder: () => call({ prependScheme: "always" }),
  normalizerSequence: () => call([]),
  preTokenizerSequence: () => call([words.metaspace()]),
  replaceDecoder: () => call("a", "b"),
  stripDecoder: () => call({ content: " ", start: 1 }),
  suffixDecoder: () => call("</w>"),
  wordPieceDecoder: () => call({ prefix: "##" }),
  splitWords: () => call("a b"),
  trainBytePairEncoding: () => call(["ab ab"], { vocabSize: "alphabet", level: "characters" }),
  "new Unigram": () => call(unigram.toJSON()),
  "Unigram.fromJSON": () => call(unigram.toJSON()),
  "Unigram.encode": () => on(unigram, "ab", { alpha: 0.5, random: random(), specialTokens: false }),
  "Unigram.tokenize": () => on(unigram, "ab", { specialTokens: false }),
  "Unigram.idOf": () => on(unigram, "a"),
  "Unigram.segment": () => on(unigram, "ab"),
  "Unigram.nBest": () => on(unigram, "ab", 2),
  "Unigram.sample": () => on(unigram, "ab", random(), { alpha: 0.5 }),
  "Unigram.logProbability": () => on(unigram, "ab"),
  "Unigram.decode": () => on(unigram, [4, 5], {}),
  "Unigram.decodeStream": () => on(unigram, [4, 5], {}),
  trainUnigram: () => call(["ab ab"], { vocabSize: 9, shrinkingFactor: 0.5, turns: 1, byteFallback: false }),
  plainSegmentation: () => call("ab", new Map([["a", -1], ["b", -1]])),
  plainMarginal: () => call("ab", new Map([["a", -1], ["b", -1]])),
  expectedCounts: () => call("ab", new Map([["a", -1], ["b", -1]])),
  samplingProbabilities: () => call([9, 1], { temperature: 2 }),
  mixCorpora: () => call([["a", "b"], ["c"]], random(), { temperature: 2, total: 4 }),
  plainDropout: () => call("ab", [["a", "b"]], 0.5, random()),
  "new Embedding": () => call(8, 4, random(), { paddingIndex: 0, deviation: 1 }),
  "Embedding.forward": () => on(new words.Embedding(8, 4, random()), ids()),
  multiplyOneHot: () => call(ids(), x(8, 4)),
  negativeSamplingStep: () => call([1, 2], [[1, 2], [3, 4]], 0.1),
  negativeSamplingLoss: () => call(x(4), x(2, 4)),
  trainWord2vec: () => call([["a", "b", "a"]], random(), { hiddenSize: 2, epochs: 1 }),
  noiseProbabilities: () => call([1, 2], 0.75),
  keepProbabilities: () => call([1, 2], 0.1),
  "new AliasTable": () => call([1, 2]),
  "AliasTable.draw": () => on(new words.AliasTable([1, 2]), random()),
  cosine: () => call([1, 2], [3, 4]),
  "new WordVectors": () => call(["a", "b"], new Float32Array([1, 2, 3, 4])),
  "WordVectors.has": () => on(wordVectors(), "a"),
  "WordVectors.idOf": () => on(wordVectors(), "a"),
  "WordVectors.vectorOf": () => on(wordVectors(), "a"),
  "WordVectors.rowOf": () => on(wordVectors(), 1),
  neighbours: () => call(wordVectors(), "a", { count: 1 }),
  analogy: () => call(wordVectors(), ["a", "b", "a"], { count: 1, excludeQuestion: true }),
  principalComponents: () => call([[1, 2], [3, 5]], 1),
  wordVectorLines: () => call(wordVectors()),
  readWordVectors: () => call("1 2\na 1 2", {}),
  windowMeans: () => call(x(3, 4), 1),
  cosineMatrix: () => call(x(3, 4), x(2, 4)),
  occurrencesOf: () => call(x(1, 2, 4), [[1, 2]], 2),
  selfSimilarity: () => call(x(3, 4)),
  padTokens: () => call([[1, 2], [3]], 0, { side: "left", length: 4 }),
  "new BagOfWordsClassifier": () => call(8, 4, 2, random(), { paddingIndex: 0 }),
  "BagOfWordsClassifier.forward": () => on(new words.BagOfWordsClassifier(8, 4, 2, random()), ids()),
  "new DeepBagOfWordsClassifier": () => call(8, 4, 1, 2, random(), { paddingIndex: 0 }),
  "DeepBagOfWordsClassifier.forward": () => on(new words.DeepBagOfWordsClassifier(8, 4, 1, 2, random()), ids()),
  softmax: () => call(x(), -1),
  targetLogProbabilities: () => call(x(2, 3, 4), ids(2, 3)),
  intensityOf: () => call({ operations: 8, bytes: 4 }),
  attainable: () => call({ peak: 8, bandwidth: 2 }, 3),
  leastTime: () => call({ peak: 8, bandwidth: 2 }, { operations: 8, bytes: 4 }),
  decoderWork: () => call({ numLayers: 1, hiddenSize: 4, vocabSize: 5 }, { tokens: 3 }),
  recurrentWork: () => call({ numLayers: 1, hiddenSize: 4, vocabSize: 5, gates: 4 }, { tokens: 3 }),
  summarizeTimes: () => call([1, 2]),
  measureThroughput: () => call(() => 1, { repeats: 2 }),
  measureLatency: () => call([1, 2], () => 1),
  measureMachine: () => call({ size: 4, megabytes: 0.01, repeats: 1 }),
  watchDevice: () => call(() => 1),
  measureScores: () => call([-1, -2], { tokens: 3, characters: 6, bytes: 6 }),
  score: () => call(decoder(), [1, 2, 3], { beginToken: 0, window: 2, stride: 1, batchSize: 1 }),
  perplexity: () => call(decoder(), "ab", { tokenizer: learned, beginToken: 0, window: 2, stride: 1, batchSize: 1 }),
  posterior: () => call([-1, -2], [1, 2]),
  trainNGrams: () => call([0, 1, 0, 2], { order: 2, vocabSize: 3, endToken: 0 }),
  "new NGramModel": () => call({ vocabSize: 3, orders: ngrams.orders }),
  "NGramModel.find": () => on(ngrams, [0, 1]),
  "NGramModel.next": () => on(ngrams, [0, 1]),
  "NGramModel.scoreTokens": () => on(ngrams, new Int32Array([0, 1, 2]), 1, 3),
  "NGramModel.forward": () => on(ngrams, [[0, 1]], { lastOnly: true }),
  addK: () => call({ k: 1 }),
  jelinekMercer: () => call({ weights: [0.5] }),
  absoluteDiscounting: () => call({ discounts: [0.5] }),
  kneserNey: () => call({ discounts: [0.5] }),
  modifiedDiscounts: () => call([0, 4, 3, 2, 1]),
  arpaLines: () => call(ngrams, ["a", "b", "c"], { beginToken: 0 }),
  readArpa: () => call("\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n\\end\\", {}),
  "new TfIdf": () => call([[0, 1], [1]], { vocabSize: 2, sublinear: true }),
  "TfIdf.search": () => on(new languageModels.TfIdf([[0, 1], [1]], { vocabSize: 2 }), [0], { limit: 1 }),
  filterByPerplexity: () => call(ngrams, [[0, 1], [1, 2]], { keep: 0.5, beginToken: 0 }),
  classify: () => call([decoder(), decoder()], [1, 2, 3], { priors: [1, 2], beginToken: 0, window: 2, stride: 1 }),
  logSoftmax: () => call(x(), -1),

  // Attention
  scaledDotProductAttention: () => call(heads(), heads(), heads(), { mask: mask(3, 3), bias: x(3, 3), scale: 1 }),
  plainAttention: () => call(x(3, 4), x(5, 4), x(5, 2), mask(3, 5)),
  attentionWeights: () => call(heads(), heads(), { causal: true, bias: x(3, 3) }),
  softCap: () => call(x(2, 3), 5),
  weightedValues: () => call(x(1, 2, 3, 3), heads()),
  "new CrossAttention": () => call(4, 4, 2, random()),
  "CrossAttention.forward": () =>
    on(new attention.CrossAttention(4, 4, 2, random()), x(1, 3, 4), x(1, 3, 4), { causal: true }),
  "CrossAttention.weights": () =>
    on(new attention.CrossAttention(4, 4, 2, random()), x(1, 3, 4), x(1, 3, 4), { causal: true }),
  "new SelfAttention": () => call(4, 2, random()),
  "SelfAttention.forward": () => on(new attention.SelfAttention(4, 2, random()), x(1, 3, 4), { causal: true }),
  "SelfAttention.weights": () => on(new attention.SelfAttention(4, 2, random()), x(1, 3, 4), { causal: true }),
  causalMask: () => call(2, 3),
  paddingMask: () => call(ids(), 0),
  lengthMask: () => call([1, 2], 3),
  overKeys: () => call(mask(2, 3)),
  prefixMask: () => call(3, [1, 2], 3),
  windowMask: () => call(3, 3, { before: 1, after: 0 }),
  combineMasks: () => call(mask(2), mask(2)),
  textMask: () => call(1, 3, 3, { mask: mask(1, 3), prefix: [1], causal: true }),
  overPairs: () => call(mask(2, 3)),
  checkFitsScores: () => call("mask" as const, mask(2, 3), 1, 1, 2, 3),
  additiveMask: () => call(mask(2, 3), -1),
  headSizeOf: () => call(4, 2),
  "new MultiHeadAttention": () => call(4, 2, random(), { bias: true, valueSize: 3, window: { before: 1 } }),
  "MultiHeadAttention.forward": () =>
    on(new attention.MultiHeadAttention(4, 2, random()), x(1, 3, 4), { causal: true, bias: x(3, 3), observe: nothing }),
  multiHead: () => call({ scale: 1, window: { before: 1 }, inputBias: true, outputBias: false, softCap: 5 }),
  "new LearnedPositions": () => call(8, 4, random(), { deviation: 0.1 }),
  "LearnedPositions.forward": () => on(new attention.LearnedPositions(8, 4, random()), x(1, 3, 4), 1),
  sinusoidalPositions: () => call(3, 4, 1),
  "new SinusoidalPositions": () => call(4),
  "SinusoidalPositions.forward": () => on(new attention.SinusoidalPositions(4), x(1, 3, 4), 1),
  startsOfRows: () => call(2, 3, [0, -1]),
  learned: () => call({ deviation: 0.1 }),
  "new RelativePositions": () => call(4, 2, random()),
  "RelativePositions.bias": () => on(new attention.RelativePositions(4, 2, random()), heads(), 3, 1),
  "RelativePositions.values": () => on(new attention.RelativePositions(4, 2, random()), x(1, 2, 3, 3)),
  shaw: () => call({ maxDistance: 2 }),
  relativeBucket: () => call(3, { numBuckets: 8, maxDistance: 16, bidirectional: true }),
  "new T5Positions": () => call(2, random(), { numBuckets: 8, maxDistance: 16, bidirectional: true }),
  "T5Positions.bias": () => on(new attention.T5Positions(2, random()), heads(), 3),
  t5: () => call({ numBuckets: 8 }),
  alibiSlopes: () => call(2),
  "new AlibiPositions": () => call(2),
  "AlibiPositions.bias": () => on(new attention.AlibiPositions(2), heads(), 3),
  rotaryAngles: () => call(3, 4, { start: 1, base: 100 }),
  applyRotary: () => call(heads(), x(3, 2), x(3, 2), { interleaved: true }),
  "new RotaryPositions": () => call(4, { base: 100, interleaved: true, share: 1 }),
  "RotaryPositions.mark": () => on(new attention.RotaryPositions(4), heads(), 1),
  rotary: () => call({ base: 100 }),
  checkPairs: () => call(4),
  rotaryFrequencies: () => call(4, 100),
  linearScaling: () => call({ factor: 2 }),
  ntkScaling: () => call({ factor: 2 }),
  yarnScaling: () => call({ factor: 2, trainedLength: 8 }),
  llama3Scaling: () => call({ factor: 2, trainedLength: 8 }),

  // Transformer
  layerNorm: () => call(x(), x(4), x(4), { epsilon: 1e-5 }),
  rmsNorm: () => call(x(), x(4), { epsilon: 1e-5 }),
  "new LayerNorm": () => call(4, { epsilon: 1e-5, bias: true }),
  "LayerNorm.forward": () => on(new transformer.LayerNorm(4), x()),
  "new RMSNorm": () => call(4, { epsilon: 1e-5, offset: 1 }),
  "RMSNorm.forward": () => on(new transformer.RMSNorm(4), x()),
  layerNormalization: () => call({ epsilon: 1e-5 }),
  rmsNormalization: () => call({ epsilon: 1e-5, offset: 1 }),
  "new BatchNorm": () => call(4, { epsilon: 1e-5, momentum: 0.1 }),
  "BatchNorm.forward": () => on(new transformer.BatchNorm(4), x(), mask(2)),
  "new Residual": () => call(4, { placement: "pre", dropout: 0.1 }),
  "Residual.forward": () => on(new transformer.Residual(4), x(), (hidden: Tensor) => hidden),
  "new FeedForward": () => call(4, 8, random(), { bias: true }),
  "FeedForward.forward": () => on(new transformer.FeedForward(4, 8, random()), x()),
  activation: () => call("bend", (values: Tensor) => values),
  gated: () => call("gate", transformer.relu),
  relu: () => call(x()),
  gelu: () => call(x()),
  geluTanh: () => call(x()),
  silu: () => call(x()),
  partsOfLayer: () => call(layout, random()),
  "new EncoderLayer": () => call(layout, random()),
  "EncoderLayer.forward": () =>
    on(new transformer.EncoderLayer(layout, random()), x(1, 3, 4), { causal: true, bias: x(3, 3) }),
  closingNorm: () => call({ ...layout, placement: "pre" }, true),
  "new Encoder": () => call({ ...layout, numLayers: 1 }, random()),
  "Encoder.forward": () =>
    on(new transformer.Encoder({ ...layout, numLayers: 1 }, random()), x(1, 3, 4), { mask: mask(1, 3) }),
  below: () => call(nothing, "layers.0"),
  shiftRight: () => call(ids(), 0),
  "new DecoderLayer": () => call(layout, random()),
  "DecoderLayer.forward": () =>
    on(new transformer.DecoderLayer(layout, random()), x(1, 3, 4), x(1, 3, 4), { causal: true }),
  "new DecoderStack": () => call({ ...layout, numLayers: 1 }, random()),
  "DecoderStack.forward": () =>
    on(new transformer.DecoderStack({ ...layout, numLayers: 1 }, random()), x(1, 3, 4), x(1, 3, 4), { prefix: [1] }),
  complete: () => call(small, decoder().options),
  layerOptionsOf: () => call(decoder().options),
  "new EncoderOnly": () => call(readerLayout, random()),
  "EncoderOnly.encode": () => on(masked(), ids(), { mask: mask(2, 4), types: ids() }),
  "EncoderOnly.pool": () => on(masked(), x(2, 3, 4)),
  "EncoderOnly.score": () => on(masked(), x(2, 3, 4)),
  "EncoderOnly.forward": () => on(masked(), ids(), { mask: mask(2, 4), types: ids() }),
  "new WordHead": () => call(4, 8, random(), { tieHead: false, activation: transformer.relu, bias: false }),
  "WordHead.forward": () => on(masked().head!, x(2, 3, 4), masked().embedding),
  "new EncoderDecoder": () => call(small, random()),
  "EncoderDecoder.encode": () => on(translator(), ids(), { mask: mask(2, 4), starts: [0, -1] }),
  "EncoderDecoder.decode": () => on(translator(), ids(), x(2, 3, 4), { lastOnly: true, starts: [0, -1] }),
  "EncoderDecoder.forward": () => on(translator(), ids(), ids(), { sourceMask: mask(2, 4), mask: mask(2, 4) }),
  "EncoderDecoder.given": () => on(translator(), x(2, 3, 4), mask(2, 3)),
  transformerSize: () => call(small),
  "plainRnn": () => call(x(3, 2), x(2, 4), x(4, 4), x(4), x(4)),
  "derivativesThroughTime": () => call(x(4, 4), x(3, 4)),
  "new RNN": () => call({ inputSize: 4, hiddenSize: 4, nonlinearity: "relu" }, random()),
  "RNN.forward": () => on(recurrent(languageModels.RNN), x(2, 3, 4), { mask: mask(2, 3), hiddenState: x(2, 1, 4) }),
  "lstmStep": () => call(x(2, 16), x(2, 4)),
  "cellDerivatives": () => call(x(4, 16), step(), step()),
  "new LSTM": () => call({ inputSize: 4, hiddenSize: 4, numLayers: 2, bidirectional: true, forgetBias: 0 }, random()),
  "LSTM.forward": () =>
    on(recurrent(languageModels.LSTM), x(2, 3, 4), { hiddenState: x(2, 1, 4), cellState: x(2, 1, 4) }),
  "gruStep": () => call(x(2, 12), x(2, 12), x(2, 4)),
  "new GRU": () => call({ inputSize: 4, hiddenSize: 4, bias: false, dropout: 0.1 }, random()),
  "GRU.forward": () => on(recurrent(languageModels.GRU), x(2, 3, 4), { mask: mask(2, 3), hiddenState: x(2, 1, 4) }),
  "new RecurrentLanguageModel": () => call({ vocabSize: 8, hiddenSize: 4, recurrence: languageModels.gru }, random()),
  "RecurrentLanguageModel.read": () =>
    on(reader(), ids(), { mask: mask(2, 4), hiddenState: x(2, 1, 4), cellState: x(2, 1, 4), lastOnly: true }),
  "RecurrentLanguageModel.forward": () => on(reader(), ids(), { mask: mask(2, 4), lastOnly: true }),
  "RecurrentLanguageModel.newCaches": () => on(reader(), () => new generation.KeyValueCache()),
  "new RecurrentEncoderDecoder": () =>
    call({ vocabSize: 8, sourceVocabSize: 6, hiddenSize: 4, reverseSource: false, tieHead: true }, random()),
  "RecurrentEncoderDecoder.encode": () => on(reading(), ids(), { mask: mask(2, 4) }),
  "RecurrentEncoderDecoder.decode": () => on(reading(), ids(), states(), { lastOnly: true }),
  "RecurrentEncoderDecoder.forward": () => on(reading(), ids(), ids(), { sourceMask: mask(2, 4) }),
  "RecurrentEncoderDecoder.given": () => on(reading(), states()),
  "scoreNext": () =>
    call(x(2, 3), {
      hiddenWeight: x(6, 4),
      hiddenBias: x(4),
      outputWeight: x(4, 5),
      outputBias: x(5),
      directWeight: x(6, 5),
    }),
  "new FeedForwardLanguageModel": () => call({ vocabSize: 8, windowSize: 3, direct: true, dropout: 0.1 }, random()),
  "FeedForwardLanguageModel.forward": () => on(bengio(), ids(), { mask: mask(2, 4), lastOnly: true }),
  "FeedForwardLanguageModel.newCaches": () => on(bengio(), () => new generation.KeyValueCache()),
  "plainConvolution": () => call(x(5, 3), x(4, 3, 2), x(4), { dilation: 2, causal: true }),
  "receptiveField": () => call(3, [1, 2, 4]),
  "new SequenceConvolution": () => call(3, 4, 2, random(), { dilation: 2, causal: true, bias: false }),
  "SequenceConvolution.forward": () =>
    on(new languageModels.SequenceConvolution(3, 4, 3, random(), { causal: true }), x(2, 5, 3), {
      mask: mask(2, 5),
      before: x(2, 2, 3),
    }),
  "new ConvolutionalLanguageModel": () => call({ vocabSize: 8, hiddenSize: 4, kernelSize: 2, gated: false }, random()),
  "ConvolutionalLanguageModel.forward": () => on(convolutional(), ids(), { mask: mask(2, 4), lastOnly: true }),
  "ConvolutionalLanguageModel.newCaches": () => on(convolutional(), () => new generation.KeyValueCache()),
  "new PhraseClassifier": () => call({ vocabSize: 8, numClasses: 2, kernelSizes: [2, 3] }, random()),
  "PhraseClassifier.forward": () => on(phrases(), ids(), { mask: mask(2, 4) }),
  "PhraseClassifier.findPhrases": () => on(phrases(), ids(), { mask: mask(2, 4) }),
  "new KeyValueCache": () => call("int8"),
  "KeyValueCache.replace": () => on(new generation.KeyValueCache(), x(1, 2, 1, 4), x(1, 2, 1, 4)),
  "new DecoderOnly": () => call(small, random()),
  "DecoderOnly.newCaches": () => on(decoder(), () => new generation.KeyValueCache()),
  "DecoderOnly.forward": () => on(decoder(), ids(), { lastOnly: true, prefix: [1, 1], starts: [0, -1] }),

  // Training
  crossEntropy: () => call(x(), ids(2), { ignoreIndex: 0, reduction: "sum", classWeights: x(4) }),
  softplus: () => call(x()),
  binaryCrossEntropy: () => call(x(), x(), { reduction: "sum" }),
  meanSquaredError: () => call(x(), x(), { reduction: "sum" }),
  klDivergence: () => call(x(), x(), { reduction: "sum" }),
  padSequences: () => call([[1, 2], [3]], { padToken: 0 }),
  paddedShare: () => call([[1, 2], [3]]),
  "new Batches": () => call([1, 2, 3], { batchSize: 2, random: random() }),
  "Batches.seek": () => {
    const batches = new training.Batches([1, 2, 3], { batchSize: 2, random: random() });
    return on(batches, batches.position());
  },
  "new SequenceWindows": () => call(new Int32Array(32), { contextLength: 4, batchSize: 2, random: random() }),
  "SequenceWindows.seek": () => {
    const options = { contextLength: 4, batchSize: 2, random: random() };
    const windows = new training.SequenceWindows(new Int32Array(32), options);
    return on(windows, windows.position());
  },
  "new Optimizer": () => call(linear().parameters(), training.sgd()),
  "Optimizer.step": () => on(optimizer(), 0.1),
  "Optimizer.compare": () => on(optimizer(), optimizer().state()),
  "Optimizer.restore": () => on(optimizer(), optimizer().state()),
  sgd: () => call({ learningRate: 0.1 }),
  adaGrad: () => call({ learningRate: 0.1 }),
  rmsProp: () => call({ learningRate: 0.1 }),
  lion: () => call({ learningRate: 0.1 }),
  adam: () => call({ learningRate: 0.1 }),
  adamW: () => call({ learningRate: 0.1 }),
  clipGradients: () => call(linear().parameters(), 1),
  cosineSchedule: () => call({ peak: 0.1, steps: 10 }),
  linearSchedule: () => call({ peak: 0.1, steps: 10 }),
  inverseSquareRootSchedule: () => call({ hiddenSize: 4, warmupSteps: 4 }),
  teacherForcing: () => call([[1, 2], [3]], { beginToken: 4, endToken: 5, padToken: 0 }),
  nextTokens: () => call([new Int32Array(3), new Int32Array(3)]),
  scheduledSampling: () => call(ids(), x(2, 4, 8), 0.5, random()),
  linearDecay: () => call({ slope: 0.1 }),
  exponentialDecay: () => call(0.5),
  inverseSigmoidDecay: () => call(2),
  train: () => {
    const model = linear(), moves = new training.Optimizer(model.parameters(), training.sgd());
    const loss = (batch: Tensor): Tensor => model.forward(batch).mean();
    return call({ model, loss, batches: aBatch, optimizer: moves, steps: 1 });
  },
  "new EarlyStopping": () => call({ measure: "loss", patience: 2 }),
  "EarlyStopping.watch": () => on(stopping(), 1, { loss: 2 }, linear()),
  "EarlyStopping.restoreBest": () => on(stopping(), linear()),
  "EarlyStopping.isOfAnother": () => on(stopping(), linear()),
  "EarlyStopping.restore": () => on(stopping(), stopping().state().state, new Map()),
  "EarlyStopping.compare": () => on(stopping(), stopping().state().state),
  encodeSafetensors: () => call(stored()),
  decodeSafetensors: () => call(encoded()),
  storedNumbers: () => call(stored().tensors.get("a"), "a"),
  headerEnd: () => call(encoded(), encoded().length),
  readHeader: () => call(encoded(), encoded().length),
  requireSameTensors: () => call(new Map([["a", x(1)]]), stored().tensors),
  outlineCheckpoint: async () => {
    const bytes = await training.encodeCheckpoint({ model: linear() });
    return call(bytes, bytes.length);
  },
  storeTensors: () => call(linear().stateDict()),
  restoreTensors: () => call(stored().tensors),
  checkStored: () => call("write", "a", stored().tensors.get("a")!),
  importState: async () => call(linear(), await training.exportState(linear()), { strict: true, names: {} }),
  exportState: () => call(linear(), { names: {} }),
  saveCheckpoint: () => call(storage, "run", { model: linear() }),
  encodeCheckpoint: () => call({ model: linear() }),
  loadCheckpoint: async () => {
    const model = linear(), bytes = await training.encodeCheckpoint({ model });
    return call({ ...storage, read: () => Promise.resolve(bytes) }, "run", { model }, { weights: "latest" });
  },
  restoreCheckpoint: async () => {
    const model = linear();
    return call(await training.encodeCheckpoint({ model }), { model }, { weights: "latest" });
  },
  checkpointNotes: async () => call(await training.encodeCheckpoint({ model: linear() })),
  checkpointStopping: async () => call(await training.encodeCheckpoint({ model: linear() })),
  verifyCheckpoint: async () => call(await training.encodeCheckpoint({ model: linear() })),
  crc32: () => call(new Uint8Array(3), 0),
  bleuTokens: () => call("a b", "13a"),
  bleu: () => call(["a b c d"], ["a b c d"], { lowercase: true }),
  corpusBleu: () => call([training.sentenceBleu("a b", "a b")], { lowercase: true }),
  chrf: () => call(["a b"], ["a b"], { lowercase: true }),
  sentenceChrf: () => call("a b", "a b", { lowercase: true }),
  corpusChrf: () => call([training.sentenceChrf("a b", "a b")], { lowercase: true }),
  chrfPieces: () => call("a b", { lowercase: true }),
  comparePieces: () => call(training.chrfPieces("a"), training.chrfPieces("b"), { beta: 1 }),
  sentenceBleu: () => call("a b c d", ["a b c d"], { lowercase: true }),
  policyGradientLoss: () => call(x(2, 3, 4), ids(2, 3), x(2), { ignoreIndex: 0 }),
  sampledTargets: () => call([{ tokens: [1], finished: false }], { prompt: [1], padToken: 0 }),
  "new RunningMean": () => call(0.9),
  "RunningMean.restore": () => on(new training.RunningMean(), 1),
  "RunningMean.next": () => on(new training.RunningMean(), [1, 2]),
  meanOfOthers: () => call([1, 2], 2),
  reinforce: () => {
    const model = decoder(), moves = new training.Optimizer(model.parameters(), training.sgd());
    const policy = { model, write: () => Promise.resolve([]), forward: () => x(1, 1, 8) };
    const batches = { next: () => [1] };
    return call({
      ...{ policy, batches, optimizer: moves, steps: 0, random: random(), reward: () => 1 },
      ...{ prompt: [1], padToken: 0 },
    });
  },

  // Generation
  beamSearch: () => call({ numBeams: 2 }),
  bannedWordsRule: () => call([[1, 2]]),
  neededTokens: () => call([[1, 2]], [1]),
  constrainedBeamSearch: () => call({ numBeams: 2, requiredWords: [[1, 2]] }),
  requiredWords: () => call([[1, 2]]),
  requiredWordsRule: () => call([[1, 2]]),
  rejectionSampling: () => call(() => Promise.resolve([{ tokens: [1] }]), () => true, { budget: 1 }),
  highestRate: () => call(1, 2),
  fudgeRule: () => call({ classify: () => [1, 2], topK: 2, strength: 1 }),
  "new PrefixClassifier": () => call({ vocabSize: 8, numPairs: 8 }),
  "PrefixClassifier.forward": () => on(new generation.PrefixClassifier({ vocabSize: 8 }), ids(2, 3)),
  prefixLoss: () => call(x(2, 3), [0, 1], [[true, true, true], [true, true, true]]),
  rewardRule: () => call({ reward: () => [1, 2], topK: 2, beta: 1 }),
  rewardLoss: () => call(x(2, 3), [0, 1], [[true, true, true], [true, true, true]]),
  preferenceLoss: () => call(x(2), x(2)),
  dpoLoss: () => call({ chosen: x(2), rejected: x(2), referenceChosen: x(2), referenceRejected: x(2) }, { beta: 0.1 }),
  textLogProbabilities: () => call(x(2, 3, 4), ids(2, 3), { ignoreIndex: 0 }),
  klToReference: () => call(x(2, 3, 4), x(2, 3, 4), [[true, true, true], [true, true, true]]),
  suppressRule: () => call([1]),
  logitBiasRule: () => call({ 1: 2 }),
  minNewTokensRule: () => call(2),
  forcedFirstRule: () => call(1),
  forcedLastRule: () => call(1),
  prefixRule: () => call([1]),
  checkTask: () => call([generation.topKRule(2)], { promptLength: 1 }, 8),
  frequencyRule: () => call(0.5),
  presenceRule: () => call(0.5),
  dryRule: () => call({ multiplier: 0.8 }),
  etaRule: () => call(0.1),
  topNSigmaRule: () => call(1),
  epsilonRule: () => call(0.1),
  minPRule: () => call(0.1),
  noRepeatNgramRule: () => call(2),
  repetitionRule: () => call(1.1),
  temperatureRule: () => call(0.5),
  topKRule: () => call(2),
  topPRule: () => call(0.5),
  typicalRule: () => call(0.5),
  applyRules: () => call([generation.topKRule(2)], Float64Array.of(1, 2, 3), { tokens: [1] }),
  contrast: () => call([1, 2], [2, 1], { alpha: 0.5, strength: 0.5 }),
  contrastiveDecoder: () => call(decoder(), { amateur: decoder(), alpha: 0.5, strength: 0.5 }),
  jointDecoder: () => call([decoder(), decoder()], (logits: readonly Tensor[]) => logits[0]),
  "new ContrastiveSearch": () => call({ penaltyAlpha: 0.5, topK: 2, ...limits }),
  "ContrastiveSearch.hear": () =>
    on(new generation.ContrastiveSearch({ penaltyAlpha: 0.5, topK: 2, ...limits }), [[0.5]]),
  "ContrastiveSearch.extend": () =>
    on(new generation.ContrastiveSearch({ penaltyAlpha: 0.5, topK: 2, ...limits }), rows.slice(0, 1)),
  contrastiveSearch: () => call({ penaltyAlpha: 0.5, topK: 2 }),
  degenerationPenalty: () => call([1, 2], [[1, 2], [2, 1]]),
  "DecoderOnly.readStates": () => on(decoder(), ids(), {}),
  beamStep: () => call([{ tokens: [0], logProbability: -1 }], rows.slice(0, 1), 2),
  "new BeamSearch": () => call({ numBeams: 1, ...limits }, () => []),
  "BeamSearch.extend": () => on(new generation.BeamSearch({ numBeams: 1, ...limits }), rows, rows[0]!.map(() => 0)),
  gnmtLengthPenalty: () => call(0.5),
  greedy: () => call([1, 2]),
  powerLengthPenalty: () => call(0.5),
  "new DiverseBeamSearch": () => call({ numBeams: 2, numBeamGroups: 2, ...limits }),
  "DiverseBeamSearch.extend": () =>
    on(new generation.DiverseBeamSearch({ numBeams: 1, numBeamGroups: 1, ...limits }), rows),
  diverseBeamSearch: () => call({ numBeams: 2, numBeamGroups: 2 }),
  "new StochasticBeamSearch": () => call({ numBeams: 1, random: random(), ...limits }),
  "StochasticBeamSearch.extend": () =>
    on(new generation.StochasticBeamSearch({ numBeams: 1, random: random(), ...limits }), rows),
  stochasticBeamSearch: () => call({ numBeams: 2, random: random() }),
  stepRecorder: () => call({ alternatives: 2, logProbabilities: true, attentions: true, hiddenStates: true }),
  "new SeveralSequences": () =>
    call(generation.beamSearch({ numBeams: 1 }), [generation.topKRule(2)], limits, {
      look() {},
      follow() {},
      of: (found: unknown) => found,
    }),
  "SeveralSequences.extend": () =>
    on(new generation.SeveralSequences(generation.beamSearch({ numBeams: 1 }), [], limits), [
      { tokens: [1], logits: Float64Array.from(rows[0]!) },
    ]),
  "new SingleSequence": () =>
    call(generation.greedySearch(), [generation.topKRule(2)], limits, generation.stepRecorder({})),
  "SingleSequence.extend": () =>
    on(new generation.SingleSequence(generation.greedySearch(), [], limits), [
      { tokens: [1], logits: Float64Array.from(rows[0]!) },
    ]),
  "SingleSequence.accept": () => on(new generation.SingleSequence(generation.greedySearch(), [], limits), 1, -1),
  "KeyValueCache.crop": () => {
    const cache = new generation.KeyValueCache();
    cache.append(heads(), heads());
    return on(cache, 1);
  },
  "PromptCache.lend": () => on(new generation.PromptCache(), decoder(), [new generation.KeyValueCache()], [1]),
  "PromptCache.keep": () => on(new generation.PromptCache(), decoder(), [new generation.KeyValueCache()], [1]),
  "PromptCache.load": async () => on(generation.PromptCache, await new generation.PromptCache().save()),
  "new Batch": () => call(decoder(), { maxTexts: 2 }),
  "Batch.add": () => on(new generation.Batch(decoder()), [1], { maxNewTokens: 1, eosToken: 2 }),
  stopStrings: () => call(new Spelling(), ["a"]),
  beamSampling: () => call({ numBeams: 2, random: new engine.Random(1), lengthPenalty: 0.6, earlyStopping: "never" }),
  draw: () => call(x(2, 4), x(2).mul(0.5)),
  confidenceOf: () => call([0.7, 0.3]),
  topPredictions: () => call([[1, 2], [2, 1]], [1, 0], 2),
  equalWidthBins: () => call(answers, 2),
  equalMassBins: () => call(answers, 2),
  calibrationError: () => call(generation.equalWidthBins(answers, 2)),
  brierScore: () => call(generation.equalWidthBins(answers, 2)),
  fitTemperature: () => call([[2, 0], [2, 0], [2, 0]], [0, 0, 1]),
  falseMass: () => call([1, 2, 3], [0]),
  auroc: () => call(answers),
  selectiveErrors: () => call(answers),
  agreementOf: () => call(["a", "b", "a"]),
  toProbabilities: () => call([1, 2]),
  toLogProbabilities: () => call([1, 2]),
  logProbabilityOf: () => call([1, 2], 1),
  sample: () => call([1, 2], random()),
  ancestralSampling: () => call(random()),
  acceptanceRate: () => call([0.5, 0.5], [0.2, 0.8]),
  residual: () => call([0.5, 0.5], [0.2, 0.8]),
  expectedTokens: () => call(0.5, 3),
  judge: () => call(Float64Array.of(0.5, 0.5), { token: 1 }, random()),
  constantLength: () => call(3),
  adaptiveLength: () => call({ start: 2, most: 4 }),
  modelDraft: () => call(decoder(), { minConfidence: 0.1 }),
  promptLookup: () => call({ maxNgramSize: 2 }),
  minimumBayesRisk: () => call(["a", "b"], generation.exactMatch, { weights: [1, 2] }),
  probabilityWeights: () => call([-1, -2], 0.5),
  poolOutputs: () => call([{ outputs: ["a"] }]),
  selfConsistency: () => call(["a", "b"], (text: string) => text, [1, 2]),
  chrfGain: () => call({ beta: 1 }),
  allowOnly: () => call("mine", () => true),
  keptMass: () => call([1, 2], [1, 2]),
  grammarRule: () => call(generation.regularExpression("a"), bytePairs()),
  regularExpression: () => call("a", { maxStates: 9 }),
  contextFreeGrammar: () => call('root ::= "a"', { maxStates: 9 }),
  jsonSchema: () => call({ type: "null" }, { whitespace: " ?", maxStates: 99 }),
  byteRows: () => call(65, 90),
  "new Grammar": () => call(new Map([["root", letterA]]), "root", { name: "mine", maxStates: 9 }),
  "Grammar.accepts": () => on(generation.regularExpression("a"), "a"),
  "Grammar.begins": () => on(generation.regularExpression("a"), "a"),
  "KeyValueCache.append": () => on(new generation.KeyValueCache(), heads(), heads()),
  "KeyValueCache.reorder": () => {
    const cache = new generation.KeyValueCache();
    cache.append(heads(), heads());
    return on(cache, [0, 0], 1);
  },
  "KeyValueCache.join": () => {
    const cache = new generation.KeyValueCache();
    cache.append(heads(), heads());
    return on(new generation.KeyValueCache(), cache);
  },
  "new RollingCache": () => call({ size: 4, sinks: 1 }),
  "RollingCache.append": () => on(new generation.RollingCache({ size: 4, sinks: 1 }), heads(), heads()),
  "RollingCache.reorder": () => {
    const cache = new generation.RollingCache({ size: 4, sinks: 1 });
    cache.append(heads(), heads());
    return on(cache, [0, 0]);
  },
  rollingWindow: () => call({ size: 4, sinks: 1 }),
  rollingMask: () => call(3, { size: 2, sinks: 1 }),
  streamLosses: () => call(decoder(), [1, 2], { window: generation.rollingWindow({ size: 4, sinks: 1 }) }),
  cacheBytes: () => call({ numLayers: 1, numGroups: 1, headSize: 2, length: 3, batchSize: 1, bytesPerNumber: 4 }),
  generate: () => call(decoder(), [1, 2], { maxNewTokens: 1, eosToken: 7 }),
  stream: () => call(decoder(), [1, 2], { maxNewTokens: 1 }),

  // Pre-trained models
  bytesSource: () => call(new Map([["a", new Uint8Array(2)]]), "mine"),
  droppedSource: () => call([new File(["{}"], "config.json")]),
  readText: () => call(files(), "a", {}),
  readJson: () => call(files(), "a", {}),
  urlSource: () => call("http://127.0.0.1/", () => Promise.reject(new Error("none")), { headers: {} }),
  openWeights: () =>
    call(pretrained.bytesSource(new Map([["model.safetensors", encoded()]])), { file: "model.safetensors" }),
  weightNumbers: () => call({ kind: "F32", shape: [1], bytes: new Uint8Array(4) }, "a"),
  decodeGguf: () => call(emptyGguf(), 24),
  readGguf: async () => call(await pretrained.bytesSource(new Map([["a", emptyGguf()]])).open("a"), {}),
  storageOf: () => call("Q4_1"),
  "new PretrainedTokenizer": () => call({ model: new words.WordLevel(["[UNK]", "a"]) }),
  "PretrainedTokenizer.idOf": () => on(published(), "a"),
  "PretrainedTokenizer.encode": () => on(published(), "a", { specialTokens: true }),
  "PretrainedTokenizer.tokenize": () => on(published(), "a", { specialTokens: true }),
  "PretrainedTokenizer.prepare": () =>
    on(published(), "a", {
      pair: "a",
      addSpecialTokens: true,
      specialTokens: true,
      maxLength: 3,
      truncationSide: "left",
    }),
  "PretrainedTokenizer.decode": () => on(published(), [1], { specialTokens: true }),
  "PretrainedTokenizer.decodeStream": () => on(published(), [1], { specialTokens: true }),
  keptLengths: () => call([3, 2], 4),
  fromPretrained: () =>
    call(withModel(), { file: "model.safetensors", onProgress: nothing, signal: new AbortController().signal }),
  encoderFromPretrained: () =>
    call(withEncoder(), { file: "model.safetensors", onProgress: nothing, signal: new AbortController().signal }),
  openSentenceModel: () =>
    call(withEncoder(), { file: "model.safetensors", onProgress: nothing, signal: new AbortController().signal }),
  sentenceVectors: async () =>
    call(await pretrained.openSentenceModel(withEncoder()), ["a", "a a"], {
      batchSize: 1,
      prompt: "a ",
      onProgress: nothing,
      signal: new AbortController().signal,
    }),
  nearestVectors: () => call([1, 2], [[1, 2], [3, 4]], { topK: 1 }),
  fillMask: async () =>
    call(masked(), (await pretrained.openSentenceModel(withEncoder())).tokenizer, "a [MASK]", { topK: 1 }),
  planImport: () =>
    call(linear(), new Map([["weight", { kind: "F32", shape: [4, 4] }], ["bias", { kind: "F32", shape: [4] }]]), {
      strict: true,
      names: {},
    }),
  encodeConversation: () => call(published(), [{ role: "user", content: "a" }], () => "a"),
  openTokenizer: () => call(withTokenizer(), {}),
  planExport: () => call(linear(), { names: {} }),
  tensorFront: () => call(new Map([["a", { kind: "F32", shape: [2] }]]), new Map([["format", "pt"]])),
  bytesSink: () => call("mine"),
  savePretrained: () =>
    call(decoder(), pretrained.bytesSink(), {
      tokenizer: published(),
      chatTemplate: "{{ messages }}",
      dtype: "float16",
      maxShardBytes: 99,
      onProgress: nothing,
      signal: new AbortController().signal,
    }),
  saveOnnx: () =>
    call(decoder(), pretrained.bytesSink(), {
      tokenizer: published(),
      dtype: "float16",
      cache: true,
      maxModelBytes: 99,
      onProgress: nothing,
      signal: new AbortController().signal,
    }),
  writeTokenizerJson: () => call(published()),
  readTokenizerJson: () => call(tokenizerJson(), { begin: "a" }),
  readGgufTokenizer: () => call(tokenizerFacts()),
  readSentencePiece: () => call(Uint8Array.of(10, 5, 10, 1, 97, 24, 1), { begin: true, end: false }),
  packBlocks: () => call("Q8_0", Array.from({ length: 32 }, (_, i) => i)),
  unpackBlocks: () => call("Q4_1", new Uint8Array(20)),
  blockLevels: () => call("Q4_1", [1, 32], new Uint8Array(20)),

  // Files and the terminal
  folderSource: () => call("models"),
  folderSink: () => call("models"),
  downloadModel: () => call("a/b", cached(), () => Promise.reject(new Error("none")), { offline: true }),
  isModelFile: () => call("config.json"),
  folderStorage: () => call("models"),
  progressBar: () => call({ describe: () => "", output: { isTerminal: false, columns: () => 80, write: () => {} } }),

  // Pictures
  attentionMap: () => call(x(2, 3, 4), { rows: ["a", "b", "c"], columns: ["a", "b", "c", "d"] }),
  heatMap: () => call(x(), { rows: ["a", "b"], columns: ["a", "b", "c", "d"] }),
  lossCurve: () =>
    call([{ step: 1, steps: 1, loss: 1, secondsLeft: 0, evaluation: { right: 1 } }], { measure: "right" }),

  // Devices
  createWasmDevice: () => call({ threads: 1 }),
  createWebgpuDevice: () => call({ allowSoftware: false, halves: true }),
};

/** Makes a call, with arguments of somebody else's choice. */
export function enter(name: string, { on: object }: Call, given: readonly unknown[]): unknown {
  if (object) return (object as Record<string, (...args: readonly unknown[]) => unknown>)[nameOf(name)]!(...given);
  if (name.startsWith("new ")) {
    const type = everything[name.slice(4)] as unknown as new (...args: readonly unknown[]) => unknown;
    return new type(...given);
  }
  const [owner, method] = name.split(".");
  const holder = (method === undefined ? everything : everything[owner!]) as Readonly<Record<string, unknown>>;
  return (holder[method ?? owner!] as (...args: readonly unknown[]) => unknown).apply(holder, [...given]);
}

function nameOf(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
