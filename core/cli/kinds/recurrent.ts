/**
 * # Saved recurrent models
 *
 * @module
 */

import {
  type CompleteRecurrentOptions,
  recurrences,
  RecurrentLanguageModel,
  type RecurrentLanguageModelOptions,
} from "../../03_language_models/lstm/language_model.ts";
import { readFields } from "../../engine/json.ts";
import { type Checks, flag, numeric, required } from "../../engine/options.ts";
import { readPart, writePart } from "../../engine/part.ts";
import { LIMITS } from "../recipes.ts";
import { type LanguageKind, part, vocabularySize, type WrittenLayout } from "./kind.ts";

/** What the keys of a written layout hold. */
export interface RecurrentFields {
  readonly recurrence: unknown;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly embeddingSize: number;
  readonly numLayers: number;
  readonly tieHead: boolean;
  readonly bias: boolean;
  readonly dropout: number;
}

/** What each of them may be. */
export const recurrentFields: Checks<RecurrentFields> = {
  recurrence: required(part),
  vocabSize: required(vocabularySize),
  hiddenSize: required(numeric(LIMITS.hiddenSize)),
  embeddingSize: required(numeric(LIMITS.hiddenSize)),
  numLayers: required(numeric(LIMITS.numLayers)),
  tieHead: required(flag),
  bias: required(flag),
  dropout: required(numeric(LIMITS.dropout)),
};

/** What a file holds of the layout of a recurrent network. */
export function writeRecurrentLayout({ recurrence, ...sizes }: CompleteRecurrentOptions): WrittenLayout {
  return { recurrence: writePart(recurrence), ...sizes };
}

/** The layout of a recurrent network that a file holds. */
export function readRecurrentLayout<F extends RecurrentFields>(
  written: unknown,
  fields: Checks<F>,
): Omit<F, "recurrence"> & Pick<CompleteRecurrentOptions, "recurrence"> {
  const { recurrence, ...sizes } = readFields("the notes", written, fields, "layout");
  return { recurrence: readPart("a recurrence", recurrence, recurrences), ...sizes };
}

/** Weights that a recurrent language model has at least. */
export function leastRecurrentWeights(layout: CompleteRecurrentOptions): number {
  const { vocabSize: V, embeddingSize: E, hiddenSize: H, numLayers: L, tieHead } = layout;
  return V * E + (tieHead ? 0 : H * V) + H * (E + H) + (L - 1) * 2 * H * H;
}

/** What `train rnn`, `train lstm` and `train gru` save. */
export const kind: LanguageKind<CompleteRecurrentOptions, RecurrentLanguageModel, RecurrentLanguageModelOptions> = {
  format: "heed recurrent model 1",
  name: "a recurrent language model",
  translates: false,
  shared: ["hiddenSize", "numLayers", "dropout"],
  trainedBy: ({ recurrence }) => recurrence.word,
  architecture: ({ recurrence }) => recurrence.word,
  writeLayout: writeRecurrentLayout,
  readLayout: (written) => readRecurrentLayout(written, recurrentFields),
  leastWeights: leastRecurrentWeights,
  make: (options, random) => new RecurrentLanguageModel(options, random),
};
