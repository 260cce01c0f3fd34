/**
 * # Saved decoder-only models
 *
 * @module
 */

import { DecoderOnly, type DecoderOnlyOptions } from "../../05_transformer/decoder_only.ts";
import { leastWeights, readLayout, writeLayout } from "../layouts.ts";
import type { LanguageKind } from "./kind.ts";

/** What `train lm` saves. */
export const kind: LanguageKind<DecoderOnlyOptions, DecoderOnly> = {
  format: "heed language model 1",
  name: "a language model",
  translates: false,
  shared: ["contextLength", "hiddenSize", "numLayers", "numHeads", "dropout"],
  trainedBy: () => "lm",
  architecture: () => "decoder-only",
  writeLayout,
  readLayout,
  leastWeights,
  make: (layout, random) => new DecoderOnly(layout, random),
};
