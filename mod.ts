/**
 * heed: attention and Transformers as a book that runs.
 *
 * Every chapter of the book is a module, and all of them together are this library. Nothing
 * has to be installed and no permission is needed: the CPU device (WebAssembly SIMD) is ready
 * when the import returns, and `await useDevice("webgpu")` computes on a GPU.
 *
 * Here is what a program mostly needs, in the order of the book. The rest of a chapter, its smaller
 * parts, every type of its options, is exported by the chapter itself:
 *
 * | import from               | holds                                                          |
 * | ------------------------- | -------------------------------------------------------------- |
 * | `@heed/heed/introduction` | tasks, rules, bags of words, evaluation, prompts               |
 * | `@heed/heed/words`        | softmax, embeddings, byte-pair encoding                        |
 * | `@heed/heed/language-models` | scores of texts, perplexity, n-grams, tf–idf, neural language models |
 * | `@heed/heed/attention`    | masks, attention, heads, positions                             |
 * | `@heed/heed/transformer`  | norms, layers, the three models                                |
 * | `@heed/heed/training`     | losses, batches, optimizers, the loop, checkpoints, rewards    |
 * | `@heed/heed/generation`   | rules, searches, the loop of generation, the cache             |
 * | `@heed/heed/pretrained`   | models that somebody trained: their files and formats          |
 * | `@heed/heed/host`         | files and the terminal, in Deno, Node and Bun                  |
 * | `@heed/heed/figures`      | attention, matrices and curves as pictures, for notebooks      |
 * | `@heed/heed/engine`       | tensors, derivatives, modules, devices, memory, randomness     |
 * | `@heed/heed/wasm`         | the CPU device                                                 |
 * | `@heed/heed/webgpu`       | the GPU device                                                 |
 *
 * @example
 * ```ts
 * import { Random, scaledDotProductAttention } from "@heed/heed";
 *
 * const random = new Random(1);
 * const [query, key, value] = [0, 1, 2].map(() => random.normal([1, 4, 16, 32]));
 * const output = scaledDotProductAttention(query!, key!, value!, { causal: true });
 * console.assert(String(output.shape) === "1,4,16,32");
 * ```
 *
 * @module
 */

import { createReferenceDevice, DeviceUnavailable, registerDevice, setDefaultDevice } from "./core/engine/mod.ts";
import type { Backend } from "./core/engine/mod.ts";
import { createWasmDevice } from "./wasm/mod.ts";

// 2 · Words
export {
  BytePairEncoding,
  Embedding,
  logSoftmax,
  padTokens,
  softmax,
  trainBytePairEncoding,
  trainUnigram,
  Unigram,
} from "./core/02_words/mod.ts";
export type { BytePairEncodingOptions } from "./core/02_words/mod.ts";

// 4 · Attention
export {
  alibi,
  attentionWeights,
  causalMask,
  combineMasks,
  CrossAttention,
  learned,
  MultiHeadAttention,
  noPositions,
  overKeys,
  paddingMask,
  prefixMask,
  rotary,
  scaledDotProductAttention,
  SelfAttention,
  shaw,
  sinusoidal,
  t5,
  windowMask,
} from "./core/04_attention/mod.ts";
export type { AttentionOptions } from "./core/04_attention/mod.ts";

// 5 · Transformer
export {
  DecoderOnly,
  Encoder,
  EncoderDecoder,
  FeedForward,
  gelu,
  LayerNorm,
  layerNorm,
  layerNormalization,
  relu,
  RMSNorm,
  rmsNorm,
  rmsNormalization,
  silu,
  swiGlu,
} from "./core/05_transformer/mod.ts";
export type { DecoderOnlyOptions, EncoderDecoderOptions, TransformerOptions } from "./core/05_transformer/mod.ts";

// 6 · Training
export {
  adam,
  adamW,
  Batches,
  bleu,
  clipGradients,
  cosineSchedule,
  crossEntropy,
  decodeSafetensors,
  EarlyStopping,
  encodeSafetensors,
  exportState,
  importState,
  inverseSquareRootSchedule,
  linearSchedule,
  lion,
  loadCheckpoint,
  meanSquaredError,
  nextTokens,
  Optimizer,
  padSequences,
  reinforce,
  saveCheckpoint,
  SequenceWindows,
  sgd,
  teacherForcing,
  train,
} from "./core/06_training/mod.ts";
export type { Schedule, TrainingReport, TrainOptions } from "./core/06_training/mod.ts";

// 7 · Generation
export {
  beamSearch,
  epsilonRule,
  generate,
  KeyValueCache,
  minPRule,
  noRepeatNgramRule,
  repetitionRule,
  stream,
  temperatureRule,
  topKRule,
  topPRule,
  typicalRule,
} from "./core/07_generation/mod.ts";
export type {
  GenerateOptions,
  Generation,
  LogitsRule,
  StreamedToken,
  StreamOptions,
} from "./core/07_generation/mod.ts";

// What the chapters stand on
export {
  arange,
  AveragePool1d,
  AveragePool2d,
  concat,
  Conv1d,
  Conv2d,
  DeviceUnavailable,
  dims,
  Dropout,
  dropout,
  full,
  gradientsOf,
  jvp,
  Linear,
  linear,
  MaxPool1d,
  MaxPool2d,
  memory,
  Module,
  noGrad,
  ones,
  pack,
  parameter,
  quantize,
  Random,
  release,
  scope,
  Sequential,
  setBackend,
  stack,
  Tensor,
  tensor,
  useDevice,
  withBackend,
  zeros,
} from "./core/engine/mod.ts";
export type { Backend, DeviceChoice, DeviceName, DType, PackedFormat, Shape, TensorLike } from "./core/engine/mod.ts";
export { createWasmDevice, type WasmOptions } from "./wasm/mod.ts";
export type { WebgpuOptions } from "./gpu/adapter.ts";

let wasm: Backend | undefined, webgpu: Backend | undefined, software: Backend | undefined;

/** The CPU device that everybody shares, made anew once it was disposed of. */
function sharedWasm(): Backend {
  return wasm = !wasm || wasm.lost ? createWasmDevice() : wasm;
}

registerDevice("wasm", () => {
  try {
    return sharedWasm();
  } catch (error) {
    throw new DeviceUnavailable(error instanceof Error ? error.message : String(error));
  }
});
// Shaders are loaded when a GPU is asked for and there is one. A software adapter, slower than the CPU device, has to be named.
registerDevice("webgpu", async (named) => {
  const { findAdapter } = await import("./gpu/adapter.ts");
  await findAdapter(named).catch((error: Error) => {
    throw new DeviceUnavailable(error.message);
  });
  const { createWebgpuDevice } = await import("./gpu/mod.ts");
  try {
    if (!webgpu || webgpu.lost) webgpu = await createWebgpuDevice();
    return webgpu;
  } catch (error) {
    if (!named) throw new DeviceUnavailable((error as Error).message);
  }
  try {
    if (!software || software.lost) software = await createWebgpuDevice({ allowSoftware: true });
    return software;
  } catch (error) {
    throw new DeviceUnavailable((error as Error).message);
  }
});
setDefaultDevice(() => {
  try {
    return sharedWasm();
  } catch {
    return createReferenceDevice();
  }
});

/** Starts the program, which nobody downloads who imports the library: its address is no literal. */
async function start(): Promise<void> {
  const program = new URL("./core/cli.ts", import.meta.url).href;
  const { main } = await import(program).catch((error: Error) => {
    if (!error.message.includes("read access")) throw error;
    const needed = "add --allow-read, and --allow-write to save models";
    console.error(`heed: Cannot start the program without reading its own files: ${needed}`);
    (globalThis as unknown as { readonly Deno: { exit(code: number): never } }).Deno.exit(1);
  });
  await main();
}

// The types of browsers know no `main`. Bundled into another program, this is not the file that was started.
if ((import.meta as { readonly main?: boolean }).main && new URL(import.meta.url).pathname.endsWith("/mod.ts")) start();
