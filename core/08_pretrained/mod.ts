/**
 * # Pre-trained models
 *
 * A model that somebody trained, opened as the chapters' own modules. Everything that it computes has been explained before; what is new in
 * this chapter is how it lies in files, and how its weights are stored in less than their full width.
 *
 * | page                                           | what it is about                                         |
 * | ---------------------------------------------- | -------------------------------------------------------- |
 * | [Files](files/mod.ts)                          | named ranges of bytes, wherever they lie                 |
 * | [Files behind a URL](files/url.ts)             | ranges of bytes from a web server                        |
 * | [Weights](files/weights.ts)                    | one file, several, or blocks: a map from names to places |
 * | [GGUF](files/gguf.ts)                          | a model in one file                                      |
 * | [Quantised weights](quantised_weights.ts)      | a weight in four and a half bits                         |
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
  type NamedBytes,
  readJson,
  type ReadOptions,
  readText,
} from "./files/mod.ts";
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
export { BLOCK_KINDS, dequantise } from "./quantised_weights.ts";
