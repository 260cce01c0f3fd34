/**
 * # Saved translators
 *
 * @module
 */

import { EncoderDecoder } from "../../05_transformer/encoder_decoder.ts";
import type { EncoderDecoderOptions } from "../../05_transformer/layout.ts";
import { leastWeights, readLayout, writeLayout } from "../layouts.ts";
import type { TranslationKind } from "./kind.ts";

/** What `train translator` saves: a Transformer. */
export const kind: TranslationKind<EncoderDecoderOptions, EncoderDecoder> = {
  format: "heed translator 1",
  name: "a translator",
  translates: true,
  shared: ["contextLength", "hiddenSize", "numLayers", "numHeads", "dropout"],
  trainedBy: () => "translator",
  architecture: () => "encoder–decoder",
  writeLayout,
  readLayout,
  leastWeights,
  make: (layout, random) => new EncoderDecoder(layout, random),
};
