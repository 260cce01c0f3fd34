/**
 * # 8 · Pre-trained models
 *
 * **Question.** Somebody has trained a model for weeks, and its files lie on a disk or behind a URL. How do they become the modules of the chapters before, so that all that
 * was said of attention, layers and generation can be seen in a model that everybody knows?
 *
 * **Idea.** Everything that such a model computes has been explained. What is new is how it lies in files ([section](files/mod.ts)), and that its weights are stored in less than
 * their full width ([section](quantised_weights.ts)). An architecture is then a table of names, and the few lines that no chapter has.
 *
 * A model of your own needs no program: drop it on the page [Open a model](../../docs/pages/open.html), and it continues texts, chats and shows where it looked, in the browser and nowhere else.
 *
 * | page                | answers                                                       |
 * | ------------------- | ------------------------------------------------------------- |
 * | `files`             | how a model is opened wherever it lies, and in which formats  |
 * | `tokenizer_files`   | how a text becomes exactly the ids that a model was trained with |
 * | `architecture`      | how a folder becomes a model, tensor by tensor                |
 * | `gpt2`              | what stands between the decoder and the weights of GPT-2      |
 * | `bert`              | which heads an encoder has, and what its files call them      |
 * | `sentence_vectors`  | how a text becomes one vector, and texts are found by meaning |
 * | `llama`             | which five choices make a Llama, a Mistral or a SmolLM2       |
 * | `qwen`              | what keeps the scores of a Qwen in bounds                     |
 * | `gemma`             | where a Gemma parts from a Llama                              |
 * | `starcoder2`        | what GPT-2 with rotary positions is called elsewhere          |
 * | `quantised_weights` | how a weight can be four bits                                 |
 * | `export`            | how a model leaves, for transformers, vLLM or ONNX            |
 *
 * @module
 */

export {
  type ByteFile,
  bytesSource,
  type DroppedFile,
  droppedSource,
  type LoadOptions,
  type LoadProgress,
  type ModelSource,
  readJson,
  type ReadOptions,
  readText,
} from "./files/mod.ts";
export type { Architecture, WrittenArchitecture } from "./files/settings.ts";
export { type Fetch, type UrlOptions, urlSource } from "./files/url.ts";
export {
  openWeights,
  type ReadWeight,
  weightNumbers,
  type WeightPlace,
  type Weights,
  type WeightsOptions,
} from "./files/weights.ts";
export {
  decodeGguf,
  type ElementStorage,
  type GgufHeader,
  type GgufTensor,
  type GgufValue,
  readGguf,
  storageOf,
} from "./files/gguf.ts";
export * from "./tokenizer_files/mod.ts";
export {
  type ConversationMessage,
  encodeConversation,
  type RenderConversation,
} from "./tokenizer_files/conversation.ts";
export { openTokenizer, readGgufTokenizer } from "./tokenizer_files/opening.ts";
export { encoderFromPretrained, fromPretrained, type PretrainedOptions } from "./architecture.ts";
export { gpt2 } from "./gpt2.ts";
export {
  bert,
  bertNames,
  distilbert,
  type FilledMask,
  fillMask,
  type FillMaskOptions,
  type MaskCandidate,
} from "./bert.ts";
export * from "./sentence_vectors.ts";
export { llama } from "./llama.ts";
export { qwen2, qwen3 } from "./qwen.ts";
export { gemma, gemma2, gemma3 } from "./gemma.ts";
export { starcoder2 } from "./starcoder2.ts";
export { BLOCK_KINDS, blockLevels, packBlocks, unpackBlocks } from "./quantised_weights.ts";
export * from "./export/mod.ts";
