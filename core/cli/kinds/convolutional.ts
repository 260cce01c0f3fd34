/**
 * # Saved convolutional models
 *
 * @module
 */

import {
  type CompleteConvolutionalOptions,
  ConvolutionalLanguageModel,
  type ConvolutionalLanguageModelOptions,
} from "../../03_language_models/cnn/language_model.ts";
import { readFields } from "../../engine/json.ts";
import { type Checks, flag, integer, numeric, required } from "../../engine/options.ts";
import { LIMITS } from "../recipes.ts";
import { type LanguageKind, vocabularySize } from "./kind.ts";

const fields: Checks<CompleteConvolutionalOptions> = {
  vocabSize: required(vocabularySize),
  hiddenSize: required(numeric(LIMITS.hiddenSize)),
  numLayers: required(numeric(LIMITS.numLayers)),
  kernelSize: required(integer({ min: 2, max: 64 })),
  dilationCycle: required(integer({ min: 1, max: 16 })),
  gated: required(flag),
  tieHead: required(flag),
  bias: required(flag),
  dropout: required(numeric(LIMITS.dropout)),
};

/** What `train cnn` saves. */
export const kind: LanguageKind<
  CompleteConvolutionalOptions,
  ConvolutionalLanguageModel,
  ConvolutionalLanguageModelOptions
> = {
  format: "heed convolutional model 1",
  name: "a convolutional language model",
  translates: false,
  shared: ["hiddenSize", "numLayers", "dropout"],
  trainedBy: () => "cnn",
  architecture: () => "cnn",
  writeLayout: (layout) => ({ ...layout }),
  readLayout: (written) => readFields("the notes", written, fields, "layout"),
  leastWeights({ vocabSize: V, hiddenSize: E, numLayers: L, kernelSize: K, gated, tieHead }) {
    return V * E * (tieHead ? 1 : 2) + L * K * E * E * (gated ? 2 : 1);
  },
  make: (options, random) => new ConvolutionalLanguageModel(options, random),
};
