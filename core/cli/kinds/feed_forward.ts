/**
 * # Saved feed-forward models
 *
 * @module
 */

import {
  type CompleteFeedForwardOptions,
  FeedForwardLanguageModel,
  type FeedForwardOptions,
} from "../../03_language_models/feed_forward_lm.ts";
import { readFields } from "../../engine/json.ts";
import { type Checks, flag, type Limits, numeric, required } from "../../engine/options.ts";
import { LIMITS } from "../recipes.ts";
import { type LanguageKind, vocabularySize } from "./kind.ts";

/** Limits of the settings that only this kind has. */
export const OWN_LIMITS: Readonly<Record<"windowSize" | "embeddingSize", Limits>> = {
  windowSize: { min: 2, max: 1000, whole: true },
  embeddingSize: LIMITS.hiddenSize,
};

const settings = { windowSize: numeric(OWN_LIMITS.windowSize), embeddingSize: numeric(OWN_LIMITS.embeddingSize) };

const fields: Checks<CompleteFeedForwardOptions> = {
  vocabSize: required(vocabularySize),
  windowSize: required(settings.windowSize),
  embeddingSize: required(settings.embeddingSize),
  hiddenSize: required(numeric(LIMITS.hiddenSize)),
  direct: required(flag),
  dropout: required(numeric(LIMITS.dropout)),
};

/** What `train feedforward` saves. */
export const kind: LanguageKind<CompleteFeedForwardOptions, FeedForwardLanguageModel, FeedForwardOptions> = {
  format: "heed feed-forward model 1",
  name: "a feed-forward language model",
  translates: false,
  settings,
  shared: ["windowSize", "embeddingSize", "hiddenSize", "dropout"],
  trainedBy: () => "feedforward",
  architecture: () => "feed-forward",
  writeLayout: (layout) => ({ ...layout }),
  readLayout: (written) => readFields("the notes", written, fields, "layout"),
  leastWeights({ vocabSize: V, windowSize: N, embeddingSize: E, hiddenSize: F, direct }) {
    return V * E + N * E * F + F * V + (direct ? N * E * V : 0);
  },
  make: (options, random) => new FeedForwardLanguageModel(options, random),
};
