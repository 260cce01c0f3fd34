/**
 * # Saved translators of two recurrent networks
 *
 * @module
 */

import { recurrences } from "../../03_language_models/lstm/language_model.ts";
import {
  type CompleteRecurrentTranslatorOptions,
  RecurrentEncoderDecoder,
  type RecurrentEncoderDecoderOptions,
} from "../../03_language_models/rnn_encoder_decoder.ts";
import { type Checks, flag, oneOf, required } from "../../engine/options.ts";
import { type TranslationKind, vocabularySize } from "./kind.ts";
import {
  leastRecurrentWeights,
  readRecurrentLayout,
  type RecurrentFields,
  recurrentFields,
  writeRecurrentLayout,
} from "./recurrent.ts";

/** What the keys of a written layout hold. */
interface TranslatorFields extends RecurrentFields {
  readonly sourceVocabSize: number;
  readonly reverseSource: boolean;
}

const fields: Checks<TranslatorFields> = {
  ...recurrentFields,
  sourceVocabSize: required(vocabularySize),
  reverseSource: required(flag),
};

/** What `train translator --recurrence` saves. */
export const kind: TranslationKind<
  CompleteRecurrentTranslatorOptions,
  RecurrentEncoderDecoder,
  RecurrentEncoderDecoderOptions
> = {
  format: "heed recurrent translator 1",
  name: "a translator of recurrent networks",
  translates: true,
  settings: { recurrence: oneOf(Object.keys(recurrences)) },
  shared: ["hiddenSize", "numLayers", "dropout"],
  trainedBy: ({ recurrence }) => `translator --recurrence ${recurrence.word}`,
  architecture: ({ recurrence }) => `encoder–decoder, ${recurrence.word}`,
  writeLayout: writeRecurrentLayout,
  readLayout: (written) => readRecurrentLayout(written, fields),
  leastWeights: (layout) => leastRecurrentWeights(layout) + layout.sourceVocabSize * layout.embeddingSize,
  make: (options, random) => new RecurrentEncoderDecoder(options, random),
};
