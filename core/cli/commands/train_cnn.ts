/**
 * # Training a convolutional network from the command line
 *
 * @module
 */

import type { Command } from "../arguments.ts";
import { kind } from "../kinds/convolutional.ts";
import { trainingCommand } from "../language_model.ts";
import { numbersOf } from "../training.ts";

/** `train cnn`: the width of `train lm`, and twice the layers. */
export const command: Command = trainingCommand({
  word: "cnn",
  details: [
    "Each layer looks at three tokens; the distances between them double from layer to layer, four times, and begin again.",
  ],
  sizes: { hiddenSize: 128, numLayers: 8 },
  kind,
  layout: (vocabSize, recipe) => ({ vocabSize, ...numbersOf(recipe, ["hiddenSize", "numLayers", "dropout"]) }),
});
