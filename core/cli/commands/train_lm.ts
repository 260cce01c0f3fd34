/**
 * # Training a decoder-only model from the command line
 *
 * `train lm` learns to continue a text. By default the tokens are characters and the layout is
 * small enough for a laptop.
 *
 * @module
 */

import type { Command } from "../arguments.ts";
import { kind } from "../kinds/decoder_only.ts";
import { trainingCommand } from "../language_model.ts";
import type { Recipe } from "../recipes.ts";
import { numbersOf } from "../training.ts";

/** The recipe: small enough for a laptop, and widely used to compare implementations. */
const RECIPE = {
  steps: 2000,
  batchSize: 12,
  contextLength: 64,
  hiddenSize: 128,
  numLayers: 4,
  numHeads: 4,
  vocabSize: "characters",
  learningRate: 2e-3,
  warmupSteps: 100,
  weightDecay: 0.1,
  dropout: 0,
  evaluateEvery: 250,
  seed: 1,
  beta2: 0.99,
  clipNorm: 1,
  tokens: "characters",
  data: "",
  checksum: "",
} as const satisfies Recipe;

/** `train lm`. */
export const command: Command = trainingCommand({
  word: "lm",
  details: [
    "The last tenth of the text is kept apart to measure the loss on what was not trained on.",
    "Without --data it learns the English sentences that come with the code.",
  ],
  recipe: RECIPE,
  kind,
  layout: (vocabSize, recipe) => ({
    vocabSize,
    ...numbersOf(recipe, ["contextLength", "hiddenSize", "numLayers", "numHeads", "dropout"]),
  }),
});
