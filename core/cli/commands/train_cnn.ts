/**
 * # Training a convolutional network from the command line
 *
 * @module
 */

import type { Command } from "../arguments.ts";
import { kind } from "../kinds/convolutional.ts";
import { trainingCommand } from "../language_model.ts";
import { numbersOf } from "../training.ts";

/** `train cnn`: the recipe of `train lm` as far as there is no attention, and twice the layers. */
export const command: Command = trainingCommand({
  word: "cnn",
  details: [
    "Each layer looks at three tokens; the distances between them double from layer to layer, four times, and begin again.",
    "The last tenth of the text is kept apart to measure the loss on what was not trained on.",
    "Without --data it learns the English sentences that come with the code.",
  ],
  recipe: {
    steps: 2000,
    batchSize: 12,
    contextLength: 64,
    hiddenSize: 128,
    numLayers: 8,
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
  },
  kind,
  layout: (vocabSize, recipe) => ({ vocabSize, ...numbersOf(recipe, ["hiddenSize", "numLayers", "dropout"]) }),
});
