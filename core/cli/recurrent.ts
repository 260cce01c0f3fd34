/**
 * # Training recurrent models from the command line
 *
 * `train rnn`, `train lstm` and `train gru` are one command with three kinds of networks.
 *
 * @module
 */

import type { Recurrence } from "../03_language_models/lstm/language_model.ts";
import type { Command } from "./arguments.ts";
import { trainingCommand } from "./language_model.ts";
import { kind } from "./kinds/recurrent.ts";
import type { Recipe } from "./recipes.ts";
import { numbersOf } from "./training.ts";

/** The recipe: that of `train lm` as far as there is no attention, one layer, and twice the width. */
const RECIPE = {
  steps: 2000,
  batchSize: 12,
  contextLength: 64,
  hiddenSize: 256,
  numLayers: 1,
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

/**
 * The command that trains one kind.
 *
 * @param recurrence how a state follows from the one before
 */
export function recurrentCommand(recurrence: Recurrence): Command {
  return trainingCommand({
    word: recurrence.word,
    details: [
      "A recurrent model reads one token after the other; --context-length says how far back training looks.",
      "The last tenth of the text is kept apart to measure the loss on what was not trained on.",
      "Without --data it learns the English sentences that come with the code.",
    ],
    recipe: RECIPE,
    kind,
    layout: (vocabSize, recipe) => ({
      vocabSize,
      recurrence,
      ...numbersOf(recipe, ["hiddenSize", "numLayers", "dropout"]),
    }),
  });
}
